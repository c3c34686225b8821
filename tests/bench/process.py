"""A daemon on a folder of its own, and the C programs that are run beside it."""
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

BUILD = None  # the folder of the release build, set by main
JSON = {"Content-Type": "application/json"}


def program(name):
    return os.path.join(BUILD, "tests/bench/bench-" + name)


def run(command):
    """The JSON line that a program printed last."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))[:300]}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def reference(*arguments):
    return run([program("reference"), *arguments])


def fsync_ms(folder):
    return reference("fsync", folder, 100)["p50"]


class Folder:
    """A fresh folder below `parent`, gone at the end."""

    def __init__(self, parent):
        self.path = tempfile.mkdtemp(prefix="upkeepd-bench-", dir=parent)

    def __enter__(self):
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


class Daemon:
    """`with Daemon(folder) as d`: ready on entry, stopped by SIGTERM on exit; the folder stays."""

    def __init__(self, folder):
        self.data = os.path.join(folder, "data")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Seconds until /readyz says 200."""
        begun = time.perf_counter()
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "daemon/upkeepd"), "serve", "--data", self.data, "--listen", "127.0.0.1:0"],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        for line in self.process.stderr:
            found = re.search(r"listening on http://127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found.group(1))
                break
        else:
            raise SystemExit(f"the daemon did not start (status {self.process.wait()})")
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port)
        self.ask("GET", "/readyz")
        return time.perf_counter() - begun

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(60) != 0:
            raise SystemExit(f"the daemon ended with status {self.process.returncode}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def ask(self, method, path, body=None, fine=(200, 201, 202, 204)):
        self.connection.request(method, path, None if body is None else json.dumps(body), JSON if body is not None else {})
        answer = self.connection.getresponse()
        data = answer.read()
        if answer.status not in fine:
            raise SystemExit(f"{method} {path}: {answer.status} {data[:600]!r}")
        return json.loads(data) if data and "json" in answer.headers.get("Content-Type", "") else data

    def model(self, name, **config):
        self.ask("PUT", f"/v1/models/{name}", {"classes": ["a", "b"], "positive": "b", "rules": [], **config})

    def client(self, *arguments):
        return run([program("client"), self.port, *arguments])

    def post(self, model, seed, count, labels=2, first=0, batch=1000, connections=4):
        """Posts events and gives their rate."""
        done = self.client("events", model, seed, first, count, labels, batch, connections)
        return done["items"] / done["seconds"]

    def fill(self, model, seed, count, labels=2, first=0):
        """Many events, in pieces that fit the client's memory."""
        most = 1_000_000
        for at in range(0, count, most):
            self.post(model, seed, min(most, count - at), labels, first + at, batch=5000)

    def rss(self):
        """Resident bytes now."""
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    @property
    def database(self):
        return os.path.join(self.data, "upkeepd.db")


class Bare:
    """`with Bare(threads) as port`: libmicrohttpd that answers 200, always the same, and does nothing else."""

    name = "bare"

    def __init__(self, threads, *answer):
        self.arguments = [str(threads), *answer]

    def __enter__(self):
        self.process = subprocess.Popen([program(self.name), *self.arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return int(self.process.stdout.readline())

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(30)


class Floor(Bare):
    """`with Floor(threads, file) as port`: it answers once a thread of its own has synced 8 KiB for all that came."""

    name = "floor"


class Plain(Bare):
    """`with Plain(answer) as port`: the same on a socket, without a library."""

    name = "plain"


def processor_seconds(process):
    """What a process has used, its threads that have ended included."""
    with open(f"/proc/{process.pid}/stat") as file:
        user, system = file.read().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def wrk(port, path, seconds, run_name, connections=64):
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "post.lua")
    done = run(["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "-s", script, f"http://127.0.0.1:{port}{path}", "--", run_name])
    if done["failed"]:
        raise SystemExit(f"wrk: {done['failed']} of the posts failed")
    return done
