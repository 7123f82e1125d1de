// What a call of a vmapped function does on leaves: settle the size, wrap, unwrap, place axes, join chunks.
#include "strata/functorch/vmap.hpp"

#include <algorithm>

#include "strata/core/error.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"

namespace strata::detail {

AxisSpec VmapCall::sole_spec(const Axes& entry) {
  const AxisSpec spec = entry.spec();
  if (spec.is_sink()) {
    throw TransformError("vmap: in_axes holds sum_out or mean_out, which are for out_axes" + level_context());
  }
  return spec;
}

void VmapCall::add_leaf(Tensor& leaf, const AxisSpec& spec, std::size_t argument) {
  leaves_.push_back({&leaf, leaf, -1, argument});
  if (!spec.mapped() || !leaf.defined()) return;
  const int rank = leaf.ndim(), axis = spec.axis < 0 ? spec.axis + rank : spec.axis;
  if (axis < 0 || axis >= rank) {
    throw TransformError("vmap: in_axes maps axis " + std::to_string(spec.axis) + " of " + where(leaves_.size() - 1) +
                         (rank == 0 ? ", which is a scalar: give it st::none in in_axes"
                                    : ", which has shape " + to_string(leaf.shape())) +
                         level_context());
  }
  leaves_.back().axis = axis;
}

std::string VmapCall::where(std::size_t leaf) const {
  const std::size_t a = leaves_[leaf].argument;
  std::size_t first = leaf;
  while (first > 0 && leaves_[first - 1].argument == a) --first;
  const std::string path = arguments_[a].paths(arguments_[a].tree)[leaf - first];
  return "argument " + std::to_string(a) + (path.empty() ? "" : " (" + path + ")");
}

std::string VmapCall::result_leaf(std::size_t k) const {
  const std::string path = result_.paths(result_.tree)[k];
  return "the result" + (path.empty() ? "" : " (" + path + ")");
}

void VmapCall::settle() {
  std::size_t first = leaves_.size();
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    const Leaf& l = leaves_[i];
    if (l.axis < 0) continue;
    const std::int64_t n = l.value.shape()[l.axis];
    if (size_ < 0) {
      size_ = n;
      first = i;
    } else if (n != size_) {
      throw TransformError("vmap: " + where(i) + " has size " + std::to_string(n) + " along axis " +
                           std::to_string(l.axis) + ", but " + where(first) + " has size " + std::to_string(size_) +
                           " along axis " + std::to_string(leaves_[first].axis) + ": mapped axes must agree" +
                           level_context());
    }
  }
  if (options_.axis_size) {
    if (size_ >= 0 && size_ != *options_.axis_size) {
      throw TransformError("vmap: axis_size is " + std::to_string(*options_.axis_size) + ", but " + where(first) +
                           " has size " + std::to_string(size_) + " along axis " + std::to_string(leaves_[first].axis) +
                           level_context());
    }
    if (*options_.axis_size < 0)
      throw TransformError("vmap: axis_size is " + std::to_string(*options_.axis_size) + "; it cannot be negative" +
                           level_context());
    size_ = *options_.axis_size;
  }
  if (size_ < 0) {
    throw TransformError(
        "vmap: no argument is mapped, so the number of lanes is unknown: give .axis_size, or map an argument in "
        "in_axes" +
        level_context());
  }
}

std::int64_t VmapCall::next_chunk(std::int64_t lanes, std::size_t bytes) const {
  if (!options_.memory_bytes) return lanes;
  const double each = std::max<double>(1, static_cast<double>(bytes) / static_cast<double>(lanes));
  const double fit = std::max(1.0, static_cast<double>(*options_.memory_bytes) / each);
  const auto chunk = static_cast<std::int64_t>(std::min(fit, static_cast<double>(size_)));
  return options_.chunk ? std::min(chunk, *options_.chunk) : chunk;
}

std::int64_t VmapCall::chunk() const {
  constexpr std::int64_t metered = 4;  // lanes of the run that is measured
  if (options_.memory_bytes) {
    if (*options_.memory_bytes < 1) {
      throw TransformError("vmap: memory_bytes is " + std::to_string(*options_.memory_bytes) +
                           "; it must be at least 1" + level_context());
    }
    if (size_ > metered && !options_.axis_name.empty()) {
      throw TransformError("vmap: .memory_bytes runs the axis '" + options_.axis_name +
                           "' in parts, so a collective over it would see one part: leave out .memory_bytes or "
                           ".axis_name" +
                           level_context());
    }
  }
  if (!options_.chunk) return options_.memory_bytes ? std::min(size_, metered) : size_;
  if (*options_.chunk < 1) {
    throw TransformError("vmap: chunk is " + std::to_string(*options_.chunk) + "; it must be at least 1" +
                         level_context());
  }
  if (*options_.chunk < size_ && !options_.axis_name.empty()) {
    throw TransformError("vmap: .chunk runs the axis '" + options_.axis_name +
                         "' in parts, so a collective over it would see one part: leave out .chunk or .axis_name" +
                         level_context());
  }
  return *options_.chunk;
}

void VmapCall::enter(VmapLevel& level, std::int64_t begin, std::int64_t count) {
  for (Leaf& l : leaves_) {
    if (l.axis < 0) {
      *l.place = l.value;
      continue;
    }
    const bool whole = begin == 0 && count == size_;
    *l.place =
        level.wrap(Lane{whole ? l.value : slice_in_dim(l.value, begin, begin + count, 1, {.axis = l.axis}), l.axis});
    if (whole) l.value = Tensor();
  }
}

std::optional<AxisSpec> VmapCall::out_spec() const {
  const ArgAxes& out = options_.out_axes;
  if (out.is_list() || !out.entries()[0].uniform()) return std::nullopt;
  return out.entries()[0].spec();
}

void VmapCall::leave(VmapLevel& level, Tensor& leaf, const AxisSpec& spec, std::size_t k) {
  if (!leaf.defined()) return;
  const Lane y = level.unwrap(leaf);
  leaf = Tensor();
  const std::int64_t size = level.level().size;
  switch (spec.kind) {
    case AxisSpec::Kind::none:
      if (y.mapped()) {
        throw TransformError("vmap: out_axes is none for " + result_leaf(k) +
                             ", which depends on the mapped axis: give it an axis, or st::sum_out or st::mean_out" +
                             level_context());
      }
      leaf = y.value;
      return;
    case AxisSpec::Kind::sum:
      leaf = y.mapped() ? sum(y.value, {.axes = {y.axis}}) : y.value * size;
      return;
    case AxisSpec::Kind::mean:
      leaf = y.mapped() ? sum(y.value, {.axes = {y.axis}}) / size : y.value;
      return;
    case AxisSpec::Kind::local:
      throw TransformError("vmap: out_axes is st::local for result " + std::to_string(k) +
                           ", which is for pmap: lanes have no part of their own" + level_context());
    default:
      break;
  }
  const int rank = y.value.ndim() + (y.mapped() ? 0 : 1);
  const int axis = spec.axis < 0 ? spec.axis + rank : spec.axis;
  if (axis < 0 || axis >= rank) {
    throw TransformError("vmap: out_axes puts the lanes along axis " + std::to_string(spec.axis) + " of " +
                         result_leaf(k) + ", which then has " + std::to_string(rank) + (rank == 1 ? " axis" : " axes") +
                         level_context());
  }
  Shape shape = y.value.shape();
  if (!y.mapped()) shape.insert(axis, size);
  leaf = y.mapped() ? moveaxis(y.value, y.axis, axis) : broadcast_to(expand_dims(y.value, axis), shape);
}

Tensor VmapCall::join(std::vector<Tensor> parts, const AxisSpec& spec, const std::vector<std::int64_t>& counts) const {
  if (!parts[0].defined() || parts.size() == 1) return parts[0];
  switch (spec.kind) {
    case AxisSpec::Kind::none:
      return parts[0];
    case AxisSpec::Kind::sum:
      return add(std::move(parts[0]), std::move(parts[1]));
    case AxisSpec::Kind::mean: {  // of all lanes so far and the newest part
      std::int64_t before = 0;
      for (std::size_t i = 0; i + 1 < counts.size(); ++i) before += counts[i];
      const double share = static_cast<double>(counts.back()) / static_cast<double>(before + counts.back());
      return parts[0] + (parts[1] - parts[0]) * share;
    }
    default:
      break;
  }
  const int rank = parts[0].ndim();
  return concatenate(std::move(parts), {.axis = spec.axis < 0 ? spec.axis + rank : spec.axis});
}

}  // namespace strata::detail
