"""Synthesised notes: oscillators, filters and envelopes in numpy, a note at a time.

Every tone is a function of the note's frequency, its velocity (0 to 1) and a seeded generator,
and gives float samples: one row for mono, two for stereo.
"""

import numpy as np

from lib.programmed.model import RATE

SECONDS = 3.6


def times(seconds: float = SECONDS) -> np.ndarray:
    return np.arange(round(seconds * RATE)) / RATE


def decay(t: np.ndarray, seconds: float) -> np.ndarray:
    """Falls by 60 dB in `seconds`."""
    return np.exp(-6.908 * t / seconds)


def attack(t: np.ndarray, seconds: float) -> np.ndarray:
    return np.minimum(1.0, t / seconds)


def blep(phase: np.ndarray, step: float) -> np.ndarray:
    """What takes the aliasing off a jump at phase 0."""
    out = np.zeros_like(phase)
    after, before = phase < step, phase > 1 - step
    x = phase[after] / step
    out[after] = 2 * x - x * x - 1
    x = (phase[before] - 1) / step
    out[before] = x * x + 2 * x + 1
    return out


def saw(hertz: float, t: np.ndarray, start: float = 0.0) -> np.ndarray:
    step = hertz / RATE
    phase = (start + hertz * t) % 1.0
    return 2 * phase - 1 - blep(phase, step)


def pulse(hertz: float, t: np.ndarray, width: float = 0.5, start: float = 0.0) -> np.ndarray:
    return (saw(hertz, t, start) - saw(hertz, t, start + width)) / 2 * 1.4


def filtered(sound: np.ndarray, low: float = 0.0, high: float = 0.0, order: int = 2) -> np.ndarray:
    """Low-passed at `low` and high-passed at `high` hertz, where they are given."""
    size = 1 << (len(sound) + 4096 - 1).bit_length()
    hertz = np.fft.rfftfreq(size, 1 / RATE)
    gain = np.ones_like(hertz)
    if low:
        gain /= np.sqrt(1 + (hertz / low) ** (2 * order))
    if high:
        gain *= (hertz / high) ** order / np.sqrt(1 + (hertz / high) ** (2 * order))
    return np.fft.irfft(np.fft.rfft(sound, size) * gain, size)[: len(sound)]


def swept(sound: np.ndarray, t, bright: float, dark: float, seconds: float) -> np.ndarray:
    """A filter that closes: the bright sound fades over into the dark one."""
    mix = decay(t, seconds)
    return filtered(sound, bright) * mix + filtered(sound, dark) * (1 - mix)


def fm(hertz: float, t, ratio: float, index, carrier: float = 1.0) -> np.ndarray:
    """A sine whose phase a second sine moves."""
    return np.sin(2 * np.pi * hertz * carrier * t + index * np.sin(2 * np.pi * hertz * ratio * t))


def saw_bass(hertz, velocity, rng):
    t = times()
    sound = saw(hertz, t) + 0.6 * saw(hertz * 1.005, t, 0.3)
    sound = swept(sound, t, hertz * 14 * (0.5 + velocity), hertz * 3, 0.6)
    return (sound * attack(t, 0.003))[None]


def square_bass(hertz, velocity, rng):
    t = times()
    sound = swept(pulse(hertz, t, 0.42), t, hertz * 10 * (0.5 + velocity), hertz * 2.5, 0.4)
    return (sound * attack(t, 0.003) * (0.4 + 0.6 * decay(t, 2.0)))[None]


def fm_bass(hertz, velocity, rng):
    t = times()
    sound = fm(hertz, t, 1.0, (1.0 + 4.0 * velocity) * decay(t, 0.9) + 0.6)
    sound += 0.5 * fm(hertz, t, 2.0, 1.5 * decay(t, 0.3), 1.0)
    return (sound * attack(t, 0.002) * (0.5 + 0.5 * decay(t, 3.0)))[None]


def sub(hertz, velocity, rng, drive=1.6, seconds=3.0):
    """The long kick drum that trap plays its bass with."""
    t = times()
    phase = np.cumsum(hertz * (1 + 1.5 * decay(t, 0.06))) / RATE
    sound = np.tanh(drive * np.sin(2 * np.pi * phase)) * (0.7 + 0.3 * velocity)
    return (sound * attack(t, 0.002) * decay(t, seconds * 1.6))[None]


def sub_hard(hertz, velocity, rng):
    return sub(hertz, velocity, rng, drive=4.5, seconds=2.2)


def stab(hertz, velocity, rng):
    """Seven saws beside each other, wide."""
    t = times()
    sides = np.zeros((2, len(t)))
    for number, cents in enumerate((-19, -12, -5, 0, 6, 11, 18)):
        voice = saw(hertz * 2 ** (cents / 1200), t, rng.random())
        place = 0.5 + 0.45 * (number - 3) / 3 * (-1) ** number
        sides[0] += voice * np.sqrt(1 - place)
        sides[1] += voice * np.sqrt(place)
    bright = 2500 + 5000 * velocity
    shape = attack(t, 0.004) * (0.35 + 0.65 * decay(t, 1.2))
    return np.stack([swept(side, t, bright, 1500, 0.8) * shape for side in sides])


def warm_pad(hertz, velocity, rng):
    t = times()
    sides = []
    for _ in range(2):
        sound = sum(
            saw(hertz * 2 ** (cents / 1200), t, rng.random()) for cents in (-9, -2, 5, 11)
        )
        sides.append(filtered(sound, 900 + 700 * velocity) * attack(t, 0.25))
    return np.stack(sides)


def square_lead(hertz, velocity, rng):
    t = times()
    sound = pulse(hertz, t) + 0.5 * pulse(hertz * 1.004, t, 0.3, 0.2)
    return (filtered(sound, 3500 + 3000 * velocity) * attack(t, 0.005))[None]


def saw_lead(hertz, velocity, rng):
    t = times()
    sound = saw(hertz, t) + 0.8 * saw(hertz * 1.007, t, 0.4) + 0.4 * pulse(hertz / 2, t)
    sound = swept(sound, t, 7000, 2200 + 1500 * velocity, 1.5)
    return (sound * attack(t, 0.006))[None]


def pluck(hertz, velocity, rng):
    t = times()
    sound = swept(saw(hertz, t) + 0.5 * pulse(hertz, t, 0.3), t, 3000 + 6000 * velocity, 500, 0.35)
    return (sound * attack(t, 0.002) * decay(t, 1.1))[None]


def bell(hertz, velocity, rng):
    t = times()
    sound = fm(hertz, t, 3.51, (1.0 + 1.5 * velocity) * decay(t, 1.2)) * decay(t, 2.6)
    return (sound * attack(t, 0.002))[None]


def e_piano(hertz, velocity, rng):
    t = times()
    sound = fm(hertz, t, 1.0, (0.4 + 1.1 * velocity) * decay(t, 2.5))
    sound += 0.25 * velocity * fm(hertz, t, 14.0, 0.8 * decay(t, 0.25)) * decay(t, 0.4)
    sound *= attack(t, 0.002) * decay(t, 4.5)
    swing = 0.25 * np.sin(2 * np.pi * 4.5 * t)
    return np.stack([sound * (1 + swing), sound * (1 - swing)])


# name -> (what makes a note, seconds it rings on when let go)
TONES = {
    "saw-bass": (saw_bass, 0.03),
    "square-bass": (square_bass, 0.02),
    "fm-bass": (fm_bass, 0.03),
    "sub": (sub, 0.06),
    "sub-hard": (sub_hard, 0.04),
    "stab": (stab, 0.08),
    "warm-pad": (warm_pad, 0.4),
    "square-lead": (square_lead, 0.05),
    "saw-lead": (saw_lead, 0.06),
    "pluck": (pluck, 0.2),
    "bell": (bell, 0.5),
    "e-piano": (e_piano, 0.15),
}
