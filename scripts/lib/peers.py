"""Other fingerprinters over the same catalogue and the same queries, each optional.

Each peer answers every query with (recording id or None, score); a higher score is surer.
"""

import hashlib
import re
import shutil
from pathlib import Path

from lib import chroma, tools
from lib.queries import digest

# Of a whole file the first two minutes are compared: fpcalc's own default.
LONGEST_ITEMS = int(120 * chroma.ITEMS_PER_SECOND)
# A recording shorter than the query is compared if it covers at least this share of it. A guess.
LEAST_SHARE = 0.8
AUDFPRINT = "audfprint2==0.1.2"


class Missing(Exception):
    """A peer is not available; the text says why."""


def run_fpcalc(catalogue, queries, store, work: Path, jobs: int) -> dict:
    """Bit-error rate of Chromaprint's items at every alignment; the best recording wins."""
    if not shutil.which("fpcalc"):
        raise Missing("fpcalc is not installed (libchromaprint-tools)")
    folder = work / "fpcalc"
    folder.mkdir(parents=True, exist_ok=True)

    def load(job):
        path, key = job
        cached = folder / f"{key}.items"
        if not cached.exists():
            cached.write_bytes(chroma.items_of(path))
        return cached.read_bytes()

    sources = [(store.corpus / row["path"], row["sha256"]) for row in catalogue]
    recordings = tools.in_parallel(load, sources, jobs, "fpcalc catalogue")
    made = [(store.path(row), digest([row["file"], row["recipe"]])) for row in queries]
    items = [
        run[: LONGEST_ITEMS * chroma.ITEM_BYTES]
        for run in tools.in_parallel(load, made, jobs, "fpcalc queries")
    ]
    best = [(1.0, None)] * len(queries)
    by_length: dict[int, list[int]] = {}
    for number, run in enumerate(items):
        by_length.setdefault(chroma.count(run), []).append(number)
    by_length.pop(0, None)
    for done, (row, recording) in enumerate(zip(catalogue, recordings), start=1):
        for length, numbers in sorted(by_length.items()):
            width = min(length, chroma.count(recording))
            if width < LEAST_SHARE * length:
                continue
            places = chroma.windows(recording, width)
            for number in numbers:
                needle = chroma.cut(items[number], 0, width)
                errors = min((needle ^ place).bit_count() for place in places)
                rate = errors / (width * 32)
                if rate < best[number][0]:
                    best[number] = (rate, row["id"])
        if done % 20 == 0:
            tools.say(f"  fpcalc compared: {done}/{len(catalogue)} recordings")
    return {row["file"]: (name, -rate) for row, (rate, name) in zip(queries, best)}


def environment(cache: Path) -> Path:
    """Makes a virtual environment with the peers from PyPI in the cache folder; returns its `bin` folder."""
    try:
        return tools.make_venv(cache / "peers-venv", AUDFPRINT).parent
    except (OSError, tools.ToolError) as error:
        raise Missing(f"{AUDFPRINT} could not be installed: {error}") from error


# audfprint writes its answers as debug messages only.
MATCHED = re.compile(
    r":Matched\s+(?P<query>.*?)\s+[\d.]+ sec\s+\d+ raw hashes as (?P<recording>.*) at\s+"
    r"-?[\d.]+ s with\s+(?P<common>\d+) of"
)


def run_audfprint2(catalogue, queries, store, work: Path, jobs: int) -> dict:
    """audfprint at its default settings; the score is the number of common hashes."""
    program = environment(tools.cache_home()) / "audfprint"
    folder = work / "audfprint2"
    folder.mkdir(parents=True, exist_ok=True)
    content = "".join(sorted(row["sha256"] for row in catalogue))
    base = folder / f"catalogue-{hashlib.sha256(content.encode()).hexdigest()[:16]}.pklz"
    listed = folder / "files.txt"
    try:
        if not base.exists():
            tools.say("audfprint2: adding the catalogue")
            paths = [str(store.corpus / row["path"]) for row in catalogue]
            tools.write_text(listed, "\n".join(paths) + "\n")
            unfinished = folder / "unfinished.pklz"
            unfinished.unlink(missing_ok=True)
            tools.run([program, "-d", unfinished, "-H", jobs, "--list", "new", listed])
            unfinished.replace(base)
        tools.say(f"audfprint2: matching {len(queries)} queries")
        tools.write_text(listed, "".join(f"{store.path(row)}\n" for row in queries))
        # One process: with more, audfprint sends its whole table with each query.
        matching = [program, "-v", "-d", base, "--list", "match", listed]
        log = tools.run(matching, told_on="stderr")
    except tools.ToolError as error:
        raise Missing(f"audfprint2 failed: {error}") from error
    found = {row["file"]: (None, 0.0) for row in queries}
    for line in log.splitlines():
        match = MATCHED.search(line)
        if match:
            query, recording = Path(match["query"]).name, Path(match["recording"]).stem
            found[query] = (recording, float(match["common"]))
    return found


# name -> (function, whether its threshold is set here so that no held-out query passes)
PEERS = {"fpcalc": (run_fpcalc, True), "audfprint2": (run_audfprint2, False)}


def length_class(row: dict) -> str:
    """Queries of one length share a threshold: 3, 5, 10, 30 s, or longer."""
    for limit in (3, 5, 10, 30):
        if row["seconds"] <= limit + 0.5:
            return f"{limit} s"
    return "full"


def thresholds(rows: list[dict], answers: dict) -> dict[str, float]:
    """For each length the highest score of a held-out query; an answer counts only above it."""
    highest: dict[str, float] = {}
    for row in rows:
        if row["role"] == "negative":
            score = answers[row["file"]][1]
            name = length_class(row)
            highest[name] = max(highest.get(name, score), score)
    return highest


def run(name: str, catalogue, rows, store, work: Path, jobs: int) -> dict:
    """Runs one peer over all queries: (file name -> accepted recording id or None, thresholds)."""
    function, calibrated = PEERS[name]
    answers = function(catalogue, rows, store, work, jobs)
    limits = thresholds(rows, answers) if calibrated else {}
    if calibrated and not limits:
        raise Missing("no held-out query to set its threshold by")
    # A length without held-out queries gets the strictest threshold.
    strictest = max(limits.values(), default=float("-inf"))
    accepted = {}
    for row in rows:
        recording, score = answers[row["file"]]
        passes = score > limits.get(length_class(row), strictest)
        accepted[row["file"]] = recording if passes else None
    return {"accepted": accepted, "answers": answers, "thresholds": limits}
