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


def time_to(mine, target, clock):
    """Until a trial was as good, and whether one was: else all that the search took."""
    return next(((step[clock], 1) for step in mine["course"] if step["score"] >= target), (mine[clock], 0))


def search(bench, learner, method="auto"):
    """Until a trial is as good as the best of random ones, each search with a seed of its own, in the learner's own space.
    Both sides are luck: each of ours is timed to the best of each of theirs. Where one ends before, what is expected is
    the time of all by the number of those that came there, as if it had begun again."""
    seeds = range(1, max(bench.rounds, LEAST) + 1)
    bases = [run([program("search"), learner, "random", seed, RANDOM, rows(bench)]) for seed in seeds]
    target = max(base["best"] for base in bases)
    ours = [run([program("search"), learner, method, 1000 + seed, MOST, rows(bench), repr(target)]) for seed in seeds]
    times = [[time_to(mine, base["best"], bench.clock) for base in bases] for mine in ours]
    reached = mean([came for each in times for _, came in each])
    if not reached:
        raise SystemExit(f"{learner}: no search was as good as 20 random trials")
    for each, base in zip(times, bases):
        yield mean([time for time, _ in each]) / reached, base[bench.clock], None


@row("20 random trials of mlp, the mean", 1 / 2, 1 / 5, best=mean)
def search_mlp(bench):
    yield from search(bench, "mlp")


@row("20 random trials of trees, the mean", 1 / 2, 1 / 5, best=mean)
def search_trees(bench):
    yield from search(bench, "trees")
