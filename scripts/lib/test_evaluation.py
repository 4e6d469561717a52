"""Tests of the evaluation's numbers: python3 -m unittest lib.test_evaluation."""

import json
import random
import tempfile
import unittest
import xml.etree.ElementTree as xml
from pathlib import Path

from lib import accusations, calibration, conditions, metrics, mixes, plot, spans, suite, tools


def finding(recording: str, chance: float, *told: tuple, tempo: float = 1.0) -> dict:
    """A finding as in a report; each span is (item start, end, recording start, end)."""
    names = ("item_start_seconds", "item_end_seconds")
    names += ("recording_start_seconds", "recording_end_seconds")
    return {
        "recording_path": f"/catalogue/{recording}.ogg",
        "verdict": "match" if chance < 1e-6 else "suspect",
        "false_alarm_probability": chance,
        "score": 100.0,
        "tempo": tempo,
        "pitch_cents": 0.0,
        "spans": [dict(zip(names, span)) for span in told],
    }


def part(recording: str, start: float, end: float, at: float, fades=(0.0, 0.0)) -> dict:
    """A true span of a mix, at the recording's own tempo."""
    return {
        "recording": recording,
        "role": "catalogue",
        "item_start": start,
        "item_end": end,
        "recording_start": at,
        "recording_end": at + end - start,
        "tempo": 1.0,
        "pitch_cents": 0.0,
        "fade_in": fades[0],
        "fade_out": fades[1],
    }


def mix_of(*parts: dict) -> dict:
    named = {"file": "mix__00__0.mp3", "condition": "mix", "recording": "00", "role": "mix"}
    return named | {"seconds": parts[-1]["item_end"], "spans": list(parts)}


class Shares(unittest.TestCase):
    def test_wilson_as_in_the_textbook(self):
        low, high = metrics.wilson(0, 60)
        self.assertEqual((round(low, 4), round(high, 4)), (0.0, 0.0602))
        low, high = metrics.wilson(37, 40)
        self.assertEqual((round(low, 3), round(high, 3)), (0.801, 0.974))

    def test_quantile_is_one_of_the_values(self):
        self.assertEqual(metrics.quantile([4.0, 1.0, 3.0, 2.0], 0.5), 2.0)
        self.assertEqual(metrics.quantile([1.0] * 99 + [0.0], 0.01), 0.0)
        self.assertIsNone(metrics.quantile([], 0.5))


class Recipes(unittest.TestCase):
    def test_names_are_used_once(self):
        names = [condition.name for condition in suite.EVERYTHING]
        self.assertEqual(len(names), len(set(names)))

    def test_a_recipe_holds_nothing_that_cannot_be_heard(self):
        condition = conditions.POSITIVES[0]
        kept = {"name", "seconds", "steps", "codec", "tempo", "pitch_cents", "role", "needs_stereo"}
        self.assertEqual(set(condition.recipe()), kept)

    def test_plans_are_the_same_each_time(self):
        shelf = mixes.Shelf(
            [{"id": f"known-{n}", "seconds": 100 + n} for n in range(60)],
            [{"id": f"other-{n}", "seconds": 100 + n} for n in range(9)],
        )
        for mix in mixes.MIXES:
            first, second = (mix.plan(shelf, 3, random.Random(7)) for _ in range(2))
            self.assertEqual(first, second)
            self.assertTrue(first)

    def test_a_mix_of_a_dj_has_ten_recordings_half_of_them_at_another_tempo(self):
        shelf = mixes.Shelf([{"id": f"{n}", "seconds": 200.0} for n in range(40)], [])
        parts = mixes.dj(shelf, 1, random.Random(3))
        self.assertEqual(len({p.recording["id"] for p in parts}), 10)
        changes = [abs(p.tempo - 1) for p in parts if p.tempo != 1.0]
        self.assertEqual(len(changes), 5)
        self.assertTrue(all(0.0195 < change < 0.0605 for change in changes))


class Spans(unittest.TestCase):
    def judge(self, told: tuple, of: dict) -> dict:
        item = {"verdict": "match", "findings": [finding("a", 1e-20, told)]}
        return spans.outcome(mix_of(of), item)["parts"][0]

    def test_an_end_in_a_crossfade_is_right_anywhere_and_two_seconds_beside(self):
        of = part("a", 10.0, 80.0, 30.0, fades=(6.0, 8.0))
        for start, right in ((7.9, False), (8.1, True), (10.0, True), (16.0, True), (18.1, False)):
            judged = self.judge((start, 76.0, start + 20.0, 96.0), of)
            self.assertEqual(judged["start_right"], right, start)
        for end, right in ((69.9, False), (70.1, True), (81.9, True), (82.1, False)):
            judged = self.judge((13.0, end, 33.0, end + 20.0), of)
            self.assertEqual(judged["end_right"], right, end)

    def test_the_error_of_an_end_is_counted_from_the_crossfades_middle(self):
        judged = self.judge((12.0, 79.0, 32.0, 99.0), part("a", 10.0, 80.0, 30.0, (6.0, 8.0)))
        self.assertEqual(judged["start_error_seconds"], 1.0)
        self.assertEqual(judged["end_error_seconds"], 3.0)

    def test_another_place_of_the_recording_is_told_but_not_found(self):
        judged = self.judge((10.0, 80.0, 90.0, 160.0), part("a", 10.0, 80.0, 30.0))
        self.assertEqual((judged["told"], judged["span_found"]), (1.0, False))
        self.assertTrue(spans.is_match(judged))

    def test_a_repeated_recording_needs_both_its_spans(self):
        truth = mix_of(part("a", 0.0, 20.0, 50.0), part("a", 35.0, 55.0, 50.0))
        once = finding("a", 1e-20, (0.0, 20.0, 50.0, 70.0))
        twice = finding("a", 1e-20, (0.0, 20.0, 50.0, 70.0), (35.0, 55.0, 50.0, 70.0))
        for told, expected in ((once, 1), (twice, 2)):
            row = spans.outcome(truth, {"verdict": "match", "findings": [told]})
            self.assertEqual(sum(p["span_found"] for p in row["parts"]), expected)
            line = spans.summarise("repeat", [row])
            self.assertEqual((line["recordings"]["hits"], line["recordings"]["of"]), (1, 1))

    def test_a_recording_that_is_not_in_the_mix_is_a_wrong_match(self):
        item = {"verdict": "match", "findings": [finding("b", 1e-9, (3.0, 9.0, 0.0, 6.0))]}
        truth = mix_of(part("a", 0.0, 20.0, 50.0))
        self.assertEqual(spans.outcome(truth, item)["wrong_matches"], 1)
        (line,) = accusations.pairs(accusations.of_item(truth, item, ""))
        self.assertEqual((line["sounds"], line["accused"]), ("a", "b"))
        self.assertEqual((line["sounds_from"], line["sounds_to"]), (53.0, 59.0))


class Pages(unittest.TestCase):
    def test_a_page_that_is_made_again_keeps_its_title_and_its_conclusion(self):
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "PAGE.md"
            tools.write_page(page, "# Made\n\nfirst\n")
            self.assertEqual(page.read_text(), "# Made\n\nfirst\n")
            page.write_text("# Named\n\n> One.\n> Two.\n\nfirst\n")
            tools.write_page(page, "# Made\n\nsecond\n\n> no conclusion\n")
            self.assertEqual(
                page.read_text(), "# Named\n\n> One.\n> Two.\n\nsecond\n\n> no conclusion\n"
            )


class Calibration(unittest.TestCase):
    def lines(self) -> list[dict]:
        told = [1.0] * 90 + [0.05] * 9 + [1e-4]
        return calibration.summarise([{"length": 10.0, "told": value} for value in told])

    def test_an_item_counts_with_its_smallest_probability(self):
        item = {"findings": [finding("a", 0.2), finding("b", 0.01)]}
        self.assertEqual(calibration.smallest(item), 0.01)
        self.assertEqual(calibration.smallest({"findings": []}), 1.0)

    def test_observed_stands_beside_expected(self):
        line = self.lines()[0]
        at = {row["probability"]: row for row in line["thresholds"]}
        self.assertEqual((at[0.1]["expected"], at[0.1]["observed"]["hits"]), (10.0, 10))
        self.assertEqual(at[1e-5]["observed"]["hits"], 0)

    def test_the_plot_is_well_formed(self):
        picture = xml.fromstring(plot.calibration(json.loads(json.dumps(self.lines()))))
        self.assertTrue(picture.tag.endswith("svg"))


if __name__ == "__main__":
    unittest.main()
