// Gathering slices on a GPU, and triangles: one thread for each element of the result. Asked for by
// ops/cuda/slices.cpp.
#include "strata/ops/cuda/slices.hpp"

#include "strata/ops/cuda/launch.hpp"

namespace strata::gpu {
namespace {

struct Resolve {
  ResolveCall c;
  STRATA_BOTH std::int64_t index(std::int64_t at) const {
    return c.wide ? static_cast<const std::int64_t*>(c.indices)[at] : static_cast<const std::int32_t*>(c.indices)[at];
  }
  STRATA_BOTH void operator()(std::int64_t p) const {
    std::int64_t offset = offset_of(c.axes, c.x, p);
    const std::int64_t at = offset_of(c.axes, c.index, p);
    for (int k = 0; k < c.depth; ++k) {
      std::int64_t i = index(at + k * c.index_step);
      if (!settle_index(c.size[k], c.last[k], c.mode, c.from_end, i)) {
        c.offsets[p] = outside;
        return;
      }
      offset += i * c.x_step[k];
    }
    c.offsets[p] = offset;
  }
};
Error resolve(int device, const ResolveCall& c) { return for_each(device, c.axes.size, Resolve{c}); }

struct alignas(16) Chunk {
  std::uint64_t words[2];
};

template <class T>
struct Gather {
  GatherCall c;
  STRATA_BOTH void operator()(std::int64_t i) const {
    const SlicesCall& s = c.s;
    const std::int64_t row = quotient(i, s.after.size), a = i - row * s.after.size;
    const std::int64_t group = quotient(row, s.positions), p = row - group * s.positions;
    const std::int64_t b = quotient(group, s.before.size), before = group - b * s.before.size;
    const std::int64_t offset = s.offsets[b * s.positions + p];
    const std::int64_t within = offset_of(s.before, s.x_before, before) + offset_of(s.after, s.x_after, a);
    static_cast<T*>(c.y)[i] = offset == outside ? *reinterpret_cast<const T*>(c.fill)
                                                : static_cast<const T*>(c.x)[(offset >> c.shift) + within];
  }
};
template <class T>
Error gather_as(int device, const GatherCall& c) {
  return for_each(device, c.s.batch * c.s.before.size * c.s.positions * c.s.after.size, Gather<T>{c});
}
Error gather(int device, const GatherCall& c) {
  switch (c.unit) {
    case 1:
      return gather_as<std::uint8_t>(device, c);
    case 2:
      return gather_as<std::uint16_t>(device, c);
    case 4:
      return gather_as<std::uint32_t>(device, c);
    case 8:
      return gather_as<std::uint64_t>(device, c);
    default:
      return gather_as<Chunk>(device, c);
  }
}

struct Triangle {
  TriangleCall c;
  STRATA_BOTH void operator()(std::int64_t i) const {
    const std::int64_t line = quotient(i, c.columns), column = i - line * c.columns, row = line % c.rows;
    if (c.upper ? column >= row + c.k : column <= row + c.k) return;
    auto* to = static_cast<unsigned char*>(c.y) + i * c.itemsize;
    for (int k = 0; k < c.itemsize; ++k) to[k] = 0;
  }
};
Error triangle(int device, const TriangleCall& c) { return for_each(device, c.n, Triangle{c}); }

}  // namespace

const SliceLibrary slices_library{&resolve, &gather, &scatter_slices, &mark_losers, &triangle};

}  // namespace strata::gpu
