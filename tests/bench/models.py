#!/usr/bin/python3
"""Resident memory per model, through the API: many models with three windows each, and one with long
windows. Fails when a figure is above what docs/performance.md states.

usage: tests/bench/models.py [--models 10000] [--full 400] [--long 1000000]
"""
import argparse
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))
from harness import Daemon  # noqa: E402

# KiB a model, and bytes a pair of the longest count window; docs/performance.md has them too.
LIMITS = {"created": 16, "ten events": 48, "full windows": 560, "pair": 26}
CLASSES = ["a", "b", "c", "d"]
WINDOWS = [{"name": "last-500", "count": 500}, {"name": "last-5000", "count": 5000}, {"name": "1d", "duration": "1d"}]


def resident(daemon):
    with open(f"/proc/{daemon.process.pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def pairs(n):
    """Without ids, which have an index of their own (lib/ids/ids.h says what it takes)."""
    return [{"predicted": CLASSES[i % 4], "label": CLASSES[i % 3]} for i in range(n)]


def post(daemon, model, items):
    for at in range(0, len(items), 20000):
        reply = daemon.ndjson(f"/v1/models/{model}/events", items[at:at + 20000])
        assert reply.status == 200, reply


def create(daemon, prefix, n, windows=WINDOWS):
    for i in range(n):
        reply = daemon.put(f"/v1/models/{prefix}{i}", {"classes": CLASSES, "windows": windows})
        assert reply.status == 201, reply


def measure(name, daemon, before, n, unit=1):
    time.sleep(3)  # points of history that wait for their transaction
    figure = (resident(daemon) - before) * unit / n
    kind = "B a pair" if unit > 1 else "KiB a model"
    print(f"{name:14} {figure:8.1f} {kind:12} limit {LIMITS[name]}", flush=True)
    return figure <= LIMITS[name]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=10000)
    parser.add_argument("--full", type=int, default=400)
    parser.add_argument("--long", type=int, default=1000000)
    options = parser.parse_args()
    config = {"max_models": options.models + options.full + 2}
    daemon = Daemon(config=config)
    daemon.start()
    met = []
    try:
        create(daemon, "warm", 1)
        before = resident(daemon)
        create(daemon, "m", options.models)
        met.append(measure("created", daemon, before, options.models))
        for i in range(options.models):
            post(daemon, f"m{i}", pairs(10))
        met.append(measure("ten events", daemon, before, options.models))
        create(daemon, "full", options.full)
        post(daemon, "warm0", pairs(400000))
        before = resident(daemon)
        for i in range(options.full):
            post(daemon, f"full{i}", pairs(6000))
        met.append(measure("full windows", daemon, before, options.full))
        create(daemon, "long", 1, [{"name": "long", "count": options.long}])
        before = resident(daemon)
        post(daemon, "long0", pairs(options.long))
        met.append(measure("pair", daemon, before, options.long, 1024))
    finally:
        daemon.finish()
    sys.exit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
