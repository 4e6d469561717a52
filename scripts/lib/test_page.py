"""The HTML report in a browser. `scripts/test` writes the page that it opens; see `benches/report.rs`.

    cargo bench --bench report -- --findings 3000 target/browser/page.html
    PYTHONPATH=scripts python3 -m unittest lib.test_page
"""

import os
import time
import unittest
from pathlib import Path

from lib import axe, browser

FOLDER = Path(__file__).resolve().parent.parent.parent / "target/browser"
PAGE = Path(os.environ.get("LEAKHOUND_PAGE", FOLDER / "page.html"))
FINDINGS = 2_850


def setUpModule():
    global chromium
    chromium = browser.for_tests("the report")


def tearDownModule():
    chromium.__exit__()


class PageTest(unittest.TestCase):
    """Each test also checks that the page logged no error and made no request."""

    def open(self, **options):
        self.tab = chromium.open(PAGE, **options)
        ready = "document.documentElement.dataset.ready === 'yes'" if options.get("scripts", True) else "document.readyState === 'complete'"
        self.tab.wait(ready)
        return self.tab

    def tearDown(self):
        if hasattr(self, "tab"):
            self.tab.evaluate("0")
            complaints, requests = self.tab.complaints, self.tab.requests
            self.tab.close()
            self.assertEqual(complaints, [])
            self.assertEqual(requests, [])

    def shown(self):
        return self.tab.evaluate("document.querySelector('#shown').value")

    def column(self, name, count=8):
        return self.tab.evaluate(f"[...document.querySelectorAll('.row.finding .c-{name}')].slice(0, {count}).map(e => e.textContent)")

    def choose(self, field, value):
        self.tab.evaluate(f"(() => {{ const s = document.getElementById('{field}'); s.value = '{value}'; s.dispatchEvent(new Event('change', {{bubbles: true}})); }})()")

    def search(self, text):
        self.tab.evaluate("document.getElementById('search').focus()")
        self.arranged(lambda: self.tab.type(text))

    def reset(self):
        self.arranged(lambda: self.tab.evaluate("document.getElementById('reset').click()"))

    def arranged(self, act):
        """Performs an action and waits until the page has rearranged its list, which it does with a delay."""
        self.tab.evaluate("performance.clearMeasures('leakhound-arrange')")
        act()
        self.tab.wait("performance.getEntriesByName('leakhound-arrange').length > 0")

    def comes(self, read, wanted):
        """Waits until a value read from the page is the expected one."""
        end = time.monotonic() + browser.SECONDS
        while read() != wanted and time.monotonic() < end:
            time.sleep(0.02)
        self.assertEqual(read(), wanted)

    def focused(self):
        return self.tab.evaluate("document.activeElement.textContent")


class Finding(PageTest):
    def test_a_column_is_sorted_by_its_head_up_and_down(self):
        self.open()
        click = "[...document.querySelectorAll('.row.header button')].find(b => b.textContent === 'Recording').click()"
        for direction, is_down in (("ascending", False), ("descending", True)):
            self.tab.evaluate(click)
            self.assertEqual(self.tab.evaluate("document.querySelector('.row.header .c-recording').getAttribute('aria-sort')"), direction)
            titles = self.tab.evaluate("[...document.querySelectorAll('.row.finding .c-recording .title')].slice(0, 8).map(e => e.textContent)")
            in_order = self.tab.evaluate(f"(t => t.toSorted(new Intl.Collator('en', {{numeric: true}}).compare))({titles!r})")
            self.assertEqual(titles, in_order[::-1] if is_down else in_order)
        scores = "[...document.querySelectorAll('.row.header button')].find(b => b.textContent === 'Score').click()"
        self.tab.evaluate(scores)
        values = [float(text) for text in self.column("score")]
        self.assertEqual(values, sorted(values, reverse=True))

    def test_search_and_filters_leave_what_fits_and_count_it(self):
        self.open()
        self.assertEqual(self.shown(), f"{FINDINGS:,} findings")
        self.search("glass harbour")
        count = int(self.shown().split(" of ")[0].replace(",", ""))
        self.assertTrue(0 < count < FINDINGS, self.shown())
        rows = self.tab.evaluate("[...document.querySelectorAll('.row.finding')].map(e => e.textContent.toLowerCase())")
        self.assertTrue(all("glass" in row and "harbour" in row for row in rows), rows)
        self.choose("verdict", "1")
        self.assertTrue(int(self.shown().split(" of ")[0].replace(",", "")) < count)
        self.assertEqual(set(self.tab.evaluate("[...document.querySelectorAll('.row.finding .badge')].map(e => e.textContent)")), {"Suspect"})
        self.reset()
        self.assertEqual(self.shown(), f"{FINDINGS:,} findings")
        self.search("no such words anywhere")
        self.assertEqual(self.shown(), f"0 of {FINDINGS:,} findings")

    def test_findings_are_filtered_by_what_they_claim_and_say_it(self):
        self.open()
        options = self.tab.evaluate("[...document.getElementById('relation').options].map(o => o.textContent)")
        self.assertEqual(options, ["any", "copy", "excerpt", "in a longer item", "with other sound", "stem", "shared material"])
        self.choose("relation", "shared material")
        count = int(self.shown().split(" of ")[0].replace(",", ""))
        self.assertTrue(0 < count < FINDINGS, self.shown())
        self.assertEqual(set(self.tab.evaluate("[...document.querySelectorAll('.row.finding .relation')].map(e => e.textContent)")), {"Shared material"})
        self.assertEqual(set(self.tab.evaluate("[...document.querySelectorAll('.row.finding .badge')].map(e => e.textContent)")), {"Suspect"})
        self.tab.evaluate("document.querySelector('.row.finding .open').click()")
        sheet = self.tab.evaluate("document.getElementById('evidence').innerText")
        for words in ("What it claims", "Shared material: it does not show that the recording is used.", "In numbers: where the two are aligned, "):
            self.assertIn(words, sheet)
        self.tab.evaluate("document.querySelector('#evidence .close').click()")
        self.reset()
        self.assertEqual(self.shown(), f"{FINDINGS:,} findings")

    def test_findings_are_grouped_and_a_group_opens_by_keyboard(self):
        self.open()
        for group in ("recording", "release", "artist", "label", "container", "relation"):
            self.choose("group", group)
            self.assertIn(" groups", self.shown())
            self.assertEqual(self.column("score"), [])
        self.tab.evaluate("document.querySelector('.canvas [tabindex=\"0\"]').focus()")
        self.tab.press("ArrowDown")
        self.tab.press("ArrowRight")
        self.assertEqual(self.tab.evaluate("document.activeElement.getAttribute('aria-expanded')"), "true")
        self.assertTrue(self.column("score"))
        self.tab.press("ArrowLeft")
        self.assertEqual(self.column("score"), [])

    def test_evidence_opens_by_keyboard_and_leads_back_to_its_row(self):
        self.open()
        self.tab.evaluate("document.querySelector('.canvas [tabindex=\"0\"]').focus()")
        for _ in range(3):
            self.tab.press("ArrowDown")
        row = self.focused()
        self.tab.press("Enter")
        self.assertTrue(self.tab.evaluate("document.getElementById('evidence').open"))
        sheet = self.tab.evaluate("document.getElementById('evidence').innerText")
        self.assertIn(f"Finding 4 of {FINDINGS:,}", sheet)
        for part in ("What it claims", "How sure it is", "Where they agree", "What the alignment looks like", "Runner-up", "Where it is", "What it is", "How it was found"):
            self.assertIn(part, sheet)
        says = self.tab.evaluate("[...document.querySelectorAll('#evidence svg')].map(e => e.getAttribute('aria-label'))")
        self.assertEqual(len(says), 4)
        self.assertTrue(all(says), says)
        self.tab.press("ArrowRight")
        self.assertIn(f"Finding 5 of {FINDINGS:,}", self.tab.evaluate("document.getElementById('evidence').innerText"))
        self.tab.press("ArrowLeft")
        self.tab.press("Escape")
        self.assertFalse(self.tab.evaluate("document.getElementById('evidence').open"))
        self.comes(self.focused, row)

    def test_every_finding_opens(self):
        self.open()
        self.tab.evaluate("document.querySelector('.row.finding .open').click()")
        for _ in range(120):
            self.tab.evaluate("document.querySelector('#evidence .next').click()")
        self.assertIn(f"Finding 121 of {FINDINGS:,}", self.tab.evaluate("document.getElementById('evidence').innerText"))
        self.tab.evaluate("document.querySelector('#evidence .close').click()")
        self.choose("how", "claim")
        self.tab.evaluate("document.querySelector('.row.finding .open').click()")
        self.assertIn("A claim, not a finding of sound", self.tab.evaluate("document.getElementById('evidence').innerText"))

    def test_a_finding_opened_in_the_moment_another_closes_stays_open(self):
        self.open()
        self.tab.evaluate("document.querySelector('.row.finding .open').click()")
        # The page's own listener was registered first, so it has run by then.
        self.tab.evaluate("document.getElementById('evidence').addEventListener('close', () => { window.sawClose = true; })")
        self.tab.evaluate("document.querySelector('#evidence .close').click(); document.querySelectorAll('.row.finding .open')[1].click()")
        self.tab.wait("window.sawClose")
        self.assertIn(f"Finding 2 of {FINDINGS:,}", self.tab.evaluate("document.getElementById('evidence').innerText"))

    def test_a_few_rows_stand_for_thousands_and_the_last_is_reached(self):
        self.open()
        self.assertLess(self.tab.evaluate("document.querySelectorAll('#grid .row').length"), 60)
        self.tab.evaluate("document.querySelector('.canvas [tabindex=\"0\"]').focus()")
        self.tab.press("End")
        self.assertEqual(self.tab.evaluate("document.activeElement.getAttribute('aria-rowindex')"), str(FINDINGS + 1))
        self.tab.press("Home")
        self.assertEqual(self.tab.evaluate("document.activeElement.getAttribute('aria-rowindex')"), "2")

    def test_text_from_outside_is_text(self):
        self.open()
        self.search("</script>")
        self.assertNotEqual(self.column("recording"), [])
        self.tab.evaluate("document.querySelector('.row.finding .open').click()")
        self.assertEqual(self.tab.evaluate("document.querySelectorAll('bdi *').length"), 0)
        self.assertEqual(self.tab.evaluate("[...document.scripts].filter(s => s.type === '').length"), 1)

    def test_what_is_printed_is_the_list_or_the_open_finding(self):
        self.open()
        self.choose("verdict", "2")
        self.tab.evaluate("window.addEventListener('afterprint', () => 0); window.seen = []; window.addEventListener('beforeprint', () => seen.push(document.querySelectorAll('#print tr').length, document.querySelectorAll('#print article').length))")
        self.assertEqual(self.tab.pdf()[:5], b"%PDF-")
        self.tab.evaluate("document.querySelector('.row.finding .open').click()")
        self.assertEqual(self.tab.pdf()[:5], b"%PDF-")
        rows, articles, no_rows, article = self.tab.evaluate("seen")
        self.assertGreater(rows, 100)
        self.assertEqual((articles, article), (0, 1))
        self.assertLess(no_rows, 20)
        self.assertEqual(self.tab.evaluate("document.getElementById('print').childElementCount"), 0)

    def test_a_narrow_screen_needs_no_scrolling_sideways(self):
        self.open(width=360, height=740)
        self.assertLessEqual(self.tab.evaluate("document.documentElement.scrollWidth"), 360)
        self.tab.evaluate("document.querySelector('.row.finding .open').click()")
        self.assertLessEqual(self.tab.evaluate("document.getElementById('evidence').scrollWidth"), 360)


class WithoutScripts(PageTest):
    def test_summary_charts_and_the_first_findings_are_there(self):
        self.open(scripts=False)
        text = self.tab.evaluate("document.body.innerText")
        for words in ("Items with a match", "How sure it is", "How strong the findings are", "The first 200 findings", "Could not be read", "By what they claim, findings are: ", "where the two are aligned, "):
            self.assertIn(words, text)
        self.assertEqual(self.tab.evaluate("document.querySelectorAll('#plain tbody tr').length"), 200)
        self.assertFalse(self.tab.evaluate("!document.getElementById('app').hidden"))


class Accessibility(PageTest):
    @classmethod
    def setUpClass(cls):
        FOLDER.mkdir(parents=True, exist_ok=True)
        try:
            cls.script = axe.source(FOLDER)
        except axe.Unavailable as error:
            browser.not_run(f"{error}; accessibility was not checked")

    def check(self, **options):
        self.open(policy=False, **options)
        self.assertEqual(axe.violations(self.tab, self.script), [])

    def test_the_checker_sees_what_is_wrong(self):
        self.open(policy=False)
        self.tab.evaluate("(() => { const s = document.getElementById('search'); s.placeholder = ''; s.closest('label').replaceWith(s); })()")
        self.assertEqual([line.split(":")[0] for line in axe.violations(self.tab, self.script)], ["label"])

    def test_the_page_breaks_no_rule_in_light(self):
        self.check()

    def test_the_page_breaks_no_rule_in_dark(self):
        self.check(dark=True)

    def test_the_page_breaks_no_rule_on_a_narrow_screen(self):
        self.check(width=390, height=844)

    def test_the_page_breaks_no_rule_without_scripts(self):
        # The checker is a script, so scripts are allowed here, and the table for browsers without scripts is shown beside the page's list.
        self.open(policy=False)
        self.tab.evaluate("document.getElementById('plain').hidden = false; document.getElementById('app').hidden = true; for (const d of document.querySelectorAll('details')) d.open = true")
        self.assertEqual(axe.violations(self.tab, self.script), [])

    def test_evidence_breaks_no_rule(self):
        for dark in (False, True):
            self.open(policy=False, dark=dark)
            self.tab.evaluate("document.querySelector('.row.finding .open').click()")
            self.assertEqual(axe.violations(self.tab, self.script), [])

    def test_groups_break_no_rule(self):
        self.open(policy=False)
        self.choose("group", "artist")
        self.tab.evaluate("document.querySelector('.row.group').click()")
        self.assertEqual(axe.violations(self.tab, self.script), [])


if __name__ == "__main__":
    unittest.main()
