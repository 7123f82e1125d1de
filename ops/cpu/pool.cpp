// The CPU's sliding windows (ops/backend/windows.hpp). Windows over planes go to pool_plane.hpp. All other kernels are
// one walk over (row of the result, element of the window), which yields runs: elements of the result that stand one
// after the other and their elements of the base at a fixed step. What happens to a run is the kernel's. Leading axes
// with windows of 1 are slices for the thread pool, trailing ones are the inner loop.
#include <algorithm>
#include <array>
#include <limits>

#include "strata/core/convert.hpp"
#include "strata/core/parallel.hpp"
#include "strata/ops/backend/windows.hpp"
#include "strata/ops/cpu/pool_plane.hpp"
#include "strata/ops/cpu/scratch.hpp"
#include "strata/ops/lane.hpp"

namespace strata {
namespace {

using Int = std::int64_t;

/// `count` elements of the result from `y` on, each `inner` wide, with those of the base from `x` on, `step` apart.
/// Offsets are in elements, within the slice; `k` numbers the element of the window.
struct Run {
  Int y, x, count, step, inner, k;
};

class Walk {
 public:
  /// `outer_limit`: at most so many leading axes become slices.
  explicit Walk(const WindowGeometry& g, int outer_limit = max_rank) {
    int first = 0, last = g.base.size();
    while (first < std::min(last, outer_limit) && trivial(g, first)) slices *= g.base[first++];
    while (last > first && trivial(g, last - 1)) inner_ *= g.base[--last];
    for (int i = first; i < last; ++i)
      axes_[static_cast<std::size_t>(rank_++)] = {g.base[i],
                                                  g.window[i],
                                                  g.plan.strides[i],
                                                  g.plan.low[i],
                                                  g.plan.result[i],
                                                  g.plan.base_dilation[i],
                                                  g.plan.window_dilation[i]};
    if (rank_ == 0) axes_[static_cast<std::size_t>(rank_++)] = {1, 1, 1, 0, 1, 1, 1};
    for (int i = 0; i < rank_; ++i) {
      const Axis& a = axes_[static_cast<std::size_t>(i)];
      base_size *= a.base, result_size *= a.result, window_size *= a.window;
    }
    base_size *= inner_;
    result_size *= inner_;
  }

  /// Calls f(run) for all runs of one slice; those of an element of the result come in the window's order.
  template <class F>
  void each(F f) const {
    if (result_size == 0 || window_size == 0) return;
    Index o{};
    do {
      Index k{};
      Int number = 0;
      do {
        row(o, k, number++, f);
      } while (next(k, rank_, [](const Axis& a) { return a.window; }));
    } while (next(o, rank_ - 1, [](const Axis& a) { return a.result; }));
  }

  Int slices = 1, base_size = 1, result_size = 1, window_size = 1;

 private:
  struct Axis {
    Int base, window, stride, low, result, base_dilation, window_dilation;
  };
  using Index = std::array<Int, max_rank>;

  static bool trivial(const WindowGeometry& g, int i) {
    return g.window[i] == 1 && g.plan.strides[i] == 1 && g.plan.low[i] == 0 && g.plan.base_dilation[i] == 1 &&
           g.base[i] == g.plan.result[i];
  }
  /// The next index in row-major order; false after the last.
  template <class Size>
  bool next(Index& index, int rank, Size size) const {
    for (int i = rank - 1; i >= 0; --i) {
      const auto d = static_cast<std::size_t>(i);
      if (++index[d] < size(axes_[d])) return true;
      index[d] = 0;
    }
    return false;
  }
  static Int source(const Axis& a, Int at) {
    if (a.base_dilation == 1) return at < 0 || at >= a.base ? -1 : at;
    return at < 0 || at % a.base_dilation != 0 || at / a.base_dilation >= a.base ? -1 : at / a.base_dilation;
  }
  template <class F>
  void row(const Index& o, const Index& k, Int number, F& f) const {
    Int x = 0, y = 0;
    for (int i = 0; i + 1 < rank_; ++i) {
      const auto d = static_cast<std::size_t>(i);
      const Axis& a = axes_[d];
      const Int s = source(a, o[d] * a.stride - a.low + k[d] * a.window_dilation);
      if (s < 0) return;
      x = x * a.base + s;
      y = y * a.result + o[d];
    }
    const auto d = static_cast<std::size_t>(rank_ - 1);
    const Axis& a = axes_[d];
    x *= a.base;
    y *= a.result;
    const Int at = k[d] * a.window_dilation - a.low;
    if (a.base_dilation != 1) {
      for (Int i = 0; i < a.result; ++i) {
        const Int s = source(a, at + i * a.stride);
        if (s >= 0) f(Run{(y + i) * inner_, (x + s) * inner_, 1, 0, inner_, number});
      }
      return;
    }
    const Int begin = at >= 0 ? 0 : (-at + a.stride - 1) / a.stride;
    const Int end = at >= a.base ? 0 : std::min(a.result, (a.base - at + a.stride - 1) / a.stride);
    if (begin < end)
      f(Run{(y + begin) * inner_, (x + at + begin * a.stride) * inner_, end - begin, a.stride, inner_, number});
  }

  std::array<Axis, max_rank> axes_;
  int rank_ = 0;
  Int inner_ = 1;
};

/// op(y_i, x_i) for the elements of a run.
template <class Y, class X, class F>
void along(const Run& r, Y* y, X* x, F op) {
  y += r.y;
  x += r.x;
  if (r.step == 1) {
    for (Int i = 0; i < r.count * r.inner; ++i) op(y[i], x[i]);
  } else if (r.inner == 1) {
    for (Int i = 0; i < r.count; ++i) op(y[i], x[i * r.step]);
  } else {
    for (Int i = 0; i < r.count; ++i, y += r.inner, x += r.step * r.inner) {
      for (Int j = 0; j < r.inner; ++j) op(y[j], x[j]);
    }
  }
}

template <class T>
T* data(const Tensor& x) {
  return reinterpret_cast<T*>(dense(x).data);
}

template <class F>
void for_slices(const Walk& walk, Int work, F f) {
  parallel_for(walk.slices, std::max<Int>(1, 32 * 1024 / std::max<Int>(work, 1)), [&](Int begin, Int end) {
    for (Int s = begin; s < end; ++s) f(s);
  });
}

Tensor converted(const Tensor& x, Dtype to) {
  Tensor y = empty_dense(x.shape(), to, x.device(), x.weak());
  convert_strided(dense(x).data, x.dtype(), x.shape(), dense(x).strides, dense(y).data, to);
  return y;
}

/// Runs f on float32 and rounds the result where x is a half type.
template <class F>
Tensor through_float(const Tensor& x, F f) {
  return is_half(x.dtype()) ? converted(f(converted(x, Dtype::float32)), x.dtype()) : f(pack(x));
}

/// Calls f with the C++ type of x's elements: a number, not a half.
template <class F>
void visit_numbers(const Tensor& x, F f) {
  visit(x.dtype(), [&]<class T>(T) {
    if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) f(T{});
  });
}

template <class T>
T add(T a, T b) {
  if constexpr (std::is_integral_v<T>)
    return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));  // wraps
  else
    return a + b;
}

template <class T>
T identity(bool smallest) {
  using L = std::numeric_limits<T>;
  if constexpr (L::has_infinity)
    return smallest ? L::infinity() : -L::infinity();
  else
    return smallest ? L::max() : L::lowest();
}

/// x comes before y as the extremum; NaN before all.
template <class T>
bool before(T x, T y, bool smallest) {
  if constexpr (std::is_floating_point_v<T>) {
    if (x != x) return y == y;
  }
  return smallest ? x < y : x > y;
}

Tensor window_sum(const WindowGeometry& g, const Tensor& x) {
  return through_float(x, [&](const Tensor& in) {
    Tensor y = empty_dense(g.plan.result, in.dtype(), in.device(), in.weak());
    if (plane_loop(WindowLoop::sum, g, in, y)) return y;
    const Walk walk(g);
    visit_numbers(in, [&]<class T>(T) {
      for_slices(walk, walk.result_size * walk.window_size, [&](Int s) {
        T* out = data<T>(y) + s * walk.result_size;
        const T* from = data<T>(in) + s * walk.base_size;
        std::fill(out, out + walk.result_size, T(0));
        walk.each([&](const Run& r) { along(r, out, from, [](T& a, const T& b) { a = add(a, b); }); });
      });
    });
    return y;
  });
}

Tensor window_spread(const WindowGeometry& g, const Tensor& y) {
  return through_float(y, [&](const Tensor& in) {
    Tensor x = empty_dense(g.base, in.dtype(), in.device(), in.weak());
    if (plane_loop(WindowLoop::spread, g, in, x)) return x;
    const Walk walk(g);
    visit_numbers(in, [&]<class T>(T) {
      for_slices(walk, walk.result_size * walk.window_size, [&](Int s) {
        const T* from = data<T>(in) + s * walk.result_size;
        T* out = data<T>(x) + s * walk.base_size;
        std::fill(out, out + walk.base_size, T(0));
        walk.each([&](const Run& r) { along(r, from, out, [](const T& b, T& a) { a = add(a, b); }); });
      });
    });
    return x;
  });
}

Tensor window_extremum(const WindowGeometry& g, bool smallest, const Tensor& x) {
  return through_float(x, [&](const Tensor& in) {
    Tensor y = empty_dense(g.plan.result, in.dtype(), in.device(), in.weak());
    if (plane_loop(smallest ? WindowLoop::smallest : WindowLoop::largest, g, in, y)) return y;
    const Walk walk(g);
    visit_numbers(in, [&]<class T>(T) {
      for_slices(walk, walk.result_size * walk.window_size, [&](Int s) {
        T* out = data<T>(y) + s * walk.result_size;
        const T* from = data<T>(in) + s * walk.base_size;
        std::fill(out, out + walk.result_size, identity<T>(smallest));
        if (smallest)
          walk.each(
              [&](const Run& r) { along(r, out, from, [](T& a, const T& b) { a = before(b, a, true) ? b : a; }); });
        else
          walk.each(
              [&](const Run& r) { along(r, out, from, [](T& a, const T& b) { a = before(b, a, false) ? b : a; }); });
      });
    });
    return y;
  });
}

Tensor window_arg(const WindowGeometry& g, bool smallest, const Tensor& x) {
  const Tensor in = is_half(x.dtype()) ? converted(x, Dtype::float32) : pack(x);
  Tensor y = empty_dense(g.plan.result, Dtype::int32, x.device());
  if (plane_loop(smallest ? WindowLoop::arg_smallest : WindowLoop::arg_largest, g, in, y)) return y;
  const Walk walk(g);
  visit_numbers(in, [&]<class T>(T) {
    for_slices(walk, walk.result_size * walk.window_size, [&](Int s) {
      std::int32_t* out = data<std::int32_t>(y) + s * walk.result_size;
      const T* from = data<T>(in) + s * walk.base_size;
      const Scratch<T> best(walk.result_size);
      std::fill(out, out + walk.result_size, -1);
      walk.each([&](const Run& r) {
        T* top = best.get();
        const auto k = static_cast<std::int32_t>(r.k);
        along(r, out, from, [&](std::int32_t& at, const T& b) {
          T& t = top[&at - out];
          if (at >= 0 && !before(b, t, smallest)) return;
          at = k, t = b;
        });
      });
    });
  });
  return y;
}

Tensor window_pick(const WindowGeometry& g, const Tensor& x, const Tensor& which) {
  const Tensor places = pack(which);
  return through_float(x, [&](const Tensor& in) {
    Tensor y = empty_dense(g.plan.result, in.dtype(), in.device(), in.weak());
    if (plane_pick(g, in, places, y)) return y;
    const Walk walk(g);
    visit_numbers(in, [&]<class T>(T) {
      for_slices(walk, walk.result_size * walk.window_size, [&](Int s) {
        T* out = data<T>(y) + s * walk.result_size;
        const T* from = data<T>(in) + s * walk.base_size;
        const std::int32_t* at = data<std::int32_t>(places) + s * walk.result_size;
        std::fill(out, out + walk.result_size, T(0));
        walk.each(
            [&](const Run& r) { along(r, out, from, [&](T& a, const T& b) { a = at[&a - out] == r.k ? b : a; }); });
      });
    });
    return y;
  });
}

Tensor window_place(const WindowGeometry& g, const Tensor& y, const Tensor& which) {
  const Tensor places = pack(which);
  return through_float(y, [&](const Tensor& in) {
    Tensor x = empty_dense(g.base, in.dtype(), in.device(), in.weak());
    if (plane_place(g, in, places, x)) return x;
    const Walk walk(g);
    visit_numbers(in, [&]<class T>(T) {
      for_slices(walk, walk.result_size * walk.window_size, [&](Int s) {
        const T* from = data<T>(in) + s * walk.result_size;
        const std::int32_t* at = data<std::int32_t>(places) + s * walk.result_size;
        T* out = data<T>(x) + s * walk.base_size;
        std::fill(out, out + walk.base_size, T(0));
        walk.each([&](const Run& r) {
          along(r, from, out, [&](const T& b, T& a) { a = at[&b - from] == r.k ? add(a, b) : a; });
        });
      });
    });
    return x;
  });
}

Shape unfolded_shape(const WindowGeometry& g, int at) {
  Shape s = g.plan.result;
  s.insert(at, g.window.elements());
  return s;
}

Tensor window_unfold(const WindowGeometry& g, int at, const Tensor& x) {
  return through_float(x, [&](const Tensor& in) {
    Tensor y = empty_dense(unfolded_shape(g, at), in.dtype(), in.device(), in.weak());
    const Walk walk(g, at);
    visit_numbers(in, [&]<class T>(T) {
      for_slices(walk, walk.result_size * walk.window_size, [&](Int s) {
        T* out = data<T>(y) + s * walk.result_size * walk.window_size;
        const T* from = data<T>(in) + s * walk.base_size;
        std::fill(out, out + walk.result_size * walk.window_size, T(0));
        walk.each([&](const Run& r) { along(r, out + r.k * walk.result_size, from, [](T& a, const T& b) { a = b; }); });
      });
    });
    return y;
  });
}

Tensor window_fold(const WindowGeometry& g, int at, const Tensor& y) {
  return through_float(y, [&](const Tensor& in) {
    Tensor x = empty_dense(g.base, in.dtype(), in.device(), in.weak());
    const Walk walk(g, at);
    visit_numbers(in, [&]<class T>(T) {
      for_slices(walk, walk.result_size * walk.window_size, [&](Int s) {
        const T* from = data<T>(in) + s * walk.result_size * walk.window_size;
        T* out = data<T>(x) + s * walk.base_size;
        std::fill(out, out + walk.base_size, T(0));
        walk.each([&](const Run& r) {
          along(r, from + r.k * walk.result_size, out, [](const T& b, T& a) { a = add(a, b); });
        });
      });
    });
    return x;
  });
}

Tensor window_mean(const WindowGeometry&, bool, const Tensor&) { return {}; }

}  // namespace

const WindowsKernels cpu_windows{&window_sum,  &window_spread, &window_extremum, &window_arg, &window_mean,
                                 &window_pick, &window_place,  &window_unfold,   &window_fold};

}  // namespace strata
