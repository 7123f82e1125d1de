// A double of NCCL and CUDA's streams for machines without a GPU: collectives copy host memory through the test's own
// group, everything is noted, and failures happen as the script says. It shows counts, dtypes, groups, order of events
// and states; it shows nothing of kernels, streams or bandwidth. Included by nccl_mpi.cpp and faults.cpp.
#pragma once
#include <string>
#include <thread>
#include <vector>

#include "strata/distributed/communicator.hpp"
#include "strata/distributed/group.hpp"
#include "strata/distributed/nccl.hpp"

namespace nccl_double {

namespace dist = strata::distributed;

struct Script {
  int starting = 2;     // so often ncclInProgress after init; -1: for ever
  int fail_after = -1;  // so many collectives later, ncclRemoteError
  bool abort_hangs = false;
};
struct State {
  Script script;
  std::vector<std::string> log;
  int polls = 0, collectives = 0;
  struct Transfer {
    void* data;
    std::size_t count;
    int type, peer;
  };
  std::vector<Transfer> sends, receives;
};
inline State state;

inline dist::Group& group() {
  static const dist::Communicator world;
  return *world.group();
}
inline void note(std::string text) { state.log.push_back(std::move(text)); }
inline strata::Dtype dtype(int type) {
  using enum strata::Dtype;
  constexpr strata::Dtype types[] = {int8, uint8, int32, uint32, int64, uint64, float16, float32, float64, bfloat16};
  return types[type];
}
inline int taken(const std::string& name, std::size_t count, int type) {
  note(name + " " + std::to_string(count) + " of type " + std::to_string(type));
  return ++state.collectives == state.script.fail_after ? dist::NcclApi::in_progress : 0;
}
inline bool failing() { return state.script.fail_after >= 0 && state.collectives >= state.script.fail_after; }
template <class F>
int run(const std::string& name, std::size_t count, int type, F f) {
  const int code = taken(name, count, type);
  if (!failing()) group().run({"double of " + name, std::to_string(count)}, f);
  return code;
}
inline void* handle(std::uintptr_t n) { return reinterpret_cast<void*>(n); }
inline std::string number(void* h) { return std::to_string(reinterpret_cast<std::uintptr_t>(h)); }

/// Sends and receives between GroupStart and GroupEnd, distance after distance.
inline int exchange() {
  note("GroupEnd");
  const int n = group().size(), me = group().rank();
  for (int k = 0; k < n; ++k) {
    const int to = (me + k) % n, from = (me - k + n) % n;
    State::Transfer s{nullptr, 0, 0, -1}, r{nullptr, 0, 0, -1};
    for (const auto& t : state.sends) s = t.peer == to ? t : s;
    for (const auto& t : state.receives) r = t.peer == from ? t : r;
    const auto& any = s.peer >= 0 ? s : r;
    group().run({"double of sends", std::to_string(k)}, [&](dist::Backend& b) {
      b.permute(s.data, r.data, static_cast<std::int64_t>(any.count), dtype(any.type), s.peer, r.peer);
    });
  }
  state.sends.clear();
  state.receives.clear();
  return 0;
}

inline dist::NcclApi table() {
  using Api = dist::NcclApi;
  Api a{};
  a.GetUniqueId = [](dist::NcclId*) { return 0; };
  a.CommInitRankConfig = [](Api::Comm* c, int, dist::NcclId, int, dist::NcclConfig* config) {
    note("init blocking=" + std::to_string(config->blocking));
    *c = handle(1);
    return int{Api::in_progress};
  };
  a.CommGetAsyncError = [](Api::Comm, int* error) {
    const bool starting = state.script.starting < 0 || state.polls++ < state.script.starting;
    *error = failing() ? 6 : starting ? int{Api::in_progress} : 0;
    return 0;
  };
  a.CommFinalize = [](Api::Comm) { return note("finalize"), 0; };
  a.CommDestroy = [](Api::Comm) { return note("destroy"), 0; };
  a.CommAbort = [](Api::Comm) {
    note("abort");
    while (state.script.abort_hangs) std::this_thread::sleep_for(std::chrono::seconds(1));
    return 0;
  };
  a.GetErrorString = [](int code) {
    return code == 6 ? "remote process exited or there was a network error" : "error";
  };
  a.GetLastError = [](Api::Comm) { return ""; };
  a.AllReduce = [](const void* in, void* out, std::size_t n, int type, int op, Api::Comm, Api::Stream) {
    const auto r = op == Api::sum ? dist::Reduction::sum : op == Api::max ? dist::Reduction::max : dist::Reduction::min;
    return run("AllReduce", n, type,
               [=](dist::Backend& b) { b.all_reduce(in, out, static_cast<std::int64_t>(n), dtype(type), r); });
  };
  a.AllGather = [](const void* in, void* out, std::size_t n, int type, Api::Comm, Api::Stream) {
    return run("AllGather", n, type,
               [=](dist::Backend& b) { b.all_gather(in, out, static_cast<std::int64_t>(n), dtype(type)); });
  };
  a.ReduceScatter = [](const void* in, void* out, std::size_t n, int type, int, Api::Comm, Api::Stream) {
    return run("ReduceScatter", n, type,
               [=](dist::Backend& b) { b.reduce_scatter(in, out, static_cast<std::int64_t>(n), dtype(type)); });
  };
  a.Broadcast = [](const void*, void* data, std::size_t n, int type, int root, Api::Comm, Api::Stream) {
    return run("Broadcast", n, type,
               [=](dist::Backend& b) { b.broadcast(data, static_cast<std::int64_t>(n), dtype(type), root); });
  };
  a.Send = [](const void* in, std::size_t n, int type, int peer, Api::Comm, Api::Stream) {
    state.sends.push_back({const_cast<void*>(in), n, type, peer});
    return taken("Send", n, type);
  };
  a.Recv = [](void* out, std::size_t n, int type, int peer, Api::Comm, Api::Stream) {
    state.receives.push_back({out, n, type, peer});
    return taken("Recv", n, type);
  };
  a.GroupStart = [] { return note("GroupStart"), 0; };
  a.GroupEnd = [] { return exchange(); };
  a.StreamCreateWithFlags = [](Api::Stream* s, unsigned) { return *s = handle(20), 0; };
  a.StreamDestroy = [](Api::Stream) { return note("stream gone"), 0; };
  a.StreamWaitEvent = [](Api::Stream s, Api::Event e, unsigned) {
    return note("stream " + number(s) + " waits for " + number(e)), 0;
  };
  a.EventCreateWithFlags = [](Api::Event* e, unsigned) {
    static std::uintptr_t count = 0;
    return *e = handle(30 + count++ % 2), 0;
  };
  a.EventDestroy = [](Api::Event) { return 0; };
  a.EventRecord = [](Api::Event e, Api::Stream s) { return note("event " + number(e) + " on " + number(s)), 0; };
  a.EventQuery = [](Api::Event) { return 0; };
  return a;
}

}  // namespace nccl_double
