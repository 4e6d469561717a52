"""A piece out of dice: its patterns, and which of them are heard when."""

import hashlib
import math
import random
from dataclasses import dataclass

from lib.programmed import drums as drumming
from lib.programmed import lines, theory
from lib.programmed.model import BAR, RATE, STEP, Note, Part, Piece, bar_samples
from lib.programmed.styles import KITS, PACK_INSTRUMENTS, STYLES

SECONDS = (50.0, 88.0)
HUMAN_SECONDS = 0.008
HUMAN_DB = 3.0
# Parts that a kit has an instrument for.
MELODIC = ("bass", "chords", "lead", "arp", "pad")

# What each kind of section has; the composer adds and takes away.
SECTIONS = {
    "intro": ("drums",),
    "verse": ("drums", "bass", "chords", "perc", "loop"),
    "hook": ("drums", "bass", "chords", "lead", "arp", "perc", "pad", "loop"),
    "break": ("chords", "pad", "arp", "lead"),
    "outro": ("drums", "bass", "perc"),
}

# What the pieces of one set have in common, by family: the dice are then the set's.
SHARED = {
    "free": (),
    "same-but-notes": (
        "arrangement", "tones", "drums", "bass-rhythm", "chords-rhythm", "lead-rhythm",
        "arp-rhythm", "percussion",
    ),
    "same-backing": (
        "progression", "tones", "drums", "bass-rhythm", "bass-pitch", "chords-rhythm",
        "chords-pitch", "percussion",
    ),
    "one-bar-drums": ("drums",),
    "exact-loop": (),
    "humanised": (),
    "sample-loop": ("progression", "loop"),
}  # fmt: skip


@dataclass(frozen=True)
class Order:
    """What is to be composed."""

    style: str
    kit: str
    tempo: int
    key: str
    family: str
    group: str  # the set's name
    member: int


class Dice:
    """A stream of chance for each purpose, the set's own or the piece's own."""

    def __init__(self, seed: int, order: Order):
        self.seed, self.order = seed, order

    def __getitem__(self, purpose: str) -> random.Random:
        whose = self.order.group
        if purpose not in SHARED[self.order.family]:
            whose += f"/{self.order.member}"
        return random.Random(f"{self.seed}/{whose}/{purpose}")


def arrangement(tempo: int, exact: bool, rng) -> list[tuple[str, int]]:
    """Sections and their bars, within the length a piece is to have."""
    bar = bar_samples(tempo) / RATE
    unit = 4 if bar > 2.2 else 8
    least, most = math.ceil(SECONDS[0] / bar / 4), math.floor(SECONDS[1] / bar / 4)
    total = 4 * rng.randint(least, most)
    intro = 4 if bar < 2.2 else rng.choice((2, 4))
    if exact:
        intro = unit
    ending = rng.choice((2, 4)) if not exact else unit
    sections, left = [("intro", intro)], total - intro - ending
    kinds = rng.choice(
        (("verse", "hook", "break", "hook"), ("verse", "hook", "verse", "break", "hook"),
         ("hook", "verse", "hook", "break"), ("verse", "verse", "hook", "break", "hook"))
    )  # fmt: skip
    number = 0
    while left > 0:
        kind = kinds[number % len(kinds)]
        bars = min(left, unit if kind != "break" or exact else max(4, unit // 2))
        sections.append((kind, bars))
        left, number = left - bars, number + 1
    return [*sections, ("outro", ending)]


def heard(kind: str, optional: set, rng) -> set:
    """The parts of one section, of those that the piece has."""
    parts = {p for p in SECTIONS[kind] if p in ("drums", "bass", "chords", "lead") or p in optional}
    if kind == "verse" and rng.random() < 0.35:
        parts.add(rng.choice(sorted({"lead", *(optional & {"arp", "pad"})})))
    if kind == "verse" and rng.random() < 0.2:
        parts.discard("chords")
    if kind == "outro" and rng.random() < 0.5:
        parts.add("chords")
    if kind == "break" and "loop" in optional and rng.random() < 0.6:
        parts.add("loop")
    if kind == "intro" and "perc" in optional and rng.random() < 0.4:
        parts.add("perc")
    return parts


def tiled(pattern: list[Note], length: int, start: int, bars: int) -> list[Note]:
    """A pattern of `length` bars over `bars` bars from `start`, in phase with the section."""
    notes = []
    for first in range(0, bars, length):
        for note in pattern:
            if first * BAR + note.tick < bars * BAR:
                notes.append(note.moved((start + first) * BAR))
    return notes


def swung(note: Note, swing: float) -> Note:
    """Late by the swing when in the second half of an eighth."""
    late = note.tick % (2 * STEP) >= STEP
    return note.moved(round(swing * STEP)) if late and swing else note


def humanised(note: Note, rng) -> Note:
    """Off the grid, and softer or louder, as hands play."""
    limit = round(HUMAN_SECONDS * RATE)
    layer = max(0, note.layer - (rng.random() < 0.2))
    shift = rng.randint(-limit, limit)
    return note._replace(layer=layer, shift=shift, gain_db=rng.uniform(-HUMAN_DB, HUMAN_DB))


def patterns(order: Order, dice: Dice, key: theory.Key, tones: int) -> dict:
    """part -> (pattern of a hook, pattern of other sections, bars)."""
    four = theory.progression(key, dice["progression"])
    eight = four + four[:3] + [dice["progression"].choice((4, 6, four[3]))]
    bass = lines.bass(order.style, key, four, dice["bass-rhythm"], dice["bass-pitch"])
    chords = lines.chords(key, four, tones, dice["chords-rhythm"], dice["chords-pitch"])
    lead = lines.lead(order.style, key, eight, dice["lead-rhythm"], dice["lead-pitch"])
    quiet = [note for note in lead if note.tick % (2 * BAR) < BAR]
    arp = lines.arp(key, four, dice["arp-rhythm"], dice["arp-pitch"])
    pad = lines.pad(key, four, min(tones, 3), dice["pad-pitch"])
    exact = order.family == "exact-loop"
    return {
        "bass": (bass, bass, 4),
        "chords": (chords, chords, 4),
        "lead": (lead, lead, 8) if exact else (lead, quiet, 8),
        "arp": (arp, arp, 4),
        "pad": (pad, pad, 4),
    }


def loop_of(order: Order, dice: Dice, key: theory.Key) -> tuple[str, list[Note], int]:
    """A sample pack's loop: what plays it, its notes and its bars."""
    rng = dice["loop"]
    bars = rng.choice((2, 4, 4))
    roots = theory.progression(key, dice["progression"])[:bars]
    return rng.choice(PACK_INSTRUMENTS), lines.sample_loop(key, roots, rng), bars


def compose(seed: int, order: Order) -> Piece:
    """One piece, the same for the same seed and order."""
    style, kit, key = STYLES[order.style], KITS[order.kit], theory.Key(order.key)
    dice = Dice(seed, order)
    exact = order.family == "exact-loop"
    rng = dice["arrangement"]
    optional = {part for part in ("pad", "perc", "arp") if rng.random() < 0.6}
    played = patterns(order, dice, key, dice["tones"].choice(style.tones))
    instruments = {part: kit.of(part) for part in played}
    if order.family == "sample-loop":
        optional.add("loop")
        instruments["loop"], notes, bars = loop_of(order, dice, key)
        played["loop"] = (notes, notes, bars)
    beat = drumming.Drums(order.style, dice["drums"], exact or order.family == "one-bar-drums")
    same = exact or beat.one_bar
    played["drums"] = (beat.verse if same else beat.hook, beat.verse, beat.bars)
    percussion = drumming.percussion(dice["percussion"])
    played["perc"] = (percussion, percussion, 1)
    instruments |= {"drums": kit.drums, "perc": kit.drums}

    notes: dict[str, list] = {part: [] for part in played}
    start = 0
    sections = [
        (kind, bars, heard(kind, optional, rng))
        for kind, bars in arrangement(order.tempo, exact, rng)
    ]
    if not any("lead" in parts for _, _, parts in sections):
        sections[-2][2].add("lead")
    for kind, bars, parts in sections:
        filled = "drums" in parts and not same and bars >= 4 and kind != "outro"
        for part in sorted(parts):
            hook, other, length = played[part]
            until = bars - 1 if part == "drums" and filled else bars
            notes[part] += tiled(hook if kind == "hook" else other, length, start, until)
        if filled:
            notes["drums"] += [note.moved((start + bars - 1) * BAR) for note in beat.fill]
        start += bars
    return finished(order, dice, kit.room, instruments, notes)


def finished(order: Order, dice: Dice, room: float, instruments: dict, notes: dict) -> Piece:
    """The piece with its swing, its hands and its name."""
    swing = STYLES[order.style].swing
    hands = dice["hands"] if order.family == "humanised" else None
    parts = []
    for part in sorted(name for name in notes if notes[name]):
        played = [swung(note, swing) for note in notes[part]]
        if hands:
            played = [humanised(note, hands) for note in played]
        played.sort(key=lambda note: (note.tick, str(note.pitch)))
        parts.append(Part(part, instruments[part], tuple(played)))
    name = f"{order.group}/{order.member}"
    digest = hashlib.sha256(f"{dice.seed}/{name}".encode()).hexdigest()[:6]
    return Piece(
        id=f"{order.group}-{order.member}-{digest}",
        kind="programmed",
        style=order.style,
        kit=order.kit,
        instruments=order.kit,
        tempo=order.tempo,
        key=order.key,
        family=order.family,
        group=order.group,
        room=room,
        parts=tuple(parts),
        name=name,
    )
