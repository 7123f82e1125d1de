// Reading and writing elements whose dtype is known only when a kernel runs. Included by kernels (ops/cuda/*.cu) where
// the work is not bound by memory; elsewhere the dtype is a template argument.
#pragma once
#include "strata/core/convert.hpp"
#include "strata/ops/cuda/call.hpp"

namespace strata::gpu {

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
  return visit(d, Load<To>{data, i});
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
  visit(d, Store<From>{data, i, value});
}

}  // namespace strata::gpu
