#!/usr/bin/python3
"""Rolling F1 of schedules of scikit-learn's on the made streams, as `upkeepd replay` measures it: a fit on the last
1,000, 2,000, 5,000 or all rows, anew every 500 rows, the best of these windows in hindsight.

    nice tests/bench/yardstick.py [--jobs N] [--seeds N,...] [NAME,...] >tests/bench/yardstick.json
"""
import argparse
import concurrent.futures
import json
import os
import sys

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
import numpy # noqa: E402
from sklearn.compose import make_column_transformer # noqa: E402
from sklearn.ensemble import HistGradientBoostingClassifier # noqa: E402
from sklearn.linear_model import LogisticRegression # noqa: E402
from sklearn.metrics import f1_score # noqa: E402
from sklearn.pipeline import make_pipeline # noqa: E402
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler # noqa: E402

import drifts # noqa: E402

WINDOWS = (1000, 2000, 5000, None)
EVERY = 500


def table(name, seed):
    """Inputs, which of them are words, and labels; words as numbers."""
    rows = list(drifts.rows_of(name, seed))
    y = numpy.array([row[-1] for row in rows])
    words = [j for j in range(len(rows[0]) - 1) if not rows[0][j].lstrip("-").replace(".", "").replace("e-", "").isdigit()]
    x = numpy.array([row[:-1] for row in rows], dtype=object)
    if words:
        x[:, words] = OrdinalEncoder().fit_transform(x[:, words])
    return x.astype(float), words, y


def logistic(words, width):
    numbers = [j for j in range(width) if j not in words]
    inputs = make_column_transformer((StandardScaler(), numbers), (OneHotEncoder(handle_unknown="ignore"), words))
    return make_pipeline(inputs, LogisticRegression(max_iter=300))


def trees(words, _):
    return HistGradientBoostingClassifier(max_iter=60, learning_rate=0.15, max_leaf_nodes=15, early_stopping=False,
                                          categorical_features=words or None, random_state=0)


def answers(made, x, words, y, window):
    """What the schedule says of each row after the first tenth."""
    said = []
    for at in range(len(x) // 10, len(x), EVERY):
        start = max(0, at - window) if window else 0
        ahead = slice(at, at + EVERY)
        if len(set(y[start:at])) == 1:
            said.append(numpy.full(len(y[ahead]), y[at - 1]))
            continue
        said.append(made(words, x.shape[1]).fit(x[start:at], y[start:at]).predict(x[ahead]))
    return numpy.concatenate(said)


def rolling_f1(actual, predicted, window=1000, step=200):
    return float(numpy.mean([f1_score(actual[end - window:end], predicted[end - window:end], average="macro")
                             for end in range(window, len(actual) + 1, step)]))


def measure(job):
    name, seed = job
    x, words, y = table(name, seed)
    actual = y[len(y) // 10:]
    found = {made.__name__: {str(window or "all"): round(rolling_f1(actual, answers(made, x, words, y, window)), 4) for window in WINDOWS}
             for made in (logistic, trees)}
    print(name, seed, found, file=sys.stderr, flush=True)
    return name, seed, found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("names", nargs="?", default=",".join(drifts.MADE))
    args = parser.parse_args()
    jobs = [(name, int(seed)) for seed in args.seeds.split(",") for name in args.names.split(",")]
    known = {}
    with concurrent.futures.ProcessPoolExecutor(args.jobs) as pool:
        for name, seed, found in pool.map(measure, jobs):
            known.setdefault(name, {})[str(seed)] = found
    json.dump(known, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
