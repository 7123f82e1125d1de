// fmt's formatters for tensors, shapes, dtypes and devices: fmt::print("{}\n", x). Part of the umbrella.
#pragma once
#if defined(__CUDACC__) && !defined(FMT_USE_CONSTEXPR)
#define FMT_USE_CONSTEXPR 1  // fmt 9 takes nvcc for a compiler that has none, and is then no C++20
#endif
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "strata/core/tensor.hpp"

namespace strata::detail {

/// Formats as a string, so that "{:>40}" works.
template <class T>
struct AsString : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(const T& value, Context& context) const {
    return fmt::formatter<std::string_view>::format(std::string(to_string(value)), context);
  }
};

}  // namespace strata::detail

template <>
struct fmt::formatter<strata::Tensor> : strata::detail::AsString<strata::Tensor> {};
template <>
struct fmt::formatter<strata::Shape> : strata::detail::AsString<strata::Shape> {};
template <>
struct fmt::formatter<strata::Device> : strata::detail::AsString<strata::Device> {};
template <>
struct fmt::formatter<strata::Dtype> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(strata::Dtype value, Context& context) const {
    return fmt::formatter<std::string_view>::format(strata::name(value), context);
  }
};
