#!/usr/bin/env bash
# faults.sh RUN PROGRAM [NAME...]: jobs of three ranks in which rank 1 fails. Each must end in time, with an exit code that is not 0,
# with words that say what happened, with no rank alive and no shared memory left. Each has its control: the same job without the
# failure ends with 0 ('fine'), and without agreement (STRATA_DISTRIBUTED_VERIFY=0) what only agreement finds is not found.
set -u
runner=$1 program=$2
shift 2
command -v mpirun > /dev/null || { echo "SKIPPED: there is no mpirun"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
token=strata-fault-$$

now() { echo $(($(date +%s%N) / 1000000)); }
alive() { # ranks of ours that are no zombies
  local pid
  for pid in $(pgrep -f "$token"); do
    [[ $pid != "$$" ]] && [[ $(ps -o stat= -p "$pid" 2> /dev/null) == [!Z]* ]] && ps -o args= -p "$pid" | grep -q "^$program" && echo "$pid"
  done
}
shared() { ls /dev/shm 2> /dev/null | grep -E "^(vader_segment|strata-mpi)" | sort; }
fail() { echo "FAILED $1: $2"; failures=$((failures + 1)); sed 's/^/    /' "$work/err" | head -30; }

# fault LABEL MODE LIMIT_MS EXPECTED [VARIABLE=VALUE...]: EXPECTED is a pattern for the words; 'ok' for a job that must end well.
fault() {
  local label=$1 mode=$2 limit=$3 expected=$4 begin rc took before
  shift 4
  before=$(shared)
  begin=$(now)
  env "$@" timeout -s KILL 30 "$runner" 3 "$program" "$mode" "$token" > "$work/out" 2> "$work/err"
  rc=$?
  took=$(($(now) - begin))
  sleep 0.2
  if [[ $expected == ok ]]; then
    [[ $rc == 0 ]] || fail "$label" "exit code $rc"
  else
    [[ $rc != 0 ]] || fail "$label" "the job ended with 0"
    grep -qE "$expected" "$work/err" || fail "$label" "no '$expected' in its words"
  fi
  ((took <= limit)) || fail "$label" "took $took ms, more than $limit"
  [[ -z $(alive) ]] || { fail "$label" "ranks still live: $(alive)"; kill -9 $(alive); }
  [[ $(shared) == "$before" ]] || fail "$label" "left in /dev/shm: $(shared)"
  printf '%-28s exit code %3d, %5d ms\n' "$label" "$rc" "$took"
}

# Killing mpirun itself: the ranks notice by themselves.
launcher_killed() {
  local begin pid i
  "$runner" 3 "$program" sleep "$token" > "$work/out" 2> "$work/err" &
  sleep 1.5
  pid=$(pgrep -f "^mpirun .*$token" | head -1)
  begin=$(now)
  kill -9 "$pid"
  for i in $(seq 40); do [[ -z $(alive) ]] && break; sleep 0.1; done
  wait 2> /dev/null
  [[ -z $(alive) ]] || { fail "F17 mpirun killed" "ranks still live"; kill -9 $(alive); }
  (($(now) - begin <= 2500)) || fail "F17 mpirun killed" "took $(($(now) - begin)) ms"
  printf '%-28s ranks gone after %5d ms\n' "F17 mpirun killed" $(($(now) - begin))
}

start=$(now)
fault "control: fine" fine 5000 ok
one=$(($(now) - start)) # what a job costs here and now: limits are beyond it
quick=$((one + 2000)) dead=$((one + 3000)) late=$((one + 1500 + 2000))
T=STRATA_DISTRIBUTED_TIMEOUT=1.5 OFF=STRATA_DISTRIBUTED_VERIFY=0

fault "F1 shape" shape $quick "rank 1: #3 psum over 'data': float32 \[5\]"
fault "F2 dtype" dtype $quick "rank 1: #3 psum over 'data': float64 \[4\]"
fault "F3 op" op $quick "rank 1: #3 ppermute over 'data': float32 \[4\], 0>1"
fault "F3 control: verify off" op $late "psum over 'data': float32 \[4\].*no end after 1500 ms" $OFF $T
fault "F4 order" order $quick "rank 1: #3 psum over 'data'"
fault "F5 under grad or not" grad $quick "ranks 0 and 2: #3 psum over 'data': float32 \[\], inside grad"
fault "F6 early end" finalize $quick "rank 1: #[0-9]+ end of the program"
fault "F7 permutation" perm $quick "rank 1: #3 ppermute over 'data': float32 \[4\], 0>2"
fault "F8 throw" throw $dead "rank 1. fatal: the user's own error"
fault "F9 exit(0)" exit $dead "rank 1. the program ended"
fault "F9 _exit(0)" leave $dead "."
fault "F10 SIGKILL" kill $dead "."
fault "F11 SIGSEGV" segv $dead "."
fault "F12 sleep" sleep $late "rank [02] waited 1500 ms in #3 psum over 'data': float32 \[4\]: rank 1 did not come" $T
fault "F12 control: longer timeout" fine 5000 ok $T
fault "F13 SIGSTOP" stop $late "rank [02] waited 1500 ms in #3 psum over 'data': float32 \[4\]: rank 1 did not come" $T
fault "F14 fewer batches" batches $quick "rank 1: #"
fault "F14 smaller batch" sizes $quick "rank 1.*3 examples"
fault "F15 parameter shape" params $quick "\.b: float32 \[1\]"
fault "F15 parameter value" values $quick "\.b \(float32 \[\]\) has other values on rank 1"
fault "F16 control: NCCL's double" nccl-fine 5000 ok
fault "F16 NCCL error" nccl-error $dead "NCCL on rank 1: ncclAllReduce failed: remote process exited"
fault "F16 NCCL never ready" nccl-start $late "NCCL on rank 1: ncclCommInitRankConfig: no end after 1500 ms"
fault "F16 NCCL's abort hangs" nccl-abort $late "rank 1. ncclCommAbort after: ncclAllReduce failed.*no end after 1 s"
launcher_killed
echo "$failures failures, $((($(now) - start) / 1000)) s"
exit $((failures > 0))
