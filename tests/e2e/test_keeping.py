"""Keeping data: backup, export and import, deletion, and the store's room."""
import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import time
from collections import Counter

from harness import BINARY, Case, Daemon, wait_until
from load import CLASSES, Client, expected

CONFIG = {"classes": CLASSES, "features": ["a", "b"], "rules": [],
          "windows": [{"name": "last-333", "count": 333}, {"name": "all", "count": 10_000_000}]}


def run(*arguments, **more):
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=120, **more)


class Backup(Case):
    memory = False

    def test_copy_made_under_load_holds_all_that_was_acknowledged_before(self):
        self.put_model("m", CONFIG)
        clients = [Client(self.daemon.port, "m", str(i), self.random) for i in range(3)]
        for client in clients:
            client.start()
        time.sleep(1)
        before = [item for client in clients for item in list(client.sure)]
        copy = os.path.join(self.daemon.top, "copy")
        done = run("backup", copy, "--data", self.daemon.folder, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(json.loads(done.stdout)["bytes"], 0)
        for client in clients:
            client.enough.set()
        for client in clients:
            client.join(60)
            self.assertEqual(client.strange, [])
        after = [item for client in clients for item in client.sure + client.unsure]
        self.assertGreater(len(before), 0)

        restored = Daemon(folder=copy, memory=False)
        self.addCleanup(restored.finish)
        restored.start()
        for path in ("events", "labels"):
            items = [item for p, item in before if p == path]
            answer = self.ok(restored.post(f"/v1/models/m/{path}", items), 200)
            self.assertEqual(answer["duplicates"], len(items), "an acknowledged item is not in the copy")
        # What came while it was copied is taken up where it ended.
        for path in ("events", "labels"):
            answer = self.ok(restored.post(f"/v1/models/m/{path}", [item for p, item in after if p == path]), 200)
            self.assertEqual(answer["rejected_total"], 0)
        predicted, label = expected(after)
        pairs = sum(id in label for id in predicted)
        windows = self.ok(restored.get("/v1/models/m/metrics?window=all"))["windows"]
        self.assertEqual(windows["all"]["pairs"], pairs)
        self.assertEqual(restored.stop(), 0)

    def test_folder_that_holds_something_is_refused(self):
        copy = os.path.join(self.daemon.top, "copy")
        os.mkdir(copy)
        open(os.path.join(copy, "precious"), "w").close()
        done = run("backup", copy, "--data", self.daemon.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("not empty", done.stderr)
        self.assertEqual(os.listdir(copy), ["precious"])
        self.assertEqual(run("backup", "--data", self.daemon.folder).returncode, 2)


class ExportImport(Case):
    """What export writes, import takes back: nothing is lost and nothing is rounded."""

    MODEL = {"classes": ["ham", "spam"], "positive": "spam", "slices": ["country"], "rules": [],
             "features": ["len", {"name": "lang", "type": "category"}, {"name": "body", "type": "text"},
                          {"name": "embedding", "type": "vector", "size": 2}],
             "windows": [{"name": "last-50", "count": 50}, {"name": "all", "count": 100000}]}

    def fill(self):
        self.put_model("a", self.MODEL)
        words = ["de", "", "NA", "7", 'qu"ote', "a,b", "line\nend", "é", None]
        for batch in range(30):
            events = []
            for i in range(20):
                event = {"id": f"{batch}-{i}", "timestamp": 1767225600000 + batch * 60000 + i,
                         "score": self.random.random(), "slices": {"country": "de"}, "version": "canary",
                         "features": [self.random.choice([None, self.random.gauss(0, 1e10), 5e-324, 0.1, -0.0, 2**53]),
                                      self.random.choice(words), self.random.choice(words),
                                      self.random.choice([None, [self.random.random(), -1e-30]])], "meta": {"n": [1, 2.5]}}
                if i % 5 == 0:
                    event["label"] = self.random.choice(["ham", "spam"])
                if i % 7 == 0:
                    del event["score"]
                    event["scores"] = {"ham": 0.25, "spam": 0.75}
                events.append(event)
            early = [{"id": f"{batch}-{i}", "label": "ham", "source": "early"} for i in range(1, 3)]
            late = [{"id": f"{batch}-{i}", "label": self.random.choice(["ham", "spam"]), "timestamp": 1767230000000 + i}
                    for i in range(2, 15)]
            self.labels("a", early)
            self.events("a", events)
            self.labels("a", late)
            self.events("a", [{"label": "spam", "features": {"len": batch}, "id": f"example-{batch}"}])
        self.labels("a", [{"id": "never", "label": "ham"}])

    def export(self, *arguments):
        done = run("export", "--data", self.daemon.folder, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def load(self, path, *arguments, status=0, **more):
        done = run("import", path, "--url", f"http://127.0.0.1:{self.daemon.port}", "--json", *arguments, **more)
        self.assertEqual(done.returncode, status, done.stderr)
        return json.loads(done.stdout) if done.stdout else done

    def written(self, text, name="file.ndjson"):
        path = os.path.join(self.daemon.top, name)
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        return path

    def same_windows(self):
        a, b = self.metrics("a")["windows"], self.metrics("b")["windows"]
        self.assertEqual(a, b)

    def test_ndjson_comes_back_as_it_was(self):
        self.fill()
        text = self.export("--model", "a")
        self.put_model("b", self.MODEL)
        path = self.written(text)
        counts = self.load(path, "--model", "b")
        self.assertEqual(counts["rejected"], 0)
        self.assertEqual(counts["rows"], len(text.splitlines()))
        self.assertEqual(self.export("--model", "b"), text)
        self.same_windows()
        for id in ("0-0", "3-2", "5-7", "example-9"):
            a, b = (self.ok(self.daemon.get(f"/v1/models/{m}/events/{id}")) for m in "ab")
            for one in (a, b):
                del one["arrival"]
                for label in one["labels"]:
                    del label["arrival"]
            self.assertEqual(a, b)
        again = self.load(path, "--model", "b")
        self.assertEqual(again["duplicates"], again["rows"])
        self.assertEqual(self.export("--model", "b"), text)
        # Compressed, through a pipe, into a model that is not there yet.
        with subprocess.Popen(["gzip", "-c", path], stdout=subprocess.PIPE) as pipe:
            plain = self.load("-", "--model", "b", stdin=pipe.stdout)
        self.assertEqual(plain["duplicates"], plain["rows"])
        self.assertEqual(self.export("--model", "b"), text)

    def test_a_second_import_of_revisions_changes_nothing(self):
        self.put_model("a", self.MODEL)
        self.labels("a", [{"id": "early", "label": "ham"}, {"id": "early", "label": "spam"}])
        self.labels("a", [{"id": "never", "label": "ham"}, {"id": "never", "label": "spam"}])
        self.events("a", [{"id": id, "predicted": "ham"} for id in ("early", "late", "carried")])
        self.events("a", [{"id": "carried", "predicted": "ham", "label": label} for label in ("ham", "spam")])
        for label in ("ham", "spam", "ham", "spam"):
            self.labels("a", {"id": "late", "label": label})
            time.sleep(0.002)  # said at another millisecond
        text = self.export("--model", "a")
        self.put_model("b", self.MODEL)
        path = self.written(text)
        self.assertEqual(self.load(path, "--model", "b")["rejected"], 0)
        for model in "ab":
            again = self.load(path, "--model", model)
            self.assertEqual((again["duplicates"], again["rows"]), (13, 13))
            self.assertEqual(self.export("--model", model), text)
        self.labels("b", [{"id": id, "label": "ham"} for id in ("late", "never")])
        corrected = self.export("--model", "b")
        again = self.load(path, "--model", "b")
        self.assertEqual((again["duplicates"], again["rows"]), (13, 13))
        self.assertEqual(self.export("--model", "b"), corrected)
        self.assertEqual(self.counts("b", "last-50"), {("ham", "ham"): 1, ("spam", "ham"): 2})

    def test_a_second_import_of_a_csv_keeps_a_correction(self):
        self.put_model("b", self.MODEL)
        plain = self.written("id,len,verdict\np-1,1,ham\n", "plain.csv")
        self.load(plain, "--model", "b", "--id", "id", "--predicted", "verdict")
        self.labels("b", {"id": "p-1", "label": "ham"})
        pairs = self.written("id,len,verdict,class\np-1,1,ham,ham\np-2,1,ham,ham\n", "pairs.csv")
        examples = self.written("id,len,class\ne-2,2,ham\n", "examples.csv")
        columns = ("--model", "b", "--id", "id", "--label", "class")
        for correct in (False, True):
            if correct:
                self.labels("b", [{"id": id, "label": "spam"} for id in ("p-1", "p-2", "e-2")])
            self.load(pairs, *columns, "--predicted", "verdict")
            self.load(examples, *columns)
        for id, labels in (("p-1", ["ham", "spam"]), ("p-2", ["ham", "spam"]), ("e-2", ["ham", "spam"])):
            event = self.ok(self.daemon.get(f"/v1/models/b/events/{id}"))
            self.assertEqual([label["label"] for label in event["labels"]], labels, id)

    def test_csv_comes_back_with_its_labels_and_features(self):
        self.fill()
        text = self.export("--model", "a", "--format", "csv")
        self.assertTrue(text.startswith("id,timestamp,predicted,score,label,len,lang,body,embedding\n"))
        self.put_model("b", self.MODEL)
        columns = [word for name in ("id", "predicted", "score", "label") for word in (f"--{name}", name)]
        path = self.written(text, "file.csv")
        counts = self.load(path, "--model", "b", "--time", "timestamp", *columns)
        self.assertEqual(counts["rejected"], 0)
        self.assertEqual(counts["rows"], 30 * 21)
        self.assertEqual(self.export("--model", "b", "--format", "csv"), text)
        self.assertEqual(self.counts("b", "last-50"), self.counts("a", "last-50"))
        self.assertEqual(self.load(path, "--model", "b", "--time", "timestamp", *columns)["duplicates"], counts["rows"])

    def test_a_range_takes_events_and_their_labels(self):
        self.fill()
        lines = [json.loads(line) for line in
                 self.export("--model", "a", "--from", "2026-01-01T00:10:00Z", "--to", "1767226260000").splitlines()]
        events = {line["id"] for line in lines if "predicted" in line}
        self.assertEqual({id.split("-")[0] for id in events}, {"10"})
        labels = [line for line in lines if "predicted" not in line and line.get("source") != "early"]
        self.assertEqual(len(labels), sum(1 for line in labels if line["id"] in events))
        self.assertGreater(len(labels), 5)

    def test_a_csv_of_past_predictions_shows_its_metrics_at_once(self):
        rows = ["when,who,verdict,truth,len,lang,secret"]
        for i in range(3000):
            rows.append(f"2026-01-01T00:{i // 60:02}:{i % 60:02}Z,u{i},{'a' if i % 4 else 'b'},a,{i}.5,{'de' if i % 2 else 'NA'},x")
        path = self.written("\n".join(rows), "past.csv")
        counts = self.load(path, "--model", "m", "--label", "truth", "--predicted", "verdict", "--time", "when",
                           "--drop", "secret", "--drop", "who")
        self.assertEqual((counts["rows"], counts["accepted"], counts["rejected"]), (3000, 3000, 0))
        window = self.metrics("m", "last-500")
        self.assertEqual(window["accuracy"], 0.75)
        features = self.ok(self.daemon.get("/v1/models/m"))["effective"]["features"]
        self.assertEqual([(f["name"], f["type"]) for f in features], [("len", "number"), ("lang", "category")])
        self.assertEqual(self.ok(self.daemon.get("/v1/models/m/events/past.csv%3A2"))["timestamp"], "2026-01-01T00:00:00Z")
        history = self.ok(self.daemon.get("/v1/models/m/metrics/history?window=last-500&metric=accuracy"))
        self.assertGreater(len(history["points"]), 10)
        again = self.load(path, "--model", "m", "--label", "truth", "--predicted", "verdict", "--time", "when",
                          "--drop", "secret", "--drop", "who")
        self.assertEqual(again["duplicates"], 3000)

    def test_rejected_lines_are_named_and_the_others_stored(self):
        self.put_model("m", {"classes": ["a", "b"], "windows": [{"name": "w", "count": 10}]})
        path = self.written('{"id": "1", "predicted": "a", "label": "a"}\n{"id": "2", "predicted": "z"}\n'
                            '\n{"id": "3", "predicted": "a", "label"\n{"id": "4", "predicted": "b", "label": "b", "version": 7}\n'
                            '{"predicted": "b", "label": "a"}\n')
        done = run("import", path, "--model", "m", "--url", f"http://127.0.0.1:{self.daemon.port}", "--json")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(json.loads(done.stdout)["rejected"], 2)
        self.assertIn("line 2: ", done.stderr)
        self.assertIn("line 4: byte ", done.stderr)
        self.assertEqual(self.metrics("m", "w")["pairs"], 3)
        self.assertEqual(self.ok(self.daemon.get("/v1/models/m/events/4"))["version"], "7")
        self.assertEqual(self.ok(self.daemon.get("/v1/models/m/events/file.ndjson%3A6"))["predicted"], "b")

    def test_an_import_that_makes_a_model_says_the_types_of_its_features(self):
        path = self.written("len,subject,y\n1,hello,a\n2.5,there,b\n", "rows.csv")
        arguments = ("import", path, "--model", "typed", "--label", "y", "--url", f"http://127.0.0.1:{self.daemon.port}")
        self.assertIn("features: len number, subject category\n", run(*arguments).stderr)
        self.assertNotIn("features:", run(*arguments).stderr)

    def test_a_model_of_which_no_row_is_accepted_is_deleted_again(self):
        url = ("--url", f"http://127.0.0.1:{self.daemon.port}")
        none = self.written("a,y\n1,\n2,\n", "none.csv")
        for path, *more in ((none, "--label", "y"), (self.written("nope\n"),)):
            done = run("import", path, "--model", "new", *more, *url)
            self.assertEqual(done.returncode, 1)
            self.assertIn("no row was accepted: the model new, created for them, is deleted again\n", done.stderr)
            self.assertEqual(self.daemon.get("/v1/models/new").status, 404)
        self.put_model("old", {})
        self.assertNotIn("deleted", run("import", none, "--model", "old", "--label", "y", *url).stderr)
        self.ok(self.daemon.get("/v1/models/old"))
        some = self.written("a,y\n1,\n2,up\n", "some.csv")
        self.assertNotIn("deleted", run("import", some, "--model", "new", "--label", "y", *url).stderr)
        self.assertEqual(self.ok(self.daemon.get("/v1/models/new"))["examples"], 1)

    def test_what_is_wrong_with_a_row_is_said_of_its_column(self):
        self.put_model("m", {"classes": ["a", "b"], "positive": "a", "features": ["x"]})
        path = self.written("x,guess,outcome,p,when,key\n1,a,a,0.5,2026-01-01T00:00:00Z,1\n2,,,,2026-01-01T00:00:00Z,2\n"
                            "3,a,b,0.5,soon,3\n4,a,b,1.5,2026-01-01T00:00:00Z,4\n5,a,c,0.5,2026-01-01T00:00:00Z,5\n"
                            "6,c,b,0.5,2026-01-01T00:00:00Z,6\n7,b,b,0.5,2026-01-01T00:00:00Z,1\ny,,a,,,8\n", "past.csv")
        url = ("--model", "m", "--url", f"http://127.0.0.1:{self.daemon.port}")
        done = run("import", path, "--label", "outcome", "--predicted", "guess", "--score", "p", "--time", "when", "--id", "key", *url)
        for said in ('3: column "guess" is empty, column "outcome" is empty, column "p" is empty: want a value in one of them\n',
                     '4: column "when": "soon": want RFC 3339', '5: column "p": 1.5: want 0 to 1', '6: column "outcome": "c": ',
                     '7: column "guess": "c": ', '8: column "key": "1" is stored with other content', '9: features.x: "y": '):
            self.assertIn(f"{path}: line {said}", done.stderr)
        self.assertIn("8 rows, 0 of them stored already, 7 rejected\n", done.stderr)
        done = run("import", self.written("x,outcome\n1,a\n2,\n3,NA\n", "few.csv"), "--label", "outcome", *url)
        self.assertIn('few.csv: line 3: column "outcome" is empty: want a value\n', done.stderr)
        self.assertIn('few.csv: line 4: column "outcome" is NA: want a value\n', done.stderr)
        self.assertIn("3 rows, 0 of them stored already, 2 rejected\n", done.stderr)

    def test_an_array_is_no_ndjson(self):
        done = run("import", self.written('[{"id": 1, "predicted": "a"}]\n3\n', "array.json"), "--model", "m",
                   "--url", f"http://127.0.0.1:{self.daemon.port}")
        self.assertIn("array.json: line 1: want one object a line, not an array: jq -c '.[]' FILE makes that of it\n", done.stderr)
        self.assertIn("array.json: line 2: want one object a line\n", done.stderr)
        self.assertEqual(done.returncode, 1)

    def test_what_stands_before_a_broken_row_is_stored(self):
        rows = [f"{x},{'up' if x % 2 else 'down'}\n" for x in range(2500)]
        for at in (0, 1, 500, 1500):
            for before in (False, True):
                model = f"m{at}-{before}".lower()
                if before:
                    self.put_model(model, {"features": ["a"]})
                path = self.written("".join(["a,y\n", *rows[:at], "1,2,3\n", *rows[at + 1:]]), f"broken{at}.csv")
                done = run("import", path, "--model", model, "--label", "y", "--json",
                           "--url", f"http://127.0.0.1:{self.daemon.port}")
                error = f"{path}: line {at + 2}: 3 fields: the header has 2"
                self.assertEqual(done.returncode, 1)
                self.assertIn(f"upkeepd import: {error}\n", done.stderr)
                counts = json.loads(done.stdout)
                self.assertEqual((counts["rows"], counts["accepted"], counts["error"]), (at, at, error))
                if at == 0:
                    self.assertEqual(self.daemon.get(f"/v1/models/{model}").status, 200 if before else 404)
                    continue
                self.assertIn(f"{at:,} rows were accepted before that: import the same file again to go on", done.stderr)
                self.assertEqual(self.ok(self.daemon.get(f"/v1/models/{model}"))["examples"], at)
                counts = self.load(self.written("".join(["a,y\n", *rows]), f"broken{at}.csv"), "--model", model, "--label", "y")
                self.assertEqual((counts["rows"], counts["duplicates"], counts["rejected"]), (2500, at, 0))
                self.assertNotIn("error", counts)

    def test_rows_behind_a_broken_one_show_types_too(self):
        rows = ["7,up", "de,down"]
        for broken in ("7,up,x", "7,up"):
            path = self.written("\n".join(["a,y", rows[0], broken, rows[1], ""]), "types.csv")
            done = run("import", path, "--model", "m", "--label", "y", "--url", f"http://127.0.0.1:{self.daemon.port}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("3 rows, 1 of them stored already, 0 rejected", done.stderr)

    def test_what_stands_before_the_end_of_a_file_that_is_cut_short_is_stored(self):
        items = [json.dumps({"id": i, "predicted": "a", "meta": {"n": self.random.random()}}) for i in range(3000)]
        cut = os.path.join(self.daemon.top, "cut.gz")
        with open(cut, "wb") as file:
            whole = gzip.compress("\n".join(items).encode())
            file.write(whole[:len(whole) * 3 // 4])
        long = self.written("\n".join([*items[:1200], '"' + "x" * (17 << 20), *items[1200:]]), "long.ndjson")
        for model, path, words in (("cut", cut, "the gzip file is cut short"), ("long", long, "line 1201: over 16 MiB")):
            counts = self.load(path, "--model", model, status=1)
            self.assertIn(words, counts["error"])
            self.assertEqual(counts["accepted"], counts["rows"])
            self.assertGreater(counts["accepted"], 1000)
            self.assertLess(counts["accepted"], 2900)
            again = self.load(self.written("\n".join(items)), "--model", model)
            self.assertEqual((again["accepted"], again["duplicates"]), (3000, counts["accepted"]))

    def test_a_daemon_that_goes_away_leaves_words_to_go_on(self):
        items = [json.dumps({"id": i, "predicted": "a"}) + "\n" for i in range(40000)]
        self.put_model("m", {})
        with subprocess.Popen([BINARY, "import", "-", "--model", "m", "--json", "--url", f"http://127.0.0.1:{self.daemon.port}"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as loader:
            loader.stdin.write("".join(items[:20000]))
            loader.stdin.flush()
            events = lambda: self.ok(self.daemon.get("/v1/models/m"))["predictions"]
            wait_until(lambda: events() >= 15000, what="the first rows")
            self.daemon.kill()
            try:
                loader.stdin.write("".join(items[20000:]))
                loader.stdin.close()
            except BrokenPipeError:
                pass
            loader.stdin = None
            out, said = loader.communicate(timeout=60)
        counts = json.loads(out)
        self.assertEqual(loader.returncode, 1)
        self.assertIn(counts["error"], said)
        self.assertIn(f"{counts['accepted']:,} rows were accepted before that: import the same file again", said)
        self.daemon.start()
        again = self.load(self.written("".join(items)), "--model", "m")
        self.assertEqual(again["accepted"], 40000)
        self.assertGreaterEqual(again["duplicates"], counts["accepted"])
        self.assertGreaterEqual(counts["accepted"], 15000)

    def test_files_of_one_name_are_told_apart_in_words(self):
        for folder in ("a", "b"):
            os.mkdir(os.path.join(self.daemon.top, folder))
        first, second = (self.written(f"x,class\n{x},up\n3,down\n", f"{folder}/data.csv") for folder, x in (("a", 1), ("b", 2)))
        load = lambda path, *more: run("import", path, "--model", "m", "--label", "class", *more,
                                       "--url", f"http://127.0.0.1:{self.daemon.port}")
        self.assertNotIn("FILE:LINE", load(first).stderr)
        done = load(second)
        self.assertIn('id: "data.csv:2" is stored with other content in features', done.stderr)
        self.assertIn("if another file of the name data.csv was imported, --id COLUMN or another name", done.stderr)
        self.assertNotIn("FILE:LINE", load(second, "--id", "x").stderr)

    def test_a_file_is_mended_on_its_lines(self):
        def load(text, name="mend.csv"):
            return run("import", self.written(text, name), "--model", "m", *(("--label", "y") if name == "mend.csv" else ()),
                       "--url", f"http://127.0.0.1:{self.daemon.port}").stderr
        lines = ["a,b,y", "1,2,p", "3,,", "5,6,p", "7,8,q", "9,1,p", ""]
        hint = "leave all rows on their lines: correct a rejected one in place, or leave its line empty"
        self.assertNotIn("FILE:LINE", load("a,b,y\n3,,\n"))
        said = load("\n".join(lines))
        self.assertIn("as mend.csv:2\n", said)
        self.assertIn(hint, said)
        self.assertIn("--id COLUMN from the first import on", said)
        self.assertNotIn("another file", said)
        for line, stored in (("", 4), ("3,4,p", 5)):
            said = load("\n".join(lines[:2] + [line] + lines[3:]))
            self.assertIn(f"{stored} rows, 4 of them stored already, 0 rejected\n", said)
            self.assertNotIn(hint, said)
            self.assertEqual(self.ok(self.daemon.get("/v1/models/m"))["examples"], stored)
        said = load('{"predicted": "p"}\n{"predicted": ""}\n', "mend.ndjson")
        self.assertIn(hint, said)
        self.assertIn('an "id" from the first import on', said)

    def test_columns_of_another_model_are_no_rows_to_train_on(self):
        self.put_model("m", {"features": ["x", "z"], "rules": [], "windows": [{"name": "w", "count": 1000}]})
        path = self.written("X,Z,verdict,y\n" + "".join(f"{i},{-i},a,{'ab'[i % 2]}\n" for i in range(400)), "upper.csv")
        done = run("import", path, "--model", "m", "--label", "y", "--drop", "verdict",
                   "--url", f"http://127.0.0.1:{self.daemon.port}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("line 2: features: the model has none of X, Z; did you mean x? want some of x, z\n", done.stderr)
        self.assertIn("400 rows, 0 of them stored already, 400 rejected\n", done.stderr)
        columns = ("--model", "m", "--label", "y", "--predicted", "verdict")
        self.assertEqual(self.load(path, *columns)["accepted"], 400)
        self.assertEqual(self.metrics("m", "w")["pairs"], 400)
        model = self.ok(self.daemon.get("/v1/models/m"))
        self.assertEqual((model["examples"], model["rows"]), (0, 0))
        self.assertIsNone(self.ok(self.daemon.get("/v1/models/m/events/upper.csv%3A2"))["features"])
        self.put_model("m", {"features": ["X", "Z"], "rules": [], "windows": [{"name": "w", "count": 1000}]})
        good = self.written("".join(json.dumps({"id": i, "predicted": "a", "label": "a", "features": {"X": i}}) + "\n" for i in range(9)))
        self.load(good, "--model", "m")
        self.put_model("m", {"features": ["u"], "rules": [], "windows": [{"name": "w", "count": 1000}]})
        again = self.load(good, "--model", "m")
        self.assertEqual((again["duplicates"], again["rejected"]), (9, 0))

    def test_mistakes_on_the_command_line(self):
        for arguments in (["export"], ["export", "--model", "m", "--format", "xml"], ["export", "--model", "m", "--from", "1"],
                          ["import"], ["import", "x.csv"], ["import", "x.ndjson", "--model", "m", "--label", "y"]):
            self.assertEqual(run(*arguments).returncode, 2, arguments)
        done = run("export", "--model", "nobody", "--data", self.daemon.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("there is no model nobody", done.stderr)
        done = run("import", self.written("a,b\n1,2\n", "x.csv"), "--model", "m", "--label", "c",
                   "--url", f"http://127.0.0.1:{self.daemon.port}")
        self.assertEqual(done.returncode, 1)
        self.assertIn('no column "c"', done.stderr)
        done = run("import", self.written("id, label , x \n1,a,2\n", "blanks.csv"), "--model", "m", "--label", "Label",
                   "--url", f"http://127.0.0.1:{self.daemon.port}")
        self.assertIn('no column "Label"; did you mean " label "? it has "id", " label ", " x "', done.stderr)
        self.put_model("fraud", {})
        done = run("export", "--model", "frad", "--data", self.daemon.folder)
        self.assertIn("there is no model frad", done.stderr)
        self.assertIn("; did you mean fraud? it has: fraud", done.stderr)


class Deleting(Case):
    """A model's name is free at once; its rows go in the background, whatever happens meanwhile."""

    memory = False
    ROWS = 30_000

    def left(self):
        return self.ok(self.daemon.get("/readyz")).get("deleting", 0)

    def rows(self, table):
        with sqlite3.connect(f"file:{self.daemon.folder}/upkeepd.db?mode=ro", uri=True) as file:
            return file.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

    def fill(self, name):
        self.put_model(name, CONFIG)
        for start in range(0, self.ROWS, 10_000):
            self.ok(self.daemon.ndjson(f"/v1/models/{name}/events", [
                {"id": f"{name}-{start + i}", "predicted": "a", "label": "b", "features": [i, 0.5]} for i in range(10_000)]))

    def test_rows_go_in_the_background_and_survive_a_kill(self):
        self.fill("gone")
        self.put_model("stays", CONFIG)
        self.events("stays", [{"id": str(i), "predicted": "a", "label": "a", "features": [i, i]} for i in range(100)])
        self.fill("too")
        begin = time.monotonic()
        self.assertEqual(self.daemon.delete("/v1/models/gone").status, 204)
        self.assertEqual(self.daemon.delete("/v1/models/too").status, 204)
        took = time.monotonic() - begin
        self.assertEqual(self.daemon.get("/v1/models/gone").status, 404)
        self.put_model("gone", CONFIG)
        self.events("gone", [{"id": "gone-1", "predicted": "c", "label": "c", "features": [1, 1]}])
        self.assertLess(took, 2)
        self.daemon.kill()
        self.daemon.start()
        slowest = 0
        while self.left():
            begin = time.monotonic()
            self.events("stays", [{"id": f"x{begin}", "predicted": "a", "label": "b", "features": [0, 0]}])
            slowest = max(slowest, time.monotonic() - begin)
        wait_until(lambda: self.rows("model") == 2, what="the end of the sweep")
        self.assertEqual(self.rows("event"), self.rows("place"))
        self.assertEqual(self.counts("gone", "all"), {("c", "c"): 1})
        self.assertEqual(self.counts("stays", "all")[("a", "a")], 100)
        self.assertLess(slowest, 1)
        self.assertIn("upkeepd_deleting_rows 0\n", self.daemon.get("/metrics").text)


class Cap(Case):
    config = {"store": {"max_size": "3MB"}}
    memory = False

    def state(self):
        return self.ok(self.daemon.get("/readyz"))["store"]["state"]

    def test_posts_are_refused_at_the_cap_and_go_on_when_rows_were_deleted(self):
        self.put_model("m", CONFIG)
        self.put_model("other", CONFIG)
        self.assertEqual(self.state(), "ok")
        states, number = set(), 0
        while True:
            items = [{"id": f"{number}-{i}", "predicted": "a", "label": "a", "features": [i, i]} for i in range(500)]
            number += 1
            reply = self.daemon.post("/v1/models/m/events", items)
            states.add(self.state())
            if reply.status != 200:
                break
        self.problem(reply, 507, "store.max_size is 3000000", "delete models")
        self.assertEqual(states, {"ok", "nearly full", "full"})
        self.assertIn("nearly full", self.daemon.log())
        self.assertEqual(self.metrics("m", "all")["pairs"], (number - 1) * 500)
        self.assertEqual(self.daemon.get("/v1/models/m/events/0-0").status, 200)
        self.problem(self.daemon.post("/v1/models/other/events", items), 507)
        self.assertEqual(self.daemon.delete("/v1/models/m").status, 204)
        wait_until(lambda: self.state() == "ok", what="room")
        self.events("other", items)
        self.assertIn("upkeepd_store_max_bytes 3000000\n", self.daemon.get("/metrics").text)


class Check(Case):
    memory = False

    def check(self, *arguments):
        done = run("check", "--data", self.daemon.folder, "--json", "--scratch", self.daemon.top, *arguments)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return done.returncode, json.loads(done.stdout), done.stderr

    def fill(self):
        self.put_model("m", {**CONFIG, "windows": CONFIG["windows"] + [{"name": "1h", "duration": "1h"}]})
        self.put_model("empty", {})
        clients = [Client(self.daemon.port, "m", str(i), self.random) for i in range(2)]
        for client in clients:
            client.start()
        time.sleep(0.5)
        return clients

    def stop(self, clients):
        for client in clients:
            client.enough.set()
        for client in clients:
            client.join(60)

    def test_a_sound_folder_under_load_passes(self):
        clients = self.fill()
        status, report, said = self.check()
        self.stop(clients)
        self.assertEqual((status, report["faults"]), (0, []), said)
        self.assertEqual((report["models"], report["windows"]), (2, 6))
        self.assertGreater(report["pairs"], 0)
        self.assertEqual([name for name in os.listdir(self.daemon.top) if "check" in name], [])

    def test_an_old_example_that_became_a_pair_leaves_no_hole_in_the_numbers(self):
        self.put_model("m", {"windows": [{"name": "w", "count": 100}], "rules": [], "retention": "4s"})
        self.events("m", {"id": "x", "features": [1], "label": "a"})
        time.sleep(2.5)
        self.events("m", [{"id": str(i), "predicted": "a", "label": "a"} for i in range(5)])
        self.events("m", {"id": "x", "predicted": "a", "features": [1], "label": "a"})
        self.events("m", [{"id": str(i), "predicted": "a", "label": "a"} for i in range(5, 9)])
        wait_until(lambda: self.daemon.get("/v1/models/m/events/x").status == 404, what="the end of x")
        self.assertEqual((self.metrics("m", "w")["pairs"], self.metrics("m", "w")["events"]), (9, 9))
        self.assertEqual(self.daemon.stop(), 0)
        status, report, said = self.check("--rows")
        self.assertEqual((status, report["faults"]), (0, []), said)
        self.assertEqual([report[name] for name in ("models", "windows", "pairs")], [None] * 3)
        self.assertIn("rows alone, windows were left out: 0 faults", said)

    def test_what_was_changed_behind_the_daemon_s_back_is_found(self):
        self.stop(self.fill())
        self.events("m", [{"id": f"gone {i}", "predicted": "a", "label": "a"} for i in range(30)])
        for i in (11, 13):
            self.ok(self.daemon.delete(f"/v1/models/m/events/gone%20{i}"))
        self.assertEqual(self.daemon.stop(), 0)
        for change, words in (
                ("UPDATE place SET label = 1 << 40 WHERE place = 5", "places whose label is not there"),
                ("UPDATE event SET number = 3 WHERE number = 4", "numbers of two predictions"),
                ("UPDATE event SET number = number + 100000 WHERE seq = (SELECT max(seq) FROM event)",
                 "neither one has nor a deleted one had"),
                ("DELETE FROM gone", "neither one has nor a deleted one had"),
                ("UPDATE gone SET number = number + 1", "numbers of deleted predictions that one has"),
                ("UPDATE event SET time = time - 1 WHERE seq = (SELECT max(seq) FROM event)",
                 "not dated by their arrival"),
                ("UPDATE place SET time = time + 1 WHERE place = 9", "places whose time is not the later"),
                ("UPDATE event SET time = 0, timed = 1 WHERE seq = (SELECT event FROM place WHERE label IS NULL LIMIT 1)",
                 "places whose time is not the later"),
                ("UPDATE label SET time = time + 1000000 WHERE seq = (SELECT max(label) FROM place)",
                 "places whose time is not the later"),
                ("UPDATE model SET last_place = last_place + 5 WHERE name = 'm'", "last removed place is there"),
                ("UPDATE model SET last_place = last_place - 1 WHERE name = 'm'", "places missing above"),
                ("DELETE FROM place WHERE place = (SELECT max(place) - 2 FROM place)", "places missing above"),
                ("UPDATE sequence SET saved = 1 << 40", "above the last one given out")):
            copy = os.path.join(self.daemon.top, "spoilt")
            self.assertEqual(run("backup", copy, "--data", self.daemon.folder).returncode, 0)
            # Left open, so that the change stays in the WAL: in the file the page's checksum would give it away.
            file = sqlite3.connect(os.path.join(copy, "upkeepd.db"))
            self.assertGreater(file.execute(change).rowcount, 0)
            file.commit()
            done = run("check", "--data", copy, "--rows", "--scratch", self.daemon.top)
            file.close()
            self.assertEqual(done.returncode, 1, words)
            self.assertIn(words, done.stderr)
            shutil.rmtree(copy)


class Erasing(Case):
    """An erased event is in no window, no row and no later answer, before and after a restart."""

    memory = False
    threaded = True
    MODEL = {"classes": CLASSES, "features": ["x"], "rules": [],
             "windows": [{"name": "last-40", "count": 40}, {"name": "all", "count": 100000}, {"name": "1h", "duration": "1h"}]}

    def erase(self, id):
        return self.ok(self.daemon.delete(f"/v1/models/m/events/{id}"), 200)

    def check_windows(self, pairs):
        for name, wanted in (("last-40", pairs[-40:]), ("all", pairs), ("1h", pairs)):
            self.assertEqual(self.counts("m", name), Counter((label, predicted) for _, predicted, label in wanted), name)

    def test_windows_are_as_if_it_had_never_come(self):
        self.put_model("m", self.MODEL)
        pairs = []
        for batch in range(12):
            events, later = [], []
            for i in range(10):
                id, predicted, label = f"{batch}-{i}", self.random.choice(CLASSES), self.random.choice(CLASSES)
                event = {"id": id, "predicted": predicted, "features": [i]}
                if i % 3 == 0:
                    event["label"] = label
                    pairs.append((id, predicted, label))
                elif i % 3 == 1:
                    later.append((id, predicted, label))
                events.append(event)
            self.events("m", events)
            if later:
                self.labels("m", [{"id": id, "label": label} for id, _, label in later])
                pairs += later
        revised = {}
        for i in self.random.sample(range(len(pairs)), 20):
            id, predicted, label = pairs[i]
            label = self.random.choice([c for c in CLASSES if c != label])
            self.labels("m", [{"id": id, "label": label}])
            pairs[i], revised[id] = (id, predicted, label), True
        self.labels("m", [{"id": "waits", "label": "a"}, {"id": "comes", "label": "b"}])
        self.events("m", [{"id": "comes", "predicted": "c"}])
        pairs.append(("comes", "c", "b"))
        self.check_windows(pairs)

        gone = [id for id, _, _ in self.random.sample(pairs, 30)] + ["0-2", "waits", pairs[-1][0], pairs[0][0]]
        for number, id in enumerate(dict.fromkeys(gone)):
            answer = self.erase(id)
            self.assertEqual((answer["id"], answer["event"], answer["trained"]), (id, id != "waits", []))
            pairs = [pair for pair in pairs if pair[0] != id]
            if number % 5 == 0:
                self.check_windows(pairs)
            self.assertEqual(self.daemon.get(f"/v1/models/m/events/{id}").status, 404)
            self.problem(self.daemon.delete(f"/v1/models/m/events/{id}"), 404, "has none of that id")
        self.check_windows(pairs)
        text = self.daemon.get("/metrics").text
        removed = sum(float(line.split()[-1]) for line in text.splitlines()
                      if line.startswith(("upkeepd_true_positives_removed_total", "upkeepd_false_negatives_removed_total")))
        self.assertEqual(removed, len(dict.fromkeys(gone)) - 2 + 20, "each pair is of one actual class")
        events = 120 + 1 - len(dict.fromkeys(gone)) + 1
        self.assertEqual(self.metrics("m", "all")["events"], events - self.events_before(pairs))
        self.daemon.restart()
        self.check_windows(pairs)
        self.assertEqual(self.metrics("m", "all")["events"], events - self.events_before(pairs))
        for table in ("event", "label", "place"):
            with sqlite3.connect(f"file:{self.daemon.folder}/upkeepd.db?mode=ro", uri=True) as file:
                ids = file.execute("SELECT id FROM label UNION SELECT id FROM event").fetchall()
        self.assertEqual({id for id, in ids} & set(gone), set())
        # The same id later is a new event.
        self.events("m", [{"id": gone[0], "predicted": "a", "label": "c"}])
        self.check_windows(pairs + [(gone[0], "a", "c")])
        done = run("check", "--data", self.daemon.folder, "--scratch", self.daemon.top)
        self.assertEqual(done.returncode, 0, done.stderr)

    def events_before(self, pairs):
        """Events that are left and came before the first one among the pairs."""
        with sqlite3.connect(f"file:{self.daemon.folder}/upkeepd.db?mode=ro", uri=True) as file:
            seqs = dict(file.execute("SELECT id, seq FROM event").fetchall())
        first = min(seqs[id] for id, _, _ in pairs)
        return sum(seq < first for seq in seqs.values())

    def test_answers_with_the_versions_that_were_trained_on_it(self):
        self.put_model("m", {**self.MODEL, "classes": ["a", "b"]})
        self.events("m", [{"id": str(i), "features": [i % 2 * 4 + self.random.random()], "label": "ab"[i % 2]} for i in range(600)],
                    query="?settle=true")
        self.assertEqual(self.erase("17")["trained"], [1])
        self.events("m", [{"id": "late", "features": [1], "label": "a"}])
        self.assertEqual(self.erase("late")["trained"], [])
        self.assertEqual(self.ok(self.daemon.get("/v1/models/m"))["examples"], 599)


class Retention(Case):
    """What is older than the retention is gone from rows and windows, and nothing else is."""

    memory = False
    WINDOWS = [{"name": "last-40", "count": 40}, {"name": "all", "count": 100000}, {"name": "1h", "duration": "1h"}]

    def ids(self, table):
        with sqlite3.connect(f"file:{self.daemon.folder}/upkeepd.db?mode=ro", uri=True) as file:
            return {id for id, in file.execute(f"SELECT id FROM {table}")}

    def batch(self, model, number):
        """30 events, 10 of them labelled at once, 10 later; the pairs."""
        pairs = []
        for i in range(20):
            pairs.append((f"{number}-{i}", self.random.choice(CLASSES), self.random.choice(CLASSES)))
        self.events(model, [{"id": id, "predicted": p, "label": l, "features": [1, 2]} for id, p, l in pairs[:10]])
        self.events(model, [{"id": id, "predicted": p} for id, p, _ in pairs[10:]] +
                    [{"id": f"{number}-open-{i}", "predicted": "a"} for i in range(10)])
        self.labels(model, [{"id": id, "label": l} for id, _, l in pairs[10:]])
        self.labels(model, [{"id": f"{number}-waits", "label": "a"}])
        return pairs

    def check_windows(self, model, pairs):
        for name, wanted in (("last-40", pairs[-40:]), ("all", pairs), ("1h", pairs)):
            self.assertEqual(self.counts(model, name), Counter((label, predicted) for _, predicted, label in wanted), name)

    def test_old_rows_go_and_windows_follow(self):
        config = {"classes": CLASSES, "rules": [], "features": ["a", "b"], "windows": self.WINDOWS}
        self.put_model("short", {**config, "retention": "6s"})
        self.put_model("long", {**config, "retention": "1d"})
        self.put_model("ever", config)
        old = {model: self.batch(model, "old") for model in ("short", "long", "ever")}
        self.labels("short", [{"id": "old-0", "label": self.random.choice(CLASSES)}])  # perhaps a revision
        begin = time.monotonic()
        time.sleep(3)
        young = {model: self.batch(model, "young") for model in ("short", "long", "ever")}
        self.assertIn("old-1", self.ids("event"))
        wait_until(lambda: self.metrics("short", "all")["pairs"] == 20, what="retention")
        self.assertGreater(time.monotonic() - begin, 5)
        self.check_windows("short", young["short"])
        for model in ("long", "ever"):
            self.check_windows(model, old[model] + young[model])
        self.assertEqual(self.daemon.get("/v1/models/short/events/old-open-1").status, 404)

        def left():
            with sqlite3.connect(f"file:{self.daemon.folder}/upkeepd.db?mode=ro", uri=True) as file:
                return {id for id, in file.execute("SELECT id FROM event WHERE model = 1 UNION SELECT id FROM label WHERE model = 1")}
        wait_until(lambda: not any(id.startswith("old") for id in left()), what="labels that came after their events")
        self.daemon.restart()
        for model in ("long", "ever"):
            self.check_windows(model, old[model] + young[model])
        wait_until(lambda: self.metrics("short", "all")["pairs"] == 0, what="retention after a restart")
        self.assertIsNotNone(self.ok(self.daemon.get("/readyz"))["oldest"])
        # A retention that comes later takes what is there already.
        self.put_model("ever", {**config, "retention": "1s"})
        wait_until(lambda: self.metrics("ever", "all")["pairs"] == 0, what="the new retention")
        self.check_windows("long", old["long"] + young["long"])
        done = run("check", "--data", self.daemon.folder, "--scratch", self.daemon.top)
        self.assertEqual(done.returncode, 0, done.stderr)


class History(Case):
    def test_old_points_are_thinned_whatever_the_window_s_size(self):
        counts = (80, 100, 160)
        self.put_model("m", {"rules": [], "windows": [{"name": f"last-{n}", "count": n} for n in counts]})
        line = '{"predicted":"a","label":"a"}\n'
        for _ in range(12):
            self.ok(self.daemon.post("/v1/models/m/events", line * 5000, headers={"Content-Type": "application/x-ndjson"}))
        self.daemon.restart()
        with sqlite3.connect(f"file:{self.daemon.folder}/upkeepd.db?mode=ro", uri=True) as file:
            points = dict(file.execute("SELECT window, COUNT(*) FROM history GROUP BY window"))
        for n in counts: # a point each n / 20 pairs: 7,500 to 15,000
            self.assertTrue(1000 < points[f"last-{n}"] < 4096 + 256, points)
