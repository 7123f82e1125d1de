// Walking strided memory in row-major order of a shape: the cursor that pointwise tiles, copies and reductions share.
// Called by the CPU kernels. A cursor never writes the memory it walks.
#pragma once
#include <cstddef>
#include <cstdint>

#include "strata/core/shape.hpp"

namespace strata {

/// Reads the elements of a strided operand in order, a run at a time.
class StridedCursor {
 public:
  StridedCursor() = default;
  /// At element number `begin` of `shape`.
  StridedCursor(const std::byte* data, int itemsize, const Shape& shape, const Strides& strides, std::int64_t begin);
  /// The next n elements: where they lie if they are contiguous, else gathered into `buffer`.
  const void* next(std::int64_t n, void* buffer);

 private:
  template <class T>
  void gather(std::int64_t n, T* to);
  void advance_rows();

  const std::byte* data_ = nullptr;
  int itemsize_ = 0;
  int rank_ = 0;  // after merging axes
  std::int64_t shape_[max_rank];
  std::int64_t strides_[max_rank];
  std::int64_t index_[max_rank];
  std::int64_t offset_ = 0;  // of the current row's start (inner index 0), in elements
};

/// Merges neighbouring axes that one stride covers, for all operands at once; returns the new rank. Axes of size 1
/// vanish.
int merge_axes(int rank, std::int64_t* shape, std::int64_t* const* strides, int operands);

/// Copies a strided source into row-major memory; same dtype. Uses the thread pool.
void copy_strided(const std::byte* from, int itemsize, const Shape& shape, const Strides& strides, std::byte* to);
/// Copies a strided box into a strided box of another memory, element by element. Uses the thread pool.
void copy_box(const std::byte* from, const Strides& from_strides, std::byte* to, const Strides& to_strides,
              const Shape& shape, int itemsize);
/// Writes one element n times. Uses the thread pool.
void fill_memory(std::byte* to, const std::byte* value, int itemsize, std::int64_t n);

}  // namespace strata
