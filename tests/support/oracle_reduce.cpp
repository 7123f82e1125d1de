// Reductions, cumulative ops, sorting and selection of the oracle. Definitions: tests/oracle/ops.py.
#include "strata/ops/ops.hpp"
#include "strata/tests/support/oracle.hpp"

namespace strata::oracle {
namespace {

Reduce reduction(const Json& p) {
  const auto a = optional_axes(p);
  return {.axes = a ? AxesOrAll(*a) : every_axis, .keepdims = flag(p, "keepdims", false)};
}

template <Tensor (*F)(Tensor, ReduceFrom)>
Tensors extremum(const Json& p, Xs x) {
  const Reduce r = reduction(p);
  return {F(x[0], {.axes = r.axes, .keepdims = r.keepdims})};
}

template <Tensor (*F)(Tensor, Reduce)>
Tensors reduced(const Json& p, Xs x) {
  return {F(x[0], reduction(p))};
}

template <Tensor (*F)(Tensor, Cumulative)>
Tensors cumulated(const Json& p, Xs x) {
  const auto a = optional_axes(p);
  const auto axis = a ? std::optional<int>((*a)[0]) : std::nullopt;
  return {F(x[0], {.axis = axis, .reverse = flag(p, "reverse", false)})};
}

template <Tensor (*F)(Tensor, Deviation)>
Tensors deviation(const Json& p, Xs x) {
  const Reduce r = reduction(p);
  return {F(x[0], {.axes = r.axes, .keepdims = r.keepdims, .ddof = number(p.value("ddof", Json(0)))})};
}

template <Tensor (*F)(Tensor, ReduceOne)>
Tensors position(const Json& p, Xs x) {
  const auto a = optional_axes(p);
  const auto axis = a ? std::optional<int>((*a)[0]) : std::nullopt;
  return {F(x[0], {.axis = axis, .keepdims = flag(p, "keepdims", false)})};
}

Tensors norm_of(const Json& p, Xs x) {
  const Reduce r = reduction(p);
  Norm n{.axes = r.axes, .keepdims = r.keepdims};
  const Json ord = p.value("ord", Json());
  if (ord.is_string() && (ord == "fro" || ord == "nuc"))
    n.ord = ord.get<std::string>().c_str();
  else if (!ord.is_null())
    n.ord = number(ord);
  return {norm(x[0], n)};
}

Softmax softmax_options(const Json& p) { return {.axis = axes(p.value("axis", Json(-1)))}; }

void add_normalize(Ops& ops) {
  ops["softmax"] = [](const Json& p, Xs x) { return Tensors{softmax(x[0], softmax_options(p))}; };
  ops["log_softmax"] = [](const Json& p, Xs x) { return Tensors{log_softmax(x[0], softmax_options(p))}; };
  ops["softmax_where"] = [](const Json& p, Xs x) {
    Softmax s = softmax_options(p);
    s.where = x[1];
    return Tensors{softmax(x[0], s)};
  };
  ops["logsumexp"] = [](const Json& p, Xs x) {
    const Reduce r = reduction(p);
    return Tensors{logsumexp(x[0], {.axes = r.axes, .keepdims = r.keepdims})};
  };
  ops["logsumexp_b"] = [](const Json& p, Xs x) {
    const Reduce r = reduction(p);
    return Tensors{logsumexp(x[0], {.axes = r.axes, .keepdims = r.keepdims, .b = x[1]})};
  };
  ops["layer_norm"] = [](const Json& p, Xs x) {
    return Tensors{layer_norm(x[0], x[1], x[2], {.eps = number(p["eps"])})};
  };
  ops["rms_norm"] = [](const Json& p, Xs x) { return Tensors{rms_norm(x[0], x[1], {.eps = number(p["eps"])})}; };
  ops["batch_norm"] = [](const Json& p, Xs x) {
    const auto [y, m, v] = batch_norm(x[0], x[1], x[2], {.axes = axes(p["axes"]), .eps = number(p["eps"])});
    return Tensors{y, m, v};
  };
}

Between method(const Json& p) {
  static const std::map<std::string, Between> names = {{"linear", Between::linear},
                                                       {"lower", Between::lower},
                                                       {"higher", Between::higher},
                                                       {"midpoint", Between::midpoint},
                                                       {"nearest", Between::nearest}};
  return names.at(p.value("method", "linear"));
}

void add_statistics(Ops& ops) {
  ops["median"] = &reduced<&median>;
  ops["reduce_nansum"] = &reduced<&nansum>;
  ops["quantile"] = [](const Json& p, Xs x) {
    const Reduce r = reduction(p);
    const auto q = p["q"].get<std::vector<float>>();
    return Tensors{quantile(x[0], array(std::span<const float>(q), {q.size()}),
                            {.axes = r.axes, .keepdims = r.keepdims, .method = method(p)})};
  };
  ops["average"] = [](const Json& p, Xs x) { return Tensors{average(x[0], x[1], reduction(p))}; };
  ops["diff"] = [](const Json& p, Xs x) {
    return Tensors{diff(x[0], {.n = integer(p, "n", 1), .axis = integer(p, "axis", -1)})};
  };
}

Sorting sorting(const Json& p) { return {.axis = integer(p, "axis", -1), .descending = flag(p, "descending", false)}; }

void add_sort(Ops& ops) {
  ops["sort"] = [](const Json& p, Xs x) { return Tensors{sort(x[0], sorting(p))}; };
  ops["argsort"] = [](const Json& p, Xs x) { return Tensors{argsort(x[0], sorting(p))}; };
  ops["lax_sort_kv"] = [](const Json& p, Xs x) {
    const auto [k, v] = sort_pairs(x[0], x[1], sorting(p));
    return Tensors{k, v};
  };
  ops["top_k"] = [](const Json& p, Xs x) {
    const auto [values, index] = top_k(x[0], integer(p, "k", 1));
    return Tensors{values, index};
  };
  ops["searchsorted"] = [](const Json& p, Xs x) {
    return Tensors{searchsorted(x[0], x[1], {.right = p.value("side", "left") == "right"})};
  };
}

}  // namespace

void add_reduce(Ops& ops) {
  ops["reduce_sum"] = &reduced<&sum>;
  ops["reduce_mean"] = &reduced<&mean>;
  ops["reduce_any"] = &reduced<&any>;
  ops["reduce_all"] = [](const Json& p, Xs x) { return Tensors{all(x[0], reduction(p))}; };
  ops["reduce_count_nonzero"] = &reduced<&count_nonzero>;
  ops["reduce_prod"] = &reduced<&prod>;
  ops["reduce_max"] = &extremum<&max>;
  ops["reduce_min"] = &extremum<&min>;
  ops["reduce_ptp"] = &extremum<&ptp>;
  ops["argmax"] = &position<&argmax>;
  ops["argmin"] = &position<&argmin>;
  ops["max_initial"] = [](const Json& p, Xs x) {
    const Reduce r = reduction(p);
    return Tensors{max(x[0], {.axes = r.axes, .keepdims = r.keepdims, .initial = number(p["initial"])})};
  };
  ops["sum_where"] = [](const Json& p, Xs x) {
    Reduce r = reduction(p);
    r.where = x[1];
    return Tensors{sum(x[0], r)};
  };
  ops["mean_where"] = [](const Json& p, Xs x) {
    Reduce r = reduction(p);
    r.where = x[1];
    return Tensors{mean(x[0], r)};
  };
  ops["std"] = &deviation<&strata::std>;
  ops["norm"] = &norm_of;
  ops["var"] = &deviation<&var>;
  ops["cumsum"] = ops["lax_cumsum"] = &cumulated<&cumsum>;
  ops["cumprod"] = ops["lax_cumprod"] = &cumulated<&cumprod>;
  ops["cummax"] = &cumulated<&cummax>;
  ops["cummin"] = &cumulated<&cummin>;
  ops["cumlogsumexp"] = &cumulated<&cumlogsumexp>;
  add_sort(ops);
  add_statistics(ops);
  add_normalize(ops);
}

}  // namespace strata::oracle
