"""Bad input: a row for each fault, with the status and what the answer must name."""
import gzip
import http.client
import json
import socket
import time

from harness import Case

SPAM = {"classes": ["ham", "spam"], "positive": "spam", "features": ["a", "b"], "slices": ["country"]}
GOOD = {"id": "good", "predicted": "ham"}
SOON = int(time.time() * 1000) + 3 * 86400_000

# One event each: the fault, the event (text where JSON libraries can't say it), what the error names.
EVENTS = [
    ("not an object", [1], ["object"]),
    ("id is a double", {"id": 1.5, "predicted": "ham"}, ["id", "1.5"]),
    ("id is a double in disguise", '{"id": 1e3, "predicted": "ham"}', ["id", "1e3"]),
    ("id is null", {"id": None, "predicted": "ham"}, ["id"]),
    ("id is a boolean", {"id": True, "predicted": "ham"}, ["id", "true"]),
    ("id is empty", {"id": "", "predicted": "ham"}, ["id"]),
    ("id is too long", {"id": "x" * 129, "predicted": "ham"}, ["id", "128"]),
    ("id is missing", {"predicted": "ham"}, ["id"]),
    ("neither prediction nor label", {"id": "x"}, ["predicted"]),
    ("predicted is unknown", {"id": "x", "predicted": "eggs"}, ["predicted", "eggs"]),
    ("predicted is null", {"id": "x", "predicted": None}, ["predicted"]),
    ("predicted is an object", {"id": "x", "predicted": {}}, ["predicted"]),
    ("predicted is a double", {"id": "x", "predicted": 1.5}, ["predicted", "1.5"]),
    ("label is unknown", {"id": "x", "predicted": "ham", "label": "eggs"}, ["label", "eggs"]),
    ("label is an array", {"id": "x", "predicted": "ham", "label": ["ham"]}, ["label"]),
    ("score overflows a double", '{"id": "x", "score": 1e400}', ["score", "1e400"]),
    ("a feature overflows a double", '{"id": "x", "predicted": "ham", "features": [1, 1e400]}', ["features", "1e400"]),
    ("score is a string", {"id": "x", "score": "0.5"}, ["score", "0.5"]),
    ("score is above 1", {"id": "x", "score": 1.5}, ["score", "1.5"]),
    ("score is below 0", {"id": "x", "score": -0.25}, ["score", "-0.25"]),
    ("scores name an unknown class", {"id": "x", "scores": {"ham": 0.5, "eggs": 0.5}}, ["scores", "eggs"]),
    ("scores do not sum to 1", {"id": "x", "scores": {"ham": 0.5, "spam": 0.25}}, ["scores", "0.75"]),
    ("scores are too few", {"id": "x", "scores": [1.0]}, ["scores"]),
    ("scores are too many", {"id": "x", "scores": [0.5, 0.25, 0.25]}, ["scores"]),
    ("a score is negative", {"id": "x", "scores": [-0.5, 1.5]}, ["scores"]),
    ("scores are a number", {"id": "x", "scores": 1}, ["scores", "1"]),
    ("features are too few", {"id": "x", "predicted": "ham", "features": [1]}, ["features", "1", "2"]),
    ("features are too many", {"id": "x", "predicted": "ham", "features": [1, 2, 3]}, ["features"]),
    ("a feature is a string", {"id": "x", "predicted": "ham", "features": [1, "two"]}, ["features", "two"]),
    ("a named feature is a string", {"id": "x", "predicted": "ham", "features": {"b": "two"}}, ["features", "b", "two"]),
    ("features are a string", {"id": "x", "predicted": "ham", "features": "1,2"}, ["features"]),
    ("slices are an array", {"id": "x", "predicted": "ham", "slices": ["de"]}, ["slices"]),
    ("a slice is too long", {"id": "x", "predicted": "ham", "slices": {"country": "x" * 129}}, ["slices", "128"]),
    ("version is unknown", {"id": "x", "predicted": "ham", "version": 7}, ["version", "7"]),
    ("version is 0", {"id": "x", "predicted": "ham", "version": 0}, ["version", "0"]),
    ("version is too long", {"id": "x", "predicted": "ham", "version": "v" * 129}, ["version", "128"]),
    ("version is a boolean", {"id": "x", "predicted": "ham", "version": True}, ["version", "true"]),
    ("meta is a string", {"id": "x", "predicted": "ham", "meta": "m"}, ["meta"]),
    ("meta is too long", {"id": "x", "predicted": "ham", "meta": {"m": "x" * 1024}}, ["meta", "1024"]),
    ("timestamp in seconds", {"id": "x", "predicted": "ham", "timestamp": 1767261600}, ["timestamp", "1767261600", "milliseconds"]),
    ("timestamp is no time", {"id": "x", "predicted": "ham", "timestamp": "yesterday"}, ["timestamp", "yesterday"]),
    ("timestamp without a zone", {"id": "x", "predicted": "ham", "timestamp": "2026-01-01T10:00:00"}, ["timestamp", "2026-01-01T10:00:00"]),
    ("timestamp with month 13", {"id": "x", "predicted": "ham", "timestamp": "2026-13-01T10:00:00Z"}, ["timestamp", "2026-13-01"]),
    ("timestamp is a double", {"id": "x", "predicted": "ham", "timestamp": 1767261600000.5}, ["timestamp", "1767261600000.5"]),
    ("timestamp is days ahead", {"id": "x", "predicted": "ham", "timestamp": SOON}, ["timestamp", str(SOON)]),
    ("timestamp overflows", '{"id": "x", "predicted": "ham", "timestamp": 99999999999999999999}', ["timestamp"]),
]

LABELS = [
    ("id is missing", {"label": "ham"}, ["id"]),
    ("id is too long", {"id": "x" * 129, "label": "ham"}, ["id", "128"]),
    ("label is missing", {"id": "x"}, ["label"]),
    ("label is unknown", {"id": "x", "label": "eggs"}, ["label", "eggs"]),
    ("label is null", {"id": "x", "label": None}, ["label"]),
    ("source is a number", {"id": "x", "label": "ham", "source": 1}, ["source", "1"]),
    ("source is too long", {"id": "x", "label": "ham", "source": "s" * 129}, ["source", "128"]),
    ("timestamp in seconds", {"id": "x", "label": "ham", "timestamp": 1767261600}, ["timestamp", "1767261600"]),
    ("timestamp is days ahead", {"id": "x", "label": "ham", "timestamp": SOON}, ["timestamp", str(SOON)]),
]

# Whole bodies that are not JSON: status 400 and the byte offset.
BODIES = [
    ("empty", b"", None),
    ("only blanks", b"  \n ", None),
    ("truncated", b'{"id": "x", "predicted": "ha', 28),
    ("trailing text", b'{"id": "x", "predicted": "ham"} x', 32),
    ("two values", b'{"id": "x", "predicted": "ham"}{}', 31),
    ("NaN", b'{"id": "x", "score": NaN}', 21),
    ("Infinity", b'{"id": "x", "score": Infinity}', 21),
    ("minus Infinity", b'{"id": "x", "score": -Infinity}', None),
    ("leading zero", b'{"id": "x", "score": 01}', None),
    ("point without digits", b'{"id": "x", "score": 1.}', None),
    ("single quotes", b"{'id': 'x'}", 1),
    ("trailing comma", b'{"id": "x",}', 11),
    ("invalid UTF-8", b'{"id": "\xff", "predicted": "ham"}', 8),
    ("overlong UTF-8", b'{"id": "\xc0\xaf", "predicted": "ham"}', 8),
    ("encoded surrogate", b'{"id": "\xed\xa0\x80", "predicted": "ham"}', 8),
    ("lone surrogate", rb'{"id": "\ud800", "predicted": "ham"}', None),
    ("reversed surrogates", rb'{"id": "\udc00\ud800", "predicted": "ham"}', None),
    ("raw control character", b'{"id": "a\tb", "predicted": "ham"}', 9),
    ("raw NUL", b'{"id": "a\x00b", "predicted": "ham"}', 9),
    ("NUL after the text", b'{"id": "x", "predicted": "ham"}\x00', 31),
    ("byte order mark", b'\xef\xbb\xbf{"id": "x", "predicted": "ham"}', 0),
    ("10,000 deep", b"[" * 10000 + b"]" * 10000, None),
    ("10,000 deep in meta", b'{"id": "x", "predicted": "ham", "meta": ' + b'{"a":' * 10000 + b"1" + b"}" * 10001, None),
    ("10,000 deep in an unknown member", b'{"id": "x", "predicted": "ham", "q": ' + b"[" * 10000 + b"]" * 10000 + b"}", None),
    ("a string", b'"ham"', None),
    ("a number", b"1", None),
    ("null", b"null", None),
]

CONFIGURATIONS = [
    ("not an object", "[]", ["object"]),
    ("unknown member", {"clases": []}, ["clases"]),
    ("duplicate member", '{"threshold": 0.1, "threshold": 0.2}', ["byte 19", "twice"]),
    ("classes are a string", {"classes": "ham"}, ["classes", "ham"]),
    ("one class", {"classes": ["ham"]}, ["classes"]),
    ("class twice", {"classes": ["ham", "ham"]}, ["classes", "ham"]),
    ("class is empty", {"classes": ["ham", ""]}, ["classes[1]"]),
    ("class is too long", {"classes": ["ham", "x" * 129]}, ["classes[1]", "128"]),
    ("too many classes", {"classes": [f"c{i}" for i in range(1025)]}, ["classes", "c0", "1024"]),
    ("class has a NUL", '{"classes": ["ham", "a\\u0000b"]}', ["byte 22", "u0000"]),
    ("positive is unknown", {"classes": ["ham", "spam"], "positive": "eggs"}, ["positive", "eggs"]),
    ("threshold is above 1", {"threshold": 1.5}, ["threshold", "1.5"]),
    ("threshold is a string", {"threshold": "0.5"}, ["threshold", "0.5"]),
    ("feature twice", {"features": ["a", "a"]}, ["features", "a", "twice"]),
    ("feature type is unknown", {"features": [{"name": "a", "type": "colour"}]}, ["features[0].type", "colour"]),
    ("vector without size", {"features": [{"name": "a", "type": "vector"}]}, ["features[0]", "size"]),
    ("vector too long", {"features": [{"name": "a", "type": "vector", "size": 8193}]}, ["features[0].size", "8193"]),
    ("too many features", {"features": [f"f{i}" for i in range(10001)]}, ["features", "10000"]),
    ("too many slices", {"slices": [f"s{i}" for i in range(17)]}, ["slices", "s0", "16"]),
    ("too many windows", {"windows": [{"name": f"w{i}", "count": 5} for i in range(17)]}, ["windows", "w0", "16"]),
    ("window without a length", {"windows": [{"name": "w"}]}, ["windows[0]"]),
    ("window with both lengths", {"windows": [{"name": "w", "count": 5, "duration": "1d"}]}, ["windows[0]"]),
    ("window name twice", {"windows": [{"name": "w", "count": 5}, {"name": "w", "count": 6}]}, ["windows[1].name", "w"]),
    ("window count is 0", {"windows": [{"name": "w", "count": 0}]}, ["windows[0].count", "0"]),
    ("window count is too great", {"windows": [{"name": "w", "count": 10_000_001}]}, ["windows[0].count", "10000001"]),
    ("window count is a fraction", {"windows": [{"name": "w", "count": 2.5}]}, ["windows[0].count", "2.5"]),
    ("duration has no unit", {"windows": [{"name": "w", "duration": "90"}]}, ["windows[0].duration", "90"]),
    ("rule's metric is unknown", {"rules": [{"name": "r", "metric": "f7", "window": "last-500", "below": 0.5}]}, ["rules[0].metric", "f7"]),
    ("rule's window is unknown", {"rules": [{"name": "r", "metric": "f1", "window": "w", "below": 0.5}]}, ["rules[0].window", "w"]),
    ("rule's threshold is above 1", {"rules": [{"name": "r", "metric": "f1", "window": "last-500", "below": 1.5}]}, ["rules[0].below", "1.5"]),
    ("rule of two kinds", {"rules": [{"name": "r", "metric": "f1", "window": "last-500", "below": 0.5, "drop": 0.1}]}, ["rules[0]"]),
    ("rule on a score metric's drop", {"rules": [{"name": "r", "metric": "roc_auc", "window": "last-500", "drop": 0.1}]}, ["rules[0].drop", "roc_auc", "below or above"]),
    ("rule of no kind", {"rules": [{"name": "r", "metric": "f1", "window": "last-500"}]}, ["rules[0]"]),
    ("rule's name twice", {"rules": [{"name": "r", "change": "down"}, {"name": "r", "change": "down"}]}, ["rules[1].name", "r"]),
    ("rule's change is up", {"rules": [{"name": "r", "change": "up"}]}, ["rules[0].change", "up"]),
    ("rule's action is unknown", {"rules": [{"name": "r", "change": "down", "actions": ["mail"]}]}, ["rules[0].actions[0]", "mail"]),
    ("rule's confidence is 2", {"rules": [{"name": "r", "metric": "f1", "window": "last-500", "below": 0.5, "confidence": 2}]}, ["rules[0].confidence", "2"]),
    ("learner is unknown", {"retrain": {"learner": "oracle"}}, ["retrain.learner", "oracle"]),
    ("every is a number", {"retrain": {"every": 5}}, ["retrain.every", "5"]),
    ("promote is unknown", {"retrain": {"promote": "never"}}, ["retrain.promote", "never"]),
    ("unknown member of retrain", {"retrain": {"lerner": "auto"}}, ["retrain", "lerner"]),
    ("retention has no unit", {"retention": "90"}, ["retention", "90"]),
]


class Table(Case):
    config = {"max_models": 3}

    def setUp(self):
        super().setUp()
        self.put_model("m", SPAM)

    def tearDown(self):
        # The daemon goes on, and nothing but what was accepted is there.
        answer = self.events("m", GOOD)
        self.assertEqual((answer["accepted"], answer["duplicates"]), (1, 0))
        self.labels("m", {"id": "good", "label": "ham"})
        self.assertEqual(self.counts("m", "last-500"), {("ham", "ham"): 1})
        super().tearDown()

    def rejected(self, path, item, parts):
        reply = self.daemon.post(path, item)
        body = self.problem(reply, 422)
        self.assertEqual((body["accepted"], body["rejected_total"]), (0, 1), reply)
        for part in parts:
            self.assertIn(part, body["rejected"][0]["error"])

    def test_events(self):
        for name, item, parts in EVENTS:
            with self.subTest(name):
                self.rejected("/v1/models/m/events", item if not isinstance(item, list) else [item], parts)
        for id in ("x", "1000"):
            self.assertEqual(self.daemon.get(f"/v1/models/m/events/{id}").status, 404)

    def test_events_of_a_model_without_positive(self):
        self.put_model("n", {"classes": ["a", "b"]})
        self.rejected("/v1/models/n/events", {"id": "x", "score": 0.5}, ["score", "positive"])
        self.put_model("l")
        self.rejected("/v1/models/l/events", {"id": "x", "score": 0.5}, ["score", "positive"])
        self.rejected("/v1/models/l/events", {"id": "x", "scores": [0.5, 0.5]}, ["scores"])
        self.rejected("/v1/models/l/events", {"id": "x", "predicted": "c" * 129}, ["predicted", "128"])
        self.rejected("/v1/models/l/events", {"id": "x", "predicted": ""}, ["predicted"])
        self.assertFalse(self.ok(self.daemon.get("/v1/models/l"))["effective"].get("classes"))

    def test_labels(self):
        for name, item, parts in LABELS:
            with self.subTest(name):
                self.rejected("/v1/models/m/labels", item, parts)

    def test_duplicate_keys(self):
        for body in ('{"id": "x", "id": "y", "predicted": "ham"}', '{"id": "x", "predicted": "ham", "predicted": "ham"}',
                     '{"id": "x", "predicted": "ham", "features": {"a": 1, "a": 2}}',
                     '{"id": "x", "predicted": "ham", "meta": {"k": 1, "\\u006b": 2}}',
                     '{"id": "x", "scores": {"ham": 0.5, "spam": 0.5, "ham": 0.5}}'):
            with self.subTest(body):
                reply = self.daemon.post("/v1/models/m/events", body)
                self.assertIn(reply.status, (400, 422), reply)
                self.assertIn("twice", reply.text + " duplicate twice" if "duplicate" in reply.text else reply.text)
        self.assertEqual(self.daemon.get("/v1/models/m/events/x").status, 404)

    def test_a_nul_in_a_text(self):
        for bad, field in ((r'{"id": "a\u0000b", "predicted": "ham"}', "id"),
                           (r'{"id": "x", "predicted": "ham\u0000"}', "predicted"),
                           (r'{"id": "x", "predicted": "ham", "version": "v\u0000"}', "version"),
                           (r'{"id": "x", "predicted": "ham", "meta": {"note": "\u0000"}}', "meta")):
            with self.subTest(bad):
                error = rf"{field}: \u0000: want text without it"
                reply = self.daemon.post("/v1/models/m/events", bad)
                rejected = [{"index": 0, "id": json.loads(bad)["id"], "error": error}]
                self.assertEqual((reply.status, reply.json["rejected"]), (422, rejected))
                good = f'{{"id": "beside {field}", "predicted": "ham"}}'
                reply = self.daemon.post("/v1/models/m/events", f"[{bad}, {good}]")
                self.assertEqual((reply.status, reply.json["accepted"], reply.json["rejected"]), (200, 1, rejected))
                self.assertEqual(self.daemon.get(f"/v1/models/m/events/beside%20{field}").status, 200)
        self.assertEqual(self.daemon.get("/v1/models/m/events/a").status, 404)
        self.assertEqual(self.daemon.get("/v1/models/m/events/x").status, 404)

    def test_bodies_that_are_not_json(self):
        for path in ("events", "labels", "predict"):
            for name, body, offset in BODIES:
                with self.subTest(f"{path}: {name}"):
                    reply = self.daemon.post(f"/v1/models/m/{path}", body)
                    detail = self.problem(reply, 400)["detail"]
                    if offset is not None:
                        self.assertRegex(detail, rf"\b{offset}\b")
        self.assertEqual(self.daemon.get("/v1/models/m/events/x").status, 404)

    def test_configurations(self):
        before = self.daemon.get("/v1/models/m").body
        for name, config, parts in CONFIGURATIONS:
            with self.subTest(name):
                self.problem(self.daemon.put("/v1/models/m", config), 400, *parts)
                self.problem(self.daemon.put("/v1/models/new", config), 400, *parts)
        for name, body, _ in BODIES:
            with self.subTest(name):
                self.problem(self.daemon.put("/v1/models/m", body), 400)
        self.assertEqual(self.daemon.get("/v1/models/m").body, before)
        self.problem(self.daemon.get("/v1/models/new"), 404, "new")

    def test_a_configuration_over_1_mib(self):
        config = json.dumps(SPAM) + " " * (1 << 20)
        self.problem(self.daemon.put("/v1/models/m", config), 413)

    def test_model_names(self):
        for name in ("A", "a%20b", "-a", "a%2Fb", "..", "%2e%2e", "a" * 64, "%C3%A9", "a%00b", "a%ff", ".a", "%3Cscript%3E"):
            with self.subTest(name):
                for method, path, body in (("PUT", "", {}), ("GET", "", None), ("POST", "/events", GOOD), ("GET", "/metrics", None)):
                    self.assertEqual(self.daemon.request(method, f"/v1/models/{name}{path}", body).status, 404)

    def test_unknown_paths_and_things(self):
        for path in ("/nothing", "/v1", "/v1/", "/v3", "/v1/models/m/nothing", "/v1/models//metrics", "/v1/models/m/events/none",
                     "/v1/models/m/runs/1", "/v1/models/m/runs/x", "/v1/models/m/runs/99999999999999999999",
                     "/v1/models/m/versions/1", "/v1/models/m/versions/champion", "/v1/models/m/versions/0",
                     "/v1/models/m/versions/1/model.json", "/v1/models/none", "/v1/models/none/metrics", "/v1/models/none/runs",
                     "/v1/models/m/metrics?window=none", "/v1/models/m/metrics/history?window=none", "/%00", "/v1/models/m/events/%00",
                     "/v1/models/m/events/%ff"):
            with self.subTest(path):
                self.problem(self.daemon.get(path), 404)
        self.problem(self.daemon.get("/nothing"), 404, "/openapi.yaml")
        for end in ("/model.json", "/model.onnx"):
            self.problem(self.daemon.get(f"/v1/models/m/versions/9{end}"), 404, "version 9")
        self.problem(self.daemon.post("/v1/models/m/versions/9/promote"), 404, "9")
        self.problem(self.daemon.delete("/v1/models/m/runs/9"), 404, "9")
        self.problem(self.daemon.post("/v1/models/m/rollback"), 409)

    def test_query_values(self):
        for query in ("level=2", "level=x", "level=0", "scores=maybe"):
            with self.subTest(query):
                self.problem(self.daemon.get(f"/v1/models/m/metrics?{query}"), 400, query.split("=")[0], query.split("=")[1])
        for query in ("limit=x", "limit=-1", "before=x", "from=yesterday", "to=1767261600"):
            with self.subTest(query):
                self.problem(self.daemon.get(f"/v1/models/m/runs?{query}"), 400, *query.split("="))
        for limit in (-1, 0, 10001):
            self.problem(self.daemon.get(f"/v1/models/m/runs?limit={limit}"), 400, f"'{limit}'", "from 1 to 10000")
        for query in ("metric=f7", "points=-1", "from=x"):
            with self.subTest(query):
                self.problem(self.daemon.get(f"/v1/models/m/metrics/history?{query}"), 400, *query.split("="))
        self.problem(self.daemon.get("/v1/models/m/metrics/history?metric=log_loss"), 400, "want one of accuracy, precision, recall, f1")
        for path in ("metrics", "metrics/history"):
            self.problem(self.daemon.get(f"/v1/models/m/{path}?window=w7"), 404, "w7", "want one of last-500, last-5000, 1d")
        for query in ("atomic=maybe", "settle=2"):
            with self.subTest(query):
                self.problem(self.daemon.post(f"/v1/models/m/events?{query}", GOOD), 400, *query.split("="))

    def test_predict(self):
        self.problem(self.daemon.post("/v1/models/m/predict", {"id": "x", "features": [1, 2]}), 409, "m")
        self.problem(self.daemon.post("/v1/models/none/predict", {"id": "x", "features": [1, 2]}), 404, "none")
        self.problem(self.daemon.post("/v1/models/m/predict?version=7&store=false", {"id": "x", "features": [1, 2]}), 404, "7")
        self.problem(self.daemon.post("/v1/models/m/predict?version=x&store=false", {"id": "x", "features": [1, 2]}), 400, "version", "x")

    def test_a_misspelt_class_is_told_which_there_are(self):
        self.put_model("few", {"classes": ["ham", "spam"]})
        self.problem(self.daemon.post("/v1/models/few/events", {"id": "x", "predicted": "hem"}), 422,
                     'predicted: "hem": the model has no such class; did you mean ham? it has ham, spam')
        self.problem(self.daemon.put("/v1/models/none", {"classes": ["ham", "spam"], "positive": "Spam"}), 400,
                     'positive: "Spam": the model has no such class; did you mean spam? it has ham, spam')
        self.ok(self.daemon.delete("/v1/models/few"))
        self.put_model("many", {"classes": [f"c{i}" for i in range(200)]})
        self.problem(self.daemon.post("/v1/models/many/events", {"id": "x", "predicted": "c19x"}), 422,
                     "; did you mean c19? it has c0, c1, ", ", ...")
        reply = self.daemon.post("/v1/models/many/labels", [{"id": str(i), "label": "c190s"} for i in range(1000)])
        self.assertEqual({one["error"].split(" it has ")[0] for one in reply.json["rejected"]},
                         {'label: "c190s": the model has no such class; did you mean c190?'})
        self.put_model("long", {"classes": ["\u00e4" * 60 + str(i) for i in range(12)]})
        self.problem(self.daemon.post("/v1/models/long/events", {"id": "x", "predicted": "d"}), 422, "\u00e40, ", ", ...")

    def test_a_misspelt_name_is_asked_about(self):
        self.put_model("mail", {"classes": ["ham", "spam"]})
        for method, path, body in (("GET", "", None), ("GET", "/metrics", None), ("DELETE", "", None), ("POST", "/runs", None),
                                   ("POST", "/predict", {"features": [1]}), ("POST", "/predict?store=false", {"features": [1]}),
                                   ("DELETE", "/events/1", None)):
            with self.subTest(method + path):
                self.problem(self.daemon.request(method, f"/v1/models/mial{path}", body), 404, "there is no model mial; did you mean mail?")
        self.problem(self.daemon.get("/v1/models/weather"), 404, "there is no model weather")
        self.assertNotIn("did you mean", self.daemon.get("/v1/models/weather").text)
        self.assertIn("did you mean mail?", self.daemon.post("/v2/models/mial/infer", {"inputs": []}).json["error"])
        history = "/v1/models/mail/metrics/history?metric=recall&class"
        self.problem(self.daemon.get(f"{history}=spma"), 400, 'class: "spma"', "; did you mean spam? it has ham, spam")
        self.problem(self.daemon.get(f"{history}=other"), 400, 'class: "other"', "no such class: it has ham, spam")

    def test_gzip_without_its_header_is_told_so(self):
        for kind in ("application/json", "application/x-ndjson"):
            reply = self.daemon.post("/v1/models/m/events", gzip.compress(json.dumps(GOOD).encode()), headers={"Content-Type": kind})
            self.problem(reply, 400, "Content-Encoding: gzip")

    def test_wrong_methods(self):
        for method, path, allowed in (("POST", "/v1/models", {"GET"}), ("PATCH", "/v1/models/m", {"GET", "PUT", "DELETE"}),
                                      ("GET", "/v1/models/m/events", {"POST"}), ("DELETE", "/v1/models/m/metrics", {"GET"}),
                                      ("PUT", "/metrics", {"GET"}), ("GET", "/v1/models/m/rollback", {"POST"}),
                                      ("GET", "/v1/models/m/predict", {"POST"}), ("DELETE", "/", {"GET"})):
            with self.subTest(f"{method} {path}"):
                reply = self.daemon.request(method, path, {} if method in ("POST", "PUT", "PATCH") else None)
                self.problem(reply, 405)
                self.assertLessEqual(allowed, {m.strip() for m in reply.headers["Allow"].split(",")})
        self.assertEqual(self.daemon.request("HEAD", "/v1/models/m").status, 200)

    def test_content_types(self):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", ""):
            for method, path in (("POST", "/v1/models/m/events"), ("POST", "/v1/models/m/labels"), ("PUT", "/v1/models/m")):
                with self.subTest(f"{kind} {path}"):
                    self.problem(self.daemon.request(method, path, json.dumps(GOOD), {"Content-Type": kind}), 415)
        self.events("m", [], "")
        for kind in ("application/json; charset=utf-8", "Application/JSON", "application/x-ndjson"):
            reply = self.daemon.post("/v1/models/m/events", "", headers={"Content-Type": kind})
            self.assertNotEqual(reply.status, 415, kind)
        self.problem(self.daemon.put("/v1/models/m", "{}", headers={"Content-Type": "application/x-ndjson"}), 415)

    def test_foreign_host_and_origin(self):
        for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "localhost.evil"):
            with self.subTest(f"Host {host}"):
                reply = self.daemon.get("/v1/models", headers={"Host": host})
                self.assertIn(reply.status, (400, 403) if not host else (403,), reply)
        for host in ("localhost", "127.0.0.1", f"localhost:{self.daemon.port}", "[::1]", "LOCALHOST"):
            with self.subTest(f"Host {host}"):
                self.assertEqual(self.daemon.get("/v1/models", headers={"Host": host}).status, 200)
        for origin in ("https://evil.example", "null", "http://127.0.0.1.evil.example"):
            with self.subTest(f"Origin {origin}"):
                self.problem(self.daemon.post("/v1/models/m/events", GOOD, headers={"Origin": origin}), 403)
                self.problem(self.daemon.put("/v1/models/m", {}, headers={"Origin": origin}), 403)
                self.problem(self.daemon.delete("/v1/models/m", headers={"Origin": origin}), 403)
        own = {"Origin": f"http://127.0.0.1:{self.daemon.port}"}
        self.ok(self.daemon.post("/v1/models/m/events", [], headers=own), 200)

    def test_a_body_over_the_limit(self):
        big = json.dumps(GOOD) + " " * (33 << 20)
        try:
            self.problem(self.daemon.post("/v1/models/m/events", big), 413)
        except (ConnectionError, http.client.HTTPException):
            pass  # it hung up while we were still sending: allowed, as long as it lives
        length = {"Content-Length": str(1 << 40), "Content-Type": "application/json"}
        connection = self.daemon.connection()
        connection.putrequest("POST", "/v1/models/m/events")
        for header in length.items():
            connection.putheader(*header)
        connection.endheaders()
        self.assertEqual(connection.getresponse().status, 413)
        connection.close()

    def test_too_many_items(self):
        body = "[" + ",".join(["{}"] * 100_001) + "]"
        self.problem(self.daemon.post("/v1/models/m/events", body), 413, "100000")

    def test_a_truncated_request_changes_nothing(self):
        raw = socket.create_connection(("127.0.0.1", self.daemon.port))
        raw.sendall(b"POST /v1/models/m/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    b"Content-Length: 1000\r\n\r\n" + b'{"id": "cut", "predicted": "ham"}')
        raw.close()
        time.sleep(0.2)
        self.assertEqual(self.daemon.get("/v1/models/m/events/cut").status, 404)

    def test_requests_that_could_be_read_in_two_ways(self):
        inner = b"POST /v1/models/m/events HTTP/1.1\r\nHost: x\r\n\r\n"
        for name, head in (
                ("two lengths", b"Content-Length: 2\r\nContent-Length: 30\r\n"),
                ("length and chunked", b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"),
                ("strange coding", b"Transfer-Encoding: xchunked\r\n"),
                ("two hosts", b"Host: localhost\r\nContent-Length: 2\r\n"),
                ("signed length", b"Content-Length: +2\r\n")):
            with self.subTest(name):
                raw = socket.create_connection(("127.0.0.1", self.daemon.port), timeout=20)
                raw.sendall(b"POST /v1/models/m/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                            + head + b"\r\n[]" + inner)
                answer = b""
                while chunk := raw.recv(65536):
                    answer += chunk
                raw.close()
                self.assertTrue(answer.startswith(b"HTTP/1.1 400"), answer[:200])

    def test_more_models_than_max_models(self):
        self.put_model("m2")
        self.put_model("m3")
        self.problem(self.daemon.put("/v1/models/m4", {}), 409, "3")
        self.problem(self.daemon.post("/v1/models/m5/events", GOOD), 409, "3")
