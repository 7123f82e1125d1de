// Programs at random: 3 to 8 ops under up to 4 transforms, in float64, against explicit loops and finite differences.
// A stack of transforms is checked from the inside: each transform of the function below it agrees with the loop or the
// difference of that function, which has been checked before. Then the whole stack is run with every vmap as a loop.
// A seed gives the same program on every machine; a failure prints it.
#include <map>
#include <sstream>

#include "strata/core/debug.hpp"
#include "strata/strata.hpp"
#include "strata/tests/catch.hpp"
#include "strata/tests/support/laws_detail.hpp"
#include "strata/tests/support/program_layers.hpp"
#include "strata/tests/support/program_steps.hpp"

using namespace strata;
using laws::Rng;
using laws::Tensors;
using programs::draw;
using programs::Function;
using programs::kinds;
using programs::Layer;
using programs::LayerRef;
using programs::random_layer;
using programs::squash;
using programs::StepKind;

namespace {

struct Step {
  const StepKind* kind;
  int a, b, choice;
};

/// Steps on a growing list of values, of which the arguments are the first; the results are the last two.
struct Program {
  std::vector<Shape> inputs;
  std::vector<Step> steps;

  Tensors operator()(const Tensors& x) const {
    Tensors values = x;
    for (const Step& s : steps)
      values.push_back(squash(
          s.kind->apply(values[static_cast<std::size_t>(s.a)], values[static_cast<std::size_t>(s.b)], s.choice)));
    return {values.back(), values[values.size() - 2]};
  }
};

Program random_program(Rng& rng) {
  static const std::vector<Shape> shapes = {{}, {3}, {2, 3}, {3, 2}, {1, 3}, {2}};
  Program p;
  Tensors values;
  const std::int64_t inputs = 1 + rng.below(3), steps = 3 + rng.below(6);
  for (std::int64_t i = 0; i < inputs; ++i) {
    p.inputs.push_back(shapes[static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(shapes.size())))]);
    values.push_back(draw(p.inputs.back(), rng));
  }
  while (static_cast<std::int64_t>(p.steps.size()) < steps) {
    const auto n = static_cast<std::int64_t>(values.size());
    const StepKind& kind = kinds()[static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(kinds().size())))];
    // Mostly the newest value, so that the program is deep.
    const auto pick = [&] { return static_cast<int>(rng.below(2) ? n - 1 : rng.below(n)); };
    const Step s{&kind, pick(), pick(), static_cast<int>(rng.below(32))};
    const Tensor &a = values[static_cast<std::size_t>(s.a)], &b = values[static_cast<std::size_t>(s.b)];
    if (!kind.fits(a.shape(), b.shape())) continue;
    const Tensor y = squash(kind.apply(a, b, s.choice));
    if (y.size() > 64 || y.ndim() > 4) continue;
    values.push_back(y);
    p.steps.push_back(s);
  }
  return p;
}

struct Subject {
  Program program;
  std::vector<LayerRef> layers;        // innermost first
  std::vector<std::vector<Shape>> at;  // arguments of the function under layer k

  std::string text() const {
    std::ostringstream s;
    for (std::size_t k = layers.size(); k-- > 0;) s << layers[k]->name() << (k ? " of " : " of\n");
    for (std::size_t i = 0; i < program.inputs.size(); ++i)
      s << "  v" << i << " = argument " << program.inputs[i] << "\n";
    std::size_t v = program.inputs.size();
    for (const Step& step : program.steps) {
      s << "  v" << v++ << " = squash(" << step.kind->name << "(v" << step.a;
      if (step.kind->arity == 2) s << ", v" << step.b;
      s << ")), choice " << step.choice << "\n";
    }
    return s.str();
  }
};

Subject random_subject(std::uint64_t seed) {
  Rng rng(seed);
  Subject s{random_program(rng), {}, {}};
  s.at.push_back(s.program.inputs);
  const std::int64_t depth = 1 + rng.below(4);
  for (std::int64_t k = 0; k < depth; ++k) {
    s.layers.push_back(random_layer(s.at.back(), rng));
    s.at.push_back(s.layers.back()->inputs(s.at.back()));
  }
  return s;
}

laws::Failure compare(const Tensors& y, const Tensors& want, double relative) {
  if (y.size() != want.size()) return std::to_string(y.size()) + " results instead of " + std::to_string(want.size());
  for (std::size_t r = 0; r < y.size(); ++r) {
    if (const auto f = laws::difference(y[r], want[r], relative)) return "result " + std::to_string(r) + ": " + *f;
  }
  return std::nullopt;
}

laws::Failure check(const Subject& s, std::uint64_t seed) {
  return laws::guarded([&]() -> laws::Failure {
    Function f = s.program, looped = s.program;
    Rng rng(seed + 1000000);
    for (std::size_t k = 0; k < s.layers.size(); ++k) {
      Tensors x;
      for (const Shape& shape : s.at[k + 1]) x.push_back(draw(shape, rng));
      const Layer& layer = *s.layers[k];
      const Function transformed = layer.apply(f);
      if (const auto e = compare(transformed(x), layer.reference(f)(x), layer.loops() ? 1e-10 : 1e-6))
        return "layer " + std::to_string(k + 1) + " from inside: " + *e;
      looped = layer.loops() ? layer.reference(looped) : layer.apply(looped);
      if (const auto e = compare(transformed(x), looped(x), 1e-9)) return "with all loops written out: " + *e;
      f = transformed;
    }
    return std::nullopt;
  });
}

void run(std::uint64_t from, std::uint64_t to) {
  for (std::uint64_t seed = from; seed < to; ++seed) {
    const Subject s = random_subject(seed);
    const laws::Failure failure = check(s, seed);
    INFO("program " << seed << ": " << s.text() << failure.value_or(""));
    CHECK_FALSE(failure.has_value());
  }
}

/// How often each step and each layer (without its settings) occurs in the programs.
std::map<std::string, int> census(std::uint64_t programs) {
  std::map<std::string, int> count;
  for (const StepKind& kind : kinds()) count[kind.name] = 0;
  for (const char* layer : {"vmap", "grad", "jvp", "checkpoint", "scan", "cond"}) count[layer] = 0;
  for (std::uint64_t seed = 0; seed < programs; ++seed) {
    const Subject s = random_subject(seed);
    for (const Step& step : s.program.steps) ++count.at(step.kind->name);
    for (const LayerRef& layer : s.layers) ++count.at(layer->name().substr(0, layer->name().find('(')));
  }
  return count;
}

constexpr std::uint64_t programs_run = 3000;

}  // namespace

TEST_CASE("programs at random under transforms at random", "[programs]") { run(0, programs_run); }

TEST_CASE("programs at random whose per-example gradients stay factored", "[programs]") {
  const debug::FactoringScope on(debug::Factoring::always);
  run(50000, 51500);
}

TEST_CASE("they contain every step and every layer", "[programs]") {
  for (const auto& [name, count] : census(programs_run)) {
    INFO(name << " occurs " << count << " times");
    CHECK(count >= 5);
  }
}

TEST_CASE("many more of them", "[.][many]") { run(programs_run, 50000); }
