// See jacobian.hpp.
#include "strata/functorch/jacobian.hpp"

#include <algorithm>

#include "strata/core/error.hpp"
#include "strata/ops/backend.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/units.hpp"

namespace strata::detail {
namespace {

/// Rows [begin, begin + count) of the identity over x's elements, shaped [count] + x.shape.
Tensor unit_vectors(const Tensor& x, std::int64_t begin, std::int64_t count) {
  const std::int64_t n = x.size();
  const Tensor basis = zeros({count, n}, {x.dtype(), x.device()});
  const Tensor diagonal = view_of(basis, {count}, Strides{n + 1}, begin);
  backend(basis).elements.fill(diagonal, dense(astype(Tensor(1), x.dtype())).data);
  return reshape(basis, Shape{count} + x.shape());
}

}  // namespace

void check_chunk(const char* op, std::optional<std::int64_t> chunk) {
  if (chunk && *chunk < 1) {
    throw TransformError(std::string(op) + ": chunk is " + std::to_string(*chunk) + "; it must be at least 1" +
                         level_context());
  }
}

using BasisMap = std::function<std::vector<Tensor>(const std::vector<Tensor>&)>;

namespace {

/// What `apply` gives for unit vectors begin .. begin + count of one leaf, stacked along axis 0. One needs no vmap.
std::vector<Tensor> apply_to_units(const BasisMap& apply, const std::vector<Tensor>& like, std::size_t leaf,
                                   std::int64_t begin, std::int64_t count) {
  std::vector<Tensor> unit(like.size());
  const Tensor units = unit_vectors(like[leaf], begin, count);
  if (count == 1) {
    unit[leaf] = reshape(units, like[leaf].shape());
    std::vector<Tensor> y = apply(unit);
    for (Tensor& t : y) t = t.defined() ? expand_dims(std::move(t), 0) : Tensor();
    return y;
  }
  const auto level = VmapLevel::make(count);
  const LevelScope scope(level->level());
  const UnitRows known(units, begin);
  unit[leaf] = level->wrap({units, 0});
  std::vector<Tensor> y = apply(unit);
  for (Tensor& t : y) t = t.defined() ? lanes_first(level->unwrap(t), count) : Tensor();
  return y;
}

}  // namespace

std::vector<Tensor> apply_to_basis(const BasisMap& apply, const std::vector<Tensor>& like, std::size_t leaf,
                                   std::optional<std::int64_t> chunk) {
  const std::int64_t n = like[leaf].size();
  const std::int64_t step = std::max<std::int64_t>(chunk ? std::min(*chunk, n) : n, 1);
  if (step >= n) return apply_to_units(apply, like, leaf, 0, n);
  std::vector<std::vector<Tensor>> parts;
  for (std::int64_t begin = 0; begin < n; begin += step) {
    const std::vector<Tensor> y = apply_to_units(apply, like, leaf, begin, std::min(step, n - begin));
    parts.resize(y.size());
    for (std::size_t k = 0; k < y.size(); ++k) {
      if (y[k].defined()) parts[k].push_back(y[k]);
    }
  }
  std::vector<Tensor> result;
  for (auto& p : parts) result.push_back(p.empty() ? Tensor() : concatenate(std::move(p), {.axis = 0}));
  return result;
}

std::vector<std::vector<Tensor>> reverse_blocks(ReverseRun& run, const std::vector<Tensor>& y,
                                                const std::vector<Tensor>& x, std::optional<std::int64_t> chunk) {
  std::vector<std::vector<Tensor>> blocks;
  for (std::size_t k = 0; k < y.size(); ++k) {
    if (!y[k].defined() || !is_float(y[k].dtype())) {
      blocks.emplace_back(x.size());
      continue;
    }
    blocks.push_back(apply_to_basis([&](const std::vector<Tensor>& g) { return run.pull(g, true); }, y, k, chunk));
    for (std::size_t j = 0; j < x.size(); ++j) {
      if (blocks[k][j].defined()) blocks[k][j] = reshape(blocks[k][j], y[k].shape() + x[j].shape());
    }
  }
  return blocks;
}

std::vector<std::vector<Tensor>> forward_blocks(
    const std::function<std::vector<Tensor>(const std::vector<Tensor>&)>& push, const std::vector<Tensor>& x,
    std::optional<std::int64_t> chunk) {
  std::vector<std::vector<Tensor>> blocks;  // [k][j]
  for (std::size_t j = 0; j < x.size(); ++j) {
    if (!x[j].defined() || !is_float(x[j].dtype())) continue;
    std::vector<Tensor> columns = apply_to_basis(push, x, j, chunk);
    if (blocks.empty()) blocks.assign(columns.size(), std::vector<Tensor>(x.size()));
    for (std::size_t k = 0; k < columns.size(); ++k) {
      if (!columns[k].defined()) continue;
      Shape y = columns[k].shape();
      y.erase(0);
      blocks[k][j] = reshape(moveaxis(reshape(columns[k], Shape{x[j].size()} + y), 0, -1), y + x[j].shape());
    }
  }
  if (blocks.empty()) {
    const auto first = std::find_if(x.begin(), x.end(), [](const Tensor& t) { return t.defined(); });
    const std::string fact = first == x.end() ? " tensor"
                                              : " float tensor (the first is " + std::string(name(first->dtype())) +
                                                    "); convert it with st::astype";
    throw DtypeError("jacfwd: the differentiated argument holds no" + fact + level_context());
  }
  return blocks;
}

void replace_leaves(Tree& tree, const std::vector<Tree>& trees) {
  std::size_t at = 0;
  const std::function<void(Tree&)> visit = [&](Tree& t) {
    if (t.is_tensor())
      t = trees[at++];
    else
      for (Tree& child : t) visit(child);
  };
  visit(tree);
}

}  // namespace strata::detail
