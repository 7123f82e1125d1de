// Agreement among the ranks of a group: before each collective they compare what they are about to call. Made by Group.
// NOTE [agreement]  One 16-byte maximum of (h, ~h), h the hash of the call's description: all agree if both give the
// same h. Only when they do not are the descriptions gathered. The reduction is non-blocking and polled with a
// deadline. A rank that has waited for a while announces to the others where it is, so that after the deadline each can
// tell who has not come; announcements that nobody reads stay in MPI's queue and are skipped later by their number.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "strata/distributed/mpi.hpp"
#include "strata/distributed/options.hpp"

namespace strata::distributed {

class Control {
 public:
  /// `comm` is for agreement only.
  Control(MpiHandle comm, int rank, int size, std::chrono::milliseconds timeout);
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  /// "#7 psum over 'data': float32 [4]", the name of the next call.
  std::string next(const std::string& description);
  /// Returns when all ranks have come to the call `text`. DistributedError when they differ or are late.
  void agree(const std::string& text);
  /// Every rank's text (cut at 480 bytes).
  std::vector<std::string> gather(const std::string& text, const std::string& mine);

 private:
  static constexpr int record = 512;  // bytes of an announcement: its number, then the text
  bool poll(MpiHandle& request, const std::string& text);
  void announce(const std::string& text);
  void listen();
  [[noreturn]] void late(const std::string& text);
  [[noreturn]] void differ(const std::string& text);
  std::string others(const std::vector<std::string>& texts) const;

  MpiHandle comm_;
  int rank_, size_;
  std::chrono::milliseconds timeout_;
  std::uint64_t count_ = 0;
  std::string last_;  // completed
  struct Peer {
    MpiHandle request = nullptr;
    std::vector<char> buffer;
    std::uint64_t seen = 0;  // the latest call it announced
  };
  std::vector<Peer> peers_;
  std::vector<std::pair<MpiHandle, std::vector<char>>> sent_;
};

}  // namespace strata::distributed
