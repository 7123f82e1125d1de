// One job of several processes, from MPI_Init to MPI_Finalize. Made by distributed::init. Always holds: a rank whose
// program ends otherwise (an exception that nobody catches, exit(), an error that main reports) aborts the job, so that
// the others do not wait for it.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "strata/distributed/group.hpp"

namespace strata::distributed {

/// What the launcher says in the environment.
struct Launch {
  int size = 1;
  std::string variable;  // that said so
};
Launch launch();

class Session {
 public:
  /// Joins the job; DistributedError when MPI sees another number of processes than the launcher started.
  Session(const Launch& launch, Options options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const std::shared_ptr<Group>& world() const { return world_; }
  int local_rank() const { return local_rank_; }
  int local_size() const { return local_size_; }

  /// The running one; null.
  static std::shared_ptr<Session> current();
  static void set_current(const std::shared_ptr<Session>& session);
  /// One has ended in this process: MPI cannot be started again.
  static bool ended();

 private:
  void find_neighbours();

  std::shared_ptr<Group> world_;
  int local_rank_ = 0, local_size_ = 1;
};

}  // namespace strata::distributed
