// What only a GPU has: moving tensors, its caching allocator, mixtures refused, no hidden synchronisation, capture. On
// the double of a GPU where none is (STRATA_TEST_DEVICE=cuda with STRATA_CUDA_LIBRARY); without either these tests say
// SKIPPED. How work is cut and how the allocator behaves is checked without any.
#include <cstdlib>
#include <functional>
#include <map>
#include <numeric>
#include <regex>
#include <set>
#include <string>
#include <thread>

#include "strata/core/debug.hpp"
#include "strata/ops/cuda/geometry.hpp"
#include "strata/ops/cuda/heap.hpp"
#include "strata/strata.hpp"
#include "strata/tests/catch.hpp"

namespace st = strata;
using Catch::Matchers::Contains;
using Catch::Matchers::Equals;
using st::Tensor;

namespace {

bool gpu_here() {
  if (st::default_device() != st::cpu) return true;
  WARN("SKIPPED: no GPU (STRATA_TEST_DEVICE=cuda asks for one)");
  return false;
}

/// The default device for a scope.
class On {
 public:
  explicit On(st::Device d) : before_(st::default_device()) { st::default_device(d); }
  ~On() { st::default_device(before_); }
  On(const On&) = delete;
  On& operator=(const On&) = delete;

 private:
  st::Device before_;
};

/// Memory that is only counted.
struct FakeMemory {
  std::size_t* left;
  std::set<void*>* out;
  int* waits;
  void* take(std::size_t bytes) {
    if (bytes > *left) return nullptr;
    *left -= bytes;
    void* p = std::malloc(1);
    out->insert(p);
    sizes[p] = bytes;
    return p;
  }
  void give(void* p) {
    REQUIRE(out->erase(p) == 1);
    *left += sizes[p];
    std::free(p);
  }
  bool wait() {
    ++*waits;
    return may_wait;
  }
  inline static bool may_wait = true;
  inline static std::map<void*, std::size_t> sizes;
};

}  // namespace

TEST_CASE("rows are cut by sizes alone and completely") {
  using st::gpu::By;
  using st::gpu::cut_rows;
  for (std::int64_t rows : {1, 7, 132, 5000}) {
    for (std::int64_t n : {1, 8, 9, 1024, 1025, 100'003, 5'000'000}) {
      for (bool adjacent : {false, true}) {
        const auto c = cut_rows(rows, n, adjacent, true);
        CAPTURE(rows, n, adjacent);
        CHECK(c.parts * c.length >= n);
        CHECK((c.parts - 1) * c.length < n);
        CHECK(cut_rows(rows, n, adjacent, false).parts == 1);
      }
    }
  }
  CHECK(cut_rows(100'000, 4, false, true).by == By::thread);
  CHECK(cut_rows(1000, 512, false, true).by == By::warp);
  CHECK(cut_rows(1000, 4096, false, true).by == By::block);
  CHECK(cut_rows(1, 1 << 24, false, true).parts > 100);
  CHECK(cut_rows(1000, 1 << 20, true, true).parts > 500);  // column sums
  CHECK(st::gpu::blocks_for(0) == 1);
  CHECK(st::gpu::blocks_for(257) == 2);
}

TEST_CASE("running reductions of few long rows are cut into stretches, states are joined by who has time") {
  using st::gpu::By;
  using st::gpu::cut_scan;
  for (std::int64_t rows : {1, 7, 132, 5000, 100'000}) {
    for (std::int64_t n : {1, 8, 9, 33, 1024, 100'003, 5'000'000}) {
      const auto c = cut_scan(rows, n);
      CAPTURE(rows, n);
      CHECK(c.parts * c.length >= n);
      CHECK((c.parts - 1) * c.length < n);
      CHECK(c.parts <= st::gpu::block_threads);
      CHECK((c.by == By::block || c.parts == 1));
    }
  }
  CHECK(cut_scan(1, 5'000'000).parts > 100);
  CHECK(cut_scan(100, 200).by == By::block);
  CHECK(cut_scan(5000, 20).by == By::thread);
  CHECK(cut_scan(100'000, 5000).by == By::thread);
  CHECK(st::gpu::joiner(1, 1024) == By::block);
  CHECK(st::gpu::joiner(100, 16) == By::warp);
  CHECK(st::gpu::joiner(5000, 500) == By::thread);
}

TEST_CASE("the GPU's allocator reuses, flushes once and says what it holds") {
  std::size_t left = std::size_t{256} << 20;
  std::set<void*> out;
  int waits = 0;
  st::gpu::Heap<FakeMemory> heap(FakeMemory{&left, &out, &waits});
  const std::size_t big = std::size_t{64} << 20;
  void* a = heap.allocate(big, 0);
  heap.deallocate(a, big, 0);
  CHECK(heap.held().cached == big);
  CHECK(heap.allocate(big, 0) == a);  // same class, same pool
  void* b = heap.allocate(big, 1);    // another stream's pool
  CHECK(b != a);
  CHECK(heap.held().in_use == 2 * big);
  CHECK(heap.held().peak == 2 * big);
  heap.deallocate(a, big, 0);
  heap.deallocate(b, big, 1);
  CHECK(waits == 0);
  void* c = heap.allocate(3 * big, 0);  // fits only after a flush
  REQUIRE(c != nullptr);
  CHECK(waits == 1);
  CHECK(heap.held().cached == 0);
  CHECK(heap.allocate(2 * big, 0) == nullptr);
  CHECK_THAT(
      heap.shortage(2 * big),
      Equals("out of memory: 134217728 bytes asked for, 201326592 in use, largest free block 0, after the caches "
             "were flushed; use smaller batches, or vmap(f, {.chunk = n})"));
  heap.deallocate(c, 3 * big, 0);
  heap.release();
  CHECK(heap.held().cached == 0);
  CHECK(out.empty());
  heap.reset_peak();
  CHECK(heap.held().peak == 0);
}

TEST_CASE("small blocks are cut from slabs and a graph keeps its own") {
  std::size_t left = std::size_t{64} << 20;
  std::set<void*> out;
  int waits = 0;
  st::gpu::Heap<FakeMemory> heap(FakeMemory{&left, &out, &waits});
  void* a = heap.allocate(100, 0);
  void* b = heap.allocate(100, 0);
  CHECK(out.size() == 1);
  CHECK(static_cast<char*>(b) - static_cast<char*>(a) == 512);
  for (std::size_t bytes : {513, 641, 5000, 77'777}) {
    const auto at = reinterpret_cast<std::uintptr_t>(heap.allocate(bytes, 0)) - reinterpret_cast<std::uintptr_t>(a);
    CHECK(at % 256 == 0);
  }
  const int graph = st::gpu::first_graph_pool;
  void* c = heap.allocate(100, graph);
  heap.deallocate(c, 100, graph);
  CHECK(heap.allocate(100, 0) != c);
  CHECK(heap.allocate(100, graph) == c);
  heap.deallocate(c, 100, graph);
  heap.release_pool(graph);
  CHECK(heap.allocate(100, 0) == c);
  for (void* slab : out) std::free(slab);  // a heap keeps its slabs
}

TEST_CASE("memory stays where it is when the GPU cannot be waited for") {
  constexpr std::size_t big = std::size_t{64} << 20;
  std::size_t left = 2 * big;
  std::set<void*> out;
  int waits = 0;
  st::gpu::Heap<FakeMemory> heap(FakeMemory{&left, &out, &waits});
  const int graph = st::gpu::first_graph_pool;
  void *a = heap.allocate(big, 0), *b = heap.allocate(big, graph);
  heap.deallocate(a, big, 0);
  heap.deallocate(b, big, graph);
  FakeMemory::may_wait = false;  // as while a thread records
  CHECK(heap.allocate(2 * big, 0) == nullptr);
  heap.release();
  CHECK_FALSE(heap.release_pool(graph));
  CHECK(out.size() == 2);
  CHECK(heap.held().cached == 2 * big);
  FakeMemory::may_wait = true;
  CHECK(heap.release_pool(graph));
  CHECK(out.size() == 1);
  CHECK(heap.allocate(2 * big, 0) != nullptr);
  for (void* block : out) std::free(block);
}

TEST_CASE("tensors move there and back, with gradients and lanes") {
  if (!gpu_here()) return;
  const On host(st::cpu);
  const Tensor x = st::array({{1.f, 2.f, 3.f}, {4.f, 5.f, 6.f}}), y = x.to(st::cuda(0));
  CHECK(y.device() == st::cuda(0));
  CHECK(st::to_string(y) == st::to_string(x));
  CHECK(st::transpose(y).to(st::cpu).to_vector<float>() == st::transpose(x).to_vector<float>());
  CHECK(st::sum(y).item<float>() == 21.f);
  const Tensor g = st::grad([](Tensor t) { return st::sum(st::square(t.to(st::cuda(0)))).to(st::cpu); })(x);
  CHECK(g.device() == st::cpu);
  CHECK(g.to_vector<float>() == (2 * x).to_vector<float>());
  const Tensor rows = st::vmap([](Tensor r) { return st::sum(r.to(st::cuda(0)) * 2); })(x);
  CHECK(rows.device() == st::cuda(0));
  CHECK(rows.to_vector<float>() == std::vector<float>{12, 30});
  CHECK(st::zeros({0, 3}).to(st::cuda(0)).to(st::cpu).shape() == st::Shape{0, 3});
}

TEST_CASE("numbers and scalars go where the others are, anything else is refused by name") {
  if (!gpu_here()) return;
  const On host(st::cpu);
  const Tensor x = st::arange(4.0).to(st::cuda(0));
  CHECK((2 * x + st::array(1.f)).to_vector<float>() == std::vector<float>{1, 3, 5, 7});
  CHECK_THROWS_WITH(x + st::ones({4}), Equals("add: argument 0 is on cuda:0, argument 1 on cpu; move one of them with "
                                              "x.to(st::cpu)"));
  CHECK_THROWS_WITH(st::matmul(st::ones({4}), x), Contains("argument 0 is on cpu, argument 1 on cuda:0"));
  CHECK_THROWS_WITH(x.data<float>(), Equals("data(): the tensor is on cuda:0; bring it with x.to(st::cpu)"));
  CHECK_THROWS_WITH(x.to(st::cuda(7)), Equals("to: cuda:7 is not there: " + std::to_string(st::cuda_devices()) +
                                              (st::cuda_devices() == 1 ? " GPU was found" : " GPUs were found")));
}

TEST_CASE("memory that a GPU does not have is refused in the name of the op that asked") {
  if (!gpu_here()) return;
  const On gpu(st::cuda(0));
  const Tensor column = st::ones({1 << 20, 1}), row = st::ones({1, 1 << 20});
  const auto refused = [](std::int64_t bytes, const char* op, const std::function<void()>& f) {
    const std::size_t in_use = st::device_memory(st::cuda(0)).in_use;
    std::string said;
    try {
      f();
    } catch (const st::DeviceError& e) {
      said = std::regex_replace(e.what(), std::regex("free block [0-9]+"), "free block F");
    }
    CHECK(said == std::string(op) + ": on cuda:0: out of memory: " + std::to_string(bytes) + " bytes asked for, " +
                      std::to_string(in_use) +
                      " in use, largest free block F, after the caches were flushed; use smaller batches, or vmap(f, "
                      "{.chunk = n})");
    CHECK(st::device_memory(st::cuda(0)).in_use == in_use);
  };
  const std::int64_t all = std::int64_t{4} << 40;  // bytes
  refused(all, "contract", [&] { st::matmul(column, row); });
  refused(all, "add", [&] { column + row; });
  refused(all, "softmax", [&] { st::softmax(st::broadcast_to(row, {1 << 20, 1 << 20})); });
  refused(all / 4, "greater", [&] { st::grad([&](Tensor x) { return st::sum(st::where(x > row, x, 0)); })(column); });
  refused(2 * all, "astype", [&] { st::astype(st::broadcast_to(row, {1 << 20, 1 << 20}), st::float64); });
  refused(all, "zeros", [] { st::zeros({1 << 20, 1 << 20}); });
  refused(all, "ones", [] { st::ones({1 << 20, 1 << 20}); });
  CHECK(st::sum(column * 2).item<float>() == 2 << 20);
}

TEST_CASE("a step waits for the GPU only where it reads") {
  if (!gpu_here()) return;
  const On gpu(st::cuda(0));
  const Tensor w = st::full({8, 4}, 0.1), x = st::ones({16, 8});
  const auto loss = [&](Tensor p) { return st::mean(st::square(st::tanh(st::matmul(x, p)))); };
  const auto before = st::debug::host_syncs();
  Tensor p = w;
  for (int i = 0; i < 3; ++i) p = p - 0.1 * st::grad(loss)(p);
  CHECK(st::debug::host_syncs() == before);
  const float last = loss(p).item<float>();
  CHECK(st::debug::host_syncs() == before + 1);
  CHECK(last < loss(w).item<float>());
}

TEST_CASE("memory does not grow over steps") {
  if (!gpu_here()) return;
  const On gpu(st::cuda(0));
  Tensor x = st::ones({1000});
  std::size_t level = 0;
  for (int i = 0; i < 200; ++i) {
    x = st::tanh(x * 0.5 + 1);
    if (i == 10) level = st::device_memory(st::cuda(0)).in_use;
  }
  CHECK(st::device_memory(st::cuda(0)).in_use == level);
}

TEST_CASE("tensors cross threads") {
  if (!gpu_here()) return;
  const Tensor x = st::ones({1000}, {.device = st::cuda(0)});
  Tensor y;
  std::thread([&] { y = x * 2 + 1; }).join();
  CHECK(st::sum(y + x).item<float>() == 4000.f);
}

TEST_CASE("a captured step is replayed on new values") {
  if (!gpu_here()) return;
  const On gpu(st::cuda(0));
  int runs = 0;
  const auto step = [&](Tensor p, Tensor x) {
    ++runs;
    const Tensor g = st::grad([&](Tensor w) { return st::mean(st::square(x * w - 1)); })(p);
    return std::pair{p - 0.1 * g, st::mean(g)};
  };
  const auto fast = st::capture(step);
  Tensor p = st::zeros({5}), q = p;
  for (int i = 0; i < 6; ++i) {
    const Tensor x = st::arange(5.0) + i;
    auto [next, g] = step(p, x);
    auto [fast_next, fast_g] = fast(q, x);
    CHECK(fast_next.to_vector<float>() == next.to_vector<float>());
    CHECK(fast_g.to_vector<float>() == g.to_vector<float>());
    p = next, q = fast_next;
  }
  CHECK(runs == 6 + 2);                 // as it is, and recorded
  fast(st::zeros({3}), st::ones({3}));  // other shapes: recorded anew
  CHECK(runs == 6 + 4);
}

TEST_CASE("capture refuses what a graph cannot hold") {
  if (!gpu_here()) return;
  const On gpu(st::cuda(0));
  const Tensor x = st::ones({3});
  CHECK_THROWS_WITH(
      st::capture([](Tensor t) { return st::sum(t).item<float>() > 0 ? t : -t; })(x),
      Equals("to: on cuda:0: a value is read on the host while capture records; return it from the captured "
             "function instead"));
  CHECK_THROWS_WITH(st::grad([](Tensor t) { return st::capture([](Tensor u) { return st::sum(u * u); })(t); })(x),
                    Contains("put the transform inside: st::capture(st::grad(f))"));
  CHECK(st::sum(x * 2).item<float>() == 6.f);  // recording has ended
  const auto chosen = st::capture([](Tensor t) {
    return st::vmap([](Tensor u) {
      return st::cond(
          u > 1, [](Tensor v) { return v * 10; }, [](Tensor v) { return -v; }, u);
    })(t);
  });
  const Tensor y = st::array({0.f, 2.f, 3.f});
  const std::vector<float> right{0, 20, 30};
  CHECK(chosen(y).to_vector<float>() == right);  // as it is, and recorded
  CHECK(chosen(y).to_vector<float>() == right);  // replayed
}

TEST_CASE("capture on the CPU is the function itself") {
  const On host(st::cpu);
  const auto fast = st::capture([](Tensor x) { return x * 2; });
  CHECK(fast(st::ones({2})).to_vector<float>() == std::vector<float>{2, 2});
}
