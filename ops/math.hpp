// The scalar functions of the library: each formula once, for float, double (host and device) and for CPU registers of
// them (strata::simd::Vec). Op structs call them in scalar(), users in st::elementwise lambdas: `x * math::tanh(y)`.
// Special values follow JAX (that is C's libm, plus: sign(NaN) and maximum(NaN, x) are NaN, remainder has the divisor's
// sign). How exact each one is stands in tests/math_reference.hpp; tests/math_test.cpp checks it on every instruction
// set.
#pragma once
#include "strata/ops/math/basic.hpp"
#include "strata/ops/math/bessel.hpp"
#include "strata/ops/math/erf.hpp"
#include "strata/ops/math/exp.hpp"
#include "strata/ops/math/gamma.hpp"
#include "strata/ops/math/inverse.hpp"
#include "strata/ops/math/log.hpp"
#include "strata/ops/math/modulo.hpp"
#include "strata/ops/math/power.hpp"
#include "strata/ops/math/trig.hpp"
