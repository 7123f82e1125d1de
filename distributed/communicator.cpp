// See communicator.hpp.
#include "strata/distributed/communicator.hpp"

#include <algorithm>

#include "strata/core/error.hpp"
#include "strata/distributed/session.hpp"
#include "strata/ops/lane.hpp"

namespace strata::distributed {
namespace {

std::shared_ptr<Group> alone() {
  static const auto group = std::make_shared<Group>();
  return group;
}

std::shared_ptr<Group> world_or_error() {
  if (const auto session = Session::current()) return session->world();
  const Launch started = launch();
  if (started.size == 1) return alone();
  throw DistributedError(
      "this is one of " + std::to_string(started.size) + " processes (" + started.variable + "), but " +
      (Session::ended() ? "the world of distributed::init() has ended: keep it until the end of main"
                        : "there is no world: call auto world = st::distributed::init() first, and keep it"));
}

std::string described(const Tensor& x) { return x.defined() ? what_tensor(x.dtype(), x.shape()) : "undefined"; }

std::uint64_t hash_bytes(const Tensor& packed) {
  const Dense& d = dense(packed);
  const auto n = static_cast<std::size_t>(d.size) * static_cast<std::size_t>(itemsize(d.dtype));
  std::uint64_t h = 1469598103934665603u, word = 0;
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    std::memcpy(&word, d.data + i, 8);
    h = (h ^ word) * 0x9e3779b97f4a7c15u;
    h ^= h >> 29;
  }
  for (; i < n; ++i) h = (h ^ static_cast<std::uint64_t>(d.data[i])) * 1099511628211u;
  return h;
}

}  // namespace

Communicator::Communicator() : session_(Session::current()), group_(world_or_error()) {}
Communicator::Communicator(std::shared_ptr<Session> session, std::shared_ptr<Group> group)
    : session_(std::move(session)), group_(std::move(group)) {}

int Communicator::rank() const { return group_->rank(); }
int Communicator::size() const { return group_->size(); }
int Communicator::local_rank() const { return session_ ? session_->local_rank() : 0; }
int Communicator::local_size() const { return session_ ? session_->local_size() : 1; }

Communicator Communicator::split(int color, int key) const { return {session_, group_->split(color, key)}; }

void Communicator::barrier() const { group_->agree({"barrier", "all ranks"}); }

std::vector<Tensor> Communicator::broadcast_leaves(std::vector<Tensor> leaves, const std::vector<std::string>& paths,
                                                   int root) const {
  if (root < 0 || root >= size())
    throw ValueError("broadcast: there is no rank " + std::to_string(root) + " among " + std::to_string(size()));
  group_->agree(
      {"broadcast", "a tree of " + std::to_string(leaves.size()) + " leaves from rank " + std::to_string(root)});
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    Tensor& leaf = leaves[i];
    const What what{"broadcast of " + (paths[i].empty() ? "the tensor" : paths[i]), described(leaf)};
    if (!leaf.defined()) {
      group_->agree(what);
      continue;
    }
    const Tensor mine = pack(concrete(leaf, "broadcast").to(cpu));
    Tensor y = empty_dense(mine.shape(), mine.dtype(), cpu, mine.weak());
    const Dense& d = dense(mine);
    std::memcpy(dense(y).data, d.data, static_cast<std::size_t>(d.size) * static_cast<std::size_t>(itemsize(d.dtype)));
    group_->run(what, [&](Backend& b) { b.broadcast(dense(y).data, y.size(), y.dtype(), root); });
    leaf = y.to(leaf.device());
  }
  return leaves;
}

void Communicator::require_equal_leaves(const std::vector<Tensor>& leaves, const std::vector<std::string>& paths,
                                        const std::string& what) const {
  if (size() == 1) return;
  std::vector<std::string> mine;  // of each leaf: dtype, shape and a hash of the bytes
  std::string whole;
  for (const Tensor& leaf : leaves) {
    mine.push_back(leaf.defined() ? std::to_string(hash_bytes(pack(concrete(leaf, "comparison").to(cpu)))) : "");
    whole += described(leaf) + mine.back() + ";";
  }
  const auto differ = [](const std::vector<std::string>& all) {
    return static_cast<std::size_t>(
        std::find_if(all.begin(), all.end(), [&](const std::string& s) { return s != all[0]; }) - all.begin());
  };
  const What all_leaves{"comparison of " + what, "a tree of " + std::to_string(leaves.size()) + " leaves"};
  const auto wholes = group_->gather_text(all_leaves, std::to_string(std::hash<std::string>()(whole)));
  if (differ(wholes) == wholes.size()) return;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    const std::string path = what + paths[i];
    const auto all = group_->gather_text({"comparison of " + path, described(leaves[i])}, mine[i]);
    if (const std::size_t r = differ(all); r < all.size()) {
      throw DistributedError(path + " (" + described(leaves[i]) + ") has other values on rank " + std::to_string(r) +
                             " than on rank 0: draw it from the same key on all ranks, or broadcast it "
                             "(world.broadcast)");
    }
  }
}

Communicator init(Options options) {
  if (auto session = Session::current()) return {session, session->world()};
  const Launch started = launch();
  if (started.size == 1) return {nullptr, alone()};
  if (Session::ended()) {
    throw DistributedError(
        "distributed::init: the job has ended in this process (MPI cannot start twice): keep the first world until "
        "the end of main");
  }
  auto session = std::make_shared<Session>(started, options);
  Session::set_current(session);
  return {session, session->world()};
}

}  // namespace strata::distributed
