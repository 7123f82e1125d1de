// Under what keys the GPU's products, convolutions and pooling remember their algorithms, and how their matrices are
// read: plain numbers, so no GPU is needed.
#include <functional>
#include <thread>
#include <vector>

#include "strata/ops/cuda/libraries/handles.hpp"
#include "strata/ops/cuda/libraries/keys.hpp"
#include "strata/ops/cuda/libraries/sort.hpp"
#include "strata/tests/catch.hpp"

using namespace strata;
using namespace strata::gpu;

namespace {

GemmCall some_product() {
  GemmCall g;
  g.dtype = Dtype::float32;
  g.m = 3, g.n = 4, g.k = 5, g.batch = 2;
  g.a_row = 5, g.a_col = 1, g.b_row = 4, g.b_col = 1, g.c_row = 4;
  g.a_batch = 15, g.b_batch = 20, g.c_batch = 12;
  g.a = reinterpret_cast<const void*>(0x1000), g.b = reinterpret_cast<const void*>(0x2000);
  g.c = reinterpret_cast<void*>(0x3000);
  return g;
}

ConvCall some_convolution() {
  ConvCall c{};
  c.dtype = Dtype::float32;
  c.n = 2, c.groups = 1, c.c = 3, c.o = 4;
  for (int d = 0; d < 3; ++d) {
    c.x_size[d] = 8, c.w_size[d] = 3, c.y_size[d] = 6;
    c.stride[d] = c.x_dilation[d] = c.w_dilation[d] = 1;
  }
  return c;
}

template <class Call>
void check_changes(const Call& call, const std::vector<std::function<void(Call&)>>& changes) {
  const auto key = key_of(0, call);
  using Hash = typename std::decay_t<decltype(key)>::Hash;
  CHECK(key == key_of(0, call));
  CHECK(Hash()(key) == Hash()(key_of(0, call)));
  CHECK_FALSE(key == key_of(1, call));
  for (std::size_t i = 0; i < changes.size(); ++i) {
    CAPTURE(i);
    Call other = call;
    changes[i](other);
    CHECK_FALSE(key_of(0, other) == key);
    CHECK(Hash()(key_of(0, other)) != Hash()(key));
  }
}

}  // namespace

TEST_CASE("a product's key is all that an algorithm depends on, and not where the memory lies") {
  using G = GemmCall;
  check_changes<G>(
      some_product(),
      {[](G& g) { g.dtype = Dtype::bfloat16; }, [](G& g) { g.m = 4; }, [](G& g) { g.n = 3; }, [](G& g) { g.k = 6; },
       [](G& g) { g.batch = 3; }, [](G& g) { g.accumulate = true; }, [](G& g) { g.tf32 = true; },
       [](G& g) { std::swap(g.a_row, g.a_col); }, [](G& g) { std::swap(g.b_row, g.b_col); }, [](G& g) { g.c_row = 8; },
       [](G& g) { g.a_batch = 0; }, [](G& g) { g.b_batch = 0; }, [](G& g) { g.c_batch = 24; },
       [](G& g) { g.a = reinterpret_cast<const void*>(0x1004); }, [](G& g) { g.c = reinterpret_cast<void*>(0x3008); }});
  GemmCall apart = some_product();  // by 16 bytes: some kernels want 128
  apart.b = reinterpret_cast<const void*>(0x2010);
  CHECK_FALSE(key_of(0, apart) == key_of(0, some_product()));
  GemmCall moved = some_product();
  moved.a = reinterpret_cast<const void*>(0x71000);
  CHECK(key_of(0, moved) == key_of(0, some_product()));
}

TEST_CASE("a convolution's key is its sizes and settings") {
  using C = ConvCall;
  check_changes<C>(some_convolution(),
                   {[](C& c) { c.wanted = ConvWanted::kernel; }, [](C& c) { c.dtype = Dtype::float16; },
                    [](C& c) { c.tf32 = true; }, [](C& c) { c.channels_last = true; }, [](C& c) { c.n = 3; },
                    [](C& c) { c.groups = 2; }, [](C& c) { c.c = 6; }, [](C& c) { c.o = 8; },
                    [](C& c) { c.x_size[1] = 9; }, [](C& c) { c.w_size[2] = 2; }, [](C& c) { c.y_size[0] = 5; },
                    [](C& c) { c.stride[2] = 2; }, [](C& c) { c.low[1] = 1; }, [](C& c) { c.w_dilation[2] = 2; }});
}

TEST_CASE("a pooling's key is its sizes and settings") {
  using P = PoolCall;
  P pooling{};
  pooling.dtype = Dtype::float32;
  pooling.n = 2, pooling.c = 3;
  for (int d = 0; d < 3; ++d)
    pooling.x_size[d] = 8, pooling.window[d] = 2, pooling.y_size[d] = 4, pooling.stride[d] = 2;
  check_changes<P>(pooling,
                   {[](P& p) { p.work = PoolWork::mean; }, [](P& p) { p.work = PoolWork::inner_mean; },
                    [](P& p) { p.dtype = Dtype::float16; }, [](P& p) { p.channels_last = true; }, [](P& p) { p.n = 3; },
                    [](P& p) { p.c = 2; }, [](P& p) { p.x_size[1] = 9; }, [](P& p) { p.window[2] = 3; },
                    [](P& p) { p.y_size[0] = 5; }, [](P& p) { p.stride[2] = 1; }, [](P& p) { p.low[1] = 1; }});
  P moved = pooling;
  moved.x = &pooling;
  CHECK(key_of(0, moved) == key_of(0, pooling));
}

TEST_CASE("a cache finds what it kept under an equal key") {
  ShapeCache<GemmKey, int> cache;
  int found = 0;
  CHECK_FALSE(cache.find(key_of(0, some_product()), found));
  cache.keep(key_of(0, some_product()), 7);
  CHECK(cache.find(key_of(0, some_product()), found));
  CHECK(found == 7);
}

TEST_CASE("part of a batch begins where its first item does") {
  GemmCall g = some_product();
  g.dtype = Dtype::bfloat16;
  g.b_batch = 0;  // one matrix for all
  const GemmCall part = part_of_batch(g, 1000, 24);
  CHECK(part.batch == 24);
  CHECK(part.a == reinterpret_cast<const void*>(0x1000 + 1000 * 15 * 2));
  CHECK(part.b == g.b);
  CHECK(part.c == reinterpret_cast<void*>(0x3000 + 1000 * 12 * 2));
}

TEST_CASE("runs are sorted in pieces of whole runs") {
  std::int32_t places[1], sorted[1];
  const auto at = [](std::size_t n) { return reinterpret_cast<void*>(n); };
  KeysToSort k{4, at(0x1000), at(0x9000), nullptr, nullptr, 7, 10};
  std::vector<std::int64_t> rows;
  std::vector<void*> keys;
  const auto note = [&](const KeysToSort& piece) -> Error {
    rows.push_back(piece.rows);
    keys.push_back(piece.keys);
    CHECK(piece.places == nullptr);
    return nullptr;
  };
  CHECK(each_piece(k, 35, note) == nullptr);
  CHECK(rows == std::vector<std::int64_t>{3, 3, 1});
  CHECK(keys == std::vector<void*>{at(0x1000), at(0x1000 + 30 * 4), at(0x1000 + 60 * 4)});
  rows.clear();
  CHECK(each_piece(k, 9, note) == nullptr);  // a run longer than a piece goes alone
  CHECK(rows == std::vector<std::int64_t>(7, 1));
  k.places = places, k.sorted_places = sorted;
  int calls = 0;
  const Error failed = each_piece(k, 20, [&](const KeysToSort& piece) -> Error {
    CHECK(piece.places == places + 20 * calls);
    CHECK(piece.sorted_places == sorted + 20 * calls);
    return ++calls == 2 ? "no memory" : nullptr;
  });
  CHECK(failed != nullptr);
  CHECK(calls == 2);
}

TEST_CASE("a thread's handles are its own, and go to the next thread on its stream when it ends") {
  struct Handle {
    int number = 0;
  };
  int made = 0;
  const auto handle = [&](int device, int stream) {
    int number = 0;
    std::thread([&] {
      ThreadHandles<Handle> mine;
      Error error = nullptr;
      const auto make = [&](Handle& h) -> Error {
        if (h.number == 0) h.number = ++made;
        return nullptr;
      };
      number = mine.on(device, stream, error, make).number;
      CHECK(mine.on(device, stream, error, make).number == number);
      CHECK(error == nullptr);
    }).join();
    return number;
  };
  CHECK(handle(0, 3) == 1);
  CHECK(handle(0, 3) == 1);  // again
  CHECK(handle(0, 4) == 2);  // another stream's
  CHECK(handle(1, 3) == 3);
  CHECK(handle(0, 4) == 2);
  ThreadHandles<Handle> mine;
  Error error = nullptr;
  mine.on(2, 0, error, [](Handle&) -> Error { return "none"; });
  CHECK(error != nullptr);
}

TEST_CASE("matrices that libraries of products read as they lie") {
  const auto ld = [](std::int64_t rows, std::int64_t cols, std::int64_t row, std::int64_t col) {
    return matrix_layout(rows, cols, row, col).ld;
  };
  CHECK(ld(3, 4, 4, 1) == 4);  // row-major
  CHECK_FALSE(matrix_layout(3, 4, 4, 1).turned);
  CHECK(matrix_layout(3, 4, 1, 3).turned);  // its transpose
  CHECK(ld(3, 4, 10, 1) == 10);             // with gaps
  CHECK(ld(1, 4, 0, 1) == 4);               // one row
  CHECK(ld(4, 1, 1, 0) >= 1);               // one column
  CHECK(ld(1, 4, 0, 3) == 3);               // one row, its elements apart: a column of a turned matrix
  CHECK(ld(3, 4, 0, 1) == 0);               // repeated rows
  CHECK(ld(3, 4, -4, 1) == 0);              // backwards
  CHECK(ld(3, 4, 8, 2) == 0);               // every other element
}
