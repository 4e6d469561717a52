"""The review page in a browser: listened to, decided on, and the decisions in the next run.

    PYTHONPATH=scripts LEAKHOUND_PROGRAM=target/debug/leakhound python3 -m unittest lib.test_review
"""

import json
import math
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
import wave
from pathlib import Path

from lib import browser

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = Path(os.environ.get("LEAKHOUND_PROGRAM", ROOT / "target/debug/leakhound")).resolve()
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
    if browser.find() is None:
        print("\n*** NOT RUN: there is no Chromium here; the review page was not opened in a browser\n", file=sys.stderr)
        raise unittest.SkipTest("no Chromium")
    chromium = browser.Browser(loopback=True).__enter__()


def tearDownModule():
    chromium.__exit__(None, None, None)


class ReviewTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="leakhound-review-")
        self.path = Path(self.folder.name)
        whole = song(1, 20)
        write(self.path / "masters/one.wav", whole)
        write(self.path / "dump/a.wav", whole[3 * RATE:17 * RATE])
        write(self.path / "dump/b.wav", whole[1 * RATE:15 * RATE])
        self.run_program("catalog", "add", "masters", code=0)
        self.run_program("scan", "dump", code=1)
        self.server = subprocess.Popen([PROGRAM, "--operator", "Ann", "review", "--serve"], cwd=self.path, env=self.env(),
                                       stdout=subprocess.PIPE, text=True)
        self.address = self.server.stdout.readline().strip()

    def tearDown(self):
        self.server.terminate()
        self.server.wait()
        self.server.stdout.close()
        self.folder.cleanup()

    def env(self):
        return {**os.environ, "LEAKHOUND_HOME": str(self.path / "home")}

    def run_program(self, *words, code):
        done = subprocess.run([PROGRAM, *words], cwd=self.path, env=self.env(), capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout

    def decisions(self):
        lines = self.run_program("report", "--format", "jsonl", "--out", "-", code=0).splitlines()
        return [(json.loads(line)["findings"][0]["decision"] or {}).get("state") for line in lines]

    def open(self, **options):
        tab = chromium.open(self.address, **options)
        tab.wait("document.querySelectorAll('#list button').length > 0")
        return tab

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
        tab.wait("document.querySelector('#told').textContent.startsWith('Kept: accepted by Ann')")
        tab.press("j")
        tab.wait("document.querySelector('#reason').value === ''")
        tab.wait("!document.querySelector('#play').disabled")
        tab.evaluate("document.querySelector('#reason').value = 'a deal of 2019'")
        tab.press("d")
        tab.wait("document.querySelector('#told').textContent.includes('Choose the ground')")
        tab.evaluate("document.querySelector('input[value=licensed]').click()")
        tab.press("d")
        tab.wait("document.querySelector('#told').textContent.startsWith('Kept: dismissed (licensed) by Ann')")
        self.assertEqual(tab.complaints, [])
        for request in tab.requests:
            self.assertTrue(request.startswith((self.address.split("?")[0], "blob:", "data:")), request)
        tab.close()
        self.assertEqual(sorted(self.decisions()), ["accepted", "dismissed"])
        self.run_program("scan", "dump", code=1)
        self.assertEqual(sorted(self.decisions()), ["accepted", "dismissed"], "in the next run")
        tab = self.open_all()
        self.assertEqual(tab.evaluate("[...document.querySelectorAll('#list .tag')].map(e => e.textContent).sort()"), ["accepted", "dismissed"])
        tab.close()

    def open_all(self):
        tab = chromium.open(self.address)
        tab.wait("document.querySelector('#counts').textContent !== ''")
        tab.evaluate("(() => { const s = document.querySelector('#state'); s.value = ''; s.dispatchEvent(new Event('input')); })()")
        return tab

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


if __name__ == "__main__":
    unittest.main()
