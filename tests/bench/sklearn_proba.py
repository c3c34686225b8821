#!/usr/bin/python3
"""scikit-learn's predict_proba on the first COUNT rows, time after time: LEARNER SETTINGS FILE COUNT.

Says when the model is fitted, begins when a line comes in, and prints how many calls there were in a second or more, from
when to when on the monotonic clock, the seconds of processor time, and the median in ms."""
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
    for _ in range(10):
        model.predict_proba(asked)
    print("fitted", flush=True)
    sys.stdin.readline()
    processor, begun = time.process_time(), time.monotonic()
    ended = begun
    while len(took) < 300 or ended - begun < 1:
        model.predict_proba(asked)
        before, ended = ended, time.monotonic()
        took.append(ended - before)
    processor = time.process_time() - processor
    print(json.dumps({"calls": len(took), "begun": begun, "ended": ended, "processor": processor, "p50": statistics.median(took) * 1e3}))


if __name__ == "__main__":
    main()
