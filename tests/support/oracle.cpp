// See oracle.hpp.
#include "strata/tests/support/oracle.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>

#include "strata/autograd/dual.hpp"
#include "strata/autograd/tape.hpp"
#include "strata/core/error.hpp"

namespace strata::oracle {
namespace {

Dtype dtype_called(const std::string& code) {
  static const std::map<std::string, Dtype> names = {
      {"BOOL", bool_},    {"U8", uint8},    {"U16", uint16}, {"U32", uint32}, {"U64", uint64},
      {"I8", int8},       {"I16", int16},   {"I32", int32},  {"I64", int64},  {"F16", float16},
      {"BF16", bfloat16}, {"F32", float32}, {"F64", float64}};
  return names.at(code);
}

struct File {
  Json header;
  std::string data;
  Tensor tensor(const std::string& name) const {
    const Json& entry = header.at(name);
    const Tensor t = empty_dense(shape(entry.at("shape")), dtype_called(entry.at("dtype")));
    const auto from = entry.at("data_offsets").at(0).get<std::size_t>(),
               to = entry.at("data_offsets").at(1).get<std::size_t>();
    if (to > data.size() || to - from != static_cast<std::size_t>(t.size() * itemsize(t.dtype())))
      throw IoError("oracle: " + name + " has wrong offsets");
    if (to != from) std::memcpy(dense(t).data, data.data() + from, to - from);
    return t.to(default_device());
  }
  Tensors tensors(const std::string& prefix, const std::vector<std::size_t>& numbers) const {
    Tensors list;
    for (const std::size_t i : numbers) list.push_back(tensor(prefix + std::to_string(i)));
    return list;
  }
};

File read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw IoError("oracle: cannot read " + path);
  std::ostringstream buffer;
  buffer << in.rdbuf();
  const std::string all = std::move(buffer).str();
  std::uint64_t length = 0;
  if (all.size() < 8) throw IoError("oracle: " + path + " is too short");
  std::memcpy(&length, all.data(), 8);
  if (length > all.size() - 8) throw IoError("oracle: " + path + " is cut off");
  return {Json::parse(all.substr(8, length)), all.substr(8 + length)};
}

std::vector<std::size_t> count(std::size_t n) {
  std::vector<std::size_t> v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = i;
  return v;
}

Case read_case(const File& file, const Json& j) {
  Case c;
  c.name = j.at("name");
  c.op = j.at("op");
  c.params = j.at("params");
  c.rtol = j.at("rtol");
  c.atol = j.at("atol");
  c.differentiable = j.value("differentiable", std::vector<std::size_t>{});
  c.ct_outputs = j.value("ct_outputs", std::vector<std::size_t>{});
  const auto modes = j.value("modes", std::vector<std::string>{"vjp", "jvp"});
  const auto has = [&](const char* mode) {
    return !c.differentiable.empty() && std::find(modes.begin(), modes.end(), mode) != modes.end();
  };
  c.has_vjp = has("vjp");
  c.has_jvp = has("jvp");
  c.in = file.tensors(c.name + "/in/", count(j.at("n_in")));
  c.out = file.tensors(c.name + "/out/", count(j.at("n_out")));
  if (c.has_vjp) c.ct = file.tensors(c.name + "/ct/", c.ct_outputs);
  if (c.has_vjp) c.vjp = file.tensors(c.name + "/vjp/", c.differentiable);
  if (c.has_jvp) c.tan = file.tensors(c.name + "/tan/", c.differentiable);
  if (c.has_jvp) c.jvp = file.tensors(c.name + "/jvp/", c.ct_outputs);
  return c;
}

bool agrees(double x, double r, double rtol, double atol) {
  if (std::isnan(x) || std::isnan(r)) return std::isnan(x) && std::isnan(r);
  if (std::isinf(x) || std::isinf(r)) return x == r;
  return std::abs(x - r) <= atol + rtol * std::abs(r);
}

std::string position(std::int64_t i, const Shape& shape) {
  std::string text = "]";
  for (int axis = shape.size() - 1; axis >= 0; --axis) {
    text = (axis ? ", " : "") + std::to_string(i % shape[axis]) + text;
    i /= shape[axis];
  }
  return "[" + text;
}

/// "" or how x differs from the reference r.
std::string difference(const Tensor& x, const Tensor& r, const Case& c) {
  if (!x.defined()) return "undefined";
  if (x.dtype() != r.dtype())
    return "dtype is " + std::string(name(x.dtype())) + ", should be " + std::string(name(r.dtype()));
  if (!(x.shape() == r.shape())) return "shape is " + to_string(x.shape()) + ", should be " + to_string(r.shape());
  std::ostringstream text;
  text.precision(9);
  int wrong = 0;
  const auto report = [&](std::int64_t i, auto a, auto b) {
    if (wrong++ == 0) text << "at " << position(i, r.shape()) << ": " << a << ", should be " << b;
  };
  if (is_float(r.dtype())) {
    const auto a = x.to_vector<double>(), b = r.to_vector<double>();
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!agrees(a[i], b[i], c.rtol, c.atol)) report(static_cast<std::int64_t>(i), a[i], b[i]);
    }
  } else {
    const auto a = x.to_vector<std::int64_t>(), b = r.to_vector<std::int64_t>();
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (a[i] != b[i]) report(static_cast<std::int64_t>(i), a[i], b[i]);
    }
  }
  if (wrong == 0) return "";
  text << " (" << wrong << " of " << r.size() << " differ)";
  return text.str();
}

void compare(const char* what, const Tensors& x, const Tensors& r, const std::vector<std::size_t>& numbers,
             const Case& c, std::string& report) {
  for (std::size_t i = 0; i < r.size(); ++i) {
    const std::string text = difference(x[i], r[i], c);
    if (!text.empty()) report += "  " + std::string(what) + " " + std::to_string(numbers[i]) + " " + text + "\n";
  }
}

Tensor zeros_as(const Tensor& like) {
  const Tensor z = empty_dense(like.shape(), like.dtype());
  std::memset(dense(z).data, 0, static_cast<std::size_t>(z.size() * itemsize(z.dtype())));
  return z.to(like.device());
}

void check_values(const Case& c, Function f, std::string& report) {
  const Tensors y = f(c.params, c.in);
  if (y.size() != c.out.size()) {
    report += "  " + std::to_string(y.size()) + " outputs, should be " + std::to_string(c.out.size()) + "\n";
    return;
  }
  compare("output", y, c.out, count(y.size()), c, report);
}

void check_vjp(const Case& c, Function f, std::string& report) {
  Tape tape;
  const LevelScope scope(tape.level());
  Tensors x = c.in;
  std::vector<Edge> leaves, roots;
  for (const std::size_t i : c.differentiable) {
    x[i] = tape.watch(x[i]);
    leaves.push_back(tape.unwatch(x[i]).second);
  }
  const Tensors y = f(c.params, x);
  for (const std::size_t i : c.ct_outputs) roots.push_back(tape.unwatch(y.at(i)).second);
  Tensors dx = tape.backward(roots, c.ct, leaves, false);
  for (std::size_t i = 0; i < dx.size(); ++i) {
    if (!dx[i].defined()) dx[i] = zeros_as(c.vjp[i]);
  }
  compare("vjp of input", dx, c.vjp, c.differentiable, c, report);
}

void check_jvp(const Case& c, Function f, std::string& report) {
  const Duals duals;
  const LevelScope scope(duals.level());
  Tensors x = c.in, dy;
  for (std::size_t k = 0; k < c.differentiable.size(); ++k) {
    const std::size_t i = c.differentiable[k];
    x[i] = duals.pack(x[i], c.tan[k]);
  }
  const Tensors y = f(c.params, x);
  for (std::size_t k = 0; k < c.ct_outputs.size(); ++k) {
    const Tensor t = duals.unpack(y.at(c.ct_outputs[k])).second;
    dy.push_back(t.defined() ? t : zeros_as(c.jvp[k]));
  }
  compare("jvp of output", dy, c.jvp, c.ct_outputs, c, report);
}

template <class F>
void guarded(const char* what, std::string& report, F f) {
  try {
    f();
  } catch (const Missing&) {
    throw;
  } catch (const std::exception& e) {
    report += "  " + std::string(what) + " throws " + e.what() + "\n";
  }
}

}  // namespace

std::string folder() {
  const char* chosen = std::getenv("STRATA_ORACLE_DIR");
  return chosen ? chosen : STRATA_DEFAULT_ORACLE_DIR;
}

std::vector<Case> load(const std::string& path) {
  const File file = read_file(path);
  std::vector<Case> cases;
  for (const Json& j : Json::parse(file.header.at("__metadata__").at("cases").get<std::string>())) {
    cases.push_back(read_case(file, j));
  }
  return cases;
}

std::string check(const Case& c, Function f) {
  std::string report;
  guarded("value", report, [&] { check_values(c, f, report); });
  if (c.has_vjp) guarded("vjp", report, [&] { check_vjp(c, f, report); });
  if (c.has_jvp) guarded("jvp", report, [&] { check_jvp(c, f, report); });
  return report;
}

const Ops& all_ops() {
  static const Ops ops = [] {
    Ops all;
    for (const auto add : {&add_pointwise, &add_reduce, &add_shapeindex, &add_contract, &add_nn, &add_random,
                           &add_transforms, &add_guide}) {
      add(all);
    }
    return all;
  }();
  return ops;
}

double number(const Json& v) {
  if (!v.is_string()) return v.get<double>();
  const auto text = v.get<std::string>();
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  return text == "inf" ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
}

Shape shape(const Json& v) {
  Shape s;
  if (v.is_number()) s.push_back(v.get<std::int64_t>());
  if (v.is_array()) {
    for (const Json& d : v) s.push_back(d.get<std::int64_t>());
  }
  return s;
}

AxisList axes(const Json& v) {
  if (v.is_number()) return AxisList(v.get<int>());
  return AxisList(v.get<std::vector<int>>());
}

std::optional<AxisList> optional_axes(const Json& p, const char* key) {
  if (!p.contains(key) || p.at(key).is_null()) return std::nullopt;
  return axes(p.at(key));
}

int integer(const Json& p, const char* key, int fallback) {
  return p.contains(key) && !p.at(key).is_null() ? p.at(key).get<int>() : fallback;
}

bool flag(const Json& p, const char* key, bool fallback) { return p.value(key, fallback); }

Tensor scalar(const Json& value, const std::string& type) {
  if (type == "bool") return Tensor(value.get<bool>());
  if (type == "int") return Tensor(value.get<std::int64_t>());
  return Tensor(number(value));
}

}  // namespace strata::oracle
