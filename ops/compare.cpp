// The menu's comparisons and logic, and their operators.
#include "strata/ops/compare.hpp"

#include <limits>

#include "strata/ops/registry.hpp"

namespace strata {

Tensor isnan(Tensor x) { return pointwise<IsNan>(std::move(x)); }
Tensor isinf(Tensor x) { return pointwise<IsInf>(std::move(x)); }
Tensor isfinite(Tensor x) { return pointwise<IsFinite>(std::move(x)); }
Tensor signbit(Tensor x) { return pointwise<SignBit>(std::move(x)); }
Tensor logical_not(Tensor x) { return pointwise<LogicalNot>(std::move(x)); }
Tensor equal(Tensor a, Tensor b) { return pointwise<Equal>(std::move(a), std::move(b)); }
Tensor not_equal(Tensor a, Tensor b) { return pointwise<NotEqual>(std::move(a), std::move(b)); }
Tensor less(Tensor a, Tensor b) { return pointwise<Less>(std::move(a), std::move(b)); }
Tensor less_equal(Tensor a, Tensor b) { return pointwise<LessEqual>(std::move(a), std::move(b)); }
Tensor greater(Tensor a, Tensor b) { return pointwise<Greater>(std::move(a), std::move(b)); }
Tensor greater_equal(Tensor a, Tensor b) { return pointwise<GreaterEqual>(std::move(a), std::move(b)); }
Tensor logical_and(Tensor a, Tensor b) { return pointwise<LogicalAnd>(std::move(a), std::move(b)); }
Tensor logical_or(Tensor a, Tensor b) { return pointwise<LogicalOr>(std::move(a), std::move(b)); }
Tensor logical_xor(Tensor a, Tensor b) { return pointwise<LogicalXor>(std::move(a), std::move(b)); }

Tensor isposinf(Tensor x) { return x == std::numeric_limits<double>::infinity(); }
Tensor isneginf(Tensor x) { return x == -std::numeric_limits<double>::infinity(); }

Tensor isclose(Tensor a, Tensor b, Closeness p) {
  const Tensor near = abs(a - b) <= p.atol + p.rtol * abs(b);
  const Tensor close = (a == b) || (isfinite(a) && isfinite(b) && near);
  return p.equal_nan ? close || (isnan(a) && isnan(b)) : close;
}

Tensor operator<(Tensor a, Tensor b) { return less(std::move(a), std::move(b)); }
Tensor operator<=(Tensor a, Tensor b) { return less_equal(std::move(a), std::move(b)); }
Tensor operator>(Tensor a, Tensor b) { return greater(std::move(a), std::move(b)); }
Tensor operator>=(Tensor a, Tensor b) { return greater_equal(std::move(a), std::move(b)); }
Tensor operator==(Tensor a, Tensor b) { return equal(std::move(a), std::move(b)); }
Tensor operator!=(Tensor a, Tensor b) { return not_equal(std::move(a), std::move(b)); }
Tensor operator&&(Tensor a, Tensor b) { return logical_and(std::move(a), std::move(b)); }
Tensor operator||(Tensor a, Tensor b) { return logical_or(std::move(a), std::move(b)); }
Tensor operator!(Tensor x) { return logical_not(std::move(x)); }

std::vector<Entry> compare_entries() {
  return {entry<row<Equal>>(),
          entry<row<NotEqual>>(),
          entry<row<Less>>(),
          entry<row<LessEqual>>(),
          entry<row<Greater>>(),
          entry<row<GreaterEqual>>(),
          entry<row<IsNan>>(),
          entry<row<IsInf>>(),
          entry<row<IsFinite>>(),
          entry<row<SignBit>>(),
          entry<row<LogicalAnd>>(),
          entry<row<LogicalOr>>(),
          entry<row<LogicalXor>>(),
          entry<row<LogicalNot>>(),
          composite("isclose", [] {
            return binary_samples([](Tensor a, Tensor b) { return isclose(std::move(a), std::move(b), {}); });
          })};
}

}  // namespace strata
