"""SIGTERM under load, and posts from many connections at once."""
import concurrent.futures
import signal
import time

from harness import Case
from load import CLASSES, Client, expected


class Sigterm(Case):
    memory = False
    threaded = True

    def test_exits_with_0_within_5_seconds_and_loses_nothing(self):
        self.put_model("m", {"classes": CLASSES, "features": ["a", "b"], "windows": [{"name": "all", "count": 1_000_000}]})
        everything = []
        for round in range(5):
            sign = signal.SIGTERM if round % 2 == 0 else signal.SIGINT
            clients = [Client(self.daemon.port, "m", f"{round}.{i}", self.random, size=5) for i in range(8)]
            for client in clients:
                client.start()
            time.sleep(self.random.uniform(0.2, 0.8))
            begin = time.monotonic()
            self.daemon.process.send_signal(sign)
            self.assertEqual(self.daemon.wait(20), 0, self.daemon.log())
            self.assertLess(time.monotonic() - begin, 5)
            for client in clients:
                client.join(60)
                self.assertEqual(client.strange, [])
            self.daemon.start()
            for path in ("events", "labels"):
                items = [item for client in clients for p, item in client.sure if p == path]
                answer = self.ok(self.daemon.post(f"/v1/models/m/{path}", items), 200)
                self.assertEqual(answer["duplicates"], len(items))
            everything += [item for client in clients for item in client.sure + client.unsure]
        self.assertGreater(len(everything), 100)


class Concurrency(Case):
    threaded = True

    def test_the_same_id_at_once_on_many_connections_counts_once(self):
        self.put_model("m", {"classes": CLASSES, "windows": [{"name": "all", "count": 1_000_000}]})
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for round in range(20):
                event = {"id": f"r{round}", "predicted": "a", "label": "b"}
                replies = list(pool.map(lambda _: self.daemon.post("/v1/models/m/events", event), range(8)))
                answers = [self.ok(reply, 200) for reply in replies]
                self.assertEqual(sum(a["joined"] for a in answers), 1)
                self.assertEqual(sum(a["duplicates"] for a in answers), 7)
                kinds = [{"id": f"c{round}", "predicted": name} for name in CLASSES]
                replies = list(pool.map(lambda item: self.daemon.post("/v1/models/m/events", item), kinds))
                self.assertEqual(sorted(reply.status for reply in replies), [200, 422, 422])
        self.assertEqual(self.counts("m", "all"), {("b", "a"): 20})

    def test_readers_see_whole_batches_while_posts_come_in(self):
        self.put_model("m", {"windows": [{"name": "all", "count": 1_000_000}]})
        clients = [Client(self.daemon.port, "m", f"c{i}", self.random) for i in range(4)]
        for client in clients:
            client.start()
        end = time.monotonic() + 3
        seen = 0
        while time.monotonic() < end:
            window = self.metrics("m", "all", "scores=true")
            self.assertEqual(sum(map(sum, window["confusion"]["matrix"])), window["pairs"])
            self.assertGreaterEqual(window["pairs"], seen)
            seen = window["pairs"]
            for path in ("/metrics", "/v1/models", "/v1/models/m", "/", "/v1/models/m/metrics/history?window=all&metric=accuracy"):
                self.assertEqual(self.daemon.get(path).status, 200, path)
        for client in clients:
            client.enough.set()
        for client in clients:
            client.join(60)
            self.assertEqual(client.strange, [])
            self.assertEqual(client.unsure, [])
        predicted, label = expected([item for client in clients for item in client.sure])
        self.assertEqual(self.metrics("m", "all")["pairs"], sum(id in label for id in predicted))

    def test_configurations_change_while_posts_come_in(self):
        self.put_model("m", {"windows": [{"name": "all", "count": 1_000_000}]})
        clients = [Client(self.daemon.port, "m", f"c{i}", self.random) for i in range(3)]
        for client in clients:
            client.start()
        for i in range(15):
            windows = [{"name": "all", "count": 1_000_000}, {"name": "w", "count": 100 + i}]
            self.put_model("m", {"windows": windows})
            time.sleep(0.05)
        for client in clients:
            client.enough.set()
        for client in clients:
            client.join(60)
            self.assertEqual(client.strange, [])
        predicted, label = expected([item for client in clients for item in client.sure])
        self.assertEqual(self.metrics("m", "all")["pairs"], sum(id in label for id in predicted))
        self.assertEqual(self.metrics("m", "w")["pairs"], 114)
