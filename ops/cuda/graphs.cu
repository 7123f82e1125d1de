// Recording and replaying through CUDA graphs.
#include "strata/ops/cuda/graphs.hpp"

#include <atomic>
#include <vector>

#include "strata/ops/cuda/heap.hpp"
#include "strata/ops/cuda/library.hpp"
#include "strata/ops/cuda/runtime.hpp"
#include "strata/ops/cuda/stream_numbers.hpp"

namespace strata::gpu {
namespace {

struct Graph {
  int device, pool;
  cudaGraphExec_t run = nullptr;
};

std::atomic<bool> pool_taken[max_pools];
thread_local int recording = -1;

int take_pool() {
  for (int i = first_graph_pool; i < max_pools; ++i) {
    if (!pool_taken[i].exchange(true)) return i;
  }
  return -1;
}
/// Gives a graph's memory back, and that of graphs for which it could not be done before. The gate is held.
void give_pool(int device, int pool) {
  struct Left {
    int device, pool;
  };
  static auto* left = new std::vector<Left>;
  left->push_back({device, pool});
  std::erase_if(*left, [](const Left& l) {
    const bool released = release_graph_pool(l.device, l.pool);
    if (released) pool_taken[l.pool] = false;
    return released;
  });
}

}  // namespace

int capturing_pool() { return recording; }

Error begin_graph(int device) {
  Error error = nullptr;
  const cudaStream_t stream = stream_on(device, error);
  if (error) return error;
  if (recording >= 0) return capture_in_capture;
  std::unique_lock gate(capture_gate());
  if (!stream_number().alone()) return shared_stream_in_capture;
  const int pool = take_pool();
  if (pool < 0) return "too many captured functions are alive (48); drop some";
  error = said(cudaStreamSynchronize(stream));
  release_cached(device);  // what f used when it ran: what it records takes as much again, as the graph's
  if (!error) error = said(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed));
  if (error) {
    pool_taken[pool] = false;
    return error;
  }
  recording = pool;
  gate.release();  // until end_graph
  return nullptr;
}

Error end_graph(int device, void** graph) {
  *graph = nullptr;
  const std::unique_lock gate(capture_gate(), std::adopt_lock);  // since begin_graph
  Error error = nullptr;
  const cudaStream_t stream = stream_on(device, error);
  const int pool = recording;
  recording = -1;
  cudaGraph_t recorded = nullptr;
  if (!error) error = said(cudaStreamEndCapture(stream, &recorded));
  Graph* g = new Graph{device, pool};
  if (!error) error = said(cudaGraphInstantiate(&g->run, recorded, 0));
  if (recorded) cudaGraphDestroy(recorded);
  if (error) {
    give_pool(device, pool);
    delete g;
    return error;
  }
  *graph = g;
  return nullptr;
}

Error replay_graph(void* graph) {
  if (recording >= 0) return capture_in_capture;
  const auto* g = static_cast<const Graph*>(graph);
  Error error = nullptr;
  const cudaStream_t stream = stream_on(g->device, error);
  return error ? error : said(cudaGraphLaunch(g->run, stream));
}

void destroy_graph(void* graph) {
  const std::lock_guard gate(capture_gate());
  auto* g = static_cast<Graph*>(graph);
  cudaGraphExecDestroy(g->run);
  give_pool(g->device, g->pool);
  delete g;
}

}  // namespace strata::gpu
