// Recording what a thread gives to its stream as a graph that can be replayed. Called through core/device_library.hpp
// by st::capture; implemented by graphs.cu and by the double of a GPU.
#pragma once
#include <mutex>

#include "strata/ops/cuda/call.hpp"

namespace strata::gpu {

/// Held by the thread that records, until it has done so. Waiting for a GPU, or for the stream that records, would
/// break the recording, and so would work of another thread on that stream: who would do that passes this gate first.
inline std::recursive_mutex& capture_gate() {
  static auto* gate = new std::recursive_mutex;  // never destroyed: threads may outlive main
  return *gate;
}

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
inline constexpr Error wait_in_capture =
    "capture records: nothing runs before the graph is replayed, so there is nothing to wait for; synchronize outside";
inline constexpr Error capture_in_capture = "capture inside capture: record one function at a time";
inline constexpr Error shared_stream_in_capture =
    "more than 16 threads use the GPU and this one shares its stream with another, so it cannot record; capture on a "
    "thread that began earlier";

/// The pool of the graph that this thread records; -1 when it records none.
int capturing_pool();
/// False when it is still to be done, since a thread records.
bool release_graph_pool(int device, int pool);

}  // namespace strata::gpu
