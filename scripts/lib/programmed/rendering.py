"""Mixes a piece out of one-shots at exact sample positions, with reverb where the kit has it."""

import hashlib

import numpy as np

from lib.programmed.bank import Bank
from lib.programmed.model import BAR, RATE, Part, Piece, bar_samples, position

TAIL_SECONDS = 1.2
# part -> (level in dB, place from left to right, share sent to the reverb)
MIX = {
    "drums": (0.0, 0.0, 0.06),
    "perc": (-3.0, 0.0, 0.12),
    "bass": (1.0, 0.0, 0.0),
    "chords": (-4.0, -0.15, 0.25),
    "pad": (-9.0, 0.1, 0.3),
    "lead": (0.5, 0.12, 0.3),
    "arp": (-5.0, -0.35, 0.3),
    "loop": (-2.0, 0.2, 0.1),
    "soprano": (-1.0, -0.3, 0.2),
    "alto": (-3.0, 0.15, 0.2),
    "tenor": (-3.0, -0.1, 0.2),
    "bass-voice": (-2.0, 0.3, 0.2),
}
# Above this level the limiter bends.
KNEE = 0.75
BLOCK = 1 << 18


def length_of(piece: Piece) -> int:
    """Samples from the beginning to when the last note has rung out."""
    end = max(note.tick + note.length for part in piece.parts for note in part.notes)
    whole_bars = -(-end // BAR) if piece.kind == "programmed" else end / BAR
    return round(whole_bars * bar_samples(piece.tempo)) + round((TAIL_SECONDS + piece.room) * RATE)


def gains_of(piece: Piece, part: Part) -> tuple:
    """How loud a part is left, right and, in a kit with a room, in what the room is sent."""
    voice = piece.kind == "chorale" and part.name == "bass"
    gain_db, place, sent = MIX["bass-voice" if voice else part.name]
    gain = 10 ** (gain_db / 20)
    sides = (gain * (1 - place) ** 0.5, gain * (1 + place) ** 0.5)
    return (*sides, gain * sent) if piece.room else sides


def play(bank: Bank, piece: Piece, part: Part, out: np.ndarray) -> None:
    """Adds one part to a mix."""
    gains = gains_of(piece, part)
    for note in part.notes:
        start = position(note.tick, piece.tempo)
        samples = position(note.tick + note.length, piece.tempo) - start
        sound = bank.get((part.instrument, note.pitch, note.layer), samples, gains)
        start = max(0, start + note.shift)
        end = min(out.shape[1], start + sound.shape[1])
        sound = sound[:, : end - start]
        if note.gain_db:
            sound = sound * np.float32(10 ** (note.gain_db / 20))
        out[:, start:end] += sound


def room(seconds: float) -> np.ndarray:
    """A room's answer: noise that falls by 60 dB, darker than it came, in two channels."""
    seed = int.from_bytes(hashlib.sha256(f"room {seconds}".encode()).digest()[:8], "big")
    rng = np.random.Generator(np.random.PCG64(seed))
    count = round(seconds * RATE)
    t = np.arange(count) / RATE
    sound = rng.standard_normal((2, count)) * np.exp(-6.908 * t / seconds)
    sound = (sound + np.roll(sound, 1, 1) + np.roll(sound, 2, 1)) / 3
    sound[:, : round(0.012 * RATE)] = 0
    return (sound / np.sqrt(np.sum(sound**2, axis=1, keepdims=True))).astype(np.float32)


def reverb(send: np.ndarray, seconds: float) -> np.ndarray:
    """The room's answer to a mono sound, block by block."""
    answer = room(seconds)
    kernel = np.fft.rfft(answer, BLOCK)
    step = BLOCK - answer.shape[1] + 1
    out = np.zeros((2, len(send) + BLOCK), np.float32)
    for start in range(0, len(send), step):
        block = send[start : start + step]
        if block.any():
            out[:, start : start + BLOCK] += np.fft.irfft(np.fft.rfft(block, BLOCK) * kernel)
    return out[:, : len(send)]


def mixed(bank: Bank, piece: Piece, parts: list[Part], length: int) -> np.ndarray:
    """Some parts of a piece together, before the limiter."""
    out = np.zeros((3 if piece.room else 2, length), np.float32)
    for part in parts:
        play(bank, piece, part, out)
    if piece.room:
        out[:2] += reverb(out[2], piece.room)
    return out[:2]


def whole(bank: Bank, piece: Piece) -> np.ndarray:
    return mixed(bank, piece, list(piece.parts), length_of(piece))


def mastered(sound: np.ndarray) -> np.ndarray:
    """Softly limited, as 16-bit samples, left and right in turn."""
    out = np.empty(sound.shape[::-1], "<i2")
    room_left = 0.99 - KNEE
    for side, row in enumerate(sound):
        over = np.flatnonzero(np.abs(row) > KNEE)
        if len(over):
            row = row.copy()
            beyond = np.abs(row[over]) - KNEE
            row[over] = np.sign(row[over]) * (KNEE + room_left * np.tanh(beyond / room_left))
        out[:, side] = np.rint(row * np.float32(32767))
    return out
