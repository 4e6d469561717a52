"""Chromaprint's raw items by `fpcalc`, and the bit-error rate between two runs of them.

An item is 32 bits; one comes every 4096 / 3 samples at 11 025 Hz, 8.07 a second. Runs of items
are held as little-endian bytes, so a window is a slice and a comparison is one XOR and one
population count of two big integers.
"""

import json
import subprocess
import sys
from array import array
from pathlib import Path

ITEMS_PER_SECOND = 11025 / (4096 / 3)
ITEM_BYTES = 4


def items_of(path: Path) -> bytes:
    """The raw items of a whole file; empty where the file is too short or cannot be decoded."""
    done = subprocess.run(
        ["fpcalc", "-raw", "-json", "-length", "0", str(path)],
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )
    try:
        numbers = json.loads(done.stdout)["fingerprint"]
    except (ValueError, KeyError):
        return b""
    items = array("I", numbers)
    if sys.byteorder == "big":
        items.byteswap()
    return items.tobytes()


def count(items: bytes) -> int:
    """How many items a run holds."""
    return len(items) // ITEM_BYTES


def cut(items: bytes, start: int, length: int) -> int:
    """Items `start .. start + length` as one integer."""
    return int.from_bytes(items[start * ITEM_BYTES : (start + length) * ITEM_BYTES], "little")


def windows(items: bytes, length: int) -> list[int]:
    """Every run of `length` successive items."""
    return [cut(items, start, length) for start in range(count(items) - length + 1)]


def bit_errors(a: int, b: int) -> int:
    """How many bits differ."""
    return (a ^ b).bit_count()


def distinct(items: bytes) -> int:
    """How many different items a run holds: silence and drones have very few."""
    return len(set(memoryview(items).cast("I")))
