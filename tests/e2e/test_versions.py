"""model.json says all: what docs/versions.md makes of it are the daemon's answers."""
import numpy

from harness import Case


def inputs_of(document, row):
    """Dense inputs, then the sparse ones."""
    dense, gaps, sparse = [], [], []
    for feature, value in zip(document["features"], row):
        kind = "number" if isinstance(feature, str) else feature["type"]
        if kind == "category":
            values = feature["values"]
            found = values.index(value) if value in values else len(values)
            sparse += [float(k == found) for k in range(len(values) + 1)]
            continue
        width = feature["size"] if kind == "vector" else 1
        dense += [numpy.nan] * width if value is None else value if kind == "vector" else [value]
        if not isinstance(feature, str) and feature["gaps"]:
            gaps.append(float(value is None))
    return numpy.array(dense + gaps), numpy.array(sparse)


def standardised(document, x):
    mean, scale, impute = (numpy.array(document[name]) for name in ("mean", "scale", "impute"))
    limit = document.get("limit", 1e9)
    x = numpy.where(numpy.isnan(x), impute, x)
    return numpy.where(scale == 0, 0, numpy.clip((x - mean) / numpy.where(scale == 0, 1, scale), -limit, limit))


def logistic(document, dense, sparse):
    x = numpy.concatenate([standardised(document, dense), sparse])
    return numpy.array(document["coefficients"]) @ x + document["intercepts"]


def mlp(document, dense, sparse):
    x = numpy.concatenate([standardised(document, dense), sparse])
    for i, layer in enumerate(document["layers"]):
        x = (numpy.maximum(x, 0) if i else x) @ numpy.array(layer["weights"]) + layer["biases"]
    return x


def trees(document, dense, sparse):
    x = numpy.concatenate([dense, numpy.where(sparse == 0, numpy.nan, sparse)]).astype(numpy.float32)
    present = len(document["present"])
    scores = numpy.full(1 if present == 2 else present, float(document["base"]))
    for tree in document["trees"]:
        node = 0
        while tree["left"][node] >= 0:
            value = x[tree["feature"][node]]
            left = tree["missing_left"][node] if numpy.isnan(value) else value < tree["threshold"][node]
            node = int(tree["left" if left else "right"][node])
        scores[tree["output"]] += tree["threshold"][node]
    return scores


def probabilities(document, row):
    scores = {"logistic": logistic, "mlp": mlp, "trees": trees}[document["learner"]](document, *inputs_of(document, row))
    if len(scores) == 1:
        scores = numpy.array([0, scores[0]])
    known = numpy.exp(scores - scores.max())
    every = numpy.zeros(len(document["classes"]))
    every[document["present"]] = known / known.sum()
    return dict(zip(document["classes"], every))


class Versions(Case):
    def setUp(self):
        super().setUp()
        self.draw = numpy.random.default_rng(self.random.getrandbits(32))

    def rows(self, count):
        for x, v, lang in zip(self.draw.normal(size=(count, 2)).tolist(), self.draw.normal(size=(count, 3)).tolist(), self.draw.integers(0, 4, count).tolist()):
            yield [x[0], None if x[1] > 1 else x[1], [None, "de", "fr", "es"][lang], None if v[2] > 1.5 else v]

    def test_what_model_json_says_is_what_is_answered(self):
        features = ["x", "y", {"name": "lang", "type": "category"}, {"name": "v", "type": "vector", "size": 3}]
        for learner in ("logistic", "mlp", "trees"):
            for classes in (["a", "b"], ["a", "nobody", "b", "c"]):
                name = f"{learner}-{len(classes)}"
                self.put_model(name, {"classes": classes, "features": features, "retrain": {"learner": learner, "trials": 0, "live": False}})
                named = [c for c in classes if c != "nobody"]
                items = [{"features": row, "label": named[int(numpy.clip(row[0] + (row[2] == "de") + self.draw.normal() + 0.5, 0, len(named) - 1))]}
                         for row in self.rows(600)]
                self.ok(self.daemon.post(f"/v1/models/{name}/events?settle=true", items), 200)
                document = self.ok(self.daemon.get(f"/v1/models/{name}/versions/1/model.json"))
                asked = [*self.rows(200), [0.5, 1, "unseen", [1, 2, 3]]]
                answers = self.ok(self.daemon.post(f"/v1/models/{name}/predict?store=false", [{"features": row} for row in asked]))
                with self.subTest(name):
                    for row, answer in zip(asked, answers["predictions"]):
                        for label, p in probabilities(document, row).items():
                            self.assertAlmostEqual(p, answer["scores"][label], delta=2e-6)

    def test_its_tag_spares_sending_it_again(self):
        self.put_model("m", {"classes": ["a", "b"], "features": ["x"], "retrain": {"learner": "logistic"}})
        self.ok(self.daemon.post("/v1/models/m/events?settle=true", [{"features": [i], "label": "ab"[i % 7 > 3]} for i in range(600)]), 200)
        path = "/v1/models/m/versions/1/model.json"
        first = self.daemon.get(path)
        for tags, status in ((first.headers["ETag"], 304), ('"other", ' + first.headers["ETag"], 304), ('"other"', 200)):
            again = self.daemon.get(path, headers={"If-None-Match": tags})
            self.assertEqual((again.status, again.headers["ETag"]), (status, first.headers["ETag"]))
            self.assertEqual(again.body, b"" if status == 304 else first.body)
        self.daemon.restart("kill")
        self.assertEqual(self.daemon.get(path).headers["ETag"], first.headers["ETag"])
