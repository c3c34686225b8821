"""A real daemon on a fresh folder, and what a test asks of it over HTTP."""
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.abspath(os.environ.get("UPKEEPD", os.path.join(ROOT, "build/daemon/upkeepd")))
RELEASE = os.path.abspath(os.environ.get("UPKEEPD_RELEASE", BINARY))
# The loop commits twice a row: its folder lies in memory. Durability is tested on the disk.
MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None
PATIENCE = 180  # seconds; sanitizers on two busy cores are slow


def wait_until(holds, seconds=PATIENCE, what="it"):
    end = time.monotonic() + seconds
    while True:
        value = holds()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {seconds} s")
        time.sleep(0.02)


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode("utf-8")

    def __repr__(self):
        return f"{self.status} {self.body[:600]!r}"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Daemon:
    """One data folder and the process on it; may be stopped, killed and started again."""

    def __init__(self, folder=None, config=None, arguments=(), memory=True, binary=BINARY):
        self.top = tempfile.mkdtemp(prefix="upkeepd-test-", dir=MEMORY if memory else None)
        self.folder = folder or os.path.join(self.top, "data")
        self.binary, self.arguments = binary, list(arguments)
        self.config_path = None
        if config is not None:
            self.config_path = os.path.join(self.top, "upkeepd.conf")
            self.configure(config)
        self.environment = {}  # beside our own
        self.process = None
        self.said = []
        self.local = threading.local()

    def configure(self, config):
        with open(self.config_path, "w") as file:
            file.write(config if isinstance(config, str) else json.dumps(config))

    def command(self, listen="127.0.0.1:0"):
        command = [self.binary, "serve", "--data", self.folder, "--listen", listen]
        if self.config_path:
            command += ["--config", self.config_path]
        return command + self.arguments

    def start(self, ready=True):
        self.process = subprocess.Popen(
            self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, errors="replace", env={**os.environ, **self.environment})
        self.port = None
        listening = threading.Event()

        def listen_to(stream):
            for line in stream:
                self.said.append(line.rstrip("\n"))
                found = re.search(r"listening on http://127\.0\.0\.1:(\d+)", line)
                if found and self.port is None:
                    self.port = int(found.group(1))
                    listening.set()
            listening.set()

        self.listener = threading.Thread(target=listen_to, args=(self.process.stderr,), daemon=True)
        self.listener.start()
        listening.wait(PATIENCE)
        if self.port is None:
            raise AssertionError(f"the daemon does not listen (status {self.process.poll()}):\n{self.log()}")
        if ready:
            wait_until(lambda: self.get("/readyz").status == 200, what="readiness")
        return self

    def log(self, lines=60):
        return "\n".join(self.said[-lines:])

    def wait(self, seconds=PATIENCE):
        status = self.process.wait(seconds)
        self.listener.join(5)
        self.process.stderr.close()
        self.local = threading.local()
        return status

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.wait()

    def stop(self, seconds=PATIENCE):
        """SIGTERM; the exit status, sanitizers' complaints included."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.wait(seconds)

    def restart(self, how="kill"):
        self.kill() if how == "kill" else self.stop()
        return self.start()

    def finish(self):
        if self.process and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.top, ignore_errors=True)

    # ---- HTTP ----

    def connection(self, timeout=PATIENCE):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def request(self, method, path, body=None, headers=None, timeout=PATIENCE):
        headers = dict(headers or {})
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode("utf-8")
        if body is not None and not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = "application/json"
        if body is None and method in ("POST", "PUT"):
            headers.setdefault("Content-Length", "0")
        kept = getattr(self.local, "connection", None)
        if kept is None or kept[0] != self.port:
            kept = (self.port, self.connection(timeout))
            self.local.connection = kept
        kept[1].timeout = timeout
        try:
            kept[1].request(method, path, body, headers)
            answer = kept[1].getresponse()
            reply = Reply(answer.status, answer.headers, answer.read())
        except (OSError, http.client.HTTPException):
            kept[1].close()
            self.local.connection = None
            raise
        if answer.will_close:
            kept[1].close()
            self.local.connection = None
        return reply

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def put(self, path, body, **more):
        return self.request("PUT", path, body, **more)

    def post(self, path, body=None, **more):
        return self.request("POST", path, body, **more)

    def delete(self, path, **more):
        return self.request("DELETE", path, **more)

    def ndjson(self, path, items, **more):
        body = "".join(item if isinstance(item, str) else json.dumps(item) + "\n" for item in items)
        return self.post(path, body, headers={"Content-Type": "application/x-ndjson"}, **more)


class Case(unittest.TestCase):
    """A test with a daemon of its own; `config` and `arguments` of the class are passed on."""

    config = None
    arguments = ()
    memory = True
    maxDiff = 4000

    def setUp(self):
        self.daemon = Daemon(config=self.config, arguments=self.arguments, memory=self.memory)
        self.addCleanup(self.daemon.finish)
        self.daemon.start()
        self.seed = random.SystemRandom().getrandbits(32)
        if "SEED" in os.environ:
            self.seed = int(os.environ["SEED"])
        self.random = random.Random(self.seed)

    def tearDown(self):
        # Every test ends with an orderly stop: exit status 0 also says that no sanitizer complained.
        if self.daemon.process.poll() is None:
            self.assertEqual(self.daemon.stop(), 0, "exit status after SIGTERM\n" + self.daemon.log())

    def daemon_said(self):
        daemon = getattr(self, "daemon", None)
        seed = f"SEED={self.seed}\n" if hasattr(self, "seed") else ""
        return seed + ("the daemon said:\n" + daemon.log() if daemon else "")

    # ---- what tests do all the time; each checks the status ----

    def ok(self, reply, *statuses):
        self.assertIn(reply.status, statuses or (200, 201, 202, 204), reply)
        return reply.json if reply.body and "json" in reply.headers.get("Content-Type", "") else reply

    def put_model(self, name, config=None):
        return self.ok(self.daemon.put(f"/v1/models/{name}", {} if config is None else config))

    def events(self, name, items, query="", status=200):
        return self.ok(self.daemon.post(f"/v1/models/{name}/events{query}", items), status)

    def labels(self, name, items, query="", status=200):
        return self.ok(self.daemon.post(f"/v1/models/{name}/labels{query}", items), status)

    def metrics(self, name, window=None, query=""):
        answer = self.ok(self.daemon.get(f"/v1/models/{name}/metrics?{query}"))
        return answer["windows"][window] if window else answer

    def counts(self, name, window):
        """The confusion matrix as {(actual, predicted): pairs}, empty cells left out."""
        return self.counts_of(self.daemon, name, window)

    def counts_of(self, daemon, name, window):
        confusion = self.ok(daemon.get(f"/v1/models/{name}/metrics"))["windows"][window]["confusion"]
        return {(actual, predicted): pairs
                for actual, row in zip(confusion["classes"], confusion["matrix"])
                for predicted, pairs in zip(confusion["classes"], row) if pairs}

    def problem(self, reply, status, *parts):
        """An RFC 9457 answer whose detail contains the parts."""
        self.assertEqual(reply.status, status, reply)
        self.assertEqual(reply.headers["Content-Type"], "application/problem+json", reply)
        body = reply.json
        self.assertEqual(body["status"], status)
        for member in ("type", "title", "detail"):
            self.assertIsInstance(body[member], str)
        for part in parts:
            self.assertIn(part, body["detail"])
        return body
