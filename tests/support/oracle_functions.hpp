// The inner functions of the oracle's transforms (FNS of tests/oracle/ops.py) and the programs it has in several ops.
#pragma once
#include <functional>

#include "strata/tests/support/oracle.hpp"

namespace strata::oracle {

/// A function of tensors, its results flattened.
using Inner = std::function<Tensors(const Tensors& x)>;

/// FNS[name]. Missing when it is not there.
Inner inner_function(const std::string& name);

/// Argument numbers: an integer or a list of them; `fallback` when absent.
std::vector<std::size_t> argnums(const Json& p, int fallback = 0);
/// The arguments of these numbers.
Tensors pick(const Tensors& x, const std::vector<std::size_t>& numbers);
/// f as a function of the arguments of these numbers, the others held.
Inner hold_others(const Inner& f, const Tensors& x, const std::vector<std::size_t>& numbers);
/// f over lanes; `in_axes` is a list with an integer or null for each argument, `out_axes` that or one for all results.
Inner mapped(const Inner& f, const Json& in_axes, const Json& out_axes = 0);

/// What add_transforms joins.
void add_control(Ops& ops);
void add_collectives(Ops& ops);
void add_custom(Ops& ops);
void add_models(Ops& ops);
void add_optim(Ops& ops);

}  // namespace strata::oracle
