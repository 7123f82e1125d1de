// The level stack, the pool of level records, and dispatch: how an op whose arguments are wrapped reaches the right
// interpreter.
#include "strata/core/level.hpp"

#include <mutex>

#include "strata/core/border.hpp"
#include "strata/core/deferred.hpp"
#include "strata/core/error.hpp"
#include "strata/core/op.hpp"

namespace strata {

thread_local LevelStack level_stack;
thread_local Border* border = nullptr;

namespace {

struct Pool {
  std::mutex mutex;
  std::vector<Level*> free;
  std::uint64_t next_serial = 0;
};

Pool& pool() {
  static Pool* p = new Pool;  // never destroyed: leaked wrappers may ask late
  return *p;
}

const char* transform_name(Kind kind) { return kind == Kind::batched ? "vmap" : kind == Kind::taped ? "grad" : "jvp"; }
const char* transform_name(LevelKind kind) {
  return kind == LevelKind::vmap ? "vmap" : kind == LevelKind::grad ? "grad" : "jvp";
}

}  // namespace

LevelLease::LevelLease(LevelKind kind, Interpreter* interpreter) {
  Pool& p = pool();
  const std::lock_guard lock(p.mutex);
  if (p.free.empty()) p.free.push_back(new Level);
  level_ = p.free.back();
  p.free.pop_back();
  serial_ = ++p.next_serial;
  level_->kind = kind;
  level_->interpreter = interpreter;
  level_->serial.store(serial_, std::memory_order_relaxed);
}

LevelLease::~LevelLease() {
  Pool& p = pool();
  const std::lock_guard lock(p.mutex);
  level_->serial.store(0, std::memory_order_relaxed);
  level_->stack.store(nullptr, std::memory_order_relaxed);
  level_->axis_name.clear();
  level_->rows = {};
  level_->scope = nullptr;
  level_->size = 0;
  p.free.push_back(level_);
}

LevelScope::LevelScope(Level& level)
    : level_(level),
      depth_before_(level_stack.depth),
      nested_(level.stack.load(std::memory_order_relaxed) == &level_stack) {
  if (nested_) return;
  if (level_stack.depth == max_depth) {
    throw TransformError("transforms are nested more than " + std::to_string(max_depth) + " deep");
  }
  level_stack.levels[++level_stack.depth] = &level;
  level.depth = level_stack.depth;
  level.stack.store(&level_stack, std::memory_order_relaxed);
}

LevelScope::~LevelScope() {
  if (nested_) return;
  level_stack.depth = depth_before_;
  level_.stack.store(nullptr, std::memory_order_relaxed);
}

void level_error(const Tensor& x) {
  const Wrapper& w = wrapper(x);
  const std::string transform = transform_name(x.kind());
  if (w.id.level->serial.load(std::memory_order_relaxed) == w.id.serial &&
      w.id.level->stack.load(std::memory_order_relaxed) != nullptr) {
    throw TransformError("a tensor of shape " + to_string(x.shape()) + " belongs to a " + transform +
                         " on another thread; pass it as an argument, or take its value before the thread starts");
  }
  throw TransformError("a tensor of shape " + to_string(x.shape()) + " leaked from a " + transform +
                       " that has ended; return it from the function instead of storing it outside");
}

Level& level_of(const Tensor& x) {
  const Wrapper& w = wrapper(x);
  if (!w.id.alive_here()) [[unlikely]]
    level_error(x);
  return *w.id.level;
}

int mapped_depth(const Tensor& x) {
  const Tensor* t = &x;
  for (; t->defined() && t->is_wrapped(); t = &wrapper(*t).value) {
    if (t->kind() == Kind::batched) return level_of(*t).depth;
  }
  return 0;
}

std::string level_context() {
  if (level_stack.depth == 0) return "";
  std::string s = "\n  ";
  bool mapped = false;
  for (int i = level_stack.depth; i >= 1; --i) {
    const Level& l = *level_stack.levels[i];
    s += std::string(i == level_stack.depth ? "" : ", ") + "inside " + transform_name(l.kind) + " (level " +
         std::to_string(i);
    if (l.kind == LevelKind::vmap) {
      mapped = true;
      s += ", size " + std::to_string(l.size);
      if (!l.axis_name.empty()) s += ", axis '" + l.axis_name + "'";
    }
    s += ")";
  }
  return mapped ? s + ": shapes are those of one example" : s;
}

Level* find_axis(const std::string& axis_name) {
  for (int i = level_stack.depth; i >= 1; --i) {
    Level& l = *level_stack.levels[i];
    if (l.kind == LevelKind::vmap && !axis_name.empty() && l.axis_name == axis_name) return &l;
  }
  return nullptr;
}

bool quick_in_levels(const Op& op, const void* params, const Impl* const* x, Tensor& y) {
  if (level_stack.narrowed || border) return false;
  const Level* top = nullptr;
  for (int i = 0; i < op.inputs; ++i) {
    if (x[i]->kind == Kind::dense) continue;
    if (!is_wrapped(*x[i])) return false;
    const LevelId& id = static_cast<const Wrapper*>(x[i])->id;
    if (!id.alive_here()) return false;
    if (!top || id.level->depth > top->depth) top = id.level;
  }
  return top->interpreter->quick(op, params, x, y);
}

namespace {

bool any_factored(In x) {
  for (const Tensor& t : x) {
    if (t.kind() == Kind::factored) return true;
  }
  return false;
}

/// What the op makes of factored arguments as they are; false when it wants dense ones.
bool evaluate_deferred(const Call& call) {
  bool any = false;
  for (Tensor& x : call.x) {
    if (!is_deferred(x)) continue;
    if (x.kind() == Kind::pending || deferred(x).made.load(std::memory_order_acquire))
      x = materialize(x);
    else
      any = true;
  }
  if (!any) return false;
  Tensor y = call.op.deferred(call.params, call.x);
  if (!y.defined()) return false;
  call.y[0] = std::move(y);
  return true;
}

}  // namespace

void dispatch(Call call) {
  if (border) border->enter(call.x);
  if (level_stack.narrowed) narrow_arguments(call.x);
  Level* top = nullptr;
  for (const Tensor& x : call.x) {
    if (!x.is_wrapped()) continue;
    Level& level = level_of(x);
    if (!top || level.depth > top->depth) top = &level;
  }
  if (top) {
    if (call.op.check) call.op.check(call.params, call.x);
    return top->interpreter->run(call);
  }
  if (call.op.deferred && any_factored(call.x) && evaluate_deferred(call)) return;
  for (Tensor& x : call.x) {
    if (x.kind() != Kind::pending || !call.op.takes_pending) x = materialize(x);
  }
  call.op.eval(call.params, call.x, call.y);
}

std::vector<Tensor> apply_custom(const std::shared_ptr<Custom>& custom, std::vector<Tensor> x) {
  if (border) border->enter(x);
  if (level_stack.narrowed) narrow_arguments(x);
  Level* top = nullptr;
  for (const Tensor& t : x) {
    if (!t.defined() || !t.is_wrapped()) continue;
    Level& level = level_of(t);
    if (!top || level.depth > top->depth) top = &level;
  }
  if (top) return top->interpreter->run(custom, std::move(x));
  return custom->eval(x);
}

std::pair<std::vector<Tensor>, Custom::Pullback> Custom::vjp(const std::vector<Tensor>&) {
  throw TransformError(std::string(name()) + " has no reverse rule");
}
std::pair<std::vector<Tensor>, std::vector<Tensor>> Custom::jvp(const std::vector<Tensor>&,
                                                                const std::vector<Tensor>&) {
  throw TransformError(std::string(name()) + " has no forward rule");
}

}  // namespace strata
