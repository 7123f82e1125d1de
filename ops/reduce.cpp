// Sums.
#include "strata/core/error.hpp"
#include "strata/ops/cpu/strided.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"

namespace strata {
namespace {

struct Sum : Linear<Sum> {
  struct Params {
    Shape from, kept;  // kept: the result with size-1 axes where summed
    AxisList axes;
  };
  static constexpr std::string_view name = "sum";
  static Tensor eval(const Params& p, Tensor x) {
    const Tensor packed = pack(x);
    Tensor y = empty_dense(p.kept, x.dtype(), x.device(), x.weak());
    visit(x.dtype(), [&]<class T>(T) {
      if constexpr (std::is_arithmetic_v<T>) {
        auto* out = reinterpret_cast<T*>(dense(y).data);
        const auto* in = reinterpret_cast<const T*>(dense(packed).data);
        std::fill(out, out + y.size(), T(0));
        const Strides to = row_major(p.kept), from = row_major(x.shape());
        for (std::int64_t i = 0; i < x.size(); ++i) {
          std::int64_t o = 0;
          for (int a = 0; a < p.kept.size(); ++a) {
            if (p.kept[a] != 1) o += (i / from[a]) % x.shape()[a] * to[a];
          }
          out[o] = static_cast<T>(out[o] + in[i]);
        }
      }
    });
    return y;
  }
  static Tensor transpose(const Params& p, const Tensor& g) { return broadcast_to(g, p.from); }
  static Lane batch(const Params& p, Lane x, Batch&) {
    std::vector<int> axes;
    for (int a : p.axes) axes.push_back(value_axis(x, a));
    return {sum(std::move(x.value), {.axes = AxisList(std::move(axes)), .keepdims = true}), x.axis};
  }
  static Samples samples() {
    const auto call = [](std::span<const Tensor> x) { return std::vector<Tensor>{sum(x[0], {.axes = {-1}})}; };
    return {{"[2, 3]", {{{2, 3}}}, call}, {"empty", {{{2, 0}}}, call}};
  }
};

}  // namespace

Tensor sum(Tensor x, Reduce p) {
  std::vector<int> all;
  for (int i = 0; i < x.ndim(); ++i) all.push_back(i);
  const AxisList axes = normalize_axes("sum", p.axes ? *p.axes : AxisList(all), x.ndim());
  const Shape from = x.shape();
  Shape kept = from, dropped;
  for (int a : axes) kept[a] = 1;
  int k = 0;
  for (int i = 0; i < from.size(); ++i) {
    if (k < static_cast<int>(axes.size()) && axes[static_cast<std::size_t>(k)] == i)
      ++k;
    else
      dropped.push_back(from[i]);
  }
  Tensor y = apply<Sum>({from, kept, axes}, std::move(x));
  return p.keepdims ? y : reshape(y, dropped);
}

Tensor sum_to(Tensor x, const Shape& shape) {
  if (x.shape() == shape) return x;
  std::vector<int> axes;
  const int offset = x.ndim() - shape.size();
  for (int i = 0; i < x.ndim(); ++i) {
    if (i < offset || (shape[i - offset] == 1 && x.shape()[i] != 1)) axes.push_back(i);
  }
  return reshape(sum(std::move(x), {.axes = AxisList(std::move(axes)), .keepdims = true}), shape);
}

std::vector<Entry> reduce_entries() { return {entry<row<Sum>>()}; }

}  // namespace strata
