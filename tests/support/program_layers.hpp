// The transforms that random programs are put under. Called by tests/programs_test.cpp.
// Always holds: what a layer makes of a function agrees with its reference, a loop or differences of that function.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "strata/tests/support/laws_detail.hpp"

namespace strata::programs {

using Function = std::function<laws::Tensors(const laws::Tensors&)>;

/// Values in float64 for an argument.
Tensor draw(const Shape& shape, laws::Rng& rng);

/// One transform of a stack: what it makes of a function, and the same by a loop or by differences.
struct Layer {
  virtual ~Layer() = default;
  virtual std::string name() const = 0;
  virtual std::vector<Shape> inputs(std::vector<Shape> inner) const = 0;
  virtual Function apply(Function f) const = 0;
  virtual Function reference(Function f) const = 0;
  virtual bool loops() const { return false; }  // the reference gives the same numbers, but for rounding
};
using LayerRef = std::shared_ptr<const Layer>;

/// Any transform of a function with these arguments.
LayerRef random_layer(const std::vector<Shape>& inner, laws::Rng& rng);

}  // namespace strata::programs
