// Learning-rate schedules: functions from the step (an int32 scalar) to a rate. Used by optimisers.
// A number is the constant schedule. Formulas are optax's.
#pragma once
#include <concepts>
#include <functional>
#include <map>

#include "strata/core/tensor.hpp"

namespace strata::optim {

class Schedule {
 public:
  Schedule(double constant) : constant_(constant) {}  // NOLINT: implicit on purpose
  template <class F>
  requires std::invocable<F&, const Tensor&> Schedule(F f) : f_(std::move(f)) {}  // NOLINT: implicit on purpose
  Tensor operator()(const Tensor& step) const { return f_ ? f_(step) : Tensor(constant_); }

 private:
  double constant_ = 0;
  std::function<Tensor(const Tensor&)> f_;
};

/// value at every step.
Schedule constant_schedule(double value);
/// From init to end over `steps` steps, beginning at step `begin`.
Schedule linear_schedule(double init, double end, double steps, double begin = 0);
/// Half a cosine from init to alpha * init over `steps` steps (Loshchilov and Hutter 2016, arXiv 1608.03983).
Schedule cosine_decay_schedule(double init, double steps, double alpha = 0, double exponent = 1);
/// Linear from init to peak over warmup_steps, then a cosine to end at decay_steps.
Schedule warmup_cosine_decay_schedule(double init, double peak, double warmup_steps, double decay_steps,
                                      double end = 0);
/// init * rate^(step / steps).
Schedule exponential_decay(double init, double steps, double rate);
/// init, multiplied by each scale from its boundary step on.
Schedule piecewise_constant_schedule(double init, std::map<std::int64_t, double> boundaries_and_scales);
/// Schedule i from boundary i-1 on; each counts steps from its own start.
Schedule join_schedules(std::vector<Schedule> schedules, std::vector<std::int64_t> boundaries);

}  // namespace strata::optim
