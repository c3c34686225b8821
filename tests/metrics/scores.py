"""Prints what scikit-learn makes of scores: "POSITIVE COLUMNS", then lines "actual score...".

scikit-learn has neither the multiclass Brier score nor the calibration error: these are written here
from their definitions.
"""
import sys
import warnings

import numpy as np
from sklearn import metrics

warnings.simplefilter("ignore")
lines = open(sys.argv[1]).read().split("\n")
positive, columns = (int(x) for x in lines[0].split())
rows = np.array([[float(x) for x in line.split()] for line in lines[1:] if line])
y, p = rows[:, 0].astype(int), rows[:, 1:]
if columns == 1:
    p = np.hstack([1 - p, p])
classes = range(p.shape[1])
of_interest = [0 if positive == 0 else 1] if len(classes) == 2 and (columns == 1 or positive >= 0) else classes
some = [k for k in of_interest if (y == k).any()]
both = [k for k in some if not (y == k).all()]


def macro(figure, of):
    return np.mean([figure(y == k, p[:, k]) for k in of]) if of else np.nan


def brier():
    if len(classes) == 2:
        k = 0 if positive == 0 else 1
        return metrics.brier_score_loss(y == k, p[:, k], pos_label=True)
    return ((p - (y[:, None] == np.array(classes))) ** 2).sum(1).mean()


def ece():
    confidence, hit = p.max(1), p.argmax(1) == y
    bins = np.digitize(confidence, np.arange(1, 15) / 15, right=True)
    each = [bins == b for b in range(15) if (bins == b).any()]
    return sum(b.mean() * abs(hit[b].mean() - confidence[b].mean()) for b in each)


show = lambda name, value: print(name, repr(float(value)))
show("roc_auc", macro(metrics.roc_auc_score, both))
show("average_precision", macro(metrics.average_precision_score, some))
show("log_loss", metrics.log_loss(y, p, labels=list(classes)))
show("brier", brier())
show("ece", ece())
