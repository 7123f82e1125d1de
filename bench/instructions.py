#!/usr/bin/env python3
"""Counts the instructions of the dispatch cases under callgrind, with the baseline kernels, and compares them with
bench/instructions.json: a slow creep is seen whatever the machine does. `./dev bench --check`, `./dev bench --update`.
Counts made with another compiler or C library are reported, not judged."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
KEPT = ROOT / "bench" / "instructions.json"
PROGRAM = ROOT / "build" / "bench" / "compare_cases"
TOLERANCE = 0.05


def count(program):
    """{"compiler": ..., "libc": ..., "isa": ..., "cases": {name: instructions per op}}"""
    # One thread, OpenBLAS's own included: handles are counted otherwise where there are several.
    environment = os.environ | {"STRATA_ISA": "baseline", "STRATA_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "callgrind"
        done = subprocess.run(
            ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}", "--collect-atstart=no",
             "--toggle-collect=strata_measured", "--dump-after=strata_measured", str(program), "--instructions"],
            env=environment, check=True, stdout=subprocess.PIPE, text=True)
        told = json.loads(done.stdout.splitlines()[-1])
        counts = [int(re.search(r"^(?:summary|totals): (\d+)", pathlib.Path(f"{out}.{i + 1}").read_text(), re.M)[1])
                  for i in range(len(told["ops"]))]
    return told["built"] | {"cases": {name: round(n / ops, 1) for (name, ops), n in zip(told["ops"], counts)}}


def compare(kept, found):
    """Lines to print, and whether all is within the tolerance."""
    same_build = all(kept[key] == found[key] for key in ("compiler", "libc", "isa"))
    if not same_build:
        yield ("counted with " + ", ".join(f"{found[k]} (kept: {kept[k]})" for k in ("compiler", "libc", "isa")) +
               ": reported, not judged"), True
    for name in sorted(kept["cases"].keys() | found["cases"].keys()):
        before, now = kept["cases"].get(name), found["cases"].get(name)
        if before is None or now is None:
            yield f"{name:<28} {before or '-':>9} -> {now or '-':>9}  not in both", not same_build
            continue
        change = now / before - 1
        within = abs(change) <= TOLERANCE
        word = "" if within else "  MORE" if change > 0 else "  less: ./dev bench --update keeps it"
        yield f"{name:<28} {before:>9} -> {now:>9}  {change:+.1%}{word}", within or not same_build


def main():
    mode = sys.argv[1] if len(sys.argv) > 1 else "--check"
    program = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else PROGRAM
    if mode not in ("--check", "--update"):
        sys.exit("instructions.py --check|--update [PROGRAM]")
    if not shutil.which("valgrind"):
        sys.exit("instructions.py: valgrind is not installed (apt-get install valgrind)")
    found = count(program)
    if mode == "--update":
        KEPT.write_text(json.dumps(found, indent=2) + "\n")
        print(f"written to {KEPT}")
        return 0
    judged = list(compare(json.loads(KEPT.read_text()), found))
    print("instructions per op\n" + "\n".join(line for line, _ in judged))
    return 0 if all(good for _, good in judged) else 1


if __name__ == "__main__":
    sys.exit(main())
