"""Rules: they fire exactly where a computation by hand says, and their states survive a restart."""
import math
import time
from collections import deque

from harness import Case, wait_until


def f1_of(window, name):
    tp = sum(a == name == p for a, p in window)
    touched = sum(name in pair for pair in window)
    return (2 * tp / (touched + tp), touched) if touched else (math.nan, 0)


def f1_upper(window, name, z):
    """Wilson's upper end of p = TP / (TP + FP + FN), mapped to F1 = 2p / (1 + p)."""
    n = sum(name in pair for pair in window)
    k = sum(a == name == p for a, p in window)
    p = (k + z * z / 2) / (n + z * z) + z * math.sqrt(k * (n - k) / n + z * z / 4) / (n + z * z)
    return 2 * p / (1 + p)


def fires(pairs, size, threshold, clear, min_pairs, z):
    """[place, value, place of its end or None] of each alert of a `below` rule on spam's F1."""
    window, alerts, firing = deque(maxlen=size), [], False
    for place, pair in enumerate(pairs, 1):
        window.append(pair)
        value, touched = f1_of(window, "spam")
        if firing and value >= clear:
            alerts[-1][2], firing = place, False
        elif not firing and touched >= min_pairs and value < threshold:
            if z is None or f1_upper(window, "spam", z) < threshold:
                alerts.append([place, value, None])
                firing = True
    return alerts


class Below(Case):
    def stream(self):
        """Good and bad stretches, with values near the threshold for long."""
        pairs = []
        for stretch in range(8):
            good = 0.92 if stretch % 2 == 0 else self.random.choice([0.6, 0.75, 0.8])
            for _ in range(300):
                actual = self.random.choice(["ham", "spam"])
                wrong = "ham" if actual == "spam" else "spam"
                pairs.append((actual, actual if self.random.random() < good else wrong))
        return pairs

    def check(self, confidence, z):
        rule = {"name": "low", "metric": "f1", "window": "w", "below": 0.82, "clear": 0.86, "min_pairs": 60,
                "confidence": confidence, "actions": ["alert"]}
        self.put_model("mail", {"classes": ["ham", "spam"], "positive": "spam", "rules": [rule],
                                "windows": [{"name": "w", "count": 200}]})
        pairs, expected = [], []
        while len(expected) < 2:
            pairs = self.stream()
            expected = fires(pairs, 200, 0.82, 0.86, 60, z)
        at = 0
        while at < len(pairs):
            size = self.random.choice([1, 7, 50, 333])
            self.events("mail", [{"predicted": p, "label": a} for a, p in pairs[at:at + size]])
            at += size
            if self.random.random() < 0.2:
                self.daemon.restart(self.random.choice(["kill", "stop"]))
        alerts = self.ok(self.daemon.get("/v1/models/mail/alerts"))["alerts"][::-1]
        self.assertEqual([a["place"] for a in alerts], [e[0] for e in expected])
        for alert, (place, value, end) in zip(alerts, expected):
            self.assertAlmostEqual(alert["value"], value, delta=1e-12)
            self.assertEqual(alert["threshold"], 0.82)
            self.assertEqual(alert["rule"], "low")
            self.assertEqual(alert["state"], "resolved" if end else "firing")
            if end:
                self.assertEqual(alert["resolved_by"], "cleared")
            if z is not None:
                window = deque(pairs[:place], maxlen=200)
                self.assertAlmostEqual(alert["bound"], f1_upper(window, "spam", z), delta=1e-9)
        rules = self.ok(self.daemon.get("/v1/models/mail/rules"))["rules"]
        self.assertEqual(rules[0]["state"], "ok" if expected[-1][2] else "firing")
        self.check_bound(rules[0]["bound"], deque(pairs, maxlen=200), z)

    def check_bound(self, bound, window, z):
        """Of the latest pair: the value, or the upper end where the value alone does not tell."""
        value, _ = f1_of(window, "spam")
        if z is not None and value >= 0.82:
            self.assertIsNone(bound)
        else:
            self.assertAlmostEqual(bound, value if z is None else f1_upper(window, "spam", z), delta=1e-9)

    def test_fires_on_the_point_value_without_confidence(self):
        self.check(None, None)

    def test_fires_when_its_bound_is_below_with_confidence(self):
        self.check(0.99, 2.3263478740408408)


class States(Case):
    RULE = {"name": "low", "metric": "accuracy", "window": "w", "below": 0.5, "min_pairs": 10, "confidence": None}
    BASE = {"classes": ["a", "b"], "windows": [{"name": "w", "count": 20}]}

    def states(self):
        return {r["name"]: r["state"] for r in self.ok(self.daemon.get("/v1/models/m/rules"))["rules"]}

    def bad(self, count=20):
        self.events("m", [{"predicted": "a", "label": "b"}] * count)

    def good(self, count=20):
        self.events("m", [{"predicted": "a", "label": "a"}] * count)

    def test_for_makes_a_rule_wait(self):
        self.put_model("m", {**self.BASE, "rules": [{**self.RULE, "for": "2s"}, {**self.RULE, "name": "later", "for": "1h"}]})
        self.bad()
        self.assertEqual(self.states(), {"low": "pending", "later": "pending"})
        self.daemon.restart()
        wait_until(lambda: self.states()["low"] == "firing", 20, "the rule's time")
        self.assertEqual(self.states()["later"], "pending")
        self.good()
        self.assertEqual(self.states(), {"low": "ok", "later": "ok"})

    def test_min_pairs_is_waited_for(self):
        self.put_model("m", {**self.BASE, "rules": [self.RULE]})
        self.assertEqual(self.reason(), "0 of the 10 pairs it needs")
        self.bad(9)
        self.assertEqual(self.states(), {"low": "ok"})
        self.assertEqual(self.reason(), "9 of the 10 pairs it needs")
        self.daemon.restart()
        self.assertEqual(self.reason(), "9 of the 10 pairs it needs")
        self.bad(1)
        self.assertEqual(self.states(), {"low": "firing"})
        self.assertIsNone(self.reason())

    def reason(self):
        return self.ok(self.daemon.get("/v1/models/m/rules"))["rules"][0]["reason"]

    def test_above_and_classes_and_averages(self):
        rules = [{"name": "many", "metric": "accuracy", "window": "w", "above": 0.9, "min_pairs": 5, "confidence": None},
                 {"name": "recall", "metric": {"name": "recall", "class": "b"}, "window": "w", "below": 0.5, "min_pairs": 5, "confidence": None},
                 {"name": "micro", "metric": {"name": "f1", "average": "micro"}, "window": "w", "below": 0.2, "min_pairs": 5, "confidence": None},
                 {"name": "loss", "metric": "log_loss", "window": "w", "above": 0.1, "min_pairs": 5, "confidence": None}]
        self.put_model("m", {**self.BASE, "rules": rules})
        self.good(10)
        self.assertEqual(self.states(), {"many": "firing", "recall": "no_data", "micro": "ok", "loss": "ok"})
        self.bad(20)
        self.assertEqual(self.states(), {"many": "ok", "recall": "firing", "micro": "firing", "loss": "ok"})

    def test_an_unchanged_rule_keeps_its_state_and_a_changed_one_starts_anew(self):
        self.put_model("m", {**self.BASE, "rules": [self.RULE, {**self.RULE, "name": "other"}]})
        self.bad()
        self.assertEqual(self.states(), {"low": "firing", "other": "firing"})
        self.put_model("m", {**self.BASE, "rules": [self.RULE, {**self.RULE, "name": "other", "below": 0.4}, {**self.RULE, "name": "new"}]})
        self.assertEqual(self.states(), {"low": "firing", "other": "ok", "new": "ok"})
        self.bad(1)
        self.assertEqual(self.states(), {"low": "firing", "other": "firing", "new": "firing"})
        self.put_model("m", {**self.BASE, "rules": []})
        self.assertEqual(self.states(), {})
        alerts = self.ok(self.daemon.get("/v1/models/m/alerts"))["alerts"]
        self.assertEqual({a["resolved_by"] for a in alerts}, {"changed"})

    def test_a_change_of_the_version_in_use_resolves_and_starts_anew(self):
        self.put_model("m", {**self.BASE, "windows": [{"name": "w", "count": 1000}], "rules": [self.RULE]})
        self.events("m", [{"predicted": "a", "label": "b", "version": "old"}] * 100)
        self.assertEqual(self.states(), {"low": "firing"})
        self.events("m", [{"predicted": "a", "label": "a", "version": "new"}] * 400)
        alerts = self.ok(self.daemon.get("/v1/models/m/alerts"))["alerts"]
        self.assertEqual([(a["state"], a["resolved_by"]) for a in alerts], [("resolved", "replaced")])
        self.assertEqual(self.states(), {"low": "ok"})

    def test_drop_fires_below_the_record(self):
        rule = {"name": "drop", "metric": "accuracy", "window": "w", "drop": 0.05, "confidence": 0.99, "min_pairs": 50}
        self.put_model("m", {"classes": ["a", "b"], "windows": [{"name": "w", "count": 200}], "rules": [rule]})

        def play(count, good):
            self.events("m", [{"predicted": "a", "label": "a" if self.random.random() < good else "b"} for _ in range(count)])
        play(2000, 0.9)
        self.assertEqual(self.states(), {"drop": "ok"})
        play(300, 0.6)
        self.assertEqual(self.states(), {"drop": "firing"})
        alert = self.ok(self.daemon.get("/v1/models/m/alerts"))["alerts"][0]
        self.assertLess(alert["value"], 0.85)

    def test_a_rule_on_a_score_metric_fires_on_scikit_learns_value(self):
        from sklearn.metrics import log_loss
        self.put_model("m", {"classes": ["a", "b"], "positive": "b", "windows": [{"name": "w", "count": 100}],
                             "rules": [{"name": "loss", "metric": "log_loss", "window": "w", "above": 0.6, "min_pairs": 100}]})
        pairs = []
        for i in range(400):
            label = self.random.choice("ab")
            good = self.random.uniform(0.6, 0.9) if i < 250 else self.random.uniform(0.2, 0.5)
            pairs.append((label, good if label == "b" else 1 - good))
        expected = next(i for i in range(100, 401) if log_loss([a for a, _ in pairs[i - 100:i]], [p for _, p in pairs[i - 100:i]]) > 0.6)
        for at in range(0, 400, 40):
            self.events("m", [{"score": p, "label": a} for a, p in pairs[at:at + 40]])
        alert = self.ok(self.daemon.get("/v1/models/m/alerts"))["alerts"][-1]
        self.assertEqual((alert["rule"], alert["place"]), ("loss", expected))
        window = pairs[expected - 100:expected]
        self.assertAlmostEqual(alert["value"], log_loss([a for a, _ in window], [p for _, p in window]), delta=1e-12)

    def check_scores_kept_for_rules(self, classes, windows, more):
        """Rules take windows of up to 100 pairs anew at each change, so they show what a GET reads from the store."""
        names = ["roc_auc", "average_precision", "log_loss", "brier", "ece"]
        rules = [{"name": f"{w['name']}.{n}", "metric": n, "window": w["name"], "above": 1, "min_pairs": 1} for w in windows for n in names]
        config = {"classes": classes, "windows": windows, "rules": rules, **more}
        self.put_model("m", config)
        live, open_ids, last = [], [], 0

        def scores():
            raw = [self.random.randint(1, 20) for _ in classes]
            return {c: r / sum(raw) for c, r in zip(classes, raw)}

        def event():
            nonlocal last
            last += 1
            item = {"id": f"e{last}", "time": "2026-03-01T00:00:%02dZ" % self.random.randrange(60)} if self.random.random() < 0.7 else {"id": f"e{last}"}
            kind = self.random.random()
            if kind < 0.1 or len(classes) > 2 and kind < 0.2:
                item["predicted"] = self.random.choice(classes)
            elif len(classes) == 2 and kind < 0.6:
                item["score"] = self.random.randint(0, 20) / 20
            else:
                item["scores"] = scores()
            if self.random.random() < 0.7:
                item["label"] = self.random.choice(classes)
                live.append(item["id"])
            else:
                open_ids.append(item["id"])
            return item
        compared = 0
        for _ in range(150):
            kind = self.random.random()
            if kind < 0.5 or not live:
                self.events("m", [event() for _ in range(self.random.choice([1, 2, 30]))])
            elif kind < 0.65 and open_ids:
                id = open_ids.pop(self.random.randrange(len(open_ids)))
                self.labels("m", [{"id": id, "label": self.random.choice(classes)}])
                live.append(id)
            elif kind < 0.85:
                self.labels("m", [{"id": self.random.choice(live[-70:]), "label": self.random.choice(classes)} for _ in range(3)])
            elif kind < 0.95:
                for _ in range(self.random.choice([1, 30])):
                    if live:
                        self.ok(self.daemon.delete("/v1/models/m/events/" + live.pop(self.random.randrange(max(0, len(live) - 70), len(live)))))
            else:
                self.daemon.restart(self.random.choice(["kill", "stop"]))
            if kind >= 0.85: # a window takes older pairs for deleted ones after its rules were judged
                self.events("m", [{**event(), "label": classes[0]}])
            read = self.metrics("m", query="scores=true")["windows"]
            for rule in self.ok(self.daemon.get("/v1/models/m/rules"))["rules"]:
                window, metric = rule["name"].split(".")
                value = read[window][metric]
                if value is not None and 0 < read[window]["pairs"] <= 100:
                    self.assertAlmostEqual(rule["value"], value, delta=1e-12, msg=f"{rule['name']} after {kind}")
                    compared += 1
        self.assertGreater(compared, 500)

    def test_scores_kept_for_rules_equal_those_read_of_two_classes(self):
        windows = [{"name": "few", "count": 40}, {"name": "more", "count": 90}, {"name": "days", "duration": "30d"}]
        self.check_scores_kept_for_rules(["a", "b"], windows, {"positive": "b"})

    def test_scores_kept_for_rules_equal_those_read_of_four_classes(self):
        self.check_scores_kept_for_rules(["a", "b", "c", "d"], [{"name": "more", "count": 90}, {"name": "few", "count": 30}], {})

    def test_scores_kept_for_rules_stay_when_a_class_comes(self):
        names = ["roc_auc", "average_precision", "log_loss", "brier", "ece"]
        self.put_model("m", {"windows": [{"name": "w", "count": 90}], "rules": [
            {"name": n, "metric": n, "window": "w", "above": 1, "min_pairs": 1} for n in names]})
        for step in range(60):
            known = "abcd"[:2 + step // 20]
            items = []
            for _ in range(5):
                raw = [self.random.randint(1, 20) for _ in known]
                items.append({"scores": {c: r / sum(raw) for c, r in zip(known, raw)}, "label": self.random.choice(known)})
            self.events("m", items)
            read = self.metrics("m", "w", query="scores=true")
            for rule in self.ok(self.daemon.get("/v1/models/m/rules"))["rules"]:
                self.assertAlmostEqual(rule["value"], read[rule["name"]], delta=1e-12, msg=f"{rule['name']} at {step}")

    def test_a_large_window_is_scored_beside_the_writer_at_the_same_pairs(self):
        """Due after each hundredth; beyond 10,000 pairs the value is that of when the one before it was due."""
        from sklearn.metrics import roc_auc_score
        size, pairs, due, scored_at = 15000, [], [], None
        self.put_model("m", {"classes": ["a", "b"], "positive": "b", "windows": [{"name": "w", "count": size}],
                             "rules": [{"name": "auc", "metric": "roc_auc", "window": "w", "above": 1, "min_pairs": 1}]})
        for count in [9900, 95, 11, 3994, 1300, 149, 1, 2000]:
            items = []
            for _ in range(count):
                label = self.random.choice("ab")
                items.append({"score": round(self.random.uniform(0.2, 1) if label == "b" else self.random.uniform(0, 0.8), 3), "label": label})
                pairs.append((label == "b", items[-1]["score"]))
                held = min(len(pairs), size)
                if scored_at is None or len(pairs) - scored_at >= max(1, held / 100):
                    scored_at = len(pairs)
                    due.append(scored_at)
            self.events("m", items)
            at = due[-1]
            # Its value at 10,001 pairs or more is the earlier one's, which the first of them has not.
            if at > 10000 and due[-2] > 10000:
                at = due[-2]
            window = pairs[max(0, at - size):at]
            rule = self.ok(self.daemon.get("/v1/models/m/rules"))["rules"][0]
            self.assertAlmostEqual(rule["value"], roc_auc_score(*zip(*window)), delta=1e-12, msg=f"{len(pairs)} pairs, due {due[-3:]}")
            self.assertEqual((rule["pairs"], rule["bound"]), (len(window), None))

    def test_a_score_rule_on_too_large_a_window_is_refused(self):
        answer = self.daemon.put("/v1/models/m", {"windows": [{"name": "w", "count": 2000000}], "rules": [
            {"name": "auc", "metric": "roc_auc", "window": "w", "below": 0.8}]})
        problem = self.problem(answer, 400)
        self.assertIn('rules[0].window: "w" has 2000000 pairs: want at most 1000000 for a rule on roc_auc', problem["detail"])

    def test_a_score_rule_has_no_confidence_and_rests_on_pairs_with_scores(self):
        rule = {"name": "auc", "metric": "roc_auc", "window": "w", "below": 0.7, "min_pairs": 20}
        config = {"classes": ["a", "b"], "positive": "b", "windows": [{"name": "w", "count": 90}], "rules": [rule]}
        problem = self.problem(self.daemon.put("/v1/models/m", {**config, "rules": [{**rule, "confidence": 0.99}]}), 400)
        self.assertIn("rules[0].confidence: 0.99: want null, or it left out, for a rule on roc_auc", problem["detail"])
        self.put_model("m", config)
        self.assertIsNone(self.ok(self.daemon.get("/v1/models/m"))["effective"]["rules"][0]["confidence"])
        self.events("m", [{"predicted": "a", "label": "ab"[i % 2]} for i in range(30)])
        self.events("m", [{"score": 0.5, "label": "ab"[i % 2]} for i in range(19)])
        self.assertEqual(self.ok(self.daemon.get("/v1/models/m/alerts"))["alerts"], [])
        self.events("m", [{"score": 0.5, "label": "b"}])
        alert, = self.ok(self.daemon.get("/v1/models/m/alerts"))["alerts"]
        self.assertEqual((alert["value"], alert["bound"], alert["pairs"]), (0.5, None, 20))
        self.assertEqual(alert["detail"], "rule auc: roc_auc is 0.5000 on 20 pairs of w, below 0.7")

    def test_scores_of_rules_are_those_of_what_is_in_use_after_a_put_and_after_another_came(self):
        from sklearn.metrics import roc_auc_score
        config = {"classes": ["a", "b"], "positive": "b", "windows": [{"name": "w", "count": 100}], "rules": []}
        self.put_model("m", config)
        sent = []

        def send(count, versions):
            items = []
            for _ in range(count):
                label = self.random.choice("ab")
                score = round(self.random.uniform(0.2, 1) if label == "b" else self.random.uniform(0, 0.8), 3)
                items.append({"version": self.random.choice(versions), "score": score, "label": label})
            sent.extend(items)
            self.events("m", items)

        def check(version):
            used = [item for item in sent[-100:] if item["version"] == version]
            expected = roc_auc_score([item["label"] == "b" for item in used], [item["score"] for item in used])
            rule = self.ok(self.daemon.get("/v1/models/m/rules"))["rules"][0]
            self.assertAlmostEqual(rule["value"], expected, delta=1e-12)
        send(23900, ["one", "one", "other"])
        send(1, ["other"])  # the first pair of the window is not of what is in use
        send(99, ["one", "one", "other"])
        self.put_model("m", {**config, "rules": [{"name": "auc", "metric": "roc_auc", "window": "w", "above": 1, "min_pairs": 1}]})
        send(1, ["one"])
        check("one")
        send(15, ["other"])
        check("one")
        self.daemon.restart()
        send(15, ["one"])
        check("one")
        send(600, ["other"])
        send(15, ["other"])
        check("other")

    def test_change_finds_a_fall_and_not_much_else(self):
        self.put_model("m", {"classes": ["a", "b"], "rules": [{"name": "fell", "change": "down"}]})

        def play(count, good):
            self.events("m", [{"predicted": "a" if self.random.random() < good else "b", "label": "a"} for _ in range(count)])
        play(3000, 0.9)
        self.assertEqual(self.states(), {"fell": "ok"})
        play(1000, 0.7)
        alert = self.ok(self.daemon.get("/v1/models/m/alerts"))["alerts"][-1]
        self.assertTrue(3000 < alert["place"] < 3700, alert)
        self.assertTrue(2800 < alert["change"] < 3200, alert)
        self.assertEqual(self.ok(self.daemon.get("/v1/models/m/runs"))["runs"], [])
