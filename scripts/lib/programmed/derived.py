"""What others make of a catalogue piece: covers, remixes, stems, minus-ones and mashups.

An item is a sum of stems of one or two pieces, all from their beginning, so that what it has of
the catalogue piece is at the same second in both.
"""

import hashlib
from dataclasses import dataclass, replace
from itertools import zip_longest

from lib.programmed import composing
from lib.programmed.chorales import covered
from lib.programmed.model import BAR, Part, Piece
from lib.programmed.styles import KITS, PACK_INSTRUMENTS, STYLE_OF, STYLES, kits_unlike

# What a mashup and a remix take of the catalogue piece.
MASHED = ("chords", "lead")
MASHUP_BED = ("drums", "bass")
CHORALE_REMIX_STYLE = "lo-fi"


@dataclass(frozen=True)
class Item:
    """A file to be made: the named stems of its sources, and what is true of it."""

    id: str
    role: str
    piece: Piece  # what it is or is made of
    sources: tuple  # of (piece, names of stems)
    of: str | None = None
    part: str | None = None
    bed: str | None = None  # the other piece in a mashup
    kit: str | None = None
    instruments: str | None = None


def as_it_is(role: str, piece: Piece) -> Item:
    return Item(piece.id, role, piece, ((piece, tuple(piece.groups)),))


def chosen(catalogue: list[Piece], wanted: int) -> list[Piece]:
    """`wanted` pieces over all styles, and over all families in each; one of a set, as the stems
    of two may be the same."""
    shelves: dict[str, list] = {}
    sets = set()
    for piece in catalogue:
        if piece.kind == "programmed" and piece.group in sets:
            continue
        sets.add(piece.group)
        shelves.setdefault(piece.style, []).append(piece)
    for number, style in enumerate(shelves):
        families: dict[str, list] = {}
        for piece in shelves[style]:
            families.setdefault(piece.family, []).append(piece)
        turned = [*families.values()][number % len(families) :]
        turned += [*families.values()][: number % len(families)]
        shelves[style] = [piece for row in zip_longest(*turned) for piece in row if piece]
    in_turn = [piece for row in zip_longest(*shelves.values()) for piece in row if piece]
    return in_turn[:wanted]


def cover(piece: Piece, number: int) -> Item:
    """The same notes with other instruments; every other cover has other drums too."""
    if piece.kind == "chorale":
        instruments, other, kit, played = "strings", covered(piece), piece.kit, piece.room
    else:
        unlike = kits_unlike(KITS[piece.kit])
        instruments = unlike[number // 2 % len(unlike)]
        kit = instruments if number % 2 else piece.kit
        played = KITS[kit].room
        other = {part: getattr(KITS[instruments], part) for part in composing.MELODIC}
        other |= {"drums": KITS[kit].drums, "perc": KITS[kit].drums}
        own = [part.instrument for part in piece.parts if part.name == "loop"]
        other["loop"] = next(name for name in PACK_INSTRUMENTS if name not in own)
    parts = tuple(replace(part, instrument=other[part.name]) for part in piece.parts)
    made = replace(piece, id=f"{piece.id}--cover", parts=parts, room=played)
    return Item(
        made.id, "cover", piece, ((made, tuple(piece.groups)),), piece.id,
        kit=kit, instruments=instruments,
    )  # fmt: skip


def wrapped(part: Part, bars: int) -> Part:
    """A part repeated as a whole until it is `bars` long."""
    length = max(note.tick for note in part.notes) // BAR + 1
    notes = [
        note.moved(first * BAR)
        for first in range(0, bars, length)
        for note in part.notes
        if note.tick + first * BAR < bars * BAR
    ]
    return replace(part, notes=tuple(notes))


def remix(seed: int, piece: Piece, number: int) -> Item:
    """All that is melodic over drums of another kit with patterns of their own."""
    if piece.kind == "chorale":
        style = CHORALE_REMIX_STYLE
        kit = [*STYLES[style].kits][number % len(STYLES[style].kits)]
    else:
        unlike = kits_unlike(KITS[piece.kit])
        kit = unlike[(number + 1) % len(unlike)]
        style = STYLE_OF[kit]
    key = STYLES[style].keys[0]
    order = composing.Order(style, kit, piece.tempo, key, "free", f"{piece.id}--remix", 0)
    drums = composing.compose(seed, order)
    bars = max(note.tick for part in piece.parts for note in part.notes) // BAR + 1
    beaten = tuple(wrapped(part, bars) for part in drums.of_group("drums"))
    drums = replace(drums, parts=beaten)
    melodic = tuple(group for group in piece.groups if group != "drums")
    return Item(
        f"{piece.id}--remix", "remix", piece, ((piece, melodic), (drums, ("drums",))), piece.id,
        kit=kit,
    )  # fmt: skip


def parted(piece: Piece) -> list[Item]:
    """Each stem alone, and all but each."""
    items = []
    for group in piece.groups:
        rest = tuple(other for other in piece.groups if other != group)
        alone = f"{piece.id}--stem-{group}"
        items.append(Item(alone, "stem", piece, ((piece, (group,)),), piece.id, group))
        without = f"{piece.id}--minus-{group}"
        items.append(Item(without, "minus-one", piece, ((piece, rest),), piece.id, group))
    return items


def end_of(piece: Piece) -> int:
    return max(note.tick for part in piece.parts for note in part.notes)


def mashup(piece: Piece, held_out: list[Piece]) -> Item | None:
    """Melodic stems over the drums and bass of a held-out piece of the same tempo; of the same
    key, and as long, where there is one."""
    beds = [
        other for other in held_out if other.tempo == piece.tempo and other.kind == "programmed"
    ]
    # A piece of the same set may have the same bass.
    beds = [other for other in beds if other.group != piece.group]
    if not beds:
        return None

    def fit(other: Piece) -> tuple:
        chance = hashlib.sha256(f"{piece.id}/{other.id}".encode()).digest()
        return other.key != piece.key, end_of(other) < 0.9 * end_of(piece), chance

    bed = min(beds, key=fit)
    melodic = tuple(piece.groups) if piece.kind == "chorale" else MASHED
    return Item(
        f"{piece.id}--mashup", "mashup", piece, ((piece, melodic), (bed, MASHUP_BED)), piece.id,
        bed=bed.id, kit=bed.kit,
    )  # fmt: skip


def items_of(seed: int, piece: Piece, number: int, held_out: list[Piece]) -> list[Item]:
    """All items of one catalogue piece."""
    made = [cover(piece, number), remix(seed, piece, number), *parted(piece)]
    mashed = mashup(piece, held_out)
    return made + [mashed] if mashed else made
