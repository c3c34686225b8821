"""The whole loop on texts, which are made (made.py): predict, label, drift, alert, run, promotion."""
from harness import wait_until
from made import Messages
from test_loop import LoopCase

FEATURES = [{"name": "body", "type": "text"}, "length"]


class Text(LoopCase):
    def loop(self, name, made, features, learner, steps=25):
        """Plays a stream through its drift; the share that is right before, at and after it."""
        self.put_model(name, {"features": features, "retrain": {"learner": learner, "trials": 0, "live": False}})
        items = [{**item, "label": label} for item, label in made.rows(500)]
        self.events(name, items, "?settle=true")
        wait_until(lambda: self.daemon.get(f"/v1/models/{name}/versions/champion").status == 200, what="version 1")
        before = self.play(name, made, 500, steps)
        self.assertEqual(self.list(name, "alerts"), [])
        made.drift()
        at = self.play(name, made, 200, steps)
        self.play(name, made, 800, steps)
        after = self.play(name, made, 500, steps)
        return before, at, after

    def check(self, name, before, at, after):
        self.assertGreater(before, 0.85)
        self.assertLess(at, before - 0.1)
        self.assertGreater(after, 0.85)
        alert = self.list(name, "alerts")[-1]
        run = self.run_of(alert["run"], name)
        self.assertEqual((alert["rule"], run["kind"], run["state"]), ("fell", "alert", "succeeded"), run)
        self.assertGreaterEqual(self.champion(name), 2)

    def test_a_new_way_to_say_the_same_is_learnt(self):
        self.check("m", *self.loop("m", Messages(1), FEATURES, "logistic"))

    def test_mlp_learns_it_too(self):
        self.check("m", *self.loop("m", Messages(1), FEATURES, "mlp"))

    def test_trees_learn_it_too(self):
        self.check("m", *self.loop("m", Messages(1), FEATURES, "trees"))

    def test_texts_alone_are_enough_and_an_absent_one_is_answered(self):
        self.put_model("m", {"features": FEATURES[:1], "retrain": {"learner": "logistic"}})
        made = Messages(7)
        items = [{"features": [item["features"]["body"]], "label": label} for item, label in made.rows(500)]
        self.events("m", items, "?settle=true")
        answer = self.ok(self.daemon.post("/v1/models/m/predict?store=false", [
            {"id": "a", "features": ["MY PASSWORD does not work!"]}, {"id": "b", "features": [None]},
            {"id": "c", "features": ["пароль не работает"]}]))["predictions"]
        self.assertEqual(answer[0]["predicted"], "login")
        self.assertEqual(answer[1]["scores"], answer[2]["scores"])

    def test_model_json_says_how_a_text_is_read(self):
        self.put_model("m", {"features": FEATURES, "retrain": {"learner": "logistic"}})
        items = [{**item, "label": label} for item, label in Messages(3).rows(500)]
        self.events("m", items, "?settle=true")
        version = self.ok(self.daemon.get("/v1/models/m/versions/champion/model.json"))
        body, length = version["features"]
        self.assertEqual((body["name"], body["type"], body["bits"], length), ("body", "text", 18, "length"))
        self.assertEqual(len(body["buckets"]), len(body["idf"]))
        self.assertEqual(len(version["coefficients"][0]), 1 + len(body["idf"]))

    def test_a_run_doubts_a_text_that_was_learnt_as_a_category(self):
        self.put_model("m", {"retrain": {"learner": "logistic"}})
        self.events("m", [{**item, "label": label} for item, label in Messages(3).rows(500)], "?settle=true")
        run = self.run_of(1)
        self.assertIn("of the category body ", run["verdict"])
        self.assertTrue(run["verdict"].endswith("is it a text?"), run["verdict"])
