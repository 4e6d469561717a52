"""Downloads Debian packages and unpacks the wanted files, without installing anything."""

import shutil
import subprocess
import tarfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

from lib import tools

# Gets a member's name, its size and a function that opens it; writes the wanted part to a folder.
Take = Callable[[Path, int, Callable[[], BinaryIO], Path], None]


def cached_version(folder: Path) -> str | None:
    """The version in a package's folder, if it was unpacked completely."""
    try:
        return (folder / ".version").read_text(encoding="utf-8").strip()
    except OSError:
        return None


def fetch_package(package: str, folder: Path, take: Take) -> str | None:
    """Downloads and unpacks one package; returns its version, or None if it is not available."""
    download = folder.parent / f"{package}.download"
    shutil.rmtree(download, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    download.mkdir(parents=True)
    try:
        tools.run(["apt-get", "-q", "download", package], cwd=download)
        archive = next(download.glob("*.deb"))
        version = tools.run(["dpkg-deb", "--field", archive, "Version"]).strip()
        unpack(archive, folder, take)
        (folder / ".version").write_text(version + "\n", encoding="utf-8")
        return version
    except (tools.ToolError, StopIteration) as error:
        tools.say(f"  {package}: left out: {error}")
        return None
    finally:
        shutil.rmtree(download, ignore_errors=True)


def unpack(archive: Path, folder: Path, take: Take) -> None:
    """Passes the files of a .deb to `take`; links, devices and `..` are left out."""
    stream = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE)
    with stream, tarfile.open(fileobj=stream.stdout, mode="r|") as members:
        for member in members:
            name = Path(member.name)
            if member.isfile() and not name.is_absolute() and ".." not in name.parts:
                take(name, member.size, partial(members.extractfile, member), folder)
    folder.mkdir(parents=True, exist_ok=True)


def write_member(source: BinaryIO, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target, "wb") as out:
        shutil.copyfileobj(source, out)


def fetch_all(packages: list[str], root: Path, refresh: bool, take: Take) -> dict[str, str]:
    """Fills the folder of every package; returns package -> version of those that are available."""
    versions = {}
    for package in packages:
        folder = root / package
        version = None if refresh else cached_version(folder)
        if version is None:
            tools.say(f"fetching {package}")
            version = fetch_package(package, folder, take)
        if version is not None:
            versions[package] = version
    if not versions:
        tools.stop(
            "no package could be fetched; try `apt-get update` first",
            tools.EXIT_NOTHING_TO_WORK_ON,
        )
    return versions


def print_cached(packages: list[str], root: Path) -> None:
    """Prints what would be fetched, and which versions are cached."""
    for package in packages:
        print(f"{package:32} {cached_version(root / package) or 'not fetched yet'}")
