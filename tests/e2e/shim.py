"""Shims of tests/faults, which are loaded before the C library of the daemon: but for Starving, of one without sanitizers."""
import atexit
import mmap
import os
import random
import shutil
import struct
import subprocess
import tempfile

from harness import RELEASE, ROOT, Daemon

_built = {}


def build(name):
    """The shim's shared object, built once a process."""
    if name not in _built:
        folder = tempfile.mkdtemp(prefix="upkeepd-shim-")
        atexit.register(shutil.rmtree, folder, True)
        target = os.path.join(folder, name + ".so")
        subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC",
                        "-o", target, os.path.join(ROOT, "tests/faults", name + ".c"), "-ldl", "-lpthread"], check=True)
        _built[name] = target
    return _built[name]


class ShimmedDaemon(Daemon):
    """A daemon whose environment loads a shim."""

    def __init__(self, shim, binary=RELEASE, **more):
        super().__init__(binary=binary, **more)
        self.environment = {"LD_PRELOAD": build(shim)}


class Failing(ShimmedDaemon):
    """Writes and syncs of its data folder fail, and its clock moves, when the test says so."""

    def __init__(self, **more):
        super().__init__("failing", **more)
        path = os.path.join(self.top, "control")
        with open(path, "wb") as file:
            file.write(bytes(16))
        with open(path, "r+b") as file:
            self.control = mmap.mmap(file.fileno(), 16)
        self.environment.update(FAILING_CONTROL=path, FAILING_FOLDER=self.folder)

    def fail(self, what):
        """"sync", "write", "full" or ""."""
        self.control[0] = ord(what[0]) if what else 0

    def clock(self, ahead):
        """Seconds that the daemon's clock is ahead of ours."""
        self.control[8:16] = struct.pack("<q", ahead * 1000)


class Starving(ShimmedDaemon):
    """Its allocations fail when the test says so, and those of what it starts with its environment."""

    HEAD = struct.Struct("<c3xiiiqq")
    TABLE = 8 << 16

    def __init__(self, **more):
        super().__init__("starving", **more)
        path = os.path.join(self.top, "control")
        with open(path, "wb") as file:
            file.truncate(self.HEAD.size + self.TABLE)
        with open(path, "r+b") as file:
            self.control = mmap.mmap(file.fileno(), 0)
        options = os.environ.get("ASAN_OPTIONS", "")
        self.environment.update(STARVING_CONTROL=path, ASAN_OPTIONS=f"{options}:verify_asan_link_order=0")
        self.armed, self.past = "no allocation", 0

    def command(self, *listen):
        return ["setarch", "-R"] + super().command(*listen)

    def arm(self, what, left, row):
        self.control[0] = 0
        self.past = self.struck()
        counted, paths = self.HEAD.unpack_from(self.control)[4:]
        self.HEAD.pack_into(self.control, 0, b"\0", left, row, 0, counted, paths)
        self.control[0] = ord(what)

    def fail_nth(self, nth, row=1):
        """`row` allocations from the nth on, counted from 0 and from main on."""
        self.armed = f"{row} from allocation {nth} on"
        self.arm("n", nth, row)

    def fail_path(self):
        """The next allocation whose chain of calls is not in the table."""
        self.armed = "an allocation on a new path"
        self.arm("p", 0, 1)

    def stop_failing(self):
        self.past = self.struck()
        self.control[0] = 0
        struct.pack_into("<i", self.control, 12, 0)

    def struck(self):
        """How many have failed."""
        return self.past + self.HEAD.unpack_from(self.control)[3]

    def counted(self):
        return self.HEAD.unpack_from(self.control)[4]

    def table(self):
        """Chains of calls that have failed, for another daemon of the same binary."""
        return bytes(self.control[24:])

    def take_table(self, table):
        if table:
            self.control[24:] = table


# ---- power loss ----

OPEN, WRITE, TRUNCATE, SYNC, UNLINK, RENAME = range(1, 7)
RECORD = struct.Struct("<IIQQ")
SECTOR = 512


class Recording(ShimmedDaemon):
    """Logs what it writes and syncs. `unsynced`: syncs of files that end so are left out."""

    def __init__(self, unsynced=None, **more):
        super().__init__("powerloss", **more)
        self.log_path = os.path.join(self.top, "log")
        open(self.log_path, "wb").close()
        self.environment.update(POWERLOSS_FOLDER=self.folder, POWERLOSS_LOG=self.log_path)
        if unsynced:
            self.environment["POWERLOSS_UNSYNCED"] = unsynced

    def logged(self):
        """Bytes of log so far: what was acknowledged by now has its syncs in them."""
        return os.path.getsize(self.log_path)


class File:
    def __init__(self):
        self.synced = bytearray()
        self.pending = []  # writes and truncations since the last sync

    @staticmethod
    def apply(content, op, at, data):
        if op == TRUNCATE:
            del content[at:]
            content.extend(bytes(at - len(content)))
        else:
            content.extend(bytes(max(0, at - len(content))))
            content[at:at + len(data)] = data

    def sync(self):
        for op, at, data in self.pending:
            self.apply(self.synced, op, at, data)
        self.pending = []

    def after_loss(self, keep):
        """What the disk may hold; keep(): whether a sector (or a change of size) that was not synced got there."""
        content = bytearray(self.synced)
        for op, at, data in self.pending:
            if op == TRUNCATE:
                if keep():
                    self.apply(content, op, at, data)
                continue
            start = 0
            while start < len(data):
                end = min(len(data), start + SECTOR - (at + start) % SECTOR)
                if keep():
                    self.apply(content, WRITE, at + start, data[start:end])
                start = end
        return content


class Disk:
    """Replays a log up to ever later points."""

    def __init__(self, path):
        self.log = open(path, "rb")
        self.size = os.path.getsize(path)
        self.files, self.names = {}, {}

    def advance(self, to):
        """Takes the records that end at or before this byte of the log."""
        while self.log.tell() + RECORD.size <= to:
            at = self.log.tell()
            op, size, file, offset = RECORD.unpack(self.log.read(RECORD.size))
            if at + RECORD.size + size > to:
                self.log.seek(at)
                return
            data = self.log.read(size)
            if op == OPEN:
                self.names[file] = data.decode()
                self.files.setdefault(file, File())
            elif op == SYNC:
                self.files[file].sync()
            elif op == UNLINK:
                self.files.pop(file, None)
            elif op == RENAME:
                self.files[offset] = self.files.pop(file)
            else:
                self.files[file].pending.append((op, offset, data))

    def write(self, folder, random_sectors=None):
        """The folder after a loss now: all that was not synced is gone, or random sectors of it are there."""
        chance = random_sectors or random.Random(0)
        keep = (lambda: chance.random() < 0.5) if random_sectors else (lambda: False)
        os.makedirs(folder, mode=0o700)
        for key, file in self.files.items():
            with open(os.path.join(folder, self.names[key]), "wb") as out:
                out.write(file.after_loss(keep))
