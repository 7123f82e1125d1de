// Devices, streams and memory through the CUDA runtime. Copies are in copies.cu.
#include "strata/ops/cuda/runtime.hpp"

#include <atomic>
#include <cstdio>
#include <cstring>
#include <mutex>

#include "strata/core/device_library.hpp"
#include "strata/ops/cuda/graphs.hpp"
#include "strata/ops/cuda/heap.hpp"
#include "strata/ops/cuda/library.hpp"

namespace strata::gpu {
namespace {

constexpr int max_streams = DeviceLibrary::max_streams;
static_assert(max_streams == first_graph_pool);

struct RawMemory {
  int device = 0;
  void* take(std::size_t bytes) {
    void* block = nullptr;
    cudaSetDevice(device);
    if (cudaMalloc(&block, bytes) == cudaSuccess) return block;
    cudaGetLastError();  // it is reported by us
    return nullptr;
  }
  void give(void* block) {
    cudaSetDevice(device);
    cudaFree(block);
  }
  void wait() {
    cudaSetDevice(device);
    cudaDeviceSynchronize();
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

thread_local char message[512];
thread_local int current = -1;

/// A number for each thread that is alive; threads beyond share.
class StreamNumber {
 public:
  StreamNumber() {
    for (int i = 0; i < max_streams; ++i) {
      if (!taken_[i].exchange(true)) {
        number = i;
        return;
      }
    }
    shared_ = true;
    number = next_.fetch_add(1) % max_streams;
  }
  ~StreamNumber() {
    if (!shared_) taken_[number] = false;
  }
  int number = 0;

 private:
  bool shared_ = false;
  inline static std::atomic<bool> taken_[max_streams];
  inline static std::atomic<int> next_{0};
};
int stream_number() {
  thread_local const StreamNumber mine;
  return mine.number;
}

Error make_current(int device) {
  if (current == device) return nullptr;
  const Error error = said(cudaSetDevice(device));
  if (!error) current = device;
  return error;
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

/// `waiting` does nothing more before the work given to stream `number` so far is done.
Error wait_for_stream(int device, cudaStream_t waiting, int number) {
  Error error = nullptr;
  const cudaStream_t other = stream_numbered(device, number, error);
  if (error || other == waiting) return error;
  Gpu& g = gpu(device);
  const std::lock_guard lock(g.mutex);
  error = said(cudaEventRecord(g.events[number], other));
  return error ? error : said(cudaStreamWaitEvent(waiting, g.events[number], 0));
}

/// Memory goes to the graph that this thread records, else to its stream.
int pool_of_thread() {
  const int graph = capturing_pool();
  return graph >= 0 ? graph : stream_number();
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
cudaStream_t stream_on(int device, Error& error) { return stream_numbered(device, stream_number(), error); }

Scratch::Scratch(int device, std::size_t bytes) : device_(device), bytes_(bytes) {
  error_ = allocate(device, bytes, &block_);
}
Scratch::~Scratch() {
  if (block_) gpu(device_).heap.deallocate(block_, bytes_, pool_of_thread());
}

void release_graph_pool(int device, int pool) { gpu(device).heap.release_pool(pool); }

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
  return *block ? nullptr : gpu(device).heap.shortage(bytes);
}
void deallocate(int device, void* block, std::size_t bytes, std::uint32_t streams) {
  const int pool = pool_of_thread();
  if (pool >= first_graph_pool) return gpu(device).heap.deallocate(block, bytes, pool);
  int home = -1;
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
  gpu(device).heap.deallocate(block, bytes, home < 0 ? pool : home);
}

Error synchronize(int device) {
  Error error = nullptr;
  const cudaStream_t stream = stream_on(device, error);
  if (error) return error;
  (void)stream;
  return said(cudaDeviceSynchronize());
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
void release_cached(int device) { gpu(device).heap.release(); }
int stream() { return stream_number(); }

}  // namespace strata::gpu
