// A peer: PyTorch's C++ interface, at:: and torch::autograd, for what one op costs. compare.py compiles it against the
// libraries of the installed wheel; the conversation is that of bench/cases/main.cpp, read by hand here.
#include <torch/torch.h>
#include <torch/version.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <vector>

namespace {

struct Case {
  double per;
  std::function<at::Tensor()> call;
};

at::Tensor uniform(std::uint32_t seed, double low, double high) {
  std::vector<float> v(4);
  for (std::uint32_t i = 0; i < 4; ++i) {
    std::uint32_t x = i + seed * 0x9e3779b9u;
    x ^= x >> 16, x *= 0x7feb352du, x ^= x >> 15, x *= 0x846ca68bu, x ^= x >> 16;
    v[i] = static_cast<float>(low + (high - low) / 16777216.0 * (x >> 8));
  }
  return torch::tensor(v);
}

at::Tensor many(at::Tensor x, const at::Tensor& c, int ops) {
  for (int i = 0; i < ops / 2; ++i) x = x * c + c;
  return x;
}

std::map<std::string, Case> all_cases() {
  const at::Tensor x = uniform(1, 0.5, 1), c = uniform(2, 0.25, 0.75);
  const auto gradient = [=](int ops) {
    return Case{static_cast<double>(ops),
                [=, t = x.clone().requires_grad_()] { return torch::autograd::grad({many(t, c, ops).sum()}, {t})[0]; }};
  };
  const auto plain = [](auto f) {
    return [f] {
      const at::NoGradGuard guard;
      return f();
    };
  };
  return {{"dispatch/add", {1, plain([=] { return at::add(x, c); })}},
          {"dispatch/plain_1000", {1000, plain([=] { return many(x, c, 1000); })}},
          {"dispatch/grad_10", gradient(10)},
          {"dispatch/grad_1000", gradient(1000)}};
}

double now(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return 1e9 * static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec);
}

double nanoseconds(const Case& c, long n, clockid_t clock) {
  const double start = now(clock);
  for (long i = 0; i < n; ++i) c.call();
  return now(clock) - start;
}

std::string time_case(const Case& c, double seconds, clockid_t clock) {
  long n = 1;
  while (nanoseconds(c, n, clock) < 2e5) n *= 2;
  std::string out;
  const double end = now(CLOCK_MONOTONIC) + 1e9 * seconds;
  for (int i = 0; i < 3 || now(CLOCK_MONOTONIC) < end; ++i)
    out += (i ? ", " : "") + std::to_string(nanoseconds(c, n, clock) / static_cast<double>(n) / c.per);
  return "{\"ns\": [" + out + "]}";
}

std::string prepare(const Case& c, const std::string& path) {
  const at::Tensor y = c.call().contiguous();
  std::ofstream(path, std::ios::binary)
      .write(static_cast<const char*>(y.data_ptr()), static_cast<std::streamsize>(y.nbytes()));
  return "{\"shapes\": [[4]]}";
}

std::string list(const std::map<std::string, Case>& cases) {
  std::string names;
  for (const auto& [name, c] : cases) names += (names.empty() ? "\"" : ", \"") + name + "\"";
  return "{\"cases\": [" + names +
         "], \"measures\": [], \"version\": \"PyTorch C++ " TORCH_VERSION "\", \"threads\": " +
         std::to_string(at::get_num_threads()) + "}";
}

/// The text of "key": "text" in a line of JSON without escapes.
std::string text(const std::string& line, const std::string& key) {
  const auto at = line.find("\"" + key + "\": \"");
  if (at == std::string::npos) return "";
  const auto begin = at + key.size() + 5;
  return line.substr(begin, line.find('"', begin) - begin);
}

double number(const std::string& line, const std::string& key) {
  const auto at = line.find("\"" + key + "\": ");
  return at == std::string::npos ? 0 : std::atof(line.c_str() + at + key.size() + 4);
}

}  // namespace

int main() {
  const char* threads = std::getenv("STRATA_BENCH_THREADS");
  at::set_num_threads(threads ? std::atoi(threads) : 1);
  const auto cases = all_cases();
  for (std::string line; std::getline(std::cin, line);) {
    const std::string what = text(line, "do"), name = text(line, "case");
    if (what == "quit") return 0;
    if (what == "list") {
      std::cout << list(cases) << std::endl;
    } else if (!cases.count(name)) {
      std::cout << "{\"error\": \"no such case\"}" << std::endl;
    } else if (what == "prepare") {
      std::cout << prepare(cases.at(name), text(line, "outputs")) << std::endl;
    } else if (what == "time") {
      std::cout << time_case(cases.at(name), number(line, "seconds"),
                             text(line, "clock") == "cpu" ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC)
                << std::endl;
    } else {
      std::cout << "{}" << std::endl;
    }
  }
}
