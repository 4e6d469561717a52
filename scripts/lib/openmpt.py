"""Renders tracker modules with `openmpt123`: one pass of the song, up to a number of seconds."""

import math
import subprocess
import tempfile
from array import array
from pathlib import Path

from lib import render, tools

RATE = 44_100
CHANNELS = 2
# Render options for judging loudness and silence: one channel, simple interpolation.
SKETCH_RATE = 8_000
# Peak of each file, as in released music; many modules are quiet or would clip.
PEAK_DBFS = -1.0
# A second is audible if its level is less than this many dB below the loudest sample. A guess.
HEARD_DB = -45.0


def samples(module: bytes, seconds: float, rate: int, form: list[str]) -> array:
    """The song as 32-bit samples, not limited to full scale."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(module)
        file.flush()
        command = ["openmpt123", "--batch", "--quiet", "--stdout", "--samplerate", str(rate)]
        command += ["--float", "--end-time", str(seconds), "--repeat", "0", *form, "--", file.name]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise tools.ToolError(f"openmpt123 ended with {done.returncode}: {' | '.join(said[-3:])}")
    frame = 4 * int(form[form.index("--channels") + 1])
    limit = min(len(done.stdout) // frame, round(seconds * rate)) * frame
    return array("f", done.stdout[:limit])


def whole(module: bytes, seconds: float) -> array:
    """The song in full quality, stereo."""
    return samples(module, seconds, RATE, ["--channels", str(CHANNELS), "--filter", "8"])


def sketch(module: bytes, seconds: float) -> array:
    """The song in mono and low quality, made in a fifth of the time."""
    return samples(module, seconds, SKETCH_RATE, ["--channels", "1", "--filter", "2"])


def peak(sound: array) -> float:
    return max(max(sound), -min(sound)) if sound else 0.0


def energy(sound) -> float:
    return sum(value * value for value in sound)


def heard_seconds(sketched: array) -> int:
    """How many seconds of a sketch are not silent, compared with its loudest sample."""
    least = (peak(sketched) * 10 ** (HEARD_DB / 20)) ** 2 * SKETCH_RATE
    starts = range(0, len(sketched), SKETCH_RATE)
    return sum(energy(sketched[at : at + SKETCH_RATE]) > least > 0 for at in starts)


def left_over_db(mix: array, parts: list[array]) -> float:
    """Level of the difference between a mix and the sum of its parts, in dB below the mix."""
    difference = (total - sum(each) for total, *each in zip(mix, *parts))
    rest = energy(difference)
    return 10 * math.log10(rest / energy(mix)) if rest > 0 else -math.inf


def write_flac(sound: array, target: Path) -> float:
    """Writes 16-bit FLAC, normalised to the common peak; returns the length in seconds."""
    gain_db = PEAK_DBFS - 20 * math.log10(peak(sound))
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(target.name + ".part")
    with tempfile.NamedTemporaryFile() as raw:
        sound.tofile(raw)
        raw.flush()
        form = ["-f", "f32le", "-ar", RATE, "-ac", CHANNELS, "-i", raw.name]
        level = ["-af", f"volume={gain_db:.6f}dB:precision=float"]
        flac = ["-c:a", "flac", "-sample_fmt", "s16", *render.EXACT, "-f", "flac"]
        tools.run([*render.FFMPEG, *form, *level, *flac, unfinished])
    unfinished.replace(target)
    return len(sound) / CHANNELS / RATE
