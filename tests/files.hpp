// What the tests of files share: a folder of their own, bytes, tensors of every dtype.
#pragma once
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "strata/core/error.hpp"
#include "strata/ops/ops.hpp"
#include "strata/tests/catch.hpp"

namespace strata::testing {

namespace fs = std::filesystem;

/// A folder of its own for each test, removed at its end.
struct Folder {
  fs::path path = fs::temp_directory_path() / ("strata_io_" + std::to_string(::getpid()));
  Folder() {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  std::string file(const char* name) const { return (path / name).string(); }
};

inline void write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}
inline std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

template <class T>
Tensor tensor(std::initializer_list<T> values, Shape shape) {
  Tensor x = empty_dense(shape, dtype_of<T>());
  std::copy(values.begin(), values.end(), reinterpret_cast<T*>(dense(x).data));
  return x;
}
inline Tensor floats(std::initializer_list<float> values) { return tensor<float>(values, {values.size()}); }

/// 0, 1, 2, ... in any dtype; bools alternate.
inline Tensor counted(Shape shape, Dtype dtype) {
  Tensor x = empty_dense(shape, Dtype::float32);
  for (std::int64_t i = 0; i < x.size(); ++i) reinterpret_cast<float*>(dense(x).data)[i] = static_cast<float>(i % 100);
  return astype(x, dtype);
}

inline bool same(const Tensor& a, const Tensor& b) {
  const Tensor x = copy(a), y = copy(b);
  return x.shape() == y.shape() && x.dtype() == y.dtype() &&
         std::memcmp(dense(x).data, dense(y).data, static_cast<std::size_t>(x.size() * itemsize(x.dtype()))) == 0;
}

inline constexpr Dtype all_dtypes[] = {bool_, uint8, uint16,   uint32,  uint64,  int8,   int16,
                                       int32, int64, bfloat16, float16, float32, float64};

/// A file and the end of the message that reading it gives.
struct Bad {
  std::string bytes, message;
};

/// Reads a mutated file: any value or an IoError will do, and every byte that was read must be there.
template <class Load>
void fuzz(const std::string& path, const std::string& good, Load load, int rounds) {
  std::mt19937 random(20260103);
  const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  for (int i = 0; i < rounds; ++i) {
    std::string bytes = good;
    const std::size_t edits = 1 + below(4);
    for (std::size_t e = 0; e < edits && !bytes.empty(); ++e) {
      const std::size_t at = below(std::min<std::size_t>(bytes.size(), 400));
      switch (below(5)) {
        case 0:
          bytes[at] = static_cast<char>(below(256));
          break;
        case 1:
          bytes.erase(at, 1 + below(8));
          break;
        case 2:
          bytes.insert(at, 1, "0123456789{}[](),:\"'-"[below(20)]);
          break;
        case 3:
          bytes.resize(below(bytes.size() + 1));
          break;
        default:
          bytes[at] = "0123456789"[below(10)];
      }
    }
    write(path, bytes);
    try {
      load();
    } catch (const IoError&) {
    }
  }
}

}  // namespace strata::testing
