#!/usr/bin/python3
"""Bulk ingest, single posts and metrics of one daemon over HTTP: medians of several rounds.

Each round is a fresh daemon on a fresh folder. Events carry an id, a time, a score and ten number
features (about 220 bytes); bodies are made beforehand, so that the client costs little. Clients are
threads of this process on the same machine.
"""
import argparse
import http.client
import json
import os
import platform
import random
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import threading
import time

EVENTS, BATCH, CLIENTS = 200_000, 5_000, 4
SINGLES = 300
NDJSON = {"Content-Type": "application/x-ndjson"}
JSON = {"Content-Type": "application/json"}


def start(binary, top):
    process = subprocess.Popen([binary, "serve", "--data", os.path.join(top, "data"), "--listen", "127.0.0.1:0"],
                               stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    for line in process.stderr:
        found = re.search(r"listening on http://127\.0\.0\.1:(\d+)", line)
        if found:
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return process, int(found.group(1))
    raise SystemExit(f"the daemon did not start (status {process.wait()})")


def ask(connection, method, path, body=None, headers={}):
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    data = answer.read()
    if answer.status >= 300:
        raise SystemExit(f"{method} {path}: {answer.status} {data[:300]!r}")
    return data


def bodies():
    rng = random.Random(1)
    events, labels, begin = [], [], 1_767_261_600_000
    for at in range(0, EVENTS, BATCH):
        rows = [(f"{rng.getrandbits(64):016x}", rng.random()) for _ in range(BATCH)]
        events.append("\n".join(json.dumps(
            {"id": id, "timestamp": begin + at, "score": round(score, 4), "features": [round(rng.gauss(0, 1), 4) for _ in range(10)]})
            for id, score in rows).encode())
        labels.append("\n".join(json.dumps({"id": id, "label": "ab"[rng.random() < score]}) for id, score in rows).encode())
    return events, labels


def post_all(port, path, parts):
    """Seconds that CLIENTS connections take to post all parts."""
    def work(mine):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for body in mine:
            ask(connection, "POST", path, body, NDJSON)
    threads = [threading.Thread(target=work, args=(parts[i::CLIENTS],)) for i in range(CLIENTS)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - begin


def latencies(port, count, make):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    took = []
    for i in range(count):
        arguments = make(i)
        begin = time.perf_counter()
        ask(connection, *arguments)
        took.append((time.perf_counter() - begin) * 1e3)
    return took


def round_of(binary, folder, events, labels):
    top = tempfile.mkdtemp(prefix="upkeepd-bench-", dir=folder)
    process, port = start(binary, top)
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        ask(connection, "PUT", "/v1/models/m", json.dumps({"classes": ["a", "b"], "positive": "b", "rules": []}), JSON)
        taken = post_all(port, "/v1/models/m/events", events)
        joined = post_all(port, "/v1/models/m/labels", labels)
        pairs = json.loads(ask(connection, "GET", "/v1/models/m/metrics?window=last-5000"))["windows"]["last-5000"]["pairs"]
        if pairs != 5000:
            raise SystemExit(f"the window holds {pairs} pairs, not 5000")
        single = latencies(port, SINGLES, lambda i: (
            "POST", "/v1/models/m/events", json.dumps({"id": f"s{i}", "score": 0.5, "features": [0.5] * 10}), JSON))
        metrics = latencies(port, SINGLES, lambda i: ("GET", "/v1/models/m/metrics"))
        size = os.path.getsize(os.path.join(top, "data", "upkeepd.db"))
        return {"bulk events/s": EVENTS / taken, "labels/s": EVENTS / joined,
                "single post p50, ms": statistics.median(single), "GET metrics p50, ms": statistics.median(metrics),
                "bytes an event and its label": size / EVENTS}
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        shutil.rmtree(top, ignore_errors=True)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--daemon", required=True)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--data", help="folder of the data (default: the system's for temporary files)")
    options.add_argument("--json", action="store_true")
    args = options.parse_args()
    events, labels = bodies()
    rounds = [round_of(os.path.abspath(args.daemon), args.data, events, labels) for _ in range(args.rounds)]
    figures = {name: [r[name] for r in rounds] for name in rounds[0]}
    if args.json:
        print(json.dumps({"rounds": args.rounds, **{name: statistics.median(values) for name, values in figures.items()}}))
        return
    print(f"{EVENTS:,} events and labels, {BATCH:,} a request, {CLIENTS} connections; {os.cpu_count()} cores, {platform.machine()}; "
          f"{args.rounds} rounds")
    print(f"{'':32}{'median':>12}{'least':>12}{'most':>12}")
    for name, values in figures.items():
        shown = [f"{v:,.0f}" if v >= 100 else f"{v:.2f}" for v in (statistics.median(values), min(values), max(values))]
        print(f"{name:32}{shown[0]:>12}{shown[1]:>12}{shown[2]:>12}")


main()
