// Reductions, cumulative ops, sorting and selection of the oracle. Definitions: tests/oracle/ops.py.
#include "strata/ops/ops.hpp"
#include "strata/tests/support/oracle.hpp"

namespace strata::oracle {

void add_reduce(Ops& ops) { (void)ops; }

}  // namespace strata::oracle
