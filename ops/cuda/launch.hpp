// The shapes of work that all kernels are made of. A kernel is a functor, copied to the GPU by value; its functions are
// marked STRATA_HD. Included by ops/cuda/*.cu.
//   for_each(device, n, f)          f(i) for each i < n, in no order
//   reduce_rows(device, rows, n, f) one state of n elements for each row, then f.finish(row, state)
//   map_rows(device, rows, n, f)    the same, then f.write(line, i, f.settle(state)) for each element
//   scan_rows(device, rows, n, f)   running states: f.store(line, i, before, state) for each element
// with, in f,
//   using State;                    trivially copyable, at most 64 bytes
//   State start() const;            the state of nothing, which changes none that it is joined with
//   auto line(row) const;           what is found once for a row, given to take, write and store in the row's place
//   void take(State&, line, i) const;
//   void join(State& a, const State& b) const;      a's elements and b's: associative, and where elements are taken out
//                                                   of order (reduce_rows, map_rows) commutative too
//   bool adjacent                   rows lie side by side (reductions over leading axes)
//   static constexpr int ways       elements that a thread takes at a time, into states of their own (ditto)
//   using Joined;                   a base of f that joins and finishes, alike for many f (reduce_rows)
// Scratch(device, bytes) is memory for the while of a call.
// The launchers are in launch_gpu.hpp. Compiled by an ordinary compiler the same kernels run on the host, in the double
// of a GPU that the tests have (launch_host.hpp): only launching itself is then untested.
#pragma once
#include "strata/ops/cuda/call.hpp"
#include "strata/ops/cuda/geometry.hpp"

#if defined(__CUDACC__)
#include "strata/ops/cuda/launch_gpu.hpp"
#else
#include "strata/ops/cuda/launch_host.hpp"
#endif
