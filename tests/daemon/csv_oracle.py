"""Writes random rows to the CSV file of argv[1] with Python's csv module, then prints them as JSON."""
import csv
import json
import random
import sys

random.seed(7)
PIECES = ["a", "1.5", " ", ",", '"', "\n", "ü", "\t", "|", "''", "-", "\\"]


def field():
    return "".join(random.choice(PIECES) for _ in range(random.randrange(8)))


# A row of one empty field would be an empty line.
rows = [["x"] + [field() for _ in range(random.randrange(6))] for _ in range(2000)]
with open(sys.argv[1], "w", encoding="utf-8", newline="") as file:
    csv.writer(file).writerows(rows)
for row in rows:
    print(json.dumps(row, ensure_ascii=False, separators=(",", ":")))
