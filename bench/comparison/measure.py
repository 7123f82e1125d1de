"""Rounds: everybody who has a case prepares it, outputs are checked equal, then all take turns. Used by compare.py."""
import dataclasses
import pathlib
import statistics

import numpy as np

from comparison.statistics import Estimate
from comparison.workers import OURS, WorkerError

TOLERANCE = 2e-4  # of the largest element


@dataclasses.dataclass
class Result:
    """One group at one number of threads. Times are ns, one figure a round; keys are names of peers, or our own cases
    that stand beside."""
    case: str
    threads: int
    times: dict = dataclasses.field(default_factory=dict)
    notes: dict = dataclasses.field(default_factory=dict)  # why a participant is missing

    def time(self, key):
        return Estimate.of(self.times[key])

    def ratio(self, key):
        """Our time over another's, round by round."""
        return Estimate.of([a / b for a, b in zip(self.times[OURS], self.times[key])])

    def difference(self, key):
        return Estimate.of([a - b for a, b in zip(self.times[OURS], self.times[key])])


def difference(reference, other):
    """Why two prepared outputs differ, or nothing."""
    (shapes, values), (other_shapes, other_values) = reference, other
    if [s for s in shapes if 0 not in s] != [s for s in other_shapes if 0 not in s]:
        return f"outputs differ in shape: {shapes} against {other_shapes}"
    begin = 0
    for shape in shapes:
        size = int(np.prod(shape, dtype=np.int64))
        stride = max(1, -(-size // (1 << 18)))
        count = -(-size // stride)
        a, b = values[begin:begin + count], other_values[begin:begin + count]
        begin += count
        if not (np.isfinite(a).all() and np.isfinite(b).all()):
            return "outputs are not finite"
        scale = max(float(np.abs(a).max(initial=0)), 1e-30)
        off = float(np.abs(a - b).max(initial=0)) / scale
        if off > TOLERANCE:
            return f"outputs of shape {shape} differ by {off:.1e} of the largest element"
    return ""


class Rounds:
    def __init__(self, workers, threads, folder, rounds, seconds, clock):
        self._workers, self._threads, self._folder = workers, threads, pathlib.Path(folder)
        self._rounds, self._ask = rounds, {"do": "time", "seconds": seconds, "clock": clock}

    def run(self, group):
        result = Result(group.case, self._threads)
        ready = self._prepare(group, result)
        try:
            for i in range(self._rounds):
                turn = i % max(1, len(ready))
                for key, worker, case in ready[turn:] + ready[:turn]:
                    if key in result.notes:
                        continue
                    self._time(result, key, worker, case)
        finally:
            for _, worker, case in ready:
                worker.ask({"do": "drop", "case": case})
        return result

    def _time(self, result, key, worker, case):
        try:
            samples = worker.ask(self._ask | {"case": case})["ns"]
            result.times.setdefault(key, []).append(statistics.median(samples))
        except WorkerError as error:
            result.notes[key] = str(error)
            result.times.pop(key, None)

    def _participants(self, group):
        ours = self._workers[OURS]
        return ([(OURS, ours, group.case)] + [(case, ours, case) for case in group.also if case in ours.cases] +
                [(w.name, w, group.case) for w in self._workers.values() if w is not ours and group.case in w.cases])

    def _prepare(self, group, result):
        ready, reference = [], None
        for key, worker, case in self._participants(group):
            path = self._folder / "outputs"
            try:
                shapes = worker.ask({"do": "prepare", "case": case, "outputs": str(path)})["shapes"]
            except WorkerError as error:
                result.notes[key] = str(error)
                continue
            outputs = shapes, np.fromfile(path, np.float32)
            if key == OURS:
                reference = outputs
            compared = reference and (group.same if worker.name == OURS else key not in group.unchecked)
            unequal = difference(reference, outputs) if compared and key != OURS else ""
            if unequal:
                result.notes[key] = unequal
                worker.ask({"do": "drop", "case": case})
            else:
                ready.append((key, worker, case))
        return ready


def memory(workers, threads, case, repeats=3):
    """Resident bytes of five calls above those before the first, each time in a process of its own."""
    result = Result(f"memory of {case}", threads)
    for _ in range(repeats):
        for name in (OURS, "PyTorch", "JAX"):
            if name not in workers or case not in workers[name].cases:
                continue
            worker = workers[name].fresh()
            try:
                result.times.setdefault(name, []).append(worker.ask({"do": "memory", "case": case})["bytes"])
            except WorkerError as error:
                result.notes[name] = str(error)
            finally:
                worker.stop()
    return result
