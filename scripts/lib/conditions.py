"""Conditions with one recording per query, as data: what is done to a clip to make the query.

`tempo` is how much faster the item plays than the recording, `pitch_cents` how much higher it
sounds. A clip's length is the item's, after any change of tempo. Nothing here runs a program:
`render.py` carries out the steps.
"""

import math
from dataclasses import asdict, dataclass

# All clips are cut at this rate, in stereo; a mono recording gets two equal channels.
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
    "opus-64": (".opus", ["-c:a", "libopus", "-b:a", "64k"]),
    "opus-16-voip": (
        ".opus",
        ["-c:a", "libopus", "-b:a", "16k", "-application", "voip", "-ac", "1"],
    ),
    "aac-48": (".m4a", ["-c:a", "aac", "-b:a", "48k"]),
    "aac-96": (".m4a", ["-c:a", "aac", "-b:a", "96k"]),
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
    group: str = ""  # of a positive: the table it stands in
    modes: tuple = ("",)  # of the scans it is part of; "": as leakhound scans by itself
    passage: int = 0  # which of the recording's passages, drawn by the seed
    needs_stereo: bool = False
    quick: bool = False

    def recipe(self) -> dict:
        """Everything the produced sound depends on, for the cache."""
        fields = asdict(self)
        for told_only in ("title", "quick", "treatment", "group", "modes"):
            del fields[told_only]
        # Passage 0 is not named, so that queries from before there were others stay valid.
        if self.passage == 0:
            del fields["passage"]
        return fields | {"codec": CODECS[self.codec]}


# The scan mode that searches every pitch at every tempo.
THOROUGH = "thorough"

CODEC_GROUP = "Codecs"
LENGTH_GROUP = "Short clips and whole files"
SPEED_GROUP = "Speed: pitch and tempo together"
TEMPO_GROUP = "Tempo alone"
PITCH_GROUP = "Pitch alone"
BOTH_GROUP = "Pitch and tempo, each on its own"
SOUND_GROUP = "Filters, rooms and effects"
OVER_GROUP = "Other sound over it"
CHAIN_GROUP = "Several changes at once"


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
        group=SPEED_GROUP,
        quick=quick,
    )


def tempo(ratio: float, quick: bool = False) -> Condition:
    return Condition(
        f"tempo-{ratio:.2f}",
        f"tempo ×{ratio:g}, pitch kept (ffmpeg atempo)",
        steps=(("ffmpeg", f"atempo={ratio}"),),
        tempo=ratio,
        group=TEMPO_GROUP,
        quick=quick,
    )


def pitch(name: str, by_cents: float, quick: bool = False) -> Condition:
    return Condition(
        f"pitch-{name}",
        f"pitch {by_cents:+.0f} cents, tempo kept (sox pitch)",
        steps=(("sox", f"gain -1 pitch {by_cents:.2f}"),),
        pitch_cents=by_cents,
        group=PITCH_GROUP,
        quick=quick,
    )


def rubberband(ratio: float, by_cents: float = 0.0) -> tuple:
    """Tempo and pitch each on its own, by the stretcher that DJ programs use."""
    return ("ffmpeg", f"rubberband=tempo={ratio}:pitch={2 ** (by_cents / 1200):.6f}")


def pitch_tempo(ratio: float, by_cents: float, by: str, quick: bool = False) -> Condition:
    """Tempo and pitch changed independently, unlike tape. Two programs are used, so that neither one's artefacts decide."""
    steps = {
        "rubberband": rubberband(ratio, by_cents),
        "sox": ("sox", f"gain -1 pitch {by_cents:.2f} tempo -m {ratio}"),
    }
    way = "up" if by_cents > 0 else "down"
    return Condition(
        f"pitch-tempo-{ratio:.2f}-{way}-{abs(by_cents):.0f}",
        f"tempo ×{ratio:g} and pitch {by_cents:+.0f} cents ({by})",
        steps=(steps[by],),
        tempo=ratio,
        pitch_cents=by_cents,
        group=BOTH_GROUP,
        modes=(THOROUGH,),
        quick=quick,
    )


def signed(decibels: int) -> str:
    """A level as part of a name, with `minus` in words: a sign after a hyphen is easily overlooked."""
    return f"minus-{-decibels}db" if decibels < 0 else f"{decibels}db"


def coded(codec: str, seconds: float | None = 10.0, name: str = "", quick: bool = False):
    length = "the whole recording" if seconds is None else f"{seconds:g} s"
    group = CODEC_GROUP if seconds == 10.0 else LENGTH_GROUP
    title = f"{length}, {codec}"
    return Condition(name or codec, title, seconds, codec=codec, group=group, quick=quick)


# sox's own example of a broadcaster's sound, and the low-pass that keeps the pilot tone free.
RADIO_COMPRESSOR = (
    "gain -3 mcompand '0.005,0.1 -47,-40,-34,-34,-17,-33' 100 '0.003,0.05 -47,-40,-34,-34,-17,-33'"
    " 400 '0.000625,0.0125 -47,-40,-34,-34,-15,-33' 1600"
    " '0.0001,0.025 -47,-40,-34,-34,-31,-31,-0,-30' 6400 '0,0.025 -38,-31,-28,-28,-0,-25'"
    " gain 12 sinc -15000"
)

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
    *(tempo(ratio, quick=ratio in (0.90, 1.10)) for ratio in (0.80, 0.90, 0.95, 1.05, 1.10, 1.25)),
    *(
        pitch(f"{way}-{semitones}", sign * 100.0 * semitones, quick=semitones == 2)
        for way, sign in (("down", -1), ("up", 1))
        for semitones in (1, 2, 3)
    ),
    *(pitch(f"x{ratio:.2f}", cents(ratio)) for ratio in (0.90, 0.95, 1.05, 1.10)),
    pitch_tempo(0.80, -90.0, "rubberband"),
    pitch_tempo(0.87, 210.0, "rubberband", quick=True),
    pitch_tempo(0.93, 120.0, "sox"),
    pitch_tempo(1.06, -240.0, "rubberband"),
    pitch_tempo(1.12, 320.0, "rubberband"),
    pitch_tempo(1.18, -150.0, "sox", quick=True),
    Condition(
        "slowed-reverb",
        "speed ×0.85, then reverb",
        steps=(speed_step(0.85), ("sox", "gain -4 reverb 60 50 100 100 20")),
        tempo=0.85,
        pitch_cents=cents(0.85),
        codec="opus-75",
        quick=True,
        group=CHAIN_GROUP,
    ),
    Condition(
        "nightcore",
        "speed ×1.25 with more treble, MP3 128k",
        steps=(speed_step(1.25), ("sox", "gain -6 treble +5")),
        tempo=1.25,
        pitch_cents=cents(1.25),
        codec="mp3-128",
        group=CHAIN_GROUP,
    ),
    Condition(
        "telephone",
        "300–3400 Hz, 8 kHz mono",
        steps=(("sox", "gain -3 channels 1 sinc 300-3400 rate 8k"),),
        codec="wav",
        quick=True,
        group=SOUND_GROUP,
    ),
    Condition(
        "lowpass-1k", "low-pass 1 kHz", steps=(("sox", "gain -1 sinc -1000"),), group=SOUND_GROUP
    ),
    Condition(
        "16k-mono",
        "16 kHz mono",
        steps=(("sox", "gain -1 channels 1 rate 16k"),),
        codec="wav",
        group=SOUND_GROUP,
    ),
    Condition(
        "echo",
        "two echoes, 90 and 310 ms",
        steps=(("ffmpeg", "aecho=0.8:0.7:90|310:0.6|0.45"),),
        quick=True,
        group=SOUND_GROUP,
    ),
    Condition(
        "reverb",
        "reverb of a hall",
        steps=(("sox", "gain -4 reverb 70 50 100"),),
        group=SOUND_GROUP,
    ),
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
        group=SOUND_GROUP,
    ),
    *(
        Condition(
            f"noise-{signed(snr)}",
            f"pink noise over it, {snr:+d} dB signal to noise",
            steps=(("noise", float(snr)),),
            group=OVER_GROUP,
            quick=snr == 0,
        )
        for snr in (10, 0, -6)
    ),
    Condition(
        "speech-0db", "speech over it, 0 dB", steps=(("speech", 0.0),), quick=True, group=OVER_GROUP
    ),
    *(
        Condition(
            f"music-{signed(snr)}",
            f"other music over it, the recording {snr:+d} dB against it",
            steps=(("music", float(snr)),),
            group=OVER_GROUP,
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
        group=SOUND_GROUP,
    ),
    Condition(
        "real-world",
        "speed ×1.05, pink noise 10 dB under it, Opus 24k",
        steps=(speed_step(1.05), ("noise", 10.0)),
        tempo=1.05,
        pitch_cents=cents(1.05),
        codec="opus-24",
        quick=True,
        group=CHAIN_GROUP,
    ),
    Condition(
        "vinyl",
        "wow ±0.3 % and flutter ±0.1 %, 40 Hz to 14 kHz, crackle 18 dB under it",
        steps=(
            # The filter's delay swings by 5 ms; these depths give the wow and flutter named in the title.
            ("ffmpeg", "vibrato=f=0.55:d=0.35,vibrato=f=6.3:d=0.01,highpass=f=40,lowpass=f=14000"),
            ("crackle", 18.0),
        ),
        codec="vorbis-160",
        group=CHAIN_GROUP,
        quick=True,
    ),
    Condition(
        "radio",
        "speed ×1.01, a broadcaster's five-band compressor, low-pass 15 kHz, MP3 128k",
        steps=(speed_step(1.01), ("sox", RADIO_COMPRESSOR)),
        tempo=1.01,
        pitch_cents=cents(1.01),
        codec="mp3-128",
        group=CHAIN_GROUP,
    ),
    Condition(
        "opus-16k-voip",
        "Opus 16k for speech, mono",
        codec="opus-16-voip",
        group=CODEC_GROUP,
    ),
    Condition(
        "room",
        "played in a room and taken up by a telephone: reverb 0.5 s, 150–6000 Hz, noise 15 dB "
        "under it, AAC 48k",
        steps=(
            ("room", 0.5),
            ("sox", "gain -3 channels 1 sinc 150-6000 channels 2"),
            ("noise", 15.0),
        ),
        codec="aac-48",
        group=CHAIN_GROUP,
        quick=True,
    ),
    Condition(
        "generations",
        "MP3 128k, then Opus 64k, then AAC 96k",
        steps=(("codec", "mp3-128"), ("codec", "opus-64")),
        codec="aac-96",
        group=CODEC_GROUP,
    ),
    Condition(
        "8d-audio",
        "turning round the listener once in eight seconds, with reverb, Opus 75k",
        steps=(
            ("ffmpeg", "apulsator=mode=sine:hz=0.125:amount=0.9"),
            ("sox", "gain -4 reverb 40 50 80"),
        ),
        codec="opus-75",
        group=CHAIN_GROUP,
    ),
    Condition(
        "dropouts",
        "of every seven pieces of 20 ms about one is lost",
        steps=(
            (
                "ffmpeg",
                "asetnsamples=n=882,volume=volume='if(lt(random(0),0.15),0,1)':eval=frame",
            ),
        ),
        group=SOUND_GROUP,
    ),
]
