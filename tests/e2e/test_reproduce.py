"""Runs made again: the same rows, settings and seed give the same bytes, whatever came since."""
import json
import os
import subprocess

import numpy

from harness import BINARY, Case, wait_until

LEARNERS = {"logistic": {"l2": 2}, "mlp": {"neurons": 8, "epochs": 40}, "trees": {"rounds": 20}}


class Reproduce(Case):
    def setUp(self):
        super().setUp()
        self.draw = numpy.random.default_rng(self.random.getrandbits(32))

    def reproduce(self, *arguments, **environment):
        environment = {**os.environ, **environment}
        return subprocess.run([BINARY, "runs", "reproduce", *map(str, arguments), "--data", self.daemon.folder],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120, env=environment)

    noise = 0 # share of the labels that are drawn

    def rows(self, count):
        for x, lang in zip(self.draw.normal(size=(count, 3)).tolist(), self.draw.integers(0, 4, count).tolist()):
            yield ([x[0], None if x[1] > 1 else x[1], x[2], [None, "de", "fr", "es"][lang]],
                   ["a", "b", "c"][int(x[0] + lang / 2 > 0) + int(x[1] > 1) if self.draw.random() >= self.noise else int(self.draw.integers(3))])

    def train(self, name, learner, **more):
        features = ["x", "y", "z", {"name": "lang", "type": "category"}]
        self.put_model(name, {"classes": ["a", "b", "c"], "features": features,
                              "retrain": {"learner": learner, "settings": LEARNERS[learner], "seed": 7, "live": False, "gate": {"leak": None}, **more}})
        items = [{"id": f"{name}-{i}", "features": x, "label": y} for i, (x, y) in enumerate(self.rows(500))]
        self.ok(self.daemon.post(f"/v1/models/{name}/events?settle=true", items), 200)
        self.ok(self.daemon.put(f"/v1/models/{name}/retraining", {"paused": True}))

    def again(self, name, turn):
        """More rows, served and labelled otherwise than before, and a run by hand on them."""
        items = [{"id": f"{name}-{turn}-{i}", "features": x, "label": {"a": "b", "b": "c", "c": "a"}[y]} for i, (x, y) in enumerate(self.rows(700))]
        self.ok(self.daemon.post(f"/v1/models/{name}/predict", [{k: v for k, v in item.items() if k != "label"} for item in items]))
        self.labels(name, [{"id": item["id"], "label": item["label"]} for item in items], "?settle=true")
        run = self.ok(self.daemon.post(f"/v1/models/{name}/runs"))["run"]
        wait_until(lambda: self.ok(self.daemon.get(f"/v1/models/{name}/runs/{run}"))["state"] not in ("queued", "running"), what="the run's end")
        return run, self.ok(self.daemon.get(f"/v1/models/{name}/runs/{run}"))["version"]

    def test_a_run_is_reproduced_after_later_events_revisions_and_a_restart(self):
        made = {}
        for name in LEARNERS:
            self.train(name, name)
            made[name] = [(1, 1), *(pair for pair in (self.again(name, turn) for turn in (1, 2)) if pair[1])]
            self.labels(name, [{"id": f"{name}-{i}", "label": "c"} for i in range(0, 500, 7)])
            self.labels(name, [{"id": f"{name}-1-{i}", "label": "a"} for i in range(0, 700, 5)])
        documents = [self.daemon.get(f"/v1/models/{name}/versions/{version}/model.json").json for name in made for _, version in made[name]]
        self.assertTrue(any("calibration" in d for d in documents))
        self.daemon.restart("kill")
        for name in LEARNERS:
            for run, version in made[name]:
                with self.subTest(f"{name} {run}"):
                    done = self.reproduce(name, run, "--json")
                    result = json.loads(done.stdout)
                    self.assertEqual((done.returncode, done.stderr, result["equal"]), (0, "", True), result)
                    self.assertEqual((result["version"], result["rows"], result["size"]), (version, result["rows_then"], result["size_then"]))
                    self.assertEqual(result["size"], len(self.daemon.get(f"/v1/models/{name}/versions/{version}/model.json").body))
        self.assertGreater(sum(map(len, made.values())), len(LEARNERS) + 1)
        done = self.reproduce("mlp", 1, OMP_NUM_THREADS="2", OPENBLAS_NUM_THREADS="2")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("are the same", done.stdout)
        kinds = [json.loads(self.reproduce("mlp", 1, "--json", **more).stdout) for more in ({"OPENBLAS_CORETYPE": "Prescott"}, {})]
        self.assertEqual([k["processor_then"] == k["processor"] for k in kinds], [False, True])

    def test_probabilities_are_calibrated_unless_that_is_off(self):
        """A network that knows its rows by heart: the temperature makes up for it on rows that come later."""
        self.noise = 0.6
        LEARNERS["mlp"], kept = {"neurons": 64, "epochs": 200, "patience": 0, "l2": 0}, LEARNERS["mlp"]
        self.addCleanup(LEARNERS.__setitem__, "mlp", kept)
        state = self.draw.bit_generator.state
        for name, calibrate in (("with", True), ("without", False)):
            self.draw.bit_generator.state = state
            self.train(name, "mlp", calibrate=calibrate)
        rows = list(self.rows(2000))
        losses = {}
        for name in ("with", "without"):
            answers = self.ok(self.daemon.post(f"/v1/models/{name}/predict?store=false", [{"features": x} for x, _ in rows]))["predictions"]
            losses[name] = [p["predicted"] for p in answers], -numpy.mean([numpy.log(max(p["scores"][y], 1e-15)) for p, (_, y) in zip(answers, rows)])
        self.assertEqual(losses["with"][0], losses["without"][0])
        self.assertLess(losses["with"][1], losses["without"][1])
        document = self.daemon.get("/v1/models/with/versions/1/model.json").json
        calibration = document["calibration"]
        self.assertGreater(calibration["temperature"], 1)
        self.assertLess(calibration["log_loss_after"], calibration["log_loss_before"])
        self.assertEqual((calibration["from"], calibration["to"], calibration["rows"]), (251, 501, 250))
        self.assertNotIn("calibration", self.daemon.get("/v1/models/without/versions/1/model.json").json)
        self.assertEqual(self.reproduce("with", 1).returncode, 0)

    def test_what_differs_is_said(self):
        self.train("m", "logistic")
        for i in range(0, 500, 3):
            self.ok(self.daemon.delete(f"/v1/models/m/events/m-{i}"))
        done = self.reproduce("m", 1)
        self.assertEqual(done.returncode, 1)
        self.assertIn("logistic on 333 rows", done.stdout)
        self.assertIn("it was fitted on 500 rows", done.stdout)
        self.assertIn("they differ from byte", done.stdout)
        result = json.loads(self.reproduce("m", 1, "--json").stdout)
        self.assertEqual((result["equal"], result["rows"], result["rows_then"]), (False, 333, 500))

    def test_what_can_not_be_reproduced_is_said(self):
        self.train("m", "logistic")
        for arguments, status, part in [
                (("none", 1), 1, "there is no model none"), (("m", 9), 1, "model m has no run 9"), (("m", "x"), 2, "run 'x'"),
                (("m",), 2, "the run is missing"), ((), 2, "the model is missing"), (("m", 1, "more"), 2, "'more'"), (("m", 1, "--jsom"), 2, "--json"),
                (("m", 1, "--url", "http://127.0.0.1:7850"), 2, "say --data DIR")]:
            done = self.reproduce(*arguments)
            self.assertEqual((done.returncode, done.stdout), (status, ""), arguments)
            self.assertIn(part, done.stderr)
        self.assertIn("there is no model mm; did you mean m?", self.reproduce("mm", 1).stderr)
        done = subprocess.run([BINARY, "runs"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("reproduce is missing", done.stderr)
