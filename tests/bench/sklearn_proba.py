#!/usr/bin/python3
"""The median time of scikit-learn's predict_proba on the first COUNT rows, in ms: LEARNER SETTINGS FILE COUNT."""
import json
import statistics
import sys
import time
import warnings

from sklearn_fit import LEARNERS, read_rows


def main():
    learner, settings, path, count = sys.argv[1:]
    x, y, _ = read_rows(path)
    warnings.simplefilter("ignore") # of mlp, that it might go on after the last epoch
    model = LEARNERS[learner](json.loads(settings), 1).fit(x, y)
    asked, took = x[:int(count)], []
    for _ in range(300):
        begun = time.perf_counter()
        model.predict_proba(asked)
        took.append(time.perf_counter() - begun)
    print(json.dumps({"p50": statistics.median(took) * 1e3}))


if __name__ == "__main__":
    main()
