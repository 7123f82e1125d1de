// Axis specs: which axis of each tensor vmap, pmap and their kind map, given as one setting for a whole tree or as a
// prefix of it. ArgAxes is the type of the options .in_axes and .out_axes, Axes that of one entry, AxisSpec what comes
// out for a leaf. Resolving works on outlines, in axes.cpp. Constructors are out of line: options are written in every
// program.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "strata/core/none.hpp"
#include "strata/core/outline.hpp"
#include "strata/core/tree.hpp"

namespace strata {

/// How an output is put together other than by stacking the lanes: see sum_out, mean_out and local.
enum class Sink { sum, mean, local };
/// As an entry of out_axes: the sum (the mean) over lanes and chunks instead of a stack of them.
inline constexpr Sink sum_out = Sink::sum;
inline constexpr Sink mean_out = Sink::mean;
/// As an entry of pmap's out_axes: this rank's own part, not gathered from the others.
inline constexpr Sink local = Sink::local;

/// What to do with one leaf.
struct AxisSpec {
  enum class Kind { none, axis, sum, mean, local };
  Kind kind = Kind::none;
  int axis = 0;  // of Kind::axis; negative counts from the end
  bool mapped() const { return kind == Kind::axis; }
  bool is_sink() const { return kind >= Kind::sum; }
  friend bool operator==(const AxisSpec&, const AxisSpec&) = default;
};

/// One entry: an axis, none, a sink, or a tree prefix with an entry per field or element. Immutable, cheap to copy.
class Axes {
 public:
  using Item = std::pair<std::string, Axes>;

  Axes(int axis);
  Axes(None);
  Axes(Sink sink);
  Axes(const Axes&);
  Axes(Axes&&) noexcept;
  Axes& operator=(const Axes&);
  Axes& operator=(Axes&&) noexcept;
  ~Axes();

  /// An entry per field of a struct, in order, or per element of a tuple, array or vector. Static fields may be left
  /// out.
  static Axes list(std::vector<Axes> entries);
  /// An entry per named field of a struct or key of a map, in any order, all of them but static ones:
  ///     Axes::dict({{"w", st::none}, {"b", 0}})
  static Axes dict(std::initializer_list<Item> items);

  /// True for an axis, none or a sink: the same for every leaf.
  bool uniform() const { return entries_ == nullptr; }
  AxisSpec spec() const { return spec_; }
  bool is_sink() const { return spec_.is_sink(); }

 private:
  struct Entries;
  friend class AxesResolver;

  AxisSpec spec_;
  std::shared_ptr<const Entries> entries_;
};

/// A tree prefix by position:  axes({st::none, 0}) for struct Params { Tensor w, b; }
Axes axes(std::initializer_list<Axes> entries);

/// The type of .in_axes and .out_axes: one entry for all arguments, or a list with an entry for each. By default axis
/// 0.
///     vmap(f, {.in_axes = {0, st::none}});  vmap(f, {.in_axes = 1});  vmap(f, {.in_axes = {0, axes({st::none, 0})}});
class ArgAxes {
 public:
  ArgAxes();
  ArgAxes(int axis);
  ArgAxes(None);
  ArgAxes(Sink sink);
  ArgAxes(Axes axes);
  ArgAxes(std::initializer_list<Axes> entries);
  ArgAxes(const ArgAxes&);
  ArgAxes(ArgAxes&&) noexcept;
  ArgAxes& operator=(const ArgAxes&);
  ArgAxes& operator=(ArgAxes&&) noexcept;
  ~ArgAxes();

  /// A list made at run time.
  static ArgAxes list(std::vector<Axes> entries);

  bool is_list() const { return is_list_; }
  /// The entries of a list; else the one entry.
  const std::vector<Axes>& entries() const { return entries_; }

  /// The entry of argument i of n. A list of another length is a TransformError:
  ///     "vmap: in_axes has 3 entries but the function was given 2 arguments"
  const Axes& entry(std::size_t i, std::size_t n, std::string_view transform = "vmap",
                    std::string_view option = "in_axes") const;
  /// The whole as one entry for a result: a list is a prefix (of a tuple, say); a list of one also stands for its
  /// entry.
  Axes as_entry(const Outline& result) const;

 private:
  bool is_list_ = false;
  std::vector<Axes> entries_;
};

/// Who resolves a spec, for messages, and whether sinks are allowed (out_axes only).
struct AxesContext {
  std::string_view transform = "vmap";
  std::string_view option = "in_axes";
  int argument = -1;  // -1: not an argument but the result
};

namespace detail {
std::vector<AxisSpec> resolve_axes(const Axes& axes, const Outline& tree, const AxesContext& context);
}

/// One AxisSpec for each leaf of `tree`, in order; a prefix entry stands for all leaves below it. What does not fit is
/// a TransformError: "vmap: in_axes for argument 1 has 3 entries but Params has 2 fields (.w, .b)". Axis numbers are
/// not checked against the leaves' ranks. A sink outside out_axes is a TransformError.
template <class T>
std::vector<AxisSpec> resolve(const Axes& axes, const T& tree, const AxesContext& context = {}) {
  if (axes.uniform() && !axes.is_sink()) return std::vector<AxisSpec>(leaf_count(tree), axes.spec());
  return detail::resolve_axes(axes, outline_of(tree), context);
}

/// As above for a result and its out_axes.
template <class T>
std::vector<AxisSpec> resolve_out(const ArgAxes& axes, const T& result, std::string_view transform = "vmap",
                                  std::string_view option = "out_axes") {
  const Outline outline = outline_of(result);
  return detail::resolve_axes(axes.as_entry(outline), outline, {transform, option, -1});
}

}  // namespace strata
