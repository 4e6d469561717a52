"""Keys, chords and their voicings, as numbers."""

NAMES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}

# Roots of four chords, as steps of the scale, a chord a bar.
PROGRESSIONS = {
    "minor": [
        (0, 5, 2, 6), (0, 3, 5, 4), (0, 6, 5, 6), (0, 2, 6, 5), (5, 3, 0, 6), (0, 0, 5, 6),
        (0, 4, 5, 3), (5, 6, 0, 0), (0, 3, 6, 2), (3, 0, 5, 6), (0, 5, 3, 4), (5, 6, 4, 0),
        (0, 6, 3, 5), (2, 6, 0, 5),
    ],
    "major": [
        (0, 4, 5, 3), (5, 3, 0, 4), (0, 5, 3, 4), (1, 4, 0, 5), (0, 2, 3, 4), (3, 4, 2, 5),
        (0, 3, 1, 4), (3, 0, 4, 5), (0, 3, 5, 4), (5, 4, 3, 4), (0, 1, 3, 0), (3, 2, 1, 4),
        (2, 5, 1, 4), (0, 4, 1, 3),
    ],
}  # fmt: skip


class Key:
    """A tonic and a scale; a degree is any whole number, 7 of them an octave."""

    def __init__(self, name: str):
        tonic, self.mode = name.split()
        sharps = tonic.count("#") - tonic.count("b")
        self.tonic = (NAMES[tonic[0]] + sharps) % 12
        self.scale = SCALES[self.mode]

    def pitch(self, degree: int, octave: int) -> int:
        """The MIDI number of a degree; octave 4 begins at middle C."""
        up, step = divmod(degree, 7)
        return 12 * (octave + 1 + up) + self.tonic + self.scale[step]


def progression(key: Key, rng) -> list[int]:
    """Four roots, one of them changed now and then."""
    roots = list(rng.choice(PROGRESSIONS[key.mode]))
    if rng.random() < 0.4:
        roots[rng.randrange(1, 4)] = rng.choice((0, 1, 2, 3, 4, 5, 6))
    return roots


def voicing(key: Key, root: int, tones: int, low: int, near: list[int] | None) -> list[int]:
    """A chord's pitches at and above `low`, moving as little as can be from the chord before."""
    classes = [(key.pitch(root + 2 * n, 4)) % 12 for n in range(tones)]
    choices = []
    for turn in range(tones):
        pitches, floor = [], low
        for pitch_class in classes[turn:] + classes[:turn]:
            floor += (pitch_class - floor) % 12
            pitches.append(floor)
        choices.append(pitches)
    if near is None:
        return choices[0]
    return min(choices, key=lambda pitches: abs(sum(pitches) - sum(near)))
