// Matrix products, single and batched, convolutions, the gradient of an embedding.
#include <fmt/format.h>

#include "strata/bench/cases/product_sizes.hpp"

namespace bench {
namespace {

using strata::Tensor;

void conv_case(Cases& cases, std::int64_t n, std::int64_t in, std::int64_t size, std::int64_t out) {
  cases.add(fmt::format("conv/{}x{}x{}x{}_to_{}", n, in, size, size, out), [=] {
    return [x = uniform(1, {n, in, size, size}), w = uniform(2, {out, in, 3, 3}, -0.1, 0.1)] {
      return strata::conv_general(x, w, {.padding = "SAME"});
    };
  });
}

}  // namespace

void product_cases(Cases& cases) {
  for (const ProductSize& s : product_sizes) {
    cases.add(product_name(s), [s] {
      return [a = uniform(1, {s.m, s.k}), b = uniform(2, {s.k, s.n})] { return strata::matmul(a, b); };
    });
  }
  for (const BatchedSize& s : batched_sizes) {
    cases.add(batched_name(s), [s] {
      return
          [a = uniform(1, {s.batch, s.n, s.n}), b = uniform(2, {s.batch, s.n, s.n})] { return strata::matmul(a, b); };
    });
  }
  conv_case(cases, 32, 3, 32, 32);
  conv_case(cases, 32, 64, 28, 64);
  conv_case(cases, 16, 128, 14, 128);
  cases.add("embedding/gradient", [] {
    return [table = uniform(1, {10000, 128}), ids = integers(2, {32, 128}, 10000), g = uniform(3, {32, 128, 128})] {
      const auto weighted = [&](const Tensor& t) { return strata::sum(strata::take(t, ids, {.axis = 0}) * g); };
      return strata::grad(weighted)(table);
    };
  });
}

}  // namespace bench
