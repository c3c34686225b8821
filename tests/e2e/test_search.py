"""Trials of a run: what they say, that a broken search goes on, and that time and cancel hold."""
import random
import time

from harness import wait_until
from test_loop import LoopCase

CLASSES = ("down", "up")


def config(trials=14, **search):
    return {"rules": [], "features": ["x", "y", "z", "w"], "retrain": {
        "learner": "mlp", "budget": None, "trials": trials, "live": False,
        "search": {"space": {"mlp": {"neurons": 64, "learning_rate": {"type": "float", "low": 1e-4, "high": 1e-2, "sampling": "log"}}},
                   **search}}}


def rows(count, seed):
    """A ring that a plane can't tell from its inside; a tenth of the labels are wrong."""
    rng = random.Random(seed)
    for _ in range(count):
        x = [rng.gauss(0, 1) for _ in range(4)]
        yield x, CLASSES[(x[0] ** 2 + x[1] ** 2 > 1.4) != (rng.random() < 0.1)]


class Search(LoopCase):
    def begin_with(self, name, model):
        self.put_model(name, model)
        self.events(name, [{"features": x, "label": label} for x, label in rows(500, 1)], "?settle=true")
        self.assertEqual(self.champion(name), 1)
        self.ok(self.daemon.put(f"/v1/models/{name}/retraining", {"paused": True}))
        rng = random.Random(2)
        self.events(name, [{"features": x, "label": label, "predicted": rng.choice(CLASSES), "version": 1}
                           for x, label in rows(1500, 3)], "?settle=true")

    def without_time(self, run):
        for trial in run["trials"]:
            self.assertGreaterEqual(trial.pop("seconds"), 0)
        return {key: run[key] for key in ("state", "now", "change", "as_of", "seed", "candidates", "gate", "verdict", "trials")}

    def test_a_run_says_what_it_tried(self):
        self.begin_with("m", config())
        run = self.ended(self.by_hand())
        trials = run["trials"]
        self.assertEqual([t["trial"] for t in trials], list(range(1, 15)))
        self.assertEqual([t["kind"] for t in trials], ["adjust"] * 3 + ["optimise"] * 11)
        for trial in trials:
            self.assertEqual((trial["state"], trial["error"], trial["learner"]), ("done", None, "mlp"))
            self.assertLessEqual(trial["to"], run["gate"]["holdout_from"])
            self.assertTrue(0 <= trial["score"] <= 1 and trial["curve"]["loss"], trial)
        self.assertEqual(trials[3]["settings"]["learning_rate"], 0.003)
        self.assertIsNone(run["progress"])
        tuned = [c for c in run["candidates"] if "trial" in c]
        best = max(trials[3:], key=lambda t: (t["score"], -t["trial"]))
        self.assertEqual([c["trial"] for c in tuned if "goes_on_from" not in c],
                         [best["trial"]] if best["trial"] > 4 else [])
        for candidate in tuned:
            self.assertEqual(candidate.get("goes_on_from", 1), 1)
        self.assertNotIn("trials", self.list("m", "runs")[0])

    def test_a_search_cut_by_kill_9_ends_as_one_that_was_not(self):
        for name in ("whole", "cut"):
            self.begin_with(name, config())
        whole = self.ended(self.by_hand("whole"), "whole")
        number = self.by_hand("cut")
        for least in (2, 6):
            wait_until(lambda: len(self.run_of(number, "cut")["trials"]) >= least, what=f"{least} trials")
            self.assertIn(self.run_of(number, "cut")["state"], ("running", "queued"))
            self.daemon.kill()
            self.daemon.start()
        cut = self.ended(number, "cut")
        self.assertEqual(len(cut["trials"]), 14)
        # Sequence numbers go on from one model to the other.
        a, b = self.without_time(whole), self.without_time(cut)
        a.pop("as_of"), b.pop("as_of")
        self.assertEqual(a, b)

    def test_trees_that_were_cut_to_fewer_rounds_outlive_kill_9(self):
        model = config()
        model["retrain"]["learner"] = "trees"
        model["retrain"]["search"]["space"] = {"trees": {"rounds": {"type": "int", "low": 100, "high": 1500, "sampling": "log"},
                                                         "leaves": 60}}
        for name in ("whole", "cut"):
            self.begin_with(name, model)
        whole = self.ended(self.by_hand("whole"), "whole")
        grown = [(t["settings"]["rounds"], len(t["curve"]["loss"]) * t["curve"]["every"]) for t in whole["trials"][3:] if not t["parent"]]
        self.assertTrue(any(rounds + 1 < grew for rounds, grew in grown), grown)
        number = self.by_hand("cut")
        for least in (5, 9):
            wait_until(lambda: len(self.run_of(number, "cut")["trials"]) >= least, what=f"{least} trials")
            self.assertIn(self.run_of(number, "cut")["state"], ("running", "queued"))
            self.daemon.kill()
            self.daemon.start()
        a, b = self.without_time(whole), self.without_time(self.ended(number, "cut"))
        a.pop("as_of"), b.pop("as_of")
        self.assertEqual(a, b)

    def test_a_stopped_daemon_goes_on_with_its_run(self):
        self.begin_with("m", config())
        number = self.by_hand()
        wait_until(lambda: self.run_of(number)["trials"], what="a trial")
        first = self.run_of(number)["trials"][0]
        self.assertEqual(self.daemon.stop(), 0)
        self.daemon.start()
        run = self.ended(number)
        self.assertIn(run["state"], ("succeeded", "rejected"))
        self.assertEqual(run["trials"][0], first)

    def test_progress_is_seen_and_a_cancel_is_quick(self):
        self.begin_with("m", config(trials=2000))
        number = self.by_hand()
        wait_until(lambda: (self.run_of(number)["progress"] or {"done": 0})["done"] >= 8, what="progress")
        progress = self.run_of(number)["progress"]
        self.assertGreater(progress["total"], 2000)
        self.assertLess(progress["done"], progress["total"] // 2)
        begin = time.monotonic()
        self.ok(self.daemon.delete(f"/v1/models/m/runs/{number}"), 200, 202, 204)
        wait_until(lambda: self.run_of(number)["progress"] is None, what="the end")
        self.assertLess(time.monotonic() - begin, 30)
        self.assertEqual(self.run_of(number)["state"], "cancelled")

    def test_a_run_that_waits_is_cancelled_and_the_one_before_it_goes_on(self):
        """Both are the first of their models, and have one number."""
        for name in ("long", "waits", "last"):
            self.begin_with(name, config(trials=2000))
        numbers = {name: self.by_hand(name) for name in ("long", "waits", "last")}
        self.assertEqual(len(set(numbers.values())), 1)
        self.ok(self.daemon.delete(f"/v1/models/waits/runs/{numbers['waits']}"), 200, 202, 204)
        self.assertEqual(self.run_of(numbers["waits"], "waits")["state"], "cancelled")
        done = lambda name: (self.run_of(numbers[name], name)["progress"] or {"done": 0})["done"]
        least = done("long") + 8
        wait_until(lambda: done("long") >= least, what="progress of the one before")
        self.ok(self.daemon.delete(f"/v1/models/long/runs/{numbers['long']}"), 200, 202, 204)
        # Were it carried out after all, two thousand trials would come before the last one's.
        wait_until(lambda: done("last") >= 1, what="progress of the one behind")
        self.assertEqual(self.run_of(numbers["waits"], "waits")["trials"], [])
        self.assertEqual(self.run_of(numbers["last"], "last")["state"], "running")

    def test_the_budget_ends_a_search(self):
        model = config(trials=10000)
        model["retrain"]["budget"] = "1500ms"
        self.begin_with("m", model)
        run = self.ended(self.by_hand())
        self.assertIn(run["state"], ("succeeded", "rejected"))
        self.assertLess(sum(t["seconds"] for t in run["trials"]), 30)
        self.assertTrue(0 < len(run["trials"]) < 10000)

    def test_wrong_searches_are_refused_with_their_path(self):
        for search, words in (
                ({"method": "guess"}, ("retrain.search.method", "guess", "hyperband")),
                ({"space": {"trees": {}}}, ("retrain.search.space.trees",)),
                ({"space": {"mlp": {"layers": 9}}}, ("retrain.search.space.mlp.layers", "9")),
                ({"repetitions": 0}, ("retrain.search.repetitions",)),
                ({"runs": ["now"]}, ("retrain.search.runs[]", "now")),
                ({"objective": "gain"}, ("retrain.search.objective", "gain")),
                ({"more": 1}, ("retrain.search.more",))):
            reply = self.daemon.put("/v1/models/m", {"retrain": {"learner": "mlp", "search": search}})
            self.problem(reply, 400, *words)

    def test_the_space_is_shown_whole(self):
        self.put_model("m", config())
        shown = self.ok(self.daemon.get("/v1/models/m"))["effective"]["retrain"]["search"]
        self.assertEqual(shown["method"], "auto")
        space = shown["space"]["mlp"]
        self.assertEqual(space["neurons"], 64)
        self.assertEqual(space["learning_rate"], {"type": "float", "low": 1e-4, "high": 1e-2, "sampling": "log"})
        self.assertEqual(space["neurons_2"]["when"], {"layers": [2, 3]})
        self.assertEqual((shown["repetitions"], shown["objective"]["name"]), (1, "f1"))
