"""kill -9 at random moments under load: every acknowledged item is there exactly once."""
import os
import sqlite3
import time
from collections import Counter

from harness import Case
from load import CLASSES, Client, expected

KILLS = int(os.environ.get("KILLS", "50"))
CONFIG = {"classes": CLASSES, "features": ["a", "b"], "rules": [],
          "windows": [{"name": "last-333", "count": 333}, {"name": "all", "count": 10_000_000}]}


class Kill(Case):
    memory = False

    def retry(self, items):
        """Sends items again as a client would that doesn't know: the answer's counts by path."""
        counts = Counter()
        for path in ("events", "labels"):
            of_path = [item for p, item in items if p == path]
            for at in range(0, len(of_path), 5000):
                answer = self.ok(self.daemon.post(f"/v1/models/m/{path}", of_path[at:at + 5000]), 200)
                self.assertEqual(answer["rejected_total"], 0, answer["rejected"][:3])
                counts.update({f"{path} {k}": answer[k] for k in ("accepted", "duplicates", "joined", "revised", "waiting")})
        return counts

    def by_hand(self):
        """The windows, from the file itself: pairs in the order of their places."""
        with sqlite3.connect(f"file:{self.daemon.folder}/upkeepd.db?mode=ro", uri=True) as file:
            doubled = file.execute("SELECT count(*) FROM (SELECT 1 FROM event GROUP BY model, id HAVING count(*) > 1)").fetchone()[0]
            self.assertEqual(doubled, 0)
            rows = file.execute(
                "SELECT coalesce((SELECT class FROM label WHERE label.event = event.seq ORDER BY label.seq DESC LIMIT 1),"
                " event.label), predicted FROM place JOIN event ON event.seq = place.event ORDER BY place.place").fetchall()
        return Counter(rows[-333:]), Counter(rows)

    def test_every_acknowledged_item_is_there_exactly_once(self):
        self.put_model("m", CONFIG)
        everything = []
        for round in range(KILLS):
            clients = [Client(self.daemon.port, "m", f"{round}.{i}", self.random) for i in range(3)]
            for client in clients:
                client.start()
            time.sleep(self.random.uniform(0.02, 0.4))
            self.daemon.kill()
            for client in clients:
                client.join(60)
                self.assertEqual(client.strange, [])
            self.daemon.start()
            sure = [item for client in clients for item in client.sure]
            unsure = [item for client in clients for item in client.unsure]
            counts = self.retry(sure)
            for path in ("events", "labels"):
                self.assertEqual(counts[f"{path} duplicates"], counts[f"{path} accepted"],
                                 f"round {round}: an acknowledged item was not there")
            self.retry(unsure)
            counts = self.retry(unsure)
            self.assertEqual(counts["events duplicates"], counts["events accepted"])
            everything += sure + unsure
            if round % 10 == 9:
                self.check_all(everything)
        self.check_all(everything)

    def check_all(self, everything):
        predicted, label = expected(everything)
        pairs = Counter((label[id], predicted[id]) for id in predicted if id in label)
        self.assertEqual(self.counts("m", "all"), pairs)
        last, whole = self.by_hand()
        self.assertEqual(whole, pairs)
        self.assertEqual(self.counts("m", "last-333"), last)


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
