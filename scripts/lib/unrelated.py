"""Items in which no recording of the catalogue may be found, as data: held-out music and synthetic sounds."""

from dataclasses import dataclass
from itertools import product

from lib.conditions import THOROUGH, Condition, speed_step

# Changes made to held-out music: treatment -> (steps, codec of a clip, codec of a whole file).
TREATMENTS = {
    "clean": ((), "wav", "flac"),
    "opus-75": ((), "opus-75", "opus-75"),
    "speed-1.10": ((speed_step(1.10),), "flac", "opus-75"),
    "noise-10db": ((("noise", 10.0),), "flac", "opus-75"),
}
LENGTHS = (3.0, 5.0, 10.0, 30.0, None)


def length_name(seconds: float | None) -> str:
    return "full" if seconds is None else f"{seconds:g}s"


def negative(seconds: float | None, treatment: str, passage: int = 0) -> Condition:
    steps, clip_codec, whole_codec = TREATMENTS[treatment]
    again = f"-{passage + 1}" if passage else ""
    # One kind of clip is scanned in thorough mode, too, which tries more and so may err more.
    thorough = seconds in (10.0, 30.0) and treatment == "clean"
    return Condition(
        f"negative-{length_name(seconds)}-{treatment}{again}",
        f"held-out music, {length_name(seconds)}, {treatment}",
        seconds,
        steps,
        whole_codec if seconds is None else clip_codec,
        tempo=1.10 if treatment == "speed-1.10" else 1.0,
        role="negative",
        treatment=treatment,
        modes=("", THOROUGH) if thorough else ("",),
        passage=passage,
        quick=seconds in (10.0, 30.0) and treatment in ("clean", "opus-75") and passage == 0,
    )


# Passages of each recording that clips are cut from; they are drawn freely and may overlap.
PASSAGES = 2

NEGATIVES = [
    negative(seconds, treatment, passage)
    for seconds, passage, treatment in product(LENGTHS, range(PASSAGES), TREATMENTS)
    if seconds is not None or passage == 0
]


@dataclass(frozen=True)
class Synthetic:
    """A sound that is in no catalogue; `source` is (kind, value), like a step."""

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
    """Eight people clapping (noise bursts), each at their own rate."""
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
