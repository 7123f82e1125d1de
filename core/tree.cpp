// The parts of core/tree.hpp that do not depend on a tree's type: they work on outlines.
#include "strata/core/tree.hpp"

#include <algorithm>

#include "strata/core/error.hpp"

namespace strata::detail {

void throw_leaf_count(std::string_view function, const Outline& like, std::size_t given) {
  const std::vector<std::string> paths = like.leaf_paths();
  std::string names;
  constexpr std::size_t most = 8;
  for (std::size_t i = 0; i < std::min(paths.size(), most); ++i) names += (i ? ", " : "") + paths[i];
  if (paths.size() > most) names += ", ...";
  if (paths.size() == 1 && paths[0].empty()) names.clear();
  throw ValueError(std::string(function) + ": the tree has " + std::to_string(paths.size()) +
                   (paths.size() == 1 ? " leaf" : " leaves") + (names.empty() ? "" : " (" + names + ")") + ", but " +
                   std::to_string(given) + (given == 1 ? " tensor was given" : " tensors were given"));
}

namespace {

Tree subtree(const Outline& outline, std::size_t at) {
  const Outline::Node& node = outline.nodes()[at];
  if (node.kind == Outline::Kind::leaf) return Tree(*node.tensor);
  if (node.kind == Outline::Kind::none || node.kind == Outline::Kind::fixed) return Tree();
  if (node.kind == Outline::Kind::list) {
    std::vector<Tree> items;
    for (std::size_t child : outline.children(at)) items.push_back(subtree(outline, child));
    return Tree::list(std::move(items));
  }
  std::vector<Tree::Item> items;
  for (std::size_t child : outline.children(at)) {
    items.emplace_back(outline.nodes()[child].name, subtree(outline, child));
  }
  return Tree::dict(std::move(items));
}

}  // namespace

Tree to_tree(const Outline& outline) { return subtree(outline, 0); }

}  // namespace strata::detail
