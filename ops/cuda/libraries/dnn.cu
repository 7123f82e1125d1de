// Convolutions by cuDNN, on the calling thread's stream. The algorithm that its heuristic names first, among those that
// give the same bits in each run and need no vast workspace, is remembered for each shape (keys.hpp) with the kind of
// arithmetic it was named for; where there is none, the caller has its own way. Called by ops/cuda/products.cu.
#include "strata/ops/cuda/libraries/dnn.hpp"

#include <algorithm>
#include <array>

#include "strata/ops/cuda/libraries/dnn_handle.hpp"
#include "strata/ops/cuda/libraries/keys.hpp"

namespace strata::gpu {
namespace {

constexpr std::size_t most_workspace = std::size_t{512} << 20;

bool exact(const ConvCall& c) { return c.dtype == Dtype::float32 && !c.tf32; }
/// The arithmetic that the heuristic is asked about.
cudnnMathType_t asked_for(const ConvCall& c) {
  if (exact(c)) return CUDNN_FMA_MATH;
  return itemsize(c.dtype) == 2 ? CUDNN_TENSOR_OP_MATH : CUDNN_DEFAULT_MATH;
}

/// Descriptors of one call, freed with it: two spatial axes, or three. The first error is kept.
struct Descriptors {
  cudnnTensorDescriptor_t x = nullptr, y = nullptr;
  cudnnFilterDescriptor_t w = nullptr;
  cudnnConvolutionDescriptor_t conv = nullptr;
  cudnnStatus_t status = CUDNN_STATUS_SUCCESS;

  explicit Descriptors(const ConvCall& c) : first_(c.x_size[0] == 1 && c.w_size[0] == 1 && c.y_size[0] == 1 ? 1 : 0) {
    note(cudnnCreateTensorDescriptor(&x));
    note(cudnnCreateTensorDescriptor(&y));
    note(cudnnCreateFilterDescriptor(&w));
    note(cudnnCreateConvolutionDescriptor(&conv));
    if (status != CUDNN_STATUS_SUCCESS) return;
    lay(x, c, c.n, c.groups * c.c, c.x_size);
    lay(y, c, c.n, c.groups * c.o, c.y_size);
    int sizes[5] = {narrow(c.groups * c.o), narrow(c.c)};
    spatial(c.w_size, sizes + 2);
    note(cudnnSetFilterNdDescriptor(w, dnn_type(c.dtype), c.channels_last ? CUDNN_TENSOR_NHWC : CUDNN_TENSOR_NCHW,
                                    axes(), sizes));
    int low[3], stride[3], dilation[3];
    spatial(c.low, low);
    spatial(c.stride, stride);
    spatial(c.w_dilation, dilation);
    note(cudnnSetConvolutionNdDescriptor(conv, axes() - 2, low, stride, dilation, CUDNN_CROSS_CORRELATION,
                                         c.dtype == Dtype::float64 ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT));
    note(cudnnSetConvolutionGroupCount(conv, narrow(c.groups)));
    note(cudnnSetConvolutionMathType(conv, asked_for(c)));
  }
  ~Descriptors() {
    if (conv) cudnnDestroyConvolutionDescriptor(conv);
    if (w) cudnnDestroyFilterDescriptor(w);
    if (y) cudnnDestroyTensorDescriptor(y);
    if (x) cudnnDestroyTensorDescriptor(x);
  }
  Descriptors(const Descriptors&) = delete;
  Descriptors& operator=(const Descriptors&) = delete;

 private:
  static int narrow(std::int64_t n) { return static_cast<int>(n); }
  int axes() const { return 5 - first_; }
  void note(cudnnStatus_t s) {
    if (status == CUDNN_STATUS_SUCCESS) status = s;
  }
  void spatial(const std::int64_t* from, int* to) const {
    for (int d = first_; d < 3; ++d) to[d - first_] = narrow(from[d]);
  }
  void lay(cudnnTensorDescriptor_t t, const ConvCall& c, std::int64_t first, std::int64_t second,
           const std::int64_t* sizes) {
    int size[5] = {narrow(first), narrow(second)}, stride[5];
    spatial(sizes, size + 2);
    const int n = axes();
    int step = 1;
    if (c.channels_last) stride[1] = step, step *= size[1];
    for (int d = n - 1; d >= 2; --d) stride[d] = step, step *= size[d];
    if (!c.channels_last) stride[1] = step, step *= size[1];
    stride[0] = step;
    note(cudnnSetTensorNdDescriptor(t, dnn_type(c.dtype), n, size, stride));
  }

  int first_;  // of three spatial axes, the first that is described
};

struct Found {
  int algorithm = -1;  // -1: none
  cudnnMathType_t math = CUDNN_DEFAULT_MATH;
  std::size_t workspace = 0;
};

constexpr int most_named = 16;
template <class Perf>
using Named = std::array<Perf, most_named>;

/// The first of those named that will do; for exact results those named for tensor cores come last. `workspace(
/// algorithm, bytes)` says what one needs with the arithmetic that the descriptors ask for.
template <class Perf, class Workspace>
Found first_good(Named<Perf>& named, int count, const ConvCall& c, const Descriptors& d, Workspace workspace) {
  if (exact(c))
    std::stable_partition(named.begin(), named.begin() + count, [](const Perf& p) {
      return p.mathType == CUDNN_DEFAULT_MATH || p.mathType == CUDNN_FMA_MATH;
    });
  for (int i = 0; i < count; ++i) {
    const Perf& p = named[static_cast<std::size_t>(i)];
    if (p.status != CUDNN_STATUS_SUCCESS || p.determinism != CUDNN_DETERMINISTIC) continue;
    Found found{static_cast<int>(p.algo), exact(c) ? CUDNN_FMA_MATH : p.mathType, 0};
    if (cudnnSetConvolutionMathType(d.conv, found.math) == CUDNN_STATUS_SUCCESS &&
        workspace(p.algo, &found.workspace) == CUDNN_STATUS_SUCCESS && found.workspace <= most_workspace)
      return found;
  }
  return {};
}

Found choose(cudnnHandle_t handle, const ConvCall& c, const Descriptors& d) {
  int count = 0;
  if (c.wanted == ConvWanted::result) {
    Named<cudnnConvolutionFwdAlgoPerf_t> named;
    if (cudnnGetConvolutionForwardAlgorithm_v7(handle, d.x, d.w, d.conv, d.y, most_named, &count, named.data()) !=
        CUDNN_STATUS_SUCCESS)
      return {};
    return first_good(named, count, c, d, [&](cudnnConvolutionFwdAlgo_t algorithm, std::size_t* bytes) {
      return cudnnGetConvolutionForwardWorkspaceSize(handle, d.x, d.w, d.conv, d.y, algorithm, bytes);
    });
  }
  if (c.wanted == ConvWanted::image) {
    Named<cudnnConvolutionBwdDataAlgoPerf_t> named;
    if (cudnnGetConvolutionBackwardDataAlgorithm_v7(handle, d.w, d.y, d.conv, d.x, most_named, &count, named.data()) !=
        CUDNN_STATUS_SUCCESS)
      return {};
    return first_good(named, count, c, d, [&](cudnnConvolutionBwdDataAlgo_t algorithm, std::size_t* bytes) {
      return cudnnGetConvolutionBackwardDataWorkspaceSize(handle, d.w, d.y, d.conv, d.x, algorithm, bytes);
    });
  }
  Named<cudnnConvolutionBwdFilterAlgoPerf_t> named;
  if (cudnnGetConvolutionBackwardFilterAlgorithm_v7(handle, d.x, d.y, d.conv, d.w, most_named, &count, named.data()) !=
      CUDNN_STATUS_SUCCESS)
    return {};
  return first_good(named, count, c, d, [&](cudnnConvolutionBwdFilterAlgo_t algorithm, std::size_t* bytes) {
    return cudnnGetConvolutionBackwardFilterWorkspaceSize(handle, d.x, d.y, d.conv, d.w, algorithm, bytes);
  });
}

ShapeCache<ConvKey, Found>& cache() {
  static auto* c = new ShapeCache<ConvKey, Found>;  // never destroyed: threads may outlive main
  return *c;
}

cudnnStatus_t launch(cudnnHandle_t handle, const ConvCall& c, const Descriptors& d, const Found& found, void* room) {
  const double wide[] = {1, 0};
  const float narrow[] = {1, 0};
  const bool is_wide = c.dtype == Dtype::float64;
  const void* one = is_wide ? static_cast<const void*>(&wide[0]) : &narrow[0];
  const void* zero = is_wide ? static_cast<const void*>(&wide[1]) : &narrow[1];
  const cudnnStatus_t status = cudnnSetConvolutionMathType(d.conv, found.math);
  if (status != CUDNN_STATUS_SUCCESS) return status;
  if (c.wanted == ConvWanted::result)
    return cudnnConvolutionForward(handle, one, d.x, c.x.data, d.w, c.w.data, d.conv,
                                   static_cast<cudnnConvolutionFwdAlgo_t>(found.algorithm), room, found.workspace, zero,
                                   d.y, c.y.data);
  if (c.wanted == ConvWanted::image)
    return cudnnConvolutionBackwardData(handle, one, d.w, c.w.data, d.y, c.y.data, d.conv,
                                        static_cast<cudnnConvolutionBwdDataAlgo_t>(found.algorithm), room,
                                        found.workspace, zero, d.x, c.x.data);
  return cudnnConvolutionBackwardFilter(handle, one, d.x, c.x.data, d.y, c.y.data, d.conv,
                                        static_cast<cudnnConvolutionBwdFilterAlgo_t>(found.algorithm), room,
                                        found.workspace, zero, d.w, c.w.data);
}

}  // namespace

Error dnn_convolve(int device, const ConvCall& c, bool& done) {
  Error error = nullptr;
  const cudnnHandle_t handle = dnn_handle(device, error);
  if (error) return error;
  const ConvKey key = key_of(device, c);
  Found found;
  const bool known = cache().find(key, found);
  if (known && found.algorithm < 0) return nullptr;
  const Descriptors d(c);
  if (!known) {
    if (d.status == CUDNN_STATUS_SUCCESS) found = choose(handle, c, d);
    cache().keep(key, found);
    if (found.algorithm < 0) return nullptr;
  }
  const Scratch room(device, found.workspace);
  if (room.error()) return room.error();
  const cudnnStatus_t status = launch(handle, c, d, found, room.get());
  if (CUDNN_STATUS_CATEGORY(status) == CUDNN_STATUS_NOT_SUPPORTED) {  // the heuristic was wrong: not this way again
    cache().keep(key, Found{});
    return nullptr;
  }
  done = true;
  return said(status);
}

}  // namespace strata::gpu
