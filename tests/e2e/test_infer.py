"""The Open Inference Protocol: answers are those of `predict`, whatever form the tensors have."""
import json
import threading

import numpy

from harness import Case, wait_until

CLASSES = ["ham", "spam", "eggs"]


class Infer(Case):
    def setUp(self):
        super().setUp()
        self.draw = numpy.random.default_rng(self.random.getrandbits(32))

    def train(self, name="m", features=4, classes=CLASSES, config=None, rows=600):
        self.put_model(name, {"classes": classes, "features": [f"f{j}" for j in range(features)],
                              "retrain": {"learner": "logistic"}, **(config or {})})
        x = self.draw.normal(size=(rows, features))
        y = numpy.clip(numpy.floor(x[:, 0] + 0.3 * self.draw.normal(size=rows) + len(classes) / 2), 0, len(classes) - 1)
        items = [{"features": list(row), "label": classes[int(k)]} for row, k in zip(x, y)]
        self.ok(self.daemon.post(f"/v1/models/{name}/events?settle=true", items), 200)
        wait_until(lambda: self.daemon.get(f"/v1/models/{name}/versions/champion").status == 200, what="a champion")

    def expected(self, rows, name="m", query="store=false"):
        """Labels and probabilities of rows by `predict`, in the order of the version's classes."""
        classes = self.ok(self.daemon.get(f"/v1/models/{name}/versions/champion/model.json"))["classes"]
        answers = self.ok(self.daemon.post(f"/v1/models/{name}/predict?{query}", [{"features": row} for row in rows]))
        return ([p["predicted"] for p in answers["predictions"]],
                [p["scores"][c] for p in answers["predictions"] for c in classes])

    def infer(self, body, name="m", status=200):
        reply = self.daemon.post(f"/v2/models/{name}/infer", body)
        self.assertEqual(reply.status, status, reply)
        self.assertEqual(reply.headers["Content-Type"], "application/json")
        return reply.json

    def outputs(self, answer):
        return {o["name"]: o for o in answer["outputs"]}

    def check(self, inputs, rows, name="m"):
        outputs = self.outputs(self.infer({"inputs": inputs}, name))
        labels, probabilities = self.expected(rows, name)
        self.assertEqual(outputs["label"]["data"], labels)
        self.assertEqual(outputs["probabilities"]["data"], probabilities)
        return outputs

    def matrix(self, rows, datatype="FP64"):
        return {"name": "features", "shape": [len(rows), len(rows[0])], "datatype": datatype,
                "data": [v for row in rows for v in row]}

    def refused(self, body, status, *parts):
        error = self.infer(body, status=status)
        self.assertEqual(list(error), ["error"])
        for part in parts:
            self.assertIn(part, error["error"])

    def test_a_matrix_is_answered_as_predict_answers_its_rows(self):
        self.train()
        rows = self.draw.normal(size=(300, 4)).tolist()
        outputs = self.check([self.matrix(rows)], rows)
        self.assertEqual((outputs["label"]["datatype"], outputs["label"]["shape"]), ("BYTES", [300]))
        self.assertEqual((outputs["probabilities"]["datatype"], outputs["probabilities"]["shape"]), ("FP64", [300, 3]))
        self.assertEqual(json.loads(outputs["probabilities"]["parameters"]["classes"]), CLASSES)
        self.assertGreater(len(set(outputs["label"]["data"])), 1)
        self.check([{**self.matrix(rows), "data": rows}], rows)
        first = dict(reversed(self.matrix(rows).items()))
        self.assertEqual(list(first)[0], "data")
        self.check([first], rows)
        self.check([{"parameters": {"content_type": "np"}, **self.matrix(rows)}], rows)

    def test_one_input_a_feature_is_answered_alike_in_any_order(self):
        self.train()
        rows = self.draw.normal(size=(50, 4)).tolist()
        columns = [{"name": f"f{j}", "shape": [50, 1], "datatype": "FP64", "data": [row[j] for row in rows]}
                   for j in (2, 0, 3, 1)]
        self.check(columns, rows)
        columns[1] = {**columns[1], "shape": [50]}
        columns[2] = {**columns[2], "data": [[v] for v in columns[2]["data"]]}
        self.check(columns, rows)

    def test_a_version_finds_its_features_in_a_list_that_has_changed(self):
        self.train()
        before = self.draw.normal(size=(60, 4)).tolist()
        _, probabilities = self.expected(before)
        self.put_model("m", {"classes": CLASSES, "features": ["f3", "more", "f0", "f1", "f2"], "retrain": {"learner": "logistic"}})
        rows = [[row[3], 7, *row[:3]] for row in before]
        self.assertEqual(self.check([self.matrix(rows)], rows)["probabilities"]["data"], probabilities)
        self.put_model("m", {"classes": CLASSES, "features": ["f1", "f0", "f3"], "retrain": {"learner": "logistic"}})
        rows = [[row[1], row[0], row[3]] for row in before]
        self.check([self.matrix(rows)], rows)

    def test_a_body_that_is_not_small_is_answered_alike(self):
        self.train()
        rows = self.draw.normal(size=(5000, 4)).tolist()
        self.check([self.matrix(rows)], rows)

    def test_values_are_what_their_datatype_holds(self):
        self.train()
        rows = self.draw.normal(size=(20, 4)).tolist()
        singles = numpy.float32(rows).astype(float).tolist()
        self.check([self.matrix(rows, "FP32")], singles)
        whole = self.draw.integers(-3, 3, size=(20, 4)).tolist()
        for datatype in ("INT8", "INT16", "INT32", "INT64"):
            self.check([self.matrix(whole, datatype)], whole)
        counts = [[abs(v) for v in row] for row in whole]
        for datatype in ("UINT8", "UINT16", "UINT32", "UINT64"):
            self.check([self.matrix(counts, datatype)], counts)
        flags = [[v > 0 for v in row] for row in whole]
        self.check([self.matrix(flags, "BOOL")], flags)
        rows[3][1] = rows[7][0] = None
        self.check([self.matrix(rows)], rows)

    def test_an_id_comes_back_and_only_wanted_outputs_do(self):
        self.train()
        inputs = [self.matrix([[0.5, 1, 2, 3]])]
        answer = self.infer({"id": "q\u00fc-1", "parameters": {"anything": 1}, "inputs": inputs})
        self.assertEqual((answer["id"], answer["model_name"], answer["model_version"]), ("q\u00fc-1", "m", "1"))
        self.assertNotIn("id", self.infer({"inputs": inputs}))
        for wanted in (["label"], ["probabilities"], ["probabilities", "label"]):
            answer = self.infer({"inputs": inputs, "outputs": [{"name": n, "parameters": {"binary_data": False}} for n in wanted]})
            self.assertEqual(set(self.outputs(answer)), set(wanted))

    def test_typed_features_take_one_input_each(self):
        features = ["x", {"name": "lang", "type": "category"}, {"name": "body", "type": "text"},
                    {"name": "v", "type": "vector", "size": 3}]
        self.put_model("m", {"classes": ["no", "yes"], "features": features, "retrain": {"learner": "logistic"}})
        x = self.draw.normal(size=700)
        items = [{"features": [v, "de" if v > 0 else "fr", "a text", [v, 1, 2]], "label": "yes" if v + 0.2 * e > 0 else "no"}
                 for v, e in zip(x.tolist(), self.draw.normal(size=700))]
        self.ok(self.daemon.post("/v1/models/m/events?settle=true", items), 200)
        inputs = [
            {"name": "v", "shape": [3, 3], "datatype": "FP32", "data": [[0.25, 1, 2], [None, None, None], [-4, 1, 2]]},
            {"name": "lang", "shape": [3, 1], "datatype": "BYTES", "data": ["de", "un\"seen", None]},
            {"name": "body", "shape": [3], "datatype": "BYTES", "data": ["a text", "", None]},
            {"name": "x", "shape": [3, 1], "datatype": "FP64", "data": [0.25, None, -4]}]
        rows = [[0.25, "de", "a text", [0.25, 1, 2]], [None, "un\"seen", "", None], [-4, None, None, [-4, 1, 2]]]
        self.check(inputs, rows)
        described = self.ok(self.daemon.get("/v2/models/m"))["inputs"]
        self.assertEqual([(i["name"], i["datatype"], i["shape"]) for i in described],
                         [("x", "FP64", [-1, 1]), ("lang", "BYTES", [-1, 1]), ("body", "BYTES", [-1, 1]), ("v", "FP32", [-1, 3])])

        def broken(i, **change):
            return {"inputs": [{**t, **change} if j == i else t for j, t in enumerate(inputs)]}

        self.refused(broken(0, shape=[3, 2], data=[1, 2, 3, 4, 5, 6]), 400, "inputs[0].shape", "[rows, 3]")
        self.refused(broken(0, data=[0.25, None, 2] * 3), 400, "inputs[0].data[1]")
        self.refused(broken(0, datatype="FP64", data=[1e300, 1, 2] * 3), 400, "inputs[0].data[0]")
        self.refused(broken(1, datatype="FP64", data=[1, 2, 3]), 400, "inputs[1].datatype: FP64", "BYTES")
        self.refused(broken(1, data=["x" * 257, "a", "b"]), 400, "inputs[1].data[0]", "256")
        self.refused(broken(3, datatype="BYTES", data=["a", "b", "c"]), 400, "inputs[3].datatype: BYTES", "numbers")
        self.refused({"inputs": inputs[1:]}, 400, '"v" is missing')
        self.refused({"inputs": inputs + inputs[:1]}, 400, "inputs[4].name", "before")

    def binary(self, inputs, data, status=200, query=(), name="m", **more):
        """An answer to tensors behind the JSON: its outputs, and what stands behind its JSON."""
        head = json.dumps({"inputs": inputs, **dict(query)}).encode()
        reply = self.daemon.post(f"/v2/models/{name}/infer", head + data, headers={
            "Inference-Header-Content-Length": str(len(head)), "Content-Type": "application/octet-stream", **more})
        self.assertEqual(reply.status, status, reply)
        size = int(reply.headers.get("Inference-Header-Content-Length", len(reply.body)))
        answer = json.loads(reply.body[:size])
        return (self.outputs(answer) if status == 200 else answer["error"]), reply.body[size:], reply

    def test_binary_tensors_are_answered_alike(self):
        self.train()
        rows = self.draw.normal(size=(40, 4))
        for datatype, kind in [("FP64", "<f8"), ("FP32", "<f4"), ("INT64", "<i8"), ("INT32", "<i4"), ("INT16", "<i2"), ("INT8", "<i1"),
                               ("UINT64", "<u8"), ("UINT32", "<u4"), ("UINT16", "<u2"), ("UINT8", "<u1"), ("BOOL", "?")]:
            x = (rows if "f" in kind else rows > 0 if kind == "?" else numpy.trunc(abs(rows) * 3 if "u" in kind else rows * 3)).astype(kind)
            labels, probabilities = self.expected([[float(v) for v in row] for row in x.tolist()])
            tensor = {"name": "features", "shape": [40, 4], "datatype": datatype, "parameters": {"binary_data_size": x.nbytes}}
            outputs, behind, _ = self.binary([tensor], x.tobytes())
            self.assertEqual((outputs["label"]["data"], outputs["probabilities"]["data"], behind), (labels, probabilities, b""))
        wanted = [("outputs", [{"name": "probabilities", "parameters": {"binary_data": True}}])]
        outputs, behind, reply = self.binary([tensor], x.tobytes(), query=wanted)
        self.assertEqual(reply.headers["Content-Type"], "application/octet-stream")
        self.assertEqual(outputs["probabilities"]["parameters"]["binary_data_size"], len(behind))
        self.assertEqual(numpy.frombuffer(behind, "<f8").tolist(), probabilities)
        outputs, behind, _ = self.binary([tensor], x.tobytes(), query=[("parameters", {"binary_data_output": True})])
        sizes = [outputs[name]["parameters"]["binary_data_size"] for name in ("label", "probabilities")]
        packed = b"".join(len(label).to_bytes(4, "little") + label.encode() for label in labels)
        self.assertEqual((behind[:sizes[0]], len(behind)), (packed, sum(sizes)))
        self.assertEqual(numpy.frombuffer(behind[sizes[0]:], "<f8").tolist(), probabilities)

    def test_binary_labels_of_any_length_are_those_of_predict(self):
        for name, classes, config in [("long", ["a", "seven b", "x" * 128, "\u00e9"], {}), ("two", ["no", "certainly"], {"threshold": 0.7}),
                                      ("first", ["seven b", "eight by"], {"threshold": 0.2, "positive": "seven b"})]:
            self.train(name, classes=classes, config={"positive": classes[1], **config} if len(classes) == 2 else config)
            x = self.draw.normal(size=(70, 4)).astype("<f4")
            labels, probabilities = self.expected([[float(v) for v in row] for row in x], name)
            self.assertEqual(set(labels), set(classes))
            tensor = {"name": "features", "shape": [70, 4], "datatype": "FP32", "parameters": {"binary_data_size": x.nbytes}}
            outputs, behind, _ = self.binary([tensor], x.tobytes(), query=[("parameters", {"binary_data_output": True})], name=name)
            packed = b"".join(len(label.encode()).to_bytes(4, "little") + label.encode() for label in labels)
            self.assertEqual(outputs["label"]["parameters"]["binary_data_size"], len(packed))
            self.assertEqual(behind[:len(packed)], packed)
            self.assertEqual(numpy.frombuffer(behind[len(packed):], "<f8").tolist(), probabilities)

    def check_floats(self, rows, names, name="m"):
        """Rows of the features of those names, in binary as one tensor and as one a feature; None is NaN."""
        x = numpy.array(rows, "<f4")
        labels, probabilities = self.expected([[None if numpy.isnan(v) else float(v) for v in row] for row in x], name)
        matrix = {"name": "features", "shape": list(x.shape), "datatype": "FP32", "parameters": {"binary_data_size": x.nbytes}}
        columns = [{"name": f, "shape": [len(x), 1], "datatype": "FP32", "parameters": {"binary_data_size": 4 * len(x)}} for f in names]
        for inputs, data in [([matrix], x.tobytes()), (columns, x.T.tobytes())]:
            outputs, _, _ = self.binary(inputs, data, name=name)
            self.assertEqual((outputs["label"]["data"], outputs["probabilities"]["data"]), (labels, probabilities))

    def test_binary_floats_are_answered_alike_however_a_version_takes_them(self):
        self.train()
        rows = self.draw.normal(size=(150, 4)).tolist()
        names = ["f0", "f1", "f2", "f3"]
        self.check_floats(rows, names)
        rows[3][1] = rows[149][3] = None
        self.check_floats(rows, names)
        changed = ["f3", "more", "f0", "f1", "f2"]
        self.put_model("m", {"classes": CLASSES, "features": changed, "retrain": {"learner": "logistic"}})
        self.check_floats([[row[3], 7, *row[:3]] for row in rows], changed)
        self.put_model("gaps", {"classes": ["no", "yes"], "features": ["x", "y"], "retrain": {"learner": "logistic"}})
        x = self.draw.normal(size=600).tolist()
        self.ok(self.daemon.post("/v1/models/gaps/events?settle=true",
                                 [{"features": [v, v if i % 3 else None], "label": "yes" if v > 0 else "no"} for i, v in enumerate(x)]), 200)
        self.check_floats([[0.5, None], [None, 2], [-1, 0.25]], ["x", "y"], "gaps")

    def test_binary_columns_and_json_may_be_mixed_and_nan_is_missing(self):
        self.put_model("m", {"classes": ["no", "yes"], "features": ["x", {"name": "lang", "type": "category"}, "y"], "retrain": {"learner": "logistic"}})
        x = self.draw.normal(size=600).tolist()
        self.ok(self.daemon.post("/v1/models/m/events?settle=true",
                                 [{"features": [v, "de", -v], "label": "yes" if v > 0 else "no"} for v in x]), 200)
        langs = ["de", "", "fr\u00e4"]
        packed = b"".join(len(t.encode()).to_bytes(4, "little") + t.encode() for t in langs)
        numbers = numpy.array([0.5, numpy.nan, -1], "<f8").tobytes()
        inputs = [{"name": "lang", "shape": [3, 1], "datatype": "BYTES", "parameters": {"binary_data_size": len(packed)}},
                  {"name": "y", "shape": [3, 1], "datatype": "FP64", "data": [1, 2, 3]},
                  {"name": "x", "shape": [3, 1], "datatype": "FP64", "parameters": {"binary_data_size": len(numbers)}}]
        outputs, _, _ = self.binary(inputs, packed + numbers)
        labels, probabilities = self.expected([[0.5, "de", 1], [None, "", 2], [-1, "fr\u00e4", 3]])
        self.assertEqual((outputs["label"]["data"], outputs["probabilities"]["data"]), (labels, probabilities))

    def test_what_is_wrong_with_binary_data_is_named(self):
        self.train()
        data = numpy.arange(8, dtype="<f4").tobytes()
        good = {"name": "features", "shape": [2, 4], "datatype": "FP32", "parameters": {"binary_data_size": 32}}

        def refused(part, behind=data, change=(), **more):
            error, _, _ = self.binary([{**good, **dict(change)}], behind, 400, **more)
            self.assertIn(part, error)

        refused("inputs[0].parameters.binary_data_size: 32: 31 bytes are left", data[:-1])
        refused("1 bytes behind the JSON are of no input", data + b"x")
        refused("inputs[0].parameters.binary_data_size: 32: want 2 rows of 3 times 4 bytes", change={"shape": [2, 3]})
        refused("binary_data_size", change={"shape": [2, 2 ** 62]})
        refused('inputs[0].parameters.binary_data_size: "32"', change={"parameters": {"binary_data_size": "32"}})
        refused("inputs[0].data: here, and binary_data_size beside it", change={"data": list(range(8))})
        refused("inputs[0].datatype: BYTES", b"\1\0\0\0a" * 8, {"datatype": "BYTES", "parameters": {"binary_data_size": 40}})
        refused("inputs[0].data[7]: the binary data ends too early", b"\1\0\0\0a" * 7 + b"\2\0\0\0a", {"datatype": "BYTES", "parameters": {"binary_data_size": 40}})
        for datatype, kind in (("FP32", "<f4"), ("FP64", "<f8")):
            for infinite in (numpy.inf, -numpy.inf):
                endless = numpy.array([numpy.nan, infinite] * 4, kind).tobytes()
                refused("inputs[0].data[1]: infinity", endless, {"datatype": datatype, "parameters": {"binary_data_size": len(endless)}})
        refused("binary_data_output: 1", query=[("parameters", {"binary_data_output": 1})])
        refused("Inference-Header-Content-Length: x", **{"Inference-Header-Content-Length": "x"})
        refused("Inference-Header-Content-Length: 99999", **{"Inference-Header-Content-Length": "99999"})
        refused("byte", **{"Inference-Header-Content-Length": "10"})

    def test_what_is_wrong_is_named(self):
        self.train()
        good = self.matrix([[1, 2, 3, 4], [5, 6, 7, 8]])

        def broken(**change):
            return {"inputs": [{k: v for k, v in {**good, **change}.items() if v is not ...}]}

        for body, parts in [
                ({}, ["inputs: missing"]),
                ({"inputs": []}, ["inputs: []"]),
                ({"inputs": {}}, ["inputs: {}"]),
                ({"inputs": [1]}, ["inputs: 1"]),
                ([], ["the body: []"]),
                ({"id": 7, "inputs": [good]}, ["id: 7"]),
                ({"inputs": [good], "outputs": [{"name": "logits"}]}, ["logits", "label or probabilities"]),
                ({"inputs": [good], "outputs": [{}]}, ["outputs"]),
                ({"inputs": [good], "outputs": [{"name": "label"}, {"name": "label"}]}, ['outputs: "label" came before']),
                ({"inputs": [good], "outputs": {}}, ["outputs: {}"]),
                (broken(name=...), ["inputs[0].name: missing"]),
                (broken(shape=...), ["inputs[0].shape: missing"]),
                (broken(datatype=...), ["inputs[0].datatype: missing"]),
                (broken(data=...), ["inputs[0].data: missing"]),
                (broken(name="x"), ['inputs[0].name: "x"', "f0, f1, f2, f3"]),
                (broken(datatype="FLOAT"), ['inputs[0].datatype: "FLOAT"', "FP64"]),
                (broken(datatype="BYTES", data=["a"] * 8), ["inputs[0].datatype: BYTES"]),
                (broken(shape=[2, 4, 1]), ["inputs[0].shape: [2,4,1]"]),
                (broken(shape=[0, 4], data=[]), ["inputs[0].shape: [0,4]"]),
                (broken(shape=[-1, 4]), ["inputs[0].shape: [-1,4]"]),
                (broken(shape=[1.5, 4]), ["inputs[0].shape: [1.5,4]"]),
                (broken(shape=[]), ["inputs[0].shape: []"]),
                (broken(shape=[[2], 4]), ["inputs[0].shape: [[2],4]"]),
                (broken(shape="2,4"), ['inputs[0].shape: "2,4"']),
                (broken(shape=[4, 2]), ["inputs[0].shape: [4, 2]", "[rows, 4]"]),
                (broken(shape=[8]), ["inputs[0].shape: [8]", "[rows, 4]"]),
                (broken(shape=[3, 4]), ["inputs[0].data: 8 values", "12"]),
                (broken(shape=[1, 4]), ["inputs[0].data: over 4 values"]),
                (broken(shape=[2, 10 ** 12]), ["inputs[0].shape", "too short"]),
                (broken(data=[[1, 2, 3, 4]]), ["inputs[0].data: 1 rows", "2"]),
                (broken(data=[[1, 2, 3, 4]] * 3), ["inputs[0].data: over 2 rows"]),
                (broken(data=[[1, 2, 3, 4], [1, 2, 3]]), ["inputs[0].data: 3 values from data[4] on", "4"]),
                (broken(data=[[1, 2, 3, 4], 5]), ["inputs[0].data: 5"]),
                (broken(data=[1, 2, 3, 4, [5, 6, 7, 8]]), ["inputs[0].data[4]: [5,6,7,8]"]),
                (broken(data=[1, 2, 3, 4, "5", 6, 7, 8]), ['inputs[0].data[4]: "5"']),
                (broken(data=[1, 2, 3, 4, True, 6, 7, 8]), ["inputs[0].data[4]: true"]),
                (broken(data="AAAA"), ['inputs[0].data: "AAAA"']),
                (broken(datatype="INT32", data=[1, 2, 3, 4, 5.5, 6, 7, 8]), ["inputs[0].data[4]: 5.5", "a whole number that INT32 holds"]),
                (broken(datatype="UINT8", data=[1, 2, 3, 4, 5, 6, 7, 256]), ["inputs[0].data[7]: 256", "UINT8"]),
                (broken(datatype="UINT8", data=[-1, 2, 3, 4, 5, 6, 7, 8]), ["inputs[0].data[0]: -1", "UINT8"]),
                (broken(datatype="FP32", data=[1e39, 2, 3, 4, 5, 6, 7, 8]), ["inputs[0].data[0]", "a finite number that FP32 holds"]),
                (broken(datatype="BOOL"), ["inputs[0].data[1]: 2", "BOOL"]),
                ({"inputs": [{"name": "f0", "shape": [2], "datatype": "FP64", "data": [1, 2]},
                             {"name": "f1", "shape": [3], "datatype": "FP64", "data": [1, 2, 3]}]},
                 ["inputs[1].shape: 3 rows", "2"])]:
            with self.subTest(json.dumps(body)[:100]):
                text = json.dumps(body, separators=(",", ":"))
                reply = self.daemon.post("/v2/models/m/infer", text)
                self.assertEqual((reply.status, reply.headers["Content-Type"]), (400, "application/json"), reply)
                self.assertEqual(list(reply.json), ["error"])
                for part in parts:
                    self.assertIn(part, reply.json["error"])
        self.refused('{"inputs": [{"name": "features", "data": [1, 2,,]}]}', 400, "byte 47")
        self.refused('{"inputs": [], "inputs": []}', 400, "want a tensor")
        self.refused({"inputs": [{"name": "f0", "shape": [100001], "datatype": "FP64", "data": [1]}]}, 413, "100001 rows")

    def test_every_error_has_the_protocols_form(self):
        self.put_model("untrained", {"features": ["x"]})
        for status, method, path, body, headers in [
                (404, "POST", "/v2/models/none/infer", {"inputs": []}, {}),
                (404, "GET", "/v2/models/none", None, {}),
                (404, "GET", "/v2/models/none/ready", None, {}),
                (404, "GET", "/v2/nothing", None, {}),
                (404, "GET", "/v2/models/UPPER", None, {}),
                (405, "DELETE", "/v2", None, {}),
                (409, "POST", "/v2/models/untrained/infer", {"inputs": []}, {}),
                (409, "GET", "/v2/models/untrained", None, {}),
                (400, "GET", "/v2?x=1", None, {}),
                (403, "GET", "/v2", None, {"Host": "evil.example"}),
                (415, "POST", "/v2/models/none/infer", "x", {"Content-Type": "text/plain"})]:
            with self.subTest(f"{method} {path}"):
                reply = self.daemon.request(method, path, body, headers)
                self.assertEqual((reply.status, reply.headers["Content-Type"]), (status, "application/json"), reply)
                self.assertIsInstance(reply.json["error"], str)
                self.assertEqual(list(reply.json), ["error"])
        self.problem(self.daemon.get("/v2x"), 404)

    def test_metadata_and_health(self):
        self.assertEqual(self.ok(self.daemon.get("/v2/health/live")), {"live": True})
        self.assertEqual(self.ok(self.daemon.get("/v2/health/ready")), {"ready": True})
        server = self.ok(self.daemon.get("/v2"))
        self.assertEqual((server["name"], server["extensions"]), ("upkeepd", ["binary_tensor_data"]))
        self.put_model("m", {"features": ["f0"]})
        reply = self.daemon.get("/v2/models/m/ready")
        self.assertEqual((reply.status, reply.json), (503, {"name": "m", "ready": False}))
        self.daemon.delete("/v1/models/m")
        self.train()
        self.assertEqual(self.ok(self.daemon.get("/v2/models/m/ready")), {"name": "m", "ready": True})
        self.assertEqual(self.ok(self.daemon.get("/v2/models/m/versions/1/ready")), {"name": "m", "ready": True})
        self.assertEqual(self.daemon.get("/v2/models/m/versions/2/ready").status, 404)
        described = self.ok(self.daemon.get("/v2/models/m"))
        self.assertEqual((described["name"], described["versions"], described["platform"]), ("m", ["1"], "upkeepd_logistic"))
        self.assertEqual(described["inputs"], [{"name": "features", "datatype": "FP64", "shape": [-1, 4]}])
        self.assertEqual([(o["name"], o["datatype"], o["shape"]) for o in described["outputs"]],
                         [("label", "BYTES", [-1]), ("probabilities", "FP64", [-1, 3])])
        self.assertEqual(self.ok(self.daemon.get("/v2/models/m/versions/1")), described)

    def test_the_threshold_decides_and_nothing_is_stored(self):
        self.train(classes=["no", "yes"], config={"positive": "yes", "threshold": 0.9})
        before = self.daemon.get("/v1/models/m").json
        rows = self.draw.normal(size=(200, 4)).tolist()
        outputs = self.check([self.matrix(rows)], rows)
        yes = outputs["probabilities"]["data"][1::2]
        self.assertEqual(outputs["label"]["data"], ["yes" if p >= 0.9 else "no" for p in yes])
        self.assertTrue(any(0.5 < p < 0.9 for p in yes))
        self.assertEqual(self.daemon.get("/v1/models/m").json, before)


    def test_no_request_fails_or_mixes_versions_while_they_are_promoted(self):
        self.train(config={"retrain": {"learner": "logistic", "live": False, "gate": {"leak": None}}})
        self.ok(self.daemon.put("/v1/models/m/retraining", {"paused": True}))
        for turn in (1, 2):  # what the labels mean has turned: the next run wins
            rows = self.draw.normal(size=(500, 4)).tolist()
            items = [{"id": f"{turn}-{i}", "features": row} for i, row in enumerate(rows)]
            self.ok(self.daemon.post("/v1/models/m/predict", items))
            self.labels("m", [{"id": item["id"], "label": CLASSES[(int(numpy.clip(item["features"][0] + 1.5, 0, 2)) + turn) % 3]}
                              for item in items], "?settle=true")
            run = self.ok(self.daemon.post("/v1/models/m/runs"))["run"]
            wait_until(lambda: self.ok(self.daemon.get(f"/v1/models/m/runs/{run}"))["state"] == "succeeded", what="a promotion")
        rows = self.draw.normal(size=(400, 4)).tolist()
        expected, count = {}, self.ok(self.daemon.get("/v1/models/m/versions"))["versions"][0]["version"]
        for version in range(1, count + 1):
            answer = self.infer({"inputs": [self.matrix(rows)]}, f"m/versions/{version}")
            self.assertEqual(answer["model_version"], str(version))
            expected[str(version)] = {n: o["data"] for n, o in self.outputs(answer).items()}
        self.assertGreaterEqual(len(expected), 3)
        stop, seen, faults = threading.Event(), [], []

        def ask():
            body = {"inputs": [self.matrix(rows)]}
            while not stop.is_set() and not faults:
                reply = self.daemon.post("/v2/models/m/infer", body)
                if reply.status != 200:
                    faults.append(reply)
                    return
                answer = reply.json
                seen.append(answer["model_version"])
                if {n: o["data"] for n, o in self.outputs(answer).items()} != expected[answer["model_version"]]:
                    faults.append(answer["model_version"])

        clients = [threading.Thread(target=ask) for _ in range(4)]
        for client in clients:
            client.start()
        for i in range(60):
            champion = self.ok(self.daemon.get("/v1/models/m/versions/champion"))["version"]
            self.ok(self.daemon.post(f"/v1/models/m/versions/{champion % count + 1}/promote"))
        stop.set()
        for client in clients:
            client.join()
        self.assertEqual(faults, [])
        self.assertEqual(set(seen), set(expected))
