"""Streams made from a seed, after the generators by which the literature on drift compares learners.

MADE names them all: its rows, its columns (the last is the class) and how many concepts follow each other.
write() makes a CSV of one; the same name and seed are the same rows everywhere. A concept holds for an equal
part of the rows where nothing else is said. Columns whose values are words are categories.
"""
import csv
import math
import random
from collections import namedtuple

Stream = namedtuple("Stream", "rows columns rows_of")


def part(row, rows, parts):
    return row * parts // rows


def flip(rng, label, noise):
    """A label of 0 or 1, the other one with the probability `noise`."""
    return label ^ (rng.random() < noise)


def stagger(rng, rows):
    """Schlimmer and Granger, Incremental learning from noisy data (1986): three concepts of three categories."""
    concepts = (lambda size, colour, shape: size == "small" and colour == "red",
                lambda size, colour, shape: colour == "green" or shape == "circle",
                lambda size, colour, shape: size in ("medium", "large"))
    for row in range(rows):
        x = [rng.choice(values) for values in (("small", "medium", "large"), ("red", "blue", "green"), ("circle", "square", "triangle"))]
        yield x + [int(concepts[part(row, rows, 3)](*x))]


def hyperplane(rng, rows, inputs=10, moving=5, step=0.0005, turn=0.001, noise=0.05):
    """Hulten, Spencer and Domingos, Mining time-changing data streams (2001): a plane of which half the weights
    move a little with every row, each turning round once in a thousand."""
    weights = [rng.random() for _ in range(inputs)]
    ways = [rng.choice((-1, 1)) for _ in range(moving)]
    for _ in range(rows):
        x = [rng.random() for _ in range(inputs)]
        above = sum(w * v for w, v in zip(weights, x)) >= sum(weights) / 2
        yield x + [flip(rng, int(above), noise)]
        for j in range(moving):
            ways[j] *= -1 if rng.random() < turn else 1
            weights[j] += step * ways[j]


def rbf(rng, rows, inputs=8, classes=5, centres=25, speed=0.0003):
    """Bifet, Holmes, Pfahringer, Kirkby and Gavalda, New ensemble methods for evolving data streams (2009): clouds
    of five classes around centres that move and turn back at the walls of a cube."""
    weights = [rng.random() for _ in range(centres)]
    spreads = [0.05 + 0.1 * rng.random() for _ in range(centres)]
    points = [[rng.random() for _ in range(inputs)] for _ in range(centres)]
    ways = [[rng.gauss(0, 1) for _ in range(inputs)] for _ in range(centres)]
    ways = [[speed * v / math.hypot(*way) for v in way] for way in ways]
    for _ in range(rows):
        c = rng.choices(range(centres), weights)[0]
        yield [rng.gauss(v, spreads[c]) for v in points[c]] + [c % classes]
        for point, way in zip(points, ways):
            for j in range(inputs):
                point[j] += way[j]
                if not 0 <= point[j] <= 1:
                    way[j] *= -1


def within(value, low, high):
    return low <= value <= high


def by_age(person, young, middle, old):
    """Whether the salary is within the range for the age."""
    return within(person["salary"], *(young if person["age"] < 40 else middle if person["age"] < 60 else old))


def by_school(p):
    k = 1000
    if p["age"] < 40:
        return within(p["salary"], *((25 * k, 75 * k) if p["elevel"] in (0, 1) else (50 * k, 100 * k)))
    if p["age"] < 60:
        return within(p["salary"], *((50 * k, 100 * k) if p["elevel"] in (1, 2, 3) else (75 * k, 125 * k)))
    return within(p["salary"], *((50 * k, 100 * k) if p["elevel"] in (2, 3, 4) else (25 * k, 75 * k)))


def disposable(p, more):
    """Functions 7 and 9 of Agrawal et al."""
    return 0.67 * (p["salary"] + p["commission"]) - 0.2 * p["loan"] - 20000 + more > 0


GROUP_A = {
    1: lambda p: p["age"] < 40 or p["age"] >= 60,
    2: lambda p: by_age(p, (50e3, 100e3), (75e3, 125e3), (25e3, 75e3)),
    3: lambda p: p["elevel"] in ((0, 1) if p["age"] < 40 else (1, 2, 3) if p["age"] < 60 else (2, 3, 4)),
    4: by_school,
    7: lambda p: disposable(p, 0),
    9: lambda p: disposable(p, 10000 - 5000 * p["elevel"]),
}


def person(rng):
    salary = rng.uniform(20e3, 150e3)
    p = {"salary": salary, "commission": 0 if salary >= 75e3 else rng.uniform(10e3, 75e3), "age": rng.randint(20, 80),
         "elevel": rng.randint(0, 4), "car": rng.randint(1, 20), "zipcode": rng.randint(0, 8)}
    p["hvalue"] = (9 - p["zipcode"]) * 100e3 * rng.uniform(0.5, 1.5)
    p["hyears"], p["loan"] = rng.randint(1, 30), rng.uniform(0, 500e3)
    return p


SPREAD = {"salary": (20e3, 150e3), "commission": (10e3, 75e3), "age": (20, 80), "hvalue": (50e3, 135e4), "hyears": (1, 30), "loan": (0, 500e3)}


def disturbed(rng, p, share=0.05):
    """The numbers moved by up to a share of their range, as the authors' perturbation; categories as words."""
    moved = {}
    for name, value in p.items():
        low, high = SPREAD.get(name, (0, 0))
        if name in SPREAD:
            value = min(high, max(low, value + share * (high - low) * rng.uniform(-1, 1))) if value else value
        moved[name] = value if name in SPREAD else f"{name[0]}{value}"
    return list(moved.values())


PERSON = ["salary", "commission", "age", "elevel", "car", "zipcode", "hvalue", "hyears", "loan"]


def agrawal(rng, rows, functions=(1, 3, 4, 7)):
    """Agrawal, Imielinski and Swami, Database mining: a performance perspective (1993): who gets a loan, by
    functions 1, 3, 4 and 7, one after the other."""
    for row in range(rows):
        p = person(rng)
        yield disturbed(rng, p) + ["A" if GROUP_A[functions[part(row, rows, len(functions))]](p) else "B"]


def agrawal_slowly(rng, rows, first=2, second=9, width=0.3):
    """The same, function 2 giving way to 9: the probability of the later one is a sigmoid around the middle, as by
    Bifet et al. (2009), and goes from 0.12 to 0.88 in `width` of the rows."""
    for row in range(rows):
        p = person(rng)
        later = rng.random() < 1 / (1 + math.exp(-4 * (row / rows - 0.5) / width))
        yield disturbed(rng, p) + ["A" if GROUP_A[second if later else first](p) else "B"]


SEGMENTS = ["1110111", "0010010", "1011101", "1011011", "0111010", "1101011", "1101111", "1010010", "1111111", "1111011"]


def led(rng, rows, noise=0.1, swapped=(0, 3, 5)):
    """Breiman, Friedman, Olshen and Stone, Classification and regression trees (1984), section 2.6.1: the seven
    segments of a digit, each wrong once in ten, and 17 that say nothing. With each change others of them change
    places with those that do."""
    for row in range(rows):
        digit = rng.randrange(10)
        x = [int(s) ^ (rng.random() < noise) for s in SEGMENTS[digit]] + [rng.randrange(2) for _ in range(17)]
        for j in range(swapped[part(row, rows, len(swapped))]):
            x[j], x[j + 7] = x[j + 7], x[j]
        yield x + [f"d{digit}"]


def sea(rng, rows, thresholds=(7, 9.5, 7, 9.5), noise=0.05):
    """Street and Kim, A streaming ensemble algorithm (2001): x1 + x2 below a threshold, x3 says nothing; two
    concepts in turn, with half of the authors' noise."""
    for row in range(rows):
        x = [rng.uniform(0, 10) for _ in range(3)]
        yield x + [flip(rng, int(x[0] + x[1] <= thresholds[part(row, rows, len(thresholds))]), noise)]


def wave(x):
    return 0.5 + 0.3 * math.sin(3 * math.pi * x)


def mixed(rng, rows):
    """Gama, Medas, Castillo and Rodrigues, Learning with drift detection (2004): two of three conditions, on two
    that are true or false and two numbers; each change turns all labels round."""
    for row in range(rows):
        v, w, x, y = rng.randrange(2), rng.randrange(2), rng.random(), rng.random()
        yield [("no", "yes")[v], ("no", "yes")[w], x, y, int(v + w + (y < wave(x)) >= 2) ^ (part(row, rows, 3) % 2)]


def sine(rng, rows):
    """Gama et al. (2004), SINE1 and SINE2: below one curve, below another, then above the first."""
    curves = (lambda x, y: y < math.sin(x), lambda x, y: y < wave(x), lambda x, y: y >= math.sin(x))
    for row in range(rows):
        x, y = rng.random(), rng.random()
        yield [x, y, int(curves[part(row, rows, 3)](x, y))]


def circles(rng, rows, width=0.05):
    """Gama et al. (2004), CIRCLES: inside or outside of four circles, one after the other, each giving way to the
    next by a sigmoid."""
    rounds = ((0.2, 0.15), (0.4, 0.2), (0.6, 0.25), (0.8, 0.3))
    for row in range(rows):
        x, y = rng.random(), rng.random()
        at = sum(rng.random() < 1 / (1 + math.exp(-4 * (row / rows - k / 4) / width)) for k in (1, 2, 3))
        yield [x, y, int(math.hypot(x - rounds[at][0], y - 0.5) < rounds[at][1])]


def rare(rng, rows, inputs=6, share=0.02):
    """Two in a hundred are positive, after the imbalanced streams of Wang, Minku and Yao, A systematic study of
    online class imbalance learning with concept drift (2018): normal inputs, and positives lie elsewhere from the
    middle on."""
    for row in range(rows):
        positive = rng.random() < share
        shift = [0] * inputs if not positive else [2.2, 2.2, 0, 0, 0, 0] if row * 2 < rows else [-1, 0, 2.2, 2.2, 0, 0]
        yield [rng.gauss(mean, 1) for mean in shift] + [("no", "yes")[positive]]


def priors(rng, rows, inputs=4):
    """Label shift as Moreno-Torres et al., A unifying view on dataset shift in classification (2012), define it:
    three normal classes whose shares change, and nothing else."""
    shares = ((0.6, 0.3, 0.1), (0.1, 0.3, 0.6), (0.1, 0.8, 0.1), (0.6, 0.3, 0.1))
    means = ((0, 0, 0, 0), (1.2, 1.2, 0, 0), (1.2, -0.6, 1.2, 0))
    for row in range(rows):
        label = rng.choices(range(3), shares[part(row, rows, 4)])[0]
        yield [rng.gauss(m, 1) for m in means[label][:inputs]] + ["abc"[label]]


def inputs(rng, rows):
    """Covariate shift after the same: where the rows lie moves round, which class is where stays."""
    for row in range(rows):
        angle = 2 * math.pi * row / rows
        x, y, z = rng.gauss(1.5 * math.cos(angle), 1), rng.gauss(1.5 * math.sin(angle), 1), rng.gauss(0, 1)
        yield [x, y, z, flip(rng, int(x * x + y > 1.5), 0.05)]


def waveform(rng, rows):
    """Breiman et al. (1984), section 2.6.2: three classes, each a random mixture of two of three waves with noise.
    Nothing changes."""
    waves = [[max(0, 6 - abs(i - peak)) for i in range(1, 22)] for peak in (7, 15, 11)]
    for _ in range(rows):
        label, u = rng.randrange(3), rng.random()
        first, second = waves[(0, 0, 1)[label]], waves[(1, 2, 2)[label]]
        yield [u * a + (1 - u) * b + rng.gauss(0, 1) for a, b in zip(first, second)] + [f"w{label}"]


def letters(count):
    return [f"x{j}" for j in range(count)]


MADE = {
    "stagger": Stream(12000, ["size", "colour", "shape"], stagger),
    "hyperplane": Stream(12000, letters(10), hyperplane),
    "rbf": Stream(12000, letters(8), rbf),
    "agrawal": Stream(16000, PERSON, agrawal),
    "agrawal-slowly": Stream(12000, PERSON, agrawal_slowly),
    "led": Stream(12000, letters(24), led),
    "sea-again": Stream(16000, letters(3), sea),
    "mixed": Stream(12000, ["v", "w", "x", "y"], mixed),
    "sine": Stream(12000, letters(2), sine),
    "circles": Stream(12000, letters(2), circles),
    "rare": Stream(20000, letters(6), rare),
    "priors": Stream(12000, letters(4), priors),
    "inputs": Stream(12000, letters(3), inputs),
    "waveform": Stream(10000, letters(21), waveform),
}


def cell(value):
    return f"{value:.6g}" if isinstance(value, float) else str(int(value)) if isinstance(value, bool) else str(value)


def rows_of(name, seed):
    """The rows of a stream as text, the class last."""
    stream = MADE[name]
    for row in stream.rows_of(random.Random(f"{name} {seed}"), stream.rows):
        yield [cell(value) for value in row]


def write(name, seed, path):
    with open(path, "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(MADE[name].columns + ["class"])
        out.writerows(rows_of(name, seed))
