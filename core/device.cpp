// The default device of each thread.
#include "strata/core/device.hpp"

#include "strata/core/error.hpp"

namespace strata {
namespace {
thread_local Device current = cpu;
}

std::string to_string(Device device) {
  return device.kind == Device::Kind::cpu ? "cpu" : "cuda:" + std::to_string(device.index);
}

Device default_device() { return current; }

void default_device(Device device) {
  if (device != cpu)
    throw DeviceError("default_device: " + to_string(device) + " is not there: this build has no CUDA backend");
  current = device;
}

}  // namespace strata
