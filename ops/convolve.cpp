// NumPy's convolve and correlate of vectors, by the general convolution.
#include "strata/core/error.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"

namespace strata {
namespace {

/// The sliding products of the longer vector x with the shorter w, as NumPy's mode has it.
Tensor slide(const char* op, Tensor x, Tensor w, const std::string& mode) {
  const std::int64_t n = w.size();
  std::pair<std::int64_t, std::int64_t> pad{0, 0};
  if (mode == "full")
    pad = {n - 1, n - 1};
  else if (mode == "same")
    pad = {n / 2, n - n / 2 - 1};
  else if (mode != "valid")
    throw ValueError(std::string(op) + ": mode \"" + mode + "\" is none of \"full\", \"same\", \"valid\"");
  const Tensor y =
      conv_general(reshape(std::move(x), {1, 1, -1}), reshape(std::move(w), {1, 1, -1}), {.padding = {pad}});
  return reshape(y, {-1});
}

void demand_vectors(const char* op, const Tensor& a, const Tensor& v) {
  if (a.ndim() == 1 && v.ndim() == 1 && a.size() > 0 && v.size() > 0) return;
  throw ShapeError(std::string(op) + ": " + to_string(a.shape()) + " and " + to_string(v.shape()) +
                   " should be vectors of at least one element" + level_context());
}

}  // namespace

Tensor convolve(Tensor a, Tensor v, Convolve p) {
  demand_vectors("convolve", a, v);
  if (a.size() < v.size()) std::swap(a, v);
  return slide("convolve", std::move(a), flip(std::move(v)), p.mode);
}

Tensor correlate(Tensor a, Tensor v, Correlate p) {
  demand_vectors("correlate", a, v);
  if (a.size() >= v.size()) return slide("correlate", std::move(a), std::move(v), p.mode);
  return flip(slide("correlate", std::move(v), std::move(a), p.mode));
}

namespace {

template <class F>
Samples sliding_samples(F f) {
  const auto by = [f](const char* mode) {
    return [f, mode](std::span<const Tensor> x) { return std::vector<Tensor>{f(x[0], x[1], mode)}; };
  };
  return {{"full", {{{5}}, {{3}}}, by("full")},
          {"same", {{{2}}, {{4}}}, by("same")},
          {"valid", {{{5}}, {{2}}}, by("valid")}};
}

Samples convolve_samples() {
  return sliding_samples(
      [](Tensor a, Tensor v, const char* mode) { return convolve(std::move(a), std::move(v), {mode}); });
}
Samples correlate_samples() {
  return sliding_samples(
      [](Tensor a, Tensor v, const char* mode) { return correlate(std::move(a), std::move(v), {mode}); });
}

}  // namespace

std::vector<Entry> convolve_entries() {
  return {composite("convolve", &convolve_samples), composite("correlate", &correlate_samples)};
}

}  // namespace strata
