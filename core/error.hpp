// The errors of the library. Every module throws them, users catch them.
// A message speaks of the user's call: the op, the fact, both sides, the layer, a way out; it is thrown before anything
// is allocated.
#pragma once
#include <stdexcept>
#include <string>

namespace strata {

struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct ShapeError : Error {
  using Error::Error;
};
struct DtypeError : Error {
  using Error::Error;
};
struct ValueError : Error {
  using Error::Error;
};
struct TransformError : Error {
  using Error::Error;
};
struct DeviceError : Error {
  using Error::Error;
};
struct DistributedError : Error {
  using Error::Error;
};
struct IoError : Error {
  using Error::Error;
};

}  // namespace strata
