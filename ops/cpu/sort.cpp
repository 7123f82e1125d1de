// Sorting by keys: every dtype maps to unsigned integers of the same order, which radix sort takes in a few passes.
// Indices ride along in the low half of a 64-bit word, so that whatever sorts the words sorts stably.
#include "strata/ops/backend/sorting.hpp"

#include <algorithm>
#include <cstring>

#include "strata/core/parallel.hpp"
#include "strata/ops/cpu/scratch.hpp"
#include "strata/ops/sort_keys.hpp"

namespace strata {
namespace {

constexpr std::int64_t grain = 2048;       // elements worth a thread
constexpr std::int64_t radix_limit = 512;  // shorter lines are sorted by comparisons
constexpr std::int64_t insertion_limit = 24;

// ---- sorting words

template <class W>
void insertion_sort(W* a, std::int64_t n) {
  for (std::int64_t i = 1; i < n; ++i) {
    const W w = a[i];
    std::int64_t j = i;
    for (; j > 0 && w < a[j - 1]; --j) a[j] = a[j - 1];
    a[j] = w;
  }
}

/// Least significant digit first, 11 bits a pass, over the bits from `low` up; passes in which all agree are skipped.
/// Returns whichever of a and b holds the result.
template <class W>
W* radix_sort(W* a, W* b, std::int64_t n, int low) {
  constexpr int bits = 11, buckets = 1 << bits, most = 6;
  const int passes = (static_cast<int>(sizeof(W)) * 8 - low + bits - 1) / bits;
  const Scratch<std::uint32_t> memory(most * buckets);
  std::uint32_t* count = memory.get();
  std::memset(count, 0, static_cast<std::size_t>(passes) * buckets * sizeof(std::uint32_t));
  for (std::int64_t i = 0; i < n; ++i) {
    W w = a[i] >> low;
    for (int p = 0; p < passes; ++p, w >>= bits) ++count[p * buckets + static_cast<int>(w & (buckets - 1))];
  }
  for (int p = 0; p < passes; ++p) {
    std::uint32_t* c = count + p * buckets;
    const int shift = low + p * bits;
    if (c[(a[0] >> shift) & (buckets - 1)] == static_cast<std::uint32_t>(n)) continue;
    std::uint32_t sum = 0;
    for (int i = 0; i < buckets; ++i) sum += std::exchange(c[i], sum);
    for (std::int64_t i = 0; i < n; ++i) b[c[(a[i] >> shift) & (buckets - 1)]++] = a[i];
    std::swap(a, b);
  }
  return a;
}

/// Sorts by the bits from `low` up (those below are unique or absent). `spare` has room for n words.
template <class W>
W* sort_words(W* a, W* spare, std::int64_t n, int low) {
  if (n <= insertion_limit)
    insertion_sort(a, n);
  else if (n < radix_limit)
    std::sort(a, a + n);
  else
    return radix_sort(a, spare, n, low);
  return a;
}

/// A 64-bit key and where it stood.
struct Placed {
  std::uint64_t key;
  std::uint32_t index;
  bool operator<(const Placed& o) const { return key != o.key ? key < o.key : index < o.index; }
};

// ---- lines

/// Where the lines along an axis begin in a strided tensor.
class LineWalk {
 public:
  LineWalk(const Tensor& x, int axis) : axis_(axis), shape_(dense(x).shape), strides_(dense(x).strides) {}
  std::int64_t step() const { return strides_[axis_]; }
  std::int64_t offset(std::int64_t line) const {
    std::int64_t at = 0;
    for (int i = shape_.size() - 1; i >= 0; --i) {
      if (i == axis_) continue;
      at += line % shape_[i] * strides_[i];
      line /= shape_[i];
    }
    return at;
  }

 private:
  int axis_;
  Shape shape_;
  Strides strides_;
};

template <class F>
void for_lines(const Tensor& x, int axis, std::int64_t work, F&& f) {
  const std::int64_t n = x.shape()[axis];
  std::int64_t lines = 1;
  for (int i = 0; i < x.ndim(); ++i) lines *= i == axis ? 1 : x.shape()[i];
  if (n == 0 || lines == 0) return;
  parallel_for(lines, std::max<std::int64_t>(1, work / n), std::forward<F>(f));
}

template <class T>
const T* data_of(const Tensor& x) {
  return reinterpret_cast<const T*>(dense(x).data);
}
template <class T>
T* mutable_data(const Tensor& x) {
  return reinterpret_cast<T*>(dense(x).data);
}

template <class T>
void sort_values_of(const Tensor& x, int axis, bool descending, const Tensor& y) {
  using K = KeyOf<T>;
  const LineWalk from(x, axis), to(y, axis);
  const std::int64_t n = x.shape()[axis];
  for_lines(x, axis, grain, [&](std::int64_t begin, std::int64_t end) {
    const Scratch<K> memory(2 * n);
    K* a = memory.get();
    for (std::int64_t l = begin; l < end; ++l) {
      const T* p = data_of<T>(x) + from.offset(l);
      for (std::int64_t i = 0; i < n; ++i) a[i] = sort_key(p[i * from.step()], false);
      const K* sorted = sort_words(a, a + n, n, 0);
      T* q = mutable_data<T>(y) + to.offset(l);
      for (std::int64_t i = 0; i < n; ++i) q[i * to.step()] = value_of<T>(sorted[descending ? n - 1 - i : i]);
    }
  });
}

/// The first k of n words in order; the rest in any.
template <class W>
const W* sort_first(W* a, W* spare, std::int64_t n, std::int64_t k, int low) {
  if (k * 8 < n) {
    std::nth_element(a, a + k, a + n);
    n = k;
  }
  return sort_words(a, spare, n, low);
}

const Placed* sort_first(Placed* a, Placed*, std::int64_t n, std::int64_t k, int) {
  if (k * 8 < n)
    std::partial_sort(a, a + k, a + n);
  else
    std::sort(a, a + n);
  return a;
}

template <class T>
void sort_indices_of(const Tensor& x, int axis, bool descending, const Tensor& index) {
  using K = KeyOf<T>;
  constexpr bool packed = sizeof(K) == 4;  // key and index in one word
  using W = std::conditional_t<packed, std::uint64_t, Placed>;
  const LineWalk from(x, axis), to(index, axis);
  const std::int64_t n = x.shape()[axis], k = index.shape()[axis];
  for_lines(x, axis, grain, [&](std::int64_t begin, std::int64_t end) {
    const Scratch<W> memory(2 * n);
    W* a = memory.get();
    for (std::int64_t l = begin; l < end; ++l) {
      const T* p = data_of<T>(x) + from.offset(l);
      for (std::int64_t i = 0; i < n; ++i) {
        K w = sort_key(p[i * from.step()], true);
        if (descending) w = static_cast<K>(~w);
        if constexpr (packed)
          a[i] = static_cast<std::uint64_t>(w) << 32 | static_cast<std::uint64_t>(i);
        else
          a[i] = {w, static_cast<std::uint32_t>(i)};
      }
      const W* sorted = sort_first(a, a + n, n, k, 32);
      auto* q = mutable_data<std::int32_t>(index) + to.offset(l);
      for (std::int64_t i = 0; i < k; ++i) {
        if constexpr (packed)
          q[i * to.step()] = static_cast<std::int32_t>(sorted[i] & 0xffffffff);
        else
          q[i * to.step()] = static_cast<std::int32_t>(sorted[i].index);
      }
    }
  });
}

/// f(x line, index line, y line) where index has the shape `count` lines follow.
template <class T, bool Put>
void move_lines(const Tensor& x, const Tensor& index, int axis, const Tensor& y) {
  const LineWalk xs(x, axis), is(index, axis), ys(y, axis);
  const std::int64_t n = index.shape()[axis];
  for_lines(index, axis, 16 * 1024, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t l = begin; l < end; ++l) {
      const T* p = data_of<T>(x) + xs.offset(l);
      const auto* at = data_of<std::int32_t>(index) + is.offset(l);
      T* q = mutable_data<T>(y) + ys.offset(l);
      for (std::int64_t k = 0; k < n; ++k) {
        if constexpr (Put)
          q[at[k * is.step()] * ys.step()] = p[k * xs.step()];
        else
          q[k * ys.step()] = p[at[k * is.step()] * xs.step()];
      }
    }
  });
}

template <bool Put>
void move_bytes(const Tensor& x, const Tensor& index, int axis, const Tensor& y) {
  switch (itemsize(x.dtype())) {
    case 1:
      return move_lines<std::uint8_t, Put>(x, index, axis, y);
    case 2:
      return move_lines<std::uint16_t, Put>(x, index, axis, y);
    case 4:
      return move_lines<std::uint32_t, Put>(x, index, axis, y);
    default:
      return move_lines<std::uint64_t, Put>(x, index, axis, y);
  }
}

/// Elements of the sorted line before `wanted`; no branch on what is compared.
template <class T>
std::int32_t search(const T* a, std::int64_t step, std::int64_t n, T wanted, bool right) {
  const KeyOf<T> w = sort_key(wanted, true);
  std::int64_t base = 0;
  while (n > 0) {
    const std::int64_t half = (n + 1) / 2;
    const KeyOf<T> k = sort_key(a[(base + half - 1) * step], true);
    const bool before = right ? k <= w : k < w;
    base += before ? half : 0;
    n = before ? n - half : half - 1;
  }
  return static_cast<std::int32_t>(base);
}

void sort_values(const Tensor& x, int axis, bool descending, const Tensor& y) {
  visit(x.dtype(), [&]<class T>(T) { sort_values_of<T>(x, axis, descending, y); });
}

void sort_indices(const Tensor& x, int axis, bool descending, const Tensor& index) {
  visit(x.dtype(), [&]<class T>(T) { sort_indices_of<T>(x, axis, descending, index); });
}

void take_lines(const Tensor& x, const Tensor& index, int axis, const Tensor& y) {
  move_bytes<false>(x, index, axis, y);
}

void put_lines(const Tensor& x, const Tensor& index, int axis, const Tensor& y) {
  std::memset(dense(y).data, 0, static_cast<std::size_t>(y.size() * itemsize(y.dtype())));
  move_bytes<true>(x, index, axis, y);
}

void search_lines(const Tensor& a, const Tensor& x, bool right, const Tensor& y) {
  const LineWalk as(a, 1), xs(x, 1);
  const std::int64_t n = a.shape()[1], m = x.shape()[1];
  visit(a.dtype(), [&]<class T>(T) {
    parallel_for(y.size(), 1024, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t l = i / m;
        const T wanted = data_of<T>(x)[xs.offset(l) + i % m * xs.step()];
        mutable_data<std::int32_t>(y)[i] = search(data_of<T>(a) + as.offset(l), as.step(), n, wanted, right);
      }
    });
  });
}

}  // namespace

const SortingKernels cpu_sorting{&sort_values, &sort_indices, &take_lines, &put_lines, &search_lines};

}  // namespace strata
