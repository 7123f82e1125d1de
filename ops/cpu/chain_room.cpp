// One thread's room to run a chain's tiles in: where each step finds its operands, and what memory the next tile will
// want. Called by chain.cpp and ops/pending.cpp. Always holds: looking ahead changes no value and touches no memory
// beyond the tensors'.
#include <algorithm>

#include "strata/ops/cpu/chain.hpp"

namespace strata {
namespace {

constexpr std::int64_t line = 64;         // bytes that memory gives at once
constexpr std::int64_t most_ahead = 32;   // lines that may be asked for at once without waiting
constexpr std::int64_t near = 64 * 1024;  // bytes of a result whose operands are found in the caches anyway

}  // namespace

Chain::Room::Room(const Chain& c)
    : slots_(c.slots_ * c.tile_bytes_),
      repeats_(c.by_rows_ ? static_cast<std::int64_t>(c.leaves_.size()) * c.tile_bytes_ : 0),
      views_(c.leaves_.size()) {
  for (std::size_t i = 0; i < c.steps_.size(); ++i) {
    if (c.steps_[i].slot >= 0) value_[i] = slots_.get() + c.steps_[i].slot * c.tile_bytes_;
  }
  for (const Step& s : c.steps_) places_.push_back(place(c, s));
  plan_ahead(c);
  if (!c.by_rows_) return;
  const std::int64_t most = c.tile_ / std::max<std::int64_t>(1, c.shape_[c.rank_ - 1]) + 2;
  rows_.resize(c.leaves_.size() * static_cast<std::size_t>(most));
  lengths_.resize(static_cast<std::size_t>(most));
}

Chain::Room::Place Chain::Room::place(const Chain& c, const Step& s) const {
  Place place{};
  place.loop = s.loop;
  place.params = pending(s.member).params;
  for (int k = 0; k < s.info->arity; ++k) {
    const int o = s.operand[k];
    place.stride[k] = 1;
    if (o >= 0) {
      const Step& from = c.steps_[static_cast<std::size_t>(o)];
      place.p[k] = from.to ? from.to : value_[o];
      place.advance[k] = from.to ? from.itemsize : 0;
      continue;
    }
    const Leaf& l = c.leaves_[static_cast<std::size_t>(~o)];
    place.p[k] = l.data;
    place.advance[k] = l.flat && !l.one ? l.itemsize : 0;
    if (l.one || (!l.flat && l.stride[c.rank_ - 1] == 0)) place.stride[k] = 0;
  }
  place.to = s.to ? s.to : s.slot >= 0 ? slots_.get() + s.slot * c.tile_bytes_ : nullptr;
  place.to_advance = s.to ? s.itemsize : 0;
  return place;
}

/// What streams through a tile: a share of the next one's is asked for before each step of this one. Chains of few
/// steps would wait for so many lines; the machine looks ahead for itself there.
void Chain::Room::plan_ahead(const Chain& c) {
  const auto steps = static_cast<std::int64_t>(c.steps_.size());
  std::int64_t lines = 0;
  for (const Step& s : c.steps_) {
    if (s.to) streams_.push_back({s.to, s.itemsize});
  }
  for (const Leaf& l : c.leaves_) {
    if (l.flat && !l.one) streams_.push_back({l.data, l.itemsize});
  }
  for (const Stream& s : streams_) lines += c.tile_ * s.itemsize / line;
  share_ = (lines + steps - 1) / steps;
  if (share_ > most_ahead || c.size_ * c.steps_.back().itemsize <= near) streams_.clear();
}

void Chain::Room::begin_ahead(std::int64_t from, std::int64_t n) {
  for (Stream& s : streams_) {
    s.at = s.data + from * s.itemsize;
    s.end = s.at + n * s.itemsize;
  }
  stream_ = streams_.data();
}
void Chain::Room::ahead() {
  Stream* end = streams_.data() + streams_.size();
  for (std::int64_t left = share_; left > 0 && stream_ != end;) {
    Stream& s = *stream_;
    for (; left > 0 && s.at < s.end; --left, s.at += line) __builtin_prefetch(s.at);
    if (s.at >= s.end) ++stream_;
  }
}

}  // namespace strata
