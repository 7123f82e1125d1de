// Printing: NumPy's layout, character for character, and what a transform's tensors show.
#include <fmt/format.h>

#include <sstream>

#include "strata/core/fmt.hpp"
#include "strata/functorch/vmap.hpp"
#include "strata/ops/ops.hpp"
#include "strata/tests/catch.hpp"

using namespace strata;

TEST_CASE("floats align and show the fewest digits that give them back") {
  CHECK(to_string(array({{0.75, 0.6791787}, {4.5, 0.9890131}, {-0.5, 0.37754068}})) ==
        "[[ 0.75        0.6791787 ]\n [ 4.5         0.9890131 ]\n [-0.5         0.37754068]]");
  CHECK(to_string(array({0.04, 0.16})) == "[0.04 0.16]");
  CHECK(to_string(array({{1.1111112f, 0.f}})) == "[[1.1111112 0.       ]]");
  CHECK(to_string(array({1.0, 2.0})) == "[1. 2.]");
  CHECK(to_string(array({1.0, 1e-5})) == "[1.e+00 1.e-05]");
  CHECK(to_string(array({123456789.0, 1.5})) == "[1.2345679e+08 1.5000000e+00]");
  CHECK(to_string(array({1.0, NAN, -INFINITY})) == "[  1.  nan -inf]");
  CHECK(to_string(array({1.0 / 3}, {.dtype = float64})) == "[0.33333333]");
  CHECK(to_string(array({-0.0, 10.25})) == "[-0.   10.25]");
  CHECK(to_string(astype(array({0.1, 3.140625}), bfloat16)) == "[0.1  3.14]");
}

TEST_CASE("integers, bools, scalars, empty tensors") {
  CHECK(to_string(array({1, -20, 300})) == "[  1 -20 300]");
  CHECK(to_string(array({true, false})) == "[ True False]");
  CHECK(to_string(Tensor(0.5)) == "0.5");
  CHECK(to_string(Tensor(21.0)) == "21.0");
  CHECK(to_string(Tensor(7)) == "7");
  CHECK(to_string(Tensor(true)) == "True");
  CHECK(to_string(Tensor(1e-7)) == "1e-07");
  CHECK(to_string(zeros({0, 3})) == "[]");
  CHECK(to_string(Tensor()) == "undefined");
}

TEST_CASE("long tensors wrap and are summarised") {
  CHECK(to_string(arange(30)) ==
        "[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23\n 24 25 26 27 28 29]");
  CHECK(to_string(arange(2000)) == "[   0    1    2 ... 1997 1998 1999]");
  CHECK(to_string(zeros({2000, 2})) == "[[0. 0.]\n [0. 0.]\n [0. 0.]\n ...\n [0. 0.]\n [0. 0.]\n [0. 0.]]");
  CHECK(to_string(zeros({2, 1, 2})) == "[[[0. 0.]]\n\n [[0. 0.]]]");
}

TEST_CASE("lanes are shown, streams and fmt agree") {
  const Tensor x = array({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}});
  std::string seen;
  vmap([&](const Tensor& t) { return seen = to_string(t), t; })(x);
  CHECK(seen == "Tensor [3] float32 under vmap (level 1, 2 lanes along axis 0):\n[[1. 2. 3.]\n [4. 5. 6.]]");
  std::ostringstream out;
  out << array({1.0, 2.0, 3.0}) << ' ' << x.shape();
  CHECK(out.str() == fmt::format("{} {}", array({1.0, 2.0, 3.0}), x.shape()));
  CHECK(fmt::format("{} {}", float32, cpu) == "float32 cpu");
}
