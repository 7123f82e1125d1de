// MPI as functions found at run time: Open MPI's library is opened when a job of several processes begins, so that the
// library builds and runs without it. Called by distributed/group.cpp and mpi_backend.cpp only.
// Always holds: one MPI per process, never closed; handles are the addresses of Open MPI's own symbols, which is its
// binary interface (libmpi.so.40, versions 3 to 5). MPICH's handles are numbers: its library is refused.
#pragma once
#include <cstdint>
#include <string>

#include "strata/core/dtype.hpp"

namespace strata::distributed {

/// An opaque handle: MPI_Comm, MPI_Datatype, MPI_Op, MPI_Request.
using MpiHandle = void*;

struct Mpi {
  static constexpr int success = 0, undefined = -32766, any_source = -1, thread_multiple = 3;
  static inline void* const in_place = reinterpret_cast<void*>(1);

  int (*Init_thread)(int*, char***, int, int*);
  int (*Initialized)(int*);
  int (*Finalized)(int*);
  int (*Finalize)();
  int (*Abort)(MpiHandle comm, int code);
  int (*Comm_rank)(MpiHandle, int*);
  int (*Comm_size)(MpiHandle, int*);
  int (*Comm_dup)(MpiHandle, MpiHandle*);
  int (*Comm_split)(MpiHandle, int color, int key, MpiHandle*);
  int (*Comm_free)(MpiHandle*);
  int (*Comm_set_errhandler)(MpiHandle, MpiHandle);
  int (*Error_string)(int, char*, int*);
  int (*Barrier)(MpiHandle);
  int (*Bcast)(void*, int, MpiHandle type, int root, MpiHandle);
  int (*Allreduce)(const void*, void*, int, MpiHandle type, MpiHandle op, MpiHandle);
  int (*Iallreduce)(const void*, void*, int, MpiHandle type, MpiHandle op, MpiHandle, MpiHandle* request);
  int (*Allgather)(const void*, int, MpiHandle, void*, int, MpiHandle, MpiHandle);
  int (*Iallgather)(const void*, int, MpiHandle, void*, int, MpiHandle, MpiHandle, MpiHandle* request);
  int (*Alltoall)(const void*, int, MpiHandle, void*, int, MpiHandle, MpiHandle);
  int (*Reduce_scatter_block)(const void*, void*, int, MpiHandle type, MpiHandle op, MpiHandle);
  int (*Isend)(const void*, int, MpiHandle type, int to, int tag, MpiHandle, MpiHandle* request);
  int (*Irecv)(void*, int, MpiHandle type, int from, int tag, MpiHandle, MpiHandle* request);
  int (*Test)(MpiHandle* request, int* flag, void* status);
  int (*Waitall)(int, MpiHandle*, void* statuses);
  int (*Cancel)(MpiHandle* request);
  int (*Request_free)(MpiHandle* request);

  MpiHandle world, byte, uint64, request_null, errors_return;
  MpiHandle sum, max, min, logical_or;
  MpiHandle types[dtype_count];  // null where MPI has none: the half types; bool is uint8

  MpiHandle type(Dtype d) const { return types[static_cast<int>(d)]; }
};

/// The library, opened at the first call. DistributedError when there is none or it is not Open MPI's.
const Mpi& mpi();
/// The words for an error code.
std::string mpi_error(int code);

}  // namespace strata::distributed
