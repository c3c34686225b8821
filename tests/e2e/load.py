"""Clients that post without a pause and remember what was acknowledged, and the ledger that holds a
daemon to it after a crash."""
import http.client
import json
import sqlite3
import threading
from collections import Counter

CLASSES = ["a", "b", "c"]
LAST = 333
CONFIG = {"classes": CLASSES, "features": ["a", "b"], "rules": [],
          "windows": [{"name": "last", "count": LAST}, {"name": "all", "count": 1_000_000}]}


class Client(threading.Thread):
    """Posts batches of its own ids until the daemon goes away or `enough` is set.

    `sure` are items whose acknowledgement came, `unsure` those in flight when the connection broke:
    both are (path, item). `mark`, if given, is called before a post and after its acknowledgement; `marks`
    has (before, after, path, items) of all posts, after is None where none came."""

    def __init__(self, port, model, name, random, size=20, revise=False, mark=None):
        super().__init__(daemon=True)
        self.port, self.model, self.name_, self.random, self.size = port, model, name, random, size
        self.revise = revise
        self.mark = mark or (lambda: 0)
        self.sure, self.unsure, self.marks = [], [], []
        self.enough = threading.Event()
        self.strange = []  # answers that are neither 200 nor 503
        self.number = 0

    def batch(self):
        """Some events with a label, some without, some labels before and after their event, and with
        `revise` some of another class afterwards, and an event that is taken out again."""
        events, labels = [], []
        for _ in range(self.size):
            self.number += 1
            id = f"{self.name_}-{self.number}"
            event = {"id": id, "predicted": self.random.choice(CLASSES), "features": [self.number, 0.5]}
            if self.random.random() < 0.3:
                event["label"] = self.random.choice(CLASSES)
            elif self.random.random() < 0.9:
                labels.append({"id": id, "label": self.random.choice(CLASSES)})
            events.append(event)
        posts = [("events", events), ("labels", labels)]
        if self.random.random() < 0.3:
            posts.reverse()
        if self.revise and self.random.random() < 0.3:
            posts.append(("labels", [{"id": item["id"], "label": self.random.choice(CLASSES)} for item in labels[:5]]))
            posts.append(("delete", [{"id": self.random.choice(events)["id"]}]))
        return posts

    def post(self, connection, path, items):
        if path == "delete":
            connection.request("DELETE", f"/v1/models/{self.model}/events/{items[0]['id']}")
            answer = connection.getresponse()
            return answer.status, answer.read()
        connection.request("POST", f"/v1/models/{self.model}/{path}", json.dumps(items),
                           {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()

    def acknowledged(self, path, items, body):
        pass

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while not self.enough.is_set():
            for path, items in self.batch():
                if not items:
                    continue
                noted = [(path, item) for item in items]
                before = self.mark()
                try:
                    status, body = self.post(connection, path, items)
                except (OSError, http.client.HTTPException):
                    self.unsure += noted
                    self.marks.append((before, None, path, items))
                    return
                if status == 200:
                    self.acknowledged(path, items, json.loads(body))
                    self.sure += noted
                    self.marks.append((before, self.mark(), path, items))
                elif status == 503:
                    self.unsure += noted
                    self.marks.append((before, None, path, items))
                else:
                    self.strange.append((status, body))
                    return


class Predictor(Client):
    """Asks a champion, and sends the labels of what it said."""

    def batch(self):
        rows, labels = [], []
        for _ in range(self.size):
            self.number += 1
            id = f"{self.name_}-{self.number}"
            rows.append({"id": id, "features": [self.random.random(), self.random.random()]})
            labels.append({"id": id, "label": self.random.choice(CLASSES)})
        return [("predict", rows), ("labels", labels)]

    def acknowledged(self, path, items, body):
        if path == "predict":
            learn(items, body)


def learn(rows, answer):
    """What was predicted goes into the rows as the answer has it; it must not change afterwards."""
    for row, told in zip(rows, answer["predictions"], strict=True):
        assert told["id"] == row["id"], (told, row)
        assert row.setdefault("predicted", told["predicted"]) == told["predicted"], (told, row)


def expected(items):
    """Predicted class and label by id, of all items in the order in which they were sent."""
    predicted, label = {}, {}
    for path, item in items:
        if "predicted" in item:
            predicted[item["id"]] = item["predicted"]
        if "label" in item:
            label[item["id"]] = item["label"]
    return predicted, label


class Ledger:
    """All that was sent to one model, and whether the daemon agrees."""

    def __init__(self, case, daemon, model):
        self.case, self.daemon, self.model = case, daemon, model
        self.items = []

    def event(self, id):
        return f"/v1/models/{self.model}/events/{id}"

    def send(self, items):
        """Sends items again as a client would that doesn't know: the answers' counts by path."""
        counts = Counter()
        for path in ("events", "predict", "labels"):
            of_path = [item for p, item in items if p == path]
            for at in range(0, len(of_path), 5000):
                part = of_path[at:at + 5000]
                sent = [{k: row[k] for k in ("id", "features")} for row in part] if path == "predict" else part
                answer = self.case.ok(self.daemon.post(f"/v1/models/{self.model}/{path}", sent), 200)
                if path == "predict":
                    learn(part, answer)
                    continue
                self.case.assertEqual(answer["rejected_total"], 0, answer["rejected"][:3])
                counts.update({f"{path} {k}": answer[k] for k in ("accepted", "duplicates")})
        return counts

    def recover(self, sure, unsure, what=""):
        """After a crash: what was acknowledged is there, once; what is sent again counts once."""
        gone = {item["id"] for path, item in sure + unsure if path == "delete"}
        for path, item in unsure:
            if path == "delete":
                self.case.assertIn(self.daemon.delete(self.event(item["id"])).status, (200, 404), what)
        for id in list(gone)[:20]:
            self.case.assertEqual(self.daemon.get(self.event(id)).status, 404, f"{what}: {id} is there again")
        sure, unsure = ([(path, item) for path, item in items if item["id"] not in gone] for items in (sure, unsure))
        open_ids = {item["id"] for path, item in unsure if path == "labels"}
        newest = {item["id"]: item for path, item in sure if path == "labels"}
        known = [(path, item) for path, item in sure if path != "labels" or
                 (newest[item["id"]] is item and item["id"] not in open_ids)]
        counts = self.send(known)
        for path in ("events", "labels"):
            self.case.assertEqual(counts[f"{path} duplicates"], counts[f"{path} accepted"],
                                  f"{what}: an acknowledged item was not there")
        self.send(unsure)
        counts = self.send(unsure)
        self.case.assertEqual(counts["events duplicates"], counts["events accepted"], what)
        self.items += sure + unsure

    def by_hand(self):
        """The windows, from the file itself: pairs in the order of their places."""
        with sqlite3.connect(f"file:{self.daemon.folder}/upkeepd.db?mode=ro", uri=True) as file:
            model = file.execute("SELECT model FROM model WHERE name = ?", (self.model,)).fetchone()[0]
            labels = dict(file.execute("SELECT id, class FROM label WHERE model = ? ORDER BY seq", (model,)))
            events, ids = {}, Counter()
            for seq, id, predicted, label in file.execute("SELECT seq, id, predicted, label FROM event WHERE model = ?", (model,)):
                events[seq] = (labels.get(id, label), predicted)
                ids[id] += 1
            self.case.assertEqual([id for id, n in ids.items() if n > 1 and id], [], "stored twice")
            rows = [events[event] for (event,) in file.execute("SELECT event FROM place WHERE model = ? ORDER BY place", (model,))
                    if event in events]
        pairs = [row for row in rows if row[1] is not None]
        return Counter(pairs[-LAST:]), Counter(pairs)

    def check(self, what="", besides=()):
        """Windows equal what was sent, and the rows. `besides`: pairs that nobody here sent."""
        predicted, label = expected(self.items)
        pairs = Counter((label[id], predicted[id]) for id in predicted if id in label)
        pairs.update(besides)
        last, whole = self.by_hand()
        self.case.assertEqual(whole, pairs, what)
        self.case.assertEqual(self.case.counts_of(self.daemon, self.model, "all"), pairs, what)
        self.case.assertEqual(self.case.counts_of(self.daemon, self.model, "last"), last, what)
