// See cores.hpp.
#include "strata/core/cores.hpp"

#include <cstring>

namespace strata::detail {

Cores::Cores(int size) : size_(size), set_(CPU_ALLOC(static_cast<std::size_t>(size)), Free()) {
  CPU_ZERO_S(CPU_ALLOC_SIZE(size), set_.get());
}

Cores Cores::of_this_thread() {
  for (int size = 1024; size <= 1 << 20; size *= 2) {
    Cores cores(size);
    if (sched_getaffinity(0, CPU_ALLOC_SIZE(size), cores.set_.get()) == 0) return cores;
  }
  return Cores(1024);
}

int Cores::count() const { return CPU_COUNT_S(CPU_ALLOC_SIZE(size_), set_.get()); }

Cores Cores::without(int core) const {
  Cores rest(size_);
  std::memcpy(rest.set_.get(), set_.get(), CPU_ALLOC_SIZE(size_));
  if (core >= 0 && core < size_) CPU_CLR_S(core, CPU_ALLOC_SIZE(size_), rest.set_.get());
  return rest;
}

void Cores::keep_this_thread() const {
  if (count() > 0) sched_setaffinity(0, CPU_ALLOC_SIZE(size_), set_.get());
}

bool Cores::operator==(const Cores& other) const {
  return size_ == other.size_ && CPU_EQUAL_S(CPU_ALLOC_SIZE(size_), set_.get(), other.set_.get());
}

}  // namespace strata::detail
