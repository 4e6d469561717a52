"""One-shots: single notes of a General MIDI bank and of our own synths, made once and kept.

A one-shot is an instrument's note at a velocity; the same file is played wherever a piece has
that note, as a sampler does it. Instruments are `gm:<program>`, `gmkit:<kit>`, or a name out of
`synths.py` or `drumsynths.py`.
"""

import hashlib
import struct
import tempfile
from pathlib import Path

import numpy as np

from lib import tools
from lib.programmed import drumsynths, synths
from lib.programmed.model import RATE

SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
SOUNDFONT_PACKAGE = "fluid-soundfont-gm"
# Raised when one-shots come out differently.
VERSION = 2

# Velocities of the layers, softest first.
DRUM_LAYERS = (55, 88, 118)
TONE_LAYERS = (68, 108)
HOLD_SECONDS, SLOT_SECONDS = 3.6, 4.0
DRUM_SECONDS = 1.9
# The level, in dB, that an instrument's loudest third of a second has; drums go by their kick.
TONE_DB, KICK_PEAK_DB = -20.0, -4.0
LOWEST_HERTZ = 18.0
# One-shots kept in memory.
MOST_BYTES = 1_000_000_000
REFERENCE_PITCHES = {"bass": 36, "other": 67}
# Seconds that a General MIDI instrument rings on when let go; 0.12 where nothing is said.
RELEASES = {0: 0.15, 8: 0.3, 10: 0.4, 11: 0.4, 12: 0.2, 46: 0.4, 48: 0.3, 50: 0.3, 89: 0.4}
RELEASES |= {91: 0.4, 45: 0.2, 108: 0.3}
# Drums' names as keys of a General MIDI kit.
GM_DRUMS = {
    "kick": 36, "snare": 38, "clap": 39, "rim": 37, "hat": 42, "open": 46, "ride": 51,
    "cowbell": 56, "tom": 48, "tom-low": 45, "conga": 63, "conga-low": 64, "shaker": 70,
    "tambourine": 54,
}  # fmt: skip

Shot = tuple[str, int | str, int]  # instrument, note, layer


def is_drums(instrument: str) -> bool:
    return instrument.startswith("gmkit:") or instrument in drumsynths.KITS


def release_seconds(instrument: str) -> float:
    if instrument in synths.TONES:
        return synths.TONES[instrument][1]
    return RELEASES.get(int(instrument.split(":")[1]), 0.12)


def reference(instrument: str) -> Shot:
    """The one-shot that tells how loud an instrument is."""
    if is_drums(instrument):
        return instrument, "kick", len(DRUM_LAYERS) - 1
    bass = "bass" in instrument or instrument.startswith("sub")
    bass = bass or instrument in {f"gm:{program}" for program in range(32, 40)}
    return instrument, REFERENCE_PITCHES["bass" if bass else "other"], 1


# A General MIDI bank, by way of a MIDI file that plays note after note


def variable_length(number: int) -> bytes:
    out = [number & 0x7F]
    while number := number >> 7:
        out.insert(0, number & 0x7F | 0x80)
    return bytes(out)


def midi_file(instrument: str, shots: list[Shot]) -> bytes:
    """Each one-shot at the beginning of a slot of its own, in milliseconds as ticks."""
    kind, number = instrument.split(":")
    channel = 9 if kind == "gmkit" else 0
    layers = DRUM_LAYERS if kind == "gmkit" else TONE_LAYERS
    events = [(0, bytes([0xC0 | channel, int(number)]))]
    for slot, (_, note, layer) in enumerate(shots):
        start = 500 + round(slot * SLOT_SECONDS * 1000)
        pitch = GM_DRUMS[note] if kind == "gmkit" else note
        events.append((start, bytes([0x90 | channel, pitch, layers[layer]])))
        until = start + round(HOLD_SECONDS * 1000)
        events.append((until, bytes([0x80 | channel, pitch, 0])))
        events.append((until + 50, bytes([0xB0 | channel, 120, 0])))
    track, now = b"", 0
    for at, event in events:
        track += variable_length(at - now) + event
        now = at
    track += variable_length(1000) + b"\xff\x2f\x00"
    head = b"MThd" + struct.pack(">IHHH", 6, 0, 1, 500)
    return head + b"MTrk" + struct.pack(">I", len(track)) + track


def play_font(instrument: str, shots: list[Shot]) -> list[np.ndarray]:
    """The one-shots as fluidsynth plays them, without reverb and chorus."""
    with tempfile.TemporaryDirectory() as name:
        song, sound = Path(name) / "song.mid", Path(name) / "sound.raw"
        song.write_bytes(midi_file(instrument, shots))
        plain = ["-n", "-i", "-q", "-R", "0", "-C", "0", "-g", "0.5", "-r", RATE]
        form = ["-T", "raw", "-O", "float", "-E", "little", "-F", sound]
        tools.run(["fluidsynth", *plain, *form, SOUNDFONT, song])
        played = np.fromfile(sound, "<f4").reshape(-1, 2).T
    slot = round(SLOT_SECONDS * RATE)
    first = round(0.49 * RATE)
    return [played[:, first + n * slot : first + (n + 1) * slot] for n in range(len(shots))]


def trimmed(sound: np.ndarray, seconds: float) -> np.ndarray:
    """From just before the first sound on; one row when both channels are the same."""
    loud = np.max(np.abs(sound), axis=0)
    peak = loud.max()
    if peak == 0:
        return np.zeros((1, 64), np.float32)
    first = max(0, int(np.argmax(loud > 0.003 * peak)) - 24)
    sound = sound[:, first : first + round(seconds * RATE)]
    heard = np.flatnonzero(np.max(np.abs(sound), axis=0) > 0.0003 * peak)
    sound = sound[:, : heard[-1] + 1].astype(np.float32).copy()
    fade = min(400, sound.shape[1])
    sound[:, -fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    same = np.max(np.abs(sound[0] - sound[-1])) < 0.01 * peak
    return sound.mean(axis=0, keepdims=True) if same else sound


# Our own synths


def synthesise(shot: Shot) -> np.ndarray:
    instrument, note, layer = shot
    # A tone starts the same for each velocity; each note of a synth has phases of its own.
    seed = hashlib.sha256(f"{instrument}/{note}".encode()).digest()[:8]
    rng = np.random.Generator(np.random.PCG64(int.from_bytes(seed, "big")))
    if is_drums(instrument):
        velocity = DRUM_LAYERS[layer] / DRUM_LAYERS[-1]
        return without_offset(drumsynths.one_shot(instrument, note, velocity, rng))
    velocity = TONE_LAYERS[layer] / TONE_LAYERS[-1]
    hertz = 440 * 2 ** ((note - 69) / 12)
    sound = synths.TONES[instrument][0](hertz, velocity, rng) * velocity**1.5
    return without_offset(sound)


def without_offset(sound: np.ndarray) -> np.ndarray:
    """Without what is too low to be heard."""
    return np.stack([synths.filtered(row, high=LOWEST_HERTZ) for row in sound])


def level(instrument: str, sound: np.ndarray) -> float:
    """The gain that brings an instrument to the level all are brought to."""
    if is_drums(instrument):
        return 10 ** (KICK_PEAK_DB / 20) / float(np.max(np.abs(sound)))
    window = round(0.3 * RATE)
    power = np.cumsum(np.mean(sound.astype(np.float64) ** 2, axis=0))
    if len(power) <= window:
        loudest = power[-1] / window
    else:
        loudest = np.max(power[window:] - power[:-window]) / window
    return 10 ** (TONE_DB / 20) / float(np.sqrt(loudest))


class Bank:
    """All one-shots, on disk; those in use in memory."""

    def __init__(self, folder: Path):
        self.folder = folder / f"version-{VERSION}"
        self.levels: dict[str, float] = {}
        self.shots: dict[tuple, np.ndarray] = {}
        self.bytes = 0

    def path(self, shot: Shot) -> Path:
        instrument, note, layer = shot
        return self.folder / instrument.replace(":", "-") / f"{note}-{layer}.npy"

    def make(self, needed: set[Shot]) -> int:
        """Makes what is missing, an instrument at a time; how many one-shots those were."""
        missing: dict[str, list[Shot]] = {}
        wanted = needed | {reference(shot[0]) for shot in needed}
        for shot in sorted(wanted, key=lambda shot: tuple(map(str, shot))):
            if not self.path(shot).exists():
                missing.setdefault(shot[0], []).append(shot)
        for instrument, shots in missing.items():
            tools.say(f"  one-shots of {instrument}: {len(shots)}")
            if instrument.startswith("gm"):
                made = play_font(instrument, shots)
            else:
                made = [synthesise(shot) for shot in shots]
            for shot, sound in zip(shots, made):
                self.keep(shot, sound)
        return sum(map(len, missing.values()))

    def keep(self, shot: Shot, sound: np.ndarray) -> None:
        sound = trimmed(sound, DRUM_SECONDS if is_drums(shot[0]) else HOLD_SECONDS)
        path = self.path(shot)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        with open(unfinished, "wb") as out:
            np.save(out, sound.astype(np.float32))
        unfinished.replace(path)

    def level(self, instrument: str) -> float:
        if instrument not in self.levels:
            self.levels[instrument] = level(instrument, np.load(self.path(reference(instrument))))
        return self.levels[instrument]

    def get(self, shot: Shot, samples: int, gains: tuple) -> np.ndarray:
        """A one-shot held for `samples` and let go, a row for each gain: left, right and, where
        there is a third, what the reverb is sent. A drum always rings out."""
        instrument = shot[0]
        held = None if is_drums(instrument) else samples
        key = (*shot, held, gains)
        if key not in self.shots:
            sound = np.load(self.path(shot), mmap_mode="r")
            if held is not None:
                sound = let_go(sound, held, release_seconds(instrument))
            rows = [sound[0], sound[-1], (sound[0] + sound[-1]) / 2][: len(gains)]
            level = self.level(instrument)
            placed = np.stack([row * np.float32(gain * level) for row, gain in zip(rows, gains)])
            if self.bytes > MOST_BYTES:
                self.shots.clear()
                self.bytes = 0
            self.shots[key] = placed
            self.bytes += placed.nbytes
        return self.shots[key]


def let_go(sound: np.ndarray, samples: int, seconds: float) -> np.ndarray:
    """Cut after `samples`, with a short fall."""
    release = round(seconds * RATE)
    sound = np.array(sound[:, : samples + release])
    tail = sound.shape[1] - samples
    if tail > 0:
        sound[:, samples:] *= np.linspace(1, 0, release, dtype=np.float32)[:tail] ** 2
    return sound
