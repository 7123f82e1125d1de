// The functions behind core/device_library.hpp: implemented by runtime.cu, and by the double of a GPU; put together in
// library.cu.
#pragma once
#include "strata/core/device_library.hpp"
#include "strata/ops/cuda/call.hpp"

namespace strata::gpu {

int count();
const char* why_none();
Error allocate(int device, std::size_t bytes, void** block);
void deallocate(int device, void* block, std::size_t bytes, std::uint32_t streams);
Error copy_in(int device, void* to, const void* from, std::size_t bytes);
Error copy_out(int device, void* to, const void* from, std::size_t bytes);
Error copy_across(int to_device, void* to, int from_device, const void* from, std::size_t bytes);
Error synchronize(int device);
int stream();
Error stream_handle(int device, void** stream);
Error wait_for(int device, std::uint32_t streams);
void memory_held(int device, DeviceMemory* statistics);
void reset_peak(int device);
void release_cached(int device);

}  // namespace strata::gpu
