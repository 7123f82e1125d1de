// Captured steps among threads, and what keeps a recording whole: streams by number, the gate that others pass, memory
// that a graph reads. On the double of a GPU where none is (STRATA_TEST_DEVICE=cuda); streams' numbers need neither.
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "strata/ops/cuda/stream_numbers.hpp"
#include "strata/strata.hpp"
#include "strata/tests/catch.hpp"

namespace st = strata;
using Catch::Matchers::Contains;
using st::Tensor;
using st::gpu::StreamNumber;

namespace {

bool gpu_here() {
  if (st::default_device() != st::cpu) return true;
  WARN("SKIPPED: no GPU (STRATA_TEST_DEVICE=cuda asks for one)");
  return false;
}

std::vector<float> floats(const Tensor& x) { return x.to_vector<float>(); }

/// f(i) on so many threads at once.
template <class F>
void on_threads(int count, F f) {
  const st::Device device = st::default_device();
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      st::default_device(device);
      f(i);
    });
  }
  for (std::thread& t : threads) t.join();
}

}  // namespace

TEST_CASE("threads have streams of their own until there are no more") {
  std::vector<std::unique_ptr<StreamNumber>> all;
  std::vector<bool> seen(16);
  for (int i = 0; i < 16; ++i) {
    all.push_back(std::make_unique<StreamNumber>());
    CHECK(all.back()->alone());
    CHECK_FALSE(seen[static_cast<std::size_t>(all.back()->get())]);
    seen[static_cast<std::size_t>(all.back()->get())] = true;
  }
  auto more = std::make_unique<StreamNumber>();
  CHECK_FALSE(more->alone());
  const int shared = more->get();
  for (const auto& n : all) CHECK(n->alone() == (n->get() != shared));
  std::erase_if(all, [&](const auto& n) { return n->get() == shared; });  // its first owner's thread ends
  CHECK(more->alone());
  CHECK_FALSE(StreamNumber().alone());  // nothing is free
  const int last = all.back()->get();
  all.pop_back();
  CHECK(StreamNumber().get() == last);
}

TEST_CASE("a thread that would share a stream waits while one records") {
  std::vector<std::unique_ptr<StreamNumber>> all;
  for (int i = 0; i < 16; ++i) all.push_back(std::make_unique<StreamNumber>());
  std::atomic<bool> shares = false;
  std::unique_lock gate(st::gpu::capture_gate());
  std::thread other([&] {
    const StreamNumber n;
    shares = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK_FALSE(shares);
  for (const auto& n : all) CHECK(n->alone());
  gate.unlock();
  other.join();
  CHECK(shares);
}

TEST_CASE("a captured step takes arguments made on other threads and is replayed by several") {
  if (!gpu_here()) return;
  const auto fast = st::capture([](Tensor x, Tensor w) { return st::tanh(x * w + 1); });
  const Tensor w = st::full({1000}, 0.5);
  fast(st::ones({1000}), w);
  Tensor x;
  on_threads(1, [&](int) { x = st::arange(1000.0) * 0.001; });
  CHECK(floats(fast(x, w)) == floats(st::tanh(x * w + 1)));
  std::atomic<int> wrong = 0;
  on_threads(4, [&](int k) {
    for (int i = 0; i < 50; ++i) {
      const Tensor mine = st::full({1000}, k + 0.01 * i);
      if (floats(fast(mine, w)) != floats(st::tanh(mine * w + 1))) ++wrong;
    }
  });
  CHECK(wrong == 0);
}

TEST_CASE("who would wait for the GPU while a thread records waits for the recording first") {
  if (!gpu_here()) return;
  int runs = 0;
  std::atomic<int> waited = 0;
  std::vector<std::thread> others;
  const auto fast = st::capture([&](Tensor x) {
    if (++runs == 2) {
      others.emplace_back([&] { st::synchronize(st::cuda(0)), ++waited; });
      others.emplace_back([&] { st::release_cached(st::cuda(0)), ++waited; });
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      CHECK(waited == 0);
      CHECK_THROWS_WITH(st::synchronize(st::cuda(0)), Contains("capture records: nothing runs before"));
    }
    return x * 2;
  });
  CHECK(floats(fast(st::ones({3}))) == std::vector<float>{2, 2, 2});
  for (std::thread& t : others) t.join();
  CHECK(runs == 2);
  CHECK(waited == 2);
  CHECK(floats(fast(st::ones({3}))) == std::vector<float>{2, 2, 2});
}

TEST_CASE("what a recording read lives as long as it and is never written over") {
  if (!gpu_here()) return;
  const Tensor x = st::arange(100'000.0);
  Tensor w = st::full({100'000}, 2.0);
  const auto fast = st::capture([&](Tensor t) { return t * w; });
  const std::vector<float> expected = floats(x * 2);
  CHECK(floats(fast(x)) == expected);
  w = Tensor();
  const Tensor others = st::full({100'000}, 7.0), more = others + 1;
  CHECK(floats(fast(x)) == expected);
  CHECK(floats(fast(x)) == expected);
}

TEST_CASE("a captured function inside another one is recorded with it") {
  if (!gpu_here()) return;
  const auto inner = st::capture([](Tensor x) { return x * x; });
  const auto outer = st::capture([&](Tensor x) { return inner(x) + inner(x + 1); });
  for (int i = 0; i < 3; ++i) {
    const Tensor x = st::arange(4.0) + i;
    CHECK(floats(outer(x)) == floats(x * x + (x + 1) * (x + 1)));
  }
}

TEST_CASE("captures come and go, one inside the other") {
  if (!gpu_here()) return;
  const Tensor x = st::arange(5.0);
  const auto plus = [](Tensor t) { return t + 1; };
  for (int i = 0; i < 100; ++i) {
    auto old = std::make_optional(st::capture(plus));
    (*old)(x);
    const auto fast = st::capture([&](Tensor t) {
      old.reset();
      return t * 3;
    });
    fast(x);
    REQUIRE(floats(fast(x)) == floats(x * 3));
  }
}
