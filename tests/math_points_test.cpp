// The scalar functions of ops/math.hpp at points where JAX and C leave a choice, and those of whole numbers, which
// never trap. Their exactness is examined by math_test.cpp.
#include "strata/ops/math.hpp"

#include <cmath>
#include <cstdint>
#include <limits>

#include "strata/tests/catch.hpp"

using namespace strata;

namespace {
template <class T>
void check_integers() {
  const T low = std::numeric_limits<T>::min(), high = std::numeric_limits<T>::max();
  CAPTURE(sizeof(T), std::is_signed_v<T>);
  for (const T x : {T(0), T(1), T(7), T(100), high, low, static_cast<T>(low + 1), static_cast<T>(-7)}) {
    for (const T y : {T(1), T(2), T(3), T(7), high, static_cast<T>(-1), static_cast<T>(-3), low}) {
      if (y == 0) continue;
      CAPTURE(+x, +y);
      const auto floored = [&]() -> __int128 {
        const __int128 a = x, b = y, q = a / b;
        return q * b != a && (a < 0) != (b < 0) ? q - 1 : q;
      }();
      CHECK(math::floor_div(x, y) == static_cast<T>(floored));
      CHECK(math::remainder(x, y) == static_cast<T>(static_cast<__int128>(x) - floored * y));
      CHECK(math::quotient(x, y) == static_cast<T>(static_cast<__int128>(x) / y));
      CHECK(math::fmod(x, y) == static_cast<T>(static_cast<__int128>(x) % y));
    }
    CHECK(math::quotient(x, T(0)) == static_cast<T>(-1));
    CHECK(math::floor_div(x, T(0)) == static_cast<T>(-1));
    CHECK(math::fmod(x, T(0)) == x);
    CHECK(math::remainder(x, T(0)) == x);
    CHECK(math::abs(x) == static_cast<T>(x < 0 ? -static_cast<__int128>(x) : x));
    CHECK(math::sign(x) == static_cast<T>(x < 0 ? -1 : x > 0 ? 1 : 0));
    CHECK(math::maximum(x, T(3)) == std::max(x, T(3)));
    CHECK(math::minimum(x, T(3)) == std::min(x, T(3)));
  }
  CHECK(math::pow(T(3), T(4)) == T(81));
  CHECK(math::pow(T(0), T(0)) == T(1));
  CHECK(math::pow(T(2), T(sizeof(T) * 8)) == T(0));
  if (std::is_signed_v<T>) {
    CHECK(math::pow(static_cast<T>(-1), static_cast<T>(-3)) == static_cast<T>(-1));
    CHECK(math::pow(T(2), static_cast<T>(-1)) == T(0));
  }
  CHECK(math::integer_pow(T(3), 4) == T(81));
}
}  // namespace

TEST_CASE("whole-number functions never trap and follow floor or truncation", "[math]") {
  check_integers<int8_t>();
  check_integers<uint8_t>();
  check_integers<int16_t>();
  check_integers<uint16_t>();
  check_integers<int32_t>();
  check_integers<uint32_t>();
  check_integers<int64_t>();
  check_integers<uint64_t>();
}

TEST_CASE("points where JAX and C leave a choice", "[math]") {
  const double nan = std::nan(""), inf = INFINITY;
  CHECK(math::cos(0.0) == 1);
  CHECK(math::cos(1e-4f) == 1);
  CHECK(math::pow(0.0, 0.0) == 1);
  CHECK(math::pow(nan, 0.0) == 1);
  CHECK(math::pow(1.0, nan) == 1);
  CHECK(std::isnan(math::sign(nan)));
  CHECK(std::isnan(math::maximum(1.0, nan)));
  CHECK(std::isnan(math::minimum(nan, 1.0)));
  CHECK(math::fmax(1.0, nan) == 1);
  CHECK(math::round(2.5) == 2);
  CHECK(math::round_away(2.5) == 3);
  CHECK(math::xlogy(0.0, 0.0) == 0);
  CHECK(std::isnan(math::xlogy(0.0, nan)));
  CHECK(math::floor_div(-2.0, 0.0) == -inf);
  CHECK(math::remainder(-5.0, inf) == inf);
  CHECK(math::floor_div(-7.0, 2.0) == -4);
  CHECK(math::logaddexp(-inf, -inf) == -inf);
  CHECK(std::isnan(math::digamma(0.0)));
  CHECK(math::hypot(nan, inf) == inf);
  CHECK(math::integer_pow(2.0, -2) == 0.25);
  CHECK(math::integer_pow(0.0, 0) == 1);
  CHECK(math::isnan(nan));
  CHECK(math::isinf(-inf));
  CHECK(!math::isfinite(inf));
  CHECK(math::signbit(-0.0));
  CHECK(math::reciprocal(-0.0) == -inf);
}
