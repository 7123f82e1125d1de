// See mpi.hpp.
#include "strata/distributed/mpi.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <vector>

#include "strata/core/error.hpp"

namespace strata::distributed {
namespace {

std::string library_names(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

void* open_library() {
  std::vector<std::string> names = {"libmpi.so.40", "libmpi.so"};
  if (const char* chosen = std::getenv("STRATA_MPI_LIBRARY")) names = {chosen};
  for (const std::string& name : names) {
    // Its components look for its symbols, so these are global.
    if (void* library = dlopen(name.c_str(), RTLD_NOW | RTLD_GLOBAL)) return library;
  }
  const char* why = dlerror();
  throw DistributedError("distributed::init: this is one process of several, but there is no MPI library (" +
                         library_names(names) + "): install Open MPI, or name it in STRATA_MPI_LIBRARY" +
                         (why ? std::string("\n  ") + why : ""));
}

void* symbol(void* library, const char* name) {
  if (void* s = dlsym(library, name)) return s;
  throw DistributedError(std::string("distributed::init: the MPI library has no ") + name +
                         ": strata speaks to Open MPI 3 to 5; name its library in STRATA_MPI_LIBRARY");
}

template <class F>
void bind(void* library, F*& function, const char* name) {
  function = reinterpret_cast<F*>(symbol(library, name));
}

void bind_functions(void* lib, Mpi& m) {
  bind(lib, m.Init_thread, "MPI_Init_thread");
  bind(lib, m.Initialized, "MPI_Initialized");
  bind(lib, m.Finalized, "MPI_Finalized");
  bind(lib, m.Finalize, "MPI_Finalize");
  bind(lib, m.Abort, "MPI_Abort");
  bind(lib, m.Comm_rank, "MPI_Comm_rank");
  bind(lib, m.Comm_size, "MPI_Comm_size");
  bind(lib, m.Comm_dup, "MPI_Comm_dup");
  bind(lib, m.Comm_split, "MPI_Comm_split");
  bind(lib, m.Comm_free, "MPI_Comm_free");
  bind(lib, m.Comm_set_errhandler, "MPI_Comm_set_errhandler");
  bind(lib, m.Error_string, "MPI_Error_string");
  bind(lib, m.Barrier, "MPI_Barrier");
  bind(lib, m.Bcast, "MPI_Bcast");
  bind(lib, m.Allreduce, "MPI_Allreduce");
  bind(lib, m.Iallreduce, "MPI_Iallreduce");
  bind(lib, m.Allgather, "MPI_Allgather");
  bind(lib, m.Iallgather, "MPI_Iallgather");
  bind(lib, m.Alltoall, "MPI_Alltoall");
  bind(lib, m.Reduce_scatter_block, "MPI_Reduce_scatter_block");
  bind(lib, m.Isend, "MPI_Isend");
  bind(lib, m.Irecv, "MPI_Irecv");
  bind(lib, m.Test, "MPI_Test");
  bind(lib, m.Waitall, "MPI_Waitall");
  bind(lib, m.Cancel, "MPI_Cancel");
  bind(lib, m.Request_free, "MPI_Request_free");
}

void bind_handles(void* lib, Mpi& m) {
  m.world = symbol(lib, "ompi_mpi_comm_world");
  m.byte = symbol(lib, "ompi_mpi_byte");
  m.uint64 = symbol(lib, "ompi_mpi_uint64_t");
  m.request_null = symbol(lib, "ompi_request_null");
  m.errors_return = symbol(lib, "ompi_mpi_errors_return");
  m.sum = symbol(lib, "ompi_mpi_op_sum");
  m.max = symbol(lib, "ompi_mpi_op_max");
  m.min = symbol(lib, "ompi_mpi_op_min");
  m.logical_or = symbol(lib, "ompi_mpi_op_lor");
  const std::pair<Dtype, const char*> types[] = {
      {bool_, "ompi_mpi_uint8_t"},   {uint8, "ompi_mpi_uint8_t"},   {uint16, "ompi_mpi_uint16_t"},
      {uint32, "ompi_mpi_uint32_t"}, {uint64, "ompi_mpi_uint64_t"}, {int8, "ompi_mpi_int8_t"},
      {int16, "ompi_mpi_int16_t"},   {int32, "ompi_mpi_int32_t"},   {int64, "ompi_mpi_int64_t"},
      {float32, "ompi_mpi_float"},   {float64, "ompi_mpi_double"}};
  for (const auto& [dtype, name] : types) m.types[static_cast<int>(dtype)] = symbol(lib, name);
}

Mpi load() {
  Mpi m{};
  void* library = open_library();
  bind_handles(library, m);  // first: another MPI's library has the functions but not these
  bind_functions(library, m);
  return m;
}

}  // namespace

const Mpi& mpi() {
  static const Mpi table = load();
  return table;
}

std::string mpi_error(int code) {
  char text[512] = {};
  int length = 0;
  if (mpi().Error_string(code, text, &length) != Mpi::success) return "MPI error " + std::to_string(code);
  return {text, static_cast<std::size_t>(length)};
}

}  // namespace strata::distributed
