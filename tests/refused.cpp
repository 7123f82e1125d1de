// Programs that must not compile, one per number; tests/refused.cmake compiles each with -DCASE=n and looks for the
// words after "words:" in what the compiler says. Case 0 compiles: it shows that the rest would.
#include <memory>
#include <variant>

#include "strata/core/tree.hpp"

using st_tensor = strata::Tensor;

struct Params {
  st_tensor w, b;
};

#if CASE == 0  // words:
struct Case {
  st_tensor w;
};
#elif CASE == 1   // words: a struct with a base class cannot be a tree
struct Base {
  st_tensor w;
};
struct Case : Base {
  st_tensor b;
};
#elif CASE == 2   // words: more than 32 fields cannot be a tree
struct Case {
  st_tensor a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B, C, D, E, F, G;
};
#elif CASE == 3   // words: hold values, not references
struct Case {
  st_tensor& w;
};
#elif CASE == 4   // words: a const tensor member
struct Case {
  const st_tensor w;
};
#elif CASE == 5   // words: a const tensor member
struct Case {
  const Params p;
  int n;
};
#elif CASE == 6   // words: the tensors behind it would get no gradient
struct Case {
  std::shared_ptr<Params> p;
};
#elif CASE == 7   // words: the tensors behind it would get no gradient
struct Case {
  st_tensor v;
  Case* next;
};
#elif CASE == 8   // words: the tensors behind it would get no gradient
struct Case {
  std::variant<int, st_tensor> v;
};
#elif CASE == 9   // words: the tensors behind it would get no gradient
struct Case {
  std::map<int, st_tensor> table;
};
#elif CASE == 10  // words: a struct with an unnamed union cannot be a tree
struct Case {
  st_tensor x;
  union {
    int i;
    float f;
  };
};
#elif CASE == 11  // words: a struct with a base class cannot be a tree
struct Empty {};
struct Case : Empty {
  st_tensor b;
};
#elif CASE == 12  // words: is a static value (a number, a function...), not a tree
using Case = double;
#elif CASE == 13  // words: the tensors behind it would get no gradient
struct Case {
  std::vector<std::unique_ptr<Params> > layers;
};
#endif

#if CASE == 14  // words: f must return a Tensor
Params run(Params p) {
  return strata::tree_map([](const st_tensor&) {}, p);
}
#elif CASE == 15  // words: f must be callable with one const Tensor& for each tree
Params run(Params p) {
  return strata::tree_map([](const st_tensor& x) { return x; }, p, p);
}
#else
Case run(Case& tree) {
  return strata::tree_map([](const st_tensor& x) { return x; }, std::move(tree));
}
#endif
