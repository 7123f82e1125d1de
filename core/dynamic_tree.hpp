// st::Tree, the dynamic tree: null, a tensor, a list, or a dict that keeps its order. For structures known only at run
// time: JSON-like files, the jacobian of a tree by a tree. A value (copies copy the structure and share the tensors)
// that every tree function takes like any struct. No constructor takes an initializer_list, so braces never change its
// meaning.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "strata/core/none.hpp"
#include "strata/core/tensor.hpp"

namespace strata {

class Outline;

class Tree {
 public:
  using Item = std::pair<std::string, Tree>;

  /// null, the empty tree
  Tree();
  Tree(None);
  /// one tensor; an undefined tensor is a leaf too
  Tree(Tensor tensor);
  template <class S>
  requires std::is_arithmetic_v<S> Tree(S number) : Tree(Tensor(number)) {}
  Tree(const Tree&);
  Tree(Tree&&) noexcept;
  Tree& operator=(const Tree&);
  Tree& operator=(Tree&&) noexcept;
  ~Tree();

  /// A list:  Tree::list({w, b, Tree::list({x})});  Tree::list({}) is empty.
  static Tree list(std::initializer_list<Tree> items);
  static Tree list(std::vector<Tree> items);
  /// A dict in the order given:  Tree::dict({{"w", w}, {"b", b}});  a key given twice is a ValueError.
  static Tree dict(std::initializer_list<Item> items);
  static Tree dict(std::vector<Item> items);

  bool is_null() const { return kind_ == Kind::null; }
  bool is_tensor() const { return kind_ == Kind::tensor; }
  bool is_list() const { return kind_ == Kind::list; }
  bool is_dict() const { return kind_ == Kind::dict; }

  /// The number of entries of a list or dict; 0 for null, 1 for a tensor.
  std::size_t size() const;
  bool contains(std::string_view key) const;

  /// The tensor of a leaf; ValueError for anything else.
  const Tensor& tensor() const&;
  Tensor& tensor() &;
  Tensor tensor() &&;

  /// An entry by key or by index (negative from the end; a dict's entries have indices too). A missing one is a
  /// ValueError that names what there is.
  const Tree& at(std::string_view key) const;
  const Tree& at(std::int64_t index) const;
  Tree& at(std::string_view key);
  Tree& at(std::int64_t index);
  const Tree& operator[](std::string_view key) const { return at(key); }
  template <std::integral I>
  const Tree& operator[](I index) const {
    return at(static_cast<std::int64_t>(index));
  }
  template <std::integral I>
  Tree& operator[](I index) {
    return at(static_cast<std::int64_t>(index));
  }
  /// As at(key), but a new key is added to a dict or to null, which becomes a dict, as in std::map:  tree["w"] = w;
  Tree& operator[](std::string_view key);
  /// Adds an entry to a list or to null, which becomes a list.
  void push_back(Tree item);

  /// The entries of a list or dict in order; none for null or a tensor.
  std::vector<Tree>::const_iterator begin() const { return items_.begin(); }
  std::vector<Tree>::const_iterator end() const { return items_.end(); }
  std::vector<Tree>::iterator begin() { return items_.begin(); }
  std::vector<Tree>::iterator end() { return items_.end(); }
  /// The keys of a dict in order.
  const std::vector<std::string>& keys() const { return keys_; }

  /// What core/tree.hpp needs: calls `call(context, tensor)` on each leaf in order; describes itself.
  void visit_leaves(void* context, void (*call)(void*, const Tensor&)) const;
  void outline(Outline& out) const;

 private:
  enum class Kind : std::uint8_t { null, tensor, list, dict };

  std::string describe() const;
  const Tree* find(std::string_view key) const;

  Kind kind_ = Kind::null;
  Tensor tensor_;
  std::vector<Tree> items_;
  std::vector<std::string> keys_;
};

}  // namespace strata
