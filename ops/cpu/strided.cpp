// Strided walks: merging axes, gathering runs, copying.
#include "strata/ops/cpu/strided.hpp"

#include <algorithm>
#include <cstring>

#include "strata/core/parallel.hpp"

namespace strata {

int merge_axes(int rank, std::int64_t* shape, std::int64_t* const* strides, int operands) {
  int kept = 0;
  for (int i = 0; i < rank; ++i) {
    if (shape[i] == 1) continue;
    bool merge = kept > 0;
    for (int k = 0; merge && k < operands; ++k) merge = strides[k][kept - 1] == strides[k][i] * shape[i];
    if (merge) {
      shape[kept - 1] *= shape[i];
      for (int k = 0; k < operands; ++k) strides[k][kept - 1] = strides[k][i];
    } else {
      shape[kept] = shape[i];
      for (int k = 0; k < operands; ++k) strides[k][kept] = strides[k][i];
      ++kept;
    }
  }
  return kept;
}

StridedCursor::StridedCursor(const std::byte* data, int itemsize, const Shape& shape, const Strides& strides,
                             std::int64_t begin)
    : data_(data), itemsize_(itemsize) {
  std::copy(shape.begin(), shape.end(), shape_);
  std::copy(strides.begin(), strides.end(), strides_);
  std::int64_t* s[] = {strides_};
  rank_ = merge_axes(shape.size(), shape_, s, 1);
  if (rank_ == 0) {
    rank_ = 1;
    shape_[0] = 1;
    strides_[0] = 0;
  }
  for (int i = rank_ - 1; i >= 0; --i) {
    index_[i] = shape_[i] ? begin % shape_[i] : 0;
    begin = shape_[i] ? begin / shape_[i] : 0;
    if (i < rank_ - 1) offset_ += index_[i] * strides_[i];
  }
}

void StridedCursor::advance_rows() {
  index_[rank_ - 1] = 0;
  for (int i = rank_ - 2; i >= 0; --i) {
    offset_ += strides_[i];
    if (++index_[i] < shape_[i]) return;
    offset_ -= strides_[i] * shape_[i];
    index_[i] = 0;
  }
}

template <class T>
void StridedCursor::gather(std::int64_t n, T* to) {
  const T* from = reinterpret_cast<const T*>(data_);
  const std::int64_t row = shape_[rank_ - 1], stride = strides_[rank_ - 1];
  while (n > 0) {
    std::int64_t& inner = index_[rank_ - 1];
    const std::int64_t run = std::min(n, row - inner);
    const T* p = from + offset_ + inner * stride;
    if (stride == 1)
      std::memcpy(to, p, static_cast<std::size_t>(run) * sizeof(T));
    else if (stride == 0)
      std::fill(to, to + run, *p);
    else
      for (std::int64_t i = 0; i < run; ++i) to[i] = p[i * stride];
    to += run;
    n -= run;
    inner += run;
    if (inner == row) advance_rows();
  }
}

const void* StridedCursor::next(std::int64_t n, void* buffer) {
  std::int64_t& inner = index_[rank_ - 1];
  if (strides_[rank_ - 1] == 1 && inner + n <= shape_[rank_ - 1]) {
    const std::byte* p = data_ + (offset_ + inner) * itemsize_;
    inner += n;
    if (inner == shape_[rank_ - 1]) advance_rows();
    return p;
  }
  switch (itemsize_) {
    case 1:
      gather(n, static_cast<std::uint8_t*>(buffer));
      break;
    case 2:
      gather(n, static_cast<std::uint16_t*>(buffer));
      break;
    case 4:
      gather(n, static_cast<std::uint32_t*>(buffer));
      break;
    default:
      gather(n, static_cast<std::uint64_t*>(buffer));
      break;
  }
  return buffer;
}

void copy_strided(const std::byte* from, int itemsize, const Shape& shape, const Strides& strides, std::byte* to) {
  copy_box(from, strides, to, row_major(shape), shape, itemsize);
}

}  // namespace strata
