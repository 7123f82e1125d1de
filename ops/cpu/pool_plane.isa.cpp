// Windows over planes for one instruction set: neighbours in a row of the result are the lanes of a register, and the
// elements of their windows come one after the other. At the plane's left and right edge lanes go one by one.
#include <limits>
#include <utility>

#include "strata/ops/cpu/pool_plane.hpp"
#include "strata/ops/cpu/simd.hpp"

namespace strata::kernel {
inline namespace STRATA_ISA {

using simd::Vec;
using Int = std::int64_t;

template <class T, int... I>
STRATA_HD Vec<T> even_lanes(Vec<T> a, Vec<T> b, std::integer_sequence<int, I...>) {
  return Vec<T>(__builtin_shufflevector(a.v, b.v, (I < Vec<T>::size / 2 ? 2 * I : 2 * I + 1)...));
}

/// Lane i is p[i * step] for i < n; nothing beyond these is touched. Step 0 stands for any `step`.
template <int Step, class T>
STRATA_HD Vec<T> strided(const T* p, Int step, int n) {
  constexpr int size = Vec<T>::size;
  if constexpr (Step == 1) {
    return n == size ? Vec<T>::load(p) : Vec<T>::load_n(p, n);
  } else if constexpr (Step == 2) {
    // The second register begins one element early, so that it ends with the last lane's.
    const int first = 2 * n - 1 < size ? 2 * n - 1 : size, second = 2 * n > size ? 2 * n - size : 0;
    const Vec<T> a = n == size ? Vec<T>::load(p) : Vec<T>::load_n(p, first);
    const Vec<T> b = n == size ? Vec<T>::load(p + size - 1) : Vec<T>::load_n(p + (second > 0 ? size - 1 : 0), second);
    return even_lanes(a, b, std::make_integer_sequence<int, size>());
  } else {
    T lanes[size] = {};
    for (int i = 0; i < n; ++i) lanes[i] = p[i * step];
    return Vec<T>::load(lanes);
  }
}

/// The lanes where x comes before y as the extremum; NaN before all.
template <class T, bool Smallest>
STRATA_HD typename Vec<T>::Mask before(Vec<T> x, Vec<T> y) {
  const auto order = Smallest ? x < y : x > y;
  if constexpr (std::is_floating_point_v<T>)
    return order || (x != x && y == y);
  else
    return order;
}

/// Each reduction: what it writes, its state for an empty window, one more element (the k-th of its window).
template <class T>
struct Sum {
  using Result = T;
  Vec<T> total = T(0);
  STRATA_HD void take(Vec<T> x, Int) { total += x; }
  STRATA_HD void store(T* y, int n) const { n == Vec<T>::size ? total.store(y) : total.store_n(y, n); }
};

template <class T, bool Smallest>
constexpr T identity() {
  using L = std::numeric_limits<T>;
  if constexpr (std::is_floating_point_v<T>)
    return Smallest ? L::infinity() : -L::infinity();
  else
    return Smallest ? L::max() : L::lowest();
}

template <class T, bool Smallest>
struct Extremum {
  using Result = T;
  Vec<T> best = identity<T, Smallest>();
  STRATA_HD void take(Vec<T> x, Int) { best = select(before<T, Smallest>(x, best), x, best); }
  STRATA_HD void store(T* y, int n) const { n == Vec<T>::size ? best.store(y) : best.store_n(y, n); }
};

template <class T, bool Smallest>
struct Arg {
  using Result = std::int32_t;
  using Place = Vec<std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>>;
  Vec<T> best = T(0);
  Place at = -1;
  STRATA_HD void take(Vec<T> x, Int k) {
    const auto wins = before<T, Smallest>(x, best) || at < Place(0);
    best = select(wins, x, best);
    at = select(wins, Place(k), at);
  }
  STRATA_HD void store(std::int32_t* y, int n) const {
    if constexpr (sizeof(T) == 4) {
      n == Place::size ? at.store(y) : at.store_n(y, n);
    } else {
      for (int i = 0; i < n; ++i) y[i] = static_cast<std::int32_t>(at[i]);
    }
  }
};

struct Range {
  Int begin, end;
};

/// The elements of the o-th window that lie within the base.
STRATA_HD Range within(const Plane::Axis& a, Int o) {
  const Int at = o * a.stride - a.low;
  const Int begin = at >= 0 ? 0 : (-at + a.dilation - 1) / a.dilation;
  const Int end = at >= a.base ? 0 : (a.base - at + a.dilation - 1) / a.dilation;
  return {begin, end < a.window ? end : a.window};
}

/// n neighbours in a row of the result; `at` is where the first one's window begins, `rows` and `columns` the part of
/// the windows to read.
template <class R, int Step, class T>
STRATA_HD void reduce_block(const Plane& p, const T* x, Int at, Range rows, Range columns, typename R::Result* y,
                            int n) {
  const Plane::Axis &vertical = p.axis[0], &horizontal = p.axis[1];
  R state;
  for (Int i = rows.begin; i < rows.end; ++i) {
    for (Int j = columns.begin; j < columns.end; ++j) {
      const T* from = x + (at + i * vertical.dilation * horizontal.base + j * horizontal.dilation);
      state.take(strided<Step>(from, horizontal.stride, n), i * horizontal.window + j);
    }
  }
  state.store(y, n);
}

template <class R, int Step, class T>
void reduce_plane(const Plane& p, const T* x, typename R::Result* y) {
  constexpr int size = Vec<T>::size;
  const Plane::Axis &vertical = p.axis[0], &horizontal = p.axis[1];
  for (Int o = 0; o < vertical.result; ++o, y += horizontal.result) {
    const Range rows = within(vertical, o), all{0, horizontal.window};
    const Int row = (o * vertical.stride - vertical.low) * horizontal.base - horizontal.low;
    for (Int c = 0; c < horizontal.result;) {
      const bool whole = c >= p.whole_begin && c < p.whole_end;
      const Int left = whole ? p.whole_end - c : 1;
      const int n = left < size ? static_cast<int>(left) : size;
      reduce_block<R, Step>(p, x, row + c * horizontal.stride, rows, whole ? all : within(horizontal, c), y + c, n);
      c += n;
    }
  }
}

template <class R, class T>
void reduce_loop(const Plane& p, const void* from, void* to) {
  const T* x = static_cast<const T*>(from);
  auto* y = static_cast<typename R::Result*>(to);
  if (p.axis[1].stride == 1)
    reduce_plane<R, 1>(p, x, y);
  else if (p.axis[1].stride == 2)
    reduce_plane<R, 2>(p, x, y);
  else
    reduce_plane<R, 0>(p, x, y);
}

/// to[i] += from[i]
template <class T>
STRATA_HD void add_row(const T* from, T* to, Int n) {
  constexpr int size = Vec<T>::size;
  Int i = 0;
  for (; i + size <= n; i += size) (Vec<T>::load(to + i) + Vec<T>::load(from + i)).store(to + i);
  const int rest = static_cast<int>(n - i);
  (Vec<T>::load_n(to + i, rest) + Vec<T>::load_n(from + i, rest)).store_n(to + i, rest);
}

/// A row of the result goes along the columns of its windows' first row within the base, and from there to the others.
template <class T>
void spread_loop(const Plane& p, const void* from, void* to) {
  const Plane::Axis &vertical = p.axis[0], &horizontal = p.axis[1];
  const T* y = static_cast<const T*>(from);
  T* x = static_cast<T*>(to);
  constexpr Int piece = 512;  // columns of the base at a time
  T row[piece];
  for (Int i = 0; i < p.base_size(); ++i) x[i] = T(0);
  for (Int o = 0; o < vertical.result; ++o, y += horizontal.result) {
    const Range rows = within(vertical, o);
    for (Int first = 0; first < horizontal.base; first += piece) {
      const Int width = horizontal.base - first < piece ? horizontal.base - first : piece;
      for (Int i = 0; i < width; ++i) row[i] = T(0);
      for (Int k = 0; k < horizontal.window; ++k) {
        const Int at = k * horizontal.dilation - horizontal.low - first;
        const Int begin = at >= 0 ? 0 : (-at + horizontal.stride - 1) / horizontal.stride;
        const Int reach = at >= width ? 0 : (width - at + horizontal.stride - 1) / horizontal.stride;
        const Int end = reach < horizontal.result ? reach : horizontal.result;
        for (Int c = begin; c < end; ++c) row[at + c * horizontal.stride] += y[c];
      }
      T* top = x + ((o * vertical.stride - vertical.low) * horizontal.base + first);
      for (Int i = rows.begin; i < rows.end; ++i) add_row(row, top + i * vertical.dilation * horizontal.base, width);
    }
  }
}

template <class T>
constexpr void fill(PlaneKernels& k) {
  constexpr int d = static_cast<int>(dtype_of<T>());
  const auto set = [&](WindowLoop l, PlaneLoop loop) { k.of[static_cast<int>(l)][d] = loop; };
  set(WindowLoop::sum, &reduce_loop<Sum<T>, T>);
  set(WindowLoop::largest, &reduce_loop<Extremum<T, false>, T>);
  set(WindowLoop::smallest, &reduce_loop<Extremum<T, true>, T>);
  set(WindowLoop::arg_largest, &reduce_loop<Arg<T, false>, T>);
  set(WindowLoop::arg_smallest, &reduce_loop<Arg<T, true>, T>);
  set(WindowLoop::spread, &spread_loop<T>);
}

constexpr PlaneKernels make_plane_kernels() {
  PlaneKernels k{};
  fill<float>(k);
  fill<double>(k);
  fill<std::int32_t>(k);
  fill<std::int64_t>(k);
  fill<std::uint32_t>(k);
  fill<std::uint64_t>(k);
  return k;
}

}  // namespace STRATA_ISA
}  // namespace strata::kernel

namespace strata {
template <>
const PlaneKernels PlaneSet<Isa::STRATA_ISA>::table = kernel::make_plane_kernels();
}  // namespace strata
