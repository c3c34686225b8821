"""The gate: what it asks of a challenger besides a better figure."""
from test_loop import LoopCase, Stream

MODEL = {"features": ["x", "y", "z"], "rules": [],
         "retrain": {"budget": None, "policy": {"first_rows": 100000, "growth_least": 100000}}}


def model(**gate):
    return {**MODEL, "slices": ["country", "device"], "retrain": {**MODEL["retrain"], "gate": gate}}


class Gate(LoopCase):
    def served(self, stream, rows, wrong, **more):
        """Pairs that somebody else predicted: wrong(n) says on which."""
        items = []
        for n, (item, label) in enumerate(stream.rows(rows)):
            other = "down" if label == "up" else "up"
            items.append({**item, "label": label, "predicted": other if wrong(n) else label,
                          **{key: value(n, label) for key, value in more.items()}})
        self.events("m", items, "?settle=true")

    def judged(self):
        run = self.ended(self.by_hand())
        self.assertNotEqual(run["state"], "failed", run)
        return run

    def test_a_slice_that_falls_stops_what_is_better_in_all(self):
        self.put_model("m", model())
        country = lambda n, _: {"country": "fr" if n % 4 == 0 else "de", "device": "tv" if n % 10 == 0 else "phone"}
        self.served(Stream(1, noise=0.15), 1200, lambda n: n % 4 and n % 3 == 0, slices=country)
        run = self.judged()
        self.assertEqual(run["state"], "rejected", run)
        gate = run["gate"]
        self.assertGreater(gate["difference"], gate["limit"])
        self.assertEqual((gate["passed"], gate["held"]), (False, False))
        self.assertRegex(run["verdict"], r"but country=fr falls by 0\.\d+, from 1\.000 to 0\.\d+ on \d+ pairs")
        self.assertEqual(gate["slices_judged"], 3, "device=tv has too few pairs")
        self.assertEqual([s["slice"] for s in gate["slices"]][0], "country=fr")
        self.assertEqual(sum(s["pairs"] for s in gate["slices"] if s["slice"].startswith("country")), gate["pairs"])
        self.assertLess(gate["slices"][0]["difference"], -gate["slices"][0]["limit"])

        self.put_model("m", model(slices=None))
        run = self.judged()
        self.assertEqual(run["state"], "succeeded", run)
        self.assertIsNone(run["gate"]["slices"][0]["limit"])

    def test_bounds_on_the_figure_and_on_what_changes(self):
        self.put_model("m", model(at_least=0.99))
        self.served(Stream(2), 1000, lambda n: n % 3 == 0)
        run = self.judged()
        self.assertEqual((run["state"], "but at least 0.99 is asked for" in run["verdict"]), ("rejected", True), run)
        flips = run["gate"]["flips"]
        self.assertTrue(0.25 < flips < 0.45, flips)
        self.put_model("m", model(flips=0.1))
        run = self.judged()
        self.assertEqual((run["state"], "at most 10 % may change" in run["verdict"]), ("rejected", True), run)
        self.put_model("m", model(flips=0.5, at_least=0.9))
        self.assertEqual(self.judged()["state"], "succeeded")

    def test_a_feature_that_gives_the_label_away_waits_for_a_person(self):
        self.put_model("m", model())
        leak = lambda n, label: [n % 7, n % 5, 1.0 if label == "up" else 0.0]
        self.served(Stream(3), 1000, lambda n: n % 8 == 0, features=leak)
        run = self.judged()
        self.assertEqual(run["state"], "waiting", run)
        self.assertRegex(run["verdict"], "too good to be true: it is wrong on 0 of the 250 pairs, .* a person decides")
        self.assertEqual((run["gate"]["passed"], run["gate"]["held"]), (False, True))
        self.problem(self.daemon.get("/v1/models/m/versions/champion"), 404)
        state = self.ok(self.daemon.get("/v1/models/m"))
        self.assertEqual(state["state"], "waiting")
        self.assertIn(f"run {run['run']}", state["waiting_for"])
        self.daemon.restart()
        self.ok(self.daemon.delete(f"/v1/models/m/runs/{run['run']}"), 204)
        self.assertEqual(self.run_of(run["run"])["state"], "cancelled")
        self.put_model("m", model(leak=None))
        self.assertEqual(self.judged()["state"], "succeeded")
