// The vmap guide's first program, as a user of an installed Strata writes it. tests/consumer/run builds it, compares what it
// prints and measures how long it takes to compile.
#include <fmt/format.h>
#include <strata/strata.hpp>

namespace st = strata;

struct Params {
  st::Tensor w, b;
};

st::Tensor predict(const Params& params, const st::Tensor& features) {
  st::Tensor logits = st::matmul(features, params.w) + params.b;
  return st::array({logits, st::sigmoid(logits)});
}

int main() {
  Params params{st::array({1.5f, -0.5f}), 0.25};
  st::Tensor x = st::array({{1.f, 2.f}, {2.5f, -1.f}, {-0.25f, 0.75f}});
  auto batched_predict = st::vmap(predict, {.in_axes = {st::none, 0}});
  st::Tensor logits_probs = batched_predict(params, x);
  fmt::print("first row: {}\n{}\n", logits_probs[0], logits_probs);
}
