// See laws.hpp: drawing, transforms of samples, comparison, and the laws of derivatives.
#include "strata/tests/support/laws.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <sstream>

#include "strata/autograd/dual.hpp"
#include "strata/autograd/tape.hpp"
#include "strata/core/error.hpp"
#include "strata/functorch/vmap_level.hpp"
#include "strata/ops/ops.hpp"
#include "strata/tests/support/laws_detail.hpp"

namespace strata::laws {

std::uint64_t Rng::bits() {
  std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

double Rng::uniform(double low, double high) {
  return low + (high - low) * static_cast<double>(bits() >> 11) * 0x1p-53;
}

Tensor draw(const Argument& a, Rng& rng) {
  if (a.value.defined()) return a.value.to(default_device());
  const Tensor t = empty_dense(a.shape, a.dtype);
  visit(a.dtype, [&]<class T>(T) {
    auto* to = reinterpret_cast<T*>(dense(t).data);
    for (std::int64_t i = 0; i < t.size(); ++i) {
      const double u = rng.uniform(is_unsigned_int(a.dtype) ? std::max(a.low, 0.) : a.low, a.high);
      if constexpr (std::is_same_v<T, bool>)
        to[i] = rng.bits() & 1;
      else if constexpr (std::is_integral_v<T>)
        to[i] = static_cast<T>(std::floor(u));
      else if constexpr (std::is_same_v<T, double>)
        to[i] = u;
      else
        to[i] = T(static_cast<float>(u));
    }
  });
  return t.to(default_device());
}

Tensors draw(const Sample& s, int number) {
  std::uint64_t seed = 0xcbf29ce484222325ULL;  // the label's FNV-1a hash: the same draws on every machine
  for (const char c : s.label) seed = (seed ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  Rng rng(seed + 77 * static_cast<std::uint64_t>(number));
  Tensors x;
  for (const Argument& a : s.arguments) x.push_back(draw(a, rng));
  return x;
}

namespace {

Dtype dtype_of_argument(const Argument& a) { return a.value.defined() ? a.value.dtype() : a.dtype; }
Shape shape_of_argument(const Argument& a) { return a.value.defined() ? a.value.shape() : a.shape; }

std::vector<std::size_t> float_arguments(const Sample& s) {
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < s.arguments.size(); ++i) {
    if (is_float(dtype_of_argument(s.arguments[i]))) numbers.push_back(i);
  }
  return numbers;
}

std::vector<std::size_t> float_results(const Tensors& y) {
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (is_float(y[i].dtype())) numbers.push_back(i);
  }
  return numbers;
}

Tensor zeros_as(const Tensor& x) { return zeros(x.shape(), {x.dtype(), x.device()}); }

Argument direction(const Shape& shape, Dtype dtype) { return {shape, dtype, -1, 1}; }

/// Cotangents of the float arguments `watched` of f at x, given those of the results `results`.
Tensors pull(const Function& f, Xs x, Xs g, const std::vector<std::size_t>& watched,
             const std::vector<std::size_t>& results) {
  Tape tape;
  const LevelScope scope(tape.level());
  Tensors in(x.begin(), x.end());
  std::vector<Edge> leaves, roots;
  for (const std::size_t i : watched) {
    in[i] = tape.watch(in[i]);
    leaves.push_back(tape.unwatch(in[i]).second);
  }
  {
    const Tensors y = f(in);
    for (const std::size_t i : results) roots.push_back(tape.unwatch(y.at(i)).second);
  }
  Tensors dx = tape.backward(roots, g, leaves, false);
  for (std::size_t k = 0; k < dx.size(); ++k) {
    const Tensor& like = x[watched[k]];
    if (!dx[k].defined()) {
      dx[k] = zeros_as(like);
    } else if (!(dx[k].shape() == like.shape()) || dx[k].dtype() != like.dtype()) {
      throw Error("the cotangent of argument " + std::to_string(watched[k]) + " is " + describe(dx[k]) +
                  ", the argument " + describe(like));
    }
  }
  return dx;
}

/// Tangents of the float results, given those of the float arguments `watched`.
Tensors push(const Function& f, Xs x, Xs dx, const std::vector<std::size_t>& watched) {
  const Duals duals;
  const LevelScope scope(duals.level());
  Tensors in(x.begin(), x.end()), dy;
  for (std::size_t k = 0; k < watched.size(); ++k) in[watched[k]] = duals.pack(in[watched[k]], dx[k]);
  for (const Tensor& y : f(in)) {
    const auto [primal, tangent] = duals.unpack(y);
    if (!is_float(primal.dtype())) continue;
    if (tangent.defined() && (!(tangent.shape() == primal.shape()) || tangent.dtype() != primal.dtype()))
      throw Error("a tangent is " + describe(tangent) + ", its result " + describe(primal));
    dy.push_back(tangent.defined() ? tangent : zeros_as(primal));
  }
  return dy;
}

}  // namespace

Sample in_float64(Sample s) {
  for (Argument& a : s.arguments) {
    if (!is_float(dtype_of_argument(a))) continue;
    a.dtype = float64;
    if (a.value.defined()) a.value = astype(a.value, float64);
  }
  return s;
}

std::optional<Sample> vjp_of(const Sample& s) {
  const auto watched = float_arguments(s);
  if (watched.empty()) return std::nullopt;
  const Tensors y = s.call(draw(s));
  const auto results = float_results(y);
  if (results.empty()) return std::nullopt;
  Sample v{"vjp of " + s.label, s.arguments, {}};
  for (const std::size_t i : results) v.arguments.push_back(direction(y[i].shape(), y[i].dtype()));
  v.call = [f = s.call, n = s.arguments.size(), watched, results](Xs x) {
    return pull(f, x.first(n), x.subspan(n), watched, results);
  };
  return v;
}

std::optional<Sample> jvp_of(const Sample& s) {
  const auto watched = float_arguments(s);
  if (watched.empty() || float_results(s.call(draw(s))).empty()) return std::nullopt;
  Sample v{"jvp of " + s.label, s.arguments, {}};
  for (const std::size_t i : watched)
    v.arguments.push_back(direction(shape_of_argument(s.arguments[i]), dtype_of_argument(s.arguments[i])));
  v.call = [f = s.call, n = s.arguments.size(), watched](Xs x) { return push(f, x.first(n), x.subspan(n), watched); };
  return v;
}

Sample vmap_of(const Sample& s, const std::vector<int>& axes, std::int64_t lanes) {
  Sample v{"vmap of " + s.label, s.arguments, {}};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    Argument& a = v.arguments[i];
    if (axes[i] < 0) continue;
    if (a.value.defined()) a.value = stack_lanes(Tensors(static_cast<std::size_t>(lanes), a.value), axes[i]);
    a.shape = shape_of_argument(a);
    if (!a.value.defined()) a.shape.insert(axes[i], lanes);
  }
  v.call = [f = s.call, axes, lanes](Xs x) {
    auto level = VmapLevel::make(lanes);
    const LevelScope scope(level->level());
    Tensors in;
    for (std::size_t i = 0; i < axes.size(); ++i) in.push_back(level->wrap({x[i], axes[i]}));
    Tensors y = f(in);
    for (Tensor& t : y) {
      const Lane lane = level->unwrap(t);
      t = lane.mapped() ? moveaxis(lane.value, lane.axis, 0)
                        : broadcast_to(expand_dims(lane.value, 0), Shape{lanes} + lane.value.shape());
    }
    return y;
  };
  return v;
}

std::optional<Sample> enlarged(const Sample& s, std::int64_t elements) {
  std::int64_t size = 0;
  for (const Argument& a : s.arguments) {
    const std::int64_t n = shape_of_argument(a).elements();
    if (n == 0) return std::nullopt;
    size += n;
  }
  if (size == 0) return std::nullopt;
  return vmap_of(s, std::vector<int>(s.arguments.size(), 0), elements / size);
}

// ---- comparison
// ---------------------------------------------------------------------------------------------------------
std::string describe(const Tensor& x) { return std::string(name(x.dtype())) + to_string(x.shape()); }

double tolerance(Dtype d) {
  if (d == float64) return 1e-11;
  if (d == float32) return 3e-5;
  return d == float16 ? 4e-3 : 3e-2;
}

Failure difference(const Tensor& a, const Tensor& b, double relative) {
  if (a.dtype() != b.dtype() || !(a.shape() == b.shape())) return describe(a) + " instead of " + describe(b);
  const auto x = a.to_vector<double>(), y = b.to_vector<double>();
  double scale = 1;
  for (const double v : y) scale = std::isfinite(v) ? std::max(scale, std::abs(v)) : scale;
  if (!is_float(a.dtype())) relative = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i]))) continue;
    if (std::abs(x[i] - y[i]) <= relative * scale) continue;
    std::ostringstream text;
    text.precision(12);
    text << x[i] << " instead of " << y[i] << " at element " << i << " of " << describe(b);
    return text.str();
  }
  return std::nullopt;
}

Failure same_bytes(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || !(a.shape() == b.shape())) return describe(a) + " instead of " + describe(b);
  const Tensor x = on_host(a), y = on_host(b);
  const auto bytes = static_cast<std::size_t>(x.size() * itemsize(x.dtype()));
  if (bytes == 0 || std::memcmp(dense(x).data, dense(y).data, bytes) == 0) return std::nullopt;
  if (const Failure f = difference(x, y, 0)) return f;
  return "NaNs or zeros of different bits";
}

Tensor compact(const Tensor& x) { return on_host(x).to(x.device()); }

Tensor on_host(const Tensor& x) {
  const Tensor from = materialize(x).to(cpu);
  Tensor y = empty_dense(from.shape(), from.dtype(), cpu, from.weak());
  const Dense& d = dense(from);
  const auto item = static_cast<std::size_t>(itemsize(d.dtype));
  const Strides steps = row_major(d.shape);
  for (std::int64_t i = 0; i < d.size; ++i) {
    std::int64_t at = 0;
    for (int a = 0; a < d.shape.size(); ++a) at += i / steps[a] % d.shape[a] * d.strides[a];
    std::memcpy(dense(y).data + static_cast<std::size_t>(i) * item, d.data + at * itemsize(d.dtype), item);
  }
  return y;
}

Tensor stack_lanes(const Tensors& lanes, int axis) {
  Shape shape = lanes[0].shape();
  shape.insert(axis, static_cast<std::int64_t>(lanes.size()));
  Tensor y = empty_dense(shape, lanes[0].dtype(), cpu, lanes[0].weak());
  const Strides steps = row_major(lanes[0].shape()), into = row_major(shape);
  const auto item = static_cast<std::size_t>(itemsize(y.dtype()));
  for (std::size_t b = 0; b < lanes.size(); ++b) {
    const Tensor x = on_host(lanes[b]);
    for (std::int64_t i = 0; i < x.size(); ++i) {
      std::int64_t at = static_cast<std::int64_t>(b) * into[axis];
      for (int a = 0; a < steps.size(); ++a) at += i / steps[a] % x.shape()[a] * into[a < axis ? a : a + 1];
      std::memcpy(dense(y).data + at * itemsize(y.dtype()), dense(x).data + static_cast<std::size_t>(i) * item, item);
    }
  }
  return y.to(lanes[0].device());
}

Failure guarded(const std::function<Failure()>& law) {
  try {
    return law();
  } catch (const std::exception& e) {
    return std::string("throws ") + e.what();
  }
}

// ---- the laws of derivatives
// --------------------------------------------------------------------------------------------
namespace {

/// x + t * v in float64.
Tensor moved(const Tensor& x, double t, const Tensor& v) {
  const Tensor y = on_host(x);
  auto* to = reinterpret_cast<double*>(dense(y).data);
  const auto step = v.to_vector<double>();
  for (std::size_t i = 0; i < step.size(); ++i) to[i] += t * step[i];
  return y.to(x.device());
}

/// A central difference of fourth order along `v`: f at x + k h v for k = -2, -1, 1, 2.
std::vector<std::vector<double>> differences(const Sample& s, const Tensors& x, const Tensors& v,
                                             const std::vector<std::size_t>& watched, double h) {
  std::vector<std::vector<double>> sum;
  const double weight[] = {1. / 12, -8. / 12, 8. / 12, -1. / 12}, at[] = {-2, -1, 1, 2};
  for (int k = 0; k < 4; ++k) {
    Tensors z = x;
    for (std::size_t i = 0; i < watched.size(); ++i) z[watched[i]] = moved(x[watched[i]], at[k] * h, v[i]);
    std::size_t result = 0;
    for (const Tensor& y : s.call(z)) {
      if (!is_float(y.dtype())) continue;
      const auto values = y.to_vector<double>();
      if (sum.size() <= result) sum.emplace_back(values.size(), 0.);
      for (std::size_t i = 0; i < values.size(); ++i) sum[result][i] += weight[k] * values[i] / h;
      ++result;
    }
  }
  return sum;
}

double inner(const Tensor& a, const Tensor& b, double& magnitude) {
  const auto x = a.to_vector<double>(), y = b.to_vector<double>();
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sum += x[i] * y[i];
    magnitude += std::abs(x[i] * y[i]);
  }
  return sum;
}

}  // namespace

Failure jvp_is_difference(const Sample& given) {
  return guarded([&]() -> Failure {
    const Sample s = in_float64(given);
    const auto pushed = jvp_of(s);
    if (!pushed) return std::nullopt;
    const Tensors all = draw(*pushed);
    const Tensors x(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(s.arguments.size()));
    const Tensors v(all.begin() + static_cast<std::ptrdiff_t>(s.arguments.size()), all.end());
    const Tensors dy = pushed->call(all);
    bool exact = true;
    for (const Tensor& t : dy) {
      if (is_half(t.dtype())) return std::nullopt;
      exact &= t.dtype() == float64;
    }
    const double h = exact ? 1e-5 : 1e-2, allowed = exact ? 2e-6 : 2e-3;
    const auto expected = differences(s, x, v, float_arguments(s), h);
    for (std::size_t r = 0; r < dy.size(); ++r) {
      const auto got = dy[r].to_vector<double>();
      for (std::size_t i = 0; i < got.size(); ++i) {
        const double want = expected[r][i];
        if (std::abs(got[i] - want) <= allowed * (1 + std::abs(want))) continue;
        if (std::isnan(want) && got[i] == 0) continue;  // an infinite value that stays has no difference: inf - inf
        std::ostringstream text;
        text.precision(10);
        text << "tangent " << got[i] << ", difference " << want << " at element " << i << " of result " << r << ", "
             << describe(dy[r]);
        return text.str();
      }
    }
    return std::nullopt;
  });
}

Failure vjp_is_adjoint(const Sample& given) {
  return guarded([&]() -> Failure {
    const Sample s = in_float64(given);
    const auto pulled = vjp_of(s), pushed = jvp_of(s);
    if (!pulled || !pushed) return std::nullopt;
    Tensors xg = draw(*pulled), xv = draw(*pushed, 1);
    const auto n = static_cast<std::ptrdiff_t>(s.arguments.size());
    std::copy(xg.begin(), xg.begin() + n, xv.begin());
    const Tensors dx = pulled->call(xg), dy = pushed->call(xv);
    double left = 0, right = 0, magnitude = 1e-3, precision = 1e-10;
    for (std::size_t i = 0; i < dy.size(); ++i) {
      left += inner(xg[static_cast<std::size_t>(n) + i], dy[i], magnitude);
      precision = std::max(precision, 10 * tolerance(dy[i].dtype()));
    }
    for (std::size_t i = 0; i < dx.size(); ++i) right += inner(dx[i], xv[static_cast<std::size_t>(n) + i], magnitude);
    if (std::abs(left - right) <= precision * magnitude) return std::nullopt;
    std::ostringstream text;
    text.precision(12);
    text << "<g, jvp(v)> = " << left << ", <vjp(g), v> = " << right;
    return text.str();
  });
}

}  // namespace strata::laws
