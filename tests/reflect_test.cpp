// How core/reflect.hpp counts, visits and names the fields of plain structs: every kind of member and of struct that
// the two compilers are known to disagree on. The structs stand for user code: local, in an anonymous namespace,
// templates.
#include "strata/core/reflect.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "strata/core/tensor.hpp"
#include "strata/tests/catch.hpp"

namespace reflect = strata::reflect;
using strata::Tensor;

namespace reflect_test {

enum E { first, second };
enum class Color { red, green };
struct Empty {};
struct One {
  Tensor x;
};
struct Params {
  Tensor w, b;
};
struct Mixed {
  Tensor w;
  int heads;
  float rate;
  std::string name;
  Color color;
};
struct Nested {
  Params first;
  Params second;
  Tensor scale;
};
struct CArray {
  Tensor layers[3];
};
struct CArray2 {
  int before;
  Tensor layers[2][3];
  Params after;
};
struct StructArray {
  Params layers[3];
  Tensor scale;
};
struct StdArrays {
  std::array<Params, 3> layers;
  std::array<Tensor, 2> pair;
};
struct NoDefault {
  explicit NoDefault(int);
  NoDefault(int, int);
};
struct HoldsNoDefault {
  Tensor x;
  NoDefault a;
  Tensor y;
};
struct NoDefaultArray {
  NoDefault a[2];
  Tensor x;
};
struct NoDefaultArrayLast {
  Tensor x;
  NoDefault a[3];
};
struct TrailingNoDefault {
  Tensor x[2];
  NoDefault a;
};
struct EnumArray {
  E e[2];
  Color c[4];
};
struct Floats {
  float data[100];
};
struct ManyFloats {
  int n;
  float data[300];
  Tensor x;
};
struct Chars {
  char text[16];
  const char* pointer;
};
struct Containers {
  std::vector<Tensor> list;
  std::map<std::string, Tensor> dict;
  std::optional<Tensor> maybe;
  std::tuple<Tensor, int> tuple;
  std::pair<Tensor, Params> pair;
};
struct Statics {
  std::function<Tensor(Tensor)> f;
  std::variant<int, float> v;
  std::unique_ptr<int> owner;
  std::vector<bool> flags;
  Tensor (*pointer)(Tensor);
  bool on;
};
struct ConstMembers {
  const int n;
  const std::string name;
  Tensor x;
};
struct MoveOnly {
  std::unique_ptr<int> p;
  Tensor x;
};
struct WithDefaults {
  Tensor x = 1.0;
  int n = 4;
  std::vector<Tensor> more = {};
};
struct Bits {
  unsigned a : 3;
  unsigned b : 5;
  Tensor x;
};
struct Node {
  Tensor v;
  std::vector<Node> kids;
};
struct HoldsEmpty {
  Empty a;
  Tensor x;
  Empty b;
};
struct NoUnique {
  [[no_unique_address]] Empty a;
  Tensor x;
};
struct ExplicitDefault {
  explicit ExplicitDefault() {}
};
struct HoldsExplicit {
  ExplicitDefault a;
  Tensor x;
  ExplicitDefault b;
};
union Named {
  int i;
  float f;
};
struct HoldsNamedUnion {
  Named u;
  Tensor x;
};
struct ListTaker {
  ListTaker() = default;
  ListTaker(std::initializer_list<int>) {}
};
struct HoldsListTaker {
  ListTaker a;
  std::vector<int> b;
  Tensor c[2];
  std::string d;
};
struct MemberFunctions {
  Tensor w;
  Tensor operator()(Tensor x) const { return x; }
  static constexpr int answer = 42;
};
struct Wide {
  Tensor a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B, C, D, E, F;
};
struct WideNested {
  Params a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B, C, D, E, F;
};
template <class T>
struct Generic {
  T value;
  Params params;
};
struct OneArray {
  int a[1];
  Tensor x;
};
struct Accents {
  Tensor größe, é, w_1;
};

}  // namespace reflect_test

namespace {
struct Hidden {
  Tensor w, b;
  int n;
};
}  // namespace

using namespace reflect_test;

template <class T>
std::vector<std::string> names() {
  return {reflect::field_names<T>.begin(), reflect::field_names<T>.end()};
}
using Names = std::vector<std::string>;

TEST_CASE("fields are counted", "[reflect]") {
  CHECK(reflect::field_count<Empty> == 0);
  CHECK(reflect::field_count<One> == 1);
  CHECK(reflect::field_count<Params> == 2);
  CHECK(reflect::field_count<Mixed> == 5);
  CHECK(reflect::field_count<Nested> == 3);
  CHECK(reflect::field_count<CArray> == 1);
  CHECK(reflect::field_count<CArray2> == 3);
  CHECK(reflect::field_count<StructArray> == 2);
  CHECK(reflect::field_count<StdArrays> == 2);
  CHECK(reflect::field_count<HoldsNoDefault> == 3);
  CHECK(reflect::field_count<NoDefaultArray> == 2);
  CHECK(reflect::field_count<NoDefaultArrayLast> == 2);
  CHECK(reflect::field_count<TrailingNoDefault> == 2);
  CHECK(reflect::field_count<EnumArray> == 2);
  CHECK(reflect::field_count<Floats> == 1);
  CHECK(reflect::field_count<ManyFloats> == 3);
  CHECK(reflect::field_count<Chars> == 2);
  CHECK(reflect::field_count<Containers> == 5);
  CHECK(reflect::field_count<Statics> == 6);
  CHECK(reflect::field_count<ConstMembers> == 3);
  CHECK(reflect::field_count<MoveOnly> == 2);
  CHECK(reflect::field_count<WithDefaults> == 3);
  CHECK(reflect::field_count<Bits> == 3);
  CHECK(reflect::field_count<Node> == 2);
  CHECK(reflect::field_count<HoldsEmpty> == 3);
  CHECK(reflect::field_count<NoUnique> == 2);
  CHECK(reflect::field_count<HoldsExplicit> == 3);
  CHECK(reflect::field_count<HoldsNamedUnion> == 2);
  CHECK(reflect::field_count<HoldsListTaker> == 4);
  CHECK(reflect::field_count<MemberFunctions> == 1);
  CHECK(reflect::field_count<Wide> == 32);
  CHECK(reflect::field_count<WideNested> == 32);
  CHECK(reflect::field_count<Generic<int>> == 2);
  CHECK(reflect::field_count<Generic<Tensor[4]>> == 2);
  CHECK(reflect::field_count<OneArray> == 2);
  CHECK(reflect::field_count<Hidden> == 3);
  struct Local {
    Tensor a;
    Params b[2];
  };
  CHECK(reflect::field_count<Local> == 2);
}

TEST_CASE("fields have names", "[reflect]") {
  CHECK(names<Empty>().empty());
  CHECK(names<Params>() == Names{"w", "b"});
  CHECK(names<Mixed>() == Names{"w", "heads", "rate", "name", "color"});
  CHECK(names<CArray2>() == Names{"before", "layers", "after"});
  CHECK(names<Node>() == Names{"v", "kids"});
  CHECK(names<ConstMembers>() == Names{"n", "name", "x"});
  CHECK(names<Statics>() == Names{"f", "v", "owner", "flags", "pointer", "on"});
  CHECK(names<Accents>() == Names{"größe", "é", "w_1"});
  CHECK(names<Hidden>() == Names{"w", "b", "n"});
  CHECK(names<Generic<Params>>() == Names{"value", "params"});
  CHECK(names<NoUnique>() == Names{"a", "x"});
  CHECK(names<Wide>().at(31) == "F");
  struct Local {
    Tensor first;
    std::vector<Params> second;
  };
  CHECK(names<Local>() == Names{"first", "second"});
}

TEST_CASE("a struct with bit-fields has numbers for names", "[reflect]") {
  CHECK(names<Bits>() == Names{"0", "1", "2"});
}

TEST_CASE("types have short names", "[reflect]") {
  CHECK(reflect::type_name<Params> == "Params");
  CHECK(reflect::type_name<Hidden> == "Hidden");
  CHECK(reflect::type_name<Generic<int>> == "Generic<int>");
  struct Local {};
  CHECK(reflect::type_name<Local> == "Local");
}

TEST_CASE("fields are visited in order, by reference", "[reflect]") {
  Nested n;
  reflect::visit_fields(n, [&](const auto& a, const auto& b, const auto& c) {
    CHECK(&a == &n.first);
    CHECK(&b == &n.second);
    CHECK(&c == &n.scale);
  });
  CArray2 arrays{};
  reflect::visit_fields(arrays, [&](const auto& a, const auto& b, const auto& c) {
    CHECK(&a == &arrays.before);
    CHECK(&b == &arrays.layers);
    CHECK(&c == &arrays.after);
  });
  Bits bits{5, 17, 1.0};
  CHECK(reflect::visit_fields(bits, [](const auto& a, const auto& b, const auto&) { return a + b; }) == 22);
  Wide wide{};
  CHECK(reflect::visit_fields(wide, [](const auto&... m) { return sizeof...(m); }) == 32);
  CHECK(reflect::visit_fields(Empty{}, [](const auto&... m) { return sizeof...(m); }) == 0);
}
