// Tensors that are not memory yet: their elements are made when somebody looks, once, and kept. Kinds `factored` (and
// later `pending`) derive from Deferred. Called by dispatch (op rules see them first) and by whoever reads values.
// Always holds: a deferred tensor stands below all levels, where dense ones do: what it is made of is dense.
#pragma once
#include <atomic>
#include <mutex>

#include "strata/core/tensor.hpp"

namespace strata {

struct Deferred;

/// What a kind of deferred tensor can do.
struct DeferredKind {
  Tensor (*make)(const Deferred& x);      // the dense form, of x's shape and dtype
  void (*destroy)(Deferred* x) noexcept;  // frees the block
};

struct Deferred : Impl {
  const DeferredKind* what;
  mutable std::mutex mutex;  // two threads may look at once
  mutable std::atomic<bool> made{false};
  mutable Tensor value;  // when made

  Deferred(const DeferredKind* w, Kind k, Dtype d, std::uint32_t block_bytes, const Shape& s)
      : Impl(k, d, false, block_bytes, s), what(w) {}
  /// The dense form, made at the first call.
  const Tensor& dense_form() const;
};

inline bool is_deferred(const Tensor& x) { return x.kind() == Kind::factored || x.kind() == Kind::pending; }
inline const Deferred& deferred(const Tensor& x) { return *static_cast<const Deferred*>(x.impl()); }

}  // namespace strata
