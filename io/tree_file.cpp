// The parts of io/tree_file.hpp that do not depend on the tree's type: names, sizes from names, matching.
#include "strata/io/tree_file.hpp"

#include <algorithm>
#include <charconv>
#include <map>

#include "strata/core/error.hpp"

namespace strata::io {
namespace {

void append_names(const Outline& outline, std::size_t node, const std::string& prefix, std::vector<std::string>& out) {
  const Outline::Node& n = outline.nodes()[node];
  if (n.kind == Outline::Kind::leaf) out.push_back(prefix);
  std::size_t index = 0;
  for (std::size_t child = node + 1; child < n.end; child = outline.nodes()[child].end, ++index) {
    const bool named = n.kind == Outline::Kind::record || n.kind == Outline::Kind::dict;
    const std::string step = named ? std::string(outline.nodes()[child].name) : std::to_string(index);
    append_names(outline, child, prefix.empty() && node == 0 ? step : prefix + "." + step, out);
  }
}

std::string first_step(const std::string& name) { return name.substr(0, name.find('.')); }

/// The number that a list's step is; -1 when it is none ("01", "x").
std::int64_t list_index(const std::string& step) {
  std::int64_t value = -1;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), value);
  const bool whole = error == std::errc() && end == step.data() + step.size() && value >= 0;
  return whole && std::to_string(value) == step ? value : -1;
}

}  // namespace

std::vector<std::string> leaf_names(const Outline& outline) {
  std::vector<std::string> names;
  append_names(outline, 0, "", names);
  return names;
}

Names Names::below(const std::string& step) const {
  constexpr int deepest = 256;
  if (depth_ == deepest) throw IoError("load: a tensor's name has more than " + std::to_string(deepest) + " steps");
  std::vector<std::string> rest;
  for (const std::string& name : names_) {
    if (name == step)
      rest.emplace_back();
    else if (name.size() > step.size() && name.starts_with(step) && name[step.size()] == '.')
      rest.push_back(name.substr(step.size() + 1));
  }
  return Names(std::move(rest), depth_ + 1);
}

std::vector<std::string> Names::steps() const {
  std::vector<std::string> found;
  std::set<std::string> seen;
  for (const std::string& name : names_) {
    std::string step = first_step(name);
    if (seen.insert(step).second) found.push_back(std::move(step));
  }
  return found;
}

std::size_t Names::list_size() const {
  std::int64_t size = 0;
  for (const std::string& step : steps()) size = std::max(size, list_index(step) + 1);
  return std::min(static_cast<std::size_t>(size), names_.size());
}

Tree grown_tree(const Names& names) {
  const std::vector<std::string> steps = names.steps();
  if (names.names() == std::vector<std::string>{""}) return Tree(Tensor());
  bool list = !steps.empty();
  for (std::size_t i = 0; i < steps.size() && list; ++i) {
    const std::int64_t index = list_index(steps[i]);
    list = index >= 0 && index < static_cast<std::int64_t>(steps.size());
  }
  if (list) {
    std::vector<Tree> items;
    for (std::size_t i = 0; i < steps.size(); ++i) items.push_back(grown_tree(names.below(std::to_string(i))));
    return Tree::list(std::move(items));
  }
  std::vector<Tree::Item> items;
  for (const std::string& step : steps) items.emplace_back(step, grown_tree(names.below(step)));
  return Tree::dict(std::move(items));
}

std::vector<Tensor> matched(const char* function, const Contents& file, const std::vector<std::string>& names,
                            const std::vector<std::string>& paths, const std::vector<bool>& required) {
  std::map<std::string, Tensor> tensors(file.tensors.begin(), file.tensors.end());
  std::vector<Tensor> leaves;
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto node = tensors.extract(names[i]);
    if (!node && required[i]) {
      throw IoError(std::string(function) + ": " + file.path + " has no tensor \"" + names[i] + "\"" +
                    (paths[i].empty() ? "" : " for " + paths[i]));
    }
    leaves.push_back(node ? std::move(node.mapped()) : Tensor());
  }
  if (!tensors.empty()) {
    throw IoError(std::string(function) + ": " + file.path + " has a tensor \"" + tensors.begin()->first +
                  "\", which has no place in the tree" +
                  (tensors.size() > 1 ? " (and " + std::to_string(tensors.size() - 1) + " more)" : ""));
  }
  return leaves;
}

void check_like(const std::string& path, const std::string& name, const Tensor& x, const Tensor& like) {
  if (x.shape() == like.shape() && x.dtype() == like.dtype()) return;
  const auto text = [](const Tensor& t) { return std::string(strata::name(t.dtype())) + " " + to_string(t.shape()); };
  throw IoError("load_into: " + path + ": tensor \"" + name + "\" is " + text(x) + ", the tree's is " + text(like));
}

}  // namespace strata::io
