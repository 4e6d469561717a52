"""Which held-out pieces have bars in common with which catalogue pieces, note for note.

Pieces of one set may share their drums or their backing, and where nothing else plays their sound
is the same, bit for bit. An accusation there is no error of a matcher, so such pairs are listed.
"""

from collections import defaultdict

from lib.programmed.model import BAR, RATE, Piece, bar_samples

# Fewest bars of one part in common for a pair to be listed; of the whole mix, one will do.
LEAST_BARS = 2


def bars_of(piece: Piece) -> dict[str, dict[int, int]]:
    """part -> bar -> a hash of what is played in it; the part `mix` is all parts together."""
    found: dict[str, dict[int, list]] = defaultdict(lambda: defaultdict(list))
    for part in piece.parts:
        for note in part.notes:
            bar, tick = divmod(note.tick, BAR)
            played = (part.instrument, tick, note.length, note.pitch, note.layer, note.shift)
            for name in (part.name, "mix"):
                found[name][bar].append((*played, note.gain_db))
    rest = (piece.tempo,)
    return {
        name: {
            bar: hash((*rest, piece.room if name == "mix" else 0, *sorted(notes, key=repr)))
            for bar, notes in sorted(bars.items())
        }
        for name, bars in found.items()
    }


def longest_runs(own: dict[int, int], others: dict[int, list]) -> dict[int, int]:
    """other piece -> most bars in a row that are the same; `others`: hash -> (piece, bar)."""
    best: dict[int, int] = defaultdict(int)
    before: dict[tuple[int, int], int] = {}
    last = None
    for bar, content in own.items():
        now = {}
        for other, its_bar in others.get(content, ()):
            run = 1
            if last == bar - 1:
                run += before.get((other, its_bar - 1), 0)
            now[other, its_bar] = run
            best[other] = max(best[other], run)
        before, last = now, bar
    return best


def pairs(catalogue: list[Piece], held_out: list[Piece]) -> list[dict]:
    """A row for each pair that has something in common: how long, of the mix and of each part."""
    index: dict[str, dict[int, list]] = defaultdict(lambda: defaultdict(list))
    for number, piece in enumerate(catalogue):
        for name, bars in bars_of(piece).items():
            for bar, content in bars.items():
                index[name][content].append((number, bar))
    rows = []
    for piece in held_out:
        seconds = bar_samples(piece.tempo) / RATE
        found: dict[int, dict[str, float]] = defaultdict(dict)
        for name, bars in sorted(bars_of(piece).items()):
            for other, run in longest_runs(bars, index[name]).items():
                if run >= (1 if name == "mix" else LEAST_BARS):
                    found[other][name] = round(run * seconds, 3)
        for other in sorted(found):
            same = found[other]
            rows.append(
                {
                    "held_out": piece.id,
                    "catalogue": catalogue[other].id,
                    "same_set": piece.group == catalogue[other].group,
                    "same_mix_seconds": same.pop("mix", 0.0),
                    "same_part_seconds": same,
                }
            )
    return rows


def passages(catalogue: list[Piece]) -> list[dict]:
    """A row for each piece: its stretches, in seconds, whose whole mix another piece has note for note.

    A clip of such a stretch is a clip of both: nothing in it tells which of them it is of.
    """
    owners: dict[int, set[int]] = defaultdict(set)
    mixes = [bars_of(piece).get("mix", {}) for piece in catalogue]
    for number, bars in enumerate(mixes):
        for content in bars.values():
            owners[content].add(number)
    rows = []
    for piece, bars in zip(catalogue, mixes, strict=True):
        seconds = bar_samples(piece.tempo) / RATE
        stretches: list[list[float]] = []
        for bar in sorted(bar for bar, content in bars.items() if len(owners[content]) > 1):
            if stretches and abs(stretches[-1][1] - bar * seconds) < 1e-6:
                stretches[-1][1] = (bar + 1) * seconds
            else:
                stretches.append([bar * seconds, (bar + 1) * seconds])
        rows.append({"piece": piece.id, "seconds": [[round(at, 3) for at in s] for s in stretches]})
    return rows
