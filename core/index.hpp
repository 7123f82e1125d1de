// What may stand in x[...] and x.at({...}): integers, ranges, st::all, st::newaxis, st::ellipsis, tensors.
// Called by users; ops/index.cpp gives them their meaning. Always holds: x[a, b] with a tag first does not compile (in
// C++20 it would be the comma operator); several indices stand in braces, x[{a, b}].
#pragma once
#include <optional>
#include <vector>

#include "strata/core/none.hpp"
#include "strata/core/tensor.hpp"

namespace strata {

struct Reduce;

/// An end of a range: an integer (negative ones count from the end), or st::none.
class Bound {
 public:
  Bound() = default;
  Bound(None) {}            // NOLINT: implicit on purpose
  Bound(std::nullopt_t) {}  // NOLINT: implicit on purpose
  template <std::integral I>
  Bound(I at) : at_(static_cast<std::int64_t>(at)) {}  // NOLINT: implicit on purpose
  const std::optional<std::int64_t>& at() const { return at_; }

 private:
  std::optional<std::int64_t> at_;
};

/// start, start + step, ... before stop, clamped to the axis as in NumPy.
struct Range {
  Bound start, stop;
  std::int64_t step;
  template <class T>
  void operator,(T&&) const = delete;  // write x[{st::range(1, 3), 0}]
};
/// x[1:3] is x[st::range(1, 3)], x[1:] is range(1) or range(1, st::none), x[::-1] is range(st::none, st::none, -1).
inline Range range(Bound start, Bound stop = {}, std::int64_t step = 1) { return {start, stop, step}; }

/// The type of st::all: as an index, the whole axis; as a function, the reduction.
struct AllTag {
  /// True where all elements along the axes (all by default) are true.    Tensor t = st::all(x > 0, {.axes = {0}});
  Tensor operator()(Tensor x) const;
  Tensor operator()(Tensor x, Reduce p) const;
  template <class T>
  void operator,(T&&) const = delete;  // write x[{st::all, 0}]
};
inline constexpr AllTag all{};

struct NewaxisTag {
  template <class T>
  void operator,(T&&) const = delete;  // write x[{st::newaxis, 0}]
};
/// A new axis of size 1.     x[{st::all, st::newaxis}]
inline constexpr NewaxisTag newaxis{};

struct EllipsisTag {
  template <class T>
  void operator,(T&&) const = delete;  // write x[{st::ellipsis, 0}]
};
/// As many st::all as are missing.     x[{st::ellipsis, 0}]
inline constexpr EllipsisTag ellipsis{};

/// One index. A tensor of integers gathers (values out of range are clamped), one of bools selects where it is true
/// (its values must be known on the host: not mapped by vmap).
class Index {
 public:
  enum class Kind : std::uint8_t { integer, range, all, newaxis, ellipsis, tensor };
  template <std::integral I>
  requires(!std::same_as<I, bool>) Index(I at) : Index(Kind::integer, static_cast<std::int64_t>(at)) {}  // NOLINT
  Index(const Range& range);                        // NOLINT: implicit on purpose, as the others
  Index(AllTag) : Index(Kind::all, 0) {}            // NOLINT
  Index(NewaxisTag) : Index(Kind::newaxis, 0) {}    // NOLINT
  Index(EllipsisTag) : Index(Kind::ellipsis, 0) {}  // NOLINT
  Index(Tensor at);                                 // NOLINT
  Index(const Index&);
  Index(Index&&) noexcept;
  Index& operator=(const Index&);
  ~Index();

  Kind kind() const { return kind_; }
  std::int64_t integer() const { return integer_; }
  const Range& as_range() const { return range_; }
  const Tensor& tensor() const { return tensor_; }

 private:
  Index(Kind kind, std::int64_t at);

  Kind kind_;
  std::int64_t integer_ = 0;
  Range range_{};
  Tensor tensor_;
};

/// What an index tensor's value outside its axis means; a negative one counts from the end first. `fill`: reads give
/// NaN (the least signed integer, the greatest unsigned one, true), writes are dropped. `clip`: the nearest one.
/// `wrap`: modulo the size. `promised`: reads clip, writes are dropped, as JAX's x[i]; a read's tangent is a read, its
/// cotangent a write.
enum class IndexMode : std::uint8_t { fill, clip, wrap, promised };

/// Settings of x.at(...).
struct At {
  std::optional<IndexMode> mode{};     // reads: promised, by scalars alone clip; writes: fill (dropped)
  std::optional<double> fill_value{};  // of reads in mode fill
};

/// Some elements of x, to be replaced or combined: every function returns a new tensor of x's shape and dtype. Values
/// broadcast to the shape of x[index]. An element that is named twice: add, mul, max and min combine all values in
/// order, set takes the last one; gradients follow.
///     Tensor y = x.at({0, st::range(1, 3)}).add(1);
class AtIndex {
 public:
  AtIndex(Tensor x, std::vector<Index> index);
  Tensor get(At p = {}) const;
  Tensor set(Tensor value, At p = {}) const;
  Tensor add(Tensor value, At p = {}) const;
  Tensor sub(Tensor value, At p = {}) const;
  Tensor mul(Tensor value, At p = {}) const;
  Tensor div(Tensor value, At p = {}) const;
  Tensor max(Tensor value, At p = {}) const;
  Tensor min(Tensor value, At p = {}) const;

 private:
  Tensor x_;
  std::vector<Index> index_;
};

}  // namespace strata
