"""The conditions of the evaluation, as data: what is done to a clip before it is a query.

`tempo` is how much faster the item plays than the recording, `pitch_cents` how much higher it
sounds. A clip's length is the item's, after any change of tempo. Nothing here runs a program:
`render.py` knows how a step is carried out.
"""

import fnmatch
import math
from dataclasses import asdict, dataclass
from itertools import product

# The rate all clips are cut at, in stereo; a mono recording has two equal channels.
SAMPLE_RATE = 44_100

# name -> (suffix, ffmpeg's output options)
CODECS = {
    "wav": (".wav", ["-c:a", "pcm_s16le"]),
    "flac": (".flac", ["-c:a", "flac", "-sample_fmt", "s16"]),
    "mp3-128": (".mp3", ["-c:a", "libmp3lame", "-b:a", "128k"]),
    "mp3-64": (".mp3", ["-c:a", "libmp3lame", "-b:a", "64k"]),
    "mp3-32-mono": (".mp3", ["-c:a", "libmp3lame", "-b:a", "32k", "-ac", "1"]),
    "opus-75": (".opus", ["-c:a", "libopus", "-b:a", "75k"]),
    "opus-24": (".opus", ["-c:a", "libopus", "-b:a", "24k"]),
    "aac-48": (".m4a", ["-c:a", "aac", "-b:a", "48k"]),
    "vorbis-160": (".ogg", ["-c:a", "libvorbis", "-b:a", "160k"]),
}


@dataclass(frozen=True)
class Condition:
    """One way to make queries; steps are (kind, value) pairs, carried out in order."""

    name: str
    title: str
    seconds: float | None = 10.0  # length of the item; None: the whole recording
    steps: tuple = ()
    codec: str = "flac"
    tempo: float = 1.0
    pitch_cents: float = 0.0
    role: str = "positive"  # or "negative": the source is not in the catalogue
    treatment: str = ""  # of a negative: the column of its table
    needs_stereo: bool = False
    quick: bool = False

    def recipe(self) -> dict:
        """Everything the produced sound depends on, for the cache."""
        fields = asdict(self)
        for told_only in ("title", "quick", "treatment"):
            del fields[told_only]
        return fields | {"codec": CODECS[self.codec]}


def cents(ratio: float) -> float:
    """A frequency ratio in cents."""
    return 1200 * math.log2(ratio)


def speed_step(ratio: float) -> tuple:
    """Tape speed: the samples are played at another rate, so pitch and tempo move together."""
    played = f"asetrate={round(SAMPLE_RATE * ratio)}"
    return ("ffmpeg", f"{played},aresample={SAMPLE_RATE}:filter_size=64")


def speed(ratio: float, quick: bool = False) -> Condition:
    return Condition(
        f"speed-{ratio:.2f}",
        f"speed ×{ratio:g}, pitch and tempo together",
        steps=(speed_step(ratio),),
        tempo=ratio,
        pitch_cents=cents(ratio),
        quick=quick,
    )


def tempo(ratio: float, quick: bool = False) -> Condition:
    return Condition(
        f"tempo-{ratio:.2f}",
        f"tempo ×{ratio:g}, pitch kept (ffmpeg atempo)",
        steps=(("ffmpeg", f"atempo={ratio}"),),
        tempo=ratio,
        quick=quick,
    )


def pitch(name: str, by_cents: float, quick: bool = False) -> Condition:
    return Condition(
        f"pitch-{name}",
        f"pitch {by_cents:+.0f} cents, tempo kept (sox pitch)",
        steps=(("sox", f"gain -1 pitch {by_cents:.2f}"),),
        pitch_cents=by_cents,
        quick=quick,
    )


def signed(decibels: int) -> str:
    """A level for a name: a minus sign after a hyphen is easily overlooked."""
    return f"minus-{-decibels}db" if decibels < 0 else f"{decibels}db"


def coded(codec: str, seconds: float | None = 10.0, name: str = "", quick: bool = False):
    length = "the whole recording" if seconds is None else f"{seconds:g} s"
    return Condition(name or codec, f"{length}, {codec}", seconds, codec=codec, quick=quick)


POSITIVES = [
    coded("wav", name="clean-wav", quick=True),
    coded("mp3-128"),
    coded("mp3-64", quick=True),
    coded("mp3-32-mono"),
    coded("opus-75"),
    coded("opus-24", quick=True),
    coded("aac-48"),
    coded("vorbis-160"),
    coded("mp3-64", 3.0, "3s-mp3-64", quick=True),
    coded("mp3-128", 3.0, "3s-mp3-128"),
    coded("opus-75", 3.0, "3s-opus-75"),
    coded("opus-24", 5.0, "5s-opus-24", quick=True),
    coded("flac", 30.0, "30s-clean"),
    coded("opus-75", None, "full-opus-75", quick=True),
    *(
        speed(ratio, quick=ratio in (0.85, 0.95, 1.05, 1.25))
        for ratio in (0.75, 0.85, 0.90, 0.95, 0.98, 1.02, 1.05, 1.10, 1.25, 1.35)
    ),
    *(
        tempo(ratio, quick=ratio in (0.90, 1.10))
        for ratio in (0.80, 0.90, 0.95, 1.05, 1.10, 1.25)
    ),
    *(
        pitch(f"{way}-{semitones}", sign * 100.0 * semitones, quick=semitones == 2)
        for way, sign in (("down", -1), ("up", 1))
        for semitones in (1, 2, 3)
    ),
    *(pitch(f"x{ratio:.2f}", cents(ratio)) for ratio in (0.90, 0.95, 1.05, 1.10)),
    Condition(
        "slowed-reverb",
        "speed ×0.85, then reverb",
        steps=(speed_step(0.85), ("sox", "gain -4 reverb 60 50 100 100 20")),
        tempo=0.85,
        pitch_cents=cents(0.85),
        codec="opus-75",
        quick=True,
    ),
    Condition(
        "nightcore",
        "speed ×1.25 with more treble, MP3 128k",
        steps=(speed_step(1.25), ("sox", "gain -6 treble +5")),
        tempo=1.25,
        pitch_cents=cents(1.25),
        codec="mp3-128",
    ),
    Condition(
        "telephone",
        "300–3400 Hz, 8 kHz mono",
        steps=(("sox", "gain -3 channels 1 sinc 300-3400 rate 8k"),),
        codec="wav",
        quick=True,
    ),
    Condition("lowpass-1k", "low-pass 1 kHz", steps=(("sox", "gain -1 sinc -1000"),)),
    Condition(
        "16k-mono", "16 kHz mono", steps=(("sox", "gain -1 channels 1 rate 16k"),), codec="wav"
    ),
    Condition(
        "echo",
        "two echoes, 90 and 310 ms",
        steps=(("ffmpeg", "aecho=0.8:0.7:90|310:0.6|0.45"),),
        quick=True,
    ),
    Condition("reverb", "reverb of a hall", steps=(("sox", "gain -4 reverb 70 50 100"),)),
    Condition(
        "eq-compression-clipping",
        "bass +8 dB, treble +6 dB, 6:1 compression, +10 dB into clipping",
        steps=(
            (
                "sox",
                "bass +8 treble +6 compand 0.005,0.2 6:-70,-70,-40,-40,-10,-35,0,-33.3 20 -90 0.1"
                " gain +10",
            ),
        ),
        quick=True,
    ),
    *(
        Condition(
            f"noise-{signed(snr)}",
            f"pink noise over it, {snr:+d} dB signal to noise",
            steps=(("noise", float(snr)),),
            quick=snr == 0,
        )
        for snr in (10, 0, -6)
    ),
    Condition("speech-0db", "speech over it, 0 dB", steps=(("speech", 0.0),), quick=True),
    *(
        Condition(
            f"music-{signed(snr)}",
            f"other music over it, the recording {snr:+d} dB against it",
            steps=(("music", float(snr)),),
            quick=snr <= 0,
        )
        for snr in (6, 0, -6)
    ),
    Condition(
        "side-only",
        "left minus right, where that is above −45 dBFS",
        steps=(("ffmpeg", "pan=mono|c0=0.5*c0-0.5*c1"),),
        needs_stereo=True,
        quick=True,
    ),
    Condition(
        "real-world",
        "speed ×1.05, pink noise 10 dB under it, Opus 24k",
        steps=(speed_step(1.05), ("noise", 10.0)),
        tempo=1.05,
        pitch_cents=cents(1.05),
        codec="opus-24",
        quick=True,
    ),
]

# What is done to held-out music: treatment -> (steps, codec of a clip, codec of a whole file).
TREATMENTS = {
    "clean": ((), "wav", "flac"),
    "opus-75": ((), "opus-75", "opus-75"),
    "speed-1.10": ((speed_step(1.10),), "flac", "opus-75"),
    "noise-10db": ((("noise", 10.0),), "flac", "opus-75"),
}
LENGTHS = (3.0, 5.0, 10.0, 30.0, None)


def length_name(seconds: float | None) -> str:
    return "full" if seconds is None else f"{seconds:g}s"


def negative(seconds: float | None, treatment: str) -> Condition:
    steps, clip_codec, whole_codec = TREATMENTS[treatment]
    return Condition(
        f"negative-{length_name(seconds)}-{treatment}",
        f"held-out music, {length_name(seconds)}, {treatment}",
        seconds,
        steps,
        whole_codec if seconds is None else clip_codec,
        tempo=1.10 if treatment == "speed-1.10" else 1.0,
        role="negative",
        treatment=treatment,
        quick=seconds in (10.0, 30.0) and treatment in ("clean", "opus-75"),
    )


NEGATIVES = [negative(seconds, name) for seconds, name in product(LENGTHS, TREATMENTS)]


@dataclass(frozen=True)
class Synthetic:
    """A sound no catalogue holds; `source` is (kind, value) as of a step."""

    name: str
    source: tuple
    role: str = "synthetic"


SYNTHETIC_SECONDS = (10.0, 60.0)


def drone(root_hz: float) -> str:
    """A held chord that swells slowly."""
    tones = (
        f"{0.2 / rank:.3f}*sin(2*PI*{root_hz * ratio:.3f}*t)*(1+0.4*sin(2*PI*{0.07 * rank:.2f}*t))"
        for rank, ratio in enumerate((1, 1.5, 2, 3, 5), start=1)
    )
    return f"aevalsrc='{'+'.join(tones)}'"


def clicks(per_minute: int) -> str:
    """A metronome: a short tone a beat, higher on the first of four."""
    beat = 60 / per_minute
    pitch_hz = f"if(lt(mod(t,{4 * beat:.6f}),{beat:.6f}),1600,1100)"
    return f"aevalsrc='0.8*sin(2*PI*{pitch_hz}*t)*exp(-70*mod(t,{beat:.6f}))'"


def applause(claps_per_second: float) -> str:
    """Eight people clapping noise bursts, each at a rate of their own."""
    people = (
        f"0.12*(2*random({n})-1)*exp(-90*mod(t+{0.37 * n:.2f},"
        f"{1 / (claps_per_second + 0.173 * n):.6f}))"
        for n in range(8)
    )
    return f"aevalsrc='{'+'.join(people)}'"


SYNTHETIC = [
    Synthetic("silence-digital", ("ffmpeg", "anullsrc")),
    *(
        Synthetic(f"quiet-noise-{colour}", ("ffmpeg", f"anoisesrc=a=0.004:c={colour}:seed=7"))
        for colour in ("white", "pink", "brown", "blue")
    ),
    *(Synthetic(f"drone-{root:g}hz", ("ffmpeg", drone(root))) for root in (55, 82.4, 110, 220)),
    Synthetic("tone-440hz", ("ffmpeg", "sine=f=440")),
    Synthetic("tone-1000hz", ("ffmpeg", "sine=f=1000")),
    Synthetic("tone-mains-hum", ("ffmpeg", "aevalsrc='0.3*sgn(sin(2*PI*50*t))'")),
    Synthetic("tone-sweep", ("ffmpeg", "aevalsrc='0.4*sin(2*PI*(60*mod(t,10)+190*mod(t,10)^2))'")),
    Synthetic(
        "tone-dtmf",
        (
            "ffmpeg",
            "aevalsrc='lt(mod(t,0.2),0.1)*0.3*(sin(2*PI*(697+73*mod(floor(t*5),4))*t)"
            "+sin(2*PI*(1209+127*mod(floor(t*5),3))*t))'",
        ),
    ),
    *(Synthetic(f"metronome-{bpm}", ("ffmpeg", clicks(bpm))) for bpm in (60, 90, 120, 140, 174)),
    *(Synthetic(f"speech-{n}", ("speech", n)) for n in range(5)),
    *(Synthetic(f"applause-{rate}", ("ffmpeg", applause(rate))) for rate in (2.1, 3.3, 4.7)),
]


def chosen(patterns: list[str], quick: bool) -> list[Condition | Synthetic]:
    """The conditions whose names fit any pattern (shell wildcards); all when there is none."""
    everything = [*POSITIVES, *NEGATIVES, *SYNTHETIC]
    if patterns:
        return [c for c in everything if any(fnmatch.fnmatch(c.name, p) for p in patterns)]
    return [c for c in everything if not quick or getattr(c, "quick", True)]
