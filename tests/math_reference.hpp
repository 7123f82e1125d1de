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
  bool everywhere = true;                          ///< not only in the range
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

constexpr long double pi = 3.14159265358979323846264338327950288L;

/// x minus the nearest integer: pi times it has x's sine (up to the sign) and tangent.
inline long double off_integer(long double x) { return x - rintl(x); }

inline long double reference_erf_inv(long double y) {
  const long double a = fabsl(y);
  if (!(a < 1)) return a == 1 ? copysignl(HUGE_VALL, y) : not_a_number;
  const long double w = -logl((1 - a) * (1 + a)), c = 2 / (pi * 0.147L) - w / 2;
  long double x = a < 1e-3L ? a * sqrtl(pi) / 2 : sqrtl(sqrtl(c * c + w / 0.147L) - c);
  for (int i = 0; i < 8 && a != 0; ++i) {
    const long double excess = a < 0.5L ? erfl(x) - a : (1 - a) - erfcl(x);
    const long double step = excess * sqrtl(pi) / 2 * expl(x * x);
    x -= step / (1 + step * x);
  }
  return copysignl(x, y);
}

inline long double reference_lgamma(long double x) {  // lgammal loses digits near 1 and 2
  if (fabsl(x - 1) > 0.01L && fabsl(x - 2) > 0.01L) return lgammal(x);
  const bool one = x < 1.5L;
  const long double d = one ? x - 1 : x - 2;
  long double sum = one ? 0 : log1pl(d), power = -d;  // log gamma(1 + d) = -euler d + sum of zeta(k) (-d)^k / k
  sum -= 0.577215664901532860606512090082402431L * d;
  for (int k = 2; k < 12; ++k) sum += std::riemann_zeta(static_cast<long double>(k)) * (power *= -d) / k;
  return sum;
}

inline long double reference_digamma(long double x) {
  if (x <= 0) {
    if (x == rintl(x)) return not_a_number;
    return reference_digamma(1 - x) - pi / tanl(pi * off_integer(x));
  }
  long double sum = 0;
  for (; x < 30; x += 1) sum -= 1 / x;
  const long double y = 1 / (x * x);
  return sum + logl(x) - 0.5L / x -
         y * (1.0L / 12 -
              y * (1.0L / 120 - y * (1.0L / 252 - y * (1.0L / 240 - y * (1.0L / 132 - y * 691.0L / 32760)))));
}
inline long double reference_trigamma(long double x) {
  if (x <= 0) {
    if (x == rintl(x)) return HUGE_VALL;
    const long double sine = sinl(pi * off_integer(x));
    return pi * pi / (sine * sine) - reference_trigamma(1 - x);
  }
  long double sum = 0;
  for (; x < 30; x += 1) sum += 1 / (x * x);
  const long double y = 1 / (x * x);
  return sum + 1 / x + y / 2 +
         y / x * (1.0L / 6 - y * (1.0L / 30 - y * (1.0L / 42 - y * (1.0L / 30 - y * (5.0L / 66 - y * 691.0L / 2730)))));
}

/// I0 or I1 times e^-|x|.
inline long double reference_bessel(long double x, int order) {
  const long double a = fabsl(x), sign = order == 1 && std::signbit(x) ? -1 : 1;
  if (std::isnan(x)) return x;
  if (std::isinf(x)) return sign * 0;
  if (a < 40) {
    long double term = order == 1 ? a / 2 : 1, sum = term;
    for (int k = 1; k < 120; ++k) sum += term *= a * a / 4 / (static_cast<long double>(k) * (k + order));
    return sign * sum * expl(-a);
  }
  long double term = 1, sum = 1;
  for (int k = 1; k < 30; ++k) sum += term *= -(4.0L * order * order - (2 * k - 1) * (2 * k - 1)) / (k * 8 * a);
  return sign * sum / sqrtl(2 * pi * a);
}

inline long double reference_zeta(long double s, long double q) {
  long double sum = 0;
  for (int k = 0; k < 20; ++k) sum += powl(q + k, -s);
  const long double a = q + 20, y = 1 / (a * a);
  long double term = s / a, series = 0;
  const long double over[] = {1.0L / 12,       -1.0L / 720,     1.0L / 30240,
                              -1.0L / 1209600, 1.0L / 47900160, -691.0L / 1307674368000.0L};
  for (int j = 0; j < 6; ++j) {
    series += over[j] * term;
    term *= (s + 2 * j + 1) * (s + 2 * j + 2) * y;
  }
  return sum + powl(a, -s) * (a / (s - 1) + 0.5L + series);
}
inline long double reference_polygamma(long double n, long double x) {
  n = rintl(n);
  return (std::fmod(n, 2.0L) == 0 ? -1 : 1) * tgammal(n + 1) * reference_zeta(n + 1, x);
}

inline long double reference_remainder(long double x, long double y) {
  const long double r = fmodl(x, y);
  return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}
inline long double reference_floor_div(long double x, long double y) {
  if (y == 0) return x / y;
  const long double r = fmodl(x, y), q = (x - r) / y;
  return roundl(r != 0 && (r < 0) != (y < 0) ? q - 1 : q);
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
      {"tanh", tanhl, -12, 12, {4, 4}},
      {"logistic", [](long double x) { return 1 / (1 + expl(-x)); }, -110, 110, {4, 4}},
      {"gated", [](long double x) { return x / (1 + exp2l(-fmaxl(x, -100))); }, -110, 110, {3, 3}},
      {"log", logl, 0, 5, {2, 2}},
      {"log2", log2l, 0, 5, {2, 2}},
      {"log10", log10l, 0, 5, {2, 2}},
      {"log1p", log1pl, -1, 4, {4, 4}},
      {"softplus", reference_softplus, -110, 110, {4, 4}},
      {"asinh", asinhl, -5, 5, {4, 4}},
      {"acosh", acoshl, 1, 5, {4, 4}},
      {"atanh", atanhl, -1, 1, {4, 4}},
      {"sin", sinl, -100, 100, {2, 2.5}},
      {"cos", cosl, -100, 100, {2, 2.5}},
      {"tan", tanl, -100, 100, {4, 4}},
      {"asin", asinl, -1, 1, {4, 4}},
      {"acos", acosl, -1, 1, {4, 4}},
      {"atan", atanl, -10, 10, {4, 4}},
      {"cbrt", cbrtl, -10, 10, {2, 2}},
      {"erf", erfl, -6, 6, {2, 2}},
      {"erfc", erfcl, -28, 28, {5, 5}},
      {"erf_inv", reference_erf_inv, -1, 1, {6, 6}},
      {"lgamma", reference_lgamma, -10, 30, {30, 30, 1e-6L, 4e-15L}},
      {"digamma", reference_digamma, -10, 30, {30, 30, 2e-6L, 1e-14L}},
      {"trigamma", reference_trigamma, -10, 30, {10, 10}},
      {"i0e", [](long double x) { return reference_bessel(x, 0); }, -50, 50, {8, 8}},
      {"i1e", [](long double x) { return reference_bessel(x, 1); }, -50, 50, {8, 8}},
  };
  return all;
}

inline const std::vector<BinaryReference>& binary_references() {
  using R = long double;
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
      {"xlogy", [](R x, R y) { return x == 0 && !std::isnan(y) ? R(0) : x * logl(y); }, 0, 9, 0, 9, {4, 4}},
      {"xlog1py", [](R x, R y) { return x == 0 && !std::isnan(y) ? R(0) : x * log1pl(y); }, 0, 9, -1, 9, {5, 5}},
      {"pow", powl, 0, 9, -40, 40, {4, 4}},
      {"hypot", hypotl, -9, 9, -9, 9, {2, 2}},
      {"atan2", atan2l, -9, 9, -9, 9, {4, 4}},
      {"fmod", fmodl, -99, 99, -9, 9, {0, 0}},
      {"remainder", reference_remainder, -99, 99, -9, 9, {0.51, 0.51}},
      {"floor_div", reference_floor_div, -99, 99, -9, 9, {2.5, 2.5}},
      {"zeta", reference_zeta, 1.1, 20, 0.1, 40, {30, 30}, nullptr, false},
      {"polygamma", reference_polygamma, 2, 2, 0.1, 40, {30, 30}, nullptr, false},
  };
  return all;
}

}  // namespace
