"""The styles, as data: few kits, few tempos and few keys each, as one label's music has them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kit:
    """Drums and the melodic instruments that go with them: `gm:` is General MIDI's number."""

    drums: str
    bass: str
    chords: str
    lead: str
    pad: str
    arp: str
    room: float  # seconds of reverb that the parts are sent to, 0 for none

    def of(self, part: str) -> str:
        return self.drums if part == "perc" else getattr(self, part)


@dataclass(frozen=True)
class Style:
    kits: dict
    tempos: tuple
    keys: tuple
    swing: float = 0.0  # how late every other sixteenth is, in sixteenths
    tones: tuple = (3, 3, 4)  # of a chord, one is drawn for a piece
    combinations: int = 5  # of kit, tempo and key that are in use


STYLES = {
    "house": Style(
        {
            "house-a": Kit("909", "saw-bass", "stab", "square-lead", "warm-pad", "pluck", 0.0),
            "house-b": Kit("gmkit:24", "gm:38", "gm:0", "gm:80", "gm:50", "gm:11", 1.1),
            "house-c": Kit("909-dry", "fm-bass", "gm:16", "gm:62", "gm:89", "bell", 0.0),
        },
        (124, 120, 128),
        ("A minor", "F minor"),
    ),
    "techno": Style(
        {
            "techno-a": Kit("909", "fm-bass", "stab", "saw-lead", "warm-pad", "pluck", 1.6),
            "techno-b": Kit("808-hard", "square-bass", "gm:62", "bell", "gm:91", "gm:12", 0.0),
        },
        (130,),
        ("F# minor", "A minor"),
        tones=(3,),
        combinations=4,
    ),
    "hip-hop": Style(
        {
            "hip-hop-a": Kit("gmkit:8", "gm:33", "gm:4", "gm:73", "gm:48", "gm:45", 0.0),
            "hip-hop-b": Kit("gmkit:25", "gm:39", "gm:0", "gm:56", "gm:50", "gm:11", 0.8),
            "hip-hop-c": Kit("crunch", "sub", "e-piano", "pluck", "warm-pad", "gm:46", 0.0),
        },
        (92, 88, 96),
        ("C minor", "G minor"),
        swing=0.15,
        tones=(3, 4, 4),
    ),
    "trap": Style(
        {
            "trap-a": Kit("808", "sub", "gm:0", "bell", "gm:91", "gm:10", 0.0),
            "trap-b": Kit("gmkit:25", "sub-hard", "e-piano", "gm:73", "gm:48", "pluck", 1.3),
        },
        (140,),
        ("C# minor", "F minor"),
        combinations=4,
    ),
    "lo-fi": Style(
        {
            "lo-fi-a": Kit("crunch", "gm:32", "gm:4", "gm:11", "gm:89", "gm:10", 0.0),
            "lo-fi-b": Kit("gmkit:40", "gm:33", "gm:26", "gm:0", "warm-pad", "gm:108", 1.2),
        },
        (76, 84),
        ("F major", "D minor"),
        swing=0.33,
        tones=(4,),
    ),
    "dnb": Style(
        {
            "dnb-a": Kit("break", "fm-bass", "gm:5", "saw-lead", "warm-pad", "bell", 0.0),
            "dnb-b": Kit("gmkit:16", "saw-bass", "stab", "gm:80", "gm:91", "pluck", 1.0),
        },
        (174,),
        ("E minor", "F minor"),
        combinations=4,
    ),
    "synth-pop": Style(
        {
            "synth-pop-a": Kit("linn", "square-bass", "gm:50", "saw-lead", "warm-pad", "bell", 1.4),
            "synth-pop-b": Kit("gmkit:24", "gm:38", "gm:62", "gm:81", "gm:89", "pluck", 0.0),
            "synth-pop-c": Kit("808", "saw-bass", "e-piano", "gm:80", "gm:50", "gm:8", 0.0),
        },
        (110,),
        ("C major", "A minor"),
    ),
}

# What a loop out of a sample pack is played with; no kit has these.
PACK_INSTRUMENTS = ("gm:24", "gm:27", "gm:2", "gm:105", "gm:21", "gm:65")

CHORALE_KIT = {"soprano": "gm:73", "alto": "gm:68", "tenor": "gm:71", "bass": "gm:70"}
CHORALE_COVER = {"soprano": "gm:40", "alto": "gm:41", "tenor": "gm:60", "bass": "gm:42"}
CHORALE_TEMPO = 76

KITS = {name: kit for style in STYLES.values() for name, kit in style.kits.items()}
STYLE_OF = {kit: name for name, style in STYLES.items() for kit in style.kits}


def combinations(style: Style) -> list[tuple[str, int, str]]:
    """The kit, tempo and key triples in use; each kit has a tempo and a key that are its main."""
    every = []
    for turn in range(2):
        for number, kit in enumerate(style.kits):
            tempo = style.tempos[(number + turn) % len(style.tempos)]
            every.append((kit, tempo, style.keys[(number // 2 + turn) % len(style.keys)]))
    return every[: style.combinations]


def kits_unlike(kit: Kit) -> list[str]:
    """The kits that have no instrument in common with this one."""
    melodic = {kit.bass, kit.chords, kit.lead, kit.pad, kit.arp}
    return [
        name
        for name, other in KITS.items()
        if other.drums != kit.drums
        and not melodic & {other.bass, other.chords, other.lead, other.pad, other.arp}
    ]
