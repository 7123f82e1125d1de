// NCCL and the little of CUDA that it needs, as a table of functions found at run time, so that neither is needed to
// build or to run on CPUs. Called by nccl_backend.cpp; tests give a double of the table. Always holds: types and
// numbers are those of nccl.h and the CUDA runtime (where the toolkit is installed a test compares them).
#pragma once
#include <cstddef>
#include <cstdint>

#include "strata/core/dtype.hpp"

namespace strata::distributed {

struct NcclId {
  char bytes[128];
};
/// ncclConfig_t as far as version 2.14 has it: NCCL takes what `size` says and defaults for the rest.
struct NcclConfig {
  std::size_t size = sizeof(NcclConfig);
  unsigned magic = 0xcafebeef, version = 21400;
  int blocking = 0;
};

struct NcclApi {
  using Comm = void*;
  using Stream = void*;
  using Event = void*;
  static constexpr int success = 0, in_progress = 7;            // ncclResult_t
  static constexpr int cuda_success = 0, cuda_not_ready = 600;  // cudaError_t
  static constexpr int sum = 0, max = 2, min = 3;               // ncclRedOp_t
  static constexpr int event_disable_timing = 2, stream_non_blocking = 1;

  int (*GetUniqueId)(NcclId*);
  int (*CommInitRankConfig)(Comm*, int size, NcclId, int rank, NcclConfig*);
  int (*CommGetAsyncError)(Comm, int*);
  int (*CommFinalize)(Comm);
  int (*CommDestroy)(Comm);
  int (*CommAbort)(Comm);
  const char* (*GetErrorString)(int);
  const char* (*GetLastError)(Comm);
  int (*AllReduce)(const void*, void*, std::size_t, int type, int op, Comm, Stream);
  int (*AllGather)(const void*, void*, std::size_t, int type, Comm, Stream);
  int (*ReduceScatter)(const void*, void*, std::size_t, int type, int op, Comm, Stream);
  int (*Broadcast)(const void*, void*, std::size_t, int type, int root, Comm, Stream);
  int (*Send)(const void*, std::size_t, int type, int peer, Comm, Stream);
  int (*Recv)(void*, std::size_t, int type, int peer, Comm, Stream);
  int (*GroupStart)();
  int (*GroupEnd)();

  int (*StreamCreateWithFlags)(Stream*, unsigned);
  int (*StreamDestroy)(Stream);
  int (*StreamWaitEvent)(Stream, Event, unsigned);
  int (*EventCreateWithFlags)(Event*, unsigned);
  int (*EventDestroy)(Event);
  int (*EventRecord)(Event, Stream);
  int (*EventQuery)(Event);
};

/// ncclDataType_t. bool travels as uint8, 16-bit integers have none: DistributedError.
int nccl_type(Dtype d);
/// The libraries (libnccl.so.2, libcudart), opened at the first call. DistributedError when one is missing.
const NcclApi& nccl();

}  // namespace strata::distributed
