// Sliding windows on a GPU: each element of what is written looks through its window, or through the windows that it is
// in. No two threads write one element, so that results never differ from run to run. Asked for by
// ops/cuda/windows.cpp.
#include "strata/ops/cuda/windows.hpp"

#include <limits>

#include "strata/ops/cuda/launch.hpp"
#include "strata/ops/cuda/libraries/pooling.hpp"
#include "strata/ops/cuda/typed.hpp"

namespace strata::gpu {
namespace {

using Int = std::int64_t;

/// Element i of a row-major tensor, by axes.
struct Index {
  Int at[max_rank];
  STRATA_HD Index(Int i, int rank, const Int* sizes) {
    for (int d = rank - 1; d >= 0; --d) {
      const Int q = i / sizes[d];
      at[d] = i - q * sizes[d];
      i = q;
    }
  }
};

/// at / step where it is whole and below size; else -1.
STRATA_HD Int exactly(Int at, Int step, Int size) {
  if (at < 0) return -1;
  if (step == 1) return at < size ? at : -1;
  const Int q = at / step;
  return q * step == at && q < size ? q : -1;
}

/// Where element k of the window of result o lies in the base; -1 where the window hangs over.
STRATA_HD Int in_base(const WindowCall& c, const Index& o, Int k) {
  Int offset = 0, step = 1;
  for (int d = c.rank - 1; d >= 0; --d) {
    Int place = 0;
    if (c.window[d] != 1) {
      const Int q = k / c.window[d];
      place = k - q * c.window[d];
      k = q;
    }
    const Int b =
        exactly(o.at[d] * c.stride[d] - c.low[d] + place * c.window_dilation[d], c.base_dilation[d], c.base[d]);
    if (b < 0) return -1;
    offset += b * step;
    step *= c.base[d];
  }
  return offset;
}

/// Which result has base element b as element k of its window; -1 where none has.
STRATA_HD Int in_result(const WindowCall& c, const Index& b, Int k) {
  Int offset = 0, step = 1;
  for (int d = c.rank - 1; d >= 0; --d) {
    Int place = 0;
    if (c.window[d] != 1) {
      const Int q = k / c.window[d];
      place = k - q * c.window[d];
      k = q;
    }
    const Int o =
        exactly(b.at[d] * c.base_dilation[d] + c.low[d] - place * c.window_dilation[d], c.stride[d], c.result[d]);
    if (o < 0) return -1;
    offset += o * step;
    step *= c.result[d];
  }
  return offset;
}

/// The place of element k of the window of result number o in unfolded memory.
STRATA_HD Int unfolded(const WindowCall& c, Int o, Int k) {
  return (o / c.inner * c.windows + k) * c.inner + o % c.inner;
}

template <class A>
struct Sum {
  WindowCall c;
  STRATA_HD void operator()(Int i) const {
    const Index o(i, c.rank, c.result);
    A sum = 0;
    for (Int k = 0; k < c.windows; ++k) {
      const Int at = in_base(c, o, k);
      if (at >= 0) sum += load<A>(c.from, c.dtype, at);
    }
    store(c.to, c.dtype, i, sum);
  }
};

template <class A>
struct Pick {
  WindowCall c;
  STRATA_HD void operator()(Int i) const {
    const Index o(i, c.rank, c.result);
    const Int k = c.which[i], at = k < 0 || k >= c.windows ? -1 : in_base(c, o, k);
    store(c.to, c.dtype, i, at < 0 ? A(0) : load<A>(c.from, c.dtype, at));
  }
};

template <class A>
struct Unfold {
  WindowCall c;
  STRATA_HD void operator()(Int i) const {
    const Int inner = i % c.inner, k = i / c.inner % c.windows, outer = i / (c.inner * c.windows);
    const Index o(outer * c.inner + inner, c.rank, c.result);
    const Int at = in_base(c, o, k);
    store(c.to, c.dtype, i, at < 0 ? A(0) : load<A>(c.from, c.dtype, at));
  }
};

/// spread, place and fold: one element of the base.
template <class A>
struct ToBase {
  WindowCall c;
  STRATA_HD void operator()(Int i) const {
    const Index b(i, c.rank, c.base);
    A sum = 0;
    for (Int k = 0; k < c.windows; ++k) {
      const Int o = in_result(c, b, k);
      if (o < 0 || (c.which && c.which[o] != k)) continue;
      sum += load<A>(c.from, c.dtype, c.work == WindowWork::fold ? unfolded(c, o, k) : o);
    }
    store(c.to, c.dtype, i, sum);
  }
};

/// What every number of the dtype comes before.
template <class A>
STRATA_HD A last_of(Dtype dtype, bool smallest) {
  if constexpr (std::is_floating_point_v<A>) {
    const A infinity = std::numeric_limits<A>::infinity();
    return smallest ? infinity : -infinity;
  } else {
    const int unused = 64 - 8 * itemsize(dtype);
    const A most = std::numeric_limits<A>::max() >> unused;
    return smallest ? most : std::is_signed_v<A> ? -most - 1 : A(0);
  }
}

/// x comes before y as the extremum; NaN before all.
template <class A>
STRATA_HD bool before(A x, A y, bool smallest) {
  if constexpr (std::is_floating_point_v<A>) {
    if (x != x) return y == y;
  }
  return smallest ? x < y : x > y;
}

template <class A>
struct Extremum {
  WindowCall c;
  STRATA_HD void operator()(Int i) const {
    const bool smallest = c.work == WindowWork::smallest || c.work == WindowWork::arg_smallest;
    const Index o(i, c.rank, c.result);
    A best = last_of<A>(c.dtype, smallest);
    std::int32_t which = -1;
    for (Int k = 0; k < c.windows; ++k) {
      const Int at = in_base(c, o, k);
      if (at < 0) continue;
      const A x = load<A>(c.from, c.dtype, at);
      if (which >= 0 && !before(x, best, smallest)) continue;
      best = x;
      which = static_cast<std::int32_t>(k);
    }
    if (c.work == WindowWork::largest || c.work == WindowWork::smallest)
      store(c.to, c.dtype, i, best);
    else
      static_cast<std::int32_t*>(c.to)[i] = which;
  }
};

Error run(int device, const WindowCall& c) {
  switch (c.work) {
    case WindowWork::sum:
      return with_sum_type(c.dtype, [&]<class A>(A) { return for_each(device, c.results, Sum<A>{c}); });
    case WindowWork::pick:
      return with_sum_type(c.dtype, [&]<class A>(A) { return for_each(device, c.results, Pick<A>{c}); });
    case WindowWork::unfold:
      return with_sum_type(c.dtype, [&]<class A>(A) { return for_each(device, c.results * c.windows, Unfold<A>{c}); });
    case WindowWork::spread:
    case WindowWork::place:
    case WindowWork::fold:
      return with_sum_type(c.dtype, [&]<class A>(A) { return for_each(device, c.bases, ToBase<A>{c}); });
    default:
      return with_order_type(c.dtype, [&]<class A>(A) { return for_each(device, c.results, Extremum<A>{c}); });
  }
}

/// Windows of nothing but -infinity, of which the library of pooling may say its lowest finite number.
template <class A>
struct Lowest {
  PoolCall c;
  A lowest;
  STRATA_HD void operator()(Int i) const {
    if (!(load<A>(c.y, c.dtype, i) == lowest)) return;
    Int at[3], rest = i, channel = 0;
    if (c.channels_last) channel = rest % c.c, rest /= c.c;
    for (int d = 2; d >= 0; --d) at[d] = rest % c.y_size[d] * c.stride[d] - c.low[d], rest /= c.y_size[d];
    const Int plane = rest * c.x_size[0];  // of an example, or of a channel of one
    A best = -std::numeric_limits<A>::infinity();
    each(at, [&](Int i0, Int i1, Int i2) {
      const Int place = ((plane + i0) * c.x_size[1] + i1) * c.x_size[2] + i2;
      const A x = load<A>(c.x, c.dtype, c.channels_last ? place * c.c + channel : place);
      if (x > best) best = x;
    });
    store(c.y, c.dtype, i, best);
  }
  /// f(position) for each element of the window that begins at `at`.
  template <class F>
  STRATA_HD void each(const Int* at, F f) const {
    for (Int i0 = at[0] < 0 ? 0 : at[0]; i0 < at[0] + c.window[0] && i0 < c.x_size[0]; ++i0) {
      for (Int i1 = at[1] < 0 ? 0 : at[1]; i1 < at[1] + c.window[1] && i1 < c.x_size[1]; ++i1) {
        for (Int i2 = at[2] < 0 ? 0 : at[2]; i2 < at[2] + c.window[2] && i2 < c.x_size[2]; ++i2) f(i0, i1, i2);
      }
    }
  }
};

double lowest_finite(Dtype dtype) {
  switch (dtype) {
    case Dtype::float64:
      return std::numeric_limits<double>::lowest();
    case Dtype::bfloat16:
      return -0x1.fep127;
    case Dtype::float16:
      return -65504;
    default:
      return std::numeric_limits<float>::lowest();
  }
}

Error pool(int device, const PoolCall& c, bool& done) {
  const Error error = dnn_pool(device, c, done);
  if (error || !done || c.work != PoolWork::largest) return error;
  const Int results = c.n * c.c * c.y_size[0] * c.y_size[1] * c.y_size[2];
  const double lowest = lowest_finite(c.dtype);
  if (c.dtype == Dtype::float64) return for_each(device, results, Lowest<double>{c, lowest});
  return for_each(device, results, Lowest<float>{c, static_cast<float>(lowest)});
}

}  // namespace

const WindowLibrary windows_library{&run, &pool};

}  // namespace strata::gpu
