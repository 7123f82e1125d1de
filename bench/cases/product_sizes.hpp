// The sizes of the matrix products: our own cases and OpenBLAS's run the same. bench/peers/products.py reads the names.
#pragma once
#include <fmt/format.h>

#include "strata/bench/cases/cases.hpp"

namespace bench {

struct ProductSize {
  std::int64_t m, k, n;
};
struct BatchedSize {
  std::int64_t batch, n;
};

inline constexpr ProductSize product_sizes[] = {
    {64, 64, 64},       {128, 128, 128}, {256, 256, 256},  {512, 512, 512},   {1024, 1024, 1024},
    {2048, 2048, 2048}, {32, 784, 512},  {128, 512, 512},  {256, 784, 512},   {256, 512, 1024},
    {256, 784, 256},    {784, 256, 256}, {256, 2304, 256}, {1024, 256, 1024}, {1, 784, 256}};
inline constexpr BatchedSize batched_sizes[] = {{1024, 8}, {256, 32}};

inline std::string product_name(const ProductSize& s) { return fmt::format("matmul/{}x{}x{}", s.m, s.k, s.n); }
inline std::string batched_name(const BatchedSize& s) { return fmt::format("batched/{}x{}^3", s.batch, s.n); }

}  // namespace bench
