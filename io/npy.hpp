// NumPy's .npy format: one array in a file. Called by users; see also io/safetensors.hpp for whole trees.
#pragma once
#include <string>

#include "strata/core/tensor.hpp"

namespace strata {

/// Writes x as version 1.0, little endian, C order; the file appears whole or not at all. bfloat16, which NumPy lacks,
/// is written as ml_dtypes writes it: descr '<V2'.      save_npy("x.npy", x);
void save_npy(const std::string& path, const Tensor& x);

/// Reads versions 1 to 3, C and Fortran order, little and big endian; '<V2' is bfloat16. The tensor views the mapped
/// file where it can, strided for Fortran order. IoError for other dtypes (objects, strings, complex numbers,
/// structures) and for malformed files.      Tensor x = load_npy("x.npy");
Tensor load_npy(const std::string& path);

}  // namespace strata
