// Elementwise ops of the oracle: unary, binary, selection, conversion. Definitions: tests/oracle/ops.py.
#include "strata/ops/ops.hpp"
#include "strata/tests/support/oracle.hpp"

namespace strata::oracle {

void add_pointwise(Ops& ops) {
  ops["negative"] = [](const Json&, Xs x) { return Tensors{-x[0]}; };
  ops["square"] = [](const Json&, Xs x) { return Tensors{square(x[0])}; };
  ops["reciprocal"] = [](const Json&, Xs x) { return Tensors{reciprocal(x[0])}; };
  ops["convert"] = [](const Json& p, Xs x) {
    return Tensors{astype(x[0], dtype_named(p["dtype"].get<std::string>()))};
  };
  ops["add"] = [](const Json&, Xs x) { return Tensors{x[0] + x[1]}; };
  ops["sub"] = [](const Json&, Xs x) { return Tensors{x[0] - x[1]}; };
  ops["mul"] = [](const Json&, Xs x) { return Tensors{x[0] * x[1]}; };
  ops["div"] = [](const Json&, Xs x) { return Tensors{x[0] / x[1]}; };
  ops["lerp"] = [](const Json&, Xs x) { return Tensors{x[0] + x[2] * (x[1] - x[0])}; };
}

}  // namespace strata::oracle
