// The one symbol of the GPU's library.
#include "strata/ops/cuda/library.hpp"

#include "strata/ops/cuda/graphs.hpp"
#include "strata/ops/cuda/kernels.hpp"

namespace strata::gpu {
namespace {

const Kernels all_kernels{elements_library, reductions_library, sorting_library, slices_library,
                          products_library, windows_library,    linalg_library,  random_library};

const DeviceLibrary library{
    DeviceLibrary::current, &count,       &why_none,  &allocate,      &deallocate,    &copy_in,     &copy_out,
    &copy_across,           &synchronize, &stream,    &stream_handle, &wait_for,      &memory_held, &reset_peak,
    &release_cached,        &begin_graph, &end_graph, &replay_graph,  &destroy_graph, &all_kernels};

}  // namespace
}  // namespace strata::gpu

extern "C" __attribute__((visibility("default"))) const strata::DeviceLibrary* strata_cuda_library() {
  return &strata::gpu::library;
}
