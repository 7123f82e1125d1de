// What an op is to the runtime: a constant row of functions. Interpreters see rows, never op types.
// Called by ops (families make rows and call `dispatch`) and by the interpreters.
// Always holds: rules are made of public ops; an undefined Tensor is a zero tangent or cotangent.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "strata/core/level.hpp"
#include "strata/core/tensor.hpp"

namespace strata {

using In = std::span<const Tensor>;
using Out = std::span<Tensor>;

/// The device of a call's arguments: the GPU if one lies there.
inline Device device_of(In x) {
  for (const Tensor& t : x) {
    if (t.is_dense() && dense(t).device != cpu) return dense(t).device;
  }
  return cpu;
}

/// What a derivative reads; the rest is not kept. `first`: argument 0 alone (indices, a condition).
enum class Keep : std::uint8_t { nothing = 0, inputs = 1, result = 2, both = 3, first = 4 };
/// How many of n arguments are kept, from the first on.
constexpr std::size_t kept_inputs(Keep k, std::size_t n) {
  return static_cast<int>(k) & 1 ? n : k == Keep::first && n > 0 ? 1 : 0;
}
constexpr bool keeps_result(Keep k) { return static_cast<int>(k) & 2; }

/// An operand as vmap's rules see it: `axis` is where the lanes are, -1 when all lanes share the value.
struct Lane {
  Tensor value;
  int axis = -1;
  bool mapped() const { return axis >= 0; }
};

/// The level for which a batching rule runs.
struct Batch {
  std::int64_t size;  // number of lanes present
  LevelId id;
  RowsRef rows{};  // which lanes; a rule that changes them (narrow, widen) sets the result's
};

/// Which inputs want a cotangent.
struct Need {
  const bool* wanted;
  bool operator[](int i) const { return wanted[i]; }
};

/// An argument worth trying, for tests: drawn uniformly from [low, high) (integers included; bool: coin), or `value`
/// when defined.
struct Argument {
  Shape shape;
  Dtype dtype = Dtype::float32;
  double low = -2, high = 2;
  Tensor value{};
};

/// A call worth trying, for tests, documentation and benchmarks. The laws are run on it.
struct Sample {
  std::string label;
  std::vector<Argument> arguments;
  std::function<std::vector<Tensor>(std::span<const Tensor>)> call;
};
using Samples = std::vector<Sample>;

/// The row of an op. Made by a family from a struct of static rules, see ops/family.hpp.
struct Op {
  std::string_view name;
  std::string_view family;
  int inputs;           // -1: any number
  int outputs;          // -1: the caller knows
  bool differentiable;  // false: said so, derivatives are zero
  Keep keep;
  std::size_t params_size;
  void (*params_copy)(void* to, const void* from);
  void (*params_destroy)(void* p);
  void (*check)(const void* p, In x);         // throws in the user's words: shapes are logical here
  void (*eval)(const void* p, Out x, Out y);  // x may be taken (donation)
  void (*jvp)(const void* p, In x, In dx, In y, Out dy);
  void (*vjp)(const void* p, In x, In y, In g, Need need, Out dx);
  void (*batch)(const void* p, std::span<Lane> x, std::span<Lane> y, Batch& batch);
  Samples (*samples)();
  bool (*quick)(const void* p, const Impl* const* x, Tensor& y) = nullptr;  // see NOTE [quick calls]
  bool mixes_rows = false;     // under vmap its arguments may have different lanes (functorch/rows.hpp)
  bool takes_pending = false;  // eval looks into pending arguments itself (ops/pending.hpp)
  // The result for arguments of which some are deferred; undefined: it wants them dense (core/deferred.hpp).
  Tensor (*deferred)(const void* p, Out x) = nullptr;
  bool adds = false;        // vjp adds its cotangents onto what dx holds already, where that is defined
  bool collective = false;  // its derivative communicates: it runs in every backward pass, with or without a cotangent
};

/// One application of an op.
struct Call {
  const Op& op;
  const void* params;
  Out x;
  Out y;
};

/// Runs a call whose arguments are not all dense: hands it to the highest level among them, or makes deferred ones
/// dense and evaluates.
void dispatch(Call call);

/// The way every op is applied: dense arguments go straight to `eval`.
inline void apply(const Op& op, const void* params, Out x, Out y) {
  bool plain = true;
  for (const Tensor& t : x) plain &= t.is_dense();
  if (plain) [[likely]]
    op.eval(params, x, y);
  else
    dispatch({op, params, x, y});
}

// NOTE [quick calls]  A small pointwise op costs more in handles than in arithmetic. So it is first tried on borrowed
// operands, through all levels: each interpreter looks into its wrappers without taking a handle of what they hold, and
// passes the call on; at the bottom the op's own `quick` evaluates it. Anything unusual on the way (another level's
// rows, operands to align, convert or broadcast, a dead level) gives false with nothing done, and the call goes the
// ordinary way, which knows all cases and words all errors.

/// The short way of a call of op.inputs operands, not null, under the levels they belong to.
bool quick_in_levels(const Op& op, const void* params, const Impl* const* x, Tensor& y);

/// The short way of a call. False, and nothing done, when it must go the ordinary way. `op.quick` is not null.
inline bool quick(const Op& op, const void* params, const Impl* const* x, Tensor& y) {
  bool plain = true;
  for (int i = 0; i < op.inputs; ++i) {
    if (!x[i]) return false;
    plain &= x[i]->kind == Kind::dense;
  }
  return plain ? op.quick(params, x, y) : quick_in_levels(op, params, x, y);
}
inline constexpr int max_quick = 4;  ///< operands of a quick call

/// A function that brings its own rules (custom_vjp, custom_jvp, custom_vmap, checkpoint). Interpreters ask it for what
/// they need.
class Custom {
 public:
  virtual ~Custom() = default;
  virtual std::string_view name() const = 0;
  /// The function itself.
  virtual std::vector<Tensor> eval(const std::vector<Tensor>& x) = 0;
  /// Derivatives are those of the ops inside `eval`: vjp and jvp are not asked.
  virtual bool transparent() const { return false; }
  /// A tape keeps the arguments only and runs `eval` again in its backward pass.
  virtual bool rematerialize() const { return false; }
  /// Reverse mode: the results and a function from their cotangents (undefined ones are zero) to those of x.
  using Pullback = std::function<std::vector<Tensor>(const std::vector<Tensor>& g)>;
  virtual std::pair<std::vector<Tensor>, Pullback> vjp(const std::vector<Tensor>& x);
  /// Forward mode: the results and their tangents; undefined tangents are zero.
  virtual std::pair<std::vector<Tensor>, std::vector<Tensor>> jvp(const std::vector<Tensor>& x,
                                                                  const std::vector<Tensor>& dx);
  /// vmap: results with their lanes. False: there is no rule; the function is run on wrapped tensors.
  virtual bool batch(const std::vector<Lane>& x, const Batch& batch, std::vector<Lane>& y) {
    (void)x, (void)batch, (void)y;
    return false;
  }
};

/// Runs `custom` on x through the levels that x belongs to.
std::vector<Tensor> apply_custom(const std::shared_ptr<Custom>& custom, std::vector<Tensor> x);

/// The dense form of a factored or pending tensor; itself when it is dense.
Tensor materialize(const Tensor& x);

}  // namespace strata
