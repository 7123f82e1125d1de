// See pending.hpp.
#include "strata/ops/pending.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "strata/core/debug.hpp"
#include "strata/core/memory.hpp"
#include "strata/core/parallel.hpp"
#include "strata/ops/cpu/chain.hpp"

namespace strata {
namespace {

void destroy(Deferred* x) noexcept {
  auto* p = static_cast<Pending*>(x);
  p->~Pending();
  memory::free_small(p, sizeof(Pending));
}

/// The caller holds x's mutex.
Tensor make(const Deferred& x) {
  const auto& p = static_cast<const Pending&>(x);
  Tensor y;
  if (p.steps == 1) {
    y = eval_pointwise_now(*p.info, p.params, Out(p.x, static_cast<std::size_t>(p.info->arity)), p.shape, p.weak);
  } else {
    auto* self = const_cast<Pending*>(&p);
    self->refs.retain();
    Chain chain(Tensor(static_cast<Impl*>(self)), 1, true);
    chain.store_root();
    chain.run_all();
    y = chain.publish();
  }
  for (Tensor& t : p.x) t = Tensor();
  return y;
}

constexpr DeferredKind pending_kind{&make, &destroy};

/// Operand x can be walked along the last axis of `shape`: element after element, or one for all.
bool walks(const Tensor& x, const Shape& shape, std::int64_t row) {
  const Dense& d = dense(x);
  if (d.size == 1 || (d.contiguous && d.shape == shape)) return true;
  const int last = d.shape.size() - 1;
  const std::int64_t stride = d.shape[last] == 1 ? 0 : d.strides[last];
  return stride <= 1 && stride >= 0 && shape.back() >= row;
}

/// The ops and leaves of a chain, each once.
struct Census {
  const Impl* steps[Pending::max_steps];
  const Impl* leaves[Pending::max_leaves];
  int step_count = 0, leaf_count = 0;

  /// False: there are too many.
  bool add(const Tensor& x) {
    if (x.kind() != Kind::pending) return add_leaf(x.impl());
    const Impl* const* end = steps + step_count;
    if (std::find<const Impl* const*>(steps, end, x.impl()) != end) return true;
    const Pending& p = pending(x);
    const std::lock_guard lock(p.mutex);
    if (p.made.load(std::memory_order_acquire)) return add_leaf(p.value.impl());
    if (step_count == Pending::max_steps) return false;
    steps[step_count++] = x.impl();
    for (int k = 0; k < p.info->arity; ++k) {
      if (!add(p.x[k])) return false;
    }
    return true;
  }

 private:
  bool add_leaf(const Impl* x) {
    const Impl* const* end = leaves + leaf_count;
    if (std::find<const Impl* const*>(leaves, end, x) != end) return true;
    if (leaf_count == Pending::max_leaves) return false;
    leaves[leaf_count++] = x;
    return true;
  }
};

/// The lengths of the chain that would be; false when it cannot be one.
bool measure(const PointwiseInfo& info, Out x, const Shape& shape, std::int64_t row, int& steps, int& leaves) {
  steps = 1;
  leaves = 0;
  for (int k = 0; k < info.arity; ++k) {
    Tensor& t = x[static_cast<std::size_t>(k)];
    if (t.kind() == Kind::pending && (pending(t).made.load(std::memory_order_acquire) || !(t.shape() == shape)))
      t = materialize(t);
    if (t.kind() == Kind::pending) {
      steps += pending(t).steps;
      leaves += pending(t).leaves;
    } else if (dense(t).device == cpu && walks(t, shape, row)) {
      ++leaves;
    } else {
      return false;
    }
  }
  if (steps <= Pending::max_steps && leaves <= Pending::max_leaves) return true;
  Census census;
  for (const Tensor& t : x) {
    if (!census.add(t)) return false;
  }
  steps = census.step_count + 1;
  leaves = census.leaf_count;
  return steps <= Pending::max_steps;
}

}  // namespace

Pending::Pending(const PointwiseInfo& i, Type type, const Shape& shape)
    : Deferred(&pending_kind, Kind::pending, type.dtype, sizeof(Pending), shape), info(&i) {
  weak = type.weak;
}

Tensor defer_pointwise(const PointwiseInfo& info, const void* params, Out x, const Shape& shape, Type type) {
  const debug::Chains settings = debug::chains();
  if (!settings.on || shape.empty() || shape.elements() < std::max<std::int64_t>(1, settings.grain)) return {};
  const Dtype compute = x[x.size() - 1].dtype();
  if (is_half(compute) || info.params_size > Pending::max_params) return {};
  int steps, leaves;
  if (!measure(info, x, shape, settings.row, steps, leaves)) return {};
  static_assert(sizeof(Pending) <= memory::small_limit);
  auto* p = new (memory::allocate_small(sizeof(Pending))) Pending(info, type, shape);
  p->steps = steps;
  p->leaves = leaves;
  if (info.params_size > 0) std::memcpy(p->params, params, info.params_size);
  for (int k = 0; k < info.arity; ++k) p->x[k] = std::move(x[static_cast<std::size_t>(k)]);
  return Tensor(static_cast<Impl*>(p));
}

namespace {

// NOTE [the same cuts]  A reduction of dense rows adds up pieces of `piece` elements, and rows longer than `part` in
// parts; here the same pieces are made by the chain, so that the result is the same bit for bit.
constexpr std::int64_t piece = 4096, part = 64 * 1024, state_group = 64;

/// The rows of one reduction as a chain makes them.
class PendingRows {
 public:
  PendingRows(const Chain& chain, const ReduceKernel& kernel, int itemsize)
      : chain_(chain), kernel_(kernel), itemsize_(itemsize), room_(chain), rows_(chain.stores_root() ? 0 : piece * 8) {}

  /// The chain's elements [begin, begin + n), n <= piece.
  const std::byte* elements(std::int64_t begin, std::int64_t n) {
    for (std::int64_t i = 0; i < n; i += chain_.tile())
      chain_.run(room_, begin + i, std::min(chain_.tile(), n - i), rows_.get() + i * itemsize_);
    return chain_.stores_root() ? chain_.root_at(begin) : rows_.get();
  }
  /// The state of `rows` rows of n <= piece elements each, the first at `begin`.
  void short_rows(std::int64_t begin, std::int64_t rows, std::int64_t n, std::byte* states) {
    const std::int64_t at_once = std::max<std::int64_t>(1, std::min(piece, chain_.tile()) / n);
    for (std::int64_t r = 0; r < rows; r += at_once) {
      const std::int64_t m = std::min(at_once, rows - r);
      kernel_.rows(elements(begin + r * n, m * n), n, m, n, states + r * kernel_.state_bytes);
    }
  }
  /// The state of elements [from, to) of the row at `begin`.
  void long_row(std::int64_t begin, std::int64_t from, std::int64_t to, std::byte* state) {
    alignas(16) std::byte one[32];
    kernel_.rows(nullptr, 0, 1, 0, state);
    for (std::int64_t i = from; i < to; i += piece) {
      const std::int64_t n = std::min(to - i, piece);
      kernel_.rows(elements(begin + i, n), 0, 1, n, one);
      kernel_.merge(state, one, 1, i);
    }
  }

 private:
  const Chain& chain_;
  const ReduceKernel& kernel_;
  int itemsize_;
  Chain::Room room_;
  Scratch<std::byte> rows_;
};

void reduce_rows(const Chain& chain, const ReduceKernel& k, int itemsize, std::int64_t outputs, std::int64_t length,
                 const ReduceResults& results) {
  const std::int64_t grain = std::max<std::int64_t>(1, 32 * 1024 / length);
  parallel_for(outputs, grain, [&](std::int64_t begin, std::int64_t end) {
    PendingRows rows(chain, k, itemsize);
    alignas(16) std::byte states[state_group * 32];
    for (std::int64_t i = begin; i < end; i += state_group) {
      const std::int64_t n = std::min(end - i, state_group);
      if (length <= piece) {
        rows.short_rows(i * length, n, length, states);
      } else {
        for (std::int64_t r = 0; r < n; ++r) rows.long_row((i + r) * length, 0, length, states + r * k.state_bytes);
      }
      results.store(states, i, n);
    }
  });
}

void reduce_parts(const Chain& chain, const ReduceKernel& k, int itemsize, std::int64_t outputs, std::int64_t length,
                  const ReduceResults& results) {
  const std::int64_t parts = (length + part - 1) / part, bytes = k.state_bytes;
  const Scratch<std::byte> states(outputs * parts * bytes);
  parallel_for(outputs * parts, 1, [&](std::int64_t begin, std::int64_t end) {
    PendingRows rows(chain, k, itemsize);
    for (std::int64_t u = begin; u < end; ++u) {
      const std::int64_t from = u % parts * part;
      rows.long_row(u / parts * length, from, std::min(length, from + part), states.get() + u * bytes);
    }
  });
  for (std::int64_t i = 0; i < outputs; ++i) {
    std::byte* first = states.get() + i * parts * bytes;
    for (std::int64_t p = 1; p < parts; ++p) k.merge(first, first + p * bytes, 1, 0);
    results.store(first, i, 1);
  }
}

}  // namespace

bool reduce_pending(const ReduceKernel& kernel, const Tensor& x, const ReduceResults& results) {
  const AxisSet axes = results.reduction.axes;
  const Dtype compute = results.reduction.compute;
  const Shape& shape = x.shape();
  const int rank = shape.size(), first = rank - axes.count();
  if (x.dtype() != compute || axes.bits == 0 || axes.bits != ((1u << rank) - 1) >> first << first) return false;
  std::int64_t outputs = 1, length = 1;
  for (int i = 0; i < rank; ++i) (i < first ? outputs : length) *= shape[i];
  if (x.size() == 0) return false;
  Chain chain(x, 1, false);
  if (chain.empty()) return false;
  if (length > part)
    reduce_parts(chain, kernel, itemsize(compute), outputs, length, results);
  else
    reduce_rows(chain, kernel, itemsize(compute), outputs, length, results);
  const Tensor root = chain.publish();
  if (root.defined()) {
    const Pending& p = pending(x);
    const std::lock_guard lock(p.mutex);
    if (!p.made.load(std::memory_order_acquire)) {
      p.value = root;
      p.made.store(true, std::memory_order_release);
      for (Tensor& t : p.x) t = Tensor();
    }
  }
  return true;
}

}  // namespace strata
