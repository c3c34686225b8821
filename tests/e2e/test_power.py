"""The power is lost at any moment: what was not synced is gone, and nothing that was acknowledged is.

POINTS=1000 tests/e2e/run test_power runs long. Not modelled: directory entries, disks that lie."""
import os
import random
import shutil
import time

from harness import MEMORY, RELEASE, Case, Daemon, wait_until
from load import CONFIG, Client, Ledger
from shim import Disk, Recording

POINTS = int(os.environ.get("POINTS", "10"))


class Power(Case):
    def setUp(self):
        super().setUp()
        self.assertEqual(self.daemon.stop(), 0)  # each image has a daemon of its own

    def record(self, unsynced=None):
        """Load on a daemon that logs what it writes, killed some time after a checkpoint: its clients, and
        where in the log their posts begin."""
        recording = Recording(unsynced=unsynced, memory=bool(MEMORY))
        self.addCleanup(recording.finish)
        recording.start()
        self.ok(recording.put("/v1/models/m", CONFIG))
        begin, file = recording.logged(), os.path.join(recording.folder, "upkeepd.db")
        size = os.path.getsize(file)
        clients = [Client(recording.port, "m", str(i), self.random, size=40, revise=True, mark=recording.logged)
                   for i in range(2)]
        for client in clients:
            client.start()
        wait_until(lambda: os.path.getsize(file) > size, what="a checkpoint")
        time.sleep(0.3)
        recording.kill()
        for client in clients:
            client.join(60)
            self.assertEqual(client.strange, [])
        return recording, clients, begin

    @staticmethod
    def sent_by(clients, point):
        """What was acknowledged before this point of the log, and what was on its way."""
        sure, unsure = [], []
        for client in clients:
            for before, after, path, items in client.marks:
                if before > point:
                    break
                (sure if after is not None and after <= point else unsure).extend((path, item) for item in items)
        return sure, unsure

    def start_on(self, disk, sectors, name):
        """A daemon on what the disk holds; None: it refuses to start."""
        daemon = Daemon(binary=RELEASE)
        self.addCleanup(shutil.rmtree, daemon.top, True)
        disk.write(daemon.folder, random.Random(f"{self.seed} {name}") if sectors else None)
        self.daemon = daemon
        try:
            return daemon.start()
        except AssertionError:
            self.assertEqual(daemon.wait(), 1, daemon.log())
            return None

    def each_point(self, recording, clients, begin, points, act):
        disk = Disk(recording.log_path)
        last = max(mark[1] or 0 for client in clients for mark in client.marks)
        for i, point in enumerate(sorted(self.random.sample(range(begin, disk.size), points))):
            disk.advance(point)
            sure, unsure = self.sent_by(clients, point)
            for sectors in (False, True):
                where = f"point {i} at {point} of {disk.size} (last answer {last}), sectors {sectors}"
                daemon = self.start_on(disk, sectors, i)
                act(daemon, sure, unsure, where)
                if daemon:
                    self.assertEqual(daemon.stop(), 0, daemon.log())
                shutil.rmtree(self.daemon.top, ignore_errors=True)

    def test_nothing_acknowledged_is_lost_and_nothing_doubled(self):
        recording, clients, begin = self.record()

        def act(daemon, sure, unsure, where):
            self.assertIsNotNone(daemon, f"{where}: it does not start\n{self.daemon.log()}")
            ledger = Ledger(self, daemon, "m")
            ledger.recover(sure, unsure, where)
            ledger.check(where)

        self.each_point(recording, clients, begin, POINTS, act)

    def test_without_syncs_of_the_wal_it_would_be(self):
        recording, clients, begin = self.record(unsynced="-wal")
        lost = []

        def act(daemon, sure, unsure, where):
            if not daemon:
                lost.append(where)
                return
            reply = daemon.post("/v1/models/m/events", [item for path, item in sure if path == "events"])
            if reply.status != 200 or reply.json["duplicates"] != reply.json["accepted"]:
                lost.append(where)

        self.each_point(recording, clients, begin, 3, act)
        self.assertGreaterEqual(len(lost), 3, "the shim does not lose what was not synced")
