"""Medians and their intervals. Used by measure.py and report.py."""
import dataclasses
import math
import statistics


@dataclasses.dataclass
class Estimate:
    """A median and an interval that holds the true one with 90 % (order statistics; the whole range below 5 values)."""
    median: float
    low: float
    high: float

    @staticmethod
    def of(values):
        ordered = sorted(values)
        n, rank = len(ordered), 1
        while rank < n / 2 and _coverage(n, rank + 1) >= 0.9:
            rank += 1
        return Estimate(statistics.median(ordered), ordered[rank - 1], ordered[n - rank])


def _coverage(n, rank):
    """How likely the true median lies between the rank-th smallest and the rank-th largest of n."""
    return 1 - 2 * sum(math.comb(n, i) for i in range(rank)) / 2**n
