"""Items of several recordings, as data: which recordings follow or overlap each other, and how.

A plan names recordings and lengths only; `mixing.py` draws the passages and makes the sound.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

# Shortest and longest passage of a DJ mix, and shortest and longest crossfade, in seconds.
DJ_PASSAGE = (45.0, 90.0)
DJ_FADE = (6.0, 8.0)
DJ_RECORDINGS = 10
# Least and greatest change of speed in a DJ mix, faster or slower.
DJ_CHANGE = (0.02, 0.06)
ALBUM_RECORDINGS = (6, 10)


@dataclass(frozen=True)
class Part:
    """One passage of one recording in an item; the recording is a row of the corpus' manifest."""

    recording: dict
    seconds: float | None  # length in the item; None: the whole recording
    passage: int = 0  # parts of one recording with the same number are the same passage
    tempo: float = 1.0
    lap: float = 0.0  # how much of it lies over the part before
    faded: bool = False  # whether the lap is a crossfade


@dataclass(frozen=True)
class Mix:
    """One way to make items of several recordings; `plan` is given the number of the item."""

    name: str
    title: str
    plan: Callable
    number: int  # of items
    codec: str
    levelled: bool = True  # all parts at one level, as a DJ would have them
    key_lock: bool = False  # tempo is changed alone, else pitch goes with it
    role: str = "mix"
    quick: bool = False


class Shelf:
    """Recordings to plan with: the catalogue's and the held-out ones, in the seed's order."""

    def __init__(self, catalogue: list[dict], held_out: list[dict]):
        self.catalogue = catalogue
        self.held_out = held_out

    @staticmethod
    def take(recordings: list[dict], least_seconds: float, first: int, count: int) -> list[dict]:
        """`count` different recordings that are long enough, cyclically from the `first` on: items
        with different numbers get different recordings as long as there are enough."""
        long_enough = [row for row in recordings if row["seconds"] >= least_seconds]
        if len(long_enough) < count:
            return []
        return [long_enough[(first + n) % len(long_enough)] for n in range(count)]


def dj(shelf: Shelf, number: int, rng: random.Random) -> list[Part]:
    """Ten passages, each faded into the next, half of them at another speed."""
    longest = DJ_PASSAGE[1] * (1 + DJ_CHANGE[1]) + 1
    found = shelf.take(shelf.catalogue, longest, number * DJ_RECORDINGS, DJ_RECORDINGS)
    changed = set(rng.sample(range(len(found)), len(found) // 2))
    parts = []
    for rank, recording in enumerate(found):
        seconds, lap = rng.uniform(*DJ_PASSAGE), rng.uniform(*DJ_FADE)
        change = rng.choice((-1, 1)) * rng.uniform(*DJ_CHANGE)
        parts.append(
            Part(
                recording,
                round(seconds, 2),
                tempo=round(1 + change, 3) if rank in changed else 1.0,
                lap=round(lap, 2) if rank else 0.0,
                faded=True,
            )
        )
    return parts


def album(shelf: Shelf, number: int, rng: random.Random) -> list[Part]:
    """Whole recordings, back to back."""
    count = rng.randint(*ALBUM_RECORDINGS)
    found = shelf.take(shelf.catalogue, 0.0, number * ALBUM_RECORDINGS[1], count)
    return [Part(recording, None) for recording in found]


def repeat(shelf: Shelf, number: int, _rng) -> list[Part]:
    """The same passage before and after music that is not in the catalogue."""
    return twice(shelf, number, again=0)


def repeat_elsewhere(shelf: Shelf, number: int, _rng) -> list[Part]:
    """Two passages of one recording, music that is not in the catalogue between them."""
    return twice(shelf, number, again=1)


def twice(shelf: Shelf, number: int, again: int) -> list[Part]:
    recordings = shelf.take(shelf.catalogue, 60.0, number, 1)
    between = shelf.take(shelf.held_out, 30.0, number, 1)
    if not (recordings and between):
        return []
    first, second = Part(recordings[0], 20.0), Part(recordings[0], 20.0, passage=again)
    return [first, Part(between[0], 15.0), second]


def insert(shelf: Shelf, number: int, _rng) -> list[Part]:
    """A passage between two passages of music that is not in the catalogue."""
    recordings = shelf.take(shelf.catalogue, 30.0, number, 1)
    around = shelf.take(shelf.held_out, 30.0, 2 * number, 2)
    if not (recordings and around):
        return []
    before, after = around
    return [Part(before, 20.0), Part(recordings[0], 20.0), Part(after, 20.0)]


def mashup(shelf: Shelf, number: int, _rng) -> list[Part]:
    """Two recordings at once, equally loud."""
    found = shelf.take(shelf.catalogue, 31.0, 2 * number, 2)
    return [Part(row, 30.0, lap=30.0 if rank else 0.0) for rank, row in enumerate(found)]


def loop(shelf: Shelf, number: int, _rng) -> list[Part]:
    """A few seconds, eight times."""
    return [Part(row, 3.0) for row in shelf.take(shelf.catalogue, 30.0, number, 1) * 8]


MIXES = [
    Mix(
        "dj-mix",
        "ten passages of 45–90 s, crossfades of 6–8 s, five at speed ×0.94–1.06, MP3 128k",
        dj,
        10,
        "mp3-128",
    ),
    Mix(
        "dj-mix-tempo",
        "the same mixes with the key locked: the tempo changes alone (rubberband)",
        dj,
        10,
        "mp3-128",
        key_lock=True,
    ),
    Mix(
        "album",
        "6–10 whole recordings back to back, Opus 75k",
        album,
        6,
        "opus-75",
        levelled=False,
    ),
    Mix("repeat", "20 s, 15 s of held-out music, the same 20 s again", repeat, 20, "opus-75"),
    Mix(
        "repeat-elsewhere",
        "20 s, 15 s of held-out music, another 20 s of the same recording",
        repeat_elsewhere,
        20,
        "opus-75",
    ),
    Mix(
        "insert",
        "20 s between two times 20 s of held-out music, hard cuts",
        insert,
        30,
        "opus-75",
        quick=True,
    ),
    Mix("mashup", "two recordings at once for 30 s, equally loud", mashup, 30, "opus-75"),
    Mix("loop", "3 s of a recording eight times", loop, 40, "opus-75", levelled=False, quick=True),
]
