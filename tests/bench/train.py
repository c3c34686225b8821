#!/usr/bin/python3
"""Measures training against scikit-learn on this machine, with as many threads on both sides.

Each row is a ratio: our time by scikit-learn's on the same rows, in alternating rounds, the best of each
side (of searches, where luck is most of it, the mean); the least and greatest ratio of a round stand beside it. The log loss on rows that neither side has
seen, a mean over the rounds, must be no more than 1.01 times scikit-learn's.
"""
import argparse
import json
import os
import platform
import sys
import tempfile

import answers # noqa: F401, its rows
import fits
import live # noqa: F401
import process
import searches # noqa: F401

LOSS_MOST = 1.01


def machine(threads):
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} cores, {cpu}; {threads} thread{'s' if threads > 1 else ''} on both sides"


def measure(row, bench):
    bench.floors = {}
    rounds = list(row.rounds(bench))
    ours, base = (row.best([r[side] for r in rounds]) for side in (0, 1))
    ratios = [r[0] / r[1] for r in rounds]
    losses = [sum(r[2][side] for r in rounds) / len(rounds) for side in (0, 1)] if rounds[0][2] else None
    ratio = ours / base
    fine = not losses or losses[0] <= LOSS_MOST * losses[1]
    met = "loss" if not fine else "goal" if ratio <= row.goal else "reach" if ratio <= row.reach else "no"
    return {"row": row.name, "ratio": ratio, "least": min(ratios), "most": max(ratios), "reach": row.reach, "goal": row.goal,
            "met": met, "ours": ours, "reference": base, "unit": row.unit, "losses": losses, "against": row.against, "floors": bench.floors, "rounds": len(rounds)}


def print_row(r):
    losses = f"{r['losses'][0]:.4f} {r['losses'][1]:.4f}" if r["losses"] else ""
    floors = "".join(f"; {name} {took:.3g} {r['unit']}" for name, took in r["floors"].items())
    print(f"{r['row']:20}{r['ratio']:>6.3f}{r['least']:>7.3f} .. {r['most']:<6.3f}{r['reach']:>6.3g}{r['goal']:>7.3g}  {r['met']:6}"
          f"{r['ours']:>8.3g} {r['unit']:3}{r['reference']:>8.3g}  {losses:15}{r['against']}{floors}", flush=True)


def options():
    parser = argparse.ArgumentParser(prog="scripts/bench train", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", help=argparse.SUPPRESS, required=True)
    parser.add_argument("--only", action="append", choices=[row.name for row in fits.ALL], help="this row; may be given again")
    parser.add_argument("--rounds", type=int, help="rounds a row (5; --quick: 2)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows: figures are rougher, and ratios others")
    parser.add_argument("--threads", type=int, default=1, help="threads of either side (1)")
    parser.add_argument("--clock", choices=("wall", "processor"), default="wall",
                        help="what is measured; on a busy machine the processor time of the process says more")
    parser.add_argument("--data", help="folder of the rows, 300 MB (the system's for temporary files)")
    parser.add_argument("--json-tensors", action="store_true", help="infer sends and gets its numbers as JSON text, not in binary")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    return parser.parse_args()


def main():
    args = options()
    process.BUILD = os.path.abspath(args.build)
    done = []
    if not args.json:
        print(f"{machine(args.threads)}; {args.clock} time, the best of alternating rounds")
        print(f"{'row':20}{'ratio':>6}{'least .. most':>17}{'reach':>6}{'goal':>7}  {'met':6}{'ours':>8} {'':3}{'theirs':>8}  {'log losses':15}against", flush=True)
    with tempfile.TemporaryDirectory(prefix="upkeepd-bench-", dir=args.data) as folder:
        bench = fits.Bench(folder, args)
        for row in fits.ALL:
            if not args.only or row.name in args.only:
                done.append(measure(row, bench))
                if not args.json:
                    print_row(done[-1])
    if args.json:
        print(json.dumps({"machine": machine(args.threads), "clock": args.clock, "rows": done}))
    return 0 if all(r["met"] in ("goal", "reach") for r in done) else 1


sys.exit(main())
