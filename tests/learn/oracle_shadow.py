#!/usr/bin/python3
"""What live adjustment comes to on the rows of sample.c, step by step in numpy: prints oracle_shadow.h."""
import numpy

from oracle_logistic import numbers, sample_rows

RATES = (.003, .01, .03, .1, .3)
ROWS, BEGIN, EVERY, FEATURES = 4000, 500, 100, 4


def rows(classes):
    """The last input never varies at first; the labels turn round in the middle; one value is wild."""
    x, y = sample_rows(ROWS, FEATURES, classes, 20)
    x[:1500, FEATURES - 1] = 0.1
    x[900, 1] = 1e6
    y[2200:] = (y[2200:] + 1) % classes
    return x, y


def softmax(scores):
    e = numpy.exp(scores - scores.max())
    return e / e.sum()


class Member:
    def __init__(self, rate, classes):
        self.rate, self.w, self.b = rate, numpy.zeros((classes, FEATURES)), numpy.zeros(classes)
        self.accuracy = 0.0

    def probabilities(self, z):
        return softmax(self.w @ z + self.b)

    def learn(self, z, y):
        residual = self.probabilities(z)
        residual[y] -= 1
        self.w -= self.rate * (numpy.outer(residual, z) + 1e-5 * self.w)
        self.b -= self.rate * residual


def standardise(x, mu, var):
    sd = numpy.sqrt(var)
    z = numpy.where(sd > 0, (x - mu) / numpy.where(sd > 0, sd, 1), 0)
    return numpy.clip(numpy.nan_to_num(z, nan=0.0), -5, 5)


def begin(members, x, y):
    mu = numpy.nanmean(x, axis=0)
    var = numpy.where(numpy.isnan(x), 0, (x - mu) ** 2).mean(axis=0)
    constant = numpy.nanmin(x, axis=0) == numpy.nanmax(x, axis=0)
    mu, var = numpy.where(constant, numpy.nanmin(x, axis=0), mu), numpy.where(constant, 0, var)
    for _ in range(4):
        for row, label in zip(x, y):
            for m in members:
                m.learn(standardise(row, mu, var), label)
    return mu, var


def run_moments(x, mu, var):
    known = ~numpy.isnan(x)
    reach = numpy.where(var > 0, 5 * numpy.sqrt(var), numpy.inf)
    taken = numpy.clip(x, mu - reach, mu + reach)
    mu[known] += .002 * (taken - mu)[known]
    var[known] = (.998 * var + .002 * (taken - mu) ** 2)[known]


def play(name, classes, late):
    """Row i's label comes when row i + late has been answered."""
    x, y = rows(classes)
    members = [Member(rate, classes) for rate in RATES]
    mu, var = begin(members, x[:BEGIN], y[:BEGIN])
    spoken, speakers, answers = [], [], {}
    for i in range(BEGIN, ROWS):
        speaker = max(range(5), key=lambda m: members[m].accuracy)
        if i % EVERY == 0:
            spoken.append(members[speaker].probabilities(standardise(x[i], mu, var)))
            speakers.append(speaker)
        run_moments(x[i], mu, var)
        answers[i] = [m.probabilities(standardise(x[i], mu, var)).argmax() for m in members]
        known = i - late
        if known < BEGIN:
            continue
        for m, answer in zip(members, answers[known]):
            m.accuracy += (float(answer == y[known]) - m.accuracy) / 300
            m.learn(standardise(x[known], mu, var), y[known])
    numbers(f"{name}_spoken", spoken)
    numbers(f"{name}_accuracy", [m.accuracy for m in members])
    print(f"static const int {name}_speakers[] = {{ {', '.join(map(str, speakers))} }};")


if __name__ == "__main__":
    print("/* Printed by oracle_shadow.py. */")
    play("two", 2, 0)
    play("four", 4, 0)
    play("late", 4, 70)
