"""The rows of the training table that are about answering: predict beside bare libmicrohttpd, infer beside scikit-learn."""
import http.client
import json
import os
import subprocess
import sys

from fits import HERE, row
from process import Bare, Daemon, Folder, Plain, run, program

ROWS = 1000
SETTINGS = {
    "logistic": ({"l2": 1}, {"C": 1}),
    "mlp": ({"neurons": 64, "epochs": 10, "batch": 200}, {"hidden_layer_sizes": [64], "max_iter": 10}),
    "trees": ({"rounds": 100, "leaves": 31, "bins": 255}, {"max_iter": 100, "max_leaf_nodes": 31, "early_stopping": False}),
}


def train(daemon, learner, x, y):
    """A champion that was fitted to the rows."""
    daemon.model("m", features=[f"f{j}" for j in range(x.shape[1])],
                 retrain={"learner": learner, "settings": SETTINGS[learner][0], "live": False})
    for at in range(0, len(x), 5000):
        items = [{"features": values, "label": "ab"[label]} for values, label in zip(x[at:at + 5000].tolist(), y[at:at + 5000].tolist())]
        daemon.ask("POST", "/v1/models/m/events" + ("?settle=true" if at + 5000 >= len(x) else ""), items)


def body(folder, content):
    path = os.path.join(folder, "body.json")
    with open(path, "w") as file:
        json.dump(content, file)
    return path


def tensors(folder, x, binary):
    """A request for all rows of x, and the size of its JSON where the numbers stand behind it."""
    tensor = {"name": "features", "shape": list(x.shape), "datatype": "FP32"}
    if not binary:
        return body(folder, {"inputs": [{**tensor, "data": [float(f"{v:.9g}") for v in x.ravel().tolist()]}]}), None
    head = json.dumps({"inputs": [{**tensor, "parameters": {"binary_data_size": x.nbytes}}], "parameters": {"binary_data_output": True}})
    path = os.path.join(folder, "body")
    with open(path, "wb") as file:
        file.write(head.encode() + x.astype("<f4").tobytes())
    return path, len(head)


def apart(server):
    """Puts a server's threads on all processors but the last, and gives what begins the command of a client there: where
    the kernel puts both on one, nobody has to be woken on another, which is most of the time, and rounds can't be compared."""
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) == 1:
        return []
    for thread in os.listdir(f"/proc/{server.pid}/task"):
        os.sched_setaffinity(int(thread), processors[:-1])
    return ["taskset", "-c", processors[-1]]


def p50(port, path, file, count, size=None, before=()):
    return run([*before, program("client"), port, "post", path, file, count, *([] if size is None else [size])])["p50"]


@row("bare libmicrohttpd with the same answer, median over one connection", 1.5, 1.1, "ms")
def predict(bench):
    """One row, store=false."""
    import samples
    x, y, _ = samples.table(2000, 10)
    with Folder(bench.folder) as folder, Daemon(folder) as daemon:
        train(daemon, "logistic", x, y)
        path = "/v1/models/m/predict?store=false"
        item = {"id": "one", "features": x[0].tolist()}
        answer = json.dumps(daemon.ask("POST", path, item), separators=(",", ":")) + "\n"
        file = body(folder, item)
        bare = Bare(1, answer)
        with bare as port:
            for _ in range(bench.rounds):
                base = p50(port, path, file, 20000, before=apart(bare.process))
                yield p50(daemon.port, path, file, 20000, before=apart(daemon.process)), base, None


def answer_size(port, path, file, size):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    with open(file, "rb") as body:
        connection.request("POST", path, body.read(), {"Inference-Header-Content-Length": str(size)} if size else {"Content-Type": "application/json"})
    return len(connection.getresponse().read())


def infer(bench, learner):
    """1,000 rows of 50 numbers a request, FP32, median; in binary both ways, with --json-tensors as JSON.
    Beside it what bodies of these sizes take with bare libmicrohttpd, and with a socket alone."""
    path = "/v2/models/m/infer"
    import numpy
    import samples
    x, y, _ = samples.table(20_000 // (10 if bench.quick else 1), 50)
    asked = x[:ROWS].astype(numpy.float32)
    with Folder(bench.folder) as folder, Daemon(folder) as daemon:
        train(daemon, learner, x, y)
        file, size = tensors(folder, asked, not bench.json_tensors)
        rows = samples.write_rows(os.path.join(folder, "rows"), x, y, 2) or os.path.join(folder, "rows")
        answer = "x" * answer_size(daemon.port, path, file, size)
        for _ in range(bench.rounds):
            done = subprocess.run([sys.executable, os.path.join(HERE, "sklearn_proba.py"), learner, json.dumps(SETTINGS[learner][1]), rows, str(ROWS)],
                                  env=bench.environment, capture_output=True, text=True, check=True)
            for name, floor in (("bare libmicrohttpd", Bare(1, answer)), ("TCP alone", Plain(answer))):
                with floor as port:
                    bench.floor(name, p50(port, path, file, 300, size))
            yield p50(daemon.port, path, file, 300, size), json.loads(done.stdout)["p50"], None


@row("LogisticRegression's predict_proba, 1,000 x 50", 1, 1 / 3, "ms")
def infer_logistic(bench):
    yield from infer(bench, "logistic")


@row("MLPClassifier's predict_proba, 64 neurons, 1,000 x 50", 1, 1 / 3, "ms")
def infer_mlp(bench):
    yield from infer(bench, "mlp")


@row("HistGradientBoostingClassifier's predict_proba, 1,000 x 50", 1, 1 / 3, "ms")
def infer_trees(bench):
    yield from infer(bench, "trees")
