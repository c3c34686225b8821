"""The gate: what it asks of a challenger besides a better figure."""
from test_loop import LoopCase, Stream

MODEL = {"features": ["x", "y", "z"], "rules": [],
         "retrain": {"budget": None, "learner": "logistic", "trials": 0, "policy": {"first_rows": 100000, "growth_least": 100000}}}


def model(**gate):
    return {**MODEL, "slices": ["country", "device"], "retrain": {**MODEL["retrain"], "gate": gate}}


class GateCase(LoopCase):
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


class Gate(GateCase):
    def test_a_slice_that_falls_stops_what_is_better_in_all(self):
        self.put_model("m", model())
        country = lambda n, label: {"country": "fr" if n % 4 == 0 else "de" if label == "up" else "at",
                                    "device": "tv" if n % 10 == 0 else "phone"}
        self.served(Stream(1, noise=0.15), 1200, lambda n: n % 4 and n % 3 == 0, slices=country)
        run = self.judged()
        self.assertEqual(run["state"], "rejected", run)
        gate = run["gate"]
        self.assertGreater(gate["difference"], gate["limit"])
        self.assertEqual((gate["passed"], gate["held"]), (False, False))
        self.assertRegex(run["verdict"], r"but country=fr falls by 0\.\d+, from 1\.000 to 0\.\d+ on \d+ pairs")
        self.assertEqual(gate["slices_judged"], 4, "device=tv has too few pairs")
        self.assertEqual({s["slice"]: s["metric"] for s in gate["slices"]}, {
            "country=fr": "macro f1", "device=phone": "macro f1", "country=de": "accuracy", "country=at": "accuracy"})
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


class Person(GateCase):
    """What a person may do with a version that the gate did not pass."""

    ANNA = {"by": "anna", "reason": "the holdout was a holiday"}

    def refused(self):
        self.put_model("m", model(at_least=0.99))
        self.served(Stream(2), 1000, lambda n: n % 3 == 0)
        run = self.judged()
        self.assertEqual((run["state"], run["version"]), ("rejected", 1), run)
        return run

    def promote(self, version, body=None):
        return self.daemon.post(f"/v1/models/m/versions/{version}/promote", body)

    def test_a_refused_challenger_is_kept_as_it_was_judged(self):
        run = self.refused()
        version = self.ok(self.daemon.get("/v1/models/m/versions/1"))
        picked = next(c for c in run["candidates"] if c["picked"])
        self.assertEqual((version["rows"]["from"], version["rows"]["to"]), (picked["from"], picked["to"]))
        self.assertLessEqual(version["rows"]["to"], run["gate"]["holdout_from"])
        self.assertEqual((version["champion"], version["served"], version["run"]), (False, [], run["run"]))
        self.assertEqual(version["figures"]["by"], "itself")
        self.assertAlmostEqual(version["figures"]["macro_f1"], run["gate"]["challenger"], delta=1e-12)
        asked = self.ok(self.daemon.post("/v1/models/m/predict?version=1&store=false", {"features": [1, 2, 3]}))
        self.assertEqual(asked["version"], 1)
        self.problem(self.daemon.get("/v1/models/m/versions/champion"), 404)

    def test_against_the_verdict_only_by_name_and_with_a_reason(self):
        run = self.refused()
        for body in (None, {}, {"by": "anna"}, {"reason": "why not"}):
            self.problem(self.promote(1, body), 409, "version 1", f"run {run['run']}", "at least 0.99", "by", "reason")
        self.problem(self.promote(1, {"by": 3, "reason": "x"}), 400, "by: 3")
        for blank in ("", " ", " \t\n"):
            self.problem(self.promote(1, {"by": "anna", "reason": blank}), 400, "reason")
            self.problem(self.promote(1, {"by": blank, "reason": "x"}), 400, "by")
        self.problem(self.promote(1, {"by": "a" * 129, "reason": "x"}), 400, "128 bytes")
        self.problem(self.promote(1, {**self.ANNA, "why": "x"}), 400, "why")
        self.problem(self.promote(1, ["anna"]), 400, "object")
        self.ok(self.promote(1, self.ANNA), 200)
        self.assertEqual(self.champion(), 1)
        for how in (None, "kill"):
            if how:
                self.daemon.restart(how)
            entry, = self.ok(self.daemon.get("/v1/models/m/promotions"))["promotions"]
            self.assertEqual((entry["by"], entry["person"], entry["reason"], entry["run"], entry["against"]),
                             ("hand", "anna", self.ANNA["reason"], run["run"], run["verdict"]))
            served, = self.ok(self.daemon.get("/v1/models/m/versions/1"))["served"]
            self.assertEqual(served["promotion"], entry["promotion"])
            self.assertEqual(self.run_of(run["run"])["state"], "rejected")

    def test_who_promotes_what_passed_may_say_so(self):
        self.put_model("m", {**model(), "retrain": {**MODEL["retrain"], "promote": "manual"}})
        self.served(Stream(2), 1000, lambda n: n % 3 == 0)
        run = self.judged()
        self.assertEqual(run["state"], "waiting")
        self.ok(self.promote(run["version"], {"by": "ben"}), 200)
        entry, = self.ok(self.daemon.get("/v1/models/m/promotions"))["promotions"]
        self.assertEqual((entry["person"], entry["reason"], entry["run"], entry["against"]), ("ben", "promoted by hand", run["run"], None))
        self.assertEqual(self.run_of(run["run"])["state"], "succeeded")

    def test_what_was_held_is_promoted_or_cancelled_with_a_reason(self):
        self.put_model("m", model())
        leak = lambda n, label: [n % 7, n % 5, 1.0 if label == "up" else 0.0]
        self.served(Stream(3), 1000, lambda n: n % 8 == 0, features=leak)
        run = self.judged()
        self.assertEqual(run["state"], "waiting", run)
        body = {"by": "anna", "reason": "z is set after the fact"}
        self.ok(self.daemon.request("DELETE", f"/v1/models/m/runs/{run['run']}", body), 204)
        after = self.run_of(run["run"])
        self.assertEqual((after["state"], after["verdict"]),
                         ("cancelled", run["verdict"] + "; cancelled by hand, by anna: z is set after the fact"))
        run = self.judged()
        self.assertEqual((run["state"], run["version"]), ("waiting", 2))
        self.problem(self.promote(2), 409, "version 2", "too good to be true")
        self.ok(self.promote(2, {"by": "ben", "reason": "z is known in time"}), 200)
        self.assertEqual((self.champion(), self.run_of(run["run"])["state"]), (2, "succeeded"))

    def test_refused_versions_are_as_many_as_keep_says(self):
        self.refused()
        self.put_model("m", {**model(at_least=0.99), "keep": {"versions": 3}})
        for _ in range(5):
            self.assertEqual(self.judged()["state"], "rejected")
        self.assertEqual([v["version"] for v in self.list("m", "versions")], [4, 5, 6])


class Back(GateCase):
    def test_a_worse_version_that_a_person_let_through_is_taken_back(self):
        stream = self.begin(config={**MODEL, "retrain": {"budget": None, "learner": "logistic", "trials": 0, "live": False}})
        self.ok(self.daemon.put("/v1/models/m/retraining", {"paused": True}))
        stream.plane = (1.0, 0.6, 0.0)
        self.play("m", stream, 600, step=50)
        run = self.ended(self.by_hand())
        if self.champion() == 1:
            self.ok(self.daemon.post(f"/v1/models/m/versions/{run['version']}/promote", Person.ANNA), 200)
        self.assertEqual(self.champion(), 2)
        stream.plane = (1.0, 1.0, 0.0)
        begin = stream.number
        while self.champion() == 2 and stream.number < begin + 2000:
            self.play("m", stream, 50)
        self.assertEqual(self.champion(), 1, "version 1 has not come back")
        newest = self.ok(self.daemon.get("/v1/models/m/promotions"))["promotions"][-1]
        self.assertEqual((newest["version"], newest["by"], newest["person"]), (1, "bench", None))
        self.assertIn("hits more", newest["reason"])


class Rival(GateCase):
    """Whom a run by hand must beat: the version that answers predict, on rows that it was not fitted on."""

    QUIET = {**MODEL, "retrain": {"budget": None, "learner": "logistic", "trials": 0, "live": False, "policy": {"growth_least": 100000}}}

    def turned(self):
        """Version 1, and 400 pairs of another plane than its own."""
        stream = self.begin(config=self.QUIET)
        stream.plane = (-1.0, 1.0, 0.5)
        self.play("m", stream, 400, step=50)
        return stream

    def test_a_version_just_promoted_is_beaten_by_none_that_beats_the_one_before(self):
        stream = self.turned()
        first = self.judged()
        self.assertEqual((first["state"], first["version"]), ("succeeded", 2), first)
        run = self.ended(self.by_hand())
        self.assertEqual(run["state"], "failed", run)
        self.assertIn(" 0 are pairs that the champion, version 2, answered", run["verdict"])
        self.play("m", stream, 80, step=20)
        run = self.judged()
        self.assertEqual(run["gate"]["pairs"], 80)
        self.assertGreater(run["gate"]["champion"], first["gate"]["champion"] + 0.2)

    def test_what_an_earlier_version_served_is_no_leak(self):
        stream = self.begin(config=self.QUIET)
        for _ in range(6):
            rows = [item for item, _ in stream.rows(50)]
            answers = self.ok(self.daemon.post("/v1/models/m/predict", rows), 200)["predictions"]
            self.labels("m", [{"id": a["id"], "label": a["predicted"]} for a in answers], "?settle=true")
        stream.plane = (-1.0, 1.0, 0.5)
        self.play("m", stream, 400, step=50)
        self.assertEqual(self.judged()["state"], "succeeded")
        self.play("m", stream, 100, step=50)
        gate = self.judged()["gate"]
        self.assertEqual((gate["pairs"], gate["least_errors"]), (100, 0))
        self.assertGreater(gate["champion"], 0.5)

    def test_a_version_says_now_what_it_was_not_fitted_on(self):
        self.turned()
        self.put_model("m", {**self.QUIET, "retrain": {**self.QUIET["retrain"], "gate": {"at_least": 1}}})
        first = self.judged()
        self.assertEqual((first["state"], first["version"]), ("rejected", 2), first)
        self.ok(self.daemon.post("/v1/models/m/versions/2/promote", Person.ANNA), 200)
        again = self.judged()
        self.assertEqual(again["gate"]["pairs"], first["gate"]["pairs"])
        self.assertAlmostEqual(again["gate"]["champion"], first["gate"]["challenger"], delta=1e-12)

    def test_what_was_an_example_is_not_compared(self):
        self.put_model("m", MODEL)
        stream = Stream(4)
        examples = [{**item, "id": f"e{item['id']}", "label": label} for item, label in stream.rows(100)]
        self.events("m", examples)
        self.served(stream, 1000, lambda n: n % 3 == 0)
        self.events("m", [{**item, "predicted": item["label"]} for item in examples], "?settle=true")
        run = self.judged()
        self.assertEqual(run["gate"]["pairs"], 150)
        self.assertAlmostEqual(run["gate"]["champion"], 2 / 3, delta=0.1)
