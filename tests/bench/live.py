"""The row of the training table that is about learning pair by pair: what the writer does beside storing."""
import os
import time

from fits import row
from process import Daemon, Folder

MODELS = {"both": {}, "neither": {"live": False, "policy": {"bench_versions": 0}}}
BENCH = 8
PART = 500


def run_by_hand(daemon, name):
    """The version that it fitted whatever its verdict is, None when it took an old one."""
    run = daemon.ask("POST", f"/v1/models/{name}/runs", {})["run"]
    while True:
        answer = daemon.ask("GET", f"/v1/models/{name}/runs/{run}")
        if answer["state"] not in ("queued", "running"):
            return answer["version"]
        time.sleep(0.02)


def prepare(daemon, name, retrain):
    """A model of nine versions, the last in use and eight on its bench, with live adjustment in the shade; or with what `retrain`
    leaves of them. Returns the last one's number, and how many events it took."""
    daemon.model(name, retrain={"learner": "logistic", "trials": 0, **retrain})
    daemon.ask("PUT", f"/v1/models/{name}/retraining", {"paused": True})
    version = promoted = posted = 0
    while promoted <= BENCH:
        daemon.client("events", name, 1, posted, PART, 1, PART, 1, version)
        posted += PART
        made = run_by_hand(daemon, name)
        if made:
            daemon.ask("POST", f"/v1/models/{name}/versions/{made}/promote", {"by": "bench", "reason": "to fill the bench"})
            version, promoted = made, promoted + 1
    daemon.client("events", name, 1, posted, PART, 1, PART, 1, version)
    state = daemon.ask("GET", f"/v1/models/{name}")["live"]["state"]
    if state != ("off" if retrain.get("live") is False else "shade"):
        raise SystemExit(f"live adjustment of {name} is {state}")
    return version, posted + PART


def processor_of_threads(daemon):
    """Seconds, by thread."""
    tasks = f"/proc/{daemon.process.pid}/task"
    return {task: int(open(f"{tasks}/{task}/schedstat").read().split()[0]) / 1e9 for task in os.listdir(tasks)}


def post(daemon, name, version, first, count):
    """Microseconds an event: of the clock, and of the processor's time of the thread that writes, which takes the most."""
    before = processor_of_threads(daemon)
    done = daemon.client("events", name, 1, first, count, 1, 1000, 4, version)
    after = processor_of_threads(daemon)
    writer = max(seconds - before.get(task, 0) for task, seconds in after.items())
    return {"wall": done["seconds"] / count * 1e6, "processor": writer / count * 1e6}


@row("neither; microseconds a labelled event, of the thread that writes by --clock processor", 2, 1.25, "us")
def live(bench):
    """Ten features, two classes, logistic, 1,000 a post on four connections; the rate is the inverse."""
    count = 20_000 if bench.quick else 100_000
    with Folder(bench.folder) as folder, Daemon(folder) as daemon:
        prepared = {name: prepare(daemon, name, retrain) for name, retrain in MODELS.items()}
        for i in range(bench.rounds):
            took = {name: post(daemon, name, version, first + i * count, count)[bench.clock] for name, (version, first) in prepared.items()}
            yield took["both"], took["neither"], None
