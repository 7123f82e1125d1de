// Collectives over processes against the same collectives over a vmap axis: values for all dtypes and layouts, golden
// derivatives, derivatives inside and outside, lanes around, finite differences.
#include "strata/tests/mpi/mpi_case.hpp"
#include "strata/tests/support/collective_uses.hpp"

using namespace mpi_case;

namespace {

using Function = st::CollectiveUse;

st::LanePairs ring() {
  st::LanePairs pairs;
  for (int r = 0; r < ranks(); ++r) pairs.emplace_back(r, (r + 1) % ranks());
  return pairs;
}

/// Functions of one rank's tensor of shape [12, n], n ranks.
std::map<std::string, Function> uses() {
  auto all = st::collective_uses(ring(), {{0, ranks() - 1}}, ranks() - 1);
  all["psum_invariant"] = [](const Tensor& x) { return x * st::psum_invariant(st::square(x), "i"); };
  all["pvary"] = [](const Tensor& x) { return st::square(st::pvary(x, "i")); };
  return all;
}

Tensor argument(int salt = 0) { return sample({ranks(), 12, ranks()}, st::float64, salt); }

template <class F>
std::vector<float> grads(F f) {
  const Tensor x = st::arange(1.0, 1.0 + ranks());
  return over_ranks(st::grad(f))(x).template to_vector<float>();
}

}  // namespace

TEST_CASE("values of every dtype and layout are those over lanes, the same bytes on all ranks") {
  for (const st::Dtype dtype : {st::float64, st::float32, st::bfloat16, st::float16, st::int64, st::int32, st::uint8}) {
    for (const st::Shape& shape :
         {st::Shape{}, st::Shape{5}, st::Shape{0, 3}, st::Shape{3, ranks()}, st::Shape{5000}}) {
      for (const bool strided : {false, true}) {
        INFO(st::name(dtype) << " " << st::to_string(shape) << (strided ? " strided" : ""));
        if (strided && shape.size() != 2) continue;
        Tensor x = sample(st::Shape{ranks()} + shape, dtype);
        if (strided) x = st::moveaxis(sample(shape + st::Shape{ranks()}, dtype), -1, 0);
        const auto check = [&](auto f) {
          const Tensor lanes = over_lanes(f)(x), mine = over_ranks(f)(x);
          CHECK(mine.dtype() == lanes.dtype());
          const double bound = st::is_integer(dtype)  ? 0
                               : dtype == st::float64 ? 1e-12
                               : dtype == st::float32 ? 1e-6 * ranks()
                                                      : 0.0078125 * ranks();
          CHECK(largest_difference(mine, lanes) <= bound);
        };
        check([](const Tensor& t) { return st::psum(t, "i"); });
        check([](const Tensor& t) { return st::pmax(t, "i"); });
        check([](const Tensor& t) { return st::pmin(t, "i"); });
        check([](const Tensor& t) { return st::all_gather(t, "i"); });
        check([](const Tensor& t) { return st::ppermute(t, "i", ring()); });
        check([](const Tensor& t) { return st::ppermute(t, "i", {{0, ranks() - 1}}); });
        check([](const Tensor& t) { return st::pbroadcast(t, "i", 0); });
        if (shape.size() == 2 && shape[1] == ranks()) {
          check([](const Tensor& t) { return st::psum_scatter(t, "i", {.axis = 1}); });
          check([](const Tensor& t) { return st::all_to_all(t, "i", {.split_axis = 1}); });
        }
        // out_axes none compares the bytes of all ranks
        const auto all = [](const Tensor& t) {
          return std::tuple{st::psum(t, "i"), st::all_gather(t, "i"), st::pmax(t, "i")};
        };
        CHECK_NOTHROW(st::pmap(all, {.out_axes = st::none, .axis_name = "i"})(x));
      }
    }
  }
}

TEST_CASE("small chunks and pieces give the same values") {
  const auto group = world().group();
  if (group->size() == 1) return;
  const Tensor x = sample({6, 1000}, st::float32, group->rank());
  CHECK(st::pmap([&](const Tensor& t) { return st::psum(st::psum(t * 0 + x, "i"), "i"); },
                 {.out_axes = st::none, .axis_name = "i"})(st::zeros({ranks(), 1}))
            .shape() == st::Shape{6, 1000});
}

TEST_CASE("bool: psum counts, the rest keeps") {
  const Tensor x = st::arange(ranks()) > 0;
  CHECK(over_ranks([](const Tensor& t) { return st::psum(t, "i"); })(x).to_vector<int>() ==
        std::vector<int>(static_cast<std::size_t>(ranks()), ranks() - 1));
  CHECK(over_ranks([](const Tensor& t) { return st::pmax(t, "i"); })(x).dtype() == st::bool_);
}

TEST_CASE("golden values of derivatives taken inside") {
  if (ranks() != 4) return;
  using st::square;
  using Floats = std::vector<float>;
  CHECK(grads([](const Tensor& x) { return st::psum(square(x), "i"); }) == Floats{8, 16, 24, 32});
  CHECK(grads([](const Tensor& x) { return st::psum_invariant(square(x), "i"); }) == Floats{2, 4, 6, 8});
  CHECK(grads([](const Tensor& x) { return st::pmean(square(x), "i"); }) == Floats{2, 4, 6, 8});
  CHECK(grads([](const Tensor& x) { return st::psum_invariant(square(x), "i") / 4; }) == Floats{0.5, 1, 1.5, 2});
  CHECK(grads([](const Tensor& x) { return x * st::ppermute(x, "i", ring()); }) == Floats{6, 4, 6, 4});
  const Tensor four = st::arange(1.0, 5.0);
  CHECK(grads([&](const Tensor& x) { return st::sum(st::all_gather(x, "i") * four); }) == Floats{4, 8, 12, 16});
  const auto for_w = [&](auto f) {
    return st::pmap(st::grad(f), {.in_axes = {st::none, 0}, .axis_name = "i"})(Tensor(3.f), four)
        .template to_vector<float>();
  };
  CHECK(for_w([](const Tensor& w, const Tensor& x) { return st::pmean(w * x, "i"); }) == Floats{1, 2, 3, 4});
  CHECK(for_w([](const Tensor& w, const Tensor& x) { return st::psum_invariant(st::pvary(w, "i") * x, "i") / 4; }) ==
        Floats{2.5, 2.5, 2.5, 2.5});
  CHECK(over_ranks([](const Tensor& x) { return st::psum_scatter(x * st::arange(4), "i"); })(four).to_vector<float>() ==
        Floats{0, 10, 20, 30});
  CHECK(over_ranks([](const Tensor& x) { return x / st::psum(1, "i"); })(four).to_vector<float>() ==
        Floats{0.25, 0.5, 0.75, 1});
  CHECK(over_ranks(st::grad([](const Tensor& x) { return st::pmax(x, "i"); }))(st::array({1.0, 5.0, 5.0, 2.0}))
            .to_vector<float>() == Floats{0, 2, 2, 0});
}

TEST_CASE("derivatives inside and outside are those over lanes") {
  const Tensor x = argument(), dx = argument(1);
  for (const auto& [name, f] : uses()) {
    INFO(name);
    const auto same = [](const Tensor& a, const Tensor& b) { CHECK(largest_difference(a, b) <= 1e-12); };
    const auto lanes = over_lanes(f);
    const auto processes = over_ranks(f);
    const auto one = [&f = f](const Tensor& t) { return st::sum(f(t)); };
    const auto total = [](auto g) { return [g](const Tensor& t) { return st::sum(st::sin(g(t))); }; };
    same(processes(x), lanes(x));
    same(over_ranks(st::grad(one))(x), over_lanes(st::grad(one))(x));
    same(st::grad(total(processes))(x), st::grad(total(lanes))(x));
    same(st::jvp(processes, x, dx).second, st::jvp(lanes, x, dx).second);
    const auto push = [&f = f](const Tensor& t, const Tensor& dt) { return st::jvp(f, t, dt).second; };
    same(over_ranks(push)(x, dx), over_lanes(push)(x, dx));
    same(st::hvp(total(processes), x, dx), st::hvp(total(lanes), x, dx));
    const auto twice = [&](auto g) {
      return st::grad([g, &dx](const Tensor& t) { return st::sum(st::grad(g)(t) * dx); });
    };
    same(twice(total(processes))(x), twice(total(lanes))(x));
    const auto inner_twice = [&one](const Tensor& t) { return st::sum(st::square(st::grad(one)(t))); };
    same(over_ranks(st::grad(inner_twice))(x), over_lanes(st::grad(inner_twice))(x));
  }
}

TEST_CASE("lanes inside and outside: one collective for all of them") {
  const int n = ranks();
  const Tensor x = sample({n, 3, 12, n});
  for (const auto& [name, f] : uses()) {
    INFO(name);
    const auto same = [](const Tensor& a, const Tensor& b) { CHECK(largest_difference(a, b) <= 1e-12); };
    const Tensor expected = st::vmap(over_lanes(f), {.in_axes = 1})(x);  // [3, n, ...]
    same(st::vmap(over_ranks(f), {.in_axes = 1})(x), expected);
    same(st::moveaxis(over_ranks(st::vmap(f))(x), 1, 0), expected);
    same(st::moveaxis(over_ranks(st::vmap(f, {.in_axes = -1}))(st::moveaxis(x, 1, -1)), 1, 0), expected);
    const auto one = [&f = f](const Tensor& t) { return st::sum(f(t)); };
    same(over_ranks(st::vmap(st::grad(one)))(x), over_lanes(st::vmap(st::grad(one)))(x));
    const auto of_vmap = [&f = f](const Tensor& t) { return st::sum(st::sin(st::vmap(f)(t))); };
    same(over_ranks(st::grad(of_vmap))(x), over_lanes(st::grad(of_vmap))(x));
  }
}

TEST_CASE("a vmap axis and a process axis at once, and the innermost of a name") {
  const int n = ranks();
  const Tensor x = sample({n, 3});
  const auto both = [](const Tensor& row) {
    return st::vmap(
        [](const Tensor& e) {
          return st::psum(e, {"i", "j"}) + 10 * st::psum(e, "i") + 100 * st::psum(e, "j");
        },
        {.axis_name = "j"})(row);
  };
  CHECK(largest_difference(over_ranks(both)(x), over_lanes(both)(x)) <= 1e-12);
  const auto g = [&](const Tensor& row) { return st::sum(st::sin(both(row))); };
  CHECK(largest_difference(over_ranks(st::grad(g))(x), over_lanes(st::grad(g))(x)) <= 1e-12);
  const auto shadowed = [](const Tensor& row) {
    return st::vmap([](const Tensor& e) { return st::psum(e, "i"); }, {.axis_name = "i"})(row);
  };
  CHECK(largest_difference(over_ranks(shadowed)(x), over_lanes(shadowed)(x)) <= 1e-12);
  // The other way round: lanes called "i" outside, processes called "i" inside.
  const auto inner = [&](const Tensor& lane) {
    return over_ranks([](const Tensor& e) { return st::psum(e, "i"); })(lane);
  };
  CHECK(largest_difference(st::vmap(inner, {.in_axes = 1, .out_axes = 1, .axis_name = "i"})(x),
                           st::broadcast_to(st::sum(x, {.axes = {0}, .keepdims = true}), {n, 3})) <= 1e-12);
  CHECK(over_ranks([](const Tensor& e) { return e * 0 + st::axis_index("i"); })(st::zeros({n}))
            .to_vector<int>()[static_cast<std::size_t>(n - 1)] == n - 1);
}

TEST_CASE("the vjp is the finite difference of the sum of all ranks' losses, and the adjoint of the jvp") {
  const Tensor x = argument(), dx = argument(1);
  for (const auto& [name, f] : uses()) {
    INFO(name);
    const auto total = [&f = f](const Tensor& t) {
      return st::pmap([&f](const Tensor& e) { return st::sum(st::sin(f(e))); },
                      {.out_axes = st::sum_out, .axis_name = "i"})(t);
    };
    const Tensor g = over_ranks(st::grad([&f = f](const Tensor& t) { return st::sum(st::sin(f(t))); }))(x);
    const double h = 1e-5, slope = (total(x + h * dx).item<double>() - total(x - h * dx).item<double>()) / (2 * h);
    const double along = st::sum(g * dx).item<double>();
    if (name != "psum_invariant" && name != "pvary") CHECK(along == Approx(slope).epsilon(1e-6).margin(1e-6));
    CHECK(st::grad(total)(x).shape() == x.shape());
    CHECK(st::sum(st::grad(total)(x) * dx).item<double>() == Approx(slope).epsilon(1e-6).margin(1e-6));
    CHECK(st::jvp(total, x, dx).second.item<double>() == Approx(slope).epsilon(1e-6).margin(1e-6));
    CHECK(std::abs(st::jvp(total, x, dx).second.item<double>() - st::sum(st::grad(total)(x) * dx).item<double>()) <=
          1e-11);
  }
}

TEST_CASE("a cotangent that is missing on some ranks does not put them out of step") {
  const int n = ranks();
  const Tensor x = st::arange(1.0, 1.0 + n);
  const auto loss = [](const Tensor& e) {
    const Tensor total = st::psum(st::square(e), "i"), most = st::pmax(e, "i");
    return world().rank() == 0 ? total * 3 + most + e : e * 5;  // only rank 0 uses what all computed
  };
  std::vector<double> expected(static_cast<std::size_t>(n));
  for (int r = 0; r < n; ++r)
    expected[static_cast<std::size_t>(r)] = 6 * (r + 1) + (r == 0 ? 1 : 5) + (r == n - 1 ? 1 : 0);
  CHECK(over_ranks(st::grad(loss))(x).to_vector<double>() == expected);
  // Through checkpoint, under vmap, and differentiated again.
  const auto kept = [&](const Tensor& e) {
    return st::checkpoint([](const Tensor& t) { return st::psum(st::square(t), "i") * t; })(e);
  };
  const auto uneven = [&](const Tensor& e) {
    const Tensor y = kept(e);
    return world().rank() == 0 ? y : e * 5;
  };
  const Tensor g = over_ranks(st::grad(uneven))(x);
  double sum = 0;
  for (int r = 1; r <= n; ++r) sum += r * r;
  CHECK(g.to_vector<double>()[0] == Approx(sum + 2));
  for (int r = 1; r < n; ++r) CHECK(g.to_vector<double>()[static_cast<std::size_t>(r)] == Approx(5 + 2.0 * (r + 1)));
  const Tensor rows = sample({n, 3});
  const Tensor lanes = over_ranks(st::vmap(st::grad(loss)))(rows);
  CHECK(lanes.shape() == rows.shape());
  const auto bend = [&](const Tensor& e) {
    return st::square(st::grad([](const Tensor& t) {
      const Tensor s = st::psum(t * t * t, "i");
      return world().rank() == 0 ? s : t;
    })(e));
  };
  const Tensor second = over_ranks(st::grad(bend))(x);
  CHECK(second.to_vector<double>()[0] == Approx(36));
}

TEST_CASE("a collective over processes inside a branch that some lanes do not take") {
  const auto f = [](st::CondOptions options) {
    return [options](const Tensor& row) {
      return st::vmap([&](const Tensor& x) {
        return st::cond(
            options, x > 1, [](const Tensor& t) { return st::psum(t, "i"); }, [](const Tensor& t) { return t; }, x);
      })(row);
    };
  };
  const Tensor x = st::broadcast_to(st::array({1.0, 2.0}), {ranks(), 2});
  bool refused = false;
  try {
    over_ranks(f({}))(x);
  } catch (const st::TransformError& error) {
    refused = std::string(error.what())
                  .starts_with(
                      "psum: axis 'i' is one of processes, and only some lanes of a vmap are here: a collective cannot "
                      "run inside");
  }
  CHECK(refused);
  CHECK(over_ranks(f({.select = true}))(x).to_vector<double>()[1] == 2 * ranks());
}
