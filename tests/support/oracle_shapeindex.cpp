// Shape, index and creation ops of the oracle. Definitions: tests/oracle/ops.py.
#include "strata/ops/ops.hpp"
#include "strata/tests/support/oracle.hpp"

namespace strata::oracle {

void add_shapeindex(Ops& ops) {
  ops["reshape"] = [](const Json& p, Xs x) { return Tensors{reshape(x[0], shape(p["shape"]))}; };
  ops["broadcast_to"] = [](const Json& p, Xs x) { return Tensors{broadcast_to(x[0], shape(p["shape"]))}; };
  ops["transpose"] = [](const Json& p, Xs x) {
    const auto perm = optional_axes(p, "perm");
    return Tensors{perm ? transpose(x[0], *perm) : transpose(x[0])};
  };
}

}  // namespace strata::oracle
