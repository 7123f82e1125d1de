// The kernels behind gemm_kernels.hpp for one instruction set. Every element of C is one chain of multiply-adds in the
// order of k (blocks of `k_block`), whatever tile it falls into; only `dots` sums by lanes.
#include "strata/ops/cpu/gemm_kernels.hpp"
#include "strata/ops/cpu/simd.hpp"
#include "strata/ops/cpu/simd_transpose.hpp"

namespace strata::kernel {
inline namespace STRATA_ISA {

template <class T>
void past_caches(const GemmArgs<T>& g);  // gemm_past_caches.isa.cpp
template <class T>
void integers(const GemmArgs<T>& g);  // gemm_integers.isa.cpp
void booleans(const GemmArgs<bool>& g);

namespace {

using simd::Vec;
using Int = std::int64_t;

constexpr Int k_block = 256;
constexpr Int n_block = 1024;
constexpr Int m_block = 192;
// Rows of C a tile holds in registers, two vectors wide: 24 of AVX-512's 32 registers, 12 of 16 otherwise.
constexpr int tile_rows = simd::width_bytes == 64 ? 12 : 6;

STRATA_HD Int least(Int a, Int b) { return a < b ? a : b; }
STRATA_HD Int most(Int a, Int b) { return a < b ? b : a; }

template <int N>
struct Rows {
  static constexpr int value = N;
};

/// f(Rows<height>()), 1 <= height <= Most.
template <int Most, class F>
STRATA_HD void with_rows(Int height, F f) {
  if constexpr (Most > 1) {
    if (height < Most) return with_rows<Most - 1>(height, f);
  }
  f(Rows<Most>());
}

/// f(i, Rows) for strips of rows [i, i + Rows) of nearly equal height: that of a tile at most.
template <class F>
STRATA_HD void for_strips(Int m, F f) {
  Int i = 0;
  for (Int strips = (m + tile_rows - 1) / tile_rows; strips > 0; --strips) {
    const Int height = (m - i + strips - 1) / strips;
    with_rows<tile_rows>(
        height, [&](auto rows) __attribute__((always_inline)) { f(i, rows); });
    i += height;
  }
}

enum class Tail { none, store, both };  // which accesses of the last vector stop after `rest` elements

/// Rows x (Vectors registers) of C. PackedA: A's rows are adjacent (a_row is 1). Otherwise every third row has a
/// pointer of its own, and the two behind it lie at multiples of one register: so twelve rows need no more than x86
/// has. `ahead`: see bytes_ahead.
template <class T, int Rows, int Vectors, Tail tail, bool PackedA = false>
STRATA_HD void tile(Int k, const T* a, Int a_row, Int a_col, const T* b, Int b_row, T* c, Int c_row, int rest,
                    bool accumulate, Int ahead = 0) {
  using V = Vec<T>;
  V sum[Rows][Vectors];
  for (int i = 0; i < Rows; ++i) {
    for (int j = 0; j < Vectors; ++j) sum[i][j] = V(T(0));
  }
  constexpr int pointers = PackedA ? 1 : (Rows + 2) / 3;
  constexpr bool prefetch = !PackedA && Rows > 8;  // tall tiles have loads to spare
  const T* from[pointers];
  for (int p = 0; p < pointers; ++p) from[p] = a + 3 * p * a_row;
  for (Int l = 0; l < k; ++l, b += b_row) {
    V y[Vectors];
    for (int j = 0; j < Vectors; ++j) {
      const T* p = b + j * V::size;
      y[j] = tail == Tail::both && j == Vectors - 1 ? V::load_n(p, rest) : V::load(p);
      if constexpr (prefetch) __builtin_prefetch(reinterpret_cast<const char*>(p) + ahead);
    }
    for (int i = 0; i < Rows; ++i) {
      const V x(PackedA ? from[0][i] : from[i / 3][(i % 3) * a_row]);
      for (int j = 0; j < Vectors; ++j) sum[i][j] = fma(x, y[j], sum[i][j]);
    }
    for (int p = 0; p < pointers; ++p) from[p] += a_col;
  }
  // Unrolled, so that the sums never leave their registers.
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < Vectors; ++j) {
      T* p = c + i * c_row + j * V::size;
      if (tail != Tail::none && j == Vectors - 1) {
        if (accumulate) sum[i][j] += V::load_n(p, rest);
        sum[i][j].store_n(p, rest);
      } else {
        if (accumulate) sum[i][j] += V::load(p);
        sum[i][j].store(p);
      }
    }
  }
}

/// `Rows` rows of C, all columns, from B as it lies.
template <class T, int Rows, int Vectors>
void row_strip(const GemmArgs<T>& g, Int i, Int ahead) {
  constexpr int width = Vec<T>::size;
  const T* a = g.a + i * g.a_row;
  T* c = g.c + i * g.c_row;
  Int j = 0;
  for (; j + Vectors * width <= g.n; j += Vectors * width)
    tile<T, Rows, Vectors, Tail::none>(g.k, a, g.a_row, g.a_col, g.b + j, g.b_row, c + j, g.c_row, 0, g.accumulate,
                                       ahead);
  for (; j + width <= g.n; j += width)
    tile<T, Rows, 1, Tail::none>(g.k, a, g.a_row, g.a_col, g.b + j, g.b_row, c + j, g.c_row, 0, g.accumulate, ahead);
  if (j < g.n) {
    const int rest = static_cast<int>(g.n - j);
    tile<T, Rows, 1, Tail::both>(g.k, a, g.a_row, g.a_col, g.b + j, g.b_row, c + j, g.c_row, rest, g.accumulate, ahead);
  }
}

/// `Height` rows of C, which is one register wide or less.
template <class T, int Height>
STRATA_HD void narrow_strip(const GemmArgs<T>& g, Int i) {
  const T* a = g.a + i * g.a_row;
  T* c = g.c + i * g.c_row;
  if (g.n == Vec<T>::size)
    tile<T, Height, 1, Tail::none>(g.k, a, g.a_row, g.a_col, g.b, g.b_row, c, g.c_row, 0, g.accumulate);
  else
    tile<T, Height, 1, Tail::both>(g.k, a, g.a_row, g.a_col, g.b, g.b_row, c, g.c_row, static_cast<int>(g.n),
                                   g.accumulate);
}

/// Many rows at once: their chains of multiply-adds hide each other's latency.
template <class T>
void narrow_rows(const GemmArgs<T>& g) {
  Int i = 0;
  for (; i + 8 <= g.m; i += 8) narrow_strip<T, 8>(g, i);
  if (i + 4 <= g.m) narrow_strip<T, 4>(g, i), i += 4;
  if (i + 2 <= g.m) narrow_strip<T, 2>(g, i), i += 2;
  if (i < g.m) narrow_strip<T, 1>(g, i);
}

/// What to prefetch while B's rows pass for the strip at row i, in bytes behind them: rows of B, or where the operands
/// are small, what lies behind them, B, A and C in turn. In a batch that is the next product's.
template <class T>
Int bytes_ahead(const GemmArgs<T>& g, Int i) {
  constexpr Int size = sizeof(T), small = 24 * 1024;
  if ((g.m + g.n) * g.k * size > small) return 4 * g.b_row * size;
  const auto address = [](const T* p) { return reinterpret_cast<Int>(p); };
  if (i == 0) return g.k * g.b_row * size;
  const Int next = i < 2 * tile_rows ? address(g.a) + g.m * g.a_row * size : address(g.c) + g.m * g.c_row * size;
  return next - address(g.b);
}

/// Column blocks whose part of B stays in the first cache while all rows of A pass, in strips of nearly equal height.
template <class T>
void rows(const GemmArgs<T>& all) {
  if (all.n <= Vec<T>::size && all.k <= 64) return narrow_rows(all);
  constexpr Int least_block = 8 * Vec<T>::size;
  const Int block = most(24 * 1024 / (Int{sizeof(T)} * most(all.k, 1)) / least_block, 1) * least_block;
  GemmArgs<T> g = all;
  for (Int j = 0; j < all.n; j += block) {
    g.b = all.b + j, g.c = all.c + j, g.n = least(block, all.n - j);
    for_strips(g.m, [&](Int i, auto rows) {
      constexpr int height = decltype(rows)::value;  // low strips are wide, so that there are chains enough
      row_strip<T, height, height == 1 ? 8 : height <= 3 ? 4 : 2>(g, i, bytes_ahead(all, i));
    });
  }
}

/// Columns [j, j + columns) and rows [l, l + k) of B as k rows of `width` elements, zeros beyond.
template <class T>
void pack_b(const GemmArgs<T>& g, Int l, Int k, Int j, Int columns, Int width, T* to) {
  const T* from = g.b + l * g.b_row + j * g.b_col;
  if (g.b_col == 1) {
    for (Int r = 0; r < k; ++r) {
      for (Int s = 0; s < columns; ++s) to[r * width + s] = from[r * g.b_row + s];
      for (Int s = columns; s < width; ++s) to[r * width + s] = T(0);
    }
    return;
  }
  constexpr Int square = Vec<T>::size;
  Int done = 0;  // rows
  if (g.b_row == 1 && columns % square == 0) {
    for (; done + square <= k; done += square) {
      for (Int s = 0; s < columns; s += square)
        simd::transpose_square(from + done + s * g.b_col, g.b_col, to + done * width + s, width);
    }
  }
  for (Int s = 0; s < columns; ++s) {
    for (Int r = done; r < k; ++r) to[r * width + s] = from[r * g.b_row + s * g.b_col];
  }
  for (Int s = columns; s < width; ++s) {
    for (Int r = 0; r < k; ++r) to[r * width + s] = T(0);
  }
}

/// `Rows` rows of C against a packed panel two vectors wide, of which `columns` count.
template <class T, int Rows, bool PackedA>
void panel_strip(Int k, const T* a, Int a_row, Int a_col, const T* b, T* c, Int c_row, Int columns, bool accumulate) {
  constexpr Int width = Vec<T>::size;
  const int rest = static_cast<int>(columns > width ? columns - width : columns);
  if (columns == 2 * width)
    tile<T, Rows, 2, Tail::none, PackedA>(k, a, a_row, a_col, b, 2 * width, c, c_row, 0, accumulate);
  else if (columns > width)
    tile<T, Rows, 2, Tail::store, PackedA>(k, a, a_row, a_col, b, 2 * width, c, c_row, rest, accumulate);
  else if (columns == width)
    tile<T, Rows, 1, Tail::none, PackedA>(k, a, a_row, a_col, b, 2 * width, c, c_row, 0, accumulate);
  else
    tile<T, Rows, 1, Tail::store, PackedA>(k, a, a_row, a_col, b, 2 * width, c, c_row, rest, accumulate);
}

template <class T>
void transposed(const GemmArgs<T>& g) {
  constexpr Int width = 2 * Vec<T>::size;
  alignas(64) T panel[k_block * width];
  for (Int j = 0; j < g.n; j += width) {
    const Int columns = least(width, g.n - j);
    for (Int l = 0; l < g.k; l += k_block) {
      const Int k = least(k_block, g.k - l);
      pack_b(g, l, k, j, columns, width, panel);
      const bool add = g.accumulate || l > 0;
      const T* a = g.a + l * g.a_col;
      T* c = g.c + j;
      for_strips(g.m, [&](Int i, auto rows) {
        panel_strip<T, decltype(rows)::value, false>(k, a + i * g.a_row, g.a_row, g.a_col, panel, c + i * g.c_row,
                                                     g.c_row, columns, add);
      });
    }
  }
}

/// R x S inner products; each is summed by one vector (few of them: two), then across its lanes.
template <class T, int R, int S>
STRATA_HD void dot_tile(const GemmArgs<T>& g, Int i, Int j) {
  using V = Vec<T>;
  constexpr int chains = R * S >= 8 ? 1 : 2;
  const T* a = g.a + i * g.a_row;
  const T* b = g.b + j * g.b_col;
  V sum[R][S][chains] = {};  // zeros
  const auto step = [&](auto load, int h) __attribute__((always_inline)) {
    V x[R], y[S];
    for (int r = 0; r < R; ++r) x[r] = load(a + r * g.a_row);
    for (int s = 0; s < S; ++s) y[s] = load(b + s * g.b_col);
    for (int r = 0; r < R; ++r) {
      for (int s = 0; s < S; ++s) sum[r][s][h] = fma(x[r], y[s], sum[r][s][h]);
    }
  };
  Int l = 0;
  for (; l + chains * V::size <= g.k; l += chains * V::size) {
    for (int h = 0; h < chains; ++h)
      step(
          [ l, h ](const T* p) __attribute__((always_inline)) { return V::load(p + l + h * V::size); }, h);
  }
  if (l + V::size <= g.k) {
    step(
        [l](const T* p) __attribute__((always_inline)) { return V::load(p + l); }, 0);
    l += V::size;
  }
  if (l < g.k) {
    const int rest = static_cast<int>(g.k - l);
    step(
        [ l, rest ](const T* p) __attribute__((always_inline)) { return V::load_n(p + l, rest); }, 0);
  }
  for (int r = 0; r < R; ++r) {
    for (int s = 0; s < S; ++s) {
      T& c = g.c[(i + r) * g.c_row + j + s];
      const T y = reduce_sum(chains == 2 ? sum[r][s][0] + sum[r][s][chains - 1] : sum[r][s][0]);
      c = g.accumulate ? c + y : y;
    }
  }
}

template <class T, int R>
void dot_strip(const GemmArgs<T>& g, Int i) {
  Int j = 0;
  for (; j + 4 <= g.n; j += 4) dot_tile<T, R, 4>(g, i, j);
  if (j + 2 <= g.n) dot_tile<T, R, 2>(g, i, j), j += 2;
  if (j < g.n) dot_tile<T, R, 1>(g, i, j);
}

template <class T>
void dots(const GemmArgs<T>& g) {
  Int i = 0;
  if constexpr (simd::width_bytes == 64) {
    for (; i + 4 <= g.m; i += 4) dot_strip<T, 4>(g, i);
  } else if (g.n == 1) {
    for (; i + 4 <= g.m; i += 4) dot_tile<T, 4, 1>(g, i, 0);
  }
  for (; i + 2 <= g.m; i += 2) dot_strip<T, 2>(g, i);
  if (i < g.m) dot_strip<T, 1>(g, i);
}

/// Few columns: B, whatever its strides, is packed by columns, then `dots`.
template <class T>
void thin(const GemmArgs<T>& all) {
  constexpr Int block = 512;
  T panel[thin_columns * block];
  GemmArgs<T> g = all;
  for (Int l = 0; l < all.k; l += block) {
    g.k = least(block, all.k - l);
    g.a = all.a + l * all.a_col;
    for (Int j = 0; j < g.n; ++j) {
      const T* from = all.b + l * all.b_row + j * all.b_col;
      for (Int r = 0; r < g.k; ++r) panel[j * g.k + r] = from[r * all.b_row];
    }
    g.b = panel, g.b_row = 1, g.b_col = g.k;
    g.accumulate = all.accumulate || l > 0;
    dots(g);
  }
}

/// Rows [i, i + m) and columns [l, l + k) of A in panels of tile_rows rows: k columns of tile_rows elements each.
template <class T>
void pack_a(const GemmArgs<T>& g, Int i, Int m, Int l, Int k, T* to) {
  for (Int r0 = 0; r0 < m; r0 += tile_rows, to += k * tile_rows) {
    const Int height = least(tile_rows, m - r0);
    const T* from = g.a + (i + r0) * g.a_row + l * g.a_col;
    for (Int r = 0; r < height; ++r) {
      for (Int s = 0; s < k; ++s) to[s * tile_rows + r] = from[r * g.a_row + s * g.a_col];
    }
  }
}

template <class T>
void packed(const GemmArgs<T>& g, T* scratch) {
  constexpr Int width = 2 * Vec<T>::size;
  T* const pa = scratch;
  T* const pb = scratch + m_block * k_block;
  for (Int j = 0; j < g.n; j += n_block) {
    const Int n = least(n_block, g.n - j);
    for (Int l = 0; l < g.k; l += k_block) {
      const Int k = least(k_block, g.k - l);
      for (Int s = 0; s < n; s += width) pack_b(g, l, k, j + s, least(width, n - s), width, pb + s * k);
      for (Int i = 0; i < g.m; i += m_block) {
        const Int m = least(m_block, g.m - i);
        pack_a(g, i, m, l, k, pa);
        for (Int s = 0; s < n; s += width) {
          for (Int r = 0; r < m; r += tile_rows) {
            with_rows<tile_rows>(least(tile_rows, m - r), [&](auto rows) {
              panel_strip<T, decltype(rows)::value, true>(k, pa + r * k, 1, tile_rows, pb + s * k,
                                                          g.c + (i + r) * g.c_row + j + s, g.c_row, least(width, n - s),
                                                          g.accumulate || l > 0);
            });
          }
        }
      }
    }
  }
}
static_assert(m_block * k_block + (n_block + 2 * Vec<float>::size) * k_block <= gemm_scratch);
static_assert(m_block % tile_rows == 0);

template <class T>
constexpr FloatGemmKernels<T> floats = {&rows<T>, &past_caches<T>, &transposed<T>, &dots<T>, &thin<T>, &packed<T>};

}  // namespace
}  // namespace STRATA_ISA
}  // namespace strata::kernel

namespace strata {
template <>
const GemmKernels GemmKernelSet<Isa::STRATA_ISA>::table = {
    kernel::floats<float>,
    kernel::floats<double>,
    &kernel::integers<std::uint8_t>,
    &kernel::integers<std::uint16_t>,
    &kernel::integers<std::uint32_t>,
    &kernel::integers<std::uint64_t>,
    &kernel::booleans,
};
}  // namespace strata
