"""Drives the leakhound binary over a folder of queries and reads its report."""

import shutil
import subprocess
import time
from pathlib import Path

from lib import tools


def call(binary: str, home: Path, words: list) -> int:
    """Runs one command; its exit code. What it said is shown when it did not succeed."""
    command = [binary, "--home", str(home), *map(str, words)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
    except OSError as error:
        tools.stop(f"cannot run {binary}: {error}", tools.EXIT_TOOL_MISSING)
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    if done.returncode != 0 and said:
        tools.say(f"  {words[0]} ended with {done.returncode}: {' | '.join(said[-3:])}")
    return done.returncode


def version(binary: str) -> str:
    """What `leakhound --version` says, on one line."""
    try:
        done = subprocess.run([binary, "--version"], stdin=subprocess.DEVNULL, capture_output=True)
        return done.stdout.decode("utf-8", "replace").strip().split("\n")[0] or "unknown"
    except OSError as error:
        tools.stop(f"cannot run {binary}: {error}", tools.EXIT_TOOL_MISSING)


def stage(queries: list[Path], folder: Path) -> None:
    """A folder with just the queries wanted, as hard links."""
    shutil.rmtree(folder, ignore_errors=True)
    for query in queries:
        tools.link_or_copy(query, folder / query.name)


def scan(binary: str, catalogue: list[Path], queries: list[Path], work: Path, keep_home: bool):
    """Adds the catalogue, scans the queries; (query file name -> report item, seconds of each).

    A scan may end with a code of its own when it found something, so success is told by the
    report alone.
    """
    home, staged, report = work / "home", work / "scan", work / "report.jsonl"
    seconds = {}
    if not (keep_home and home.exists()):
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        folder = work / "catalogue"
        stage(catalogue, folder)
        began = time.monotonic()
        if call(binary, home, ["catalog", "add", folder]) != 0:
            tools.say("  catalog add did not succeed; going on with what it took in")
        seconds["catalog add"] = time.monotonic() - began
    stage(queries, staged)
    report.unlink(missing_ok=True)
    began = time.monotonic()
    call(binary, home, ["scan", "--quiet", staged])
    seconds["scan"] = time.monotonic() - began
    call(binary, home, ["report", "--format", "jsonl", "--out", report])
    if not report.exists():
        tools.stop("leakhound wrote no report")
    items = {Path(row["item"]["path"]).name: row for row in tools.read_jsonl(report)}
    return items, seconds
