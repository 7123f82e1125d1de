// Printing in NumPy's layout: shortest digits that give the value back, columns aligned, lines wrapped at 75 columns,
// more than 1000 elements summarised. The rules are those of NumPy's arrayprint with its default options. Called by
// users, by error messages and by fmt. Never throws on a tensor of a running transform: it prints what is there.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <ostream>

#include "strata/core/convert.hpp"
#include "strata/core/level.hpp"
#include "strata/core/op.hpp"
#include "strata/core/tensor.hpp"

namespace strata {
namespace {

constexpr int line_width = 75, precision = 8, edge_items = 3;
constexpr std::int64_t threshold = 1000;

/// The elements to print, in host memory, row-major.
struct Elements {
  Shape shape;
  Dtype dtype;
  std::vector<std::byte> bytes;

  double real(std::int64_t i) const {
    double v = 0;
    convert_element(at(i), dtype, &v, Dtype::float64);
    return v;
  }
  const std::byte* at(std::int64_t i) const { return bytes.data() + i * itemsize(dtype); }
};

// ---- digits of one float
// -----------------------------------------------------------------------------------------------------
/// The fewest significant digits (in %e form) that give the value of this dtype back.
std::string shortest(double v, Dtype dtype) {
  char text[64];
  std::to_chars_result r{};
  if (dtype == Dtype::float64)
    r = std::to_chars(text, text + sizeof text, v, std::chars_format::scientific);
  else if (dtype == Dtype::float32)
    r = std::to_chars(text, text + sizeof text, static_cast<float>(v), std::chars_format::scientific);
  else {
    for (int digits = 0; digits < 9; ++digits) {
      r = std::to_chars(text, text + sizeof text, v, std::chars_format::scientific, digits);
      const double back = std::strtod(std::string(text, r.ptr).c_str(), nullptr);
      const auto f = static_cast<float>(back);
      if (dtype == Dtype::bfloat16 ? static_cast<float>(BFloat16(f)) == v : static_cast<float>(Float16(f)) == v) break;
    }
  }
  return {text, r.ptr};
}

struct Decimal {
  bool negative;
  std::string digits;  // without point, first nonzero unless the value is zero
  int exponent;        // of the first digit
};

Decimal decimal(double v, Dtype dtype) {
  const std::string s = shortest(std::fabs(v), dtype);
  const std::size_t e = s.find('e');
  Decimal d{std::signbit(v), {}, std::stoi(s.substr(e + 1))};
  for (char c : s.substr(0, e)) {
    if (c != '.') d.digits += c;
  }
  while (d.digits.size() > 1 && d.digits.back() == '0') d.digits.pop_back();
  return d;
}

/// "-12.5", "3.", cut at `places` decimals; no trailing zeros after the point.
std::string positional(double v, Dtype dtype, int places) {
  const Decimal d = decimal(v, dtype);
  const int decimals = std::max(0, static_cast<int>(d.digits.size()) - 1 - d.exponent);
  std::string s = d.negative ? "-" : "";
  if (decimals > places) {
    s += fmt::format("{:.{}f}", std::fabs(v), places);
    while (s.back() == '0') s.pop_back();
    return s;
  }
  for (int i = std::min(0, d.exponent); i <= std::max(d.exponent, static_cast<int>(d.digits.size()) - 1); ++i) {
    const bool inside = i >= 0 && i < static_cast<int>(d.digits.size());
    s += inside ? d.digits[static_cast<std::size_t>(i)] : '0';
    if (i == std::max(d.exponent, std::min(0, d.exponent)) && d.exponent >= 0) s += '.';
    if (d.exponent < 0 && i == d.exponent) s += '.';
  }
  return s;
}

struct Scientific {
  std::string whole, fraction, exponent;  // "-1", "25", "-05"
};

Scientific scientific(double v, Dtype dtype, int places) {
  Decimal d = decimal(v, dtype);
  if (static_cast<int>(d.digits.size()) - 1 > places) {
    const std::string s = fmt::format("{:.{}e}", std::fabs(v), places);
    d.digits = s.substr(0, 1) + s.substr(2, static_cast<std::size_t>(places));
    d.exponent = std::stoi(s.substr(s.find('e') + 1));
    while (d.digits.size() > 1 && d.digits.back() == '0') d.digits.pop_back();
  }
  return {(d.negative ? "-" : "") + d.digits.substr(0, 1), d.digits.substr(1),
          fmt::format("{}{:02}", d.exponent < 0 ? '-' : '+', std::abs(d.exponent))};
}

// ---- columns of floats, integers, bools
// ------------------------------------------------------------------------------------------
std::string padded(const std::string& s, std::size_t width) {
  return std::string(width > s.size() ? width - s.size() : 0, ' ') + s;
}

/// How the numbers of one printout are laid out: the widths before and after the point.
struct FloatLayout {
  bool exponent = false;
  std::size_t left = 0, right = 0;
  std::size_t places = 0;  // digits of the fraction, where there is an exponent
};

bool wants_exponent(const std::vector<double>& v) {
  double largest = 0, smallest = INFINITY;
  for (double x : v) {
    if (!std::isfinite(x) || x == 0) continue;
    largest = std::max(largest, std::fabs(x));
    smallest = std::min(smallest, std::fabs(x));
  }
  return largest > 0 && (largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1000);
}

const char* word_of_special(double x) { return std::isnan(x) ? "nan" : std::signbit(x) ? "-inf" : "inf"; }

FloatLayout float_layout(const std::vector<double>& v, Dtype dtype) {
  FloatLayout l;
  l.exponent = wants_exponent(v);
  for (double x : v) {
    if (!std::isfinite(x)) continue;
    if (l.exponent) {
      const Scientific s = scientific(x, dtype, precision);
      l.left = std::max(l.left, s.whole.size());
      l.places = std::max(l.places, s.fraction.size());
      l.right = std::max(l.right, s.exponent.size() + 1);
    } else {
      const std::string s = positional(x, dtype, precision);
      const std::size_t point = s.find('.');
      l.left = std::max(l.left, point);
      l.right = std::max(l.right, s.size() - point - 1);
    }
  }
  if (l.exponent) l.right += l.places;
  for (double x : v) {
    if (std::isfinite(x)) continue;
    const std::size_t length = std::strlen(word_of_special(x));
    l.left = std::max(l.left, length > l.right + 1 ? length - l.right - 1 : 0);
  }
  return l;
}

std::string float_word(double x, const FloatLayout& l, Dtype dtype) {
  if (!std::isfinite(x)) return padded(word_of_special(x), l.left + l.right + 1);
  if (l.exponent) {
    Scientific s = scientific(x, dtype, static_cast<int>(l.places));
    s.fraction.resize(l.places, '0');
    return padded(s.whole, l.left) + "." + s.fraction + "e" + s.exponent;
  }
  std::string s = positional(x, dtype, precision);
  const std::size_t point = s.find('.');
  s = padded(s.substr(0, point), l.left) + s.substr(point);
  s.resize(l.left + 1 + l.right, ' ');
  return s;
}

std::vector<std::string> float_words(const std::vector<double>& v, Dtype dtype) {
  const FloatLayout layout = float_layout(v, dtype);
  std::vector<std::string> words;
  for (double x : v) words.push_back(float_word(x, layout, dtype));
  return words;
}

std::string integer_word(const Elements& e, std::int64_t i) {
  if (is_unsigned_int(e.dtype)) {
    std::uint64_t v = 0;
    convert_element(e.at(i), e.dtype, &v, Dtype::uint64);
    return std::to_string(v);
  }
  std::int64_t v = 0;
  convert_element(e.at(i), e.dtype, &v, Dtype::int64);
  return std::to_string(v);
}

std::vector<std::string> words_of(const Elements& e, const std::vector<std::int64_t>& at) {
  std::vector<std::string> words;
  if (is_float(e.dtype)) {
    std::vector<double> v;
    for (std::int64_t i : at) v.push_back(e.real(i));
    return float_words(v, e.dtype);
  }
  if (e.dtype == Dtype::bool_) {
    for (std::int64_t i : at) words.push_back(e.real(i) != 0 ? " True" : "False");
    return words;
  }
  std::size_t width = 0;
  for (std::int64_t i : at) {
    words.push_back(integer_word(e, i));
    width = std::max(width, words.back().size());
  }
  for (std::string& w : words) w = padded(w, width);
  return words;
}

// ---- brackets and lines
// -------------------------------------------------------------------------------------------------------
/// Walks the shape, taking the words of the elements shown in order.
class Layout {
 public:
  Layout(const Elements& e, bool summarise) : shape_(e.shape), summarise_(summarise) {
    collect(0, 0);
    words_ = words_of(e, shown_);
  }
  std::string text() { return block(0, " ", line_width); }

 private:
  bool cut(int axis) const { return summarise_ && 2 * edge_items < shape_[axis]; }

  /// The flat numbers of the elements shown.
  void collect(int axis, std::int64_t base) {
    if (axis == shape_.size()) {
      shown_.push_back(base);
      return;
    }
    for (std::int64_t i = 0; i < shape_[axis]; ++i) {
      if (cut(axis) && i == edge_items) i = shape_[axis] - edge_items;
      collect(axis + 1, base * shape_[axis] + i);
    }
  }

  static void extend(std::string& s, std::string& line, const std::string& word, int width, const std::string& indent) {
    if (static_cast<int>(line.size() + word.size()) > width && line.size() > indent.size()) {
      s += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
      line = indent;
    }
    line += word;
  }

  std::string block(int axis, const std::string& indent, int width) {
    const std::int64_t n = shape_[axis];
    std::string s;
    if (axis + 1 == shape_.size()) {
      std::string line = indent;
      for (std::int64_t i = 0; i < n; ++i) {
        if (cut(axis) && i == edge_items) {
          extend(s, line, "...", width - 1, indent);
          line += ' ';
          i = n - edge_items;
        }
        extend(s, line, words_[next_++], width - 1, indent);
        if (i + 1 < n) line += ' ';
      }
      s += line;
    } else {
      const std::string separator(static_cast<std::size_t>(shape_.size() - axis - 1), '\n');
      for (std::int64_t i = 0; i < n; ++i) {
        if (cut(axis) && i == edge_items) {
          s += indent + "..." + separator;
          i = n - edge_items;
        }
        s += indent + block(axis + 1, indent + " ", width - 1);
        if (i + 1 < n) s += separator;
      }
    }
    return "[" + s.substr(indent.size()) + "]";
  }

  const Shape& shape_;
  bool summarise_;
  std::vector<std::int64_t> shown_;
  std::vector<std::string> words_;
  std::size_t next_ = 0;
};

std::string scalar_word(const Elements& e) {
  if (e.dtype == Dtype::bool_) return e.real(0) != 0 ? "True" : "False";
  if (!is_float(e.dtype)) return integer_word(e, 0);
  const double v = e.real(0);
  if (!std::isfinite(v)) return std::isnan(v) ? "nan" : std::signbit(v) ? "-inf" : "inf";
  if (v != 0 && (std::fabs(v) < 1e-4 || std::fabs(v) >= 1e16)) {
    const Scientific s = scientific(v, e.dtype, 17);
    return s.whole + (s.fraction.empty() ? "" : "." + s.fraction) + "e" + s.exponent;
  }
  std::string s = positional(v, e.dtype, 17 + 4);
  return s.back() == '.' ? s + "0" : s;
}

Elements elements_of(const Tensor& x) {
  Tensor v = materialize(x);
  if (v.device() != cpu) v = v.to(cpu);
  const Dense& d = dense(v);
  Elements e{d.shape, d.dtype, std::vector<std::byte>(static_cast<std::size_t>(d.size * itemsize(d.dtype)))};
  convert_strided(d.data, d.dtype, d.shape, d.strides, e.bytes.data(), d.dtype);
  return e;
}

}  // namespace

std::string to_string(const Tensor& x) {
  if (!x.defined()) return "undefined";
  std::string lanes;
  Tensor v = x;
  while (v.is_wrapped()) {
    const Wrapper& w = wrapper(v);
    if (v.kind() == Kind::batched) {
      const auto& b = static_cast<const Batched&>(w);
      lanes += fmt::format("{}vmap (level {}, {} lanes along axis {})", lanes.empty() ? "" : ", ", w.id.level->depth,
                           b.value.shape()[b.axis], b.axis);
    }
    v = Tensor(w.value);
  }
  const Elements e = elements_of(v);
  const std::string text = e.shape.empty()           ? scalar_word(e)
                           : e.shape.elements() == 0 ? "[]"
                                                     : Layout(e, e.shape.elements() > threshold).text();
  if (lanes.empty()) return text;
  return fmt::format("Tensor {} {} under {}:\n{}", to_string(x.shape()), name(x.dtype()), lanes, text);
}

std::ostream& operator<<(std::ostream& out, const Tensor& x) { return out << to_string(x); }

}  // namespace strata
