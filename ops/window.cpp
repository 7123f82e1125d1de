// See window.hpp.
#include "strata/ops/window.hpp"

#include <algorithm>

#include "strata/core/error.hpp"
#include "strata/core/level.hpp"

namespace strata {
namespace {

[[noreturn]] void refuse(const char* op, const std::string& why) {
  throw ShapeError(std::string(op) + ": " + why + level_context());
}

Shape settled(const char* op, const char* what, const Shape& given, int rank) {
  if (given.empty()) return Shape::filled(rank, 1);
  if (given.size() != rank) {
    refuse(op, std::string(what) + " " + to_string(given) + " should have " + std::to_string(rank) +
                   (rank == 1 ? " entry" : " entries"));
  }
  if (std::any_of(given.begin(), given.end(), [](auto v) { return v < 1; }))
    refuse(op, std::string(what) + " " + to_string(given) + " should all be at least 1");
  return given;
}

std::int64_t dilated(std::int64_t size, std::int64_t dilation) { return size == 0 ? 0 : (size - 1) * dilation + 1; }

}  // namespace

WindowPlan plan_windows(const char* op, const WindowSizes& s, const Padding& padding) {
  const int rank = s.base.size();
  WindowPlan p{settled(op, "strides", s.strides, rank),
               settled(op, "the dilation of the base", s.base_dilation, rank),
               settled(op, "the dilation of the window", s.window_dilation, rank),
               {},
               {}};
  const std::string& mode = padding.mode();
  if (!mode.empty() && mode != "VALID" && mode != "SAME" && mode != "SAME_LOWER")
    refuse(op, "padding \"" + mode + "\" is none of \"VALID\", \"SAME\", \"SAME_LOWER\"");
  if (mode.empty() && static_cast<int>(padding.pairs().size()) != rank) {
    refuse(op, "padding has " + std::to_string(padding.pairs().size()) + " pairs, but there are " +
                   std::to_string(rank) + " axes to pad");
  }
  for (int i = 0; i < rank; ++i) {
    const std::int64_t base = dilated(s.base[i], p.base_dilation[i]),
                       window = dilated(s.window[i], p.window_dilation[i]);
    std::int64_t low = 0, high = 0;
    if (mode.empty()) {
      low = padding.pairs()[static_cast<std::size_t>(i)].first;
      high = padding.pairs()[static_cast<std::size_t>(i)].second;
    } else if (mode != "VALID") {
      const std::int64_t result = (base + p.strides[i] - 1) / p.strides[i];
      const std::int64_t total = std::max<std::int64_t>((result - 1) * p.strides[i] + window - base, 0);
      low = mode == "SAME" ? total / 2 : total - total / 2;
      high = total - low;
    }
    p.low.push_back(low);
    const std::int64_t room = base + low + high - window;
    p.result.push_back(room < 0 ? 0 : room / p.strides[i] + 1);
  }
  return p;
}

}  // namespace strata
