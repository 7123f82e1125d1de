// Collectives over an axis of vmap, as the oracle has them. Definitions: tests/oracle/ops.py.
#include "strata/strata.hpp"
#include "strata/tests/support/oracle_functions.hpp"

namespace strata::oracle {
namespace {

using Collective = Tensor (*)(const Json& p, const Tensor& x);

const std::map<std::string, Collective>& collectives() {
  static const std::map<std::string, Collective> all = {
      {"psum", [](const Json&, const Tensor& x) { return x * x + psum(x, "i"); }},
      {"pmean", [](const Json&, const Tensor& x) { return x - pmean(x, "i"); }},
      {"pmax", [](const Json&, const Tensor& x) { return pmax(x, "i"); }},
      {"pmin", [](const Json&, const Tensor& x) { return pmin(x, "i"); }},
      {"softmax",
       [](const Json&, const Tensor& x) {
         const Tensor e = exp(x - stop_gradient(pmax(stop_gradient(x), "i")));
         return e / psum(e, "i");
       }},
      {"all_gather", [](const Json&, const Tensor& x) { return sum(all_gather(x, "i") * x, {.axes = {-1}}); }},
      {"all_gather_axis",
       [](const Json& p, const Tensor& x) {
         return all_gather(x, "i", {.axis = integer(p, "axis", 0), .tiled = flag(p, "tiled", false)});
       }},
      {"axis_index", [](const Json&, const Tensor& x) { return x * axis_index("i") + axis_size("i"); }},
      {"ppermute",
       [](const Json&, const Tensor& x) {
         std::vector<std::pair<std::int64_t, std::int64_t>> ring;
         const auto n = static_cast<std::int64_t>(axis_size("i"));
         for (std::int64_t j = 0; j < n; ++j) ring.emplace_back(j, (j + 1) % n);
         return ppermute(x, "i", ring);
       }},
      {"all_to_all",
       [](const Json& p, const Tensor& x) {
         return all_to_all(x, "i", {.split_axis = integer(p, "split_axis", 0), .concat_axis = integer(p, "concat_axis", 0)});
       }},
      {"psum_scatter",
       [](const Json& p, const Tensor& x) { return psum_scatter(x, "i", {.axis = 0, .tiled = flag(p, "tiled", false)}); }},
      {"psum_const", [](const Json&, const Tensor& x) { return x / psum(1, "i"); }},
      {"psum_tree",
       [](const Json&, const Tensor& x) {
         const auto [a, b] = psum(std::pair{x, sin(x)}, "i");
         return a * b;
       }},
  };
  return all;
}

}  // namespace

void add_collectives(Ops& ops) {
  ops["collective"] = [](const Json& p, Xs x) {
    const auto f = collectives().find(p.at("fn"));
    if (f == collectives().end()) throw Missing(p.at("fn").get<std::string>());
    return Tensors{vmap([&](const Tensor& t) { return f->second(p, t); },
                        {.in_axes = p.value("in_axes", 0), .out_axes = p.value("out_axes", 0), .axis_name = "i"})(x[0])};
  };
  ops["collective_nested"] = [](const Json& p, Xs x) {
    const auto f = [](const Tensor& t) {
      const Tensor both = psum(psum(tanh(t), "j"), "i");
      return (t - pmean(t, "j")) * psum(t, "i") + both + 10 * axis_index("i") + axis_index("j");
    };
    const auto inner = vmap(f, {.in_axes = p.value("inner", 0), .axis_name = "j"});
    return Tensors{vmap(inner, {.in_axes = p.value("outer", 0), .axis_name = "i"})(x[0])};
  };
  ops["collective_grad"] = [](const Json&, Xs x) {
    const auto f = [](const Tensor& t) {
      return grad([](const Tensor& u) { return sum(pmean(square(u), "i")) * u[0]; })(t);
    };
    return Tensors{vmap(f, {.axis_name = "i"})(x[0])};
  };
  ops["batch_norm_axis_name"] = [](const Json&, Xs x) {
    const auto f = [&](const Tensor& t) {
      const Tensor m = pmean(t, "i"), v = pmean(square(t - m), "i");
      return (t - m) / sqrt(v + 1e-5) * x[1] + x[2];
    };
    return Tensors{vmap(f, {.axis_name = "i"})(x[0])};
  };
}

}  // namespace strata::oracle
