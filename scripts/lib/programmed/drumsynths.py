"""Synthesised drum kits in the manner of the well-known machines, by numpy."""

import numpy as np

from lib.programmed.model import RATE
from lib.programmed.synths import decay, filtered, pulse, times

# What each kit's drums are tuned to. `crush`: bits that an old sampler keeps.
KITS = {
    "808": {"kick": (160, 48, 0.05, 1.1), "snare": (185, 330, 0.22), "hat": (6500, 0.10, 0.7)},
    "808-hard": {
        "kick": (260, 52, 0.04, 0.55), "snare": (200, 390, 0.16), "hat": (8000, 0.07, 0.4),
        "drive": 2.5,
    },
    "909": {"kick": (230, 50, 0.035, 0.5), "snare": (190, 290, 0.25), "hat": (7500, 0.12, 0.6)},
    "909-dry": {"kick": (200, 55, 0.03, 0.3), "snare": (220, 340, 0.14), "hat": (9000, 0.06, 0.35)},
    "linn": {
        "kick": (130, 60, 0.03, 0.25), "snare": (160, 260, 0.4), "hat": (6000, 0.09, 0.5),
        "crush": 8,
    },
    "crunch": {
        "kick": (120, 62, 0.03, 0.28), "snare": (170, 250, 0.2), "hat": (4500, 0.08, 0.35),
        "crush": 7, "low": 7500,
    },
    "break": {
        "kick": (140, 70, 0.025, 0.2), "snare": (210, 320, 0.18), "hat": (5500, 0.1, 0.4),
        "crush": 9, "drive": 1.6,
    },
}  # fmt: skip

METAL_HERTZ = (205.3, 304.4, 369.6, 522.7, 540.0, 800.0)


def noise(t, rng) -> np.ndarray:
    return rng.standard_normal(len(t))


def metal(t) -> np.ndarray:
    """Six squares that do not fit each other."""
    return sum(pulse(hertz * 1.9, t, 0.5, 0.13 * n) for n, hertz in enumerate(METAL_HERTZ)) / 3


def drum(t, start: float, end: float, sweep: float, seconds: float) -> np.ndarray:
    """A sine that falls in pitch."""
    phase = np.cumsum(end + (start - end) * np.exp(-t / sweep)) / RATE
    return np.sin(2 * np.pi * phase) * decay(t, seconds)


def kick(kit, velocity, rng):
    start, end, sweep, seconds = kit["kick"]
    t = times(min(1.6, seconds * 1.2))
    click = filtered(noise(t, rng), 6000, 800) * decay(t, 0.02) * 0.35 * velocity
    return drum(t, end + (start - end) * (0.5 + 0.5 * velocity), end, sweep, seconds) + click


def snare(kit, velocity, rng):
    low, high, seconds = kit["snare"]
    t = times(max(0.3, 1.3 * seconds))
    body = drum(t, low * 1.3, low, 0.02, 0.12) + 0.6 * drum(t, high * 1.2, high, 0.02, 0.09)
    rattle = filtered(noise(t, rng), 9000, 1400) * decay(t, seconds) * (0.4 + 0.5 * velocity)
    return 0.6 * body + 0.6 * rattle


def clap(kit, velocity, rng):
    t = times(0.4)
    shape = 0.5 * decay(t, 0.32)
    for start in (0.0, 0.011, 0.022):
        late = np.clip(t - start, 0, None)
        shape += np.where(t >= start, decay(late, 0.035), 0)
    return filtered(noise(t, rng), 4500, 900) * shape * 0.5


def rim(kit, velocity, rng):
    t = times(0.12)
    tones = np.sin(2 * np.pi * 1720 * t) + 0.7 * np.sin(2 * np.pi * 480 * t)
    return (tones + 0.3 * noise(t, rng)) * decay(t, 0.06) * 0.5


def hat(kit, velocity, rng, opened=False):
    cut, closed, open_seconds = kit["hat"]
    seconds = open_seconds if opened else closed * (0.7 + 0.5 * velocity)
    t = times(seconds * 1.1)
    return filtered(metal(t) + 0.5 * noise(t, rng), high=cut, order=3) * decay(t, seconds) * 0.7


def open_hat(kit, velocity, rng):
    return hat(kit, velocity, rng, opened=True)


def ride(kit, velocity, rng):
    t = times(1.2)
    ping = np.sin(2 * np.pi * 3150 * t) * decay(t, 0.3) * 0.3
    return filtered(metal(t), high=5000) * decay(t, 1.1) * 0.35 + ping


def cowbell(kit, velocity, rng):
    t = times(0.45)
    tones = pulse(540, t) + pulse(800, t)
    return filtered(tones, 3500, 500) * (0.6 * decay(t, 0.4) + 0.4 * decay(t, 0.05)) * 0.5


def tom(kit, velocity, rng, hertz=140.0):
    return drum(times(0.5), hertz * 1.5, hertz, 0.04, 0.45) * 0.9


def tom_low(kit, velocity, rng):
    return tom(kit, velocity, rng, 92.0)


def conga(kit, velocity, rng):
    return drum(times(0.3), 390, 330, 0.01, 0.22) * 0.8


def conga_low(kit, velocity, rng):
    return drum(times(0.35), 260, 215, 0.01, 0.28) * 0.8


def shaker(kit, velocity, rng):
    t = times(0.11)
    return filtered(noise(t, rng), high=5500) * np.minimum(1, t / 0.02) * decay(t, 0.09) * 0.6


def tambourine(kit, velocity, rng):
    t = times(0.3)
    return filtered(metal(t) + 0.6 * noise(t, rng), high=7000) * decay(t, 0.24) * 0.5


DRUMS = {
    "kick": kick, "snare": snare, "clap": clap, "rim": rim, "hat": hat, "open": open_hat,
    "ride": ride, "cowbell": cowbell, "tom": tom, "tom-low": tom_low, "conga": conga,
    "conga-low": conga_low, "shaker": shaker, "tambourine": tambourine,
}  # fmt: skip
# Where each sits from left to right, and how loud it is.
PLACES = {
    "hat": 0.15, "open": 0.15, "ride": -0.3, "tom": -0.25, "tom-low": 0.3, "conga": -0.4,
    "conga-low": -0.4, "shaker": 0.45, "tambourine": 0.35, "cowbell": -0.25, "rim": 0.1,
}  # fmt: skip
LEVELS_DB = {
    "kick": 0, "snare": -3, "clap": -3, "hat": -11, "open": -11, "ride": -13, "tom": -4,
    "tom-low": -4, "conga": -9, "conga-low": -9, "shaker": -14, "tambourine": -14, "cowbell": -12,
    "rim": -8,
}  # fmt: skip


def one_shot(kit_name: str, name: str, velocity: float, rng) -> np.ndarray:
    """A drum of a kit, in stereo, its peak at its level and lower when struck softly."""
    kit = KITS[kit_name]
    sound = DRUMS[name](kit, velocity, rng)
    sound = sound / np.max(np.abs(sound))
    if "drive" in kit:
        sound = np.tanh(kit["drive"] * sound) / np.tanh(kit["drive"])
    if "low" in kit:
        sound = filtered(sound, kit["low"])
    if "crush" in kit:
        steps = 2 ** (kit["crush"] - 1)
        sound = np.round(sound * steps) / steps
    sound[-200:] *= np.linspace(1, 0, min(200, len(sound)))
    place = PLACES.get(name, 0.0)
    sides = np.sqrt(np.array([[1 - place], [1 + place]]) / 2) * np.sqrt(2)
    return sides * sound * 10 ** (LEVELS_DB[name] / 20) * (0.25 + 0.75 * velocity)
