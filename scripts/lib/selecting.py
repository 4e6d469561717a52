"""From music files to a corpus: names, duplicates, held-out pieces, folders and manifest.

A piece is a dict: `id`, `package`, `name`, `file`, `order` (the hash that decides its role),
`sha256`, `seconds`, `codec`, `channels`.
"""

import hashlib
import json
import re
import shutil
from pathlib import Path

from lib import chroma, duplicates, tools


def named(package: str, name: str) -> dict:
    """The id of a piece and its place in the order, from package and name only."""
    key = hashlib.sha256(f"{package}/{name}".encode()).hexdigest()
    stem = re.sub(r"[^a-z0-9]+", "-", f"{package} {Path(name).stem}".lower()).strip("-")
    return {"id": f"{stem[:60]}-{key[:6]}", "package": package, "name": name, "order": key}


def sha256_of(path: Path) -> str:
    with open(path, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def probe(path: Path) -> dict | None:
    """Length, codec and channels of an audio file without video; None for any other."""
    try:
        told = json.loads(
            tools.run(
                ["ffprobe", "-v", "error", "-of", "json", "-show_entries"]
                + ["format=duration:stream=codec_type,codec_name,channels,duration", path]
            )
        )
        streams = told["streams"]
        kinds = [stream["codec_type"] for stream in streams]
        if kinds.count("audio") != 1:
            return None
        audio = streams[kinds.index("audio")]
        seconds = float(told["format"].get("duration") or audio["duration"])
    except (tools.ToolError, KeyError, ValueError):
        return None
    return {"seconds": seconds, "codec": audio["codec_name"], "channels": audio["channels"]}


# Duplicates


def load_items(piece: dict, folder: Path) -> bytes:
    """Chromaprint's items of a piece, from the cache if they are there."""
    cached = folder / f"{piece['sha256']}.items"
    if not cached.exists():
        items = chroma.items_of(Path(piece["file"]))
        folder.mkdir(parents=True, exist_ok=True)
        cached.write_bytes(items)
    return cached.read_bytes()


def drop_exact(pieces: list[dict]) -> tuple[list[dict], list[dict]]:
    """Drops pieces with equal bytes; the first in the order of package and name stays."""
    kept: dict[str, dict] = {}
    dropped = []
    for piece in pieces:
        first = kept.setdefault(piece["sha256"], piece)
        if first is not piece:
            dropped.append({"id": piece["id"], "kept": first["id"], "reason": "same content"})
    return list(kept.values()), dropped


def near_pairs(pieces: list[dict], folder: Path, jobs: int = 2) -> list[tuple[int, int]]:
    """Pairs of pieces, by their place in the list, that share a passage."""
    items = tools.in_parallel(
        lambda piece: load_items(piece, folder), pieces, jobs, "fingerprinted"
    )
    return duplicates.same_music(items)


def drop_near(pieces: list[dict], pairs: list[tuple[int, int]]) -> tuple[list[dict], list[dict]]:
    """Keeps the longest piece of each cluster of near-duplicates."""
    kept, dropped = [], []
    for group in duplicates.clusters(len(pieces), pairs):
        best = max((pieces[number] for number in group), key=lambda piece: piece["seconds"])
        kept.append(best)
        dropped += [
            {"id": pieces[number]["id"], "kept": best["id"], "reason": "near-duplicate"}
            for number in group
            if pieces[number] is not best
        ]
    return kept, dropped


# Laying out


def split(pieces: list[dict], share: float, wanted: int | None = None) -> list[dict]:
    """Gives each piece its role: the first pieces in the order of the hash are held out."""
    ordered = sorted(pieces, key=lambda piece: piece["order"])[:wanted]
    held_out = round(len(ordered) * share)
    for rank, piece in enumerate(ordered):
        piece["role"] = "held-out" if rank < held_out else "catalogue"
    return sorted(ordered, key=lambda piece: (piece["role"], piece["id"]))


def lay_out(out: Path, pieces: list[dict], versions: dict[str, str], more=()) -> list[dict]:
    """Fills one folder per role and writes the manifest; rows that have keys named in `more` get them
    at the end. Returns the rows."""
    for role in {"catalogue", "held-out", *(piece["role"] for piece in pieces)}:
        shutil.rmtree(out / role, ignore_errors=True)
        (out / role).mkdir(parents=True)
    rows = []
    for piece in pieces:
        path = Path(piece["role"]) / (piece["id"] + Path(piece["file"]).suffix.lower())
        tools.link_or_copy(Path(piece["file"]), out / path)
        rows.append(
            {
                "id": piece["id"],
                "package": piece["package"],
                "version": versions[piece["package"]],
                "path": str(path),
                "seconds": round(piece["seconds"], 3),
                "role": piece["role"],
                "codec": piece["codec"],
                "channels": piece["channels"],
                "sha256": piece["sha256"],
                "name": piece["name"],
            }
            | {key: piece[key] for key in more if key in piece}
        )
    tools.write_jsonl(out / "manifest.jsonl", rows)
    return rows


def summary(rows: list[dict], dropped: list[dict]) -> str:
    """What was kept and what was dropped, in a few lines."""
    lines = []
    roles = ["catalogue", "held-out"]
    roles += sorted({row["role"] for row in rows} - set(roles))
    for role in roles:
        of_role = [row["seconds"] for row in rows if row["role"] == role]
        lines.append(f"{role}: {len(of_role)} recordings, {sum(of_role) / 3600:.1f} h")
    total = sum(row["seconds"] for row in rows)
    packages = len({row["package"] for row in rows})
    lines.append(f"all: {len(rows)} recordings, {total / 3600:.1f} h, from {packages} packages")
    exact = sum(row["reason"] == "same content" for row in dropped)
    near = sum(row["reason"] == "near-duplicate" for row in dropped)
    lines.append(f"dropped: {exact} of the same content, {near} near-duplicates")
    return "\n".join(lines)
