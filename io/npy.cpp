// See npy.hpp. A file is "\x93NUMPY", the version, the header's length, a Python dictionary literal, the elements.
#include "strata/io/npy.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

#include "strata/core/error.hpp"
#include "strata/io/file.hpp"

namespace strata {
namespace {

constexpr std::string_view magic = "\x93NUMPY";

/// How NumPy writes a dtype, without the byte order.
struct Code {
  Dtype dtype;
  const char* text;
};
constexpr Code codes[] = {{Dtype::bool_, "b1"},    {Dtype::uint8, "u1"},   {Dtype::uint16, "u2"},
                          {Dtype::uint32, "u4"},   {Dtype::uint64, "u8"},  {Dtype::int8, "i1"},
                          {Dtype::int16, "i2"},    {Dtype::int32, "i4"},   {Dtype::int64, "i8"},
                          {Dtype::bfloat16, "V2"}, {Dtype::float16, "f2"}, {Dtype::float32, "f4"},
                          {Dtype::float64, "f8"}};

struct NpyHeader {
  Dtype dtype = Dtype::float32;
  bool big_endian = false, fortran = false;
  Shape shape;
  std::size_t data = 0;  // where the elements start
};

/// Reads the header of one file.
class NpyReader {
 public:
  NpyReader(const std::string& path, std::span<const std::byte> file) : path_(path), file_(file) {}

  NpyHeader read() {
    const std::size_t start = find_text();
    bool has_descr = false, has_order = false, has_shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string key(quoted());
      expect(':');
      bool& has = key == "descr"           ? has_descr
                  : key == "fortran_order" ? has_order
                  : key == "shape"         ? has_shape
                                           : fail("the header has the unknown key '" + key + "'");
      if (has) fail("the header has '" + key + "' twice");
      has = true;
      if (key == "descr") descr();
      if (key == "fortran_order") h_.fortran = truth();
      if (key == "shape") shape();
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (at_ != text_.size()) fail("the header goes on after its dictionary");
    if (!has_descr || !has_order || !has_shape) fail("the header lacks one of descr, fortran_order and shape");
    h_.data = start + text_.size();
    check_size();
    return h_;
  }

 private:
  [[noreturn]] bool& fail(const std::string& what) const { io::malformed("load_npy", path_, what); }

  /// Sets text_; where it starts in the file.
  std::size_t find_text() {
    const auto* bytes = reinterpret_cast<const char*>(file_.data());
    if (file_.size() < 10 || std::string_view(bytes, 6) != magic) fail("it is not a .npy file");
    const int major = static_cast<unsigned char>(bytes[6]);
    if (major < 1 || major > 3) fail("version " + std::to_string(major) + " is not known");
    const std::size_t start = major == 1 ? 10 : 12;
    std::size_t length = 0;
    if (file_.size() >= start) std::memcpy(&length, bytes + 8, start - 8);
    if (file_.size() < start || length > file_.size() - start)
      fail("the header is said to have " + std::to_string(length) + " bytes, which the file has not");
    text_ = std::string_view(bytes + start, length);
    return start;
  }

  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  bool accept(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail("the header lacks '" + std::string(1, c) + "' at its byte " + std::to_string(at_));
  }
  std::string_view quoted() {
    const char quote = accept('"') ? '"' : '\'';
    if (quote == '\'') expect('\'');
    const std::size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) fail("the header has a string without an end");
    const std::string_view s = text_.substr(at_, end - at_);
    at_ = end + 1;
    return s;
  }
  bool truth() {
    skip_space();
    for (const auto& [word, value] : {std::pair{std::string_view("True"), true}, {std::string_view("False"), false}}) {
      if (text_.substr(at_, word.size()) == word) return at_ += word.size(), value;
    }
    fail("fortran_order is neither True nor False");
    return false;
  }

  void descr() {
    skip_space();
    if (at_ < text_.size() && text_[at_] == '[') fail("arrays of structures are not supported");
    const std::string text(quoted());
    if (text.size() < 2) fail("there is no dtype for '" + text + "'");
    const bool marked = std::string_view("<>|=").find(text[0]) != std::string_view::npos;
    const std::string code = marked ? text.substr(1) : text;
    const auto* known = std::find_if(std::begin(codes), std::end(codes), [&](const Code& c) { return code == c.text; });
    if (known == std::end(codes)) {
      fail(code[0] == 'O' ? "arrays of Python objects are not supported" : "there is no dtype for '" + text + "'");
    }
    h_.dtype = known->dtype;
    h_.big_endian = text[0] == '>';
  }

  void shape() {
    expect('(');
    while (!accept(')')) {
      skip_space();
      if (h_.shape.size() == max_rank) fail("it has more than " + std::to_string(max_rank) + " axes");
      h_.shape.push_back(number());
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
  }
  std::int64_t number() {
    const std::size_t start = at_;
    std::int64_t value = 0;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
      if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, text_[at_] - '0', &value))
        fail("its shape is too large");
      ++at_;
    }
    if (at_ == start) fail("its shape has something that is no size");
    if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // Python 2
    return value;
  }

  void check_size() {
    std::int64_t bytes = itemsize(h_.dtype);
    bool empty = false;
    for (const std::int64_t d : h_.shape) {
      empty |= d == 0;
      if (d != 0 && __builtin_mul_overflow(bytes, d, &bytes))
        fail("its shape " + to_string(h_.shape) + " is too large");
    }
    const std::size_t has = file_.size() - h_.data, needs = empty ? 0 : static_cast<std::size_t>(bytes);
    if (has != needs) {
      fail(std::string(name(h_.dtype)) + " " + to_string(h_.shape) + " is " + std::to_string(needs) +
           " bytes, the file has " + std::to_string(has));
    }
  }

  const std::string& path_;
  std::span<const std::byte> file_;
  std::string_view text_;
  std::size_t at_ = 0;
  NpyHeader h_;
};

Shape reversed(Shape shape) {
  std::reverse(shape.begin(), shape.end());
  return shape;
}

/// x with the bytes of each element in reverse order.
Tensor swapped(const Tensor& x) {
  Tensor y = empty_dense(x.shape(), x.dtype());
  const auto item = static_cast<std::size_t>(itemsize(x.dtype()));
  const std::byte* from = dense(x).data;
  std::byte* to = dense(y).data;
  for (std::size_t i = 0; i < static_cast<std::size_t>(x.size()); ++i) {
    std::reverse_copy(from + i * item, from + (i + 1) * item, to + i * item);
  }
  return y;
}

}  // namespace

void save_npy(const std::string& path, const Tensor& x) {
  const Tensor form = io::saved_form("save_npy", x);
  const auto* code =
      std::find_if(std::begin(codes), std::end(codes), [&](const Code& c) { return c.dtype == form.dtype(); });
  std::string shape;
  for (const std::int64_t d : form.shape()) shape += (shape.empty() ? "" : ", ") + std::to_string(d);
  if (form.ndim() == 1) shape += ",";
  std::string header = std::string("{'descr': '") + (itemsize(form.dtype()) == 1 ? "|" : "<") + code->text +
                       "', 'fortran_order': False, 'shape': (" + shape + "), }";
  constexpr std::size_t prefix = 10, alignment = 64;
  header.resize((prefix + header.size() + alignment) / alignment * alignment - prefix, ' ');
  header.back() = '\n';
  std::string start(magic);
  start += {'\x01', '\x00', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  start += header;
  const std::span<const std::byte> parts[] = {std::as_bytes(std::span(start)), io::bytes_of(form)};
  io::write_file("save_npy", path, parts);
}

Tensor load_npy(const std::string& path) {
  const auto file = io::MappedFile::open("load_npy", path);
  const NpyHeader h = NpyReader(path, file->bytes()).read();
  if (h.dtype == Dtype::bool_) io::check_bools("load_npy", path, file->bytes().subspan(h.data), "the array");
  Tensor x = file->tensor(h.data, h.fortran ? reversed(h.shape) : h.shape, h.dtype);
  if (h.big_endian && itemsize(h.dtype) > 1) x = swapped(x);
  if (!h.fortran) return x;
  return view_of(x, h.shape, reversed(row_major(x.shape())), 0);
}

}  // namespace strata
