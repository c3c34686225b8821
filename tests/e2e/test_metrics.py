"""Every figure of `metrics` that scikit-learn has, on random traffic; and the same after a crash."""
import math
import re
import unittest
import warnings

import numpy
from sklearn import metrics as sk

from harness import Case

warnings.filterwarnings("ignore")
WINDOWS = [{"name": "last-137", "count": 137}, {"name": "last-1000", "count": 1000}, {"name": "1d", "duration": "1d"}]


class Traffic:
    """Events and labels in a random order, and what should have become of them."""

    def __init__(self, rng, classes, binary):
        self.rng, self.classes, self.binary = rng, classes, binary
        self.predicted, self.scores, self.label = {}, {}, {}  # by id; label: the latest
        self.places = []  # ids in the order in which they became pairs
        self.waiting = {}
        self.number = 0
        self.events = []

    def event(self):
        self.number += 1
        name, rng = f"e{self.number}", self.rng
        actual = min(int(rng.expovariate(1 / (len(self.classes) / 3))), len(self.classes) - 1)
        weights = [rng.expovariate(1) for _ in self.classes]
        weights[actual] += rng.uniform(0, len(self.classes) / 2)
        sum_ = sum(weights)
        scores = [w / sum_ for w in weights]
        if rng.random() < 0.05:  # an exact zero, and a row that sums to 1 exactly
            scores = [0.0] * len(self.classes)
            scores[actual], scores[(actual + 1) % len(self.classes)] = 0.25, 0.75
        event = {"id": name}
        scored = rng.random() < 0.9
        if self.binary:
            scores[0] = 1 - scores[1]
            best = int(scores[1] >= 0.5)
            if scored:
                event["score"] = scores[1]
        else:
            best = scores.index(max(scores))
            if scored:
                event["scores"] = dict(zip(self.classes, scores))
        if not scored or rng.random() < 0.3:
            best = rng.choice([best, rng.randrange(len(self.classes))])
            event["predicted"] = self.classes[best]
        self.scores[name] = scores if scored else None
        self.coming = (name, self.classes[best])
        return event, name, self.classes[actual]

    def came(self, name, predicted):
        self.predicted[name] = predicted
        if name in self.waiting:
            self.label[name] = self.waiting.pop(name)
            self.places.append(name)

    def labelled(self, name, label):
        if name not in self.predicted:
            self.waiting[name] = label
        else:
            if name not in self.label:
                self.places.append(name)
            self.label[name] = label


class SciKitLearn(Case):
    def play(self, name, traffic, batches=40, size=50):
        rng = traffic.rng
        pending = []
        for _ in range(batches):
            events, early = [], []
            for _ in range(size):
                event, id, actual = traffic.event()
                predicted = traffic.coming[1]
                draw = rng.random()
                if draw < 0.1:
                    early.append({"id": id, "label": actual})
                    traffic.labelled(id, actual)
                elif draw < 0.2:
                    event["label"] = actual
                elif draw < 0.95:
                    pending.append((id, actual))
                events.append((event, predicted))
            self.labels(name, early)
            for event, predicted in events:
                traffic.came(event["id"], predicted)
                if "label" in event:
                    traffic.labelled(event["id"], event["label"])
            items = [event for event, _ in events]
            self.events(name, items + rng.sample(items, 5))  # some twice
            rng.shuffle(pending)
            now, pending = pending[:size // 2], pending[size // 2:]
            labels = [{"id": id, "label": actual} for id, actual in now]
            for label in labels:
                traffic.labelled(label["id"], label["label"])
            again = rng.sample(labels, len(labels) // 5)
            revised = [{"id": id, "label": rng.choice(traffic.classes)}
                       for id in rng.sample(traffic.places, min(5, len(traffic.places)))]
            for label in revised:
                traffic.labelled(label["id"], label["label"])
            self.labels(name, labels + again + revised)

    def near(self, ours, theirs, what):
        if theirs is None or (isinstance(theirs, float) and math.isnan(theirs)):
            self.assertIsNone(ours, what)
        else:
            self.assertIsNotNone(ours, what)
            self.assertLessEqual(abs(ours - theirs), 1e-12, (what, ours, theirs))

    def compare(self, window, traffic, ids, positive):
        actual = [traffic.label[id] for id in ids]
        predicted = [traffic.predicted[id] for id in ids]
        names = window["confusion"]["classes"]
        self.assertEqual(window["pairs"], len(ids))
        self.assertEqual(window["confusion"]["matrix"], sk.confusion_matrix(actual, predicted, labels=names).tolist())
        self.near(window["accuracy"], sk.accuracy_score(actual, predicted), "accuracy")
        self.near(window["balanced_accuracy"], sk.balanced_accuracy_score(actual, predicted), "balanced_accuracy")
        self.near(window["mcc"], sk.matthews_corrcoef(actual, predicted), "mcc")
        self.near(window["kappa"], sk.cohen_kappa_score(actual, predicted), "kappa")
        for average in ("macro", "micro", "weighted"):
            precision, recall, f1, _ = sk.precision_recall_fscore_support(actual, predicted, average=average, zero_division=0)
            for figure, value in (("precision", precision), ("recall", recall), ("f1", f1)):
                self.near(window[average][figure], value, f"{average} {figure}")
        each = sk.precision_recall_fscore_support(actual, predicted, labels=names, zero_division=0)
        for i, name in enumerate(names):
            figures = window["classes"][name]
            self.assertEqual(figures["support"], each[3][i])
            told, was = predicted.count(name), actual.count(name)
            for figure, value, defined in (("precision", each[0][i], told), ("recall", each[1][i], was), ("f1", each[2][i], told + was)):
                self.near(figures[figure], float(value) if defined else None, f"{name} {figure}")
                if name == positive:
                    self.assertEqual(window[figure], figures[figure])
        if positive is None:
            self.assertNotIn("f1", window)

    def compare_scores(self, window, traffic, ids, binary):
        ids = [id for id in ids if traffic.scores[id] is not None]
        actual = [traffic.label[id] for id in ids]
        scores = numpy.array([traffic.scores[id] for id in ids])
        self.assertEqual(window["scored"], len(ids))
        classes = traffic.classes
        self.near(window["log_loss"], sk.log_loss(actual, scores[:, numpy.argsort(classes)], labels=sorted(classes)), "log_loss")
        if binary:
            truth = numpy.array(actual) == classes[1]
            auc, ap = sk.roc_auc_score(truth, scores[:, 1]), sk.average_precision_score(truth, scores[:, 1])
            brier = sk.brier_score_loss(truth, scores[:, 1])
        else:
            kinds = [(numpy.array(actual) == name, scores[:, i]) for i, name in enumerate(classes)]
            kinds = [(truth, score) for truth, score in kinds if truth.any() and not truth.all()]
            auc = numpy.mean([sk.roc_auc_score(*kind) for kind in kinds])
            ap = numpy.mean([sk.average_precision_score(*kind) for kind in kinds])
            wanted = numpy.array([[name == label for name in classes] for label in actual])
            brier = float(((scores - wanted) ** 2).sum(axis=1).mean())
        self.near(window["roc_auc"], float(auc), "roc_auc")
        self.near(window["average_precision"], float(ap), "average_precision")
        self.near(window["brier"], float(brier), "brier")
        self.near(window["ece"], ece(scores, [classes.index(label) for label in actual]), "ece")

    def traffic(self, name, classes, binary=False, config=None):
        self.put_model(name, {"windows": WINDOWS, **(config or {})})
        traffic = Traffic(self.random, classes, binary)
        self.play(name, traffic)
        answer = self.metrics(name, query="scores=true")["windows"]
        positive = classes[1] if binary else None
        for window, ids in (("last-137", traffic.places[-137:]), ("last-1000", traffic.places[-1000:]), ("1d", traffic.places)):
            self.compare(answer[window], traffic, ids, positive)
            self.compare_scores(answer[window], traffic, ids, binary)
        path = f"/v1/models/{name}/metrics?scores=true"
        before = without_delays(self.daemon.get(path).text)
        for how in ("kill", "stop"):
            self.daemon.restart(how)
            self.assertEqual(without_delays(self.daemon.get(path).text), before)
        return traffic

    def test_binary(self):
        self.traffic("m", ["ham", "spam"], binary=True, config={"classes": ["ham", "spam"], "positive": "spam"})

    def test_seven_classes(self):
        self.traffic("m", [f"k{i}" for i in range(7)], config={"classes": [f"k{i}" for i in range(7)]})

    def test_sixty_learnt_classes(self):
        self.traffic("m", [f"k{i:02}" for i in range(60)])

    def test_undefined_figures_are_null(self):
        self.put_model("m", {"classes": ["a", "b", "c"], "windows": WINDOWS})
        empty = self.metrics("m", "last-137", "scores=true")
        for figure in ("accuracy", "mcc", "kappa", "balanced_accuracy", "coverage", "log_loss", "roc_auc"):
            self.assertIsNone(empty[figure], figure)
        self.events("m", [{"predicted": "a", "label": "a"}] * 3)
        window = self.metrics("m", "last-137")
        self.assertIsNone(window["mcc"])
        self.assertIsNone(window["kappa"])
        self.assertEqual(window["classes"]["b"], {"precision": None, "recall": None, "f1": None, "support": 0})
        self.assertEqual(window["macro"]["f1"], 1)

    def test_intervals_mirror_the_figures(self):
        self.put_model("m", {"classes": ["a", "b"], "positive": "b", "windows": WINDOWS})
        self.events("m", [{"predicted": "ab"[i % 3 == 0], "label": "ab"[i % 4 == 0]} for i in range(120)])
        for level, z in ((None, 1.959963984540054), (0.9, 1.6448536269514722)):
            window = self.metrics("m", "last-137", f"level={level}" if level else "")
            intervals = window["intervals"]
            self.assertEqual(intervals["level"], level or 0.95)
            pairs = window["pairs"]
            hits = sum(window["confusion"]["matrix"][i][i] for i in range(2))
            self.near(intervals["accuracy"][0], wilson(hits, pairs, z)[0], "accuracy low")
            self.near(intervals["accuracy"][1], wilson(hits, pairs, z)[1], "accuracy high")
            (_, fp), (fn, tp) = window["confusion"]["matrix"]
            for end in (0, 1):
                p = wilson(tp, tp + fp + fn, z)[end]
                self.near(intervals["classes"]["b"]["f1"][end], 2 * p / (1 + p), "f1")
                self.near(intervals["classes"]["b"]["recall"][end], wilson(tp, tp + fn, z)[end], "recall")
                self.near(intervals["f1"][end], 2 * p / (1 + p), "f1 at the top")
            low, high = intervals["macro"]["f1"]
            self.assertTrue(low < window["macro"]["f1"] < high)


def without_delays(text):
    return re.sub(r'"label_delay":\{[^}]*\}', "", text)


def wilson(k, n, z):
    centre, half = (k + z * z / 2) / (n + z * z), z * math.sqrt(k * (n - k) / n + z * z / 4) / (n + z * z)
    return centre - half, centre + half


def ece(scores, actual):
    best = scores.max(axis=1)
    hit = scores.argmax(axis=1) == numpy.array(actual)
    bins = numpy.clip(numpy.ceil(best * 15) - 1, 0, 14).astype(int)
    return float(sum(abs(hit[bins == b].mean() - best[bins == b].mean()) * (bins == b).mean() for b in set(bins)))


if __name__ == "__main__":
    unittest.main()
