// Sliding windows on a GPU, as plain calls. Asked for by ops/cuda/windows.cpp; run by ops/cuda/windows.cu.
#pragma once
#include "strata/ops/cuda/call.hpp"

namespace strata::gpu {

/// What happens between the base and the result (ops/backend/windows.hpp).
enum class WindowWork : std::uint8_t {
  sum,
  spread,
  largest,
  smallest,
  arg_largest,
  arg_smallest,
  pick,
  place,
  unfold,
  fold
};

/// All memory is row-major: the base over `base`, results over `result`; unfolded ones have the windows' elements as
/// one more axis before the last ones of the result, those of `inner` elements.
struct WindowCall {
  WindowWork work;
  Dtype dtype;
  int rank;
  std::int64_t base[max_rank], window[max_rank], result[max_rank];
  std::int64_t stride[max_rank], low[max_rank], base_dilation[max_rank], window_dilation[max_rank];
  std::int64_t bases, windows, results;  // their elements
  std::int64_t inner;                    // of the result: the axes behind an unfolded window
  const void* from;
  const std::int32_t* which;  // of pick and place
  void* to;
};

/// `mean` divides by the windows' sizes, `inner_mean` by what of them is not padding.
enum class PoolWork : std::uint8_t { largest, mean, inner_mean };

/// Floats, row-major as [n, c, spatial] or, with the channels last, [n, spatial, c]. Three spatial axes, the used ones
/// last. Axes are padded by `low` at both ends, which is below the window's size.
struct PoolCall {
  PoolWork work;
  Dtype dtype;
  bool channels_last;
  std::int64_t n, c;
  std::int64_t x_size[3], window[3], y_size[3], stride[3], low[3];
  const void* x;
  void* y;
};

struct WindowLibrary {
  Error (*run)(int device, const WindowCall& call);
  /// By the library of pooling; `done` stays false where it has no way.
  Error (*pool)(int device, const PoolCall& call, bool& done);
};
extern const WindowLibrary windows_library;

}  // namespace strata::gpu
