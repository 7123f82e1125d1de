// See laws.hpp: the laws of lanes (vmap = loop) and of memory (strides, donation, threads).
#include <algorithm>
#include <cstring>

#include "strata/core/debug.hpp"
#include "strata/core/error.hpp"
#include "strata/core/level.hpp"
#include "strata/core/parallel.hpp"
#include "strata/core/small.hpp"
#include "strata/functorch/vmap_level.hpp"
#include "strata/tests/support/laws_detail.hpp"

namespace strata::laws {
namespace {

// ---- vmap
// ---------------------------------------------------------------------------------------------------------------
using Axes = std::vector<int>;  // per argument; -1: shared

std::string show(const Axes& axes) {
  std::string text = "(";
  for (std::size_t i = 0; i < axes.size(); ++i)
    text += (i ? ", " : "") + (axes[i] < 0 ? std::string("-") : std::to_string(axes[i]));
  return text + ")";
}

/// Every choice of mapped arguments and axes; when these are too many, every choice of arguments (of few) with all
/// lanes first, last, or in one other place.
std::vector<Axes> choices(const Sample& s, bool every_axis) {
  const std::size_t n = s.arguments.size();
  std::vector<int> ranks;
  std::size_t count = 1;
  for (const Argument& a : s.arguments) {
    ranks.push_back(a.value.defined() ? a.value.ndim() : a.shape.size());
    count *= static_cast<std::size_t>(ranks.back()) + 2;
    count = std::min<std::size_t>(count, 100000);
  }
  std::vector<Axes> list;
  if (every_axis && count <= 130) {
    Axes axes(n, -1);
    while (true) {
      std::size_t i = 0;
      while (i < n && axes[i] == ranks[i]) axes[i++] = -1;
      if (i == n) break;
      ++axes[i];
      list.push_back(axes);
    }
    return list;
  }
  const std::size_t subsets = n <= 5 ? (std::size_t{1} << n) : 0;
  Rng rng(n);
  const auto add = [&](auto mapped) {
    for (int way = 0; way < (every_axis ? 3 : 2); ++way) {
      Axes axes(n, -1);
      for (std::size_t i = 0; i < n; ++i) {
        if (mapped(i)) axes[i] = way == 0 ? 0 : way == 2 ? ranks[i] : static_cast<int>(rng.below(ranks[i] + 1));
      }
      if (list.empty() || list.back() != axes) list.push_back(axes);
    }
  };
  for (std::size_t set = 1; set < subsets; ++set) add([&](std::size_t i) { return set >> i & 1; });
  if (subsets == 0) {
    for (std::size_t only = 0; only < n; ++only) add([&](std::size_t i) { return i == only; });
    add([](std::size_t) { return true; });
    for (int k = 0; k < 8; ++k) {
      const std::uint64_t set = rng.bits();
      if (set & ((std::uint64_t{1} << n) - 1)) add([&](std::size_t i) { return set >> i & 1; });
    }
  }
  return list;
}

Tensor lane_of(const Lane& y, std::int64_t lane) {
  const Tensor value = materialize(y.value);
  if (!y.mapped()) return value;
  const Dense& d = dense(value);
  Shape shape = d.shape, strides = d.strides;
  shape.erase(y.axis);
  strides.erase(y.axis);
  return view_of(value, shape, strides, lane * d.strides[y.axis]);
}

std::vector<Lane> run_mapped(const Sample& s, const Tensors& x, const Axes& axes, std::int64_t lanes) {
  auto level = VmapLevel::make(lanes);
  const LevelScope scope(level->level());
  Tensors in;
  for (std::size_t i = 0; i < x.size(); ++i) in.push_back(level->wrap({x[i], axes[i]}));
  std::vector<Lane> y;
  for (const Tensor& t : s.call(in)) y.push_back(level->unwrap(t));
  return y;
}

/// Draws for some lanes, and the loop's results, kept for the last choice of mapped arguments.
class Loop {
 public:
  Loop(const Sample& s, std::int64_t lanes) : sample_(s), lanes_(lanes) {
    for (int b = 0; b < std::max<std::int64_t>(lanes, 1); ++b) draws_.push_back(draw(s, b));
  }
  Failure check(const Axes& axes) {
    remember(axes);
    Tensors x;
    for (std::size_t i = 0; i < axes.size(); ++i) x.push_back(axes[i] < 0 ? draws_[0][i] : stacked(i, axes[i]));
    const std::vector<Lane> y = run_mapped(sample_, x, axes, lanes_);
    for (std::size_t r = 0; r < y.size(); ++r) {
      if (const Failure f = compare(y[r], r)) {
        return "axes " + show(axes) + ", " + std::to_string(lanes_) + " lanes, result " + std::to_string(r) + ": " + *f;
      }
    }
    return std::nullopt;
  }

 private:
  Tensor stacked(std::size_t i, int axis) const {
    Tensors parts;
    for (const Tensors& x : draws_) parts.push_back(x[i]);
    const Tensor all = stack_lanes(parts, axis);
    if (lanes_ > 0) return all;
    Shape shape = all.shape();
    shape[axis] = 0;
    return empty_dense(shape, all.dtype(), all.device(), all.weak());
  }
  void remember(const Axes& axes) {
    std::vector<bool> mapped;
    for (const int a : axes) mapped.push_back(a >= 0);
    if (mapped == mapped_) return;
    mapped_ = mapped;
    results_.clear();
    for (const Tensors& x : draws_) {
      Tensors in;
      for (std::size_t i = 0; i < axes.size(); ++i) in.push_back(axes[i] < 0 ? draws_[0][i] : x[i]);
      results_.push_back(sample_.call(in));
    }
  }
  Failure compare(const Lane& y, std::size_t r) const {
    const Tensor& first = results_[0].at(r);
    Shape shape = y.value.shape();
    if (y.mapped()) {
      if (y.axis >= shape.size() || shape[y.axis] != lanes_)
        return describe(y.value) + " has not its lanes along axis " + std::to_string(y.axis);
      shape.erase(y.axis);
    }
    if (!(shape == first.shape()) || y.value.dtype() != first.dtype())
      return std::string(name(y.value.dtype())) + to_string(shape) + " per lane instead of " + describe(first);
    if (y.value.weak() != first.weak()) return std::string(first.weak() ? "no longer weak" : "weak");
    for (std::int64_t b = 0; b < lanes_; ++b) {
      const Tensor& want = results_[static_cast<std::size_t>(b)][r];
      if (const Failure f = difference(lane_of(y, b), want, tolerance(want.dtype())))
        return "lane " + std::to_string(b) + ": " + *f;
    }
    return std::nullopt;
  }

  const Sample& sample_;
  std::int64_t lanes_;
  std::vector<Tensors> draws_, results_;
  std::vector<bool> mapped_;
};

}  // namespace

Failure vmap_is_loop(const Sample& s, bool every_axis) {
  return guarded([&]() -> Failure {
    std::vector<Axes> list = choices(s, every_axis);
    std::stable_sort(list.begin(), list.end(), [](const Axes& a, const Axes& b) {  // one loop per choice of arguments
      return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                          [](int p, int q) { return (p >= 0) < (q >= 0); });
    });
    for (const std::int64_t lanes : {3, 1, 0}) {
      Loop loop(s, lanes);
      for (const Axes& axes : list) {
        const Failure f = guarded([&] { return loop.check(axes); });
        if (!f) continue;
        if (f->starts_with("throws")) return "axes " + show(axes) + ", " + std::to_string(lanes) + " lanes: " + *f;
        return f;
      }
    }
    return std::nullopt;
  });
}

Failure nested_vmap_is_loop(const Sample& s) {
  return guarded([&]() -> Failure {
    const std::size_t n = s.arguments.size();
    if (n == 0) return std::nullopt;
    for (int way = 0; way < 3; ++way) {
      Axes inside(n, -1), outside(n, -1);
      for (std::size_t i = 0; i < n; ++i) {
        const int rank = s.arguments[i].value.defined() ? s.arguments[i].value.ndim() : s.arguments[i].shape.size();
        const bool even = i % 2 == 0;
        if (way == 0 || n == 1 || (way == 1) == even) inside[i] = way == 2 ? 0 : rank;
        if (way == 0 || n == 1 || (way == 1) != even) outside[i] = way == 2 ? rank : 0;
      }
      const Sample mapped = vmap_of(s, inside, 3);
      Loop loop(mapped, 2);
      if (const Failure f = loop.check(outside)) return "inner axes " + show(inside) + ", outer " + *f;
    }
    return std::nullopt;
  });
}

// ---- memory
// -------------------------------------------------------------------------------------------------------------
namespace {

enum class Layout { reversed, spread, repeated };

/// x's values, seen through other strides; `repeated` is one element everywhere.
Tensor laid_out(const Tensor& x, Layout layout) {
  const int rank = x.ndim();
  const Tensor from = on_host(x);
  if (layout == Layout::repeated) {
    if (x.size() == 0) return x;
    return view_of(from.to(x.device()), x.shape(), Shape::filled(rank, 0), x.size() / 2);
  }
  Shape memory, order;  // the memory's shape, and which of its axes each of x's is
  const std::int64_t gap = layout == Layout::spread ? 2 : 1;
  for (int a = rank - 1; a >= 0; --a) memory.push_back(x.shape()[a] * gap);
  const Tensor whole = empty_dense(memory + Shape{1}, x.dtype(), cpu, x.weak());
  const auto bytes = static_cast<std::size_t>(whole.size() * itemsize(whole.dtype()));
  std::memset(dense(whole).data, 0x7f, bytes);
  const Strides steps = row_major(memory);
  Strides strides;
  for (int a = 0; a < rank; ++a) strides.push_back(steps[rank - 1 - a] * gap);
  const std::int64_t offset = layout == Layout::spread && whole.size() > 0 && rank > 0 ? 1 : 0;
  const Tensor view = view_of(whole, x.shape(), strides, offset);
  const Strides plain = row_major(x.shape());
  const auto item = static_cast<std::size_t>(itemsize(x.dtype()));
  for (std::int64_t i = 0; i < x.size(); ++i) {
    std::int64_t at = 0;
    for (int a = 0; a < rank; ++a) at += i / plain[a] % x.shape()[a] * strides[a];
    std::memcpy(dense(view).data + at * itemsize(x.dtype()), dense(from).data + static_cast<std::size_t>(i) * item,
                item);
  }
  return view_of(whole.to(x.device()), x.shape(), strides, offset);
}

}  // namespace

Failure strided_is_contiguous(const Sample& s) {
  return guarded([&]() -> Failure {
    const Tensors x = draw(s);
    const std::size_t n = x.size();
    const char* names[] = {"reversed axes", "every second element", "one element repeated"};
    for (const Layout layout : {Layout::reversed, Layout::spread, Layout::repeated}) {
      for (std::size_t which = 0; which <= (n > 1 ? n : n - 1) && n > 0; ++which) {  // one argument, then all of them
        Tensors strided = x, plain = x;
        for (std::size_t i = 0; i < n; ++i) {
          const bool given = s.arguments[i].value.defined() && layout == Layout::repeated;
          if ((which < n && which != i) || given) continue;
          strided[i] = laid_out(x[i], layout);
          plain[i] = compact(strided[i]);
        }
        const Tensors want = s.call(plain), y = s.call(strided);
        for (std::size_t r = 0; r < y.size(); ++r) {
          if (const Failure f = difference(y[r], want[r], tolerance(want[r].dtype()))) {
            return std::string(names[static_cast<int>(layout)]) + ", " +
                   (which < n ? "argument " + std::to_string(which) : "all arguments") + ", result " +
                   std::to_string(r) + ": " + *f;
          }
        }
      }
    }
    return std::nullopt;
  });
}

namespace {

/// A level that meets every op of a call with arguments that nobody else holds, then with one that somebody does, and
/// compares results and memory. Its wrappers are duals without tangents.
class Probe final : public Interpreter {
 public:
  Probe() : lease_(LevelKind::jvp, this) {}
  Level& level() const { return lease_.level(); }
  Tensor wrap(const Tensor& x) const { return make_dual(x, Tensor(), lease_.id()); }
  Failure failure;

  void run(Call& call) override {
    Tensors x;
    for (const Tensor& t : call.x) x.push_back(value(t));
    Tensors want(call.y.size());
    for (std::size_t held = 0; held <= 2 * x.size() + 1; ++held) examine(call, x, want, held);
    for (std::size_t i = 0; i < want.size(); ++i) call.y[i] = want[i].defined() ? wrap(want[i]) : want[i];
  }
  Tensors run(const std::shared_ptr<Custom>& custom, Tensors x) override { return custom->eval(x); }

 private:
  Tensor value(const Tensor& t) const {
    if (!t.defined()) return t;
    return materialize(belongs_to(t, lease_.id()) ? wrapper(t).value : t);
  }

  /// held = 0: somebody holds every argument (the reference); then, with n arguments, up to n: a view of one argument;
  /// up to 2 n: the memory of which one argument is a view; last: nobody holds any.
  void examine(const Call& call, const Tensors& x, Tensors& want, std::size_t held) {
    SmallArray<Tensor> in(x.size());
    SmallArray<Tensor> y(call.y.size());
    Tensors watched(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (!x[i].defined() || dense(x[i]).number) {
        in[i] = x[i];
        continue;
      }
      in[i] = compact(x[i]);
      if (held == 0) watched[i] = in[i];
      const bool view = held == i + 1, root = held == x.size() + i + 1;
      if (view || root) watched[i] = view_of(in[i], in[i].shape(), dense(in[i]).strides, 0);
      if (root) in[i].swap(watched[i]);
    }
    call.op.eval(call.params, Out(in.data(), in.size()), Out(y.data(), y.size()));
    const std::string where = std::string(call.op.name) + ": ";
    for (std::size_t i = 0; i < x.size() && !failure; ++i) {
      if (!watched[i].defined()) continue;
      if (const Failure f = same_bytes(watched[i], x[i]))
        failure = where + "argument " + std::to_string(i) + ", which is still held, became " + *f;
    }
    for (std::size_t i = 0; i < y.size() && !failure; ++i) {
      if (held == 0 || !y[i].defined()) continue;
      if (const Failure f = same_bytes(y[i], want[i])) failure = where + "with buffers to take over " + *f;
    }
    if (held == 0) want.assign(y.begin(), y.end());
  }

  LevelLease lease_;
};

}  // namespace

Failure donation_is_invisible(const Sample& s) {
  return guarded([&]() -> Failure {
    Probe probe;
    const LevelScope scope(probe.level());
    Tensors x;
    for (const Tensor& t : draw(s)) x.push_back(probe.wrap(t));
    s.call(x);
    return probe.failure;
  });
}

Failure threads_agree(const Sample& s) {
  return guarded([&]() -> Failure {
    const Tensors x = draw(s);
    struct Restore {
      int threads = num_threads();
      ~Restore() { set_num_threads(threads); }
    } restore;
    set_num_threads(1);
    const Tensors want = s.call(x);
    set_num_threads(2);
    const Tensors y = s.call(x);
    for (std::size_t r = 0; r < y.size(); ++r) {
      if (const Failure f = same_bytes(y[r], want[r])) return "result " + std::to_string(r) + ": " + *f;
    }
    return std::nullopt;
  });
}

Failure chains_are_invisible(const Sample& s) {
  return guarded([&]() -> Failure {
    const auto values = [&](bool chains) {
      const debug::ChainsScope scope({.on = chains, .grain = 1, .row = 1});
      Tensors y = s.call(draw(s));
      for (Tensor& t : y) t = t.defined() ? materialize(t) : t;
      return y;
    };
    const Tensors want = values(false), y = values(true);
    for (std::size_t r = 0; r < y.size(); ++r) {
      if (!want[r].defined()) continue;
      if (const Failure f = same_bytes(y[r], want[r])) return "result " + std::to_string(r) + ": " + *f;
    }
    return std::nullopt;
  });
}

}  // namespace strata::laws
