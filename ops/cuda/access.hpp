// Reading and writing elements whose dtype is known only when a kernel runs. Included by kernels (ops/cuda/*.cu) where
// the work is not bound by memory; elsewhere the dtype is a template argument.
#pragma once
#include "strata/core/convert.hpp"
#include "strata/ops/cuda/call.hpp"

namespace strata::gpu {

/// Calls f(T{}) with the C++ type behind `d`, on the GPU too.
template <class F>
STRATA_BOTH auto with_type(Dtype d, F f) {
  switch (d) {
    case Dtype::bool_:
      return f(bool{});
    case Dtype::uint8:
      return f(std::uint8_t{});
    case Dtype::uint16:
      return f(std::uint16_t{});
    case Dtype::uint32:
      return f(std::uint32_t{});
    case Dtype::uint64:
      return f(std::uint64_t{});
    case Dtype::int8:
      return f(std::int8_t{});
    case Dtype::int16:
      return f(std::int16_t{});
    case Dtype::int32:
      return f(std::int32_t{});
    case Dtype::int64:
      return f(std::int64_t{});
    case Dtype::bfloat16:
      return f(BFloat16{});
    case Dtype::float16:
      return f(Float16{});
    case Dtype::float32:
      return f(float{});
    default:
      return f(double{});
  }
}

/// Element i of memory of dtype d, converted to To.
template <class To>
struct Load {
  const void* data;
  std::int64_t i;
  template <class T>
  STRATA_BOTH To operator()(T) const {
    return convert<To>(static_cast<const T*>(data)[i]);
  }
};
template <class To>
STRATA_BOTH To load(const void* data, Dtype d, std::int64_t i) {
  return with_type(d, Load<To>{data, i});
}

/// memory[i] = value, converted to dtype d.
template <class From>
struct Store {
  void* data;
  std::int64_t i;
  From value;
  template <class T>
  STRATA_BOTH void operator()(T) const {
    static_cast<T*>(data)[i] = convert<T>(value);
  }
};
template <class From>
STRATA_BOTH void store(void* data, Dtype d, std::int64_t i, From value) {
  with_type(d, Store<From>{data, i, value});
}

}  // namespace strata::gpu
