// Whole files: mapped for reading, written so that a crash never leaves half of one. Called by the formats in io/.
// Every failure is an IoError that names the caller's function and the file.
#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "strata/core/tensor.hpp"

namespace strata::io {

/// The bytes of a file, mapped read-only. Tensors that view them share it and keep the map alive. The file may be
/// replaced (write_file does) or deleted meanwhile, but nobody may cut it shorter in place.
class MappedFile : public std::enable_shared_from_this<MappedFile> {
 public:
  /// IoError when `path` is no readable regular file.
  static std::shared_ptr<const MappedFile> open(const char* function, const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  /// A row-major tensor of the bytes from `offset` on: a view of the map, or a copy where they are not aligned for
  /// `dtype`. The caller has checked that they lie in the file.
  Tensor tensor(std::size_t offset, const Shape& shape, Dtype dtype) const;

 private:
  MappedFile() = default;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// The parts one after another as the new contents of `path`: written to a temporary file in the same folder, synced,
/// renamed, the folder synced. Until the rename `path` holds what it held before.
void write_file(const char* function, const std::string& path, std::span<const std::span<const std::byte>> parts);

/// "load: m.safetensors: what": for malformed contents.
[[noreturn]] void malformed(const char* function, const std::string& path, const std::string& what);

/// IoError unless each byte is 0 or 1.
void check_bools(const char* function, const std::string& path, std::span<const std::byte> bytes,
                 const std::string& whose);

/// The elements of a tensor that is to be saved, row-major: TransformError on a value that vmap maps.
Tensor saved_form(const char* function, const Tensor& x);
std::span<const std::byte> bytes_of(const Tensor& x);

}  // namespace strata::io
