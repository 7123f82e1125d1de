// Copies between host and GPU in pieces of pinned memory: the ring over a GPU that is not there, whose copies happen as
// late as they may; and large copies on the double of a GPU.
#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "strata/core/debug.hpp"
#include "strata/ops/cuda/staging.hpp"
#include "strata/strata.hpp"
#include "strata/tests/catch.hpp"

namespace st = strata;
using Catch::Matchers::Equals;
using st::gpu::Error;
using st::gpu::stage_in;
using st::gpu::stage_out;
using Bytes = std::vector<unsigned char>;

namespace {

/// Work in order. It is done when somebody waits for it.
struct Stream {
  std::mutex mutex;
  std::deque<std::function<void()>> work;
  int given = 0, done = 0;
  void give(std::function<void()> f) {
    const std::lock_guard lock(mutex);
    work.push_back(std::move(f));
    ++given;
  }
  void run_until(int n) {
    const std::lock_guard lock(mutex);
    for (; done < n; ++done) {
      work.front()();
      work.pop_front();
    }
  }
};

struct FakeEvent {
  Stream* stream = nullptr;
  int after = 0;
};
using Ring = st::gpu::StagingRing<FakeEvent>;

struct FakeTransfers {
  using Event = FakeEvent;
  Stream* stream;
  Bytes* pinned;
  std::vector<char>* log = nullptr;
  int fails_at = -1;  // this transfer, counted from 0

  Error pin(std::size_t bytes, void** memory) {
    pinned->resize(bytes);
    *memory = pinned->data();
    return nullptr;
  }
  Error give(char what, void* to, const void* from, std::size_t bytes) {
    if (fails_at-- == 0) return "the bus is down";
    note(what);
    stream->give([=] { std::memcpy(to, from, bytes); });
    return nullptr;
  }
  Error send(void* to, const void* from, std::size_t bytes) { return give('s', to, from, bytes); }
  Error fetch(void* to, const void* from, std::size_t bytes) { return give('f', to, from, bytes); }
  Error record(Event& event) {
    event = {stream, stream->given};
    return nullptr;
  }
  bool passed(const Event& event) {
    const std::lock_guard lock(event.stream->mutex);
    return event.stream->done >= event.after;
  }
  Error wait(const Event& event) {
    note('w');
    event.stream->run_until(event.after);
    return nullptr;
  }
  void note(char c) {
    if (log) log->push_back(c);
  }
};

Bytes some_bytes(std::size_t n, int seed) {
  Bytes b(n);
  for (std::size_t i = 0; i < n; ++i)
    b[i] = static_cast<unsigned char>((i * 2654435761u + static_cast<unsigned>(seed)) >> 7);
  return b;
}

std::string text_of(const std::vector<char>& log) { return {log.begin(), log.end()}; }

}  // namespace

TEST_CASE("bytes of any length arrive, there and back, whatever is on the way") {
  Ring ring(2048, 512);
  Bytes pinned;
  Stream stream;
  FakeTransfers t{&stream, &pinned};
  for (std::size_t n : {0, 1, 255, 256, 257, 511, 512, 513, 1300, 2048, 2049, 10'000}) {
    CAPTURE(n);
    const Bytes sent = some_bytes(n, static_cast<int>(n));
    Bytes on_gpu(n), scratch = sent, back(n);
    CHECK(stage_in(ring, t, on_gpu.data(), scratch.data(), n) == nullptr);
    std::fill(scratch.begin(), scratch.end(), 0);  // may change at once
    CHECK(stage_out(ring, t, back.data(), on_gpu.data(), n) == nullptr);
    CHECK(back == sent);
  }
}

TEST_CASE("copies to the GPU wait only for room, copies from it ask ahead") {
  Ring ring(2048, 512);
  Bytes pinned, on_gpu(512 * 6), host(512 * 6);
  Stream stream;
  std::vector<char> log;
  FakeTransfers t{&stream, &pinned, &log};
  CHECK(stage_in(ring, t, on_gpu.data(), host.data(), 512 * 4) == nullptr);
  CHECK(text_of(log) == "ssss");
  CHECK(stage_in(ring, t, on_gpu.data(), host.data(), 512) == nullptr);
  CHECK(text_of(log) == "ssssws");  // the oldest one's room
  stream.run_until(stream.given);
  log.clear();
  Ring other(2048, 512);
  CHECK(stage_out(other, t, host.data(), on_gpu.data(), 512 * 5) == nullptr);
  CHECK(text_of(log).substr(0, 6) == "fffwfw");
  CHECK(std::count(log.begin(), log.end(), 'w') == 5);
}

TEST_CASE("many small copies share the ring before any has travelled") {
  Ring ring(64 * 256, 512);
  Bytes pinned, on_gpu(65), host(65, 7);
  Stream stream;
  std::vector<char> log;
  FakeTransfers t{&stream, &pinned, &log};
  for (std::size_t i = 0; i < 64; ++i) CHECK(stage_in(ring, t, &on_gpu[i], &host[i], 1) == nullptr);
  CHECK(std::count(log.begin(), log.end(), 'w') == 0);
  CHECK(stage_in(ring, t, &on_gpu[64], &host[64], 1) == nullptr);
  CHECK(std::count(log.begin(), log.end(), 'w') == 1);
  stream.run_until(stream.given);
  CHECK(on_gpu == host);
}

TEST_CASE("a failed transfer is said and leaves the ring whole") {
  Ring ring(2048, 512);
  Bytes pinned, on_gpu(4000), host(4000);
  Stream stream;
  for (int k = 0; k < 8; ++k) {
    FakeTransfers failing{&stream, &pinned, nullptr, k};
    CHECK_THAT(stage_in(ring, failing, on_gpu.data(), host.data(), 4000), Equals("the bus is down"));
    failing.fails_at = k;
    CHECK_THAT(stage_out(ring, failing, host.data(), on_gpu.data(), 4000), Equals("the bus is down"));
  }
  const Bytes sent = some_bytes(4000, 1);
  FakeTransfers t{&stream, &pinned};
  CHECK(stage_in(ring, t, on_gpu.data(), sent.data(), 4000) == nullptr);
  CHECK(stage_out(ring, t, host.data(), on_gpu.data(), 4000) == nullptr);
  CHECK(host == sent);
}

TEST_CASE("threads share a ring") {
  Ring ring(1024, 512);
  Bytes pinned;
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  std::vector<Stream> streams(4);
  for (int k = 0; k < 4; ++k) {
    threads.emplace_back([&, k] {
      FakeTransfers t{&streams[static_cast<std::size_t>(k)], &pinned};
      for (int i = 0; i < 200; ++i) {
        const Bytes sent = some_bytes(static_cast<std::size_t>(1 + 37 * i % 3000), k + i);
        Bytes on_gpu(sent.size()), back(sent.size());
        if (stage_in(ring, t, on_gpu.data(), sent.data(), sent.size())) ++wrong[static_cast<std::size_t>(k)];
        if (stage_out(ring, t, back.data(), on_gpu.data(), sent.size())) ++wrong[static_cast<std::size_t>(k)];
        if (back != sent) ++wrong[static_cast<std::size_t>(k)];
      }
    });
  }
  for (std::thread& t : threads) t.join();
  CHECK(wrong == std::vector<int>(4));
}

TEST_CASE("tensors longer than a piece move to the GPU and back") {
  if (st::default_device() == st::cpu) {
    WARN("SKIPPED: no GPU (STRATA_TEST_DEVICE=cuda asks for one)");
    return;
  }
  const std::int64_t n = 3'000'001;
  const st::Tensor x = st::arange(n, {.device = st::cpu});
  const auto before = st::debug::host_syncs();
  const st::Tensor y = x.to(st::cuda(0));
  CHECK(st::debug::host_syncs() == before);
  CHECK((y + 1).to(st::cpu).to_vector<std::int32_t>() == (x + 1).to_vector<std::int32_t>());
  CHECK(st::debug::host_syncs() == before + 1);
}
