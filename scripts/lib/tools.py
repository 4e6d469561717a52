"""Running other programs, exit codes, JSON lines and cache folders; nothing about audio."""

import itertools
import json
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_TOOL_MISSING = 3
EXIT_NOTHING_TO_WORK_ON = 4


class ToolError(Exception):
    """Another program failed; the text says which one, and its output."""


def cache_home() -> Path:
    """`$XDG_CACHE_HOME/leakhound`, by default `~/.cache/leakhound`."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "leakhound"


def say(text: str) -> None:
    """Writes progress and warnings to standard error; standard output is for results only."""
    print(text, file=sys.stderr, flush=True)


def stop(text: str, code: int = EXIT_FAILED):
    """Ends the program with one clear line."""
    say(f"{Path(sys.argv[0]).name}: {text}")
    raise SystemExit(code)


def require(tools: dict[str, str]) -> None:
    """Stops with one line when a program is missing; `tools` maps program -> Debian package."""
    missing = [f"{tool} ({package})" for tool, package in tools.items() if not shutil.which(tool)]
    if missing:
        stop(f"not found: {', '.join(missing)}; install it and run again", EXIT_TOOL_MISSING)


def run(command: list, *, cwd: Path | None = None, told_on: str = "stdout") -> str:
    """Runs a program and returns its output; raises `ToolError` if it fails."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True)
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ToolError(f"{words[0]} ended with {done.returncode}: {' | '.join(said[-3:])}")
    return getattr(done, told_on).decode("utf-8", "replace")


def make_venv(folder: Path, *packages: str) -> Path:
    """Makes a virtual environment with these packages if it is not there; returns its Python. Raises `ToolError` if it cannot be made."""
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        say(f"leakhound: making {folder} with {' '.join(packages)}")
        shutil.rmtree(folder, ignore_errors=True)
        run([sys.executable, "-m", "venv", folder])
        run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages])
        (folder / "complete").touch()
    return python


def into_venv(name: str, *packages: str) -> None:
    """Runs the calling script in `target/NAME/venv`, which is made if it is not there. LEAKHOUND_NO_VENV: it runs as it is."""
    folder = ROOT / "target" / name / "venv"
    if Path(sys.prefix).resolve() == folder.resolve() or os.environ.get("LEAKHOUND_NO_VENV"):
        return
    try:
        python = make_venv(folder, *packages)
    except (OSError, ToolError) as error:
        stop(f"{' '.join(packages)} cannot be installed here: {error}", EXIT_TOOL_MISSING)
    os.execv(python, [str(python), "-B", *sys.argv])


def in_parallel(work, inputs: list, jobs: int, label: str) -> list:
    """`work(input)` for each input, on `jobs` threads, results in the order of the inputs."""
    done = 0
    lock = threading.Lock()

    def counted(value):
        nonlocal done
        result = work(value)
        with lock:
            done += 1
            if done % 50 == 0 or done == len(inputs):
                say(f"  {label}: {done}/{len(inputs)}")
        return result

    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        return list(pool.map(counted, inputs))


def read_jsonl(path: Path) -> list[dict]:
    """All objects of a JSON-lines file."""
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def write_text(path: Path, text: str) -> None:
    """Writes a file in one step, so that an interrupted run leaves the old or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, path)


def write_page(path: Path, text: str) -> None:
    """Writes a Markdown page, and keeps the conclusion that a person wrote under the title of the old one.

    The conclusion is the block of quoted lines directly below the title. It is not made from the numbers, so it has to be read again.
    """
    if path.exists():
        title, _, below = path.read_text(encoding="utf-8").partition("\n\n")
        quoted = list(itertools.takewhile(lambda line: line.startswith(">"), below.split("\n")))
        if quoted:
            _, _, rest = text.partition("\n\n")
            text = "\n\n".join([title, "\n".join(quoted), rest])
            say(f"{path}: kept the conclusion at its head; check it against the new numbers")
    write_text(path, text)


def write_jsonl(path: Path, rows: list[dict]) -> None:
    """Writes one JSON object per line, keys in the order given."""
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def link_or_copy(source: Path, target: Path) -> None:
    """Makes a hard link if the file system allows it, else a copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        target.unlink()
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
