// The tensor handle and what stands behind it. Every module uses it.
// A Tensor is an immutable value: a counted pointer to a Dense block (a strided view of memory) or to a wrapper that a
// running transform put around another tensor. Shape and dtype are logical: under vmap they are those of one example.
#pragma once
#include <atomic>
#include <cstddef>
#include <functional>
#include <iosfwd>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "strata/core/device.hpp"
#include "strata/core/dtype.hpp"
#include "strata/core/ref_count.hpp"
#include "strata/core/shape.hpp"

namespace strata {

class Tensor;
class Index;
class AtIndex;
struct Level;
struct Rows;

/// What a handle points to. `dense` is memory; the rest stand for a tensor: `factored` and `pending` are made dense on
/// demand, the last three belong to a running transform.
enum class Kind : std::uint8_t { dense, factored, pending, batched, taped, dual };

/// The head of every tensor. See NOTE [one block per tensor].
struct Impl {
  RefCount refs;
  Kind kind;
  Dtype dtype;
  bool weak;            // came from C++ numbers only, yields to what it meets
  std::uint32_t block;  // bytes of this block, for the allocator
  std::int64_t size;    // logical number of elements
  Shape shape;          // logical

  Impl(Kind k, Dtype d, bool w, std::uint32_t b, const Shape& s)
      : kind(k), dtype(d), weak(w), block(b), size(s.elements()), shape(s) {}
  /// The logical shape is `s` without one axis.
  Impl(Kind k, Dtype d, bool w, std::uint32_t b, const Shape& s, int axis)
      : kind(k), dtype(d), weak(w), block(b), shape(s.without(axis)) {
    size = shape.elements();
  }
  Impl(const Impl& model, Dtype d, bool w, std::uint32_t b)
      : kind(model.kind), dtype(d), weak(w), block(b), size(model.size), shape(model.shape) {}
};

namespace detail {
void destroy(Impl* impl) noexcept;
Impl* make_number(double value, Dtype dtype);
Impl* make_number(std::int64_t value, Dtype dtype);
Impl* make_bool(bool value);
}  // namespace detail

/// An immutable n-dimensional array; copying copies a handle.  A default-constructed one is undefined: it stands for
/// "no tensor" (a zero tangent, the gradient of an integer leaf).
///     st::Tensor x = st::array({{1.f, 2.f}, {3.f, 4.f}});  st::Tensor s = 0.25;
class Tensor {
 public:
  Tensor() noexcept = default;
  /// A C++ number: rank 0, weakly typed (2 * bf16 is bf16); bool is an ordinary bool.
  template <Scalar S>
  Tensor(S value) : impl_(number(value)) {}  // NOLINT: implicit on purpose
  explicit Tensor(Impl* owned) noexcept : impl_(owned) {}
  Tensor(const Tensor& o) noexcept : impl_(o.impl_) {
    if (impl_) impl_->refs.retain();
  }
  Tensor(Tensor&& o) noexcept : impl_(std::exchange(o.impl_, nullptr)) {}
  Tensor& operator=(const Tensor& o) noexcept {
    Tensor(o).swap(*this);
    return *this;
  }
  Tensor& operator=(Tensor&& o) noexcept {
    Tensor(std::move(o)).swap(*this);
    return *this;
  }
  ~Tensor() {
    if (impl_) release(impl_);
  }
  void swap(Tensor& o) noexcept { std::swap(impl_, o.impl_); }

  bool defined() const noexcept { return impl_ != nullptr; }
  const Shape& shape() const { return checked()->shape; }
  int ndim() const { return checked()->shape.size(); }
  std::int64_t size() const { return checked()->size; }
  /// Size along one axis; negative axes count from the end.
  std::int64_t size(int axis) const { return shape()[normalize_axis("size", axis, ndim())]; }
  Dtype dtype() const { return checked()->dtype; }
  bool weak() const { return checked()->weak; }
  Type type() const { return {dtype(), weak()}; }
  Device device() const;

  /// The one value of a tensor of size 1. On a value that vmap maps: TransformError.
  template <Scalar T>
  T item() const {
    if constexpr (std::is_floating_point_v<T>)
      return static_cast<T>(item_double());
    else if constexpr (std::is_same_v<T, bool>)
      return item_bool();
    else
      return static_cast<T>(item_int64());
  }
  template <Scalar T>
  explicit operator T() const {
    return item<T>();
  }
  /// The elements in row-major order, converted to T.
  template <Scalar T>
  std::vector<T> to_vector() const {
    std::vector<T> v(static_cast<std::size_t>(size()));
    if constexpr (std::is_same_v<T, bool>) {
      std::vector<unsigned char> bytes(v.size());
      copy_to(bytes.data(), dtype_of<bool>());
      v.assign(bytes.begin(), bytes.end());
    } else {
      copy_to(v.data(), dtype_of<T>());
    }
    return v;
  }
  /// The elements themselves: a contiguous CPU tensor whose dtype stores T. DtypeError, DeviceError or ValueError
  /// otherwise.
  template <class T>
  const T* data() const {
    return static_cast<const T*>(checked_data(dtype_of<T>()));
  }

  /// x[0], x[st::range(1, 3)]; x[{0, st::newaxis, st::all}] for several axes; a Tensor indexes by gather.
  Tensor operator[](const Index& index) const;
  Tensor operator[](std::initializer_list<Index> index) const;
#ifdef __cpp_multidimensional_subscript  // C++23: x[a, b] needs no braces
  template <class A, class B, class... Rest>
  Tensor operator[](const A& a, const B& b, const Rest&... rest) const {
    return (*this)[std::initializer_list<Index>{a, b, rest...}];
  }
#endif
  /// x.at({0}).set(v): a copy with those elements replaced, added to, ...
  AtIndex at(const Index& index) const;
  AtIndex at(std::initializer_list<Index> index) const;
  /// A copy on `device` (itself when it is there already).
  Tensor to(Device device) const;
  Tensor operator-() const;

  Impl* impl() const noexcept { return impl_; }
  Impl* release_impl() noexcept { return std::exchange(impl_, nullptr); }
  Kind kind() const noexcept { return impl_->kind; }
  /// No transform's wrapper, nothing deferred: memory at hand.
  bool is_dense() const noexcept { return impl_->kind == Kind::dense; }
  bool is_wrapped() const noexcept { return impl_->kind >= Kind::batched; }

 private:
  template <Scalar S>
  static Impl* number(S value) {
    if constexpr (std::is_same_v<S, bool>)
      return detail::make_bool(value);
    else if constexpr (std::is_floating_point_v<S>)
      return detail::make_number(static_cast<double>(value), Dtype::float32);
    else
      return detail::make_number(static_cast<std::int64_t>(value), Dtype::int32);
  }
  static void release(Impl* p) noexcept {
    if (p->refs.release()) detail::destroy(p);
  }
  Impl* checked() const {
    if (!impl_) [[unlikely]]
      undefined_error();
    return impl_;
  }
  [[noreturn]] static void undefined_error();
  double item_double() const;
  std::int64_t item_int64() const;
  bool item_bool() const;
  void copy_to(void* out, Dtype dtype) const;
  const void* checked_data(Dtype dtype) const;

  Impl* impl_ = nullptr;
};

// NOTE [one block per tensor]  A small tensor is one block: head, shape, strides, then its elements. A large one owns
// its elements through `release`. A view holds its root, the Dense that owns the memory, so "nobody else sees these
// bytes" is two counts of one: the handle's and the root's.

/// How a root gives its memory back.
enum class Release : std::uint8_t { inline_data, cache, device, foreign };

/// A strided view of memory.
struct Dense : Impl {
  Strides strides;                           // in elements
  std::byte* data = nullptr;                 // the first element
  Impl* root = nullptr;                      // the Dense that owns the memory; null when this one does
  std::size_t bytes = 0;                     // of the root's memory
  std::function<void()>* deleter = nullptr;  // Release::foreign
  Release release = Release::inline_data;
  Device device;
  bool contiguous = true;  // row-major
  bool number = false;     // a C++ number: `real` or `whole` holds it in full
  bool is_real = false;
  std::atomic<std::uint16_t> streams{0};  // of a root on a GPU, see NOTE [streams]
  union {
    double real;
    std::int64_t whole;
  };

  Dense(Dtype d, bool w, std::uint32_t block_bytes, const Shape& s)
      : Impl(Kind::dense, d, w, block_bytes, s), real(0) {}
  /// Shaped and laid out as `model`, which is contiguous; its elements are elsewhere.
  Dense(const Dense& model, Dtype d, bool w, std::uint32_t block_bytes)
      : Impl(model, d, w, block_bytes), strides(model.strides), device(model.device), real(0) {}
  Dense* owner() { return root ? static_cast<Dense*>(root) : this; }
};

namespace detail {
/// A number's head, built in `room` rather than allocated: it has no elements but the number itself.
template <Scalar S>
Dense* place_number(void* room, S value) {
  constexpr bool is_real = std::is_floating_point_v<S>;
  auto* d = new (room) Dense(is_real ? Dtype::float32 : Dtype::int32, true, 0, Shape());
  d->number = true;
  d->is_real = is_real;
  if constexpr (is_real)
    d->real = value;
  else
    d->whole = static_cast<std::int64_t>(value);
  return d;
}
}  // namespace detail

/// A C++ number as an element of `dtype`, still weak and still known in full.
Tensor number_as(const Dense& number, Dtype dtype);

inline Dense& dense(const Tensor& x) { return *static_cast<Dense*>(x.impl()); }

/// Memory for a result, elements not set.
Tensor empty_dense(const Shape& shape, Dtype dtype, Device device = cpu, bool weak = false);
/// The same with the shape and strides of `model`, which is contiguous.
Tensor empty_like_dense(const Dense& model, Dtype dtype, bool weak);
/// Another view of x's memory: `offset` in elements from x's first one. x is dense.
Tensor view_of(const Tensor& x, const Shape& shape, const Strides& strides, std::int64_t offset);
/// Memory of somebody else's, row-major, not copied; `deleter` runs when the last view of it is gone. Never donated,
/// never written.
Tensor borrow(void* data, const Shape& shape, Dtype dtype, std::function<void()> deleter, Device device = cpu);
template <class T>
Tensor borrow(T* data, const Shape& shape, std::function<void()> deleter = {}) {
  return borrow(const_cast<std::remove_const_t<T>*>(data), shape, dtype_of<std::remove_const_t<T>>(),
                std::move(deleter));
}

/// Nobody else can see these bytes, and they are one whole contiguous storage: a result may take them over.
inline bool donatable(const Tensor& x) {
  const Dense& d = dense(x);
  return !d.root && d.refs.alone() && d.contiguous && d.release != Release::foreign && !d.number;
}

/// A copy of dense x on another device, row-major. The copy from a GPU waits for it. `op` is for errors.
Tensor copy_to_device(const char* op, const Tensor& x, Device device);

/// x's value with every wrapper of grad and jvp taken off and everything deferred made dense. TransformError on a value
/// that vmap maps; `what` says what the caller wanted ("item()").
Tensor concrete(const Tensor& x, const char* what);

std::ostream& operator<<(std::ostream& out, const Tensor& x);
/// NumPy's layout: wraps at 75 columns, summarises more than 1000 elements, shows lanes under vmap.
std::string to_string(const Tensor& x);

/// An operand of + - * /: borrows a named tensor, takes over a temporary, holds a C++ number. So `a + b` of two named
/// tensors touches no count, and `a + 2` allocates the result only.
class Operand {
 public:
  Operand(const Tensor& x) noexcept : impl_(x.impl()), held_(Held::borrowed) {}      // NOLINT: implicit on purpose
  Operand(Tensor&& x) noexcept : impl_(x.release_impl()), held_(Held::temporary) {}  // NOLINT
  template <Scalar S>
  Operand(S x) {  // NOLINT
    if constexpr (std::is_same_v<S, bool>)
      impl_ = detail::make_bool(x), held_ = Held::temporary;
    else
      impl_ = detail::place_number(number_, x), held_ = Held::number;
  }
  Operand(const Operand&) = delete;
  Operand& operator=(const Operand&) = delete;
  ~Operand() {
    if (held_ == Held::temporary) [[maybe_unused]]
      const Tensor last(impl_);
  }
  /// The operand to look at while this lives.
  const Impl* impl() const noexcept { return impl_; }
  /// A handle of its own: the temporary itself, one more of the named tensor, a tensor of the number.
  Tensor take();

 private:
  enum class Held : std::uint8_t { borrowed, temporary, number };
  Impl* impl_;
  Held held_;
  alignas(Dense) std::byte number_[sizeof(Dense)];  // only where a number is held
};

// Operators; defined with the ops they call.
Tensor operator+(Operand a, Operand b);
Tensor operator-(Operand a, Operand b);
Tensor operator*(Operand a, Operand b);
Tensor operator/(Operand a, Operand b);
Tensor operator%(Tensor a, Tensor b);
Tensor operator<(Tensor a, Tensor b);
Tensor operator<=(Tensor a, Tensor b);
Tensor operator>(Tensor a, Tensor b);
Tensor operator>=(Tensor a, Tensor b);
Tensor operator==(Tensor a, Tensor b);
Tensor operator!=(Tensor a, Tensor b);
Tensor operator&(Tensor a, Tensor b);
Tensor operator|(Tensor a, Tensor b);
Tensor operator^(Tensor a, Tensor b);
Tensor operator&&(Tensor a, Tensor b);
Tensor operator||(Tensor a, Tensor b);
Tensor operator!(Tensor a);
Tensor operator~(Tensor a);
Tensor& operator+=(Tensor& a, Tensor b);
Tensor& operator-=(Tensor& a, Tensor b);
Tensor& operator*=(Tensor& a, Tensor b);
Tensor& operator/=(Tensor& a, Tensor b);

}  // namespace strata
