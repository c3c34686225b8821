"""Connections that are not as they should be: coded, slow, idle, greedy, too many."""
import contextlib
import gzip
import http.client
import itertools
import json
import os
import resource
import socket
import threading
import time

import harness


def memory(daemon, what="VmHWM"):
    """Bytes of the daemon's resident memory, by default the most there ever were."""
    with open(f"/proc/{daemon.process.pid}/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(what + ":"))


def sanitized(daemon):
    """Whether its memory is a sanitizer's."""
    with open(f"/proc/{daemon.process.pid}/maps") as maps:
        return "san.so" in maps.read()


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
        self.problem(self.post(whole + b"\n"), 400, "a byte follows its end")
        self.assertEqual(self.daemon.get("/v1/models/m/events/r-0").status, 404)

    def test_a_bomb_is_413_and_takes_no_memory(self):
        bomb = 16 * gzip.compress(b" " * (64 << 20))  # 1 GiB
        self.assertLess(len(bomb), 2 << 20)
        self.put_model("m")
        before = memory(self.daemon)
        for _ in range(3):
            self.problem(self.post(bomb), 413, "32 MiB")
        if not sanitized(self.daemon):
            self.assertLess(memory(self.daemon) - before, (32 + 16) << 20)


HEAD = b"POST /v1/models/m/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


class Long(harness.Case):
    """NDJSON that is decoded while it comes in is answered as if it had come at once."""

    def setUp(self):
        super().setUp()
        self.put_model("m")

    def both(self, body, path="/v1/models/m/events"):
        head = {"Content-Type": "application/x-ndjson"}
        yield self.daemon.post(path, body, headers=head)
        yield self.daemon.post(path, gzip.compress(body), headers={**head, "Content-Encoding": "gzip"})

    def test_a_broken_line_is_named_by_its_index_and_byte(self):
        lines = [json.dumps({"id": f"l-{i}", "predicted": "a"}).encode() + b"\n" for i in range(20_000)]
        lines[15_000] = b'{"id": ?}\n'
        at = sum(map(len, lines[:15_000])) + lines[15_000].index(b"?")
        for reply in self.both(b"".join(lines)):
            answer = self.ok(reply)
            self.assertEqual((answer["accepted"], answer["rejected_total"], answer["rejected"][0]["index"]), (19_999, 1, 15_000))
            self.assertIn(f"byte {at}:", answer["rejected"][0]["error"])
        for reply in self.both(b"".join(lines).replace(b"l-", b"k-"), "/v1/models/m/events?atomic=true"):
            self.problem(reply, 422)
        self.assertEqual(self.daemon.get("/v1/models/m/events/k-0").status, 404)

    def test_what_is_wrong_with_it_as_a_whole_is_said(self):
        line = b'{"id": "x", "predicted": "a"}\n'
        for reply in self.both(line * 100_001):
            self.problem(reply, 413, "100000")
        for reply in self.both(line * ((32 << 20) // len(line) + 1)):
            self.problem(reply, 413)
        for reply in self.both(line * 5000, "/v1/models/m/events?atomic=perhaps"):
            self.problem(reply, 400, "atomic")
        for reply in self.both(line * 5000, "/v1/models/none/predict?store=false"):
            self.problem(reply, 404, "none")

    def test_one_that_is_given_up_stores_nothing(self):
        line = b'{"id": "given-up", "predicted": "a"}\n'
        raw = socket.create_connection(("127.0.0.1", self.daemon.port))
        raw.sendall(HEAD.replace(b"json", b"x-ndjson") + b"Content-Length: 1000000\r\n\r\n" + line * 10_000)
        raw.close()
        time.sleep(0.2)
        self.assertEqual(self.daemon.get("/v1/models/m/events/given-up").status, 404)
        self.assertEqual(self.ok(self.daemon.ndjson("/v1/models/m/events", [{"id": "next", "predicted": "a"}]))["accepted"], 1)


class Large(harness.Case):
    """A loop has a set of connections with more memory for large bodies, which it begins when one comes."""

    SETS = "anon_inode:[eventpoll]"

    def files(self, kind):
        """The numbers of the daemon's open files of a kind."""
        folder, found = f"/proc/{self.daemon.process.pid}/fd", set()
        for number in os.listdir(folder):
            with contextlib.suppress(FileNotFoundError):
                if os.readlink(os.path.join(folder, number)).startswith(kind):
                    found.add(int(number))
        return found

    def limit_files(self, soft):
        _, hard = resource.prlimit(self.daemon.process.pid, resource.RLIMIT_NOFILE)
        return resource.prlimit(self.daemon.process.pid, resource.RLIMIT_NOFILE, (soft, hard))[0]

    def send_large(self, id, no_more_files=False):
        """The answer to a large post on a new connection; no_more_files: the daemon may open none until it has read the head."""
        body = b" " * 100_000 + json.dumps({"id": id, "predicted": "a"}).encode()
        sockets = self.files("socket:")
        with socket.create_connection(("127.0.0.1", self.daemon.port), 20) as raw:
            harness.wait_until(lambda: len(self.files("socket:")) > len(sockets), what="the connection")
            before = self.limit_files(next(n for n in itertools.count() if n not in self.files(""))) if no_more_files else None
            raw.sendall(HEAD + b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body))
            self.assertEqual(raw.recv(1000), b"HTTP/1.1 100 Continue\r\n\r\n")
            if no_more_files:
                self.limit_files(before)
            raw.sendall(body)
            return b"".join(iter(lambda: raw.recv(65536), b""))

    def test_it_is_read_in_small_pieces_where_that_set_cannot_be_begun(self):
        self.put_model("m")
        sets = len(self.files(self.SETS))
        self.assertRegex(self.send_large("small", no_more_files=True), b'(?s)^HTTP/1.1 200.*"accepted":1,')
        self.assertEqual(len(self.files(self.SETS)), sets)
        self.assertRegex(self.send_large("large"), b'(?s)^HTTP/1.1 200.*"accepted":1,')
        self.assertEqual(len(self.files(self.SETS)), sets + 1)


def files_allowed(wanted):
    """Raises this process's limit of open files as far as it may be, and says how many are for sockets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard > wanted:
        hard = max(wanted, soft)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return hard - 100


class Crowd(threading.Thread):
    """Connections that keep the daemon busy with nothing: idle ones, and ones that drip a head, drip a
    body, or read an answer slowly. Each drips a byte a second, so that no timeout of idleness ends it."""

    def __init__(self, port, count):
        super().__init__(daemon=True)
        self.enough = threading.Event()
        self.members = []
        for i in range(count):
            kind = ("idle", "head", "body", "reader")[i % 4]
            one = socket.socket()
            if kind == "reader":
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.connect(("127.0.0.1", port))
            one.setblocking(False)
            one.send({"idle": b"", "head": b"GET /livez HTTP/1.1\r\nX-Long: ", "body": HEAD + b"Content-Length: 1000\r\n\r\n",
                      "reader": 400 * b"GET /openapi.yaml HTTP/1.1\r\nHost: localhost\r\n\r\n"}[kind])
            self.members.append((kind, one))
        self.begin = time.monotonic()
        self.ended = {}

    def drip(self, kind, one):
        try:
            if kind == "reader":
                return one.recv(100) != b""
            if kind != "idle":
                one.send(b"a")
            return one.recv(1) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def run(self):
        while not self.enough.is_set() and self.members:
            left = []
            for kind, one in self.members:
                if self.drip(kind, one):
                    left.append((kind, one))
                else:
                    self.ended.setdefault(kind, []).append(time.monotonic() - self.begin)
                    one.close()
            self.members = left
            time.sleep(1)

    def finish(self):
        self.enough.set()
        self.join()
        for _, one in self.members:
            one.close()


class Slow(harness.Case):
    def test_a_crowd_of_slow_connections_stops_no_client(self):
        self.put_model("m")
        count = min(1000, files_allowed(2000)) // 4 * 4
        alone = self.serve_for(1.5)
        crowd = Crowd(self.daemon.port, count)
        self.addCleanup(crowd.finish)
        crowd.start()
        beside = self.serve_for(12.5)
        self.assertGreater(len(beside), len(alone))
        self.assertLess(beside[len(beside) // 2], 10 * alone[len(alone) // 2] + 0.05)
        harness.wait_until(lambda: len(crowd.ended.get("head", [])) == count // 4 == len(crowd.ended.get("body", [])),
                           what="the end of the connections that drip")
        crowd.finish()
        for kind in ("head", "body"):
            self.assertGreater(min(crowd.ended[kind]), 8, kind)
            self.assertLess(max(crowd.ended[kind]), 14, kind)

    def serve_for(self, seconds):
        """A client with a new connection for each post: each is answered with 200; their times, sorted."""
        took, until = [], time.monotonic() + seconds
        while time.monotonic() < until:
            begin = time.monotonic()
            connection = self.daemon.connection(10)
            body = json.dumps({"id": str(self.random.getrandbits(64)), "predicted": "a"})
            connection.request("POST", "/v1/models/m/events", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            self.assertEqual(answer.status, 200, answer.read())
            connection.close()
            took.append(time.monotonic() - begin)
            time.sleep(0.005)
        return sorted(took)


class Begun(harness.Case):
    """Connections by how they begin, which decides how much of a body is read at a time."""

    def request(self, ids, blank=0):
        body = "".join(json.dumps({"id": id, "predicted": "a"}) + "\n" for id in ids).encode() + b"\n" * blank
        return HEAD.replace(b"json", b"x-ndjson") + f"Content-Length: {len(body)}\r\n\r\n".encode() + body

    def answer(self, one):
        reply = http.client.HTTPResponse(one)
        reply.begin()
        self.assertEqual(reply.status, 200)
        return json.loads(reply.read())["accepted"]

    def test_small_and_large_bodies_follow_each_other_whichever_begins(self):
        for name, sizes in [("large", (9000, 1, 9000, 3)), ("small", (1, 9000, 1))]:
            for pause in (0, 0.3):
                one = socket.create_connection(("127.0.0.1", self.daemon.port), timeout=30)
                time.sleep(pause)
                for i, size in enumerate(sizes):
                    one.sendall(self.request([f"{name}-{pause}-{i}-{n}" for n in range(size)]))
                    self.assertEqual(self.answer(one), size)
                one.close()

    def test_a_large_body_may_come_in_pieces_from_its_first_byte_on(self):
        one = socket.create_connection(("127.0.0.1", self.daemon.port), timeout=30)
        request = self.request([f"piece-{n}" for n in range(5000)])
        for begin, end in [(0, 1), (1, 90), (90, 70_000), (70_000, len(request))]:
            time.sleep(0.1)
            one.sendall(request[begin:end])
        self.assertEqual(self.answer(one), 5000)
        one.close()

    def test_however_many_begin_with_a_large_body_few_get_much_memory(self):
        count = min(1500, files_allowed(4096))
        before, many = memory(self.daemon, "VmRSS"), []
        for i in range(count):
            many.append(socket.create_connection(("127.0.0.1", self.daemon.port), timeout=30))
            many[i].sendall(self.request([f"many-{i}"], 70_000))
            self.assertEqual(self.answer(many[i]), 1)
        if not sanitized(self.daemon):
            self.assertLess(memory(self.daemon, "VmRSS") - before, (64 << 20) + count * (32 << 10))
        for one in many:
            one.close()

    def test_who_is_silent_is_cut_and_stops_no_exit(self):
        silent = [socket.create_connection(("127.0.0.1", self.daemon.port), timeout=30) for _ in range(5)]
        silent.pop().close()
        begin = time.monotonic()
        self.assertEqual(silent.pop().recv(1), b"")
        self.assertTrue(8 < time.monotonic() - begin < 14)
        silent.append(socket.create_connection(("127.0.0.1", self.daemon.port), timeout=30))
        time.sleep(0.2)
        self.assertEqual(self.daemon.stop(10), 0)
        self.assertEqual(silent.pop().recv(1), b"")


class FewFiles(harness.Case):
    """A daemon that may open few files, so that its limit of connections is below what comes."""

    FILES, COMING = 160, 400

    def setUp(self):
        class Poor(harness.Daemon):
            def command(daemon):
                return ["/bin/sh", "-c", f'ulimit -n {self.FILES}; exec "$@"', "sh", *super().command()]

        plain, harness.Daemon = harness.Daemon, Poor
        try:
            super().setUp()
        finally:
            harness.Daemon = plain

    def cpu(self):
        with open(f"/proc/{self.daemon.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def test_idle_connections_make_room_and_cost_nothing(self):
        if files_allowed(1000) < self.COMING:
            self.skipTest("this process may not open enough sockets")
        self.daemon.local = threading.local()
        idle = [socket.create_connection(("127.0.0.1", self.daemon.port)) for _ in range(self.COMING)]
        lines = len(self.daemon.said)
        for _ in range(50):
            connection = self.daemon.connection(10)
            connection.request("GET", "/v1/models")
            self.assertEqual(connection.getresponse().status, 200)
            connection.close()
        begin = self.cpu()
        time.sleep(2)
        self.assertLess(self.cpu() - begin, 0.2)
        self.assertLess(len(self.daemon.said) - lines, 5)
        self.assertIn("connections are open", self.daemon.log())
        for one in idle:
            one.close()
        self.events("m", [{"predicted": "a", "label": "a"}])


class Greedy(harness.Case):
    def test_a_greedy_client_does_not_starve_a_small_one(self):
        self.put_model("m", {"classes": ["a", "b"], "rules": []})
        enough, times, strange = threading.Event(), {"large": [], "small": []}, []

        def post(kind, name, body):
            connection, number = self.daemon.connection(60), 0
            while not enough.is_set():
                number += 1
                begin = time.monotonic()
                connection.request("POST", "/v1/models/m/events", body(f"{name}-{number}"), {"Content-Type": "application/x-ndjson"})
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    strange.append((kind, answer.status))
                times[kind].append(time.monotonic() - begin)

        def large(id):
            return "".join(f'{{"id":"{id}-{i}","predicted":"a","features":[1,2,3]}}\n' for i in range(5000))

        def small(id):
            return f'{{"id":"{id}","predicted":"a","features":[1,2,3]}}'

        threads = [threading.Thread(target=post, args=("large", f"l{i}", large)) for i in range(24)]
        threads += [threading.Thread(target=post, args=("small", f"s{i}", small)) for i in range(2)]
        for thread in threads:
            thread.start()
        time.sleep(4)
        enough.set()
        for thread in threads:
            thread.join()
        self.assertEqual(strange, [])
        middle = {kind: sorted(took)[len(took) // 2] for kind, took in times.items()}
        self.assertLess(middle["small"], middle["large"] / 2, middle)
        self.assertGreater(len(times["large"]), 24)


class Full(harness.Case):
    def large(self, name, count=4000):
        return self.daemon.post("/v1/models/m/events", json.dumps([{"id": f"{name}-{i}", "predicted": "a"} for i in range(count)]))

    def hold(self):
        """Connections that take all the bytes there are for large bodies. A post that comes before their
        last bytes may get one of them refused: then once more, more patiently."""
        self.put_model("m")
        for pause in (1, 2, 4, 8):
            holders = []
            for _ in range(8):
                one = socket.create_connection(("127.0.0.1", self.daemon.port), timeout=20)
                self.addCleanup(one.close)
                one.sendall(HEAD + f"Content-Length: {32 << 20}\r\n\r\n".encode() + b" " * (28 << 20))
                holders.append(one)
            time.sleep(pause)
            if self.large("probe").status == 503:
                return holders
            for one in holders:
                one.close()
        self.fail("large bodies are not refused")

    def test_bodies_in_flight_are_bounded_and_small_posts_go_on(self):
        holders = self.hold()
        for i in range(20):
            self.events("m", {"id": f"small-{i}", "predicted": "a"})
        reply = self.large("large", 60_000)
        self.problem(reply, 503, "in flight")
        self.assertEqual(reply.headers["Retry-After"], "1")
        self.assertEqual(self.daemon.get("/v1/models/m/events/large-0").status, 404)
        for one in holders:
            one.close()
        harness.wait_until(lambda: self.large("large", 60_000).status == 200, what="room")

    def test_large_bodies_that_came_fast_and_stop_make_room_for_others(self):
        self.hold()
        begin = time.monotonic()
        harness.wait_until(lambda: self.large("large").status == 200, 20, what="room")
        self.assertGreater(time.monotonic() - begin, 5)

    def test_large_bodies_that_go_on_where_no_room_is_left_give_theirs_back(self):
        for one in self.hold():
            one.sendall(b" " * 4096)
        harness.wait_until(lambda: self.large("large").status == 200, 5, what="room")

    def test_a_refused_body_holds_nothing_while_the_rest_of_it_comes(self):
        self.put_model("m")
        for _ in range(8):
            one = socket.create_connection(("127.0.0.1", self.daemon.port), timeout=20)
            self.addCleanup(one.close)
            one.sendall(HEAD.replace(b"json", b"x-ndjson") + f"Content-Length: {32 << 20}\r\n\r\n".encode())
            one.sendall(b"\n" * (26 << 20) + b'{"id": "x", "predicted": "a"}\n' * 100_001)  # refused: too many
        time.sleep(1)
        self.assertEqual(self.large("large").status, 200)
