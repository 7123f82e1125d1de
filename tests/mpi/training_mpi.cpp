// data_parallel and the loader over processes: the numbers of one process on the global batch, whatever the buckets,
// the overlap, the micro-batches, the sharing of parameters and the sizes of the parts.
#include "strata/tests/mpi/mpi_case.hpp"

using namespace mpi_case;

namespace {

struct Net {
  Tensor w1, b1, w2, unused;
  Tensor count;  // an integer: no gradient
};
struct Batch {
  Tensor x, y;
};

Net net(st::Dtype dtype) {
  return {sample({6, 40}, dtype) * 0.3, st::zeros({40}, {.dtype = dtype}), sample({40, 6}, dtype, 1) * 0.3,
          st::ones({3}, {.dtype = dtype}), st::arange(2)};
}
/// w1 is used twice.
Tensor loss(const Net& m, const Batch& b) {
  const Tensor h = st::tanh(st::matmul(b.x, m.w1) + m.b1);
  const Tensor y = st::matmul(st::tanh(st::matmul(st::matmul(h, m.w2), m.w1)), m.w2);
  return st::mean(st::square(y - b.y));
}
Batch data(std::int64_t rows, st::Dtype dtype) { return {sample({rows, 6}, dtype, 2), sample({rows, 6}, dtype, 3)}; }

Net trained(const Net& start, const std::function<std::pair<Tensor, Net>(const Net&)>& step, int steps) {
  Net m = start;
  for (int i = 0; i < steps; ++i) {
    const Net g = step(m).second;
    m = st::tree_map([](const Tensor& p, const Tensor& d) { return p - 0.01 * d; }, m, g);
    m.count = start.count;
    world().require_equal(m, "model");
  }
  return m;
}
double difference(const Net& a, const Net& b) {
  return std::max({largest_difference(a.w1, b.w1), largest_difference(a.b1, b.b1), largest_difference(a.w2, b.w2)});
}

}  // namespace

TEST_CASE("fifty steps are those of one process on the same global batches") {
  for (const st::Dtype dtype : {st::float64, st::float32}) {
    const double bound = dtype == st::float64 ? 1e-10 : 1e-4;
    st::Loader loader(data(96, dtype), {.batch = 24, .key = st::random::key(3)});
    st::Loader<Batch> whole = loader;
    // The global batch on every process, from the parts of all of them.
    const auto gathered = [](const Batch& b) {
      return st::tree_map(
          [](const Tensor& t) {
            return st::pmap([&](const Tensor&) { return st::all_gather(t, "d", {.tiled = true}); },
                            {.out_axes = st::none, .axis_name = "d"})(st::zeros({ranks()}));
          },
          b);
    };
    const auto step = st::data_parallel(st::value_and_grad(loss));
    const Net start = net(dtype);
    const Net parallel = trained(
        start, [&](const Net& m) { return step(m, loader.next()); }, 50);
    const Net alone = trained(
        start, [&](const Net& m) { return st::value_and_grad(loss)(m, gathered(whole.next())); }, 50);
    CHECK(difference(parallel, start) > 1e-3);
    CHECK(difference(parallel, alone) <= bound);
  }
}

TEST_CASE("buckets, overlap and micro-batches give equal gradients") {
  const int n = ranks();
  const Batch all = data(12 * n, st::float64);
  const Net m = net(st::float64);
  const auto [expected_loss, expected] = st::value_and_grad(loss)(m, all);
  const auto mine = [&](const Tensor& t) { return t[st::range(12 * world().rank(), 12 * world().rank() + 12)]; };
  const Batch part{mine(all.x), mine(all.y)};
  for (const std::int64_t cap : {std::int64_t{1}, std::int64_t{1} << 20, std::int64_t{1} << 40}) {
    for (const st::Overlap overlap : {st::Overlap::off, st::Overlap::on}) {
      for (const std::int64_t micro : {1, 3}) {
        INFO(cap << " bytes, overlap " << static_cast<int>(overlap) << ", " << micro << " parts");
        const auto step =
            st::data_parallel(st::value_and_grad(loss), {.micro_batches = micro,
                                                         .first_bucket_bytes = std::min<std::int64_t>(cap, 100),
                                                         .bucket_bytes = cap,
                                                         .overlap = overlap});
        for (int round = 0; round < 3; ++round) {
          const auto [value, g] = step(m, part);
          CHECK(largest_difference(value, expected_loss) <= 1e-12);
          CHECK(difference(g, expected) <= 1e-12);
          CHECK(largest_difference(g.unused, st::zeros({3}, {.dtype = st::float64})) == 0);
          CHECK_FALSE(g.count.defined());
        }
        CHECK(largest_difference(step.no_sync(m, part).first, loss(m, part)) <= 1e-12);
      }
    }
  }
}

TEST_CASE("gradients that only some ranks need, and collectives inside the loss") {
  const Batch all = data(4 * ranks(), st::float64);
  const Net m = net(st::float64);
  const auto mine = [&](const Tensor& t) { return t[st::range(4 * world().rank(), 4 * world().rank() + 4)]; };
  for (const st::Overlap overlap : {st::Overlap::off, st::Overlap::on}) {
    const auto uneven = [](const Net& p, const Batch& b) {
      const Tensor extra = world().rank() == 0 ? st::sum(p.unused) : Tensor(0.0);
      const Tensor mean = st::pmean(b.x, "data");  // as batch norm
      return loss(p, {b.x - mean, b.y}) + extra + st::sum(st::square(st::psum(p.b1, "data")));
    };
    const auto [value, g] =
        st::data_parallel(st::value_and_grad(uneven), {.overlap = overlap})(m, Batch{mine(all.x), mine(all.y)});
    CHECK(largest_difference(g.unused, st::full({3}, 1.0 / ranks(), {.dtype = st::float64})) <= 1e-14);
  }
}

TEST_CASE("uneven parts are weighted by their examples, or refused") {
  const std::int64_t rows = 3 * ranks() + 1;
  const Batch all = data(rows, st::float64);
  const Net m = net(st::float64);
  const auto [expected_loss, expected] = st::value_and_grad(loss)(m, all);
  st::Loader loader(all, {.batch = rows, .drop_last = false});
  const Batch mine = loader.next();
  const auto [value, g] = st::data_parallel(st::value_and_grad(loss), {.uneven = st::Uneven::weighted})(m, mine);
  CHECK(largest_difference(value, expected_loss) <= 1e-12);
  CHECK(difference(g, expected) <= 1e-12);
  if (ranks() > 1) {
    // A part without examples.
    st::Loader one(data(1, st::float64), {.batch = 1, .drop_last = false});
    const auto alone = st::value_and_grad(loss)(m, data(1, st::float64)).second;
    CHECK(
        difference(st::data_parallel(st::value_and_grad(loss), {.uneven = st::Uneven::weighted})(m, one.next()).second,
                   alone) <= 1e-12);
    CHECK_THROWS_AS(st::data_parallel(st::value_and_grad(loss))(m, mine), st::DistributedError);
  }
}

TEST_CASE("half types: gradients are added in float32") {
  for (const st::Dtype dtype : {st::bfloat16, st::float16}) {
    const auto f = [](const Tensor& w, const Tensor& x) { return st::sum(w * x); };
    const Tensor x = sample({ranks(), 9000}, dtype);
    const auto [value, g] =
        st::data_parallel(st::value_and_grad(f))(st::ones({9000}, {.dtype = dtype}), x[world().rank()]);
    const Tensor exact = st::mean(st::astype(x, st::float64), {.axes = {0}});
    CHECK(g.dtype() == dtype);
    CHECK(largest_difference(st::astype(g, st::float64), exact) <= (dtype == st::bfloat16 ? 0.0078125 : 0.001) * 2);
  }
}

TEST_CASE("per-example clipped gradients over the global batch") {
  const int n = ranks();
  const Tensor w = sample({5}), x = sample({n, 8, 5}, st::float64, 1);
  const auto clipped = [](const Tensor& v, const Tensor& e) {
    const Tensor g = st::grad([&](const Tensor& u) { return st::square(st::sum(u * e)); })(v);
    return g * st::minimum(1.0, 0.3 / st::sqrt(st::sum(g * g)));
  };
  const auto mean_over = [&](const Tensor& v, const Tensor& rows) {
    return st::pmean(st::vmap(clipped, {.in_axes = {st::none, 0}, .out_axes = st::mean_out})(v, rows), "data");
  };
  const Tensor parallel =
      st::pmap(mean_over, {.in_axes = {st::none, 0}, .out_axes = st::none, .axis_name = "data"})(w, x);
  const Tensor alone =
      st::mean(st::vmap(clipped, {.in_axes = {st::none, 0}})(w, st::reshape(x, {8 * n, 5})), {.axes = {0}});
  CHECK(largest_difference(parallel, alone) <= 1e-13);
}

TEST_CASE("the loader deals out the same global batches for any number of processes, and resumes") {
  const Tensor rows = st::arange(10);
  for (const bool drop : {true, false}) {
    st::Loader loader(rows, {.batch = 4, .key = st::random::key(1), .drop_last = drop});
    CHECK(loader.steps_per_epoch() == (drop ? 2 : 3));
    std::vector<int> seen;
    const auto gather = [&](const Tensor& mine) {
      for (const std::string& text : world().group()->gather_text({"test", "rows"}, st::to_string(mine))) {
        std::string digits;
        for (const char c : text + " ") {
          if (std::isdigit(static_cast<unsigned char>(c)))
            digits += c;
          else if (!digits.empty())
            seen.push_back(std::stoi(digits)), digits.clear();
        }
      }
    };
    for (std::int64_t i = 0; i < loader.steps_per_epoch(); ++i) gather(loader.next());
    const auto order = st::random::permutation(st::random::fold_in(st::random::key(1), 0), 10).to_vector<int>();
    CHECK(seen == std::vector<int>(order.begin(), order.begin() + (drop ? 8 : 10)));
    CHECK(loader.epoch() == 1);
    loader.next();
    const st::LoaderState at = loader.state();
    const Tensor then = loader.next();
    st::Loader again(rows, {.batch = 4, .key = st::random::key(1), .drop_last = drop});
    again.resume(at);
    CHECK(largest_difference(again.next(), then) == 0);
  }
  CHECK_THROWS_AS(st::Loader(rows, {.batch = 11}), st::ValueError);
}
