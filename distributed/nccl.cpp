// See nccl.hpp.
#include "strata/distributed/nccl.hpp"

#include <dlfcn.h>

#include <initializer_list>
#include <string>

#include "strata/core/error.hpp"

namespace strata::distributed {
namespace {

void* open_first(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (void* library = dlopen(name, RTLD_NOW | RTLD_GLOBAL)) return library;
  }
  throw DistributedError(std::string("collectives on CUDA tensors need ") + *names.begin() +
                         ", which is not found: " + dlerror());
}

template <class F>
void bind(void* library, F*& function, const char* name) {
  function = reinterpret_cast<F*>(dlsym(library, name));
  if (!function) throw DistributedError(std::string("the NCCL or CUDA library has no ") + name + ": it is too old");
}

NcclApi load() {
  NcclApi a{};
  void* cuda = open_first({"libcudart.so.13", "libcudart.so.12", "libcudart.so"});
  void* lib = open_first({"libnccl.so.2", "libnccl.so"});
  bind(lib, a.GetUniqueId, "ncclGetUniqueId");
  bind(lib, a.CommInitRankConfig, "ncclCommInitRankConfig");
  bind(lib, a.CommGetAsyncError, "ncclCommGetAsyncError");
  bind(lib, a.CommFinalize, "ncclCommFinalize");
  bind(lib, a.CommDestroy, "ncclCommDestroy");
  bind(lib, a.CommAbort, "ncclCommAbort");
  bind(lib, a.GetErrorString, "ncclGetErrorString");
  bind(lib, a.GetLastError, "ncclGetLastError");
  bind(lib, a.AllReduce, "ncclAllReduce");
  bind(lib, a.AllGather, "ncclAllGather");
  bind(lib, a.ReduceScatter, "ncclReduceScatter");
  bind(lib, a.Broadcast, "ncclBroadcast");
  bind(lib, a.Send, "ncclSend");
  bind(lib, a.Recv, "ncclRecv");
  bind(lib, a.GroupStart, "ncclGroupStart");
  bind(lib, a.GroupEnd, "ncclGroupEnd");
  bind(cuda, a.StreamCreateWithFlags, "cudaStreamCreateWithFlags");
  bind(cuda, a.StreamDestroy, "cudaStreamDestroy");
  bind(cuda, a.StreamWaitEvent, "cudaStreamWaitEvent");
  bind(cuda, a.EventCreateWithFlags, "cudaEventCreateWithFlags");
  bind(cuda, a.EventDestroy, "cudaEventDestroy");
  bind(cuda, a.EventRecord, "cudaEventRecord");
  bind(cuda, a.EventQuery, "cudaEventQuery");
  return a;
}

}  // namespace

const NcclApi& nccl() {
  static const NcclApi table = load();
  return table;
}

int nccl_type(Dtype d) {
  switch (d) {
    case Dtype::int8:
      return 0;
    case Dtype::bool_:
    case Dtype::uint8:
      return 1;
    case Dtype::int32:
      return 2;
    case Dtype::uint32:
      return 3;
    case Dtype::int64:
      return 4;
    case Dtype::uint64:
      return 5;
    case Dtype::float16:
      return 6;
    case Dtype::float32:
      return 7;
    case Dtype::float64:
      return 8;
    case Dtype::bfloat16:
      return 9;
    default:
      throw DistributedError("NCCL has no " + std::string(name(d)) + ": convert with st::astype");
  }
}

}  // namespace strata::distributed
