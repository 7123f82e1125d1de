// Where a tensor's bytes lie. `cpu` is always there; `cuda(i)` names a GPU. Every module uses it.
#pragma once
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

/// The device on which creation functions put tensors, for this thread.
Device default_device();
/// Sets it. DeviceError when the device is not there.
void default_device(Device device);

}  // namespace strata
