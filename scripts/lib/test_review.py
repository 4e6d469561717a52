"""The review page in a browser: evidence, listening, deciding, and the decisions in the next run.

    cargo bench --profile dev --bench report -- --findings 3000 --home target/browser/home
    PYTHONPATH=scripts LEAKHOUND_PROGRAM=target/debug/leakhound python3 -m unittest lib.test_review
"""

import json
import math
import os
import random
import shutil
import struct
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request
import wave
from pathlib import Path

from lib import axe, browser

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = Path(os.environ.get("LEAKHOUND_PROGRAM", ROOT / "target/debug/leakhound")).resolve()
FOLDER = ROOT / "target/browser"
# An artificial run of 3,000 items and 2,850 findings.
HOME = Path(os.environ.get("LEAKHOUND_REVIEW_HOME", FOLDER / "home"))
FINDINGS = 2_850
RATE = 11_025


def song(seed, seconds):
    """Three notes at a time, four times a second: nobody's music."""
    notes, out = random.Random(seed), []
    for _ in range(seconds * 4):
        tones = [notes.uniform(300, 3_000) for _ in range(3)]
        for n in range(RATE // 4):
            fade = 1 - n / (RATE / 4)
            out.append(sum(math.sin(2 * math.pi * tone * n / RATE) for tone in tones) * fade / 4)
    return out


def write(path, samples):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(struct.pack(f"<{len(samples)}h", *(int(s * 32_000) for s in samples)))


def setUpModule():
    global chromium
    chromium = browser.for_tests("the review page", loopback=True)


def tearDownModule():
    chromium.__exit__(None, None, None)


class Desk(unittest.TestCase):
    """A server for the home that `make` makes. Each test also checks that the page logged no error and made requests to this server only."""

    # Browser messages that the test expects.
    EXPECTED = ()

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="leakhound-review-")
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name)
        self.tab = None
        self.make()
        self.server = subprocess.Popen([PROGRAM, "--operator", "Ann", "review", "--serve"], cwd=self.path, env=self.env(),
                                       stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.stop)
        self.address = self.server.stdout.readline().strip()

    def stop(self):
        self.server.terminate()
        self.server.wait()
        self.server.stdout.close()

    def tearDown(self):
        self.leave()

    def env(self):
        return {**os.environ, "LEAKHOUND_HOME": str(self.path / "home")}

    def run_program(self, *words, code):
        done = subprocess.run([PROGRAM, *words], cwd=self.path, env=self.env(), capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout

    def open(self, **options):
        self.leave()
        self.tab = chromium.open(self.address, **options)
        self.tab.wait("document.documentElement.dataset.ready === 'yes'")
        return self.tab

    def leave(self):
        """Closes the page and checks that it logged no error and made no foreign request."""
        if self.tab is None:
            return
        self.tab.evaluate("0")
        tab, self.tab = self.tab, None
        tab.close()
        self.assertEqual([text for text in tab.complaints if text not in self.EXPECTED], [])
        for request in tab.requests:
            self.assertTrue(request.startswith((self.address.split("?")[0], "blob:", "data:")), request)

    def choose(self, field, value):
        """Chooses a filter and waits until the list shows it."""
        self.tab.evaluate(f"(() => {{ const s = document.getElementById('{field}'); s.value = '{value}'; s.dispatchEvent(new Event('change', {{bubbles: true}})); }})()")

    def comes(self, script, wanted):
        """Waits until the value of a script is the expected one."""
        end = time.monotonic() + browser.SECONDS
        while (found := self.tab.evaluate(script)) != wanted and time.monotonic() < end:
            time.sleep(0.02)
        self.assertEqual(found, wanted)

    def shown(self, at):
        """Waits until the sheet shows a finding."""
        self.comes("document.getElementById('finding').dataset.at", str(at))


class Reviewing(Desk):
    def make(self):
        whole = song(1, 20)
        write(self.path / "masters/one.wav", whole)
        write(self.path / "dump/a.wav", whole[3 * RATE:17 * RATE])
        write(self.path / "dump/b.wav", whole[1 * RATE:15 * RATE])
        self.run_program("catalog", "add", "masters", code=0)
        self.run_program("scan", "dump", code=1)

    def decisions(self):
        lines = self.run_program("report", "--format", "jsonl", "--out", "-", code=0).splitlines()
        return [(json.loads(line)["findings"][0]["decision"] or {}).get("state") for line in lines]

    def told(self, start):
        self.tab.wait(f"document.querySelector('#told').textContent.startsWith({start!r})")

    def test_findings_are_listened_to_and_decided_by_keys_and_come_back_in_the_next_run(self):
        tab = self.open()
        tab.press("j")
        tab.wait("!document.querySelector('#play').disabled")
        tab.press(" ")
        tab.wait("document.querySelector('#audio-item').currentTime > 0.3")
        tab.press("x")
        tab.wait("!document.querySelector('#audio-recording').paused")
        at, other = tab.evaluate("[...document.querySelectorAll('audio')].map(a => a.currentTime)")
        self.assertLess(abs(at - other), 1.0, "as released, both are at the same place")
        self.assertTrue(tab.evaluate("document.querySelector('#audio-item').paused"), "one is heard at a time")
        tab.evaluate("document.querySelector('#reason').focus()")
        tab.type("leaked before release")
        tab.evaluate("document.activeElement.blur()")
        tab.press("a")
        self.told("Saved: accepted by Ann")
        self.assertIn("accepted by Ann", tab.evaluate("document.querySelector('#head').textContent"))
        # The finding has left the list of open ones, and the next one is in its place.
        self.comes("document.querySelector('#stands').value", "No longer in the list")
        tab.press("j")
        self.shown(1)
        self.assertEqual(tab.evaluate("document.querySelector('#reason').value"), "")
        tab.evaluate("document.querySelector('#reason').value = 'a deal of 2019'")
        tab.press("d")
        self.told("Choose the ground")
        tab.evaluate("document.querySelector('input[value=licensed]').click()")
        tab.press("d")
        self.told("Saved: dismissed (licensed) by Ann")
        self.tab.wait("!document.querySelector('#none').hidden")
        self.leave()
        self.assertEqual(sorted(self.decisions()), ["accepted", "dismissed"])
        self.run_program("scan", "dump", code=1)
        self.assertEqual(sorted(self.decisions()), ["accepted", "dismissed"], "in the next run")
        self.open()
        self.choose("state", "")
        self.comes("[...document.querySelectorAll('#list .tag')].map(e => e.textContent).sort()", ["accepted", "dismissed"])

    def test_play_that_is_pressed_before_the_sound_is_there_begins_when_it_is(self):
        tab = self.open()
        tab.press("j")
        self.shown(0)
        tab.press(" ")
        tab.wait("document.querySelector('#audio-item').currentTime > 0.1")

    def test_single_keys_do_nothing_when_they_are_switched_off(self):
        tab = self.open()
        tab.evaluate("document.querySelector('#keys').click()")
        tab.evaluate("document.querySelector('#keys').blur()")
        tab.press("j")
        # The list's arrow keys still work; once they have, the earlier key would have had its effect, too.
        tab.evaluate("document.querySelector('#list').focus()")
        tab.press("End")
        self.shown(1)
        self.assertEqual([r for r in tab.requests if "/api/finding?at=0" in r], [])

    def test_a_finding_shows_the_pictures_and_the_words_of_the_report(self):
        tab = self.open()
        tab.press("j")
        self.shown(0)
        says = tab.evaluate("[...document.querySelectorAll('#parts svg')].map(e => [e.getAttribute('role'), e.getAttribute('aria-label')])")
        starts = ["Time line: 1 stretch", "", "", ""]
        self.assertEqual([role for role, _ in says], ["img"] * len(starts), says)
        self.assertTrue(says[0][1].startswith(starts[0]), says)
        for (_, label), words in zip(says, ("lie on the recording", "at the same moment and pitch", "lie on a line", "per cent of the recording")):
            self.assertIn(words, label)
        self.assertGreater(tab.evaluate("document.querySelectorAll('#parts .ring.met').length"), 5)
        ours = tab.evaluate("[...document.querySelectorAll('#head > *, #parts > *')].map(e => e.textContent)")
        pictures = tab.evaluate("[...document.querySelectorAll('#parts svg')].map(e => e.outerHTML)")
        self.leave()
        self.run_program("report", "--format", "html", "--out", "report.html", code=0)
        report = chromium.open(self.path / "report.html")
        report.wait("document.documentElement.dataset.ready === 'yes'")
        report.evaluate("[...document.querySelectorAll('.row.finding')].find(e => e.textContent.includes('a.wav')).querySelector('.open').click()")
        theirs = report.evaluate("[...document.querySelectorAll('.finding-sheet > *')].map(e => e.textContent)")
        self.assertEqual(ours, theirs)
        self.assertEqual(pictures, report.evaluate("[...document.querySelectorAll('.finding-sheet svg')].map(e => e.outerHTML)"))
        report.close()

    def test_an_answer_that_comes_late_does_not_push_away_the_finding_that_was_chosen_since(self):
        tab = self.open()
        # The answer for the first finding is delayed until the sheet shows the second.
        tab.evaluate("""(() => {
          const real = window.fetch;
          window.fetch = async (url, options) => {
            const answer = await real(url, options);
            if (String(url).endsWith('/api/finding?at=0')) { await new Promise(done => { window.release = done; }); setTimeout(() => { window.released = true; }); }
            return answer;
          };
        })()""")
        tab.evaluate("document.querySelectorAll('.option')[0].click()")
        tab.wait("window.release !== undefined")
        tab.evaluate("document.querySelectorAll('.option')[1].click()")
        self.shown(1)
        tab.evaluate("window.release()")
        tab.wait("window.released")
        self.assertEqual(tab.evaluate("document.getElementById('finding').dataset.at"), "1")
        self.assertIn("b.wav", tab.evaluate("document.querySelector('#head').textContent"))

    def test_a_page_of_another_origin_gets_nothing_and_decides_nothing(self):
        page = self.path / "evil.html"
        page.write_text("<!doctype html><title>evil</title>")
        tab = chromium.open(page)
        own, token = self.address.split("/?token=")
        script = f"""fetch({own!r} + '/api/decide', {{method: 'POST', headers: {{'x-leakhound-token': {token!r}}},
                     body: '{{}}'}}).then(() => 'answered', () => 'refused')"""
        self.assertEqual(tab.evaluate(script), "refused", "even with the token")
        script = f"fetch({own!r} + '/api/findings').then(() => 'answered', () => 'refused')"
        self.assertEqual(tab.evaluate(script), "refused")
        tab.close()
        for headers, status in (({}, 401), ({"Host": "evil.example"}, 403)):
            with self.assertRaises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(urllib.request.Request(own + "/", headers=headers))
            self.assertEqual(refused.exception.code, status)
            refused.exception.close()
        self.assertEqual(self.decisions(), [None, None])


class LargeRun(Desk):
    """Thousands of findings with hostile names, whose files do not exist."""

    # The audio of a finding whose files are missing; the page says so.
    EXPECTED = ("Failed to load resource: the server responded with a status of 404 (Not Found)",)

    def make(self):
        if not (HOME / "results.sqlite").exists():
            browser.not_run(f"there is no run in {HOME}; cargo bench --bench report -- --findings 3000 --home {HOME} makes one")
        shutil.copytree(HOME, self.path / "home")

    def counts(self):
        return self.tab.evaluate("document.querySelector('#counts').textContent")

    def test_a_few_rows_stand_for_thousands_and_the_last_is_reached_by_keyboard(self):
        tab = self.open()
        self.assertEqual(self.counts(), f"{FINDINGS:,} findings shown, {FINDINGS:,} open of {FINDINGS:,}")
        tab.evaluate("document.querySelector('#list').focus()")
        tab.press("End")
        self.shown(FINDINGS - 1)
        self.assertLess(tab.evaluate("document.querySelectorAll('.option').length"), 60)
        chosen = "document.getElementById(document.querySelector('#list').getAttribute('aria-activedescendant'))"
        self.assertEqual(tab.evaluate(f"(e => [e.getAttribute('aria-posinset'), e.getAttribute('aria-setsize'), e.getAttribute('aria-selected')])({chosen})"),
                         [str(FINDINGS), str(FINDINGS), "true"])
        self.assertTrue(tab.evaluate("document.querySelector('#next').disabled"))
        tab.press("ArrowUp")
        self.shown(FINDINGS - 2)
        tab.press("Enter")
        self.assertEqual(tab.evaluate("document.activeElement.id"), "name", "Enter leads to the evidence")
        tab.evaluate("document.querySelector('#list').focus()")
        tab.press("Home")
        self.shown(0)
        tab.press("PageDown")
        tab.wait("Number(document.getElementById('finding').dataset.at) > 2")

    def test_search_filters_and_order_leave_what_fits(self):
        tab = self.open()
        tab.evaluate("document.querySelector('#search').focus()")
        tab.type("glass harbour")
        tab.wait(f"!document.querySelector('#counts').textContent.startsWith('{FINDINGS:,} ')")
        names = tab.evaluate("[...document.querySelectorAll('.option .name')].map(e => e.textContent.toLowerCase())")
        self.assertGreater(len(names), 3)
        tab.evaluate("document.querySelector('#search').value = ''; document.querySelector('#search').dispatchEvent(new Event('input'))")
        tab.wait(f"document.querySelector('#counts').textContent.startsWith('{FINDINGS:,} ')")
        self.choose("verdict", "permitted")
        tab.wait(f"!document.querySelector('#counts').textContent.startsWith('{FINDINGS:,} ')")
        self.assertEqual(set(tab.evaluate("[...document.querySelectorAll('.option .badge')].map(e => e.textContent)")), {"Permitted"})
        self.choose("verdict", "")
        tab.wait(f"document.querySelector('#counts').textContent.startsWith('{FINDINGS:,} ')")
        self.choose("relation", "shared_material")
        self.comes("[...new Set([...document.querySelectorAll('.option .kind')].map(e => e.textContent))].join()", "shared material")
        self.assertEqual(set(tab.evaluate("[...document.querySelectorAll('.option .badge')].map(e => e.textContent)")), {"Suspect"})
        self.choose("relation", "")
        tab.wait(f"document.querySelector('#counts').textContent.startsWith('{FINDINGS:,} ')")
        self.choose("sort", "weakest")
        tab.press("Escape")
        self.comes("document.querySelectorAll('.option .badge.suspect').length > 5", True)
        tab.evaluate("document.querySelectorAll('.option')[0].click()")
        self.comes("document.querySelector('#parts').textContent.includes('A claim, not a finding of sound')", True)

    def test_what_is_decided_leaves_the_list_and_the_next_follows(self):
        tab = self.open()
        tab.evaluate("document.querySelectorAll('.option')[2].click()")
        self.shown(2)
        tab.evaluate("document.querySelector('#reason').value = 'a leak'")
        tab.evaluate("document.querySelector('.accept').click()")
        tab.wait(f"document.querySelector('#counts').textContent.startsWith('{FINDINGS - 1:,} ')")
        self.comes("document.querySelector('#stands').value", "No longer in the list")
        tab.press("j")
        self.shown(3)
        self.comes("document.querySelector('#stands').value", f"Finding 3 of {FINDINGS - 1:,}")
        tab.press("k")
        self.shown(1)

    def test_text_from_outside_is_text(self):
        tab = self.open()
        self.assertIn("<", tab.evaluate("document.querySelector('#canvas').textContent"))
        tab.press("j")
        self.shown(0)
        self.assertEqual(tab.evaluate("document.querySelectorAll('bdi *').length"), 0)
        self.assertEqual(tab.evaluate("document.scripts.length"), 1)

    def test_a_narrow_screen_needs_no_scrolling_sideways(self):
        tab = self.open(width=360, height=740)
        tab.press("j")
        self.shown(0)
        self.assertLessEqual(tab.evaluate("document.documentElement.scrollWidth"), 360)


class Accessibility(Desk):
    @classmethod
    def setUpClass(cls):
        FOLDER.mkdir(parents=True, exist_ok=True)
        try:
            cls.script = axe.source(FOLDER)
        except axe.Unavailable as error:
            browser.not_run(f"{error}; accessibility was not checked")

    make = Reviewing.make

    def check(self, **options):
        """Checks accessibility of the list alone, of a finding with its pictures, and after a refused decision."""
        tab = self.open(policy=False, **options)
        self.assertEqual(axe.violations(tab, self.script), [])
        tab.press("j")
        tab.wait("!document.querySelector('#play').disabled")
        self.assertEqual(axe.violations(tab, self.script), [])
        tab.evaluate("document.querySelector('#reason').value = 'x'")
        tab.press("d")
        tab.wait("document.querySelector('#told').textContent.startsWith('Choose')")
        self.assertEqual(axe.violations(tab, self.script), [])

    def test_the_page_breaks_no_rule_in_light(self):
        self.check()

    def test_the_page_breaks_no_rule_in_dark(self):
        self.check(dark=True)

    def test_the_page_breaks_no_rule_on_a_wide_screen(self):
        self.check(width=1600, height=1000)

    def test_the_page_breaks_no_rule_on_a_narrow_screen(self):
        self.check(width=390, height=844)

    def test_the_page_breaks_no_rule_after_decisions_and_when_nothing_is_listed(self):
        tab = self.open(policy=False)
        for _ in range(2):
            tab.press("j")
            tab.wait("document.querySelector('#reason').value === '' && document.querySelector('#undo').hidden && !document.querySelector('#finding').hidden")
            tab.evaluate("document.querySelector('#reason').value = 'leaked'")
            tab.press("a")
            tab.wait("!document.querySelector('#undo').hidden")
        tab.wait("!document.querySelector('#none').hidden")
        self.assertEqual(axe.violations(tab, self.script), [])


if __name__ == "__main__":
    unittest.main()
