// See group.hpp.
#include "strata/distributed/group.hpp"

#include <thread>

#include "strata/core/error.hpp"
#include "strata/distributed/control.hpp"
#include "strata/distributed/mpi_backend.hpp"
#include "strata/distributed/watch.hpp"

namespace strata::distributed {
namespace {

std::atomic<int> world_rank_number{0};

void check(int code, const char* call) {
  if (code != Mpi::success) throw DistributedError(std::string(call) + " failed: " + mpi_error(code));
}

MpiHandle own_copy(MpiHandle comm) {
  MpiHandle copy = nullptr;
  check(mpi().Comm_dup(comm, &copy), "MPI_Comm_dup");
  check(mpi().Comm_set_errhandler(copy, mpi().errors_return), "MPI_Comm_set_errhandler");
  return copy;
}

}  // namespace

int world_rank() { return world_rank_number.load(std::memory_order_relaxed); }
void set_world_rank(int rank) { world_rank_number.store(rank, std::memory_order_relaxed); }

std::string seconds(std::chrono::milliseconds t) {
  if (t.count() % 1000 == 0) return std::to_string(t.count() / 1000) + " s";
  return std::to_string(t.count()) + " ms";
}

std::string what_tensor(Dtype dtype, const Shape& shape) { return std::string(name(dtype)) + " " + to_string(shape); }

Group::Group() : backend_(std::make_unique<LocalBackend>()) {}

Group::Group(MpiHandle comm, Options options) : options_(options) {
  check(mpi().Comm_rank(comm, &rank_), "MPI_Comm_rank");
  check(mpi().Comm_size(comm, &size_), "MPI_Comm_size");
  if (size_ == 1) {
    backend_ = std::make_unique<LocalBackend>();
    return;
  }
  const std::string text = "setting up a group of " + std::to_string(size_) + " ranks";
  const Watched watched(text, options_.timeout);
  data_ = own_copy(comm);
  control_ = std::make_unique<Control>(own_copy(comm), rank_, size_, options_.timeout);
  backend_ = std::make_unique<MpiBackend>(data_, rank_, size_, options_.chunk_bytes);
}

Group::~Group() = default;  // the communicators are freed by MPI_Finalize: freeing one is collective

void Group::call(const What& what, bool only_if_verifying, void (*f)(void*, Backend&), void* context) {
  const std::string text = control_->next(what.op + ": " + what.more);
  if (options_.verify || !only_if_verifying) control_->agree(text);
  if (!f) return;
  const Watched watched(text, options_.timeout);
  f(context, *backend_);
}

void Group::agree(const What& what) {
  if (size_ > 1) call(what, false, nullptr, nullptr);
}

void Group::all_reduce(const What& what, const void* in, void* out, std::int64_t count, Dtype dtype, Reduction r) {
  const auto begin = std::chrono::steady_clock::now();
  run(what, [&](Backend& b) { b.all_reduce(in, out, count, dtype, r); });
  if (options_.simulated_link > 0) {
    const double bytes = static_cast<double>(count) * itemsize(dtype);
    std::this_thread::sleep_until(begin + std::chrono::duration_cast<std::chrono::nanoseconds>(
                                              std::chrono::duration<double>(bytes / options_.simulated_link)));
  }
}

std::vector<std::string> Group::gather_text(const What& what, const std::string& mine) {
  if (size_ == 1) return {mine};
  agree(what);
  return control_->gather(what.op, mine);
}

std::unique_ptr<Group> Group::split(int color, int key) {
  if (size_ == 1) return std::make_unique<Group>();
  MpiHandle comm = nullptr;
  run({"split", "of " + std::to_string(size_) + " ranks"},
      [&](Backend&) { check(mpi().Comm_split(data_, color, key, &comm), "MPI_Comm_split"); });
  return std::make_unique<Group>(comm, options_);
}

std::unique_ptr<Group> Group::duplicate() {
  if (size_ == 1) return std::make_unique<Group>();
  agree({"duplicate", "of " + std::to_string(size_) + " ranks"});
  return std::make_unique<Group>(data_, options_);
}

}  // namespace strata::distributed
