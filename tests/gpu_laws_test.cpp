// Every op of the registry, its derivatives and its batching give on a GPU what they give on the CPU, and leave their
// results there although the default device is the CPU. On the double where no GPU is; SKIPPED without either.
#include <set>

#include "strata/core/error.hpp"
#include "strata/ops/registry.hpp"
#include "strata/tests/catch.hpp"
#include "strata/tests/support/laws.hpp"
#include "strata/tests/support/laws_detail.hpp"

using namespace strata;
using namespace strata::laws;

namespace {

/// Samples whose results lie on the default device, or that make tensors there while they run.
const std::set<std::string_view> of_default_device = {"to", "interp", "var", "std", "corrcoef", "digitize"};

/// The default device for a scope.
class On {
 public:
  explicit On(Device d) : before_(default_device()) { default_device(d); }
  ~On() { default_device(before_); }
  On(const On&) = delete;
  On& operator=(const On&) = delete;

 private:
  Device before_;
};

bool gpu_here() {
  if (cuda_devices() > 0) return true;
  WARN("SKIPPED: no GPU");
  return false;
}

Tensors moved(const Tensors& x) {
  Tensors y;
  for (const Tensor& t : x) y.push_back(t.defined() && !dense(t).number ? t.to(cuda(0)) : t);
  return y;
}

/// A sample and the same one made where the GPU is the default: what it captured lies there.
struct Both {
  Sample here, there;
};

/// How the results on the GPU differ from those on the CPU.
Failure differs(const Both& s, bool stays, Device by_default) {
  const Tensors x = draw(s.here);
  const Tensors right = s.here.call(x);
  const On device(by_default);
  const Tensors y = s.there.call(moved(x));
  if (y.size() != right.size()) return "the numbers of results differ";
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (y[i].defined() != right[i].defined()) return "result " + std::to_string(i) + " is not defined on both";
    if (!y[i].defined()) continue;
    if (stays && y[i].ndim() > 0 && y[i].device() != cuda(0))
      return "result " + std::to_string(i) + " is on " + to_string(y[i].device());
    const double allowed = 10 * tolerance(right[i].dtype());
    if (Failure f = difference(compact(materialize(y[i].to(cpu))), compact(materialize(right[i])), allowed))
      return "result " + std::to_string(i) + ": " + *f;
  }
  return {};
}

void check(const Entry& e, const Both& s, const char* what) {
  bool has_tensors = false;
  for (const Argument& a : s.here.arguments) has_tensors = has_tensors || !a.shape.empty();
  const bool anywhere = of_default_device.count(e.name) > 0;
  Failure failure;
  try {
    failure = differs(s, has_tensors && !anywhere, anywhere ? cuda(0) : cpu);
  } catch (const std::exception& error) {
    failure = error.what();
  }
  INFO(e.name << ", " << what << " " << s.here.label << ": " << failure.value_or(""));
  CHECK_FALSE(failure.has_value());
}

Samples made_on(Device device, const Entry& e) {
  const On scope(device);
  return e.samples();
}

/// A transform of a sample, which runs the call to see its results, where the sample was made.
Sample on_gpu(std::optional<Sample> (*transform)(const Sample&), const Sample& s) {
  const On scope(cuda(0));
  return transform(s).value();
}

template <class F>
void for_all(F f) {
  if (!gpu_here()) return;
  for (const Entry& e : registry()) {
    const Samples there = made_on(cuda(0), e), here = made_on(cpu, e);
    const On device(cpu);
    for (std::size_t i = 0; i < here.size(); ++i) f(e, Both{here[i], there[i]});
  }
}

}  // namespace

TEST_CASE("every op gives on a GPU what it gives on the CPU") {
  for_all([](const Entry& e, const Both& s) { check(e, s, "the value"); });
}

TEST_CASE("every vjp and jvp gives on a GPU what it gives on the CPU") {
  for_all([](const Entry& e, const Both& s) {
    if (const auto v = vjp_of(s.here)) check(e, {*v, on_gpu(vjp_of, s.there)}, "the vjp");
    if (const auto v = jvp_of(s.here)) check(e, {*v, on_gpu(jvp_of, s.there)}, "the jvp");
  });
}

TEST_CASE("every batching rule gives on a GPU what it gives on the CPU") {
  for_all([](const Entry& e, const Both& s) {
    const std::vector<int> first(s.here.arguments.size(), 0);
    check(e, {vmap_of(s.here, first, 3), vmap_of(s.there, first, 3)}, "vmap");
  });
}
