"""The whole loop on embeddings, which are made (made.py), and on categories."""
import random

from harness import wait_until
from made import Pictures
from test_loop import LoopCase
from test_text import Text as TextCase

FEATURES = [{"name": "embedding", "type": "vector", "size": Pictures.SIZE}, "width"]


class Vector(LoopCase):
    loop, check = TextCase.loop, TextCase.check

    def test_other_centres_are_learnt(self):
        for seed, learner in enumerate(("logistic", "trees", "mlp")):
            with self.subTest(learner):
                self.check(learner, *self.loop(learner, Pictures(seed), FEATURES, learner))


class Category(LoopCase):
    def rows(self, count, good):
        """A visitor's country and device; the label is a click, which only some countries give."""
        draw = self.random
        for _ in range(count):
            country = draw.choice(["de", "fr", "en", "it", "es", "pt", "nl", "pl", None])
            yield {"features": [country, draw.choice(["phone", "desk"])],
                   "label": ("yes" if country in good else "no") if draw.random() > 0.05 else "no"}

    def setUp(self):
        super().setUp()
        self.random = random.Random(5)
        self.put_model("m", {"features": [{"name": "country", "type": "category"}, {"name": "device", "type": "category"}],
                             "retrain": {"learner": "logistic", "categories": 4, "trials": 0}})
        self.events("m", list(self.rows(600, {"de", "fr", None})), "?settle=true")
        wait_until(lambda: self.daemon.get("/v1/models/m/versions/champion").status == 200, what="version 1")

    def predict(self, *rows):
        items = [{"id": str(i), "features": row} for i, row in enumerate(rows)]
        return self.ok(self.daemon.post("/v1/models/m/predict?store=false", items))["predictions"]

    def test_rare_unseen_and_missing_values_are_answered_alike(self):
        country = self.ok(self.daemon.get("/v1/models/m/versions/1/model.json"))["features"][0]
        self.assertEqual(len(country["values"]), 4)
        rare = next(c for c in ["de", "fr", "en", "it", "es", "pt", "nl", "pl"] if c not in country["values"])
        other = [p["scores"] for p in self.predict([rare, "desk"], ["xx", "desk"], [None, "desk"], ["", "desk"])]
        self.assertEqual(other, [other[0]] * 4)
        known = self.predict(["de" if "de" in country["values"] else country["values"][0], "desk"])
        self.assertNotEqual(known[0]["scores"], other[0])

    def test_a_version_from_before_a_feature_was_added_still_competes(self):
        """Its features are all there yet: the bench keeps it, a run compares it."""
        features = [{"name": "country", "type": "category"}, {"name": "device", "type": "category"}, "age"]
        self.put_model("m", {"features": features, "retrain": {"learner": "logistic", "categories": 4, "trials": 0}})
        pairs = [{**row, "features": row["features"] + [i % 70], "predicted": "no", "id": f"p{i}"}
                 for i, row in enumerate(self.rows(600, {"de", "fr", None}))]
        self.events("m", pairs, "?settle=true")
        run = self.ended(self.by_hand("m"), "m")
        self.assertIn(run["state"], ("succeeded", "rejected"), run)
        self.assertNotIn("left out", run["verdict"])
