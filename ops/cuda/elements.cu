// Copies, fills and counting on a GPU, and where each op's formula is found. Asked for by ops/cuda/elements.cpp.
#include "strata/ops/cuda/elements.hpp"

#include "strata/ops/cuda/access.hpp"
#include "strata/ops/cuda/launch.hpp"
#include "strata/ops/cuda/pointwise.hpp"

namespace strata::gpu {
namespace {

/// Elements of one size, moved as they are.
template <class T>
struct Move {
  CopyCall c;
  STRATA_BOTH void operator()(std::int64_t i) const {
    static_cast<T*>(c.to.data)[offset_of(c.axes, c.to.strides, i)] =
        static_cast<const T*>(c.from.data)[offset_of(c.axes, c.from.strides, i)];
  }
};

/// Sixteen bytes at a time, of memory without gaps; the last ones singly.
struct MoveChunks {
  const unsigned char* from;
  unsigned char* to;
  std::int64_t bytes;
  struct alignas(16) Chunk {
    unsigned long long words[2];
  };
  STRATA_BOTH void operator()(std::int64_t i) const {
    const std::int64_t at = i * 16;
    if (at + 16 <= bytes) {
      *reinterpret_cast<Chunk*>(to + at) = *reinterpret_cast<const Chunk*>(from + at);
    } else {
      for (std::int64_t k = at; k < bytes; ++k) to[k] = from[k];
    }
  }
};

/// From elements of type From to any dtype.
template <class From>
struct Convert {
  CopyCall c;
  STRATA_BOTH void operator()(std::int64_t i) const {
    store(c.to.data, c.to.dtype, offset_of(c.axes, c.to.strides, i),
          static_cast<const From*>(c.from.data)[offset_of(c.axes, c.from.strides, i)]);
  }
};

bool without_gaps(const Axes& axes, const Operand& o) {
  return axes.rank == 0 || (axes.rank == 1 && o.strides[0] == 1);
}
bool aligned(const void* p) { return reinterpret_cast<std::uintptr_t>(p) % 16 == 0; }

Error move(int device, const CopyCall& c) {
  const int size = itemsize(c.from.dtype);
  if (without_gaps(c.axes, c.from) && without_gaps(c.axes, c.to) && aligned(c.from.data) && aligned(c.to.data)) {
    const MoveChunks m{static_cast<const unsigned char*>(c.from.data), static_cast<unsigned char*>(c.to.data),
                       c.axes.size * size};
    return for_each(device, (m.bytes + 15) / 16, m);
  }
  switch (size) {
    case 1:
      return for_each(device, c.axes.size, Move<std::uint8_t>{c});
    case 2:
      return for_each(device, c.axes.size, Move<std::uint16_t>{c});
    case 4:
      return for_each(device, c.axes.size, Move<std::uint32_t>{c});
    default:
      return for_each(device, c.axes.size, Move<std::uint64_t>{c});
  }
}

struct LaunchConvert {
  int device;
  const CopyCall& c;
  template <class From>
  Error operator()(From) const {
    return for_each(device, c.axes.size, Convert<From>{c});
  }
};

Error copy(int device, const CopyCall& c) {
  return c.from.dtype == c.to.dtype ? move(device, c) : visit(c.from.dtype, LaunchConvert{device, c});
}

struct Fill {
  FillCall c;
  int size;
  template <class T>
  STRATA_BOTH void put(std::int64_t at) const {
    static_cast<T*>(c.to.data)[at] = *reinterpret_cast<const T*>(c.value);
  }
  STRATA_BOTH void operator()(std::int64_t i) const {
    const std::int64_t at = offset_of(c.axes, c.to.strides, i);
    if (size == 1) put<std::uint8_t>(at);
    if (size == 2) put<std::uint16_t>(at);
    if (size == 4) put<std::uint32_t>(at);
    if (size == 8) put<std::uint64_t>(at);
  }
};
Error fill(int device, const FillCall& c) { return for_each(device, c.axes.size, Fill{c, itemsize(c.to.dtype)}); }

template <class T>
struct Count {
  CountCall c;
  STRATA_BOTH void operator()(std::int64_t i) const { static_cast<T*>(c.y)[i] = counted<T>(c.counting, i); }
};
struct LaunchCount {
  int device;
  const CountCall& c;
  template <class T>
  Error operator()(T) const {
    return for_each(device, c.n, Count<T>{c});
  }
};
Error count(int device, const CountCall& c) { return visit(c.dtype, LaunchCount{device, c}); }

PointwiseLaunch find(const char* op, bool scaled, Dtype dtype) {
  const std::span<const Formula> all[] = {activation_formulas, arithmetic_formulas,   bitwise_formulas,
                                          compare_formulas,    exponential_formulas,  losses_formulas,
                                          power_formulas,      rounding_formulas,     select_formulas,
                                          special_formulas,    trigonometric_formulas};
  for (const auto& formulas : all) {
    for (const Formula& f : formulas) {
      if (f.op == op) return (scaled ? f.scaled : f.plain)[static_cast<int>(dtype)];
    }
  }
  return nullptr;
}

}  // namespace

const ElementLibrary elements_library{&find, &copy, &fill, &count};

}  // namespace strata::gpu
