#!/usr/bin/python3
"""scipy's temperature of the probabilities that test_calibrate.c makes: prints oracle_calibrate.h."""
import numpy
from scipy.optimize import minimize_scalar
from sklearn.metrics import log_loss


class Generator:
    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state * 1103515245 + 12345) & 0x7FFFFFFF
        return self.state >> 8

    def unit(self):
        return self.next() / 2 ** 23


def softmax(z):
    e = numpy.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def sample(rows, classes, sharp, seed):
    """Scores in -2 .. 2, labels drawn from their softmax, and the softmax of scores times `sharp`."""
    g, z, y = Generator(seed), numpy.empty((rows, classes)), []
    for i in range(rows):
        z[i] = [4 * g.unit() - 2 for _ in range(classes)]
        y.append(min(int(numpy.searchsorted(numpy.cumsum(softmax(z[i:i + 1])[0]), g.unit(), "right")), classes - 1))
    return softmax(sharp * z), numpy.array(y)


print("/* Printed by oracle_calibrate.py. */")
print("static const struct {\n\tsize_t rows, classes;\n\tdouble sharp;\n\tunsigned seed;\n\tdouble temperature, before, after;\n} oracle[] = {")
for rows, classes, sharp, seed in [(400, 2, 3, 1), (1000, 2, 0.4, 2), (500, 3, 2.5, 3), (2000, 7, 1.5, 4), (150, 4, 6, 5)]:
    p, y = sample(rows, classes, sharp, seed)

    def loss(b):
        return log_loss(y, softmax(b * numpy.log(p)), labels=range(classes))

    found = minimize_scalar(loss, bounds=(1 / 8, 8), method="bounded", options={"xatol": 1e-12})
    print(f"\t{{ {rows}, {classes}, {sharp}, {seed}, {1 / found.x:.17g}, {loss(1):.17g}, {found.fun:.17g} }},")
print("};")
