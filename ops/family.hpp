// Families: what mathematics implies for a kind of op, so that an op states only what is its own.
// Ops derive from one (`struct Flip : Linear<Flip>`); `row<D>` turns the struct into the constant row that interpreters
// see.
//   General            eval, jvp, vjp, batch by hand
//   Linear             eval, transpose, batch; the jvp is the op itself
//   Bilinear           eval, two transposes, batch
//   NonDifferentiable  eval, batch; derivatives are zero, and said to be
//   Pointwise          scalar, partial (ops/pointwise.hpp)
// Always holds: a struct that lacks a rule of its family does not compile.
#pragma once
#include <array>
#include <concepts>
#include <new>
#include <type_traits>
#include <utility>

#include "strata/core/op.hpp"

namespace strata {

struct NoParams {};

/// Brings the arguments of an op together: if one lies on a GPU, scalars of the CPU are copied there (unless the op
/// takes numbers as they are) and work on memory that another thread's stream used is put in order. DeviceError when
/// arguments lie on different devices.
void settle_on_device(const char* op, Out x, bool keeps_numbers);

/// An op's eval once GPUs are in use: settles x, notes the op's name for errors (OpOnDevice) and calls `eval`.
void eval_settled(const char* op, bool keeps_numbers, void (*eval)(const void* p, Out x, Out y), const void* p, Out x,
                  Out y);

namespace family {

/// The parameters behind p, which may be null where D's hold nothing.
template <class D>
const typename D::Params& params(const void* p) {
  if constexpr (std::is_empty_v<typename D::Params>) {
    static constexpr typename D::Params none{};
    return none;
  } else {
    return *static_cast<const typename D::Params*>(p);
  }
}

template <class D>
void copy_params(void* to, const void* from) {
  new (to) typename D::Params(params<D>(from));
}
template <class D>
void destroy_params(void* p) {
  using Params = typename D::Params;
  static_cast<Params*>(p)->~Params();
}

/// Before eval, once GPUs are in use: all arguments on one device.
template <class D>
void eval_on_device(const void* p, Out x, Out y) {
  if (strata::detail::devices_in_use.load(std::memory_order_relaxed)) [[unlikely]]
    return eval_settled(
        D::name.data(), requires { D::keeps_numbers; }, &D::row_eval, p, x, y);
  D::row_eval(p, x, y);
}

template <class D>
concept Checks = requires(const typename D::Params& p, In x) {
  D::check(p, x);
};
template <class D>
concept Defers = requires(const typename D::Params& p, Out x) {
  { D::deferred(p, x) } -> std::same_as<Tensor>;
};
template <class D>
concept Sampled = requires {
  { D::samples() } -> std::same_as<Samples>;
};

}  // namespace family

/// The row of op D. All its functions come from D and D's family.
template <class D>
constexpr Op make_row() {
  static_assert(family::Sampled<D>, "an op states samples(): calls worth trying, an empty one among them");
  using P = typename D::Params;
  Op op{};
  op.name = D::name;
  op.family = D::family;
  op.inputs = D::inputs;
  op.outputs = D::outputs;
  op.differentiable = D::differentiable;
  op.keep = D::keep;
  op.params_size = std::is_empty_v<P> ? 0 : sizeof(P);
  static_assert(alignof(P) <= alignof(std::max_align_t));
  op.params_copy = &family::copy_params<D>;
  op.params_destroy = std::is_trivially_destructible_v<P> ? nullptr : &family::destroy_params<D>;
  if constexpr (family::Checks<D>) op.check = [](const void* p, In x) { D::check(family::params<D>(p), x); };
  op.eval = &family::eval_on_device<D>;
  op.jvp = &D::row_jvp;
  op.vjp = &D::row_vjp;
  op.batch = &D::row_batch;
  op.samples = &D::samples;
  if constexpr (requires { &D::row_quick; }) op.quick = &D::row_quick;
  if constexpr (family::Defers<D>)
    op.deferred = [](const void* p, Out x) { return D::deferred(family::params<D>(p), x); };
  if constexpr (requires { D::takes_pending; }) op.takes_pending = D::takes_pending;
  if constexpr (requires { D::mixes_rows; }) op.mixes_rows = D::mixes_rows;
  if constexpr (requires { D::adds; }) op.adds = D::adds;
  if constexpr (requires { D::collective; }) op.collective = D::collective;
  return op;
}

template <class D>
inline constexpr Op row = make_row<D>();

/// Applies op D: `return apply<Flip>({axes}, std::move(x));`
template <class D, class... X>
requires(std::same_as<std::remove_cvref_t<X>, Tensor>&&...) Tensor apply(const typename D::Params& p, X&&... x) {
  static_assert(D::outputs == 1);
  Tensor in[] = {std::forward<X>(x)...};
  Tensor y;
  apply(row<D>, &p, Out(in), Out(&y, 1));
  return y;
}

/// Applies op D, which has M > 1 results.
template <class D, int M, class... X>
std::array<Tensor, M> apply_many(const typename D::Params& p, X&&... x) {
  Tensor in[] = {std::forward<X>(x)...};
  std::array<Tensor, M> y;
  apply(row<D>, &p, Out(in), Out(y));
  return y;
}

/// Applies op D, which has any number of arguments, to x.
template <class D>
Tensor apply_list(const typename D::Params& p, std::vector<Tensor> x) {
  Tensor y;
  apply(row<D>, &p, Out(x), Out(&y, 1));
  return y;
}

/// Rules by hand. N arguments (-1: any number), M results (-1: the caller knows).
template <class D, int N, int M = 1>
struct General {
  using Params = NoParams;
  static constexpr std::string_view family = "general";
  static constexpr int inputs = N;
  static constexpr int outputs = M;
  static constexpr bool differentiable = true;

  static void row_eval(const void* p, Out x, Out y) {
    if constexpr (M == 1)
      y[0] = D::eval(strata::family::params<D>(p), x);
    else
      D::eval(strata::family::params<D>(p), x, y);
  }
  static void row_jvp(const void* p, In x, In dx, In y, Out dy) {
    if constexpr (M == 1)
      dy[0] = D::jvp(strata::family::params<D>(p), x, dx, y);
    else
      D::jvp(strata::family::params<D>(p), x, dx, y, dy);
  }
  static void row_vjp(const void* p, In x, In y, In g, Need need, Out dx) {
    D::vjp(strata::family::params<D>(p), x, y, g, need, dx);
  }
  static void row_batch(const void* p, std::span<Lane> x, std::span<Lane> y, Batch& batch) {
    if constexpr (M == 1)
      y[0] = D::batch(strata::family::params<D>(p), x, batch);
    else
      D::batch(strata::family::params<D>(p), x, y, batch);
  }
};

/// Derivatives are zero everywhere they exist, or make no sense: eval and batch only.
template <class D, int N, int M = 1>
struct NonDifferentiable : General<D, N, M> {
  static constexpr std::string_view family = "non-differentiable";
  static constexpr bool differentiable = false;
  static constexpr Keep keep = Keep::nothing;
  static void row_jvp(const void*, In, In, In, Out) {}
  static void row_vjp(const void*, In, In, In, Need, Out) {}
};

/// y = A x for a fixed A: eval, transpose (from g alone: what it needs to know of x is in Params), batch.
template <class D>
struct Linear {
  using Params = NoParams;
  static constexpr std::string_view family = "linear";
  static constexpr int inputs = 1;
  static constexpr int outputs = 1;
  static constexpr bool differentiable = true;
  static constexpr Keep keep = Keep::nothing;

  static void row_eval(const void* p, Out x, Out y) { y[0] = D::eval(strata::family::params<D>(p), std::move(x[0])); }
  static void row_jvp(const void* p, In, In dx, In, Out dy) {
    if (dx[0].defined()) dy[0] = apply<D>(strata::family::params<D>(p), Tensor(dx[0]));
  }
  static void row_vjp(const void* p, In, In, In g, Need need, Out dx) {
    if (need[0]) dx[0] = D::transpose(strata::family::params<D>(p), g[0]);
  }
  static void row_batch(const void* p, std::span<Lane> x, std::span<Lane> y, Batch& batch) {
    y[0] = D::batch(strata::family::params<D>(p), std::move(x[0]), batch);
  }
};

/// Linear in each of two arguments: eval, transpose_a, transpose_b (each sees g, a, b), batch. If D says `adds`, the
/// transposes also get the sum that their result is to be added to, undefined where there is none yet.
template <class D>
struct Bilinear {
  using Params = NoParams;
  static constexpr std::string_view family = "bilinear";
  static constexpr int inputs = 2;
  static constexpr int outputs = 1;
  static constexpr bool differentiable = true;
  static constexpr Keep keep = Keep::inputs;

  static void row_eval(const void* p, Out x, Out y) {
    y[0] = D::eval(strata::family::params<D>(p), std::move(x[0]), std::move(x[1]));
  }
  static void row_jvp(const void* p, In x, In dx, In, Out dy);
  static void row_vjp(const void* p, In x, In, In g, Need need, Out dx) {
    const auto& q = strata::family::params<D>(p);
    if constexpr (requires { D::adds; }) {
      if (need[0]) dx[0] = D::transpose_a(q, g[0], x[0], x[1], std::move(dx[0]));
      if (need[1]) dx[1] = D::transpose_b(q, g[0], x[0], x[1], std::move(dx[1]));
    } else {
      if (need[0]) dx[0] = D::transpose_a(q, g[0], x[0], x[1]);
      if (need[1]) dx[1] = D::transpose_b(q, g[0], x[0], x[1]);
    }
  }
  static void row_batch(const void* p, std::span<Lane> x, std::span<Lane> y, Batch& batch) {
    y[0] = D::batch(strata::family::params<D>(p), std::move(x[0]), std::move(x[1]), batch);
  }
};

/// a + b where an undefined tensor is zero.
Tensor add_tangents(Tensor a, Tensor b);

template <class D>
void Bilinear<D>::row_jvp(const void* p, In x, In dx, In, Out dy) {
  const auto& params = strata::family::params<D>(p);
  if (dx[0].defined()) dy[0] = apply<D>(params, Tensor(dx[0]), Tensor(x[1]));
  if (dx[1].defined()) dy[0] = add_tangents(std::move(dy[0]), apply<D>(params, Tensor(x[0]), Tensor(dx[1])));
}

}  // namespace strata
