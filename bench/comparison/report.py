"""Tables of results: lines for the terminal while it runs, the acceptance table, docs/benchmarks.md. Used by compare.py."""
import dataclasses

from comparison import plan
from comparison.statistics import Estimate
from comparison.workers import OURS


@dataclasses.dataclass
class Verdict:
    line: plan.Line
    threads: int
    value: str
    word: str  # holds, unresolved, MISSED, not measured
    peer: str = ""
    excess: float = 0


def number(x):
    return f"{x:.3g}" if x < 100 else f"{x:.0f}"


def time_text(ns):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if abs(ns) >= size:
            return f"{number(ns / size)} {unit}"
    return f"{number(ns)} ns"


def bytes_text(n):
    return f"{n / 2**20:.1f} MiB"


def interval(e):
    return f"{number(e.median)} [{number(e.low)}, {number(e.high)}]"


def resolved(e):
    return not e.low <= 1 <= e.high


def row(result, text=time_text):
    """One line for the terminal."""
    if OURS not in result.times:
        return f"{result.case:<34} {result.notes.get(OURS, 'not measured')}"
    parts = [f"{result.case:<34} {text(result.time(OURS).median):>10}"]
    for key in result.times:
        if key != OURS:
            e = result.ratio(key)
            parts.append(f"{key} {interval(e)}" + ("" if resolved(e) else " no difference resolved"))
    parts += [f"{key}: {note}" for key, note in result.notes.items()]
    return "  ".join(parts)


def judge(value, bound):
    """A bound is missed only when the whole interval lies beyond it."""
    if value.low > bound:
        return "MISSED"
    return "holds" if value.high <= bound else "unresolved"


def verdict(line, result):
    missing = Verdict(line, result.threads, result.notes.get(OURS, "no peer ran") if result else "", "not measured")
    if OURS not in result.times:
        return missing
    if not line.against:
        e = result.time(OURS)
        return Verdict(line, result.threads, f"{time_text(e.median)} [{time_text(e.low)}, {time_text(e.high)}]",
                       judge(e, line.bound), excess=e.median / line.bound)
    peers = plan.peers_of(line, list(result.times))
    if not peers:
        return missing
    peer = min(peers, key=lambda key: result.time(key).median)
    if line.more:
        e = result.difference(peer)
        return Verdict(line, result.threads, f"{number(e.median)} ns [{number(e.low)}, {number(e.high)}]",
                       judge(e, line.bound), peer, e.median / line.bound)
    e = result.ratio(peer)
    return Verdict(line, result.threads, interval(e), judge(e, line.bound), peer, e.median / line.bound)


def verdicts(results, cases):
    by_key = {(r.case, r.threads): r for r in results}
    found = []
    for threads in sorted({r.threads for r in results}):
        for line in plan.lines(cases):
            if (line.case, threads) in by_key:
                found.append(verdict(line, by_key[line.case, threads]))
        for case in plan.MEMORY:
            if (f"memory of {case}", threads) in by_key:
                line = plan.Line(f"peak memory, {case}", f"memory of {case}", 1.0, "PyTorch")
                found.append(verdict(line, by_key[line.case, threads]))
    return found


def measure_verdict(name, value):
    what, bound = plan.MEASURES[name]
    line = plan.Line(what, name, float("inf") if bound is None else bound)
    return Verdict(line, 1, f"{value:g}", "" if bound is None else judge(Estimate(value, value, value), bound))


def acceptance_rows(found):
    for v in found:
        bound = str(v.line).replace("best of PyTorch and OpenBLAS", v.peer or "their best")
        bound = bound.replace("of best", f"of {v.peer or 'the best peer'}")
        bound = bound.replace("≤ inf", "none")
        yield v.line.what, v.threads, bound, v.value, v.word


def acceptance_text(found):
    rows = [("case", "threads", "bound", "measured", ""), *acceptance_rows(found)]
    widths = [max(len(str(r[i])) for r in rows) for i in range(5)]
    return "\n".join("  ".join(str(c).ljust(w) for c, w in zip(r, widths)).rstrip() for r in rows)


def markdown_table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(str(c).replace("|", "\\|") for c in r) + " |" for r in rows]
    return "\n".join(lines)


def cell(result, key):
    if key not in result.times:
        return result.notes.get(key, "")
    e = result.ratio(key)
    text = f"{time_text(result.time(key).median)}: **{number(e.median)}** [{number(e.low)}, {number(e.high)}]"
    return text if resolved(e) else text + " no difference resolved"


def times_table(results, threads):
    names = ("PyTorch", "torch.func", "JAX")
    rows = []
    for r in results:
        if r.threads != threads or OURS not in r.times or r.case.startswith("memory"):
            continue
        others = [f"{k} {cell(r, k)}" for k in r.times if k not in names and k != OURS]
        rows.append((r.case, time_text(r.time(OURS).median), *(cell(r, k) for k in names), "<br>".join(others)))
    return markdown_table(("case", OURS, *names, "others"), rows)


def page(results, found, facts):
    """docs/benchmarks.md."""
    parts = ["# Benchmarks", "", "Written by `./dev compare` (bench/compare.py), which runs the same cases in this library "
             "and in its peers, checks that their outputs are equal, and lets them take turns round by round. A ratio is "
             "our time over theirs: below 1 we are faster. Brackets hold the median with 90 %; a bound is missed only "
             "when the whole interval lies beyond it.", "", *(f"- {fact}" for fact in facts), "",
             "![ratios of time to each peer](benchmarks.svg)", "", "## Bounds", "",
             markdown_table(("case", "threads", "bound", "measured", ""), acceptance_rows(found))]
    for threads in sorted({r.threads for r in results}):
        parts += ["", f"## Times, {threads} thread{'s' if threads > 1 else ''}", "", times_table(results, threads)]
    return "\n".join(parts) + "\n"
