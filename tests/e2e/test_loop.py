"""The loop: an alert, a run, the gate, a promotion; and what a person may do by hand."""
import hashlib
import random
import time

from harness import Case, wait_until

MODEL = {"features": ["x", "y", "z"], "retrain": {"budget": None}}


class Stream:
    """Rows of two classes around a plane that can be turned."""

    def __init__(self, seed, noise=0.05):
        self.random, self.noise, self.number = random.Random(seed), noise, 0
        self.plane = (1.0, 1.0, 0.0)

    def rows(self, count):
        for _ in range(count):
            self.number += 1
            x = [self.random.gauss(0, 1) for _ in range(3)]
            side = sum(a * b for a, b in zip(x, self.plane)) > 0
            if self.random.random() < self.noise:
                side = not side
            yield {"id": str(self.number), "features": x}, "up" if side else "down"


class LoopCase(Case):
    def begin(self, name="m", seed=1, config=None, rows=500):
        self.put_model(name, MODEL if config is None else config)
        stream = Stream(seed)
        self.events(name, [{**item, "label": label} for item, label in stream.rows(rows)], "?settle=true")
        return stream

    def play(self, name, stream, count, step=10):
        """Predicts and labels in lockstep; returns the share of right answers."""
        hits = 0
        for _ in range(0, count, step):
            rows = list(stream.rows(step))
            answer = self.ok(self.daemon.post(f"/v1/models/{name}/predict", [item for item, _ in rows]), 200)
            hits += sum(p["predicted"] == label for p, (_, label) in zip(answer["predictions"], rows))
            self.labels(name, [{"id": item["id"], "label": label} for item, label in rows], "?settle=true")
        return hits / count

    def list(self, name, what):
        return self.ok(self.daemon.get(f"/v1/models/{name}/{what}"))[what][::-1]

    def champion(self, name="m"):
        return self.ok(self.daemon.get(f"/v1/models/{name}/versions/champion"))["version"]

    def by_hand(self, name="m"):
        reply = self.daemon.post(f"/v1/models/{name}/runs")
        number = self.ok(reply, 202)["run"]
        self.assertEqual(reply.headers["Location"], f"/v1/models/{name}/runs/{number}")
        return number

    def run_of(self, number, name="m"):
        return self.ok(self.daemon.get(f"/v1/models/{name}/runs/{number}"))

    def ended(self, number, name="m"):
        wait_until(lambda: self.run_of(number, name)["ended"], what=f"the end of run {number}")
        return self.run_of(number, name)


class Loop(LoopCase):
    def test_a_fall_is_seen_retrained_proven_and_promoted(self):
        """Without live adjustment, which might be there before the run."""
        stream = self.begin(config={**MODEL, "retrain": {**MODEL["retrain"], "live": False}})
        runs = self.list("m", "runs")
        self.assertEqual([(r["kind"], r["state"], r["version"]) for r in runs], [("first", "succeeded", 1)])
        version = self.ok(self.daemon.get("/v1/models/m/versions/1"))
        self.assertEqual((version["learner"] in ("logistic", "trees", "mlp"), version["champion"]), (True, True))
        self.assertEqual(version["run"], 1)
        self.assertGreater(self.play("m", stream, 1000), 0.9)
        self.assertEqual([a["state"] for a in self.list("m", "alerts")], [])

        stream.plane = (-1.0, 1.0, 0.5)
        turned = 1500
        self.play("m", stream, 1000)
        alert = self.list("m", "alerts")[0]
        self.assertEqual(alert["rule"], "fell")
        self.assertTrue(turned < alert["place"] <= turned + 300, alert)
        self.assertTrue(turned - 60 <= alert["change"] <= turned + 60, alert)
        run = self.run_of(alert["run"])
        self.assertEqual((run["kind"], run["rule"], run["state"]), ("alert", "fell", "succeeded"), run)
        self.assertEqual(run["change"], alert["change"])
        gate = run["gate"]
        self.assertGreater(gate["difference"], gate["limit"])
        self.assertAlmostEqual(gate["difference"], gate["challenger"] - gate["champion"], delta=1e-12)
        self.assertTrue(run["verdict"])
        # Nothing that is compared on the holdout was fitted on it.
        for candidate in run["candidates"]:
            if candidate.get("rows"):
                self.assertLessEqual(candidate["to"], gate["holdout"]["from"] if isinstance(gate["holdout"], dict) else alert["run_at"])
        made = self.ok(self.daemon.get(f"/v1/models/m/versions/{run['version']}"))
        self.assertGreaterEqual(made["rows"]["from"], turned - 200)
        self.assertGreater(self.play("m", stream, 500), 0.88)
        alert = self.list("m", "alerts")[0]
        self.assertEqual((alert["state"], alert["resolved_by"]), ("resolved", "replaced"), alert)
        rule, = self.ok(self.daemon.get("/v1/models/m/rules"))["rules"]
        self.assertEqual([rule[name] for name in ("state", "value", "bound", "threshold", "pairs")], ["ok", None, None, None, 0])
        served = self.ok(self.daemon.get("/v1/models/m/versions/1"))["served"]
        self.assertEqual(len(served), 1)
        self.assertIsNotNone(served[0]["to"])

    def test_the_same_rows_and_seed_make_the_same_versions(self):
        figures = []
        for name, step in (("a", 10), ("b", 10)):
            stream = self.begin(name, seed=7)
            self.play(name, stream, 600, step)
            stream.plane = (0.0, -1.0, 1.0)
            self.play(name, stream, 900, step)
            digests = [hashlib.sha256(self.daemon.get(f"/v1/models/{name}/versions/{v['version']}/model.json").body).hexdigest()
                       for v in self.list(name, "versions")]
            runs = [(r["kind"], r["state"], r["change"], r["candidates"], r["verdict"]) for r in self.list(name, "runs")]
            figures.append((digests, runs))
            self.assertGreaterEqual(len(digests), 2)
        self.assertEqual(figures[0], figures[1])

    def test_a_restart_between_changes_nothing(self):
        figures = []
        for name, restarts in (("calm", 0), ("torn", 6)):
            stream = self.begin(name, seed=9)
            for part in range(8):
                if part == 3:
                    stream.plane = (-1.0, 0.0, 1.0)
                self.play(name, stream, 200)
                if part < restarts:
                    self.daemon.restart()
            alerts = [(a["rule"], a["state"], a["place"], a["change"], a["run_at"], a["run"]) for a in self.list(name, "alerts")]
            runs = [(r["kind"], r["state"], r["change"], r["candidates"], r["gate"], r["version"]) for r in self.list(name, "runs")]
            figures.append((alerts, runs))
        self.assertEqual(figures[0], figures[1])
        self.assertTrue(figures[0][0])


class Predict(LoopCase):
    def setUp(self):
        super().setUp()
        self.stream = self.begin()

    def predict(self, items, query="", status=200):
        return self.ok(self.daemon.post(f"/v1/models/m/predict{query}", items), status)

    def test_one_call_predicts_and_records(self):
        answer = self.predict({"id": "p", "features": [1, 2, 3]})
        self.assertEqual(answer["id"], "p")
        self.assertEqual(answer["version"], 1)
        self.assertAlmostEqual(sum(answer["scores"].values()), 1, delta=1e-12)
        self.assertEqual(answer["predicted"], max(answer["scores"], key=answer["scores"].get))
        event = self.ok(self.daemon.get("/v1/models/m/events/p"))
        self.assertEqual((event["predicted"], event["version"]), (answer["predicted"], 1))
        self.assertEqual(event["features"], {"x": 1, "y": 2, "z": 3})
        self.assertEqual(self.labels("m", {"id": "p", "label": "up"})["joined"], 1)

    def test_the_same_row_again_gets_the_stored_answer(self):
        first = self.predict({"id": "p", "features": [1, 2, 3]})
        self.assertEqual(self.predict({"id": "p", "features": {"z": 3, "y": 2, "x": 1}}), first)
        body = self.predict([{"id": "p", "features": [1, 2, 4]}, {"id": "q", "features": [1, 2, 4]}])
        self.assertEqual(body["predictions"][0]["index"], 0)
        self.assertIn("p", body["predictions"][0]["error"])
        self.assertEqual(body["predictions"][1]["id"], "q")
        self.problem(self.daemon.post("/v1/models/m/predict", {"id": "p", "features": [1, 2, 4]}), 422)

    def test_without_an_id_it_makes_one(self):
        answer = self.predict([{"features": [1, 2, 3]}, {"features": [1, 2, 3]}])
        ids = [p["id"] for p in answer["predictions"]]
        self.assertNotEqual(ids[0], ids[1])
        self.assertEqual(self.labels("m", [{"id": id, "label": "up"} for id in ids])["joined"], 2)

    def test_store_false_records_nothing(self):
        answer = self.predict({"id": "p", "features": [1, 2, 3]}, "?store=false")
        self.assertEqual(answer["version"], 1)
        self.assertEqual(self.daemon.get("/v1/models/m/events/p").status, 404)
        self.assertEqual(self.predict({"id": "p", "features": [1, 2, 3]}, "?version=1&store=false"), answer)

    def test_missing_values_and_ndjson(self):
        reply = self.daemon.ndjson("/v1/models/m/predict", [{"id": "a", "features": {"x": 1}}, {"id": "b", "features": [None, 1, None]}])
        answers = self.ok(reply, 200)["predictions"]
        self.assertEqual([a["id"] for a in answers], ["a", "b"])
        event = self.ok(self.daemon.get("/v1/models/m/events/b"))
        self.assertEqual(event["features"], {"x": None, "y": 1, "z": None})

    def test_bad_rows_are_told_beside_good_ones(self):
        body = self.predict([{"id": "a", "features": [1, 2]}, {"id": "b", "features": [1, 2, 3]}, {"id": "c"},
                             {"id": "d", "features": [1, 2, 3], "predicted": "up"}])["predictions"]
        self.assertIn("features", body[0]["error"])
        self.assertEqual(body[1]["id"], "b")
        self.assertIn("features", body[2]["error"])
        self.assertIn("predicted", body[3]["error"])

    def test_a_row_without_any_feature_of_the_model_is_refused(self):
        strange = {"id": "s", "features": {"who": 1, "Xx": 2}}
        for query in ("", "?store=false"):
            body = self.problem(self.daemon.post(f"/v1/models/m/predict{query}", strange), 422, "who, Xx; did you mean x?", "x, y, z")
            self.assertEqual(body["ignored"], ["features.who", "features.Xx"])
            self.problem(self.daemon.post(f"/v1/models/m/predict{query}", {"features": {}}), 422, "features: {}", "x, y, z")
            body = self.predict([{"features": {"who": 1, "x": None}}, strange], query)["predictions"]
            self.assertEqual(body[0]["version"], 1)
            self.assertIn("who, Xx", body[1]["error"])
        self.assertEqual(self.daemon.get("/v1/models/m/events/s").status, 404)

    def test_a_version_that_knows_no_feature_of_the_model_is_not_asked(self):
        error = "features: version 1 has none of v, w: it has x, y, z"
        self.put_model("m", {**MODEL, "features": ["v", "w"]})
        for query in ("", "?store=false", "?version=1&store=false"):
            for features in ({"v": 1}, [1, 2]):
                self.problem(self.daemon.post(f"/v1/models/m/predict{query}", {"id": "s", "features": features}), 422, error)
        for inputs in ([{"name": "features", "shape": [1, 2], "datatype": "FP32", "data": [1, 2]}],
                       [{"name": name, "shape": [1, 1], "datatype": "FP64", "data": [1]} for name in ("v", "w")]):
            reply = self.daemon.post("/v2/models/m/infer", {"inputs": inputs})
            self.assertEqual((reply.status, reply.json), (400, {"error": error}))
        self.assertEqual(self.daemon.get("/v1/models/m/events/s").status, 404)
        self.put_model("m", {**MODEL, "features": ["v", "y"]})
        self.assertEqual(self.predict({"features": [1, 2]})["version"], 1)

    def test_an_early_label_joins_a_prediction(self):
        self.assertEqual(self.labels("m", {"id": "p", "label": "up"})["waiting"], 1)
        self.predict({"id": "p", "features": [1, 2, 3]})
        self.assertEqual(self.metrics("m", "last-500")["pairs"], 1)

    def test_scores_are_the_version_s_own(self):
        version = self.ok(self.daemon.get("/v1/models/m/versions/1/model.json"))
        self.assertTrue(version)
        etag = self.daemon.get("/v1/models/m/versions/1/model.json").headers["ETag"]
        self.assertEqual(self.daemon.get("/v1/models/m/versions/1/model.json", headers={"If-None-Match": etag}).status, 304)
        self.assertEqual(self.daemon.get("/v1/models/m/versions/champion/model.json").json, version)


class ByHand(LoopCase):
    def test_a_run_by_hand_is_refused_or_passes_with_its_reason(self):
        stream = self.begin()
        self.play("m", stream, 400)
        run = self.ended(self.by_hand())
        self.assertEqual(run["kind"], "manual")
        self.assertIn(run["state"], ("rejected", "succeeded"))
        self.assertTrue(run["verdict"])
        self.assertEqual(self.champion(), run["version"] if run["state"] == "succeeded" else 1)

    def test_promote_and_rollback(self):
        stream = self.begin()
        self.play("m", stream, 300)
        stream.plane = (-1.0, 1.0, 0.5)
        self.play("m", stream, 1000)
        newest = self.champion()
        self.assertGreater(newest, 1)
        self.ok(self.daemon.post("/v1/models/m/versions/1/promote"), 200)
        self.assertEqual(self.champion(), 1)
        self.ok(self.daemon.post("/v1/models/m/rollback"), 200)
        self.assertEqual(self.champion(), newest)
        for _ in range(10):
            reply = self.daemon.post("/v1/models/m/rollback")
            if reply.status != 200:
                break
        self.problem(reply, 409)
        self.assertEqual(self.champion(), 1)
        self.daemon.restart()
        self.assertEqual(self.champion(), 1)
        self.problem(self.daemon.post("/v1/models/m/versions/99/promote"), 404, "99")

    def test_a_pause_stops_what_starts_by_itself(self):
        self.put_model("m", MODEL)
        answer = self.ok(self.daemon.put("/v1/models/m/retraining", {"paused": True}), 200)
        self.assertIs(answer["paused"], True)
        stream = self.begin()
        self.assertEqual(self.list("m", "runs"), [])
        self.daemon.restart()
        self.events("m", [{**item, "label": label} for item, label in stream.rows(20)], "?settle=true")
        self.assertEqual(self.list("m", "runs"), [])
        self.assertEqual(self.ended(self.by_hand())["state"], "succeeded")
        self.ok(self.daemon.put("/v1/models/m/retraining", {"paused": False}), 200)
        self.problem(self.daemon.put("/v1/models/m/retraining", {"paused": 1}), 400, "paused", "1")
        self.problem(self.daemon.put("/v1/models/m/retraining", {}), 400, "paused")

    def test_manual_promotion_waits_for_a_person(self):
        config = {**MODEL, "retrain": {"promote": "manual", "budget": None}}
        stream = self.begin(config=config)
        runs = self.list("m", "runs")
        self.assertEqual([(r["kind"], r["state"]) for r in runs], [("first", "waiting")])
        self.problem(self.daemon.post("/v1/models/m/predict", {"features": [1, 2, 3]}), 409)
        self.events("m", [{**item, "label": label} for item, label in stream.rows(100)], "?settle=true")
        self.assertEqual(len(self.list("m", "runs")), 1)
        self.daemon.restart()
        self.assertEqual(self.list("m", "runs")[0]["state"], "waiting")
        self.ok(self.daemon.post(f"/v1/models/m/versions/{runs[0]['version']}/promote"), 200)
        self.assertEqual(self.champion(), 1)
        self.assertEqual(self.list("m", "runs")[0]["state"], "succeeded")
        self.assertGreater(self.play("m", stream, 200), 0.85)

    def test_a_schedule_starts_runs(self):
        stream = self.begin(config={**MODEL, "retrain": {"every": "2s", "budget": None}})
        self.play("m", stream, 300)
        wait_until(lambda: any(r["kind"] == "schedule" and r["ended"] for r in self.list("m", "runs")), what="a run by schedule")


class Keeping(LoopCase):
    def waiting(self):
        run = self.ended(self.by_hand())
        self.assertEqual(run["state"], "waiting", run["verdict"])
        return run

    def numbers(self, what):
        return [entry[what[:-1]] for entry in self.list("m", what)]

    def test_old_versions_and_runs_go_and_what_is_needed_stays(self):
        retrain = {"promote": "manual", "budget": None, "live": False, "policy": {"bench_versions": 0}}
        config = {**MODEL, "retrain": retrain}
        stream = self.begin(config=config)
        self.ok(self.daemon.post("/v1/models/m/versions/1/promote"), 200)
        self.ok(self.daemon.put("/v1/models/m/retraining", {"paused": True}), 200)
        stream.plane = (-1.0, -1.0, 0.0)
        self.play("m", stream, 600)
        for _ in range(3):
            self.ok(self.daemon.delete(f"/v1/models/m/runs/{self.waiting()['run']}"))
        self.assertEqual(self.numbers("versions"), [1, 2, 3, 4])
        log = [2] + [3, 4] * 4 + [1]
        for version in log:
            self.ok(self.daemon.post(f"/v1/models/m/versions/{version}/promote"), 200)

        self.put_model("m", {**config, "keep": {"versions": 1, "runs": 1, "alerts": 1}})
        self.assertEqual(self.numbers("versions"), [1, 2, 3, 4])
        self.waiting()
        self.assertEqual(self.numbers("versions"), [1, 3, 4, 5])
        runs = self.numbers("runs")
        self.assertEqual(len(runs), 5, "a run stays with its version")
        self.ok(self.daemon.delete(f"/v1/models/m/runs/{runs[-1]}"))
        self.waiting()
        self.assertEqual(self.numbers("versions"), [1, 3, 4, 6])
        self.assertEqual(len(self.numbers("runs")), 5)

        for how in ("kill", "stop"):
            self.daemon.restart(how)
            self.assertEqual(self.numbers("versions"), [1, 3, 4, 6])
            self.assertEqual(self.champion(), 1)
        self.problem(self.daemon.get("/v1/models/m/versions/2"), 404, "2")
        self.problem(self.daemon.post("/v1/models/m/versions/2/promote"), 404, "2", "any more")
        self.events("m", [{"id": "gone", "predicted": "up", "version": 2}])
        self.events("m", [{"id": "never", "predicted": "up", "version": 7}], status=422)
        for version in log[-2:0:-1]:
            self.ok(self.daemon.post("/v1/models/m/rollback"), 200)
            self.assertEqual(self.champion(), version)
        self.problem(self.daemon.post("/v1/models/m/rollback"), 409, "version 2", "no longer kept")
        self.assertEqual(self.champion(), 3)


class Failures(LoopCase):
    def state(self):
        return self.ok(self.daemon.get("/v1/models/m"))

    def test_a_model_without_features_has_no_run_and_no_live_adjustment(self):
        self.put_model("m", {"classes": ["a", "b"]})
        self.events("m", [{"predicted": "a", "label": "ab"[i % 2]} for i in range(600)])
        tokens = self.state()["retraining"]["tokens"]
        self.problem(self.daemon.post("/v1/models/m/runs"), 409, "features")
        self.assertEqual(self.list("m", "runs"), [])
        state = self.state()
        self.assertEqual((state["retraining"]["tokens"], state["live"]["state"]), (tokens, "off"))
        self.assertIn("no features", state["live"]["why"])
        self.events("m", [{"features": [1, 2, 3], "label": "ab"[i % 2]} for i in range(2)])
        self.assertEqual(self.state()["live"]["state"], "waiting")
        self.by_hand()

    def test_a_first_run_that_failed_is_told(self):
        small = {**MODEL, "retrain": {"learner": "mlp", "settings": {"neurons": 4096}, "memory": "1MB"}}
        self.begin(config=small)
        run, = self.list("m", "runs")
        self.assertEqual((run["kind"], run["state"]), ("first", "failed"))
        for how in (None, "kill"):
            if how:
                self.daemon.restart(how)
            state = self.state()
            self.assertEqual((state["state"], state["needed"]), ("collecting", 1000))
            self.assertEqual(state["waiting_for"], "500 more rows with features and labels, or a run by hand: "
                             "the first run failed: " + run["verdict"])
            for query in ("", "?store=false"):
                self.problem(self.daemon.post(f"/v1/models/m/predict{query}", {"features": [1, 2, 3]}), 409,
                             "no champion", state["waiting_for"])
        self.put_model("m", {**small, "retrain": {}})
        self.assertIn(run["verdict"], self.state()["waiting_for"])
        self.ended(self.by_hand())
        self.assertEqual((self.champion(), self.state()["waiting_for"]), (1, "events of version 1"))

    def test_a_feature_that_goes_from_under_the_champion_is_told(self):
        self.begin()
        self.assertEqual(self.state()["warnings"], [])
        answer = self.put_model("m", {**MODEL, "features": ["x", "z"]})
        warning, = answer["warnings"]
        self.assertRegex(warning, r"^features: version 1 was fitted with y, which the model no longer has")
        wait_until(lambda: "warning model m: " + warning in self.daemon.log(), what="the log's line")
        for how in (None, "kill"):
            if how:
                self.daemon.restart(how)
            self.assertEqual(self.state()["warnings"], [warning])
        self.assertEqual(self.put_model("m", MODEL)["warnings"], [])

    def test_a_class_that_nothing_has_had_is_told(self):
        class_of = lambda name: {"name": "recall", "class": name}
        rules = [{"name": name, "metric": class_of(name), "window": "last-500", "below": 0.1, "min_pairs": 10, "confidence": None}
                 for name in ("spma", "spam")]
        answer = self.put_model("m", {"rules": rules, "retrain": {"gate": {"metric": {"name": "f1", "class": "hma"}}}})
        self.assertEqual(len(answer["warnings"]), 3)
        self.events("m", [{"predicted": "spam", "label": ["ham", "spam"][i % 2]} for i in range(60)])
        unseen, seen = self.ok(self.daemon.get("/v1/models/m/rules"))["rules"]
        self.assertEqual((unseen["state"], unseen["value"]), ("no_data", None))
        self.assertRegex(unseen["reason"], r'the class "spma" so far: known are (ham, spam|spam, ham)$')
        self.assertEqual((seen["state"], seen["reason"], seen["value"]), ("ok", None, 1))
        rule, gate = self.state()["warnings"]
        self.assertEqual((rule, gate), ("rule spma: " + unseen["reason"], "retrain.gate.metric: " + unseen["reason"].replace("spma", "hma")))
        self.events("m", {"predicted": "spma", "label": "ham"})
        self.assertEqual(self.ok(self.daemon.get("/v1/models/m/rules"))["rules"][0]["state"], "ok")

    def test_a_rule_on_a_declared_class_that_never_came_has_no_data(self):
        rules = [{"name": "bare", "metric": "f1", "window": "last-500", "below": 0.1},
                 {"name": "named", "metric": {"name": "recall", "class": "spam"}, "window": "last-500", "below": 0.1},
                 {"name": "all", "metric": "accuracy", "window": "last-500", "below": 0.1}]
        answer = self.put_model("m", {"classes": ["ham", "spam"], "positive": "spam", "rules": rules})
        self.assertEqual(answer["warnings"], [])
        shown = lambda: [(r["state"], r["reason"]) for r in self.ok(self.daemon.get("/v1/models/m/rules"))["rules"]]
        unseen = ("no_data", 'no event or label has had the class "spam" so far')
        self.events("m", [{"predicted": "ham", "label": "ham"}] * 20)
        for how in (None, "kill"):
            if how:
                self.daemon.restart(how)
            self.assertEqual(shown(), [unseen, unseen, ("ok", "20 of the 200 pairs it needs")])
        self.events("m", {"id": "s", "predicted": "spam"})
        few = lambda pairs: ("ok", f"{pairs} of the 200 pairs it needs")
        self.assertEqual(shown(), [few(0), few(0), few(20)])

    def test_a_positive_class_that_no_event_has_had_is_not_replaced_by_the_average(self):
        self.events("m", [{"predicted": "ham", "label": ["ham", "news"][i % 2]} for i in range(300)])
        rules = [{"name": "bare", "metric": "recall", "window": "last-500", "below": 0.85},
                 {"name": "macro", "metric": {"name": "recall", "average": "macro"}, "window": "last-500", "below": 0.85}]
        unseen = 'no event or label has had the class "spamm" so far: known are ham, news'
        answer = self.put_model("m", {"positive": "spamm", "rules": rules})
        self.assertEqual((answer["warnings"], answer["effective"]["positive"]), (["positive: " + unseen], "spamm"))
        for how in (None, "kill"):
            if how:
                self.daemon.restart(how)
            self.events("m", [{"predicted": "ham", "label": "news"}] * 300, "?settle=true")
            bare, macro = self.ok(self.daemon.get("/v1/models/m/rules"))["rules"]
            self.assertEqual((bare["state"], bare["reason"], bare["value"], macro["state"]), ("no_data", unseen, None, "firing"))
        self.assertEqual([alert["rule"] for alert in self.list("m", "alerts")], ["macro"])
        self.assertNotIn("recall", self.ok(self.daemon.get("/v1/models/m/metrics"))["windows"]["last-500"])
        self.assertNotIn("upkeepd_window_f1{", self.daemon.get("/metrics").text)
        history = self.ok(self.daemon.get("/v1/models/m/metrics/history"))
        self.assertEqual((history["class"], {point["value"] for point in history["points"]}), ("spamm", {None}))
        self.events("m", [{"predicted": "ham", "label": "spamm"}] * 300, "?settle=true")
        self.assertEqual(self.state()["warnings"], [])
        self.assertEqual(self.ok(self.daemon.get("/v1/models/m/rules"))["rules"][0]["state"], "firing")
        self.assertEqual(self.ok(self.daemon.get("/v1/models/m/metrics/history"))["points"][-1]["value"], 0)

    def test_a_run_on_one_class_fails(self):
        self.put_model("m", MODEL)
        self.events("m", [{"features": [i, 1, 2], "label": "up"} for i in range(600)], "?settle=true")
        self.assertEqual(self.list("m", "runs"), [])
        run = self.ended(self.by_hand())
        self.assertEqual((run["state"], "class" in run["verdict"]), ("failed", True), run)

    def test_a_run_on_too_few_pairs_fails(self):
        self.put_model("m", MODEL)
        self.events("m", [{**item, "predicted": "up", "label": label} for item, label in Stream(3).rows(40)])
        row = {"features": [1, 2, 3]}
        self.problem(self.daemon.post("/v1/models/m/predict", row), 409, "watching", "start a run by POST .../runs")
        run = self.ended(self.by_hand())
        self.assertEqual(run["state"], "failed", run)
        self.assertRegex(run["verdict"], r"\b(40|50)\b")
        for how in (None, "kill"):
            if how:
                self.daemon.restart(how)
            self.problem(self.daemon.post("/v1/models/m/predict?store=false", row), 409,
                         "start a run by POST .../runs", "the last run came to none: " + run["verdict"])

    def test_a_run_cut_by_a_crash_goes_on(self):
        self.slow_model()
        number = self.by_hand()
        self.daemon.kill()
        self.daemon.start()
        self.assertIn(self.ended(number)["state"], ("rejected", "succeeded"))

    def test_a_run_that_met_four_crashes_fails_and_the_champion_stays(self):
        self.slow_model()
        number = self.by_hand()
        for _ in range(4):
            wait_until(lambda: self.run_of(number)["state"] == "running", what="the run")
            self.daemon.kill()
            self.daemon.start()
        run = self.run_of(number)
        self.assertEqual(run["state"], "failed", run)
        self.assertIn("crashed four times", run["verdict"])
        self.assertEqual(self.champion(), 1)
        self.assertIn(self.ended(self.by_hand())["state"], ("rejected", "succeeded"))

    def test_stops_and_crashes_while_a_run_waits_do_not_count(self):
        rng, runs = random.Random(5), {}

        def rows(count):
            for _ in range(count):
                x = [rng.random(), rng.random()]
                yield {"features": x, "label": "up" if sum(x) > 1 else "down", "predicted": rng.choice(["up", "down"])}
        for name in ("first", "second"):
            self.put_model(name, {"rules": [], "retrain": {"trials": 10000, "budget": "10m"}})
            self.events(name, list(rows(1500)))
            runs[name] = self.by_hand(name)
        for how in 5 * ["stop"] + 4 * ["kill"]:
            wait_until(lambda: self.run_of(runs["first"], "first")["state"] == "running", what="the run")
            waits = self.run_of(runs["second"], "second")
            self.assertEqual((waits["state"], waits["started"]), ("queued", None))
            self.daemon.restart(how)
        self.assertEqual(self.run_of(runs["first"], "first")["state"], "failed")
        self.assertIn(self.run_of(runs["second"], "second")["state"], ("queued", "running"))

    def test_a_run_is_cancelled_at_once(self):
        self.slow_model()
        for _ in range(10):
            number = self.by_hand()
            reply = self.daemon.delete(f"/v1/models/m/runs/{number}")
            if reply.status != 409:
                self.ok(reply, 200, 202, 204)
                self.assertEqual(self.run_of(number)["state"], "cancelled")
                break
        else:
            self.fail("ten runs were over before they could be cancelled")
        self.problem(self.daemon.delete(f"/v1/models/m/runs/{number}"), 409, str(number))
        self.assertEqual(self.champion(), 1)

    def test_sigterm_cancels_a_run_in_progress(self):
        self.slow_model()
        self.by_hand()
        begin = time.monotonic()
        self.assertEqual(self.daemon.stop(), 0)
        self.assertLess(time.monotonic() - begin, 5)
        self.daemon.start()
        self.assertEqual(self.champion(), 1)

    def slow_model(self):
        """Enough rows and features that a run takes a while."""
        rng = random.Random(5)
        self.put_model("m", {"rules": [], "features": [f"f{i}" for i in range(60)],
                             "retrain": {"learner": "mlp", "trials": 8, "budget": None, "live": False}})

        def rows(count):
            for _ in range(count):
                x = [rng.gauss(0, 1) for _ in range(60)]
                yield {"features": x, "label": "up" if x[0] + x[1] * x[2] + rng.gauss(0, 1) > 0 else "down"}
        self.events("m", list(rows(500)), "?settle=true")
        self.assertEqual(self.champion(), 1)
        self.ok(self.daemon.put("/v1/models/m/retraining", {"paused": True}))
        for _ in range(12):
            self.events("m", [{**row, "predicted": rng.choice(["up", "down"]), "version": 1} for row in rows(1000)], "?settle=true")
