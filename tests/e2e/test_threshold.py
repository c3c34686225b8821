"""Thresholds of rare positives: found on rows that the fit has not seen, kept where F1 is better by them."""
import json
import subprocess

import numpy
from sklearn.metrics import f1_score, precision_recall_curve

import test_onnx
from harness import BINARY, Case, wait_until

F1 = {"metric": {"name": "f1", "class": "spam"}, "leak": None}


class Threshold(Case):
    ask_runtime = test_onnx.Onnx.ask_runtime

    def setUp(self):
        super().setUp()
        self.draw = numpy.random.default_rng(self.random.getrandbits(32))

    def stream(self, count):
        """One in twenty is spam, whose features are a little higher; floats hold them."""
        spam = self.draw.random(count) < 0.05
        x = self.draw.normal(size=(count, 4)).astype(numpy.float32)
        x[:, :2] += numpy.float32(1.1) * spam[:, None].astype(numpy.float32)
        return x.astype(float).tolist(), ["spam" if s else "ham" for s in spam]

    def train_rare(self, name, rows, learner="logistic", **more):
        self.put_model(name, {"classes": ["ham", "spam"], "positive": "spam", "features": [f"f{j}" for j in range(4)],
                              "retrain": {"learner": learner, "trials": 0, "live": False, "gate": F1, "policy": {"first_rows": 20000}, **more}})
        items = [{"id": f"{name}-{i}", "features": x, "label": y} for i, (x, y) in enumerate(zip(*rows))]
        self.ok(self.daemon.post(f"/v1/models/{name}/events?settle=true", items), 200)
        wait_until(lambda: self.daemon.get(f"/v1/models/{name}/versions/champion").status == 200, what="a champion")

    def answers(self, name, x):
        items = [{"features": row} for row in x]
        p = self.ok(self.daemon.post(f"/v1/models/{name}/predict?store=false", items))["predictions"]
        self.thresholds = {a.get("threshold") for a in p}
        return numpy.array([a["predicted"] == "spam" for a in p]), numpy.array([a["scores"]["spam"] for a in p])

    def document(self, name):
        return self.daemon.get(f"/v1/models/{name}/versions/1/model.json").json

    def test_a_threshold_helps_on_rows_that_nobody_has_seen(self):
        rows, (x, y) = self.stream(20000), self.stream(20000)
        truth = numpy.array(y) == "spam"
        self.train_rare("auto", rows)
        self.train_rare("off", rows, threshold="off")
        (ours, scores), (half, half_scores) = self.answers("auto", x), self.answers("off", x)
        numpy.testing.assert_array_equal(scores, half_scores)
        run = self.daemon.get("/v1/models/auto/runs/1").json["gate"]["threshold"]
        self.assertTrue(run["kept"], run)
        value = self.document("auto")["threshold"]["value"]
        numpy.testing.assert_array_equal(ours, scores >= value)
        self.assertEqual(self.thresholds, {None})
        self.answers("auto", x[:2])
        self.assertEqual(self.thresholds, {value})
        row = {"id": "one", "features": x[0]}
        self.assertEqual(self.ok(self.daemon.post("/v1/models/auto/predict", row))["threshold"], value)
        self.assertNotIn("threshold", self.ok(self.daemon.post("/v1/models/auto/predict", row)))
        numpy.testing.assert_array_equal(half, scores >= 0.5)
        precision, recall, _ = precision_recall_curve(truth, scores)
        best = numpy.nan_to_num(2 * precision * recall / numpy.maximum(precision + recall, 1e-12)).max()
        self.assertGreater(f1_score(truth, ours), f1_score(truth, half) + 0.05)
        self.assertGreater(f1_score(truth, ours), best - 0.04) # what scikit-learn finds with these very labels

        tuned = self.document("auto")["threshold"]["tuned"]
        self.assertIn("kept: on", run["reason"])
        self.assertEqual((run["f1_before"], run["f1_after"], run["rows"]), (tuned["f1_before"], tuned["f1_after"], tuned["rows"]))
        self.assertEqual(self.daemon.get("/v1/models/auto/versions/1").json["figures"]["threshold"], value)
        self.assertIsNone(self.daemon.get("/v1/models/off/runs/1").json["gate"]["threshold"])
        self.assertNotIn("threshold", self.document("off"))
        effective = {n: self.daemon.get(f"/v1/models/{n}").json["effective"]["retrain"]["threshold"] for n in ("auto", "off")}
        self.assertEqual(effective, {"auto": "auto", "off": "off"})

        batch = {"inputs": [{"name": "features", "shape": [1000, 4], "datatype": "FP64", "data": x[:1000]}]}
        outputs = {o["name"]: o["data"] for o in self.ok(self.daemon.post("/v2/models/auto/infer", batch))["outputs"]}
        self.assertEqual([label == "spam" for label in outputs["label"]], ours[:1000].tolist())
        self.assertGreater(sum(ours[:1000]), 0)

        self.daemon.restart("kill")
        numpy.testing.assert_array_equal(self.answers("auto", x)[0], ours)
        done = subprocess.run([BINARY, "runs", "reproduce", "auto", "1", "--json", "--data", self.daemon.folder],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
        self.assertTrue(json.loads(done.stdout)["equal"], done.stdout + done.stderr)

    def test_onnx_runtime_decides_by_it(self):
        rows, (x, _) = self.stream(20000), self.stream(1000)
        for learner, settings in (("logistic", {}), ("trees", {"rounds": 20}), ("mlp", {"neurons": 8, "epochs": 5})):
            with self.subTest(learner):
                self.train_rare(learner, rows, learner, settings=settings)
                value = self.document(learner)["threshold"]["value"]
                theirs = self.ask_runtime(self.daemon.get(f"/v1/models/{learner}/versions/1/model.onnx").body, x)
                ours, scores = self.answers(learner, x)
                self.assertGreater(sum(ours), sum(scores >= 0.5))
                for label, p, spam, score in zip(theirs["label"], theirs["probabilities"], ours, scores):
                    self.assertAlmostEqual(p[1], score, delta=1e-5)
                    if abs(score - value) > 1e-5:
                        self.assertEqual(label == "spam", spam)

    def test_a_run_keeps_what_it_was_judged_with_and_a_named_threshold_wins(self):
        self.train_rare("m", self.stream(20000))
        x, y = self.stream(6000)
        items = [{"id": f"p{i}", "features": row} for i, row in enumerate(x)]
        self.ok(self.daemon.post("/v1/models/m/predict", items))
        self.labels("m", [{"id": f"p{i}", "label": label} for i, label in enumerate(y)], "?settle=true")
        number = self.ok(self.daemon.post("/v1/models/m/runs"))["run"]
        run = wait_until(lambda: (lambda r: r if r["state"] not in ("queued", "running") else None)(self.daemon.get(f"/v1/models/m/runs/{number}").json), what="the run's end")
        self.assertEqual(run["gate"]["metric"], "f1 of spam")
        # A window too short for a threshold of its own may be the best of them.
        looked = run["gate"]["threshold"]
        self.assertTrue(looked["reason"].startswith("kept" if looked["kept"] else "0.5 stays"), run)
        document = self.daemon.get(f"/v1/models/m/versions/{run['version']}/model.json").json
        tuned = (document.get("threshold") or {}).get("tuned")
        self.assertEqual(tuned is not None, looked["kept"], document.get("threshold"))
        if tuned:
            self.assertLess(tuned["to"], run["gate"]["holdout_from"] + 1)
        self.assertIsNotNone(self.daemon.get("/v1/models/m/versions/1/model.json").json["threshold"]["tuned"])

        config = self.daemon.get("/v1/models/m").json["config"]
        for named in (0.9, 0):
            self.put_model("m", {**config, "threshold": named})
            self.answers("m", x[:1])
            self.assertEqual(self.thresholds, {named})
        self.put_model("m", {**config, "threshold": 0.9})
        named, scores = self.answers("m", x)
        numpy.testing.assert_array_equal(named, scores >= 0.9)

    def test_a_wrong_word_is_refused(self):
        reply = self.daemon.put("/v1/models/w", {"retrain": {"threshold": 0.3}})
        self.assertEqual(reply.status, 400)
        self.assertIn("retrain.threshold", reply.json["detail"])
