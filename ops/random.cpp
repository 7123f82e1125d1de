// Keys and the draws that a kernel makes from a key's bits: split, fold_in, bits, uniform, normal, bernoulli.
// What is computed from these draws by ops is in ops/random_*.cpp.
#include "strata/core/error.hpp"
#include "strata/ops/backend.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/random_check.hpp"
#include "strata/ops/registry.hpp"

namespace strata {

namespace {

/// keys [k..., 2] -> k + shape (+ [2] for keys): each key draws for itself. Mapped keys are one more leading axis.
struct DrawBits : NonDifferentiable<DrawBits, 1> {
  struct Params {
    Shape shape;
    Dtype dtype = Dtype::uint32;
    Draw draw{};
  };
  static constexpr std::string_view name = "random_draw";
  static Tensor eval(const Params& p, Out x) {
    const Tensor keys = pack(x[0]);
    const Shape lanes = keys.shape().slice(0, keys.ndim() - 1);
    Shape shape = lanes + p.shape;
    if (p.draw.kind == DrawKind::pairs) shape.push_back(2);
    Tensor y = empty_dense(shape, p.dtype, keys.device());
    if (y.size() > 0) backend(y).random.fill(keys, p.draw, y);
    return y;
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) { return {apply<DrawBits>(p, lanes_first(x[0])), 0}; }
  static Samples samples() {
    const auto call = [](std::span<const Tensor> x) {
      return std::vector<Tensor>{random::bits(x[0], {3, 2}), random::normal(x[0], {2}), random::split(x[0], 3)};
    };
    const auto none = [](std::span<const Tensor> x) { return std::vector<Tensor>{random::uniform(x[0], {0, 2})}; };
    const Argument a_key{{2}, Dtype::uint32, 0, 1e9};
    return {{"bits, normal and keys", {a_key}, call}, {"empty", {a_key}, none}};
  }
};

/// keys [k..., 2] and data [k...] -> keys: the block of the counter (0, data).
struct FoldIn : NonDifferentiable<FoldIn, 2> {
  static constexpr std::string_view name = "fold_in";
  static Tensor eval(const Params&, Out x) {
    const Tensor keys = pack(x[0]), data = pack(x[1]);
    Tensor y = empty_dense(keys.shape(), Dtype::uint32, keys.device());
    backend(y).random.fold_in(keys, data, y);
    return y;
  }
  static Lane batch(const Params&, std::span<Lane> x, Batch& batch) {
    return {apply<FoldIn>({}, lanes_first(x[0], batch.size), lanes_first(x[1], batch.size)), 0};
  }
  static Samples samples() {
    const auto call = [](std::span<const Tensor> x) { return std::vector<Tensor>{random::fold_in(x[0], x[1])}; };
    return {{"[2], []", {{{2}, Dtype::uint32, 0, 1e9}, {{}, Dtype::uint32, 0, 100}}, call}};
  }
};

Tensor draw(Tensor key, const Shape& shape, Dtype dtype, const Draw& d) {
  return apply<DrawBits>({shape, dtype, d}, std::move(key));
}

/// The words 0 and `low`.
Tensor from_word(std::uint32_t low, Device device) {
  Tensor y = zeros({2}, {Dtype::uint32, device});
  backend(y).elements.fill(view_of(y, {}, {}, 1), &low);
  return y;
}

bool is_number(const Tensor& x) { return x.is_dense() && dense(x).number; }

/// A draw of floats: how many bits each takes.
Tensor draw_floats(Tensor key, const Shape& shape, Dtype dtype, DrawKind full, DrawKind half, double low = 0,
                   double high = 1) {
  const int bits = dtype == Dtype::float64 ? 64 : dtype == Dtype::bfloat16 ? 8 : dtype == Dtype::float16 ? 16 : 32;
  return draw(std::move(key), shape, dtype, {bits < 32 ? half : full, bits, low, high});
}

/// Uniform on a range known to the host, or [0, 1).
Tensor uniform_between(Tensor key, const Shape& shape, Dtype dtype, double low, double high) {
  return draw_floats(std::move(key), shape, dtype, DrawKind::uniform, DrawKind::half_uniform, low, high);
}

}  // namespace

namespace random {

void check_key(const char* function, const Tensor& key) {
  const std::string name = std::string("random.") + function;
  const bool words = key.ndim() > 0 && key.shape().back() == 2;
  if (key.dtype() != Dtype::uint32 || !words) {
    const std::string text =
        name + ": the key has dtype " + std::string(strata::name(key.dtype())) + ", shape " + to_string(key.shape()) +
        ": a key is a uint32 tensor whose last axis is 2; make one with st::random::key(seed)" + level_context();
    if (key.dtype() != Dtype::uint32) throw DtypeError(text);
    throw ShapeError(text);
  }
  if (key.ndim() > 1) {
    throw ShapeError(name + ": the key has shape " + to_string(key.shape()) + ", which is " +
                     std::to_string(key.size() / 2) + " keys: take one, or map over them with st::vmap" +
                     level_context());
  }
}

void check_shape(const char* function, const Shape& shape) {
  for (std::int64_t d : shape) {
    if (d < 0) {
      throw ShapeError(std::string("random.") + function + ": the shape " + to_string(shape) + " has a negative size" +
                       level_context());
    }
  }
}

void check_float(const char* function, Dtype dtype) {
  if (is_float(dtype)) return;
  throw DtypeError(std::string("random.") + function + ": draws are of a float dtype, " +
                   std::string(strata::name(dtype)) + " was asked for" + level_context());
}

Tensor key(Tensor seed) {
  if (is_float(seed.dtype()) || seed.ndim() != 0) {
    const std::string text = "random.key: the seed has dtype " + std::string(strata::name(seed.dtype())) + ", shape " +
                             to_string(seed.shape()) + ": a seed is one integer" + level_context();
    if (is_float(seed.dtype())) throw DtypeError(text);
    throw ShapeError(text);
  }
  if (is_number(seed)) return from_word(static_cast<std::uint32_t>(seed.item<std::int64_t>()), default_device());
  const Tensor low_word = from_word(1, seed.device());
  return reshape(astype(std::move(seed), Dtype::uint32), {1}) * low_word;
}

Tensor split(Tensor key, KeyShape n) {
  check_key("split", key);
  check_shape("split", n.shape());
  return draw(std::move(key), n.shape(), Dtype::uint32, {DrawKind::pairs});
}

Tensor fold_in(Tensor key, Tensor data) {
  check_key("fold_in", key);
  if (is_float(data.dtype()) || data.ndim() != 0) {
    const std::string text = "random.fold_in: the data has dtype " + std::string(strata::name(data.dtype())) +
                             ", shape " + to_string(data.shape()) + ": it is one integer" + level_context();
    if (is_float(data.dtype())) throw DtypeError(text);
    throw ShapeError(text);
  }
  return apply<FoldIn>({}, std::move(key), astype(std::move(data), Dtype::uint32));
}

Tensor bits(Tensor key, Shape shape, Bits p) {
  check_key("bits", key);
  check_shape("bits", shape);
  if (!is_unsigned_int(p.dtype)) {
    throw DtypeError("random.bits: bits are unsigned integers, " + std::string(strata::name(p.dtype)) +
                     " was asked for" + level_context());
  }
  constexpr DrawKind kinds[] = {DrawKind::bits8, DrawKind::bits16, DrawKind::bits32, DrawKind::bits64};
  return draw(std::move(key), shape, p.dtype, {kinds[static_cast<int>(p.dtype) - static_cast<int>(Dtype::uint8)]});
}

Tensor uniform(Tensor key, Shape shape, Uniform p) {
  check_key("uniform", key);
  check_shape("uniform", shape);
  check_float("uniform", p.dtype);
  const auto host = [](const Tensor& x) { return !x.defined() || is_number(x); };
  if (host(p.low) && host(p.high)) {
    return uniform_between(std::move(key), shape, p.dtype, p.low.defined() ? p.low.item<double>() : 0,
                           p.high.defined() ? p.high.item<double>() : 1);
  }
  const Tensor low = astype(p.low.defined() ? p.low : Tensor(0), p.dtype);
  const Tensor high = astype(p.high.defined() ? p.high : Tensor(1), p.dtype);
  draw_shape("uniform", shape, {{"low", &low}, {"high", &high}});
  return maximum(uniform_between(std::move(key), shape, p.dtype, 0, 1) * (high - low) + low, low);
}

Tensor normal(Tensor key, Shape shape, Draws p) {
  check_key("normal", key);
  check_shape("normal", shape);
  check_float("normal", p.dtype);
  return draw_floats(std::move(key), shape, p.dtype, DrawKind::normal, DrawKind::half_normal);
}

Tensor bernoulli(Tensor key, Tensor p, DrawShape given) {
  check_key("bernoulli", key);
  const Shape shape = draw_shape("bernoulli", given, {{"p", &p}});
  if (is_number(p)) return draw(std::move(key), shape, Dtype::bool_, {DrawKind::below, 32, 0, p.item<double>()});
  const Dtype dtype = inexact(p.dtype());
  return uniform_between(std::move(key), shape, dtype, 0, 1) < astype(std::move(p), dtype);
}

}  // namespace random

std::vector<Entry> random_entries() { return {entry<row<DrawBits>>(), entry<row<FoldIn>>()}; }

}  // namespace strata
