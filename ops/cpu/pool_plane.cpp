// Planes of windows: which geometries have them, their loops for this machine, and the moves to and from the place of
// an extremum, which a table of the window's elements makes one load or store for each window.
#include "strata/ops/cpu/pool_plane.hpp"

#include <algorithm>
#include <vector>

#include "strata/core/parallel.hpp"
#include "strata/ops/lane.hpp"

namespace strata {
namespace {

using Int = std::int64_t;

PlaneLoop loop_for(WindowLoop l, Dtype d) {
  const auto pick = [&](const PlaneKernels& t) { return t.of[static_cast<int>(l)][static_cast<int>(d)]; };
#if STRATA_X86_ISAS
  if (cpu_isa() == Isa::avx512) return pick(PlaneSet<Isa::avx512>::table);
  if (cpu_isa() == Isa::avx2) return pick(PlaneSet<Isa::avx2>::table);
#endif
  return pick(PlaneSet<Isa::baseline>::table);
}

bool single_elements(const WindowGeometry& g, int i) {
  return g.window[i] == 1 && g.plan.strides[i] == 1 && g.plan.low[i] == 0 && g.plan.base_dilation[i] == 1 &&
         g.base[i] == g.plan.result[i];
}

template <class F>
void for_planes(const Plane& p, F f) {
  const Int work = std::max<Int>(p.result_size() * p.window_size(), 1);
  parallel_for(p.slices, std::max<Int>(1, 64 * 1024 / work), [&](Int begin, Int end) {
    for (Int s = begin; s < end; ++s) f(s);
  });
}

/// Where each element of a window lies, from the window's first one.
struct Element {
  Int row, column;
};
std::vector<Element> elements(const Plane& p) {
  std::vector<Element> e;
  e.reserve(static_cast<std::size_t>(p.window_size()));
  for (Int i = 0; i < p.axis[0].window; ++i) {
    for (Int j = 0; j < p.axis[1].window; ++j) e.push_back({i * p.axis[0].dilation, j * p.axis[1].dilation});
  }
  return e;
}

/// f(window's number, offset in the base) for all windows of a plane whose place lies within the base.
template <class F>
void each_place(const Plane& p, const std::vector<Element>& table, const std::int32_t* places, F f) {
  const Plane::Axis &vertical = p.axis[0], &horizontal = p.axis[1];
  const auto inside = [](Int at, Int size) {
    return static_cast<std::uint64_t>(at) < static_cast<std::uint64_t>(size);
  };
  Int i = 0;
  for (Int o = 0; o < vertical.result; ++o) {
    const Int top = o * vertical.stride - vertical.low;
    for (Int c = 0; c < horizontal.result; ++c, ++i) {
      const auto k = static_cast<std::size_t>(places[i]);  // -1, an empty window, is beyond the table
      if (k >= table.size()) continue;
      const Int row = top + table[k].row, column = c * horizontal.stride - horizontal.low + table[k].column;
      if (inside(row, vertical.base) && inside(column, horizontal.base)) f(i, row * horizontal.base + column);
    }
  }
}

template <class T>
T* data(const Tensor& x) {
  return reinterpret_cast<T*>(dense(x).data);
}

/// Calls f with a zero of the dtype's type; false for others than those of PlaneKernels.
template <class F>
bool visit_wide(Dtype d, F f) {
  bool done = false;
  visit(d, [&]<class T>(T) {
    if constexpr (std::is_arithmetic_v<T> && sizeof(T) >= 4) f(T{}), done = true;
  });
  return done;
}

}  // namespace

std::optional<Plane> plane_of(const WindowGeometry& g) {
  const int rank = g.base.size();
  Plane p;
  int first = 0;
  while (first < rank && single_elements(g, first)) p.slices *= g.base[first++];
  if (first == rank || rank - first > 2 || single_elements(g, rank - 1)) return std::nullopt;
  for (int i = first; i < rank; ++i) {
    if (g.plan.base_dilation[i] != 1) return std::nullopt;
    p.axis[i + 2 - rank] = {g.base[i],     g.window[i],      g.plan.strides[i],
                            g.plan.low[i], g.plan.result[i], g.plan.window_dilation[i]};
  }
  const Plane::Axis& a = p.axis[1];
  const Int reach = (a.window - 1) * a.dilation + 1, room = a.base + a.low - reach;
  p.whole_begin = std::clamp<Int>((a.low + a.stride - 1) / a.stride, 0, a.result);
  p.whole_end = room < 0 ? 0 : std::min(a.result, room / a.stride + 1);
  return p;
}

bool plane_loop(WindowLoop loop, const WindowGeometry& g, const Tensor& from, const Tensor& to) {
  const PlaneLoop run = loop_for(loop, from.dtype());
  const std::optional<Plane> p = plane_of(g);
  if (!p || !run) return false;
  Int from_size = p->base_size() * itemsize(from.dtype()), to_size = p->result_size() * itemsize(to.dtype());
  if (loop == WindowLoop::spread) {
    from_size = p->result_size() * itemsize(from.dtype());
    to_size = p->base_size() * itemsize(to.dtype());
  }
  for_planes(*p, [&](Int s) { run(*p, dense(from).data + s * from_size, dense(to).data + s * to_size); });
  return true;
}

bool plane_pick(const WindowGeometry& g, const Tensor& base, const Tensor& places, const Tensor& result) {
  const std::optional<Plane> p = plane_of(g);
  return p && visit_wide(base.dtype(), [&]<class T>(T) {
           const std::vector<Element> table = elements(*p);
           for_planes(*p, [&](Int s) {
             const T* x = data<T>(base) + s * p->base_size();
             T* y = data<T>(result) + s * p->result_size();
             std::fill(y, y + p->result_size(), T(0));
             each_place(*p, table, data<std::int32_t>(places) + s * p->result_size(),
                        [&](Int i, Int at) { y[i] = x[at]; });
           });
         });
}

bool plane_place(const WindowGeometry& g, const Tensor& result, const Tensor& places, const Tensor& base) {
  const std::optional<Plane> p = plane_of(g);
  return p && visit_wide(result.dtype(), [&]<class T>(T) {
           using Wrapping = std::conditional_t<std::is_integral_v<T>, std::make_unsigned<T>, std::type_identity<T>>;
           using Number = typename Wrapping::type;
           const std::vector<Element> table = elements(*p);
           for_planes(*p, [&](Int s) {
             const Number* y = data<Number>(result) + s * p->result_size();
             Number* x = data<Number>(base) + s * p->base_size();
             std::fill(x, x + p->base_size(), Number(0));
             each_place(*p, table, data<std::int32_t>(places) + s * p->result_size(),
                        [&](Int i, Int at) { x[at] += y[i]; });
           });
         });
}

}  // namespace strata
