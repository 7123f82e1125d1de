// What every use of cuDNN needs: handles, names of dtypes, errors. Included by the wrappers of its functions (dnn.cu,
// pooling.cu). A handle belongs to a thread and a device and works on the thread's stream.
#pragma once
#include <cudnn.h>

#include "strata/ops/cuda/libraries/handles.hpp"
#include "strata/ops/cuda/library.hpp"
#include "strata/ops/cuda/runtime.hpp"

namespace strata::gpu {

inline Error said(cudnnStatus_t status) {
  return status == CUDNN_STATUS_SUCCESS ? nullptr : text("cuDNN: ", cudnnGetErrorString(status));
}

/// This thread's handle for the device, on the thread's stream.
inline cudnnHandle_t dnn_handle(int device, Error& error) {
  const cudaStream_t on_stream = stream_on(device, error);
  if (error) return nullptr;
  thread_local ThreadHandles<cudnnHandle_t> handles;
  return handles.on(device, stream(), error, [&](cudnnHandle_t& handle) {
    const Error made = handle ? nullptr : said(cudnnCreate(&handle));
    return made ? made : said(cudnnSetStream(handle, on_stream));
  });
}

inline cudnnDataType_t dnn_type(Dtype d) {
  switch (d) {
    case Dtype::float64:
      return CUDNN_DATA_DOUBLE;
    case Dtype::bfloat16:
      return CUDNN_DATA_BFLOAT16;
    case Dtype::float16:
      return CUDNN_DATA_HALF;
    default:
      return CUDNN_DATA_FLOAT;
  }
}

}  // namespace strata::gpu
