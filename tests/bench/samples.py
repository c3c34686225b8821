"""Rows to fit, made up: the files that fit.c and sklearn_fit.py read."""
import os

import numpy


def write_rows(path, x, y, classes):
    with open(path, "wb") as file:
        numpy.array([*x.shape, classes], numpy.uint64).tofile(file)
        numpy.ascontiguousarray(x, numpy.float64).tofile(file)
        y.astype(numpy.uint16).tofile(file)


def standardised(x, rows):
    """By the moments of the first rows; a constant column becomes 0."""
    scale = x[:rows].std(axis=0)
    return (x - x[:rows].mean(axis=0)) / numpy.where(scale > 0, scale, 1)


def table(rows, features=50):
    """Two classes: a linear part, products of features and steps, and labels that are noise in part."""
    r = numpy.random.default_rng(1)
    x = r.normal(size=(rows, features)) @ (numpy.eye(features) + 0.3 * r.normal(size=(features, features)) / features ** 0.5)
    score = x @ r.normal(size=features) * 0.3 + x[:, 0] * x[:, 1] + numpy.abs(x[:, 2]) - (x[:, 3] > 0.5) * x[:, 4]
    return x, (score + r.logistic(size=rows) > 0.5).astype(int), 2


def pictures(rows, side=28):
    """Ten classes of blurred strokes at a random shift, with noise, from 0 to 1."""
    r = numpy.random.default_rng(2)
    rough = r.normal(size=(10, 3, 7, 7)).repeat(4, 2).repeat(4, 3)
    y, style = r.integers(0, 10, rows), r.integers(0, 3, rows)
    shift = r.integers(-3, 4, (rows, 2))
    x = numpy.empty((rows, side * side))
    for i in range(rows):
        x[i] = numpy.roll(rough[y[i], style[i]], shift[i], (0, 1)).ravel()
    x = numpy.clip(x + r.normal(size=x.shape) * 2, 0, 3) / 3
    return x, numpy.where(r.random(rows) < 0.05, r.integers(0, 10, rows), y), 10


def write(folder, name, make, rows, held_out):
    """Writes NAME.train and NAME.test and returns their paths."""
    x, y, classes = make(rows + held_out)
    x = standardised(x, rows)
    paths = [os.path.join(folder, f"{name}.{part}") for part in ("train", "test")]
    write_rows(paths[0], x[:rows], y[:rows], classes)
    write_rows(paths[1], x[rows:], y[rows:], classes)
    return paths
