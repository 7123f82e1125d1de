// Paths, descriptions and comparisons of outlines (core/outline.hpp). Called through the tree functions, axis specs and
// the transforms' error messages; knows neither the C++ types of trees nor anything of a Tensor but its address.
#include "strata/core/outline.hpp"

#include <algorithm>
#include <array>

#include "strata/core/error.hpp"

namespace strata {

Outline::Node& Outline::add(Kind kind, std::size_t size) {
  const auto next = static_cast<std::uint32_t>(nodes_.size() + 1);
  nodes_.push_back({kind, static_cast<std::uint32_t>(size), next, name_, {}, nullptr});
  name_ = {};
  return nodes_.back();
}

void Outline::leaf(const Tensor& tensor) { add(Kind::leaf, 0).tensor = &tensor; }

void Outline::empty(Kind none_or_fixed) { add(none_or_fixed, 0); }

std::size_t Outline::open(Kind kind, std::size_t size, std::string_view type) {
  add(kind, size).type = type;
  return nodes_.size() - 1;
}

void Outline::close(std::size_t node) { nodes_[node].end = static_cast<std::uint32_t>(nodes_.size()); }

std::vector<std::size_t> Outline::children(std::size_t node) const {
  std::vector<std::size_t> found;
  for (std::size_t child = node + 1; child < nodes_[node].end; child = nodes_[child].end) found.push_back(child);
  return found;
}

namespace {

std::string step(const Outline::Node& parent, const Outline::Node& child, std::size_t index) {
  if (parent.kind == Outline::Kind::record) return "." + std::string(child.name);
  if (parent.kind == Outline::Kind::dict) return "[\"" + std::string(child.name) + "\"]";
  return "[" + std::to_string(index) + "]";
}

}  // namespace

void Outline::append_paths(std::size_t node, const std::string& prefix, std::vector<std::string>& paths) const {
  if (nodes_[node].kind == Kind::leaf) paths.push_back(prefix);
  std::size_t index = 0;
  for (std::size_t child = node + 1; child < nodes_[node].end; child = nodes_[child].end) {
    append_paths(child, prefix + step(nodes_[node], nodes_[child], index++), paths);
  }
}

std::vector<std::string> Outline::leaf_paths() const {
  std::vector<std::string> paths;
  append_paths(0, "", paths);
  return paths;
}

std::string Outline::path(std::size_t node) const {
  std::string text;
  for (std::size_t at = 0; at != node;) {
    std::size_t child = at + 1, index = 0;
    for (; nodes_[child].end <= node; child = nodes_[child].end) ++index;
    text += step(nodes_[at], nodes_[child], index);
    at = child;
  }
  return text;
}

std::string Outline::child_names(std::size_t node) const {
  const bool record = nodes_[node].kind == Kind::record;
  std::string text;
  for (std::size_t child : children(node)) {
    if (!text.empty()) text += ", ";
    text += record ? "." + std::string(nodes_[child].name) : "\"" + std::string(nodes_[child].name) + "\"";
  }
  return text;
}

std::string Outline::describe(std::size_t node) const {
  const Node& n = nodes_[node];
  switch (n.kind) {
    case Kind::leaf:
      return "a tensor";
    case Kind::none:
      return "nothing";
    case Kind::fixed:
      return "a static value";
    case Kind::list:
      return "a list of " + std::to_string(n.size);
    case Kind::record:
      return std::string(n.type) + " {" + child_names(node) + "}";
    case Kind::dict:
      return "a dict {" + child_names(node) + "}";
  }
  return {};
}

std::ptrdiff_t first_difference(const Outline& a, const Outline& b) {
  using Kind = Outline::Kind;
  const auto& x = a.nodes();
  const auto& y = b.nodes();
  auto parent = [&](std::size_t node) {
    std::size_t at = node - 1;
    while (x[at].end <= node) --at;
    return static_cast<std::ptrdiff_t>(at);
  };
  auto holds_none = [](Kind kind) { return kind == Kind::none || kind == Kind::fixed; };
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    if (x[i].name != y[i].name) return parent(i);
    if (x[i].size != y[i].size) return static_cast<std::ptrdiff_t>(i);
    if (x[i].kind != y[i].kind && !(holds_none(x[i].kind) && holds_none(y[i].kind))) {
      return static_cast<std::ptrdiff_t>(i);
    }
  }
  return -1;  // equal sizes all along: the lists are equally long
}

void require_same_structure(std::string_view function, const Outline& first, const Outline& other,
                            std::size_t position) {
  const std::ptrdiff_t node = first_difference(first, other);
  if (node < 0) return;
  static constexpr std::array<std::string_view, 3> ordinals = {"second", "third", "fourth"};
  const std::string which =
      position <= 3 ? std::string(ordinals[position - 1]) : "tree number " + std::to_string(position + 1);
  const auto at = static_cast<std::size_t>(node);
  const std::string path = first.path(at);
  throw ValueError(std::string(function) + ": trees differ" + (path.empty() ? "" : " at " + path) + ": the first has " +
                   first.describe(at) + ", the " + which + " " + other.describe(at));
}

}  // namespace strata
