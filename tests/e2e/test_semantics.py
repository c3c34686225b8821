"""Events and labels: what docs/api.md says under `Semantics`, sentence by sentence."""
import json
import time
import unittest

from harness import Case, wait_until

SPAM = {"classes": ["ham", "spam"], "positive": "spam",
        "windows": [{"name": "two", "count": 2}, {"name": "all", "count": 100000}]}


class Posting(Case):
    def setUp(self):
        super().setUp()
        self.put_model("mail", SPAM)

    def check(self, answer, **counts):
        for name in ("accepted", "duplicates", "joined", "revised", "waiting", "rejected_total"):
            self.assertEqual(answer[name], counts.pop(name, 0), (name, answer))
        self.assertFalse(counts)
        return answer

    def test_one_event_and_its_label_make_a_pair(self):
        answer = self.events("mail", {"id": "r-1", "predicted": "spam"})
        self.check(answer, accepted=1)
        self.assertEqual(answer["rejected"], [])
        self.check(self.labels("mail", {"id": "r-1", "label": "ham"}), accepted=1, joined=1)
        self.assertEqual(self.counts("mail", "all"), {("ham", "spam"): 1})

    def test_a_label_may_come_in_its_event(self):
        self.check(self.events("mail", {"id": "r-1", "predicted": "spam", "label": "spam"}), accepted=1, joined=1)
        self.assertEqual(self.counts("mail", "all"), {("spam", "spam"): 1})

    def test_arrays_and_ndjson_are_taken(self):
        self.check(self.events("mail", [{"id": "a", "predicted": "ham"}, {"id": "b", "predicted": "spam"}]), accepted=2)
        body = '{"id":"c","predicted":"ham"}\r\n\r\n\n  {"id":"d","predicted":"spam"}  \n{"id":"e","predicted":"ham"}'
        self.check(self.ok(self.daemon.ndjson("/v1/models/mail/events", [body])), accepted=3)
        self.check(self.labels("mail", [{"id": i, "label": "ham"} for i in "abcde"]), accepted=5, joined=5)
        self.assertEqual(self.counts("mail", "all"), {("ham", "ham"): 3, ("ham", "spam"): 2})

    def test_an_integer_id_is_its_decimal_digits(self):
        self.check(self.events("mail", {"id": 12345678901234567890, "predicted": "ham"}), accepted=1)
        self.check(self.labels("mail", {"id": "12345678901234567890", "label": "ham"}), accepted=1, joined=1)
        self.check(self.events("mail", {"id": "12345678901234567890", "predicted": "ham"}), accepted=1, duplicates=1)
        self.ok(self.daemon.get("/v1/models/mail/events/12345678901234567890"), 200)

    def test_the_same_event_again_is_a_duplicate(self):
        event = {"id": "r-1", "predicted": "spam", "features": [1, 2.5], "score": 0.75, "meta": {"k": [1]},
                 "timestamp": "2026-01-01T10:00:00Z"}
        self.check(self.events("mail", event), accepted=1)
        self.check(self.events("mail", event), accepted=1, duplicates=1)
        self.check(self.events("mail", [event, event]), accepted=2, duplicates=2)
        self.labels("mail", {"id": "r-1", "label": "ham"})
        self.labels("mail", {"id": "r-1", "label": "spam"})
        self.check(self.events("mail", event), accepted=1, duplicates=1)
        self.assertEqual(self.counts("mail", "all"), {("spam", "spam"): 1})

    def test_the_same_labelled_event_again_is_a_duplicate_even_after_a_revision(self):
        event = {"id": "r-1", "predicted": "spam", "label": "spam"}
        self.check(self.events("mail", event), accepted=1, joined=1)
        self.check(self.labels("mail", {"id": "r-1", "label": "ham"}), accepted=1, revised=1)
        self.check(self.events("mail", event), accepted=1, duplicates=1)
        self.assertEqual(self.counts("mail", "all"), {("ham", "spam"): 1})

    def test_the_same_event_with_a_new_label_counts_as_that_label(self):
        event = {"id": "r-1", "predicted": "spam", "features": [1]}
        self.check(self.events("mail", event), accepted=1)
        self.check(self.events("mail", {**event, "label": "spam"}), accepted=1, joined=1)
        self.check(self.events("mail", {**event, "label": "ham"}), accepted=1, revised=1)
        self.assertEqual(self.counts("mail", "all"), {("ham", "spam"): 1})

    def test_a_retry_takes_no_correction_back_whichever_way_its_label_came_first(self):
        for kind, bare in (("pair", {"predicted": "spam"}), ("example", {"features": [1]})):
            labelled = {**bare, "label": "ham"}
            ways = {"early": ("labels", "events"), "both": ("plain", "labels", "events"), "own": ("events",),
                    "brought": ("plain", "events"), "replaced": ("other", "labels", "other", "events")}
            for way, steps in ways.items():
                if kind == "example" and "plain" in steps:
                    continue  # without a label it would be none
                id = f"{kind}-{way}"
                with self.subTest(id):
                    for step in steps:
                        if step == "labels" or step == "other":
                            self.labels("mail", {"id": id, "label": "ham" if step == "labels" else "spam"})
                        else:
                            self.events("mail", {"id": id, **(labelled if step == "events" else bare)})
                    if way != "replaced":
                        self.check(self.labels("mail", {"id": id, "label": "spam"}), accepted=1, revised=1)
                    for _ in range(2):
                        self.check(self.events("mail", {"id": id, **labelled}), accepted=1, duplicates=1)
                    event = self.ok(self.daemon.get(f"/v1/models/mail/events/{id}"))
                    labels = [label["label"] for label in event["labels"]]
                    self.assertEqual(labels, ["spam", "ham", "spam"] if way == "replaced" else ["ham", "spam"])
        self.assertEqual(self.counts("mail", "all"), {("spam", "spam"): 5})

    def test_an_event_goes_back_to_a_former_class_by_a_label(self):
        event = {"id": "r-1", "predicted": "spam", "label": "spam"}
        self.events("mail", event)
        self.check(self.events("mail", {**event, "label": "ham"}), accepted=1, revised=1)
        self.check(self.events("mail", event), accepted=1, duplicates=1)
        self.check(self.labels("mail", {"id": "r-1", "label": "spam"}), accepted=1, revised=1)
        self.check(self.events("mail", {**event, "label": "ham"}), accepted=1, duplicates=1)
        self.assertEqual(self.counts("mail", "all"), {("spam", "spam"): 1})

    def test_a_retried_label_with_a_timestamp_takes_no_correction_back(self):
        first = {"id": "r-1", "label": "spam", "timestamp": "2026-01-01T10:00:00Z"}
        then = {"id": "r-1", "label": "ham", "timestamp": "2026-01-01T11:00:00Z"}
        for come in (False, True):
            with self.subTest(come=come):
                if come:
                    self.check(self.events("mail", {"id": "r-1", "predicted": "spam"}), accepted=1, joined=1)
                else:
                    self.check(self.labels("mail", [first, then]), accepted=2, waiting=2)
                self.check(self.labels("mail", [first, then, first]), accepted=3, duplicates=3)
        self.assertEqual(self.counts("mail", "all"), {("ham", "spam"): 1})
        self.check(self.labels("mail", {**first, "timestamp": "2026-01-01T12:00:00Z"}), accepted=1, revised=1)
        self.check(self.labels("mail", {"id": "r-1", "label": "ham"}), accepted=1, revised=1)

    def test_content_is_compared_decoded(self):
        self.ok(self.daemon.post("/v1/models/mail/events",
                                 r'{"id":"r-1","predicted":"spam","score":0.50,"meta":{"a":"\u00e9"}}'))
        answer = self.ok(self.daemon.post("/v1/models/mail/events",
                                          '{"meta": {"a":"é"}, "score":5e-1, "predicted":"sp\\u0061m", "id":"r-1"}'))
        self.check(answer, accepted=1, duplicates=1)

    def test_the_same_id_with_other_content_is_a_conflict(self):
        first = {"id": "r-1", "predicted": "spam", "score": 0.75, "features": [1, 2], "version": "v1",
                 "timestamp": "2026-01-01T10:00:00Z", "meta": {"a": 1}}
        self.check(self.events("mail", first), accepted=1)
        for member, value in (("predicted", "ham"), ("score", 0.76), ("features", [1, 3]), ("version", "v2"),
                              ("timestamp", "2026-01-01T10:00:01Z"), ("meta", {"a": 2})):
            reply = self.daemon.post("/v1/models/mail/events", {**first, member: value})
            body = self.problem(reply, 422)
            self.check(body, rejected_total=1)
            self.assertEqual(body["rejected"][0]["id"], "r-1", member)
            self.assertEqual(body["rejected"][0]["index"], 0)
            self.assertIn("r-1", body["rejected"][0]["error"])
        self.check(self.events("mail", first), accepted=1, duplicates=1)

    def test_a_timestamp_or_prediction_left_out_matches_any(self):
        self.check(self.events("mail", {"id": "a", "score": 0.9, "timestamp": "2026-01-01T10:00:00Z"}), accepted=1)
        self.check(self.events("mail", {"id": "a", "score": 0.9, "predicted": "spam"}), accepted=1, duplicates=1)
        self.check(self.events("mail", {"id": "b", "score": 0.9, "predicted": "ham"}), accepted=1)
        self.check(self.events("mail", {"id": "b", "score": 0.9, "timestamp": 1767261600000}), accepted=1, duplicates=1)

    def test_items_without_an_id_count_each_time(self):
        item = {"predicted": "spam", "label": "spam"}
        for _ in range(2):
            self.check(self.events("mail", item), accepted=1, joined=1)
        self.assertEqual(self.counts("mail", "all"), {("spam", "spam"): 2})

    def test_an_id_may_be_left_out_only_beside_a_label(self):
        self.problem(self.daemon.post("/v1/models/mail/events", {"predicted": "spam"}), 422)

    def test_an_early_label_waits_for_its_event(self):
        self.check(self.labels("mail", {"id": "r-1", "label": "ham"}), accepted=1, waiting=1)
        self.assertEqual(self.counts("mail", "all"), {})
        self.check(self.labels("mail", {"id": "r-1", "label": "ham"}), accepted=1, duplicates=1)
        self.check(self.labels("mail", {"id": "r-1", "label": "spam"}), accepted=1, waiting=1)
        self.check(self.events("mail", {"id": "r-1", "predicted": "spam"}), accepted=1, joined=1)
        self.assertEqual(self.counts("mail", "all"), {("spam", "spam"): 1})

    def test_early_labels_join_in_the_order_of_the_events(self):
        self.labels("mail", [{"id": i, "label": "ham"} for i in ("c", "a", "b")])
        self.events("mail", [{"id": "a", "predicted": "spam"}, {"id": "b", "predicted": "ham"}, {"id": "c", "predicted": "ham"}])
        self.assertEqual(self.counts("mail", "two"), {("ham", "ham"): 2})

    def test_a_revision_takes_the_seat_of_the_old_pair(self):
        self.events("mail", [{"id": "a", "predicted": "ham", "label": "ham"}, {"id": "b", "predicted": "ham", "label": "ham"}])
        self.check(self.labels("mail", {"id": "a", "label": "spam"}), accepted=1, revised=1)
        self.assertEqual(self.counts("mail", "two"), {("spam", "ham"): 1, ("ham", "ham"): 1})
        self.events("mail", {"id": "c", "predicted": "ham", "label": "ham"})
        self.assertEqual(self.counts("mail", "two"), {("ham", "ham"): 2})
        # Out of the window by now: a revision changes the great window alone.
        self.check(self.labels("mail", {"id": "a", "label": "ham"}), accepted=1, revised=1)
        self.assertEqual(self.counts("mail", "two"), {("ham", "ham"): 2})
        self.assertEqual(self.counts("mail", "all"), {("ham", "ham"): 3})

    def test_the_same_label_again_is_a_duplicate(self):
        self.events("mail", {"id": "a", "predicted": "ham"})
        self.check(self.labels("mail", [{"id": "a", "label": "ham"}] * 3), accepted=3, joined=1, duplicates=2)
        self.assertEqual(self.counts("mail", "all"), {("ham", "ham"): 1})

    def test_both_sides_of_a_revision_are_kept(self):
        self.events("mail", {"id": "a", "predicted": "ham"})
        self.labels("mail", {"id": "a", "label": "ham", "source": "user"})
        self.labels("mail", {"id": "a", "label": "spam", "source": "review", "timestamp": "2026-01-01T10:00:00Z"})
        event = self.ok(self.daemon.get("/v1/models/mail/events/a"))
        self.assertEqual([label["label"] for label in event["labels"]], ["ham", "spam"])
        self.assertEqual([label["source"] for label in event["labels"]], ["user", "review"])
        self.assertEqual(event["labels"][1]["timestamp"], "2026-01-01T10:00:00Z")

    def test_good_items_are_stored_beside_bad_ones(self):
        items = [{"id": str(i), "predicted": "ham" if i % 2 else "eggs"} for i in range(300)]
        answer = self.events("mail", items)
        self.check(answer, accepted=150, rejected_total=150)
        self.assertEqual(len(answer["rejected"]), 100)
        self.assertEqual(answer["rejected"][3]["index"], 6)
        self.assertEqual(answer["rejected"][3]["id"], "6")
        self.assertIn("eggs", answer["rejected"][3]["error"])
        self.assertEqual(self.daemon.get("/v1/models/mail/events/6").status, 404)
        self.assertEqual(self.daemon.get("/v1/models/mail/events/7").status, 200)

    def test_nothing_but_bad_items_is_422_and_an_empty_array_200(self):
        body = self.problem(self.daemon.post("/v1/models/mail/events", [{"id": "a", "predicted": "eggs"}] * 2), 422)
        self.check(body, rejected_total=2)
        self.check(self.events("mail", []))

    def test_atomic_stores_all_or_nothing(self):
        items = [{"id": "a", "predicted": "ham"}, {"id": "b", "predicted": "eggs"}]
        body = self.problem(self.daemon.post("/v1/models/mail/events?atomic=true", items), 422)
        self.assertEqual([item["index"] for item in body["rejected"]], [1])
        self.assertEqual(self.daemon.get("/v1/models/mail/events/a").status, 404)
        self.check(self.events("mail", [items[0]], "?atomic=true"), accepted=1)

    def test_atomic_refuses_a_conflict_within_the_request(self):
        items = [{"id": "a", "predicted": "ham"}, {"id": "a", "predicted": "spam"}]
        self.problem(self.daemon.post("/v1/models/mail/events?atomic=true", items), 422)
        self.assertEqual(self.daemon.get("/v1/models/mail/events/a").status, 404)

    def test_a_broken_ndjson_line_is_a_rejected_item(self):
        answer = self.ok(self.daemon.ndjson("/v1/models/mail/events", [
            {"id": "a", "predicted": "ham"}, '{"id": "b", "predicted": \n', "[1]\n", {"id": "c", "predicted": "ham"}]))
        self.check(answer, accepted=2, rejected_total=2)
        self.assertEqual([item["index"] for item in answer["rejected"]], [1, 2])

    def test_unknown_members_are_left_out_and_named(self):
        answer = self.events("mail", {"id": "a", "predicted": "ham", "group": 7, "labl": "ham"})
        self.check(answer, accepted=1)
        self.assertEqual(sorted(answer["ignored"]), ["group", "labl"])
        self.assertEqual(answer["hints"], ["labl: did you mean label?"])
        reply = self.daemon.post("/v1/models/mail/events", {"id": "c", "prediction": "ham", "feature": {"len": 1}})
        body = self.problem(reply, 422, "predicted: missing", "; did you mean predicted, not prediction?")
        self.assertEqual(body["hints"], ["prediction: did you mean predicted?", "feature: did you mean features?"])
        self.assertNotIn("hints", self.events("mail", {"id": "d", "predicted": "ham", "group": 7}))
        answer = self.events("mail", {"id": "b", "predicted": "ham", **{f"x{i}": 1 for i in range(30)}})
        self.assertEqual(len(answer["ignored"]), 10)

    def test_a_strict_model_refuses_unknown_members(self):
        self.put_model("mail", {**SPAM, "strict": True})
        body = self.problem(self.daemon.post("/v1/models/mail/events", {"id": "a", "predicted": "ham", "group": 7}), 422)
        self.assertIn("group", body["rejected"][0]["error"])

    def test_the_threshold_decides_at_arrival(self):
        self.put_model("mail", {**SPAM, "threshold": 0.7})
        self.events("mail", [{"id": "a", "score": 0.7}, {"id": "b", "score": 0.69}, {"id": "c", "score": 0.1, "predicted": "spam"}])
        self.put_model("mail", {**SPAM, "threshold": 0.2})
        self.events("mail", {"id": "d", "score": 0.69})
        self.labels("mail", [{"id": i, "label": "ham"} for i in "abcd"])
        self.assertEqual(self.counts("mail", "all"), {("ham", "spam"): 3, ("ham", "ham"): 1})

    def test_a_declared_positive_class_is_known_before_an_event_names_it(self):
        self.ok(self.daemon.put("/v1/models/p", {"positive": "b"}))
        self.check(self.events("p", {"id": "1", "predicted": "a", "score": 0.2}), accepted=1)
        self.check(self.events("p", {"id": "2", "score": 0.7, "label": "b"}), accepted=1, joined=1)
        self.check(self.events("p", {"id": "3", "score": 0.3, "label": "a"}), accepted=1, joined=1)
        self.ok(self.daemon.put("/v1/models/q", {"positive": "b"}))
        self.check(self.events("q", {"id": "1", "score": 0.9}), accepted=1)

    def test_scores_give_the_prediction(self):
        self.events("mail", [{"id": "a", "scores": {"ham": 0.2, "spam": 0.8}}, {"id": "b", "scores": [0.9, 0.1]}])
        self.labels("mail", [{"id": i, "label": "ham"} for i in "ab"])
        self.assertEqual(self.counts("mail", "all"), {("ham", "spam"): 1, ("ham", "ham"): 1})

    def test_an_example_is_in_no_window_and_becomes_a_pair_with_its_prediction(self):
        self.check(self.events("mail", {"id": "a", "features": [1], "label": "spam"}), accepted=1)
        self.assertEqual(self.counts("mail", "all"), {})
        self.check(self.events("mail", {"id": "a", "features": [1], "label": "spam"}), accepted=1, duplicates=1)
        self.check(self.labels("mail", {"id": "a", "label": "ham"}), accepted=1, revised=1)
        self.check(self.events("mail", {"id": "a", "features": [1], "predicted": "spam"}), accepted=1, joined=1)
        self.assertEqual(self.counts("mail", "all"), {("ham", "spam"): 1})

    def test_slices_version_and_meta_are_given_back(self):
        self.put_model("mail", {**SPAM, "slices": ["country"]})
        meta = {"a": [1, {"b": None}], "c": "é"}
        self.events("mail", {"id": "a", "predicted": "ham", "slices": {"country": "de"}, "version": "blue",
                             "meta": meta, "score": 0.25, "timestamp": 1767261600123})
        event = self.ok(self.daemon.get("/v1/models/mail/events/a"))
        self.assertEqual(event["slices"], {"country": "de"})
        self.assertEqual(event["version"], "blue")
        self.assertEqual(event["meta"], meta)
        self.assertEqual(event["score"], 0.25)
        self.assertEqual(event["timestamp"], "2026-01-01T10:00:00.123Z")
        self.assertIs(event["pair"], False)
        self.assertEqual(event["labels"], [])
        self.labels("mail", {"id": "a", "label": "ham"})
        self.assertIs(self.ok(self.daemon.get("/v1/models/mail/events/a"))["pair"], True)

    def test_ids_are_any_text(self):
        for sent in ("a/b", "ä ö", "%2F", "..", "x" * 128):
            self.check(self.events("mail", {"id": sent, "predicted": "ham"}), accepted=1)
            from urllib.parse import quote
            event = self.ok(self.daemon.get("/v1/models/mail/events/" + quote(sent, safe="")), 200)
            self.assertEqual(event["id"], sent)

    def test_a_timestamp_ahead_of_the_clock_is_taken_up_to_a_day(self):
        now = int(time.time() * 1000)
        self.check(self.events("mail", {"id": "a", "predicted": "ham", "timestamp": now + 3600_000}), accepted=1)
        self.problem(self.daemon.post("/v1/models/mail/events", {"id": "b", "predicted": "ham", "timestamp": now + 90_000_000}), 422)
        self.check(self.labels("mail", {"id": "a", "label": "ham", "timestamp": now + 7200_000}), accepted=1, joined=1)
        label = self.ok(self.daemon.get("/v1/models/mail/events/a"))["labels"][0]
        self.assertLess(label["timestamp"], time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60)))

    def test_numbers_come_back_as_they_went_in(self):
        self.put_model("mail", {**SPAM, "features": ["a", "b", "c", "d", "e"]})
        sent = [0.1, 5e-324, 1.7976931348623157e308, 123456789.123456789, -0.30000000000000004]
        self.events("mail", {"id": "a", "predicted": "ham", "features": sent})
        event = self.ok(self.daemon.get("/v1/models/mail/events/a"))
        self.assertEqual([event["features"][name] for name in "abcde"], sent)


class Models(Case):
    config = {"max_models": 5}

    def test_everything_has_a_default(self):
        self.assertEqual(self.daemon.put("/v1/models/m", {}).status, 201)
        model = self.ok(self.daemon.get("/v1/models/m"))
        self.assertEqual(model["config"], {})
        self.assertEqual([w["name"] for w in model["effective"]["windows"]], ["last-500", "last-5000", "1d"])
        self.assertEqual(self.daemon.put("/v1/models/m", {}).status, 200)

    def test_classes_are_learnt_in_first_seen_order_and_stay(self):
        self.put_model("m")
        self.events("m", [{"id": "1", "predicted": "dog", "label": "cat"}, {"id": "2", "predicted": "eel"}])
        self.put_model("m")
        self.labels("m", {"id": "2", "label": "ape"})
        model = self.ok(self.daemon.get("/v1/models/m"))
        self.assertEqual(model["config"], {})
        self.assertEqual(model["effective"]["classes"], ["dog", "cat", "eel", "ape"])

    def test_integers_and_booleans_are_classes_as_their_json_text(self):
        self.put_model("m")
        self.events("m", [{"id": "1", "predicted": 1, "label": "0"}, {"id": "2", "predicted": 0, "label": "1"}])
        self.assertEqual(self.counts("m", "last-500"), {("0", "1"): 1, ("1", "0"): 1})
        self.assertEqual(self.ok(self.daemon.get("/v1/models/m"))["effective"]["positive"], "1")
        self.assertIn("f1", self.metrics("m", "last-500"))
        self.put_model("b")
        self.events("b", [{"id": "1", "predicted": True, "label": False}])
        self.assertEqual(self.counts("b", "last-500"), {("false", "true"): 1})

    def test_features_are_learnt_from_the_first_event_that_has_some(self):
        self.put_model("m")
        self.events("m", [{"id": "0", "predicted": "a"},
                          {"id": "1", "predicted": "a", "features": {"len": 3, "lang": "de", "ok": True, "gone": None}},
                          {"id": "2", "predicted": "b", "features": {"lang": "en", "len": 4.5, "new": 1}}])
        features = self.ok(self.daemon.get("/v1/models/m"))["effective"]["features"]
        named = {f if isinstance(f, str) else f["name"]: "number" if isinstance(f, str) else f.get("type", "number") for f in features}
        self.assertEqual(named, {"len": "number", "lang": "category", "ok": "number", "gone": "number"})
        self.assertEqual(self.ok(self.daemon.get("/v1/models/m/events/2"))["features"]["len"], 4.5)
        self.put_model("n")
        self.events("n", {"id": "1", "predicted": "a", "features": [1, 2]})
        features = self.ok(self.daemon.get("/v1/models/n"))["effective"]["features"]
        self.assertEqual([f if isinstance(f, str) else f["name"] for f in features], ["f0", "f1"])

    def test_what_is_refused_teaches_no_features(self):
        self.put_model("m", {"classes": ["a", "b"]})
        typo = {"age": "33", "typo": 1}
        self.problem(self.daemon.post("/v1/models/m/predict", {"features": typo}), 409)
        self.problem(self.daemon.post("/v1/models/m/predict?store=false", {"features": typo}), 409)
        self.events("m", {"id": "1", "predicted": "a"})
        conflict = self.daemon.post("/v1/models/m/events", {"id": "1", "predicted": "b", "features": typo})
        self.problem(conflict, 422)
        stranger = {"id": "2", "predicted": "c", "features": typo}
        self.problem(self.daemon.post("/v1/models/m/events", stranger), 422)
        self.assertIsNone(self.ok(self.daemon.get("/v1/models/m"))["effective"]["features"])
        answer = self.events("m", [stranger, {"id": "3", "predicted": "a", "features": {"age": 33}}])
        self.assertEqual((answer["accepted"], answer["rejected_total"]), (1, 1))
        self.assertEqual(self.ok(self.daemon.get("/v1/models/m/events/3"))["features"], {"age": 33})

    def test_a_model_with_features_gets_the_rule_fell_unless_it_names_rules(self):
        self.put_model("m")
        self.assertEqual(self.ok(self.daemon.get("/v1/models/m/rules"))["rules"], [])
        self.events("m", {"id": "1", "predicted": "a", "features": [1]})
        rules = self.ok(self.daemon.get("/v1/models/m/rules"))["rules"]
        self.assertEqual([(r["name"], r["state"]) for r in rules], [("fell", "ok")])
        self.put_model("m", {"rules": []})
        self.assertEqual(self.ok(self.daemon.get("/v1/models/m/rules"))["rules"], [])

    def test_the_first_item_of_an_unknown_model_creates_it(self):
        self.events("new", {"id": "1", "predicted": "a"})
        self.labels("other", {"id": "1", "label": "a"})
        names = [m["model"] for m in self.ok(self.daemon.get("/v1/models"))["models"]]
        self.assertEqual(sorted(names), ["new", "other"])

    def test_what_is_refused_makes_no_model(self):
        refused = {"id": "1", "features": {"x": "a"}}
        self.problem(self.daemon.post("/v1/models/new/events", refused), 422)
        self.problem(self.daemon.post("/v1/models/new/labels", {"id": "1"}), 422)
        self.assertEqual(self.ok(self.daemon.get("/v1/models"))["models"], [])
        self.problem(self.daemon.get("/v1/models/new"), 404)
        self.events("new", [refused, {"id": "1", "predicted": "a", "features": {"x": 2}}])
        self.daemon.restart()
        self.assertEqual([m["model"] for m in self.ok(self.daemon.get("/v1/models"))["models"]], ["new"])
        self.assertEqual(self.ok(self.daemon.get("/v1/models/new/events/1"))["features"], {"x": 2})

    def test_more_than_max_models_is_409(self):
        for i in range(5):
            self.put_model(f"m{i}")
        self.problem(self.daemon.put("/v1/models/m5", {}), 409, "5")
        self.put_model("m4", {})
        self.ok(self.daemon.delete("/v1/models/m0"), 200, 204)
        self.put_model("m5")

    def test_a_deleted_model_is_gone_and_its_name_starts_anew(self):
        self.put_model("m")
        self.events("m", {"id": "1", "predicted": "a", "label": "a"})
        self.ok(self.daemon.delete("/v1/models/m"), 200, 204)
        self.problem(self.daemon.get("/v1/models/m"), 404, "m")
        self.put_model("m")
        self.assertEqual(self.counts("m", "last-500"), {})
        self.daemon.restart()
        self.assertEqual(self.counts("m", "last-500"), {})

    def test_etag_and_if_match_guard_a_configuration(self):
        first = self.daemon.put("/v1/models/m", {"threshold": 0.4})
        etag = self.daemon.get("/v1/models/m").headers["ETag"]
        self.assertRegex(etag, '^"[^"]+"$')
        self.assertEqual(self.daemon.get("/v1/models/m", headers={"If-None-Match": etag}).status, 200)
        self.events("m", {"id": "1", "predicted": "a", "label": "a"})
        self.assertEqual(self.daemon.get("/v1/models/m").headers["ETag"], etag, "the configuration's alone")
        self.problem(self.daemon.put("/v1/models/m", {}, headers={"If-Match": '"other"'}), 412)
        self.ok(self.daemon.put("/v1/models/m", {"threshold": 0.6}, headers={"If-Match": etag}), 200)
        self.problem(self.daemon.put("/v1/models/m", {}, headers={"If-Match": etag}), 412)
        self.problem(self.daemon.put("/v1/models/none", {}, headers={"If-Match": "*"}), 412)
        self.assertEqual(self.ok(self.daemon.get("/v1/models/m"))["config"], {"threshold": 0.6})
        self.assertEqual(first.status, 201)

    def test_put_builds_windows_from_stored_rows(self):
        self.put_model("m", {"windows": [{"name": "w", "count": 3}]})
        self.events("m", [{"id": str(i), "predicted": "a", "label": "ab"[i % 2]} for i in range(10)])
        self.assertEqual(self.metrics("m", "w")["pairs"], 3)
        self.put_model("m", {"windows": [{"name": "w", "count": 7}, {"name": "d", "duration": "1h"}]})
        self.assertEqual(self.counts("m", "w"), {("a", "a"): 3, ("b", "a"): 4})
        self.assertEqual(self.metrics("m", "d")["pairs"], 10)
        self.problem(self.daemon.get("/v1/models/m/metrics?window=last-500"), 404, "last-500")

    def test_put_may_add_and_leave_out_features_but_not_change_their_type(self):
        self.put_model("m", {"features": ["a", "b"]})
        self.events("m", {"id": "1", "predicted": "x", "features": [1, 2]})
        self.put_model("m", {"features": ["b", "c"]})
        self.events("m", {"id": "2", "predicted": "x", "features": [3, 4]})
        self.problem(self.daemon.put("/v1/models/m", {"features": [{"name": "b", "type": "category"}]}), 409, "b")
        self.assertEqual(self.ok(self.daemon.get("/v1/models/m/events/1"))["features"], {"a": 1, "b": 2})
        self.assertEqual(self.ok(self.daemon.get("/v1/models/m/events/2"))["features"], {"b": 3, "c": 4})

    def test_put_may_not_take_away_a_class_in_use(self):
        self.put_model("m", {"classes": ["a", "b", "c"]})
        self.events("m", {"id": "1", "predicted": "a", "label": "b"})
        self.problem(self.daemon.put("/v1/models/m", {"classes": ["a", "c"]}), 409, "b")
        self.put_model("m", {"classes": ["b", "a"]})
        self.assertEqual(self.counts("m", "last-500"), {("b", "a"): 1})

    def test_scores_in_declared_order_mean_the_same_when_that_order_changes(self):
        self.put_model("m", {"classes": ["a", "b", "c"]})
        self.events("m", {"id": "1", "scores": [0.7, 0.2, 0.1]})
        self.put_model("m", {"classes": ["c", "a", "d", "b"]})
        self.events("m", {"id": "2", "scores": [0.1, 0.7, 0, 0.2]})
        first, second = (self.ok(self.daemon.get(f"/v1/models/m/events/{i}")) for i in "12")
        self.assertEqual((first["predicted"], second["predicted"]), ("a", "a"))
        self.assertEqual({k: v for k, v in second["scores"].items() if v}, {"a": 0.7, "b": 0.2, "c": 0.1})
        self.assertEqual({k: v for k, v in first["scores"].items() if v}, {"a": 0.7, "b": 0.2, "c": 0.1})

    def test_a_model_says_what_it_waits_for(self):
        self.put_model("m")
        self.events("m", [{"id": str(i), "features": [i], "label": "ab"[i % 2]} for i in range(130)])
        model = self.ok(self.daemon.get("/v1/models/m"))
        self.assertEqual((model["state"], model["needed"]), ("collecting", 500))

    def test_everything_is_there_after_a_restart(self):
        self.put_model("m", {"threshold": 0.3})
        self.events("m", [{"id": str(i), "predicted": "ab"[i % 2], "label": "ab"[i % 3 == 0], "features": [i]} for i in range(50)])
        before = [self.daemon.get(path).json for path in ("/v1/models/m", "/v1/models/m/events/7")]
        for how in ("kill", "stop"):
            self.daemon.restart(how)
            after = [self.daemon.get(path).json for path in ("/v1/models/m", "/v1/models/m/events/7")]
            self.assertEqual(after, before)


    def test_the_log_has_the_models_that_posts_make(self):
        self.events("m", {"id": "1", "predicted": "a"})
        self.events("m", {"id": "2", "predicted": "a"})
        self.ok(self.daemon.post("/v1/models/n/events", {"id": 7.5}), 422)
        self.ok(self.daemon.post("/v1/models/o/labels", {"id": "early", "label": "a"}))
        self.assertEqual(self.daemon.stop(), 0)
        made = [line.split(" ", 2)[2] for line in self.daemon.said if "created" in line]
        self.assertEqual(made, ["model m: created by a post", "model o: created by a post"])


class AutoCreateOff(Case):
    config = {"auto_create": False}

    def test_an_unknown_model_is_404(self):
        self.problem(self.daemon.post("/v1/models/m/events", {"id": "1", "predicted": "a"}), 404, "m")
        self.assertEqual(self.ok(self.daemon.get("/v1/models"))["models"], [])


class Windows(Case):
    def test_a_duration_window_empties_by_itself(self):
        self.put_model("m", {"windows": [{"name": "1s", "duration": "1s"}, {"name": "all", "count": 100}]})
        self.events("m", [{"id": str(i), "predicted": "a", "label": "a"} for i in range(10)])
        end = time.monotonic() + 10
        while self.metrics("m", "1s")["pairs"] and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(self.metrics("m", "1s")["pairs"], 0)
        self.assertEqual(self.metrics("m", "all")["pairs"], 10)

    def test_a_short_duration_window_is_never_old_by_more_than_a_twentieth(self):
        self.put_model("m", {"windows": [{"name": "4s", "duration": "4s"}]})
        now = int(time.time() * 1000)
        times = [now - 4000 + 2 * i for i in range(2000)]
        self.events("m", [{"predicted": "a", "label": "a", "timestamp": at} for at in times])
        late = []
        while time.time() * 1000 < times[-1] + 3000:
            asked = int(time.time() * 1000)
            shown = self.metrics("m", "4s")["pairs"]
            late.append(2 * (shown - sum(at > asked - 4000 for at in times)))
            time.sleep(0.03)
        late.sort()
        # Two busy cores may hold the writer up now and then.
        self.assertLess(late[len(late) * 9 // 10], 200 + 150, late)

    def test_windows_are_at_now_from_the_first_answer_after_a_pause(self):
        windows = [{"name": "2s", "duration": "2s"}, {"name": "1d", "duration": "1d"}, {"name": "all", "count": 5000}]
        rules = [{"name": "low", "metric": "accuracy", "window": "2s", "below": 0.5, "min_pairs": 20, "for": "1s"}]
        for how in ("kill", "stop"):
            for rested in (0, 1.2):
                name = f"{how}-{rested}".replace(".", "-")
                self.put_model(name, {"windows": windows, "rules": rules})
                now = int(time.time() * 1000)
                old = [{"predicted": "a", "label": "a", "timestamp": now - 86400_000 + 1500 + i} for i in range(1500)]
                self.events(name, old + [{"predicted": "a", "label": "b"} for _ in range(500)])
                time.sleep(rested)
                state = self.ok(self.daemon.get(f"/v1/models/{name}/alerts"))["alerts"]
                self.daemon.kill() if how == "kill" else self.assertEqual(self.daemon.stop(), 0)
                time.sleep(3.2)
                self.daemon.start()
                shown = self.ok(self.daemon.get(f"/v1/models/{name}/metrics"))["windows"]
                self.assertEqual([shown[w]["pairs"] for w in ("2s", "1d", "all")], [0, 500, 2000], (how, rested))
                # Nothing can have held for a second in a window that was empty by then.
                alerts = self.ok(self.daemon.get(f"/v1/models/{name}/alerts"))["alerts"]
                self.assertEqual(len(alerts), len(state), (how, rested))

    def test_a_pair_ahead_of_the_clock_is_in_at_once_and_keeps_no_other(self):
        self.put_model("m", {"windows": [{"name": "2s", "duration": "2s"}]})
        ahead = int(time.time() * 1000) + 23 * 3600_000
        self.events("m", {"id": "ahead", "predicted": "a", "label": "b", "timestamp": ahead})
        self.events("m", {"predicted": "a", "label": "a"})
        self.assertEqual(self.counts("m", "2s")[("b", "a")], 1)
        wait_until(lambda: self.counts("m", "2s") == {("b", "a"): 1}, what="the pair of now to leave")
        self.events("m", {"predicted": "a", "label": "a"}, "?settle=true")
        points = self.ok(self.daemon.get("/v1/models/m/metrics/history?window=2s&metric=accuracy"))["points"]
        self.assertEqual({point["time"] for point in points}, {self.ok(self.daemon.get("/v1/models/m/events/ahead"))["timestamp"]})
        self.assertEqual(points[-1]["place"], 3)

    def test_a_duration_window_goes_by_pair_time(self):
        self.put_model("m", {"windows": [{"name": "1h", "duration": "1h"}]})
        now = int(time.time() * 1000)
        self.events("m", [{"id": "old", "predicted": "a", "label": "a", "timestamp": now - 7200_000},
                          {"id": "new", "predicted": "a", "label": "a", "timestamp": now - 60_000},
                          {"id": "ahead", "predicted": "a", "label": "a", "timestamp": now + 60_000},
                          {"id": "late", "predicted": "a", "timestamp": now - 7200_000}])
        self.assertEqual(self.metrics("m", "1h")["pairs"], 2)
        self.labels("m", {"id": "late", "label": "a"})
        self.assertEqual(self.metrics("m", "1h")["pairs"], 3)
        # A revision keeps the pair's time.
        self.labels("m", {"id": "old", "label": "b"})
        self.assertEqual(self.counts("m", "1h"), {("a", "a"): 3})

    def test_coverage_counts_events_since_the_oldest_pair(self):
        self.put_model("m", {"windows": [{"name": "w", "count": 10}]})
        self.events("m", [{"id": str(i), "predicted": "a"} for i in range(20)])
        self.labels("m", [{"id": str(i), "label": "a"} for i in range(10, 20, 2)])
        window = self.metrics("m", "w")
        self.assertEqual((window["pairs"], window["events"], window["coverage"]), (5, 10, 0.5))

    def test_label_delay_is_from_event_to_label(self):
        self.put_model("m", {"windows": [{"name": "w", "count": 1000}]})
        begin = 1767261600000
        self.events("m", [{"id": str(i), "predicted": "a", "timestamp": begin} for i in range(100)])
        self.labels("m", [{"id": str(i), "label": "a", "timestamp": begin + 1000 * (i + 1)} for i in range(100)])
        delay = self.metrics("m", "w")["label_delay"]
        for name, value in (("p50", 50), ("p90", 90), ("p99", 99)):
            self.assertAlmostEqual(delay[name], value, delta=0.03 * value + 1)

    def test_another_window_of_the_same_name_has_none_of_its_history(self):
        self.put_model("m", {"windows": [{"name": "w", "count": 50}, {"name": "v", "count": 9}]})
        self.events("m", [{"predicted": "a", "label": "ab"[i % 2]} for i in range(100)], "?settle=true")
        points = lambda name: len(self.ok(self.daemon.get(f"/v1/models/m/metrics/history?window={name}"))["points"])
        before = points("v")
        self.assertTrue(points("w") and before)
        self.put_model("m", {"windows": [{"name": "w", "count": 20}, {"name": "v", "count": 9}]})
        self.assertEqual((points("w"), points("v")), (0, before))

    def test_history_is_a_series_in_the_order_of_places(self):
        self.put_model("m", {"classes": ["a", "b"], "positive": "b", "windows": [{"name": "w", "count": 100}]})
        begin = 1767261600000
        for start in range(0, 1000, 50):
            self.events("m", [{"id": str(i), "predicted": "b", "label": "ab"[i % 4 != 0], "timestamp": begin + 1000 * i}
                              for i in range(start, start + 50)])
        history = self.ok(self.daemon.get("/v1/models/m/metrics/history?window=w&metric=f1"))
        points = history["points"]
        self.assertGreater(len(points), 10)
        self.assertEqual([p["time"] for p in points], sorted(p["time"] for p in points))
        self.assertAlmostEqual(points[-1]["value"], self.metrics("m", "w")["f1"], delta=0.02)
        few = self.ok(self.daemon.get("/v1/models/m/metrics/history?window=w&metric=f1&points=5"))["points"]
        self.assertLessEqual(len(few), 5)
        later = self.ok(self.daemon.get("/v1/models/m/metrics/history?window=w&from=2026-01-01T10:10:00Z"))["points"]
        self.assertTrue(0 < len(later) < len(points))


if __name__ == "__main__":
    unittest.main()
