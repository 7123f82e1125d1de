// What a GPU gives: bandwidth of pointwise and row ops beside a copy, GEMM beside cuBLAS called directly, copies from
// and to the host, what one op costs the host, training steps with and without capture. Ratios are medians over rounds
// in which both sides take turns. Says SKIPPED where there is no GPU. --small: sizes for a machine that stands in for
// one.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <vector>

#include "strata/bench/gpu_direct.hpp"
#include "strata/strata.hpp"

namespace st = strata;
using st::Tensor;

namespace {

bool small = false;

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }
double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Seconds of one call, over `calls` calls that end in a synchronisation.
double round_of(int calls, const std::function<void()>& call) {
  st::synchronize(st::cuda(0));
  const double start = seconds();
  for (int i = 0; i < calls; ++i) call();
  st::synchronize(st::cuda(0));
  return (seconds() - start) / calls;
}

/// Medians of rounds in turns: seconds of a call of either, and of their ratio.
struct Turns {
  double a, b, ratio;
};
Turns in_turns(int calls, const std::function<void()>& a, const std::function<void()>& b) {
  const int rounds = small ? 3 : 9;
  std::vector<double> ta, tb, ratio;
  for (int i = 0; i < 3; ++i) a(), b();
  for (int r = 0; r < rounds; ++r) {
    ta.push_back(round_of(calls, a));
    tb.push_back(round_of(calls, b));
    ratio.push_back(ta.back() / tb.back());
  }
  return {median(ta), median(tb), median(ratio)};
}

void bandwidth() {
  const std::int64_t rows = small ? 64 : 16384, columns = small ? 128 : 8192;
  const Tensor x = st::random::uniform(st::random::key(0), {rows, columns}), y = x * 2;
  const double bytes = static_cast<double>(x.size()) * 4;
  const std::function<void()> copy = [&] { st::copy(x); };
  fmt::print("{:<26} {:8.0f} GB/s\n", "copy", 2 * bytes / in_turns(20, copy, copy).a / 1e9);
  const auto line = [&](const char* name, double moved, const std::function<void()>& f) {
    const Turns t = in_turns(20, copy, f);
    fmt::print("{:<26} {:8.0f} GB/s  {:5.2f} of a copy\n", name, moved / t.b / 1e9, t.ratio * moved / (2 * bytes));
  };
  line("add", 3 * bytes, [&] { x + y; });
  line("exp", 2 * bytes, [&] { st::exp(x); });
  line("gelu", 2 * bytes, [&] { st::gelu(x); });
  line("where, row broadcast", 2 * bytes, [&] { st::where(x[0] > 0.5, x, 0); });
  line("softmax of rows", 2 * bytes, [&] { st::softmax(x); });
  line("layer_norm of rows", 2 * bytes, [&] { st::layer_norm(x); });
  line("sum of rows", bytes, [&] { st::sum(x, {.axes = {1}}); });
  line("sum of columns", bytes, [&] { st::sum(x, {.axes = {0}}); });
}

void host_copies() {
  const Tensor here = st::ones({(small ? 1 : 64) << 20}, {.device = st::cpu}), there = here.to(st::cuda(0));
  const double bytes = static_cast<double>(here.size()) * 4;
  const Turns t = in_turns(
      3, [&] { here.to(st::cuda(0)); }, [&] { there.to(st::cpu); });
  fmt::print("{:<26} {:8.1f} GB/s, back {:.1f}\n", "host to GPU", bytes / t.a / 1e9, bytes / t.b / 1e9);
}

/// matmul beside cuBLAS on the same memory.
void product(const char* name, st::Dtype dtype, bench::Arithmetic arithmetic) {
  const int n = small ? 64 : 8192;
  const auto matrix = [&](int seed) { return st::astype(st::random::normal(st::random::key(seed), {n, n}), dtype); };
  const Tensor a = matrix(1), b = matrix(2), c = st::zeros_like(a);
  const auto ours = [&] { st::matmul(a, b); };
  st::allow_tf32(arithmetic == bench::Arithmetic::tf32);
  const double work = 2.0 * n * n * n / 1e12;
  const std::string title = fmt::format("matmul {} {}", n, name);
#ifdef STRATA_BENCH_CUBLAS
  const char* error = nullptr;
  const auto direct = [&] {
    const char* said = bench::direct_product(st::dense(a).data, st::dense(b).data, st::dense(c).data, n, arithmetic);
    if (said) error = said;
  };
  const Turns t = in_turns(5, ours, direct);
  if (!error) {
    fmt::print("{:<26} {:8.1f} TFLOP/s, cuBLAS {:.1f}: {:.3f} of its time\n", title, work / t.a, work / t.b, t.ratio);
    return;
  }
  const std::string lacks = fmt::format("cuBLAS: {}", error);
#else
  const std::string lacks = "cuBLAS: this build has no CUDA";
#endif
  fmt::print("{:<26} {:8.1f} TFLOP/s ({})\n", title, work / in_turns(5, ours, ours).a, lacks);
}

void products() {
  product("float32", st::float32, bench::Arithmetic::float32);
  product("float32 as TF32", st::float32, bench::Arithmetic::tf32);
  product("bfloat16", st::bfloat16, bench::Arithmetic::bfloat16);
  st::allow_tf32(false);
}

/// What the host spends on an op, and what the op takes with the GPU's part.
void launches() {
  const Tensor x = st::ones({64});
  const int calls = 500;  // fewer than a stream's queue holds
  Tensor y = x;
  std::vector<double> host, all;
  for (int r = 0; r < 20; ++r) {
    st::synchronize(st::cuda(0));
    const double start = seconds();
    for (int i = 0; i < calls; ++i) y = x + x;
    host.push_back((seconds() - start) / calls);
    st::synchronize(st::cuda(0));
    all.push_back((seconds() - start) / calls);
  }
  fmt::print("{:<26} {:8.2f} us on the host, {:.2f} us until done\n", "one op", median(host) * 1e6, median(all) * 1e6);
}

/// A step from `start` as it is, and captured.
template <class State, class Step>
void step_line(const char* name, const State& start, const Step& step) {
  int runs = 0;
  const auto counted = [&](const State& s) {
    ++runs;
    return step(s);
  };
  const auto fast = st::capture(counted);
  State eager = start, captured = start;
  captured = fast(captured);
  const int before = runs;
  const int calls = small ? 5 : 200;
  const Turns t = in_turns(
      calls, [&] { eager = counted(eager); }, [&] { captured = fast(captured); });
  const int rounds = small ? 3 : 9;
  const bool replayed = runs - before == 3 + rounds * calls;  // else each call was recorded anew
  fmt::print("{:<26} {:8.1f} us, captured {:.1f} us{}\n", name, t.a * 1e6, t.b * 1e6,
             replayed ? "" : " (recorded again and again)");
}

struct Mlp {
  Tensor w0, b0, w1, b1;
};

void mlp_step() {
  const Tensor key = st::random::key(3);
  const auto weight = [&](int i, std::int64_t n, std::int64_t m) {
    return st::random::normal(st::random::fold_in(key, i), {n, m}) * 0.03;
  };
  const Tensor x = st::random::normal(key, {256, 784}), labels = st::arange(256) % 10;
  const auto loss = [](const Mlp& m, Tensor in, Tensor label) {
    const Tensor h = st::relu(st::matmul(in, m.w0) + m.b0);
    return st::mean(st::softmax_cross_entropy_with_integer_labels(st::matmul(h, m.w1) + m.b1, label));
  };
  step_line("MLP step, B 256", Mlp{weight(0, 784, 512), st::zeros({512}), weight(1, 512, 10), st::zeros({10})},
            [&](const Mlp& m) {
              return st::tree_map([](const Tensor& p, const Tensor& g) { return p - 0.01 * g; }, m,
                                  st::grad(loss)(m, x, labels));
            });
}

/// The step of examples/digits: every example's own gradient, their norms, Adam.
void digits_step() {
  const auto loss = [](const st::nn::MLP& model, const Tensor& x, const Tensor& y) {
    return st::softmax_cross_entropy_with_integer_labels(model(x), y);
  };
  const auto per_example = st::vmap(st::value_and_grad(loss), {.in_axes = {st::none, 0, 0}});
  const auto optimizer = st::optim::adam({.lr = 3e-3});
  const st::nn::MLP model = st::nn::MLP::init(st::random::key(0), {64, 128, 10});
  const Tensor x = st::random::uniform(st::random::key(1), {50, 64}), y = st::arange(50) % 10;
  const auto step = [&](const auto& state) {
    const auto& [m, adam, norm] = state;
    const auto [losses, grads] = per_example(m, x, y);
    const Tensor norms = st::vmap([](const st::nn::MLP& g) { return st::optim::global_norm(g); })(grads);
    const auto mean = st::tree_map([](const Tensor& g) { return st::mean(g, {.axes = {0}}); }, grads);
    auto [updates, next] = optimizer.update(mean, adam, m);
    return std::tuple{st::optim::apply_updates(m, updates), std::move(next), st::mean(norms)};
  };
  step_line("digits step, B 50", std::tuple{model, optimizer.init(model), st::zeros({})}, step);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("What a GPU gives");
  app.add_flag("--small", small, "sizes for a machine that stands in for a GPU; the figures mean nothing");
  CLI11_PARSE(app, argc, argv);
  try {
    st::default_device(st::cuda(0));
  } catch (const st::DeviceError& e) {
    fmt::print("SKIPPED: {}\n", e.what());
    return EXIT_SUCCESS;
  }
  bandwidth();
  host_copies();
  products();
  launches();
  mlp_step();
  digits_step();
  const st::DeviceMemory held = st::device_memory(st::cuda(0));
  fmt::print("{:<26} {:8.0f} MiB\n", "memory, high water", static_cast<double>(held.peak) / (1 << 20));
  return EXIT_SUCCESS;
}
