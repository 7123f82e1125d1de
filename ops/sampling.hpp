// How ops write their samples: `sampled(f)` turns a function of tensors into the call of a Sample.
// Called by samples() of ops with one to three arguments; ops with many arguments or results write the lambda.
#pragma once
#include <type_traits>
#include <utility>
#include <vector>

#include "strata/core/op.hpp"

namespace strata {

/// A Sample's call from f(Tensor), f(Tensor, Tensor) or f(Tensor, Tensor, Tensor) -> Tensor.
///     {{"[2, 3]", {{{2, 3}}}, sampled([](Tensor x) { return flip(x); })}}
template <class F>
auto sampled(F f) {
  return [f](std::span<const Tensor> x) {
    if constexpr (std::is_invocable_v<F, Tensor>)
      return std::vector<Tensor>{f(x[0])};
    else if constexpr (std::is_invocable_v<F, Tensor, Tensor>)
      return std::vector<Tensor>{f(x[0], x[1])};
    else
      return std::vector<Tensor>{f(x[0], x[1], x[2])};
  };
}

}  // namespace strata
