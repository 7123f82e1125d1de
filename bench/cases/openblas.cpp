// A peer: the products by cblas_sgemm itself, into a buffer that stays.
#include <cblas.h>

#include "strata/bench/cases/product_sizes.hpp"

namespace bench {
namespace {

using strata::Tensor;

/// The result in memory that every call writes anew, lent to a tensor.
struct Product {
  ProductSize size;
  std::int64_t batch;
  Tensor a, b;
  std::shared_ptr<std::vector<float>> y;

  Product(const ProductSize& s, std::int64_t batch_size, Tensor lhs, Tensor rhs)
      : size(s),
        batch(batch_size),
        a(std::move(lhs)),
        b(std::move(rhs)),
        y(std::make_shared<std::vector<float>>(static_cast<std::size_t>(batch_size * s.m * s.n))) {}

  Tensor operator()() const {
    const auto [m, k, n] = size;
    for (std::int64_t i = 0; i < batch; ++i)
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, static_cast<int>(m), static_cast<int>(n),
                  static_cast<int>(k), 1.0f, a.data<float>() + i * m * k, static_cast<int>(k),
                  b.data<float>() + i * k * n, static_cast<int>(n), 0.0f, y->data() + i * m * n, static_cast<int>(n));
    return strata::borrow(y->data(), batch > 1 ? strata::Shape{batch, m, n} : strata::Shape{m, n}, [keep = y] {});
  }
};

}  // namespace

void openblas_cases(Cases& cases) {
  openblas_set_num_threads(strata::num_threads());
  for (const ProductSize& s : product_sizes)
    cases.add(product_name(s), [s] { return Product(s, 1, uniform(1, {s.m, s.k}), uniform(2, {s.k, s.n})); });
  for (const BatchedSize& s : batched_sizes) {
    cases.add(batched_name(s), [s] {
      return Product({s.n, s.n, s.n}, s.batch, uniform(1, {s.batch, s.n, s.n}), uniform(2, {s.batch, s.n, s.n}));
    });
  }
}

/// With the kernels it chose.
std::string openblas_version() { return fmt::format("{}", openblas_get_config()); }

}  // namespace bench
