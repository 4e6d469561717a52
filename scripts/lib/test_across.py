"""The report across dumps in a browser: a run of 3,000 items that nobody made, as a data set with a hostile name, and as a dump.

    cargo bench --profile dev --bench report -- --findings 3000 --home target/browser/home
    PYTHONPATH=scripts LEAKHOUND_PROGRAM=target/debug/leakhound python3 -m unittest lib.test_across
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from lib import axe, browser

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = Path(os.environ.get("LEAKHOUND_PROGRAM", ROOT / "target/debug/leakhound")).resolve()
FOLDER = ROOT / "target/browser"
HOME = Path(os.environ.get("LEAKHOUND_REVIEW_HOME", FOLDER / "home"))
ABOUT = """name = "Songs </title><script>alert(1)</script>"
version = "1.0"
licence = "CC BY 4.0"
source = "https://hub.example/songs?<b>"
category = "public"
summaries = ["Model X, summary of 2026-03"]
"""


def not_run(why):
    """Prints that tests were not run: skipped is not passed."""
    print(f"\n*** NOT RUN: {why}\n", file=sys.stderr)
    raise unittest.SkipTest(why)


def setUpModule():
    global chromium, page, folder
    if browser.find() is None:
        not_run("there is no Chromium here; the report across dumps was not opened in a browser")
    if not (HOME / "results.sqlite").exists():
        not_run(f"there is no run in {HOME}; cargo bench --bench report -- --findings 3000 --home {HOME} makes one")
    folder = tempfile.TemporaryDirectory(prefix="leakhound-across-")
    home, page = Path(folder.name) / "home", FOLDER / "across.html"
    shutil.copytree(HOME, home)
    (home / "about.toml").write_text(ABOUT)
    for words in (["runs", "1", "--about", home / "about.toml"], ["report", "--all", "--format", "html", "--out", page]):
        subprocess.run([PROGRAM, "--home", home, "--quiet", *words], check=True)
    chromium = browser.Browser().__enter__()


def tearDownModule():
    if "folder" in globals():
        folder.cleanup()
        chromium.__exit__(None, None, None)


class AcrossTest(unittest.TestCase):
    """Each test also checks that the page logged no error and made no request."""

    def open(self, **options):
        self.tab = chromium.open(page, **options)
        self.tab.wait("document.readyState === 'complete'")
        return self.tab

    def tearDown(self):
        if hasattr(self, "tab"):
            self.tab.evaluate("0")
            complaints, requests = self.tab.complaints, self.tab.requests
            self.tab.close()
            self.assertEqual((complaints, requests), ([], []))


class Page(AcrossTest):
    def test_it_tells_works_dumps_spread_and_the_page_of_the_data_set_without_scripts(self):
        self.open(scripts=False)
        text = self.tab.evaluate("document.body.innerText")
        for words in ("Recordings out", "Spread over time", "As a public summary of training content would list it", "2.1 publicly available data sets",
                      "CC BY 4.0", "less than 10 000 hours", "Model X, summary of 2026-03", "How to read this report"):
            self.assertIn(words, text)
        self.assertEqual(self.tab.evaluate("document.scripts.length"), 0)
        self.assertGreater(self.tab.evaluate("document.querySelectorAll('section[aria-labelledby=works] tbody tr').length"), 20)

    def test_text_from_outside_is_text(self):
        self.open()
        self.assertIn("<script>alert(1)</script>", self.tab.evaluate("document.body.innerText"))
        self.assertEqual(self.tab.evaluate("document.querySelectorAll('bdi *').length"), 0)

    def test_every_link_leads_to_a_part_of_the_page(self):
        self.open()
        links = self.tab.evaluate("[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")
        self.assertGreater(len(links), 5)
        lost = self.tab.evaluate("[...document.querySelectorAll('a')].filter(a => !document.getElementById(a.getAttribute('href').slice(1))).length")
        self.assertEqual(lost, 0, links)

    def test_a_narrow_screen_needs_no_scrolling_sideways(self):
        self.open(width=360, height=740)
        self.assertLessEqual(self.tab.evaluate("document.documentElement.scrollWidth"), 360)

    def test_it_prints(self):
        self.open()
        self.assertEqual(self.tab.pdf()[:5], b"%PDF-")


class Accessibility(AcrossTest):
    @classmethod
    def setUpClass(cls):
        FOLDER.mkdir(parents=True, exist_ok=True)
        try:
            cls.script = axe.source(FOLDER)
        except axe.Unavailable as error:
            not_run(f"{error}; accessibility was not checked")

    def test_the_page_breaks_no_rule_in_light_in_dark_and_on_a_narrow_screen(self):
        for options in ({}, {"dark": True}, {"width": 390, "height": 844}):
            self.open(policy=False, **options)
            self.tab.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
            self.assertEqual(axe.violations(self.tab, self.script), [], options)
            self.tab.close()
            del self.tab


if __name__ == "__main__":
    unittest.main()
