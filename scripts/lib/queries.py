"""Chooses passages, makes the queries with one recording each, and records the truth about all.

A query is `queries/<condition>/<condition>__<recording id>__<start ms><suffix>`; the truth
about it is a row of `truth.jsonl` beside. If its recipe is unchanged and its file exists, a query is
not made again, so a second run makes nothing.
"""

import hashlib
import json
import math
import random
import shutil
import tempfile
import threading
from pathlib import Path

from lib import render, tools
from lib.conditions import CODECS, Condition
from lib.suite import of_role
from lib.unrelated import SYNTHETIC_SECONDS, Synthetic

# Quietest passage that is used, in dBFS: silence and fade-outs test nothing. A guess.
QUIETEST_DBFS = -50.0
QUIETEST_SIDE_DBFS = -45.0
POSITION_TRIES = 30
# Raise this if queries come out differently for the same recipe.
RECIPE_VERSION = 1


def digest(value) -> str:
    """A short digest of any JSON value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def in_seeded_order(recordings: list[dict], seed: int) -> list[dict]:
    """The recordings in the order of the seed; adding one does not change the order of the others."""
    return sorted(
        recordings, key=lambda row: hashlib.sha256(f"{seed}/{row['id']}".encode()).digest()
    )


def draw_passage(
    seed: int, recording_id: str, whole: Path, seconds: float, passage: int, needs_stereo: bool
) -> int:
    """Where a passage of a recording begins, in ms; it is loud enough to be a test.

    The same draws are made for every condition of a recording, so that conditions differ by
    what is done to the clip and not by luck with the passage.
    """
    length = render.seconds_of(whole)
    if seconds > length:
        raise render.Unusable(f"shorter than {seconds:.1f} s")
    rng = random.Random(f"{seed}/{recording_id}" + (f"/{passage}" if passage else ""))
    for _ in range(POSITION_TRIES):
        start_ms = math.floor(rng.random() * (length - seconds) * 1000)
        level = render.levels(whole, start_ms / 1000, seconds)
        loud = level["all"] > QUIETEST_DBFS
        wide = level["side"] > QUIETEST_SIDE_DBFS or not needs_stereo
        if loud and wide:
            return start_ms
    raise render.Unusable("side signal too quiet" if needs_stereo else "too quiet")


class QueryStore:
    """All queries of one seed, on disk."""

    def __init__(self, root: Path, corpus: Path, manifest: list[dict], seed: int):
        self.root = root
        self.corpus = corpus
        self.seed = seed
        self.lock = threading.Lock()
        self.truth_path = root / "truth.jsonl"
        self.rows = {}
        if self.truth_path.exists():
            for row in tools.read_jsonl(self.truth_path):
                self.rows[row["condition"], row["recording"]] = row
        self.held_out = [row for row in manifest if row["role"] == "held-out"]
        music = [corpus / row["path"] for row in self.held_out]
        self.materials = render.Materials(root / "materials", music)

    def path(self, row: dict) -> Path:
        if row["role"] == "self":
            return self.corpus / row["path"]
        return self.root / "queries" / row["condition"] / row["file"]

    def remember(self, row: dict) -> None:
        with self.lock:
            self.rows[row["condition"], row["recording"]] = row
            self.root.mkdir(parents=True, exist_ok=True)
            with open(self.truth_path, "a", encoding="utf-8") as lines:
                lines.write(json.dumps(row) + "\n")

    def recipe(self, condition: Condition, recording: dict) -> str:
        """Everything that the query's sound depends on, for the cache."""
        others = []
        if any(kind == "music" for kind, _ in condition.steps):
            others = [row["sha256"] for row in self.held_out]
        return digest([RECIPE_VERSION, self.seed, condition.recipe(), recording["sha256"], others])

    def known(self, condition, recording_id: str, recipe: str) -> dict | None:
        """The row of a query that is up to date, else None."""
        row = self.rows.get((condition.name, recording_id))
        if row is None or row["recipe"] != recipe:
            return None
        return row if "unusable" in row or self.path(row).exists() else None

    def make_for_recording(self, recording: dict, conditions: list[Condition]) -> list[dict]:
        """The queries of one recording, which is decoded once and only if one is missing."""
        rows, missing = [], []
        for condition in conditions:
            recipe = self.recipe(condition, recording)
            row = self.known(condition, recording["id"], recipe)
            if row is None:
                missing.append((condition, recipe))
            else:
                rows.append(row)
        if not missing:
            return rows
        self.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.root, prefix="work-") as name:
            whole = Path(name) / "whole.wav"
            render.decode(self.corpus / recording["path"], whole)
            for condition, recipe in missing:
                row = self.make(condition, recording, recipe, whole, Path(name))
                self.remember(row)
                rows.append(row)
        return rows

    def make(self, condition, recording: dict, recipe: str, whole: Path, folder: Path) -> dict:
        """Makes one query; its row says `unusable` if the recording has no passage for it."""
        rng = random.Random(f"{self.seed}/{recording['id']}/{condition.name}")
        row = {
            "condition": condition.name,
            "recording": recording["id"],
            "role": condition.role,
            "tempo": condition.tempo,
            "pitch_cents": condition.pitch_cents,
            "recipe": recipe,
        }
        try:
            start_ms, source_seconds = self.position(condition, recording, whole)
        except render.Unusable as reason:
            return row | {"unusable": str(reason)}
        clip = whole
        if condition.seconds is not None:
            clip = folder / "clip.wav"
            render.cut(whole, clip, start_ms, source_seconds)
        made = render.apply_steps(clip, condition.steps, self.materials, rng, folder)
        suffix = CODECS[condition.codec][0]
        file = f"{condition.name}__{recording['id']}__{start_ms}{suffix}"
        row |= {"file": file, "start_seconds": start_ms / 1000}
        row |= {"seconds": round(render.seconds_of(made), 3)}
        render.encode(made, self.path(row), condition.codec)
        return row

    def position(self, condition, recording: dict, whole: Path) -> tuple[int, float]:
        """Where a clip starts, in ms, and how much of the recording it takes."""
        if condition.seconds is None:
            return 0, render.seconds_of(whole)
        wanted = condition.seconds * condition.tempo
        start_ms = draw_passage(
            self.seed, recording["id"], whole, wanted, condition.passage, condition.needs_stereo
        )
        return start_ms, wanted

    def make_synthetic(self, sound: Synthetic) -> list[dict]:
        """The queries of one synthetic sound, one per length."""
        rows = []
        for seconds in SYNTHETIC_SECONDS:
            name = f"{seconds:g}s"
            recipe = digest([RECIPE_VERSION, sound.source, seconds])
            row = self.known(sound, name, recipe)
            if row is None:
                row = {"condition": sound.name, "recording": name, "role": "synthetic"}
                row |= {"tempo": 1.0, "pitch_cents": 0.0, "recipe": recipe, "start_seconds": 0.0}
                row |= {"file": f"{sound.name}__{name}__0.flac", "seconds": seconds}
                self.root.mkdir(parents=True, exist_ok=True)
                with tempfile.TemporaryDirectory(dir=self.root, prefix="work-") as work:
                    target = self.path(row)
                    render.synthesise(sound.source, seconds, self.materials, target, Path(work))
                self.remember(row)
            rows.append(row)
        return rows

    def tidy(self) -> None:
        """Removes files of interrupted runs, and writes each row of the truth once."""
        for left in self.root.glob("work-*"):
            shutil.rmtree(left, ignore_errors=True)
        if self.rows:
            tools.write_jsonl(self.truth_path, [self.rows[key] for key in sorted(self.rows)])


def make_all(store: QueryStore, conditions, catalogue, held_out, positives, jobs) -> list[dict]:
    """All queries with one recording each, in a fixed order. Conditions that need stereo go further down
    the list of recordings until they have enough."""
    positive = of_role(conditions, "positive")
    negative = of_role(conditions, "negative")
    work = [(row, positive) for row in catalogue[:positives] if positive]
    work += [(row, negative) for row in held_out if negative]

    def each(job):
        return store.make_for_recording(*job)

    rows = [row for made in tools.in_parallel(each, work, jobs, "recordings") for row in made]
    for condition in (c for c in positive if c.needs_stereo):
        usable = sum(r["condition"] == condition.name and "unusable" not in r for r in rows)
        for recording in catalogue[positives:]:
            if usable >= positives:
                break
            (row,) = store.make_for_recording(recording, [condition])
            usable += "unusable" not in row
            rows.append(row)
    for sound in of_role(conditions, "synthetic"):
        rows += store.make_synthetic(sound)
    return sorted(rows, key=lambda row: (row["condition"], row["recording"]))
