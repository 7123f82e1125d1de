// See safetensors.hpp. A file is 8 bytes of header length (little endian), a JSON header, the data without holes.
#include "strata/io/safetensors.hpp"

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "strata/core/error.hpp"
#include "strata/io/file.hpp"
#include "strata/io/safetensors_header.hpp"

namespace strata {

static_assert(std::endian::native == std::endian::little, "files are little endian and tensors view them");

Metadata::Metadata(std::initializer_list<std::pair<std::string, std::string>> entries) {
  for (const auto& [key, value] : entries) {
    if (!entries_.emplace(key, value).second) throw ValueError("metadata: \"" + key + "\" is given twice");
  }
}

namespace {

using Json = nlohmann::json;

void check_names(const NamedTensors& tensors) {
  std::set<std::string> seen;
  for (const auto& [name, x] : tensors) {
    if (name == "__metadata__") throw ValueError("save: \"__metadata__\" cannot be the name of a tensor");
    if (!seen.insert(name).second) throw ValueError("save: two tensors are called \"" + name + "\"");
  }
}

/// Places the tensors behind each other, wide elements first: then every one is aligned for its dtype.
std::vector<std::size_t> data_order(const std::vector<Tensor>& x) {
  std::vector<std::size_t> order(x.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return itemsize(x[a].dtype()) > itemsize(x[b].dtype()); });
  return order;
}

std::string header_text(const std::vector<std::string>& names, const std::vector<Tensor>& x,
                        const std::vector<std::size_t>& order, const Metadata& metadata) {
  std::vector<std::size_t> begin(x.size());
  std::size_t end = 0;
  for (std::size_t i : order) {
    begin[i] = end;
    end += io::bytes_of(x[i]).size();
  }
  std::string text = "{";
  const auto add = [&](const std::string& name, const Json& value) {
    text += (text.size() > 1 ? "," : "") + Json(name).dump() + ":" + value.dump();
  };
  try {
    if (!metadata.entries().empty()) add("__metadata__", metadata.entries());
    for (std::size_t i = 0; i < x.size(); ++i) {
      add(names[i], {{"dtype", io::format_name(x[i].dtype())},
                     {"shape", std::vector<std::int64_t>(x[i].shape().begin(), x[i].shape().end())},
                     {"data_offsets", {begin[i], begin[i] + io::bytes_of(x[i]).size()}}});
    }
  } catch (const Json::type_error&) {
    throw ValueError("save: a name or an entry of the metadata is not UTF-8");
  }
  text += "}";
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

}  // namespace

void save_tensors(const std::string& path, const NamedTensors& tensors, const Metadata& metadata) {
  check_names(tensors);
  std::vector<std::string> names;
  std::vector<Tensor> x;
  for (const auto& [name, value] : tensors) {
    if (!value.defined()) continue;
    names.push_back(name);
    x.push_back(io::saved_form("save", value));
  }
  const std::vector<std::size_t> order = data_order(x);
  const std::string header = header_text(names, x, order, metadata);
  const std::uint64_t length = header.size();
  std::vector<std::span<const std::byte>> parts{std::as_bytes(std::span(&length, 1)), std::as_bytes(std::span(header))};
  for (std::size_t i : order) parts.push_back(io::bytes_of(x[i]));
  io::write_file("save", path, parts);
}

NamedTensors load_tensors(const std::string& path) {
  const auto file = io::MappedFile::open("load", path);
  const io::Header header = io::read_header("load", path, file->bytes());
  NamedTensors result;
  for (const io::HeaderEntry& e : header.tensors) {
    const auto bytes = file->bytes().subspan(header.data + e.begin, e.end - e.begin);
    if (e.dtype == Dtype::bool_) io::check_bools("load", path, bytes, "tensor \"" + e.name + "\"");
    result.emplace_back(e.name, file->tensor(header.data + e.begin, e.shape, e.dtype));
  }
  return result;
}

std::map<std::string, std::string> load_metadata(const std::string& path) {
  const auto file = io::MappedFile::open("load_metadata", path);
  return io::read_header("load_metadata", path, file->bytes()).metadata;
}

}  // namespace strata
