// Every op of the registry, its derivatives and its batching give on a GPU what they give on the CPU, and leave their
// results there although the default device is the CPU. On the double where no GPU is; SKIPPED without either.
#include <map>

#include "strata/core/error.hpp"
#include "strata/ops/registry.hpp"
#include "strata/tests/catch.hpp"
#include "strata/tests/support/laws.hpp"
#include "strata/tests/support/laws_detail.hpp"

using namespace strata;
using namespace strata::laws;

namespace {

/// Samples that make no tensor from their arguments' values, or whose arguments do not decide where results lie.
const std::map<std::string_view, const char*> elsewhere = {
    {"to", "its sample says where to"},
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

/// How the results of s on the GPU differ from those on the CPU.
Failure differs(const Sample& s, bool stays) {
  const Tensors x = draw(s);
  const Tensors right = s.call(x);
  const Tensors y = s.call(moved(x));
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

void check(const Entry& e, const Sample& s, const char* what) {
  bool has_tensors = false;
  for (const Argument& a : s.arguments) has_tensors = has_tensors || !a.shape.empty();
  const bool stays = has_tensors && !elsewhere.count(e.name);
  Failure failure;
  try {
    failure = differs(s, stays);
  } catch (const std::exception& error) {
    failure = error.what();
  }
  INFO(e.name << ", " << what << " " << s.label << ": " << failure.value_or(""));
  CHECK_FALSE(failure.has_value());
}

template <class F>
void for_all(F f) {
  if (!gpu_here()) return;
  const Device before = default_device();
  default_device(cpu);
  for (const Entry& e : registry()) {
    for (const Sample& s : e.samples()) f(e, s);
  }
  default_device(before);
}

}  // namespace

TEST_CASE("every op gives on a GPU what it gives on the CPU") {
  for_all([](const Entry& e, const Sample& s) { check(e, s, "the value"); });
}

TEST_CASE("every vjp and jvp gives on a GPU what it gives on the CPU") {
  for_all([](const Entry& e, const Sample& s) {
    if (const auto v = vjp_of(s)) check(e, *v, "the vjp");
    if (const auto v = jvp_of(s)) check(e, *v, "the jvp");
  });
}

TEST_CASE("every batching rule gives on a GPU what it gives on the CPU") {
  for_all([](const Entry& e, const Sample& s) {
    check(e, vmap_of(s, std::vector<int>(s.arguments.size(), 0), 3), "vmap");
  });
}
