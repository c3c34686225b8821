#!/usr/bin/python3
"""Holds the tree to its plan: who may include whom, and how long a file may be. Prints TAP."""
import os
import re
import subprocess
import sys

ROOT = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "../..")
ONLY_IN = {"sqlite3.h": "lib/store/", "microhttpd.h": "daemon/http/"}


def project_files(*patterns):
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "--", *patterns],
        check=True, capture_output=True, text=True).stdout.split("\n")
    return [name for name in listed if name and os.path.isfile(os.path.join(ROOT, name))]


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8", errors="replace") as file:
        return file.read()


def includes(name):
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', read(name), re.M)


def sources():
    return project_files("lib/*.c", "lib/*.h", "daemon/*.c", "daemon/*.h")


def rooms():
    """Folders of development.md's map, each with what its last column names."""
    rows = re.findall(r"^\| `((?:lib|daemon)[^`]*)` \|.*\|([^|]*)\|$", read("docs/development.md"), re.M)
    return {folder: set(re.findall(r"`([^`]+)`", cell)) | {cell.strip()} for folder, cell in rows}


def includes_are_those_of_the_map():
    allowed = rooms()
    for name in sources():
        room = os.path.dirname(name)
        if room not in allowed:
            yield f"{name} stands in no folder of docs/development.md"
            continue
        for header in re.findall(r'^\s*#\s*include\s*"([^"]+)"', read(name), re.M):
            folder = os.path.dirname(header) or ("onnx" if header.endswith(".pb-c.h") else "")
            top = "lib" if f"lib/{folder}" in allowed else "daemon"
            own = os.path.join(top, folder).rstrip("/")
            if own not in allowed:
                yield f"{name} includes {header}, which stands in no folder of docs/development.md"
            elif own != room and not allowed[room] & ({"all", folder, header, top} - {"", "daemon"}):
                yield f"{name} includes {header}"


def library_does_not_know_the_daemon():
    daemon = {name[len("daemon/"):] for name in project_files("daemon/*.h")}
    for name in project_files("lib/*.c", "lib/*.h"):
        for header in includes(name):
            if header in daemon or header.startswith(("daemon/", "http/", "cmd/")):
                yield f"{name} includes {header}"


def foreign_headers_stay_in_their_room():
    for name in sources():
        for header in includes(name):
            home = ONLY_IN.get(header)
            if home and not name.startswith(home):
                yield f"{name} includes {header}, which belongs to {home}"


def a_tag_stands_for_one_type():
    places = {}
    for name in sources():
        for tag in re.findall(r"^(?:struct|enum|union) (upk_\w+) \{", read(name), re.M):
            places.setdefault(tag, []).append(name)
    for tag, names in places.items():
        if len(names) > 1:
            yield f"{tag} stands in {', '.join(names)}"


def files_stay_under_700_lines():
    for name in sources():
        lines = read(name).count("\n")
        if lines > 700:
            yield f"{name} has {lines} lines"


def nothing_depends_on_files_outside():
    outside = re.compile(r"(\.\./|/work/|\bin )" + "sha" + r"red/")
    for name in project_files():
        if name.endswith((".png", ".gz")):
            continue
        for number, line in enumerate(read(name).split("\n"), 1):
            if outside.search(line):
                yield f"{name}:{number}: {line.strip()}"


def sources_listed():
    for name in project_files("lib/*meson.build", "daemon/*meson.build"):
        for source in re.findall(r"'([^']+\.c)'", read(name)):
            yield os.path.normpath(os.path.join(os.path.dirname(name), source))


def every_source_is_built():
    built = set(sources_listed())
    for name in project_files("lib/*.c", "daemon/*.c"):
        if name not in built:
            yield f"{name} is in no meson.build"


CASES = [includes_are_those_of_the_map, library_does_not_know_the_daemon,
         foreign_headers_stay_in_their_room, a_tag_stands_for_one_type,
         files_stay_under_700_lines, nothing_depends_on_files_outside,
         every_source_is_built]

print(f"1..{len(CASES)}")
bad = 0
for number, case in enumerate(CASES, 1):
    faults = list(case())
    bad += bool(faults)
    print(f"{'not ok' if faults else 'ok'} {number} - {case.__name__}")
    for fault in faults:
        print(f"# {fault}")
sys.exit(1 if bad else 0)
