"""Prints what scikit-learn makes of the pairs in a file (lines "actual predicted").

Values are scikit-learn's, undefined ones nan. Standard errors (se.*) are the delta method's with
derivatives by the complex step, of formulas written here from their definitions on the matrix.
"""
import sys
import warnings

import numpy as np
from sklearn import metrics

warnings.simplefilter("ignore")
pairs = np.loadtxt(sys.argv[1], dtype=int, ndmin=2)
y, p = pairs[:, 0], pairs[:, 1]
present = np.unique(pairs)


def show(name, value):
    print(name, repr(float(value)))


def one_class(k):
    tp, labelled, predicted = ((y == k) & (p == k)).sum(), (y == k).sum(), (p == k).sum()
    values = metrics.precision_recall_fscore_support(y, p, labels=[k], zero_division=0)
    show(f"precision.{k}", values[0][0] if predicted else np.nan)
    show(f"recall.{k}", values[1][0] if labelled else np.nan)
    show(f"f1.{k}", values[2][0] if labelled + predicted else np.nan)
    show(f"pairs.{k}", labelled + predicted - tp)


show("accuracy", metrics.accuracy_score(y, p))
for k in range(present.max() + 1):
    one_class(k)
for average in "macro", "micro", "weighted":
    values = metrics.precision_recall_fscore_support(y, p, average=average, zero_division=0)
    for name, value in zip(("precision", "recall", "f1"), values):
        show(f"{name}.{average}", value)
show("balanced_accuracy", metrics.balanced_accuracy_score(y, p))
one = len(np.unique(y)) == 1 or len(np.unique(p)) == 1
show("mcc", np.nan if one else metrics.matthews_corrcoef(y, p))
show("kappa", metrics.cohen_kappa_score(y, p))

matrix = metrics.confusion_matrix(y, p, labels=present).astype(complex)
support, named = matrix.real.sum(1) > 0, matrix.real.sum(0) > 0


def parts(m):
    return np.diag(m), m.sum(1), m.sum(0), m.sum()


def per_class(m):
    hit, a, b, _ = parts(m)
    return {
        "precision": np.where(named, hit / np.where(named, b, 1), 0),
        "recall": np.where(support, hit / np.where(support, a, 1), 0),
        "f1": 2 * hit / (a + b),
    }


def mcc(m):
    hit, a, b, n = parts(m)
    return (n * hit.sum() - a @ b) / np.sqrt(n * n - a @ a) / np.sqrt(n * n - b @ b)


def kappa(m):
    hit, a, b, n = parts(m)
    chance = a @ b / n**2
    return (hit.sum() / n - chance) / (1 - chance)


figures = {
    "accuracy": lambda m: np.trace(m) / m.sum(),
    "balanced_accuracy": lambda m: per_class(m)["recall"][support].mean(),
    "mcc": mcc,
    "kappa": kappa,
}
for name in "precision", "recall", "f1":
    figures[f"{name}.macro"] = lambda m, name=name: per_class(m)[name].mean()
    figures[f"{name}.micro"] = figures["accuracy"]
    figures[f"{name}.weighted"] = lambda m, name=name: per_class(m)[name] @ m.sum(1) / m.sum()
    for i in range(min(len(present), 7)):
        figures[f"{name}.{present[i]}"] = lambda m, name=name, i=i: per_class(m)[name][i]

for name, figure in figures.items():
    total = 0
    for cell in np.argwhere(matrix.real > 0):
        step = matrix.copy()
        step[tuple(cell)] += 1e-30j
        total += matrix[tuple(cell)].real * (figure(step).imag / 1e-30) ** 2
    show(f"se.{name}", np.sqrt(total))
