"""All conditions, and how to choose among them."""

import fnmatch
from dataclasses import dataclass

from lib.conditions import POSITIVES
from lib.mixes import MIXES
from lib.unrelated import NEGATIVES, SYNTHETIC


@dataclass(frozen=True)
class OwnFiles:
    """The file of every catalogue recording, used as an item; nothing has to be made."""

    name: str = "self"
    title: str = "the catalogue's own files"
    role: str = "self"
    quick: bool = False


EVERYTHING = [*POSITIVES, *MIXES, OwnFiles(), *NEGATIVES, *SYNTHETIC]


def chosen(patterns: list[str], quick: bool) -> list:
    """The conditions whose names match any pattern (shell wildcards); all if there is no pattern."""
    if patterns:
        return [c for c in EVERYTHING if any(fnmatch.fnmatch(c.name, p) for p in patterns)]
    return [c for c in EVERYTHING if not quick or getattr(c, "quick", True)]


def of_role(conditions: list, role: str) -> list:
    """The conditions of one role, in their order."""
    return [condition for condition in conditions if condition.role == role]
