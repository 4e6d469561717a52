"""Reads tracker modules (MOD, S3M, XM, IT) far enough to leave channels out of them.

A silenced channel loses its notes, instruments and volumes but keeps its effects, because tempo,
pattern order and more of the other channels depend on them. IT has a flag for that in its header;
for the other formats the patterns are rewritten.
"""

import re
import struct
from collections import Counter
from collections.abc import Iterator

# A channel is melodic if at least half of its notes are of instruments that it plays at this many or
# more pitches. Drums are played at one to three.
MELODIC_PITCHES = 4

# (channel, note, instrument); instrument 0 means the last one in that channel.
Event = tuple[int, int, int]


class Unreadable(Exception):
    """Not a module that this can read; the text says why."""


class Mod:
    """ProTracker and its kin: every cell has four bytes, patterns are 64 rows."""

    CELLS_AT = 1084

    def __init__(self, data: bytes):
        tag = data[1080:1084].decode("latin-1")
        if tag in ("M.K.", "M!K!", "M&K!", "FLT4"):
            self.channels = 4
        elif found := re.fullmatch(r"(\d)CHN|(\d\d)C[HN]", tag):
            self.channels = int(found[1] or found[2])
        else:
            raise Unreadable("no MOD of a known number of channels")
        self.data = data
        # The file also has patterns that no order names, if a later pattern is named.
        self.patterns = max(data[952:1080]) + 1

    def cells(self) -> range:
        """Where each cell starts; they go channel by channel, then row by row."""
        size = self.patterns * 64 * self.channels * 4
        return range(self.CELLS_AT, min(self.CELLS_AT + size, len(self.data) - 3), 4)

    def events(self) -> Iterator[Event]:
        for number, at in enumerate(self.cells()):
            a, b, c, _ = self.data[at : at + 4]
            if period := (a & 15) << 8 | b:
                yield number % self.channels, period, a & 0xF0 | c >> 4

    def without(self, channels: set[int]) -> bytes:
        data = bytearray(self.data)
        for number, at in enumerate(self.cells()):
            if number % self.channels in channels:
                data[at : at + 3] = bytes((0, 0, data[at + 2] & 15))
        return bytes(data)


class Xm:
    """FastTracker 2: cells of one to six bytes, patterns one after another."""

    FIELDS = 5  # note, instrument, volume, effect, its parameter

    def __init__(self, data: bytes):
        if data[:17] != b"Extended Module: " or len(data) < 80:
            raise Unreadable("no XM")
        version, header, _, _, self.channels, patterns = struct.unpack_from("<HI4H", data, 58)
        if version != 0x104:
            raise Unreadable("an XM of a version before 1.04")
        self.data = data
        self.start = 60 + header
        self.patterns: list[tuple[bytes, list[list[int]]]] = []
        at = self.start
        for _ in range(patterns):
            length, _, rows, size = struct.unpack_from("<IBHH", data, at)
            body = at + length
            cells = list(self.unpacked(data[body : body + size])) if size else []
            if size and len(cells) != rows * self.channels:
                raise Unreadable("an XM with a broken pattern")
            self.patterns.append((data[at:body], cells))
            at = body + size
        self.end = at

    def unpacked(self, packed: bytes) -> Iterator[list[int]]:
        at = 0
        while at < len(packed):
            mask = 0x1F
            if packed[at] & 0x80:
                mask = packed[at]
                at += 1
            cell = [0] * self.FIELDS
            for field in range(self.FIELDS):
                if mask >> field & 1:
                    if at >= len(packed):
                        raise Unreadable("an XM with a cut pattern")
                    cell[field] = packed[at]
                    at += 1
            yield cell

    def events(self) -> Iterator[Event]:
        for _, cells in self.patterns:
            for number, (note, instrument, *_) in enumerate(cells):
                if 1 <= note <= 96:
                    yield number % self.channels, note, instrument

    def without(self, channels: set[int]) -> bytes:
        out = bytearray(self.data[: self.start])
        for header, cells in self.patterns:
            packed = bytearray()
            for number, cell in enumerate(cells):
                if number % self.channels in channels:
                    cell = [0, 0, 0, *cell[3:]]
                packed.append(0x80 | sum((value > 0) << bit for bit, value in enumerate(cell)))
                packed += bytes(value for value in cell if value)
            out += header[:7] + struct.pack("<H", len(packed)) + header[9:] + packed
        return bytes(out + self.data[self.end :])


class S3m:
    """Scream Tracker 3: events of one to six bytes, 64 rows, patterns anywhere in the file."""

    channels = 32

    def __init__(self, data: bytes):
        if data[44:48] != b"SCRM":
            raise Unreadable("no S3M")
        self.data = data
        orders, instruments, patterns = struct.unpack_from("<3H", data, 32)
        places = struct.unpack_from(f"<{patterns}H", data, 96 + orders + 2 * instruments)
        self.patterns = sorted({16 * place for place in places if place})

    def pattern(self, start: int) -> Iterator[bytes]:
        """The events of a pattern, each as its bytes; the end of a row is one of them."""
        at, rows = start + 2, 0
        while rows < 64 and at < len(self.data):
            what = self.data[at]
            size = 1
            if what == 0:
                rows += 1
            else:
                size += (what >> 5 & 1) * 2 + (what >> 6 & 1) + (what >> 7) * 2
            yield self.data[at : at + size]
            at += size

    def events(self) -> Iterator[Event]:
        for start in self.patterns:
            for event in self.pattern(start):
                if event[0] & 0x20 and len(event) > 2 and event[1] < 254:
                    yield event[0] & 31, event[1], event[2]

    def without(self, channels: set[int]) -> bytes:
        data = bytearray(self.data)
        for start in self.patterns:
            events = list(self.pattern(start))
            old = sum(len(event) for event in events)
            new = bytearray()
            for event in events:
                if event[0] == 0 or event[0] & 31 not in channels:
                    new += event
                elif event[0] & 0x80:
                    new += bytes((event[0] & 0x9F,)) + event[-2:]
            # The bytes saved are filled with zeros, so that other patterns and samples do not move.
            data[start + 2 : start + 2 + old] = new.ljust(old, b"\0")
        return bytes(data)


class It:
    """Impulse Tracker: a channel is left out by a bit of its panning in the header."""

    channels = 64

    def __init__(self, data: bytes):
        if data[:4] != b"IMPM":
            raise Unreadable("no IT")
        self.data = data
        orders, instruments, samples, patterns = struct.unpack_from("<4H", data, 32)
        at = 192 + orders + 4 * (instruments + samples)
        self.patterns = sorted({at for at in struct.unpack_from(f"<{patterns}I", data, at) if at})

    def events(self) -> Iterator[Event]:
        for start in self.patterns:
            yield from self.pattern(start)

    def pattern(self, start: int) -> Iterator[Event]:
        size, rows = struct.unpack_from("<HH", self.data, start)
        packed = iter(self.data[start + 8 : start + 8 + size])
        masks, last = {}, {}
        row = 0
        while row < rows and (what := next(packed, None)) is not None:
            if what == 0:
                row += 1
                continue
            channel = (what - 1) & 63
            if what & 0x80:
                masks[channel] = next(packed, 0)
            mask = masks.get(channel, 0)
            for bit, width in enumerate((1, 1, 1, 2)):
                if mask >> bit & 1:
                    last[channel, bit] = [next(packed, 0) for _ in range(width)]
            note = last.get((channel, 0), [255])[0] if mask & 0x11 else 255
            if note < 120:
                yield channel, note, last.get((channel, 1), [0])[0] if mask & 0x22 else 0

    def without(self, channels: set[int]) -> bytes:
        data = bytearray(self.data)
        for channel in channels:
            data[64 + channel] |= 128
        return bytes(data)


KINDS = {".mod": Mod, ".xm": Xm, ".s3m": S3m, ".it": It}


def read(data: bytes, suffix: str) -> Mod | Xm | S3m | It:
    """Reads a module; the file name's suffix tells its kind."""
    kind = KINDS.get(suffix.lower())
    if kind is None:
        raise Unreadable(f"no channels are left out of {suffix}")
    try:
        return kind(data)
    except (struct.error, IndexError, ValueError) as error:
        raise Unreadable("a broken module") from error


def played(module) -> dict[int, Counter]:
    """Channel -> how often it plays each (instrument, note); silent channels are left out."""
    found: dict[int, Counter] = {}
    last: dict[int, int] = {}
    for channel, note, instrument in module.events():
        last[channel] = instrument or last.get(channel, 0)
        found.setdefault(channel, Counter())[last[channel], note] += 1
    return found


def is_melodic(notes: Counter) -> bool:
    """Whether half of a channel's notes are of instruments that it plays at several pitches."""
    pitches = Counter(instrument for instrument, _ in notes)
    melody = sum(
        count for (instrument, _), count in notes.items() if pitches[instrument] >= MELODIC_PITCHES
    )
    return 2 * melody >= notes.total()
