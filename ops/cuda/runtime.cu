// Devices, streams and memory through the CUDA runtime. Copies are in copies.cu.
#include "strata/ops/cuda/runtime.hpp"

#include <cstdio>
#include <mutex>

#include "strata/core/device_library.hpp"
#include "strata/ops/cuda/graphs.hpp"
#include "strata/ops/cuda/heap.hpp"
#include "strata/ops/cuda/library.hpp"
#include "strata/ops/cuda/stream_numbers.hpp"

namespace strata::gpu {
namespace {

constexpr int max_streams = DeviceLibrary::max_streams;
static_assert(max_streams == first_graph_pool);

thread_local char message[512];

Error make_current(int device) {
  int now = -1;  // other code of the program may have changed it
  if (cudaGetDevice(&now) == cudaSuccess && now == device) return nullptr;
  return said(cudaSetDevice(device));
}

struct RawMemory {
  int device = 0;
  void* take(std::size_t bytes) {
    void* block = nullptr;
    if (make_current(device)) return nullptr;
    if (cudaMalloc(&block, bytes) == cudaSuccess) return block;
    cudaGetLastError();  // it is reported by us
    return nullptr;
  }
  void give(void* block) {
    if (!make_current(device)) cudaFree(block);
  }
  /// Not while a thread records. The heap is locked here, so nobody is waited for at the gate.
  bool wait() {
    const std::unique_lock gate(capture_gate(), std::try_to_lock);
    return gate && capturing_pool() < 0 && !make_current(device) && !said(cudaDeviceSynchronize());
  }
};

/// Of one GPU: its heap, the streams of threads, an event for each.
struct Gpu {
  explicit Gpu(int device) : heap(RawMemory{device}) {}
  Heap<RawMemory> heap;
  std::mutex mutex;  // of what follows
  cudaStream_t streams[max_streams] = {};
  cudaEvent_t events[max_streams] = {};
};

/// Made at a GPU's first use and never destroyed: tensors may outlive main.
Gpu& gpu(int device) {
  static std::mutex mutex;
  static Gpu* all[max_devices] = {};
  const std::lock_guard lock(mutex);
  if (!all[device]) all[device] = new Gpu(device);
  return *all[device];
}

cudaStream_t stream_numbered(int device, int number, Error& error) {
  error = make_current(device);
  if (error) return nullptr;
  Gpu& g = gpu(device);
  const std::lock_guard lock(g.mutex);
  if (!g.streams[number]) error = said(cudaStreamCreateWithFlags(&g.streams[number], cudaStreamNonBlocking));
  if (!error && !g.events[number]) error = said(cudaEventCreateWithFlags(&g.events[number], cudaEventDisableTiming));
  return g.streams[number];
}

/// `waiting` does nothing more before the work given to stream `number` so far is done. Passes the gate of captures.
Error wait_for_stream(int device, cudaStream_t waiting, int number) {
  const std::lock_guard gate(capture_gate());
  Error error = nullptr;
  const cudaStream_t other = stream_numbered(device, number, error);
  if (error || other == waiting) return error;
  Gpu& g = gpu(device);
  const std::lock_guard lock(g.mutex);
  error = said(cudaEventRecord(g.events[number], other));
  if (error) return error;
  // What is recorded cannot wait for what is not: that must be done before.
  if (capturing_pool() >= 0) return said(cudaEventSynchronize(g.events[number]));
  return said(cudaStreamWaitEvent(waiting, g.events[number], 0));
}

/// Memory goes to the graph that this thread records, else to its stream.
int pool_of_thread() {
  const int graph = capturing_pool();
  return graph >= 0 ? graph : stream();
}

}  // namespace

Error text(const char* what, const char* detail) {
  std::snprintf(message, sizeof message, "%s%s%s", what, *detail ? ": " : "", detail);
  return message;
}
Error said(cudaError_t code) {
  if (code == cudaSuccess) return nullptr;
  cudaGetLastError();  // so that the next launch does not report it again
  return text(cudaGetErrorName(code), cudaGetErrorString(code));
}
cudaStream_t stream_on(int device, Error& error) { return stream_numbered(device, stream(), error); }

Scratch::Scratch(int device, std::size_t bytes) : device_(device), bytes_(bytes) {
  error_ = allocate(device, bytes, &block_);
}
Scratch::~Scratch() {
  if (block_) gpu(device_).heap.deallocate(block_, bytes_, pool_of_thread());
}

bool release_graph_pool(int device, int pool) { return gpu(device).heap.release_pool(pool); }

// ---- what core/device_library.hpp asks for -------------------------------------------------------------------------

int count() {
  static const int found = [] {
    int n = 0;  // stays as it is where there is no driver
    if (cudaGetDeviceCount(&n) != cudaSuccess) n = 0;
    cudaGetLastError();
    return n < max_devices ? n : max_devices;
  }();
  return found;
}
const char* why_none() {
  int n = 0;
  const cudaError_t code = cudaGetDeviceCount(&n);
  cudaGetLastError();
  if (code == cudaErrorInsufficientDriver) return "this machine has no GPU driver, or one too old for this build";
  return code == cudaSuccess || code == cudaErrorNoDevice ? "this machine has no GPU" : said(code);
}

Error allocate(int device, std::size_t bytes, void** block) {
  if (const Error error = make_current(device)) return error;
  *block = gpu(device).heap.allocate(bytes, pool_of_thread());
  if (!*block && capturing_pool() < 0) {  // once more after what another thread records, which kept the caches
    const std::lock_guard gate(capture_gate());
    *block = gpu(device).heap.allocate(bytes, pool_of_thread());
  }
  return *block ? nullptr : gpu(device).heap.shortage(bytes);
}
void deallocate(int device, void* block, std::size_t bytes, std::uint32_t streams) {
  const int pool = pool_of_thread();
  const bool recorded = pool >= first_graph_pool;  // the block is the graph's from now on
  int home = recorded ? stream() : -1;
  for (int i = 0; i < max_streams; ++i) {
    if ((streams >> i & 1) == 0) continue;
    if (home < 0) {
      home = i;
      continue;
    }
    Error error = nullptr;
    const cudaStream_t first = stream_numbered(device, home, error);
    if (!error) wait_for_stream(device, first, i);
  }
  gpu(device).heap.deallocate(block, bytes, recorded || home < 0 ? pool : home);
}

Error synchronize(int device) {
  Error error = nullptr;
  const cudaStream_t stream = stream_on(device, error);
  if (error) return error;
  (void)stream;
  if (capturing_pool() >= 0) return wait_in_capture;
  const std::lock_guard gate(capture_gate());
  return said(cudaDeviceSynchronize());
}

Error stream_handle(int device, void** stream) {
  Error error = nullptr;
  *stream = stream_on(device, error);
  return error;
}
Error wait_for(int device, std::uint32_t streams) {
  Error error = nullptr;
  const cudaStream_t mine = stream_on(device, error);
  for (int i = 0; i < max_streams && !error; ++i) {
    if (streams >> i & 1) error = wait_for_stream(device, mine, i);
  }
  return error;
}
void memory_held(int device, DeviceMemory* statistics) { *statistics = gpu(device).heap.held(); }
void reset_peak(int device) { gpu(device).heap.reset_peak(); }
void release_cached(int device) {
  const std::lock_guard gate(capture_gate());
  gpu(device).heap.release();
}
int stream() { return stream_number().get(); }

}  // namespace strata::gpu
