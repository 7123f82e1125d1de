// The NCCL backend over a double of its library: results, counts, dtypes, groups, the order of events, and what it does
// when NCCL fails. With the real library and no GPU: the error it documents. Real collectives on a GPU are not tested.
#include <unistd.h>

#include "strata/distributed/nccl_backend.hpp"
#include "strata/tests/mpi/mpi_case.hpp"
#include "strata/tests/mpi/nccl_double.hpp"

#ifdef STRATA_NCCL_HEADER
#include <nccl.h>
static_assert(ncclSuccess == strata::distributed::NcclApi::success &&
              ncclInProgress == strata::distributed::NcclApi::in_progress);
static_assert(ncclSum == strata::distributed::NcclApi::sum && ncclMax == strata::distributed::NcclApi::max &&
              ncclMin == strata::distributed::NcclApi::min);
static_assert(ncclInt8 == 0 && ncclUint8 == 1 && ncclInt32 == 2 && ncclUint32 == 3 && ncclInt64 == 4 &&
              ncclUint64 == 5);
static_assert(ncclFloat16 == 6 && ncclFloat32 == 7 && ncclFloat64 == 8 && ncclBfloat16 == 9);
static_assert(sizeof(ncclUniqueId) == sizeof(strata::distributed::NcclId));
static_assert(offsetof(ncclConfig_t, blocking) == offsetof(strata::distributed::NcclConfig, blocking));
static_assert(cudaErrorNotReady == strata::distributed::NcclApi::cuda_not_ready &&
              cudaEventDisableTiming == strata::distributed::NcclApi::event_disable_timing &&
              cudaStreamNonBlocking == strata::distributed::NcclApi::stream_non_blocking);
#endif

using namespace mpi_case;
using strata::distributed::NcclBackend;
using strata::distributed::Reduction;

namespace {

const strata::distributed::NcclApi api = nccl_double::table();
NcclBackend backend(nccl_double::Script script = {}, int timeout_ms = 2000) {
  nccl_double::state = {};
  nccl_double::state.script = script;
  return {api, {}, world().rank(), ranks(), std::chrono::milliseconds(timeout_ms), nccl_double::handle(10)};
}
std::string joined(const std::vector<std::string>& log) {
  std::string s;
  for (const std::string& line : log) s += line + "; ";
  return s;
}
template <class F>
std::string message(F f) {
  try {
    f();
  } catch (const st::DistributedError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("NCCL's backend over a double: values") {
  NcclBackend nccl = backend();
  const int n = ranks(), me = world().rank();
  std::vector<float> x(static_cast<std::size_t>(4 * n)), y(x.size()), all(x.size() * static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i) + 100.f * static_cast<float>(me);
  const float others = 100.f * static_cast<float>(n * (n - 1)) / 2;
  nccl.all_reduce(x.data(), y.data(), 4 * n, st::float32, Reduction::sum);
  CHECK(y[3] == 3.f * static_cast<float>(n) + others);
  nccl.all_reduce(x.data(), y.data(), 4 * n, st::float32, Reduction::max);
  CHECK(y[3] == 3.f + 100.f * static_cast<float>(n - 1));
  nccl.all_gather(x.data(), all.data(), 4 * n, st::float32);
  CHECK(all[x.size() * static_cast<std::size_t>(n - 1) + 1] == 1.f + 100.f * static_cast<float>(n - 1));
  nccl.reduce_scatter(x.data(), y.data(), 4, st::float32);
  CHECK(y[1] == static_cast<float>(4 * me + 1) * static_cast<float>(n) + others);
  nccl.all_to_all(x.data(), y.data(), 4, st::float32);
  for (int r = 0; r < n; ++r) CHECK(y[static_cast<std::size_t>(4 * r + 2)] == static_cast<float>(4 * me + 2 + 100 * r));
  nccl.permute(x.data(), y.data(), 4, st::float32, (me + 1) % n, (me + n - 1) % n);
  CHECK(y[2] == 2.f + 100.f * static_cast<float>((me + n - 1) % n));
  nccl.broadcast(x.data(), 4 * n, st::float32, n - 1);
  CHECK(x[0] == 100.f * static_cast<float>(n - 1));
}

TEST_CASE("NCCL's backend over a double: order of calls") {
  std::vector<float> x(3), y(3);
  {
    NcclBackend nccl = backend();
    nccl.all_reduce(x.data(), y.data(), 3, st::float32, Reduction::sum);
  }
  CHECK(joined(nccl_double::state.log) ==
        "init blocking=0; event 30 on 10; stream 20 waits for 30; AllReduce 3 of type 7; event 31 on 20; "
        "stream 10 waits for 31; finalize; destroy; stream gone; ");
  {
    NcclBackend nccl = backend();
    nccl.permute(x.data(), y.data(), 3, st::bfloat16, world().rank(), world().rank());
    CHECK(joined(nccl_double::state.log).find("GroupStart; Send 3 of type 9; Recv 3 of type 9; GroupEnd; ") !=
          std::string::npos);
    CHECK_THROWS_AS(nccl.all_reduce(x.data(), y.data(), 3, st::int16, Reduction::sum), st::DistributedError);
  }
}

TEST_CASE("NCCL's backend over a double: failures") {
  std::vector<float> x(3);
  {
    NcclBackend nccl = backend({.fail_after = 1});
    CHECK(message([&] { nccl.all_reduce(x.data(), x.data(), 3, st::float32, Reduction::sum); }) ==
          "NCCL on rank " + std::to_string(world().rank()) +
              ": ncclAllReduce failed: remote process exited or there was a network error");
    CHECK(message([&] { nccl.all_reduce(x.data(), x.data(), 3, st::float32, Reduction::sum); }) ==
          "ncclAllReduce: the NCCL communicator has ended");
  }
  CHECK(joined(nccl_double::state.log).find("abort; stream gone") != std::string::npos);
  CHECK(joined(nccl_double::state.log).find("finalize") == std::string::npos);
  CHECK(message([] { backend({.starting = -1}, 100); }).find("ncclCommInitRankConfig: no end after 100 ms") !=
        std::string::npos);
  CHECK(joined(nccl_double::state.log) == "init blocking=0; abort; ");
}

TEST_CASE("NCCL itself, without a GPU") {
  const strata::distributed::NcclApi* real = nullptr;
  const std::string missing = message([&] { real = &strata::distributed::nccl(); });
  if (!real) {
    WARN("SKIPPED: " << missing);
    return;
  }
  strata::distributed::NcclId id{};
  CHECK(real->GetUniqueId(&id) == strata::distributed::NcclApi::success);
  if (::access("/dev/nvidiactl", F_OK) == 0) {
    WARN("SKIPPED: there is a GPU here, and collectives on CUDA tensors are not built yet");
    return;
  }
  CHECK(message([&] {
          NcclBackend(*real, id, 0, 1, std::chrono::milliseconds(5000), nullptr);
        }).find("ncclCommInitRankConfig failed") != std::string::npos);
}
