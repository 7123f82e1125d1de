// See oracle_functions.hpp.
#include "strata/tests/support/oracle_functions.hpp"

#include "strata/strata.hpp"

namespace strata::oracle {
namespace {

using Function1 = Tensors (*)(Xs x);
using Functions = std::map<std::string, Function1>;

void add_products(Functions& f) {
  f["mul_add"] = [](Xs x) { return Tensors{x[0] * x[1] + x[2]}; };
  f["dot"] = [](Xs x) { return Tensors{dot(x[0], x[1])}; };
  f["matvec"] = [](Xs x) { return Tensors{matmul(x[0], x[1])}; };
  f["matmul"] = [](Xs x) { return Tensors{matmul(x[0], x[1])}; };
  f["outer"] = [](Xs x) { return Tensors{outer(x[0], x[1])}; };
  f["broadcast_row"] = [](Xs x) { return Tensors{expand_dims(x[0], 1) * expand_dims(x[1], 0)}; };
  f["quadratic"] = [](Xs x) { return Tensors{matmul(matmul(0.5 * x[0], x[1]), x[0]) + sum(x[0])}; };
}

void add_shapes(Functions& f) {
  f["sum0"] = [](Xs x) { return Tensors{sum(x[0], {.axes = {0}})}; };
  f["transpose"] = [](Xs x) { return Tensors{transpose(x[0])}; };
  f["reshape_neg"] = [](Xs x) { return Tensors{reshape(x[0], {-1})}; };
  f["concat"] = [](Xs x) { return Tensors{concatenate({x[0], x[1]})}; };
  f["stack_last"] = [](Xs x) { return Tensors{stack({x[0], x[1]}, {.axis = -1})}; };
  f["const_out"] = [](Xs x) { return Tensors{arange(3.0, {.dtype = x[0].dtype()}), x[0] * 2}; };
}

const Functions& functions() {
  static const Functions all = [] {
    Functions f;
    add_products(f);
    add_shapes(f);
    return f;
  }();
  return all;
}

Axes axes_entry(const Json& v) { return v.is_null() ? Axes(none) : Axes(v.get<int>()); }

}  // namespace

Inner inner_function(const std::string& name) {
  const auto f = functions().find(name);
  if (f == functions().end()) throw Missing(name);
  return [f = f->second](const Tensors& x) { return f(x); };
}

std::vector<std::size_t> argnums(const Json& p, int fallback) {
  std::vector<std::size_t> numbers;
  const Json v = p.value("argnums", Json(fallback));
  for (const Json& n : v.is_array() ? v : Json::array({v})) numbers.push_back(n.get<std::size_t>());
  return numbers;
}

Tensors pick(const Tensors& x, const std::vector<std::size_t>& numbers) {
  Tensors picked;
  for (const std::size_t i : numbers) picked.push_back(x[i]);
  return picked;
}

Inner hold_others(const Inner& f, const Tensors& x, const std::vector<std::size_t>& numbers) {
  return [f, x, numbers](const Tensors& given) {
    Tensors all = x;
    for (std::size_t k = 0; k < numbers.size(); ++k) all[numbers[k]] = given[k];
    return f(all);
  };
}

Inner mapped(const Inner& f, const Json& in_axes, const Json& out_axes) {
  std::vector<Axes> in, out;
  if (in_axes.is_array()) {
    for (const Json& a : in_axes) in.push_back(axes_entry(a));
  }
  VmapOptions options;
  options.in_axes = in_axes.is_array() ? ArgAxes{Axes::list(in)} : ArgAxes(axes_entry(in_axes));
  if (out_axes.is_array()) {
    for (const Json& a : out_axes) out.push_back(axes_entry(a));
    options.out_axes = ArgAxes::list(out);
  } else {
    options.out_axes = ArgAxes(axes_entry(out_axes));
  }
  return vmap(f, options);
}

}  // namespace strata::oracle
