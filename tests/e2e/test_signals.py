"""SIGTERM under load, and posts from many connections at once."""
import concurrent.futures
import re
import signal
import time

from harness import Case, wait_until
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

    def taken(self, what):
        """A counter of model m since the process began; 0 before its first item."""
        found = re.search(rf'^upkeepd_{what}_total{{model="m"}} (\d+)$', self.daemon.get("/metrics").text, re.M)
        return int(found.group(1)) if found else 0

    def begin_long_run(self):
        """Version 1, and a run by hand that goes on until it is cancelled."""
        config = {"features": ["x", "y"], "rules": [], "retrain": {"learner": "logistic", "budget": None, "live": False}}
        self.put_model("m", config)
        for more in ({}, {"predicted": "a", "version": 1}):
            rows = [[self.random.gauss(0, 1), self.random.gauss(0, 1)] for _ in range(600)]
            self.events("m", [{"features": x, "label": CLASSES[x[0] > 0], **more} for x in rows], "?settle=true")
        config["retrain"].update(learner="mlp", trials=10000)
        self.put_model("m", config)
        run = f"/v1/models/m/runs/{self.ok(self.daemon.post('/v1/models/m/runs'), 202)['run']}"
        wait_until(lambda: self.daemon.get(run).json["state"] == "running")
        return run

    def test_a_post_that_settles_says_that_it_is_stored_and_the_run_has_not_ended(self):
        run = self.begin_long_run()
        posts = {"events": [{"id": "e1", "features": [0, 1], "label": "a"}, {"id": "bad"}],
                 "labels": [{"id": "early", "label": "b"}],
                 "predict": [{"id": "p1", "features": [1, 1]}]}
        with concurrent.futures.ThreadPoolExecutor(len(posts)) as pool:
            def post_all():
                return {path: pool.submit(self.daemon.post, f"/v1/models/m/{path}?settle=true", items) for path, items in posts.items()}
            waiting = post_all()
            wait_until(lambda: (self.taken("events"), self.taken("labels")) == (1202, 1), what="the commits")
            self.assertEqual(self.daemon.stop(), 0, self.daemon.log())
            stored = {path: post.result() for path, post in waiting.items()}
            for path, accepted in (("events", 1), ("labels", 1), ("predict", 1)):
                body = self.problem(stored[path], 503, f"stored (accepted: {accepted}), but upkeepd stopped before the run",
                                    "goes on at the next start", "do not send items without an id again")
                self.assertEqual(body["accepted"], accepted)
                self.assertGreater(int(stored[path].headers["Retry-After"]), 0)
            self.assertEqual(stored["events"].json["rejected_total"], 1)

            self.daemon.start()
            wait_until(lambda: self.daemon.get(run).json["state"] == "running")
            again = post_all()
            wait_until(lambda: self.taken("duplicates") == 3)
            self.assertFalse(any(post.done() for post in again.values()))
            self.ok(self.daemon.delete(run))
            answers = {path: self.ok(post.result(), 200) for path, post in again.items()}
            for path in ("events", "labels"):
                self.assertEqual((answers[path]["accepted"], answers[path]["duplicates"]), (1, 1), answers)
            self.assertEqual(len(answers["predict"]["predictions"]), 1)


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
