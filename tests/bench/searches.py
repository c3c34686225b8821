"""The rows of the training table that are about searching for settings."""
import os

from fits import mean, row
from process import program, run

RANDOM, MOST = 20, 200


def rows(bench):
    """5,000 x 20 of two classes, a fifth of which score."""
    import samples
    path = os.path.join(bench.folder, "searched")
    if not os.path.exists(path):
        x, y, classes = samples.table(5000, 20)
        samples.write_rows(path, samples.standardised(x, 4000), y, classes)
    return path


def search(bench, learner, method="bayes"):
    """Until a trial is as good as the best of random ones, each side with a seed of its own; the learner's own space."""
    for seed in range(1, bench.rounds + 1):
        base = run([program("search"), learner, "random", seed, RANDOM, rows(bench)])
        mine = run([program("search"), learner, method, 1000 + seed, MOST, rows(bench), repr(base["best"])])
        yield mine[bench.clock], base[bench.clock], None


@row("20 random trials of mlp, the mean", 1 / 2, 1 / 5, best=mean)
def search_mlp(bench):
    yield from search(bench, "mlp")


@row("20 random trials of trees, the mean", 1 / 2, 1 / 5, best=mean)
def search_trees(bench):
    yield from search(bench, "trees")
