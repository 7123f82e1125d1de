// einsum: reads the subscripts, then sums lone labels and contracts pair by pair, the cheapest pair first. Made of
// public ops and the contract op; it has no rules of its own.
#include <algorithm>
#include <limits>

#include "strata/core/error.hpp"
#include "strata/ops/contract.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"

namespace strata {
namespace {

constexpr int letters = 52;  // labels 0..51 are letters, the axes of "..." follow, counted from the right
constexpr int label_count = letters + max_rank;

struct Operand {
  Tensor x;
  Labels labels;
};

/// One argument's or the result's subscripts: letters before and after "...".
struct Subscripts {
  std::string before, after;
  bool ellipsis = false;
  int named() const { return static_cast<int>(before.size() + after.size()); }
};

[[noreturn]] void refuse(std::string_view spec, const std::string& why) {
  throw ShapeError("einsum: \"" + std::string(spec) + "\": " + why + level_context());
}

int label_of(char c) { return c >= 'a' ? 26 + (c - 'a') : c - 'A'; }
char letter_of(int label) { return static_cast<char>(label < 26 ? 'A' + label : 'a' + (label - 26)); }
std::string name_of(int label) {
  return label < letters ? std::string("'") + letter_of(label) + "'" : std::string("an axis of '...'");
}

Subscripts parse_term(std::string_view spec, std::string_view term) {
  Subscripts s;
  for (std::size_t i = 0; i < term.size(); ++i) {
    const char c = term[i];
    if (c == ' ') continue;
    if (c == '.') {
      if (s.ellipsis || term.substr(i, 3) != "...") refuse(spec, "a '.' that is not part of one '...'");
      s.ellipsis = true;
      i += 2;
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      (s.ellipsis ? s.after : s.before) += c;
    } else {
      refuse(spec, std::string("'") + c + "' is not a letter");
    }
  }
  return s;
}

struct Spec {
  std::vector<Subscripts> in;
  Subscripts out;
  bool explicit_out = false;
};

Spec parse(std::string_view text) {
  Spec spec;
  const std::size_t arrow = text.find("->");
  spec.explicit_out = arrow != std::string_view::npos;
  std::string_view left = text.substr(0, arrow);
  for (std::size_t comma; (comma = left.find(',')) != std::string_view::npos; left.remove_prefix(comma + 1))
    spec.in.push_back(parse_term(text, left.substr(0, comma)));
  spec.in.push_back(parse_term(text, left));
  if (spec.explicit_out) {
    spec.out = parse_term(text, text.substr(arrow + 2));
    return spec;
  }
  std::string once;  // letters that occur once, in order
  const auto count = [&](char c) {
    std::ptrdiff_t n = 0;
    for (const Subscripts& s : spec.in)
      n += std::count(s.before.begin(), s.before.end(), c) + std::count(s.after.begin(), s.after.end(), c);
    return n;
  };
  for (int l = 0; l < letters; ++l) {
    if (count(letter_of(l)) == 1) once += letter_of(l);
  }
  for (const Subscripts& s : spec.in) spec.out.ellipsis |= s.ellipsis;
  (spec.out.ellipsis ? spec.out.after : spec.out.before) = once;
  return spec;
}

/// Labels of a term whose "..." stands for `wide` axes.
Labels labels_of(const Subscripts& s, int wide) {
  Labels l;
  for (char c : s.before) l.push_back(label_of(c));
  for (int i = wide - 1; i >= 0; --i) l.push_back(letters + i);
  for (char c : s.after) l.push_back(label_of(c));
  return l;
}

class Einsum {
 public:
  Einsum(std::string_view text, std::vector<Tensor> x) : text_(text) {
    std::fill(size_, size_ + label_count, -1);
    const Spec spec = parse(text);
    if (spec.in.size() != x.size()) {
      refuse(text, std::to_string(spec.in.size()) + " arguments are described, " + std::to_string(x.size()) + " given");
    }
    promote_all(x);
    int widest = 0;
    for (std::size_t i = 0; i < x.size(); ++i) widest = std::max(widest, add_argument(spec.in[i], i, x[i]));
    out_ = labels_of(spec.out, spec.out.ellipsis ? widest : 0);
    if (!spec.out.ellipsis && widest > 0) refuse(text, "the axes of '...' are missing in the result");
    for (int i = 0; i < out_.size(); ++i) {
      if (size_[out_[i]] < 0) refuse(text, name_of(out_[i]) + " of the result is in no argument");
      if (out_.find(out_[i]) != i) refuse(text, name_of(out_[i]) + " is named twice in the result");
    }
  }

  Tensor run() {
    for (Operand& o : operands_) drop_broadcast(o);
    sum_lone_labels();
    while (operands_.size() > 1) contract_cheapest();
    return settle(operands_[0]);
  }

 private:
  void promote_all(std::vector<Tensor>& x) {
    Type t = x[0].type();
    for (const Tensor& e : x) t = promote(t, e.type());
    dtype_ = t.dtype;
    for (Tensor& e : x) e = t.weak ? astype_weak(std::move(e), t.dtype) : astype(std::move(e), t.dtype);
  }

  /// Notes sizes; returns the number of axes of "...".
  int add_argument(const Subscripts& s, std::size_t number, const Tensor& x) {
    const int wide = s.ellipsis ? x.ndim() - s.named() : 0;
    if (wide < 0 || (!s.ellipsis && s.named() != x.ndim())) {
      refuse(text_, std::to_string(s.named()) + " axes are named for argument " + std::to_string(number) +
                        ", which has shape " + to_string(x.shape()));
    }
    Operand o{x, {}};
    const Labels all = labels_of(s, wide);
    for (int i = 0; i < all.size(); ++i) note_size(all[i], x.shape()[i], number, x);
    for (int l : all) {
      const int first = o.labels.find(l);
      if (first >= 0)
        o.x = take_diagonal(std::move(o.x), first, o.labels.size());
      else
        o.labels.push_back(l);
    }
    operands_.push_back(std::move(o));
    return wide;
  }
  void note_size(int label, std::int64_t size, std::size_t number, const Tensor& x) {
    std::int64_t& known = size_[label];
    if (known < 0 || known == 1) {
      known = size;
    } else if (size != known && size != 1) {
      refuse(text_, name_of(label) + " has size " + std::to_string(known) + ", but " + std::to_string(size) +
                        " in argument " + std::to_string(number) + ", which has shape " + to_string(x.shape()));
    }
  }

  /// Axes `first` < `second` of equal meaning become one, at `first`.
  Tensor take_diagonal(Tensor x, int first, int second) {
    const std::int64_t a = x.shape()[first], b = x.shape()[second];
    if (a != b)
      refuse(text_,
             "a label names axes of sizes " + std::to_string(a) + " and " + std::to_string(b) + " of one argument");
    // [..., n, n] as [..., n * n], with n more as [..., n, n + 1]: the diagonal is the first column.
    x = moveaxis(moveaxis(std::move(x), second, -1), first, -2);
    Shape flat = x.shape().slice(0, x.ndim() - 2), pad = flat, skewed = flat;
    flat.push_back(a * a), pad.push_back(a), skewed.push_back(a), skewed.push_back(a + 1);
    x = concatenate({reshape(x, flat), zeros(pad, {.dtype = x.dtype(), .device = x.device()})}, {.axis = -1});
    return moveaxis(squeeze(split(reshape(x, skewed), {1}, {.axis = -1})[0], {.axes = {-1}}), -1, first);
  }

  /// An axis of size 1 whose label is wider elsewhere only broadcasts.
  void drop_broadcast(Operand& o) {
    Labels kept;
    Shape shape;
    for (int i = 0; i < o.labels.size(); ++i) {
      if (o.x.shape()[i] == 1 && size_[o.labels[i]] != 1) continue;
      kept.push_back(o.labels[i]);
      shape.push_back(o.x.shape()[i]);
    }
    if (kept.size() == o.labels.size()) return;
    o = {reshape(std::move(o.x), shape), kept};
  }

  bool wanted(int label, const Operand& not_in, const Operand* nor = nullptr) const {
    if (out_.has(label)) return true;
    return std::any_of(operands_.begin(), operands_.end(),
                       [&](const Operand& o) { return &o != &not_in && &o != nor && o.labels.has(label); });
  }

  void sum_lone_labels() {
    for (Operand& o : operands_) {
      Labels kept;
      std::vector<int> axes;
      for (int i = 0; i < o.labels.size(); ++i) {
        if (wanted(o.labels[i], o))
          kept.push_back(o.labels[i]);
        else
          axes.push_back(i);
      }
      if (axes.empty()) continue;
      o = {astype(sum(std::move(o.x), {.axes = AxisList(std::move(axes))}), dtype_), kept};
    }
  }

  Labels product_labels(const Operand& a, const Operand& b) const {
    if (operands_.size() == 2) return out_;
    Labels l;
    const auto take = [&](const Operand& from, auto&& which) {
      for (int x : from.labels) {
        if (wanted(x, a, &b) && !l.has(x) && which(x)) l.push_back(x);
      }
    };
    take(a, [&](int x) { return b.labels.has(x); });
    take(a, [](int) { return true; });
    take(b, [](int) { return true; });
    return l;
  }

  /// Multiply-adds of a pair; the smaller result decides between equals.
  double cost(const Operand& a, const Operand& b) const {
    double work = 1, result = 1;
    for (int l = 0; l < label_count; ++l) {
      if (!a.labels.has(l) && !b.labels.has(l)) continue;
      work *= static_cast<double>(size_[l]);
      if (wanted(l, a, &b)) result *= static_cast<double>(size_[l]);
    }
    return work + 1e-3 * result;
  }

  void contract_cheapest() {
    std::size_t first = 0, second = 1;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < operands_.size(); ++i) {
      for (std::size_t j = i + 1; j < operands_.size(); ++j) {
        const double c = cost(operands_[i], operands_[j]);
        if (c < least) least = c, first = i, second = j;
      }
    }
    Operand &a = operands_[first], &b = operands_[second];
    const Labels out = product_labels(a, b);
    a = {contract({a.labels, b.labels, out}, std::move(a.x), std::move(b.x)), out};
    operands_.erase(operands_.begin() + static_cast<std::ptrdiff_t>(second));
  }

  Tensor settle(Operand& o) const {
    std::vector<int> axes;
    for (int l : out_) axes.push_back(o.labels.find(l));
    return transpose(std::move(o.x), AxisList(std::move(axes)));
  }

  std::string_view text_;
  std::vector<Operand> operands_;
  Labels out_;
  Dtype dtype_ = Dtype::float32;
  std::int64_t size_[label_count] = {};
};

Samples einsum_samples() {
  const auto by = [](const char* spec) {
    return [spec](std::span<const Tensor> x) { return std::vector<Tensor>{einsum(spec, {x.begin(), x.end()})}; };
  };
  return {{"matrix product", {{{2, 3}}, {{3, 4}}}, by("ij,jk->ik")},
          {"diagonal", {{{3, 3}}}, by("ii->i")},
          {"trace", {{{3, 3}}}, by("ii")},
          {"attention scores", {{{2, 3, 2, 4}}, {{2, 5, 2, 4}}}, by("bthd,bshd->bhts")},
          {"broadcast axes", {{{2, 1, 3, 4}}, {{5, 4, 2}}}, by("...ij,...jk->...ik")},
          {"three factors", {{{2}}, {{2, 3, 4}}, {{4}}}, by("i,ijk,k->j")},
          {"a sum", {{{2, 3, 4}}}, by("ijk->ik")},
          {"empty", {{{0, 3}}, {{3, 2}}}, by("ij,jk->ik")}};
}

}  // namespace

Tensor einsum(std::string_view spec, std::vector<Tensor> x) {
  if (x.empty()) refuse(spec, "there are no arguments");
  return Einsum(spec, std::move(x)).run();
}

std::vector<Entry> einsum_entries() { return {composite("einsum", &einsum_samples)}; }

}  // namespace strata
