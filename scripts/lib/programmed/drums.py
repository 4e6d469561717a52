"""Drum patterns: what a style's has for sure, and what is drawn."""

from lib.programmed.model import BAR, STEP, Note

# Bars of kicks to draw from, as sixteenths.
KICKS = {
    "house": [(0, 4, 8, 12)],
    "techno": [(0, 4, 8, 12)],
    "hip-hop": [(0, 7, 10), (0, 3, 10), (0, 10, 13), (0, 5, 8, 11), (0, 2, 9), (0, 7, 11, 14)],
    "trap": [(0, 6, 11), (0, 3, 10), (0, 7, 14), (0, 10, 13), (0, 6), (0, 3, 6, 12)],
    "lo-fi": [(0, 7), (0, 10), (0, 7, 10), (0, 2, 10), (0, 9, 11)],
    "dnb": [(0, 10), (0, 2, 10), (0, 10, 11), (0, 7, 10), (0, 3, 10)],
    "synth-pop": [(0, 8), (0, 4, 8, 12), (0, 6, 8), (0, 8, 10), (0, 3, 8, 11)],
}
SNARES = {
    "house": (("clap", (4, 12)),),
    "techno": (("clap", (4, 12)), ("clap", (12,)), ("rim", (3, 11)), ("clap", (4, 7, 12))),
    "hip-hop": (("snare", (4, 12)), ("clap", (4, 12)), ("snare", (4, 12, 15))),
    "trap": (("clap", (8,)), ("snare", (8,)), ("clap", (8, 15))),
    "lo-fi": (("snare", (4, 12)), ("rim", (4, 12))),
    "dnb": (("snare", (4, 12)), ("snare", (4, 12, 15)), ("snare", (4, 7, 12))),
    "synth-pop": (("snare", (4, 12)), ("clap", (4, 12))),
}
# How likely a closed hat is on eighths and on the sixteenths between.
HATS = {
    "house": (0.75, 0.45),
    "techno": (0.6, 0.55),
    "hip-hop": (0.97, 0.2),
    "trap": (0.98, 0.15),
    "lo-fi": (0.93, 0.12),
    "dnb": (0.93, 0.25),
    "synth-pop": (0.95, 0.4),
}
PERCUSSION = ("shaker", "conga", "conga-low", "cowbell", "tambourine", "rim")


def hit(step: float, name: str, layer: int) -> Note:
    return Note(round(step * STEP), STEP, name, layer)


def hats(style: str, rng) -> list[Note]:
    """A bar of hats, with rolls where the style has them."""
    on_eighths, between = HATS[style]
    notes = []
    for step in range(16):
        if rng.random() < (between if step % 2 else on_eighths):
            notes.append(hit(step, "hat", 2 if step % 4 == 0 else 1 if step % 2 == 0 else 0))
    if style in ("house", "techno") and rng.random() < 0.8:
        opened = {2, 6, 10, 14}
        notes = [note for note in notes if note.tick // STEP not in opened]
        notes += [hit(step, "open", 2) for step in sorted(opened)]
    elif rng.random() < 0.45:
        notes.append(hit(rng.choice((2, 6, 7, 10, 14)), "open", 1))
    if style == "trap":
        for _ in range(rng.randrange(1, 3)):
            start, parts = rng.choice((2, 3, 6, 7, 10, 12, 14)), rng.choice((2, 3, 4))
            end = start + rng.choice((1, 2))
            notes = [note for note in notes if not start * STEP <= note.tick < end * STEP]
            count = parts * (end - start)
            notes += [hit(start + n / parts, "hat", n % 2) for n in range(count)]
    return notes


def bar(style: str, kick: tuple, snare: tuple, rng) -> list[Note]:
    """One bar: the kick and snare given, what else there is drawn."""
    notes = [hit(step, "kick", 2) for step in kick]
    if rng.random() < 0.3:
        extra = rng.choice((6, 7, 9, 11, 14, 15))
        notes += [hit(extra, "kick", 1)] if extra not in kick else []
    name, steps = snare
    notes += [hit(step, name, 2 if step in (4, 8, 12) else 0) for step in steps]
    if style in ("dnb", "hip-hop", "lo-fi") and rng.random() < 0.5:
        ghost = rng.choice((6, 9, 14, 15))
        notes += [hit(ghost, "snare", 0)] if ghost not in steps else []
    notes += hats(style, rng)
    if style in ("techno", "dnb") and rng.random() < 0.4:
        notes += [hit(step, "ride", 1) for step in range(0, 16, rng.choice((2, 4)))]
    if style in ("techno", "house") and rng.random() < 0.5:
        odd = rng.sample((1, 3, 5, 7, 9, 11, 13, 15), 2)
        notes += [hit(step, rng.choice(("rim", "cowbell", "conga")), 1) for step in sorted(odd)]
    return notes


def fill(style: str, rng) -> list[Note]:
    """The last bar before something new: the pattern's beginning, then toms or a roll."""
    start = rng.choice((8, 12))
    names = rng.choice((("snare",), ("tom", "tom-low"), ("snare", "tom"), ("clap",)))
    notes = [hit(0, "kick", 2), hit(4, "snare", 2)]
    notes += [hit(step, "hat", 1) for step in range(0, start, 2)]
    for step in range(start, 16):
        if rng.random() < 0.75:
            notes.append(hit(step, rng.choice(names), 2 if step % 2 == 0 else 1))
    return notes


class Drums:
    """All patterns of one piece: a loop of one or two bars, a busier one, and a fill."""

    def __init__(self, style: str, rng, one_bar: bool):
        kick, snare = rng.choice(KICKS[style]), rng.choice(SNARES[style])
        first = bar(style, kick, snare, rng)
        second = bar(style, rng.choice(KICKS[style]), snare, rng)
        self.one_bar = one_bar
        self.verse = first if one_bar else first + [note.moved(BAR) for note in second]
        self.bars = 1 if one_bar else 2
        lift = [hit(step, "tambourine", 1) for step in (4, 12)]
        self.hook = list(self.verse)
        for number in range(self.bars):
            self.hook += [note.moved(number * BAR) for note in lift]
        self.fill = fill(style, rng)


def percussion(rng) -> list[Note]:
    """A bar of a percussion loop: two or three instruments."""
    notes = []
    for name in rng.sample(PERCUSSION, rng.choice((2, 2, 3))):
        likely = 0.8 if name == "shaker" else 0.3
        for step in range(16):
            if rng.random() < likely:
                notes.append(hit(step, name, 1 if step % 4 == 0 else 0))
    return notes
