// The cases that bench/compare.py times beside other libraries: a name, a setup, a call. One file a theme registers its
// cases here; main.cpp runs them on request. Inputs are made of `uniform` and `integers`, whose numbers bench/peers
// makes alike, so that all outputs can be checked equal. Every call's result is computed in full before the clock
// stops.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <strata/strata.hpp>
#include <string>
#include <vector>

#include "strata/bench/support/bench.hpp"

namespace bench {

/// Numbers in [low, high), the same in every language: a hash of seed and position.
strata::Tensor uniform(std::uint32_t seed, const strata::Shape& shape, double low = -1, double high = 1);
/// Integers in [0, n), int32.
strata::Tensor integers(std::uint32_t seed, const strata::Shape& shape, int n);

/// A case made ready.
struct Ready {
  std::function<void(std::int64_t)> run;                 // so many calls
  std::function<std::vector<strata::Tensor>()> outputs;  // what the first calls give, for the check against peers
};

struct Settings {
  double per = 1;  ///< divides the time: ops or examples in one call
  int checks = 1;  ///< calls whose outputs are compared: several where a call carries state on
};

struct NamedCase {
  std::string name;
  Settings settings;
  std::function<Ready()> setup;
};

/// A figure that is not a time, in the unit that the name says.
struct Measure {
  std::string name;
  std::function<double()> value;
};

/// Waits for nothing here, but a value that is deferred is computed now.
template <class Y>
void settle(const Y& y) {
  if constexpr (std::is_same_v<Y, strata::Tensor>) {
    if (y.defined() && !y.is_dense()) strata::concrete(y, "bench");
  } else {
    strata::for_each_leaf(y, [](const strata::Tensor& leaf) { settle(leaf); });
  }
}

class Cases {
 public:
  /// `setup` returns the callable to time; it may carry state from call to call.
  template <class Setup>
  void add(std::string name, Setup setup, Settings settings = {}) {
    list_.push_back({std::move(name), settings, [setup, checks = settings.checks] {
                       auto call = std::make_shared<decltype(setup())>(setup());
                       return Ready{[call](std::int64_t n) {
                                      for (std::int64_t i = 0; i < n; ++i) {
                                        const auto y = (*call)();
                                        settle(y);
                                        keep(y);
                                      }
                                    },
                                    [call, checks] {
                                      std::vector<strata::Tensor> all;
                                      for (int i = 0; i < checks; ++i) {
                                        const auto y = (*call)();
                                        for (const strata::Tensor& leaf : strata::tree_leaves(y)) all.push_back(leaf);
                                      }
                                      return all;
                                    }};
                     }});
  }
  void measure(std::string name, std::function<double()> value) {
    measures_.push_back({std::move(name), std::move(value)});
  }
  const std::vector<NamedCase>& list() const { return list_; }
  const std::vector<Measure>& measures() const { return measures_; }

 private:
  std::vector<NamedCase> list_;
  std::vector<Measure> measures_;
};

// The themes, one file each.
void dispatch_cases(Cases& cases);
void pointwise_cases(Cases& cases);
void product_cases(Cases& cases);
void training_cases(Cases& cases);
void per_example_cases(Cases& cases);
void loop_cases(Cases& cases);
void jacobian_cases(Cases& cases);
void growth_cases(Cases& cases);
/// Not times: bytes written or materialised by some of the cases above.
void byte_measures(Cases& cases);
/// The products by OpenBLAS alone: a peer.
void openblas_cases(Cases& cases);
std::string openblas_version();

/// Bytes of this process that are in memory, and the most there were since the last reset (Linux).
double resident_bytes();
double peak_resident_bytes();
void reset_peak_resident();

}  // namespace bench
