// See control.hpp.
#include "strata/distributed/control.hpp"

#include <sched.h>

#include <algorithm>
#include <cstring>
#include <thread>

#include "strata/core/error.hpp"
#include "strata/distributed/group.hpp"

namespace strata::distributed {
namespace {

using Clock = std::chrono::steady_clock;

void check(int code, const char* call) {
  if (code != Mpi::success) throw DistributedError(std::string(call) + " failed: " + mpi_error(code));
}

std::uint64_t hash(const std::string& text) {
  std::uint64_t h = 1469598103934665603u;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return h;
}

/// Spins a little, then lets others run, then sleeps: an agreement that takes long must not burn a core.
void back_off(int spins) {
  if (spins < 20) return;
  if (spins < 2000)
    sched_yield();
  else
    std::this_thread::sleep_for(std::chrono::microseconds(spins < 4000 ? 20 : 200));
}

std::string list_ranks(const std::vector<int>& ranks) {
  std::string s = ranks.size() == 1 ? "rank " : "ranks ";
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    s += (i == 0 ? "" : i + 1 == ranks.size() ? " and " : ", ") + std::to_string(ranks[i]);
  }
  return s;
}

}  // namespace

Control::Control(MpiHandle comm, int rank, int size, std::chrono::milliseconds timeout)
    : comm_(comm), rank_(rank), size_(size), timeout_(timeout), peers_(static_cast<std::size_t>(size)) {}

Control::~Control() {
  int over = 0;
  if (mpi().Finalized(&over) != Mpi::success || over) return;
  for (Peer& p : peers_) {
    if (!p.request) continue;
    mpi().Cancel(&p.request);
    mpi().Request_free(&p.request);
  }
}

std::string Control::next(const std::string& description) { return "#" + std::to_string(++count_) + " " + description; }

void Control::agree(const std::string& text) {
  const std::uint64_t h = hash(text);
  std::uint64_t mine[2] = {h, ~h}, all[2] = {};
  MpiHandle request = nullptr;
  check(mpi().Iallreduce(mine, all, 2, mpi().uint64, mpi().max, comm_, &request), "MPI_Iallreduce");
  if (!poll(request, text)) late(text);
  if (all[0] != ~all[1]) differ(text);
  last_ = text;
}

bool Control::poll(MpiHandle& request, const std::string& text) {
  const auto begin = Clock::now();
  const auto patience = std::min(timeout_ / 4, std::chrono::milliseconds(1000));
  bool announced = false;
  for (int spins = 0;; ++spins) {
    int done = 0;
    check(mpi().Test(&request, &done, nullptr), "MPI_Test");
    if (done) return true;
    back_off(spins);
    if (spins % 64 != 63) continue;
    const auto waited = Clock::now() - begin;
    if (waited > patience && !announced) {
      announce(text);
      announced = true;
    }
    if (announced) listen();
    if (waited > timeout_) return false;
  }
}

void Control::announce(const std::string& text) {
  std::erase_if(sent_, [](auto& s) {
    int done = 0;
    return mpi().Test(&s.first, &done, nullptr) == Mpi::success && done;
  });
  std::vector<char> buffer(record, 0);
  std::memcpy(buffer.data(), &count_, sizeof count_);
  text.copy(buffer.data() + sizeof count_, record - sizeof count_ - 1);
  for (int r = 0; r < size_; ++r) {
    if (r == rank_) continue;
    auto& [request, bytes] = sent_.emplace_back(nullptr, buffer);
    check(mpi().Isend(bytes.data(), record, mpi().byte, r, 1, comm_, &request), "MPI_Isend");
  }
}

void Control::listen() {
  for (int r = 0; r < size_; ++r) {
    Peer& peer = peers_[static_cast<std::size_t>(r)];
    for (int done = 1; r != rank_ && done;) {
      if (!peer.request) {
        peer.buffer.resize(record);
        check(mpi().Irecv(peer.buffer.data(), record, mpi().byte, r, 1, comm_, &peer.request), "MPI_Irecv");
      }
      check(mpi().Test(&peer.request, &done, nullptr), "MPI_Test");
      if (!done) break;
      peer.request = nullptr;
      std::memcpy(&peer.seen, peer.buffer.data(), sizeof peer.seen);
    }
  }
}

void Control::late(const std::string& text) {
  std::vector<int> missing;
  for (int r = 0; r < size_; ++r) {
    if (r != rank_ && peers_[static_cast<std::size_t>(r)].seen < count_) missing.push_back(r);
  }
  throw DistributedError("rank " + std::to_string(rank_) + " waited " + seconds(timeout_) + " in " + text + ": " +
                         (missing.empty() ? "an agreement that never came" : list_ranks(missing) + " did not come") +
                         "; the last collective that all reached is " + (last_.empty() ? "none" : last_) +
                         "\n  distributed::init({.timeout = ...}) sets how long to wait");
}

void Control::differ(const std::string& text) {
  throw DistributedError(
      "the ranks call different collectives; all must call the same ones in the same order, with "
      "the same shapes, dtypes and transforms around them:" +
      others(gather(text, text)));
}

std::string Control::others(const std::vector<std::string>& texts) const {
  std::string s;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (std::find(texts.begin(), texts.begin() + static_cast<std::ptrdiff_t>(i), texts[i]) !=
        texts.begin() + static_cast<std::ptrdiff_t>(i))
      continue;
    std::vector<int> ranks;
    for (std::size_t j = i; j < texts.size(); ++j) {
      if (texts[j] == texts[i]) ranks.push_back(static_cast<int>(j));
    }
    s += "\n  " + list_ranks(ranks) + ": " + texts[i];
  }
  return s;
}

std::vector<std::string> Control::gather(const std::string& text, const std::string& mine) {
  std::vector<char> one(record, 0), all(static_cast<std::size_t>(record * size_), 0);
  mine.copy(one.data(), record - 1);
  MpiHandle request = nullptr;
  check(mpi().Iallgather(one.data(), record, mpi().byte, all.data(), record, mpi().byte, comm_, &request),
        "MPI_Iallgather");
  if (!poll(request, text)) late(text);
  std::vector<std::string> texts;
  for (int r = 0; r < size_; ++r) texts.emplace_back(all.data() + r * record);
  return texts;
}

}  // namespace strata::distributed
