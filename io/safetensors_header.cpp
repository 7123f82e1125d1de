// See safetensors_header.hpp. Nothing in the file is believed: every number is checked before it is used.
#include "strata/io/safetensors_header.hpp"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "strata/io/file.hpp"

namespace strata::io {
namespace {

using Json = nlohmann::json;

struct FormatName {
  Dtype dtype;
  const char* text;
};
constexpr FormatName format_names[] = {{Dtype::bool_, "BOOL"},    {Dtype::uint8, "U8"},    {Dtype::uint16, "U16"},
                                       {Dtype::uint32, "U32"},    {Dtype::uint64, "U64"},  {Dtype::int8, "I8"},
                                       {Dtype::int16, "I16"},     {Dtype::int32, "I32"},   {Dtype::int64, "I64"},
                                       {Dtype::bfloat16, "BF16"}, {Dtype::float16, "F16"}, {Dtype::float32, "F32"},
                                       {Dtype::float64, "F64"}};

/// Reads one file's header; knows whom to blame.
class Reader {
 public:
  Reader(const char* function, const std::string& path, std::span<const std::byte> file)
      : function_(function), path_(path), file_(file) {}

  Header read() {
    const Json json = parse();
    Header h;
    h.data = file_.size() - data_size_;
    for (const std::string& name : names_) {
      if (name == "__metadata__")
        h.metadata = metadata(json[name]);
      else
        h.tensors.push_back(entry(name, json[name]));
    }
    check_cover(h.tensors);
    return h;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { malformed(function_, path_, what); }
  [[noreturn]] void fail(const std::string& name, const std::string& what) const {
    fail("tensor \"" + name + "\": " + what);
  }

  Json parse() {
    constexpr std::size_t prefix = 8;
    if (file_.size() < prefix)
      fail("the file has " + std::to_string(file_.size()) + " bytes, a safetensors file has 8 before its header");
    std::uint64_t length;
    std::memcpy(&length, file_.data(), prefix);
    if (length > file_.size() - prefix) {
      fail("the header is said to have " + std::to_string(length) + " bytes, but only " +
           std::to_string(file_.size() - prefix) + " follow");
    }
    data_size_ = file_.size() - prefix - length;
    const auto* text = reinterpret_cast<const char*>(file_.data() + prefix);
    if (length == 0 || text[0] != '{') fail("the header does not begin with {");
    return parse_text(text, text + length);
  }

  /// JSON's parser takes a key twice and keeps the last, and sorts them: both are seen to here.
  Json parse_text(const char* begin, const char* end) {
    std::vector<std::set<std::string>> keys;
    std::string twice;
    const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
      if (event == Json::parse_event_t::object_start) keys.emplace_back();
      if (event == Json::parse_event_t::object_end) keys.pop_back();
      if (event == Json::parse_event_t::key) {
        const auto& key = parsed.get_ref<const std::string&>();
        if (!keys.back().insert(key).second) twice = key;
        if (depth == 1) names_.push_back(key);
      }
      return true;
    };
    Json json;
    try {
      json = Json::parse(begin, end, watch);
    } catch (const Json::exception& e) {
      fail(std::string("the header is not JSON: ") + e.what());
    }
    if (!twice.empty()) fail("the header has \"" + twice + "\" twice");
    if (!json.is_object()) fail("the header is not a JSON object");
    return json;
  }

  std::map<std::string, std::string> metadata(const Json& json) const {
    if (!json.is_object()) fail("__metadata__ is not an object");
    std::map<std::string, std::string> result;
    for (const auto& [key, value] : json.items()) {
      if (!value.is_string()) fail("__metadata__ entry \"" + key + "\" is not a string");
      result[key] = value.get<std::string>();
    }
    return result;
  }

  HeaderEntry entry(const std::string& name, const Json& json) const {
    if (!json.is_object()) fail(name, "its entry is not an object");
    HeaderEntry e;
    e.name = name;
    e.dtype = dtype(name, field(name, json, "dtype"));
    const std::size_t bytes = shape(name, field(name, json, "shape"), e);
    const Json& offsets = field(name, json, "data_offsets");
    if (!offsets.is_array() || offsets.size() != 2) fail(name, "data_offsets is not two numbers");
    e.begin = size(name, offsets[0], "data_offsets");
    e.end = size(name, offsets[1], "data_offsets");
    if (e.begin > e.end || e.end > data_size_) {
      fail(name, "data_offsets [" + std::to_string(e.begin) + ", " + std::to_string(e.end) + "] lie outside the " +
                     std::to_string(data_size_) + " bytes of data");
    }
    if (e.end - e.begin != bytes) {
      fail(name, std::string(format_name(e.dtype)) + " " + to_string(e.shape) + " is " + std::to_string(bytes) +
                     " bytes, data_offsets give it " + std::to_string(e.end - e.begin));
    }
    return e;
  }

  const Json& field(const std::string& name, const Json& json, const char* key) const {
    const auto at = json.find(key);
    if (at == json.end()) fail(name, std::string("it has no ") + key);
    return *at;
  }

  Dtype dtype(const std::string& name, const Json& json) const {
    if (!json.is_string()) fail(name, "its dtype is not a string");
    const auto& text = json.get_ref<const std::string&>();
    for (const FormatName& f : format_names) {
      if (text == f.text) return f.dtype;
    }
    fail(name, "there is no dtype for \"" + text + "\"");
  }

  /// A count or offset: a whole number from 0 to 2^63 - 1.
  std::size_t size(const std::string& name, const Json& json, const char* what) const {
    if (!json.is_number_unsigned() || json.get<std::uint64_t>() > INT64_MAX)
      fail(name, std::string(what) + " has " + json.dump() + ", which is no size");
    return json.get<std::size_t>();
  }

  /// Fills e.shape; its bytes. Sizes beside a zero count too: strides are their products.
  std::size_t shape(const std::string& name, const Json& json, HeaderEntry& e) const {
    if (!json.is_array()) fail(name, "its shape is not a list");
    if (json.size() > static_cast<std::size_t>(max_rank))
      fail(name,
           "it has " + std::to_string(json.size()) + " axes, at most " + std::to_string(max_rank) + " are possible");
    std::int64_t bytes = itemsize(e.dtype);
    bool empty = false;
    for (const Json& d : json) {
      const auto s = static_cast<std::int64_t>(size(name, d, "shape"));
      e.shape.push_back(s);
      empty |= s == 0;
      if (s != 0 && __builtin_mul_overflow(bytes, s, &bytes)) fail(name, "its shape " + json.dump() + " is too large");
    }
    return empty ? 0 : static_cast<std::size_t>(bytes);
  }

  void check_cover(const std::vector<HeaderEntry>& tensors) const {
    std::vector<const HeaderEntry*> order;
    for (const HeaderEntry& e : tensors) order.push_back(&e);
    std::sort(order.begin(), order.end(), [](const HeaderEntry* a, const HeaderEntry* b) {
      return a->begin != b->begin ? a->begin < b->begin : a->end < b->end;
    });
    std::size_t end = 0;
    const HeaderEntry* before = nullptr;
    for (const HeaderEntry* e : order) {
      if (e->begin < end) fail("tensors \"" + before->name + "\" and \"" + e->name + "\" overlap");
      if (e->begin > end)
        fail("bytes " + std::to_string(end) + " to " + std::to_string(e->begin) + " of the data belong to no tensor");
      end = e->end;
      before = e;
    }
    if (end != data_size_)
      fail("bytes " + std::to_string(end) + " to " + std::to_string(data_size_) + " of the data belong to no tensor");
  }

  const char* function_;
  const std::string& path_;
  std::span<const std::byte> file_;
  std::size_t data_size_ = 0;
  std::vector<std::string> names_;  // the header's keys in order
};

}  // namespace

Header read_header(const char* function, const std::string& path, std::span<const std::byte> file) {
  return Reader(function, path, file).read();
}

const char* format_name(Dtype dtype) {
  for (const FormatName& f : format_names) {
    if (dtype == f.dtype) return f.text;
  }
  return "";
}

}  // namespace strata::io
