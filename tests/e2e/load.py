"""Clients that post events and labels without a pause, and remember what was acknowledged."""
import http.client
import json
import threading

CLASSES = ["a", "b", "c"]


class Client(threading.Thread):
    """Posts batches of its own ids until the daemon goes away or `enough` is set.

    `sure` are items whose acknowledgement came, `unsure` those in flight when the connection broke:
    both are (path, item)."""

    def __init__(self, port, model, name, random, size=20):
        super().__init__(daemon=True)
        self.port, self.model, self.name_, self.random, self.size = port, model, name, random, size
        self.sure, self.unsure = [], []
        self.enough = threading.Event()
        self.strange = []  # answers that are neither 200 nor 503
        self.number = 0

    def batch(self):
        """Some events with a label, some without, some labels before and after their event."""
        events, labels = [], []
        for _ in range(self.size):
            self.number += 1
            id = f"{self.name_}-{self.number}"
            event = {"id": id, "predicted": self.random.choice(CLASSES), "features": [self.number, 0.5]}
            if self.random.random() < 0.3:
                event["label"] = self.random.choice(CLASSES)
            else:
                labels.append({"id": id, "label": self.random.choice(CLASSES)})
            events.append(event)
        posts = [("events", events), ("labels", labels)]
        if self.random.random() < 0.3:
            posts.reverse()
        return posts

    def post(self, connection, path, items):
        connection.request("POST", f"/v1/models/{self.model}/{path}", json.dumps(items),
                           {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while not self.enough.is_set():
            for path, items in self.batch():
                if not items:
                    continue
                noted = [(path, item) for item in items]
                try:
                    status, body = self.post(connection, path, items)
                except (OSError, http.client.HTTPException):
                    self.unsure += noted
                    return
                if status == 200:
                    self.sure += noted
                elif status == 503:
                    self.unsure += noted
                else:
                    self.strange.append((status, body))
                    return


def expected(items):
    """Predicted class and label by id, of all items in the order in which they were sent."""
    predicted, label = {}, {}
    for path, item in items:
        if path == "events":
            predicted[item["id"]] = item["predicted"]
        if "label" in item:
            label[item["id"]] = item["label"]
    return predicted, label
