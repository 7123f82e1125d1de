// Transforms on four threads at once: levels, tapes and records are each thread's own. Run under the thread sanitizer
// too.
#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "strata/autograd/custom.hpp"
#include "strata/autograd/grad.hpp"
#include "strata/core/error.hpp"
#include "strata/distributed/collectives.hpp"
#include "strata/functorch/associative_scan.hpp"
#include "strata/functorch/cond.hpp"
#include "strata/functorch/jacobian.hpp"
#include "strata/functorch/scan.hpp"
#include "strata/functorch/vmap.hpp"
#include "strata/functorch/while.hpp"
#include "strata/ops/ops.hpp"
#include "strata/tests/catch.hpp"

using namespace strata;

namespace {

/// Runs f(thread) on four threads; counts the failures, because Catch2's assertions belong to the main thread.
template <class F>
int on_four_threads(F f) {
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      try {
        if (!f(t)) ++failures;
      } catch (const std::exception&) {
        ++failures;
      }
    });
  }
  for (std::thread& t : threads) t.join();
  return failures;
}

}  // namespace

TEST_CASE("transforms run on four threads at once") {
  const Tensor shared = array({1.0, 2.0, 3.0});
  const auto f = [&](const Tensor& x) { return sum(x * x * shared); };
  const auto expected = grad(f)(shared).to_vector<float>();
  CHECK(on_four_threads([&](int) {
          for (int i = 0; i < 200; ++i) {
            if (grad(f)(shared).to_vector<float>() != expected) return false;
            const Tensor h = hessian(f)(shared);
            if (h.shape() != Shape{3, 3}) return false;
            const Tensor v = vmap(grad([](const Tensor& x) { return x * x; }))(shared);
            if (v.to_vector<float>() != std::vector<float>{2, 4, 6}) return false;
          }
          return true;
        }) == 0);
}

namespace {

struct Model {
  Tensor w, b;
};

using Floats = std::vector<float>;
Floats floats(const Tensor& x) { return x.to_vector<float>(); }

/// One transform (or a nest of them) on tensors that all threads share: its numbers.
struct Program {
  const char* name;
  std::function<Floats()> run;
};

std::vector<Program> derivative_programs(const Tensor& x) {
  const auto energy = [x](const Tensor& t) { return sum(sin(t) * t * x[0]); };
  const Model model{x, 0.5};
  const auto loss = [](const Model& m, const Tensor& row) { return square(sum(m.w * row) + m.b); };
  return {
      {"vmap", [=] { return floats(vmap([](const Tensor& row) { return cumsum(row) / max(row); })(x)); }},
      {"grad", [=] { return floats(grad(energy)(x)); }},
      {"jvp", [=] { return floats(jvp(energy, x, x).second); }},
      {"vjp", [=] { return floats(vjp(energy, x).second(2.0)); }},
      {"linearize", [=] { return floats(linearize(energy, x).second(x)); }},
      {"vmap(grad)", [=] { return floats(vmap(grad(energy))(x)); }},
      {"vmap(grad) of a struct",
       [=] {
         return floats(vmap(grad(loss), {.in_axes = {none, 0}})(model, x).w);
       }},
      {"grad(vmap)", [=] { return floats(grad([=](const Tensor& t) { return sum(vmap(energy)(t)); })(x)); }},
      {"jvp(vmap(grad))", [=] { return floats(jvp(vmap(grad(energy)), x, x).second); }},
      {"hessian", [=] { return floats(hessian(energy)(x[1])); }},
      {"checkpoint", [=] { return floats(grad(checkpoint(energy))(x)); }},
  };
}

std::vector<Program> control_programs(const Tensor& x) {
  const auto step = [](const Tensor& c, const Tensor& row) { return std::pair{c * 0.5 + row, sum(c)}; };
  const auto twice = [](const Tensor& t) { return t * 2; };
  const auto root = [](const Tensor& t) { return sqrt(t); };
  const auto by_sign = [=](const Tensor& t) { return cond(t > 1, root, twice, t); };
  const auto grown = [=](const Tensor& t) { return while_loop([](const Tensor& c) { return c < 10; }, twice, t); };
  return {
      {"scan", [=] { return floats(scan(step, zeros({3}), x).second); }},
      {"grad(scan)", [=] { return floats(grad([=](const Tensor& t) { return sum(scan(step, t, x).first); })(x[0])); }},
      {"cond",
       [=] {
         return floats(cond(x[{0, 0}] > 0, twice, root, x));
       }},
      {"vmap(cond)", [=] { return floats(vmap(by_sign)(x[0])); }},
      {"vmap(grad(cond))", [=] { return floats(vmap(grad(by_sign))(x[1])); }},
      {"vmap(while_loop)", [=] { return floats(vmap(grown)(x[0])); }},
      {"associative_scan", [=] { return floats(associative_scan(add, x)); }},
      {"psum", [=] { return floats(vmap([](const Tensor& r) { return psum(r, "i"); }, {.axis_name = "i"})(x)); }},
  };
}

std::vector<Program> random_programs() {
  const Tensor key = random::key(42), keys = random::split(key, 5);
  const auto draw = [](const Tensor& k) { return random::normal(k, {7}); };
  return {
      {"normal", [=] { return floats(random::normal(key, {100})); }},
      {"gamma", [=] { return floats(random::gamma(key, 2.5, {20})); }},
      {"permutation", [=] { return floats(astype(random::permutation(key, 50), float32)); }},
      {"vmap(normal)", [=] { return floats(vmap(draw)(keys)); }},
      {"grad of a sample",
       [=] { return floats(grad([=](const Tensor& s) { return sum(s * random::uniform(key, {9})); })(Tensor(2.0))); }},
  };
}

/// Each program alone first; then on four threads at once, each thread beginning elsewhere, so that different ones
/// meet.
void check_together(const std::vector<Program>& programs) {
  std::vector<Floats> expected;
  for (const Program& p : programs) expected.push_back(p.run());
  const std::size_t n = programs.size();
  std::vector<std::atomic<int>> wrong(n);
  CHECK(on_four_threads([&](int t) {
          for (std::size_t i = 0; i < 15 * n; ++i) {
            const std::size_t k = (i + static_cast<std::size_t>(t) * n / 4) % n;
            if (programs[k].run() != expected[k]) ++wrong[k];
          }
          return true;
        }) == 0);
  for (std::size_t k = 0; k < n; ++k) {
    INFO(programs[k].name);
    CHECK(wrong[k] == 0);
  }
}

}  // namespace

TEST_CASE("every kind of transform runs on four threads at once and gives the values it gives alone") {
  const Tensor x = array({{0.5, 1.5, 2.0}, {3.0, 0.25, 1.0}, {2.5, 0.75, 4.0}, {1.25, 3.5, 0.125}});
  std::vector<Program> all = derivative_programs(x);
  for (Program& p : control_programs(x)) all.push_back(p);
  for (Program& p : random_programs()) all.push_back(p);
  check_together(all);
}

TEST_CASE("transforms of large tensors share the pool") {
  const Tensor x = reshape(linspace(0, 1, 256 * 300), {256, 300}), w = ones({300, 200}) * 0.01;
  const auto layer = [=](const Tensor& weight, const Tensor& row) { return sum(tanh(matmul(row, weight))); };
  check_together({
      {"grad", [=] { return floats(grad([=](const Tensor& t) { return sum(tanh(matmul(x, t))); })(w)); }},
      {"vmap",
       [=] {
         return floats(vmap(layer, {.in_axes = {none, 0}})(w, x));
       }},
      {"sums of vmap(grad)",
       [=] {
         return floats(vmap(grad(layer), {.in_axes = {none, 0}, .out_axes = sum_out})(w, x));
       }},
      {"normal",
       [=] {
         return floats(random::normal(random::key(1), {200, 300}));
       }},
      {"sort", [=] { return floats(sort(-x, {.axis = 0})); }},
  });
}

TEST_CASE("large ops share the pool") {
  const Tensor x = ones({512, 512});
  CHECK(on_four_threads([&](int t) {
          for (int i = 0; i < 20; ++i) {
            if (sum(x * (t + 1)).item<float>() != 512.f * 512.f * static_cast<float>(t + 1)) return false;
          }
          return true;
        }) == 0);
}

TEST_CASE("a tensor of a transform on another thread is named") {
  std::string message;
  grad([&](const Tensor& x) {
    std::thread([&] {
      try {
        (void)(x + 1);
      } catch (const TransformError& e) {
        message = e.what();
      }
    }).join();
    return sum(x);
  })(array({1.0}));
  CHECK(message ==
        "a tensor of shape [1] belongs to a grad on another thread; pass it as an argument, or take its value before "
        "the thread starts");
}
