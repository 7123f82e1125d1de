// Activation functions: each one kernel forward and one backward. Pointwise, so each op is its formula, its derivative
// and its samples.
#pragma once
#include "strata/ops/formula.hpp"
#include "strata/ops/pointwise.hpp"

namespace strata {

struct Relu : Pointwise<Relu, 1> {
  static constexpr std::string_view name = "relu";
  static constexpr Keep keep = Keep::result;
  static constexpr Accepts accepts = numbers;
  static constexpr bool cheap = true;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::maximum(x, T(0));
  }
  template <class T>
  STRATA_HD static T scaled(T g, T y) {
    return formula::select(y > T(0), g, T(0));
  }
  static Samples samples() { return unary_samples(&strata::relu); }
};

struct Relu6 : Pointwise<Relu6, 1> {
  static constexpr std::string_view name = "relu6";
  static constexpr Keep keep = Keep::result;
  static constexpr Accepts accepts = numbers;
  static constexpr bool cheap = true;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::minimum(math::maximum(x, T(0)), T(6));
  }
  template <class T>
  STRATA_HD static T scaled(T g, T y) {
    return formula::select((y > T(0)) && (y < T(6)), g, T(0));
  }
  static Samples samples() { return unary_samples(&strata::relu6); }
};

struct Selu : Pointwise<Selu, 1> {
  static constexpr std::string_view name = "selu";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    const auto scale = T(1.0507009873554804934193349852946), alpha = T(1.7580993408473768599402175208123);
    return math::select(x > T(0), scale * x, alpha * math::expm1(math::min(T(0), x)));
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    const auto scale = T(1.0507009873554804934193349852946), alpha = T(1.7580993408473768599402175208123);
    const auto positive = x > T(0);
    return g * formula::select(positive, scale, alpha * formula::exp(formula::select(positive, T(0), x)));
  }
  static Samples samples() { return unary_samples(&strata::selu); }
};

/// x (1 + tanh u) / 2 = x / (1 + e^-2u), u = sqrt(2 / pi) (x + 0.044715 x^3).
struct GeluTanh : Pointwise<GeluTanh, 1> {
  static constexpr std::string_view name = "gelu";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::gated(x, x * (T(2.302208198144325) + T(0.1029432395800235) * (x * x)));  // 2 u log2(e)
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    const T z = x * x;
    const T s = formula::gated(T(1), x * (T(2.302208198144325) + T(0.1029432395800235) * z));
    const T slope = T(1.5957691216057308) + T(0.2140644488178008) * z;  // of 2 u
    return g * (s + ((s - s * s) * x) * slope);
  }
  static Samples samples() {
    return unary_samples([](Tensor x) { return strata::gelu(std::move(x)); });
  }
};

struct GeluErf : Pointwise<GeluErf, 1> {
  static constexpr std::string_view name = "gelu_erf";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return T(0.5) * x * math::erfc(x * T(-0.707106781186547524401));
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    const T density = T(0.398942280401432677940) * formula::exp(T(-0.5) * (x * x));
    return g * (T(0.5) * formula::erfc(x * T(-0.707106781186547524401)) + x * density);
  }
  static Samples samples() {
    return unary_samples([](Tensor x) { return strata::gelu(std::move(x), {.approximate = false}); });
  }
};

struct Silu : Pointwise<Silu, 1> {
  static constexpr std::string_view name = "silu";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return x * math::logistic(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    const T s = formula::logistic(x);
    return g * (s * (T(1) + x * (T(1) - s)));
  }
  static Samples samples() { return unary_samples(&strata::silu); }
};

struct Mish : Pointwise<Mish, 1> {
  static constexpr std::string_view name = "mish";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return x * math::tanh(math::softplus(x));
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    const T t = formula::tanh(formula::softplus(x));
    return g * (t + x * ((T(1) - t) * (T(1) + t)) * formula::logistic(x));
  }
  static Samples samples() { return unary_samples(&strata::mish); }
};

struct Softplus : Pointwise<Softplus, 1> {
  static constexpr std::string_view name = "softplus";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::softplus(x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return g * formula::logistic(x);
  }
  static Samples samples() { return unary_samples(&strata::softplus); }
};

struct LogSigmoid : Pointwise<LogSigmoid, 1> {
  static constexpr std::string_view name = "log_sigmoid";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return -math::softplus(-x);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return g * formula::logistic(-x);
  }
  static Samples samples() { return unary_samples(&strata::log_sigmoid); }
};

struct HardTanh : Pointwise<HardTanh, 1> {
  static constexpr std::string_view name = "hard_tanh";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  static constexpr bool cheap = true;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::select(x > T(1), T(1), math::select(x < T(-1), T(-1), x));
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return formula::select((x > T(1)) || (x < T(-1)), T(0), g);
  }
  static Samples samples() { return unary_samples(&strata::hard_tanh); }
};

struct HardSigmoid : Pointwise<HardSigmoid, 1> {
  static constexpr std::string_view name = "hard_sigmoid";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  static constexpr bool cheap = true;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return math::minimum(math::maximum(x + T(3), T(0)), T(6)) / T(6);
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return formula::select((x > T(-3)) && (x < T(3)), g * T(1.0 / 6), T(0));
  }
  static Samples samples() { return unary_samples(&strata::hard_sigmoid); }
};

struct HardSwish : Pointwise<HardSwish, 1> {
  static constexpr std::string_view name = "hard_swish";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  static constexpr bool cheap = true;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return x * (math::minimum(math::maximum(x + T(3), T(0)), T(6)) / T(6));
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    const T inner = g * (x * T(1.0 / 3) + T(0.5));
    return formula::select((x > T(-3)) && (x < T(3)), inner, formula::select(x >= T(3), g, T(0)));
  }
  static Samples samples() { return unary_samples(&strata::hard_swish); }
};

struct SoftSign : Pointwise<SoftSign, 1> {
  static constexpr std::string_view name = "soft_sign";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  static constexpr bool cheap = true;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return x / (math::abs(x) + T(1));
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return g / formula::square(formula::abs(x) + T(1));
  }
  static Samples samples() { return unary_samples(&strata::soft_sign); }
};

struct SparsePlus : Pointwise<SparsePlus, 1> {
  static constexpr std::string_view name = "sparse_plus";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  static constexpr bool cheap = true;
  template <class T>
  STRATA_HD static T scalar(T x) {
    const T middle = math::square(x + T(1)) * T(0.25);
    return math::select(x <= T(-1), T(0), math::select(x >= T(1), x, middle));
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    const T middle = g * ((x + T(1)) * T(0.5));
    return formula::select(x <= T(-1), T(0), formula::select(x >= T(1), g, middle));
  }
  static Samples samples() { return unary_samples(&strata::sparse_plus); }
};

struct SparseSigmoid : Pointwise<SparseSigmoid, 1> {
  static constexpr std::string_view name = "sparse_sigmoid";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  static constexpr bool cheap = true;
  template <class T>
  STRATA_HD static T scalar(T x) {
    return T(0.5) * math::minimum(math::maximum(x + T(1), T(0)), T(2));
  }
  template <class T>
  STRATA_HD static T scaled(T g, T x) {
    return formula::select((x > T(-1)) && (x < T(1)), g * T(0.5), T(0));
  }
  static Samples samples() { return unary_samples(&strata::sparse_sigmoid); }
};

struct LeakyRelu : Pointwise<LeakyRelu, 2> {
  static constexpr std::string_view name = "leaky_relu";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x, T a) {
    return math::select(x >= T(0), x, a * x);
  }
  static Partials<2> products(const Tensor& g, const Tensor& x, const Tensor& a, const Tensor& y, Need need) {
    (void)y;
    const Tensor positive = x >= 0;
    return {need[0] ? where(positive, g, g * a) : Tensor(), need[1] ? where(positive, 0, g * x) : Tensor()};
  }
  static Samples samples();
};

struct Elu : Pointwise<Elu, 2> {
  static constexpr std::string_view name = "elu";
  static constexpr Keep keep = Keep::both;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x, T a) {
    return math::select(x > T(0), x, a * math::expm1(math::min(T(0), x)));
  }
  static Partials<2> products(const Tensor& g, const Tensor& x, const Tensor& a, const Tensor& y, Need need) {
    const Tensor positive = x > 0;
    return {need[0] ? where(positive, g, g * (y + a)) : Tensor(),
            need[1] ? where(positive, 0, g * expm1(where(positive, 0, x))) : Tensor()};
  }
  static Samples samples();
};

struct Celu : Pointwise<Celu, 2> {
  static constexpr std::string_view name = "celu";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x, T a) {
    return math::maximum(x, T(0)) + a * math::expm1(math::min(T(0), x) / a);
  }
  static Partials<2> products(const Tensor& g, const Tensor& x, const Tensor& a, const Tensor& y, Need need) {
    (void)y;
    const Tensor positive = x > 0, r = where(positive, 0, x) / a;
    return {need[0] ? where(positive, g, g * exp(r)) : Tensor(),
            need[1] ? where(positive, 0, g * (expm1(r) - r * exp(r))) : Tensor()};
  }
  static Samples samples();
};

struct SquarePlus : Pointwise<SquarePlus, 2> {
  static constexpr std::string_view name = "squareplus";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Typing typing = Typing::inexact;
  template <class T>
  STRATA_HD static T scalar(T x, T a) {
    return (x + math::sqrt(x * x + a)) * T(0.5);
  }
  static Partials<2> products(const Tensor& g, const Tensor& x, const Tensor& a, const Tensor& y, Need need) {
    (void)y;
    const Tensor root = rsqrt(square(x) + a);
    return {need[0] ? g * (0.5 * (1 + x * root)) : Tensor(), need[1] ? g * (0.25 * root) : Tensor()};
  }
  static Samples samples();
};

}  // namespace strata
