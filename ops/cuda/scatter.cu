// Scattering slices on a GPU. Asked for by ops/cuda/slices.cpp.
// NOTE [scatter on a GPU]  Updates of one place must be combined in their order, so positions are sorted by offset
// (stably) first: slices of one offset then form a run, and one thread for each element of the slice walks it. Windows
// that may overlap are taken apart into single elements before. Sorting costs little beside the updates where slices
// are long; where every place has one update, as known beforehand, nothing is sorted.
#include "strata/ops/cuda/launch.hpp"
#include "strata/ops/cuda/libraries/sort.hpp"
#include "strata/ops/cuda/slices.hpp"

namespace strata::gpu {
namespace {

template <class T>
STRATA_HD T combined(ScatterKind kind, T a, T b) {
  switch (kind) {
    case ScatterKind::set:
      return combine::Set::of(a, b);
    case ScatterKind::add:
      return combine::Add::of(a, b);
    case ScatterKind::mul:
      return combine::Mul::of(a, b);
    case ScatterKind::max:
      return combine::Max::of(a, b);
    default:
      return combine::Min::of(a, b);
  }
}

/// Element e of a slice ([before, after]) in x, from the slice's offset.
STRATA_HD std::int64_t in_slice(const SlicesCall& s, std::int64_t before, std::int64_t after) {
  return offset_of(s.before, s.x_before, before) + offset_of(s.after, s.x_after, after);
}
/// Where the updates of a position (of all batches) lie for one element of its slice.
STRATA_HD std::int64_t in_updates(const SlicesCall& s, std::int64_t position, std::int64_t before, std::int64_t after) {
  const std::int64_t b = quotient(position, s.positions), p = position - b * s.positions;
  return ((b * s.before.size + before) * s.positions + p) * s.after.size + after;
}

/// Every place has one update.
template <class T>
struct Place {
  ScatterCall c;
  STRATA_BOTH void operator()(std::int64_t i) const {
    const SlicesCall& s = c.s;
    const std::int64_t row = quotient(i, s.after.size), after = i - row * s.after.size;
    const std::int64_t group = quotient(row, s.positions), p = row - group * s.positions;
    const std::int64_t b = quotient(group, s.before.size), before = group - b * s.before.size;
    const std::int64_t offset = s.offsets[b * s.positions + p];
    if (offset == outside) return;
    T& x = static_cast<T*>(c.x)[offset + in_slice(s, before, after)];
    x = combined(c.kind, x, static_cast<const T*>(c.u)[i]);
  }
};

/// Offsets of positions, `extent` for those outside, as keys of 4 or 8 bytes.
struct Keys {
  void* memory;
  bool wide;
  STRATA_BOTH std::int64_t operator[](std::int64_t i) const {
    if (wide) return static_cast<std::int64_t>(static_cast<const std::uint64_t*>(memory)[i]);
    return static_cast<const std::uint32_t*>(memory)[i];
  }
  STRATA_BOTH void put(std::int64_t i, std::int64_t key) const {
    if (wide)
      static_cast<std::uint64_t*>(memory)[i] = static_cast<std::uint64_t>(key);
    else
      static_cast<std::uint32_t*>(memory)[i] = static_cast<std::uint32_t>(key);
  }
};

/// What a sort gives: order says which position each key is of.
struct Sorted {
  Keys keys;
  const std::int32_t* order;
  std::int64_t n;
};

/// Thread i walks the run that begins at number i / size, for element i % size of the slices.
template <class T>
struct Walk {
  ScatterCall c;
  Sorted sorted;
  STRATA_BOTH void operator()(std::int64_t i) const {
    const SlicesCall& s = c.s;
    const std::int64_t size = s.before.size * s.after.size, first = quotient(i, size), e = i - first * size;
    const std::int64_t key = sorted.keys[first];
    if (key == c.extent || (first > 0 && sorted.keys[first - 1] == key)) return;
    const std::int64_t before = quotient(e, s.after.size), after = e - before * s.after.size;
    T& x = static_cast<T*>(c.x)[key + in_slice(s, before, after)];
    T y = x;
    for (std::int64_t at = first; at < sorted.n && sorted.keys[at] == key; ++at)
      y = combined(c.kind, y, static_cast<const T*>(c.u)[in_updates(s, sorted.order[at], before, after)]);
    x = y;
  }
};

/// The key of a position, or of one element of its slice where windows are taken apart.
struct MakeKeys {
  SlicesCall s;
  std::int64_t each;  // elements taken apart of a slice, 1: none
  std::int64_t extent;
  Keys keys;
  std::int32_t* order;
  STRATA_BOTH void operator()(std::int64_t i) const {
    const std::int64_t position = quotient(i, each), e = i - position * each, offset = s.offsets[position];
    keys.put(i, offset == outside ? extent : offset + offset_of(s.after, s.x_after, e));
    order[i] = static_cast<std::int32_t>(i);
  }
};

/// Sorted keys of positions, in memory for the while of a call. At most 2^31 - 1 of them, see `too_many`.
class Runs {
 public:
  Runs(int device, const SlicesCall& s, std::int64_t each, std::int64_t extent)
      : n_(s.batch * s.positions * each),
        wide_(extent > UINT32_MAX),
        keys_(device, bytes(wide_ ? 8 : 4)),
        sorted_keys_(device, bytes(wide_ ? 8 : 4)),
        order_(device, bytes(4)),
        sorted_order_(device, bytes(4)) {
    for (const Scratch* memory : {&keys_, &sorted_keys_, &order_, &sorted_order_}) {
      if (!error_) error_ = memory->error();
    }
    if (error_) return;
    auto *order = static_cast<std::int32_t*>(order_.get()), *sorted = static_cast<std::int32_t*>(sorted_order_.get());
    error_ = for_each(device, n_, MakeKeys{s, each, extent, {keys_.get(), wide_}, order});
    if (!error_) error_ = sort_keys(device, {wide_ ? 8 : 4, keys_.get(), sorted_keys_.get(), order, sorted, 1, n_});
  }
  Error error() const { return error_; }
  Sorted sorted() const {
    return {{sorted_keys_.get(), wide_}, static_cast<const std::int32_t*>(sorted_order_.get()), n_};
  }

 private:
  std::size_t bytes(std::size_t each) const { return static_cast<std::size_t>(n_) * each; }
  std::int64_t n_;
  bool wide_;
  Scratch keys_, sorted_keys_, order_, sorted_order_;
  Error error_ = nullptr;
};

/// Positions are numbered in 32 bits.
Error too_many(std::int64_t positions) { return positions > INT32_MAX ? "more than 2^31 updates at once" : nullptr; }

/// Single elements in place of slices.
ScatterCall taken_apart(ScatterCall c) {
  for (int k = 0; k < c.s.after.rank; ++k) c.extent += (c.s.after.shape[k] - 1) * c.s.x_after[k];
  c.s.positions *= c.s.after.size;
  c.s.after = Axes{};
  return c;
}

template <class T>
Error scatter_as(int device, const ScatterCall& c) {
  if (c.distinct) return for_each(device, c.s.batch * c.s.before.size * c.s.positions * c.s.after.size, Place<T>{c});
  const ScatterCall call = c.overlapping ? taken_apart(c) : c;
  const SlicesCall& s = call.s;
  if (const Error error = too_many(s.batch * s.positions)) return error;
  const Runs runs(device, c.s, c.overlapping ? c.s.after.size : 1, call.extent);
  if (runs.error()) return runs.error();
  return for_each(device, s.batch * s.positions * s.before.size * s.after.size, Walk<T>{call, runs.sorted()});
}

struct LaunchScatter {
  int device;
  const ScatterCall& c;
  template <class T>
  Error operator()(T) const {
    if constexpr (std::is_same_v<T, bool>)
      return scatter_as<std::uint8_t>(device, c);
    else if constexpr (std::is_arithmetic_v<T>)
      return scatter_as<T>(device, c);
    else
      return scatter_as<std::uint16_t>(device, c);  // half types are only set
  }
};

/// The next of the run replaces it.
struct Lose {
  Sorted sorted;
  std::int64_t* offsets;
  STRATA_BOTH void operator()(std::int64_t i) const {
    if (sorted.keys[i] == sorted.keys[i + 1]) offsets[sorted.order[i]] = outside;
  }
};

}  // namespace

Error scatter_slices(int device, const ScatterCall& c) { return visit(c.s.dtype, LaunchScatter{device, c}); }

Error mark_losers(int device, const WinnersCall& c) {
  if (const Error error = too_many(c.n)) return error;
  SlicesCall s{};
  s.offsets = c.offsets;
  s.batch = 1;
  s.positions = c.n;
  const Runs runs(device, s, 1, c.extent);
  if (runs.error()) return runs.error();
  return for_each(device, c.n - 1, Lose{runs.sorted(), c.offsets});
}

}  // namespace strata::gpu
