// See vmap_level.hpp.
#include "strata/functorch/vmap_level.hpp"

#include "strata/core/error.hpp"
#include "strata/core/rows.hpp"
#include "strata/core/small.hpp"
#include "strata/ops/lane.hpp"

namespace strata {

std::shared_ptr<VmapLevel> VmapLevel::make(std::int64_t size, std::string axis_name) {
  std::shared_ptr<VmapLevel> v(new VmapLevel);
  v->level().size = size;
  v->level().axis_name = std::move(axis_name);
  return v;
}

Tensor VmapLevel::wrap(const Lane& x) const {
  if (!x.mapped() || !x.value.defined()) return x.value;
  return make_batched(x.value, x.axis, id(), level().rows);
}

Lane VmapLevel::unwrap(const Tensor& x) const {
  if (!x.defined() || !belongs_to(x, id())) return {x, -1};
  const auto& b = static_cast<const Batched&>(wrapper(x));
  return {b.value, b.axis};
}

namespace {

[[noreturn]] void mixed_lanes(std::string_view op) {
  throw TransformError(std::string(op) +
                       ": its arguments hold different lanes: one comes from a branch that ran on "
                       "some lanes only; return it from the branch instead of storing it outside" +
                       level_context());
}

}  // namespace

void VmapLevel::run(Call& call) {
  const auto n = call.x.size(), m = call.y.size();
  SmallArray<Lane> x(n), y(m);
  Batch batch{level().size, id()};
  bool mapped = false;
  for (std::size_t i = 0; i < n; ++i) {
    Tensor& t = call.x[i];
    if (!t.defined() || !belongs_to(t, id())) {
      x[i].value = std::move(t);
      continue;
    }
    auto& b = static_cast<Batched&>(wrapper(t));
    x[i].axis = b.axis;
    if (!mapped) {
      batch.size = b.value.shape()[b.axis];
      batch.rows = b.rows;
      mapped = true;
    } else if (b.rows != batch.rows && !call.op.mixes_rows) [[unlikely]] {
      mixed_lanes(call.op.name);
    }
    // The last handle of the wrapper hands its value on, so that the op may take over the buffer.
    x[i].value = t.impl()->refs.alone() ? std::move(b.value) : b.value;
    t = Tensor();
  }
  call.op.batch(call.params, {x.data(), n}, {y.data(), m}, batch);
  for (std::size_t i = 0; i < m; ++i) {
    call.y[i] =
        y[i].mapped() ? make_batched(std::move(y[i].value), y[i].axis, id(), batch.rows) : std::move(y[i].value);
  }
}

/// Operands whose lanes lie along one axis, beside shared ones that broadcast as they stand: the lanes' axis comes no
/// later than their first.
bool VmapLevel::quick(const Op& op, const void* params, const Impl* const* x, Tensor& y) {
  const Impl* in[max_quick];
  const Batched* model = nullptr;
  for (int i = 0; i < op.inputs; ++i) {
    in[i] = x[i];
    if (!belongs_to(*x[i], id())) continue;
    const auto* b = static_cast<const Batched*>(x[i]);
    if (b->rows || (model && (b->axis != model->axis || !(b->shape == model->shape)))) return false;
    if (!model) model = b;
    in[i] = b->value.impl();
  }
  const int rank = model->shape.size(), axis = model->axis;
  for (int i = 0; i < op.inputs; ++i) {
    if (in[i] == x[i] && in[i]->shape.size() + axis > rank) return false;
  }
  if (!strata::quick(op, params, in, y)) return false;
  y = make_batched(std::move(y), axis, id());
  return true;
}

namespace {

/// A custom function as levels below this vmap see it: it maps values with lanes to values with lanes.
/// NOTE [custom functions under vmap]  The function itself runs on wrapped tensors, with the same level back on the
/// stack, so that what it captured from that vmap fits. Outer tapes and duals thus see one function of the whole batch,
/// with the user's rules mapped.
class BatchedCustom final : public Custom {
 public:
  BatchedCustom(std::shared_ptr<Custom> inner, std::shared_ptr<VmapLevel> vmap, const Batch& batch,
                std::vector<int> axes)
      : inner_(std::move(inner)),
        vmap_(std::move(vmap)),
        rows_(batch.rows),
        lanes_(batch.size),
        axes_(std::move(axes)) {}

  std::string_view name() const override { return inner_->name(); }
  bool transparent() const override { return inner_->transparent(); }
  bool rematerialize() const override { return inner_->rematerialize(); }

  std::vector<Tensor> eval(const std::vector<Tensor>& x) override {
    const Present present(*this);
    return take_off(inner_->eval(put_on(x)));
  }

  std::pair<std::vector<Tensor>, Pullback> vjp(const std::vector<Tensor>& x) override {
    const Present present(*this);
    auto [y, pullback] = inner_->vjp(put_on(x));
    std::vector<Tensor> values = take_off(std::move(y));
    auto batched = [self = *this, pullback = std::move(pullback), out = out_axes_](const std::vector<Tensor>& g) {
      const Present again(self);
      std::vector<Tensor> wrapped(g.size());
      for (std::size_t i = 0; i < g.size(); ++i) wrapped[i] = self.vmap_->wrap({g[i], out[i]});
      std::vector<Tensor> dx = pullback(wrapped);
      for (std::size_t i = 0; i < dx.size(); ++i) dx[i] = self.cotangent(self.vmap_->unwrap(dx[i]), self.axes_[i]);
      return dx;
    };
    return {std::move(values), std::move(batched)};
  }

  std::pair<std::vector<Tensor>, std::vector<Tensor>> jvp(const std::vector<Tensor>& x,
                                                          const std::vector<Tensor>& dx) override {
    const Present present(*this);
    auto [y, dy] = inner_->jvp(put_on(x), put_on(dx));
    std::vector<Tensor> values = take_off(std::move(y));
    for (std::size_t i = 0; i < dy.size(); ++i) {
      if (!dy[i].defined()) continue;
      const Lane t = vmap_->unwrap(dy[i]);
      if (t.axis == out_axes_[i])
        dy[i] = t.value;
      else if (out_axes_[i] < 0)
        values[i] = moved(values[i], out_axes_[i] = t.axis), dy[i] = t.value;
      else
        dy[i] = moveaxis(lanes_first(t, lanes_), 0, out_axes_[i]);
    }
    return {std::move(values), std::move(dy)};
  }

  const std::vector<int>& out_axes() const { return out_axes_; }

 private:
  /// The level is on the stack, with the lanes that the arguments have.
  struct Present {
    LevelScope level;
    RowsScope rows;
    explicit Present(const BatchedCustom& c) : level(c.vmap_->level()), rows(c.vmap_->level(), c.rows_) {}
  };
  std::vector<Tensor> put_on(std::vector<Tensor> x) const {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = vmap_->wrap({x[i], axes_[i]});
    return x;
  }
  std::vector<Tensor> take_off(std::vector<Tensor> y) {
    out_axes_.assign(y.size(), -1);
    for (std::size_t i = 0; i < y.size(); ++i) {
      const Lane l = vmap_->unwrap(y[i]);
      y[i] = l.value;
      out_axes_[i] = l.axis;
    }
    return y;
  }
  Tensor moved(const Tensor& value, int axis) const { return moveaxis(lanes_first({value, -1}, lanes_), 0, axis); }
  /// A cotangent laid out as its argument was: shared arguments get the sum over lanes.
  Tensor cotangent(const Lane& dx, int axis) const {
    if (!dx.value.defined()) return {};
    if (axis >= 0) return dx.axis == axis ? dx.value : moveaxis(lanes_first(dx, lanes_), 0, axis);
    return dx.mapped() ? sum(dx.value, {.axes = {dx.axis}}) : dx.value * lanes_;
  }

  std::shared_ptr<Custom> inner_;
  std::shared_ptr<VmapLevel> vmap_;
  RowsRef rows_;
  std::int64_t lanes_;
  std::vector<int> axes_;
  std::vector<int> out_axes_;
};

}  // namespace

std::vector<Tensor> VmapLevel::run(const std::shared_ptr<Custom>& custom, std::vector<Tensor> x) {
  std::vector<Lane> lanes;
  std::vector<int> axes;
  Batch batch{level().size, id(), level().rows};
  for (const Tensor& t : x) {
    if (t.defined() && belongs_to(t, id())) {
      const auto& b = static_cast<const Batched&>(wrapper(t));
      batch.size = b.value.shape()[b.axis];
      batch.rows = b.rows;
    }
    lanes.push_back(unwrap(t));
    axes.push_back(lanes.back().axis);
  }
  std::vector<Lane> y;
  if (!custom->batch(lanes, batch, y)) {
    auto batched = std::make_shared<BatchedCustom>(custom, shared_from_this(), batch, axes);
    std::vector<Tensor> values;
    for (Lane& l : lanes) values.push_back(std::move(l.value));
    values = apply_custom(batched, std::move(values));
    for (std::size_t i = 0; i < values.size(); ++i) y.push_back({std::move(values[i]), batched->out_axes()[i]});
  }
  std::vector<Tensor> result;
  for (const Lane& l : y) {
    result.push_back(l.mapped() && l.value.defined() ? make_batched(l.value, l.axis, id(), batch.rows) : l.value);
  }
  return result;
}

}  // namespace strata
