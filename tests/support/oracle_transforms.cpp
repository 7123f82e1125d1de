// Transforms of the oracle: vmap, grad, Jacobians and their nestings. Definitions: tests/oracle/ops.py.
// Control flow, collectives and optimisers are in oracle_control.cpp, oracle_collectives.cpp and oracle_optim.cpp.
#include "strata/strata.hpp"
#include "strata/tests/support/oracle.hpp"
#include "strata/tests/support/oracle_functions.hpp"

namespace strata::oracle {
namespace {

Tensors list(Xs x) { return Tensors(x.begin(), x.end()); }
Inner fn(const Json& p) { return inner_function(p.at("fn").get<std::string>()); }
/// The one result of the case's function at one argument.
auto fn_of_one(const Json& p) {
  return [f = fn(p)](const Tensor& x) { return f({x})[0]; };
}

void append(Tensors& to, const Tensors& more) { to.insert(to.end(), more.begin(), more.end()); }

void add_vmap(Ops& ops) {
  ops["vmap"] = [](const Json& p, Xs x) {
    Inner f = fn(p);
    const Json& nest = p.at("nest");
    for (auto level = nest.rbegin(); level != nest.rend(); ++level)
      f = mapped(f, level->at("in_axes"), level->value("out_axes", Json(0)));
    return f(list(x));
  };
  ops["vmap_grad"] = [](const Json& p, Xs x) {
    const auto numbers = argnums(p);
    const Inner f = fn(p), g = [f, numbers](const Tensors&a) {
      return grad([&](const Tensors& d) { return hold_others(f, a, numbers)(d)[0]; })(pick(a, numbers));
    };
    return mapped(g, p.at("in_axes"))(list(x));
  };
  ops["grad_of_vmap"] = [](const Json& p, Xs x) {
    const auto numbers = argnums(p);
    const Inner f = mapped(fn(p), p.at("in_axes"));
    return grad([&](const Tensors& d) {
      const Tensor y = hold_others(f, list(x), numbers)(d)[0];
      const Tensor weights = arange(1.0, static_cast<double>(y.size()) + 1) / static_cast<double>(y.size());
      return sum(y * reshape(weights, y.shape()));
    })(pick(list(x), numbers));
  };
  ops["vmap_jvp"] = [](const Json& p, Xs x) {
    return Tensors{vmap([&](const Tensor& t) { return jvp(fn_of_one(p), x[0], t).second; })(x[1])};
  };
  ops["vmap_vjp"] = [](const Json& p, Xs x) {
    const auto pullback = vjp(fn_of_one(p), x[0]).second;
    return Tensors{vmap([&](const Tensor& g) { return pullback(g); })(x[1])};
  };
}

struct TreeParams {
  Tensor w;
  std::pair<Tensor, Tensor> s;
};
struct TreeResult {
  Tensor h;
  std::pair<Tensor, Tensor> n;
};

/// An entry of a case's axes: a number, null, a list, or a dictionary in the order of TreeParams' or TreeResult's
/// fields.
Axes tree_entry(const Json& v, const std::vector<std::string>& fields) {
  if (v.is_null()) return none;
  if (v.is_number()) return v.get<int>();
  std::vector<Axes> entries;
  if (v.is_object()) {
    for (const std::string& field : fields) entries.push_back(tree_entry(v.at(field), fields));
  } else {
    for (const Json& e : v) entries.push_back(tree_entry(e, fields));
  }
  return Axes::list(entries);
}

void add_vmap_tree(Ops& ops) {
  ops["vmap_tree"] = [](const Json& p, Xs x) {
    const auto f = [](const TreeParams& q, const Tensor& x) {
      const Tensor h = matmul(x, q.w) * q.s.first + q.s.second;
      return TreeResult{h, {sum(square(h)), stack({h, -h})}};
    };
    const Json& in = p.at("in_axes");
    const TreeResult y =
        vmap(f, {.in_axes = {tree_entry(in[0], {"w", "s"}), tree_entry(in[1], {})},
                 .out_axes = tree_entry(p.at("out_axes"), {"h", "n"})})(TreeParams{x[0], {x[1], x[2]}}, x[3]);
    return Tensors{y.h, y.n.first, y.n.second};
  };
}

void add_grad(Ops& ops) {
  ops["grad"] = [](const Json& p, Xs x) {
    const auto numbers = argnums(p);
    const Inner f = hold_others(fn(p), list(x), numbers);
    return grad([&](const Tensors& d) { return f(d)[0]; })(pick(list(x), numbers));
  };
  ops["value_and_grad"] = [](const Json& p, Xs x) {
    const auto numbers = argnums(p);
    const Inner f = hold_others(fn(p), list(x), numbers);
    const auto [y, g] = value_and_grad([&](const Tensors& d) { return f(d)[0]; })(pick(list(x), numbers));
    Tensors all{y};
    append(all, g);
    return all;
  };
  ops["jvp_op"] = [](const Json& p, Xs x) {
    const auto [y, dy] = jvp(fn_of_one(p), x[0], x[1]);
    return Tensors{y, dy};
  };
  ops["vjp_op"] = [](const Json& p, Xs x) { return Tensors{vjp(fn_of_one(p), x[0]).second(x[1])}; };
  ops["hvp"] = [](const Json& p, Xs x) {
    const auto f = fn_of_one(p);
    const Tensor over_reverse = hvp(f, x[0], x[1]);
    const Tensor reverse_reverse = grad([&](const Tensor& t) { return vdot(grad(f)(t), x[1]); })(x[0]);
    const Tensor over_forward = grad([&](const Tensor& t) { return jvp(f, t, x[1]).second; })(x[0]);
    return Tensors{over_reverse, reverse_reverse, over_forward};
  };
  ops["linearize_transpose"] = [](const Json& p, Xs x) {
    const auto f = fn_of_one(p);
    const auto [y, push] = linearize(f, x[0]);
    return Tensors{y, push(x[1]), vjp(f, x[0]).second(x[2])};
  };
  ops["nth_derivative"] = [](const Json& p, Xs x) {
    std::function<Tensor(const Tensor&)> f = fn_of_one(p);
    Tensors all;
    for (int k = 0; k < p.at("n").get<int>(); ++k) {
      f = grad(f);
      all.push_back(vmap(f)(x[0]));
    }
    return all;
  };
}

using OneToOne = std::function<Tensor(const Tensor&)>;

OneToOne one_jacobian(const std::string& mode, const OneToOne& f) {
  if (mode == "jacfwd") return jacfwd(f);
  if (mode == "jacrev") return jacrev(f);
  if (mode == "hessian") return hessian(f);
  return grad(f);
}

/// All modes, outermost first, with respect to one argument; only the first result of the function.
Tensor jacobian_of_one(const Json& p, const Tensors& x, std::size_t number) {
  const Inner held = hold_others(fn(p), x, {number});
  OneToOne f = [held](const Tensor& t) { return held({t})[0]; };
  const Json& modes = p.at("mode");
  for (auto mode = modes.rbegin(); mode != modes.rend(); ++mode) f = one_jacobian(mode->get<std::string>(), f);
  return f(x[number]);
}

/// Several arguments (a list of them is one tree), or several results.
Tensors jacobian_of_trees(const Json& p, const Tensors& x, const std::vector<std::size_t>& numbers) {
  const Inner f = hold_others(fn(p), x, numbers);
  const auto first = [&](const Tensors& d) { return f(d)[0]; };
  if (p.at("mode")[0] == "hessian") return tree_leaves(hessian(first)(pick(x, numbers)));
  if (numbers.size() > 1) return jacrev(first)(pick(x, numbers));
  return jacfwd([&](const Tensor& d) { return f({d}); })(x[numbers[0]]);
}

void add_jacobians(Ops& ops) {
  ops["jacobian"] = [](const Json& p, Xs x) {
    const auto numbers = argnums(p);
    const Inner f = [p, numbers](const Tensors& x) {
      if (numbers.size() > 1 || p.at("fn") == "dict_out") return jacobian_of_trees(p, x, numbers);
      return Tensors{jacobian_of_one(p, x, numbers[0])};
    };
    return p.contains("in_axes") ? mapped(f, p.at("in_axes"), p.value("out_axes", Json(0)))(list(x)) : f(list(x));
  };
}

}  // namespace

void add_transforms(Ops& ops) {
  add_vmap(ops);
  add_vmap_tree(ops);
  add_grad(ops);
  add_jacobians(ops);
  add_control(ops);
  add_collectives(ops);
  add_custom(ops);
  add_models(ops);
  add_optim(ops);
}

}  // namespace strata::oracle
