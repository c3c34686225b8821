"""The rows of the training table that are about answering: predict beside bare libmicrohttpd, infer beside scikit-learn."""
import http.client
import json
import os
import subprocess
import sys

from fits import HERE, row
from process import Bare, Daemon, Folder, Plain, processor_seconds, program, run

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


def place(server, processors):
    """Puts all threads of a server on these processors."""
    for thread in os.listdir(f"/proc/{server.pid}/task"):
        os.sched_setaffinity(int(thread), processors)


def apart(server):
    """Puts a server's threads on all processors but the last, and gives what begins the command of a client there: where
    the kernel puts both on one, nobody has to be woken on another, which is most of the time, and rounds can't be compared."""
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) == 1:
        return []
    place(server, processors[:-1])
    return ["taskset", "-c", processors[-1]]


def post(port, path, file, count, connections=1, size=None, before=()):
    return run([*before, program("client"), port, "post", path, file, count, connections, *([] if size is None else [size])])


def p50(port, path, file, count, size=None, before=()):
    return post(port, path, file, count, size=size, before=before)["p50"]


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


class Asked:
    """A daemon with a model of the learner, and a request for 1,000 rows of 50 numbers, FP32: in binary both ways, with
    --json-tensors as JSON."""

    def __init__(self, bench, folder, daemon, learner):
        import numpy
        import samples
        x, y, _ = samples.table(20_000 // (10 if bench.quick else 1), 50)
        train(daemon, learner, x, y)
        self.bench, self.path, self.learner = bench, "/v2/models/m/infer", learner
        self.file, self.size = tensors(folder, x[:ROWS].astype(numpy.float32), not bench.json_tensors)
        self.rows = os.path.join(folder, "rows")
        samples.write_rows(self.rows, x, y, 2)
        self.answer = "x" * answer_size(daemon.port, self.path, self.file, self.size)

    def p50(self, port):
        return p50(port, self.path, self.file, 300, self.size)

    def each(self, server, port, connections, before=()):
        """The time by the requests of all connections, in ms, over about a second; the server's by --clock processor."""
        count = max(300, int(1000 * connections / self.p50(port)))
        begun = processor_seconds(server)
        seconds = post(port, self.path, self.file, count, connections, self.size, before)["seconds"]
        if self.bench.clock == "processor":
            seconds = processor_seconds(server) - begun
        return seconds / count * 1e3

    def theirs(self, processes):
        """What scikit-learn takes on the same rows in as many processes, which begin at the same time."""
        command = [sys.executable, os.path.join(HERE, "sklearn_proba.py"), self.learner, json.dumps(SETTINGS[self.learner][1]), self.rows, str(ROWS)]
        started = [subprocess.Popen(command, env=self.bench.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                   for _ in range(processes)]
        for one in started:
            if one.stdout.readline() != "fitted\n":
                raise SystemExit(f"{self.learner}: scikit-learn does not fit")
        for one in started:
            one.stdin.write("\n")
            one.stdin.flush()
        return [json.loads(one.communicate()[0]) for one in started]

    def theirs_each(self, processes):
        done = self.theirs(processes)
        if self.bench.clock == "processor":
            seconds = sum(d["processor"] for d in done)
        else:
            seconds = max(d["ended"] for d in done) - min(d["begun"] for d in done)
        return seconds / sum(d["calls"] for d in done) * 1e3


def infer(bench, learner):
    """The median of one connection. Beside it what bodies of these sizes take with bare libmicrohttpd, and with a socket alone."""
    with Folder(bench.folder) as folder, Daemon(folder) as daemon:
        asked = Asked(bench, folder, daemon, learner)
        for _ in range(bench.rounds):
            base = asked.theirs(1)[0]["p50"]
            for name, floor in (("bare libmicrohttpd", Bare(1, asked.answer)), ("TCP alone", Plain(asked.answer))):
                with floor as port:
                    bench.floor(name, asked.p50(port))
            yield asked.p50(daemon.port), base, None


def infer_rate(bench, learner):
    """Two connections a processor, of which daemon and client have all together; scikit-learn has a process on each. Beside
    it the same with the client on a processor that the server does not have, one process alone, and the floors of both."""
    processors = os.sched_getaffinity(0)
    connections = 2 * len(processors)
    with Folder(bench.folder) as folder, Daemon(folder) as daemon:
        asked = Asked(bench, folder, daemon, learner)
        for _ in range(bench.rounds):
            base = asked.theirs_each(len(processors))
            bench.floor("one process", asked.theirs_each(1))
            bench.floor("client apart", asked.each(daemon.process, daemon.port, connections, apart(daemon.process)))
            place(daemon.process, processors)
            for name, floor in (("bare libmicrohttpd", Bare(len(processors), asked.answer)), ("TCP alone", Plain(asked.answer))):
                with floor as port:
                    bench.floor(name, asked.each(floor.process, port, connections))
                    bench.floor(name + " apart", asked.each(floor.process, port, connections, apart(floor.process)))
            yield asked.each(daemon.process, daemon.port, connections), base, None


@row("LogisticRegression's predict_proba, 1,000 x 50", 1, 1 / 3, "ms")
def infer_logistic(bench):
    yield from infer(bench, "logistic")


@row("MLPClassifier's predict_proba, 64 neurons, 1,000 x 50", 1, 1 / 3, "ms")
def infer_mlp(bench):
    yield from infer(bench, "mlp")


@row("HistGradientBoostingClassifier's predict_proba, 1,000 x 50", 1, 1 / 3, "ms")
def infer_trees(bench):
    yield from infer(bench, "trees")


@row("LogisticRegression's predict_proba in a process a processor", 1, 1 / 3, "ms")
def infer_logistic_rate(bench):
    yield from infer_rate(bench, "logistic")


@row("MLPClassifier's predict_proba in a process a processor", 1, 1 / 3, "ms")
def infer_mlp_rate(bench):
    yield from infer_rate(bench, "mlp")


@row("HistGradientBoostingClassifier's predict_proba in a process a processor", 1, 1 / 3, "ms")
def infer_trees_rate(bench):
    yield from infer_rate(bench, "trees")
