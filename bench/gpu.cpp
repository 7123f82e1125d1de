// What a GPU reaches, beside its own limits in the same run: pointwise ops and softmax against a copy, GEMM in TFLOP/s,
// host time for each launch, a training step with and without st::capture. Without a GPU it says SKIPPED. Times are by
// the host's clock around many calls and one synchronisation.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <vector>

#include "strata/strata.hpp"

namespace st = strata;
using st::Tensor;

namespace {

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// Seconds of one call: the median of several runs of `calls` calls that end in a synchronisation.
double time_of(int calls, const std::function<void()>& call) {
  const st::Device gpu = st::cuda(0);
  for (int i = 0; i < 3; ++i) call();
  std::vector<double> runs;
  for (int r = 0; r < 9; ++r) {
    st::synchronize(gpu);
    const double start = seconds();
    for (int i = 0; i < calls; ++i) call();
    st::synchronize(gpu);
    runs.push_back((seconds() - start) / calls);
  }
  std::nth_element(runs.begin(), runs.begin() + 4, runs.end());
  return runs[4];
}

void bandwidth() {
  const std::int64_t rows = 16384, columns = 8192;
  const Tensor x = st::random::uniform(st::random::key(0), {rows, columns}), y = x * 2;
  const double bytes = static_cast<double>(x.size()) * 4;
  const double copy = 2 * bytes / time_of(20, [&] { st::copy(x); });
  const auto line = [&](const char* name, double moved, const std::function<void()>& f) {
    const double rate = moved / time_of(20, f);
    fmt::print("{:<24} {:8.0f} GB/s  {:5.2f} of a copy\n", name, rate / 1e9, rate / copy);
  };
  fmt::print("{:<24} {:8.0f} GB/s\n", "copy", copy / 1e9);
  line("add", 3 * bytes, [&] { x + y; });
  line("exp", 2 * bytes, [&] { st::exp(x); });
  line("gelu", 2 * bytes, [&] { st::gelu(x); });
  line("where, row broadcast", 2 * bytes, [&] { st::where(x[0] > 0.5, x, 0); });
  line("softmax of rows", 2 * bytes, [&] { st::softmax(x); });
  line("layer_norm of rows", 2 * bytes, [&] { st::layer_norm(x); });
  line("sum of rows", bytes, [&] { st::sum(x, {.axes = {1}}); });
  line("sum of columns", bytes, [&] { st::sum(x, {.axes = {0}}); });
}

void products() {
  for (const st::Dtype d : {st::float32, st::bfloat16}) {
    const std::int64_t n = 8192;
    const Tensor a = st::astype(st::random::normal(st::random::key(1), {n, n}), d);
    const Tensor b = st::astype(st::random::normal(st::random::key(2), {n, n}), d);
    const double t = time_of(5, [&] { st::matmul(a, b); });
    fmt::print("{:<24} {:8.1f} TFLOP/s\n", fmt::format("matmul 8192 {}", st::name(d)),
               2.0 * static_cast<double>(n * n) * static_cast<double>(n) / t / 1e12);
  }
}

void launches() {
  const Tensor x = st::ones({64});
  const double start_up = time_of(1, [] {});
  const int calls = 2000;
  Tensor y = x;
  const double t = time_of(calls, [&] { y = x + x; }) - start_up / calls;
  fmt::print("{:<24} {:8.2f} us\n", "one op, launched", t * 1e6);
}

struct Mlp {
  Tensor w0, b0, w1, b1;
};

void steps() {
  const Tensor key = st::random::key(3);
  const auto weight = [&](int i, std::int64_t n, std::int64_t m) {
    return st::random::normal(st::random::fold_in(key, i), {n, m}) * 0.03;
  };
  const Mlp start{weight(0, 784, 512), st::zeros({512}), weight(1, 512, 10), st::zeros({10})};
  const Tensor x = st::random::normal(key, {256, 784});
  const Tensor labels = st::arange(256) % 10;
  const auto loss = [](const Mlp& m, Tensor in, Tensor label) {
    const Tensor h = st::relu(st::matmul(in, m.w0) + m.b0);
    return st::mean(st::softmax_cross_entropy_with_integer_labels(st::matmul(h, m.w1) + m.b1, label));
  };
  const auto step = [&](const Mlp& m, Tensor in, Tensor label) {
    return st::tree_map([](const Tensor& p, const Tensor& g) { return p - 0.01 * g; }, m, st::grad(loss)(m, in, label));
  };
  const auto fast = st::capture(step);
  Mlp m = start;
  const double eager = time_of(200, [&] { m = step(m, x, labels); });
  m = start;
  const double captured = time_of(200, [&] { m = fast(m, x, labels); });
  fmt::print("{:<24} {:8.1f} us, captured {:.1f} us\n", "MLP step, B 256", eager * 1e6, captured * 1e6);
}

}  // namespace

int main() {
  if (st::cuda_devices() == 0) {
    fmt::print("SKIPPED: no GPU\n");
    return EXIT_SUCCESS;
  }
  st::default_device(st::cuda(0));
  bandwidth();
  products();
  launches();
  steps();
  const st::DeviceMemory held = st::device_memory(st::cuda(0));
  fmt::print("{:<24} {:8.0f} MiB\n", "memory, high water", static_cast<double>(held.peak) / (1 << 20));
  return EXIT_SUCCESS;
}
