// Levels: one per running transform, on a thread-local stack; the wrappers they put around tensors; the way an op
// reaches them. Called by ops (dispatch), autograd and functorch (push a level, wrap, unwrap). Always holds: a wrapper
// belongs to a level by (record, serial); it is alive while the record bears that serial and is on this thread's stack.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "strata/core/host_device.hpp"
#include "strata/core/tensor.hpp"

namespace strata {

struct Op;
struct Call;
class Custom;

/// What a transform does with an op that meets one of its tensors. The tape, duals and vmap implement it.
class Interpreter {
 public:
  virtual ~Interpreter() = default;
  /// Unwraps this level's tensors in call.x, applies the op's rule with ops at lower levels, wraps the results into
  /// call.y.
  virtual void run(Call& call) = 0;
  /// The same for a small call whose operands are borrowed, see NOTE [quick calls] in core/op.hpp. False: nothing was
  /// done.
  virtual bool quick(const Op& op, const void* params, const Impl* const* x, Tensor& y) {
    (void)op, (void)params, (void)x, (void)y;
    return false;
  }
  /// The same for a function with rules of its own (custom_vjp, checkpoint, ...).
  virtual std::vector<Tensor> run(const std::shared_ptr<Custom>& custom, std::vector<Tensor> x) = 0;
  /// x, which holds this level's tensor with other lanes than those present now, with the lanes present now. Only vmap
  /// has lanes.
  virtual Tensor narrow(const Tensor& x) { return x; }
};

enum class LevelKind : std::uint8_t { vmap, grad, jvp };

/// A subset of the lanes: while a branch runs, only these are present. Null means all. See core/rows.hpp.
struct Rows;
using RowsRef = std::shared_ptr<const Rows>;
class RowsScope;

struct LevelStack;

/// The record of a level. Records are pooled and never freed, so that a leaked wrapper can always ask.
struct Level {
  std::atomic<std::uint64_t> serial{0};           // process-wide; 0 when nobody has the record
  std::atomic<const LevelStack*> stack{nullptr};  // the thread's stack it is on; null when it is on none
  int depth = 0;                                  // position on that stack, from 1
  LevelKind kind = LevelKind::vmap;
  Interpreter* interpreter = nullptr;
  std::int64_t size = 0;       // vmap: number of lanes
  std::string axis_name;       // vmap: may be empty
  RowsRef rows;                // vmap: the lanes present now
  RowsScope* scope = nullptr;  // vmap: what put them there
};

inline constexpr int max_depth = 64;

struct LevelStack {
  int depth = 0;
  int narrowed = 0;               // vmap levels whose rows are a subset now
  std::uint64_t clock = 0;        // counts taped tensors and branches, see Rows::since
  std::uint64_t collectives = 0;  // counts collectives over processes
  Level* levels[max_depth + 1] = {};
  Level& top() { return *levels[depth]; }
};

extern thread_local LevelStack level_stack STRATA_THREAD_POINTER;

/// A name for a level that outlives it.
struct LevelId {
  Level* level = nullptr;
  std::uint64_t serial = 0;
  bool alive_here() const {
    return level && level->serial.load(std::memory_order_relaxed) == serial &&
           level->stack.load(std::memory_order_relaxed) == &level_stack;
  }
  bool operator==(const LevelId&) const = default;
};

/// A level's lease of a record: taken when the transform starts, kept as long as something may put the level back on
/// the stack.
class LevelLease {
 public:
  LevelLease(LevelKind kind, Interpreter* interpreter);
  ~LevelLease();
  LevelLease(const LevelLease&) = delete;
  LevelLease& operator=(const LevelLease&) = delete;
  Level& level() const { return *level_; }
  LevelId id() const { return {level_, serial_}; }

 private:
  Level* level_;
  std::uint64_t serial_;
};

/// Puts a level on top of this thread's stack for a scope (again, if it has been there before).
class LevelScope {
 public:
  explicit LevelScope(Level& level);
  ~LevelScope();
  LevelScope(const LevelScope&) = delete;
  LevelScope& operator=(const LevelScope&) = delete;

 private:
  Level& level_;
  int depth_before_;
  bool nested_;  // it was on the stack already
};

// ---- wrappers
// ----------------------------------------------------------------------------------------------------------
struct Wrapper : Impl {
  Tensor value;
  LevelId id;
  Wrapper(Kind k, Tensor v, LevelId i, std::uint32_t block_bytes, const Shape& logical)
      : Impl(k, v.dtype(), v.weak(), block_bytes, logical), value(std::move(v)), id(i) {}
  Wrapper(Kind k, Tensor v, LevelId i, std::uint32_t block_bytes, const Shape& shape, int axis)
      : Impl(k, v.dtype(), v.weak(), block_bytes, shape, axis), value(std::move(v)), id(i) {}
};

/// vmap's wrapper: `value` has the lanes along `axis`; `rows` says which lanes, null for all.
struct Batched : Wrapper {
  int axis;
  RowsRef rows;
  Batched(Tensor v, const Shape& shape, int a, LevelId i)
      : Wrapper(Kind::batched, std::move(v), i, sizeof(Batched), shape, a), axis(a) {}
};

struct Node;
/// grad's wrapper: output number `out` of the tape's `node`.
struct Taped : Wrapper {
  Node* node;
  std::uint32_t out;
  std::uint64_t born;  // level_stack.clock then
  Taped(Tensor v, const Shape& shape, Node* n, std::uint32_t o, LevelId i)
      : Wrapper(Kind::taped, std::move(v), i, sizeof(Taped), shape), node(n), out(o), born(++level_stack.clock) {}
};

/// jvp's wrapper: `value` is the primal.
struct Dual : Wrapper {
  Tensor tangent;
  Dual(Tensor v, const Shape& shape, Tensor t, LevelId i)
      : Wrapper(Kind::dual, std::move(v), i, sizeof(Dual), shape), tangent(std::move(t)) {}
};

Tensor make_batched(Tensor value, int axis, LevelId id);
Tensor make_batched(Tensor value, int axis, LevelId id, RowsRef rows);
Tensor make_taped(Tensor value, Node* node, std::uint32_t out, LevelId id);
Tensor make_dual(Tensor primal, Tensor tangent, LevelId id);

inline Wrapper& wrapper(const Tensor& x) { return *static_cast<Wrapper*>(x.impl()); }
inline bool is_wrapped(const Impl& x) { return x.kind >= Kind::batched; }
/// x is the wrapper of this level.
inline bool belongs_to(const Impl& x, LevelId id) { return is_wrapped(x) && static_cast<const Wrapper&>(x).id == id; }
/// x is this level's wrapper (the outermost one of x).
inline bool belongs_to(const Tensor& x, LevelId id) { return x.is_wrapped() && wrapper(x).id == id; }

/// The level of x's outermost wrapper. TransformError when it is dead (leaked) or on another thread.
Level& level_of(const Tensor& x);
/// x's outermost wrapper belongs to a level that is not on this thread's stack: says so. TransformError.
[[noreturn]] void level_error(const Tensor& x);

/// The depth of the innermost vmap level that maps x; 0 when none does.
int mapped_depth(const Tensor& x);

/// "\n  inside vmap (level 2, size 128), inside grad (level 1): shapes are those of one example", or "" with no level.
std::string level_context();

/// While a branch runs on a subset of the lanes: brings every argument to the lanes present. See core/rows.hpp.
void narrow_arguments(std::span<Tensor> x);

/// The innermost vmap level on this thread called `name`; null when there is none.
Level* find_axis(const std::string& axis_name);

}  // namespace strata
