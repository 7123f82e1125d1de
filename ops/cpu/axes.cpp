// Runs of strided elements to contiguous rows and back.
#include "strata/ops/cpu/axes.hpp"

#include <cstring>

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
  switch (itemsize) {
    case 1:
      return gather_strided<std::uint8_t>(from, step, n, row_step, rows, to, to_row);
    case 2:
      return gather_strided<std::uint16_t>(from, step, n, row_step, rows, to, to_row);
    case 4:
      return gather_strided<std::uint32_t>(from, step, n, row_step, rows, to, to_row);
    default:
      return gather_strided<std::uint64_t>(from, step, n, row_step, rows, to, to_row);
  }
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
  switch (itemsize) {
    case 1:
      return scatter_strided<std::uint8_t>(from, from_row, n, rows, to, step, row_step);
    case 2:
      return scatter_strided<std::uint16_t>(from, from_row, n, rows, to, step, row_step);
    case 4:
      return scatter_strided<std::uint32_t>(from, from_row, n, rows, to, step, row_step);
    default:
      return scatter_strided<std::uint64_t>(from, from_row, n, rows, to, step, row_step);
  }
}

}  // namespace strata
