// Convolution of float32 by oneDNN, its work cut for our pool. See conv_native.hpp.
#include "strata/ops/cpu/conv_native.hpp"

#include <algorithm>
#include <atomic>

#include "strata/core/parallel.hpp"
#include "strata/ops/lane.hpp"

namespace strata {
namespace {

std::int64_t product(const ConvGeometry::Sizes& s) { return s[0] * s[1] * s[2]; }

/// oneDNN's side: a task and where its tensors begin.
struct NativeConv {
  onednn::ConvTask task;
  float *x, *w, *y;

  NativeConv(ConvWanted wanted, const ConvGeometry& p, const Tensor& tx, const Tensor& tw, const Tensor& ty)
      : task{wanted,
             p.rank,
             tx.shape()[0],
             p.groups,
             tw.shape()[1],
             tw.shape()[0] / p.groups,
             p.x,
             p.w,
             p.y,
             p.stride,
             p.low,
             p.w_dilation,
             {},
             {},
             {}},
        x(begin(tx, task.x_strides)),
        w(begin(tw, task.w_strides)),
        y(begin(ty, task.y_strides)) {}

  /// The same with `count` examples, groups or channels from `at` on.
  NativeConv part_of_examples(std::int64_t at, std::int64_t count) const {
    NativeConv c = *this;
    c.task.n = count;
    c.x += at * task.x_strides[0];
    c.y += at * task.y_strides[0];
    return c;
  }
  NativeConv part_of_groups(std::int64_t at, std::int64_t count) const {
    NativeConv c = *this;
    c.task.groups = count;
    c.x += at * task.c * task.x_strides[1];
    c.w += at * task.o * task.w_strides[0];
    c.y += at * task.o * task.y_strides[1];
    return c;
  }
  NativeConv part_of_outputs(std::int64_t at, std::int64_t count) const {
    NativeConv c = *this;
    c.task.o = count;
    c.w += at * task.w_strides[0];
    c.y += at * task.y_strides[1];
    return c;
  }
  NativeConv part_of_inputs(std::int64_t at, std::int64_t count) const {
    NativeConv c = *this;
    c.task.c = count;
    c.w += at * task.w_strides[1];
    c.x += at * task.x_strides[1];
    return c;
  }
  bool run() const { return onednn::convolve(task, x, w, y); }

 private:
  static float* begin(const Tensor& t, onednn::ConvTask::Strides& strides) {
    std::copy(dense(t).strides.begin(), dense(t).strides.end(), strides.begin());
    return reinterpret_cast<float*>(dense(t).data);
  }
};

using Part = NativeConv (NativeConv::*)(std::int64_t, std::int64_t) const;

/// Runs `count` items of the axis in parts of `per`; false when oneDNN has nothing fast for the first of them.
bool run_parts(const NativeConv& c, Part part, std::int64_t count, std::int64_t per) {
  if (!(c.*part)(0, std::min(per, count)).run()) return false;
  const std::int64_t left = (count - 1) / per;  // the last one may be smaller, and have no fast kernel of its own
  std::atomic<bool> all = true;
  parallel_chunks(left, [&](std::int64_t i) {
    const std::int64_t at = (i + 1) * per;
    if (!(c.*part)(at, std::min(per, count - at)).run()) all = false;
  });
  return all;
}

/// Cuts the work along an axis that no part adds to another's elements: examples, groups or channels of the wanted
/// tensor. The cut follows from the sizes alone.
bool run_native(const NativeConv& c, const ConvGeometry& p) {
  const onednn::ConvTask& t = c.task;
  const std::int64_t work = t.n * t.groups * t.c * t.o * product(p.w) * product(p.y);
  const std::int64_t parts = std::clamp<std::int64_t>(work / 4'000'000, 1, 16);
  const auto per = [&](std::int64_t count, std::int64_t unit) {
    return ((count + parts - 1) / parts + unit - 1) / unit * unit;
  };
  const bool kernel = t.wanted == ConvWanted::kernel;
  if (!kernel && t.n > 1) return run_parts(c, &NativeConv::part_of_examples, t.n, per(t.n, 1));
  if (t.groups > 1) return run_parts(c, &NativeConv::part_of_groups, t.groups, per(t.groups, 1));
  if (t.wanted == ConvWanted::image) return run_parts(c, &NativeConv::part_of_inputs, t.c, per(t.c, 16));
  return run_parts(c, &NativeConv::part_of_outputs, t.o, per(t.o, 16));
}

/// Read by strides, as oneDNN can.
Tensor readable(const Tensor& x) {
  const Dense& d = dense(x);
  for (int i = 0; i < d.shape.size(); ++i) {
    if (d.shape[i] > 1 && d.strides[i] <= 0) return pack(x);
  }
  return x;
}

bool native(const ConvGeometry& p, const Tensor& x) {
  const auto in_use = static_cast<std::size_t>(p.rank);
  for (std::size_t i = 0; i < in_use; ++i) {
    if (p.x_dilation[i] != 1 || p.low[i] < 0 || p.y[i] == 0) return false;
    // Elements of the image that no window reaches at the end are a negative padding there: not above a stride.
    if ((p.y[i] - 1) * p.stride[i] + (p.w[i] - 1) * p.w_dilation[i] + 1 - p.x[i] - p.low[i] <= -p.stride[i])
      return false;
  }
  return x.dtype() == Dtype::float32;
}

}  // namespace

Tensor empty_like_layout(const Shape& shape, const Tensor& like) {
  const bool channels_last = dense(like).strides[1] == 1 && like.shape()[1] > 1;
  if (!channels_last) return empty_dense(shape, like.dtype(), like.device());
  Shape memory = shape;
  memory.erase(1);
  memory.push_back(shape[1]);
  Strides strides = row_major(memory);
  strides.insert(1, 1);
  strides.erase(strides.size() - 1);
  return view_of(empty_dense(memory, like.dtype(), like.device()), shape, strides, 0);
}

bool conv_native(ConvWanted wanted, const ConvGeometry& p, const Tensor& x, const Tensor& w, const Tensor& y) {
  if (!native(p, x)) return false;
  const Tensor image = readable(x), kernel = readable(w), result = readable(y);
  return run_native({wanted, p, image, kernel, result}, p);
}

}  // namespace strata
