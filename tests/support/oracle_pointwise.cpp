// Elementwise ops of the oracle: unary, binary, selection, conversion. Definitions: tests/oracle/ops.py.
#include "strata/ops/ops.hpp"
#include "strata/tests/support/oracle.hpp"

namespace strata::oracle {
namespace {

template <Tensor (*F)(Tensor)>
Tensors unary(const Json&, Xs x) {
  return {F(x[0])};
}
template <Tensor (*F)(Tensor, Tensor)>
Tensors binary(const Json&, Xs x) {
  return {F(x[0], x[1])};
}

/// A bound that may be missing or null.
Tensor bound(const Json& p, const char* key) {
  if (!p.contains(key) || p[key].is_null()) return {};
  return number(p[key]);
}
std::optional<double> optional_number(const Json& p, const char* key) {
  if (!p.contains(key) || p[key].is_null()) return {};
  return number(p[key]);
}

void add_unary(Ops& ops) {
  ops["abs"] = &unary<&abs>;
  ops["negative"] = &unary<&negative>;
  ops["sign"] = &unary<&sign>;
  ops["exp"] = &unary<&exp>;
  ops["exp2"] = &unary<&exp2>;
  ops["expm1"] = &unary<&expm1>;
  ops["log"] = &unary<&log>;
  ops["log1p"] = &unary<&log1p>;
  ops["log2"] = &unary<&log2>;
  ops["log10"] = &unary<&log10>;
  ops["sqrt"] = &unary<&sqrt>;
  ops["cbrt"] = &unary<&cbrt>;
  ops["square"] = &unary<&square>;
  ops["reciprocal"] = &unary<&reciprocal>;
  ops["sin"] = &unary<&sin>;
  ops["cos"] = &unary<&cos>;
  ops["tan"] = &unary<&tan>;
  ops["arcsin"] = &unary<&arcsin>;
  ops["arccos"] = &unary<&arccos>;
  ops["arctan"] = &unary<&arctan>;
  ops["sinh"] = &unary<&sinh>;
  ops["cosh"] = &unary<&cosh>;
  ops["tanh"] = &unary<&tanh>;
  ops["arcsinh"] = &unary<&arcsinh>;
  ops["arccosh"] = &unary<&arccosh>;
  ops["arctanh"] = &unary<&arctanh>;
  ops["floor"] = &unary<&floor>;
  ops["ceil"] = &unary<&ceil>;
  ops["trunc"] = &unary<&trunc>;
  ops["rint"] = &unary<&rint>;
  ops["isfinite"] = &unary<&isfinite>;
  ops["isnan"] = &unary<&isnan>;
  ops["isinf"] = &unary<&isinf>;
  ops["signbit"] = &unary<&signbit>;
  ops["deg2rad"] = &unary<&deg2rad>;
  ops["logical_not"] = &unary<&logical_not>;
  ops["bitwise_not"] = &unary<&bitwise_not>;
  ops["rsqrt"] = &unary<&rsqrt>;
  ops["erf"] = &unary<&erf>;
  ops["erfc"] = &unary<&erfc>;
  ops["lgamma"] = &unary<&lgamma>;
  ops["digamma"] = &unary<&digamma>;
  ops["population_count"] = &unary<&population_count>;
  ops["lax_round_away"] = &unary<&round_away>;
  ops["erfinv"] = &unary<&erf_inv>;
  ops["sigmoid"] = &unary<&logistic>;
}

void add_binary(Ops& ops) {
  ops["arctan2"] = &binary<&arctan2>;
  ops["hypot"] = &binary<&hypot>;
  ops["fmod"] = &binary<&fmod>;
  ops["logical_and"] = &binary<&logical_and>;
  ops["logical_or"] = &binary<&logical_or>;
  ops["logical_xor"] = &binary<&logical_xor>;
  ops["bitwise_and"] = &binary<&bitwise_and>;
  ops["bitwise_or"] = &binary<&bitwise_or>;
  ops["bitwise_xor"] = &binary<&bitwise_xor>;
  ops["left_shift"] = &binary<&left_shift>;
  ops["right_shift"] = &binary<&right_shift>;
  ops["logaddexp"] = &binary<&logaddexp>;
  ops["logaddexp2"] = &binary<&logaddexp2>;
  ops["copysign"] = &binary<&copysign>;
  ops["heaviside"] = &binary<&heaviside>;
  ops["fmax"] = &binary<&fmax>;
  ops["fmin"] = &binary<&fmin>;
  ops["float_power"] = &binary<&float_power>;
  ops["shift_right_logical"] = &binary<&shift_right_logical>;
  ops["xlogy"] = &binary<&xlogy>;
  ops["xlog1py"] = &binary<&xlog1py>;
  ops["maximum"] = &binary<&maximum>;
  ops["minimum"] = &binary<&minimum>;
  ops["remainder"] = &binary<&remainder>;
  ops["floor_divide"] = &binary<&floor_divide>;
  ops["pow"] = &binary<&pow>;
  ops["lax_rem"] = &binary<&rem>;
  ops["lax_div_int"] = &binary<&trunc_divide>;
  ops["add"] = [](const Json&, Xs x) { return Tensors{x[0] + x[1]}; };
  ops["sub"] = [](const Json&, Xs x) { return Tensors{x[0] - x[1]}; };
  ops["mul"] = [](const Json&, Xs x) { return Tensors{x[0] * x[1]}; };
  ops["div"] = [](const Json&, Xs x) { return Tensors{x[0] / x[1]}; };
  ops["eq"] = [](const Json&, Xs x) { return Tensors{x[0] == x[1]}; };
  ops["ne"] = [](const Json&, Xs x) { return Tensors{x[0] != x[1]}; };
  ops["lt"] = [](const Json&, Xs x) { return Tensors{x[0] < x[1]}; };
  ops["le"] = [](const Json&, Xs x) { return Tensors{x[0] <= x[1]}; };
  ops["gt"] = [](const Json&, Xs x) { return Tensors{x[0] > x[1]}; };
  ops["ge"] = [](const Json&, Xs x) { return Tensors{x[0] >= x[1]}; };
  ops["divmod"] = [](const Json&, Xs x) {
    auto [q, r] = divmod(x[0], x[1]);
    return Tensors{q, r};
  };
}

Tensor with_scalar(const std::string& fn, const Tensor& x, const Tensor& a, const Tensor& b) {
  if (fn == "add") return a + b;
  if (fn == "sub") return a - b;
  if (fn == "mul") return a * b;
  if (fn == "div") return a / b;
  if (fn == "pow") return pow(a, b);
  if (fn == "maximum") return maximum(a, b);
  if (fn == "minimum") return minimum(a, b);
  if (fn == "lt") return a < b;
  if (fn == "floor_divide") return floor_divide(a, b);
  if (fn == "remainder") return a % b;
  return where(x > 0, a, b);
}

void add_activations(Ops& ops) {
  ops["relu"] = &unary<&relu>;
  ops["relu6"] = &unary<&relu6>;
  ops["selu"] = &unary<&selu>;
  ops["silu"] = &unary<&silu>;
  ops["soft_sign"] = &unary<&soft_sign>;
  ops["hard_tanh"] = &unary<&hard_tanh>;
  ops["hard_sigmoid"] = &unary<&hard_sigmoid>;
  ops["mish"] = &unary<&mish>;
  ops["softplus"] = &unary<&softplus>;
  ops["log_sigmoid"] = &unary<&log_sigmoid>;
  ops["elu"] = [](const Json& p, Xs x) { return Tensors{elu(x[0], p.value("alpha", 1.0))}; };
  ops["leaky_relu"] = [](const Json& p, Xs x) { return Tensors{leaky_relu(x[0], p.value("negative_slope", 0.01))}; };
  ops["gelu_tanh"] = [](const Json&, Xs x) { return Tensors{gelu(x[0])}; };
  ops["gelu_exact"] = [](const Json&, Xs x) { return Tensors{gelu(x[0], {.approximate = false})}; };
  ops["glu"] = [](const Json& p, Xs x) { return Tensors{glu(x[0], {.axis = p["axis"].get<int>()})}; };
}

void add_losses(Ops& ops) {
  ops["sigmoid_binary_cross_entropy"] = &binary<&sigmoid_binary_cross_entropy>;
  ops["l2_loss"] = &binary<&l2_loss>;
  ops["squared_error"] = &binary<&squared_error>;
  ops["log_cosh"] = &binary<&log_cosh>;
  ops["hinge_loss"] = &binary<&hinge_loss>;
  ops["huber_loss"] = [](const Json& p, Xs x) { return Tensors{huber_loss(x[0], x[1], number(p["delta"]))}; };
  ops["kl_divergence"] = [](const Json&, Xs x) { return Tensors{kl_divergence(x[0], x[1])}; };
  ops["cosine_similarity"] = [](const Json& p, Xs x) {
    return Tensors{cosine_similarity(x[0], x[1], {.epsilon = p.value("epsilon", 0.0)})};
  };
  ops["cosine_distance"] = [](const Json& p, Xs x) {
    return Tensors{cosine_distance(x[0], x[1], {.epsilon = p.value("epsilon", 0.0)})};
  };
  ops["smooth_labels"] = [](const Json& p, Xs x) { return Tensors{smooth_labels(x[0], number(p["alpha"]))}; };
}

void add_chosen(Ops& ops) {
  ops["where"] = [](const Json&, Xs x) { return Tensors{where(x[0], x[1], x[2])}; };
  ops["clip3"] = [](const Json&, Xs x) { return Tensors{clip(x[0], x[1], x[2])}; };
  ops["lax_clamp"] = [](const Json&, Xs x) { return Tensors{clamp(x[0], x[1], x[2])}; };
  ops["lerp"] = [](const Json&, Xs x) { return Tensors{lerp(x[0], x[1], x[2])}; };
  ops["select_n"] = [](const Json&, Xs x) { return Tensors{select_n(x[0], {x.begin() + 1, x.end()})}; };
  ops["clip"] = [](const Json& p, Xs x) { return Tensors{clip(x[0], bound(p, "min"), bound(p, "max"))}; };
  ops["nan_to_num"] = [](const Json& p, Xs x) {
    return Tensors{nan_to_num(x[0], {.nan = optional_number(p, "nan").value_or(0),
                                     .posinf = optional_number(p, "posinf"),
                                     .neginf = optional_number(p, "neginf")})};
  };
  ops["round"] = [](const Json& p, Xs x) { return Tensors{round(x[0], {.decimals = integer(p, "decimals", 0)})}; };
  ops["integer_pow"] = [](const Json& p, Xs x) { return Tensors{pow(x[0], p["k"].get<int>())}; };
  ops["scalar_op"] = [](const Json& p, Xs x) {
    const Tensor s = scalar(p["scalar"], p["scalar_type"]);
    const bool left = p.value("side", "right") == "left";
    return Tensors{with_scalar(p["fn"], x[0], left ? s : x[0], left ? x[0] : s)};
  };
  ops["convert"] = [](const Json& p, Xs x) {
    return Tensors{astype(x[0], dtype_named(p["dtype"].get<std::string>()))};
  };
}

}  // namespace

void add_pointwise(Ops& ops) {
  add_unary(ops);
  add_binary(ops);
  add_chosen(ops);
  add_activations(ops);
  add_losses(ops);
}

}  // namespace strata::oracle
