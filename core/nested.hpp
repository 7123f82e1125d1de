// Nested braces as a value: what `st::array({{1, 2}, {3, 4}})` takes. Called by ops/create.cpp.
// Always holds: lists are rectangular (ShapeError otherwise). Everything is out of line, so that a literal costs its
// user little to compile.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "strata/core/tensor.hpp"

namespace strata {

/// A C++ number as it was written.
struct Number {
  enum class Kind : std::uint8_t { boolean, integer, real };
  Kind kind = Kind::integer;
  union {
    std::int64_t whole;
    double real;
  };
};

/// A number, a tensor, or a list of these, to any depth. `{}` is an empty list: shape [0].
class Nested {
 public:
  template <Scalar S>
  Nested(S value) {  // NOLINT: implicit on purpose
    if constexpr (std::is_same_v<S, bool>)
      set_integer(Number::Kind::boolean, value);
    else if constexpr (std::is_floating_point_v<S>)
      set_real(static_cast<double>(value));
    else
      set_integer(Number::Kind::integer, static_cast<std::int64_t>(value));
  }
  Nested(Tensor value);                         // NOLINT: implicit on purpose
  Nested(std::initializer_list<Nested> items);  // NOLINT: implicit on purpose
  Nested(const Nested&);
  Nested(Nested&&) noexcept;
  Nested& operator=(const Nested&) = delete;
  ~Nested();

  /// Sizes of the lists, outermost first.
  const Shape& shape() const { return shape_; }
  /// The leaves in row-major order: numbers, unless there is a tensor among them; then all as tensors.
  const std::vector<Number>& numbers() const { return numbers_; }
  const std::vector<Tensor>& tensors() const { return tensors_; }

 private:
  void set_integer(Number::Kind kind, std::int64_t value);
  void set_real(double value);
  void append(const Nested& item);

  Shape shape_;
  std::vector<Number> numbers_;
  std::vector<Tensor> tensors_;
};

}  // namespace strata
