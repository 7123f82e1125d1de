// Pooling by cuDNN, on the calling thread's stream. Its descriptors are made once for each shape and kept (keys.hpp);
// a shape that it refuses is remembered too. Called by ops/cuda/windows.cu.
#include "strata/ops/cuda/libraries/pooling.hpp"

#include "strata/ops/cuda/libraries/dnn_handle.hpp"
#include "strata/ops/cuda/libraries/keys.hpp"

namespace strata::gpu {
namespace {

/// Of one shape: two spatial axes, or three. Kept for good.
struct Descriptors {
  cudnnTensorDescriptor_t x = nullptr, y = nullptr;
  cudnnPoolingDescriptor_t windows = nullptr;
  cudnnStatus_t status = CUDNN_STATUS_SUCCESS;

  explicit Descriptors(const PoolCall& c) : first_(c.x_size[0] == 1 && c.window[0] == 1 && c.y_size[0] == 1 ? 1 : 0) {
    note(cudnnCreateTensorDescriptor(&x));
    note(cudnnCreateTensorDescriptor(&y));
    note(cudnnCreatePoolingDescriptor(&windows));
    if (status != CUDNN_STATUS_SUCCESS) return;
    lay(x, c, c.x_size);
    lay(y, c, c.y_size);
    int window[3], low[3], stride[3];
    spatial(c.window, window);
    spatial(c.low, low);
    spatial(c.stride, stride);
    const cudnnPoolingMode_t mode = c.work == PoolWork::largest ? CUDNN_POOLING_MAX
                                    : c.work == PoolWork::mean  ? CUDNN_POOLING_AVERAGE_COUNT_INCLUDE_PADDING
                                                                : CUDNN_POOLING_AVERAGE_COUNT_EXCLUDE_PADDING;
    note(cudnnSetPoolingNdDescriptor(windows, mode, CUDNN_PROPAGATE_NAN, 3 - first_, window, low, stride));
  }
  ~Descriptors() {
    if (windows) cudnnDestroyPoolingDescriptor(windows);
    if (y) cudnnDestroyTensorDescriptor(y);
    if (x) cudnnDestroyTensorDescriptor(x);
  }
  Descriptors(const Descriptors&) = delete;
  Descriptors& operator=(const Descriptors&) = delete;

 private:
  void note(cudnnStatus_t s) {
    if (status == CUDNN_STATUS_SUCCESS) status = s;
  }
  void spatial(const std::int64_t* from, int* to) const {
    for (int d = first_; d < 3; ++d) to[d - first_] = static_cast<int>(from[d]);
  }
  void lay(cudnnTensorDescriptor_t t, const PoolCall& c, const std::int64_t* sizes) {
    const int axes = 5 - first_;
    int size[5] = {static_cast<int>(c.n), static_cast<int>(c.c)}, stride[5], step = 1;
    spatial(sizes, size + 2);
    if (c.channels_last) stride[1] = step, step *= size[1];
    for (int d = axes - 1; d >= 2; --d) stride[d] = step, step *= size[d];
    if (!c.channels_last) stride[1] = step, step *= size[1];
    stride[0] = step;
    note(cudnnSetTensorNdDescriptor(t, dnn_type(c.dtype), axes, size, stride));
  }

  int first_;  // of three spatial axes, the first that is described
};

/// Null: the library has no way for the shape.
using Kept = const Descriptors*;
ShapeCache<PoolKey, Kept>& cache() {
  static auto* c = new ShapeCache<PoolKey, Kept>;  // never destroyed: threads may outlive main
  return *c;
}

bool refused(cudnnStatus_t status) {
  return CUDNN_STATUS_CATEGORY(status) == CUDNN_STATUS_NOT_SUPPORTED ||
         CUDNN_STATUS_CATEGORY(status) == CUDNN_STATUS_BAD_PARAM;
}

/// The descriptors of the call's shape. Two threads may both make them; one of the two is kept.
Kept descriptors_of(const PoolKey& key, const PoolCall& c, Error& error) {
  Kept kept = nullptr;
  if (cache().find(key, kept)) return kept;
  auto* made = new Descriptors(c);
  if (made->status != CUDNN_STATUS_SUCCESS) {
    if (!refused(made->status)) error = said(made->status);
    delete made;
    made = nullptr;
  }
  if (!error) cache().keep(key, made);
  return made;
}

}  // namespace

Error dnn_pool(int device, const PoolCall& c, bool& done) {
  Error error = nullptr;
  const cudnnHandle_t handle = dnn_handle(device, error);
  if (error) return error;
  const PoolKey key = key_of(device, c);
  const Kept d = descriptors_of(key, c, error);
  if (error || !d) return error;
  const double wide[] = {1, 0};
  const float narrow[] = {1, 0};
  const bool is_wide = c.dtype == Dtype::float64;
  const void* one = is_wide ? static_cast<const void*>(&wide[0]) : &narrow[0];
  const void* zero = is_wide ? static_cast<const void*>(&wide[1]) : &narrow[1];
  const cudnnStatus_t status = cudnnPoolingForward(handle, d->windows, one, d->x, c.x, zero, d->y, c.y);
  if (refused(status)) {
    cache().keep(key, nullptr);
    return nullptr;
  }
  done = true;
  return said(status);
}

}  // namespace strata::gpu
