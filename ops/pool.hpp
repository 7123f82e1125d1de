// What the ops over sliding windows share: geometries of calls and of samples. Included by ops/pool.cpp, which
// implements it, and ops/patches.cpp. NOTE [lanes under windows]  A lane axis is one more axis with a window of 1: no
// rule moves it.
#pragma once
#include <span>
#include <utility>
#include <vector>

#include "strata/ops/backend/windows.hpp"
#include "strata/ops/menu/conv.hpp"
#include "strata/ops/registry.hpp"

namespace strata::windows {

/// The geometry with one more axis of `size` at `axis`, whose windows are single elements.
WindowGeometry with_lanes(WindowGeometry g, int axis, std::int64_t size);

/// What a call asks for; ShapeError where x has no such windows.
WindowGeometry geometry(const char* op, const Tensor& x, const Window& p);
/// DtypeError for bool.
void demand_number(const char* op, const Tensor& x);

/// For samples: [2, 5] by 3 with stride 2 and padding; [4, 2] by 2 x 1; none.
const WindowGeometry& overlapping();
const WindowGeometry& tiles();
const WindowGeometry& nothing();

template <class F>
Sample windows_sample(const char* label, std::vector<Argument> arguments, F f) {
  return {label, std::move(arguments), [f](std::span<const Tensor> x) { return std::vector<Tensor>{f(x)}; }};
}

/// f(x, Window) on two axes, overlapping windows and an empty tensor.
template <class F>
Samples pool_samples(F f) {
  return {windows_sample("two axes", {{{2, 4, 6}}},
                         [f](std::span<const Tensor> x) {
                           return f(x[0], Window{{2, 2}});
                         }),
          windows_sample("overlapping, SAME", {{{1, 5}}},
                         [f](std::span<const Tensor> x) {
                           return f(x[0], Window{.window = {3}, .strides = {2}, .padding = "SAME"});
                         }),
          windows_sample("empty", {{{0, 4}}}, [f](std::span<const Tensor> x) { return f(x[0], Window{{2}}); })};
}

}  // namespace strata::windows
