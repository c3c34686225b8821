"""The rows of the training table: each yields rounds, alternating between ours and the reference's."""
import json
import os
import subprocess
import sys

from process import program

ALL = []
HERE = os.path.dirname(os.path.abspath(__file__))


class Row:
    """A function of a bench that yields (ours, reference, (our loss, theirs) or None)."""

    def __init__(self, rounds, unit, against, reach, goal, best):
        self.name, self.rounds = rounds.__name__, rounds
        self.unit, self.against, self.reach, self.goal, self.best = unit, against, reach, goal, best


def mean(values):
    return sum(values) / len(values)


def row(against, reach, goal, unit="s", best=min):
    """best: what a side's rounds come to; the mean where rounds differ by more than what else the machine does."""
    def add(rounds):
        ALL.append(Row(rounds, unit, against, reach, goal, best))
        return rounds
    return add


class Bench:
    """Files of rows, made when they are first asked for, and how to run a fit on them."""

    def __init__(self, folder, args):
        self.folder, self.quick, self.threads, self.clock = folder, args.quick, args.threads, args.clock
        self.json_tensors = args.json_tensors
        self.rounds = args.rounds or (2 if args.quick else 5)
        self.written, self.floors = {}, {}
        self.environment = {**os.environ, "OMP_NUM_THREADS": str(args.threads), "OPENBLAS_NUM_THREADS": str(args.threads)}

    def rows(self, name):
        """200,000 x 50 of two classes, or 20,000 x 784 of ten; --quick: a tenth."""
        import samples # needs numpy, which --help does without
        make, rows, held_out = {"table": (samples.table, 200_000, 50_000), "pictures": (samples.pictures, 20_000, 10_000)}[name]
        if name not in self.written:
            self.written[name] = samples.write(self.folder, name, make, rows // 10 if self.quick else rows, held_out)
        return self.written[name]

    def floor(self, name, took):
        """What part of ours takes by itself; the least of the rounds is printed beside the row."""
        self.floors[name] = min(took, self.floors.get(name, took))

    def run(self, command, learner, settings, seed, rows, threads=()):
        done = subprocess.run([*command, learner, json.dumps(settings), str(seed), *self.rows(rows), *threads],
                              env=self.environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{learner}: {done.stderr[-2000:]}")
        return json.loads(done.stdout)

    def fits(self, learner, rows, ours, theirs):
        """Each round with a seed of its own, the same on both sides."""
        for seed in range(1, self.rounds + 1):
            base = self.run([sys.executable, os.path.join(HERE, "sklearn_fit.py")], learner, theirs, seed, rows)
            mine = self.run([program("fit")], learner, ours, seed, rows, [str(self.threads)])
            yield mine[self.clock], base[self.clock], (mine["log_loss"], base["log_loss"])


@row("LogisticRegression (lbfgs)", 1 / 3, 1 / 8)
def logistic(bench):
    yield from bench.fits("logistic", "table", {"l2": 1}, {"C": 1})


def network(bench, rows, neurons):
    """Ten epochs of Adam on batches of 200, without stopping early."""
    return bench.fits("mlp", rows,
                      {"neurons": neurons, "epochs": 10, "batch": 200, "learning_rate": 0.001, "l2": 0.0001, "patience": 0},
                      {"hidden_layer_sizes": [neurons], "max_iter": 10})


@row("MLPClassifier, 64 neurons, 200,000 x 50", 1 / 2, 1 / 5)
def mlp_64(bench):
    yield from network(bench, "table", 64)


@row("MLPClassifier, 256 neurons, 200,000 x 50", 1 / 2, 1 / 5)
def mlp_256(bench):
    yield from network(bench, "table", 256)


@row("MLPClassifier, 64 neurons, 20,000 x 784", 1 / 2, 1 / 5)
def mlp_64_wide(bench):
    yield from network(bench, "pictures", 64)


@row("MLPClassifier, 256 neurons, 20,000 x 784", 1 / 2, 1 / 5)
def mlp_256_wide(bench):
    yield from network(bench, "pictures", 256)


@row("HistGradientBoostingClassifier", 1, 0.6)
def trees(bench):
    """100 rounds of 31 leaves on 255 bins, without l2; no leaf of less than 20 rows there, a Hessian of 1 here."""
    yield from bench.fits("trees", "table", {"rounds": 100, "leaves": 31, "bins": 255, "l2": 0, "min_child_weight": 1},
                          {"max_iter": 100, "max_leaf_nodes": 31, "max_bins": 255, "early_stopping": False})


def goes_on(bench, learner, after):
    """How long a fit goes on that is cancelled after so many seconds; where it has ended before, after half as many."""
    while True:
        took = bench.run([program("fit")], learner, {}, 1, "table", [str(bench.threads), repr(after)])
        if took:
            return took[bench.clock]
        after /= 2


@row("a second", 1, 0.3)
def cancel(bench):
    """The longest that a fit of 200,000 x 50 goes on after it is cancelled, at any of these shares of the time it takes."""
    shares = (0.005, 0.02, 0.05, 0.1, 0.2, 0.4)
    whole = {learner: bench.run([program("fit")], learner, {}, 1, "table", [str(bench.threads)])["wall"]
             for learner in ("logistic", "mlp", "trees")}
    for _ in range(bench.rounds):
        yield max(goes_on(bench, learner, share * wall) for learner, wall in whole.items() for share in shares), 1, None
