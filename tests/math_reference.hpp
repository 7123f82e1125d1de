// What the functions of ops/math.hpp must give: each in long double, with the error allowed and the range where it is
// hard. Used by tests/math_test.cpp. Limits are in units of the last place; a slack is an absolute error forgiven near
// zeros of the function.
#pragma once
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace {

struct Limits {
  double single, wide;
  long double single_slack = 0, wide_slack = 0;
};
struct UnaryReference {
  std::string name;
  long double (*exact)(long double);
  double low, high;  ///< swept densely
  Limits limits;
};
struct BinaryReference {
  std::string name;
  long double (*exact)(long double, long double);
  double low, high, low2, high2;
  Limits limits;
  long double (*rounded)(float, float) = nullptr;  ///< where the result depends on the type: nextafter
};

constexpr long double not_a_number = std::numeric_limits<long double>::quiet_NaN();

inline long double reference_sign(long double x) { return std::isnan(x) || x == 0 ? x : std::copysign(1.0L, x); }
inline long double reference_softplus(long double x) {
  return std::isnan(x) ? x : std::fmax(x, 0.0L) + log1pl(expl(-fabsl(x)));
}
inline long double reference_logaddexp(long double x, long double y) {
  if (std::isnan(x) || std::isnan(y)) return not_a_number;
  return x == y ? x + logl(2) : std::fmax(x, y) + log1pl(expl(-fabsl(x - y)));
}
inline long double reference_logaddexp2(long double x, long double y) {
  if (std::isnan(x) || std::isnan(y)) return not_a_number;
  return x == y ? x + 1 : std::fmax(x, y) + log1pl(exp2l(-fabsl(x - y))) / logl(2);
}

inline const std::vector<UnaryReference>& unary_references() {
  static const std::vector<UnaryReference> all = {
      {"abs", fabsl, -10, 10, {0, 0}},
      {"sign", reference_sign, -10, 10, {0, 0}},
      {"square", [](long double x) { return x * x; }, -10, 10, {0.51, 0.51}},
      {"sqrt", sqrtl, 0, 10, {0.51, 0.51}},
      {"rsqrt", [](long double x) { return 1 / sqrtl(x); }, 0, 10, {1.5, 1.5}},
      {"reciprocal", [](long double x) { return 1 / x; }, -10, 10, {0.51, 0.51}},
      {"floor", floorl, -10, 10, {0, 0}},
      {"ceil", ceill, -10, 10, {0, 0}},
      {"trunc", truncl, -10, 10, {0, 0}},
      {"round", rintl, -10, 10, {0, 0}},
      {"round_away", roundl, -10, 10, {0, 0}},
      {"exp", expl, -110, 100, {2, 2}},
      {"exp2", exp2l, -160, 140, {2, 2}},
      {"expm1", expm1l, -20, 100, {4, 4}},
      {"sinh", sinhl, -100, 100, {4, 4}},
      {"cosh", coshl, -100, 100, {4, 4}},
      {"tanh", tanhl, -12, 12, {6, 4}},
      {"logistic", [](long double x) { return 1 / (1 + expl(-x)); }, -110, 110, {4, 4}},
      {"log", logl, 0, 5, {2, 2}},
      {"log2", log2l, 0, 5, {2, 2}},
      {"log10", log10l, 0, 5, {2, 2}},
      {"log1p", log1pl, -1, 4, {4, 4}},
      {"softplus", reference_softplus, -110, 110, {4, 4}},
      {"asinh", asinhl, -5, 5, {4, 4}},
      {"acosh", acoshl, 1, 5, {4, 4}},
      {"atanh", atanhl, -1, 1, {4, 4}},
      {"sin", sinl, -100, 100, {2, 2}},
      {"cos", cosl, -100, 100, {2, 2}},
      {"tan", tanl, -100, 100, {4, 4}},
  };
  return all;
}

inline const std::vector<BinaryReference>& binary_references() {
  using R = long double;
  const auto nan_or = [](R x, R y) { return std::isnan(x) || std::isnan(y); };
  (void)nan_or;
  static const std::vector<BinaryReference> all = {
      {"maximum",
       [](R x, R y) {
         return std::isnan(x) || std::isnan(y) ? not_a_number : x == y ? (std::signbit(x) ? y : x) : fmaxl(x, y);
       },
       -9,
       9,
       -9,
       9,
       {0, 0}},
      {"minimum",
       [](R x, R y) {
         return std::isnan(x) || std::isnan(y) ? not_a_number : x == y ? (std::signbit(x) ? x : y) : fminl(x, y);
       },
       -9,
       9,
       -9,
       9,
       {0, 0}},
      {"fmax", [](R x, R y) { return std::isnan(x)   ? y
                                     : std::isnan(y) ? x
                                     : x > y         ? x
                                                     : y; }, -9, 9, -9, 9, {0, 0}},
      {"fmin", [](R x, R y) { return std::isnan(x)   ? y
                                     : std::isnan(y) ? x
                                     : x < y         ? x
                                                     : y; }, -9, 9, -9, 9, {0, 0}},
      {"copysign", [](R x, R y) { return copysignl(x, y); }, -9, 9, -9, 9, {0, 0}},
      {"nextafter",
       [](R x, R y) { return R(std::nextafter(double(x), double(y))); },
       -9,
       9,
       -9,
       9,
       {0, 0},
       [](float x, float y) { return R(std::nextafter(x, y)); }},
      {"logaddexp", reference_logaddexp, -30, 30, -30, 30, {4, 4, 2e-7L, 4e-16L}},
      {"logaddexp2", reference_logaddexp2, -30, 30, -30, 30, {4, 4, 2e-7L, 4e-16L}},
      {"xlogy", [](R x, R y) { return x == 0 ? R(0) : x * logl(y); }, 0, 9, 0, 9, {4, 4}},
      {"xlog1py", [](R x, R y) { return x == 0 ? R(0) : x * log1pl(y); }, 0, 9, -1, 9, {5, 5}},
  };
  return all;
}

}  // namespace
