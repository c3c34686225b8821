"""The figures: each yields (ours, reference) pairs of alternating rounds, in the unit it names."""
import os
import sqlite3
import statistics
import threading
import time

from process import Bare, Daemon, Floor, Folder, fsync_ms, reference, wrk

ALL = []


class Figure:
    """ratio: the higher the better of rates, the lower the better of times. reach, goal: None for what is measured
    to compare with."""

    def __init__(self, name, unit, against, reach, goal, rounds):
        self.name, self.unit, self.against, self.reach, self.goal, self.rounds = name, unit, against, reach, goal, rounds
        self.rate = unit.endswith("/s")

    def best(self, values):
        return max(values) if self.rate else min(values)

    def met(self, ratio, bound):
        return ratio >= bound if self.rate else ratio <= bound

    def verdict(self, ratio):
        if self.reach is None:
            return "-"
        return "goal" if self.met(ratio, self.goal) else "reach" if self.met(ratio, self.reach) else "no"


def figure(name, unit, against, reach, goal):
    def add(rounds):
        ALL.append(Figure(name, unit, against, reach, goal, rounds))
        return rounds
    return add


def per_second(done):
    return done["items"] / done["seconds"]


@figure("bulk", "events/s", "a prepared INSERT a row into SQLite", 0.8, 1.2)
def bulk(size):
    with Folder(size.folder) as rows, Folder(size.folder) as plain:
        with Daemon(rows) as d: # what the reference inserts: the rows as we store them
            d.model("m")
            d.fill("m", 1, size.bulk)
        for seed in range(size.rounds):
            base = per_second(reference("rows", d.database, "event", os.path.join(plain, "r.db"), size.bulk))
            with Folder(size.folder) as folder, Daemon(folder) as daemon:
                daemon.model("m")
                yield daemon.post("m", seed, size.bulk), base


@figure("labels", "labels/s", "a prepared INSERT a row into SQLite", 0.5, 0.8)
def labels(size):
    for seed in range(size.rounds):
        with Folder(size.folder) as folder, Daemon(folder) as d:
            d.model("m")
            d.fill("m", seed, size.recent, labels=0)
            ours = per_second(d.client("labels", "m", seed, 0, size.labels, size.recent, 1000, 4))
            base = reference("rows", d.database, "label", os.path.join(folder, "r.db"), size.labels)
            yield ours, per_second(base)


def posts_limit(size, folder):
    commit = reference("commit", os.path.join(folder, "r.db"), size.commits, 0)["p50"]
    with Bare(os.cpu_count()) as port:
        bare = wrk(port, "/v1/models/m/events", size.seconds, "w")
    return min(bare["rate"], 64 / ((1.5 * commit + bare["p50"]) / 1e3))


@figure("posts", "posts/s", "the smaller of bare libmicrohttpd and 64 / (1.5 commits + its median)", 0.7, 0.9)
def posts(size):
    for i in range(size.rounds):
        with Folder(size.folder) as folder:
            limit = posts_limit(size, folder)
            with Daemon(folder) as d:
                d.model("m")
                yield wrk(d.port, "/v1/models/m/events", size.seconds, f"w{i}")["rate"], limit


@figure("floor", "posts/s", "the same, of posts that wait for a write of 8 KiB and are not looked at", None, None)
def floor(size):
    for _ in range(size.rounds):
        with Folder(size.folder) as folder:
            limit = posts_limit(size, folder)
            with Floor(os.cpu_count(), os.path.join(folder, "f")) as port:
                yield wrk(port, "/v1/models/m/events", size.seconds, "w")["rate"], limit


@figure("post", "ms", "one SQLite commit at the same pace", 1.5, 1.15)
def post(size):
    with Folder(size.folder) as folder, Daemon(folder) as d:
        d.model("m")
        for i in range(size.rounds):
            commit = reference("commit", os.path.join(folder, "r.db"), size.commits, size.pace_us)["p50"]
            yield d.client("paced", "m", 1000 + i, 0, size.commits, size.pace_us)["p50"], commit


@figure("stored", "events/s", "the rate of an empty store", 0.8, 0.95)
def stored(size):
    with Folder(size.folder) as folder, Daemon(folder) as full:
        full.model("m")
        full.fill("m", 1, size.stored)
        for seed in range(size.rounds):
            with Folder(size.folder) as other, Daemon(other) as empty:
                empty.model("m")
                base = empty.post("m", 100 + seed, size.bulk)
            yield full.post("m", 100 + seed, size.bulk), base


class Training:
    """Runs of the model `t`, one after another, for as long as it is entered."""

    def __init__(self, daemon):
        self.daemon, self.over, self.runs = daemon, threading.Event(), 0

    def wait_for_run(self, n):
        while self.daemon.ask("GET", f"/v1/models/t/runs/{n}")["state"] in ("queued", "running"):
            if self.over.is_set():
                self.daemon.ask("DELETE", f"/v1/models/t/runs/{n}", fine=range(200, 500))
            time.sleep(0.01)

    def train(self):
        while not self.over.is_set():
            answer = self.daemon.ask("POST", "/v1/models/t/runs", {}, fine=range(200, 500))
            if "run" in answer:
                self.runs += 1
                self.wait_for_run(answer["run"])
            else:
                time.sleep(0.01) # one is running already

    def __enter__(self):
        self.thread = threading.Thread(target=self.train)
        self.thread.start()
        time.sleep(0.2)
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


@figure("training", "events/s", "the rate without a run", 0.6, 0.8)
def training(size):
    with Folder(size.folder) as folder, Daemon(folder) as d:
        d.model("m")
        d.model("t", retrain={"promote": "manual"})
        d.ask("PUT", "/v1/models/t/retraining", {"paused": True})
        d.fill("t", 7, size.trained, labels=1)
        for i in range(size.rounds):
            base = d.post("m", 200 + 2 * i, size.bulk)
            with Training(d) as runs:
                ours = d.post("m", 201 + 2 * i, size.bulk)
            if runs.runs == 0:
                raise SystemExit("no run was made")
            yield ours, base


@figure("metrics", "ms", "over a window of 1,000", 1.5, 1.05)
def metrics(size):
    with Folder(size.folder) as folder, Daemon(folder) as d:
        d.model("m", windows=[{"name": "small", "count": 1000}, {"name": "large", "count": 100_000}])
        d.fill("m", 1, 110_000, labels=1)
        for _ in range(max(size.rounds, 5)):
            small = d.client("get", "/v1/models/m/metrics?window=small", 2000)["p50"]
            yield d.client("get", "/v1/models/m/metrics?window=large", 2000)["p50"], small


def filled(folder, count):
    with Daemon(folder) as d:
        d.model("m", windows=[{"name": "w", "count": 10_000}])
        d.fill("m", 1, count)
    return d


def seconds_to_ready(daemon):
    took = daemon.start()
    daemon.stop()
    return took * 1e3


@figure("restart", "ms", "with 100,000 events", 3, 1.2)
def restart(size):
    with Folder(size.folder) as large, Folder(size.folder) as small:
        full, few = filled(large, size.stored), filled(small, 100_000)
        for _ in range(max(size.rounds, 3)):
            base = seconds_to_ready(few)
            yield seconds_to_ready(full), base


class Flood:
    """Bulk posts of the model `m` without a pause, for as long as it is entered."""

    def __init__(self, daemon, count):
        self.daemon, self.count, self.over, self.sent = daemon, count, threading.Event(), [0, 0]

    def post(self, poster):
        while not self.over.is_set():
            self.daemon.post("m", 1000 * poster + self.sent[poster] // self.count, self.count, connections=2)
            self.sent[poster] += self.count

    def __enter__(self):
        self.threads = [threading.Thread(target=self.post, args=(poster,)) for poster in range(2)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


def most_rows(daemon, seconds, span):
    """The most rows that lie between the oldest and the newest at any moment of the time, and the most that came
    in any `span` seconds of it."""
    stored = came = 0
    begin, seen = time.monotonic(), [] # (when, the newest's number)
    with sqlite3.connect(f"file:{daemon.database}?mode=ro", uri=True) as file:
        while time.monotonic() < begin + seconds:
            oldest, newest = file.execute("SELECT (SELECT min(seq) FROM event), (SELECT max(seq) FROM event)").fetchone()
            seen.append((time.monotonic(), newest or 0))
            while seen[-1][0] - seen[0][0] > span:
                del seen[0]
            stored = max(stored, newest - oldest if newest else 0)
            came = max(came, seen[-1][1] - seen[0][1])
            time.sleep(0.1)
    return stored, came


@figure("retention", "rows", "the most that came in any 15 s, with a retention of 10 s; the most that are stored", 1.3, 1.1)
def retention(size):
    with Folder(size.folder) as folder, Daemon(folder) as d:
        d.model("m", retention="10s")
        with Flood(d, size.bulk // 10):
            yield most_rows(d, 20 + 2 * size.flood, 15)


# ---- absolute figures ----

def grown(daemon, act):
    before = daemon.rss()
    act()
    return daemon.rss() - before


def memory(size):
    """Yields (what, bytes)."""
    million = size.memory
    with Folder(size.folder) as folder, Daemon(folder) as d:
        yield "a daemon without models", d.rss()
        d.model("m")
        d.fill("m", 1, 200_000, labels=1) # caches and buffers have their size
        yield "a million stored events", grown(d, lambda: d.fill("m", 2, million, labels=1)) / million * 1e6
        yield "a million pending events", grown(d, lambda: d.fill("m", 3, million, labels=0)) / million * 1e6
    with Folder(size.folder) as folder, Daemon(folder) as d:
        names = [f"m{i}" for i in range(size.models)]
        yield "a model without events", grown(d, lambda: [d.ask("PUT", f"/v1/models/{n}", {"classes": ["a", "b"], "positive": "b"}) for n in names]) / size.models
        some = names[:size.models // 10]
        d.fill("m0", 1, 10_000, labels=1)
        yield "a model with its three windows full, beyond that", grown(
            d, lambda: [d.fill(name, 1, 6_000, labels=1) for name in some[1:]]) / (len(some) - 1)
