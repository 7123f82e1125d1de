// A recurrent network's sequences dealt out to processes: scan inside vmap inside pmap. The recurrence is written once,
// for one sequence; vmap makes it a batch, pmap the whole job's. The loss's gradient, taken outside, is that of all
// sequences. Run it: mpirun -n 2 build/examples/rnn_parallel
#include <fmt/format.h>

#include <strata/strata.hpp>

namespace st = strata;
using st::Tensor;

namespace {

struct Cell {
  Tensor w, u, b;  // [h, h], [in, h], [h]
};

/// The last state after one sequence [time, in].
Tensor last_state(const Cell& cell, const Tensor& sequence) {
  const auto step = [&](const Tensor& h, const Tensor& x) {
    const Tensor next = st::tanh(st::matmul(h, cell.w) + st::matmul(x, cell.u) + cell.b);
    return std::pair{next, st::none};
  };
  return st::scan(step, st::zeros_like(cell.b), sequence).first;
}

int run() {
  const auto world = st::distributed::init();
  constexpr std::int64_t batch = 24, time = 12, in = 3, h = 8;
  const auto key = [](int k) { return st::random::fold_in(st::random::key(0), k); };
  const auto normal = [&](int k, st::Shape shape) { return st::random::normal(key(k), shape, {.dtype = st::float64}); };
  Cell cell{normal(0, {h, h}) * 0.3, normal(1, {in, h}) * 0.3, st::zeros({h}, {.dtype = st::float64})};
  const Tensor sequences = normal(2, {batch, time, in});                      // the same on all processes
  const Tensor targets = st::tanh(st::sum(sequences, {.axes = {1, 2}}) / 4);  // [batch]

  const auto one = [](const Cell& c, const Tensor& x, const Tensor& y) {
    return st::square(st::mean(last_state(c, x)) - y);
  };
  const auto many = [&](const Cell& c, const Tensor& x, const Tensor& y) {
    return st::mean(st::vmap(one, {.in_axes = {st::none, 0, 0}})(c, x, y));
  };
  const auto all = st::pmap(many, {.in_axes = {st::none, 0, 0}, .out_axes = st::mean_out, .axis_name = "data"});
  const auto loss = [&](const Cell& c) { return all(c, st::shard(sequences), st::shard(targets)); };

  Tensor value;
  for (int i = 0; i < 60; ++i) {
    Cell g;
    std::tie(value, g) = st::value_and_grad(loss)(cell);
    cell = st::tree_map([](const Tensor& p, const Tensor& d) { return p - 0.5 * d; }, cell, g);
    if (world.rank() == 0 && i % 20 == 0) fmt::print("step {:2}: loss {:.6f}\n", i, value.item<double>());
  }
  world.require_equal(cell, "cell");
  if (world.rank() == 0) fmt::print("final loss {:.6f}\n", value.item<double>());
  return 0;
}

}  // namespace

int main() {
  try {
    return run();
  } catch (const st::Error& error) {
    fmt::print(stderr, "rnn_parallel: {}\n", error.what());
    return 1;
  }
}
