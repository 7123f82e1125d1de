// Contractions, convolution and linear algebra of the oracle. Definitions: tests/oracle/ops.py.
#include "strata/ops/ops.hpp"
#include "strata/tests/support/oracle.hpp"

namespace strata::oracle {
namespace {

template <Tensor (*F)(Tensor, Tensor)>
Tensors binary(const Json&, Xs x) {
  return {F(x[0], x[1])};
}

Tensors tensordot_case(const Json& p, Xs x) {
  const Json& axes_of = p.at("axes");
  if (axes_of.is_number()) return {tensordot(x[0], x[1], axes_of.get<int>())};
  return {tensordot(x[0], x[1], {axes(axes_of.at(0)), axes(axes_of.at(1))})};
}

Tensors dot_general_case(const Json& p, Xs x) {
  const Json& d = p.at("dimension_numbers");
  return {dot_general(x[0], x[1],
                      {.lhs_contracting = axes(d.at(0).at(0)),
                       .rhs_contracting = axes(d.at(0).at(1)),
                       .lhs_batch = axes(d.at(1).at(0)),
                       .rhs_batch = axes(d.at(1).at(1))})};
}

Tensors einsum_case(const Json& p, Xs x) {
  return {einsum(p.at("eq").get<std::string>(), Tensors(x.begin(), x.end()))};
}

Padding padding(const Json& p) {
  const Json& v = p.at("padding");
  if (v.is_string()) return v.get<std::string>();
  std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
  for (const Json& e : v) pairs.emplace_back(e.at(0).get<std::int64_t>(), e.at(1).get<std::int64_t>());
  return Padding(pairs);
}

Shape shape_or_none(const Json& p, const char* key) { return p.contains(key) ? shape(p.at(key)) : Shape{}; }

Tensors conv_case(const Json& p, Xs x) {
  const Json& d = p.at("dimension_numbers");
  return {
      conv_general(x[0], x[1],
                   {.strides = shape(p.at("strides")),
                    .padding = padding(p),
                    .lhs_dilation = shape_or_none(p, "lhs_dilation"),
                    .rhs_dilation = shape_or_none(p, "rhs_dilation"),
                    .groups = integer(p, "groups", 1),
                    .batch_groups = integer(p, "batch_groups", 1),
                    .layout = {d.at(0).get<std::string>(), d.at(1).get<std::string>(), d.at(2).get<std::string>()}})};
}

Tensors max_pool_case(const Json& p, Xs x) {
  return {max_pool(x[0], {.window = shape(p.at("window")), .strides = shape(p.at("strides")), .padding = padding(p)})};
}
Tensors avg_pool_case(const Json& p, Xs x) {
  return {avg_pool(x[0], {.window = shape(p.at("window")),
                          .strides = shape(p.at("strides")),
                          .padding = padding(p),
                          .count_include_pad = flag(p, "count_include_pad", true)})};
}

Tensors convolve_case(const Json& p, Xs x) { return {convolve(x[0], x[1], {p.at("mode").get<std::string>()})}; }

template <Tensor (*F)(Tensor)>
Tensors unary(const Json&, Xs x) {
  return {F(x[0])};
}
Tensors cholesky_case(const Json&, Xs x) { return {linalg::cholesky(x[0])}; }
Tensors slogdet_case(const Json&, Xs x) {
  const auto [sign, log] = linalg::slogdet(x[0]);
  return {sign, log};
}
Tensors triangular_solve_case(const Json& p, Xs x) {
  return {linalg::triangular_solve(x[0], x[1],
                                   {.left_side = flag(p, "left_side", true),
                                    .lower = flag(p, "lower", false),
                                    .transpose_a = flag(p, "transpose_a", false),
                                    .unit_diagonal = flag(p, "unit_diagonal", false)})};
}

/// The signs that make r's diagonal positive: constants to the derivatives.
Tensors qr_positive_case(const Json&, Xs x) {
  const auto [q, r] = linalg::qr(x[0]);
  const Tensor s = stop_gradient(sign(einsum("...ii->...i", r)));
  return {q * expand_dims(s, -2), r * expand_dims(s, -1)};
}
Tensors qr_invariant_case(const Json&, Xs x) {
  const auto [q, r] = linalg::qr(x[0]);
  return {abs(r), matmul(q, mT(q)), matmul(q, r)};
}
Tensors eigh_function_case(const Json&, Xs x) {
  const auto [w, v] = linalg::eigh(x[0]);
  return {w, matmul(v * expand_dims(exp(w), -2), mT(v))};
}
Tensors eigvalsh_case(const Json&, Xs x) { return {linalg::eigvalsh(x[0])}; }
Tensors svd_polar_case(const Json&, Xs x) {
  const auto [u, s, vt] = linalg::svd(x[0]);
  return {s, matmul(u, vt)};
}

void add_linalg(Ops& ops) {
  ops["cholesky"] = &cholesky_case;
  ops["det"] = &unary<linalg::det>;
  ops["inv"] = &unary<linalg::inv>;
  ops["slogdet"] = &slogdet_case;
  ops["solve"] = &binary<linalg::solve>;
  ops["triangular_solve"] = &triangular_solve_case;
  ops["qr_positive"] = &qr_positive_case;
  ops["qr_invariant"] = &qr_invariant_case;
  ops["eigh_function"] = &eigh_function_case;
  ops["eigvalsh"] = &eigvalsh_case;
  ops["svd_polar"] = &svd_polar_case;
  ops["svdvals"] = &unary<linalg::svdvals>;
}

}  // namespace

void add_contract(Ops& ops) {
  ops["matmul"] = &binary<matmul>;
  ops["dot"] = &binary<dot>;
  ops["vdot"] = &binary<vdot>;
  ops["inner"] = &binary<inner>;
  ops["cross"] = [](const Json&, Xs x) { return Tensors{cross(x[0], x[1])}; };
  ops["outer"] = &binary<outer>;
  ops["tensordot"] = &tensordot_case;
  ops["dot_general"] = &dot_general_case;
  ops["avg_pool"] = &avg_pool_case;
  ops["max_pool"] = &max_pool_case;
  ops["convolve"] = &convolve_case;
  ops["conv"] = &conv_case;
  ops["einsum"] = &einsum_case;
  add_linalg(ops);
}

}  // namespace strata::oracle
