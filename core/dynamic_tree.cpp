// The dynamic tree's members (core/dynamic_tree.hpp): access with errors that name what there is, and its two visitors.
// A dict keeps keys_ and items_ side by side; look-up is a linear search, right for the few keys of a level.
#include "strata/core/dynamic_tree.hpp"

#include <algorithm>

#include "strata/core/error.hpp"
#include "strata/core/outline.hpp"

namespace strata {

Tree::Tree() = default;
Tree::Tree(None) {}
Tree::Tree(Tensor tensor) : kind_(Kind::tensor), tensor_(std::move(tensor)) {}
Tree::Tree(const Tree&) = default;
Tree::Tree(Tree&&) noexcept = default;
Tree& Tree::operator=(const Tree&) = default;
Tree& Tree::operator=(Tree&&) noexcept = default;
Tree::~Tree() = default;

Tree Tree::list(std::initializer_list<Tree> items) { return list(std::vector<Tree>(items)); }

Tree Tree::list(std::vector<Tree> items) {
  Tree tree;
  tree.kind_ = Kind::list;
  tree.items_ = std::move(items);
  return tree;
}

Tree Tree::dict(std::initializer_list<Item> items) { return dict(std::vector<Item>(items)); }

Tree Tree::dict(std::vector<Item> items) {
  Tree tree;
  tree.kind_ = Kind::dict;
  for (Item& item : items) {
    if (tree.find(item.first)) throw ValueError("Tree::dict: the key \"" + item.first + "\" is given twice");
    tree.keys_.push_back(std::move(item.first));
    tree.items_.push_back(std::move(item.second));
  }
  return tree;
}

std::size_t Tree::size() const { return is_tensor() ? 1 : items_.size(); }

const Tree* Tree::find(std::string_view key) const {
  const auto found = std::find(keys_.begin(), keys_.end(), key);
  return found == keys_.end() ? nullptr : &items_[static_cast<std::size_t>(found - keys_.begin())];
}

bool Tree::contains(std::string_view key) const { return find(key) != nullptr; }

std::string Tree::describe() const {
  Outline shape;
  outline(shape);
  return is_null() ? "null" : shape.describe(0);
}

const Tensor& Tree::tensor() const& {
  if (!is_tensor()) throw ValueError("Tree::tensor: this tree is " + describe() + ", not a tensor");
  return tensor_;
}

Tensor& Tree::tensor() & { return const_cast<Tensor&>(std::as_const(*this).tensor()); }

Tensor Tree::tensor() && { return std::move(tensor()); }

const Tree& Tree::at(std::string_view key) const {
  const Tree* found = find(key);
  if (!found) throw ValueError("Tree: no key \"" + std::string(key) + "\" in " + describe());
  return *found;
}

const Tree& Tree::at(std::int64_t index) const {
  const auto n = static_cast<std::int64_t>(items_.size());
  if (index < -n || index >= n) throw ValueError("Tree: no entry " + std::to_string(index) + " in " + describe());
  return items_[static_cast<std::size_t>(index < 0 ? index + n : index)];
}

Tree& Tree::at(std::string_view key) { return const_cast<Tree&>(std::as_const(*this).at(key)); }
Tree& Tree::at(std::int64_t index) { return const_cast<Tree&>(std::as_const(*this).at(index)); }

Tree& Tree::operator[](std::string_view key) {
  if (const Tree* found = find(key)) return const_cast<Tree&>(*found);
  if (is_null()) kind_ = Kind::dict;
  if (!is_dict()) return at(key);  // throws
  keys_.emplace_back(key);
  return items_.emplace_back();
}

void Tree::push_back(Tree item) {
  if (is_null()) kind_ = Kind::list;
  if (!is_list()) throw ValueError("Tree::push_back: this tree is " + describe() + ", not a list");
  items_.push_back(std::move(item));
}

void Tree::visit_leaves(void* context, void (*call)(void*, const Tensor&)) const {
  if (is_tensor()) call(context, tensor_);
  for (const Tree& item : items_) item.visit_leaves(context, call);
}

void Tree::outline(Outline& out) const {
  if (is_null()) return out.empty(Outline::Kind::none);
  if (is_tensor()) return out.leaf(tensor_);
  const std::size_t node = out.open(is_list() ? Outline::Kind::list : Outline::Kind::dict, items_.size());
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (is_dict()) out.name(keys_[i]);
    items_[i].outline(out);
  }
  out.close(node);
}

}  // namespace strata
