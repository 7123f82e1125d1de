// Gathering and scattering slices on a GPU, as plain calls. Asked for by ops/cuda/slices.cpp; run by ops/cuda/slices.cu
// and, for scatter, ops/cuda/scatter.cu. Offsets and strides are in elements; indices' offsets may be `outside`.
#pragma once
#include "strata/ops/cuda/call.hpp"
#include "strata/ops/slice_formulas.hpp"

namespace strata::gpu {

/// offsets[i] for the positions of all batches; see SliceGeometry.
struct ResolveCall {
  Axes axes;  // batch, then positions
  std::int64_t x[max_rank], index[max_rank];
  int depth;
  std::int64_t index_step, x_step[max_rank], size[max_rank], last[max_rank];
  IndexMode mode;
  bool from_end, wide;  // wide: indices are int64, else int32
  const void* indices;
  std::int64_t* offsets;
};

/// How slices lie: packed is [batch, before, positions, after], row-major; x has the strides.
struct SlicesCall {
  const std::int64_t* offsets;
  std::int64_t batch, positions;
  Axes before, after;
  std::int64_t x_before[max_rank], x_after[max_rank];
  Dtype dtype;
};
/// Units are elements, or 2^shift of them where every offset and stride is a multiple; offsets count elements still.
struct GatherCall {
  SlicesCall s;
  const void* x;
  void* y;
  int unit, shift;  // bytes of a unit
  alignas(16) unsigned char fill[16];
};
struct ScatterCall {
  SlicesCall s;
  std::int64_t extent;  // offsets are below
  ScatterKind kind;
  bool overlapping;  // slices at different offsets may share elements
  bool distinct;     // no two slices share one
  void* x;
  const void* u;
};
struct WinnersCall {
  std::int64_t* offsets;
  std::int64_t n, extent;
};
/// Matrices of rows x columns, one after the other.
struct TriangleCall {
  void* y;
  int itemsize;
  std::int64_t n, rows, columns, k;
  bool upper;
};

struct SliceLibrary {
  Error (*resolve)(int device, const ResolveCall& call);
  Error (*gather)(int device, const GatherCall& call);
  Error (*scatter)(int device, const ScatterCall& call);
  Error (*keep_winners)(int device, const WinnersCall& call);
  Error (*triangle)(int device, const TriangleCall& call);
};
extern const SliceLibrary slices_library;

/// For the table of ops/cuda/slices.cu.
Error scatter_slices(int device, const ScatterCall& call);
Error mark_losers(int device, const WinnersCall& call);

}  // namespace strata::gpu
