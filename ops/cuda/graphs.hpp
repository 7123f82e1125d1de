// Recording what a thread gives to its stream as a graph that can be replayed. Called through core/device_library.hpp
// by st::capture; implemented by graphs.cu and by the double of a GPU.
#pragma once
#include "strata/ops/cuda/call.hpp"

namespace strata::gpu {

/// From here on this thread's work on `device` is recorded and not run. Its memory comes from a pool of the graph's.
Error begin_graph(int device);
/// Ends recording. `graph` is null when it failed.
Error end_graph(int device, void** graph);
/// Runs the graph on this thread's stream.
Error replay_graph(void* graph);
/// The graph's memory goes back.
void destroy_graph(void* graph);

inline constexpr Error host_read_in_capture =
    "a value is read on the host while capture records; return it from the captured function instead";
inline constexpr Error host_data_in_capture =
    "host data enters while capture records; make the tensor outside and give it as an argument";

/// The pool of the graph that this thread records; -1 when it records none.
int capturing_pool();
void release_graph_pool(int device, int pool);

}  // namespace strata::gpu
