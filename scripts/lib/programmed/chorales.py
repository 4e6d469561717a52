"""Bach's four-part chorales out of music21's corpus, all for the same four instruments."""

import hashlib
from pathlib import Path

from lib import tools
from lib.programmed.model import BAR, RATE, Note, Part, Piece, bar_samples
from lib.programmed.styles import CHORALE_COVER, CHORALE_KIT, CHORALE_TEMPO

VOICES = ("soprano", "alto", "tenor", "bass")
INSTALL = "python3 -m pip install music21"
BEAT = BAR // 4
# Sharps of the key signatures that all are moved to the nearest of: F, C and G major.
SIGNATURES = {-1: 5, 0: 0, 1: 7}
KEY_NAMES = {-1: "F major", 0: "C major", 1: "G major"}
LEAST_SECONDS, MOST_SECONDS = 50.0, 95.0
# Two melodies with this share of their runs of six notes in common are one tune.
RUN = 6
SAME_TUNE = 0.3


def load(cache: Path) -> list[dict]:
    """All chorales as plain numbers, from the cache or out of music21 once."""
    if not cache.exists():
        try:
            from music21 import corpus
        except ImportError:
            tools.stop(f"music21 is not there; {INSTALL}", tools.EXIT_TOOL_MISSING)
        tools.say("reading Bach's chorales out of music21")
        scores = [read(corpus, path) for path in sorted(corpus.getComposer("bach"))]
        rows = sorted((row for row in scores if row), key=lambda row: row["name"])
        tools.write_jsonl(cache, rows)
    return tools.read_jsonl(cache)


def read(corpus, path) -> dict | None:
    """One score: its key signature and each voice as (tick, length, pitch); None if it has not
    four voices of single notes."""
    score = corpus.parse(path)
    if [part.partName for part in score.parts] != ["Soprano", "Alto", "Tenor", "Bass"]:
        return None
    signatures = list(score.recurse().getElementsByClass("KeySignature"))
    if not signatures:
        return None
    voices = []
    for part in score.parts:
        notes = []
        for element in part.stripTies().flatten().notes:
            if element.isChord:
                return None
            start = round(float(element.offset) * BEAT)
            length = round(float(element.quarterLength) * BEAT)
            if length > 0:
                notes.append((start, length, element.pitch.midi))
        voices.append(notes)
    if not all(voices):
        return None
    return {"name": Path(path).stem, "sharps": signatures[0].sharps, "voices": voices}


def runs(row: dict) -> set:
    """Every run of the melody's intervals: what it has whatever its key."""
    pitches = [pitch for _, _, pitch in row["voices"][0]]
    moves = [after - before for before, after in zip(pitches, pitches[1:])]
    return {tuple(moves[at : at + RUN]) for at in range(len(moves) - RUN + 1)}


def one_a_tune(rows: list[dict]) -> list[dict]:
    """Of the settings of one tune the first only: another setting is no different piece."""
    kept: list[tuple[dict, set]] = []
    for row in rows:
        own = runs(row)
        if own and all(
            len(own & other) < SAME_TUNE * min(len(own), len(other)) for _, other in kept
        ):
            kept.append((row, own))
    return [row for row, _ in kept]


def moved_by(sharps: int) -> tuple[int, int]:
    """The semitones, and the signature, to the nearest of the keys in use."""
    tonic = sharps * 7 % 12
    choices = []
    for signature, target in SIGNATURES.items():
        by = (target - tonic + 6) % 12 - 6
        choices.append((abs(by), signature, by))
    _, signature, by = min(choices)
    return by, signature


def piece_of(seed: int, row: dict) -> Piece:
    """A chorale on the grid, sung as often as makes it long enough."""
    by, signature = moved_by(row["sharps"])
    end = max(start + length for voice in row["voices"] for start, length, _ in voice)
    end = -(-end // BEAT) * BEAT
    second = bar_samples(CHORALE_TEMPO) / BAR / RATE
    verses = 1
    while verses * end * second < LEAST_SECONDS:
        verses += 1
    parts = []
    for name, voice in zip(VOICES, row["voices"]):
        notes = [
            Note(verse * end + start, length, pitch + by, 1)
            for verse in range(verses)
            for start, length, pitch in voice
            if (verse * end + start + length) * second < MOST_SECONDS
        ]
        parts.append(Part(name, CHORALE_KIT[name], tuple(notes)))
    digest = hashlib.sha256(f"{seed}/{row['name']}".encode()).hexdigest()[:6]
    return Piece(
        id=f"chorale-{row['name'].replace('.', '-').lower()}-{digest}",
        kind="chorale",
        style="chorale",
        kit="winds",
        instruments="winds",
        tempo=CHORALE_TEMPO,
        key=KEY_NAMES[signature],
        family="chorale",
        group="chorales",
        room=0.0,
        parts=tuple(parts),
        name=row["name"],
    )


def pieces(seed: int, cache: Path, wanted: int) -> list[tuple[str, Piece]]:
    """`wanted` chorales a role, no tune in both; fewer when there are not so many tunes."""
    if not wanted:
        return []
    rows = sorted(
        one_a_tune(load(cache)),
        key=lambda row: hashlib.sha256(f"{seed}/{row['name']}".encode()).digest(),
    )[: 2 * wanted]
    half = len(rows) // 2
    found = [("catalogue", piece_of(seed, row)) for row in rows[:half]]
    return found + [("held-out", piece_of(seed, row)) for row in rows[half : 2 * half]]


def covered(piece: Piece) -> dict:
    """voice -> the other instrument of a cover."""
    return {part.name: CHORALE_COVER[part.name] for part in piece.parts}
