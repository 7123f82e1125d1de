// The processor cores that a thread may run on. Called by the thread pool (core/parallel.cpp), which keeps its workers
// off the core of the thread that they work for.
#pragma once
#include <memory>

#include <sched.h>

namespace strata::detail {

/// A set of cores, as large as this machine's kernel needs.
class Cores {
 public:
  /// Those the calling thread may run on; empty where the system does not say.
  static Cores of_this_thread();

  int count() const;
  /// Without one core.
  Cores without(int core) const;
  /// Lets the calling thread run on these alone. An empty set, and a refusal of the system's, change nothing.
  void keep_this_thread() const;
  bool operator==(const Cores& other) const;

 private:
  struct Free {
    void operator()(cpu_set_t* set) const { CPU_FREE(set); }
  };
  explicit Cores(int size);

  int size_;  // cores that the set has room for
  std::shared_ptr<cpu_set_t> set_;
};

}  // namespace strata::detail
