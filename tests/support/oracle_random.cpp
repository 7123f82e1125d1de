// Random functions of the oracle. Definitions: tests/oracle/ops.py.
#include "strata/functorch/vmap_level.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"
#include "strata/tests/support/oracle.hpp"

namespace strata::oracle {
namespace {

Shape shape_of(const Json& p) { return shape(p.at("shape")); }

Dtype dtype_of(const Json& p, const char* fallback) { return dtype_named(p.value("dtype", std::string(fallback))); }

void add_draws(Ops& ops) {
  ops["PRNGKey"] = [](const Json& p, Xs) { return Tensors{random::key(p.at("seed").get<std::int64_t>())}; };
  ops["random_split"] = [](const Json& p, Xs x) {
    const Json& n = p.at("num");
    return Tensors{random::split(x[0], n.is_array() ? shape(n) : Shape{n.get<std::int64_t>()})};
  };
  ops["fold_in"] = [](const Json& p, Xs x) { return Tensors{random::fold_in(x[0], p.at("data").get<std::int64_t>())}; };
  ops["random_bits"] = [](const Json& p, Xs x) {
    return Tensors{random::bits(x[0], shape_of(p), {.dtype = dtype_of(p, "uint32")})};
  };
  ops["uniform"] = [](const Json& p, Xs x) {
    const double low = p.value("minval", 0.0), high = p.value("maxval", 1.0);
    return Tensors{random::uniform(x[0], shape_of(p), {.low = low, .high = high})};
  };
  ops["uniform_dtype"] = [](const Json& p, Xs x) {
    return Tensors{random::uniform(x[0], shape_of(p), {.dtype = dtype_of(p, "float32")})};
  };
  ops["random_normal"] = [](const Json& p, Xs x) { return Tensors{random::normal(x[0], shape_of(p))}; };
  ops["random_normal_dtype"] = [](const Json& p, Xs x) {
    return Tensors{random::normal(x[0], shape_of(p), {.dtype = dtype_of(p, "float32")})};
  };
  ops["bernoulli_array"] = [](const Json&, Xs x) { return Tensors{random::bernoulli(x[0], x[1])}; };
  ops["bernoulli"] = [](const Json& p, Xs x) {
    return Tensors{random::bernoulli(x[0], p.at("p").get<double>(), shape_of(p))};
  };
}

void add_samplers(Ops& ops) {
  ops["randint"] = [](const Json& p, Xs x) {
    return Tensors{random::randint(x[0], shape_of(p), p.at("minval").get<std::int64_t>(),
                                   p.at("maxval").get<std::int64_t>(), {.dtype = dtype_of(p, "int32")})};
  };
  ops["randint_array"] = [](const Json& p, Xs x) { return Tensors{random::randint(x[0], shape_of(p), x[1], x[2])}; };
  ops["poisson"] = [](const Json&, Xs x) { return Tensors{random::poisson(x[0], x[1])}; };
  ops["gamma"] = [](const Json&, Xs x) { return Tensors{random::gamma(x[0], x[1])}; };
}

using ShapeOnly = Tensor (*)(Tensor, Shape, random::Draws);
template <ShapeOnly f>
Tensors of_shape(const Json& p, Xs x) {
  return {f(x[0], shape_of(p), {})};
}

void add_distributions(Ops& ops) {
  ops["exponential"] = &of_shape<&random::exponential>;
  ops["gumbel"] = &of_shape<&random::gumbel>;
  ops["laplace"] = &of_shape<&random::laplace>;
  ops["logistic"] = &of_shape<&random::logistic>;
  ops["cauchy"] = &of_shape<&random::cauchy>;
  ops["rademacher"] = [](const Json& p, Xs x) { return Tensors{random::rademacher(x[0], shape_of(p))}; };
  ops["truncated_normal"] = [](const Json& p, Xs x) {
    return Tensors{random::truncated_normal(x[0], number(p.at("lower")), number(p.at("upper")), shape_of(p))};
  };
  ops["beta"] = [](const Json&, Xs x) { return Tensors{random::beta(x[0], x[1], x[2])}; };
  ops["student_t"] = [](const Json&, Xs x) { return Tensors{random::student_t(x[0], x[1])}; };
  ops["multivariate_normal"] = [](const Json&, Xs x) { return Tensors{random::multivariate_normal(x[0], x[1], x[2])}; };
  ops["dirichlet"] = [](const Json&, Xs x) { return Tensors{random::dirichlet(x[0], x[1])}; };
}

void add_choosing(Ops& ops) {
  ops["permutation_n"] = [](const Json& p, Xs x) {
    return Tensors{random::permutation(x[0], p.at("n").get<std::int64_t>())};
  };
  ops["permutation"] = [](const Json& p, Xs x) {
    return Tensors{
        random::permutation(x[0], x[1], {.axis = integer(p, "axis", 0), .independent = flag(p, "independent", false)})};
  };
  ops["choice_n"] = [](const Json& p, Xs x) {
    return Tensors{
        random::choice(x[0], p.at("n").get<std::int64_t>(), shape_of(p), {.replace = flag(p, "replace", true)})};
  };
  ops["choice"] = [](const Json& p, Xs x) {
    return Tensors{
        random::choice(x[0], x[1], shape_of(p), {.replace = flag(p, "replace", true), .axis = integer(p, "axis", 0)})};
  };
  ops["choice_p"] = [](const Json& p, Xs x) {
    return Tensors{random::choice(x[0], x[1], shape_of(p), {.replace = flag(p, "replace", true), .p = x[2]})};
  };
  ops["categorical"] = [](const Json& p, Xs x) {
    const random::DrawShape shape = p.contains("shape") ? random::DrawShape(shape_of(p)) : random::DrawShape();
    return Tensors{random::categorical(x[0], x[1], {.axis = integer(p, "axis", -1), .shape = shape})};
  };
}

Tensors dropout_case(const Json& p, Xs x) { return {dropout(x[0], x[1], {.rate = p.at("rate").get<double>()})}; }

/// vmap of another op over the leading axis of the keys, and of the arguments that in_axes names.
Tensors vmap_random(const Json& p, Xs x) {
  const Function f = all_ops().at(p.at("op").get<std::string>());
  const auto level = VmapLevel::make(x[0].shape()[0]);
  const LevelScope scope(level->level());
  Tensors in{level->wrap({x[0], 0})};
  for (std::size_t i = 1; i < x.size(); ++i) {
    const Json& axis = p.at("in_axes").at(i - 1);
    in.push_back(axis.is_null() ? x[i] : level->wrap({x[i], axis.get<int>()}));
  }
  Tensors y = f(p.at("params"), in);
  for (Tensor& t : y) t = lanes_first(level->unwrap(t), x[0].shape()[0]);
  return y;
}

}  // namespace

void add_random(Ops& ops) {
  add_draws(ops);
  add_samplers(ops);
  add_distributions(ops);
  add_choosing(ops);
  ops["dropout"] = &dropout_case;
  ops["vmap_random"] = &vmap_random;
}

}  // namespace strata::oracle
