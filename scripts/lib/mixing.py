"""Makes the items of several recordings that `mixes.py` plans, and records the truth about them."""

import random
import tempfile
from pathlib import Path

from lib import render, tools
from lib.conditions import CODECS, cents, rubberband, speed_step
from lib.mixes import Mix, Part, Shelf
from lib.queries import QueryStore, digest, draw_passage

# Level that all parts are brought to, and greatest gain of a quiet one, in dB.
LEVEL_DBFS = -18.0
MOST_GAIN_DB = 12.0
# Raise this if mixes come out differently for the same plan.
MIXING_VERSION = 1


def recipe(store: QueryStore, mix: Mix, parts: list[Part]) -> str:
    """Everything that the item's sound depends on, for the cache."""
    told = [
        [part.recording["sha256"], part.seconds, part.passage, part.tempo, part.lap, part.faded]
        for part in parts
    ]
    settings = [mix.levelled, mix.key_lock, CODECS[mix.codec]]
    return digest([MIXING_VERSION, store.seed, told, settings])


class Table:
    """Lays out one item: each recording is decoded once, each passage is cut once."""

    def __init__(self, store: QueryStore, mix: Mix, folder: Path):
        self.store = store
        self.mix = mix
        self.folder = folder
        self.wholes: dict[str, Path] = {}
        self.passages: dict[tuple, tuple[Path, float]] = {}

    def whole(self, recording: dict) -> Path:
        name = recording["id"]
        if name not in self.wholes:
            self.wholes[name] = self.folder / f"whole-{len(self.wholes)}.wav"
            render.decode(self.store.corpus / recording["path"], self.wholes[name])
        return self.wholes[name]

    def passage(self, part: Part) -> tuple[Path, float]:
        """The sound of a part, and where in its recording it begins, in seconds."""
        whole = self.whole(part.recording)
        if part.seconds is None:
            return whole, 0.0
        key = (part.recording["id"], part.seconds, part.passage, part.tempo)
        if key not in self.passages:
            wanted = part.seconds * part.tempo
            name = part.recording["id"]
            start_ms = draw_passage(self.store.seed, name, whole, wanted, part.passage, False)
            folder = self.folder / f"passage-{len(self.passages)}"
            folder.mkdir()
            render.cut(whole, folder / "cut.wav", start_ms, wanted)
            made = self.at_tempo(folder / "cut.wav", part.tempo)
            self.passages[key] = (made, start_ms / 1000)
        return self.passages[key]

    def at_tempo(self, clip: Path, tempo: float) -> Path:
        if tempo == 1.0:
            return clip
        step = rubberband(tempo) if self.mix.key_lock else speed_step(tempo)
        return render.apply_steps(clip, (step,), self.store.materials, None, clip.parent)

    def gain_db(self, sound: Path) -> float:
        if not self.mix.levelled:
            return 0.0
        return min(MOST_GAIN_DB, LEVEL_DBFS - render.levels(sound)["all"])


def lay_out(table: Table, parts: list[Part]) -> tuple[list[render.Layer], list[dict]]:
    """The layers of an item, and what is true of each.

    A true span is all that sounds of a recording, crossfades included; `fade_in` and `fade_out` are
    the lengths of its crossfades.
    """
    layers, spans, end = [], [], 0.0
    for part, following in zip(parts, [*parts[1:], None]):
        sound, begins = table.passage(part)
        seconds = part.seconds or render.seconds_of(sound)
        at, end = end - part.lap, end - part.lap + seconds
        fade_in = part.lap if part.faded else 0.0
        fade_out = following.lap if following and following.faded else 0.0
        layers.append(render.Layer(sound, at, seconds, fade_in, fade_out, table.gain_db(sound)))
        spans.append(
            {
                "recording": part.recording["id"],
                "role": part.recording["role"],
                "item_start": round(at, 3),
                "item_end": round(end, 3),
                "recording_start": begins,
                "recording_end": round(begins + seconds * part.tempo, 3),
                "tempo": part.tempo,
                "pitch_cents": 0.0 if table.mix.key_lock else round(cents(part.tempo), 3),
                "fade_in": fade_in,
                "fade_out": fade_out,
            }
        )
    return layers, spans


def make(store: QueryStore, mix: Mix, shelf: Shelf, number: int) -> dict:
    """Makes one item unless it is in the cache; returns its row of the truth."""
    name = f"{number:02}"
    # Seeded by the name of the plan, not of the mix, so that mixes with and without key lock are the same.
    rng = random.Random(f"{store.seed}/{mix.plan.__name__}/{number}")
    parts = mix.plan(shelf, number, rng)
    made_by = recipe(store, mix, parts)
    row = store.known(mix, name, made_by)
    if row is not None:
        return row
    row = {
        "condition": mix.name,
        "recording": name,
        "role": mix.role,
        "tempo": 1.0,
        "pitch_cents": 0.0,
        "recipe": made_by,
    }
    store.root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=store.root, prefix="work-") as folder:
        try:
            row |= render_item(store, mix, parts, Path(folder), name)
        except render.Unusable as reason:
            row["unusable"] = str(reason)
    store.remember(row)
    return row


def render_item(store: QueryStore, mix: Mix, parts: list[Part], folder: Path, name: str) -> dict:
    """Renders an item to its file; returns the truth about it."""
    if not parts:
        raise render.Unusable("not enough recordings that are long enough")
    layers, spans = lay_out(Table(store, mix, folder), parts)
    sound = folder / "item.wav"
    render.assemble(layers, sound)
    row = {
        "condition": mix.name,
        "role": mix.role,
        "file": f"{mix.name}__{name}__0{CODECS[mix.codec][0]}",
        "start_seconds": 0.0,
        "seconds": round(render.seconds_of(sound), 3),
        "spans": spans,
    }
    render.encode(sound, store.path(row), mix.codec)
    return row


def make_all(store: QueryStore, mixes: list[Mix], shelf: Shelf, most: int, jobs: int) -> list[dict]:
    """Every item of the mixes, at most `most` of each."""
    work = [(mix, number) for mix in mixes for number in range(min(mix.number, most))]
    return tools.in_parallel(lambda job: make(store, job[0], shelf, job[1]), work, jobs, "mixes")
