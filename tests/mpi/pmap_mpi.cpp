// pmap over processes: axes of arguments and results, local results, parts of the job, composition with vmap, scan and
// grad; the communicator.
#include "strata/tests/mpi/mpi_case.hpp"

using namespace mpi_case;

TEST_CASE("in_axes and out_axes") {
  const int n = ranks(), me = world().rank();
  const Tensor x = sample({3, n, 2});
  const auto twice = [](const Tensor& t) { return 2 * t; };
  CHECK(largest_difference(st::pmap(twice, {.in_axes = 1, .out_axes = 1})(x), 2 * x) == 0);
  CHECK(largest_difference(st::pmap(twice, {.in_axes = -2, .out_axes = -1})(x), 2 * st::moveaxis(x, 1, -1)) == 0);
  CHECK(largest_difference(st::pmap(twice, {.in_axes = 1, .out_axes = st::local})(x), 2 * x[{st::all, me}]) == 0);
  CHECK(largest_difference(st::pmap(twice, {.in_axes = 1, .out_axes = st::sum_out})(x), 2 * st::sum(x, {.axes = {1}})) <
        1e-14);
  CHECK(largest_difference(st::pmap(twice, {.in_axes = 1, .out_axes = st::mean_out})(x),
                           2 * st::mean(x, {.axes = {1}})) < 1e-14);
  CHECK(largest_difference(st::pmap(twice, {.in_axes = st::none, .out_axes = st::none})(x), 2 * x) == 0);
  struct Pair {
    Tensor a, b;
    int tag = 0;
  };
  const auto swap = [](const Pair& p) { return Pair{p.b, p.a, p.tag + 1}; };
  const Pair y =
      st::pmap(swap, {.in_axes = {st::axes({1, st::none})}, .out_axes = st::axes({st::none, 0})})(Pair{x, x, 1});
  CHECK(y.tag == 2);
  CHECK(y.a.shape() == x.shape());
  CHECK(y.b.shape() == st::Shape{n, 3, 2});
  if (n > 1) {
    CHECK_THROWS_AS(st::pmap(twice, {.in_axes = 1, .out_axes = st::none})(x), st::TransformError);
    CHECK_THROWS_WITH(st::pmap(twice)(sample({n + 1, 2})), "pmap: argument 0 has size " + std::to_string(n + 1) +
                                                               " along axis 0, but there are " + std::to_string(n) +
                                                               " processes: st::shard makes a slice for each");
  }
  CHECK(st::shard(sample({2 * n, 3})).shape() == st::Shape{n, 2, 3});
}

TEST_CASE("gradients taken outside pmap are those of the global function") {
  const int n = ranks();
  const Tensor w = sample({4}), x = sample({n, 5, 4}, st::float64, 1), y = sample({n, 5}, st::float64, 2);
  const auto global = [&](const Tensor& v) { return st::mean(st::square(st::matmul(x, v) - y)); };
  const auto local = [](const Tensor& v, const Tensor& a, const Tensor& b) {
    return st::mean(st::square(st::matmul(a, v) - b));
  };
  for (const auto& out : {st::ArgAxes(st::mean_out), st::ArgAxes(0), st::ArgAxes(st::none)}) {
    const bool reduce = !out.entries()[0].is_sink() && !out.entries()[0].spec().mapped();
    const auto f = [&](const Tensor& v) {
      return st::mean(st::pmap(
          [&](const Tensor& u, const Tensor& a, const Tensor& b) {
            const Tensor l = local(u, a, b);
            return reduce ? st::pmean(l, "d") : l;
          },
          {.in_axes = {st::none, 0, 0}, .out_axes = out, .axis_name = "d"})(v, x, y));
    };
    CHECK(largest_difference(f(w), global(w)) < 1e-13);
    CHECK(largest_difference(st::grad(f)(w), st::grad(global)(w)) < 1e-13);
    CHECK(largest_difference(st::hessian(f)(w), st::hessian(global)(w)) < 1e-12);
    CHECK(largest_difference(st::jacfwd(f)(w), st::jacrev(global)(w)) < 1e-12);
  }
  const auto in_x = [&](const Tensor& a) {
    return st::sum(st::sin(st::pmap([](const Tensor& t) { return t * st::psum(t, "d"); }, {.axis_name = "d"})(a)));
  };
  const auto plain = [&](const Tensor& a) { return st::sum(st::sin(a * st::sum(a, {.axes = {0}, .keepdims = true}))); };
  CHECK(largest_difference(st::grad(in_x)(y), st::grad(plain)(y)) < 1e-13);
}

TEST_CASE("captured tensors get the gradients of all processes") {
  const int n = ranks();
  const Tensor w = sample({4}), x = sample({n, 5, 4}, st::float64, 1);
  const auto captured = [&](const Tensor& v) {
    return st::sum(st::pmap(
        [&](const Tensor& a) {
          return st::sum(st::sin(st::matmul(a, v)) * st::psum(st::sum(v * v), "d") + st::sum(v));
        },
        {.axis_name = "d"})(x));
  };
  const auto plain = [&](const Tensor& v) {
    return st::sum(st::sin(st::matmul(x, v)) * (n * st::sum(v * v)) + st::sum(v));
  };
  CHECK(largest_difference(captured(w), plain(w)) < 1e-12);
  CHECK(largest_difference(st::grad(captured)(w), st::grad(plain)(w)) < 1e-12);
  CHECK(largest_difference(st::hessian(captured)(w), st::hessian(plain)(w)) < 1e-12);
  CHECK(largest_difference(st::jvp(captured, w, w).second, st::jvp(plain, w, w).second) < 1e-12);
  const Tensor many = sample({3, 4});
  CHECK(largest_difference(st::vmap(st::grad(captured))(many), st::vmap(st::grad(plain))(many)) < 1e-12);
}

TEST_CASE("scan inside vmap inside pmap, with gradients") {
  const int n = ranks();
  struct Cell {
    Tensor w, u;
  };
  const Cell cell{sample({3, 3}) * 0.5, sample({2, 3}, st::float64, 1)};
  const auto run = [](const Cell& c, const Tensor& xs) {
    return st::scan(
               [&](const Tensor& h, const Tensor& x) {
                 const Tensor next = st::tanh(st::matmul(h, c.w) + st::matmul(x, c.u));
                 return std::pair{next, st::sum(next)};
               },
               st::zeros({3}, {.dtype = st::float64}), xs)
        .second;
  };
  const Tensor xs = sample({n, 2, 4, 2});
  const auto inner = st::vmap(run, {.in_axes = {st::none, 0}});
  const auto parallel = st::pmap(inner, {.in_axes = {st::none, 0}, .axis_name = "d"});
  const auto lanes = st::vmap(inner, {.in_axes = {st::none, 0}});
  CHECK(largest_difference(parallel(cell, xs), lanes(cell, xs)) < 1e-13);
  const auto loss = [&](auto f) { return [&, f](const Cell& c) { return st::sum(st::square(f(c, xs))); }; };
  const Cell a = st::grad(loss(parallel))(cell), b = st::grad(loss(lanes))(cell);
  CHECK(largest_difference(a.w, b.w) < 1e-12);
  CHECK(largest_difference(a.u, b.u) < 1e-12);
  // A collective in the recurrence itself.
  const auto coupled = [](const Tensor& x) {
    return st::scan(
               [](const Tensor& h, const Tensor& e) {
                 const Tensor next = st::tanh(h + st::pmean(e, "d"));
                 return std::pair{next, next};
               },
               Tensor(0.5), x)
        .second;
  };
  const Tensor seq = sample({n, 6});
  const auto total = [&](auto g) { return [&, g](const Tensor& t) { return st::sum(st::square(g(t))); }; };
  CHECK(largest_difference(st::grad(total(st::pmap(coupled, {.axis_name = "d"})))(seq),
                           st::grad(total(st::vmap(coupled, {.axis_name = "d"})))(seq)) < 1e-13);
}

TEST_CASE("parts of the job: a mesh of rows and columns") {
  if (ranks() != 4) return;
  const auto rows = world().split(world().rank() / 2), columns = world().split(world().rank() % 2);
  CHECK(rows.size() == 2);
  CHECK(rows.rank() == world().rank() % 2);
  const Tensor x = sample({2, 2});
  const auto f = [](const Tensor& e) {
    return e + 10 * st::psum(e, "j") + 100 * st::psum(e, "i") + 1000 * st::psum(e, {"i", "j"});
  };
  const auto mesh = st::pmap(st::pmap(f, {.axis_name = "j", .over = {rows}}), {.axis_name = "i", .over = {columns}});
  const auto lanes = st::vmap(st::vmap(f, {.axis_name = "j"}), {.axis_name = "i"});
  CHECK(largest_difference(mesh(x), lanes(x)) < 1e-13);
}

TEST_CASE("the communicator") {
  const auto w = world();
  CHECK(w.local_size() == w.size());
  CHECK(w.local_rank() == w.rank());
  struct Model {
    Tensor a;
    std::vector<Tensor> b;
    Tensor missing;
    std::string name = "m";
  };
  const Model mine{sample({3}, st::float32, w.rank()), {st::arange(4) + w.rank()}, {}};
  const Model root = w.broadcast(mine, w.size() - 1);
  CHECK(largest_difference(root.a, sample({3}, st::float32, w.size() - 1)) == 0);
  CHECK(root.b[0][0].item<int>() == w.size() - 1);
  CHECK_FALSE(root.missing.defined());
  w.require_equal(root, "model");
  if (w.size() > 1) {
    std::string message;
    try {
      w.require_equal(Model{root.a, mine.b, {}}, "model");
    } catch (const st::DistributedError& error) {
      message = error.what();
    }
    CHECK(message ==
          "model.b[0] (int32 [4]) has other values on rank 1 than on rank 0: draw it from the same key on all ranks, "
          "or broadcast it (world.broadcast)");
  }
  w.barrier();
  CHECK_THROWS_AS(w.broadcast(mine, w.size()), st::ValueError);
}
