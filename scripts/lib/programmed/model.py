"""What a piece is made of, as data: notes on a grid, parts with an instrument, and the whole."""

from dataclasses import dataclass, field
from typing import NamedTuple

# The grid: a bar of four beats, and a sixteenth of it.
BAR = 192
STEP = BAR // 16
RATE = 44_100

# What is alone in a stem, or left out of a minus-one: group -> parts.
GROUPS = {
    "drums": ("drums", "perc"),
    "bass": ("bass",),
    "chords": ("chords", "pad"),
    "lead": ("lead", "arp", "loop"),
}
CHORALE_GROUPS = {name: (name,) for name in ("soprano", "alto", "tenor", "bass")}


class Note(NamedTuple):
    """One one-shot played: where, how long, and which."""

    tick: int
    length: int  # in ticks; of no matter to a drum
    pitch: int | str  # a MIDI number, or a drum's name
    layer: int  # of velocity, 0 the softest
    shift: int = 0  # samples off the grid
    gain_db: float = 0.0

    def moved(self, ticks: int) -> "Note":
        return Note(self[0] + ticks, *self[1:])


@dataclass(frozen=True)
class Part:
    name: str
    instrument: str
    notes: tuple


@dataclass(frozen=True)
class Piece:
    """All there is to know of a piece before it sounds."""

    id: str
    kind: str
    style: str
    kit: str  # of the drums
    instruments: str  # the kit that the melodic instruments are of
    tempo: int
    key: str
    family: str
    group: str  # the set it was composed in
    room: float  # seconds of reverb, 0 for none
    parts: tuple
    name: str
    shares: tuple = field(default=())

    @property
    def groups(self) -> dict:
        return CHORALE_GROUPS if self.kind == "chorale" else GROUPS

    def of_group(self, group: str) -> list[Part]:
        return [part for part in self.parts if part.name in self.groups.get(group, (group,))]


def bar_samples(tempo: int) -> int:
    """A bar is a whole number of samples, so that a loop repeats to the sample."""
    return round(4 * 60 / tempo * RATE)


def position(tick: int, tempo: int) -> int:
    """The sample that a tick falls on."""
    bar, rest = divmod(tick, BAR)
    length = bar_samples(tempo)
    return bar * length + round(rest * length / BAR)
