// Some axes of a strided tensor as one row-major run of elements, and moving such runs to and from contiguous rows.
// Used by the kernels that work on rows: reductions, normalisations.
#pragma once
#include <cstddef>
#include <cstdint>

#include "strata/core/shape.hpp"

namespace strata {

/// AxisRun in order; the last is the innermost. `out`: strides of the same axes in another tensor, where one is needed.
struct AxisRun {
  int rank = 0;
  std::int64_t shape[max_rank], stride[max_rank], out[max_rank];  // out: strides of the result (kept axes)

  void push(std::int64_t n, std::int64_t s) {
    shape[rank] = n;
    stride[rank++] = s;
  }
  /// Offset of element number i in row-major order of these axes.
  std::int64_t offset(std::int64_t i) const {
    std::int64_t at = 0;
    for (int a = rank - 1; a >= 0; --a) {
      at += i % shape[a] * stride[a];
      i /= shape[a];
    }
    return at;
  }
};

/// n elements `step` apart, of `rows` rows `row_step` apart, to contiguous rows `to_row` elements apart.
void gather_rows(std::int64_t itemsize, const std::byte* from, std::int64_t step, std::int64_t n, std::int64_t row_step,
                 std::int64_t rows, std::byte* to, std::int64_t to_row);
/// The way back.
void scatter_rows(std::int64_t itemsize, const std::byte* from, std::int64_t from_row, std::int64_t n,
                  std::int64_t rows, std::byte* to, std::int64_t step, std::int64_t row_step);

}  // namespace strata
