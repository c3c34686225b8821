"""The WAL stays bounded under load, grows while a reader stays, and shrinks when that one has gone."""
import os
import re
import sqlite3

from harness import Case, wait_until

MIB = 1 << 20
BOUND = 320 * MIB  # the writer waits for the disk from 256 MiB on; one round of it comes on top
KEPT = 64 * MIB
CONFIG = {"classes": ["a", "b"], "features": [{"name": "body", "type": "text"}], "rules": []}


class Wal(Case):
    count = 0

    def post(self, events=200):
        """Twelve MiB of rows."""
        first, self.count = self.count, self.count + events
        text = f"{first:08d}" * 7_500
        self.events("m", [{"id": str(i), "predicted": "a", "label": "a", "features": [text]} for i in range(first, self.count)])

    def gauge(self):
        return int(re.search(r"^upkeepd_wal_bytes\S* (\d+)$", self.daemon.get("/metrics").text, re.M).group(1))

    def size(self):
        return os.path.getsize(os.path.join(self.daemon.folder, "upkeepd.db-wal"))

    def test_it_is_bounded_under_load(self):
        self.put_model("m", CONFIG)
        most = 0
        for _ in range(50):
            self.post()
            most = max(most, self.size())
        self.assertLess(most, BOUND)
        self.assertLess(self.gauge(), BOUND)

    def test_a_reader_that_stays_stops_nobody_and_leaves_nothing_behind(self):
        self.put_model("m", CONFIG)
        self.post()
        with sqlite3.connect(f"file:{self.daemon.folder}/upkeepd.db?mode=ro", uri=True, isolation_level=None) as reader:
            reader.execute("BEGIN")
            seen = reader.execute("SELECT count(*) FROM event").fetchone()[0]
            while self.size() <= BOUND:
                self.post()
            wait_until(lambda: self.gauge() > 256 * MIB, what="a gauge that follows")
            wait_until(lambda: "upkeepd.db-wal grows" in self.daemon.log(), what="a warning")
            self.assertEqual(reader.execute("SELECT count(*) FROM event").fetchone()[0], seen)
            reader.execute("COMMIT")

        def shrunk():
            self.post(1)
            return self.size() <= KEPT
        wait_until(shrunk, what="a WAL of the size that is kept")
        wait_until(lambda: self.gauge() <= KEPT, what="a gauge that follows")
        with sqlite3.connect(f"file:{self.daemon.folder}/upkeepd.db?mode=ro", uri=True) as file:
            self.assertEqual(file.execute("SELECT count(*) FROM event").fetchone()[0], self.count)
