// What a GPU's shared library gives the runtime: memory, copies, streams, and a table of kernels
// (ops/cuda/kernels.hpp). The library (libstrata_cuda.so) is opened at the first use of a GPU, so that programs that
// need none pay nothing and run where neither driver nor toolkit is. Called by core and by ops/cuda; implemented by
// ops/cuda/*.cu. Always holds: the library knows nothing of tensors. Its functions take plain structs and never throw:
// those that can fail give null, or what went wrong, valid until the next call of this thread.
//
// NOTE [streams]  Each user thread has a stream of its own on each GPU, by number; work given to one runs in order. The
// owner of memory remembers which streams have used it (Dense::streams). A call whose argument was used elsewhere first
// has its stream wait for those streams' work so far; freed memory is used again only after all of its streams' work.
// What a thread makes while it records a graph has no stream: it is the graph's, which may be replayed on any.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "strata/core/device.hpp"

namespace strata {

namespace gpu {
struct Kernels;
}

struct DeviceLibrary {
  static constexpr int current = 2;
  static constexpr int max_streams = 16;  ///< threads beyond share

  int interface;   ///< `current` as the library was built
  int (*count)();  ///< GPUs that can be used; 0 without a driver
  const char* (*why_none)();

  const char* (*allocate)(int device, std::size_t bytes, void** block);
  /// After the work that `streams` (a bit for each) have been given.
  void (*deallocate)(int device, void* block, std::size_t bytes, std::uint32_t streams);
  /// Host memory may be changed as soon as the call returns.
  const char* (*copy_in)(int device, void* to, const void* from, std::size_t bytes);
  /// Waits for the work given before on this thread, then has copied.
  const char* (*copy_out)(int device, void* to, const void* from, std::size_t bytes);
  const char* (*copy_across)(int to_device, void* to, int from_device, const void* from, std::size_t bytes);
  const char* (*synchronize)(int device);

  int (*stream)();  ///< the number of this thread's streams
  /// This thread's stream, for kernels of users' own files; a cudaStream_t where the library is CUDA's.
  const char* (*stream_handle)(int device, void** stream);
  /// This thread's stream waits for the work that `streams` have been given.
  const char* (*wait_for)(int device, std::uint32_t streams);

  void (*memory)(int device, DeviceMemory* statistics);
  void (*reset_peak)(int device);
  void (*release_cached)(int device);

  /// Between these two, this thread's work is recorded and not run; a read on the host fails. For st::capture.
  const char* (*begin_graph)(int device);
  const char* (*end_graph)(int device, void** graph);
  const char* (*replay_graph)(void* graph);
  void (*destroy_graph)(void* graph);

  const gpu::Kernels* kernels;

  /// This thread's bit of Dense::streams; none while it records.
  std::uint16_t mark() const {
    return detail::recording ? std::uint16_t{0} : static_cast<std::uint16_t>(1u << stream());
  }
};

namespace detail {
/// The op that this thread runs on a GPU; null when it runs none.
extern constinit thread_local const char* op_on_device;
}  // namespace detail

/// While it lives, this thread's failures on a GPU (no memory, a kernel that could not start) are said to be `op`'s.
class OpOnDevice {
 public:
  explicit OpOnDevice(const char* op) : before_(detail::op_on_device) { detail::op_on_device = op; }
  ~OpOnDevice() { detail::op_on_device = before_; }
  OpOnDevice(const OpOnDevice&) = delete;
  OpOnDevice& operator=(const OpOnDevice&) = delete;

 private:
  const char* before_;
};

/// The library; null when there is none.
const DeviceLibrary* device_library();
/// The library, for a tensor that lies on `device`. DeviceError naming `op` when the device is not there.
const DeviceLibrary& device_library(const char* op, Device device);
/// DeviceError "op: on cuda:0: what" unless `error` is null.
void check_device(const char* op, Device device, const char* error);

}  // namespace strata
