"""Makes the files of all items, an item once: a file whose recipe is unchanged is kept."""

import hashlib
import json
import multiprocessing
from collections import Counter
from pathlib import Path

import numpy as np

from lib import tools
from lib.programmed import rendering
from lib.programmed.bank import Bank
from lib.programmed.derived import Item
from lib.programmed.model import RATE
from lib.render import EXACT, FFMPEG

PACKAGE = "programmed"
VERSION = "1"
FORM = ["-f", "s16le", "-ar", str(RATE), "-ac", "2"]
FLAC = [*EXACT, "-c:a", "flac", "-threads", "1", "-f", "flac"]
TOLD_EVERY = 50
# What the sound of given notes depends on.
SOUNDING = ("bank.py", "drumsynths.py", "rendering.py", "synths.py")


def recipe(seed: int, item: Item) -> str:
    """Changes with the notes, the instruments and the code that makes sound of them."""
    digest = hashlib.sha256(f"{seed}".encode())
    for source in SOUNDING:
        digest.update(Path(__file__).with_name(source).read_bytes())
    digest.update(repr(item).encode())
    return digest.hexdigest()[:16]


def write_flac(samples: np.ndarray, target: Path) -> None:
    """16-bit stereo samples as FLAC, put in its place in one step."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished, raw = target.with_suffix(".part"), target.with_suffix(".raw")
    try:
        samples.tofile(raw)
        tools.run([*FFMPEG, *FORM, "-i", raw, *FLAC, unfinished])
    finally:
        raw.unlink(missing_ok=True)
    unfinished.replace(target)


def sound_of(bank: Bank, item: Item, stems: dict) -> np.ndarray:
    """The sum of an item's stems; `stems` keeps those made for the items before it."""
    length = rendering.length_of(item.sources[0][0])
    out = np.zeros((2, length), np.float32)
    for piece, names in item.sources:
        for name in names:
            if (piece.id, name) not in stems:
                parts = piece.of_group(name)
                own = max(length, rendering.length_of(piece))
                stems[piece.id, name] = rendering.mixed(bank, piece, parts, own)
            stem = stems[piece.id, name][:, :length]
            out[:, : stem.shape[1]] += stem
    return out


def row_of(item: Item, path: Path, samples: int, out: Path) -> dict:
    piece = item.piece
    with open(path, "rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return {
        "id": item.id,
        "package": PACKAGE,
        "version": VERSION,
        "path": str(path.relative_to(out)),
        "seconds": round(samples / RATE, 3),
        "role": item.role,
        "codec": "flac",
        "channels": 2,
        "sha256": digest,
        "name": piece.name,
        "kind": piece.kind,
        "style": piece.style,
        "kit": item.kit or piece.kit,
        "instruments": item.instruments or piece.instruments,
        "tempo": piece.tempo,
        "key": piece.key,
        "family": piece.family,
        "set": piece.group,
        "of": item.of,
        "part": item.part,
        "with": item.bed,
        "start_seconds": 0.0 if item.of else None,
        "shares": list(piece.shares),
    }


class Maker:
    """Makes jobs; a job is the items that have stems in common."""

    def __init__(self, out: Path, bank: Bank):
        self.out, self.bank = out, bank

    def make(self, job: list[Item]) -> list[dict]:
        rows, stems = [], {}
        for item in job:
            if item.of is None:  # made alike whether something is derived of it or not
                sound = rendering.whole(self.bank, item.piece)
            else:
                sound = sound_of(self.bank, item, stems)
            path = self.out / item.role / f"{item.id}.flac"
            write_flac(rendering.mastered(sound), path)
            rows.append(row_of(item, path, sound.shape[1], self.out))
        return rows


_maker: Maker | None = None


def _begin(maker: Maker) -> None:
    global _maker
    _maker = maker


def _make(job: list[Item]) -> list[dict]:
    return _maker.make(job)


def results(maker: Maker, jobs: list[list[Item]], processes: int):
    """The rows of each job, in any order."""
    if processes <= 1:
        yield from map(maker.make, jobs)
        return
    with multiprocessing.Pool(processes, _begin, (maker,)) as pool:
        yield from pool.imap_unordered(_make, jobs)


def needed(items: list[Item]) -> set:
    """Every one-shot of all items."""
    return {
        (part.instrument, note.pitch, note.layer)
        for item in items
        for piece, names in item.sources
        for name in names
        for part in piece.of_group(name)
        for note in part.notes
    }


def known_rows(path: Path, out: Path) -> dict[tuple, dict]:
    """(id, recipe) -> row of the files that are there."""
    rows = {}
    for told in tools.read_jsonl(path) if path.exists() else []:
        if (out / told["row"]["path"]).exists():
            rows[told["row"]["id"], told["recipe"]] = told["row"]
    return rows


def make_all(out: Path, seed: int, jobs: list[list[Item]], processes: int, refresh: bool):
    """Every row, in the order of the items; says what it is at on standard error."""
    made_path = out / "made.jsonl"
    if refresh:
        made_path.unlink(missing_ok=True)
    known = known_rows(made_path, out)
    recipes = {item.id: recipe(seed, item) for job in jobs for item in job}
    rows = {id: row for (id, made_by), row in known.items() if recipes.get(id) == made_by}
    missing = [[item for item in job if item.id not in rows] for job in jobs]
    missing = [job for job in missing if job]
    bank = Bank(out / "one-shots")
    count = bank.make(needed([item for job in missing for item in job]))
    tools.say(f"{count} one-shots made; {len(rows)} files are there already")
    done, wanted = 0, sum(map(len, missing))
    with open(made_path, "a", encoding="utf-8") as lines:
        for made in results(Maker(out, bank), missing, processes):
            for row in made:
                rows[row["id"]] = row
                told = {"recipe": recipes[row["id"]], "row": row}
                lines.write(json.dumps(told) + "\n")
            lines.flush()
            done += len(made)
            if done // TOLD_EVERY != (done - len(made)) // TOLD_EVERY:
                tools.say(f"  made: {done}/{wanted}")
    return [rows[item.id] for job in jobs for item in job]


def tidy(out: Path, rows: list[dict], roles: tuple) -> None:
    """Removes files of an earlier run that are no longer in the manifest."""
    wanted = {out / row["path"] for row in rows}
    for role in roles:
        for path in (out / role).glob("*"):
            if path not in wanted:
                path.unlink()


def summary(rows: list[dict]) -> str:
    """How many there are of each role, kind and style."""
    lines = []
    for role in dict.fromkeys(row["role"] for row in rows):
        own = [row for row in rows if row["role"] == role]
        hours = sum(row["seconds"] for row in own) / 3600
        styles = Counter(row["style"] for row in own)
        told = ", ".join(f"{style} {count}" for style, count in sorted(styles.items()))
        lines.append(f"{role}: {len(own)} files, {hours:.1f} h ({told})")
    hours = sum(row["seconds"] for row in rows) / 3600
    return "\n".join([*lines, f"all: {len(rows)} files, {hours:.1f} h"])
