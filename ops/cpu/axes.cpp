// Runs of strided elements to contiguous rows and back.
#include "strata/ops/cpu/axes.hpp"

#include <cstring>

#include "strata/ops/cpu/widths.hpp"

namespace strata {
namespace {

template <class T>
void gather_strided(const std::byte* from, std::int64_t step, std::int64_t n, std::int64_t row_step, std::int64_t rows,
                    std::byte* to, std::int64_t to_row) {
  const T* x = reinterpret_cast<const T*>(from);
  T* y = reinterpret_cast<T*>(to);
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t r = 0; r < rows; ++r) y[r * to_row + i] = x[i * step + r * row_step];
  }
}

}  // namespace

void gather_rows(std::int64_t itemsize, const std::byte* from, std::int64_t step, std::int64_t n, std::int64_t row_step,
                 std::int64_t rows, std::byte* to, std::int64_t to_row) {
  if (step == 1) {
    for (std::int64_t r = 0; r < rows; ++r) {
      std::memcpy(to + r * to_row * itemsize, from + r * row_step * itemsize, static_cast<std::size_t>(n * itemsize));
    }
    return;
  }
  visit_width(itemsize, [&]<class T>(T) { gather_strided<T>(from, step, n, row_step, rows, to, to_row); });
}

namespace {

template <class T>
void scatter_strided(const std::byte* from, std::int64_t from_row, std::int64_t n, std::int64_t rows, std::byte* to,
                     std::int64_t step, std::int64_t row_step) {
  const T* x = reinterpret_cast<const T*>(from);
  T* y = reinterpret_cast<T*>(to);
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t r = 0; r < rows; ++r) y[i * step + r * row_step] = x[r * from_row + i];
  }
}

}  // namespace

void scatter_rows(std::int64_t itemsize, const std::byte* from, std::int64_t from_row, std::int64_t n,
                  std::int64_t rows, std::byte* to, std::int64_t step, std::int64_t row_step) {
  visit_width(itemsize, [&]<class T>(T) { scatter_strided<T>(from, from_row, n, rows, to, step, row_step); });
}

}  // namespace strata
