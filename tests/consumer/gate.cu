// A user's CUDA file: a function of elements that becomes kernels. tests/consumer/run builds it where nvcc is and
// compares what it prints on the CPU.
#include <strata/strata.hpp>

namespace st = strata;

struct Gate {
  float slope;
  __host__ __device__ auto operator()(auto x, auto y) const { return x * st::math::relu(slope * y); }
};

int main() {
  auto gate = st::elementwise(Gate{0.5f});
  st::Tensor x = st::array({{1.f, 2.f}, {3.f, 4.f}}), y = st::array({-1.f, 3.f});
  auto slopes = st::vmap(st::grad([&](st::Tensor row, st::Tensor shared) { return st::sum(gate(row, shared)); }),
                         {.in_axes = {0, st::none}});
  fmt::print("{}\n{}\n", gate(x, y), slopes(x, y));
}
