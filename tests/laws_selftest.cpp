// The laws on ops that are broken on purpose: each law must see what it is there to see.
// Every op below is y = x * x or y = a * b with one rule wrong; `Sound` has all rules right and passes all laws.
#include "strata/core/parallel.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/lane.hpp"
#include "strata/tests/catch.hpp"
#include "strata/tests/support/laws.hpp"

using namespace strata;
using namespace strata::laws;

namespace {

template <class D>
Sample sample_of(Shape shape = {2, 3}) {
  return {std::string(D::name), {{shape}}, [](Xs x) { return Tensors{apply<D>({}, Tensor(x[0]))}; }};
}
template <class D>
Sample sample_of_two(Shape a = {2, 3}, Shape b = {2, 3}) {
  return {std::string(D::name), {{a}, {b}}, [](Xs x) { return Tensors{apply<D>({}, Tensor(x[0]), Tensor(x[1]))}; }};
}

/// y = x * x, all rules right; the broken ops hide one of them.
template <class D>
struct Square : General<D, 1> {
  static constexpr Keep keep = Keep::inputs;
  static Tensor eval(const NoParams&, Out x) { return x[0] * x[0]; }
  static Tensor jvp(const NoParams&, In x, In dx, In) { return 2 * x[0] * dx[0]; }
  static void vjp(const NoParams&, In x, In, In g, Need, Out dx) { dx[0] = 2 * x[0] * g[0]; }
  static Lane batch(const NoParams&, std::span<Lane> x, Batch&) {
    return {apply<D>({}, std::move(x[0].value)), x[0].axis};
  }
  static Samples samples() { return {}; }
};
struct Sound : Square<Sound> {
  static constexpr std::string_view name = "sound";
};
struct WrongTangent : Square<WrongTangent> {
  static constexpr std::string_view name = "wrong tangent";
  static Tensor jvp(const NoParams&, In x, In dx, In) { return x[0] * dx[0]; }
};
struct BothOff : Square<BothOff> {  // jvp and vjp agree, and are wrong by 0.1 %
  static constexpr std::string_view name = "both off";
  static Tensor jvp(const NoParams&, In x, In dx, In) { return 2.002 * x[0] * dx[0]; }
  static void vjp(const NoParams&, In x, In, In g, Need, Out dx) { dx[0] = 2.002 * x[0] * g[0]; }
};
struct CotangentOff : Square<CotangentOff> {
  static constexpr std::string_view name = "cotangent off by 0.1 %";
  static void vjp(const NoParams&, In x, In, In g, Need, Out dx) { dx[0] = 2.002 * x[0] * g[0]; }
};
struct FlatCotangent : Square<FlatCotangent> {
  static constexpr std::string_view name = "cotangent of another shape";
  static void vjp(const NoParams&, In x, In, In g, Need, Out dx) { dx[0] = sum(2 * x[0] * g[0]); }
};
struct Detached : Square<Detached> {  // right once, but the rule takes its argument for a constant
  static constexpr std::string_view name = "detached";
  static void vjp(const NoParams&, In x, In, In g, Need, Out dx) { dx[0] = 2 * concrete(x[0], "test") * g[0]; }
};
struct KeptLie : Square<KeptLie> {
  static constexpr std::string_view name = "reads what it did not keep";
  static constexpr Keep keep = Keep::nothing;
};
struct WrongAxis : Square<WrongAxis> {
  static constexpr std::string_view name = "lanes elsewhere";
  static Lane batch(const NoParams&, std::span<Lane> x, Batch&) {
    return {apply<WrongAxis>({}, std::move(x[0].value)), 0};
  }
};
struct FullOnly : Square<FullOnly> {
  static constexpr std::string_view name = "no lanes, no result";
  static Lane batch(const NoParams&, std::span<Lane> x, Batch& batch) {
    if (batch.size == 0) return {x[0].value, -1};
    return {apply<FullOnly>({}, std::move(x[0].value)), x[0].axis};
  }
};
struct Outer : General<Outer, 1> {  // x + 1, whose rule forgets lanes below its own: it reads values, not tensors
  static constexpr std::string_view name = "blind to outer levels";
  static constexpr Keep keep = Keep::nothing;
  static Tensor eval(const NoParams&, Out x) { return x[0] + 1; }
  static Tensor jvp(const NoParams&, In, In dx, In) { return dx[0]; }
  static void vjp(const NoParams&, In, In, In g, Need, Out dx) { dx[0] = g[0]; }
  static Lane batch(const NoParams&, std::span<Lane> x, Batch&) {
    if (x[0].value.is_wrapped()) return {wrapper(x[0].value).value, x[0].axis};
    return {x[0].value + 1, x[0].axis};
  }
  static Samples samples() { return {}; }
};
struct SumLanes : Square<SumLanes> {  // right under vmap, but its result's derivative is lost there
  static constexpr std::string_view name = "no derivative under vmap";
  static Lane batch(const NoParams&, std::span<Lane> x, Batch&) {
    return {concrete(x[0].value, "test") * x[0].value, x[0].axis};
  }
};
struct Overwrites : Square<Overwrites> {
  static constexpr std::string_view name = "overwrites";
  static Tensor eval(const NoParams&, Out x) {
    const Tensor y = x[0] * x[0];
    auto* to = reinterpret_cast<float*>(dense(x[0]).data);
    for (std::int64_t i = 0; i < y.size(); ++i) to[i] = y.data<float>()[i];
    return x[0];
  }
};
struct ForgetsRoot : Square<ForgetsRoot> {  // looks at its own handle only: a view's memory has other owners
  static constexpr std::string_view name = "forgets the root";
  static Tensor eval(const NoParams&, Out x) {
    const Tensor y = x[0] * x[0];
    if (!x[0].impl()->refs.alone()) return y;
    auto* to = reinterpret_cast<float*>(dense(x[0]).data);
    for (std::int64_t i = 0; i < y.size(); ++i) to[i] = y.data<float>()[i];
    return y;
  }
};
struct TakesBadly : Square<TakesBadly> {  // takes over only what it may, and then computes something else
  static constexpr std::string_view name = "takes badly";
  static Tensor eval(const NoParams&, Out x) { return donatable(x[0]) ? x[0] + x[0] : x[0] * x[0]; }
};
struct IgnoresStrides : Square<IgnoresStrides> {
  static constexpr std::string_view name = "ignores strides";
  static Tensor eval(const NoParams&, Out x) {
    const Tensor y = empty_dense(x[0].shape(), x[0].dtype());
    auto* to = reinterpret_cast<float*>(dense(y).data);
    const auto* from = reinterpret_cast<const float*>(dense(x[0]).data);
    for (std::int64_t i = 0; i < y.size(); ++i) to[i] = from[i] * from[i];
    return y;
  }
};
struct CountsThreads : Square<CountsThreads> {
  static constexpr std::string_view name = "counts threads";
  static Tensor eval(const NoParams&, Out x) { return x[0] * (num_threads() == 1 ? 1.f : 1.0000001f); }
};

/// y = a * b whose rule takes every lane of b for lane 0.
struct OneOperand : General<OneOperand, 2> {
  static constexpr std::string_view name = "ignores an operand's lanes";
  static constexpr Keep keep = Keep::inputs;
  static Tensor eval(const NoParams&, Out x) { return x[0] * x[1]; }
  static Tensor jvp(const NoParams&, In x, In dx, In) {
    return add_tangents(dx[0].defined() ? dx[0] * x[1] : Tensor(), dx[1].defined() ? x[0] * dx[1] : Tensor());
  }
  static void vjp(const NoParams&, In x, In, In g, Need, Out dx) { dx[0] = g[0] * x[1], dx[1] = g[0] * x[0]; }
  static Lane batch(const NoParams&, std::span<Lane> x, Batch& batch) {
    const Tensor a = lanes_first(x[0], batch.size), b = lanes_first(x[1], batch.size);
    if (!x[0].mapped() || !x[1].mapped()) return {a * b, 0};
    const Dense& d = dense(b);
    Strides still = d.strides;
    still[0] = 0;
    return {a * view_of(b, d.shape, still, 0), 0};
  }
  static Samples samples() { return {}; }
};

/// y = a * b whose rule takes the lanes for one more logical axis: [B] with [3] becomes [B, 3] only by accident.
struct RankTrap : General<RankTrap, 2> {
  static constexpr std::string_view name = "pads before the lanes";
  static constexpr Keep keep = Keep::inputs;
  static Tensor eval(const NoParams&, Out x) { return x[0] * x[1]; }
  static Tensor jvp(const NoParams&, In, In dx, In) { return dx[0]; }
  static void vjp(const NoParams&, In, In, In, Need, Out) {}
  static Lane batch(const NoParams&, std::span<Lane> x, Batch&) {
    const Tensor a = x[0].mapped() ? lanes_first(x[0]) : x[0].value, b = x[1].mapped() ? lanes_first(x[1]) : x[1].value;
    return {a * b, 0};
  }
  static Samples samples() { return {}; }
};

Failure second_order(const Sample& s) {
  const Sample pulled = *vjp_of(in_float64(s));
  const Failure jvp = jvp_is_difference(pulled);
  return jvp ? jvp : vjp_is_adjoint(pulled);
}

void sees(const Failure& failure) {
  INFO(failure.value_or("the law holds"));
  CHECK(failure.has_value());
}

}  // namespace

TEST_CASE("a sound op passes every law") {
  const Sample s = sample_of<Sound>();
  for (const Failure& f :
       {jvp_is_difference(s), vjp_is_adjoint(s), second_order(s), vmap_is_loop(s), vmap_is_loop(*vjp_of(s)),
        nested_vmap_is_loop(s), vjp_is_adjoint(vmap_of(s, {0}, 2)), strided_is_contiguous(s), donation_is_invisible(s),
        threads_agree(s), chains_are_invisible(s)}) {
    INFO(f.value_or(""));
    CHECK_FALSE(f.has_value());
  }
}

TEST_CASE("derivatives") {
  sees(jvp_is_difference(sample_of<WrongTangent>()));
  sees(vjp_is_adjoint(sample_of<WrongTangent>()));
  sees(jvp_is_difference(sample_of<BothOff>()));
  sees(vjp_is_adjoint(sample_of<CotangentOff>()));
  sees(vjp_is_adjoint(sample_of<FlatCotangent>()));
  sees(vjp_is_adjoint(sample_of<KeptLie>()));
  CHECK_FALSE(vjp_is_adjoint(sample_of<Detached>()).has_value());
  sees(second_order(sample_of<Detached>()));
}

TEST_CASE("lanes") {
  sees(vmap_is_loop(sample_of<WrongAxis>()));
  sees(vmap_is_loop(sample_of<FullOnly>()));
  sees(vmap_is_loop(sample_of_two<OneOperand>()));
  sees(vmap_is_loop(sample_of_two<RankTrap>({}, {3})));
  CHECK_FALSE(vmap_is_loop(sample_of<Outer>()).has_value());
  sees(nested_vmap_is_loop(sample_of<Outer>()));
  CHECK_FALSE(vmap_is_loop(sample_of<SumLanes>()).has_value());
  sees(jvp_is_difference(vmap_of(sample_of<SumLanes>(), {0}, 2)));
}

TEST_CASE("memory") {
  sees(donation_is_invisible(sample_of<Overwrites>()));
  sees(donation_is_invisible(sample_of<ForgetsRoot>()));
  sees(donation_is_invisible(sample_of<TakesBadly>()));
  sees(strided_is_contiguous(sample_of<IgnoresStrides>()));
  sees(threads_agree(sample_of<CountsThreads>()));
  sees(chains_are_invisible({"tells how it is stored", {{{64, 64}}}, [](std::span<const Tensor> x) {
                               const Tensor y = exp(x[0]);
                               return std::vector<Tensor>{y + (y.is_dense() ? 0 : 1)};
                             }}));
}
