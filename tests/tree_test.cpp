// Trees over plain structs, standard containers and st::Tree: leaves, paths, mapping, structure errors word for word,
// and what is carried along. The structs stand for user code. What must not compile is listed in
// tests/refused.cpp.
#include "strata/core/tree.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>

#include "strata/core/error.hpp"
#include "strata/tests/catch.hpp"

namespace st = strata;
using st::Tensor;
using st::Tree;
using Paths = std::vector<std::string>;

namespace {

struct Params {
  Tensor w, b;
};
struct Model {
  Params layers[2];
  std::vector<Params> more;
  std::array<Tensor, 2> pair;
  std::map<std::string, Tensor> table;
  std::optional<Tensor> extra;
  std::tuple<Tensor, int, Params> mixed;
  std::pair<double, Tensor> scaled;
  Tree tree;
  st::None nothing{};
  int heads = 4;
  float rate = 0.5f;
  std::string name = "model";
  std::function<int(int)> activation;
  std::vector<bool> flags;
  std::vector<float> table_of_numbers;
};
struct Node {
  Tensor v;
  std::vector<Node> kids;
};
struct Fixed {
  const int heads;
  Tensor w;
};
struct Layer {
  Tensor w;
  Tensor operator()(Tensor x) const { return x; }
};
struct Relu {
  Tensor operator()(Tensor x) const { return x; }
};
struct Chain {
  Layer first;
  Relu between;
  Layer last;
};
enum class Mode { fast, exact };
struct Bits {
  unsigned a : 3;
  Tensor w;
  Mode mode;
};
class Opaque {
 public:
  explicit Opaque(int n) : n_(n) {}
  int n() const { return n_; }

 private:
  int n_;
};
struct WithUnion {
  int n;
  union {
    int i;
    float f;
  };
};
struct HoldsOpaque {
  Opaque opaque;
  Tensor x;
  const char* text;
  int* numbers;
  Opaque* pointer;
  std::shared_ptr<int> shared;
  std::FILE* file;
  WithUnion* c_struct;
};
struct MoveOnly {
  std::unique_ptr<int> owner;
  Tensor x;
};
struct Empty {};

double value(const Tensor& x) { return x.item<double>(); }
Tensor add(const Tensor& a, const Tensor& b) { return Tensor(value(a) + value(b)); }
Tensor twice(Tensor x) { return Tensor(2 * value(x)); }

template <class T>
std::vector<double> values(const T& tree) {
  std::vector<double> all;
  st::for_each_leaf(tree, [&](const Tensor& x) { all.push_back(x.defined() ? value(x) : -1); });
  return all;
}
using Values = std::vector<double>;

template <class F>
std::string message(F&& f) {
  try {
    f();
  } catch (const st::ValueError& e) {
    return e.what();
  }
  return "no error";
}

Model full_model() {
  Model m{};
  m.more.resize(1);
  m.table = {{"b", Tensor(0.0)}, {"a", Tensor(0.0)}};
  m.extra = Tensor(0.0);
  m.tree = Tree::dict({{"z", 0.0}, {"a", Tree::list({0.0, Tree(), st::none})}});
  m.scaled.first = 2.5;
  double i = 0;
  st::for_each_leaf(m, [&](Tensor& x) { x = Tensor(i++); });
  return m;
}

}  // namespace

TEST_CASE("kinds of types", "[tree]") {
  CHECK(st::tree_kind<Tensor> == st::TreeKind::tensor);
  CHECK(st::tree_kind<const Tensor&> == st::TreeKind::tensor);
  CHECK(st::tree_kind<Params> == st::TreeKind::record);
  CHECK(st::tree_kind<std::vector<Node>> == st::TreeKind::array);
  CHECK(st::is_tree<std::map<std::string, Params>>);
  CHECK(st::is_tree<std::optional<Tensor>>);
  CHECK(st::is_tree<Tree>);
  CHECK(st::is_tree<st::None>);
  CHECK(st::is_tree<Empty>);
  CHECK(st::is_tree<std::tuple<>>);
  CHECK_FALSE(st::is_tree<int>);
  CHECK_FALSE(st::is_tree<std::string>);
  CHECK_FALSE(st::is_tree<std::vector<bool>>);
  CHECK_FALSE(st::is_tree<std::vector<std::vector<float>>>);
  CHECK_FALSE(st::is_tree<std::optional<int>>);
  CHECK_FALSE(st::is_tree<std::function<Tensor(Tensor)>>);
  CHECK_FALSE(st::is_tree<Opaque>);
  auto lambda = [x = Tensor(1.0)] { return x; };
  CHECK_FALSE(st::is_tree<decltype(lambda)>);
}

TEST_CASE("leaves and paths of every kind of member", "[tree]") {
  const Model m = full_model();
  CHECK(st::leaf_count(m) == 17);
  CHECK(st::tree_paths(m) == Paths{".layers[0].w", ".layers[0].b", ".layers[1].w", ".layers[1].b", ".more[0].w",
                                   ".more[0].b", ".pair[0]", ".pair[1]", ".table[\"a\"]", ".table[\"b\"]", ".extra",
                                   ".mixed[0]", ".mixed[2].w", ".mixed[2].b", ".scaled[1]", ".tree[\"z\"]",
                                   ".tree[\"a\"][0]"});
  CHECK(values(m) == Values{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
  CHECK(st::tree_paths(Tensor(1.0)) == Paths{""});
  CHECK(st::tree_paths(Empty{}).empty());
  CHECK(st::tree_paths(st::none).empty());
  CHECK(st::tree_paths(std::optional<Tensor>()).empty());
  CHECK(st::tree_paths(3).empty());
  CHECK(st::tree_leaves(3).empty());
  CHECK(st::tree_leaves(std::vector<Params>()).empty());
  CHECK(st::tree_paths(Node{{}, {Node{}, Node{{}, {Node{}}}}}) ==
        Paths{".v", ".kids[0].v", ".kids[1].v", ".kids[1].kids[0].v"});
  struct Local {
    Params p;
    Tensor x[2][2];
  };
  CHECK(st::tree_paths(Local{}) == Paths{".p.w", ".p.b", ".x[0][0]", ".x[0][1]", ".x[1][0]", ".x[1][1]"});
  CHECK(st::tree_paths(st::args(Params{}, std::tuple{Tensor(), Tensor()})) ==
        Paths{"[0].w", "[0].b", "[1][0]", "[1][1]"});
  CHECK(st::tree_paths(Chain{}) == Paths{".first.w", ".last.w"});
}

TEST_CASE("tree_map keeps the type and carries static members", "[tree]") {
  Model m = full_model();
  m.activation = [](int x) { return x + 1; };
  m.flags = {true, false};
  m.table_of_numbers = {1, 2, 3};
  const Model n = st::tree_map(twice, m);
  CHECK(values(n)[16] == 32);
  CHECK(n.heads == 4);
  CHECK(n.name == "model");
  CHECK(n.rate == 0.5f);
  CHECK(n.scaled.first == 2.5);
  CHECK(std::get<1>(n.mixed) == 0);
  CHECK(n.activation(1) == 2);
  CHECK(n.flags == m.flags);
  CHECK(n.table_of_numbers == m.table_of_numbers);
  CHECK(values(m)[16] == 16);
  const Model sum = st::tree_map(add, m, n);
  CHECK(values(sum)[16] == 48);
  const Model three =
      st::tree_map([](auto& a, auto& b, auto& c) { return Tensor(value(a) + value(b) * value(c)); }, m, m, m);
  CHECK(values(three)[16] == 16 + 256);
  CHECK(value(st::tree_map(twice, Tensor(4.0))) == 8);
}

TEST_CASE("tree_map of structs that are hard to rebuild", "[tree]") {
  const Fixed f = st::tree_map(twice, Fixed{8, 3.0});
  CHECK(f.heads == 8);
  CHECK(value(f.w) == 6);
  const Bits bits = st::tree_map(twice, Bits{5, 3.0, Mode::exact});
  CHECK(bits.a == 5);
  CHECK(value(bits.w) == 6);
  CHECK(bits.mode == Mode::exact);
  CHECK(st::tree_paths(bits) == Paths{".1"});
  int n = 7;
  Opaque o(1);
  const HoldsOpaque h = st::tree_map(twice, HoldsOpaque{Opaque(3), 1.0, "text", &n, &o, nullptr, stdout, nullptr});
  CHECK(h.opaque.n() == 3);
  CHECK(value(h.x) == 2);
  CHECK(h.numbers == &n);
  MoveOnly mover{std::make_unique<int>(9), 2.0};
  mover = st::tree_map(twice, std::move(mover));
  CHECK(*mover.owner == 9);
  CHECK(value(mover.x) == 4);
  const Node node = st::tree_map(twice, Node{1.0, {Node{2.0, {}}, Node{3.0, {}}}});
  CHECK(values(node) == Values{2, 4, 6});
}

TEST_CASE("undefined leaves are passed along", "[tree]") {
  int calls = 0;
  auto count = [&](const Tensor& a, const Tensor& b) { return ++calls, add(a, b); };
  const Params p = st::tree_map(count, Params{1.0, 2.0}, Params{Tensor(), 5.0});
  CHECK(calls == 1);
  CHECK_FALSE(p.w.defined());
  CHECK(value(p.b) == 7);
  CHECK(values(st::tree_map(twice, Params{Tensor(), 3.0})) == Values{-1, 6});
  CHECK(st::tree_leaves(Params{}).size() == 2);
  auto sum = [](const Tensor& a, const Tensor& b) { return add(a, b); };
  CHECK(value(st::tree_reduce(sum, Params{Tensor(), 3.0}, 1.0)) == 4);
}

TEST_CASE("tree_map gives f the only handle of a moved tree", "[tree]") {
  Params p{1.0, 2.0};
  bool unique = true;
  p = st::tree_map(
      [&](Tensor x) {
        const double v = value(x);
        unique = unique && x.impl()->refs.alone();
        return Tensor(v);
      },
      std::move(p));
  CHECK(unique);
}

TEST_CASE("tree_map over trees of other types with the same structure", "[tree]") {
  const std::vector<Tensor> list = {1.0, 2.0};
  CHECK(values(st::tree_map(add, list, std::tuple{Tensor(3.0), Tensor(4.0)})) == Values{4, 6});
  CHECK(values(st::tree_map(add, list, Tree::list({5.0, 6.0}))) == Values{6, 8});
  CHECK(st::same_structure(std::pair{Tensor(), Tensor()}, std::array<Tensor, 2>{}));
  CHECK(st::same_structure(std::pair{1, Tensor()}, std::pair{st::none, Tensor()}));
  CHECK_FALSE(st::same_structure(std::vector<Tensor>(2), std::vector<Tensor>(3)));
  CHECK_FALSE(st::same_structure(Params{}, list));
}

TEST_CASE("trees that differ are named by path", "[tree]") {
  Model a = full_model(), b = full_model();
  b.more.push_back({});
  CHECK(message([&] { st::tree_map(add, a, b); }) ==
        "tree_map: trees differ at .more: the first has a list of 1, the second a list of 2");
  CHECK(message([&] { st::tree_map([](auto& x, auto&, auto&) { return x; }, a, a, b); }) ==
        "tree_map: trees differ at .more: the first has a list of 1, the third a list of 2");
  b = full_model();
  b.extra.reset();
  CHECK(message([&] { st::tree_map(add, a, b); }) ==
        "tree_map: trees differ at .extra: the first has a tensor, the second nothing");
  b = full_model();
  b.tree["a"][0] = Tree::dict({{"k", 1.0}});
  CHECK(message([&] { st::require_same_structure("step", a, b); }) ==
        "step: trees differ at .tree[\"a\"][0]: the first has a tensor, the second a dict {\"k\"}");
  b = full_model();
  b.table = {{"a", Tensor(1.0)}, {"c", Tensor(1.0)}};
  CHECK(message([&] { st::tree_map(add, a, b); }) ==
        "tree_map: trees differ at .table: the first has a dict {\"a\", \"b\"}, the second a dict {\"a\", \"c\"}");
  CHECK(message([&] { st::tree_map(add, Params{}, std::vector<Tensor>(2)); }) ==
        "tree_map: trees differ: the first has Params {.w, .b}, the second a list of 2");
  CHECK(message([&] {
          st::tree_map(add, std::pair{1, Tensor()}, std::pair{Tensor(), Tensor()});
        }) == "tree_map: trees differ at [0]: the first has a static value, the second a tensor");
  const std::vector<Params> layers(2);
  std::vector<std::tuple<Params>> x(2);
  CHECK(message([&] {
          st::tree_map(add, layers, std::pair{Params{}, std::tuple{Tensor()}});
        }) == "tree_map: trees differ at [1]: the first has Params {.w, .b}, the second a list of 1");
}

TEST_CASE("tree_unflatten", "[tree]") {
  const Model m = full_model();
  std::vector<Tensor> leaves = st::tree_leaves(m);
  std::reverse(leaves.begin(), leaves.end());
  const Model r = st::tree_unflatten(m, leaves);
  CHECK(values(r) == Values{16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0});
  CHECK(r.name == "model");
  CHECK(values(st::tree_unflatten(Params{}, {3.0, Tensor()})) == Values{3, -1});
  CHECK(message([] { st::tree_unflatten(Params{}, {1.0}); }) ==
        "tree_unflatten: the tree has 2 leaves (.w, .b), but 1 tensor was given");
  CHECK(message([] { st::tree_unflatten(Tensor(), {}); }) ==
        "tree_unflatten: the tree has 1 leaf, but 0 tensors were given");
}

TEST_CASE("tree_reduce and tree_map_with_path", "[tree]") {
  CHECK(st::tree_reduce([](double sum, const Tensor& x) { return sum + value(x); }, Params{1.0, 2.0}, 0.5) == 3.5);
  const Tensor t = st::tree_reduce([](Tensor sum, const Tensor& x) { return add(sum, x); }, Params{1.0, 2.0}, 0);
  CHECK(value(t) == 3);
  auto keep_bias = [](const std::string& path, const Tensor& x) { return path == ".b" ? x : twice(x); };
  CHECK(values(st::tree_map_with_path(keep_bias, Params{1.0, 2.0})) == Values{2, 2});
  auto pick = [](const std::string& path, const Tensor& x, const Tensor& y) { return path == ".b" ? x : y; };
  CHECK(values(st::tree_map_with_path(pick, Params{1.0, 2.0}, Params{3.0, 4.0})) == Values{3, 2});
}

TEST_CASE("for_each_leaf on const, mutable and temporary trees, with functions and mutable lambdas", "[tree]") {
  Params p{1.0, 2.0};
  int n = 0;
  st::for_each_leaf(p, [n = 0](Tensor& x) mutable { x = Tensor(double(++n)); });
  CHECK(values(p) == Values{1, 2});
  st::for_each_leaf(std::as_const(p), [&](const Tensor&) { ++n; });
  st::for_each_leaf(Params{}, [&](const Tensor&) { ++n; });
  CHECK(n == 4);
  struct Reset {
    static void reset(Tensor& x) { x = Tensor(); }
  };
  st::for_each_leaf(p, Reset::reset);
  CHECK(values(p) == Values{-1, -1});
  st::for_each_leaf(5, [&](const Tensor&) { ++n; });
  CHECK(n == 4);
}

TEST_CASE("numbers become tensors where a transform treats them as trees", "[tree]") {
  CHECK(std::is_same_v<st::treeified_t<double>, Tensor>);
  CHECK(std::is_same_v<st::treeified_t<const float&>, Tensor>);
  CHECK(std::is_same_v<st::treeified_t<bool>, Tensor>);
  CHECK(std::is_same_v<st::treeified_t<Params>, Params>);
  CHECK(std::is_same_v<st::treeified_t<std::pair<double, Params>>, std::pair<Tensor, Params>>);
  CHECK(std::is_same_v<st::treeified_t<std::tuple<int, std::pair<float, st::None>, std::string>>,
                       std::tuple<Tensor, std::pair<Tensor, st::None>, std::string>>);
  CHECK(std::is_same_v<st::treeified_t<std::tuple<Tensor&, const int&>>, std::tuple<Tensor, Tensor>>);
  CHECK(std::is_same_v<st::treeified_t<st::Args<double, Tensor>>, st::Args<Tensor, Tensor>>);
  CHECK(value(st::treeify(2.5)) == 2.5);
  CHECK(value(st::treeify(std::pair{1, Params{4.0, 5.0}}).first) == 1);
  CHECK(values(st::treeify(st::args(3.0, std::tuple{4, Tensor(5.0)}))) == Values{3, 4, 5});
  const Params p{1.0, 2.0};
  CHECK(values(st::treeify(p)) == Values{1, 2});
}

TEST_CASE("args never unwraps a tuple", "[tree]") {
  const auto t = std::tuple{Tensor(1.0), Tensor(2.0)};
  const auto a = st::args(t);
  CHECK(decltype(a)::size == 1);
  CHECK(std::is_same_v<std::remove_const_t<decltype(a)>, st::Args<std::tuple<Tensor, Tensor>>>);
  const auto pair = std::pair{Tensor(1.0), 2};
  CHECK(std::is_same_v<decltype(st::args(pair)), st::Args<std::pair<Tensor, int>>>);
  CHECK(decltype(st::args())::size == 0);
  CHECK(std::is_same_v<decltype(st::args(a)), st::Args<st::Args<std::tuple<Tensor, Tensor>>>>);
  CHECK(std::get<1>(st::args(1, 2.5).values()) == 2.5);
}

TEST_CASE("none", "[tree]") {
  CHECK(st::none == st::None());
  CHECK_FALSE(std::is_convertible_v<std::initializer_list<int>, st::None>);
  const auto p = st::tree_map(twice, std::pair{Tensor(2.0), st::none});
  CHECK(value(p.first) == 4);
}

TEST_CASE("the dynamic tree", "[tree]") {
  Tree t = Tree::dict({{"w", 1.0}, {"layers", Tree::list({2.0, Tree::dict({{"b", 3}}), Tree()})}, {"empty", st::none}});
  CHECK(t.is_dict());
  CHECK(t.size() == 3);
  CHECK(t.keys() == Paths{"w", "layers", "empty"});
  CHECK(value(t["w"].tensor()) == 1);
  CHECK(value(t["layers"][1]["b"].tensor()) == 3);
  CHECK(t["layers"][-1].is_null());
  CHECK(t[0].is_tensor());
  CHECK(t.contains("w"));
  CHECK_FALSE(t.contains("x"));
  CHECK(st::tree_paths(t) == Paths{"[\"w\"]", "[\"layers\"][0]", "[\"layers\"][1][\"b\"]"});
  CHECK(values(st::tree_map(twice, t)) == Values{2, 4, 6});
  t["new"] = Tensor(7.0);
  t["layers"].push_back(8.0);
  CHECK(values(t) == Values{1, 2, 3, 8, 7});
  int count = 0;
  for (const Tree& child : t["layers"]) count += child.is_tensor();
  CHECK(count == 2);
  Tree grown;
  grown["a"]["b"] = 1.0;
  CHECK(st::tree_paths(grown) == Paths{"[\"a\"][\"b\"]"});
  const Tree copy = t;
  t["w"] = 9.0;
  CHECK(value(copy["w"].tensor()) == 1);
  const Tree inner = Tree::list({1.0});
  CHECK(Tree::list({inner}).size() == 1);
  CHECK(Tree::list({inner})[0].is_list());
  CHECK(Tree::list({}).is_list());
  const Tree same{inner};
  CHECK(same[0].is_tensor());
}

TEST_CASE("errors of the dynamic tree", "[tree]") {
  const Tree t = Tree::dict({{"w", 1.0}, {"b", Tree::list({2.0})}});
  CHECK(message([&] { t["v"]; }) == "Tree: no key \"v\" in a dict {\"w\", \"b\"}");
  CHECK(message([&] { t["b"][1]; }) == "Tree: no entry 1 in a list of 1");
  CHECK(message([&] { t["b"]["k"]; }) == "Tree: no key \"k\" in a list of 1");
  CHECK(message([&] { t.tensor(); }) == "Tree::tensor: this tree is a dict {\"w\", \"b\"}, not a tensor");
  CHECK(message([&] { Tree().tensor(); }) == "Tree::tensor: this tree is null, not a tensor");
  CHECK(message([&] { Tree::dict({{"a", 1.0}, {"a", 2.0}}); }) == "Tree::dict: the key \"a\" is given twice");
  Tree list = Tree::list({1.0});
  CHECK(message([&] { list["k"] = 1.0; }) == "Tree: no key \"k\" in a list of 1");
  CHECK(message([&] { Tree(1.0).push_back(2.0); }) == "Tree::push_back: this tree is a tensor, not a list");
}

TEST_CASE("any tree becomes a dynamic one", "[tree]") {
  const Model m = full_model();
  const Tree t = st::to_tree(m);
  CHECK(values(t) == values(m));
  CHECK(value(t["layers"][1]["b"].tensor()) == 3);
  CHECK(t["heads"].is_null());
  CHECK(st::to_tree(Tensor(1.0)).is_tensor());
}
