// The menu's exponentials and logarithms.
#include "strata/ops/exponential.hpp"

#include <limits>

#include "strata/ops/registry.hpp"

namespace strata {

Tensor exp(Tensor x) { return pointwise<Exp>(std::move(x)); }
Tensor exp2(Tensor x) { return pointwise<Exp2>(std::move(x)); }
Tensor expm1(Tensor x) { return pointwise<Expm1>(std::move(x)); }
Tensor log(Tensor x) { return pointwise<Log>(std::move(x)); }
Tensor log2(Tensor x) { return pointwise<Log2>(std::move(x)); }
Tensor log10(Tensor x) { return pointwise<Log10>(std::move(x)); }
Tensor log1p(Tensor x) { return pointwise<Log1p>(std::move(x)); }
Tensor logistic(Tensor x) { return pointwise<Logistic>(std::move(x)); }
Tensor logaddexp(Tensor a, Tensor b) { return pointwise<LogAddExp>(std::move(a), std::move(b)); }
Tensor logaddexp2(Tensor a, Tensor b) { return pointwise<LogAddExp2>(std::move(a), std::move(b)); }
Tensor xlogy(Tensor a, Tensor b) { return pointwise<XLogY>(std::move(a), std::move(b)); }
Tensor xlog1py(Tensor a, Tensor b) { return pointwise<XLog1pY>(std::move(a), std::move(b)); }

Tensor logit(Tensor p) { return log(p / (1 - p)); }

std::vector<Entry> exponential_entries() {
  return {entry<row<Exp>>(),
          entry<row<Exp2>>(),
          entry<row<Expm1>>(),
          entry<row<Log>>(),
          entry<row<Log2>>(),
          entry<row<Log10>>(),
          entry<row<Log1p>>(),
          entry<row<Logistic>>(),
          entry<row<LogAddExp>>(),
          entry<row<LogAddExp2>>(),
          entry<row<XLogY>>(),
          entry<row<XLog1pY>>(),
          composite("logit", [] { return unary_samples(&logit, 0.1, 0.9); })};
}

}  // namespace strata
