// Recording and replaying through CUDA graphs.
#include "strata/ops/cuda/graphs.hpp"

#include <atomic>

#include "strata/ops/cuda/heap.hpp"
#include "strata/ops/cuda/runtime.hpp"

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
void give_pool(int device, int pool) {
  release_graph_pool(device, pool);
  pool_taken[pool] = false;
}

}  // namespace

int capturing_pool() { return recording; }

Error begin_graph(int device) {
  Error error = nullptr;
  const cudaStream_t stream = stream_on(device, error);
  if (error) return error;
  if (recording >= 0) return "capture inside capture: record one function at a time";
  const int pool = take_pool();
  if (pool < 0) return "too many captured functions are alive (48); drop some";
  error = said(cudaStreamSynchronize(stream));
  if (!error) error = said(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed));
  if (error) {
    pool_taken[pool] = false;
    return error;
  }
  recording = pool;
  return nullptr;
}

Error end_graph(int device, void** graph) {
  *graph = nullptr;
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
  const auto* g = static_cast<const Graph*>(graph);
  Error error = nullptr;
  const cudaStream_t stream = stream_on(g->device, error);
  return error ? error : said(cudaGraphLaunch(g->run, stream));
}

void destroy_graph(void* graph) {
  auto* g = static_cast<Graph*>(graph);
  cudaGraphExecDestroy(g->run);
  give_pool(g->device, g->pool);
  delete g;
}

}  // namespace strata::gpu
