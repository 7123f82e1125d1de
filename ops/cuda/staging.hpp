// Copies between host and GPU go through pinned host memory in pieces, so that one piece travels while the next is
// written or read by the host. The pinned memory is a ring: pieces are taken from it in order, and a piece is used
// again after the event of its copy has passed. Used by copies.cu and by the double; tests run it over events that are
// not there. Always holds: bytes of a piece change only while a thread holds it or its copy travels; who holds a piece
// never waits for another one, so threads that share a ring cannot block each other for good.
#pragma once
#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstring>
#include <mutex>

#include "strata/ops/cuda/call.hpp"

namespace strata::gpu {

/// Part of a ring.
struct Piece {
  unsigned char* memory = nullptr;
  int slot = -1;
};

/// Transfers of one call, on one stream:
///   using Event;                               default-made: none yet
///   Error pin(std::size_t, void** memory);     host memory for the ring, once
///   Error send(void* to, const void* pinned, std::size_t);      begin to copy to the GPU
///   Error fetch(void* pinned, const void* from, std::size_t);   begin to copy from it
///   Error record(Event&);                      passes when all begun before it is done; makes the event if there is
///   none bool passed(const Event&);   Error wait(const Event&);
template <class Event>
class StagingRing {
 public:
  /// Both are multiples of 256, and size is not below piece.
  explicit StagingRing(std::size_t size = std::size_t{16} << 20, std::size_t piece = std::size_t{2} << 20)
      : size_(size), piece_(piece) {}

  /// Bytes of a piece, at most.
  std::size_t piece() const { return piece_; }

  /// A piece of `bytes`, at most piece() of them. Waits while there is no room.
  template <class T>
  Error take(T& transfers, std::size_t bytes, Piece& taken) {
    std::unique_lock lock(mutex_);
    if (!memory_) {
      void* memory = nullptr;
      if (const Error error = transfers.pin(size_, &memory)) return error;
      memory_ = static_cast<unsigned char*>(memory);
    }
    while (!place(bytes, taken)) {
      Slot& oldest = slots_[first_];
      if (oldest.state == State::held) {
        released_.wait(lock);
        continue;
      }
      if (oldest.state == State::travels) {
        if (const Error error = transfers.wait(oldest.event)) return error;
      }
      drop_oldest();
    }
    return nullptr;
  }

  /// The same, but false where it would have to wait.
  template <class T>
  bool take_at_once(T& transfers, std::size_t bytes, Piece& taken) {
    const std::lock_guard lock(mutex_);
    while (!place(bytes, taken)) {
      const Slot& oldest = slots_[first_];
      if (oldest.state == State::held || (oldest.state == State::travels && !transfers.passed(oldest.event)))
        return false;
      drop_oldest();
    }
    return true;
  }

  /// The piece's event, which its holder records and waits for.
  Event& event(const Piece& piece) { return slots_[static_cast<std::size_t>(piece.slot)].event; }

  /// The piece is held no longer: free, or, when it `travels`, once its event has passed.
  void leave(const Piece& piece, bool travels) {
    const std::lock_guard lock(mutex_);
    slots_[static_cast<std::size_t>(piece.slot)].state = travels ? State::travels : State::over;
    released_.notify_all();
  }

 private:
  enum class State { held, travels, over };
  struct Slot {
    std::size_t offset = 0;
    State state = State::over;
    Event event{};
  };
  static constexpr std::size_t most = 64;  // pieces at a time
  static constexpr std::size_t alignment = 256;

  bool place(std::size_t bytes, Piece& taken) {
    if (count_ == most) return false;
    bytes = (bytes + alignment - 1) / alignment * alignment;
    if (count_ == 0) next_ = 0;
    const std::size_t oldest = count_ == 0 ? 0 : slots_[first_].offset;
    const bool wrapped = count_ > 0 && next_ <= oldest;
    if (next_ + bytes > (wrapped ? oldest : size_)) {
      if (wrapped || bytes > oldest) return false;
      next_ = 0;  // the end of the ring stays empty this time
    }
    const std::size_t slot = (first_ + count_++) % most;
    slots_[slot].offset = next_;
    slots_[slot].state = State::held;
    taken = {memory_ + next_, static_cast<int>(slot)};
    next_ += bytes;
    return true;
  }
  void drop_oldest() {
    first_ = (first_ + 1) % most;
    --count_;
  }

  const std::size_t size_, piece_;
  std::mutex mutex_;
  std::condition_variable released_;
  unsigned char* memory_ = nullptr;
  std::array<Slot, most> slots_;
  std::size_t first_ = 0, count_ = 0;  // of the slots in use, which are in the order of the ring
  std::size_t next_ = 0;               // free from here on
};

/// Begins to copy to the GPU. `from` may change when this returns.
template <class T>
Error stage_in(StagingRing<typename T::Event>& ring, T& transfers, void* to, const void* from, std::size_t bytes) {
  for (std::size_t at = 0; at < bytes;) {
    const std::size_t n = std::min(bytes - at, ring.piece());
    Piece piece;
    if (const Error error = ring.take(transfers, n, piece)) return error;
    std::memcpy(piece.memory, static_cast<const unsigned char*>(from) + at, n);
    Error error = transfers.send(static_cast<unsigned char*>(to) + at, piece.memory, n);
    if (!error) error = transfers.record(ring.event(piece));
    ring.leave(piece, !error);
    if (error) return error;
    at += n;
  }
  return nullptr;
}

/// Copies from the GPU: the next pieces are asked for before one is read.
template <class T>
Error stage_out(StagingRing<typename T::Event>& ring, T& transfers, void* to, const void* from, std::size_t bytes) {
  constexpr std::size_t ahead = 3;
  std::array<Piece, ahead> held;
  std::size_t first = 0, count = 0;  // of those held
  std::size_t asked = 0, read = 0;   // bytes
  Error error = nullptr;
  while (read < bytes) {
    while (asked < bytes && count < ahead) {
      const std::size_t n = std::min(bytes - asked, ring.piece());
      Piece& piece = held[(first + count) % ahead];
      if (count > 0 && !ring.take_at_once(transfers, n, piece)) break;
      if (count == 0) error = ring.take(transfers, n, piece);
      if (error) return error;
      error = transfers.fetch(piece.memory, static_cast<const unsigned char*>(from) + asked, n);
      if (!error) error = transfers.record(ring.event(piece));
      if (error) {
        ring.leave(piece, false);
        break;
      }
      asked += n, ++count;
    }
    if (!error) error = transfers.wait(ring.event(held[first]));
    if (error) break;
    const std::size_t n = std::min(bytes - read, ring.piece());
    std::memcpy(static_cast<unsigned char*>(to) + read, held[first].memory, n);
    ring.leave(held[first], false);
    read += n, first = (first + 1) % ahead, --count;
  }
  for (; count > 0; first = (first + 1) % ahead, --count) ring.leave(held[first], true);
  return error;
}

}  // namespace strata::gpu
