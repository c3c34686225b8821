"""kill -9 at random moments under load: every acknowledged item is there exactly once.

KILLS=1000 tests/e2e/run test_kill.Kill runs long."""
import os
import random
import sqlite3
import subprocess
import threading
import time
from collections import Counter

from harness import BINARY, RELEASE, Case, Daemon, wait_until
from load import CONFIG, Client, Ledger, Predictor, expected

KILLS = int(os.environ.get("KILLS", "100"))


class Lane(threading.Thread):
    """Kills a daemon of its own again and again."""

    def __init__(self, case, number, kills, binary):
        super().__init__(daemon=True)
        self.case, self.number, self.kills = case, number, kills
        self.random = random.Random(case.seed + number)
        self.daemon = Daemon(memory=False, binary=binary)
        case.addCleanup(self.daemon.finish)
        self.failure = None

    def run(self):
        try:
            self.loop()
        except BaseException as failure:  # the test's thread raises it
            self.failure = failure
            print(f"# lane {self.number} ended: {failure!r}", flush=True)

    def begin(self):
        """A model for events and labels, and one with a champion to ask."""
        self.daemon.start()
        for model in ("m", "p"):
            self.case.ok(self.daemon.put(f"/v1/models/{model}", CONFIG))
        rows = [{"features": [i % 3, i % 7], "label": CONFIG["classes"][i % 3]} for i in range(600)]
        self.case.ok(self.daemon.post("/v1/models/p/events?settle=true", rows), 200)

    def one(self, round, m, p):
        port, clients = self.daemon.port, []
        for i in range(2):
            clients.append(Client(port, "m", f"{round}.{i}", self.random, revise=True))
        clients.append(Predictor(port, "p", f"{round}.p", self.random, size=5))
        runs = []
        for client in clients:
            client.start()
        if round % 3 == 0:
            reply = self.daemon.post("/v1/models/p/runs")
            if reply.status == 202:
                runs.append(reply.json["run"])
        time.sleep(self.random.uniform(0.02, 0.3))
        self.daemon.kill()
        for client in clients:
            client.join(60)
            self.case.assertEqual(client.strange, [])
        self.daemon.start()
        where = f"lane {self.number}, round {round}"
        for ledger in (m, p):
            of_model = [client for client in clients if client.model == ledger.model]
            ledger.recover([item for c in of_model for item in c.sure],
                           [item for c in of_model for item in c.unsure], where)
        if round % 10 == 9:
            m.check(where)
            p.check(where)
        return runs

    def loop(self):
        self.begin()
        m, p = Ledger(self.case, self.daemon, "m"), Ledger(self.case, self.daemon, "p")
        runs = []
        for round in range(self.kills):
            runs += self.one(round, m, p)
        m.check("in the end")
        p.check("in the end")
        for number in runs:
            wait_until(lambda: self.case.ok(self.daemon.get(f"/v1/models/p/runs/{number}"))["state"] in
                       ("succeeded", "rejected", "failed"), what=f"an end of run {number}")
        self.case.assertEqual(self.daemon.stop(), 0, self.daemon.log())


class Kill(Case):
    def test_every_acknowledged_item_is_there_exactly_once(self):
        # One lane under the sanitizers when this is a build of theirs, where starting takes longest.
        shares = [(KILLS // 5, BINARY), (KILLS - KILLS // 5, RELEASE)]
        lanes = [Lane(self, i, kills, binary) for i, (kills, binary) in enumerate(shares)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
        for lane in lanes:
            if lane.failure:
                self.daemon.said = lane.daemon.said
                raise lane.failure


RETENTION = 2  # seconds


class Retention(Case):
    """The same while rows go away because they are too old: what was acknowledged is there once, or old."""

    def stored(self):
        """Ids of the events in the file, and how often."""
        with sqlite3.connect(f"file:{self.daemon.folder}/upkeepd.db?mode=ro", uri=True) as file:
            return Counter(id for (id,) in file.execute("SELECT id FROM event"))

    def check_items(self, clients, where):
        """Of what the clients sent since the last kill and before; `marks` say when."""
        stored, now = self.stored(), time.time()
        self.assertEqual([id for id, n in stored.items() if n > 1], [], where)
        deleted = {item["id"] for c in clients for _, _, path, items in c.marks if path == "delete" for item in items}
        sure = {item["id"] for c in clients for path, item in c.sure if path == "delete"}
        self.assertEqual(sorted(sure & set(stored)), [], f"{where}: deleted events are there again")
        missing = [(item["id"], now - before) for c in clients for before, after, path, items in c.marks
                   if path == "events" and after is not None and now - before < RETENTION
                   for item in items if item["id"] not in stored and item["id"] not in deleted]
        self.assertEqual(missing, [], f"{where}: acknowledged, not old, and not there")

    def check_windows(self, clients, where):
        """Nothing is posted: the windows are those of the rows, whose labels are those that were sent."""
        ledger = Ledger(self, self.daemon, "m")
        for _ in range(100):
            before = self.counts_of(self.daemon, "m", "all")
            (last, whole), stored = ledger.by_hand(), self.stored()
            few = self.counts_of(self.daemon, "m", "last")
            if before == self.counts_of(self.daemon, "m", "all"):
                break
        self.assertEqual((few, before), (last, whole), where)
        predicted, label = expected([item for c in clients for item in c.sure])
        unsure = {item["id"] for c in clients for _, item in c.unsure}
        sent = Counter((label[id], predicted[id]) for id in predicted if id in label and id in stored and id not in unsure)
        self.assertEqual(sent - whole, Counter(), f"{where}: pairs of acknowledged items are missing")

    def test_every_acknowledged_item_is_there_once_or_was_too_old(self):
        self.put_model("m", {**CONFIG, "retention": f"{RETENTION}s"})
        clients = []
        for round in range(max(KILLS // 10, 1)):
            where = f"round {round}"
            clients = clients[-6:]  # older ones' rows have gone
            for i in range(3):
                clients.append(Client(self.daemon.port, "m", f"{round}.{i}", self.random, size=10, revise=True, mark=time.time))
                clients[-1].start()
            time.sleep(self.random.uniform(0.1, 2.5))
            self.daemon.kill()
            for client in clients:
                client.join(60)
                self.assertEqual(client.strange, [])
            self.daemon.start()
            self.check_items(clients, where)
            self.check_windows(clients, where)
        wait_until(lambda: not self.stored(), what="retention of the last rows")
        wait_until(lambda: not self.counts_of(self.daemon, "m", "all"), what="the windows to follow")
        self.assertEqual(self.daemon.stop(), 0, self.daemon.log())
        checked = subprocess.run([BINARY, "check", "--rows", "--data", self.daemon.folder], capture_output=True, text=True)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)


class Rules(Case):
    """A rule's alerts are the same whether or not the daemon was killed between."""

    memory = False

    def test_no_alert_is_lost_or_doubled(self):
        rule = {"name": "low", "metric": "accuracy", "window": "w", "below": 0.7, "min_pairs": 50, "confidence": None}
        config = {"classes": ["a", "b"], "windows": [{"name": "w", "count": 60}], "rules": [rule]}
        for name in ("calm", "killed"):
            self.put_model(name, config)
        batches = []
        for start in range(0, 1200, 40):
            good = 0.9 if start // 200 % 2 == 0 else 0.4
            batches.append([{"id": str(start + i), "predicted": "a", "label": "a" if self.random.random() < good else "b"}
                            for i in range(40)])
        for batch in batches:
            self.events("calm", batch)
            self.events("killed", batch)
            self.daemon.restart()
        alerts = []
        for name in ("calm", "killed"):
            listed = self.ok(self.daemon.get(f"/v1/models/{name}/alerts"))["alerts"]
            alerts.append([(a["alert"], a["rule"], a["state"], a["place"], a["value"], a["pairs"], a.get("resolved_by")) for a in listed])
        self.assertEqual(alerts[0], alerts[1])
        self.assertGreaterEqual(len(alerts[0]), 2)
