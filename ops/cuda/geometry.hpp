// How work on rows is cut for a GPU: from sizes alone, so that results are the same on every GPU and every run. Used by
// the launchers; tests check it on the CPU.
#pragma once
#include <algorithm>
#include <cstdint>

namespace strata::gpu {

inline constexpr int block_threads = 256;
inline constexpr int warp_threads = 32;
inline constexpr std::int64_t max_blocks = 1 << 20;

/// Who works on one row, or on one part of a row.
enum class By : std::uint8_t { thread, warp, block };

struct RowCut {
  By by;
  std::int64_t parts;   // of each row; more than one: states are joined by a second kernel
  std::int64_t length;  // elements of a part, the last may have fewer
};

/// `adjacent`: neighbouring rows lie side by side in memory, so that neighbouring threads should take rows.
inline RowCut cut_rows(std::int64_t rows, std::int64_t n, bool adjacent, bool may_split) {
  RowCut c{By::block, 1, n};
  if (n <= 8 || (adjacent && rows >= warp_threads))
    c.by = By::thread;
  else if (n <= 1024)
    c.by = By::warp;
  if (!may_split) return c;
  const std::int64_t wanted = c.by == By::thread ? 512 * 1024 : c.by == By::warp ? 4096 : 1024;  // units at work
  const std::int64_t least = c.by == By::thread ? 64 : c.by == By::warp ? 1024 : 4096;  // elements worth a unit
  const std::int64_t parts = std::min(n / least, wanted / std::max<std::int64_t>(rows, 1));
  if (parts <= 1) return c;
  c.length = (n + parts - 1) / parts;
  c.parts = (n + c.length - 1) / c.length;
  return c;
}

/// Who joins the states of a row's parts.
inline By joiner(std::int64_t rows, std::int64_t parts) {
  if (rows >= 4096) return By::thread;
  return parts >= 128 ? By::block : By::warp;
}

/// How running reductions are cut: many rows to a thread each; else to a block, or, where rows are few, stretches of
/// them, of which there are at most as many as a block has threads.
inline RowCut cut_scan(std::int64_t rows, std::int64_t n) {
  if (n <= 8 || rows >= 16 * 1024 || (n <= warp_threads && rows >= 1024)) return {By::thread, 1, n};
  constexpr std::int64_t wanted = 512, least = 16 * block_threads;  // stretches at work, elements worth one
  const std::int64_t parts = std::min({n / least, wanted / rows, std::int64_t{block_threads}});
  if (parts <= 1) return {By::block, 1, n};
  const std::int64_t length = ((n + parts - 1) / parts + block_threads - 1) / block_threads * block_threads;
  return {By::block, (n + length - 1) / length, length};
}

inline std::int64_t blocks_for(std::int64_t threads) {
  return std::clamp<std::int64_t>((threads + block_threads - 1) / block_threads, 1, max_blocks);
}

}  // namespace strata::gpu
