// The menu's bit operations, and their operators.
#include "strata/ops/bitwise.hpp"

#include "strata/ops/registry.hpp"

namespace strata {

Tensor bitwise_not(Tensor x) { return pointwise<BitwiseNot>(std::move(x)); }
Tensor population_count(Tensor x) { return pointwise<PopulationCount>(std::move(x)); }
Tensor clz(Tensor x) { return pointwise<LeadingZeros>(std::move(x)); }
Tensor bitwise_and(Tensor a, Tensor b) { return pointwise<BitwiseAnd>(std::move(a), std::move(b)); }
Tensor bitwise_or(Tensor a, Tensor b) { return pointwise<BitwiseOr>(std::move(a), std::move(b)); }
Tensor bitwise_xor(Tensor a, Tensor b) { return pointwise<BitwiseXor>(std::move(a), std::move(b)); }
Tensor left_shift(Tensor a, Tensor b) { return pointwise<LeftShift>(std::move(a), std::move(b)); }
Tensor right_shift(Tensor a, Tensor b) { return pointwise<RightShift>(std::move(a), std::move(b)); }
Tensor shift_right_logical(Tensor a, Tensor b) { return pointwise<RightShiftLogical>(std::move(a), std::move(b)); }
Tensor gcd(Tensor a, Tensor b) { return pointwise<Gcd>(std::move(a), std::move(b)); }
Tensor lcm(Tensor a, Tensor b) { return pointwise<Lcm>(std::move(a), std::move(b)); }

Tensor operator&(Tensor a, Tensor b) { return bitwise_and(std::move(a), std::move(b)); }
Tensor operator|(Tensor a, Tensor b) { return bitwise_or(std::move(a), std::move(b)); }
Tensor operator^(Tensor a, Tensor b) { return bitwise_xor(std::move(a), std::move(b)); }
Tensor operator~(Tensor x) { return bitwise_not(std::move(x)); }

std::vector<Entry> bitwise_entries() {
  return {entry<row<BitwiseAnd>>(),
          entry<row<BitwiseOr>>(),
          entry<row<BitwiseXor>>(),
          entry<row<BitwiseNot>>(),
          entry<row<LeftShift>>(),
          entry<row<RightShift>>(),
          entry<row<RightShiftLogical>>(),
          entry<row<PopulationCount>>(),
          entry<row<LeadingZeros>>(),
          entry<row<Gcd>>(),
          entry<row<Lcm>>()};
}

}  // namespace strata
