"""What the drivers of engines share: the units of a plan, and one `leakhound work PLAN --units` process for each worker.

An engine schedules and repeats; this module starts a process where a worker runs, hands it one unit at a time, and fails where
the process fails. It uses nothing outside of Python's library, since it travels to the workers.
"""

import argparse
import atexit
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# Times that a unit is tried before it counts as failed, as Spark does by default.
TRIES = 4


def place(text: str) -> "Path | str":
    """Where a plan or its parts are: a folder, or a text that begins with s3:// and stays as it is."""
    return text if text.startswith("s3://") else Path(text)


def arguments(description: str) -> argparse.ArgumentParser:
    """The arguments that all drivers have."""
    parser = argparse.ArgumentParser(
        description=description,
        epilog="What follows -- goes to each leakhound work process: -- --catalogue songs.pack --home /scratch/leakhound",
    )
    parser.add_argument("plan", type=place, help="folder of the plan, at the same path on all machines, or s3://BUCKET/KEY")
    parser.add_argument("--program", type=Path, help="leakhound, at the same path on all machines")
    parser.add_argument("--workers", type=int, default=2, help="worker processes of a local cluster [2]")
    parser.add_argument("--merge", action="store_true", help="merge the parts at the end, on this machine")
    parser.add_argument("--check-by-killing", type=int, default=0, metavar="N",
                        help="kill N worker processes at random, to see that the run bears it")
    return parser


def parsed(parser: argparse.ArgumentParser):
    """The arguments, and what follows `--`."""
    words = sys.argv[1:]
    at = words.index("--") if "--" in words else len(words)
    args = parser.parse_args(words[:at])
    args.plan = args.plan.resolve() if isinstance(args.plan, Path) else args.plan
    args.more = words[at + 1:]
    args.program = str((args.program or found_program()).resolve())
    return args


def found_program() -> Path:
    """The newest leakhound that was built here, else the one of the path."""
    built = [ROOT / "target" / kind / "leakhound" for kind in ("release", "quick", "debug")]
    built = [path for path in built if path.is_file()]
    if built:
        return max(built, key=lambda path: path.stat().st_mtime)
    on_path = shutil.which("leakhound")
    if on_path is None:
        raise SystemExit("leakhound: there is no program; build it (cargo build --release) or name it with --program")
    return Path(on_path)


def option(more: list[str], name: str) -> str | None:
    """The value of an option of `leakhound` among words for it: `NAME VALUE` or `NAME=VALUE`."""
    for word, value in zip(more, [*more[1:], None]):
        if word == name and value is not None:
            return value
        if word.startswith(name + "="):
            return word[len(name) + 1:]
    return None


def units_left(plan: "Path | str", more: list[str], program: str = "leakhound") -> list[int]:
    """The numbers of the units that have no completion mark; of a plan in a store all units, of which done ones are skipped."""
    if not isinstance(plan, Path):
        told = subprocess.run([program, "plan", "status", plan, "--json"], capture_output=True, text=True, check=False)
        if told.returncode not in (0, 3):
            raise SystemExit(told.stderr.strip())
        return list(range(json.loads(told.stdout)["units"])) if told.returncode else []
    try:
        units = json.loads((plan / "plan.json").read_text())["content"]["units"]
    except (OSError, ValueError, KeyError) as error:
        raise SystemExit(f"leakhound: there is no plan in {plan} ({error}); make one: leakhound plan DUMP --out {plan}")
    parts = Path(option(more, "--parts") or plan / "parts")
    return [unit for unit in range(units)
            if not (parts / f"{unit // 1000:03}" / f"part-{unit:07}.done").exists()]


def killed_log(plan) -> Path:
    """Where a check by killing notes each process that it killed."""
    text = str(plan)
    if text.startswith("s3://"):
        return Path(tempfile.gettempdir()) / f"leakhound-killed-{text[5:].replace('/', '-')}.log"
    return Path(plan) / "killed.log"


class UnitFailed(Exception):
    """A unit was not done; the engine tries it again."""


class Worker:
    """A `leakhound work PLAN --units` process, with the index mapped once for many units."""

    def __init__(self, program: str, plan: str, more: list[str], kill_share: float = 0.0):
        self.command = [program, "--quiet", "work", plan, "--units", *more]
        self.process = None
        self.kill_share = kill_share
        atexit.register(self.close)

    def do(self, unit: int) -> dict:
        """Does a unit and returns the answer of the process.

        Raises UnitFailed if the unit failed or the process ended.
        """
        if self.process is None or self.process.poll() is not None:
            self.drop()
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        process = self.process
        try:
            process.stdin.write(f"{unit}\n")
            process.stdin.flush()
            if random.random() < self.kill_share:
                # A moment, so that it is killed at any point of its work.
                time.sleep(random.random() * 0.2)
                process.kill()
                with open(killed_log(self.command[3]), "a", encoding="ascii") as log:
                    log.write(f"{unit}\n")
            line = process.stdout.readline()
        except OSError as error:
            line = f"{error}"
        try:
            answer = json.loads(line)
        except ValueError:
            self.drop()
            raise UnitFailed(f"unit {unit}: the process ended with {process.returncode}") from None
        if answer.get("state") not in ("done", "done_before"):
            raise UnitFailed(f"unit {unit}: {answer.get('error', answer.get('state'))}")
        return answer

    def drop(self) -> None:
        """Ends the process at once."""
        process, self.process = self.process, None
        if process is None:
            return
        process.kill()
        process.wait()
        process.stdout.close()
        try:
            process.stdin.close()
        except OSError:
            # What was written last reached nobody.
            pass

    def close(self) -> None:
        """Ends the process, which is between two units."""
        if self.process is not None and self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(timeout=60)
        self.drop()


# The worker of this process: engines run many tasks in one.
_worker: dict = {}


def do(setup: dict, unit: int) -> dict:
    """Does a unit by the worker of this process, which is started with the first unit."""
    key = json.dumps(setup, sort_keys=True)
    if key not in _worker:
        _worker[key] = Worker(**setup)
    return _worker[key].do(unit)


def setup_of(args, units: int) -> dict:
    """What a worker has to know."""
    share = min(0.9, args.check_by_killing / max(1, units)) if args.check_by_killing else 0.0
    return {"program": args.program, "plan": str(args.plan), "more": args.more, "kill_share": share}


def told(answers: list[dict], engine: str, args) -> str:
    """What the answers add up to, on one line."""
    total = {key: sum(answer.get(key, 0) for answer in answers)
             for key in ("items", "matched", "suspect", "failed", "audio_seconds")}
    log = killed_log(args.plan)
    killed = f"; {len(log.read_text().splitlines())} processes were killed on the way" if log.exists() else ""
    log.unlink(missing_ok=True)
    return (f"{engine}: {len(answers)} units done, {total['items']} items, {total['audio_seconds'] / 3600:.1f} h of audio: "
            f"{total['matched']} with a match, {total['suspect']} with a suspect, {total['failed']} not read{killed}")


def end(args) -> int:
    """Merges the parts if that was asked for; the exit code."""
    if not args.merge:
        return 0
    kept = {name: option(args.more, name) for name in ("--catalogue", "--home", "--parts", "--threads")}
    more = [f"{name}={value}" for name, value in kept.items() if value is not None]
    return subprocess.run([args.program, "merge", str(args.plan), *more], check=False).returncode
