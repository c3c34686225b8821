"""Backup, and what a restored one holds."""
import json
import os
import subprocess
import time

from harness import BINARY, Case, Daemon
from load import CLASSES, Client, expected

CONFIG = {"classes": CLASSES, "features": ["a", "b"], "rules": [],
          "windows": [{"name": "last-333", "count": 333}, {"name": "all", "count": 10_000_000}]}


def run(*arguments, **more):
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=120, **more)


class Backup(Case):
    memory = False

    def test_copy_made_under_load_holds_all_that_was_acknowledged_before(self):
        self.put_model("m", CONFIG)
        clients = [Client(self.daemon.port, "m", str(i), self.random) for i in range(3)]
        for client in clients:
            client.start()
        time.sleep(1)
        before = [item for client in clients for item in list(client.sure)]
        copy = os.path.join(self.daemon.top, "copy")
        done = run("backup", copy, "--data", self.daemon.folder, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(json.loads(done.stdout)["bytes"], 0)
        for client in clients:
            client.enough.set()
        for client in clients:
            client.join(60)
            self.assertEqual(client.strange, [])
        after = [item for client in clients for item in client.sure + client.unsure]
        self.assertGreater(len(before), 0)

        restored = Daemon(folder=copy, memory=False)
        self.addCleanup(restored.finish)
        restored.start()
        for path in ("events", "labels"):
            items = [item for p, item in before if p == path]
            answer = self.ok(restored.post(f"/v1/models/m/{path}", items), 200)
            self.assertEqual(answer["duplicates"], len(items), "an acknowledged item is not in the copy")
        # What came while it was copied is taken up where it ended.
        for path in ("events", "labels"):
            answer = self.ok(restored.post(f"/v1/models/m/{path}", [item for p, item in after if p == path]), 200)
            self.assertEqual(answer["rejected_total"], 0)
        predicted, label = expected(after)
        pairs = sum(id in label for id in predicted)
        windows = self.ok(restored.get("/v1/models/m/metrics?window=all"))["windows"]
        self.assertEqual(windows["all"]["pairs"], pairs)
        self.assertEqual(restored.stop(), 0)

    def test_folder_that_holds_something_is_refused(self):
        copy = os.path.join(self.daemon.top, "copy")
        os.mkdir(copy)
        open(os.path.join(copy, "precious"), "w").close()
        done = run("backup", copy, "--data", self.daemon.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("not empty", done.stderr)
        self.assertEqual(os.listdir(copy), ["precious"])
        self.assertEqual(run("backup", "--data", self.daemon.folder).returncode, 2)
