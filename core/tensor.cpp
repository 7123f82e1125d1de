// Making, viewing and freeing tensors, and reading their values on the host.
#include "strata/core/tensor.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <new>

#include "strata/core/convert.hpp"
#include "strata/core/debug.hpp"
#include "strata/core/deferred.hpp"
#include "strata/core/device_library.hpp"
#include "strata/core/error.hpp"
#include "strata/core/level.hpp"
#include "strata/core/memory.hpp"
#include "strata/core/op.hpp"

namespace strata {
namespace {

constexpr std::size_t inline_limit = 512;  // bytes of elements kept in the head's own block

Dense* new_dense(const Shape& shape, Dtype dtype, bool weak, std::size_t extra) {
  const auto block = static_cast<std::uint32_t>(sizeof(Dense) + extra);
  void* p = memory::allocate_small(block);
  return new (p) Dense(dtype, weak, block, shape);
}

std::byte* inline_data(Dense* d) { return reinterpret_cast<std::byte*>(d + 1); }

void take_on_device(Dense& d, std::size_t bytes) {
  const char* op = detail::op_on_device ? detail::op_on_device : "memory";
  const DeviceLibrary& library = device_library(op, d.device);
  void* block = nullptr;
  check_device(op, d.device, library.allocate(d.device.index, bytes, &block));
  d.data = static_cast<std::byte*>(block);
  d.bytes = bytes;
  d.release = Release::device;
  d.streams.store(library.mark(), std::memory_order_relaxed);
}

void free_on_device(Dense* d) noexcept {
  const DeviceLibrary* library = device_library();
  library->deallocate(d->device.index, d->data, d->bytes, d->streams.load(std::memory_order_relaxed));
}

Tensor with_elements(const Shape& shape, const Strides& strides, Dtype dtype, bool weak, std::size_t bytes,
                     Device device) {
  const bool small = bytes <= inline_limit && device.kind == Device::Kind::cpu;
  Dense* d = new_dense(shape, dtype, weak, small ? bytes : 0);
  Tensor x(d);
  d->strides = strides;
  d->device = device;
  if (small) {
    d->data = inline_data(d);
    return x;
  }
  debug::note_written(static_cast<std::int64_t>(bytes));
  if (device != cpu) {
    take_on_device(*d, bytes);
    return x;
  }
  d->data = static_cast<std::byte*>(memory::allocate(bytes));
  d->bytes = bytes;
  d->release = Release::cache;
  return x;
}

template <class W>
void free_wrapper(Impl* p) {
  auto* w = static_cast<W*>(p);
  w->~W();
  memory::free_small(w, sizeof(W));
}

void free_dense(Dense* d) noexcept {
  if (d->root) {
    Tensor(d->root);  // gives the root back
  } else if (d->release == Release::cache) {
    memory::deallocate(d->data, d->bytes);
  } else if (d->release == Release::device) {
    free_on_device(d);
  } else if (d->release == Release::foreign) {
    if (d->deleter) {
      if (*d->deleter) (*d->deleter)();
      delete d->deleter;
    }
  }
  const std::uint32_t block = d->block;
  d->~Dense();
  memory::free_small(d, block);
}

template <class W, class... A>
Tensor make_wrapper(A&&... a) {
  return Tensor(new (memory::allocate_small(sizeof(W))) W(std::forward<A>(a)...));
}

}  // namespace

namespace detail {

void destroy(Impl* p) noexcept {
  switch (p->kind) {
    case Kind::batched:
      return free_wrapper<Batched>(p);
    case Kind::taped:
      return free_wrapper<Taped>(p);
    case Kind::dual:
      return free_wrapper<Dual>(p);
    case Kind::factored:
    case Kind::pending: {
      auto* d = static_cast<Deferred*>(p);
      return d->what->destroy(d);
    }
    default:
      return free_dense(static_cast<Dense*>(p));
  }
}

Impl* make_number(double value, Dtype dtype) {
  Dense* d = new_dense({}, dtype, true, sizeof(double));
  d->data = inline_data(d);
  d->number = d->is_real = true;
  d->real = value;
  const auto f = static_cast<float>(value);
  std::memcpy(d->data, &f, sizeof f);
  return d;
}

Impl* make_number(std::int64_t value, Dtype dtype) {
  Dense* d = new_dense({}, dtype, true, sizeof(double));
  d->data = inline_data(d);
  d->number = true;
  d->whole = value;
  const auto i = static_cast<std::int32_t>(value);
  std::memcpy(d->data, &i, sizeof i);
  return d;
}

Impl* make_bool(bool value) {
  Dense* d = new_dense({}, Dtype::bool_, false, sizeof(double));
  d->data = inline_data(d);
  std::memcpy(d->data, &value, 1);
  return d;
}

}  // namespace detail

Tensor number_as(const Dense& number, Dtype dtype) {
  Tensor x = number.is_real ? Tensor(number.real) : Tensor(number.whole);
  Dense& d = dense(x);
  d.dtype = dtype;
  if (d.is_real)
    convert_element(&d.real, Dtype::float64, d.data, dtype);
  else
    convert_element(&d.whole, Dtype::int64, d.data, dtype);
  return x;
}

Tensor empty_dense(const Shape& shape, Dtype dtype, Device device, bool weak) {
  std::int64_t count = 1;
  for (std::int64_t n : shape) {
    if (n < 0) throw ShapeError("shape " + to_string(shape) + " has a negative size");
    if (__builtin_mul_overflow(count, n, &count) || count > std::numeric_limits<std::int64_t>::max() / 8) {
      throw ShapeError("shape " + to_string(shape) + " has more elements than memory can address");
    }
  }
  const auto bytes = static_cast<std::size_t>(count) * static_cast<std::size_t>(itemsize(dtype));
  return with_elements(shape, row_major(shape), dtype, weak, bytes, device);
}

Tensor empty_like_dense(const Dense& model, Dtype dtype, bool weak) {
  const auto bytes = static_cast<std::size_t>(model.size) * static_cast<std::size_t>(itemsize(dtype));
  if (bytes <= inline_limit && model.device == cpu) {
    const auto block = static_cast<std::uint32_t>(sizeof(Dense) + bytes);
    auto* d = new (memory::allocate_small(block)) Dense(model, dtype, weak, block);
    d->data = inline_data(d);
    return Tensor(d);
  }
  return with_elements(model.shape, model.strides, dtype, weak, bytes, model.device);
}

Tensor view_of(const Tensor& x, const Shape& shape, const Strides& strides, std::int64_t offset) {
  Dense& from = dense(x);
  Dense* d = new_dense(shape, from.dtype, from.weak, 0);
  d->strides = strides;
  d->data = from.data + offset * itemsize(from.dtype);
  Impl* root = from.owner();
  root->refs.retain();
  d->root = root;
  d->device = from.device;
  d->contiguous = is_row_major(shape, strides);
  return Tensor(d);
}

Tensor borrow(void* data, const Shape& shape, Dtype dtype, std::function<void()> deleter, Device device) {
  Dense* d = new_dense(shape, dtype, false, 0);
  d->strides = row_major(shape);
  d->data = static_cast<std::byte*>(data);
  d->release = Release::foreign;
  if (deleter) d->deleter = new std::function<void()>(std::move(deleter));
  d->device = device;
  return Tensor(d);
}

Tensor Operand::take() {
  const Dense* d = static_cast<const Dense*>(impl_);
  switch (std::exchange(held_, Held::borrowed)) {
    case Held::temporary:
      return Tensor(impl_);
    case Held::number:
      return d->is_real ? Tensor(d->real) : Tensor(d->whole);
    default:
      if (impl_) impl_->refs.retain();
      return Tensor(impl_);
  }
}

Tensor make_batched(Tensor value, int axis, LevelId id) {
  const Shape& shape = value.shape();  // of the block that the wrapper will hold
  return make_wrapper<Batched>(std::move(value), shape, axis, id);
}
Tensor make_batched(Tensor value, int axis, LevelId id, RowsRef rows) {
  Tensor x = make_batched(std::move(value), axis, id);
  static_cast<Batched&>(wrapper(x)).rows = std::move(rows);
  return x;
}
Tensor make_taped(Tensor value, Node* node, std::uint32_t out, LevelId id) {
  const Shape& shape = value.shape();
  return make_wrapper<Taped>(std::move(value), shape, node, out, id);
}
Tensor make_dual(Tensor primal, Tensor tangent, LevelId id) {
  const Shape& shape = primal.shape();
  return make_wrapper<Dual>(std::move(primal), shape, std::move(tangent), id);
}

void Tensor::undefined_error() {
  throw ValueError("an undefined tensor is used (default-constructed, moved from, or the gradient of an integer leaf)");
}

Device Tensor::device() const {
  const Tensor* x = this;
  checked();
  while (x->is_wrapped()) x = &wrapper(*x).value;
  return x->is_dense() ? dense(*x).device : cpu;
}

Tensor concrete(const Tensor& x, const char* what) {
  if (!x.defined()) return x.shape(), x;  // throws
  Tensor v = x;
  while (v.is_wrapped()) {
    const Level& level = level_of(v);
    if (v.kind() == Kind::batched) {
      throw TransformError(std::string(what) + ": this value is mapped by vmap (level " + std::to_string(level.depth) +
                           ", size " + std::to_string(level.size) +
                           (level.axis_name.empty() ? "" : ", axis '" + level.axis_name + "'") +
                           "): it has one value for each lane\n  instead of `if (c) ...` write st::where(c, a, b) or "
                           "st::cond(c, f, g, x); "
                           "reduce over the lanes outside of vmap");
    }
    v = Tensor(wrapper(v).value);
  }
  return materialize(v);
}

Tensor copy_to_device(const char* op, const Tensor& x, Device device) {
  const OpOnDevice named(op);
  const Dense& from = dense(x);
  Tensor y = empty_dense(from.shape, from.dtype, device, from.weak);
  if (from.size == 0) return y;
  const auto bytes = static_cast<std::size_t>(from.size) * static_cast<std::size_t>(itemsize(from.dtype));
  void* to = dense(y).data;
  if (device == cpu) {
    const DeviceLibrary& library = device_library(op, from.device);
    debug::note_host_sync();
    check_device(op, from.device, library.copy_out(from.device.index, to, from.data, bytes));
  } else {
    const DeviceLibrary& library = device_library(op, device);
    if (from.device == cpu)
      check_device(op, device, library.copy_in(device.index, to, from.data, bytes));
    else
      check_device(op, device, library.copy_across(device.index, to, from.device.index, from.data, bytes));
  }
  return y;
}

namespace {

/// x itself, or what it holds on a GPU. Numbers are on the host.
Tensor on_host(const Tensor& x) { return dense(x).device == cpu ? x : x.to(cpu); }

Tensor single(const Tensor& x, const char* what) {
  if (x.size() != 1) {
    throw ShapeError(std::string(what) + ": the tensor has shape " + to_string(x.shape()) +
                     ", only one of size 1 has a single value" + level_context());
  }
  return on_host(concrete(x, what));
}

}  // namespace

double Tensor::item_double() const {
  const Tensor x = single(*this, "item()");
  const Dense& d = dense(x);
  if (d.number) return d.is_real ? d.real : static_cast<double>(d.whole);
  double v = 0;
  convert_element(d.data, d.dtype, &v, Dtype::float64);
  return v;
}

std::int64_t Tensor::item_int64() const {
  const Tensor x = single(*this, "item()");
  const Dense& d = dense(x);
  if (d.number && !d.is_real) return d.whole;
  std::int64_t v = 0;
  convert_element(d.data, d.dtype, &v, Dtype::int64);
  return v;
}

bool Tensor::item_bool() const {
  const Tensor x = single(*this, "bool()");
  const Dense& d = dense(x);
  bool v = false;
  convert_element(d.data, d.dtype, &v, Dtype::bool_);
  return v;
}

void Tensor::copy_to(void* out, Dtype dtype) const {
  const Tensor x = on_host(concrete(*this, "to_vector()"));
  const Dense& d = dense(x);
  convert_strided(d.data, d.dtype, d.shape, d.strides, out, dtype);
}

const void* Tensor::checked_data(Dtype dtype) const {
  const Tensor x = concrete(*this, "data()");
  const Dense& d = dense(x);
  if (d.dtype != dtype) {
    throw DtypeError("data(): the tensor holds " + std::string(name(d.dtype)) + ", not " + std::string(name(dtype)) +
                     "; convert it with st::astype");
  }
  if (d.device != cpu)
    throw DeviceError("data(): the tensor is on " + to_string(d.device) + "; bring it with x.to(st::cpu)");
  if (!d.contiguous)
    throw ValueError("data(): the tensor is a strided view of shape " + to_string(d.shape) +
                     "; make it contiguous with st::copy");
  return d.data;
}

}  // namespace strata
