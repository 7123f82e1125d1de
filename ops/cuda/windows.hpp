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

struct WindowLibrary {
  Error (*run)(int device, const WindowCall& call);
};
extern const WindowLibrary windows_library;

}  // namespace strata::gpu
