// Shapes out of line: constructors, printing, broadcasting, axis numbers.
#include "strata/core/shape.hpp"

#include <algorithm>
#include <ostream>

#include "strata/core/error.hpp"
#include "strata/core/level.hpp"

namespace strata {
namespace {

[[noreturn]] void rank_error(std::int64_t n) {
  throw ShapeError("shape: " + std::to_string(n) + " axes; a tensor has at most " + std::to_string(max_rank) +
                   " (batch axes of vmap included)");
}

}  // namespace

const AxesOrAll every_axis = AxesOrAll::every();

Shape::Shape(std::initializer_list<Dim> dims) {
  if (dims.size() > static_cast<std::size_t>(max_rank)) rank_error(static_cast<std::int64_t>(dims.size()));
  for (Dim d : dims) dims_[n_++] = d.value;
}

Shape::Shape(std::span<const std::int64_t> dims) {
  if (dims.size() > static_cast<std::size_t>(max_rank)) rank_error(static_cast<std::int64_t>(dims.size()));
  for (std::int64_t d : dims) dims_[n_++] = d;
}

Shape Shape::filled(int n, std::int64_t value) {
  Shape s;
  s.resize(n, value);
  return s;
}

void Shape::push_back(std::int64_t d) {
  if (n_ == max_rank) rank_error(n_ + 1);
  dims_[n_++] = d;
}

void Shape::insert(int at, std::int64_t d) {
  if (n_ == max_rank) rank_error(n_ + 1);
  for (int i = n_; i > at; --i) dims_[i] = dims_[i - 1];
  dims_[at] = d;
  ++n_;
}

void Shape::erase(int at) {
  for (int i = at; i + 1 < n_; ++i) dims_[i] = dims_[i + 1];
  --n_;
}

void Shape::resize(int n, std::int64_t value) {
  if (n > max_rank) rank_error(n);
  for (int i = n_; i < n; ++i) dims_[i] = value;
  n_ = n;
}

Shape Shape::slice(int from, int to) const {
  Shape s;
  for (int i = from; i < to; ++i) s.push_back(dims_[i]);
  return s;
}

Shape operator+(const Shape& a, const Shape& b) {
  Shape s = a;
  for (std::int64_t d : b) s.push_back(d);
  return s;
}

std::string to_string(const Shape& shape) {
  std::string s = "[";
  for (int i = 0; i < shape.size(); ++i) s += (i ? ", " : "") + std::to_string(shape[i]);
  return s + "]";
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << to_string(shape); }

Strides row_major(const Shape& shape) {
  Strides s;
  s.resize(shape.size());
  std::int64_t step = 1;
  for (int i = shape.size() - 1; i >= 0; --i) {
    s[i] = step;
    step *= std::max<std::int64_t>(shape[i], 1);
  }
  return s;
}

bool is_row_major(const Shape& shape, const Strides& strides) {
  std::int64_t step = 1;
  for (int i = shape.size() - 1; i >= 0; --i) {
    if (shape[i] == 0) return true;
    if (shape[i] != 1 && strides[i] != step) return false;
    step *= shape[i];
  }
  return true;
}

AxisList::AxisList(std::initializer_list<Dim> axes) {
  for (Dim d : axes) axes_.push_back(static_cast<int>(d.value));
}

int normalize_axis(const char* op, int axis, int rank) {
  const int a = axis < 0 ? axis + rank : axis;
  if (a < 0 || a >= rank) {
    throw ShapeError(std::string(op) + ": axis " + std::to_string(axis) + " is out of range for a tensor of " +
                     std::to_string(rank) + (rank == 1 ? " axis" : " axes") + level_context());
  }
  return a;
}

AxisList normalize_axes(const char* op, const AxisList& axes, int rank) {
  std::vector<int> result;
  for (int axis : axes) {
    const int a = normalize_axis(op, axis, rank);
    if (std::find(result.begin(), result.end(), a) != result.end()) {
      throw ShapeError(std::string(op) + ": axis " + std::to_string(axis) + " is given twice" + level_context());
    }
    result.push_back(a);
  }
  std::sort(result.begin(), result.end());
  return AxisList(std::move(result));
}

Shape broadcast_shapes(std::string_view op, const Shape& a, const Shape& b) {
  const Shape& longer = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  Shape result = longer;
  const int offset = longer.size() - shorter.size();
  for (int i = 0; i < shorter.size(); ++i) {
    const std::int64_t x = longer[offset + i], y = shorter[i];
    if (x != y && x != 1 && y != 1) {
      throw ShapeError(std::string(op) + ": shapes do not broadcast: " + to_string(a) + " and " + to_string(b) + " (" +
                       std::to_string(a[a.size() - shorter.size() + i]) + " against " +
                       std::to_string(b[b.size() - shorter.size() + i]) + ")" + level_context());
    }
    result[offset + i] = x == 1 ? y : x;
  }
  return result;
}

}  // namespace strata
