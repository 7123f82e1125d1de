// NCCL's backend: collectives on device memory, on a stream of its own. Written against a table of functions, so that
// its states can be examined with a double on machines without a GPU. Always holds: no call of NCCL or CUDA blocks;
// what is under way is polled with a deadline; after an error or a deadline the communicator is aborted, and if even
// that hangs, the watchdog ends the process. States: starting (non-blocking init, polled) -> ready -> {finalized |
// aborted}.
#pragma once
#include <chrono>
#include <string>

#include "strata/distributed/backend.hpp"
#include "strata/distributed/nccl.hpp"

namespace strata::distributed {

class NcclBackend final : public Backend {
 public:
  /// Waits until all ranks have joined; `id` is rank 0's (it travels over MPI). `compute` is the stream on which
  /// tensors are made: collectives wait for it, and it for them.
  NcclBackend(const NcclApi& api, const NcclId& id, int rank, int size, std::chrono::milliseconds timeout,
              NcclApi::Stream compute);
  ~NcclBackend() override;
  NcclBackend(const NcclBackend&) = delete;
  NcclBackend& operator=(const NcclBackend&) = delete;

  void all_reduce(const void* in, void* out, std::int64_t count, Dtype dtype, Reduction r) override;
  void all_gather(const void* in, void* out, std::int64_t count, Dtype dtype) override;
  void reduce_scatter(const void* in, void* out, std::int64_t count, Dtype dtype) override;
  void all_to_all(const void* in, void* out, std::int64_t count, Dtype dtype) override;
  void permute(const void* in, void* out, std::int64_t count, Dtype dtype, int to, int from) override;
  void broadcast(void* data, std::int64_t count, Dtype dtype, int root) override;
  /// Ends it in order; afterwards nothing may be called.
  void finalize();

 private:
  enum class State { starting, ready, finalized, aborted };
  template <class Enqueue>
  void collective(const char* name, Enqueue enqueue);
  template <class Done>
  void poll(const char* name, Done done);
  void accept(const char* name, int code);
  void accept_cuda(const char* name, int code);
  [[noreturn]] void fail(const std::string& message);
  void release();

  const NcclApi& api_;
  int rank_, size_;
  std::chrono::milliseconds timeout_;
  NcclApi::Stream compute_, stream_ = nullptr;
  NcclApi::Event before_ = nullptr, after_ = nullptr;
  NcclApi::Comm comm_ = nullptr;
  State state_ = State::starting;
};

}  // namespace strata::distributed
