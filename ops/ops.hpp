// The menu: every op of the library, one documented declaration each, by family.
// Users see it through strata.hpp; rules are written with it. Options structs come last, with designated initialisers.
#pragma once
#include "strata/core/index.hpp"
#include "strata/ops/menu/arithmetic.hpp"
#include "strata/ops/menu/contract.hpp"
#include "strata/ops/menu/conv.hpp"
#include "strata/ops/menu/create.hpp"
#include "strata/ops/menu/cumulative.hpp"
#include "strata/ops/menu/join.hpp"
#include "strata/ops/menu/random.hpp"
#include "strata/ops/menu/reduce.hpp"
#include "strata/ops/menu/shape.hpp"
#include "strata/ops/menu/sort.hpp"
