// Windows over the last one or two axes of row-major CPU tensors, the common case of pooling: every slice of the
// leading axes is a plane. Called by ops/cpu/pool.cpp, which walks all other windows itself. The loops over numbers are
// in ops/cpu/pool_plane.isa.cpp, once per instruction set.
// Always holds: the base is not dilated; result columns [whole_begin, whole_end) have windows within the plane's width.
#pragma once
#include <cstdint>
#include <optional>

#include "strata/core/cpu_isa.hpp"
#include "strata/ops/backend/windows.hpp"

namespace strata {

/// Axis 0 counts rows, axis 1 columns.
struct Plane {
  struct Axis {
    std::int64_t base = 1, window = 1, stride = 1, low = 0, result = 1, dilation = 1;
  };
  Axis axis[2];
  std::int64_t whole_begin = 0, whole_end = 0;
  std::int64_t slices = 1;

  std::int64_t base_size() const { return axis[0].base * axis[1].base; }
  std::int64_t result_size() const { return axis[0].result * axis[1].result; }
  std::int64_t window_size() const { return axis[0].window * axis[1].window; }
};

/// The planes of a geometry; nothing when its windows are not planes: three axes or more, channels last, dilated bases.
std::optional<Plane> plane_of(const WindowGeometry& g);

/// What the elements of a window become: a number of their own type, or the place (int32) of the first extremum.
enum class WindowLoop : std::uint8_t { sum, largest, smallest, arg_largest, arg_smallest, spread };
inline constexpr int window_loop_count = 6;

/// One slice: from the base to the result; `spread` goes from the result to the base, which it writes whole.
using PlaneLoop = void (*)(const Plane& p, const void* from, void* to);

/// Null for dtypes without one: halves, bool, integers of 8 and 16 bits.
struct PlaneKernels {
  PlaneLoop of[window_loop_count][dtype_count];
};
template <Isa I>
struct PlaneSet {
  static const PlaneKernels table;
};
template <>
const PlaneKernels PlaneSet<Isa::baseline>::table;
template <>
const PlaneKernels PlaneSet<Isa::avx2>::table;
template <>
const PlaneKernels PlaneSet<Isa::avx512>::table;

/// Each fills `to` from row-major `from` if windows of `g` are planes and the dtype has a loop; else false, and nothing
/// is done.
bool plane_loop(WindowLoop loop, const WindowGeometry& g, const Tensor& from, const Tensor& to);
/// [base], places [result] -> [result], and back, for elements of 4 and 8 bytes that are numbers.
bool plane_pick(const WindowGeometry& g, const Tensor& base, const Tensor& places, const Tensor& result);
bool plane_place(const WindowGeometry& g, const Tensor& result, const Tensor& places, const Tensor& base);

}  // namespace strata
