// See nested.hpp.
#include "strata/core/nested.hpp"

#include "strata/core/error.hpp"
#include "strata/core/level.hpp"

namespace strata {
namespace {

Tensor as_tensor(const Number& n) {
  if (n.kind == Number::Kind::boolean) return n.whole != 0;
  if (n.kind == Number::Kind::integer) return n.whole;
  return n.real;
}

}  // namespace

Nested::Nested(Tensor value) { tensors_.push_back(std::move(value)); }
Nested::Nested(const Nested&) = default;
Nested::Nested(Nested&&) noexcept = default;
Nested::~Nested() = default;

void Nested::set_integer(Number::Kind kind, std::int64_t value) {
  Number n;
  n.kind = kind;
  n.whole = value;
  numbers_.push_back(n);
}

void Nested::set_real(double value) {
  Number n;
  n.kind = Number::Kind::real;
  n.real = value;
  numbers_.push_back(n);
}

Nested::Nested(std::initializer_list<Nested> items) {
  shape_.push_back(static_cast<std::int64_t>(items.size()));
  if (items.size() == 0) return;
  const Shape& first = items.begin()->shape_;
  std::size_t at = 0;
  for (const Nested& item : items) {
    if (!(item.shape_ == first)) {
      throw ShapeError("array: nested lists are not rectangular: item 0 has shape " + to_string(first) + ", item " +
                       std::to_string(at) + " has shape " + to_string(item.shape_) + level_context());
    }
    append(item);
    ++at;
  }
  shape_ = shape_ + first;
}

void Nested::append(const Nested& item) {
  if (tensors_.empty() && item.tensors_.empty()) {
    numbers_.insert(numbers_.end(), item.numbers_.begin(), item.numbers_.end());
    return;
  }
  for (const Number& n : numbers_) tensors_.push_back(as_tensor(n));
  numbers_.clear();
  tensors_.insert(tensors_.end(), item.tensors_.begin(), item.tensors_.end());
  for (const Number& n : item.numbers_) tensors_.push_back(as_tensor(n));
}

}  // namespace strata
