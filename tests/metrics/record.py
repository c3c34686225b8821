"""Prints what the rule `change` says of a record, by brute force over all its pairs.

Input: "rarer R", then "holdout ACTUAL PREDICTED" and "pair PLACE ACTUAL PREDICTED" lines in order.
Written from docs/policy.md section 1, not from the C.
"""
import sys

import numpy as np

holdout, pairs, rarer = [], [], -1
for line in open(sys.argv[1]):
    kind, *numbers = line.split()
    numbers = [int(x) for x in numbers]
    if kind == "rarer":
        rarer = numbers[0]
    elif kind == "holdout":
        holdout.append(numbers)
    else:
        pairs.append(numbers)
places = [p[0] for p in pairs]
pairs = [p[1:] for p in pairs]
LENGTHS = [40, 70, 120, 200, 320, 500, 800, 1300, 2000]
OFFSETS = list(range(20, 191, 10)) + [int(x) for x in np.geomspace(200, 4000, 40)]


def trials(stream, part):
    if stream == 0:
        return sum(a == p for a, p in part), len(part)
    return sum(a == p == rarer for a, p in part), sum(rarer in (a, p) for a, p in part)


def kl(a, b):
    with np.errstate(divide="ignore", invalid="ignore"):
        return sum(x * np.log(x / y) for x, y in ((a, b), (1 - a, 1 - b)) if x > 0)


def reference_before(stream, end):
    wanted = 2000
    if stream == 1:
        seen = np.cumsum([rarer in pair for pair in holdout + pairs[:20000]])
        wanted = max(wanted, min(20000, int(np.searchsorted(seen, 60)) + 1 - len(holdout)))
    return holdout + pairs[:min(end, wanted)]


def split(stream, d):
    if d > len(pairs):
        return None
    suffix, reference = pairs[-d:], reference_before(stream, len(pairs) - d)
    (k, n), (kr, nr) = trials(stream, suffix), trials(stream, reference)
    if nr < 60 or n < 15 or not k * nr < kr * n:
        return None
    p = (k + kr) / (n + nr)
    l = n * kl(k / n, p) + nr * kl(kr / nr, p)
    limit = 9 if stream == 0 else max(3.5, 9 + 1.9 * np.log(nr / len(reference)))
    return dict(l=l, limit=limit, k=k, n=n, k_r=kr, n_r=nr, suffix=d, place=places[-d])


def strongest(stream, candidates):
    found = [x for x in (split(stream, d) for d in candidates) if x]
    return max(found, key=lambda x: x["l"]) if found else None


best = None
for stream in (0, 1) if rarer >= 0 else (0,):
    one = strongest(stream, LENGTHS)
    print(f"found.{stream}", int(one is not None))
    for name, value in (one or {}).items():
        print(f"{name}.{stream}", repr(float(value)))
    if one and one["l"] > one["limit"]:
        if best is None or one["l"] - one["limit"] > best[1]["l"] - best[1]["limit"]:
            best = stream, one
print("change", int(best is not None))
if best:
    fine = strongest(best[0], OFFSETS)
    print("change.stream", best[0])
    print("change.place", (fine or best[1])["place"])
