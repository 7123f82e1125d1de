// See program_layers.hpp.
#include "strata/tests/support/program_layers.hpp"

#include "strata/strata.hpp"
#include "strata/tests/support/program_steps.hpp"

namespace strata::programs {

using laws::Rng;
using laws::Tensors;

Tensor draw(const Shape& shape, Rng& rng) { return laws::draw({shape, float64, -1.5, 1.5}, rng); }

namespace {

/// 1 at `lane`, 0 elsewhere, along the first of `rank` axes.
Tensor unit(std::int64_t lanes, std::int64_t lane, int rank) {
  Shape shape = Shape::filled(rank, 1);
  shape[0] = lanes;
  return astype(reshape(arange(lanes) == lane, shape), float64);
}

/// One lane of x, and lanes side by side: made of ops, so that the loop can be differentiated too.
Tensor take_lane(const Tensor& x, int axis, std::int64_t lane) {
  const Tensor first = moveaxis(x, axis, 0);
  return sum(first * unit(first.shape()[0], lane, first.ndim()), {.axes = {0}});
}
Tensor join_lanes(const Tensors& lanes) {
  Tensor y = 0.0;
  const auto n = static_cast<std::int64_t>(lanes.size());
  for (std::int64_t b = 0; b < n; ++b) {
    const Tensor& lane = lanes[static_cast<std::size_t>(b)];
    y = y + expand_dims(lane, 0) * unit(n, b, lane.ndim() + 1);
  }
  return y;
}

/// The results of each lane, result by result.
Tensors join_results(const std::vector<Tensors>& lanes, int axis) {
  Tensors y;
  for (std::size_t r = 0; r < lanes[0].size(); ++r) {
    Tensors parts;
    for (const Tensors& lane : lanes) parts.push_back(lane[r]);
    y.push_back(moveaxis(join_lanes(parts), 0, axis));
  }
  return y;
}

/// A moderate scalar of a function's results, with unlike weights.
Tensor loss(const Tensors& y) {
  Tensor total = 0.0;
  for (std::size_t i = 0; i < y.size(); ++i) total = total + (1.0 + static_cast<double>(i)) * sum(squash(y[i]));
  return total;
}

struct VmapLayer final : Layer {
  std::vector<int> axes;  // -1: shared
  int out = 0;
  std::int64_t lanes = 2;

  VmapLayer(const std::vector<Shape>& inner, Rng& rng)
      : out(static_cast<int>(rng.below(2)) - 1), lanes(1 + rng.below(3)) {
    const auto must = static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(inner.size())));
    for (std::size_t i = 0; i < inner.size(); ++i)
      axes.push_back(i == must || rng.below(2) ? static_cast<int>(rng.below(inner[i].size() + 1)) : -1);
  }
  std::string name() const override {
    std::ostringstream s;
    s << "vmap(" << lanes << " lanes, in_axes";
    for (const int a : axes) s << ' ' << (a < 0 ? "none" : std::to_string(a));
    s << ", out_axes " << out << ")";
    return s.str();
  }
  std::vector<Shape> inputs(std::vector<Shape> inner) const override {
    for (std::size_t i = 0; i < axes.size(); ++i) {
      if (axes[i] >= 0) inner[i].insert(axes[i], lanes);
    }
    return inner;
  }
  Function apply(Function f) const override {
    std::vector<Axes> entries;
    for (const int a : axes) entries.push_back(a < 0 ? Axes(none) : Axes(a));
    return vmap(f, {.in_axes = {Axes::list(entries)}, .out_axes = out});
  }
  Function reference(Function f) const override {
    return [self = *this, f](const Tensors& x) {
      std::vector<Tensors> results;
      for (std::int64_t b = 0; b < self.lanes; ++b) {
        Tensors lane;
        for (std::size_t i = 0; i < x.size(); ++i)
          lane.push_back(self.axes[i] < 0 ? x[i] : take_lane(x[i], self.axes[i], b));
        results.push_back(f(lane));
      }
      return join_results(results, self.out);
    };
  }
  bool loops() const override { return true; }
};

/// f at x moved by t along v, for the fourth-order stencil.
constexpr double stencil[] = {1. / 12, -8. / 12, 8. / 12, -1. / 12}, places[] = {-2, -1, 1, 2}, width = 1e-5;

struct GradLayer final : Layer {
  std::string name() const override { return "grad"; }
  std::vector<Shape> inputs(std::vector<Shape> inner) const override { return inner; }
  Function apply(Function f) const override {
    return grad([f](const Tensors& x) { return loss(f(x)); });
  }
  Function reference(Function f) const override {
    return [f](const Tensors& x) {
      Tensors g;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const Tensor gi = empty_dense(x[i].shape(), float64), from = x[i].to(cpu);
        for (std::int64_t e = 0; e < gi.size(); ++e) {
          double slope = 0;
          for (int k = 0; k < 4; ++k) {
            Tensors at = x;
            const Tensor moved = laws::compact(from);
            reinterpret_cast<double*>(dense(moved).data)[e] += places[k] * width;
            at[i] = moved.to(x[i].device());
            slope += stencil[k] / width * loss(f(at)).item<double>();
          }
          reinterpret_cast<double*>(dense(gi).data)[e] = slope;
        }
        g.push_back(gi.to(x[i].device()));
      }
      return g;
    };
  }
};

/// The arguments are the function's, then a tangent for each.
struct JvpLayer final : Layer {
  std::string name() const override { return "jvp"; }
  std::vector<Shape> inputs(std::vector<Shape> inner) const override {
    const std::vector<Shape> once = inner;
    inner.insert(inner.end(), once.begin(), once.end());
    return inner;
  }
  static std::pair<Tensors, Tensors> halves(const Tensors& x) {
    const auto middle = x.begin() + static_cast<std::ptrdiff_t>(x.size() / 2);
    return {Tensors(x.begin(), middle), Tensors(middle, x.end())};
  }
  Function apply(Function f) const override {
    return [f](const Tensors& x) {
      const auto [primals, tangents] = halves(x);
      auto [y, dy] = jvp(f, primals, tangents);
      for (std::size_t i = 0; i < dy.size(); ++i) {
        if (!dy[i].defined()) dy[i] = 0.0 * y[i];
      }
      return dy;
    };
  }
  Function reference(Function f) const override {
    return [f](const Tensors& x) {
      const auto [primals, tangents] = halves(x);
      Tensors dy;
      for (int k = 0; k < 4; ++k) {
        Tensors at = primals;
        for (std::size_t i = 0; i < at.size(); ++i) at[i] = primals[i] + places[k] * width * tangents[i];
        const Tensors y = f(at);
        for (std::size_t r = 0; r < y.size(); ++r) {
          const Tensor part = stencil[k] / width * y[r];
          if (k == 0)
            dy.push_back(part);
          else
            dy[r] = dy[r] + part;
        }
      }
      return dy;
    };
  }
};

struct CheckpointLayer final : Layer {
  std::string name() const override { return "checkpoint"; }
  std::vector<Shape> inputs(std::vector<Shape> inner) const override { return inner; }
  Function apply(Function f) const override { return checkpoint(f); }
  Function reference(Function f) const override { return f; }
  bool loops() const override { return true; }
};

/// f on each slice of the arguments that `scanned` names (their axis 0), shared ones being captured. The carry leans on
/// all that came before and scales what comes out.
struct ScanLayer final : Layer {
  std::vector<bool> scanned;
  std::int64_t length;
  bool reverse;

  ScanLayer(const std::vector<Shape>& inner, Rng& rng) : length(1 + rng.below(3)), reverse(rng.below(2)) {
    const auto must = static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(inner.size())));
    for (std::size_t i = 0; i < inner.size(); ++i) scanned.push_back(i == must || rng.below(2));
  }
  std::string name() const override {
    std::ostringstream s;
    s << "scan(" << (reverse ? "reverse, " : "") << length << " steps over arguments";
    for (std::size_t i = 0; i < scanned.size(); ++i) s << (scanned[i] ? " " + std::to_string(i) : "");
    s << ")";
    return s.str();
  }
  std::vector<Shape> inputs(std::vector<Shape> inner) const override {
    for (std::size_t i = 0; i < scanned.size(); ++i) {
      if (scanned[i]) inner[i].insert(0, length);
    }
    return inner;
  }
  static std::pair<Tensor, Tensors> step(const Function& f, const Tensor& carry, const Tensors& x) {
    Tensors y = f(x);
    const Tensor next = squash(carry + loss(y));
    for (Tensor& t : y) t = t * (1 + carry);
    return {next, y};
  }
  Function apply(Function f) const override {
    return [self = *this, f](const Tensors& x) {
      Tensors slices;
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (self.scanned[i]) slices.push_back(x[i]);
      }
      const auto body = [&](const Tensor& carry, const Tensors& now) {
        Tensors at = x;
        for (std::size_t i = 0, k = 0; i < x.size(); ++i) {
          if (self.scanned[i]) at[i] = now[k++];
        }
        return step(f, carry, at);
      };
      return scan(body, Tensor(zeros({}, {.dtype = float64})), slices, {.reverse = self.reverse}).second;
    };
  }
  Function reference(Function f) const override {
    return [self = *this, f](const Tensors& x) {
      Tensor carry = 0.0;
      std::vector<Tensors> results(static_cast<std::size_t>(self.length));
      for (std::int64_t i = 0; i < self.length; ++i) {
        const std::int64_t t = self.reverse ? self.length - 1 - i : i;
        Tensors at = x;
        for (std::size_t k = 0; k < x.size(); ++k) {
          if (self.scanned[k]) at[k] = take_lane(x[k], 0, t);
        }
        auto [next, y] = step(f, carry, at);
        carry = next;
        results[static_cast<std::size_t>(t)] = std::move(y);
      }
      return join_results(results, 0);
    };
  }
  bool loops() const override { return true; }
};

/// One more argument, a number that chooses: f where it is positive, else f of half of everything. Under a vmap that
/// maps the number, lanes part.
struct CondLayer final : Layer {
  bool select;

  explicit CondLayer(Rng& rng) : select(rng.below(4) == 0) {}
  std::string name() const override { return select ? "cond(select)" : "cond"; }
  std::vector<Shape> inputs(std::vector<Shape> inner) const override {
    inner.emplace_back();
    return inner;
  }
  static Tensors other(const Function& f, Tensors x) {
    for (Tensor& t : x) t = 0.5 * t;
    x = f(x);
    for (Tensor& t : x) t = sin(t);
    return x;
  }
  Function apply(Function f) const override {
    return [f, select = select](Tensors x) {
      const Tensor p = x.back();
      x.pop_back();
      return cond(
          {.select = select}, p > 0, f, [f](const Tensors& t) { return other(f, t); }, x);
    };
  }
  Function reference(Function f) const override {
    return [f](Tensors x) {
      const Tensor p = x.back();
      x.pop_back();
      Tensors y = f(x), z = other(f, x);
      for (std::size_t r = 0; r < y.size(); ++r) y[r] = where(p > 0, y[r], z[r]);
      return y;
    };
  }
  bool loops() const override { return true; }
};

}  // namespace

LayerRef random_layer(const std::vector<Shape>& inner, Rng& rng) {
  switch (rng.below(12)) {
    case 0:
    case 1:
      return std::make_shared<GradLayer>();
    case 2:
    case 3:
      return inner.size() <= 4 ? LayerRef(std::make_shared<JvpLayer>()) : std::make_shared<GradLayer>();
    case 4:
      return std::make_shared<CheckpointLayer>();
    case 5:
    case 6:
      return std::make_shared<ScanLayer>(inner, rng);
    case 7:
    case 8:
      return std::make_shared<CondLayer>(rng);
    default:
      return std::make_shared<VmapLayer>(inner, rng);
  }
}

}  // namespace strata::programs
