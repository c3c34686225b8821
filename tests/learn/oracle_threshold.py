#!/usr/bin/python3
"""scikit-learn's best F1 of the scores that test_threshold.c makes: prints oracle_threshold.h."""
import numpy
from sklearn.metrics import f1_score, precision_recall_curve


class Generator:
    def __init__(self, seed):
        self.state = seed

    def unit(self):
        self.state = (self.state * 1103515245 + 12345) & 0x7FFFFFFF
        return (self.state >> 8) / 2 ** 23


def sample(rows, steps, share, power, seed):
    """Scores of so many steps (0: any), of which positives are likelier the higher they are."""
    g, scores, y = Generator(seed), [], []
    for _ in range(rows):
        u = g.unit()
        scores.append(numpy.floor(u * steps) / steps if steps else u)
        y.append(g.unit() < share * scores[-1] ** power)
    return numpy.array(scores), numpy.array(y)


print("/* Printed by oracle_threshold.py. */")
print("static const struct {\n\tsize_t rows;\n\tdouble steps, share;\n\tint power;\n\tunsigned seed;\n\tdouble f1, threshold;\n} oracle[] = {")
for rows, steps, share, power, seed in [
        (200, 0, 1, 1, 1), (2000, 0, 0.2, 2, 2), (1000, 10, 0.8, 1, 3), (1000, 4, 0.1, 1, 4), (500, 2, 1, 1, 5),
        (40, 3, 0.5, 1, 6), (3000, 100, 0.05, 3, 7), (1000, 0, 1, 4, 8), (600, 1, 0.5, 0, 9), (1500, 0, 0.9, 0, 10)]:
    s, y = sample(rows, steps, share, power, seed)
    precision, recall, thresholds = precision_recall_curve(y, s)
    with numpy.errstate(invalid="ignore"):
        f1 = numpy.nan_to_num(2 * precision * recall / (precision + recall))[:-1]
    known = numpy.unique(s)
    middles = [(a + max([b for b in known if b < a], default=0.0)) / 2 for a in thresholds[f1 > f1.max() - 1e-12]]
    best = min(middles, key=lambda m: abs(m - 0.5))
    if f1_score(y, s >= 0.5, zero_division=0) > f1.max() - 1e-12:
        best = 0.5
    print(f"\t{{ {rows}, {steps}, {share}, {power}, {seed}, {f1.max():.17g}, {best:.17g} }},")
print("};")
