"""As much of the API as a replay needs, answered from rules that a test can foresee.

Prints its port, serves until standard input ends. Predicts "b" where the first feature is over 10
(version 1: always "a"). GET /log gives a line a request. Arguments: what to do differently.
  busy     the first post of labels is answered 503 once
  reject   a row with the first feature 11 can't be predicted
  untrained  the first run fails
  exists   there is a model, whose retraining is paused; and so it is with
  played   all examples are duplicates
  foreign  another feature in the place of y
  swapped  the features the other way round
  narrow   only class a
  story    alerts, runs and promotions grow from one look to the next
"""
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

FAULTS = set(sys.argv[1:])
log = []
nudged = threading.Event()
model = {"exists": False, "polls": 0, "trained": False}
TIME = "2026-01-01T10:00:0%d.500Z"


def lines(items):
    """Ids are FILE:LINE; the line numbers say which rows came."""
    numbers = [item["id"].split(":")[1] for item in items]
    return f"{numbers[0]}..{numbers[-1]} ({len(numbers)})"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def problem(self, status, detail):
        self.answer(status, {"title": "no", "status": status, "detail": detail})

    def handle_request(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size)) if size else None
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        path = url.path.removeprefix("/v1/models/m")
        if url.path == "/log":
            return self.answer(200, log)
        settle = " settled" if query.get("settle") == ["true"] else ""
        name = self.command + " " + path
        handler = {
            "GET ": self.get_model, "PUT ": self.put_model, "PUT /retraining": self.pause,
            "POST /events": self.events, "POST /runs": self.start_run, "GET /runs/1": self.get_run,
            "GET /versions/champion": self.champion, "POST /predict": self.predict,
            "POST /labels": self.labels, "GET /runs": self.runs, "GET /alerts": self.alerts,
            "GET /promotions": self.promotions, "GET /runs/2": self.story_run, "GET /slow": self.slow, "GET /nudge": self.nudge, "DELETE ": self.delete,
        }.get(name)
        if not handler:
            return self.problem(404, f"no {name} here")
        return handler(body, query, settle)

    do_GET = do_PUT = do_POST = do_DELETE = handle_request

    def get_model(self, body, query, settle):
        if not FAULTS & {"exists", "played", "foreign", "swapped", "narrow"}:
            return self.problem(404, "no model m")
        features = ["x", {"name": "y", "type": "category"}]
        if "foreign" in FAULTS:
            features = ["u", "x"]
        if "swapped" in FAULTS:
            features.reverse()
        classes = ["a"] if "narrow" in FAULTS else ["b", "a", "c"]
        return self.answer(200, {"config": {"classes": classes}, "retraining": {"paused": True},
                                 "effective": {"features": features, "classes": classes}})

    def put_model(self, body, query, settle):
        model["exists"] = True
        log.append("create " + json.dumps(body))
        self.answer(201, {})

    def pause(self, body, query, settle):
        log.append("pause" if body["paused"] else "resume")
        self.answer(200, body)

    def events(self, body, query, settle):
        log.append(f"examples {lines(body)}{settle}")
        self.answer(200, {"accepted": len(body), "duplicates": len(body) if "played" in FAULTS else 0,
                          "rejected": [], "rejected_total": 0})

    def start_run(self, body, query, settle):
        log.append("run")
        self.answer(202, {"run": 1})

    def get_run(self, body, query, settle):
        model["polls"] += 1
        if model["polls"] < 3:
            return self.answer(200, {"run": 1, "state": "running"})
        model["trained"] = "untrained" not in FAULTS
        self.answer(200, {"run": 1, "state": "succeeded" if model["trained"] else "failed",
                          "reason": "by hand", "verdict": "one class only"})

    def story_run(self, body, query, settle):
        self.answer(200, {**self.story_runs()[0], "progress": {"done": model["looks"] * 4, "total": 40}})

    def slow(self, body, query, settle):
        """Answers when somebody else has asked for /nudge."""
        if nudged.wait(60):
            self.answer(200, "nudged")
        else:
            self.problem(500, "nobody nudged")

    def nudge(self, body, query, settle):
        nudged.set()
        self.answer(200, "thanks")

    def champion(self, body, query, settle):
        return self.answer(200, {}) if model["trained"] else self.problem(404, "no champion")

    def predict(self, body, query, settle):
        alone = query.get("version") == ["1"] and query.get("store") == ["false"]
        if alone:
            log.append(f"version 1 ({len(body)}){' with ids' if 'id' in body[0] else ''}")
        else:
            log.append(f"predict {lines(body)}{settle}")
        predictions = []
        for index, row in enumerate(body):
            first = row["features"][0]
            if "reject" in FAULTS and first == 11:
                predictions.append({"index": index, "error": "features: 11 is too odd"})
            else:
                predictions.append({"predicted": "b" if first > 10 and not alone else "a"})
        self.answer(200, {"predictions": predictions})

    def labels(self, body, query, settle):
        if "busy" in FAULTS:
            FAULTS.remove("busy")
            log.append("busy")
            return self.problem(503, "the queue is full")
        log.append(f"labels {lines(body)}{settle}")
        self.answer(200, {"accepted": len(body), "rejected": [], "rejected_total": 0})

    def alerts(self, body, query, settle):
        model["looks"] = model.get("looks", 0) + 1
        alert = {"alert": 1, "rule": "fell", "state": "firing", "place": 5432, "value": 0.61,
                 "bound": 12.25, "threshold": 9, "pairs": 120, "change": 5312, "run_at": 5562}
        low = {"alert": 2, "rule": "f1-low", "state": "firing", "place": 5440, "run_at": None,
               "detail": "rule f1-low: f1 is 0.5"}
        if model["looks"] == 5:
            alert.update(state="resolved", resolved_by="replaced")
        self.answer(200, {"alerts": [low, alert] if model["looks"] > 1 else [alert]})

    def story_runs(self):
        run = {"run": 2, "kind": "alert", "reason": "rule fell fired", "state": "queued"}
        if model["looks"] in (3, 4):
            run.update(state="running")
        if model["looks"] == 5:
            run.update(state="succeeded", version=3, verdict="better by far")
        return [run] if model["looks"] > 1 else []

    def promotions(self, body, query, settle):
        by_run = {"promotion": 1, "version": 3, "place": 5562, "by": "run", "reason": "a run"}
        bench = {"promotion": 2, "version": 1, "place": 12345, "by": "bench", "reason": "hits"}
        self.answer(200, {"promotions": [bench, by_run] if model["looks"] == 5 else []})

    def delete(self, body, query, settle):
        self.problem(409, "model m: it is read-only")

    def runs(self, body, query, settle):
        if "story" in FAULTS:
            return self.answer(200, {"runs": self.story_runs()})
        states = ["succeeded", "rejected", "failed", "cancelled"] + ["rejected"] * 146
        before = int(query.get("before", ["1000"])[0])
        runs = [{"run": n, "state": state, "started": TIME % 1, "ended": TIME % 3}
                for n, state in enumerate(states, 1) if n < before]
        self.answer(200, {"runs": runs[::-1][:int(query["limit"][0])]})


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
