// See session.hpp.
#include "strata/distributed/session.hpp"

#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <thread>

#include "strata/core/error.hpp"
#include "strata/core/parallel.hpp"
#include "strata/distributed/watch.hpp"

namespace strata::distributed {
namespace {

enum class Phase { none, running, failed, ended };
std::atomic<Phase> phase{Phase::none};
std::weak_ptr<Session> running;

int number(const char* variable) {
  const char* value = std::getenv(variable);
  return value ? std::atoi(value) : 0;
}

[[noreturn]] void abort_job() {
  // Whoever prints as well gets a moment; if MPI_Abort hangs, the launcher sees us gone.
  std::thread([] {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    _exit(failure_code);
  }).detach();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  mpi().Abort(mpi().world, failure_code);
  _exit(failure_code);
}

/// An exception that nobody catches.
[[noreturn]] void on_terminate() {
  std::string what = "the program was terminated";
  if (const std::exception_ptr e = std::current_exception()) {
    try {
      std::rethrow_exception(e);
    } catch (const std::exception& error) {
      what = error.what();
    } catch (...) {
      what = "an exception that is no std::exception";
    }
  }
  report(world_rank(), "fatal: " + what);
  abort_job();
}

/// exit() while the job runs, or after an exception went through the owner of the world.
void at_exit() {
  const Phase p = phase.load();
  if (p == Phase::running)
    report(world_rank(), "the program ended (exit) before its world of distributed::init() did: this ends the job");
  if (p == Phase::running || p == Phase::failed) abort_job();
}

Options from_environment(Options o) {
  if (const char* timeout = std::getenv("STRATA_DISTRIBUTED_TIMEOUT"))
    o.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(std::atof(timeout) * 1000));
  if (const char* verify = std::getenv("STRATA_DISTRIBUTED_VERIFY")) o.verify = std::atoi(verify) != 0;
  return o;
}

}  // namespace

Launch launch() {
  // mpirun of Open MPI; MPICH's and others' PMI; srun, whose step knows its tasks (a batch script has no step).
  for (const char* variable : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    if (const int n = number(variable); n > 1) return {n, variable};
  }
  return {};
}

Session::Session(const Launch& launch, Options options) {
  const Mpi& m = mpi();
  int already = 0, provided = 0, size = 0, rank = 0;
  m.Initialized(&already);
  if (!already) {
    // More ranks than cores: a waiting rank lets the others work.
    const int local = number("OMPI_COMM_WORLD_LOCAL_SIZE");
    if (local >= static_cast<int>(std::thread::hardware_concurrency())) setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
    if (const int code = m.Init_thread(nullptr, nullptr, Mpi::thread_multiple, &provided); code != Mpi::success)
      throw DistributedError("distributed::init: MPI_Init_thread failed: " + mpi_error(code));
  }
  m.Comm_size(m.world, &size);
  m.Comm_rank(m.world, &rank);
  if (size != launch.size) {
    throw DistributedError("distributed::init: this is one of " + std::to_string(launch.size) + " processes (" +
                           launch.variable + "), but MPI sees " + std::to_string(size) +
                           ": the launcher and the MPI library do not know each other; under SLURM start with srun "
                           "--mpi=pmix, else with the mpirun of the library that is loaded");
  }
  set_world_rank(rank);
  phase = Phase::running;
  std::atexit(&at_exit);
  std::set_terminate(&on_terminate);
  world_ = std::make_shared<Group>(m.world, from_environment(options));
  find_neighbours();
}

void Session::find_neighbours() {
  char host[256] = {};
  gethostname(host, sizeof host - 1);
  const std::vector<std::string> hosts = world_->gather_text({"distributed::init", "hosts"}, host);
  local_size_ = 0;
  for (std::size_t r = 0; r < hosts.size(); ++r) {
    if (hosts[r] != host) continue;
    if (static_cast<int>(r) < world_->rank()) ++local_rank_;
    ++local_size_;
  }
  // A launcher that binds has shared out the cores already; one that does not leaves them all to everybody.
  if (!std::getenv("STRATA_NUM_THREADS")) {
    const int cores = static_cast<int>(std::thread::hardware_concurrency());
    set_num_threads(std::max(1, std::min(num_threads(), cores / local_size_)));
  }
}

Session::~Session() {
  if (std::uncaught_exceptions() > 0) {  // main may report the error; the job ends with the process
    phase = Phase::failed;
    return;
  }
  try {
    world_->agree({"end of the program", "the world of distributed::init() goes"});
  } catch (const std::exception& error) {
    report(world_rank(), error.what());
    abort_job();
  }
  const std::string text = "MPI_Finalize";
  const Watched watched(text, world_->options().timeout);
  world_.reset();
  mpi().Finalize();
  phase = Phase::ended;
}

std::shared_ptr<Session> Session::current() { return running.lock(); }
void Session::set_current(const std::shared_ptr<Session>& session) { running = session; }
bool Session::ended() { return phase.load() == Phase::ended; }

}  // namespace strata::distributed
