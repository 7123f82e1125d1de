// The launchers of ops/cuda/launch.hpp as loops on the host, for the double of a GPU: the memory of the double can be
// read and written while a kernel runs and at no other time, so what touches it from the host crashes in a test. Work
// is done at once, or recorded while a graph is (ops/cuda/graphs.hpp).
#pragma once
#include <algorithm>
#include <cstddef>
#include <functional>

#include "strata/ops/cuda/geometry.hpp"
#include "strata/ops/cuda/scratch.hpp"

namespace strata::gpu {

/// Does `work` with the double's memory open, or records it.
Error give(std::function<void()> work);

/// What core/device_library.hpp calls a stream's handle, in the double.
struct HostStream {
  Error (*give)(std::function<void()> work);
};

template <class F>
Error for_each(int, std::int64_t n, F f) {
  return give([=] {
    for (std::int64_t i = 0; i < n; ++i) f(i);
  });
}

template <class F>
Error reduce_rows(int, std::int64_t rows, std::int64_t n, F f) {
  return give([=] {
    const RowCut cut = cut_rows(rows, n, f.adjacent, true);
    for (std::int64_t row = 0; row < rows; ++row) {
      const auto line = f.line(row);
      auto all = f.start();
      for (std::int64_t p = 0; p < cut.parts; ++p) {
        auto s = f.start();
        for (std::int64_t i = p * cut.length; i < std::min(n, (p + 1) * cut.length); ++i) f.take(s, line, i);
        f.join(all, s);
      }
      f.finish(row, all);
    }
  });
}

template <class F>
Error map_rows(int, std::int64_t rows, std::int64_t n, F f) {
  return give([=] {
    for (std::int64_t row = 0; row < rows; ++row) {
      const auto line = f.line(row);
      auto s = f.start();
      for (std::int64_t i = 0; i < n; ++i) f.take(s, line, i);
      const auto settled = f.settle(s);
      for (std::int64_t i = 0; i < n; ++i) f.write(line, i, settled);
    }
  });
}

template <class F>
Error scan_rows(int, std::int64_t rows, std::int64_t n, F f) {
  return give([=] {
    const RowCut cut = cut_scan(rows, n);
    for (std::int64_t row = 0; row < rows; ++row) {
      const auto line = f.line(row);
      auto carry = f.start();
      for (std::int64_t p = 0; p < cut.parts; ++p) {
        auto s = carry, stretch = f.start();
        for (std::int64_t i = p * cut.length; i < std::min(n, (p + 1) * cut.length); ++i) {
          auto next = f.start();
          f.take(next, line, i);
          auto after = s;
          f.join(after, next);
          f.store(line, i, s, after);
          s = after;
          f.join(stretch, next);
        }
        f.join(carry, stretch);
      }
    }
  });
}

}  // namespace strata::gpu
