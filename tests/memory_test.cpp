// The caching allocator: size classes, alignment, reuse, frees on other threads and after a thread's end, meters,
// exhaustion. Run with STRATA_MEMORY=system too: what only holds with caches asks memory::caching() first.
#include "strata/core/memory.hpp"

#include <atomic>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "strata/tests/catch.hpp"

using namespace strata;

namespace {

std::size_t in_use() { return memory::statistics().in_use; }

std::size_t held() {
  const memory::Statistics now = memory::statistics();
  return now.in_use + now.cached;
}

bool aligned(const void* pointer, std::size_t to) { return reinterpret_cast<std::uintptr_t>(pointer) % to == 0; }

// Freed when statics are destroyed, after the main thread's lists are gone.
struct FreedLate {
  void* small = nullptr;
  void* large = nullptr;
  ~FreedLate() {
    memory::free_small(small, 100);
    memory::deallocate(large, 5000);
    memory::free_small(memory::allocate_small(48), 48);
    memory::deallocate(memory::allocate(300000), 300000);
  }
};
FreedLate freed_late;

}  // namespace

TEST_CASE("size classes are at most one eighth apart and stable", "[memory]") {
  CHECK(memory::class_size(0) == 64);
  CHECK(memory::class_size(64) == 64);
  CHECK(memory::class_size(65) == 128);
  CHECK(memory::class_size(513) == 576);
  CHECK(memory::class_size(1024) == 1024);
  CHECK(memory::class_size(std::size_t{1} << 40) == std::size_t{1} << 40);
  CHECK(memory::small_class_size(0) == 32);
  CHECK(memory::small_class_size(33) == 64);
  std::size_t previous = 0;
  for (std::size_t bytes = 1; bytes < (std::size_t{1} << 45); bytes += 1 + bytes / 5) {
    const std::size_t size = memory::class_size(bytes);
    REQUIRE(size >= bytes);
    REQUIRE(size >= previous);
    REQUIRE(size % 64 == 0);
    REQUIRE(memory::class_size(size) == size);
    if (bytes > 512) REQUIRE(size - bytes <= bytes / 8);
    previous = size;
  }
}

TEST_CASE("every block is aligned, writable in full, and apart from the others", "[memory]") {
  const std::size_t before = in_use();
  struct Piece {
    unsigned char* data;
    std::size_t bytes;
    bool small;
  };
  std::vector<Piece> pieces;
  for (std::size_t bytes : {0, 1, 31, 32, 33, 100, 512, 1000, 1023, 1024}) {
    for (int i = 0; i < 40; ++i)
      pieces.push_back({static_cast<unsigned char*>(memory::allocate_small(bytes)), bytes, true});
  }
  for (std::size_t bytes : {0, 1, 64, 65, 1024, 1025, 4096, 65536, 65537, 1 << 20, 2 << 20, (2 << 20) + 1, 5 << 20}) {
    for (int i = 0; i < 3; ++i) pieces.push_back({static_cast<unsigned char*>(memory::allocate(bytes)), bytes, false});
  }
  for (std::size_t i = 0; i < pieces.size(); ++i)
    std::memset(pieces[i].data, static_cast<int>(i % 251), pieces[i].bytes);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    REQUIRE(piece.data != nullptr);
    REQUIRE(aligned(piece.data, piece.small ? 32 : 64));
    if (memory::caching() && !piece.small && piece.bytes >= memory::huge_limit)
      REQUIRE(aligned(piece.data, memory::huge_limit));
    if (piece.bytes == 0) continue;
    REQUIRE(piece.data[0] == i % 251);
    REQUIRE(piece.data[piece.bytes - 1] == i % 251);
  }
  for (const Piece& piece : pieces) {
    piece.small ? memory::free_small(piece.data, piece.bytes) : memory::deallocate(piece.data, piece.bytes);
  }
  memory::free_small(nullptr, 8);
  memory::deallocate(nullptr, 8);
  CHECK(in_use() == before);
}

TEST_CASE("a freed block serves the next request of its class", "[memory]") {
  if (!memory::caching()) return;
  for (std::size_t bytes : {std::size_t{1500}, std::size_t{65536}, std::size_t{70000}, std::size_t{3} << 20}) {
    void* first = memory::allocate(bytes);
    memory::deallocate(first, bytes);
    void* second = memory::allocate(bytes - 1);
    CHECK(second == first);
    memory::deallocate(second, bytes - 1);
  }
  void* first = memory::allocate_small(100);
  memory::free_small(first, 100);
  void* second = memory::allocate_small(97);
  CHECK(second == first);
  memory::free_small(second, 97);
}

TEST_CASE("meters count bytes in use, the peak and the cached rest", "[memory]") {
  const std::size_t size = std::size_t{4} << 20;
  const memory::Statistics before = memory::statistics();
  {
    memory::PeakMeter outer;
    void* a = memory::allocate(size);
    {
      memory::PeakMeter inner;
      memory::deallocate(memory::allocate(size), size);
      CHECK(inner.bytes() == size);
    }
    CHECK(in_use() == before.in_use + size);
    memory::deallocate(a, size);
    CHECK(outer.bytes() == 2 * size);
  }
  const memory::Statistics after = memory::statistics();
  CHECK(after.in_use == before.in_use);
  CHECK(after.peak >= before.in_use + 2 * size);
  CHECK(after.allocations == before.allocations + 2);
  if (memory::caching()) CHECK(after.cached >= 2 * size);
  memory::reset_peak();
  CHECK(memory::statistics().peak == in_use());
  memory::release_cached();
  if (memory::caching()) CHECK(memory::statistics().cached + 2 * size <= after.cached);
}

TEST_CASE("the peak sees small blocks as well", "[memory]") {
  memory::PeakMeter meter;
  std::vector<void*> blocks(20000);
  const std::uint64_t calls = memory::statistics().allocations;
  for (void*& block : blocks) block = memory::allocate_small(160);
  CHECK(memory::statistics().allocations == calls + blocks.size());
  for (void* block : blocks) memory::free_small(block, 160);
  CHECK(meter.bytes() <= blocks.size() * 160);
  CHECK(meter.bytes() >= blocks.size() * 160 - (64 << 10));
}

TEST_CASE("blocks that one thread makes and another frees neither leak nor grow", "[memory]") {
  const std::size_t before = in_use();
  std::size_t held_warm = 0;
  for (int round = 0; round < 6; ++round) {
    constexpr std::size_t slots = 256, count = 30000;
    std::vector<std::atomic<void*>> ring(slots);
    std::thread consumer([&] {
      for (std::size_t i = 0; i < count; ++i) {
        void* block = nullptr;
        while ((block = ring[i % slots].exchange(nullptr, std::memory_order_acquire)) == nullptr)
          std::this_thread::yield();
        i % 4 == 0 ? memory::deallocate(block, 8000) : memory::free_small(block, 64 + i % 3 * 200);
      }
    });
    for (std::size_t i = 0; i < count; ++i) {
      void* block = i % 4 == 0 ? memory::allocate(8000) : memory::allocate_small(64 + i % 3 * 200);
      while (ring[i % slots].load(std::memory_order_relaxed) != nullptr) std::this_thread::yield();
      ring[i % slots].store(block, std::memory_order_release);
    }
    consumer.join();
    CHECK(in_use() == before);
    if (round == 1) held_warm = held();
  }
  CHECK(held() <= held_warm + (std::size_t{4} << 20));
}

TEST_CASE("threads that exchange blocks of all sizes find their bytes untouched", "[memory]") {
  const std::size_t before = in_use();
  struct Piece {
    std::size_t bytes;
    std::uint32_t mark;
  };
  std::vector<std::atomic<Piece*>> shelf(64);
  std::atomic<int> damaged{0};
  const auto drop = [&](Piece* piece) {
    if (piece == nullptr) return;
    const std::size_t bytes = piece->bytes;
    std::uint32_t last = 0;
    std::memcpy(&last, reinterpret_cast<std::byte*>(piece) + bytes - sizeof last, sizeof last);
    if (last != piece->mark) ++damaged;
    bytes <= memory::small_limit ? memory::free_small(piece, bytes) : memory::deallocate(piece, bytes);
  };
  std::vector<std::thread> threads;
  for (std::uint32_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      for (int i = 0; i < 20000; ++i) {
        const std::size_t bytes =
            i % 500 == 0 ? 200000 + random() % 100000 : 24 + random() % (i % 3 == 0 ? 40000 : 1000);
        void* block = bytes <= memory::small_limit ? memory::allocate_small(bytes) : memory::allocate(bytes);
        auto* piece = new (block) Piece{bytes, static_cast<std::uint32_t>(random())};
        std::memcpy(static_cast<std::byte*>(block) + bytes - sizeof piece->mark, &piece->mark, sizeof piece->mark);
        drop(shelf[random() % shelf.size()].exchange(piece, std::memory_order_acq_rel));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (auto& slot : shelf) drop(slot.load());
  CHECK(damaged == 0);
  CHECK(in_use() == before);
}

TEST_CASE("a thread may allocate and free after its own lists are gone", "[memory]") {
  const std::size_t before = in_use();
  struct Late {
    void* small = nullptr;
    void* medium = nullptr;
    ~Late() {
      for (int i = 0; i < 3; ++i) {
        memory::free_small(small, 200);
        memory::deallocate(medium, 3000);
        small = memory::allocate_small(200);
        medium = memory::allocate(3000);
      }
      memory::free_small(small, 200);
      memory::deallocate(medium, 3000);
    }
  };
  std::thread([] {
    thread_local Late late;  // made before the thread's first block, so destroyed after its lists
    late.small = nullptr;
    late.small = memory::allocate_small(200);
    late.medium = memory::allocate(3000);
  }).join();
  CHECK(in_use() == before);
  freed_late.small = memory::allocate_small(100);
  freed_late.large = memory::allocate(5000);
}

TEST_CASE("a refused request says what was asked, in use and cached", "[memory]") {
  const std::size_t before = in_use();
  CHECK_THROWS_AS(memory::allocate(SIZE_MAX), std::bad_alloc);
  const std::string said = memory::OutOfMemory(std::size_t{3} << 29, 1000, 5 << 20).what();
  CHECK(said.find("OutOfMemory: cpu: the system refused 1.5 GiB; 1000 B are in use and 5 MiB cached") == 0);
  if (memory::caching()) {  // a real refusal: more than the address space holds
    memory::deallocate(memory::allocate(6 << 20), 6 << 20);
    CHECK_THROWS_AS(memory::allocate(std::size_t{1} << 47), memory::OutOfMemory);
    CHECK(memory::statistics().cached < 6 << 20);  // the caches were given up first
  }
  CHECK(in_use() == before);
}
