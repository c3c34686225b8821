"""Connections that are not as they should be: coded, slow, idle, greedy, too many."""
import gzip
import json
import os
import unittest

import harness


def memory(daemon, what="VmHWM"):
    """Bytes of the daemon's resident memory, by default the most there ever were."""
    with open(f"/proc/{daemon.process.pid}/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(what + ":"))


class Gzip(harness.Case):
    def post(self, body, coding="gzip", kind="application/x-ndjson"):
        return self.daemon.post("/v1/models/m/events", body, headers={"Content-Type": kind, "Content-Encoding": coding})

    def lines(self, begin, end):
        return "".join(json.dumps({"id": f"r-{i}", "predicted": "a"}) + "\n" for i in range(begin, end)).encode()

    def test_a_post_may_come_as_gzip(self):
        self.assertEqual(self.ok(self.post(gzip.compress(self.lines(0, 5000))))["accepted"], 5000)
        members = gzip.compress(self.lines(5000, 5010)) + gzip.compress(b"") + gzip.compress(self.lines(5010, 5020))
        self.assertEqual(self.ok(self.post(members, "GZip"))["accepted"], 20)
        one = gzip.compress(b'{"id": "one", "predicted": "b"}')
        self.assertEqual(self.ok(self.post(one, "x-gzip", "application/json"))["accepted"], 1)
        again = self.ok(self.post(self.lines(0, 5020), "identity"))
        self.assertEqual((again["accepted"], again["duplicates"]), (5020, 5020))

    def test_other_codings_are_named_what_is_taken(self):
        for coding in ("br", "deflate", "zstd", "gzip, gzip", ""):
            with self.subTest(coding):
                reply = self.post(b"{}", coding)
                self.problem(reply, 415)
                self.assertEqual(reply.headers["Accept-Encoding"], "gzip, identity")

    def test_a_broken_stream_stores_nothing(self):
        whole = gzip.compress(self.lines(0, 3000))
        for name, body in (("cut", whole[:-1]), ("cut in the middle", whole[:len(whole) // 2]), ("empty", b""),
                           ("no gzip", self.lines(0, 2)), ("checksum", whole[:-8] + bytes([whole[-8] ^ 1]) + whole[-7:]),
                           ("trailing bytes", whole + b"more")):
            with self.subTest(name):
                self.problem(self.post(body), 400, "Content-Encoding")
        self.assertEqual(self.daemon.get("/v1/models/m/events/r-0").status, 404)

    @unittest.skipIf("asan" in os.environ.get("UPKEEPD", ""), "a sanitizer's memory is its own")
    def test_a_bomb_is_413_and_takes_no_memory(self):
        bomb = 16 * gzip.compress(b" " * (64 << 20))  # 1 GiB
        self.assertLess(len(bomb), 2 << 20)
        self.put_model("m")
        before = memory(self.daemon)
        for _ in range(3):
            self.problem(self.post(bomb), 413, "32 MiB")
        self.assertLess(memory(self.daemon) - before, (32 + 16) << 20)
