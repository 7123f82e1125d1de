#!/usr/bin/env python3
"""Runs the cases of bench/cases beside PyTorch, torch.func, JAX, Opacus and OpenBLAS in one run: outputs checked equal,
rounds interleaved, threads pinned; prints medians, intervals and the acceptance table; writes docs/benchmarks.md and
.svg. Peers are installed into a virtual environment of its own. `./dev compare --help`."""
import argparse
import dataclasses
import json
import os
import pathlib
import platform
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from comparison import environment  # noqa: E402  (the rest needs the environment's packages)

ROOT = environment.ROOT


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--only", default="", help="cases whose names hold this text; several, separated by commas")
    p.add_argument("--peers", default="", help="the peers to run, separated by commas; all when absent")
    p.add_argument("--rounds", type=int, default=15)
    p.add_argument("--seconds", type=float, default=0.1, help="for each case, participant and round")
    p.add_argument("--threads", default="1,2", help="numbers of threads, separated by commas")
    p.add_argument("--cpu-time", action="store_true", help="processor time instead of wall time: for one thread on a "
                   "machine that has other work")
    p.add_argument("--quick", action="store_true", help="5 short rounds, one thread, without the slowest cases")
    p.add_argument("--venv", type=pathlib.Path, default=ROOT / ".cache" / "bench-venv", help="made when absent")
    p.add_argument("--program", type=pathlib.Path, default=ROOT / "build" / "bench" / "compare_cases")
    p.add_argument("--output", type=pathlib.Path, help="folder for benchmarks.md, .svg and .json; docs for a whole run, "
                   "else .cache")
    options = p.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.threads = min(options.rounds, 5), 0.02, options.threads.split(",")[0]
    if options.output is None:
        whole = not (options.quick or options.only or options.peers)
        options.output = ROOT / ("docs" if whole else ".cache")
    return options


def start_workers(options, threads):
    from comparison import workers
    torch_program = environment.torch_program(options.venv)
    running = {}
    wanted = options.peers.split(",") if options.peers else None
    for name, command in workers.commands(options.program, torch_program, threads).items():
        if wanted and name != workers.OURS and name not in wanted:
            continue
        try:
            running[name] = workers.Worker(name, command, threads).start()
            print(f"  {name}: {running[name].version}", flush=True)
        except workers.WorkerError as error:
            print(f"  {name} is left out: {error}", flush=True)
    return running


def selected(options, cases):
    from comparison import plan
    texts = options.only.split(",")
    return [g for g in plan.groups(cases) if any(t in g.case for t in texts)
            and not (options.quick and g.case in plan.SLOW)]


def run(options, threads, versions):
    from comparison import measure, plan, report, workers
    pinned = workers.cores(threads)
    print(f"\n{threads} thread{'s' if threads > 1 else ''}, pinned to core{'s' if threads > 1 else ''} "
          f"{', '.join(map(str, pinned))}; load {os.getloadavg()[0]:.1f}", flush=True)
    running = start_workers(options, threads)
    versions.update({name: w.version for name, w in running.items()})
    ours, results = running[workers.OURS], []
    try:
        with tempfile.TemporaryDirectory() as folder:
            rounds = measure.Rounds(running, threads, folder, options.rounds, options.seconds,
                                    "cpu" if options.cpu_time else "wall")
            for group in selected(options, ours.cases):
                results.append(rounds.run(group))
                print(report.row(results[-1]), flush=True)
        for case in plan.MEMORY:
            if any(t in f"memory of {case}" for t in options.only.split(",")):
                results.append(measure.memory(running, threads, case))
                print(report.row(results[-1], report.bytes_text), flush=True)
        figures = {name: ours.ask({"do": "measure", "case": name})["value"] for name in plan.MEASURES
                   if threads == 1 and name in ours.measures and any(t in name for t in options.only.split(","))}
        return results, figures, ours.cases
    finally:
        for worker in running.values():
            worker.stop()


def facts(options, versions, started, load):
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    end = os.getloadavg()[0]
    quiet = max(load, end) < len(os.sched_getaffinity(0)) + 0.5
    return [f"{platform.machine()}, {model}, {os.cpu_count()} cores; {time.strftime('%Y-%m-%d', started)}",
            "; ".join(f"{name}: {version}" for name, version in versions.items()),
            f"{options.rounds} rounds of {options.seconds:g} s each, {'processor' if options.cpu_time else 'wall'} time; load {load:.1f} at the start, {end:.1f} at the end"
            + ("" if quiet else ": **the machine was busy with other work, small differences mean nothing**"),
            "every process is pinned to as many cores as it has threads; every result is computed in full and dropped"]


def main():
    options = arguments()
    environment.enter(options.venv)
    from comparison import plot, report
    if not options.program.exists():
        sys.exit(f"{options.program} is not built: ./dev compare builds it, or give --program")
    started, load, versions = time.localtime(), os.getloadavg()[0], {}
    results, figures, cases = [], {}, []
    for threads in map(int, options.threads.split(",")):
        more, more_figures, cases = run(options, threads, versions)
        results += more
        figures.update(more_figures)
    found = report.verdicts(results, cases) + [report.measure_verdict(*figure) for figure in figures.items()]
    print("\n" + report.acceptance_text(found))
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "benchmarks.json").write_text(json.dumps([dataclasses.asdict(r) for r in results], indent=1))
    (options.output / "benchmarks.md").write_text(report.page(results, found, facts(options, versions, started, load)))
    if results:
        (options.output / "benchmarks.svg").write_text(plot.svg(results, results[0].threads))
    print(f"\nwritten to {options.output}/benchmarks.md, .svg, .json")
    return 1 if any(v.word == "MISSED" for v in found) else 0


if __name__ == "__main__":
    sys.exit(main())
