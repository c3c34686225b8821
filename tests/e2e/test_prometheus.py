"""/metrics as Prometheus itself sees it."""
import http.client
import json
import os
import re
import subprocess
import time
import urllib.parse

from harness import Case, wait_until


def sample(text, name, **labels):
    """The value of the one sample with these labels."""
    for line in text.split("\n"):
        found = re.fullmatch(r'([a-z_]+)(?:\{(.*)\})? (\S+)', line)
        if found and found.group(1) == name:
            has = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', found.group(2) or ""))
            if all(has.get(k) == v for k, v in labels.items()):
                return float(found.group(3))
    return None


class Exposition(Case):
    def setUp(self):
        super().setUp()
        self.put_model("mail", {"classes": ["ham", "spam"], "positive": "spam"})
        self.events("mail", [{"id": str(i), "predicted": ["ham", "spam"][i % 3 == 0], "label": ["ham", "spam"][i % 2]}
                             for i in range(60)])

    def counted(self, name):
        return sample(self.daemon.get("/metrics").text, name, model="mail", **{"class": "spam"})

    def test_counters_per_class_and_what_revisions_took_out(self):
        # i % 6 == 3: told and was spam; i % 6 == 0: told alone; i % 6 in (1, 5): was alone
        tp, fp, fn = (f"upkeepd_{kind}_total" for kind in ("true_positives", "false_positives", "false_negatives"))
        self.assertEqual([self.counted(tp), self.counted(fp), self.counted(fn)], [10, 10, 20])
        self.labels("mail", {"id": "3", "label": "ham"})
        self.assertEqual([self.counted(tp), self.counted(fp), self.counted(fn)], [10, 11, 20])
        self.assertEqual(self.counted("upkeepd_true_positives_removed_total"), 1)
        # Counters are the process's: after a restart they begin at 0, as Prometheus expects.
        self.daemon.restart()
        self.events("mail", {"predicted": "spam", "label": "spam"})
        self.assertEqual([self.counted(tp), self.counted(fp), self.counted(fn)], [1, 0, 0])

    def test_promtool_finds_nothing_to_complain_about(self):
        reply = self.daemon.get("/metrics")
        self.assertEqual(reply.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        done = subprocess.run(["promtool", "check", "metrics"], input=reply.body, capture_output=True)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, b""))

    def test_openmetrics_is_given_to_those_who_ask(self):
        reply = self.daemon.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0; charset=utf-8"})
        self.assertEqual(reply.headers["Content-Type"], "application/openmetrics-text; version=1.0.0; charset=utf-8")
        self.assertTrue(reply.text.endswith("# EOF\n"))
        self.assertNotRegex(reply.text, r"# TYPE \S+_total ")

    def test_prometheus_scrapes_both_forms(self):
        self.put_model("odd", {"classes": ['quo"te', "back\\slash", "new\nline"]})
        self.events("odd", {"predicted": 'quo"te', "label": "new\nline"})
        config = os.path.join(self.daemon.top, "prometheus.yml")
        with open(config, "w") as file:
            json.dump({"global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
                       "scrape_configs": [{"job_name": "upkeepd", "static_configs": [{"targets": [f"127.0.0.1:{self.daemon.port}"]}]}]}, file)
        port = 20000 + os.getpid() % 20000
        log = open(os.path.join(self.daemon.top, "prometheus.log"), "w+")
        process = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.daemon.top}/tsdb",
             f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"], stdout=log, stderr=log)
        self.addCleanup(lambda: (process.kill(), process.wait(), log.close()))

        def ask(path):
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", path)
                return json.loads(connection.getresponse().read())["data"]
            except (OSError, ValueError, KeyError):
                return None

        def scraped():
            targets = ask("/api/v1/targets")
            return targets and targets["activeTargets"] and targets["activeTargets"][0]["health"] != "unknown" and targets["activeTargets"][0]

        target = wait_until(scraped, 60, "a scrape")
        self.assertEqual((target["health"], target["lastError"]), ("up", ""))
        query = 'upkeepd_true_positives_total{model="mail",class="spam"} / (upkeepd_true_positives_total + upkeepd_false_positives_total)'
        found = wait_until(lambda: ask("/api/v1/query?query=" + urllib.parse.quote(query))["result"], 30, "the precision")
        self.assertEqual(float(found[0]["value"][1]), 0.5)
        odd = ask("/api/v1/query?query=" + urllib.parse.quote('upkeepd_false_negatives_total{model="odd"} > 0'))["result"]
        self.assertEqual([r["metric"]["class"] for r in odd], ["new\nline"])
