// Construction of axis specs and their resolution against a tree's outline, with the error messages (core/axes.hpp).
// Called once per argument when a transformed function is called; an entry for all leaves takes the short way.
#include "strata/core/axes.hpp"

#include <algorithm>

#include "strata/core/error.hpp"

namespace strata {

struct Axes::Entries {
  std::vector<std::string> names;  // empty for a list
  std::vector<Axes> axes;
  bool by_name;
};

Axes::Axes(int axis) : spec_{AxisSpec::Kind::axis, axis} {}
Axes::Axes(None) : spec_{AxisSpec::Kind::none, 0} {}
Axes::Axes(Sink sink)
    : spec_{sink == Sink::sum    ? AxisSpec::Kind::sum
            : sink == Sink::mean ? AxisSpec::Kind::mean
                                 : AxisSpec::Kind::local,
            0} {}
Axes::Axes(const Axes&) = default;
Axes::Axes(Axes&&) noexcept = default;
Axes& Axes::operator=(const Axes&) = default;
Axes& Axes::operator=(Axes&&) noexcept = default;
Axes::~Axes() = default;

Axes Axes::list(std::vector<Axes> entries) {
  Axes made(none);
  made.entries_ = std::make_shared<const Entries>(Entries{{}, std::move(entries), false});
  return made;
}

Axes Axes::dict(std::initializer_list<Item> items) {
  Entries entries{{}, {}, true};
  for (const Item& item : items) {
    if (std::find(entries.names.begin(), entries.names.end(), item.first) != entries.names.end()) {
      throw ValueError("Axes::dict: the name \"" + item.first + "\" is given twice");
    }
    entries.names.push_back(item.first);
    entries.axes.push_back(item.second);
  }
  Axes made(none);
  made.entries_ = std::make_shared<const Entries>(std::move(entries));
  return made;
}

Axes axes(std::initializer_list<Axes> entries) { return Axes::list(std::vector<Axes>(entries)); }

ArgAxes::ArgAxes() : ArgAxes(0) {}
ArgAxes::ArgAxes(int axis) { entries_.emplace_back(axis); }
ArgAxes::ArgAxes(None) { entries_.emplace_back(none); }
ArgAxes::ArgAxes(Sink sink) { entries_.emplace_back(sink); }
ArgAxes::ArgAxes(Axes axes) { entries_.push_back(std::move(axes)); }
ArgAxes::ArgAxes(std::initializer_list<Axes> entries) : is_list_(true), entries_(entries) {}
ArgAxes::ArgAxes(const ArgAxes&) = default;
ArgAxes::ArgAxes(ArgAxes&&) noexcept = default;
ArgAxes& ArgAxes::operator=(const ArgAxes&) = default;
ArgAxes& ArgAxes::operator=(ArgAxes&&) noexcept = default;
ArgAxes::~ArgAxes() = default;

ArgAxes ArgAxes::list(std::vector<Axes> entries) {
  ArgAxes made;
  made.is_list_ = true;
  made.entries_ = std::move(entries);
  return made;
}

namespace {

std::string counted(std::size_t n, std::string_view one, std::string_view many) {
  return std::to_string(n) + " " + std::string(n == 1 ? one : many);
}

}  // namespace

const Axes& ArgAxes::entry(std::size_t i, std::size_t n, std::string_view transform, std::string_view option) const {
  if (!is_list_) return entries_[0];
  if (entries_.size() != n) {
    throw TransformError(std::string(transform) + ": " + std::string(option) + " has " +
                         counted(entries_.size(), "entry", "entries") + " but the function was given " +
                         counted(n, "argument", "arguments"));
  }
  return entries_[i];
}

Axes ArgAxes::as_entry(const Outline& result) const {
  if (!is_list_) return entries_[0];
  const Outline::Kind kind = result.nodes()[0].kind;
  if (entries_.size() == 1 && kind != Outline::Kind::list && kind != Outline::Kind::record) return entries_[0];
  return Axes::list(entries_);
}

// Walks a spec and an outline side by side, appending an AxisSpec for each leaf.
class AxesResolver {
 public:
  AxesResolver(const Outline& tree, const AxesContext& context) : tree_(tree), context_(context) {}

  std::vector<AxisSpec> run(const Axes& axes) {
    visit(axes, 0);
    return std::move(specs_);
  }

 private:
  using Kind = Outline::Kind;

  void visit(const Axes& axes, std::size_t node) {
    if (axes.uniform()) return fill(axes.spec(), node);
    axes.entries_->by_name ? visit_names(*axes.entries_, node) : visit_list(*axes.entries_, node);
  }

  void fill(AxisSpec spec, std::size_t node) {
    if (spec.is_sink() && context_.argument >= 0) fail(node, " is a sink: sum_out and mean_out are for out_axes");
    for (std::size_t i = node; i < tree_.nodes()[node].end; ++i) {
      if (tree_.nodes()[i].kind == Kind::leaf) specs_.push_back(spec);
    }
  }

  void visit_list(const Axes::Entries& entries, std::size_t node) {
    const Outline::Node& at = tree_.nodes()[node];
    const std::size_t n = entries.axes.size();
    const std::string has = " has " + counted(n, "entry", "entries") + " but ";
    if (at.kind == Kind::dict) fail(node, has + "there is " + tree_.describe(node) + ": name the keys with Axes::dict");
    if (at.kind != Kind::record && at.kind != Kind::list) {
      fail(node, has + "there is " + tree_.describe(node) + ": give an axis or st::none");
    }
    std::vector<std::size_t> children = tree_.children(node);
    if (n != children.size()) std::erase_if(children, [&](std::size_t child) { return is_static(child); });
    if (n != children.size()) {
      fail(node, has + (at.kind == Kind::record ? std::string(at.type) + " has " + fields(node)
                                                : "the list has " + counted(at.size, "entry", "entries")));
    }
    for (std::size_t i = 0; i < n; ++i) visit(entries.axes[i], children[i]);
  }

  void visit_names(const Axes::Entries& entries, std::size_t node) {
    const Outline::Node& at = tree_.nodes()[node];
    if (at.kind != Kind::record && at.kind != Kind::dict) {
      fail(node, " names entries but there is " + tree_.describe(node));
    }
    const std::vector<std::size_t> children = tree_.children(node);
    for (const std::string& name : entries.names) {
      auto named = [&](std::size_t child) { return tree_.nodes()[child].name == name; };
      if (std::none_of(children.begin(), children.end(), named))
        fail(node, " names \"" + name + "\" but " + what(node));
    }
    for (std::size_t child : children) {
      const auto found = std::find(entries.names.begin(), entries.names.end(), tree_.nodes()[child].name);
      if (found != entries.names.end()) {
        visit(entries.axes[static_cast<std::size_t>(found - entries.names.begin())], child);
      } else if (!is_static(child)) {
        fail(node, " has no entry for \"" + std::string(tree_.nodes()[child].name) + "\" but " + what(node));
      }
    }
  }

  // Nothing below but static values: no entry is needed.
  bool is_static(std::size_t node) const {
    for (std::size_t i = node; i < tree_.nodes()[node].end; ++i) {
      if (tree_.nodes()[i].kind != Kind::fixed && tree_.nodes()[i].kind != Kind::record) return false;
    }
    return true;
  }

  std::string fields(std::size_t node) const {
    return counted(tree_.nodes()[node].size, "field", "fields") + " (" + tree_.child_names(node) + ")";
  }

  std::string what(std::size_t node) const {
    const Outline::Node& at = tree_.nodes()[node];
    return at.kind == Kind::record
               ? std::string(at.type) + " has " + fields(node)
               : "the dict has " + counted(at.size, "key", "keys") + " (" + tree_.child_names(node) + ")";
  }

  [[noreturn]] void fail(std::size_t node, const std::string& fact) const {
    std::string text = std::string(context_.transform) + ": " + std::string(context_.option);
    if (context_.argument >= 0) text += " for argument " + std::to_string(context_.argument);
    if (node != 0) text += " (" + tree_.path(node) + ")";
    throw TransformError(text + fact);
  }

  const Outline& tree_;
  const AxesContext& context_;
  std::vector<AxisSpec> specs_;
};

std::vector<AxisSpec> detail::resolve_axes(const Axes& axes, const Outline& tree, const AxesContext& context) {
  return AxesResolver(tree, context).run(axes);
}

}  // namespace strata
