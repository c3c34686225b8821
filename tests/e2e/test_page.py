"""The page at / in a real browser."""
import html
import os
import re
import shutil
import subprocess

from harness import wait_until
from test_loop import LoopCase

CHROMIUM = shutil.which("chromium") or "chromium"


class Browser(LoopCase):
    def browse(self, *arguments, part=""):
        profile = os.path.join(self.daemon.top, "chromium")
        # Anything but the daemon's own address would be asked of a proxy that isn't there.
        return subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             f"--user-data-dir={profile}", "--virtual-time-budget=8000", "--window-size=1280,1000", *arguments,
             f"http://127.0.0.1:{self.daemon.port}/{part}"], capture_output=True, text=True, timeout=120)

    def shown(self, part=""):
        """The page's text, without its markup."""
        text = re.sub(r"<[^>]*>", " ", self.browse("--dump-dom", part=part).stdout)
        return re.sub(r"\s+", " ", html.unescape(text))


class Page(Browser):
    def setUp(self):
        super().setUp()
        self.put_model("mail", {"classes": ["ham", "spam"], "positive": "spam", "rules": [
            {"name": "f1-low", "metric": "f1", "window": "last-500", "below": 0.85, "min_pairs": 20, "confidence": None}]})
        self.put_model("typo", {"rules": [{"name": "low", "metric": {"name": "f1", "class": "spma"}, "window": "1d", "below": 0.5}]})
        self.events("mail", [{"id": str(i), "predicted": ["ham", "spam"][i % 3 == 0], "label": ["ham", "spam"][i % 2]}
                             for i in range(60)])
        self.put_model("evil", {"classes": ["<script>document.title='owned'</script>", "<img src=x onerror=document.title='owned'>"]})
        self.events("evil", {"predicted": "<script>document.title='owned'</script>", "label": "<img src=x onerror=document.title='owned'>"})

    def test_it_shows_models_figures_and_rules(self):
        shown = self.browse("--dump-dom").stdout
        for part in ("mail", "f1-low", "firing", "last-500"):
            self.assertIn(part, shown)
        self.assertRegex(shown, r"0\.40|40(\.0)?\s*%")  # F1 of spam: tp 10, fp 10, fn 20
        self.assertNotIn("<title>owned", shown)

    def test_a_model_that_there_is_not_is_named(self):
        shown = self.shown("#model=mial")
        self.assertIn("There is no model mial.", shown)
        self.assertIn("f1-low", shown)
        self.assertNotIn("There is no model", self.shown("#model=mail"))

    def test_a_rule_without_data_is_not_shown_as_fine(self):
        page = self.browse("--dump-dom", part="#model=typo").stdout
        self.assertIn('<span class="state warn">no_data</span>', page)
        self.assertIn('the class "spma" so far', html.unescape(page))

    def test_a_rule_with_too_few_pairs_is_not_shown_as_fine(self):
        self.put_model("few", {"rules": [{"name": "low", "metric": "accuracy", "window": "last-500", "below": 0.5}]})
        self.events("few", {"predicted": "a", "label": "a"})
        page = self.browse("--dump-dom", part="#model=few").stdout
        self.assertIn('<span class="state quiet">ok</span>', page)
        self.assertIn("1 of the 200 pairs it needs", page)
        shown = self.shown("#model=few")
        self.assertIn("F1 (macro) 1.000 on 1 pair ", shown)
        self.assertNotIn("[1.000, 1.000]", shown)
        self.assertRegex(shown, r"F1 \(spam\) 0\.400 \[0\.\d{3}, 0\.\d{3}\] on 60 pairs")
        self.put_model("new", {"rules": [{"name": "fell", "change": "down"}]})
        page = self.browse("--dump-dom", part="#model=new").stdout
        self.assertNotIn('<span class="state good">ok</span>', page)
        self.assertIn("0 of the 40 pairs it needs", page)

    def test_a_change_rule_shows_its_l_beside_the_limit_of_l(self):
        self.put_model("fell", {"rules": [{"name": "fell", "change": "down"}]})
        self.events("fell", [{"predicted": "a", "label": "ab"[i % 20 == 0]} for i in range(400)])
        self.events("fell", [{"predicted": "a", "label": "ab"[i % 2]} for i in range(100)])
        rule, = self.ok(self.daemon.get("/v1/models/fell/rules"))["rules"]
        self.assertEqual(rule["state"], "firing")
        self.assertIn(f" L {rule['bound']:.3f} L {rule['threshold']:.3f} ", self.shown("#model=fell"))

    def test_many_marks_do_not_hide_the_curve(self):
        def marks_after(turns):
            for turn in range(turns):
                self.events("flips", [{"predicted": "a", "label": "ab"[turn % 2]}] * 50)
            page = self.browse("--dump-dom", part="#model=flips").stdout
            legend, = re.findall(r'class="bad">(.)</span> a rule fired', page)
            self.assertNotIn("alerts are marked from", page)
            return legend, re.findall(r'class="mark alerted( tick)?"', page)

        self.put_model("flips", {"windows": [{"name": "short", "count": 50}], "rules": [
            {"name": "low", "metric": "accuracy", "window": "short", "below": 0.5, "min_pairs": 20, "confidence": None}]})
        self.assertEqual(marks_after(6), ("┆", [""] * 3))
        self.assertEqual(marks_after(394), ("╷", [" tick"] * 200))
        self.assertEqual(marks_after(20), ("╷", [" tick"] * 210))

    def test_the_legend_says_from_where_on_alerts_are_marked(self):
        self.put_model("many", {"windows": [{"name": "last", "count": 1}], "rules": [
            {"name": "low", "metric": "accuracy", "window": "last", "below": 0.5, "min_pairs": 1, "confidence": None}]})
        self.events("many", [{"predicted": "a", "label": "ab"[turn % 2]} for turn in range(3000)])
        kept = lambda: self.ok(self.daemon.get("/v1/models/many/alerts?limit=10000"))["alerts"]
        wait_until(lambda: len(kept()) == 1000, what="the removal of older alerts")
        page = self.browse("--dump-dom", part="#model=many").stdout
        self.assertIn(f"alerts are marked from place {kept()[-1]['place']:,} on", page)
        self.assertEqual(len(re.findall('class="mark alerted', page)), 1000)

    def test_a_screenshot_can_be_taken(self):
        path = os.path.join(self.daemon.top, "page.png")
        self.browse(f"--screenshot={path}")
        self.assertGreater(os.path.getsize(path), 5000)

    def test_it_asks_nobody_but_the_daemon(self):
        log = os.path.join(self.daemon.top, "net.json")
        self.browse("--dump-dom", f"--log-net-log={log}")
        with open(log) as file:
            urls = set(re.findall(r'"url":"([a-z]+://[^"]+)"', file.read()))
        own = (f"http://127.0.0.1:{self.daemon.port}/", "chrome", "data:")
        self.assertTrue(any(url.startswith(own[0]) for url in urls))
        home = re.compile(r"https?://(clients2\.google\.com|update\.googleapis\.com|accounts\.google\.com|"
                          r"(optimizationguide-pa|content-autofill|safebrowsing)\.googleapis\.com|www\.google\.com/async)/")
        self.assertEqual({url for url in urls if not url.startswith(own) and not home.match(url)}, set())

    def test_its_headers_forbid_what_it_does_not_need(self):
        reply = self.daemon.get("/")
        self.assertEqual(reply.status, 200)
        self.assertTrue(reply.headers["Content-Type"].startswith("text/html"))
        policy = reply.headers["Content-Security-Policy"]
        self.assertIn("default-src", policy)
        self.assertIn("frame-ancestors 'none'", policy)
        self.assertNotIn("unsafe-inline", policy)
        self.assertEqual(reply.headers["X-Content-Type-Options"], "nosniff")


class Loop(Browser):
    """What the page tells of the loop, held against what the API says."""

    def test_it_shows_live_adjustment_trials_and_who_promoted_against_a_verdict(self):
        stream = self.begin(config={"features": ["x", "y", "z"], "rules": [], "retrain": {
            "learner": "logistic", "budget": None, "trials": 3, "gate": {"at_least": 0.99}}})
        stream.plane = (-1.0, 1.0, 0.5)
        self.play("m", stream, 300)
        run = self.ended(self.by_hand())
        self.assertEqual(run["state"], "rejected")
        anna = {"by": "anna <b>", "reason": "the old plane is coming back"}
        self.ok(self.daemon.post(f"/v1/models/m/versions/{run['version']}/promote", anna))

        model = self.ok(self.daemon.get("/v1/models/m"))
        live, promotions = model["live"], self.ok(self.daemon.get("/v1/models/m/promotions"))["promotions"]
        self.assertEqual([one["by"] for one in promotions], ["run", "live", "hand"])
        page = self.shown()
        self.assertIn(f"It adjusts version {live['version']}, at revision {live['revision']}.", page)
        self.assertIn(f"at place {promotions[1]['place']}: {promotions[1]['reason']}", page)
        self.assertIn(f"Version {run['version']} promoted by hand (anna <b>), against the verdict of run {run['run']} "
                      f"({run['verdict']}): {anna['reason']}", page)
        newest = self.ok(self.daemon.get(f"/v1/models/m/versions/{live['version']}/revisions?limit=1"))["revisions"][0]
        self.assertRegex(page, rf"revision predicts since place since bytes {newest['revision']} [^a-z]*{newest['place']} ")
        self.assertEqual(sum(one["picked"] for one in run["candidates"]), 1)
        for one in run["candidates"]:
            who = f"version {one['version']} as it is" if "version" in one else one["learner"]
            for member, words in (("trial", ", trial "), ("goes_on_from", ", goes on from version ")):
                who += f"{words}{one[member]}" if member in one else ""
            rows = f"{one['rows']:,}" if "rows" in one else "–"
            self.assertIn(f"{who} {rows} {one['score']:.3f} {'picked ' if one['picked'] else ''}", page)
        for trial in run["trials"]:
            self.assertRegex(page, rf"{trial['trial']} logistic l2 [^_]*? {trial['score']:.3f} ")
        # The chart reaches the place of the last promotion, whose line stands in it.
        self.assertEqual(promotions[2]["place"], model["place"])
        self.assertIn(f"place {model['place']} ", page)
        self.assertIn('class="mark against"', self.browse("--dump-dom").stdout)
        self.assertIn("Run 1 succeeded", self.shown("#model=m&run=1"))

    def test_it_shows_by_what_a_run_chose_its_learner(self):
        self.begin(config={"features": ["x", "y", "z"], "rules": [], "retrain": {"live": False}})
        run = self.run_of(1)
        scores = ", ".join(f"{one['learner']} {one['score']:.3f}" for one in run["choice"])
        self.assertEqual(len(run["choice"]), 3)
        self.assertIn(f"It began with the learner that was best on earlier rows: {scores}.", self.shown())
        best = max(run["choice"], key=lambda one: one["score"])["learner"]
        self.assertTrue(run["verdict"].startswith(f"the first version, {best}: "), run["verdict"])

    def test_it_shows_how_far_a_run_is(self):
        stream = self.begin(config={"features": ["x", "y", "z"], "rules": [], "retrain": {
            "learner": "mlp", "budget": None, "trials": 10000, "live": False}})
        self.play("m", stream, 200, step=50)
        number = self.by_hand()
        wait_until(lambda: self.run_of(number)["trials"], what="a trial")
        self.assertRegex(self.shown(), rf"Run {number} running Why: started by hand\. [0-9]+ of 10,00[0-9] steps trial ")
        self.ok(self.daemon.delete(f"/v1/models/m/runs/{number}"))
