// Where a tensor's bytes lie. `cpu` is always there; `cuda(i)` names a GPU. Every module uses it.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace strata {

struct Device {
  enum class Kind : std::uint8_t { cpu, cuda };
  Kind kind = Kind::cpu;
  std::uint8_t index = 0;
  bool operator==(const Device&) const = default;
};

inline constexpr Device cpu{};
/// The GPU number `index`.
constexpr Device cuda(int index = 0) { return {Device::Kind::cuda, static_cast<std::uint8_t>(index)}; }

/// "cpu", "cuda:0".
std::string to_string(Device device);

/// GPUs that can be used now; 0 in a build without CUDA or on a machine without a driver.
int cuda_devices();
/// Waits until all work given to `device` is done.
void synchronize(Device device);

/// What a device's caching allocator holds, in bytes.
struct DeviceMemory {
  std::size_t in_use;         ///< handed out and not yet freed
  std::size_t peak;           ///< highest in_use since the start or the last reset_peak
  std::size_t cached;         ///< held for reuse
  std::uint64_t allocations;  ///< so far
};
DeviceMemory device_memory(Device device);
void reset_peak(Device device);
/// Returns what is cached to the system or the driver.
void release_cached(Device device);

/// The device on which creation functions put tensors, for this thread; at first what STRATA_DEVICE in the environment
/// says ("cuda:0"), else the CPU.
Device default_device();
/// Sets it. DeviceError when the device is not there.
void default_device(Device device);

namespace detail {
/// A GPU's library was opened and found GPUs.
extern std::atomic<bool> devices_in_use;
/// This thread records work for st::capture: nothing may be read on the host.
extern thread_local bool recording;
}  // namespace detail

}  // namespace strata
