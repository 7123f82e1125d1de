// Sorting lines on a GPU: elements become keys (ops/sort_keys.hpp), the keys of each line are sorted with their places
// beside them by NVIDIA's library, and become values again. Called by ops/cuda/sorting.cpp.
#include "strata/ops/cuda/sorting.hpp"

#include "strata/ops/cuda/access.hpp"
#include "strata/ops/cuda/launch.hpp"
#include "strata/ops/cuda/libraries/sort.hpp"
#include "strata/ops/sort_keys.hpp"

namespace strata::gpu {
namespace {

/// keys[i] and places[i] of element i of all lines. Places make -0 and 0 one, values keep both.
template <class T>
struct MakeKeys {
  SortCall c;
  KeyOf<T>* keys;
  std::int32_t* places;
  STRATA_HD void operator()(std::int64_t i) const {
    const std::int64_t n = c.axes.reduced.size, line = i / n, k = i - line * n;
    const KeyOf<T> key = sort_key(static_cast<const T*>(c.x.data)[place(c.axes, c.x, line, k)], c.places);
    keys[i] = c.places && c.descending ? static_cast<KeyOf<T>>(~key) : key;
    if (places) places[i] = static_cast<std::int32_t>(k);
  }
};

template <class T>
struct WriteValues {
  SortCall c;
  const KeyOf<T>* keys;
  STRATA_HD void operator()(std::int64_t i) const {
    const std::int64_t n = c.axes.reduced.size, line = i / n, k = i - line * n;
    const std::int64_t at = place(c.axes, c.y, line, k);
    static_cast<T*>(c.y.data)[at] = value_of<T>(keys[line * n + (c.descending ? n - 1 - k : k)]);
  }
};

struct WritePlaces {
  SortCall c;
  const std::int32_t* places;
  STRATA_HD void operator()(std::int64_t i) const {
    const std::int64_t line = i / c.count, k = i - line * c.count;
    static_cast<std::int32_t*>(c.y.data)[place(c.axes, c.y, line, k)] = places[line * c.axes.reduced.size + k];
  }
};

struct SortLines {
  int device;
  const SortCall& c;
  template <class T>
  Error operator()(T) const {
    using K = KeyOf<T>;
    const std::int64_t lines = c.axes.kept.size, n = c.axes.reduced.size;
    const auto count = static_cast<std::size_t>(lines * n);
    const std::size_t places_bytes = c.places ? count * sizeof(std::int32_t) : 0;
    const Scratch memory(device, 2 * (count * sizeof(K) + places_bytes));
    if (memory.error()) return memory.error();
    K* keys = static_cast<K*>(memory.get());
    auto* places = c.places ? reinterpret_cast<std::int32_t*>(keys + 2 * count) : nullptr;
    const KeysToSort work{sizeof(K), keys, keys + count, places, places ? places + count : nullptr, lines, n};
    Error error = for_each(device, lines * n, MakeKeys<T>{c, keys, places});
    if (!error) error = each_piece(work, INT32_MAX, [&](const KeysToSort& piece) { return sort_keys(device, piece); });
    if (error) return error;
    if (c.places) return for_each(device, lines * c.count, WritePlaces{c, work.sorted_places});
    return for_each(device, lines * n, WriteValues<T>{c, keys + count});
  }
};

Error sort(int device, const SortCall& c) { return visit(c.x.dtype, SortLines{device, c}); }

template <class T>
struct MoveElements {
  MoveCall c;
  STRATA_HD void operator()(std::int64_t i) const {
    const std::int64_t n = c.axes.reduced.size, line = i / n, k = i - line * n;
    const std::int64_t to = static_cast<const std::int32_t*>(c.index.data)[place(c.axes, c.index, line, k)];
    // Lines along one axis: `within` has one stride, that of the axis, in x and in y.
    const std::int64_t from_step = c.put ? k : to, to_step = c.put ? to : k;
    const std::int64_t from = offset_of(c.axes.kept, c.x.between, line) + from_step * c.x.within[0];
    const std::int64_t at = offset_of(c.axes.kept, c.y.between, line) + to_step * c.y.within[0];
    static_cast<T*>(c.y.data)[at] = static_cast<const T*>(c.x.data)[from];
  }
};

template <class T>
struct Clear {
  T* y;
  STRATA_HD void operator()(std::int64_t i) const { y[i] = 0; }
};

template <class T>
Error move_as(int device, const MoveCall& c) {
  if (c.put) {
    if (const Error error = for_each(device, c.y_size, Clear<T>{static_cast<T*>(c.y.data)})) return error;
  }
  return for_each(device, c.axes.kept.size * c.axes.reduced.size, MoveElements<T>{c});
}

Error move(int device, const MoveCall& c) {
  switch (itemsize(c.x.dtype)) {
    case 1:
      return move_as<std::uint8_t>(device, c);
    case 2:
      return move_as<std::uint16_t>(device, c);
    case 4:
      return move_as<std::uint32_t>(device, c);
    default:
      return move_as<std::uint64_t>(device, c);
  }
}

template <class T>
struct Search {
  SearchCall c;
  STRATA_HD void operator()(std::int64_t i) const {
    const std::int64_t line = i / c.m;
    const T* a = static_cast<const T*>(c.a) + line * c.a_line;
    const KeyOf<T> wanted = sort_key(static_cast<const T*>(c.x)[line * c.x_line + (i - line * c.m) * c.x_step], true);
    std::int64_t base = 0, n = c.n;
    while (n > 0) {
      const std::int64_t half = (n + 1) / 2;
      const KeyOf<T> k = sort_key(a[(base + half - 1) * c.a_step], true);
      const bool before = c.right ? k <= wanted : k < wanted;
      base += before ? half : 0;
      n = before ? n - half : half - 1;
    }
    c.y[i] = static_cast<std::int32_t>(base);
  }
};

struct LaunchSearch {
  int device;
  const SearchCall& c;
  template <class T>
  Error operator()(T) const {
    return for_each(device, c.lines * c.m, Search<T>{c});
  }
};

Error search(int device, const SearchCall& c) { return visit(c.dtype, LaunchSearch{device, c}); }

}  // namespace

const SortingLibrary sorting_library{&sort, &move, &search};

}  // namespace strata::gpu
