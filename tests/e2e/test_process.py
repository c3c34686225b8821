"""The process: its folder, its lock, its listeners, its configuration file."""
import json
import os
import signal
import shutil
import socket
import stat
import subprocess
import tempfile
import time
import unittest

from harness import BINARY, ROOT, Case, Daemon, UnixConnection, wait_until


BUILD = os.path.dirname(os.path.dirname(BINARY))


def run(*arguments, **more):
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=60, **more)


class CommandLine(unittest.TestCase):
    def test_help_and_usage_errors(self):
        done = run("--help")
        self.assertEqual(done.returncode, 0)
        for command in ("serve", "demo", "replay"):
            self.assertIn(command, done.stdout)
            shown = run(command, "--help")
            self.assertEqual(shown.returncode, 0, shown)
            self.assertIn("--", shown.stdout)
        for arguments in ((), ("sevre",), ("serve", "--dtaa", "x"), ("serve", "--listen", "nowhere"), ("replay",)):
            done = run(*arguments)
            self.assertEqual(done.returncode, 2, (arguments, done))
            self.assertEqual(done.stdout, "", arguments)
            self.assertTrue(done.stderr, arguments)

    def test_help_on_a_command_is_its_own(self):
        self.assertEqual(run("help").stdout, run("--help").stdout)
        self.assertEqual(run("help", "import").stdout, run("import", "--help").stdout)
        for words, part in ((("help", "imprt"), "did you mean 'import'?"), (("help", "nope"), "unknown command 'nope'"),
                            (("help", "import", "x"), "'x' is one word too many")):
            done = run(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), done)
            self.assertIn(part, done.stderr)

    def test_what_is_wrong_with_an_option_is_said(self):
        for words, part in ((("serve", "--help=3"), "--help takes no value"), (("serve", "--insecure=1"), "--insecure takes no value"),
                            (("serve", "--data="), "--data: want a folder, not nothing"),
                            (("check", "--data="), "--data: want a folder, not nothing"),
                            (("export", "--model", ""), "--model: want a model's name, not nothing"),
                            (("export", "--model", "m", "--output="), "--output: want a file, not nothing"),
                            (("replay", "x.csv", "--model", "m", "--batch", "0"), "--batch 0: want an integer of 1 or more"),
                            (("serve", "--listen", "127.0.0.1:99999"), "want a port from 0 to 65535")):
            done = run(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), done)
            self.assertIn(part, done.stderr)

    def test_a_data_folder_is_not_made_where_its_parent_is_missing(self):
        with tempfile.TemporaryDirectory() as top:
            done = run("serve", "--data", os.path.join(top, "no/such/folder"), "--listen", "127.0.0.1:0")
            self.assertEqual((done.returncode, os.listdir(top)), (1, []), done)
            self.assertIn("no/such/folder: the folder that it stands in is not there", done.stderr)

    def test_a_folder_without_data_is_named_and_left_alone(self):
        with tempfile.TemporaryDirectory() as top:
            empty, none, output = (os.path.join(top, name) for name in ("empty", "none", "output"))
            os.mkdir(empty)
            for folder in (empty, none):
                for arguments in (("check",), ("backup", output), ("export", "--model", "m", "--output", output)):
                    done = run(*arguments, "--data", folder)
                    self.assertEqual(done.returncode, 1, done)
                    self.assertIn(f"no upkeepd data in {folder}: check --data", done.stderr)
            self.assertEqual((os.listdir(top), os.listdir(empty)), (["empty"], []))

    def test_an_import_says_what_it_needs(self):
        with tempfile.TemporaryDirectory() as top:
            path = os.path.join(top, "x.csv")
            done = run("import", path, "--model", "m")
            self.assertEqual(done.returncode, 2, done)
            self.assertIn("--label COLUMN", done.stderr)
            done = run("import", path, "--model", "m", "--label", "b")
            self.assertEqual(done.returncode, 1, done)
            self.assertIn(f"{path}: No such file", done.stderr)

    def test_a_public_address_is_refused(self):
        done = run("serve", "--data", "/nonexistent/x", "--listen", "0.0.0.0:0")
        self.assertIn(done.returncode, (1, 2))
        self.assertIn("--insecure", done.stderr)


class Folder(Case):
    memory = False

    def test_a_second_daemon_is_refused(self):
        begin = time.monotonic()
        done = run("serve", "--data", self.daemon.folder, "--listen", "127.0.0.1:0")
        self.assertLess(time.monotonic() - begin, 10)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn(self.daemon.folder, done.stderr)
        self.assertIn(str(self.daemon.process.pid), done.stderr)
        self.put_model("still-here")

    def test_an_export_of_an_unknown_model_names_those_there_are(self):
        self.put_model("mail")
        done = run("export", "--model", "mali", "--data", self.daemon.folder)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("it has: mail", done.stderr)

    def test_an_import_of_another_delimiter_is_told(self):
        path = os.path.join(self.daemon.top, "x.csv")
        for header in ("a;b", '"a";"b"'):
            with open(path, "w") as file:
                file.write(header + "\n1;2\n")
            done = run("import", path, "--model", "m", "--label", "b", "--url", f"http://127.0.0.1:{self.daemon.port}")
            self.assertEqual(done.returncode, 1, done)
            self.assertIn("line 1: the delimiter looks like ';'", done.stderr)

    def test_a_taken_port_is_named(self):
        other = os.path.join(self.daemon.top, "other")
        done = run("serve", "--data", other, "--listen", f"127.0.0.1:{self.daemon.port}")
        self.assertEqual(done.returncode, 1, done)
        self.assertIn(str(self.daemon.port), done.stderr)

    def test_the_file_is_only_the_owners_and_holds_plain_words(self):
        self.put_model("m")
        self.events("m", {"id": "r-1", "predicted": "spam", "label": "ham"})
        self.assertEqual(stat.S_IMODE(os.stat(self.daemon.folder).st_mode) & 0o077, 0)
        shown = subprocess.run(["sqlite3", "-readonly", os.path.join(self.daemon.folder, "upkeepd.db"),
                                "SELECT id, predicted, label FROM event"], capture_output=True, text=True)
        self.assertEqual(shown.stdout.strip(), "r-1|spam|ham")

    def test_a_folder_that_cannot_be_written_is_named(self):
        top = self.daemon.top
        locked = os.path.join(top, "locked")
        os.mkdir(locked)
        os.chmod(locked, 0o555)
        os.chmod(top, 0o755)
        binary = os.path.join(top, "upkeepd")
        shutil.copy(BINARY, binary)
        user = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
        for folder in (locked, os.path.join(locked, "below")):
            done = subprocess.run([binary, "serve", "--data", folder, "--listen", "127.0.0.1:0"],
                                  capture_output=True, text=True, timeout=60, **user)
            self.assertEqual(done.returncode, 1, done)
            self.assertIn(folder, done.stderr)
        for words in (("export", "--model", "m"), ("check",)):
            done = subprocess.run([binary, *words, "--data", self.daemon.folder], capture_output=True, text=True, timeout=60, **user)
            self.assertEqual(done.returncode, 1, done)
            if os.getuid() == 0:
                self.assertIn("upkeepd.db as user 65534: Permission denied", done.stderr)

    def test_a_range_that_ends_before_it_begins_is_refused(self):
        self.put_model("m")
        for path in ("alerts", "runs", "versions", "versions/1/revisions", "metrics/history"):
            self.problem(self.daemon.get(f"/v1/models/m/{path}?from=1700000002000&to=1700000001000"), 400,
                         "from: '1700000002000' is after to: '1700000001000'")
        done = run("export", "--model", "m", "--data", self.daemon.folder, "--from", "1700000002000", "--to", "1700000001000")
        self.assertEqual(done.returncode, 2, done)
        self.assertIn("--from is after --to", done.stderr)

    def test_a_file_that_is_no_database_is_refused_and_left_alone(self):
        folder = os.path.join(self.daemon.top, "odd")
        os.mkdir(folder)
        path = os.path.join(folder, "upkeepd.db")
        with open(path, "w") as file:
            file.write("my shopping list\n" * 100)
        done = run("serve", "--data", folder, "--listen", "127.0.0.1:0")
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("upkeepd.db", done.stderr)
        self.assertIn("shopping", open(path).read(20))


class Health(Case):
    def test_livez_and_readyz(self):
        self.assertEqual(self.daemon.get("/livez").status, 200)
        self.assertEqual(self.daemon.get("/readyz").status, 200)

    def test_openapi_is_served(self):
        with open(os.path.join(ROOT, "docs/openapi.yaml"), "rb") as file:
            self.assertEqual(self.daemon.get("/openapi.yaml").body, file.read())

    def test_two_listeners(self):
        daemon = Daemon(arguments=["--listen", "[::1]:0"])
        self.addCleanup(daemon.finish)
        daemon.start()
        wait_until(lambda: sum("listening on http://" in line for line in daemon.said) == 2, what="two lines")
        self.assertEqual(daemon.stop(), 0)


class UnixSocket(unittest.TestCase):
    def test_it_listens_on_a_unix_socket(self):
        daemon = Daemon()
        self.addCleanup(daemon.finish)
        path = os.path.join(daemon.top, "upkeepd.sock")
        stale = socket.socket(socket.AF_UNIX)
        stale.bind(path)
        stale.close()
        daemon.arguments = ["--listen", f"unix:{path}"]
        daemon.start()
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o660)
        connection = UnixConnection(path, 30)
        connection.request("GET", "/v1/models")
        answer = connection.getresponse()
        self.assertEqual((answer.status, json.loads(answer.read())["models"]), (200, []))
        connection.request("GET", "/v1/models", headers={"Host": "upkeepd"})
        answer = connection.getresponse()
        self.assertEqual(answer.status, 403)
        self.assertIn("over a unix socket ask for http://localhost", json.loads(answer.read())["detail"])
        connection.close()
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual([line for line in daemon.said if "http: " in line], [])


class Configuration(Case):
    config = """// our classifiers
    {
        "models": {"mail": {"classes": ["ham", "spam"], "positive": "spam"}}, /* more in models.d */
        "hosts": ["upkeep.example"]
    }
    """

    def setUp(self):
        super().setUp()
        self.models_d = os.path.join(self.daemon.top, "models.d")

    def write(self, name, config):
        os.makedirs(self.models_d, exist_ok=True)
        with open(os.path.join(self.models_d, name), "w") as file:
            file.write(config if isinstance(config, str) else json.dumps(config))

    def reload(self):
        self.daemon.process.send_signal(signal.SIGHUP)

    def model(self, name):
        reply = self.daemon.get(f"/v1/models/{name}")
        return reply.json if reply.status == 200 else None

    def test_models_of_the_file_are_read_only_in_the_api(self):
        self.assertEqual(self.model("mail")["config"]["positive"], "spam")
        self.problem(self.daemon.put("/v1/models/mail", {}), 409, "mail")
        self.problem(self.daemon.delete("/v1/models/mail"), 409, "mail")
        self.events("mail", {"id": "1", "predicted": "ham"})

    def test_hosts_of_the_file_are_answered(self):
        self.assertEqual(self.daemon.get("/v1/models", headers={"Host": "upkeep.example"}).status, 200)
        self.assertEqual(self.daemon.get("/v1/models", headers={"Host": "other.example"}).status, 403)

    def test_sighup_reads_models_d_again(self):
        self.write("shop.json", {"classes": ["a", "b"]})
        self.assertIsNone(self.model("shop"))
        self.reload()
        wait_until(lambda: self.model("shop"), what="the new model")
        self.events("shop", {"id": "1", "predicted": "a", "label": "b"})
        self.write("shop.json", {"classes": ["a", "b"], "threshold": 0.25})
        self.reload()
        wait_until(lambda: self.model("shop")["config"].get("threshold") == 0.25, what="the new threshold")
        self.assertEqual(self.counts("shop", "last-500"), {("b", "a"): 1})
        self.problem(self.daemon.put("/v1/models/shop", {}), 409, "shop")
        os.remove(os.path.join(self.models_d, "shop.json"))
        self.reload()
        wait_until(lambda: self.daemon.put("/v1/models/shop", {"classes": ["a", "b"]}).status == 200,
                   what="a removed file's model may be written again")
        self.assertEqual(self.counts("shop", "last-500"), {("b", "a"): 1})

    def test_one_broken_file_keeps_the_whole_old_configuration(self):
        self.write("shop.json", {"classes": ["a", "b"]})
        self.write("zoo.json", '{"clases": []}')
        self.reload()
        wait_until(lambda: "zoo.json" in self.daemon.get("/readyz").text, what="the error in /readyz")
        self.assertIn("clases", self.daemon.get("/readyz").text)
        self.assertIsNone(self.model("shop"))
        wait_until(lambda: any("zoo.json" in line for line in self.daemon.said), what="the error in the log")
        self.write("zoo.json", {"classes": ["x", "y"]})
        self.reload()
        wait_until(lambda: self.model("zoo") and self.model("shop"), what="both models")
        wait_until(lambda: "zoo.json" not in self.daemon.get("/readyz").text, what="the error to go")

    def test_a_broken_file_at_the_start_is_refused(self):
        for text, part in (('{"models": {"mail": {"threshold": 7}}}', "threshold"), ("{", "upkeepd.conf"), ('{"modles": {}}', "modles")):
            other = Daemon(config=text)
            self.addCleanup(other.finish)
            done = subprocess.run(other.command(), capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 1, done)
            self.assertIn(part, done.stderr)


class Unit(unittest.TestCase):
    def test_systemd_accepts_the_unit(self):
        daemon = Daemon()
        self.addCleanup(daemon.finish)
        with open(os.path.join(BUILD, "systemd/upkeepd.service")) as file:
            text = file.read()
        for setting in ("Type=notify", "StateDirectory=upkeepd", "Restart=on-failure", "DynamicUser=yes"):
            self.assertIn(setting, text.split("\n"))
        import re
        copy = os.path.join(daemon.top, "upkeepd.service")
        with open(copy, "w") as file:
            file.write(re.sub(r"^(ExecStart=)\S+", rf"\g<1>{BINARY}", text, flags=re.M))
        done = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True)
        complaints = [line for line in done.stderr.split("\n") if "upkeepd" in line]
        self.assertEqual((done.returncode, complaints), (0, []), done)

    def test_an_installed_unit_starts_the_installed_program(self):
        with tempfile.TemporaryDirectory() as top:
            done = subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", top],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done)
            found = [os.path.join(folder, name) for folder, _, names in os.walk(top) for name in names]
            (unit,) = (path for path in found if path.endswith("/upkeepd.service"))
            with open(unit) as file:
                (start,) = (line for line in file if line.startswith("ExecStart="))
            program, command = start.removeprefix("ExecStart=").split()
            self.assertEqual(command, "serve")
            self.assertIn(top + program, found)
            searched = subprocess.run(["systemd-analyze", "unit-paths"], capture_output=True, text=True).stdout.split()
            self.assertIn(os.path.dirname(unit).removeprefix(top), searched)


class Notify(unittest.TestCase):
    def test_it_tells_systemd_when_it_is_ready_and_when_it_stops(self):
        daemon = Daemon()
        self.addCleanup(daemon.finish)
        path = os.path.join(daemon.top, "notify")
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(path)
        notify.settimeout(30)
        os.environ["NOTIFY_SOCKET"] = path
        try:
            daemon.start()
        finally:
            del os.environ["NOTIFY_SOCKET"]
        said = notify.recv(4096).decode()
        self.assertIn("READY=1", said)
        self.assertEqual(daemon.stop(), 0)
        while "STOPPING=1" not in said:
            said = notify.recv(4096).decode()
        notify.close()
