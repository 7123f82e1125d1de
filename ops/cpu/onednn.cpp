// See onednn.hpp.
#include "strata/ops/cpu/onednn.hpp"

#include <dlfcn.h>

#include <oneapi/dnnl/dnnl.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "strata/core/error.hpp"
#include "strata/ops/cpu/scratch.hpp"

namespace strata::onednn {
namespace {

// oneDNN asks OpenMP how many threads the calling thread may start. Which OpenMP that is, its own build decided: found
// by name, null when oneDNN was built without.
struct OpenMp {
  int (*max_threads)();
  void (*set_threads)(int);
  OpenMp()
      : max_threads(reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "omp_get_max_threads"))),
        set_threads(reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"))) {}
};

/// While it lives, OpenMP regions of this thread have one thread; the user's own setting comes back.
class OneThread {
 public:
  OneThread() {
    if (openmp().max_threads && openmp().set_threads && (before_ = openmp().max_threads()) != 1)
      openmp().set_threads(1);
  }
  ~OneThread() {
    if (before_ > 1) openmp().set_threads(before_);
  }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  static const OpenMp& openmp() {
    static const OpenMp o;
    return o;
  }
  int before_ = 1;
};

}  // namespace

void sgemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
           std::int64_t lda, const float* b, std::int64_t ldb, float* c, std::int64_t ldc, bool accumulate) {
  const OneThread guard;
  const dnnl_status_t status = dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, 1, a, lda, b, ldb,
                                          accumulate ? 1.f : 0.f, c, ldc);
  if (status != dnnl_success) throw Error("matmul: oneDNN's sgemm ended with status " + std::to_string(status));
}

namespace {

using dnnl::memory;

const dnnl::engine& engine() {
  static const dnnl::engine e(dnnl::engine::kind::cpu, 0);
  return e;
}

/// Descriptors of the three tensors as the caller has them.
struct UserLayout {
  memory::desc x, w, y;
  memory::dims stride, dilation, low, high;
  explicit UserLayout(const ConvTask& t) {
    memory::dims xd{t.n, t.groups * t.c}, yd{t.n, t.groups * t.o}, wd, xs, ws, ys;
    if (t.groups > 1) {
      wd = {t.groups, t.o, t.c};
      ws = {t.o * t.w_strides[0], t.w_strides[0], t.w_strides[1]};
    } else {
      wd = {t.o, t.c};
      ws = {t.w_strides[0], t.w_strides[1]};
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(t.rank); ++i) {
      xd.push_back(t.x[i]), wd.push_back(t.w[i]), yd.push_back(t.y[i]);
      ws.push_back(t.w_strides[i + 2]);
      stride.push_back(t.stride[i]), dilation.push_back(t.w_dilation[i] - 1), low.push_back(t.low[i]);
      high.push_back((t.y[i] - 1) * t.stride[i] + (t.w[i] - 1) * t.w_dilation[i] + 1 - t.x[i] - t.low[i]);
    }
    xs.assign(t.x_strides.begin(), t.x_strides.begin() + t.rank + 2);
    ys.assign(t.y_strides.begin(), t.y_strides.begin() + t.rank + 2);
    x = memory::desc(xd, memory::data_type::f32, xs);
    w = memory::desc(wd, memory::data_type::f32, ws);
    y = memory::desc(yd, memory::data_type::f32, ys);
  }
};

memory::desc any(const memory::desc& d) {
#if DNNL_VERSION_MAJOR >= 3
  return memory::desc(d.get_dims(), memory::data_type::f32, memory::format_tag::any);
#else
  return memory::desc(d.dims(), memory::data_type::f32, memory::format_tag::any);
#endif
}

/// A primitive with the layouts it wants.
struct Plan {
  dnnl::primitive primitive;
  memory::desc x, w, y, scratch;
  std::optional<dnnl::reorder> x_in, w_in, y_in, out;  // between the caller's layouts and these
  UserLayout user;
};

struct Layouts {
  memory::desc x, w, y;
};

#if DNNL_VERSION_MAJOR >= 3
template <class Kind, class... Hint>
typename Kind::primitive_desc describe(const Layouts& l, const UserLayout& u, const dnnl::primitive_attr& attr,
                                       const Hint&... hint) {
  constexpr auto direct = dnnl::algorithm::convolution_direct;
  if constexpr (std::is_same_v<Kind, dnnl::convolution_forward>)
    return {
        engine(), dnnl::prop_kind::forward_training, direct, l.x, l.w, l.y, u.stride, u.dilation, u.low, u.high, attr,
        true};
  else
    return {engine(), direct, l.x, l.w, l.y, u.stride, u.dilation, u.low, u.high, hint..., attr, true};
}
#else
template <class Kind, class... Hint>
typename Kind::primitive_desc describe(const Layouts& l, const UserLayout& u, const dnnl::primitive_attr& attr,
                                       const Hint&... hint) {
  constexpr auto direct = dnnl::algorithm::convolution_direct;
  if constexpr (std::is_same_v<Kind, dnnl::convolution_forward>) {
    const typename Kind::desc d(dnnl::prop_kind::forward_training, direct, l.x, l.w, l.y, u.stride, u.dilation, u.low,
                                u.high);
    return {d, attr, engine(), true};
  } else {
    const typename Kind::desc d(direct, l.x, l.w, l.y, u.stride, u.dilation, u.low, u.high);
    return {d, attr, engine(), hint..., true};
  }
}
#endif

bool fast(const char* implementation) {
  const std::string_view s = implementation;
  return (s.find("jit") != s.npos || s.find("brg") != s.npos) && s.find("gemm") == s.npos && s.find("ref") == s.npos;
}

template <class Description>
bool usable(const Description& d) {
  return d.get(true) != nullptr && fast(d.impl_info_str());
}

/// The description of one kind of convolution with the caller's layouts for x and y if there is a fast one, else with
/// oneDNN's own; nothing when neither is fast.
template <class Kind>
std::optional<typename Kind::primitive_desc> choose(const UserLayout& u) {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  for (const Layouts& l : {Layouts{u.x, any(u.w), u.y}, Layouts{any(u.x), any(u.w), any(u.y)}}) {
    const auto forward = describe<dnnl::convolution_forward>({any(u.x), any(u.w), any(u.y)}, u, attr);
    if (forward.get(true) == nullptr) return std::nullopt;
    if constexpr (std::is_same_v<Kind, dnnl::convolution_forward>) {
      auto d = describe<Kind>(l, u, attr);
      if (usable(d)) return d;
    } else {
      auto d = describe<Kind>(l, u, attr, forward);
      if (usable(d)) return d;
    }
  }
  return std::nullopt;
}

std::optional<dnnl::reorder> reorder_if(const memory::desc& from, const memory::desc& to) {
  if (from == to) return std::nullopt;
  return dnnl::reorder(dnnl::reorder::primitive_desc(engine(), from, engine(), to));
}

std::shared_ptr<const Plan> make_plan(const ConvTask& t) {
  const UserLayout u(t);
  const auto finish = [&](auto&& d, dnnl::primitive primitive, const memory::desc& x, const memory::desc& w,
                          const memory::desc& y) {
    auto p = std::make_shared<Plan>(Plan{std::move(primitive), x, w, y, d.scratchpad_desc(), {}, {}, {}, {}, u});
    if (t.wanted != ConvWanted::image) p->x_in = reorder_if(u.x, x);
    if (t.wanted != ConvWanted::kernel) p->w_in = reorder_if(u.w, w);
    if (t.wanted != ConvWanted::result) p->y_in = reorder_if(u.y, y);
    p->out = t.wanted == ConvWanted::result  ? reorder_if(y, u.y)
             : t.wanted == ConvWanted::image ? reorder_if(x, u.x)
                                             : reorder_if(w, u.w);
    return p;
  };
  if (t.wanted == ConvWanted::result) {
    const auto d = choose<dnnl::convolution_forward>(u);
    return d ? finish(*d, dnnl::convolution_forward(*d), d->src_desc(), d->weights_desc(), d->dst_desc()) : nullptr;
  }
  if (t.wanted == ConvWanted::image) {
    const auto d = choose<dnnl::convolution_backward_data>(u);
    return d ? finish(*d, dnnl::convolution_backward_data(*d), d->diff_src_desc(), d->weights_desc(),
                      d->diff_dst_desc())
             : nullptr;
  }
  const auto d = choose<dnnl::convolution_backward_weights>(u);
  return d ? finish(*d, dnnl::convolution_backward_weights(*d), d->src_desc(), d->diff_weights_desc(),
                    d->diff_dst_desc())
           : nullptr;
}

std::vector<std::int64_t> key_of(const ConvTask& t) {
  std::vector<std::int64_t> k{static_cast<std::int64_t>(t.wanted), t.rank, t.n, t.groups, t.c, t.o};
  for (const auto* s : {&t.x, &t.w, &t.y, &t.stride, &t.low, &t.w_dilation}) k.insert(k.end(), s->begin(), s->end());
  for (const auto* s : {&t.x_strides, &t.w_strides, &t.y_strides}) k.insert(k.end(), s->begin(), s->end());
  return k;
}

/// Plans by task, made once; a null plan says that there is no fast one.
std::shared_ptr<const Plan> plan_of(const ConvTask& t) {
  static std::mutex mutex;
  static std::map<std::vector<std::int64_t>, std::shared_ptr<const Plan>> plans;
  const auto key = key_of(t);
  {
    const std::lock_guard lock(mutex);
    if (const auto found = plans.find(key); found != plans.end()) return found->second;
  }
  std::shared_ptr<const Plan> plan;
  try {
    plan = make_plan(t);
  } catch (const dnnl::error&) {  // sizes or strides that oneDNN does not take
  }
  const std::lock_guard lock(mutex);
  if (plans.size() >= 1024) plans.clear();
  plans[key] = plan;
  return plan;
}

/// A tensor in the primitive's layout: the caller's memory where it fits, else scratch memory, filled by `in`.
class Operand {
 public:
  Operand(const dnnl::stream& s, const memory::desc& user, float* data, const memory::desc& wanted,
          const std::optional<dnnl::reorder>& in, bool own)
      : scratch_(own ? static_cast<std::int64_t>(wanted.get_size()) : 0),
        user_(user, engine(), data),
        memory_(own ? memory(wanted, engine(), scratch_.get()) : user_) {
    if (in) in->execute(s, user_, memory_);
  }
  const memory& wanted() const { return memory_; }
  memory& user() { return user_; }
  memory& own() { return memory_; }

 private:
  Scratch<char> scratch_;
  memory user_, memory_;
};

}  // namespace

bool convolve(const ConvTask& task, float* x, float* w, float* y) {
  const OneThread guard;
  const std::shared_ptr<const Plan> plan = plan_of(task);
  if (!plan) return false;
  const bool result = task.wanted == ConvWanted::result, image = task.wanted == ConvWanted::image,
             kernel = task.wanted == ConvWanted::kernel;
  dnnl::stream stream(engine());
  const Plan& p = *plan;
  Operand xs(stream, p.user.x, x, p.x, p.x_in, p.x_in || (image && p.out));
  Operand ws(stream, p.user.w, w, p.w, p.w_in, p.w_in || (kernel && p.out));
  Operand ys(stream, p.user.y, y, p.y, p.y_in, p.y_in || (result && p.out));
  const Scratch<char> scratch(static_cast<std::int64_t>(p.scratch.get_size()));
  p.primitive.execute(stream, {{image ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC, xs.wanted()},
                               {kernel ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS, ws.wanted()},
                               {result ? DNNL_ARG_DST : DNNL_ARG_DIFF_DST, ys.wanted()},
                               {DNNL_ARG_SCRATCHPAD, memory(p.scratch, engine(), scratch.get())}});
  Operand& wanted = result ? ys : image ? xs : ws;
  if (p.out) p.out->execute(stream, wanted.own(), wanted.user());
  stream.wait();
  return true;
}

}  // namespace strata::onednn
