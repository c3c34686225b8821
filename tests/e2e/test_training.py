"""What training takes of the machine: threads at low priority, and how a run is cancelled."""
import os

from harness import wait_until
from test_loop import LoopCase

LONG = {"features": ["x", "y", "z"], "rules": [],
        "retrain": {"learner": "trees", "settings": {"rounds": 5000, "leaves": 300}, "budget": None}}


def priorities(pid):
    """The nice value of each thread: the 19th field of stat, counted from behind the name, which may hold blanks."""
    values = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/stat") as file:
                values.append(int(file.read().rsplit(")", 1)[1].split()[16]))
        except FileNotFoundError:
            pass # it has ended
    return values


class Training(LoopCase):
    config = {"threads": 3}

    def test_a_run_that_would_take_too_much_memory_says_so_before_it_reads(self):
        self.begin()
        self.put_model("m", {**LONG, "retrain": {"learner": "mlp", "settings": {"neurons": 4096}, "memory": "1MB"}})
        run = self.ended(self.by_hand())
        self.assertEqual(run["state"], "failed")
        self.assertRegex(run["verdict"], "mlp on 500 rows of 3 features would take about [0-9.]+ MiB of memory, and "
                                         "retrain.memory is 1.0 MiB")
        self.assertEqual(self.champion(), 1)

    def test_a_first_run_says_how_many_rows_it_had(self):
        self.put_model("m", {"features": ["x"], "rules": []})
        self.events("m", [{"features": [i % 7 / 7], "label": "ab"[i % 7 > 3]} for i in range(900)], "?settle=true")
        run = self.ended(1)
        rows = self.ok(self.daemon.get("/v1/models/m/versions/1"))["rows"]
        self.assertEqual((run["as_of"], rows["count"]), (500, 500))
        self.assertRegex(run["reason"], "the first run on 500 rows$")

    def low_threads(self):
        return sum(value > os.nice(0) for value in priorities(self.daemon.process.pid))

    def begin_long(self):
        self.play("m", self.begin(), 300)
        self.put_model("m", LONG)
        number = self.by_hand()
        wait_until(lambda: self.run_of(number)["state"] == "running")
        return number

    def test_a_run_trains_on_the_configured_threads_at_low_priority_and_can_be_cancelled(self):
        self.assertEqual(self.low_threads(), 1)
        number = self.begin_long()
        # the trainer, two that help it, and XGBoost's own two beside it
        wait_until(lambda: self.low_threads() == 5, what="a run on three threads")
        self.ok(self.daemon.delete(f"/v1/models/m/runs/{number}"))
        self.assertEqual(self.ended(number)["state"], "cancelled")
        wait_until(lambda: self.low_threads() <= 3, what="the end of the threads that helped")
