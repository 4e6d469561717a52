"""Bass lines, chords, leads, arpeggios, pads and sample loops over roots, a bar each.

Rhythm and pitches are drawn from dice of their own, so that pieces can share the one and not
the other.
"""

from lib.programmed.model import BAR, STEP, Note
from lib.programmed.theory import Key, voicing

# Bars of a bass as (sixteenth, length in sixteenths).
BASSES = {
    "house": [
        ((2, 2), (6, 2), (10, 2), (14, 2)), ((0, 2), (3, 2), (6, 3), (11, 2), (14, 2)),
        ((2, 1), (3, 1), (6, 2), (10, 1), (11, 1), (14, 2)), ((0, 3), (6, 2), (8, 3), (14, 2)),
    ],
    "techno": [
        tuple((s, 1) for s in range(16) if s % 4), tuple((s, 1) for s in range(2, 16, 4)),
        ((0, 1), (3, 1), (6, 1), (9, 1), (12, 1), (14, 1)), tuple((s, 1) for s in range(0, 16, 2)),
    ],
    "hip-hop": [
        ((0, 4), (7, 2), (10, 4)), ((0, 6), (10, 3), (13, 2)), ((0, 3), (3, 2), (8, 4), (14, 2)),
    ],
    "trap": [((0, 6), (6, 4), (11, 5)), ((0, 10), (10, 4)), ((0, 3), (3, 6), (10, 3), (13, 3))],
    "lo-fi": [((0, 6), (7, 3), (10, 5)), ((0, 8), (10, 4)), ((0, 4), (6, 2), (8, 4), (13, 2))],
    "dnb": [
        ((0, 3), (3, 3), (6, 2), (10, 4)), ((0, 8), (10, 2), (12, 2)), ((0, 2), (5, 3), (10, 5)),
    ],
    "synth-pop": [
        tuple((s, 2) for s in range(0, 16, 2)), tuple((s, 1) for s in range(16)),
        ((0, 3), (3, 3), (6, 2), (8, 3), (11, 3), (14, 2)),
    ],
}  # fmt: skip
CHORDS = [
    ((0, 16),), ((0, 8), (8, 8)), ((2, 1), (6, 1), (10, 1), (14, 1)), ((0, 6), (6, 10)),
    ((0, 3), (3, 3), (6, 10)), ((0, 2), (3, 2), (6, 2), (10, 2), (13, 2)),
    ((3, 1), (6, 2), (11, 1)), ((0, 4), (4, 4), (8, 4), (12, 4)), ((0, 3), (7, 3), (10, 6)),
    ((4, 2), (12, 2)),
]  # fmt: skip
# Onsets of a lead in a bar: at least and at most.
LEAD_ONSETS = {
    "house": (4, 8), "techno": (4, 9), "hip-hop": (3, 7), "trap": (3, 7), "lo-fi": (2, 6),
    "dnb": (2, 6), "synth-pop": (4, 8),
}  # fmt: skip


def nudged(cell: tuple, rng) -> tuple:
    """A cell with one onset moved, left out or added, now and then."""
    if rng.random() < 0.45 and len(cell) > 2:
        cell = list(cell)
        at = rng.randrange(1, len(cell))
        if rng.random() < 0.4:
            del cell[at]
        else:
            step = max(cell[at - 1][0] + 1, min(15, cell[at][0] + rng.choice((-1, 1))))
            if step not in [start for start, _ in cell]:
                cell[at] = (step, cell[at][1])
    return tuple(sorted(cell))


def bass(style: str, key: Key, roots: list[int], rhythm, pitches) -> list[Note]:
    """A bar's cell all through, another in the last bar."""
    cell = nudged(rhythm.choice(BASSES[style]), rhythm)
    last = nudged(rhythm.choice(BASSES[style]), rhythm) if rhythm.random() < 0.5 else cell
    octave = 1 if key.tonic >= 4 else 2
    steps = [pitches.choice((0, 0, 0, 0, 7, 4, 7, 2)) for _ in range(16)]
    steps[0] = 0
    notes = []
    for number, root in enumerate(roots):
        low = root - 7 if key.pitch(root, octave) > 44 else root
        for count, (step, length) in enumerate(last if number == len(roots) - 1 else cell):
            degree = low + steps[count]
            if count and number == len(roots) - 1 and pitches.random() < 0.25:
                degree = low + pitches.choice((1, 2, 4, -1))
            pitch = max(26, key.pitch(degree, octave))
            notes.append(Note(number * BAR + step * STEP, length * STEP, pitch, 1))
    return notes


def voicings(key: Key, roots: list[int], tones: int, low: int) -> list[list[int]]:
    chords = []
    for root in roots:
        chords.append(voicing(key, root, tones, low, chords[-1] if chords else None))
    return chords


def chords(key: Key, roots, tones: int, rhythm, pitches) -> list[Note]:
    cell = nudged(rhythm.choice(CHORDS), rhythm)
    other = nudged(rhythm.choice(CHORDS), rhythm) if rhythm.random() < 0.4 else cell
    soft = rhythm.random() < 0.3
    notes = []
    for number, pitched in enumerate(voicings(key, roots, tones, pitches.choice((52, 55, 58, 60)))):
        for step, length in other if number % 2 else cell:
            layer = 0 if soft and step % 4 else 1
            start = number * BAR + step * STEP
            length = min(length, 16 - step)
            notes += [Note(start, length * STEP, pitch, layer) for pitch in pitched]
    return notes


def pad(key: Key, roots, tones: int, pitches) -> list[Note]:
    low = pitches.choice((48, 53, 60))
    return [
        Note(number * BAR, BAR, pitch, 0)
        for number, pitched in enumerate(voicings(key, roots, tones, low))
        for pitch in pitched
    ]


def arp(key: Key, roots, rhythm, pitches) -> list[Note]:
    """The chord's notes one after another, over two octaves, in one order all through."""
    grid = rhythm.choice((1, 1, 2, 3))
    steps = [step for step in range(0, 16, grid) if rhythm.random() < rhythm.choice((0.75, 1.0))]
    tones = [0, 2, 4, 7, 9, 11][: pitches.choice((3, 4, 5, 6))]
    order = pitches.choice(
        (tones, tones[::-1], tones + tones[-2:0:-1], pitches.sample(tones, len(tones)))
    )
    notes, octave = [], 4 if key.tonic < 7 else 3
    for number, root in enumerate(roots):
        low = root - 7 if root > 4 else root
        for count, step in enumerate(steps):
            pitch = key.pitch(low + order[count % len(order)], octave)
            start = number * BAR + step * STEP
            notes.append(Note(start, grid * STEP, pitch, 1 if step % 4 == 0 else 0))
    return notes


def onsets(least: int, most: int, rng) -> list[tuple[int, int]]:
    """A bar of a melody's rhythm: onsets are likelier on eighths, lengths reach to the next."""
    count = rng.randint(least, most)
    weight = {step: 4 if step % 4 == 0 else 3 if step % 2 == 0 else 1 for step in range(16)}
    chosen = sorted(range(16), key=lambda step: rng.random() ** (1 / weight[step]))[-count:]
    chosen.sort()
    reach = rng.choice((0.5, 0.8, 1.0, 1.0))
    ends = chosen[1:] + [16]
    return [(a, max(1, round(min(b - a, 6) * reach))) for a, b in zip(chosen, ends)]


def melody(key: Key, roots, busy: tuple, rhythm, pitches, octave: int) -> list[Note]:
    """A motif that comes back, bent to the chord below; every second time it ends another way."""
    bars = [onsets(*busy, rhythm) for _ in range(3)]
    order = rhythm.choice(((0, 1, 0, 2), (0, 0, 1, 2), (0, 1, 2, 1), (0, 1, 0, 1)))
    moves = [
        [pitches.choice((-3, -2, -1, -1, 0, 0, 1, 1, 2, 3, 4)) for _ in range(16)] for _ in range(3)
    ]
    starts = [pitches.randrange(0, 8) for _ in range(3)]
    notes = []
    for number, root in enumerate(roots):
        which = order[number % 4]
        degree = starts[which]
        for count, (step, length) in enumerate(bars[which]):
            degree += moves[which][count] if count else 0
            if number % 8 == 7:
                degree += pitches.choice((-1, 0, 1))
            if degree > 9:  # back into the range that it left
                degree = 18 - degree
            elif degree < -2:
                degree = -4 - degree
            sounding = degree
            if step % 4 == 0:  # on a beat, a tone of the chord
                sounding = min(
                    (root + tone for tone in range(-14, 15) if tone % 7 in (0, 2, 4)),
                    key=lambda tone: (abs(tone - degree), tone),
                )
            start = number * BAR + step * STEP
            layer = 1 if step % 4 == 0 or length > 3 else 0
            notes.append(Note(start, length * STEP, key.pitch(sounding, octave), layer))
    return notes


def lead(style: str, key: Key, roots, rhythm, pitches) -> list[Note]:
    octave = 5 if key.tonic < 7 else 4
    return melody(key, roots, LEAD_ONSETS[style], rhythm, pitches, octave)


def sample_loop(key: Key, roots, rng) -> list[Note]:
    """Two or four bars as a sample pack has them: a melody and the chord's root or fifth below."""
    octave = 4 if key.tonic < 7 else 3
    notes = melody(key, roots, (4, 7), rng, rng, octave)
    for number, root in enumerate(roots):
        for step in rng.sample((0, 4, 8, 12), 2):
            degree = root - 7 + rng.choice((0, 4))
            start = number * BAR + step * STEP
            notes.append(Note(start, 4 * STEP, key.pitch(degree, octave), 0))
    return notes
