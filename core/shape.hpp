// Shapes, strides and lists of axes: small inline arrays of int64. Every module uses them.
// A Shape never allocates; its rank is at most max_rank, more is a ShapeError.
#pragma once
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

namespace strata {

inline constexpr int max_rank = 12;

/// One size in a braced shape: any integer type converts, so `zeros({v.size(), 3})` is no narrowing.
struct Dim {
  std::int64_t value;
  template <std::integral I>
  constexpr Dim(I v) : value(static_cast<std::int64_t>(v)) {}  // NOLINT: implicit on purpose
};

/// The sizes of a tensor's axes. Compares and prints: `x.shape() == st::Shape{2, 3}`.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<Dim> dims);
  explicit Shape(std::span<const std::int64_t> dims);
  static Shape filled(int n, std::int64_t value);
  Shape(const Shape& other) { assign(other); }
  Shape& operator=(const Shape& other) {
    assign(other);
    return *this;
  }

  int size() const { return n_; }
  bool empty() const { return n_ == 0; }
  std::int64_t& operator[](int i) { return dims_[i]; }
  std::int64_t operator[](int i) const { return dims_[i]; }
  std::int64_t* begin() { return dims_; }
  std::int64_t* end() { return dims_ + n_; }
  const std::int64_t* begin() const { return dims_; }
  const std::int64_t* end() const { return dims_ + n_; }
  std::int64_t back() const { return dims_[n_ - 1]; }
  operator std::span<const std::int64_t>() const { return {dims_, static_cast<std::size_t>(n_)}; }

  /// Number of elements; 1 for rank 0.
  std::int64_t elements() const {
    std::int64_t e = 1;
    for (int i = 0; i < n_; ++i) e *= dims_[i];
    return e;
  }
  void push_back(std::int64_t d);
  void insert(int at, std::int64_t d);
  void erase(int at);
  void resize(int n, std::int64_t value = 0);
  /// All axes but this one.
  Shape without(int axis) const {
    Shape s;
    s.n_ = n_ - 1;
    for (int i = 0; i < s.n_; ++i) s.dims_[i] = dims_[i < axis ? i : i + 1];
    return s;
  }
  /// The axes [from, to).
  Shape slice(int from, int to) const;

  friend bool operator==(const Shape& a, const Shape& b) {
    if (a.n_ != b.n_) return false;
    for (int i = 0; i < a.n_; ++i) {
      if (a.dims_[i] != b.dims_[i]) return false;
    }
    return true;
  }

 private:
  void assign(const Shape& other) {
    n_ = other.n_;
    switch (n_) {  // a loop would become a call of memcpy, which costs more than a tensor's few sizes
      default:
        for (int i = n_ - 1; i > 3; --i) dims_[i] = other.dims_[i];
        [[fallthrough]];
      case 4:
        dims_[3] = other.dims_[3];
        [[fallthrough]];
      case 3:
        dims_[2] = other.dims_[2];
        [[fallthrough]];
      case 2:
        dims_[1] = other.dims_[1];
        [[fallthrough]];
      case 1:
        dims_[0] = other.dims_[0];
        [[fallthrough]];
      case 0:
        return;
    }
  }
  int n_ = 0;
  std::int64_t dims_[max_rank];
};
using Strides = Shape;

/// Shapes joined end to end.
Shape operator+(const Shape& a, const Shape& b);
/// "[2, 3]".
std::string to_string(const Shape& shape);
std::ostream& operator<<(std::ostream& out, const Shape& shape);

/// Row-major strides, in elements.
Strides row_major(const Shape& shape);
bool is_row_major(const Shape& shape, const Strides& strides);

/// Axes by number; negative ones count from the end. `{-1}`, `0`, `{0, 1}`, `{}` (none).
class AxisList {
 public:
  AxisList() = default;
  AxisList(int axis) : axes_{axis} {}  // NOLINT: implicit on purpose
  AxisList(std::initializer_list<Dim> axes);
  explicit AxisList(std::vector<int> axes) : axes_(std::move(axes)) {}
  std::size_t size() const { return axes_.size(); }
  const int* begin() const { return axes_.data(); }
  const int* end() const { return axes_.data() + axes_.size(); }
  int operator[](std::size_t i) const { return axes_[i]; }
  bool operator==(const AxisList&) const = default;

 private:
  std::vector<int> axes_;
};

/// The axes that an option names: not given (`every_axis`) means all of them, `{}` none, `{0, -1}` those two.
///     struct Reduce { AxesOrAll axes = every_axis; };
class AxesOrAll {
 public:
  AxesOrAll() = default;
  AxesOrAll(int axis) : list_(axis) {}                         // NOLINT: implicit on purpose
  AxesOrAll(std::initializer_list<Dim> axes) : list_(axes) {}  // NOLINT: implicit on purpose
  AxesOrAll(AxisList axes) : list_(std::move(axes)) {}         // NOLINT: implicit on purpose
  static AxesOrAll every() {
    AxesOrAll a;
    a.every_ = true;
    return a;
  }
  bool is_every() const { return every_; }
  /// The axes named; none when all are meant.
  const AxisList& list() const { return list_; }

 private:
  AxisList list_;
  bool every_ = false;
};
extern const AxesOrAll every_axis;

/// `axis` in [0, rank) after counting negative ones from the end. ShapeError that names `op` otherwise.
int normalize_axis(const char* op, int axis, int rank);
/// All axes in [0, rank), ascending, each once. ShapeError that names `op` otherwise.
AxisList normalize_axes(const char* op, const AxisList& axes, int rank);
/// NumPy's broadcasting. ShapeError that names `op` and both shapes.
Shape broadcast_shapes(std::string_view op, const Shape& a, const Shape& b);

}  // namespace strata
