"""Carries out the steps of a condition with ffmpeg, sox and espeak-ng; caches nothing.

Sounds between steps are 16-bit WAV files. All noise is seeded, so the same recipe gives the same
query with the same versions of these programs.
"""

import math
import shlex
import wave
from array import array
from dataclasses import dataclass
from pathlib import Path

from lib import tools
from lib.conditions import CODECS, SAMPLE_RATE

FFMPEG = ["ffmpeg", "-v", "error", "-nostdin", "-y"]
EXACT = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact"]
WAV_OUT = ["-c:a", "pcm_s16le", *EXACT]

SPEECH_VOICES = ("en-us", "en-gb", "de", "fr", "es")
SPEECH_TEXT = (
    "Good evening, and welcome back. Tonight we look at the weather along the coast, where a band "
    "of rain moves slowly to the north, and the wind turns during the night. Before that, a short "
    "word about the roads: the bridge by the old harbour stays closed until Thursday morning. "
    "Drivers are asked to go round by the station. Later in the hour we talk with a gardener who "
    "has grown the same kind of apple for forty years, and who can tell the trees by their sound. "
    "What does an apple tree sound like? She will explain. And now the numbers of the day: seven, "
    "nineteen, twenty three, thirty one, forty four."
)


class Unusable(Exception):
    """A recording has no passage that fits a condition; the text says why."""


def decode(source: Path, target: Path) -> None:
    """A whole recording as stereo WAV at the clips' rate."""
    form = ["-vn", "-ac", "2", "-ar", SAMPLE_RATE]
    tools.run([*FFMPEG, "-i", source, *form, *WAV_OUT, target])


def seconds_of(path: Path) -> float:
    """Length of a WAV file."""
    with wave.open(str(path)) as sound:
        return sound.getnframes() / sound.getframerate()


def level_dbfs(samples: array) -> float:
    """Root mean square of 16-bit samples, in dB of full scale."""
    if not samples:
        return -math.inf
    power = sum(value * value for value in samples) / len(samples) / 32768**2
    return 10 * math.log10(power) if power > 0 else -math.inf


def levels(path: Path, start_seconds: float = 0, seconds: float | None = None) -> dict:
    """Levels of the whole sound and of left minus right, from up to 50,000 samples of each."""
    with wave.open(str(path)) as sound:
        rate, channels = sound.getframerate(), sound.getnchannels()
        sound.setpos(min(round(start_seconds * rate), sound.getnframes()))
        frames = sound.getnframes() if seconds is None else round(seconds * rate)
        samples = array("h", sound.readframes(frames))
    step = max(1, len(samples) // channels // 50_000) * channels
    left, right = samples[0::step], samples[channels - 1 :: step]
    side = array("h", ((a - b) // 2 for a, b in zip(left, right)))
    return {"all": level_dbfs(left + right), "side": level_dbfs(side)}


def cut(source: Path, target: Path, start_ms: int, seconds: float) -> None:
    """Copies a passage of a WAV file, exact to the sample."""
    with wave.open(str(source)) as sound, wave.open(str(target), "wb") as out:
        out.setparams(sound.getparams())
        sound.setpos(round(start_ms * sound.getframerate() / 1000))
        out.writeframes(sound.readframes(round(seconds * sound.getframerate())))


def encode_beside(source: Path, codec: str) -> Path:
    """Encodes a WAV file into the same folder, without tags."""
    suffix, options = CODECS[codec]
    encoded = source.with_name("encoded" + suffix)
    tools.run([*FFMPEG, "-i", source, *EXACT, *options, encoded])
    return encoded


def encode(source: Path, target: Path, codec: str) -> None:
    """A WAV file as the codec's own file, put in its place in one step."""
    encoded = encode_beside(source, codec)
    target.parent.mkdir(parents=True, exist_ok=True)
    encoded.replace(target)


class Materials:
    """Sounds to lay over a clip: noise, speech, music that is not in the catalogue."""

    def __init__(self, folder: Path, music: list[Path]):
        self.folder = folder
        self.music = music

    def speech(self, number: int) -> Path:
        """One of a few spoken texts of half a minute and more, made once."""
        number %= len(SPEECH_VOICES)
        target = self.folder / f"speech-{number}.wav"
        if not target.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            words = SPEECH_TEXT.split()
            turned = " ".join(words[17 * number :] + words[: 17 * number])
            said = target.with_suffix(".part")
            voice = ["-v", SPEECH_VOICES[number], "-s", 150 + 10 * number]
            tools.run(["espeak-ng", *voice, "-w", said, turned])
            said.replace(target)
        return target

    def over(self, kind: str, seconds: float, rng, folder: Path) -> Path:
        """A stereo WAV file of at least `seconds` to mix into a clip."""
        target = folder / "over.wav"
        form = ["-t", f"{seconds + 0.1:.3f}", "-ac", "2", "-ar", SAMPLE_RATE, *WAV_OUT, target]
        if kind == "noise":
            noise = f"anoisesrc=r={SAMPLE_RATE}:c=pink:a=0.3:seed={rng.randrange(1 << 31)}"
            tools.run([*FFMPEG, "-f", "lavfi", "-i", noise, *form])
        elif kind == "crackle":
            # Single clicks, some 18 a second in each channel, as a needle gives them.
            click = "if(lt(random({0}),0.0004),2*random({1})-1,0)"
            clicks = f"aevalsrc='{click.format(0, 1)}|{click.format(2, 3)}':s={SAMPLE_RATE}"
            shape = "highpass=f=700,lowpass=f=9000"
            skip = ["-ss", f"{rng.uniform(0, 20):.3f}"]
            tools.run([*FFMPEG, "-f", "lavfi", "-i", clicks, *skip, "-af", shape, *form])
        elif kind == "speech":
            speech = self.speech(rng.randrange(len(SPEECH_VOICES)))
            skip = f"{rng.uniform(0, 12):.3f}"
            tools.run([*FFMPEG, "-stream_loop", "-1", "-ss", skip, "-i", speech, *form])
        elif kind == "music":
            for _ in range(20):
                music = rng.choice(self.music)
                skip = f"{rng.uniform(0, 15):.3f}"
                tools.run([*FFMPEG, "-stream_loop", "-1", "-ss", skip, "-i", music, *form])
                if levels(target)["all"] > -35:
                    break
        else:
            raise ValueError(f"nothing known of {kind}")
        return target


def mix(clip: Path, over: Path, target: Path, snr_db: float) -> None:
    """Lays a sound over a clip; the sum has about the clip's own level, so it does not clip."""
    clip_db, over_db = levels(clip)["all"], levels(over)["all"]
    keep_db = -10 * math.log10(1 + 10 ** (-snr_db / 10))
    gains = (keep_db, clip_db - over_db - snr_db + keep_db)
    graph = (
        f"[0]volume={gains[0]:.3f}dB[a];[1]volume={gains[1]:.3f}dB[b];"
        "[a][b]amix=inputs=2:duration=first:normalize=0"
    )
    tools.run([*FFMPEG, "-i", clip, "-i", over, "-filter_complex", graph, *WAV_OUT, target])


def play_in_room(clip: Path, target: Path, fades_in_seconds: float) -> None:
    """Convolves a clip with a room: the direct sound, then noise that decays by 60 dB in the reverberation time."""
    falls = math.log(1000) / fades_in_seconds
    room = f"aevalsrc='if(lt(t,0.00002),1,0.08*(2*random(0)-1)*exp(-{falls:.3f}*t))'"
    room += f":s={SAMPLE_RATE}:d={fades_in_seconds}"
    graph = "[0]volume=-9dB[dry];[dry][1]afir=gtype=none"
    given = ["-i", clip, "-f", "lavfi", "-i", room]
    tools.run([*FFMPEG, *given, "-filter_complex", graph, *WAV_OUT, target])


@dataclass(frozen=True)
class Layer:
    """A sound at its place in a longer one; its fades are of equal power."""

    path: Path
    at: float
    seconds: float
    fade_in: float = 0.0
    fade_out: float = 0.0
    gain_db: float = 0.0

    def graph(self, number: int) -> str:
        """The ffmpeg filter graph for this input."""
        chain = [f"atrim=end={self.seconds:.6f}", f"volume={self.gain_db:.3f}dB"]
        if self.fade_in:
            chain.append(f"afade=t=in:d={self.fade_in}:curve=qsin")
        if self.fade_out:
            began = self.seconds - self.fade_out
            chain.append(f"afade=t=out:st={began:.6f}:d={self.fade_out}:curve=qsin")
        chain.append(f"adelay={round(self.at * SAMPLE_RATE)}S:all=1")
        return f"[{number}]{','.join(chain)}[part{number}]"


def assemble(layers: list[Layer], target: Path) -> None:
    """Sums the layers into one WAV file."""
    given = [word for layer in layers for word in ("-i", layer.path)]
    parts = "".join(f"[part{number}]" for number in range(len(layers)))
    graph = [layer.graph(number) for number, layer in enumerate(layers)]
    graph.append(f"{parts}amix=inputs={len(layers)}:normalize=0")
    tools.run([*FFMPEG, *given, "-filter_complex", ";".join(graph), *WAV_OUT, target])


def apply_steps(clip: Path, steps: tuple, materials: Materials, rng, folder: Path) -> Path:
    """Carries out the steps on a WAV clip; returns the last WAV file."""
    for number, (kind, value) in enumerate(steps):
        target = folder / f"step-{number}.wav"
        if kind == "ffmpeg":
            tools.run([*FFMPEG, "-i", clip, "-af", value, *WAV_OUT, target])
        elif kind == "codec":
            encoded = encode_beside(clip, value)
            tools.run([*FFMPEG, "-i", encoded, "-ar", SAMPLE_RATE, *WAV_OUT, target])
        elif kind == "room":
            play_in_room(clip, target, value)
        elif kind == "sox":
            # -R and -D: nothing random, so the same bytes each time.
            tools.run(["sox", "-V1", "-R", "-D", clip, "-b", "16", target, *shlex.split(value)])
        else:
            over = materials.over(kind, seconds_of(clip), rng, folder)
            mix(clip, over, target, value)
        clip = target
    return clip


def synthesise(source: tuple, seconds: float, materials: Materials, target: Path, folder: Path):
    """A sound that is no recording, as FLAC."""
    kind, value = source
    wav = folder / "synthetic.wav"
    given = ["-f", "lavfi", "-i", value]
    if kind == "speech":
        given = ["-stream_loop", "-1", "-i", materials.speech(value)]
    form = ["-t", seconds, "-ac", "2", "-ar", SAMPLE_RATE, *WAV_OUT, wav]
    tools.run([*FFMPEG, *given, *form])
    encode(wav, target, "flac")
