// A small job in which rank 1 fails in the way that the first argument names. tests/mpi/faults.sh runs it and looks at
// exit code, words, time and what is left behind. 'fine' is the job without a failure.
#include <signal.h>
#include <unistd.h>

#include <iostream>
#include <map>
#include <string>
#include <thread>

#include "strata/distributed/nccl_backend.hpp"
#include "strata/strata.hpp"
#include "strata/tests/mpi/nccl_double.hpp"

namespace st = strata;
using st::Tensor;

namespace {

template <class F>
Tensor over(F f, const char* axis = "data") {
  const auto n = st::distributed::Communicator().size();
  return st::pmap([&](const Tensor&) { return f(); }, {.out_axes = st::local, .axis_name = axis})(st::zeros({n}));
}

Tensor total(const Tensor& x) { return st::psum(x, "data"); }

struct Model {
  Tensor w, b;
};
Tensor loss(const Model& m, const Tensor& x) { return st::mean(st::square(st::matmul(x, m.w) + m.b)); }

/// An all-reduce by NCCL's double on all ranks; on rank 1 it does what the script says.
void by_nccl(nccl_double::Script script) {
  const st::distributed::Communicator world;
  nccl_double::state.script = script;
  static const auto api = nccl_double::table();
  st::distributed::NcclBackend nccl(api, {}, world.rank(), world.size(), std::chrono::milliseconds(1500), nullptr);
  float x[4] = {};
  nccl.all_reduce(x, x, 4, st::float32, st::distributed::Reduction::sum);
}

using Fault = void (*)(bool odd);
const std::map<std::string, Fault> faults = {
    {"fine", [](bool) {}},
    {"shape", [](bool odd) { over([=] { return total(st::ones({odd ? 5 : 4})); }); }},
    {"dtype", [](bool odd) { over([=] { return total(st::ones({4}, {.dtype = odd ? st::float64 : st::float32})); }); }},
    {"op",
     [](bool odd) {
       over([=] { return odd ? st::ppermute(st::ones({4}), "data", {{0, 1}}) : total(st::ones({4})); });
     }},
    {"order",
     [](bool odd) {
       over([=] {
         return over([=] { return st::psum(st::psum(Tensor(1.0), odd ? "data" : "model"), odd ? "model" : "data"); },
                     "model");
       });
     }},
    {"grad",
     [](bool odd) {
       over([=] {
         return odd ? total(st::ones({})) : st::grad([](const Tensor& x) { return total(x); })(st::ones({}));
       });
     }},
    {"finalize",
     [](bool odd) {
       if (!odd) over([=] { return total(st::ones({4})); });
     }},
    {"perm",
     [](bool odd) {
       over([=] {
         return st::ppermute(st::ones({4}), "data", odd ? st::LanePairs{{0, 2}} : st::LanePairs{{0, 1}, {1, 0}});
       });
     }},
    {"throw",
     [](bool odd) {
       if (odd) throw std::runtime_error("the user's own error");
       over([=] { return total(st::ones({4})); });
     }},
    {"exit",
     [](bool odd) {
       if (odd) std::exit(0);
       over([=] { return total(st::ones({4})); });
     }},
    {"leave",
     [](bool odd) {
       if (odd) _exit(0);
       over([=] { return total(st::ones({4})); });
     }},
    {"kill",
     [](bool odd) {
       if (odd) raise(SIGKILL);
       over([=] { return total(st::ones({4})); });
     }},
    {"segv",
     [](bool odd) {
       if (odd) raise(SIGSEGV);
       over([=] { return total(st::ones({4})); });
     }},
    {"sleep",
     [](bool odd) {
       if (odd) std::this_thread::sleep_for(std::chrono::seconds(1000));
       over([=] { return total(st::ones({4})); });
     }},
    {"stop",
     [](bool odd) {
       if (odd) raise(SIGSTOP);
       over([=] { return total(st::ones({4})); });
     }},
    {"nccl-fine", [](bool) { by_nccl({}); }},
    {"nccl-error", [](bool odd) { by_nccl({.fail_after = odd ? 1 : -1}); }},
    {"nccl-start", [](bool odd) { by_nccl({.starting = odd ? -1 : 2}); }},
    {"nccl-abort", [](bool odd) { by_nccl({.fail_after = odd ? 1 : -1, .abort_hangs = true}); }},
    {"batches",
     [](bool odd) {
       const auto step = st::data_parallel(st::value_and_grad(loss));
       const Model m{st::ones({3}), st::zeros({})};
       for (int i = 0; i < (odd ? 2 : 3); ++i) step(m, st::ones({4, 3}));
     }},
    {"sizes",
     [](bool odd) {
       const auto step = st::data_parallel(st::value_and_grad(loss));
       step(Model{st::ones({3}), st::zeros({})}, st::ones({odd ? 3 : 4, 3}));
     }},
    {"params",
     [](bool odd) {
       const auto step = st::data_parallel(st::value_and_grad(loss));
       step(Model{st::ones({3}), st::zeros(odd ? st::Shape{1} : st::Shape{})}, st::ones({4, 3}));
     }},
    {"values",
     [](bool odd) {
       const auto step = st::data_parallel(st::value_and_grad(loss));
       step(Model{st::ones({3}), odd ? st::ones({}) : st::zeros({})}, st::ones({4, 3}));
     }},
};

int run(const std::string& name) {
  const auto world = st::distributed::init();
  over([] { return total(st::ones({2})); });
  faults.at(name)(world.rank() == 1);
  over([] { return total(st::ones({3})); });
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "fine";
  if (name != "throw" && name != "finalize") {
    try {
      return run(name);
    } catch (const st::Error& error) {
      std::cerr << "caught: " << error.what() << "\n";
      return 1;
    }
  }
  if (name == "finalize") {  // rank 1 leaves main early, as after the last of too few batches
    const auto world = st::distributed::init();
    if (world.rank() == 1) return 0;
    over([] { return total(st::ones({4})); });
    return 0;
  }
  return run(name);
}
