// Narrowing and merging: tensors onto some of a vmap level's lanes, and the branches' results back together.
// Called by vmap's interpreter (for tensors that enter a branch) and by control flow. Logical shapes do not change, at
// any level; only at the level itself lanes are gathered and scattered. Each op is the other's transpose, see
// core/rows.hpp (branches run on their rows).
#pragma once
#include <vector>

#include "strata/core/rows.hpp"
#include "strata/ops/registry.hpp"

namespace strata {

/// x, which has the lanes `from` of `level` or is shared by them, on the lanes `to`, a subset.
Tensor narrow_rows(Tensor x, LevelId level, RowsRef from, RowsRef to);
/// The tensor with lanes `to` of `level` that is parts[i] on the lanes rows[i] and zero on lanes in none of them. Parts
/// agree in shape and dtype; each has its lanes or is shared by them.
Tensor merge_rows(LevelId level, RowsRef to, std::vector<RowsRef> rows, std::vector<Tensor> parts);

std::vector<Entry> rows_entries();

}  // namespace strata
