// A group of ranks that communicate: agreement first, then bytes. Called by Communicator, by the process ops and by the
// reducer. Always holds: before bytes move, all ranks have said that they make the same call (unless told not to
// verify); nothing waits beyond the timeout; whatever differs or is late is named with its rank, collective and shape.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "strata/core/shape.hpp"
#include "strata/distributed/backend.hpp"
#include "strata/distributed/mpi.hpp"
#include "strata/distributed/options.hpp"

namespace strata::distributed {

/// What a rank is about to call, for agreement and messages.
struct What {
  std::string op;    // "psum over 'data'"
  std::string more;  // "float32 [4, 3]" and whatever else all ranks must agree on
};
std::string what_tensor(Dtype dtype, const Shape& shape);

class Control;

class Group {
 public:
  /// One process.
  Group();
  /// The ranks of an MPI communicator, duplicated twice: for agreement and for data.
  Group(MpiHandle comm, Options options);
  ~Group();
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  int rank() const { return rank_; }
  int size() const { return size_; }
  const Options& options() const { return options_; }

  /// Checks that all ranks are about to make this call, then calls f(backend). DistributedError when they are not, when
  /// one does not come in time, or when the call fails.
  template <class F>
  void run(const What& what, F&& f) {
    if (size_ == 1) return f(*backend_);
    call(
        what, true, [](void* context, Backend& b) { (*static_cast<std::remove_reference_t<F>*>(context))(b); }, &f);
  }
  /// The agreement alone, whether verifying is on or not: a barrier.
  void agree(const What& what);
  /// all_reduce by `run`, as slow as the simulated link if there is one.
  void all_reduce(const What& what, const void* in, void* out, std::int64_t count, Dtype dtype, Reduction r);
  /// Every rank's bytes, in order, after agreement.
  std::vector<std::string> gather_text(const What& what, const std::string& mine);

  /// New groups of the ranks with equal colors, ordered by key. Collective.
  std::unique_ptr<Group> split(int color, int key);
  /// A group of the same ranks with messages of its own. Collective.
  std::unique_ptr<Group> duplicate();

 private:
  void call(const What& what, bool only_if_verifying, void (*f)(void*, Backend&), void* context);

  int rank_ = 0, size_ = 1;
  Options options_{};
  std::unique_ptr<Control> control_;  // null: one process
  std::unique_ptr<Backend> backend_;
  MpiHandle data_ = nullptr;
};

/// This process's rank in the job; 0 without one.
int world_rank();
void set_world_rank(int rank);
/// "3 s", "250 ms".
std::string seconds(std::chrono::milliseconds t);

}  // namespace strata::distributed
