// The programs of the vmap guide, as the oracle has them. Definitions: tests/oracle/ops.py.
#include "strata/ops/ops.hpp"
#include "strata/tests/support/oracle.hpp"

namespace strata::oracle {

void add_guide(Ops& ops) { (void)ops; }

}  // namespace strata::oracle
