// Whole trees in a safetensors file: the leaves under their paths, joined by dots ("layers.0.w"). Called by users:
// checkpoints, data sets. Static members of structs are not stored: load gives them their defaults, load_into keeps
// those of `like`. The format itself is io/safetensors.hpp.
#pragma once
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "strata/core/tree.hpp"
#include "strata/io/safetensors.hpp"

namespace strata {

namespace io {

/// The names of the leaves of a tree, in order: ".layers[0].w" is "layers.0.w", a tree that is one tensor "".
std::vector<std::string> leaf_names(const Outline& outline);

/// The names under one place of a tree, for sizing what the type leaves open.
class Names {
 public:
  explicit Names(std::vector<std::string> names, int depth = 0) : names_(std::move(names)), depth_(depth) {}
  /// Those below `step`, without it. IoError beyond 256 steps: no file makes us recurse without end.
  Names below(const std::string& step) const;
  /// The different first steps, in order: the keys of a map.
  std::vector<std::string> steps() const;
  /// How many entries a list has: its steps are 0, 1, ..., n - 1; the largest + 1 when some are missing, at most as
  /// many as there are names.
  std::size_t list_size() const;
  bool empty() const { return names_.empty(); }
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
  int depth_;
};

/// The tree of st::load<st::Tree>: dicts, and lists where the steps are 0, 1, ..., n - 1; leaves undefined yet.
Tree grown_tree(const Names& names);

/// Gives vectors, maps, optionals and dynamic trees the sizes that the names say.
template <class T>
void grow(T& tree, const Names& names) {
  constexpr TreeKind kind = tree_kind<T>;
  if constexpr (kind == TreeKind::record) {
    reflect::visit_fields(std::as_const(tree), [&](const auto&... field) {
      [[maybe_unused]] std::size_t i = 0;
      (grow(const_cast<std::remove_cvref_t<decltype(field)>&>(field),
            names.below(std::string(reflect::field_names<T>[i++]))),
       ...);
    });
  } else if constexpr (kind == TreeKind::tuple) {
    std::apply(
        [&](auto&... entry) {
          [[maybe_unused]] std::size_t i = 0;
          (grow(entry, names.below(std::to_string(i++))), ...);
        },
        tree);
  } else if constexpr (kind == TreeKind::array) {
    if constexpr (requires { tree.resize(std::size_t{}); }) tree.resize(names.list_size());
    std::size_t i = 0;
    for (auto& entry : tree) grow(entry, names.below(std::to_string(i++)));
  } else if constexpr (kind == TreeKind::map) {
    using Value = typename T::mapped_type;
    // The key of a tensor may have dots; that of a subtree ends at the first.
    const auto keys = tree_kind<Value> == TreeKind::tensor ? names.names() : names.steps();
    for (const std::string& key : keys) grow(tree[key], names.below(key));
  } else if constexpr (kind == TreeKind::optional) {
    if (names.empty()) return tree.reset();
    if (!tree) tree.emplace();
    grow(*tree, names);
  } else if constexpr (kind == TreeKind::dynamic) {
    tree = grown_tree(names);
  }
}

/// What load and load_into know of a file.
struct Contents {
  std::string path;
  NamedTensors tensors;
};
/// The tensors for leaves called `names`, whose places are `paths`. IoError when one is missing or left over; those
/// that are not `required` may be missing.
std::vector<Tensor> matched(const char* function, const Contents& file, const std::vector<std::string>& names,
                            const std::vector<std::string>& paths, const std::vector<bool>& required);
/// IoError unless x has the shape and dtype of `like`.
void check_like(const std::string& path, const std::string& name, const Tensor& x, const Tensor& like);

}  // namespace io

/// Writes the leaves of a tree; undefined ones are left out. The file appears whole or not at all: a crash leaves what
/// was there before. A tree whose leaves would share a name ({"a.b"} beside {"a": {"b"}}) is a ValueError, a value that
/// vmap maps a TransformError.      save("m.safetensors", model, {{"step", "10"}});
template <class T>
void save(const std::string& path, const T& tree, const Metadata& metadata = {}) {
  static_assert(is_tree<T>, "save: the second argument is a static value (a number, a string...), not a tree");
  const std::vector<std::string> names = io::leaf_names(outline_of(tree));
  NamedTensors tensors;
  std::size_t i = 0;
  for_each_leaf(tree, [&](const Tensor& leaf) { tensors.emplace_back(names[i++], leaf); });
  save_tensors(path, tensors, metadata);
}

/// A T from a file: default-constructed, vectors, maps and optionals sized by the names, leaves filled. st::Tree takes
/// whatever there is. IoError when a leaf has no tensor in the file, or a tensor no place in T.
///     auto model = load<Model>("m.safetensors");  Tree t = load<Tree>("m.safetensors");
template <class T = Tree>
T load(const std::string& path) {
  static_assert(std::is_default_constructible_v<T>, "load<T>: T has no default constructor; load_into(path, like)");
  const io::Contents file{path, load_tensors(path)};
  std::vector<std::string> names;
  for (const auto& [name, x] : file.tensors) names.push_back(name);
  T tree{};
  if constexpr (tree_kind<T> != TreeKind::tensor) io::grow(tree, io::Names(std::move(names)));
  const Outline outline = outline_of(tree);
  const auto leaves = io::leaf_names(outline);
  return tree_unflatten(
      std::move(tree), io::matched("load", file, leaves, outline.leaf_paths(), std::vector<bool>(leaves.size(), true)));
}

/// `like` with its leaves replaced by the tensors of a file, which must have their shapes and dtypes; static values
/// stay. A leaf that is undefined may be missing in the file. IoError when anything does not fit.
///     model = load_into("m.safetensors", model);
template <class T>
T load_into(const std::string& path, T like) {
  const io::Contents file{path, load_tensors(path)};
  const Outline outline = outline_of(like);
  const std::vector<std::string> names = io::leaf_names(outline);
  std::vector<bool> required;
  for_each_leaf(like, [&](const Tensor& leaf) { required.push_back(leaf.defined()); });
  std::vector<Tensor> leaves = io::matched("load_into", file, names, outline.leaf_paths(), required);
  std::size_t i = 0;
  for_each_leaf(std::as_const(like), [&](const Tensor& leaf) {
    if (leaf.defined()) io::check_like(path, names[i], leaves[i], leaf);
    ++i;
  });
  return tree_unflatten(std::move(like), std::move(leaves));
}

}  // namespace strata
