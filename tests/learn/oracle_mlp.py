#!/usr/bin/python3
"""The loss curve of scikit-learn's MLPClassifier on the rows of sample.c: prints oracle_mlp.h.

It starts from the weights that lib/learn/network.c draws (xoshiro256**, seeded by splitmix64, done
again here) and takes all rows in one batch, so that both follow one path.
"""
import math

import numpy
from oracle_logistic import sample_rows
from sklearn.neural_network import MLPClassifier
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer

MASK = (1 << 64) - 1


class Random:
    def __init__(self, seed):
        self.s = []
        for _ in range(4):
            seed = (seed + 0x9E3779B97F4A7C15) & MASK
            z = seed
            z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
            z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
            self.s.append(z ^ (z >> 31))

    @staticmethod
    def turn(x, k):
        return ((x << k) | (x >> (64 - k))) & MASK

    def unit(self):
        s = self.s
        result = (self.turn((s[1] * 5) & MASK, 7) * 9) & MASK
        t = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = self.turn(s[3], 45)
        return (result >> 11) * 2.0**-53


def draw(sizes, binary, seed):
    random, coefs, intercepts = Random(seed), [], []
    for l, (i, o) in enumerate(zip(sizes, sizes[1:])):
        factor = 2 if binary and l == len(sizes) - 2 else 6
        bound = math.sqrt(factor / (i + o))
        values = numpy.array([bound * (2 * random.unit() - 1) for _ in range((i + 1) * o)], dtype=numpy.float32)
        coefs.append(values[: i * o].reshape(i, o).copy())
        intercepts.append(values[i * o:].copy())
    return coefs, intercepts


def curve(name, rows, features, classes, hidden, alpha, rate, epochs):
    x, y = sample_rows(rows, features, classes, 0)
    x = x.astype(numpy.float32)
    net = MLPClassifier(hidden, solver="adam", alpha=alpha, batch_size=rows, learning_rate_init=rate, shuffle=False)
    net.partial_fit(x, y, classes=list(range(classes)))
    outputs = 1 if classes == 2 else classes
    net.coefs_, net.intercepts_ = draw([features, *hidden, outputs], classes == 2, 5)
    net._optimizer = AdamOptimizer(net.coefs_ + net.intercepts_, rate)
    net.loss_curve_ = []
    for _ in range(epochs):
        net.partial_fit(x, y)
    print(f"static const double {name}[] = {{")
    for loss in net.loss_curve_:
        print(f"\t{float(loss)!r},")
    print("};")


print("/* Printed by oracle_mlp.py. */")
curve("two_classes_curve", 300, 5, 2, (8,), 0.5, 0.01, 40)
curve("four_classes_curve", 400, 6, 4, (10, 10), 0.1, 0.01, 40)
