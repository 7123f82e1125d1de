// Strata: everything, for users. `#include <strata/strata.hpp>`, `namespace st = strata;`
// Includes only; each header says in its first lines what it holds.
#pragma once
#include "strata/autograd/custom.hpp"
#include "strata/autograd/grad.hpp"
#include "strata/core/axes.hpp"
#include "strata/core/error.hpp"
#include "strata/core/fmt.hpp"
#include "strata/core/parallel.hpp"
#include "strata/core/tensor.hpp"
#include "strata/core/tree.hpp"
#include "strata/functorch/cond.hpp"
#include "strata/functorch/jacobian.hpp"
#include "strata/functorch/ravel.hpp"
#include "strata/functorch/scan.hpp"
#include "strata/functorch/vmap.hpp"
#include "strata/ops/ops.hpp"
