// Transforms on four threads at once: levels, tapes and records are each thread's own. Run under the thread sanitizer
// too.
#include <atomic>
#include <thread>
#include <vector>

#include "strata/autograd/custom.hpp"
#include "strata/autograd/grad.hpp"
#include "strata/core/error.hpp"
#include "strata/functorch/jacobian.hpp"
#include "strata/functorch/vmap.hpp"
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
