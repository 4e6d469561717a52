"""Items with and without recordings of a catalogue, and leakhound's verdicts on them.

All are of one kind of music. An item's file is `<role>__<piece>__<what>.<suffix>`; the truth about
it follows from the corpus' manifest.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from lib import calibration, metrics, tools
from lib.leakhound import Leakhound

# Clips of pieces that are not in the catalogue: length in seconds, and start as a share of the piece.
CLIPS = ((3, 0.35), (5, 0.6), (10, 0.03), (10, 0.5), (30, 0.2))
# Copies of pieces that are in it: name -> (seconds or None, ffmpeg's filter, output options, suffix).
COPIES = {
    "opus-75-whole": (None, "", ["-c:a", "libopus", "-b:a", "75k"], ".opus"),
    "opus-75-10s": (10, "", ["-c:a", "libopus", "-b:a", "75k"], ".opus"),
    "mp3-64-5s": (5, "", ["-c:a", "libmp3lame", "-b:a", "64k"], ".mp3"),
    "vorbis-30s": (30, "", ["-c:a", "libvorbis", "-q:a", "5"], ".ogg"),
    "speed-1.05": (10, "aresample=44100,asetrate=46305,aresample=44100", ["-c:a", "flac"], ".flac"),
    "speed-0.90": (10, "aresample=44100,asetrate=39690,aresample=44100", ["-c:a", "flac"], ".flac"),
    "tempo-1.10": (10, "atempo=1.1", ["-c:a", "flac"], ".flac"),
    "pitch-up-2": (10, "rubberband=pitch=1.122462", ["-c:a", "flac"], ".flac"),
}
# Roles derived from a piece of the catalogue, and the relations that are right for each.
DERIVED = {
    "cover": {"shared_material"},
    "remix": {"copy", "contains", "layered", "stem", "shared_material"},
    "mashup": {"copy", "contains", "layered", "stem", "shared_material"},
    "stem": {"stem", "shared_material"},
    "minus-one": {"stem", "copy", "contains"},
}
# Seconds of the whole mix, note for note, from which on a pair truly shares sound. A guess.
SHARED_SECONDS = 3.0
# Number of parts in common, for as long, from which on a pair has one backing under another lead. A guess.
BACKING_PARTS = 2
# A clip lies in a passage of two recordings if this share of it does: the rest is shorter than what tells them apart.
COMMON_SHARE = 0.9


@dataclass
class Corpus:
    """A manifest, and which of its pairs share sound."""

    kind: str
    root: Path
    rows: dict[str, dict]
    shared: set[tuple[str, str]] = field(default_factory=set)
    backing: set[tuple[str, str]] = field(default_factory=set)
    # piece -> its stretches, in seconds, whose whole mix another catalogue piece has note for note.
    passages: dict[str, list] = field(default_factory=dict)

    @classmethod
    def load(cls, kind: str, root: Path, every: int) -> "Corpus":
        try:
            rows = tools.read_jsonl(root / "manifest.jsonl")
        except OSError:
            maker = "corpus" if kind == "games" else kind
            tools.stop(f"no {kind} there; run scripts/{maker}", tools.EXIT_NOTHING_TO_WORK_ON)
        shared = {(row["id"], other) for row in rows for other in row.get("shares") or []}
        backing = set()
        if (root / "shared.jsonl").exists():
            for pair in tools.read_jsonl(root / "shared.jsonl"):
                names = (pair["held_out"], pair["catalogue"])
                parts = [s for s in pair["same_part_seconds"].values() if s >= SHARED_SECONDS]
                if pair["same_mix_seconds"] >= SHARED_SECONDS:
                    shared.add(names)
                elif len(parts) >= BACKING_PARTS:
                    backing.add(names)
        passages = {}
        if (root / "passages.jsonl").exists():
            rows_of = tools.read_jsonl(root / "passages.jsonl")
            passages = {row["piece"]: row["seconds"] for row in rows_of}
        catalogue = [row for row in rows if row["role"] == "catalogue"]
        others = [row for row in rows if row["role"] != "catalogue"]
        kept = catalogue + sorted(others, key=lambda row: digest(row["id"]))[::every]
        return cls(kind, root, {row["id"]: row for row in kept}, shared, backing, passages)

    def of(self, role: str) -> list[dict]:
        return [row for row in self.rows.values() if row["role"] == role]

    def is_common(self, row: dict, what: str) -> bool:
        """Whether a copy is a clip of a passage that another catalogue piece has, note for note."""
        seconds = COPIES[what][0]
        if not seconds:
            return False
        start = copy_start(row, seconds)
        covered = sum(
            max(0.0, min(end, start + seconds) - max(begin, start))
            for begin, end in self.passages.get(row["id"], ())
        )
        return covered >= COMMON_SHARE * seconds

    def recordings(self) -> list[Path]:
        return [self.root / row["path"] for row in self.of("catalogue")]


def copy_start(row: dict, seconds: float | None) -> float:
    """Where a copy of a piece begins, in seconds."""
    return round((row["seconds"] - (seconds or 0) * 1.2) * 0.4, 2)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def encode(source: Path, target: Path, start, seconds, filters: str, options: list) -> None:
    """Filters and encodes a stretch of a file, unless the result exists."""
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    cut = ["-ss", start, "-t", seconds] if seconds else []
    filtered = ["-af", filters] if filters else []
    part = target.with_name(f"part-{target.name}")
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-nostdin",
        "-y",
        *cut,
        "-i",
        source,
        "-vn",
        "-map_metadata",
        "-1",
    ]
    tools.run([*command, *filtered, *options, part])
    part.rename(target)


def make_items(corpus: Corpus, folder: Path, jobs: int) -> list[Path]:
    """All items of a corpus; those that exist are not made again."""
    work = []
    flac = ["-c:a", "flac"]
    for row in corpus.of("held-out"):
        source = corpus.root / row["path"]
        work.append(
            (source, folder / f"held-out__{row['id']}__whole{source.suffix}", 0, None, "", None)
        )
        for seconds, at in CLIPS:
            start = round(at * max(0.0, row["seconds"] - seconds), 2)
            name = f"held-out__{row['id']}__{seconds}s-{round(100 * at)}.flac"
            if row["seconds"] > seconds:
                work.append((source, folder / name, start, seconds, "", flac))
    step = max(1, len(corpus.of("catalogue")) // 120)
    for row in sorted(corpus.of("catalogue"), key=lambda row: digest(row["id"]))[::step]:
        for name, (seconds, filters, options, suffix) in COPIES.items():
            start = copy_start(row, seconds)
            target = folder / f"copy__{row['id']}__{name}{suffix}"
            work.append((corpus.root / row["path"], target, start, seconds, filters, options))
    for role in DERIVED:
        for row in corpus.of(role):
            source = corpus.root / row["path"]
            work.append((source, folder / f"{role}__{row['id']}__whole.flac", 0, None, "", None))
            if row["seconds"] > 30:
                start = round(0.45 * row["seconds"], 2)
                work.append(
                    (source, folder / f"{role}__{row['id']}__10s.flac", start, 10, "", flac)
                )

    def make(job):
        source, target, start, seconds, filters, options = job
        if options is None:
            target.parent.mkdir(parents=True, exist_ok=True)
            tools.link_or_copy(source, target)
        else:
            encode(source, target, start, seconds, filters, options)
        return target

    return tools.in_parallel(make, work, jobs, "items")


def judge(corpus: Corpus, items: list[Path], program: Leakhound) -> list[dict]:
    """One row per item: the truth about it, and the verdict."""
    told = program.scan("scan", items, calibration.OPTIONS)
    rows = []
    for path in items:
        role, piece, what = path.stem.split("__")
        item = told.get(path.name) or {}
        truth = piece if role == "copy" else corpus.rows[piece].get("of")
        findings = item.get("findings") or []
        # Findings too weak to be suspects are reported for the calibration only.
        strong = [f for f in findings if f["false_alarm_probability"] < 1e-3]
        right = [f for f in strong if metrics.recording_id(f) == truth]
        wrong = [f for f in strong if metrics.recording_id(f) != truth]
        accused = {metrics.recording_id(f) for f in wrong if f["verdict"] == "match"}
        is_shared = {name for name in accused if (piece, name) in corpus.shared}
        has_backing = {name for name in accused if (piece, name) in corpus.backing}
        best = metrics.strongest(right)
        alike = corpus.shared | corpus.backing
        apart = [f for f in findings if (piece, metrics.recording_id(f)) not in alike]
        claimed = best if truth else metrics.strongest(wrong)
        rows.append(
            {
                "kind": corpus.kind,
                "style": corpus.rows[piece].get("style") or corpus.kind,
                "role": role,
                "piece": piece,
                "what": what,
                "truth": truth,
                "verdict": best["verdict"] if best else None,
                "relation": claimed.get("relation") if claimed else None,
                "common": role == "copy" and corpus.is_common(corpus.rows[piece], what),
                "standing": ((best or {}).get("standing") or {}).get("kind"),
                "wrong": sorted(accused - is_shared - has_backing),
                "backing": sorted(has_backing),
                "shared": sorted(is_shared),
                "suspects": len(
                    {metrics.recording_id(f) for f in wrong if f["verdict"] == "suspect"}
                ),
                "relations": sorted(
                    {f"{f.get('relation')}" for f in wrong if f["verdict"] == "match"}
                ),
                "told": min(map(told_probability, apart), default=1.0),
            }
        )
    return rows


def told_probability(finding: dict) -> float:
    """That of unrelated music or of music from the same kit, whichever is larger."""
    measures = (finding.get("explained") or {}).get("measures") or {}
    return max(finding["false_alarm_probability"], measures.get("same_kit_probability", 0.0))


def expected_relations(row: dict) -> set[str]:
    """The relations that are right for a true finding."""
    if row["role"] == "held-out":
        return {"shared_material"}
    if row["role"] != "copy":
        right = DERIVED[row["role"]]
        # A clip is an excerpt where the whole is a copy.
        return right | {"excerpt"} if "copy" in right and row["what"] == "10s" else right
    return {"copy"} if row["what"].endswith("whole") else {"excerpt"}
