"""Synthesises pieces of music, for when no real music is available: pieces.py FOLDER COUNT.

Each piece has its own scale, chords, melody and beat, drawn with the piece's number as seed.
"""

import array
import math
import random
import sys
import wave
from pathlib import Path

RATE = 22_050
SECONDS = 60


def note(hz: float, seconds: float, harmonics: list[float]) -> list[float]:
    """A decaying tone with the given strengths of its harmonics."""
    count = int(seconds * RATE)
    step = 2 * math.pi * hz / RATE
    return [
        math.exp(-3 * i / count)
        * min(1.0, i / 200)
        * sum(a * math.sin((h + 1) * step * i) for h, a in enumerate(harmonics))
        for i in range(count)
    ]


def add(track: list[float], sound: list[float], at: int, gain: float) -> None:
    for i, value in enumerate(sound[: len(track) - at]):
        track[at + i] += gain * value


def piece(seed: int) -> array.array:
    """One piece as 16-bit samples."""
    rng = random.Random(seed)
    track = [0.0] * (SECONDS * RATE)
    beat = int(RATE * rng.uniform(0.24, 0.42))
    root = rng.uniform(180, 330)
    scale = sorted(rng.sample(range(12), 7))
    harmonics = [rng.uniform(0.2, 1) / (h + 1) for h in range(5)]
    cache: dict[tuple[int, float], list[float]] = {}

    def tone(semitones: int, beats: float) -> list[float]:
        key = (semitones, beats)
        if key not in cache:
            cache[key] = note(root * 2 ** (semitones / 12), beats * beat / RATE, harmonics)
        return cache[key]

    hit = [rng.uniform(-1, 1) * math.exp(-i / 600) for i in range(3_000)]
    for step in range(len(track) // beat):
        at = step * beat
        if rng.random() < 0.8:
            add(track, tone(rng.choice(scale) + 12 * rng.randint(0, 2), rng.choice([1, 2])), at, 0.25)
        if step % 8 == 0:
            for degree in rng.sample(scale, 3):
                add(track, tone(degree, 8), at, 0.12)
        if rng.random() < 0.5:
            add(track, hit, at, 0.15)
    peak = max(abs(x) for x in track)
    return array.array("h", (int(x / peak * 29_000) for x in track))


def main() -> None:
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(count):
        with wave.open(str(folder / f"piece-{seed:02}.wav"), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(RATE)
            out.writeframes(piece(seed).tobytes())


if __name__ == "__main__":
    main()
