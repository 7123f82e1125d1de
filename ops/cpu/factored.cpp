// See factored.hpp. One task a lane; scratch holds a Gram matrix, or a band of elements.
// NOTE [Gram or elements]  <sum a_t (x) b_t, sum c_s (x) d_s> is the sum of (a_t . c_s)(b_t . d_s) over t and s, which
// takes T S (m + n) products; the elements themselves take (T + S) m n. One t or few: the first; long sequences: the
// second, a band of rows at a time, so that nothing is stored.
#include "strata/ops/cpu/factored.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "strata/core/parallel.hpp"
#include "strata/ops/cpu/gemm.hpp"
#include "strata/ops/cpu/scratch.hpp"

namespace strata {
namespace {

const DotKernels& dots() {
  return cpu_isa() == Isa::avx512 ? DotSet<Isa::avx512>::table
         : cpu_isa() == Isa::avx2 ? DotSet<Isa::avx2>::table
                                  : DotSet<Isa::baseline>::table;
}
double dot(const float* x, const float* y, std::int64_t n) { return dots().f32(x, y, n); }
double dot(const double* x, const double* y, std::int64_t n) { return dots().f64(x, y, n); }

/// One lane of a term: a [t, m] or ids [t], b [t, n], row-major.
template <class T>
struct LaneView {
  const T* a = nullptr;
  const std::int64_t* ids = nullptr;
  const T* b;
  std::int64_t t, m, n;

  LaneView(const LaneTerm& x, std::int64_t rows, std::int64_t lane) : t(x.b.shape()[1]), m(rows), n(x.b.shape()[2]) {
    b = reinterpret_cast<const T*>(dense(x.b).data) + lane * t * n;
    if (x.indexed)
      ids = reinterpret_cast<const std::int64_t*>(dense(x.a).data) + lane * t;
    else
      a = reinterpret_cast<const T*>(dense(x.a).data) + lane * t * m;
  }
};

template <class T>
constexpr Dtype dtype = dtype_of<T>();

/// p[t, s] = x[t] . y[s] for rows of n elements, for t in [from, from + count).
template <class T>
void gram(const T* x, const T* y, std::int64_t count, std::int64_t s, std::int64_t n, T* p) {
  gemm({dtype<T>, count, s, n, n, 1, 1, n, s}, x, y, p);
}

constexpr std::int64_t band = 64;  // rows of a Gram matrix, or of elements, at a time

template <class T>
double by_gram(const LaneView<T>& f, const LaneView<T>& g, bool same) {
  if (f.t == 1 && g.t == 1) return dot(f.a, g.a, f.m) * dot(f.b, g.b, f.n);
  const Scratch<T> p(std::min(band, f.t) * g.t), q(std::min(band, f.t) * g.t);
  double sum = 0;
  for (std::int64_t at = 0; at < f.t; at += band) {
    const std::int64_t count = std::min(band, f.t - at);
    const auto block = [&](std::int64_t from, std::int64_t s, double weight) {  // against s rows of g from `from`
      if (s <= 0) return;
      gram(f.a + at * f.m, g.a + from * f.m, count, s, f.m, p.get());
      gram(f.b + at * f.n, g.b + from * f.n, count, s, f.n, q.get());
      sum += weight * dot(p.get(), q.get(), count * s);
    };
    if (same) {  // symmetric: the blocks left of the diagonal count twice
      block(0, at, 2);
      block(at, count, 1);
    } else {
      block(0, g.t, 1);
    }
  }
  return sum;
}

template <class T>
double by_elements(const LaneView<T>& f, const LaneView<T>& g, bool same) {
  const Scratch<T> p(std::min(band, f.m) * f.n), q(same ? 0 : std::min(band, f.m) * f.n);
  double sum = 0;
  for (std::int64_t at = 0; at < f.m; at += band) {
    const std::int64_t count = std::min(band, f.m - at);
    const auto fill = [&](const LaneView<T>& x, T* to) {
      gemm({dtype<T>, count, x.n, x.t, 1, x.m, x.n, 1, x.n}, x.a + at, x.b, to);
    };
    fill(f, p.get());
    if (!same) fill(g, q.get());
    sum += dot(p.get(), same ? p.get() : q.get(), count * f.n);
  }
  return sum;
}

/// Both have a: the Gram matrix or the elements.
template <class T>
double dense_rows(const LaneView<T>& f, const LaneView<T>& g, bool same) {
  if (f.t == 0 || g.t == 0) return 0;
  const double products = static_cast<double>(f.t) * static_cast<double>(g.t) * static_cast<double>(f.m + f.n) *
                          (same && f.t > band ? 0.5 + 0.5 * band / static_cast<double>(f.t) : 1.0);
  const double elements =
      static_cast<double>(f.m) * static_cast<double>(f.n) * static_cast<double>(same ? f.t : f.t + g.t);
  return products <= elements || f.t == 1 ? by_gram(f, g, same) : by_elements(f, g, same);
}

/// f chooses rows, g has all of them.
template <class T>
double chosen_rows(const LaneView<T>& f, const LaneView<T>& g) {
  if (f.t == 0 || g.t == 0) return 0;
  const Scratch<T> p(f.t * g.t);
  gram(f.b, g.b, f.t, g.t, f.n, p.get());
  double sum = 0;
  for (std::int64_t i = 0; i < f.t; ++i) {
    if (f.ids[i] < 0) continue;
    for (std::int64_t s = 0; s < g.t; ++s)
      sum += static_cast<double>(p.get()[i * g.t + s]) * static_cast<double>(g.a[s * g.m + f.ids[i]]);
  }
  return sum;
}

std::vector<std::int64_t> by_id(const std::int64_t* ids, std::int64_t t) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(t));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](auto i, auto j) { return ids[i] < ids[j]; });
  return order;
}

/// Both choose rows: those of one row add up first.
template <class T>
double both_chosen(const LaneView<T>& f, const LaneView<T>& g) {
  const std::vector<std::int64_t> fo = by_id(f.ids, f.t), go = by_id(g.ids, g.t);
  std::vector<T> x(static_cast<std::size_t>(f.n)), y(x.size());
  const auto collect = [](const LaneView<T>& v, const std::vector<std::int64_t>& order, std::size_t& i,
                          std::vector<T>& to) {
    std::fill(to.begin(), to.end(), T(0));
    for (const std::int64_t id = v.ids[order[i]]; i < order.size() && v.ids[order[i]] == id; ++i) {
      const T* row = v.b + order[i] * v.n;
      for (std::size_t k = 0; k < to.size(); ++k) to[k] += row[k];
    }
  };
  double sum = 0;
  for (std::size_t i = 0, j = 0; i < fo.size() && j < go.size();) {
    const std::int64_t p = f.ids[fo[i]], q = g.ids[go[j]];
    if (p < 0 || p < q) {
      ++i;
    } else if (q < p) {
      ++j;
    } else {
      collect(f, fo, i, x);
      collect(g, go, j, y);
      sum += dot(x.data(), y.data(), f.n);
    }
  }
  return sum;
}

template <class T>
void add_products(const LaneTerm& f, const LaneTerm& g, std::int64_t rows, double* out) {
  const bool same = f.a.impl() == g.a.impl() && f.b.impl() == g.b.impl();
  const std::int64_t lanes = f.b.shape()[0];
  const auto lane = [&](std::int64_t l) {
    const LaneView<T> x(f, rows, l), y(g, rows, l);
    out[l] += x.ids && y.ids ? both_chosen(x, y)
              : x.ids        ? chosen_rows(x, y)
              : y.ids        ? chosen_rows(y, x)
                             : dense_rows(x, y, same);
  };
  const std::int64_t work = f.b.shape()[1] * (rows + f.b.shape()[2]);
  parallel_for(lanes, std::max<std::int64_t>(1, 32 * 1024 / std::max<std::int64_t>(work, 1)),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t l = begin; l < end; ++l) lane(l);
               });
}

}  // namespace

void add_lane_products(const LaneTerm& f, const LaneTerm& g, std::int64_t rows, double* out) {
  if (f.b.dtype() == Dtype::float64)
    add_products<double>(f, g, rows, out);
  else
    add_products<float>(f, g, rows, out);
}

}  // namespace strata
