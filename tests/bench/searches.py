"""The rows of the training table that are about searching for settings."""
import os

from fits import mean, row
from process import program, run

RANDOM, MOST, LEAST = 20, 100, 5 # trials of either side; searches


def rows(bench):
    """5,000 x 20 of two classes, a fifth of which score."""
    import samples
    path = os.path.join(bench.folder, "searched")
    if not os.path.exists(path):
        x, y, classes = samples.table(5000, 20)
        samples.write_rows(path, samples.standardised(x, 4000), y, classes)
    return path


def time_to(course, target, clock):
    """Until a trial was as good; of a search that came to its end before, all that it took."""
    return next((step[clock] for step in course["course"] if step["score"] >= target), course[clock])


def search(bench, learner, method="auto"):
    """Until a trial is as good as the best of random ones, each search with a seed of its own, in the learner's own space.
    Both sides are luck: each of ours is timed to the best of each of theirs."""
    seeds = range(1, max(bench.rounds, LEAST) + 1)
    bases = [run([program("search"), learner, "random", seed, RANDOM, rows(bench)]) for seed in seeds]
    target = max(base["best"] for base in bases)
    ours = [run([program("search"), learner, method, 1000 + seed, MOST, rows(bench), repr(target)]) for seed in seeds]
    for mine, base in zip(ours, bases):
        yield mean([time_to(mine, b["best"], bench.clock) for b in bases]), base[bench.clock], None


@row("20 random trials of mlp, the mean", 1 / 2, 1 / 5, best=mean)
def search_mlp(bench):
    yield from search(bench, "mlp")


@row("20 random trials of trees, the mean", 1 / 2, 1 / 5, best=mean)
def search_trees(bench):
    yield from search(bench, "trees")
