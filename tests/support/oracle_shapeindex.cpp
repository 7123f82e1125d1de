// Shape, index and creation ops of the oracle. Definitions: tests/oracle/ops.py.
#include "strata/ops/ops.hpp"
#include "strata/tests/support/oracle.hpp"

namespace strata::oracle {
namespace {

Creation creation(const Json& p) {
  if (!p.contains("dtype") || p["dtype"].is_null()) return {};
  return {dtype_named(p["dtype"].get<std::string>()), {}};
}

std::vector<std::int64_t> integers(const Json& v) {
  if (v.is_number()) return {v.get<std::int64_t>()};
  return v.get<std::vector<std::int64_t>>();
}

OnAxes on_axes(const Json& p) {
  const auto a = optional_axes(p);
  return {.axes = a ? AxesOrAll(*a) : every_axis};
}

Tensors list(Xs x) { return {x.begin(), x.end()}; }

Tensor arange_of(const Json& p) {
  const Json& a = p["args"];
  const bool real = std::any_of(a.begin(), a.end(), [](const Json& v) { return v.is_number_float(); });
  const auto arg = [&]<class T>(std::size_t i, T) { return a[i].get<T>(); };
  const auto call = [&]<class T>(T t) {
    if (a.size() == 1) return arange(arg(0, t), creation(p));
    if (a.size() == 2) return arange(arg(0, t), arg(1, t), creation(p));
    return arange(arg(0, t), arg(1, t), arg(2, t), creation(p));
  };
  return real ? call(double{}) : call(std::int64_t{});
}

void add_creation(Ops& ops) {
  ops["arange"] = [](const Json& p, Xs) { return Tensors{arange_of(p)}; };
  ops["linspace"] = [](const Json& p, Xs) {
    return Tensors{
        linspace(number(p["start"]), number(p["stop"]), p["num"].get<int>(), {.endpoint = flag(p, "endpoint", true)})};
  };
  ops["eye"] = [](const Json& p, Xs) {
    Diagonals d{.k = integer(p, "k", 0), .dtype = creation(p).dtype};
    if (p.contains("m") && !p["m"].is_null()) d.columns = p["m"].get<std::int64_t>();
    return Tensors{eye(p["n"].get<std::int64_t>(), d)};
  };
  ops["full"] = [](const Json& p, Xs) { return Tensors{full(shape(p["shape"]), number(p["value"]), creation(p))}; };
  ops["iota"] = [](const Json& p, Xs) {
    return Tensors{broadcasted_iota(shape(p["shape"]), p["dimension"].get<int>(), creation(p))};
  };
  ops["one_hot"] = [](const Json& p, Xs x) {
    return Tensors{one_hot(x[0], p["num_classes"].get<std::int64_t>(), {.axis = integer(p, "axis", -1)})};
  };
  ops["meshgrid"] = [](const Json& p, Xs x) {
    const bool ij = p.contains("indexing") && p["indexing"] == "ij";
    return meshgrid(list(x), {.indexing = ij ? Indexing::ij : Indexing::xy});
  };
  ops["convert"] = [](const Json& p, Xs x) { return Tensors{astype(x[0], *creation(p).dtype)}; };
  ops["bitcast"] = [](const Json& p, Xs x) { return Tensors{bitcast(x[0], *creation(p).dtype)}; };
  ops["stop_gradient_sq"] = [](const Json&, Xs x) { return Tensors{x[0] * stop_gradient(x[0])}; };
}

void add_shape(Ops& ops) {
  ops["reshape"] = [](const Json& p, Xs x) { return Tensors{reshape(x[0], shape(p["shape"]))}; };
  ops["ravel"] = [](const Json&, Xs x) { return Tensors{ravel(x[0])}; };
  ops["broadcast_to"] = [](const Json& p, Xs x) { return Tensors{broadcast_to(x[0], shape(p["shape"]))}; };
  ops["broadcast_in_dim"] = [](const Json& p, Xs x) {
    return Tensors{broadcast_in_dim(x[0], shape(p["shape"]), axes(p["dims"]))};
  };
  ops["transpose"] = [](const Json& p, Xs x) {
    const auto perm = optional_axes(p, "perm");
    return Tensors{perm ? transpose(x[0], *perm) : transpose(x[0])};
  };
  ops["swapaxes"] = [](const Json& p, Xs x) {
    return Tensors{swapaxes(x[0], p["axis1"].get<int>(), p["axis2"].get<int>())};
  };
  ops["moveaxis"] = [](const Json& p, Xs x) {
    return Tensors{moveaxis(x[0], axes(p["source"]), axes(p["destination"]))};
  };
  ops["expand_dims"] = [](const Json& p, Xs x) { return Tensors{expand_dims(x[0], axes(p["axis"]))}; };
  ops["squeeze"] = [](const Json& p, Xs x) { return Tensors{squeeze(x[0], on_axes(p))}; };
  ops["flip"] = [](const Json& p, Xs x) { return Tensors{flip(x[0], on_axes(p))}; };
  ops["roll"] = [](const Json& p, Xs x) { return Tensors{roll(x[0], IntOrList(integers(p["shift"])), on_axes(p))}; };
  ops["rot90"] = [](const Json& p, Xs x) { return Tensors{rot90(x[0], {.k = integer(p, "k", 1)})}; };
  ops["slice"] = [](const Json& p, Xs x) {
    const Shape steps = p["strides"].is_null() ? Shape{} : shape(p["strides"]);
    return Tensors{slice(x[0], shape(p["start"]), shape(p["limit"]), steps)};
  };
}

void add_join(Ops& ops) {
  ops["concatenate"] = [](const Json& p, Xs x) {
    Join j;
    if (p.contains("axis")) j.axis = p["axis"].is_null() ? std::nullopt : std::optional(p["axis"].get<int>());
    return Tensors{concatenate(list(x), j)};
  };
  ops["stack"] = [](const Json& p, Xs x) { return Tensors{stack(list(x), {.axis = integer(p, "axis", 0)})}; };
  ops["hstack"] = [](const Json&, Xs x) { return Tensors{hstack(list(x))}; };
  ops["vstack"] = [](const Json&, Xs x) { return Tensors{vstack(list(x))}; };
  ops["split"] = [](const Json& p, Xs x) {
    const IntOrList parts =
        p.contains("indices") ? IntOrList(integers(p["indices"])) : IntOrList(p["sections"].get<int>());
    return split(x[0], parts, {.axis = integer(p, "axis", 0)});
  };
  ops["array_split"] = [](const Json& p, Xs x) {
    return array_split(x[0], p["sections"].get<int>(), {.axis = integer(p, "axis", 0)});
  };
  ops["unstack"] = [](const Json& p, Xs x) { return unstack(x[0], {.axis = integer(p, "axis", 0)}); };
}

Bound bound(const Json& v) { return v.is_null() ? Bound() : Bound(v.get<std::int64_t>()); }

Range range_of(const Json& v) { return range(bound(v[0]), bound(v[1]), v[2].is_null() ? 1 : v[2].get<std::int64_t>()); }

Tensor combined(const AtIndex& at, const std::string& kind, const Tensor& v, At p) {
  if (kind == "add") return at.add(v, p);
  if (kind == "multiply") return at.mul(v, p);
  return at.set(v, p);
}

void add_index(Ops& ops) {
  ops["slice_update"] = [](const Json& p, Xs x) {
    std::vector<Index> index;
    for (const Json& s : p["slices"]) index.push_back(range_of(s));
    return Tensors{combined(AtIndex(x[0], index), p["kind"], x[1], {})};
  };
}

}  // namespace

void add_shapeindex(Ops& ops) {
  add_creation(ops);
  add_shape(ops);
  add_join(ops);
  add_index(ops);
}

}  // namespace strata::oracle
