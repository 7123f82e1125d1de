// Names and promotion of element types. The lattice is JAX's: bool < integers < floats, weak types below strong ones of
// their class.
#include "strata/core/dtype.hpp"

#include <array>
#include <string>

#include "strata/core/error.hpp"

namespace strata {
namespace {

constexpr std::array<std::string_view, dtype_count> names = {"bool",    "uint8",   "uint16", "uint32", "uint64",
                                                             "int8",    "int16",   "int32",  "int64",  "bfloat16",
                                                             "float16", "float32", "float64"};

int class_of(Dtype d) { return d == Dtype::bool_ ? 0 : is_integer(d) ? 1 : 2; }

Dtype signed_of(int bytes) {
  return bytes == 1 ? Dtype::int8 : bytes == 2 ? Dtype::int16 : bytes == 4 ? Dtype::int32 : Dtype::int64;
}

Dtype promote_integers(Dtype a, Dtype b) {
  if (is_signed_int(a) == is_signed_int(b)) return itemsize(a) >= itemsize(b) ? a : b;
  const Dtype u = is_signed_int(a) ? b : a;
  const Dtype s = is_signed_int(a) ? a : b;
  if (u == Dtype::uint64) return Dtype::float64;  // no integer holds both
  const int bytes = std::max(itemsize(s), 2 * itemsize(u));
  if (bytes == 8 && s != Dtype::int64) return Dtype::int32;  // 64 bits only from 64-bit operands
  return signed_of(bytes);
}

Dtype promote_floats(Dtype a, Dtype b) {
  if (a == b) return a;
  if (is_half(a) && is_half(b)) return Dtype::float32;
  return itemsize(a) >= itemsize(b) ? a : b;
}

}  // namespace

std::string_view name(Dtype d) { return names[static_cast<std::size_t>(d)]; }

Dtype dtype_named(std::string_view text) {
  for (int i = 0; i < dtype_count; ++i) {
    if (names[static_cast<std::size_t>(i)] == text) return static_cast<Dtype>(i);
  }
  throw ValueError("dtype_named: no dtype is called '" + std::string(text) + "'");
}

Type promote(Type a, Type b) {
  if (a == b) return a;
  const int ca = class_of(a.dtype), cb = class_of(b.dtype);
  if (ca != cb) {
    const Type hi = ca > cb ? a : b, lo = ca > cb ? b : a;
    if (hi.weak && !lo.weak && hi.dtype == Dtype::float32 && is_64bit(lo.dtype)) return {Dtype::float64, false};
    // A weak float over a strong integer: the default float, still weak as in JAX. bool under a weak number: weak.
    return hi;
  }
  if (a.weak != b.weak) return a.weak ? b : a;
  const Dtype d = ca == 2   ? promote_floats(a.dtype, b.dtype)
                  : ca == 1 ? promote_integers(a.dtype, b.dtype)
                            : Dtype::bool_;
  return {d, a.weak && b.weak};
}

}  // namespace strata
