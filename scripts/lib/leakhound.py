"""Drives the leakhound binary over folders of queries and reads its reports."""

import shutil
import subprocess
import time
from pathlib import Path

from lib import tools

# Exit codes of a completed scan: nothing found, something found, some items not read.
SCANNED = (0, 1, 3)


class Leakhound:
    """One binary with homes of its own under `work`; `seconds` tells how long each step took.

    The catalogue is added once. Each scan gets a fresh copy of that home, so that nothing is taken
    over from an earlier scan, perhaps of another binary, and its run is the newest.
    """

    def __init__(self, binary: str, work: Path):
        self.binary = binary
        self.work = work
        self.home = work / "home"
        self.seconds: dict[str, float] = {}

    def start(self, words: list) -> subprocess.CompletedProcess:
        command = [self.binary, *map(str, words)]
        try:
            return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
        except OSError as error:
            tools.stop(f"cannot run {self.binary}: {error}", tools.EXIT_TOOL_MISSING)

    def call(self, home: Path, words: list) -> int:
        """Runs one command and returns its exit code; shows its output if it failed."""
        done = self.start(["--home", home, *words])
        said = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line]
        if done.returncode != 0 and said:
            tools.say(f"  {words[0]} ended with {done.returncode}: {' | '.join(said[:3])}")
        return done.returncode

    def version(self) -> str:
        """What `leakhound --version` says, on one line."""
        said = self.start(["--version"]).stdout.decode("utf-8", "replace")
        return said.strip().split("\n")[0] or "unknown"

    def scan_knows(self, option: str) -> bool:
        """Whether this version's scan has an option."""
        return option in self.start(["scan", "--help"]).stdout.decode("utf-8", "replace")

    def add_catalogue(self, recordings: list[Path], keep_home: bool) -> None:
        """A home with the recordings in its catalogue: a new one, or that of the last run."""
        if keep_home and self.home.exists():
            return
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        folder = self.work / "catalogue"
        stage(recordings, folder)
        began = time.monotonic()
        if self.call(self.home, ["catalog", "add", folder]) != 0:
            tools.say("  catalog add failed in part; continuing with the recordings it added")
        self.seconds["catalog add"] = time.monotonic() - began

    def scan(self, name: str, queries: list[Path], options: list[str]) -> dict[str, dict]:
        """Scans the queries, in a folder of this name; query file name -> item of the report.

        A scan that fails ends the evaluation, because the report would be that of another run.
        """
        staged, report = self.work / name, self.work / f"{name}.jsonl"
        home = self.work / f"home-{name}"
        stage(queries, staged)
        report.unlink(missing_ok=True)
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(self.home, home)
        began = time.monotonic()
        if self.call(home, ["scan", "--quiet", *options, staged]) not in SCANNED:
            tools.stop(f"{name} could not be done")
        self.seconds[name] = time.monotonic() - began
        self.call(home, ["report", "--format", "jsonl", "--out", report])
        if not report.exists():
            tools.stop("leakhound wrote no report")
        return {Path(row["item"]["path"]).name: row for row in tools.read_jsonl(report)}


def stage(queries: list[Path], folder: Path) -> None:
    """A folder with just the queries wanted, as hard links."""
    shutil.rmtree(folder, ignore_errors=True)
    for query in queries:
        tools.link_or_copy(query, folder / query.name)
