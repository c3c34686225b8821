#!/usr/bin/python3
"""What scikit-learn fits on the rows of sample.c: prints oracle_logistic.h.

Its default objective by newton-cg: its lbfgs stops early, at a relative change of 2e-9.
"""
import warnings

import numpy
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


class Generator:
    def __init__(self):
        self.state = 42

    def next(self):
        self.state = (self.state * 1103515245 + 12345) & 0x7FFFFFFF
        return self.state >> 8

    def unit(self):
        return self.next() / 8388608


def sample_rows(rows, features, classes, gaps):
    generator, xs, ys = Generator(), [], []
    for _ in range(rows):
        x = []
        for j in range(features):
            value = generator.unit()
            value += generator.unit()
            value += generator.unit()
            x.append((value - 1.5) * (j + 1))
        scores = []
        for k in range(classes):
            score = 4 * generator.unit()
            for j in range(features):
                score += ((k * 7 + j * 3) % 5 - 2) * x[j]
            scores.append(score)
        ys.append(scores.index(max(scores)))
        if gaps:
            x = [numpy.nan if generator.next() % gaps == 0 else v for v in x]
        xs.append(x)
    return numpy.array(xs), numpy.array(ys)


def numbers(name, values):
    print(f"static const double {name}[] = {{")
    for value in numpy.ravel(values):
        print(f"\t{float(value)!r},")
    print("};")


def plain(name, rows, features, classes, c, weight=None):
    x, y = sample_rows(rows, features, classes, 0)
    fit = LogisticRegression(C=c, class_weight=weight, solver="newton-cg", tol=1e-10, max_iter=10000).fit(x, y)
    numbers(f"{name}_coefficients", fit.coef_)
    numbers(f"{name}_intercepts", fit.intercept_)
    numbers(f"{name}_probabilities", fit.predict_proba(x[:8]))


def piped(name, rows, features, classes, gaps):
    x, y = sample_rows(rows, features, classes, gaps)
    fit = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler(),
                        LogisticRegression(solver="newton-cg", tol=1e-10, max_iter=10000)).fit(x, y)
    numbers(f"{name}_mean", fit[1].mean_[:features])
    numbers(f"{name}_scale", fit[1].scale_[:features])
    numbers(f"{name}_probabilities", fit.predict_proba(x[:16]))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print("/* Printed by oracle_logistic.py. */")
    plain("two", 400, 4, 2, 1.0)
    plain("two_strong", 400, 4, 2, 0.1)
    plain("five", 900, 5, 5, 1.0)
    plain("many_two", 6000, 4, 2, 1.0)
    plain("many_four", 8000, 4, 4, 0.1)
    plain("two_balanced", 400, 4, 2, 1.0, "balanced")
    plain("five_balanced", 900, 5, 5, 1.0, "balanced")
    plain("many_balanced", 6000, 4, 2, 1.0, "balanced")
    piped("gaps_two", 500, 4, 2, 7)
    piped("gaps_five", 900, 4, 5, 7)
