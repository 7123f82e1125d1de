// Copies between host and GPU through pinned memory (staging.hpp), and between GPUs. All are given to the calling
// thread's stream; those to the host wait for it. Called through core/device_library.hpp.
#include "strata/ops/cuda/graphs.hpp"
#include "strata/ops/cuda/library.hpp"
#include "strata/ops/cuda/runtime.hpp"
#include "strata/ops/cuda/staging.hpp"

namespace strata::gpu {
namespace {

struct Transfers {
  using Event = cudaEvent_t;
  cudaStream_t stream;

  Error pin(std::size_t bytes, void** memory) {
    const cudaError_t code = cudaHostAlloc(memory, bytes, cudaHostAllocPortable);
    return code == cudaSuccess ? nullptr : text("no pinned host memory for copies", said(code));
  }
  Error send(void* to, const void* pinned, std::size_t bytes) {
    return said(cudaMemcpyAsync(to, pinned, bytes, cudaMemcpyHostToDevice, stream));
  }
  Error fetch(void* pinned, const void* from, std::size_t bytes) {
    return said(cudaMemcpyAsync(pinned, from, bytes, cudaMemcpyDeviceToHost, stream));
  }
  Error record(Event& event) {
    if (!event) {
      if (const Error error = said(cudaEventCreateWithFlags(&event, cudaEventDisableTiming))) return error;
    }
    return said(cudaEventRecord(event, stream));
  }
  bool passed(const Event& event) {
    const bool yes = cudaEventQuery(event) == cudaSuccess;
    if (!yes) cudaGetLastError();  // "not ready" is no error; another one is said by wait
    return yes;
  }
  Error wait(const Event& event) { return said(cudaEventSynchronize(event)); }
};

/// A ring for each GPU, never destroyed.
StagingRing<cudaEvent_t>& ring(int device) {
  static auto* all = new StagingRing<cudaEvent_t>[max_devices];
  return all[device];
}

}  // namespace

Error copy_in(int device, void* to, const void* from, std::size_t bytes) {
  Error error = nullptr;
  Transfers transfers{stream_on(device, error)};
  if (error) return error;
  if (capturing_pool() >= 0) return host_data_in_capture;
  return stage_in(ring(device), transfers, to, from, bytes);
}

Error copy_out(int device, void* to, const void* from, std::size_t bytes) {
  Error error = nullptr;
  Transfers transfers{stream_on(device, error)};
  if (error) return error;
  if (capturing_pool() >= 0) return host_read_in_capture;
  return stage_out(ring(device), transfers, to, from, bytes);
}

Error copy_across(int to_device, void* to, int from_device, const void* from, std::size_t bytes) {
  Error error = nullptr;
  const cudaStream_t source = stream_on(from_device, error);
  if (error) return error;
  if (capturing_pool() >= 0) return host_read_in_capture;
  if (const Error waited = said(cudaStreamSynchronize(source))) return waited;
  const cudaStream_t stream = stream_on(to_device, error);
  if (!error) error = said(cudaMemcpyPeerAsync(to, to_device, from, from_device, bytes, stream));
  return error ? error : said(cudaStreamSynchronize(stream));  // `from` may be freed, and its stream waits for nobody
}

}  // namespace strata::gpu
