// What a tree looks like at run time, whatever its C++ type: a flat list of nodes in preorder. core/tree.hpp fills one
// in; paths, comparisons of two trees, axis specs and their error words are ordinary code on outlines, compiled once.
// An outline views its tree (leaves, map keys) and must not outlive it or see it change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace strata {

class Tensor;

class Outline {
 public:
  Outline() { nodes_.reserve(24); }

  /// leaf: a Tensor, defined or not; none: an empty optional, st::none, a null Tree; fixed: a static value;
  /// record: a struct; list: tuple, pair, array, vector, Tree list; dict: map, Tree dict. An optional with a value is
  /// its value.
  enum class Kind : std::uint8_t { leaf, none, fixed, record, list, dict };

  struct Node {
    Kind kind;
    std::uint32_t size;     // how many children
    std::uint32_t end;      // index of the node after this subtree
    std::string_view name;  // of a record's field or a dict's entry
    std::string_view type;  // of a record
    const Tensor* tensor;   // of a leaf
  };

  // Filling in: containers are opened and closed around their children; name() is said before a named child.
  void name(std::string_view name) { name_ = name; }
  void leaf(const Tensor& tensor);
  void empty(Kind none_or_fixed);
  std::size_t open(Kind kind, std::size_t size, std::string_view type = {});
  void close(std::size_t node);

  const std::vector<Node>& nodes() const { return nodes_; }

  /// The paths of all leaves in order: ".w", ".layers[1].w", "[0]", "[\"k\"]"; "" for a tree that is one tensor.
  std::vector<std::string> leaf_paths() const;
  /// The path of one node.
  std::string path(std::size_t node) const;
  /// The children of a container.
  std::vector<std::size_t> children(std::size_t node) const;
  /// What stands at a node, for messages: "a tensor", "a list of 3", "Params {.w, .b}", "a dict {\"k\"}", "nothing".
  std::string describe(std::size_t node) const;
  /// The names of a record's or dict's children, as messages write them: ".w, .b" or "\"k\", \"m\"".
  std::string child_names(std::size_t node) const;

 private:
  Node& add(Kind kind, std::size_t size);
  void append_paths(std::size_t node, const std::string& prefix, std::vector<std::string>& paths) const;

  std::vector<Node> nodes_;
  std::string_view name_;
};

/// The first node at which two trees differ in structure (the same index in both), or -1 if they do not.
/// Static values, empty optionals and none are alike; tuple, array and vector are alike.
std::ptrdiff_t first_difference(const Outline& a, const Outline& b);

/// Throws ValueError unless `other` has the structure of `first`: "tree_map: trees differ at .layers: the first has a
/// list of 3, the second a list of 2". `position` counts the trees after the first: 1 is the second.
void require_same_structure(std::string_view function, const Outline& first, const Outline& other,
                            std::size_t position);

}  // namespace strata
