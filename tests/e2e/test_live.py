"""Live adjustment over HTTP: a stream that turns round, the copies that answer it, kills in mid-stream."""
import test_onnx

from harness import Case
from test_versions import probabilities

EXAMPLES, TURN, KILLS, END = 600, 700, (730, 1000), 1150


class Live(Case):
    """The label is whether a + b / 2 > 0, and from TURN on the contrary of it."""

    def setUp(self):
        super().setUp()
        # Halves of 1,024: ONNX's floats hold them exactly.
        self.rows = [[self.random.randrange(-512, 512) / 1024 for _ in range(2)] for _ in range(END + 100)]

    def label(self, i):
        return "ab"[(self.rows[i][0] + self.rows[i][1] / 2 > 0) != (i >= TURN)]

    def begin(self, **retrain):
        self.put_model("m", {"classes": ["a", "b"], "features": ["x", "y"], "rules": [],
                             "retrain": {"learner": "logistic", "trials": 0, "every": None, **retrain}})
        self.events("m", [{"id": str(i), "features": self.rows[i], "label": self.label(i)} for i in range(EXAMPLES)], "?settle=true")

    def one(self, i):
        answer = self.ok(self.daemon.post("/v1/models/m/predict", {"id": str(i), "features": self.rows[i]}))
        self.labels("m", {"id": str(i), "label": self.label(i)}, "?settle=true")
        return answer

    def get(self, path=""):
        return self.ok(self.daemon.get(f"/v1/models/m{path}"))

    def play(self):
        """All answers of the stream by row; killed on the way, and nothing is lost by that."""
        answers = {}
        for i in range(EXAMPLES, END):
            if i in KILLS:
                before = self.get()["live"], self.get("/versions")
                self.daemon.restart("kill")
                self.assertEqual((self.get()["live"], self.get("/versions")), before)
            answers[i] = self.one(i)
        return answers

    def check_revision(self, number, asked):
        """model.json and, in ONNX Runtime, model.onnx of a revision give the answers that named it."""
        path = f"/v1/models/m/versions/2/%s?revision={number}"
        document = self.ok(self.daemon.get(path % "model.json"))
        theirs = test_onnx.Onnx.ask_runtime(self, self.daemon.get(path % "model.onnx").body, [self.rows[i] for i, _ in asked])
        for (i, answer), onnx in zip(asked, theirs["probabilities"]):
            ours = probabilities(document, self.rows[i])
            for k, label in enumerate("ab"):
                self.assertAlmostEqual(ours[label], answer["scores"][label], delta=1e-9)
                self.assertAlmostEqual(onnx[k], answer["scores"][label], delta=1e-5)

    def test_a_stream_that_turns_is_taken_over(self):
        self.begin()
        live = self.get()["live"]
        self.assertEqual((live["state"], live["version"], live["revision"], live["pairs"], live["accuracy"]), ("shade", None, 1, 0, None))
        answers = self.play()
        self.assertEqual({answers[i]["version"] for i in range(EXAMPLES, TURN)}, {1})
        own = {i: a for i, a in answers.items() if a["version"] == 2}
        self.assertGreater(len(own), 150)
        self.assertGreater(sum(own[i]["predicted"] == self.label(i) for i in range(END - 100, END)), 80)
        self.assertEqual([p["by"] for p in self.get("/promotions")["promotions"]], ["run", "live"])
        live = self.get()["live"]
        self.assertEqual((live["state"], live["why"], live["version"]), ("serving", None, 2))
        self.assertEqual(live["pairs"], END - EXAMPLES)
        self.assertGreater(live["accuracy"], 0.6)

        for i in (EXAMPLES, min(own), END - 1):
            stored = self.get(f"/events/{i}")
            self.assertEqual((stored["version"], stored["revision"]), (answers[i]["version"], answers[i].get("revision")))
        for i in (min(own), END - 100, END - 1):
            number = own[i]["revision"]
            self.check_revision(number, [(j, a) for j, a in own.items() if a["revision"] == number])
        self.check_list(own)
        self.check_current()
        self.check_erasure()

    def check_list(self, own):
        numbers = sorted({a["revision"] for a in own.values()}, reverse=True)
        listed = self.get("/versions/2/revisions?limit=10000")
        self.assertEqual(listed["version"], 2)
        self.assertEqual([r["revision"] for r in listed["revisions"]], numbers)
        part = self.get(f"/versions/champion/revisions?limit=3&before={numbers[4]}")["revisions"]
        self.assertEqual(part, listed["revisions"][5:8])
        self.assertEqual(self.get("/versions/1/revisions"), {"version": 1, "revisions": []})
        places = [r["place"] for r in listed["revisions"]]
        self.assertEqual(places, sorted(places, reverse=True))
        for path, part in (("/versions/9/revisions", "version 9"), ("/versions/1/model.json?revision=1", "revision 1"),
                           ("/versions/2/model.onnx?revision=100000", "revision 100000")):
            self.problem(self.daemon.get(f"/v1/models/m{path}"), 404, part)
        self.problem(self.daemon.get("/v1/models/m/versions/2/model.json?revision=0"), 400, "revision")

    def check_current(self):
        """By default the copy that answers; its tag goes with it."""
        path, first = "/v1/models/m/versions/2/model.json", self.one(END)
        before = self.daemon.get(path)
        now = self.get()["live"]["revision"]
        self.assertGreaterEqual(now, first["revision"])
        self.assertEqual(self.daemon.get(f"{path}?revision={now}").body, before.body)
        for i in range(END + 1, END + 1 + self.get()["live"]["renew"]):
            self.one(i)
        after = self.daemon.get(path, headers={"If-None-Match": before.headers["ETag"]})
        self.assertEqual(after.status, 200)
        self.assertNotEqual(after.headers["ETag"], before.headers["ETag"])
        last = self.ok(self.daemon.post("/v1/models/m/predict", {"id": "last", "features": [0.25, 0.25]}))
        listed = self.get("/versions/2/revisions?limit=2")["revisions"]
        self.assertEqual([(r["revision"], r["current"]) for r in listed], [(last["revision"], True), (listed[1]["revision"], False)])
        self.assertEqual(probabilities(after.json, [0.25, 0.25])["a"], probabilities(
            self.ok(self.daemon.get(f"{path}?revision={last['revision']}")), [0.25, 0.25])["a"])
        # In the shade it is the one that answered last.
        self.ok(self.daemon.post("/v1/models/m/rollback"))
        self.assertEqual(self.daemon.get(path).body, after.body)
        live = self.get()["live"]
        self.assertEqual(live["state"], "shade")
        self.assertIn("by hand", live["why"])

    def check_erasure(self):
        """An event that it began with, and one that it learnt from since."""
        for id, trained in ((5, [2, 1]), (END - 1, [2])):
            gone = self.ok(self.daemon.delete(f"/v1/models/m/events/{id}"))
            self.assertEqual(gone["trained"], trained)

    def test_it_says_why_it_does_nothing(self):
        self.put_model("m", {"classes": ["a", "b"], "features": ["x", "y"]})
        live = self.get()["live"]
        self.assertEqual((live["state"], live["renew"], live["accuracy"]), ("waiting", None, None))
        self.assertIn("run", live["why"])
        self.begin(live=False)
        live = self.get()["live"]
        self.assertEqual(live["state"], "off")
        self.assertIn("configuration", live["why"])
        self.put_model("t", {"classes": [f"c{i}" for i in range(1000)], "features": [{"name": "v", "type": "vector", "size": 60}],
                             "retrain": {"learner": "logistic", "trials": 0}})
        rows = [[x * (-1) ** j for j in range(60)] for x, _ in self.rows[:EXAMPLES]]
        self.events("t", [{"features": [v], "label": f"c{int(v[0] > 0)}"} for v in rows], "?settle=true")
        live = self.ok(self.daemon.get("/v1/models/t"))["live"]
        self.assertEqual(live["state"], "off")
        self.assertIn("weights", live["why"])
