// See chain.hpp.
#include "strata/ops/cpu/chain.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "strata/core/debug.hpp"
#include "strata/core/parallel.hpp"
#include "strata/ops/cpu/strided.hpp"

namespace strata {
namespace {

constexpr std::int64_t least_tile = 4096, most_tile = 8192;  // bytes of one member
constexpr std::int64_t tile_room = 32 * 1024;                // bytes of all that one tile touches
constexpr int dear = 6;                    // sums or products that cost as much as writing and reading an element
constexpr std::int64_t grain = 16 * 1024;  // elements below which one thread is faster

Dtype compute_of(const PointwiseInfo& info, const Tensor* x) {
  return x[static_cast<std::size_t>(info.arity) - 1].dtype();
}

}  // namespace

Chain::Chain(const Tensor& root, std::uint32_t holders, bool locked) : size_(root.size()) {
  leaves_.reserve(static_cast<std::size_t>(std::min(pending(root).leaves, Pending::max_leaves)));
  steps_.reserve(static_cast<std::size_t>(std::min(pending(root).steps, Pending::max_steps)));
  add(root, locked);
  if (empty()) return;
  int widest = 1;
  std::vector<std::uint32_t> uses(steps_.size(), 0);
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    widest = std::max(widest, steps_[i].itemsize);
    for (int k = 0; k < steps_[i].info->arity; ++k) {
      const int o = steps_[i].operand[k];
      if (o < 0) continue;
      steps_[static_cast<std::size_t>(o)].last_use = static_cast<int>(i);
      uses[static_cast<std::size_t>(o)] += 2;  // the member's own handle of it, and the step's
    }
  }
  for (const Leaf& l : leaves_) widest = std::max(widest, l.itemsize);
  uses.back() += holders;
  settle_axes(root.shape());
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    Step& s = steps_[i];
    s.cost = s.info->cheap ? 1 : dear;
    for (int k = 0; k < s.info->arity; ++k) {
      if (s.operand[k] >= 0) s.cost += steps_[static_cast<std::size_t>(s.operand[k])].cost;
    }
    if (s.cost < dear || s.member.impl()->refs.count() <= uses[i] + 1) continue;
    store(s);
    s.cost = 0;
  }
  settle_slots();
  settle_tile(widest);
}

int Chain::add_leaf(const Tensor& x) {
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    if (leaves_[i].x.impl() == x.impl()) return ~static_cast<int>(i);
  }
  leaves_.push_back({x, dense(x).data, itemsize(x.dtype()), {}, false, false});
  return ~static_cast<int>(leaves_.size() - 1);
}

int Chain::add(const Tensor& x, bool locked) {
  if (x.is_dense()) return add_leaf(x);
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (steps_[i].member.impl() == x.impl()) return static_cast<int>(i);
  }
  const Pending& p = pending(x);
  Step s{};
  {
    std::unique_lock lock(p.mutex, std::defer_lock);
    if (!locked) lock.lock();
    if (p.made.load(std::memory_order_acquire)) return add_leaf(p.value);
    for (int k = 0; k < p.info->arity; ++k) s.x[k] = p.x[k];
  }
  s.info = p.info;
  for (int k = 0; k < p.info->arity; ++k) s.operand[k] = add(s.x[k], false);
  s.member = x;
  s.loop = p.info->cpu().loop[static_cast<int>(compute_of(*p.info, s.x))];
  s.itemsize = itemsize(x.dtype());
  steps_.push_back(std::move(s));
  return static_cast<int>(steps_.size() - 1);
}

void Chain::settle_axes(const Shape& shape) {
  std::copy(shape.begin(), shape.end(), shape_);
  std::vector<std::int64_t*> strides;
  for (Leaf& l : leaves_) {
    const Dense& d = dense(l.x);
    const int offset = shape.size() - d.shape.size();
    for (int i = 0; i < shape.size(); ++i) {
      l.stride[i] = i < offset || d.shape[i - offset] == 1 ? 0 : d.strides[i - offset];
    }
    strides.push_back(l.stride);
  }
  rank_ = merge_axes(shape.size(), shape_, strides.data(), static_cast<int>(strides.size()));
  if (rank_ == 0) {
    rank_ = 1;
    shape_[0] = 1;
    for (Leaf& l : leaves_) l.stride[0] = 0;
  }
  for (Leaf& l : leaves_) {
    l.one = l.flat = true;
    std::int64_t step = 1;
    for (int i = rank_ - 1; i >= 0; --i) {
      l.one &= l.stride[i] == 0;
      l.flat &= l.stride[i] == step;
      step *= shape_[i];
    }
  }
  for (Step& s : steps_) {
    for (int k = 0; k < s.info->arity; ++k) {
      if (s.operand[k] >= 0) continue;
      const Leaf& l = leaves_[static_cast<std::size_t>(~s.operand[k])];
      s.by_rows |= !l.one && !l.flat;
    }
    by_rows_ |= s.by_rows;
  }
}

/// As long as all that one tile touches fits into the first-level cache; whole rows if it can be.
void Chain::settle_tile(int widest) {
  std::int64_t touched = slots_ + 1;
  for (const Leaf& l : leaves_) touched += l.one ? 0 : 1;
  for (const Step& s : steps_) touched += s.to ? 1 : 0;
  tile_bytes_ = most_tile;
  while (tile_bytes_ > least_tile && tile_bytes_ * touched > tile_room) tile_bytes_ /= 2;
  tile_ = tile_bytes_ / widest;
  const std::int64_t length = shape_[rank_ - 1];
  if (by_rows_ && 2 * length <= tile_) tile_ = tile_ / length * length;
}

/// A slot is free again at its last reader, for the reader's own result if elements are of one size.
void Chain::settle_slots() {
  std::vector<int> free;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const auto release = [&](bool in_place) {
      for (std::size_t j = 0; j < i; ++j) {
        const Step& s = steps_[j];
        if (s.slot >= 0 && s.last_use == static_cast<int>(i) && (s.itemsize == steps_[i].itemsize) == in_place)
          free.push_back(s.slot);
      }
    };
    release(true);
    if (!steps_[i].to && i + 1 < steps_.size()) {
      if (free.empty()) free.push_back(slots_++);
      steps_[i].slot = free.back();
      free.pop_back();
    }
    release(false);
  }
}

void Chain::store(Step& step) {
  step.stored = empty_dense(step.member.shape(), step.member.dtype(), cpu, step.member.weak());
  step.to = dense(step.stored).data;
}
void Chain::store_root() {
  if (!stores_root()) store(steps_.back());
}

/// Cuts a tile at the ends of rows: where each leaf's row begins, how long it is.
void Chain::cut(Room& room, std::int64_t begin, std::int64_t n) const {
  const int inner = rank_ - 1;
  const std::int64_t length = shape_[inner], most = static_cast<std::int64_t>(room.lengths_.size());
  std::int64_t row = begin / length, column = begin % length, index[max_rank];
  for (int i = inner - 1; i >= 0; --i) {
    index[i] = row % shape_[i];
    row /= shape_[i];
  }
  std::int64_t offset[Pending::max_leaves] = {};
  for (std::size_t l = 0; l < leaves_.size(); ++l) {
    for (int i = 0; i < inner; ++i) offset[l] += index[i] * leaves_[l].stride[i];
  }
  const bool one_matrix = inner == 0 || index[inner - 1] * length + column + n <= shape_[inner - 1] * length;
  if (one_matrix && view_at_once(room, offset, column, n)) return;
  std::int64_t s = 0;
  for (std::int64_t done = 0; done < n; ++s) {
    const std::int64_t m = std::min(length - column, n - done);
    room.lengths_[static_cast<std::size_t>(s)] = m;
    for (std::size_t l = 0; l < leaves_.size(); ++l) {
      const Leaf& leaf = leaves_[l];
      room.rows_[l * static_cast<std::size_t>(most) + static_cast<std::size_t>(s)] =
          leaf.data + (offset[l] + column * leaf.stride[inner]) * leaf.itemsize;
    }
    done += m;
    column = 0;
    for (int i = inner - 1; i >= 0; --i) {
      const bool wraps = ++index[i] == shape_[i];
      if (wraps) index[i] = 0;
      for (std::size_t l = 0; l < leaves_.size(); ++l) offset[l] += (wraps ? 1 - shape_[i] : 1) * leaves_[l].stride[i];
      if (!wraps) break;
    }
  }
  room.segments_ = s;
  for (std::size_t l = 0; l < leaves_.size(); ++l) settle_view(room, l);
}

/// The tile stays within one matrix of rows: whether no leaf need be read row by row, from its strides.
bool Chain::view_at_once(Room& room, const std::int64_t* offset, std::int64_t column, std::int64_t n) const {
  const int inner = rank_ - 1;
  const std::int64_t length = shape_[inner];
  const bool one_row = column + n <= length;
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    const Leaf& l = leaves_[i];
    if (l.one || l.flat) continue;
    const std::int64_t step = l.stride[inner], jump = inner == 0 ? 0 : l.stride[inner - 1];
    const std::byte* first = l.data + (offset[i] + column * step) * l.itemsize;
    if (one_row || jump == length * step)
      room.views_[i].set(first, step);
    else if (jump == 0 && column == 0)
      room.views_[i].set(repeat(room, i, first), 1);
    else
      return false;
  }
  return true;
}

/// A tile of the row at `first`, over and over.
const std::byte* Chain::repeat(Room& room, std::size_t leaf, const std::byte* first) const {
  Room::View& view = room.views_[leaf];
  std::byte* buffer = room.repeats_.get() + static_cast<std::int64_t>(leaf) * tile_bytes_;
  if (view.repeated == first) return buffer;
  const int itemsize = leaves_[leaf].itemsize;
  const auto bytes = static_cast<std::size_t>(tile_ * itemsize);
  std::size_t done = static_cast<std::size_t>(shape_[rank_ - 1] * itemsize);
  std::memcpy(buffer, first, done);
  for (; done < bytes; done *= 2) std::memcpy(buffer + done, buffer, std::min(done, bytes - done));
  view.repeated = first;
  return buffer;
}

/// A leaf whose rows follow one another within the tile, or are one row over and over, need not be read row by row; the
/// latter is written out once for as many tiles as it lasts.
void Chain::settle_view(Room& room, std::size_t leaf) const {
  const Leaf& l = leaves_[leaf];
  Room::View& view = room.views_[leaf];
  view.by_rows = false;
  if (l.one || l.flat) return;
  const std::int64_t inner = l.stride[rank_ - 1], length = shape_[rank_ - 1];
  const std::byte* const* rows = room.rows_.data() + leaf * room.lengths_.size();
  bool follow = inner == 1, same = true;
  for (std::int64_t s = 0; s + 1 < room.segments_; ++s) {
    follow &= rows[s + 1] == rows[s] + room.lengths_[static_cast<std::size_t>(s)] * l.itemsize;
    same &= rows[s + 1] == rows[s];
  }
  if (follow || (same && inner == 0))
    view.set(rows[0], inner);
  else if (same && room.lengths_[0] == length)
    view.set(repeat(room, leaf, rows[0]), 1);
  else
    view.by_rows = true;
}

/// A step that reads leaves by their views.
void Chain::run_viewed(const Step& step, Room& room, std::int64_t begin, std::int64_t n, std::byte* to) const {
  const Room::Place& place = room.places_[static_cast<std::size_t>(&step - steps_.data())];
  const void* p[max_arity];
  std::int64_t stride[max_arity], advance[max_arity];
  const int arity = step.info->arity;
  bool by_rows = false;
  for (int k = 0; k < arity; ++k) {
    const int o = step.operand[k];
    p[k] = place.p[k] + begin * place.advance[k];
    stride[k] = place.stride[k];
    if (o >= 0) {
      advance[k] = steps_[static_cast<std::size_t>(o)].itemsize;
      continue;
    }
    const Leaf& l = leaves_[static_cast<std::size_t>(~o)];
    advance[k] = place.advance[k];
    if (l.one || l.flat) continue;
    const Room::View& view = room.views_[static_cast<std::size_t>(~o)];
    by_rows |= view.by_rows;
    if (view.by_rows) continue;
    p[k] = view.p;
    stride[k] = view.stride;
    advance[k] = view.stride * l.itemsize;
  }
  if (!by_rows) return place.loop(place.params, to, p, stride, n);
  const auto most = room.lengths_.size();
  for (std::int64_t s = 0; s < room.segments_; ++s) {
    const std::int64_t m = room.lengths_[static_cast<std::size_t>(s)];
    for (int k = 0; k < arity; ++k) {
      if (step.operand[k] >= 0) continue;
      const auto l = static_cast<std::size_t>(~step.operand[k]);
      if (!leaves_[l].one && !leaves_[l].flat && room.views_[l].by_rows)
        p[k] = room.rows_[l * most + static_cast<std::size_t>(s)];
    }
    place.loop(place.params, to, p, stride, m);
    to += m * step.itemsize;
    for (int k = 0; k < arity; ++k) p[k] = static_cast<const std::byte*>(p[k]) + m * advance[k];
  }
}

void Chain::run(Room& room, std::int64_t begin, std::int64_t n, std::byte* out) const {
  if (by_rows_) cut(room, begin, n);
  room.begin_ahead(begin + n, std::min(tile_, size_ - begin - n));
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Room::Place& place = room.places_[i];
    std::byte* to = place.to ? place.to + begin * place.to_advance : out;
    room.ahead();
    if (steps_[i].by_rows) {
      run_viewed(steps_[i], room, begin, n, to);
      continue;
    }
    const void* p[max_arity];
    for (int k = 0; k < max_arity; ++k) p[k] = place.p[k] + begin * place.advance[k];
    place.loop(place.params, to, p, place.stride, n);
  }
}

void Chain::run_all() const {
  const std::int64_t tiles = (size_ + tile_ - 1) / tile_;
  parallel_for(tiles, std::max<std::int64_t>(1, grain / tile_), [&](std::int64_t b, std::int64_t e) {
    Room room(*this);
    for (std::int64_t t = b; t < e; ++t) run(room, t * tile_, std::min(tile_, size_ - t * tile_), nullptr);
  });
}

Tensor Chain::publish() {
  for (Step& s : steps_) {
    if (!s.to || &s == &steps_.back()) continue;
    const Pending& p = pending(s.member);
    const std::lock_guard lock(p.mutex);
    if (p.made.load(std::memory_order_acquire)) continue;
    p.value = s.stored;
    p.made.store(true, std::memory_order_release);
    for (Tensor& x : p.x) x = Tensor();
  }
  return steps_.back().stored;
}

}  // namespace strata
