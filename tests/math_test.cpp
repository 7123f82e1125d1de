// The scalar functions of ops/math.hpp against the C library in long double: float and double, on every instruction set
// this machine has and as plain numbers. Sweeps over all magnitudes, dense sweeps where it is hard, and all pairs of
// special values. `math_test "[table]"` prints the largest error found, in units of the last place, and the time per
// element.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "strata/core/cpu_isa.hpp"
#include "strata/tests/catch.hpp"
#include "strata/tests/math_kernels.hpp"
#include "strata/tests/math_reference.hpp"

using namespace strata;
using namespace strata::math_kernels;

namespace {

struct Target {
  std::string name;
  Kernels kernels;
};

template <class F, class T>
void plain_loop(const T* x, T* y, int n) {
  for (int i = 0; i < n; ++i) y[i] = F{}(x[i]);
}
template <class F, class T>
void plain_loop(const T* a, const T* b, T* y, int n) {
  for (int i = 0; i < n; ++i) y[i] = F{}(a[i], b[i]);
}

Kernels plain_kernels() {
  static std::vector<UnaryKernel> ones;
  static std::vector<BinaryKernel> twos;
  if (ones.empty()) {
    each_unary([]<class F>(const char* name, F) {
      ones.push_back({name, &plain_loop<F, float>, &plain_loop<F, double>});
    });
    each_binary([]<class F>(const char* name, F) {
      twos.push_back({name, &plain_loop<F, float>, &plain_loop<F, double>});
    });
  }
  return {ones.data(), static_cast<int>(ones.size()), twos.data(), static_cast<int>(twos.size()), 0};
}

std::vector<Target> targets() {
  std::vector<Target> all = {{"plain", plain_kernels()}, {"baseline", baseline::kernels()}};
#if STRATA_X86_ISAS
  if (best_cpu_isa() >= Isa::avx2) all.push_back({"avx2", avx2::kernels()});
  if (best_cpu_isa() >= Isa::avx512) all.push_back({"avx512", avx512::kernels()});
#endif
  return all;
}

/// The distance of y from the exact value, in units of the last place of T there; infinite where NaN, an infinity or
/// the sign of a zero disagree. `slack` is an absolute error that is forgiven.
template <class T>
double error_in_ulp(T y, long double exact, long double slack) {
  constexpr double wrong = std::numeric_limits<double>::infinity();
  if (std::isnan(exact)) return std::isnan(y) ? 0 : wrong;
  if (std::isnan(y)) return wrong;
  if (exact == 0)
    return y == 0 && std::signbit(y) == std::signbit(exact) ? 0 : (std::fabs(y) <= slack && y != 0 ? 0 : wrong);
  constexpr long double largest = std::numeric_limits<T>::max();
  const int exponent = std::max(std::ilogb(exact), std::numeric_limits<T>::min_exponent - 1);
  const long double ulp = std::ldexp(1.0L, exponent - std::numeric_limits<T>::digits + 1);
  if (std::isinf(y) || std::isinf(exact) || std::fabs(exact) > largest) {
    const long double clipped = std::fabs(exact) > largest ? std::copysign(largest + ulp / 2, exact) : exact;
    if (std::signbit(y) != std::signbit(exact)) return wrong;
    if (std::isinf(y)) return std::fabs(exact) >= largest * (1 - 4 * std::numeric_limits<T>::epsilon()) ? 0 : wrong;
    return std::isinf(exact) ? wrong : static_cast<double>(std::fabs(y - clipped) / ulp);
  }
  const long double error = std::fabs(static_cast<long double>(y) - exact);
  return error <= slack ? 0 : static_cast<double>(error / ulp);
}

template <class T>
struct Worst {
  double ulp = -1;
  T at = 0, at2 = 0, y = 0;
  long double exact = 0;
};

template <class T>
T from_bits(uint64_t bits) {
  std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t> low = static_cast<decltype(low)>(bits);
  T x;
  std::memcpy(&x, &low, sizeof x);
  return x;
}

const double special_numbers[] = {0.0,
                                  0.25,
                                  0.5,
                                  0.75,
                                  1.0,
                                  1.5,
                                  2.0,
                                  2.5,
                                  3.0,
                                  4.0,
                                  5.0,
                                  7.0,
                                  8.0,
                                  10.0,
                                  88.7,
                                  127.0,
                                  128.0,
                                  1e-3,
                                  0.1,
                                  1e-30,
                                  1e30,
                                  1e10,
                                  1e5,
                                  1e-10,
                                  3.14159265358979,
                                  100000.5,
                                  8388607.5,
                                  8388609.0,
                                  4503599627370495.5,
                                  1e18,
                                  709.7,
                                  745.0};

template <class T>
std::vector<T> specials() {
  using L = std::numeric_limits<T>;
  std::vector<T> x = {L::infinity(), L::max(),     L::min(),         L::denorm_min(),
                      L::min() / 2,  L::epsilon(), 1 + L::epsilon(), 1 - L::epsilon() / 2,
                      L::max() / 2};
  for (const double s : special_numbers) x.push_back(static_cast<T>(s));
  const size_t n = x.size();
  for (size_t i = 0; i < n; ++i) x.push_back(-x[i]);
  x.push_back(L::quiet_NaN());
  return x;
}

/// Special values, every magnitude (both signs) and a dense, slightly uneven walk over [low, high].
template <class T>
std::vector<T> sweep(double low, double high, int n) {
  std::vector<T> x = specials<T>();
  const uint64_t step =
      (sizeof(T) == 4 ? uint64_t(1) << 32 : 0) / static_cast<uint64_t>(n) + (sizeof(T) == 4 ? 0 : ~uint64_t(0) / n);
  uint64_t bits = 12345;
  for (int i = 0; i < n; ++i, bits += step | 1) x.push_back(from_bits<T>(bits));
  for (int i = 0; i <= n; ++i) x.push_back(static_cast<T>(low + (high - low) * ((i + 0.37 * (i % 7) / 7) / n)));
  return x;
}

template <class T>
auto kernel_of(const UnaryKernel& k) {
  if constexpr (sizeof(T) == 4) {
    return k.single;
  } else {
    return k.wide;
  }
}
template <class T>
auto kernel_of(const BinaryKernel& k) {
  if constexpr (sizeof(T) == 4) {
    return k.single;
  } else {
    return k.wide;
  }
}

template <class T>
double allowed(const Limits& limits) {
  return sizeof(T) == 4 ? limits.single : limits.wide;
}
template <class T>
long double slack(const Limits& limits) {
  return sizeof(T) == 4 ? limits.single_slack : limits.wide_slack;
}

template <class T>
std::vector<Worst<T>> worst_errors(const UnaryReference& f, const std::vector<Target>& all, int n) {
  const std::vector<T> x = sweep<T>(f.low, f.high, n);
  std::vector<long double> exact;
  for (const T v : x) exact.push_back(f.exact(v));
  std::vector<Worst<T>> worst(all.size());
  std::vector<T> y(x.size());
  for (size_t t = 0; t < all.size(); ++t) {
    for (int k = 0; k < all[t].kernels.unary_count; ++k) {
      if (f.name == all[t].kernels.unary[k].name)
        kernel_of<T>(all[t].kernels.unary[k])(x.data(), y.data(), static_cast<int>(x.size()));
    }
    for (size_t i = 0; i < x.size(); ++i) {
      const double e = error_in_ulp(y[i], exact[i], slack<T>(f.limits));
      if (e > worst[t].ulp) worst[t] = {e, x[i], 0, y[i], exact[i]};
    }
  }
  return worst;
}

template <class T>
std::vector<Worst<T>> worst_errors(const BinaryReference& f, const std::vector<Target>& all, int n) {
  std::vector<T> a, b;
  const std::vector<T> points = specials<T>();
  for (const T x : points) {
    for (const T y : points) {
      if (f.everywhere) a.push_back(x), b.push_back(y);
    }
  }
  uint64_t state = 88172645463325252u;
  const auto next = [&] { return state ^= state << 13, state ^= state >> 7, state ^= state << 17; };
  for (int i = 0; i < n; ++i) {
    a.push_back(static_cast<T>(f.low + (f.high - f.low) * static_cast<double>(next() >> 11) * 0x1p-53));
    b.push_back(static_cast<T>(f.low2 + (f.high2 - f.low2) * static_cast<double>(next() >> 11) * 0x1p-53));
    if (!f.everywhere) continue;
    a.push_back(from_bits<T>(next() >> (sizeof(T) == 4 ? 32 : 0)));
    b.push_back(from_bits<T>(next() >> (sizeof(T) == 4 ? 32 : 0)));
  }
  std::vector<Worst<T>> worst(all.size());
  std::vector<T> y(a.size());
  std::vector<long double> exact;
  for (size_t i = 0; i < a.size(); ++i) {
    exact.push_back(f.rounded ? (sizeof(T) == 4 ? f.rounded(static_cast<float>(a[i]), static_cast<float>(b[i]))
                                                : f.exact(a[i], b[i]))
                              : f.exact(a[i], b[i]));
  }
  for (size_t t = 0; t < all.size(); ++t) {
    for (int k = 0; k < all[t].kernels.binary_count; ++k) {
      if (f.name == all[t].kernels.binary[k].name)
        kernel_of<T>(all[t].kernels.binary[k])(a.data(), b.data(), y.data(), static_cast<int>(a.size()));
    }
    for (size_t i = 0; i < a.size(); ++i) {
      const double e = error_in_ulp(y[i], exact[i], slack<T>(f.limits));
      if (e > worst[t].ulp) worst[t] = {e, a[i], b[i], y[i], exact[i]};
    }
  }
  return worst;
}

template <class T, class Reference>
void check(const Reference& f, const std::vector<Target>& all) {
  const auto worst = worst_errors<T>(f, all, 30000);
  for (size_t t = 0; t < all.size(); ++t) {
    CAPTURE(f.name, all[t].name, sizeof(T), worst[t].at, worst[t].at2, worst[t].y, worst[t].exact);
    CHECK(worst[t].ulp >= 0);
    CHECK(worst[t].ulp <= allowed<T>(f.limits));
  }
}

template <class T, class Reference>
void print_row(const Reference& f, const std::vector<Target>& all) {
  const auto worst = worst_errors<T>(f, all, 300000);
  std::printf("%-12s %-6s", f.name.c_str(), sizeof(T) == 4 ? "float" : "double");
  for (const auto& w : worst) std::printf(" %8.3f", w.ulp);
  size_t k = 0;
  for (size_t t = 1; t < worst.size(); ++t) k = worst[t].ulp > worst[k].ulp ? t : k;
  std::printf("   worst at %.9g, %.9g: %.9g for %.9Lg\n", double(worst[k].at), double(worst[k].at2), double(worst[k].y),
              worst[k].exact);
}

}  // namespace

TEST_CASE("registers compute lane by lane", "[math]") {
  for (const Target& t : targets()) {
    CAPTURE(t.name);
    CHECK(t.kernels.registers == 0);
  }
}

TEST_CASE("every function has a reference", "[math]") {
  const Kernels k = plain_kernels();
  for (int i = 0; i < k.unary_count; ++i) {
    CAPTURE(k.unary[i].name);
    bool found = false;
    for (const auto& f : unary_references()) found = found || f.name == k.unary[i].name;
    CHECK(found);
  }
  for (int i = 0; i < k.binary_count; ++i) {
    CAPTURE(k.binary[i].name);
    bool found = false;
    for (const auto& f : binary_references()) found = found || f.name == k.binary[i].name;
    CHECK(found);
  }
}

TEST_CASE("functions of one number are as exact as promised", "[math]") {
  const auto all = targets();
  for (const auto& f : unary_references()) {
    DYNAMIC_SECTION(f.name) {
      check<float>(f, all);
      check<double>(f, all);
    }
  }
}

TEST_CASE("functions of two numbers are as exact as promised", "[math]") {
  const auto all = targets();
  for (const auto& f : binary_references()) {
    DYNAMIC_SECTION(f.name) {
      check<float>(f, all);
      check<double>(f, all);
    }
  }
}

TEST_CASE("an element's value does not depend on its place", "[math]") {
  for (const Target& t : targets()) {
    for (int k = 0; k < t.kernels.unary_count; ++k) {
      CAPTURE(t.name, t.kernels.unary[k].name);
      float x[70], together[70], alone[70];
      for (int i = 0; i < 70; ++i) x[i] = 0.013f * static_cast<float>(i + 1);
      t.kernels.unary[k].single(x, together, 70);
      for (int i = 0; i < 70; ++i) t.kernels.unary[k].single(x + i, alone + i, 1);
      CHECK(std::memcmp(together, alone, sizeof alone) == 0);
    }
  }
}

TEST_CASE("errors in units of the last place", "[.table]") {
  const auto all = targets();
  std::printf("%-19s", "");
  for (const Target& t : all) std::printf(" %8s", t.name.c_str());
  std::printf("\n");
  for (const auto& f : unary_references()) print_row<float>(f, all), print_row<double>(f, all);
  for (const auto& f : binary_references()) print_row<float>(f, all), print_row<double>(f, all);
}

TEST_CASE("nanoseconds per element", "[.table]") {
  for (const Target& t : targets()) {
    if (t.name == "plain") continue;
    for (int k = 0; k < t.kernels.unary_count; ++k) {
      const auto time = [&]<class T>(T) {
        std::vector<T> x(4096), y(4096);
        for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(0.01 + 0.0009 * static_cast<double>(i));
        double best = 1e30;
        for (int trial = 0; trial < 200; ++trial) {
          const auto start = std::chrono::steady_clock::now();
          kernel_of<T>(t.kernels.unary[k])(x.data(), y.data(), 4096);
          best = std::min(best,
                          std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count());
        }
        return best / 4096;
      };
      std::printf("%-9s %-12s float %6.3f  double %6.3f\n", t.name.c_str(), t.kernels.unary[k].name, time(0.f),
                  time(0.0));
    }
  }
}
