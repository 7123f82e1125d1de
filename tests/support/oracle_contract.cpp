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

}  // namespace

void add_contract(Ops& ops) {
  ops["matmul"] = &binary<matmul>;
  ops["dot"] = &binary<dot>;
  ops["vdot"] = &binary<vdot>;
  ops["inner"] = &binary<inner>;
  ops["outer"] = &binary<outer>;
  ops["tensordot"] = &tensordot_case;
  ops["dot_general"] = &dot_general_case;
  ops["conv"] = &conv_case;
  ops["einsum"] = &einsum_case;
}

}  // namespace strata::oracle
