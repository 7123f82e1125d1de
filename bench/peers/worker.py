"""What every peer written in Python shares: the table of cases and the conversation with compare.py, one JSON object a
line each way; bench/cases/main.cpp says what is asked. A peer imports `case`, adds its cases, calls `serve`."""
import gc
import json
import os
import sys
import time

import numpy as np

THREADS = int(os.environ.get("STRATA_BENCH_THREADS", "1"))
MOST_SAMPLES = 1 << 18
_cases = {}


def case(name, per=1, checks=1):
    """Adds a case: the decorated function sets up and returns the callable to time."""
    def add(setup):
        _cases[name] = (setup, per, checks)
        return setup
    return add


def _write(outputs, path, to_numpy):
    shapes = []
    with open(path, "wb") as file:
        for y in outputs:
            y = np.asarray(to_numpy(y), dtype=np.float32)
            shapes.append(list(y.shape))
            stride = max(1, (y.size + MOST_SAMPLES - 1) // MOST_SAMPLES)
            file.write(np.ascontiguousarray(y.reshape(-1)[::stride]).tobytes())
    return shapes


def _nanoseconds(call, wait, n, clock):
    start = clock()
    for _ in range(n):
        wait(call())
    return clock() - start


def _time(call, wait, seconds, per, clock):
    n = 1
    while _nanoseconds(call, wait, n, clock) < 2e5:
        n *= 2
    samples, end = [], time.perf_counter() + seconds
    while len(samples) < 3 or time.perf_counter() < end:
        samples.append(_nanoseconds(call, wait, n, clock) / n / per)
    return samples


def _status(field):
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    return 0


def _memory(call, wait):
    before = _status("VmRSS")
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")
    for _ in range(5):
        wait(call())
    return _status("VmHWM") - before


def serve(version, leaves, to_numpy, wait=lambda y: None):
    """Answers until told to quit. `leaves` flattens a result in the order of bench/cases; `wait` waits for it."""
    ready = {}

    def answer(request):
        what = request["do"]
        if what == "list":
            return {"cases": list(_cases), "measures": [], "version": version, "threads": THREADS}
        name = request["case"]
        setup, per, checks = _cases[name]
        if what == "drop":
            return {"dropped": ready.pop(name, None) is not None}
        if what == "memory":
            return {"bytes": _memory(setup(), wait)}
        if what == "prepare":
            ready[name] = setup()
            outputs = [leaf for _ in range(checks) for leaf in leaves(ready[name]())]
            return {"shapes": _write(outputs, request["outputs"], to_numpy)}
        gc.collect()
        gc.disable()
        try:
            clock = time.process_time_ns if request["clock"] == "cpu" else time.perf_counter_ns
            return {"ns": _time(ready[name], wait, request["seconds"], per, clock)}
        finally:
            gc.enable()

    talk = os.fdopen(os.dup(1), "w")  # what a library prints must not mix with the answers
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "quit":
            return
        try:
            reply = answer(request)
        except Exception as error:  # told to compare.py, which prints it
            reply = {"error": f"{type(error).__name__}: {error}"}
        talk.write(json.dumps(reply) + "\n")
        talk.flush()
