"""Figures of the file at argv[1] (window and step, then a line "actual predicted" a row)."""
import sys

import numpy as np
from sklearn.metrics import accuracy_score, f1_score

with open(sys.argv[1]) as file:
    size, step = map(int, file.readline().split())
    actual, predicted = np.loadtxt(file, dtype=int).T


def macro(rows):
    return f1_score(actual[rows], predicted[rows], average="macro")


size = min(size, len(actual))
windows = [macro(slice(end - size, end)) for end in range(size, len(actual) + 1, step)]
print("accuracy", repr(float(accuracy_score(actual, predicted))))
print("macro_f1", repr(float(macro(slice(None)))))
print("rolling_f1", repr(float(np.mean(windows))))
