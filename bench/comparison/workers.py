"""Processes that run cases on request, ours and the peers': pinned to cores, told how many threads to use, asked one
JSON line at a time. Used by measure.py."""
import json
import os
import pathlib
import select
import subprocess
import sys
import tempfile
import time

PEERS = pathlib.Path(__file__).resolve().parents[1] / "peers"
OURS = "Strata"


class WorkerError(Exception):
    """A case failed, or its process did."""


def cores(threads):
    """The cores that processes with so many threads are pinned to: the last ones, away from most interrupts."""
    return sorted(os.sched_getaffinity(0))[-threads:]


def environment(threads):
    """Thread counts in the words of every library."""
    n = str(threads)
    names = ("STRATA_BENCH_THREADS", "STRATA_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS",
             "NPROC")
    eigen = f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'}"
    return os.environ | {name: n for name in names} | {"XLA_FLAGS": eigen, "JAX_PLATFORMS": "cpu",
                                                       "PYTHONDONTWRITEBYTECODE": "1"}


def openblas_core():
    """The kernels that OpenBLAS should take by this processor's features: it does not know every processor by name."""
    features = next((line for line in open("/proc/cpuinfo") if line.startswith("flags")), "").split()
    if "OPENBLAS_CORETYPE" in os.environ:
        return {}
    return {"OPENBLAS_CORETYPE": "SkylakeX"} if "avx512bw" in features else (
        {"OPENBLAS_CORETYPE": "Haswell"} if "avx2" in features else {})


def commands(program, torch_program, threads):
    """Name -> command line."""
    python = [sys.executable]
    all_commands = {OURS: [str(program), "--threads", str(threads)],
                    "PyTorch": python + [str(PEERS / "torch_eager.py")],
                    "torch.func": python + [str(PEERS / "torch_func.py")],
                    "JAX": python + [str(PEERS / "jax_cases.py")],
                    "Opacus": python + [str(PEERS / "opacus_cases.py")],
                    "OpenBLAS": [str(program), "--peer", "openblas", "--threads", str(threads)]}
    if torch_program:
        all_commands["PyTorch C++"] = [str(torch_program)]
    return all_commands


class Worker:
    def __init__(self, name, command, threads):
        self.name, self._command, self._threads = name, command, threads
        self._process = None
        self._log = tempfile.TemporaryFile()
        self.cases, self.measures, self.version = [], [], ""

    def start(self):
        pinned = cores(self._threads)
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log,
                                         env=environment(self._threads) | (openblas_core() if self.name == "OpenBLAS" else {}),
                                         preexec_fn=lambda: os.sched_setaffinity(0, pinned))
        told = self.ask({"do": "list"})
        self.cases, self.measures, self.version = told["cases"], told["measures"], told["version"]
        return self

    def fresh(self):
        """Another process of the same kind."""
        return Worker(self.name, self._command, self._threads).start()

    def stop(self):
        if self._process and self._process.poll() is None:
            try:
                self._process.stdin.write(b'{"do": "quit"}\n')
                self._process.stdin.close()
                self._process.wait(10)
            except (OSError, subprocess.TimeoutExpired):
                self._process.kill()
                self._process.wait()
        self._process = None

    def ask(self, request, seconds=300):
        """The answer. After an error the process goes on, or is started anew if it died or was silent for too long."""
        try:
            self._process.stdin.write((json.dumps(request) + "\n").encode())
            self._process.stdin.flush()
            line = self._line(seconds)
        except OSError:
            line = b""
        if not line:
            status = self._process.poll()
            self._process.kill()
            why = f"silent for {seconds} s" if status is None else f"ended with {status}"
            words = self._last_words()
            if request["do"] != "list":
                self.stop()
                self.start()
            raise WorkerError(f"{self.name}: {why}{words}")
        reply = json.loads(line)
        if "error" in reply:
            raise WorkerError(f"{self.name}: {reply['error']}")
        return reply

    def _line(self, seconds):
        end, line = time.monotonic() + seconds, b""
        while not line.endswith(b"\n"):
            if not select.select([self._process.stdout], [], [], max(0, end - time.monotonic()))[0]:
                return b""
            part = os.read(self._process.stdout.fileno(), 1 << 16)
            if not part:
                return b""
            line += part
        return line

    def _last_words(self):
        self._log.seek(0)
        text = self._log.read().decode(errors="replace").strip()
        return ": " + text.splitlines()[-1] if text else ""
