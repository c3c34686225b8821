"""Allocations fail while a daemon lives a whole life: its own, libmicrohttpd's, SQLite's, cJSON's.

ALLOCATIONS=N tests/e2e/run test_memory fails N of them in turn (a scenario each), ALLOCATIONS=all every one,
ALLOCATIONS=paths one on each chain of calls that leads to an allocation. A build without sanitizers lives it:
their own threads don't start when allocations fail in a row."""
import gzip
import http.client
import json
import os
import subprocess

from harness import RELEASE, Case, wait_until
from load import CLASSES, CONFIG, Ledger, learn
from shim import Starving

ALLOCATIONS = os.environ.get("ALLOCATIONS", "4")
RULE = {"name": "low", "metric": "accuracy", "window": "last", "below": 0.9, "min_pairs": 20, "confidence": None, "actions": ["alert"]}
MODEL = {**CONFIG, "rules": [RULE], "retrain": {"learner": "logistic", "promote": "manual"},
         "windows": CONFIG["windows"] + [{"name": "day", "duration": "1d"}]}
READS = ["/readyz", "/metrics", "/v1/models", "/v1/models/m", "/v1/models/m/metrics?scores=true", "/v1/models/m/rules",
         "/v1/models/m/alerts", "/v1/models/m/metrics/history?window=last&metric=f1", "/v1/models/m/events/n1"]
JSON, NDJSON = {"Content-Type": "application/json"}, {"Content-Type": "application/x-ndjson"}


class Life:
    """One daemon from its start to its end. What it answers to while allocations fail, it need not do."""

    def __init__(self, case, arm=None):
        self.case, self.arm = case, arm or (lambda daemon: None)
        self.daemon = Starving(binary=RELEASE, config={"auto_create": False})
        case.daemon = self.daemon
        case.addCleanup(self.daemon.finish)
        self.ledger = Ledger(case, self.daemon, "m")
        self.sure, self.unsure = [], []
        self.step, self.starts = "start", 20 if arm else 1

    def failing(self, step):
        """Allocations fail from here on, if the test arms so at each step."""
        self.step = step
        self.arm(self.daemon)

    def ask(self, method, path, body=None, headers=None):
        """The reply when it is a success, else None: it is a clean refusal, or the connection was closed."""
        self.failing(f"{method} {path}")
        try:
            reply = self.daemon.request(method, path, body, headers)
        except TimeoutError:
            raise
        except (OSError, http.client.HTTPException):
            self.case.assertIsNone(self.daemon.process.poll(), self.where())
            return None
        if reply.status < 300:
            return reply
        self.case.assertGreater(self.daemon.struck(), 0, f"{self.where()}: {reply}")
        self.case.assertIn(reply.status, (404, 409, 503), f"{self.where()}: {reply}")
        self.case.problem(reply, reply.status)
        return None

    def where(self):
        return f"{self.step}, {self.daemon.armed}"

    def send(self, path, items, headers=None, encode=lambda body: body):
        lines = headers is not None
        body = "".join(json.dumps(item) + "\n" for item in items) if lines else json.dumps(items)
        reply = self.ask("POST", f"/v1/models/m/{path}", encode(body.encode()), headers or JSON)
        noted = [(path, item) for item in items]
        if reply is None:
            self.unsure += noted
            return
        if path == "predict":
            learn(items, reply.json)
        else:
            self.case.assertEqual(reply.json["rejected_total"], 0, self.where())
        self.sure += noted

    def start(self):
        """A start that fails for want of memory says so; another one does not want it for ever."""
        for _ in range(self.starts):
            self.failing("start")
            try:
                self.daemon.start(ready=False)
                break
            except AssertionError:
                self.case.assertEqual(self.daemon.wait(), 1, f"{self.where()}\n{self.daemon.log()}")
                self.case.assertGreater(self.daemon.struck(), 0, self.daemon.log())
                self.case.assertRegex(self.daemon.log(5), "memory|allocate", self.where())
        else:
            self.daemon.stop_failing()
            self.daemon.start(ready=False)
        wait_until(self.ready, what=f"readiness, {self.where()}")

    def ready(self):
        try:
            return self.daemon.get("/readyz").status == 200
        except (OSError, http.client.HTTPException):
            return False

    @staticmethod
    def pairs(name, count, label=True):
        """Always the same. One label in ten can't be learnt."""
        rows = [{"id": f"{name}{i}", "predicted": CLASSES[i // 3 % 3], "features": [i % 3, i % 7],
                 "scores": dict(zip(CLASSES, (0.5, 0.25, 0.25)))} for i in range(count)]
        return [{**row, "label": CLASSES[(i + (i % 10 == 0)) % 3]} if label else row for i, row in enumerate(rows)]

    def labels(self, name, start, end, by=0):
        return [{"id": f"{name}{i}", "label": CLASSES[(i + by) % 3]} for i in range(start, end)]

    def run(self):
        self.failing("POST run")
        reply = self.ask("POST", "/v1/models/m/runs", "", {"Content-Length": "0"})
        if reply is None:
            return
        self.ask("POST", "/v1/models/m/events?settle=true", "[]", JSON)
        self.ask("GET", f"/v1/models/m/runs/{reply.json['run']}")
        self.ask("GET", "/v1/models/m/versions")
        self.ask("POST", "/v1/models/m/versions/1/promote", "", {"Content-Length": "0"})

    def backup(self, target):
        self.failing("backup")
        done = subprocess.run([RELEASE, "backup", "--data", self.daemon.folder, target], capture_output=True, text=True,
                              env={**os.environ, **self.daemon.environment})
        if done.returncode == 0:
            return True
        self.case.assertEqual(done.returncode, 1, f"{self.where()}: {done.stderr}")
        self.case.assertGreater(self.daemon.struck(), 0, done.stderr)
        self.case.assertRegex(done.stderr, "memory", self.where())
        self.case.assertFalse(os.path.exists(target), self.where())
        return False

    def live(self):
        self.start()
        for _ in range(50):
            if self.ask("PUT", "/v1/models/m", json.dumps(MODEL), JSON):
                break
        self.send("events", self.pairs("n", 320), NDJSON)
        self.send("events", self.pairs("g", 60, label=False), {**NDJSON, "Content-Encoding": "gzip"}, gzip.compress)
        self.send("labels", self.labels("g", 0, 40))
        self.send("labels", self.labels("late", 0, 10))
        self.send("events", self.pairs("late", 10, label=False))
        self.send("events", self.pairs("one", 1))
        self.send("labels", self.labels("g", 0, 10, by=1))
        reply = self.ask("DELETE", "/v1/models/m/events/n7")
        (self.unsure if reply is None else self.sure).append(("delete", {"id": "n7"}))
        for path in READS:
            self.ask("GET", path)
        self.run()
        self.send("predict", [{"id": f"p{i}", "features": [i % 3, i % 7]} for i in range(5)])
        self.send("labels", self.labels("p", 0, 5))
        self.ask("GET", "/v1/models/m/versions/1/model.onnx")
        self.ask("PUT", "/v1/models/m", json.dumps({**MODEL, "windows": MODEL["windows"][:2] + [{"name": "ten", "count": 10}]}), JSON)
        self.copied = self.backup(os.path.join(self.daemon.top, "copy"))
        self.failing("stop")
        self.case.assertEqual(self.daemon.stop(), 0, f"{self.where()}\n{self.daemon.log()}")
        self.start()
        self.ask("GET", "/v1/models/m/metrics")
        self.send("events", self.pairs("two", 1))

    def verify(self):
        """With memory again: it goes on, has what was acknowledged once, and all or nothing of what was not."""
        case, daemon = self.case, self.daemon
        where, struck = self.where(), daemon.struck()
        daemon.stop_failing()
        case.ok(daemon.put("/v1/models/m", MODEL))
        case.ok(daemon.post("/v1/models/m/events?settle=true", []), 200)
        if daemon.get("/v1/models/m/versions/champion").status != 200:
            case.ok(daemon.post("/v1/models/m/events", [row for row in self.pairs("n", 320) if row["id"] != "n7"]), 200)
            if daemon.get("/v1/models/m/versions/1").status != 200:
                case.ok(daemon.post("/v1/models/m/runs"), 202)
            case.ok(daemon.post("/v1/models/m/events?settle=true", []), 200)
            case.ok(daemon.post("/v1/models/m/versions/1/promote"))
        self.ledger.recover(self.sure, self.unsure, where)
        self.ledger.check(where)
        case.assertEqual(daemon.stop(), 0, f"{where}\n{daemon.log()}")
        checked = subprocess.run([RELEASE, "check", "--data", daemon.folder], capture_output=True, text=True)
        case.assertEqual(checked.returncode, 0, f"{where}\n{checked.stdout}{checked.stderr}")
        daemon.finish()
        return struck


class Memory(Case):
    def setUp(self):
        super().setUp()
        self.assertEqual(self.daemon.stop(), 0)  # each life has a daemon of its own

    def counted(self):
        """How many allocations a life has."""
        life = Life(self)
        life.daemon.fail_nth(2**31 - 1)
        life.live()
        self.assertEqual(life.unsure, [])
        self.assertTrue(life.copied)
        count = life.daemon.counted()
        self.assertEqual(life.verify(), 0)
        return count

    def fail_nth(self, nth, row):
        life = Life(self)
        life.daemon.fail_nth(nth, row)
        life.live()
        return life.verify()

    def test_a_daemon_that_lacks_memory_refuses_and_loses_nothing(self):
        if ALLOCATIONS == "paths":
            return self.each_path()
        count = self.counted()
        chosen = range(count) if ALLOCATIONS == "all" else sorted(self.random.sample(range(count), int(ALLOCATIONS)))
        print(f"# SEED={self.seed}: {len(chosen)} of {count} allocations", flush=True)
        struck = sum(self.fail_nth(nth, 1 if i % 2 == 0 else self.random.choice((2, 10, 1000))) > 0
                     for i, nth in enumerate(chosen))
        self.assertGreater(struck, 0)

    def each_path(self):
        """At each step the first new chain of calls, in a life after the other until there is none."""
        table, struck = None, 1
        while struck:
            life = Life(self, Starving.fail_path)
            life.daemon.take_table(table)
            life.live()
            struck = life.verify()
            table = life.daemon.table()
            print(f"# {struck} more paths", flush=True)
