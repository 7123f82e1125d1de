// See reducer.hpp.
#include "strata/distributed/reducer.hpp"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "strata/core/convert.hpp"
#include "strata/core/error.hpp"
#include "strata/core/parallel.hpp"
#include "strata/ops/lane.hpp"

namespace strata::distributed {
namespace {

struct Bucket {
  Dtype dtype = Dtype::float32;
  std::vector<std::size_t> leaves;
  std::int64_t count = 0;  // elements
  // of this step
  Tensor memory;
  std::size_t missing = 0;
};

struct Place {
  std::size_t bucket = 0;
  std::int64_t offset = 0;  // elements
  bool put = false;
};

template <class T>
void scale_run(const T* from, T* to, std::int64_t n, T weight) {
  for (std::int64_t i = 0; i < n; ++i) to[i] = from[i] * weight;
}

/// to = g * weight, row-major. A weight of 0 gives zeros whatever g is: the mean over no examples is NaN.
void scale_into(const Tensor& g, std::byte* to, double weight) {
  const std::int64_t n = g.size();
  const Dtype dtype = g.dtype();
  const auto item = static_cast<std::size_t>(itemsize(dtype));
  if (weight == 0) {
    std::memset(to, 0, static_cast<std::size_t>(n) * item);
    return;
  }
  const Tensor packed = pack(g);
  const std::byte* from = dense(packed).data;
  parallel_for(n, 64 * 1024, [&](std::int64_t b, std::int64_t e) {
    const std::byte* in = from + static_cast<std::size_t>(b) * item;
    std::byte* out = to + static_cast<std::size_t>(b) * item;
    if (dtype == float32) {
      scale_run(reinterpret_cast<const float*>(in), reinterpret_cast<float*>(out), e - b, static_cast<float>(weight));
    } else if (dtype == float64) {
      scale_run(reinterpret_cast<const double*>(in), reinterpret_cast<double*>(out), e - b, weight);
    } else {
      float block[256];
      for (std::int64_t i = 0; i < e - b; i += 256) {
        const std::int64_t m = std::min<std::int64_t>(256, e - b - i);
        convert_run(in + 2 * i, dtype, block, float32, m);
        scale_run(block, block, m, static_cast<float>(weight));
        convert_run(block, float32, out + 2 * i, dtype, m);
      }
    }
  });
}

}  // namespace

struct Reducer::State {
  std::shared_ptr<Group> group;
  std::string axis_name;
  std::vector<LeafSpec> leaves;
  std::vector<Place> places;
  std::vector<Bucket> buckets;
  double weight = 1;
  std::size_t next = 0;  // the first bucket that has not been launched

  // overlap
  std::thread thread;
  std::mutex mutex;
  std::condition_variable wake, idle;
  std::deque<std::size_t> queue;
  bool stop = false;
  std::size_t reduced = 0;
  std::exception_ptr failed;

  void divide(Limits limits);
  void reduce(std::size_t k);
  void launch_complete();
  void serve();
};

void Reducer::State::divide(Limits limits) {
  places.resize(leaves.size());
  std::int64_t bytes = 0, limit = limits.first_bucket;
  for (std::size_t i = leaves.size(); i-- > 0;) {
    const LeafSpec& leaf = leaves[i];
    if (!leaf.reduced) continue;
    if (buckets.empty() || bytes >= limit || buckets.back().dtype != leaf.dtype) {
      if (!buckets.empty()) limit = limits.bucket;
      buckets.push_back({leaf.dtype, {}, 0, {}, 0});
      bytes = 0;
    }
    Bucket& b = buckets.back();
    places[i] = {buckets.size() - 1, b.count, false};
    b.leaves.push_back(i);
    b.count += leaf.shape.elements();
    bytes += leaf.shape.elements() * itemsize(leaf.dtype);
  }
}

void Reducer::State::reduce(std::size_t k) {
  Bucket& b = buckets[k];
  void* data = dense(b.memory).data;
  group->all_reduce(
      {"gradients over '" + axis_name + "'", "bucket " + std::to_string(k) + " of " + std::to_string(buckets.size()) +
                                                 ", " + what_tensor(b.dtype, {b.count})},
      data, data, b.count, b.dtype, Reduction::sum);
}

void Reducer::State::launch_complete() {
  for (; next < buckets.size() && buckets[next].missing == 0; ++next) {
    if (!thread.joinable()) {
      reduce(next);
      continue;
    }
    const std::lock_guard lock(mutex);
    queue.push_back(next);
    wake.notify_one();
  }
}

void Reducer::State::serve() {
  std::unique_lock lock(mutex);
  for (;;) {
    wake.wait(lock, [&] { return stop || !queue.empty(); });
    if (stop) return;
    const std::size_t k = queue.front();
    queue.pop_front();
    lock.unlock();
    std::exception_ptr error;
    try {
      if (!failed) reduce(k);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    if (error && !failed) failed = error;
    ++reduced;
    idle.notify_all();
  }
}

Reducer::Reducer(std::shared_ptr<Group> group, std::string axis_name, std::vector<LeafSpec> leaves, Limits limits,
                 bool overlap)
    : state_(std::make_unique<State>()) {
  state_->group = std::move(group);
  state_->axis_name = std::move(axis_name);
  state_->leaves = std::move(leaves);
  state_->divide(limits);
  if (overlap) state_->thread = std::thread([s = state_.get()] { s->serve(); });
}

Reducer::~Reducer() {
  if (!state_->thread.joinable()) return;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  state_->wake.notify_all();
  state_->thread.join();
}

void Reducer::begin(double weight) {
  State& s = *state_;
  s.weight = weight;
  s.next = 0;
  s.reduced = 0;
  for (Bucket& b : s.buckets) {
    b.memory = empty_dense({b.count}, b.dtype);
    b.missing = b.leaves.size();
  }
  for (Place& p : s.places) p.put = false;
}

void Reducer::put(std::size_t i, const Tensor& g) {
  State& s = *state_;
  if (!s.leaves[i].reduced || s.places[i].put) return;
  Place& place = s.places[i];
  Bucket& b = s.buckets[place.bucket];
  const auto item = static_cast<std::size_t>(itemsize(b.dtype));
  std::byte* to = dense(b.memory).data + static_cast<std::size_t>(place.offset) * item;
  if (g.defined())
    scale_into(g, to, s.weight);
  else
    std::memset(to, 0, static_cast<std::size_t>(s.leaves[i].shape.elements()) * item);
  place.put = true;
  --b.missing;
  s.launch_complete();
}

std::vector<Tensor> Reducer::finish() {
  State& s = *state_;
  for (std::size_t i = s.leaves.size(); i-- > 0;) put(i, {});
  if (s.thread.joinable()) {
    std::unique_lock lock(s.mutex);
    s.idle.wait(lock, [&] { return s.reduced == s.buckets.size(); });
    if (s.failed) std::rethrow_exception(s.failed);
  }
  std::vector<Tensor> sums(s.leaves.size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (!s.leaves[i].reduced) continue;
    const Shape& shape = s.leaves[i].shape;
    sums[i] = view_of(s.buckets[s.places[i].bucket].memory, shape, row_major(shape), s.places[i].offset);
  }
  for (Bucket& b : s.buckets) b.memory = Tensor();
  return sums;
}

std::size_t Reducer::buckets() const { return state_->buckets.size(); }
bool Reducer::overlaps() const { return state_->thread.joinable(); }

}  // namespace strata::distributed
