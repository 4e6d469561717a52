"""Imports run downward: checks that no room of the library names one above it, and that no files of one room go in circles.

    python3 -B scripts/lib/rooms.py

A room is a module directly below `src/`. ROOMS lists them from the ground up; code may name its own room and those before it.
Unit tests may name anything. A circle is told by the files that are in it.
"""

import re
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent.parent / "src"

ROOMS = """
base bytes sniff signal record wording identifier decode source index matching ingest
catalog identify import export scan lint results review notice inspect provenance cluster report watch session
""".split()

TESTS = re.compile(r"#\[cfg\(test\)\]\s*mod \w+ \{.*", re.S)
COMMENT = re.compile(r"^\s*//.*$", re.M)


def code(path: Path) -> str:
    """The text of a file without its comments and its unit tests, which stand last."""
    return COMMENT.sub("", TESTS.sub("", path.read_text()))


def leaves(tree: str) -> list[list[str]]:
    """The paths of a `use`: `a::{b, c::D}` has `a::b` and `a::c::D`."""
    tree = tree.strip()
    grouped = re.fullmatch(r"([\w:]*?)(?:::)?\{(.*)\}", tree, re.S)
    if not grouped:
        return [re.sub(r"\s+as\s+\w+", "", tree).strip().split("::")]
    before = [part for part in grouped[1].split("::") if part]
    parts, depth, part = [], 0, ""
    for letter in grouped[2] + ",":
        depth += (letter == "{") - (letter == "}")
        if letter == "," and depth == 0:
            if part.strip():
                parts.append(part)
            part = ""
        else:
            part += letter
    return [before + leaf for part in parts for leaf in leaves(part)]


class Module:
    def __init__(self, path: Path):
        self.path = path
        inside = path.relative_to(SOURCE).with_suffix("").parts
        self.name = inside[:-1] if inside[-1] == "mod" else inside
        self.text = code(path)
        # What the module names under another module's name: `pub use store::Store`.
        self.exports = {}

    def paths(self) -> list[tuple[str, ...]]:
        """Every path it names, from the top of the crate."""
        found = [leaf for use in re.findall(r"\buse\s+([^;]+);", self.text) for leaf in leaves(use)]
        rest = re.sub(r"\buse\s+[^;]+;", "", self.text)
        found += [path.split("::") for path in re.findall(r"\b(?:crate|super|self)(?:::\w+)+", rest)]
        return [path for path in (self.whole(leaf) for leaf in found) if path]

    def whole(self, path: list[str]) -> tuple[str, ...] | None:
        if path[0] == "crate":
            return tuple(path[1:])
        base = self.name
        if path[0] == "self":
            return base + tuple(path[1:])
        if path[0] == "super":
            while path and path[0] == "super":
                base, path = base[:-1], path[1:]
            return base + tuple(path)
        return None


def modules() -> dict[tuple[str, ...], Module]:
    found = {}
    for path in sorted(SOURCE.rglob("*.rs")):
        inside = path.relative_to(SOURCE).parts
        if inside[0] in ("bin", "libtorrent-sys", "lowband", "lib.rs") or "tests" in inside or path.name == "tests.rs":
            continue
        module = Module(path)
        found[module.name] = module
    for module in found.values():
        for tree in re.findall(r"\buse\s+([^;]+);", module.text):
            for leaf in leaves(tree):
                path = module.whole(leaf) or (
                    module.name + tuple(leaf) if module.name + (leaf[0],) in found else None
                )
                if path:
                    module.exports[path[-1]] = path
    return found


def owner(path: tuple[str, ...], found: dict, depth: int = 0) -> tuple[str, ...] | None:
    """The module in which what a path names is written, through the `pub use` of others."""
    for length in range(len(path), 0, -1):
        module = found.get(path[:length])
        if module is None:
            continue
        if length < len(path) and path[length] in module.exports and depth < 8:
            return owner(module.exports[path[length]] + path[length + 1 :], found, depth + 1) or path[:length]
        return path[:length]
    return None


def circles(edges: dict) -> list[list]:
    """Strongly connected components of more than one node, by Tarjan's algorithm."""
    number, low, stack, on, out = {}, {}, [], set(), []

    def visit(node):
        number[node] = low[node] = len(number)
        stack.append(node)
        on.add(node)
        for after in sorted(edges.get(node, ())):
            if after not in number:
                visit(after)
                low[node] = min(low[node], low[after])
            elif after in on:
                low[node] = min(low[node], number[after])
        if low[node] == number[node]:
            part = []
            while not part or part[-1] != node:
                part.append(stack.pop())
                on.discard(part[-1])
            if len(part) > 1:
                out.append(sorted(part))

    for node in sorted(edges):
        if node not in number:
            visit(node)
    return out


def complaints() -> list[str]:
    found = modules()
    out = []
    unknown = sorted({name[0] for name in found} - set(ROOMS))
    out += [f"{room}: no place in ROOMS of scripts/lib/rooms.py" for room in unknown]
    place = {room: at for at, room in enumerate(ROOMS)}
    edges = {}
    for module in found.values():
        room = module.name[0]
        for path in module.paths():
            if not path or path[0] not in place:
                continue
            if place[path[0]] > place.get(room, len(ROOMS)):
                file = module.path.relative_to(SOURCE.parent)
                out.append(f"{file} names {'::'.join(path)}, but {path[0]} lies above {room}")
            target = owner(path, found)
            # A module's own face is not a file of its own work: what only collects its parts is in no circle.
            if target and target != module.name and target[0] == room and len(module.name) > 1 and len(target) > 1:
                edges.setdefault(module.name, set()).add(target)
    out += [f"a circle: {', '.join('::'.join(part) for part in circle)}" for circle in circles(edges)]
    return sorted(set(out))


if __name__ == "__main__":
    told = complaints()
    print("\n".join(told) or "every room names only those below it, and no files go in circles")
    sys.exit(bool(told))
