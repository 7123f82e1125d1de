// See cases.hpp: inputs by a hash, and how much memory the process holds.
#include <fstream>

#include "strata/bench/cases/cases.hpp"

namespace bench {
namespace {

/// 24 bits that depend on the seed and the position; bench/peers/inputs.py computes the same.
std::uint32_t hash24(std::uint32_t seed, std::uint32_t i) {
  std::uint32_t x = i + seed * 0x9e3779b9u;
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  x ^= x >> 16;
  return x >> 8;
}

double status_bytes(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kilobytes = 0;
    if (word == field && status >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

}  // namespace

strata::Tensor uniform(std::uint32_t seed, const strata::Shape& shape, double low, double high) {
  std::vector<float> v(static_cast<std::size_t>(shape.elements()));
  const double width = (high - low) / 16777216.0;
  for (std::size_t i = 0; i < v.size(); ++i)
    v[i] = static_cast<float>(low + width * hash24(seed, static_cast<std::uint32_t>(i)));
  return strata::array(v, shape);
}

strata::Tensor integers(std::uint32_t seed, const strata::Shape& shape, int n) {
  std::vector<std::int32_t> v(static_cast<std::size_t>(shape.elements()));
  for (std::size_t i = 0; i < v.size(); ++i)
    v[i] = static_cast<std::int32_t>(hash24(seed, static_cast<std::uint32_t>(i)) % static_cast<std::uint32_t>(n));
  return strata::array(v, shape);
}

double resident_bytes() { return status_bytes("VmRSS:"); }
double peak_resident_bytes() { return status_bytes("VmHWM:"); }
void reset_peak_resident() { std::ofstream("/proc/self/clear_refs") << "5"; }

}  // namespace bench
