// See nccl_backend.hpp.
#include "strata/distributed/nccl_backend.hpp"

#include <thread>

#include "strata/core/error.hpp"
#include "strata/distributed/group.hpp"
#include "strata/distributed/watch.hpp"

namespace strata::distributed {
namespace {

std::size_t size_of(std::int64_t n) { return static_cast<std::size_t>(n); }
int operation(Reduction r) {
  return r == Reduction::sum ? NcclApi::sum : r == Reduction::max ? NcclApi::max : NcclApi::min;
}

}  // namespace

NcclBackend::NcclBackend(const NcclApi& api, const NcclId& id, int rank, int size, std::chrono::milliseconds timeout,
                         NcclApi::Stream compute)
    : api_(api), rank_(rank), size_(size), timeout_(timeout), compute_(compute) {
  NcclConfig config;
  const int code = api_.CommInitRankConfig(&comm_, size, id, rank, &config);
  accept("ncclCommInitRankConfig", code);
  poll("ncclCommInitRankConfig", [] { return true; });
  accept_cuda("cudaStreamCreate", api_.StreamCreateWithFlags(&stream_, NcclApi::stream_non_blocking));
  accept_cuda("cudaEventCreate", api_.EventCreateWithFlags(&before_, NcclApi::event_disable_timing));
  accept_cuda("cudaEventCreate", api_.EventCreateWithFlags(&after_, NcclApi::event_disable_timing));
  state_ = State::ready;
}

NcclBackend::~NcclBackend() {
  try {
    if (state_ == State::ready) finalize();
  } catch (const std::exception& error) {
    report(rank_, error.what());
  }
  release();
}

void NcclBackend::release() {
  if (before_) api_.EventDestroy(before_);
  if (after_) api_.EventDestroy(after_);
  if (stream_) api_.StreamDestroy(stream_);
  before_ = after_ = stream_ = nullptr;
}

void NcclBackend::finalize() {
  accept("ncclCommFinalize", api_.CommFinalize(comm_));
  poll("ncclCommFinalize", [] { return true; });
  state_ = State::finalized;
  accept("ncclCommDestroy", api_.CommDestroy(comm_));
}

/// A call was taken: it succeeded, or goes on in the background.
void NcclBackend::accept(const char* name, int code) {
  if (code == NcclApi::success || code == NcclApi::in_progress) return;
  const char* last = api_.GetLastError(comm_);
  fail(std::string(name) + " failed: " + api_.GetErrorString(code) +
       (last && *last ? std::string(" (") + last + ")" : ""));
}
void NcclBackend::accept_cuda(const char* name, int code) {
  if (code != NcclApi::cuda_success) fail(std::string(name) + " failed with CUDA error " + std::to_string(code));
}

/// Waits until NCCL has no call in progress and done() holds.
template <class Done>
void NcclBackend::poll(const char* name, Done done) {
  const auto deadline = std::chrono::steady_clock::now() + timeout_;
  for (int spins = 0;; ++spins) {
    int error = NcclApi::success;
    accept("ncclCommGetAsyncError", api_.CommGetAsyncError(comm_, &error));
    accept(name, error);
    if (error == NcclApi::success && done()) return;
    if (std::chrono::steady_clock::now() > deadline)
      fail(std::string(name) + ": no end after " + seconds(timeout_) + ": another rank has failed or hangs");
    if (spins > 100) std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
}

void NcclBackend::fail(const std::string& message) {
  if (comm_ && state_ != State::aborted && state_ != State::finalized) {
    state_ = State::aborted;
    const std::string text = "ncclCommAbort after: " + message;
    const Watched watched(text, std::chrono::milliseconds(1000));  // an abort may hang itself
    api_.CommAbort(comm_);
  }
  throw DistributedError("NCCL on rank " + std::to_string(rank_) + ": " + message);
}

/// Puts a call behind what the compute stream has been given so far, and waits for its end.
template <class Enqueue>
void NcclBackend::collective(const char* name, Enqueue enqueue) {
  if (state_ != State::ready) throw DistributedError(std::string(name) + ": the NCCL communicator has ended");
  accept_cuda("cudaEventRecord", api_.EventRecord(before_, compute_));
  accept_cuda("cudaStreamWaitEvent", api_.StreamWaitEvent(stream_, before_, 0));
  enqueue();
  poll(name, [] { return true; });  // the stream may be used only after the call has been enqueued
  accept_cuda("cudaEventRecord", api_.EventRecord(after_, stream_));
  accept_cuda("cudaStreamWaitEvent", api_.StreamWaitEvent(compute_, after_, 0));
  poll(name, [&] {
    const int code = api_.EventQuery(after_);
    if (code != NcclApi::cuda_not_ready) accept_cuda("cudaEventQuery", code);
    return code == NcclApi::cuda_success;
  });
}

void NcclBackend::all_reduce(const void* in, void* out, std::int64_t count, Dtype dtype, Reduction r) {
  // bool is an unsigned byte: its sum, "any", is the maximum.
  const int op = dtype == bool_ && r == Reduction::sum ? NcclApi::max : operation(r);
  collective("ncclAllReduce", [&] {
    accept("ncclAllReduce", api_.AllReduce(in, out, size_of(count), nccl_type(dtype), op, comm_, stream_));
  });
}

void NcclBackend::all_gather(const void* in, void* out, std::int64_t count, Dtype dtype) {
  collective("ncclAllGather", [&] {
    accept("ncclAllGather", api_.AllGather(in, out, size_of(count), nccl_type(dtype), comm_, stream_));
  });
}

void NcclBackend::reduce_scatter(const void* in, void* out, std::int64_t count, Dtype dtype) {
  collective("ncclReduceScatter", [&] {
    accept("ncclReduceScatter", api_.ReduceScatter(in, out, size_of(count), nccl_type(dtype),
                                                   dtype == bool_ ? NcclApi::max : NcclApi::sum, comm_, stream_));
  });
}

void NcclBackend::all_to_all(const void* in, void* out, std::int64_t count, Dtype dtype) {
  const std::int64_t row = count * itemsize(dtype);
  collective("ncclSend and ncclRecv", [&] {
    accept("ncclGroupStart", api_.GroupStart());
    for (int r = 0; r < size_; ++r) {
      accept("ncclSend", api_.Send(static_cast<const std::byte*>(in) + r * row, size_of(count), nccl_type(dtype), r,
                                   comm_, stream_));
      accept("ncclRecv",
             api_.Recv(static_cast<std::byte*>(out) + r * row, size_of(count), nccl_type(dtype), r, comm_, stream_));
    }
    accept("ncclGroupEnd", api_.GroupEnd());
  });
}

void NcclBackend::permute(const void* in, void* out, std::int64_t count, Dtype dtype, int to, int from) {
  if (to < 0 && from < 0) return;
  collective("ncclSend and ncclRecv", [&] {
    accept("ncclGroupStart", api_.GroupStart());
    if (to >= 0) accept("ncclSend", api_.Send(in, size_of(count), nccl_type(dtype), to, comm_, stream_));
    if (from >= 0) accept("ncclRecv", api_.Recv(out, size_of(count), nccl_type(dtype), from, comm_, stream_));
    accept("ncclGroupEnd", api_.GroupEnd());
  });
}

void NcclBackend::broadcast(void* data, std::int64_t count, Dtype dtype, int root) {
  collective("ncclBroadcast", [&] {
    accept("ncclBroadcast", api_.Broadcast(data, data, size_of(count), nccl_type(dtype), root, comm_, stream_));
  });
}

}  // namespace strata::distributed
