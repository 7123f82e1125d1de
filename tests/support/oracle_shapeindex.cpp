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

IndexMode mode_of(const Json& p, IndexMode fallback) {
  if (!p.contains("mode") || p["mode"].is_null()) return fallback;
  return p["mode"] == "clip" ? IndexMode::clip : p["mode"] == "wrap" ? IndexMode::wrap : IndexMode::fill;
}

PadMode pad_mode(const std::string& name) {
  const std::map<std::string, PadMode> modes = {{"constant", PadMode::constant},
                                                {"edge", PadMode::edge},
                                                {"reflect", PadMode::reflect},
                                                {"symmetric", PadMode::symmetric},
                                                {"wrap", PadMode::wrap}};
  return modes.at(name);
}

PadWidths widths(const Json& v) {
  std::vector<AxisPad> pads;
  for (const Json& e : v) {
    pads.push_back({e[0].get<int>(), e[1].get<int>(), e.size() > 2 ? e[2].get<int>() : 0});
  }
  return PadWidths(pads);
}

OnDiagonal on_diagonal(const Json& p) {
  return {.offset = integer(p, "offset", 0), .axis1 = integer(p, "axis1", 0), .axis2 = integer(p, "axis2", 1)};
}

void add_repetition(Ops& ops) {
  ops["tile"] = [](const Json& p, Xs x) { return Tensors{tile(x[0], shape(p["reps"]))}; };
  ops["repeat"] = [](const Json& p, Xs x) {
    const Json& r = p["repeats"];
    const IntOrList n = r.is_array() ? IntOrList(integers(r)) : IntOrList(r.get<int>());
    Repeat options;
    if (p.contains("axis") && !p["axis"].is_null()) options.axis = p["axis"].get<int>();
    return Tensors{repeat(x[0], n, options)};
  };
  ops["pad"] = [](const Json& p, Xs x) {
    Pad options{.mode = pad_mode(p["mode"])};
    if (p.contains("constant_values")) options.constant_values = number(p["constant_values"]);
    return Tensors{pad(x[0], widths(p["pad_width"]), options)};
  };
  ops["lax_pad"] = [](const Json& p, Xs x) {
    return Tensors{pad(x[0], widths(p["config"]), {.constant_values = x[1]})};
  };
  ops["tril"] = [](const Json& p, Xs x) { return Tensors{tril(x[0], integer(p, "k", 0))}; };
  ops["triu"] = [](const Json& p, Xs x) { return Tensors{triu(x[0], integer(p, "k", 0))}; };
  ops["diag"] = [](const Json& p, Xs x) { return Tensors{diag(x[0], integer(p, "k", 0))}; };
  ops["diagonal"] = [](const Json& p, Xs x) { return Tensors{diagonal(x[0], on_diagonal(p))}; };
  ops["trace"] = [](const Json& p, Xs x) { return Tensors{trace(x[0], on_diagonal(p))}; };
  ops["kron"] = [](const Json&, Xs x) { return Tensors{kron(x[0], x[1])}; };
}

Bound bound(const Json& v) { return v.is_null() ? Bound() : Bound(v.get<std::int64_t>()); }

Range range_of(const Json& v) { return range(bound(v[0]), bound(v[1]), v[2].is_null() ? 1 : v[2].get<std::int64_t>()); }

std::vector<Index> index_of(const Json& items, Xs arrays) {
  std::vector<Index> index;
  for (const Json& e : items) {
    if (e == "newaxis")
      index.push_back(newaxis);
    else if (e == "ellipsis")
      index.push_back(ellipsis);
    else if (e.contains("int"))
      index.push_back(e["int"].get<std::int64_t>());
    else if (e.contains("slice"))
      index.push_back(range_of(e["slice"]));
    else
      index.push_back(arrays[e["arr"].get<std::size_t>()]);
  }
  return index;
}

Tensor combined(const AtIndex& at, const Json& p, const Tensor& v) {
  const std::string kind = p["kind"];
  const At options{.mode = mode_of(p, IndexMode::fill)};
  if (kind == "add") return at.add(v, options);
  if (kind == "multiply") return at.mul(v, options);
  if (kind == "max") return at.max(v, options);
  if (kind == "min") return at.min(v, options);
  return at.set(v, options);
}

std::vector<Tensor> scalars(const Tensor& starts) { return unstack(starts); }

void add_index(Ops& ops) {
  ops["getitem"] = [](const Json& p, Xs x) { return Tensors{AtIndex(x[0], index_of(p["idx"], x.subspan(1))).get()}; };
  ops["slice_update"] = [](const Json& p, Xs x) {
    std::vector<Index> index;
    for (const Json& s : p["slices"]) index.push_back(range_of(s));
    return Tensors{combined(AtIndex(x[0], index), p, x[1])};
  };
  ops["scatter"] = [](const Json& p, Xs x) { return Tensors{combined(x[0].at({x[1]}), p, x[2])}; };
  ops["scatter2"] = [](const Json& p, Xs x) { return Tensors{combined(x[0].at({x[1], x[2]}), p, x[3])}; };
  ops["scatter_axis1"] = [](const Json& p, Xs x) { return Tensors{combined(x[0].at({all, x[1]}), p, x[2])}; };
  ops["take"] = [](const Json& p, Xs x) {
    Take options{.mode = mode_of(p, IndexMode::fill)};
    if (p.contains("axis") && !p["axis"].is_null()) options.axis = p["axis"].get<int>();
    return Tensors{take(x[0], x[1], options)};
  };
  ops["take_along_axis"] = [](const Json& p, Xs x) {
    return Tensors{take_along_axis(x[0], x[1], {.axis = integer(p, "axis", -1)})};
  };
  ops["dynamic_slice"] = [](const Json& p, Xs x) {
    return Tensors{dynamic_slice(x[0], scalars(x[1]), shape(p["sizes"]))};
  };
  ops["dynamic_update_slice"] = [](const Json&, Xs x) {
    return Tensors{dynamic_update_slice(x[0], x[1], scalars(x[2]))};
  };
  ops["dynamic_index_in_dim"] = [](const Json& p, Xs x) {
    return Tensors{
        dynamic_index_in_dim(x[0], x[1], {.axis = integer(p, "axis", 0), .keepdims = flag(p, "keepdims", true)})};
  };
}

Sized sized(const Json& p) {
  Sized s;
  if (p.contains("size") && !p["size"].is_null()) s.size = p["size"].get<std::int64_t>();
  if (p.contains("fill_value") && !p["fill_value"].is_null()) s.fill_value = number(p["fill_value"]);
  return s;
}

void add_sets(Ops& ops) {
  ops["segment_sum"] = [](const Json& p, Xs x) {
    return Tensors{segment_sum(x[0], x[1], {.num_segments = p["num_segments"].get<std::int64_t>()})};
  };
  ops["bincount"] = [](const Json& p, Xs x) {
    return Tensors{bincount(x[0], {.length = p["length"].get<std::int64_t>()})};
  };
  ops["digitize"] = [](const Json& p, Xs x) {
    return Tensors{digitize(x[0], x[1], {.right = flag(p, "right", false)})};
  };
  ops["nonzero"] = [](const Json& p, Xs x) { return nonzero(x[0], sized(p)); };
  ops["unique"] = [](const Json& p, Xs x) {
    const Unique u = unique_all(x[0], sized(p));
    return Tensors{u.values, u.index, u.inverse, u.counts};
  };
}

}  // namespace

void add_shapeindex(Ops& ops) {
  add_creation(ops);
  add_shape(ops);
  add_join(ops);
  add_repetition(ops);
  add_index(ops);
  add_sets(ops);
}

}  // namespace strata::oracle
