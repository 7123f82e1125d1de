// The processes of a job: init() joins them, Communicator is a handle on the whole or a part. Called by users, by pmap
// and by data_parallel. Always holds: without a launcher (mpirun, srun) there is one process and no MPI is loaded; when
// a rank ends early, by an error or by exit(), it ends the job.
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "strata/core/tree.hpp"
#include "strata/distributed/options.hpp"

namespace strata::distributed {

class Group;
class Session;

/// This process among those of the job, or of a part of it. Copies are handles; the job ends (MPI_Finalize, for which
/// all ranks wait) when the last one goes.
class Communicator {
 public:
  /// The whole job. DistributedError under mpirun with several processes before init(), or after its end.
  Communicator();

  int rank() const;
  int size() const;
  /// This process's number among those on the same host, and how many those are.
  int local_rank() const;
  int local_size() const;

  /// The ranks that give the same color, in the order of key, then rank. Collective.
  ///     auto row = world.split(world.rank() / 2);
  Communicator split(int color, int key = 0) const;
  /// Returns when all ranks have come.
  void barrier() const;
  /// Rank `root`'s tree on all ranks. All must have its structure, shapes and dtypes: DistributedError names the leaf
  /// that differs.
  ///     model = world.broadcast(model);
  template <class T>
  T broadcast(T tree, int root = 0) const {
    return tree_unflatten(tree, broadcast_leaves(tree_leaves(tree), tree_paths(tree), root));
  }
  /// DistributedError, naming the first leaf that differs, unless all ranks hold the same bytes.
  ///     world.require_equal(model, "model");
  template <class T>
  void require_equal(const T& tree, const std::string& what) const {
    require_equal_leaves(tree_leaves(tree), tree_paths(tree), what);
  }

  /// For the layers above.
  const std::shared_ptr<Group>& group() const { return group_; }
  void require_equal_leaves(const std::vector<Tensor>& leaves, const std::vector<std::string>& paths,
                            const std::string& what) const;

 private:
  friend Communicator init(Options options);
  Communicator(std::shared_ptr<Session> session, std::shared_ptr<Group> group);
  std::vector<Tensor> broadcast_leaves(std::vector<Tensor> leaves, const std::vector<std::string>& paths,
                                       int root) const;

  std::shared_ptr<Session> session_;
  std::shared_ptr<Group> group_;
};

/// Joins the processes that mpirun or srun started; one process without them. Keep the result as long as the program
/// communicates: at its end all ranks wait for each other. Threads are shared out among the processes of a host.
///     auto world = st::distributed::init();  if (world.rank() == 0) report();
[[nodiscard]] Communicator init(Options options = {});

}  // namespace strata::distributed
