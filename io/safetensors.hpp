// The safetensors format: named tensors and a dictionary of strings in one file. Called by io/tree_file.hpp (whole
// trees) and by users who have names already. Reading maps the file: tensors view it and keep the map alive.
// Always holds: what a malformed file says is checked before any of its bytes are used.
#pragma once
#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "strata/core/tensor.hpp"

namespace strata {

/// Strings that go with a file: `{{"step", "10"}, {"loss", "0.25"}}`, or a std::map of strings.
class Metadata {
 public:
  Metadata() = default;
  Metadata(std::initializer_list<std::pair<std::string, std::string>> entries);
  Metadata(std::map<std::string, std::string> entries) : entries_(std::move(entries)) {}  // NOLINT: implicit on purpose
  /// One pair of braces is missing: write {{"step", "10"}}.
  Metadata(const char*, const char*) = delete;
  const std::map<std::string, std::string>& entries() const { return entries_; }

 private:
  std::map<std::string, std::string> entries_;
};

using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

/// Writes tensors of any dtype under their names; undefined ones are left out. The file appears whole or not at all.
/// ValueError for a name given twice, "__metadata__", or not UTF-8; IoError when the file cannot be written.
///     save_tensors("m.safetensors", {{"w", w}, {"b", b}}, {{"step", "10"}});
void save_tensors(const std::string& path, const NamedTensors& tensors, const Metadata& metadata = {});

/// All tensors of a file, in the order of its header. IoError names the file and what is wrong with it.
///     for (auto& [name, x] : load_tensors("m.safetensors")) fmt::print("{} {}\n", name, x.shape());
NamedTensors load_tensors(const std::string& path);

/// The strings that go with a file; none when it has none. Reads and checks the header only.
///     int step = std::stoi(load_metadata("m.safetensors").at("step"));
std::map<std::string, std::string> load_metadata(const std::string& path);

}  // namespace strata
