"""Versions as ONNX models: ONNX Runtime answers what upkeepd answers."""
import json
import os
import shutil
import subprocess
import tempfile

import numpy

from harness import ROOT, Case, wait_until

RUNTIME = os.path.join(ROOT, "tests", "onnx")


class Onnx(Case):
    def ask_runtime(self, model, rows):
        with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
            file.write(model)
            file.flush()
            done = subprocess.run(["node", os.path.join(RUNTIME, "answer.js"), file.name], input=json.dumps(rows),
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def rows(self, count, features):
        """Numbers that floats hold exactly, of unlike scales, one in eight missing."""
        scale = 10.0 ** numpy.arange(-2, features - 2)
        x = (self.random_state.normal(size=(count, features)) * scale + scale).astype(numpy.float32).astype(float)
        gone = self.random_state.random(size=x.shape) < 0.125
        return [[None if g else v for v, g in zip(row, gaps)] for row, gaps in zip(x.tolist(), gone.tolist())]

    def label_of(self, row, classes):
        score = sum((-1) ** j * (v or 0) / 10.0 ** (j - 2) for j, v in enumerate(row)) + self.random_state.normal()
        return classes[int(numpy.clip(numpy.floor(score) + len(classes) / 2, 0, len(classes) - 1))]

    def train(self, name, learner, classes, config=None, declared=None):
        self.put_model(name, {"classes": declared or classes, "features": [f"f{j}" for j in range(4)],
                              "retrain": {"learner": learner}, **(config or {})})
        train = self.rows(600, 4)
        items = [{"features": row, "label": self.label_of(row, classes)} for row in train]
        self.ok(self.daemon.post(f"/v1/models/{name}/events?settle=true", items), 200)
        wait_until(lambda: self.daemon.get(f"/v1/models/{name}/versions/champion").status == 200, what="a champion")

    def check(self, name, declared):
        self.compare(name, declared, self.rows(1000, 4))

    def compare(self, name, declared, rows, inputs=None):
        reply = self.daemon.get(f"/v1/models/{name}/versions/champion/model.onnx")
        self.assertEqual(reply.status, 200, reply)
        theirs = self.ask_runtime(reply.body, inputs or rows)
        items = [{"id": str(i), "features": row} for i, row in enumerate(rows)]
        ours = self.ok(self.daemon.post(f"/v1/models/{name}/predict?store=false", items), 200)["predictions"]
        self.assertEqual(len(theirs["label"]), len(rows))
        for p, label, probabilities in zip(ours, theirs["label"], theirs["probabilities"]):
            expected = [p["scores"][c] for c in declared]
            self.assertEqual(len(probabilities), len(expected))
            for a, b in zip(probabilities, expected):
                self.assertAlmostEqual(a, b, delta=1e-5)
            if sorted(expected)[-1] - sorted(expected)[-2] > 1e-5:
                self.assertEqual(label, p["predicted"])
        self.assertGreater(len(set(theirs["label"])), 1)

    TYPED = ["len", {"name": "lang", "type": "category"}, {"name": "image", "type": "vector", "size": 5},
             {"name": "t1", "type": "category"}, "caps"]

    def typed_row(self, languages):
        """One value in eight is missing; floats hold the numbers exactly."""
        draw = self.random_state

        def perhaps(value):
            return None if draw.random() < 0.125 else value

        vector = [float(numpy.float32(v)) for v in draw.normal(size=5)]
        return [perhaps(float(numpy.float32(draw.normal()))), perhaps(str(draw.choice(languages))), perhaps(vector),
                perhaps(str(draw.choice(["x", "y z", "ü"]))), perhaps(float(draw.integers(-5, 5)))]

    def typed_label(self, row, classes):
        score = (row[0] or 0) + 2 * (row[1] == "de") - (row[3] == "x") + (row[2][0] if row[2] else 1)
        return classes[int(numpy.clip(numpy.floor(score) + len(classes) / 2, 0, len(classes) - 1))]

    def train_typed(self, name, learner, classes):
        self.put_model(name, {"classes": classes, "features": self.TYPED, "retrain": {"learner": learner}})
        rows = [self.typed_row(["de", "en", "fr", "pt"]) for _ in range(700)]
        items = [{"features": row, "label": self.typed_label(row, classes)} for row in rows]
        self.ok(self.daemon.post(f"/v1/models/{name}/events?settle=true", items), 200)
        wait_until(lambda: self.daemon.get(f"/v1/models/{name}/versions/champion").status == 200, what="a champion")

    def test_features_of_other_types_are_inputs_of_their_own(self):
        for learner in ("logistic", "trees", "mlp"):
            for classes in (["no", "yes"], ["a", "b", "c", "d"]):
                with self.subTest(learner, classes=classes):
                    name = f"{learner}-{len(classes)}"
                    self.train_typed(name, learner, classes)
                    rows = [self.typed_row(["de", "en", "fr", "pt", "unseen", "de "]) for _ in range(1000)]
                    names = [f if isinstance(f, str) else f["name"] for f in self.TYPED]
                    self.compare(name, classes, rows, {n: [row[i] for row in rows] for i, n in enumerate(names)})

    def test_a_version_of_texts_says_that_it_has_no_graph(self):
        self.put_model("m", {"features": ["x", {"name": "body", "type": "text"}], "retrain": {"learner": "logistic"}})
        words = ["good", "bad"]
        items = [{"features": [i % 7, words[i % 2] + " word"], "label": words[i % 2]} for i in range(500)]
        self.ok(self.daemon.post("/v1/models/m/events?settle=true", items), 200)
        reply = self.daemon.get("/v1/models/m/versions/champion/model.onnx")
        self.problem(reply, 409, "body", "ONNX", "model.json")
        self.ok(self.daemon.get("/v1/models/m/versions/champion/model.json"))

    def setUp(self):
        super().setUp()
        self.assertTrue(shutil.which("node") and os.path.isdir(os.path.join(RUNTIME, "node_modules")),
                        "scripts/test installs ONNX Runtime into tests/onnx")
        self.random_state = numpy.random.default_rng(self.random.getrandbits(32))

    def test_every_learner_of_two_classes_is_answered_alike(self):
        for learner in ("logistic", "trees", "mlp"):
            with self.subTest(learner):
                self.train(learner, learner, ["no", "yes"])
                self.check(learner, ["no", "yes"])

    def test_every_learner_of_more_classes_is_answered_alike_one_without_rows_too(self):
        classes = ["a", "b", "c", "d"]
        for learner in ("logistic", "trees", "mlp"):
            with self.subTest(learner):
                declared = ["a", "none", "b", "c", "d"]
                self.train(learner, learner, classes, declared=declared)
                self.check(learner, declared)

    def test_the_threshold_decides_the_label(self):
        self.train("m", "logistic", ["no", "yes"], {"positive": "yes", "threshold": 0.8})
        reply = self.daemon.get("/v1/models/m/versions/1/model.onnx")
        rows = self.rows(400, 4)
        theirs = self.ask_runtime(reply.body, rows)
        for label, (_, yes) in zip(theirs["label"], theirs["probabilities"]):
            if abs(yes - 0.8) > 1e-5:
                self.assertEqual(label, "yes" if yes > 0.8 else "no")
        self.assertTrue(any(0.5 < yes < 0.8 for _, yes in theirs["probabilities"]))

    def test_trees_take_numbers_beyond_a_float(self):
        classes = ["no", "yes"]
        self.put_model("m", {"classes": classes, "features": [f"f{j}" for j in range(4)],
                             "retrain": {"learner": "trees"}})
        rows = self.rows(600, 4)
        labels = [self.label_of(row, classes) for row in rows]
        for i in range(0, 600, 9):
            rows[i][i % 4] = (1e300, -1e39, 3e38, 1e38)[i // 9 % 4]
        items = [{"features": row, "label": label} for row, label in zip(rows, labels)]
        self.ok(self.daemon.post("/v1/models/m/events?settle=true", items), 200)
        wait_until(lambda: self.daemon.get("/v1/models/m/versions/champion").status == 200, what="a champion")
        self.compare("m", classes, rows)

    def test_its_tag_spares_sending_it_again(self):
        self.train("m", "trees", ["no", "yes"])
        path = "/v1/models/m/versions/champion/model.onnx"
        first = self.daemon.get(path)
        again = self.daemon.get(path, headers={"If-None-Match": first.headers["ETag"]})
        self.assertEqual((again.status, again.body), (304, b""))
