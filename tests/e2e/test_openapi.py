"""docs/openapi.yaml against the daemon: the same paths, and every answer as described."""
import json
import os
import random
import re

import jsonschema
import yaml

from harness import ROOT, Case

with open(os.path.join(ROOT, "docs/openapi.yaml")) as file:
    API = yaml.safe_load(file)
METHODS = ("get", "put", "post", "delete")
OPERATIONS = {(method.upper(), path) for path, item in API["paths"].items() for method in item if method in METHODS}


def resolve(node):
    while "$ref" in node:
        found = API
        for part in node["$ref"][2:].split("/"):
            found = found[part]
        node = found
    return node


def find_operation(method, path):
    """The described operation of a request's path; literal segments before parameters."""
    path = path.split("?")[0]
    fitting = [template for template in API["paths"]
               if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)), path)]
    template = min(fitting, key=lambda t: t.count("{"))
    return template, API["paths"][template].get(method.lower())


class Described(Case):
    def setUp(self):
        super().setUp()
        self.seen = set()

    def call(self, method, path, body=None, headers=None, status=None):
        reply = self.daemon.request(method, path, body, headers)
        if status is not None:
            self.assertEqual(reply.status, status, reply)
        template, operation = find_operation(method, path)
        if reply.status < 400:
            self.seen.add((method, template))
        responses = operation["responses"]
        response = resolve(responses.get(str(reply.status)) or responses["default"])
        for name in ("ETag", "Location", "Retry-After", "Inference-Header-Content-Length"):
            if name in reply.headers:
                self.assertIn(name, response.get("headers", {}), f"{method} {path}: {reply.status}")
        if "content" not in response:
            self.assertEqual(reply.body, b"", f"{method} {path}")
            return reply
        kind = reply.headers["Content-Type"].split(";")[0]
        self.assertIn(kind, response["content"], f"{method} {path}")
        if kind.endswith("json"):
            schema = {**response["content"][kind]["schema"], "components": API["components"]}
            schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
            try:
                jsonschema.validate(reply.json, schema)
            except jsonschema.ValidationError as error:
                self.fail(f"{method} {path}: {error.json_path}: {error.message}\n{reply.text[:2000]}")
        return reply

    def test_every_operation_answers_as_described(self):
        call, rng = self.call, random.Random(2)
        config = {"classes": ["ham", "spam"], "positive": "spam", "features": ["x", "y"], "slices": ["country"],
                  "rules": [{"name": "low", "metric": "f1", "window": "last-500", "below": 0.85, "confidence": 0.9, "min_pairs": 20},
                            {"name": "fell", "change": "down", "actions": ["alert", "retrain"]}],
                  "retrain": {"learner": "logistic"}}
        call("PUT", "/v1/models/m", config, status=201)
        call("PUT", "/v1/models/m", config, status=200)
        call("PUT", "/v1/models/m", {"nonsense": 1}, status=400)
        call("PUT", "/v1/models/empty", {}, status=201)
        call("GET", "/v1/models/empty", status=200)
        call("GET", "/v1/models/empty/metrics?scores=true", status=200)
        call("PUT", "/v1/models/m/retraining", {"paused": False}, status=200)

        def rows(count, begin):
            for i in range(begin, begin + count):
                x = [rng.gauss(0, 1), rng.gauss(0, 1)]
                yield {"id": str(i), "features": x}, ["ham", "spam"][x[0] + x[1] > rng.gauss(0, 0.3)]
        examples = [{**row, "label": label} for row, label in rows(600, 0)]
        call("POST", "/v1/models/m/events?settle=true", examples, status=200)
        call("POST", "/v1/models/m/predict", {"id": "one", "features": [1, 2], "slices": {"country": "de"}, "meta": {"a": 1}}, status=200)
        call("POST", "/v1/models/m/predict", [{"id": "two", "features": [1, 2], "odd": 1}, {"features": [1]}], status=200)
        for begin in range(1000, 1600, 20):
            part = list(rows(20, begin))
            call("POST", "/v1/models/m/predict", [row for row, _ in part], status=200)
            call("POST", "/v1/models/m/labels?settle=true",
                 [{"id": row["id"], "label": rng.choice(["ham", "spam"]) if begin > 1200 else label, "source": "test"} for row, label in part],
                 status=200)
        call("POST", "/v1/models/m/labels", [{"id": "early", "label": "ham"}, {"id": "x"}], status=200)
        call("POST", "/v1/models/m/events", [{"id": "own", "score": 0.7, "version": "blue", "unknown": 1}], status=200)
        call("POST", "/v1/models/m/events", [{"id": "bad"}], status=422)
        call("POST", "/v1/models/m/events", "{", status=400)
        for id in ("one", "own", "5", "1005"):
            call("GET", f"/v1/models/m/events/{id}", status=200)
        call("GET", "/v1/models/m/events/none", status=404)
        for query in ("", "?scores=true", "?window=1d&level=0.8"):
            call("GET", f"/v1/models/m/metrics{query}", status=200)
        for query in ("", "?metric=accuracy&points=3", "?metric=recall&class=spam&window=last-5000", "?metric=f1&average=macro&from=1767261600000"):
            call("GET", f"/v1/models/m/metrics/history{query}", status=200)
        call("GET", "/v1/models/m/rules", status=200)
        self.assertTrue(call("GET", "/v1/models/m/alerts", status=200).json["alerts"])
        call("GET", "/v1/models/m/alerts?limit=1&before=5", status=200)
        run = call("POST", "/v1/models/m/runs", status=202).json["run"]
        call("GET", f"/v1/models/m/runs/{run}", status=200)
        call("DELETE", f"/v1/models/m/runs/{run}")
        call("POST", "/v1/models/m/events?settle=true", [], status=200)
        call("GET", f"/v1/models/m/runs/{run}", status=200)
        call("GET", "/v1/models/m/runs", status=200)
        self.seen.add(("DELETE", "/v1/models/{model}/runs/{run}"))  # it may have ended before; tests/e2e/test_loop.py cancels one
        call("GET", "/v1/models/m/versions", status=200)
        for version in ("1", "champion"):
            call("GET", f"/v1/models/m/versions/{version}", status=200)
            call("GET", f"/v1/models/m/versions/{version}/revisions?limit=5", status=200)
            call("GET", f"/v1/models/m/versions/{version}/model.json", status=200)
            call("GET", f"/v1/models/m/versions/{version}/model.onnx", status=200)
        tensors = {"id": "q", "inputs": [{"name": "features", "shape": [2, 2], "datatype": "FP64", "data": [1, 2, 3, None]}]}
        for path in ("/v2/models/m", "/v2/models/m/versions/1"):
            call("GET", path, status=200)
            call("GET", f"{path}/ready", status=200)
            call("POST", f"{path}/infer", tensors, status=200)
            call("POST", f"{path}/infer", {}, status=400)
        call("GET", "/v2/models/empty/ready", status=503)
        for path in ("/v2", "/v2/health/live", "/v2/health/ready"):
            call("GET", path, status=200)
        call("POST", "/v1/models/m/versions/1/promote")
        self.daemon.post("/v1/models/m/versions/1/promote")
        for _ in range(5):
            call("POST", "/v1/models/m/rollback")
        call("GET", "/v1/models/m/promotions", status=200)
        call("GET", "/v1/models/m", status=200)
        call("GET", "/v1/models", status=200)
        for path in ("/metrics", "/livez", "/readyz", "/openapi.yaml", "/"):
            call("GET", path, status=200)
        call("GET", "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}, status=200)
        call("POST", "/v1/models/m/labels", [{"id": "erased", "label": "ham"}], status=200)
        call("DELETE", "/v1/models/m/events/erased", status=200)
        call("DELETE", "/v1/models/empty", status=204)
        # Which versions there are to go back to depends on the runs; test_loop.py rolls back for certain.
        self.seen.add(("POST", "/v1/models/{model}/rollback"))
        self.assertEqual(OPERATIONS - self.seen, set())


    def defaults(self, schema, effective, path=""):
        """Those of a schema's members, each of which is what an empty configuration comes to."""
        found = []
        for name, member in resolve(schema).get("properties", {}).items():
            member, at = {**resolve(member), **member}, f"{path}{name}"
            if "default" in member:
                self.assertEqual(member["default"], effective[name], at)
                found.append(at)
            elif isinstance(effective.get(name), dict):
                found += self.defaults(member, effective[name], f"{at}.")
        return found

    def test_the_defaults_of_a_configuration_are_what_it_comes_to(self):
        self.put_model("m")
        found = self.defaults(API["components"]["schemas"]["Configuration"], self.ok(self.daemon.get("/v1/models/m"))["effective"])
        for name in ("threshold", "keep.runs", "retrain.trials", "retrain.gate.slices.margin"):
            self.assertIn(name, found)
        self.assertGreater(len(found), 25)


class File(Case):
    def test_it_describes_the_routes_that_there_are(self):
        with open(os.path.join(ROOT, "daemon/http/routes.c")) as file:
            source = file.read()
        lists = re.search(r'#define LIST "([^"]+)"', source).group(1)
        routes = {}
        for method, path, query in re.findall(
                r'\{ "(GET|PUT|POST|DELETE)",\s*"([^"]*)",\s*\w+,\s*(LIST|"[^"]*")', source):
            names = lists if query == "LIST" else query.strip('"')
            routes[method, path] = set(names.split())
        assets = [route for route in routes if re.search(r"\.(js|css|svg|png|ico)$", route[1])]
        for asset in assets:
            del routes[asset]
        self.assertEqual(set(routes), OPERATIONS)
        for (method, path), query in routes.items():
            parameters = [resolve(p) for p in API["paths"][path][method.lower()].get("parameters", [])]
            self.assertEqual({p["name"] for p in parameters if p["in"] == "query"}, query, f"{method} {path}")
            headers = {p["name"] for p in parameters if p["in"] == "header"}
            self.assertEqual("Content-Encoding" in headers, "requestBody" in API["paths"][path][method.lower()], f"{method} {path}")

    def test_it_is_valid_and_its_references_lead_somewhere(self):
        self.assertEqual(API["openapi"], "3.1.0")

        def walk(node, path):
            if isinstance(node, dict):
                if "$ref" in node:
                    resolve(node)
                for key, value in node.items():
                    walk(value, f"{path}/{key}")
            elif isinstance(node, list):
                for i, value in enumerate(node):
                    walk(value, f"{path}/{i}")
        walk(API, "")
        for schema in API["components"]["schemas"].values():
            jsonschema.Draft202012Validator.check_schema(schema)
        names = [item[m]["operationId"] for item in API["paths"].values() for m in item if m in METHODS]
        self.assertEqual(len(names), len(set(names)))
