// The header of a safetensors file, read and checked. Called by io/safetensors.cpp.
// Always holds for a Header: shapes have their byte counts, the tensors' ranges cover the data without gap or overlap.
#pragma once
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "strata/core/tensor.hpp"

namespace strata::io {

struct HeaderEntry {
  std::string name;
  Dtype dtype;
  Shape shape;
  std::size_t begin, end;  // from the start of the data
};

struct Header {
  std::vector<HeaderEntry> tensors;  // in the header's order
  std::map<std::string, std::string> metadata;
  std::size_t data;  // where the data starts in the file
};

/// IoError that names `function`, `path` and the first thing that is wrong.
Header read_header(const char* function, const std::string& path, std::span<const std::byte> file);

/// "F32", "BF16", ...
const char* format_name(Dtype dtype);

}  // namespace strata::io
