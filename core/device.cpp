// Finding and opening the GPU library, once; which devices there are; the default device of each thread.
#include "strata/core/device_library.hpp"

#include <dlfcn.h>

#include <cstdlib>

#include "strata/core/error.hpp"
#include "strata/core/memory.hpp"

namespace strata {

namespace detail {
std::atomic<bool> devices_in_use{false};
thread_local bool recording = false;
constinit thread_local const char* op_on_device = nullptr;
}  // namespace detail

namespace {

constexpr const char* file_name = "libstrata_cuda.so";

struct Opened {
  const DeviceLibrary* functions = nullptr;
  std::string why;
};

/// Folders in which the library may lie: beside this code, or where an installation or a build folder has it.
std::string beside(const char* suffix) {
  Dl_info here{};
  if (dladdr(reinterpret_cast<void*>(&check_device), &here) == 0 || !here.dli_fname) return {};
  const std::string file = here.dli_fname;
  const auto slash = file.rfind('/');
  return (slash == std::string::npos ? std::string("./") : file.substr(0, slash + 1)) + suffix + file_name;
}

void* open_file(const std::string& path, std::string& why) {
  if (void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) return handle;
  const std::string error = dlerror();
  if (error.find("cannot open shared object file") == std::string::npos || error.find(file_name) == std::string::npos)
    why = error;  // it is there, but something that it needs is not
  return nullptr;
}

void* open_any(std::string& why) {
  if (const char* path = std::getenv("STRATA_CUDA_LIBRARY")) {
    void* handle = open_file(path, why);
    if (!handle && why.empty()) why = std::string("STRATA_CUDA_LIBRARY names ") + path + ", which is not there";
    return handle;
  }
  for (const char* suffix : {"", "../", "../lib/"}) {
    if (void* handle = open_file(beside(suffix), why)) return handle;
    if (!why.empty()) return nullptr;
  }
  return open_file(file_name, why);
}

Opened open_library() {
  Opened o;
  void* handle = open_any(o.why);
  if (!handle) {
    if (o.why.empty()) o.why = "this build has no CUDA backend";
    return o;
  }
  using Entry = const DeviceLibrary* (*)();
  const auto entry = reinterpret_cast<Entry>(dlsym(handle, "strata_cuda_library"));
  const DeviceLibrary* found = entry ? entry() : nullptr;
  if (!found || found->interface != DeviceLibrary::current)
    o.why = std::string(file_name) + " belongs to another version of Strata";
  else if (found->count() == 0)
    o.why = found->why_none();
  else
    o.functions = found;
  detail::devices_in_use.store(o.functions != nullptr, std::memory_order_relaxed);
  return o;
}

const Opened& opened() {
  static const Opened once = open_library();
  return once;
}

/// "cpu", "cuda", "cuda:1".
Device device_named(const std::string& text) {
  if (text.empty() || text == "cpu") return cpu;
  if (text == "cuda") return cuda(0);
  if (text.size() > 5 && text.size() <= 7 && text.rfind("cuda:", 0) == 0 &&
      text.find_first_not_of("0123456789", 5) == std::string::npos)
    return cuda(std::stoi(text.substr(5)));
  throw ValueError("STRATA_DEVICE is '" + text + "'; it may be cpu, cuda or cuda:N");
}

/// Where threads start: STRATA_DEVICE in the environment.
Device first_device() {
  static const Device first = [] {
    const char* text = std::getenv("STRATA_DEVICE");
    const Device d = device_named(text ? text : "");
    if (d != cpu) device_library("STRATA_DEVICE", d);
    return d;
  }();
  return first;
}

thread_local Device current = first_device();

}  // namespace

const DeviceLibrary* device_library() { return opened().functions; }

const DeviceLibrary& device_library(const char* op, Device device) {
  const Opened& o = opened();
  if (!o.functions) throw DeviceError(std::string(op) + ": " + to_string(device) + " is not there: " + o.why);
  const int n = o.functions->count();
  if (device.index >= n) {
    throw DeviceError(std::string(op) + ": " + to_string(device) + " is not there: " + std::to_string(n) +
                      (n == 1 ? " GPU was found" : " GPUs were found"));
  }
  return *o.functions;
}

void check_device(const char* op, Device device, const char* error) {
  if (error) [[unlikely]]
    throw DeviceError(std::string(op) + ": on " + to_string(device) + ": " + error);
}

int cuda_devices() {
  const DeviceLibrary* library = device_library();
  return library ? library->count() : 0;
}

std::string to_string(Device device) {
  return device.kind == Device::Kind::cpu ? "cpu" : "cuda:" + std::to_string(device.index);
}

Device default_device() { return current; }

void default_device(Device device) {
  if (device != cpu) device_library("default_device", device);
  current = device;
}

void synchronize(Device device) {
  if (device == cpu) return;
  check_device("synchronize", device, device_library("synchronize", device).synchronize(device.index));
}

DeviceMemory device_memory(Device device) {
  if (device == cpu) {
    const memory::Statistics s = memory::statistics();
    return {s.in_use, s.peak, s.cached, s.allocations};
  }
  DeviceMemory m{};
  device_library("device_memory", device).memory(device.index, &m);
  return m;
}
void reset_peak(Device device) {
  if (device == cpu) return memory::reset_peak();
  device_library("reset_peak", device).reset_peak(device.index);
}
void release_cached(Device device) {
  if (device == cpu) return memory::release_cached();
  device_library("release_cached", device).release_cached(device.index);
}

}  // namespace strata
