"""Finds recordings that share music: the same tune in two games, a remaster, a part of a song.

Two recordings are near-duplicates if 15 s of one are found in the other, by the bit-error rate of
Chromaprint's items at one alignment. Held notes, drones and loops are alike at every alignment, the
same music at one only: so the rate has to be much lower there than at the alignments beside it. Only
alignments at which some items agree in all bits or all but one are compared. A change of pitch or
tempo, and another performance of the same tune, are not found.
"""

from collections import Counter

from lib import chroma

# Length of a compared passage (15 s), and the step to the next, both in items.
PASSAGE_ITEMS = int(15 * chroma.ITEMS_PER_SECOND)
PASSAGE_STEP = PASSAGE_ITEMS // 4
# An alignment is compared if this many items agree on it, give or take one item.
LEAST_VOTES = 3
# An item that occurs more often than this (silence, held notes) has no vote.
COMMON = 40
# Among 144,000 pairs of game tunes, 15 have a bit-error rate below 0.30 that is 0.10 lower than beside:
# all but one are the same music by title, or parts and mixes of one song. The next ones are drones.
# Below 0.15 a passage counts as the same whatever the rate beside: losing a drone is better than
# counting a right match as a false accusation.
ALIKE_RATE = 0.30
LOWER_THAN_BESIDE = 0.10
SAME_RATE = 0.15
# Offsets of the alignments beside, in items: 2.5 to 12 s, not multiples of each other (because of loops).
BESIDE = (-97, -61, -37, -20, 20, 37, 61, 97)
# A passage of silence or of one held note says nothing about sameness.
DISTINCT_ITEMS = PASSAGE_ITEMS // 3

NEIGHBOURS = [0] + [1 << bit for bit in range(32)]


def positions_of(recordings: list[bytes]) -> dict[int, list[tuple[int, int]]]:
    """Item -> (recording, position) of each occurrence, without the common items."""
    index: dict[int, list[tuple[int, int]]] = {}
    for number, items in enumerate(recordings):
        for position, item in enumerate(memoryview(items).cast("I")):
            index.setdefault(item, []).append((number, position))
    return {item: places for item, places in index.items() if len(places) <= COMMON}


def alignments(number: int, items: bytes, index: dict) -> set[tuple[int, int]]:
    """(other recording, offset) pairs on which several items of this recording agree."""
    votes: Counter = Counter()
    for position, item in enumerate(memoryview(items).cast("I")):
        for flip in NEIGHBOURS:
            for other, place in index.get(item ^ flip, ()):
                if other > number:
                    votes[other, (place - position) // 2 * 2] += 1
    return {alignment for alignment, count in votes.items() if count >= LEAST_VOTES}


def passages(items: bytes) -> list[int]:
    """Starts of the passages of a recording that are worth comparing."""
    last = chroma.count(items) - PASSAGE_ITEMS
    width = chroma.ITEM_BYTES
    return [
        start
        for start in range(0, last + 1, PASSAGE_STEP)
        if chroma.distinct(items[start * width : (start + PASSAGE_ITEMS) * width])
        >= DISTINCT_ITEMS
    ]


def differing(needle: int, other: bytes, place: int) -> float:
    """Bit-error rate of a passage at one place of a recording; 1.0 beyond its ends."""
    if not 0 <= place <= chroma.count(other) - PASSAGE_ITEMS:
        return 1.0
    errors = chroma.bit_errors(needle, chroma.cut(other, place, PASSAGE_ITEMS))
    return errors / (PASSAGE_ITEMS * 32)


def share_passage(items: bytes, starts: list[int], other: bytes, offset: int) -> bool:
    """Whether any of the passages that start there is in the other recording at this offset."""
    for start in starts:
        needle = chroma.cut(items, start, PASSAGE_ITEMS)
        place = start + offset
        rate = differing(needle, other, place)
        if rate < SAME_RATE:
            return True
        if rate < ALIKE_RATE:
            beside = min(differing(needle, other, place + step) for step in BESIDE)
            if beside < 1.0 and rate <= beside - LOWER_THAN_BESIDE:
                return True
    return False


def same_music(recordings: list[bytes]) -> list[tuple[int, int]]:
    """All pairs of recordings, by number, that are near-duplicates."""
    index = positions_of(recordings)
    same = set()
    for number, items in enumerate(recordings):
        starts = passages(items)
        for other, found in alignments(number, items, index):
            if any(
                share_passage(items, starts, recordings[other], offset)
                for offset in range(found - 1, found + 3)
            ):
                same.add((number, other))
    return sorted(same)


def clusters(count: int, pairs: list[tuple[int, int]]) -> list[list[int]]:
    """Numbers below `count` grouped by the pairs that join them, in ascending order."""
    parent = list(range(count))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for left, right in pairs:
        parent[root(right)] = root(left)
    groups: dict[int, list[int]] = {}
    for number in range(count):
        groups.setdefault(root(number), []).append(number)
    return list(groups.values())
