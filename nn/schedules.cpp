// See schedules.hpp.
#include "strata/nn/schedules.hpp"

#include <numbers>

#include "strata/core/error.hpp"
#include "strata/ops/ops.hpp"

namespace strata::optim {
namespace {

Tensor as_float(const Tensor& step) { return astype(step, float32); }

}  // namespace

Schedule constant_schedule(double value) { return value; }

Schedule linear_schedule(double init, double end, double steps, double begin) {
  if (steps <= 0) return init;
  return [=](const Tensor& step) {
    const Tensor at = clip(as_float(step) - begin, 0, steps);
    return (init - end) * (1 - at / steps) + end;
  };
}

Schedule cosine_decay_schedule(double init, double steps, double alpha, double exponent) {
  if (steps <= 0) throw ValueError("cosine_decay_schedule: steps must be positive");
  return [=](const Tensor& step) {
    const Tensor at = minimum(as_float(step), steps);
    const Tensor cosine = 0.5 * (1 + cos(std::numbers::pi * at / steps));
    return init * ((1 - alpha) * (exponent == 1 ? cosine : pow(cosine, exponent)) + alpha);
  };
}

Schedule warmup_cosine_decay_schedule(double init, double peak, double warmup_steps, double decay_steps, double end) {
  const double alpha = peak == 0 ? 0 : end / peak;
  return join_schedules(
      {linear_schedule(init, peak, warmup_steps), cosine_decay_schedule(peak, decay_steps - warmup_steps, alpha)},
      {static_cast<std::int64_t>(warmup_steps)});
}

Schedule exponential_decay(double init, double steps, double rate) {
  return [=](const Tensor& step) { return init * pow(rate, as_float(step) / steps); };
}

Schedule piecewise_constant_schedule(double init, std::map<std::int64_t, double> boundaries_and_scales) {
  return [=](const Tensor& step) {
    Tensor value = init;
    for (const auto& [boundary, scale] : boundaries_and_scales) value = where(step < boundary, value, value * scale);
    return value;
  };
}

Schedule join_schedules(std::vector<Schedule> schedules, std::vector<std::int64_t> boundaries) {
  if (schedules.empty() || boundaries.size() + 1 != schedules.size()) {
    throw ValueError("join_schedules: n schedules need n - 1 boundaries");
  }
  return [=](const Tensor& step) {
    Tensor value = schedules[0](step);
    for (std::size_t i = 0; i < boundaries.size(); ++i) {
      value = where(step < boundaries[i], value, schedules[i + 1](step - boundaries[i]));
    }
    return value;
  };
}

}  // namespace strata::optim
