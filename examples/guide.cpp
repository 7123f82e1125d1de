// The vmap guide, section by section: what "JAX 103: vmap" does in Python, done here in C++, with its functions and its
// numbers. Run it: build/examples/guide
#include <fmt/format.h>

#include <map>
#include <strata/strata.hpp>

namespace st = strata;
using st::Tensor;

namespace {

using Params = std::map<std::string, Tensor>;  // the guide's dict; a plain struct does as well

void heading(int number, const char* title) { fmt::print("\n{}. {}\n", number, title); }

// ---- 1. one example's function
// ------------------------------------------------------------------------------------------
Tensor predict(const Params& params, const Tensor& features) {
  const Tensor logits = st::matmul(features, params.at("w")) + params.at("b");
  return st::array({logits, st::sigmoid(logits)});
}

void why_vmap_exists() {
  heading(1, "Why vmap exists");
  const auto batched_predict = st::vmap(predict, {.in_axes = {st::none, 0}});
  const Params params{{"w", st::array({1.5, -0.5})}, {"b", 0.25}};
  const Tensor x = st::array({{1.0, 2.0}, {2.5, -1.0}, {-0.25, 0.75}});
  const Tensor logits_probs = batched_predict(params, x);
  fmt::print("shape: {}\n", logits_probs.shape());
  fmt::print("first row: {}\n", logits_probs[0]);
  fmt::print("{}\n", logits_probs);
}

// ---- 2. axes
// --------------------------------------------------------------------------------------------------------------
Tensor scaled_loss(const Tensor& scale, const Tensor& preds, const Tensor& targets) {
  const Tensor residual = preds - targets;
  return scale * st::sum(st::square(residual));
}

Tensor normalize(const Tensor& x) {
  const Tensor centered = x - st::mean(x);
  return centered / st::std(x);
}

void input_and_output_axes() {
  heading(2, "Controlling input and output axes");
  const auto batched_loss = st::vmap(scaled_loss, {.in_axes = {st::none, 0, 0}});
  const Tensor preds = st::array({{0.2, 0.8}, {0.6, 0.4}}), targets = st::array({{0.0, 1.0}, {1.0, 0.0}});
  fmt::print("{}\n", batched_loss(0.5, preds, targets));

  const Tensor images = st::random::normal(st::random::key(0), {2, 28, 28});
  fmt::print("images shape: {}\n", images.shape());
  fmt::print("channel_first_norm shape: {}\n", st::vmap(normalize, {.in_axes = 0, .out_axes = 0})(images).shape());
  fmt::print("channel_last_norm shape: {}\n", st::vmap(normalize, {.in_axes = 0, .out_axes = -1})(images).shape());
}

// ---- 3. several batch axes
// --------------------------------------------------------------------------------------------------
Tensor euclidean_distance(const Tensor& x, const Tensor& y) { return st::sqrt(st::sum(st::square(x - y))); }

void several_batch_axes() {
  heading(3, "Vectorizing functions with multiple batch dimensions");
  const auto pairwise = st::vmap(st::vmap(euclidean_distance, {.in_axes = {st::none, 0}}), {.in_axes = {0, st::none}});
  const Tensor x = st::array({{0., 0.}, {1., 0.}, {0., 1.}}), y = st::array({{0., 0.}, {1., 1.}});
  fmt::print("{}\n", pairwise(x, y));
}

// ---- 4. differentiation
// ---------------------------------------------------------------------------------------------------
Tensor loss_per_example(const Params& params, const Tensor& x, const Tensor& y) {
  const Tensor logits = st::matmul(x, params.at("w")) + params.at("b");
  return st::mean(st::sigmoid_binary_cross_entropy(logits, y));
}

void differentiation() {
  heading(4, "Differentiation across batches");
  const auto grad_per_example = st::vmap(st::grad(loss_per_example), {.in_axes = {st::none, 0, 0}});
  const Params params{{"w", st::array({1.0, -2.0})}, {"b", 0.3}};
  const Tensor features = st::array({{1.0, 0.0}, {0.5, 1.5}, {2.0, -1.0}});
  const Tensor targets = st::array({{1., 0., 1.}, {0., 1., 0.}, {1., 0., 1.}});
  const Params grads = grad_per_example(params, features, targets);
  fmt::print("dw shape: {}\n", grads.at("w").shape());
  fmt::print("db shape: {}\n", grads.at("b").shape());

  const Tensor theta = st::array({1.0, 0.0, -1.0});
  fmt::print("{}\n", st::jacrev([](const Tensor& t) { return st::softmax(t); })(theta));
}

// ---- 5. randomness
// --------------------------------------------------------------------------------------------------------
Tensor dropout_layer(const Tensor& key, const Tensor& x) {
  const double rate = 0.1;
  const Tensor keep = st::random::bernoulli(key, 1.0 - rate, x.shape());
  return keep * x / (1.0 - rate);
}

Tensor batched_dropout(const Tensor& key, const Tensor& inputs) {
  return st::vmap(dropout_layer)(st::random::split(key, inputs.size(0)), inputs);
}

void randomness() {
  heading(5, "Randomness and vmap");
  fmt::print("{}\n", batched_dropout(st::random::key(42), st::ones({4, 5})));
}

// ---- 6. vmap, scan, pmap
// ------------------------------------------------------------------------------------------------------
struct Rnn {
  Tensor w_hh, w_xh, b;
};

std::pair<Tensor, Tensor> rnn_cell(const Tensor& h_prev, const Tensor& x_t, const Rnn& p) {
  const Tensor h = st::tanh(st::matmul(h_prev, p.w_hh) + st::matmul(x_t, p.w_xh) + p.b);
  return {h, h};
}

Tensor run_sequence(const Tensor& inputs, const Rnn& params) {
  const Tensor h0 = st::zeros({params.w_hh.size(0)});
  return st::scan([&](const Tensor& c, const Tensor& x) { return rnn_cell(c, x, params); }, h0, inputs).second;
}

void vmap_scan_pmap() {
  heading(6, "vmap versus scan versus pmap");
  const Tensor key = st::random::key(1);
  const Tensor keys = st::random::split(key, 3);
  const Rnn params{0.3 * st::random::normal(keys[0], {8, 8}), 0.3 * st::random::normal(keys[1], {4, 8}),
                   st::zeros({8})};
  const Tensor sequences = st::random::normal(keys[2], {6, 10, 4});  // 6 examples, 10 steps, 4 features

  const auto batched_run_sequence = st::vmap(run_sequence, {.in_axes = {0, st::none}});
  const Tensor outputs = batched_run_sequence(sequences, params);
  fmt::print("scan inside vmap: {}\n", outputs.shape());

  // The same function, the batch shared among processes: [B, ...] becomes [n, B/n, ...], and the mapped axis vanishes
  // inside.
  const auto parallel_run = st::pmap(batched_run_sequence, {.in_axes = {0, st::none}, .axis_name = "data"});
  const Tensor parallel = parallel_run(st::shard(sequences), params);
  fmt::print("scan inside vmap inside pmap: {}\n", parallel.shape());
  const Tensor difference = st::max(st::abs(st::reshape(parallel, outputs.shape()) - outputs));
  fmt::print("largest difference: {}\n", difference);

  const auto loss = [&](const Rnn& p) { return st::mean(st::square(batched_run_sequence(sequences, p))); };
  const Rnn grads = st::grad(loss)(params);
  fmt::print("gradient shapes: {} {} {}\n", grads.w_hh.shape(), grads.w_xh.shape(), grads.b.shape());
}

// ---- 7. the checklist, run
// ---------------------------------------------------------------------------------------------------
void checklist() {
  heading(7, "Performance checklist");
  const Tensor x = st::array({-1.0, 0.5, 2.0});

  int calls = 0;  // an effect happens once for the whole batch, not once per lane: keep mapped functions pure
  st::vmap([&](const Tensor& e) { return ++calls, e * 2; })(x);
  fmt::print("lanes: {}, calls of the mapped function: {}\n", x.size(), calls);

  try {  // an `if` needs one value, a mapped tensor has one for each lane
    st::vmap([](const Tensor& e) { return e.item<float>() > 0 ? e : -e; })(x);
  } catch (const st::TransformError& error) {
    fmt::print("{}\n", error.what());
  }
  const auto leaky = [](const Tensor& e) {
    return st::cond(
        e > 0, [](const Tensor& t) { return t; }, [](const Tensor& t) { return 0.1 * t; }, e);
  };
  fmt::print("with cond: {}\n", st::vmap(leaky)(x));

  // Reduce inside the body: 512 x 512 outer products are never stacked, their sums are accumulated chunk by chunk.
  const Tensor rows = st::random::normal(st::random::key(3), {64, 512});
  const auto gram = st::vmap([](const Tensor& r) { return st::outer(r, r); }, {.out_axes = st::sum_out, .chunk = 16});
  fmt::print("reduced inside the body: {}\n", gram(rows).shape());
}

// ---- 8. named axes, batched modules
// -------------------------------------------------------------------------------------------
void where_to_go_next() {
  heading(8, "Where to go next");
  const Tensor x = st::array({1.0, 2.0, 3.0, 6.0});
  const auto center = st::vmap([](const Tensor& e) { return e - st::pmean(e, "batch"); }, {.axis_name = "batch"});
  fmt::print("minus the mean over axis 'batch': {}\n", center(x));

  // A batched module: the vmap of a constructor is a stacked model, the vmap of its call an ensemble.
  const auto make = [](const Tensor& key) { return st::nn::MLP::init(key, {4, 16, 3}); };
  const auto ensemble = st::vmap(make)(st::random::split(st::random::key(7), 5));
  const auto call =
      st::vmap([](const st::nn::MLP& model, const Tensor& input) { return model(input); }, {.in_axes = {0, st::none}});
  fmt::print("5 models, first weights: {}\n", ensemble.layers[0].w.shape());
  fmt::print("5 models, one input: {}\n", call(ensemble, st::ones({4})).shape());
}

}  // namespace

int main() {
  fmt::print("0. Setup: strata on {}\n", st::to_string(st::default_device()));
  why_vmap_exists();
  input_and_output_axes();
  several_batch_axes();
  differentiation();
  randomness();
  vmap_scan_pmap();
  checklist();
  where_to_go_next();
}
