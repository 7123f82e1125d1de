// The thread pool: every chunk runs once, whatever the grain, the number of threads, nesting, exceptions and other
// users of the pool.
#include "strata/core/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "strata/core/cores.hpp"
#include "strata/core/error.hpp"
#include "strata/tests/catch.hpp"

using namespace strata;

namespace {

// Gives the number of threads back at the end of a test.
struct Threads {
  explicit Threads(int count) : before(num_threads()) { set_num_threads(count); }
  ~Threads() { set_num_threads(before); }
  int before;
};

// How often each index of [0, n) was visited.
std::vector<int> visits(std::int64_t n, std::int64_t grain) {
  std::vector<int> count(static_cast<std::size_t>(n), 0);
  parallel_for(n, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) ++count[static_cast<std::size_t>(i)];
  });
  return count;
}

bool all_once(const std::vector<int>& count) {
  return std::all_of(count.begin(), count.end(), [](int c) { return c == 1; });
}

}  // namespace

TEST_CASE("parallel_for covers the range exactly once", "[parallel]") {
  for (int threads : {1, 2, 3, 8}) {
    Threads scope(threads);
    CHECK(num_threads() == threads);
    for (std::int64_t n : {0, 1, 2, 7, 63, 64, 65, 1000, 4097, 100000}) {
      for (std::int64_t grain : {1, 3, 64, 1000, 1 << 20}) {
        CAPTURE(threads, n, grain);
        REQUIRE(all_once(visits(n, grain)));
      }
    }
  }
  parallel_for(-3, 1, [](std::int64_t, std::int64_t) { FAIL("an empty range has no chunk"); });
}

TEST_CASE("up to the grain there is one call, above it ranges are no shorter than the grain", "[parallel]") {
  Threads scope(4);
  int calls = 0;
  parallel_for(100, 100, [&](std::int64_t begin, std::int64_t end) {
    ++calls;
    CHECK(begin == 0);
    CHECK(end == 100);
    CHECK_FALSE(in_parallel_region());
  });
  CHECK(calls == 1);
  std::mutex mutex;
  std::set<std::pair<std::int64_t, std::int64_t>> ranges;
  parallel_for(10000, 100, [&](std::int64_t begin, std::int64_t end) {
    std::lock_guard lock(mutex);
    ranges.insert({begin, end});
  });
  CHECK(ranges.size() > 1);
  for (auto [begin, end] : ranges) {
    CHECK(begin % 64 == 0);
    CHECK((end - begin >= 100 || end == 10000));
  }
}

TEST_CASE("parallel_chunks runs each chunk once, few or many", "[parallel]") {
  for (int threads : {1, 2, 5}) {
    Threads scope(threads);
    for (std::int64_t chunks : {0, 1, 2, 3, 64, 1000, 100003}) {
      std::vector<int> count(static_cast<std::size_t>(chunks), 0);
      parallel_chunks(chunks, [&](std::int64_t i) { ++count[static_cast<std::size_t>(i)]; });
      CAPTURE(threads, chunks);
      REQUIRE(all_once(count));
    }
  }
}

TEST_CASE("several threads really work on one region", "[parallel]") {
  Threads scope(2);
  std::atomic<int> arrived{0};
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  parallel_chunks(2, [&](std::int64_t) {  // each chunk waits until the other has begun
    ++arrived;
    while (arrived < 2 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  });
  CHECK(arrived == 2);
}

TEST_CASE("a region inside a region runs serially on the same thread", "[parallel]") {
  Threads scope(4);
  std::atomic<int> total{0}, strayed{0};
  parallel_chunks(16, [&](std::int64_t) {
    if (!in_parallel_region()) ++strayed;
    const auto self = std::this_thread::get_id();
    parallel_for(1000, 1, [&](std::int64_t begin, std::int64_t end) {
      if (std::this_thread::get_id() != self) ++strayed;
      total += static_cast<int>(end - begin);
    });
  });
  CHECK(total == 16000);
  CHECK(strayed == 0);
  CHECK_FALSE(in_parallel_region());
}

TEST_CASE("an exception reaches the caller and leaves the pool usable", "[parallel]") {
  for (int threads : {1, 2, 4}) {
    Threads scope(threads);
    for (int round = 0; round < 50; ++round) {
      std::string caught;
      try {
        parallel_chunks(64, [&](std::int64_t i) {
          if (i % 8 == 3) throw std::runtime_error("chunk failed");
        });
      } catch (const std::runtime_error& error) {
        caught = error.what();
      }
      REQUIRE(caught == "chunk failed");
      REQUIRE_FALSE(in_parallel_region());
      REQUIRE(all_once(visits(5000, 10)));
    }
  }
}

TEST_CASE("several user threads at once, also while the number of threads changes", "[parallel]") {
  Threads scope(3);
  std::atomic<int> wrong{0};
  std::vector<std::thread> users;
  for (int user = 0; user < 4; ++user) {
    users.emplace_back([&, user] {
      for (int i = 0; i < 300; ++i) {
        if (!all_once(visits(2000 + user, 16))) ++wrong;
        if (user == 0 && i % 20 == 0) set_num_threads(1 + i / 20 % 5);
      }
    });
  }
  for (std::thread& user : users) user.join();
  CHECK(wrong == 0);
}

TEST_CASE("sleeping workers wake for a later region", "[parallel]") {
  Threads scope(3);
  for (int i = 0; i < 30; ++i) {
    REQUIRE(all_once(visits(3000, 10)));
    std::this_thread::sleep_for(std::chrono::microseconds(500));  // longer than a worker spins
  }
}

TEST_CASE("short regions leave sleeping workers alone, until there have been many", "[parallel]") {
  Threads scope(2);
  CHECK(all_once(visits(5000, 10)));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // workers spin for less
  const auto self = std::this_thread::get_id();
  std::atomic<int> helped{0};
  const auto short_region = [&] {
    parallel_chunks(
        8,
        [&](std::int64_t) {
          if (std::this_thread::get_id() != self) ++helped;
          const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(2);
          while (std::chrono::steady_clock::now() < end) {
          }
        },
        16);
  };
  short_region();
  CHECK(helped == 0);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (helped == 0 && std::chrono::steady_clock::now() < end) short_region();
  CHECK(helped > 0);
}

TEST_CASE("more threads than cores, and fewer chunks than threads", "[parallel]") {
  Threads scope(80);
  for (std::int64_t n : {2, 5, 79, 5000}) REQUIRE(all_once(visits(n, 1)));
}

TEST_CASE("a worker gets cores of its own set only, without the caller's", "[parallel]") {
  const detail::Cores all = detail::Cores::of_this_thread();
  REQUIRE(all.count() > 0);
  int inside = 0;
  for (int core = 0; core < 4096; ++core) inside += all.without(core).count() < all.count();
  CHECK(inside == std::min(all.count(), 4096));
  CHECK(all.without(-1) == all);
  std::thread([&] {
    const detail::Cores rest = all.without(sched_getcpu());
    rest.keep_this_thread();  // an empty set changes nothing
    CHECK(detail::Cores::of_this_thread() == (rest.count() > 0 ? rest : all));
  }).join();
}

TEST_CASE("functions need not be copyable", "[parallel]") {
  Threads scope(2);
  std::atomic<int> sum{0};
  auto owned = std::make_unique<int>(2);
  parallel_chunks(10, [&sum, owned = std::move(owned)](std::int64_t) { sum += *owned; });
  CHECK(sum == 20);
}

TEST_CASE("the number of threads is checked", "[parallel]") {
  CHECK_THROWS_AS(set_num_threads(0), ValueError);
  CHECK_THROWS_WITH(set_num_threads(0), Catch::Contains("set_num_threads: needs at least 1 thread, got 0"));
  Threads scope(2);
  CHECK_THROWS_WITH(parallel_chunks(4, [](std::int64_t) { set_num_threads(3); }),
                    Catch::Contains("inside a parallel region"));
  CHECK(num_threads() == 2);
}
