"""Every example that README and docs mark as `sh run` works as written; links lead somewhere."""
import http.server
import json
import os
import re
import subprocess
import threading
import unittest
import unittest.mock
import urllib.error

from harness import ROOT, Case

DOCUMENTS = ["README.md"] + sorted("docs/" + name for name in os.listdir(os.path.join(ROOT, "docs")) if name.endswith(".md"))


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


class Scripts(unittest.TestCase):
    def run_script(self, *command):
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)

    def test_help_comes_without_building(self):
        for command in (["scripts/test"], ["scripts/bench"], ["scripts/bench", "ingest"], ["scripts/demo"], ["scripts/streams"],
                        ["tests/fuzz/run"]):
            done = self.run_script(*command, "--help")
            self.assertEqual((done.returncode, done.stderr), (0, ""), command)
            self.assertIn("usage: ", done.stdout, command)

    def test_names_of_tests_are_listed_and_others_refused(self):
        for wanted, name in (("daemon_csv", "daemon/csv"), ("ids/ids", "ids/ids"), ("fuzz/url", "fuzz/url"),
                             ("test_docs.Scripts", self.id())):
            done = self.run_script("scripts/test", "--list", wanted)
            self.assertEqual((done.returncode, done.stderr), (0, ""), wanted)
            self.assertIn(name, done.stdout.split("\n"))
        done = self.run_script("scripts/test", "nonesuch")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("nonesuch", done.stderr)


class Retry(unittest.TestCase):
    """The client of docs/api.md against a server that fails in every way there is."""

    def answer(self, *statuses):
        statuses = list(statuses)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                status = statuses.pop(0)
                if status == 0:
                    return
                self.send_response(status)
                if status == 503:
                    self.send_header("Retry-After", "7")
                self.end_headers()
                self.wfile.write(b'{"accepted": 1}')

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/"

    def setUp(self):
        self.client = {}
        exec(re.search(r"^```python\n(.*?)^```$", read("docs/api.md"), re.M | re.S).group(1), self.client)
        patched = unittest.mock.patch("time.sleep")
        self.sleep = patched.start()
        self.addCleanup(patched.stop)

    def test_what_may_have_been_stored_is_sent_again(self):
        self.assertEqual(self.client["post"](self.answer(500, 503, 507, 0, 200), [{"id": "x"}]), {"accepted": 1})
        self.assertEqual([call.args[0] for call in self.sleep.call_args_list], [1, 7, 4, 8])

    def test_a_bad_request_is_not(self):
        for status in (400, 404, 409, 413, 415, 422):
            with self.assertRaises(urllib.error.HTTPError):
                self.client["post"](self.answer(status), [{"id": "x"}])
        self.sleep.assert_not_called()

    def test_it_gives_up(self):
        with self.assertRaises(TimeoutError):
            self.client["post"](self.answer(503), [{"id": "x"}], patience=5)


class Examples(Case):
    def contained(self, wanted, found, path="$"):
        """Members of `wanted` are in `found`, with the same values."""
        if isinstance(wanted, dict):
            for key, value in wanted.items():
                self.assertIn(key, found, path)
                self.contained(value, found[key], f"{path}.{key}")
        else:
            self.assertEqual(found, wanted, path)

    def run_blocks(self, name):
        blocks = re.findall(r"^```(sh run|json answer)\n(.*?)^```$", read(name), re.M | re.S)
        out = ""
        for kind, text in blocks:
            if kind == "json answer":
                self.contained(json.loads(text), out[-1])
                continue
            text = text.replace("127.0.0.1:7850", f"127.0.0.1:{self.daemon.port}")
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", text.replace("curl -s ", "curl -sS --fail-with-body -w '\\n' ")],
                                  capture_output=True, text=True, timeout=120)
            self.assertEqual((done.returncode, done.stderr), (0, ""), f"{name}:\n{text}\n{done.stdout}")
            out = [json.loads(line) for line in done.stdout.split("\n") if line]
            self.assertTrue(out)
        return len(blocks)

    def test_every_marked_block_runs(self):
        total = 0
        for name in DOCUMENTS:
            with self.subTest(name):
                self.daemon.finish()
                self.setUp()
                total += self.run_blocks(name)
        self.assertGreater(total, 10)

    def test_the_api_s_examples_run_after_the_readme_s(self):
        for name in ("README.md", "docs/api.md"):
            self.run_blocks(name)

    def test_no_example_is_left_unmarked(self):
        for name in DOCUMENTS:
            for text in re.findall(r"^```sh\n(.*?)^```$", read(name), re.M | re.S):
                self.assertNotIn("curl", text, name)

    def test_links_lead_somewhere(self):
        for name in DOCUMENTS:
            for target in re.findall(r"\]\(([^)\s]+)\)", read(name)):
                if "://" in target:
                    continue
                path, _, anchor = target.partition("#")
                file = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
                self.assertTrue(os.path.exists(os.path.join(ROOT, file)), f"{name}: {target}")
                if anchor:
                    anchors = {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-")
                               for h in re.findall(r"^#+ (.*)$", read(file), re.M)}
                    self.assertIn(anchor, anchors, f"{name}: {target}")

    def test_documented_defaults_are_the_daemon_s(self):
        self.put_model("m", {"features": ["x"]})
        effective = self.ok(self.daemon.get("/v1/models/m"))["effective"]
        policy = read("docs/policy.md")
        rows = dict()
        for names, values in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| ([\d., ]+) \|", policy, re.M):
            rows.update(zip(re.findall(r"\w+", names), re.findall(r"[\d.]+", values)))
        self.assertEqual({name: float(value) for name, value in rows.items()}, effective["retrain"]["policy"])
        self.assertEqual([(w["name"], w.get("count"), w.get("duration")) for w in effective["windows"]],
                         [("last-500", 500, None), ("last-5000", 5000, None), ("1d", None, "1d")])
        self.assertEqual([r["name"] for r in effective["rules"]], ["fell"])
