// Control flow, custom rules and checkpoint of the oracle. Definitions: tests/oracle/ops.py.
#include "strata/strata.hpp"
#include "strata/tests/support/oracle_functions.hpp"

namespace strata::oracle {
namespace {

Tensors list(Xs x) { return Tensors(x.begin(), x.end()); }

// ---- scan
// --------------------------------------------------------------------------------------------------------------
struct TreeCarry {
  Tensor s, v;
};
struct TreeOut {
  Tensor y, z;
};

Tensors scan_tree(const Json& p, const Tensors& x) {
  const auto step = [](const TreeCarry& c, const std::pair<Tensor, Tensor>& in) {
    const auto& [a, b] = in;
    const Tensor v = tanh(c.v * a + b), s = 0.9 * c.s + sum(v);
    return std::pair{TreeCarry{s, v}, TreeOut{v * s, s - a}};
  };
  const auto [carry, ys] =
      scan(step, TreeCarry{x[0], x[1]}, std::pair{x[2], x[3]}, {.reverse = flag(p, "reverse", false)});
  return {carry.s, carry.v, ys.y, ys.z};
}

void add_scans(Ops& ops) {
  ops["scan_tree"] = [](const Json& p, Xs x) { return scan_tree(p, list(x)); };
  ops["scan_vmap"] = [](const Json& p, Xs x) {
    return mapped([p](const Tensors& a) { return scan_tree(p, a); }, p.at("in_axes"))(list(x));
  };
  ops["scan_length"] = [](const Json& p, Xs x) {
    const double r = p.at("r");
    const auto step = [r](const Tensor& c, None) { return std::pair{r * c * (1 - c), c}; };
    const auto [carry, ys] = scan(step, x[0], none, {.length = p.at("length").get<std::int64_t>()});
    return Tensors{carry, ys};
  };
  ops["scan_nested"] = [](const Json&, Xs x) {
    const auto inside = [](const Tensor& c, const Tensor& t) {
      const Tensor next = sin(c + t);
      return std::pair{next, next * t};
    };
    const auto outside = [&](const Tensor& c, const Tensor& row) {
      const auto [last, ys] = scan(inside, c, row);
      return std::pair{last * 0.5, sum(ys, {.axes = {0}})};
    };
    const auto [carry, ys] = scan(outside, x[0], x[1]);
    return Tensors{carry, ys};
  };
  ops["scan_lstm"] = [](const Json&, Xs x) {
    const Tensor wi = x[1], wh = x[2], b = x[3];
    const auto step = [&](const std::pair<Tensor, Tensor>& state, const Tensor& in) {
      const std::vector<Tensor> gates = split(matmul(in, wi) + matmul(state.second, wh) + b, 4);
      const Tensor c = sigmoid(gates[1]) * state.first + sigmoid(gates[0]) * tanh(gates[2]);
      const Tensor h = sigmoid(gates[3]) * tanh(c);
      return std::pair{std::pair{c, h}, h};
    };
    const Tensor zero = zeros({wh.size(0)});
    const auto [carry, ys] = scan(step, std::pair{zero, zero}, x[0]);
    return Tensors{carry.first, carry.second, ys};
  };
  ops["scan_int_carry"] = [](const Json&, Xs x) {
    const auto step = [](const std::pair<Tensor, Tensor>& c, const Tensor& t) {
      const Tensor n = c.first + astype(t > 0, int32), m = maximum(c.second, t);
      return std::pair{std::pair{n, m}, std::pair{where(t > 0, n, -1), m}};
    };
    const Tensor low = full({}, -std::numeric_limits<double>::infinity(), {.dtype = x[0].dtype()});
    const auto [carry, ys] = scan(step, std::pair{zeros({}, {.dtype = int32}), low}, x[0]);
    return Tensors{carry.first, carry.second, ys.first, ys.second};
  };
  ops["checkpoint_scan"] = [](const Json&, Xs x) {
    const auto body = checkpoint(
        [](const Tensor& c, const Tensor& t) { return std::pair{sin(c * t) + c, sum(c)}; });
    const auto [carry, ys] = scan(body, x[0], x[1]);
    return Tensors{carry, ys};
  };
  ops["map_op"] = [](const Json&, Xs x) {
    return Tensors{map([](const Tensor& r) { return dot(r, r) * r; }, x[0])};
  };
}

// ---- branches
// ----------------------------------------------------------------------------------------------------------
Tensors cond_op(const Tensors& x) {
  const auto [first, second] =
      cond(x[0], [](const Tensor& x, const Tensor& y) { return std::pair{x * y, sum(x)}; },
           [](const Tensor& x, const Tensor& y) { return std::pair{x - y, prod(y)}; }, x[1], x[2]);
  return {first, second};
}

Tensors switch_op(const Tensors& x) {
  return {switch_case(x[0],
                      std::tuple{[](const Tensor& t) { return sin(t); }, [](const Tensor& t) { return t * t; },
                                 [](const Tensor& t) { return exp(-t); },
                                 [](const Tensor& t) { return 1.0 / (1.0 + t * t); }},
                      x[1])};
}

void add_branches(Ops& ops) {
  ops["cond_op"] = [](const Json&, Xs x) { return cond_op(list(x)); };
  ops["cond_vmap"] = [](const Json& p, Xs x) {
    return mapped(&cond_op, p.value("in_axes", Json({0, 0, 0})))(list(x));
  };
  ops["switch_op"] = [](const Json&, Xs x) { return switch_op(list(x)); };
  ops["switch_vmap"] = [](const Json& p, Xs x) {
    return mapped(&switch_op, p.value("in_axes", Json({0, 0})))(list(x));
  };
}

// ---- loops
// -------------------------------------------------------------------------------------------------------------
std::pair<Tensor, Tensor> newton(const Tensor& x) {
  using State = std::pair<Tensor, Tensor>;
  return while_loop([&](const State& s) { return (abs(s.first * s.first - x) > 1e-3 * x) & (s.second < 50); },
                    [&](const State& s) { return State{0.5 * (s.first + x / s.first), s.second + 1}; },
                    State{x, zeros({}, {.dtype = int32})});
}

Tensor collatz(const Tensor& n) {
  using State = std::pair<Tensor, Tensor>;
  return while_loop([](const State& s) { return s.first != 1; },
                    [](const State& s) {
                      return State{where(s.first % 2 == 0, floor_divide(s.first, 2), 3 * s.first + 1), s.second + 1};
                    },
                    State{n, zeros({}, {.dtype = int32})})
      .second;
}

void add_loops(Ops& ops) {
  ops["while_sqrt"] = [](const Json&, Xs x) {
    const auto [root, steps] = newton(x[0]);
    return Tensors{root, steps};
  };
  ops["while_sqrt_vmap"] = [](const Json&, Xs x) {
    const auto [root, steps] = vmap(&newton)(x[0]);
    return Tensors{root, steps};
  };
  ops["while_collatz"] = [](const Json&, Xs x) { return Tensors{vmap(&collatz)(x[0])}; };
  ops["fori_op"] = [](const Json& p, Xs x) {
    const Tensor a = x[1];
    const auto body = [&](const Tensor& i, const Tensor& v) { return tanh(matmul(a, v)) + astype(i, v.dtype()) / 10; };
    return Tensors{fori_loop(0, p.at("n").get<std::int64_t>(), body, x[0])};
  };
  ops["fori_vmap"] = [](const Json&, Xs x) {
    return Tensors{vmap([](const Tensor& n, const Tensor& v) {
      return fori_loop(0, n, [](const Tensor&, const Tensor& v) { return v + sin(v); }, v);
    })(x[0], x[1])};
  };
  ops["associative_scan"] = [](const Json& p, Xs x) {
    const std::string fn = p.at("fn");
    const AssociativeScanOptions options{.reverse = flag(p, "reverse", false), .axis = integer(p, "axis", 0)};
    if (fn == "affine") {
      using Map = std::pair<Tensor, Tensor>;
      const Map y = associative_scan(
          [](const Map& l, const Map& r) { return Map{l.first * r.first, r.first * l.second + r.second}; },
          Map{x[0], x[1]}, options);
      return Tensors{y.first, y.second};
    }
    const auto f = [&](const Tensor& a, const Tensor& b) {
      return fn == "add" ? a + b : fn == "mul" ? a * b : fn == "max" ? maximum(a, b) : matmul(a, b);
    };
    return Tensors{associative_scan(f, x[0], options)};
  };
}

}  // namespace

void add_control(Ops& ops) {
  add_scans(ops);
  add_branches(ops);
  add_loops(ops);
}

}  // namespace strata::oracle
