// Reading JAX's reference data (tests/oracle/README.md) and comparing ops with it. Called by tests/oracle_test.cpp; the
// families' files (oracle_pointwise.cpp, ...) say which function of the library each op of the data is.
// Always holds: the reader shares no code with the library's own safetensors reader.
#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "strata/core/tensor.hpp"

namespace strata::oracle {

using Json = nlohmann::json;
using Tensors = std::vector<Tensor>;
using Xs = std::span<const Tensor>;

/// One case: what to compute, and JAX's values. `ct` and `jvp` go with `ct_outputs`, `vjp` and `tan` with
/// `differentiable`.
struct Case {
  std::string name, op;
  Json params;
  Tensors in, out;
  std::vector<std::size_t> differentiable, ct_outputs;
  Tensors ct, vjp, tan, jvp;
  double rtol = 0, atol = 0;
  bool has_vjp = false, has_jvp = false;
};

/// An op of the data in terms of the library: parameters and inputs to the flattened outputs.
using Function = Tensors (*)(const Json& p, Xs x);
using Ops = std::map<std::string, Function>;

/// A part of a case that is not there yet: the case counts as missing.
struct Missing : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The folder in STRATA_ORACLE_DIR, or the copy beside this file's parent.
std::string folder();
/// The cases of one file. IoError when it cannot be read.
std::vector<Case> load(const std::string& path);

/// "" when f agrees with the case in values, vjp and jvp; else what differs, one line each. Throws Missing only.
std::string check(const Case& c, Function f);

/// Every op that can be computed, by the data's name.
const Ops& all_ops();
void add_pointwise(Ops& ops);
void add_reduce(Ops& ops);
void add_shapeindex(Ops& ops);
void add_contract(Ops& ops);
void add_nn(Ops& ops);
void add_random(Ops& ops);
void add_transforms(Ops& ops);
void add_guide(Ops& ops);

// ---- parameters
// ---------------------------------------------------------------------------------------------------------
/// A number, or one of the strings "inf", "-inf", "nan".
double number(const Json& v);
Shape shape(const Json& v);
/// One integer or a list of them.
AxisList axes(const Json& v);
/// p[key], absent when it is missing or null.
std::optional<AxisList> optional_axes(const Json& p, const char* key = "axis");
int integer(const Json& p, const char* key, int fallback);
bool flag(const Json& p, const char* key, bool fallback);
/// The number of a case with `scalar_type`: bool, int or float, weakly typed as a C++ number is.
Tensor scalar(const Json& value, const std::string& type);

}  // namespace strata::oracle
