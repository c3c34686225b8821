"""The page at / in a real browser."""
import os
import re
import shutil
import subprocess

from harness import Case

CHROMIUM = shutil.which("chromium") or "chromium"


class Page(Case):
    def setUp(self):
        super().setUp()
        self.put_model("mail", {"classes": ["ham", "spam"], "positive": "spam", "rules": [
            {"name": "f1-low", "metric": "f1", "window": "last-500", "below": 0.85, "min_pairs": 20, "confidence": None}]})
        self.events("mail", [{"id": str(i), "predicted": ["ham", "spam"][i % 3 == 0], "label": ["ham", "spam"][i % 2]}
                             for i in range(60)])
        self.put_model("evil", {"classes": ["<script>document.title='owned'</script>", "<img src=x onerror=document.title='owned'>"]})
        self.events("evil", {"predicted": "<script>document.title='owned'</script>", "label": "<img src=x onerror=document.title='owned'>"})

    def browse(self, *arguments):
        profile = os.path.join(self.daemon.top, "chromium")
        # Anything but the daemon's own address would be asked of a proxy that isn't there.
        return subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             f"--user-data-dir={profile}", "--virtual-time-budget=8000", "--window-size=1280,1000", *arguments,
             f"http://127.0.0.1:{self.daemon.port}/"], capture_output=True, text=True, timeout=120)

    def test_it_shows_models_figures_and_rules(self):
        shown = self.browse("--dump-dom").stdout
        for part in ("mail", "f1-low", "firing", "last-500"):
            self.assertIn(part, shown)
        self.assertRegex(shown, r"0\.40|40(\.0)?\s*%")  # F1 of spam: tp 10, fp 10, fn 20
        self.assertNotIn("<title>owned", shown)

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
