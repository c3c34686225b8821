#!/usr/bin/python3
"""Measures the daemon's ingest against what SQLite and libmicrohttpd do by themselves on this machine.

Each figure is a ratio to a reference that is measured in the same run: rounds alternate between the two,
the best of each side counts, and the least and greatest ratio of a round stand beside it. Rates and
times alone say little: disks differ by fifty times in fsync, and another process may have the cores.
"""
import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile

import figures
import process


class Size:
    """How much of everything."""

    def __init__(self, args):
        quick = args.quick
        self.folder, self.rounds = args.data, args.rounds or (2 if quick else 5)
        self.bulk = args.events or (200_000 if quick else 1_000_000)
        self.recent, self.labels = (300_000, 150_000) if quick else (1_000_000, 500_000)
        self.stored = args.stored or (1_000_000 if quick else 10_000_000)
        self.trained = 50_000 if quick else 200_000
        self.flood = 15 if quick else 90
        self.seconds = 2 if quick else 5
        self.commits, self.pace_us = (500, 2000) if quick else (2000, 2000)
        self.memory, self.models = (500_000, 500) if quick else (2_000_000, 2000)


def machine(folder):
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    disk = subprocess.run(["df", "--output=fstype,source", folder], capture_output=True, text=True).stdout.split("\n")[1].split()
    return f"{os.cpu_count()} cores, {cpu}; {folder} on {' '.join(disk)}"


def measure(figure, size):
    fsync = [process.fsync_ms(size.folder)]
    rounds = []
    for ours, base in figure.rounds(size):
        rounds.append((ours, base))
        fsync.append(process.fsync_ms(size.folder))
    best, bound = figure.best([r[0] for r in rounds]), figure.best([r[1] for r in rounds])
    ratios = [ours / base for ours, base in rounds]
    ratio = best / bound
    return {"figure": figure.name, "ratio": ratio, "least": min(ratios), "most": max(ratios), "ours": best,
            "reference": bound, "unit": figure.unit, "reach": figure.reach, "goal": figure.goal,
            "met": figure.verdict(ratio),
            "fsync_ms": sorted(fsync)[len(fsync) // 2], "against": figure.against, "rounds": len(rounds)}


def short(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def print_row(row):
    reach, goal = ("-" if row[bound] is None else row[bound] for bound in ("reach", "goal"))
    print(f"{row['figure']:10}{row['ratio']:>7.2f}{row['least']:>7.2f} .. {row['most']:<7.2f}{reach:>5} {goal:>5}  "
          f"{row['met']:6}{short(row['ours']):>9} {row['unit']:9} {short(row['reference']):>9}  {row['fsync_ms']:>5.2f} ms  "
          f"{row['against']}", flush=True)


def options():
    names = [figure.name for figure in figures.ALL] + ["memory"]
    parser = argparse.ArgumentParser(prog="scripts/bench ingest", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", help=argparse.SUPPRESS, required=True)
    parser.add_argument("--only", action="append", choices=names, help="this figure; may be given again")
    parser.add_argument("--rounds", type=int, help="rounds a figure (5; --quick: 2)")
    parser.add_argument("--quick", action="store_true", help="fewer rows: minutes become seconds, and figures rougher")
    parser.add_argument("--events", type=int, help="events of a bulk round")
    parser.add_argument("--stored", type=int, help="events of a full store (10 million; --quick: 1 million)")
    parser.add_argument("--data", help="folder of the data, on the disk that counts (the system's for temporary files)")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    args = parser.parse_args()
    args.data = os.path.abspath(args.data or tempfile.gettempdir())
    return args


def main():
    args = options()
    process.BUILD = os.path.abspath(args.build)
    size = Size(args)
    wanted = args.only or [figure.name for figure in figures.ALL] + ["memory"]
    rows, memory = [], []
    if not args.json:
        print(f"{machine(args.data)}; the best of {size.rounds} alternating rounds")
    if not args.json and wanted != ["memory"]:
        print(f"{'figure':10}{'ratio':>7}{'least .. most':>16}{'reach':>9} {'goal':>4}  {'met':6}{'ours':>9} {'':9} {'reference':>9}  {'fsync':>8}  against", flush=True)
    for figure in figures.ALL:
        if figure.name in wanted:
            rows.append(measure(figure, size))
            if not args.json:
                print_row(rows[-1])
    for what, size_of in figures.memory(size) if "memory" in wanted else ():
        memory.append({"of": what, "bytes": round(size_of)})
        if not args.json:
            print(f"resident memory of {what}: {short(size_of / 1024)} KiB", flush=True)
    if args.json:
        print(json.dumps({"machine": machine(args.data), "figures": rows, "memory": memory}))
    return 0 if all(row["met"] != "no" for row in rows) else 1


sys.exit(main())
