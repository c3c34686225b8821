#!/usr/bin/python3
"""scikit-learn's metrics of the answers that test_objective.c makes: prints oracle_objective.h."""
import numpy
from sklearn import metrics


class Generator:
    def __init__(self, seed):
        self.state = seed

    def unit(self):
        self.state = (self.state * 1103515245 + 12345) & 0x7FFFFFFF
        return (self.state >> 8) / 2 ** 23


def answers(classes, seed, rows=300, first=100):
    """Probabilities that favour the label, and the label; of the rows from `first` on."""
    g, p, y = Generator(seed), [], []
    for _ in range(rows):
        y.append(int(g.unit() * classes))
        raw = [g.unit() + 0.05 + (0.4 if k == y[-1] else 0) for k in range(classes)]
        p.append([v / sum(raw) for v in raw])
    return numpy.array(p)[first:], numpy.array(y)[first:]


def brier(y, p):
    """Of two classes as scikit-learn's; of more the sum over the classes (Brier 1950)."""
    return metrics.brier_score_loss(y, p[:, 1]) if p.shape[1] == 2 else ((p - numpy.eye(p.shape[1])[y]) ** 2).sum(1).mean()


print("/* Printed by oracle_objective.py. */")
print("static const struct {\n\tsize_t classes;\n\tunsigned seed;\n\tdouble threshold;\n\tconst char *name;\n\tenum upk_average average;\n\tdouble value;\n} oracle[] = {")
for classes, seed, threshold in (2, 1, 0.5), (2, 2, 0.35), (3, 3, 0), (5, 4, 0):
    p, y = answers(classes, seed)
    said = (p[:, 1] >= threshold).astype(int) if threshold else p.argmax(1)
    values = [
        ("accuracy", "NONE", metrics.accuracy_score(y, said)),
        ("balanced_accuracy", "NONE", metrics.balanced_accuracy_score(y, said)),
        ("mcc", "NONE", metrics.matthews_corrcoef(y, said)),
        ("kappa", "NONE", metrics.cohen_kappa_score(y, said)),
        ("f1", "MACRO", metrics.f1_score(y, said, average="macro")),
        ("f1", "CLASS", metrics.f1_score(y, said, average=None)[1]),
        ("precision", "WEIGHTED", metrics.precision_score(y, said, average="weighted")),
        ("recall", "CLASS", metrics.recall_score(y, said, average=None)[1]),
        ("log_loss", "NONE", metrics.log_loss(y, p)),
        ("brier", "NONE", brier(y, p)),
    ]
    if classes == 2:
        values += [("roc_auc", "NONE", metrics.roc_auc_score(y, p[:, 1])),
                   ("average_precision", "NONE", metrics.average_precision_score(y, p[:, 1]))]
    for name, average, value in values:
        print(f"\t{{ {classes}, {seed}, {threshold}, \"{name}\", UPK_AVERAGE_{average}, {value:.17g} }},")
print("};")
