"""Disks that fill up or break, files that are damaged or gone, clocks that jump."""
import os
import shutil
import sqlite3
import subprocess
import time
import unittest

from harness import RELEASE, Case, Daemon, wait_until
from load import CLASSES, CONFIG, Ledger
from shim import Failing

YEARS = 10 * 365 * 86400


class Broken(Case):
    """A daemon whose files, clock or disk the test has in its hand."""

    def setUp(self):
        super().setUp()
        self.assertEqual(self.daemon.stop(), 0)

    def use(self, daemon):
        self.addCleanup(daemon.finish)
        self.daemon = daemon
        daemon.start()
        self.ok(daemon.put("/v1/models/m", CONFIG))
        self.ledger, self.number = Ledger(self, daemon, "m"), 0
        return daemon

    def pairs(self, count=50, size=0):
        self.number += count
        return [{"id": f"e{self.number + i}", "predicted": self.random.choice(CLASSES),
                 "label": self.random.choice(CLASSES), "features": [i, 0.5], **({"meta": {"pad": "x" * size}} if size else {})}
                for i in range(count)]

    def post(self, *statuses, items=None):
        """The status; what was acknowledged goes into the ledger."""
        items = items or self.pairs()
        reply = self.daemon.post("/v1/models/m/events", items)
        self.assertIn(reply.status, statuses or (200,), reply)
        if reply.status == 200:
            self.assertEqual(reply.json["accepted"], len(items))
            self.assertEqual(reply.json["duplicates"], 0)
            self.ledger.items += [("events", item) for item in items]
        return reply.status

    def refused(self, *words):
        """The daemon does not start, ends with 1 and says why."""
        with self.assertRaises(AssertionError):
            self.daemon.start()
        self.assertEqual(self.daemon.wait(), 1)
        for word in words:
            self.assertIn(word, self.daemon.log(5))

    def path(self, name="upkeepd.db"):
        return os.path.join(self.daemon.folder, name)


class Disk(Broken):
    def test_a_failed_sync_or_write_ends_the_process_and_a_restart_loses_nothing(self):
        daemon = self.use(Failing())
        for what in ("sync", "write"):
            self.post()
            lost = self.pairs()
            daemon.fail(what)
            self.problem(daemon.post("/v1/models/m/events", lost), 500, "disk I/O error")
            self.assertEqual(daemon.wait(10), 1, daemon.log())
            self.assertIn("disk I/O error", daemon.log(3))
            daemon.fail("")
            daemon.start()
            # It may be there, for nobody knows: sent again it is there once.
            self.ok(daemon.post("/v1/models/m/events", lost), 200)
            self.ledger.items += [("events", item) for item in lost]
            self.ledger.recover([], [])
            self.ledger.check(what)

    def test_a_full_disk_during_a_run_leaves_the_champion(self):
        daemon = self.use(Failing())
        rows = [{"features": [i % 3, i % 7], "label": CLASSES[i % 3]} for i in range(600)]
        self.ok(daemon.put("/v1/models/p", {**CONFIG, "retrain": {"trials": 50}}))
        self.ok(daemon.post("/v1/models/p/events?settle=true", rows), 200)
        predicted = [{"predicted": CLASSES[i % 3], **row} for i, row in enumerate(rows)]
        self.ok(daemon.post("/v1/models/p/events", predicted), 200)
        champion = self.ok(daemon.get("/v1/models/p/versions/champion"))["version"]
        run = self.ok(daemon.post("/v1/models/p/runs"), 202)["run"]
        daemon.fail("full")
        self.assertEqual(daemon.post("/v1/models/p/events", rows[:5]).status, 507)
        wait_until(lambda: f"the outcome of run {run} can't be stored" in daemon.log(), what="the run's end")
        self.ok(daemon.post("/v1/models/p/predict?store=false", {"features": [1, 2]}), 200)
        self.ok(daemon.get("/v1/models/p/metrics"), 200)
        daemon.fail("")
        begin = time.monotonic()
        wait_until(lambda: daemon.get(f"/v1/models/p/runs/{run}").json["state"] == "failed", 10, "the run's failure")
        self.ok(daemon.post("/v1/models/p/events", rows[:5]), 200)
        self.assertLess(time.monotonic() - begin, 10)
        self.assertEqual(self.ok(daemon.get("/v1/models/p/versions/champion"))["version"], champion)

    def mount(self, options):
        folder = os.path.join(self.daemon.top, "data")
        os.makedirs(folder, exist_ok=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True)
        if done.returncode != 0:
            raise unittest.SkipTest(f"no small disk can be mounted here: {done.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", folder], capture_output=True)

    def remount(self, options):
        subprocess.run(["mount", "-o", "remount," + options, self.daemon.folder], check=True)

    def test_a_full_disk_is_507_until_there_is_space_again(self):
        self.daemon = Daemon()
        self.mount("size=12m")
        daemon = self.use(self.daemon)
        full = 0
        for i in range(2000):
            full = full + 1 if self.post(200, 507, items=self.pairs(50, 400)) == 507 else 0
            if full == 5:
                break
        self.problem(daemon.post("/v1/models/m/events", self.pairs(50, 400)), 507, "full")
        self.ledger.check("while the disk is full")
        self.ok(daemon.get("/v1/models/m/metrics"), 200)
        self.ok(daemon.get("/metrics"), 200)
        self.assertIn(daemon.delete("/v1/models/m").status, (204, 507))
        self.remount("size=64m")
        begin = time.monotonic()
        if daemon.get("/v1/models/m").status == 404:
            self.ok(daemon.put("/v1/models/m", CONFIG))
            self.ledger.items = []
        wait_until(lambda: daemon.post("/v1/models/m/events", []).status == 200, 10, "space again")
        self.post()
        self.assertLess(time.monotonic() - begin, 10)
        self.ledger.check("with space again")
        daemon.restart()
        self.ledger.check("after a restart")

    def fill(self, size=64):
        """A small disk, full by posts: the 507."""
        self.daemon = Daemon()
        self.mount(f"size={size}m")
        daemon = self.use(self.daemon)
        self.ok(daemon.put("/v1/models/other", CONFIG))
        for _ in range(2000):
            if self.post(200, 507, items=self.pairs(500, 400)) == 507:
                return daemon
        self.fail("the disk is never full")

    def ballast(self):
        """Another program takes all that is left on the disk."""
        with open(self.path("ballast"), "ab", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                pass

    def make_room(self, daemon):
        """DELETE of the model is answered, and its rows go."""
        wait_until(lambda: daemon.get("/readyz").json["store"]["state"] == "full", 5, "the state")
        before = daemon.get("/readyz").json["store"]["bytes"]
        self.ok(daemon.delete("/v1/models/m"), 204)
        wait_until(lambda: daemon.get("/readyz").json["store"]["bytes"] < before / 4, 60, "the rows to go")
        self.assertIsNone(daemon.process.poll())

    def shows_all_the_while(self, daemon):
        """The model is made anew now and then, for nothing of it can be stored; that is not seen."""
        end = time.monotonic() + 2.5
        shown = set()
        while time.monotonic() < end:
            shown.add(self.metrics("m", "all")["pairs"])
        self.assertEqual(shown, {len(self.ledger.items)})

    def take_again(self, daemon, posts):
        self.ok(daemon.put("/v1/models/m", CONFIG))
        self.ledger.items = []
        wait_until(lambda: daemon.post("/v1/models/m/events", []).status == 200, 10, "space again")
        for _ in range(posts):
            self.post(items=self.pairs(500, 400))
        self.ledger.check("with space again")
        daemon.restart()
        self.ledger.check("after a restart")

    def test_a_model_can_be_deleted_from_a_disk_that_posts_have_filled(self):
        daemon = self.fill()
        self.problem(daemon.post("/v1/models/m/events", self.pairs()), 507, "the disk is full")
        self.assertIn("the disk is full", daemon.log())
        posts = len(self.ledger.items) // 500
        self.assertGreater(posts, 50)
        self.make_room(daemon)
        self.take_again(daemon, posts // 2)

    def test_a_model_can_be_deleted_from_a_full_disk_after_a_kill(self):
        daemon = self.fill()
        daemon.kill()
        daemon.start()
        self.ledger.check("after the kill")
        self.assertEqual(daemon.post("/v1/models/m/events", self.pairs()).status, 507)
        posts = len(self.ledger.items) // 500
        self.make_room(daemon)
        self.take_again(daemon, posts // 2)

    def test_a_model_can_be_deleted_when_another_program_fills_the_disk(self):
        for killed in (False, True):
            with self.subTest(killed=killed):
                self.daemon = Daemon()
                self.mount("size=64m")
                daemon = self.use(self.daemon)
                for _ in range(60):
                    self.post(items=self.pairs(500, 400))
                # What the first refused posts free, the WAL, it takes as well.
                while daemon.get("/readyz").json["store"]["state"] != "full":
                    self.ballast()
                    self.post(200, 507, items=self.pairs(500, 400))
                self.ballast()
                if killed:
                    daemon.kill()
                    daemon.start()
                self.ledger.check("while the disk is full")
                self.shows_all_the_while(daemon)
                self.make_room(daemon)
                os.unlink(self.path("ballast"))
                self.take_again(daemon, 30)

    def test_a_start_on_a_disk_without_a_byte_left_reads_and_refuses_posts(self):
        self.daemon = Daemon()
        self.mount("size=64m")
        daemon = self.use(self.daemon)
        for _ in range(20):
            self.post(items=self.pairs(500, 400))
        self.assertEqual(daemon.stop(), 0)
        self.ballast()
        self.assertEqual(shutil.disk_usage(daemon.folder).free, 0)
        daemon.start()
        self.ledger.check("while the disk is full")
        self.assertEqual(daemon.get("/readyz").json["store"]["state"], "full")
        self.problem(daemon.post("/v1/models/m/events", self.pairs()), 507, "the disk is full")
        os.unlink(self.path("ballast"))
        wait_until(lambda: daemon.post("/v1/models/m/events", []).status == 200, 10, "space again")
        self.post(items=self.pairs(500, 400))
        self.ledger.check("with space again")

    def test_a_start_on_a_disk_without_a_byte_left_writes_the_ids_that_it_must(self):
        self.daemon = Daemon()
        self.mount("size=64m")
        daemon = self.use(self.daemon)
        for _ in range(11):
            self.post(items=self.pairs(6000))
        for _ in range(3):
            daemon.kill()
            self.ballast()
            daemon.start()
        self.ledger.check("while the disk is full")
        self.problem(daemon.post("/v1/models/m/events", self.pairs()), 507, "the disk is full")

    def test_events_can_be_deleted_when_another_program_has_taken_every_byte(self):
        daemon = self.fill()
        ids = [f"e{i}" for i in range(500, 512)]
        self.ballast()
        for id in ids:
            self.ok(daemon.delete(f"/v1/models/m/events/{id}"), 200)
        for id in ids:
            self.assertEqual(daemon.get(f"/v1/models/m/events/{id}").status, 404)

    def test_a_full_or_read_only_disk_at_the_start_is_told(self):
        self.daemon = Daemon()
        self.mount("size=1m")
        with open(os.path.join(self.daemon.folder, "ballast"), "wb") as file:
            file.write(bytes(1024 * 1024 - 8192))
        self.refused("no space")
        os.unlink(self.path("ballast"))
        self.remount("ro")
        self.refused("Read-only file system")


class Files(Broken):
    def setUp(self):
        super().setUp()
        daemon = self.use(Daemon())
        for _ in range(20):
            self.post()
        self.known = self.counts("m", "all")
        self.assertEqual(daemon.stop(), 0)

    def overwrite(self, at, data, name="upkeepd.db"):
        with open(self.path(name), "r+b") as file:
            file.seek(at)
            file.write(data)

    def keep(self):
        shutil.copytree(self.daemon.folder, self.daemon.folder + ".kept")

    def put_back(self):
        shutil.rmtree(self.daemon.folder)
        shutil.copytree(self.daemon.folder + ".kept", self.daemon.folder)

    def test_a_wal_that_is_gone_after_a_crash_is_refused(self):
        self.daemon.start()
        self.post()
        self.daemon.kill()
        os.unlink(self.path("upkeepd.db-wal"))
        self.refused("has lost commits", "upkeepd.db-wal", "Restore a backup")

    def test_files_that_are_not_what_they_should_be_are_refused_with_what_to_do(self):
        self.keep()
        size = os.path.getsize(self.path())

        def shell(sql):
            with sqlite3.connect(self.path()) as file:
                file.execute(sql)
            file.close()

        cases = [
            (lambda: self.overwrite(0, b"not a database"), "restore a backup"),
            (lambda: self.overwrite(16, b"\x12\x34"), "restore a backup"),
            (lambda: os.truncate(self.path(), 0), "Restore a backup"),
            (lambda: os.truncate(self.path(), size // 2), "restore a backup"),
            (lambda: os.truncate(self.path(), 16384 + 100), "restore a backup"),
            (lambda: os.unlink(self.path()), "Restore a backup"),
            (lambda: (shell("PRAGMA application_id = 7"), shell("VACUUM")), "not made by upkeepd"),
            (lambda: (shell("PRAGMA user_version = 999"), shell("VACUUM")), "run a newer upkeepd"),
            (lambda: shell("UPDATE model SET name = 'other'"), "written by another program"),
        ]
        for number, (spoil, words) in enumerate(cases):
            with self.subTest(number):
                spoil()
                self.refused(words)
                self.put_back()
        self.daemon.start()
        self.ledger.check("put back")

    def test_a_flipped_bit_is_refused_or_met_as_an_error_and_never_believed(self):
        self.keep()
        size = os.path.getsize(self.path())
        refused = 0
        for _ in range(25):
            bit = self.random.randrange(size * 8)
            with open(self.path(), "rb") as file:
                file.seek(bit // 8)
                byte = file.read(1)[0]
            self.overwrite(bit // 8, bytes([byte ^ 1 << bit % 8]))
            try:
                self.daemon.start()
            except AssertionError:
                self.assertEqual(self.daemon.wait(), 1)
                self.assertIn("restore a backup", self.daemon.log(3))
                refused += 1
            else:
                answers = [self.daemon.post("/v1/models/m/events", item) for path, item in self.ledger.items[::50]]
                self.assertLessEqual({answer.status for answer in answers}, {200, 500}, answers)
                for answer in answers:
                    if answer.status == 200:
                        self.assertEqual(answer.json["duplicates"], 1)
                    else:
                        self.problem(answer, 500, "restore a backup")
                shown = self.daemon.get("/v1/models/m/metrics")
                if shown.status == 200:
                    self.assertEqual(self.counts("m", "all"), self.known)
                else:
                    self.problem(shown, 500, "restore a backup")
                self.daemon.kill()
            self.put_back()
        self.assertGreater(refused, 0)
        self.daemon.start()


class Clock(Broken):
    HOUR = {"windows": [{"name": "hour", "duration": "1h"}], "rules": []}
    RULES = [{"name": "low", "metric": "accuracy", "window": "all", "below": 0.01, "min_pairs": 20, "confidence": None, "for": "1m"},
             {"name": "day", "metric": "accuracy", "window": "day", "below": 0.01, "min_pairs": 20, "confidence": None}]

    def jump(self, *ahead):
        for seconds in ahead:
            self.daemon.clock(seconds)
            self.post()
            self.post()
            if seconds != 0:
                time.sleep(1.1)  # a tick
            self.assertEqual(self.ok(self.daemon.get("/readyz"))["status"], "ready")
        self.check()

    def check(self):
        self.ledger.check("after the jumps")
        self.assertEqual(self.ok(self.daemon.get("/v1/models/m/alerts"))["alerts"], [])
        with sqlite3.connect(f"file:{self.daemon.folder}/upkeepd.db?mode=ro", uri=True) as file:
            arrivals = [row[0] for row in file.execute("SELECT arrival FROM place ORDER BY model, place")]
        self.assertEqual(arrivals, sorted(arrivals))

    def look(self):
        done = subprocess.run([RELEASE, "check", "--data", self.daemon.folder, "--scratch", self.daemon.top],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_check_goes_by_the_daemon_s_clock(self):
        """Also where nothing has come to a model while the clock was ahead."""
        daemon = self.use(Failing())
        for model in "hq":
            self.ok(daemon.put(f"/v1/models/{model}", self.HOUR))
            self.events(model, self.pairs())
        daemon.clock(7200)
        self.events("h", self.pairs())
        wait_until(lambda: self.metrics("q", "hour")["pairs"] == 0, what="a tick")
        daemon.clock(0)
        self.events("h", self.pairs())
        self.assertEqual(self.metrics("h", "hour")["pairs"], 100)
        self.look()
        daemon.restart()
        self.assertEqual((self.metrics("h", "hour")["pairs"], self.metrics("q", "hour")["pairs"]), (100, 0))
        self.look()

    def test_windows_places_and_alerts_outlast_a_clock_that_jumps(self):
        daemon = self.use(Failing())
        config = {**CONFIG, "windows": CONFIG["windows"] + [{"name": "day", "duration": "1d"}], "rules": self.RULES}
        self.ok(daemon.put("/v1/models/m", config))
        self.jump(0, 3600, 0, -3600, 0)
        self.assertEqual(self.metrics("m", "day")["pairs"], 500)
        daemon.restart()
        self.check()
        self.assertEqual(self.metrics("m", "day")["pairs"], 500)

        # What a day's window holds is not said for years ahead; nothing else may suffer.
        self.jump(YEARS, YEARS + 5, 0)
        daemon.restart()
        self.check()
        self.jump(0)
