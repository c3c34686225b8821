"""`replay` and `demo` as programs use them."""
import csv
import gzip
import json
import os
import random
import signal
import sqlite3
import subprocess
import time
import unittest

import numpy
from sklearn.metrics import accuracy_score, f1_score

from harness import BINARY, MEMORY, RELEASE, ROOT, Case

FIGURES = {"accuracy", "macro_f1", "rolling_f1"}


def write_stream(path, rows=1500, turn=900, seed=3):
    """A CSV of two classes whose plane turns; the class in the last column."""
    rng = random.Random(seed)
    opener = gzip.open if path.endswith(".gz") else open
    labels = []
    with opener(path, "wt", newline="") as file:
        out = csv.writer(file)
        out.writerow(["x", "y", "class"])
        for i in range(rows):
            x, y = rng.gauss(0, 1), rng.gauss(0, 1)
            side = (x + y > 0) if i < turn else (x - y > 0)
            labels.append("up" if side != (rng.random() < 0.05) else "down")
            out.writerow([f"{x:.6f}", f"{y:.6f}", labels[-1]])
    return labels


def figures(actual, predicted):
    """accuracy, macro F1 and rolling F1 as docs/api.md says."""
    n = len(actual)
    window, every = (1000, 200) if n >= 10000 else (500, 100) if n >= 3000 else (250, 50)
    rolling = [f1_score(actual[at - window:at], predicted[at - window:at], average="macro") for at in range(window, n + 1, every)]
    return {"accuracy": accuracy_score(actual, predicted), "macro_f1": f1_score(actual, predicted, average="macro"),
            "rolling_f1": float(numpy.mean(rolling))}


class Replay(Case):
    def replay(self, *arguments):
        done = subprocess.run([BINARY, "replay", *arguments, "--url", f"http://127.0.0.1:{self.daemon.port}", "--json"],
                              capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(done.stdout.count("\n"), 1)
        return json.loads(done.stdout)

    def near(self, ours, theirs):
        self.assertEqual(set(ours), FIGURES)
        for name in FIGURES:
            self.assertAlmostEqual(ours[name], theirs[name], delta=1e-9, msg=name)

    def served(self, model):
        with sqlite3.connect(f"file:{self.daemon.folder}/upkeepd.db?mode=ro", uri=True) as file:
            return file.execute(
                "SELECT coalesce((SELECT class FROM label WHERE label.event = event.seq ORDER BY label.seq DESC LIMIT 1), event.label),"
                " predicted FROM event JOIN model USING (model) WHERE name = ? AND predicted IS NOT NULL ORDER BY seq", (model,)).fetchall()

    def test_its_figures_are_those_of_what_was_served(self):
        path = os.path.join(self.daemon.top, "stream.csv.gz")
        labels = write_stream(path)
        result = self.replay(path, "--model", "m", "--lockstep")
        self.assertEqual(set(result), {"rows", "maintained", "version_1", "last_label", "majority", "runs", "seconds", "seconds_training"})
        self.assertEqual(result["rows"], 1000)
        pairs = self.served("m")
        actual, predicted = zip(*pairs)
        self.assertEqual(list(actual), labels[500:])
        self.near(result["maintained"], figures(actual, predicted))
        self.near(result["last_label"], figures(labels[500:], labels[499:-1]))
        first = labels[:500]
        majority = max(sorted(set(first)), key=first.count)
        self.near(result["majority"], figures(labels[500:], [majority] * 1000))
        self.assertGreater(result["maintained"]["rolling_f1"], result["version_1"]["rolling_f1"] + 0.02)
        runs = self.ok(self.daemon.get("/v1/models/m/runs"))["runs"]
        self.assertEqual(result["runs"]["started"], len(runs))
        self.assertEqual(result["runs"]["promoted"], sum(r["state"] == "succeeded" for r in runs))

    def test_lockstep_gives_the_same_result_again(self):
        path = os.path.join(self.daemon.top, "stream.csv")
        write_stream(path)
        results = [self.replay(path, "--model", name, "--lockstep", "--label-delay", "20", "--batch", "3") for name in ("a", "b")]
        for result in results:
            del result["seconds"], result["seconds_training"]
        self.assertEqual(results[0], results[1])
        self.assertEqual(self.served("a"), self.served("b"))

    def test_a_request_predicts_no_more_rows_than_a_label_is_late(self):
        for arguments, most in ((["--batch", "2"], "0"), (["--label-delay", "7", "--batch", "8"], "7")):
            done = subprocess.run([BINARY, "replay", "none.csv", "--model", "m", *arguments], capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(f"at most --label-delay, {most}", done.stderr)

    def test_labels_come_as_late_as_asked(self):
        """Before row i is predicted those up to row i - 31 are known; the last of them is the floor's prediction."""
        path = os.path.join(self.daemon.top, "stream.csv")
        labels = write_stream(path)
        result = self.replay(path, "--model", "late", "--lockstep", "--label-delay", "30", "--batch", "1")
        hits = sum(labels[max(499, i - 31)] == labels[i] for i in range(500, len(labels)))
        self.assertAlmostEqual(result["last_label"]["accuracy"], hits / (len(labels) - 500), places=12)

    def test_skip_shuffle_label_and_drop(self):
        path = os.path.join(self.daemon.top, "stream.csv")
        labels = write_stream(path)
        self.assertEqual(self.replay(path, "--model", "skip", "--lockstep", "--skip", "101")["rows"], 1500 - 101 - 500)
        self.assertEqual([a for a, _ in self.served("skip")], labels[601:])
        self.replay(path, "--model", "mix", "--lockstep", "--shuffle", "4", "--label", "class", "--drop", "y")
        self.assertNotEqual([a for a, _ in self.served("mix")], labels[500:])
        model = self.ok(self.daemon.get("/v1/models/mix"))
        self.assertEqual([f if isinstance(f, str) else f["name"] for f in model["effective"]["features"]], ["x"])

    def test_plain_mistakes_are_told(self):
        path = os.path.join(self.daemon.top, "stream.csv")
        write_stream(path, rows=700)
        url = f"http://127.0.0.1:{self.daemon.port}"
        for arguments, part, status in (
                ([path, "--model", "m", "--url", "http://127.0.0.1:1"], "127.0.0.1:1", 1),
                (["/nonexistent.csv", "--model", "m", "--url", url], "/nonexistent.csv", 1),
                ([path, "--model", "m", "--url", url, "--label", "colour"], "colour", 1),
                ([path, "--url", url], "--model", 2),
                ([path, "--model", "Bad Name", "--url", url], "Bad Name", 1)):
            done = subprocess.run([BINARY, "replay", *arguments], capture_output=True, text=True, timeout=60)
            self.assertIn(done.returncode, (1, 2) if status == 1 else (2,), done)
            self.assertIn(part, done.stderr)


class Demo(unittest.TestCase):
    def run_demo(self, *arguments):
        begin = time.monotonic()
        process = subprocess.Popen([RELEASE, "demo", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   cwd=ROOT)
        said, alert = [], None
        for line in process.stderr:
            said.append(line)
            if alert is None and ("alert" in line.lower() or "fired" in line.lower()):
                alert = time.monotonic() - begin
        out = process.stdout.read()
        self.assertEqual(process.wait(300), 0, "".join(said))
        process.stdout.close()
        process.stderr.close()
        return out, said, alert

    def test_the_whole_stream(self):
        out, said, alert = self.run_demo("--exit", "--json")
        result = json.loads(out)
        self.assertGreater(result["rows"], 40000)
        self.assertGreater(result["maintained"]["rolling_f1"], result["version_1"]["rolling_f1"] + 0.2)
        self.assertGreater(result["maintained"]["rolling_f1"], result["majority"]["rolling_f1"])
        self.assertGreaterEqual(result["runs"]["promoted"], 2)
        # Ten seconds and a minute on two free cores; other tests run beside this one.
        self.assertLess(alert, 30)
        self.assertLess(result["seconds"], 150)

    def test_another_stream_and_ctrl_c(self):
        path = os.path.join(MEMORY or "/tmp", f"upkeepd-demo-{os.getpid()}.csv")
        self.addCleanup(os.remove, path)
        write_stream(path)
        out, _, _ = self.run_demo("--exit", "--json", "--data", path)
        self.assertEqual(json.loads(out)["rows"], 1000)
        process = subprocess.Popen([RELEASE, "demo", "--data", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in process.stdout:
            if "Ctrl-C" in line:
                break
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        process.stdout.close()
        self.assertEqual(process.wait(30), 0)
