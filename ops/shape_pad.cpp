// AxisPad and repetition: pad by a constant is a box written into it; pad by the tensor's own elements, repeat by a
// list are gathers with indices known on the host; tile and repeat are broadcasts.
#include <algorithm>

#include "strata/core/error.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/sampling.hpp"
#include "strata/ops/slice.hpp"

namespace strata {

PadWidths::PadWidths(Dim low, Dim high) : pads_{{low, high}} {}
PadWidths::PadWidths(std::initializer_list<AxisPad> pads) : pads_(pads) {}

namespace {

/// One entry per axis.
std::vector<AxisPad> entries(const PadWidths& widths, const Shape& shape) {
  std::vector<AxisPad> pads = widths.pads();
  if (pads.size() == 1) pads.resize(static_cast<std::size_t>(shape.size()), pads[0]);
  if (static_cast<int>(pads.size()) != shape.size()) {
    throw ShapeError("pad: " + std::to_string(pads.size()) + " pairs of widths for a tensor of shape " +
                     to_string(shape) + level_context());
  }
  return pads;
}

Tensor pad_constant(Tensor x, const std::vector<AxisPad>& pads, Tensor value) {
  const Shape from = x.shape();
  if (value.ndim() != 0) {
    throw ShapeError("pad: the value has shape " + to_string(value.shape()) + ", a scalar is wanted" + level_context());
  }
  Box read = Box::whole(from);
  Shape to = from;
  for (int i = 0; i < from.size(); ++i) {
    const AxisPad& p = pads[static_cast<std::size_t>(i)];
    const std::int64_t low = p.low.value, step = p.interior.value + 1, n = from[i];
    if (step < 1)
      throw ValueError("pad: interior width " + std::to_string(step - 1) + " is negative" + level_context());
    to[i] = low + p.high.value + (n > 0 ? (n - 1) * step + 1 : 0);
    if (to[i] < 0) {
      throw ValueError("pad: axis " + std::to_string(i) + " of " + to_string(from) + " would get size " +
                       std::to_string(to[i]) + level_context());
    }
    const std::int64_t first = low < 0 ? (-low + step - 1) / step : 0;  // elements before it are cut off
    const std::int64_t end = std::min(n, to[i] - low > 0 ? (to[i] - low - 1) / step + 1 : 0);
    read.start[i] = first;
    read.size[i] = std::max<std::int64_t>(0, end - first);
  }
  Box write = Box::whole(to);
  for (int i = 0; i < from.size(); ++i) {
    const AxisPad& p = pads[static_cast<std::size_t>(i)];
    write.step[i] = p.interior.value + 1;
    write.start[i] = p.low.value + read.start[i] * write.step[i];
    write.size[i] = read.size[i];
  }
  if (to == from && read.is_whole() && write.is_whole()) return x;
  Tensor around = broadcast_to(astype(std::move(value), x.dtype()), to);
  return write_box(std::move(around), read_box(std::move(x), read), write);
}

/// Which element of an axis of n stands at position i, which may be outside.
std::int64_t mirrored(PadMode mode, std::int64_t i, std::int64_t n) {
  const auto modulo = [](std::int64_t a, std::int64_t m) { return (a % m + m) % m; };
  switch (mode) {
    case PadMode::edge:
      return std::clamp<std::int64_t>(i, 0, n - 1);
    case PadMode::wrap:
      return modulo(i, n);
    case PadMode::symmetric: {
      const std::int64_t j = modulo(i, 2 * n);
      return j < n ? j : 2 * n - 1 - j;
    }
    default: {
      if (n == 1) return 0;
      const std::int64_t j = modulo(i, 2 * (n - 1));
      return j < n ? j : 2 * (n - 1) - j;
    }
  }
}

/// x with the elements at these places of an axis.
Tensor pick(Tensor x, const std::vector<std::int64_t>& at, int axis) {
  const Tensor places = array(at, {at.size()}, {.device = x.device()});
  return take(std::move(x), places, {.axis = axis, .mode = IndexMode::clip});
}

}  // namespace

Tensor pad(Tensor x, const PadWidths& widths, Pad p) {
  const auto pads = entries(widths, x.shape());
  if (p.mode == PadMode::constant) return pad_constant(std::move(x), pads, std::move(p.constant_values));
  for (int i = 0; i < static_cast<int>(pads.size()); ++i) {
    const std::int64_t low = pads[static_cast<std::size_t>(i)].low.value,
                       high = pads[static_cast<std::size_t>(i)].high.value;
    const std::int64_t n = x.shape()[i];
    if (low < 0 || high < 0 || pads[static_cast<std::size_t>(i)].interior.value != 0) {
      throw ValueError("pad: negative and interior widths are for PadMode::constant, axis " + std::to_string(i) +
                       " has them" + level_context());
    }
    if (low + high == 0) continue;
    if (n == 0) {
      throw ValueError("pad: axis " + std::to_string(i) + " of " + to_string(x.shape()) +
                       " has no element to repeat; use PadMode::constant" + level_context());
    }
    std::vector<std::int64_t> at;
    for (std::int64_t k = -low; k < n + high; ++k) at.push_back(mirrored(p.mode, k, n));
    x = pick(std::move(x), at, i);
  }
  return x;
}

Tensor tile(Tensor x, Shape reps) {
  Shape shape = x.shape();
  while (shape.size() < reps.size()) shape.insert(0, 1);
  while (reps.size() < shape.size()) reps.insert(0, 1);
  Shape apart, spread, joined;
  for (int i = 0; i < shape.size(); ++i) {
    if (reps[i] < 0)
      throw ValueError("tile: " + std::to_string(reps[i]) + " repetitions: the number is not negative" +
                       level_context());
    if (reps[i] != 1) {
      apart.push_back(1);
      spread.push_back(reps[i]);
    }
    apart.push_back(shape[i]);
    spread.push_back(shape[i]);
    joined.push_back(reps[i] * shape[i]);
  }
  return reshape(broadcast_to(reshape(std::move(x), apart), spread), joined);
}

Tensor repeat(Tensor x, const IntOrList& repeats, Repeat p) {
  if (!p.axis) x = ravel(std::move(x));
  const int axis = normalize_axis("repeat", p.axis.value_or(0), x.ndim());
  Shape shape = x.shape();
  const auto check = [](std::int64_t n) {
    if (n < 0)
      throw ValueError("repeat: " + std::to_string(n) + " repetitions: the number is not negative" + level_context());
  };
  if (repeats.one() || repeats.list().size() == 1) {
    const std::int64_t n = repeats.one() ? *repeats.one() : repeats.list()[0];
    check(n);
    Shape spread = shape;
    spread.insert(axis + 1, n);
    shape[axis] *= n;
    return reshape(broadcast_to(expand_dims(std::move(x), axis + 1), spread), shape);
  }
  if (static_cast<std::int64_t>(repeats.list().size()) != shape[axis]) {
    throw ShapeError("repeat: " + std::to_string(repeats.list().size()) + " numbers of repetitions for axis " +
                     std::to_string(axis) + " of " + to_string(shape) + level_context());
  }
  std::vector<std::int64_t> at;
  for (std::size_t i = 0; i < repeats.list().size(); ++i) {
    check(repeats.list()[i]);
    at.insert(at.end(), static_cast<std::size_t>(repeats.list()[i]), static_cast<std::int64_t>(i));
  }
  return pick(std::move(x), at, axis);
}

namespace {

Samples pad_samples() {
  const auto call = sampled([](Tensor x, Tensor v) { return pad(x, {{1, 2, 1}, {-1, 1}}, {.constant_values = v}); });
  const auto by = [](PadMode mode) {
    return sampled([mode](Tensor x) { return pad(x, {{2, 1}, {0, 3}}, {.mode = mode}); });
  };
  return {{"constant", {{{3, 4}}, {{}}}, call},          {"edge", {{{2, 3}}}, by(PadMode::edge)},
          {"reflect", {{{4, 3}}}, by(PadMode::reflect)}, {"symmetric", {{{3, 2}}}, by(PadMode::symmetric)},
          {"wrap", {{{3, 2}}}, by(PadMode::wrap)},       {"empty", {{{0, 2}}, {{}}}, call}};
}
Samples tile_samples() {
  const auto by = [](Shape reps) { return sampled([reps](Tensor x) { return tile(x, reps); }); };
  return {
      {"[2, 3] by 2, 2", {{{2, 3}}}, by({2, 2})}, {"[3] by 2, 1", {{{3}}}, by({2, 1})}, {"empty", {{{0, 2}}}, by({3})}};
}
Samples repeat_samples() {
  const auto by = [](IntOrList n, int axis) { return sampled([=](Tensor x) { return repeat(x, n, {.axis = axis}); }); };
  return {{"[2, 3] by 2", {{{2, 3}}}, by(2, 1)},
          {"[2, 3] by 1, 0, 2", {{{2, 3}}}, by({1, 0, 2}, 1)},
          {"flat", {{{2, 3}}}, sampled([](Tensor x) { return repeat(x, 2); })},
          {"empty", {{{0, 2}}}, by(2, 0)}};
}

}  // namespace

std::vector<Entry> pad_entries() {
  return {composite("pad", &pad_samples), composite("tile", &tile_samples), composite("repeat", &repeat_samples)};
}

}  // namespace strata
