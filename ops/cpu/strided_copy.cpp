// Copies between strided boxes, and filling memory with one element. Called by copy, concatenate, slice_set, gather's
// operands and whoever needs row-major memory.
// Axes are ordered as the target's memory and merged; where the source runs along another axis than the target, a copy
// goes tile by tile, so that both sides use whole cache lines.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "strata/core/parallel.hpp"
#include "strata/ops/cpu/strided.hpp"
#include "strata/ops/cpu/widths.hpp"

namespace strata {
namespace {

constexpr std::int64_t grain = 32 * 1024;  // elements
constexpr std::int64_t tile = 32;          // elements each way

struct Box {
  int rank;
  std::int64_t shape[max_rank], from[max_rank], to[max_rank];
  std::int64_t elements;
};

/// Axes of size 1 gone, the target's memory order outermost first, neighbours merged.
Box ordered(const Shape& shape, const Strides& from, const Strides& to) {
  int order[max_rank], rank = 0;
  for (int i = 0; i < shape.size(); ++i) {
    if (shape[i] != 1) order[rank++] = i;
  }
  std::stable_sort(order, order + rank, [&](int a, int b) { return std::abs(to[a]) > std::abs(to[b]); });
  Box box;
  box.elements = shape.elements();
  for (int i = 0; i < rank; ++i) {
    box.shape[i] = shape[order[i]];
    box.from[i] = from[order[i]];
    box.to[i] = to[order[i]];
  }
  std::int64_t* strides[] = {box.from, box.to};
  box.rank = merge_axes(rank, box.shape, strides, 2);
  if (box.rank == 0) {
    box.rank = 1;
    box.shape[0] = 1;
    box.from[0] = box.to[0] = 1;
  }
  return box;
}

template <class T>
void copy_run(std::int64_t n, const T* from, std::int64_t from_step, T* to, std::int64_t to_step) {
  if (from_step == 1 && to_step == 1)
    std::memcpy(to, from, static_cast<std::size_t>(n) * sizeof(T));
  else if (from_step == 0 && to_step == 1)
    std::fill(to, to + n, *from);
  else
    for (std::int64_t i = 0; i < n; ++i) to[i * to_step] = from[i * from_step];
}

/// Visits the positions of `rank` axes in row-major order, from number `begin` on.
class Odometer {
 public:
  Odometer(const Box& box, const int* axes, int count, std::int64_t begin) : box_(box), axes_(axes), count_(count) {
    for (int i = count - 1; i >= 0; --i) {
      const int a = axes[i];
      index_[i] = begin % box.shape[a];
      begin /= box.shape[a];
      from += index_[i] * box.from[a];
      to += index_[i] * box.to[a];
    }
  }
  void next() {
    for (int i = count_ - 1; i >= 0; --i) {
      const int a = axes_[i];
      from += box_.from[a];
      to += box_.to[a];
      if (++index_[i] < box_.shape[a]) return;
      from -= box_.from[a] * box_.shape[a];
      to -= box_.to[a] * box_.shape[a];
      index_[i] = 0;
    }
  }
  std::int64_t from = 0, to = 0;

 private:
  const Box& box_;
  const int* axes_;
  int count_;
  std::int64_t index_[max_rank];
};

/// Row by row of the target; long rows in parts.
template <class T>
void copy_rows(const Box& box, const T* from, T* to) {
  const int inner = box.rank - 1;
  const std::int64_t n = box.shape[inner], parts = (n + grain - 1) / grain, rows = box.elements / n;
  int outer[max_rank];
  for (int i = 0; i < inner; ++i) outer[i] = i;
  parallel_for(rows * parts, std::max<std::int64_t>(1, grain / n), [&](std::int64_t begin, std::int64_t end) {
    Odometer row(box, outer, inner, begin / parts);
    for (std::int64_t item = begin; item < end; ++item) {
      const std::int64_t part = item % parts, at = part * grain, count = std::min(grain, n - at);
      copy_run(count, from + row.from + at * box.from[inner], box.from[inner], to + row.to + at * box.to[inner],
               box.to[inner]);
      if (part == parts - 1) row.next();
    }
  });
}

/// The source runs along axis `along`, the target along the last one: square tiles of the two.
template <class T>
void copy_tiles(const Box& box, int along, const T* from, T* to) {
  const int inner = box.rank - 1;
  int outer[max_rank], count = 0;
  std::int64_t planes = 1;
  for (int i = 0; i < inner; ++i) {
    if (i == along) continue;
    outer[count++] = i;
    planes *= box.shape[i];
  }
  const std::int64_t down = box.shape[along], across = box.shape[inner];
  const std::int64_t tiles_down = (down + tile - 1) / tile, tiles_across = (across + tile - 1) / tile;
  const std::int64_t tiles = tiles_down * tiles_across;
  parallel_for(planes * tiles, grain / (tile * tile), [&](std::int64_t begin, std::int64_t end) {
    Odometer plane(box, outer, count, begin / tiles);
    for (std::int64_t item = begin; item < end; ++item) {
      const std::int64_t k = item % tiles, i0 = k / tiles_across * tile, j0 = k % tiles_across * tile;
      const std::int64_t i1 = std::min(down, i0 + tile), width = std::min(tile, across - j0);
      for (std::int64_t i = i0; i < i1; ++i) {
        copy_run(width, from + plane.from + i * box.from[along] + j0 * box.from[inner], box.from[inner],
                 to + plane.to + i * box.to[along] + j0 * box.to[inner], box.to[inner]);
      }
      if (k == tiles - 1) plane.next();
    }
  });
}

template <class T>
void copy_typed(const Box& box, const std::byte* from, std::byte* to) {
  const int inner = box.rank - 1;
  int along = inner;
  for (int i = 0; i < inner; ++i) {
    if (std::abs(box.from[i]) == 1) along = i;
  }
  const bool crosswise =
      along != inner && std::abs(box.from[inner]) > 1 && box.shape[along] > 4 && box.shape[inner] > 4;
  const auto* f = reinterpret_cast<const T*>(from);
  auto* t = reinterpret_cast<T*>(to);
  if (crosswise)
    copy_tiles(box, along, f, t);
  else
    copy_rows(box, f, t);
}

}  // namespace

void copy_box(const std::byte* from, const Strides& from_strides, std::byte* to, const Strides& to_strides,
              const Shape& shape, int itemsize) {
  const Box box = ordered(shape, from_strides, to_strides);
  if (box.elements == 0) return;
  visit_width(itemsize, [&]<class T>(T) { copy_typed<T>(box, from, to); });
}

void fill_memory(std::byte* to, const std::byte* value, int itemsize, std::int64_t n) {
  const bool one_byte = std::all_of(value, value + itemsize, [&](std::byte b) { return b == value[0]; });
  if (one_byte) {  // zeros above all
    return parallel_for(n, 4 * grain, [&](std::int64_t begin, std::int64_t end) {
      std::memset(to + begin * itemsize, std::to_integer<int>(value[0]),
                  static_cast<std::size_t>((end - begin) * itemsize));
    });
  }
  visit_width(itemsize, [&]<class T>(T) {
    T element;
    std::memcpy(&element, value, sizeof element);
    T* out = reinterpret_cast<T*>(to);
    parallel_for(n, 4 * grain,
                 [&](std::int64_t begin, std::int64_t end) { std::fill(out + begin, out + end, element); });
  });
}

}  // namespace strata
