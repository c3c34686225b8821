#!/usr/bin/python3
"""One fit by scikit-learn, on the files and with the output of fit.c: LEARNER SETTINGS SEED TRAIN TEST."""
import json
import sys
import time
import warnings

import numpy
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier


def read_rows(path):
    with open(path, "rb") as file:
        rows, features, classes = numpy.fromfile(file, numpy.uint64, 3).astype(int)
        x = numpy.fromfile(file, numpy.float64, rows * features).reshape(rows, features)
        return x, numpy.fromfile(file, numpy.uint16, rows), classes


LEARNERS = {
    "logistic": lambda s, seed: LogisticRegression(max_iter=1000, **s),
    "mlp": lambda s, seed: MLPClassifier(random_state=seed, **s),
    "trees": lambda s, seed: HistGradientBoostingClassifier(random_state=seed, **s),
}


def main():
    learner, settings, seed, train, test = sys.argv[1:]
    x, y, classes = read_rows(train)
    test_x, test_y, _ = read_rows(test)
    model = LEARNERS[learner](json.loads(settings), int(seed))
    warnings.simplefilter("ignore") # of mlp, that it might go on after the last epoch
    wall, processor = time.perf_counter(), time.process_time()
    model.fit(x, y)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    loss = log_loss(test_y, model.predict_proba(test_x), labels=range(classes))
    print(json.dumps({"wall": wall, "processor": processor, "log_loss": loss}))


if __name__ == "__main__":
    main()
