// The processes of a job. Called by users once (init) and by pmap.
// One process for now: the job of mpirun is refused, so that no process takes itself for the whole.
#pragma once

namespace strata::distributed {

/// This process among those of the job.
class Communicator {
 public:
  int rank() const { return rank_; }
  int size() const { return size_; }

 private:
  int rank_ = 0, size_ = 1;
};

/// The processes this one belongs to. DistributedError under mpirun with more than one.
///     auto world = st::distributed::init();  if (world.rank() == 0) report();
Communicator init();

}  // namespace strata::distributed
