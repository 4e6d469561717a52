"""Tests of leaving channels out of tracker modules, on modules of one pattern that are made here."""

import struct
import unittest

from lib import modules


def mod(cells: dict[int, bytes]) -> bytes:
    """Four channels, one pattern; cell number -> its four bytes."""
    pattern = bytearray(1024)
    for number, cell in cells.items():
        pattern[4 * number : 4 * number + 4] = cell
    return bytes(952) + bytes(128) + b"M.K." + bytes(pattern) + b"samples"


def xm(packed: bytes, rows: int, channels: int) -> bytes:
    """One pattern, no instruments."""
    start = b"Extended Module: ".ljust(58, b"\0") + struct.pack("<HI", 0x104, 276)
    numbers = struct.pack("<8H", 1, 0, channels, 1, 0, 1, 6, 125)
    pattern = struct.pack("<IBHH", 9, 0, rows, len(packed)) + packed
    return start + numbers + bytes(256) + pattern + b"the rest"


def s3m(packed: bytes) -> bytes:
    """One pattern at byte 112, no instruments."""
    head = bytes(32) + struct.pack("<3H", 0, 0, 1) + bytes(6) + b"SCRM"
    return head.ljust(96, b"\0") + struct.pack("<H", 7) + bytes(14) + bytes(2) + packed


class Channels(unittest.TestCase):
    def left_out(self, data: bytes, suffix: str, channel: int) -> list:
        """The events that remain without `channel`; checks that all remain when no channel is left out."""
        module = modules.read(data, suffix)
        kept = modules.read(module.without(set()), suffix)
        self.assertEqual(list(kept.events()), list(module.events()))
        changed = module.without({channel})
        return list(modules.read(changed, suffix).events())

    def test_mod_loses_the_note_and_keeps_the_effect(self):
        data = mod({0: b"\x11\x23\x4f\x06", 1: b"\x02\x00\x1c\x20"})
        self.assertEqual(self.left_out(data, ".mod", 0), [(1, 0x200, 1)])
        changed = modules.read(data, ".mod").without({0})
        self.assertEqual(changed[1084:1088], b"\x00\x00\x0f\x06")

    def test_xm_loses_the_note_and_keeps_the_effect(self):
        # A whole cell, then a note with its instrument and an empty cell.
        data = xm(b"\x31\x01\x40\x0f\x06" + b"\x83\x20\x02" + b"\x80" * 2, 2, 2)
        self.assertEqual(self.left_out(data, ".xm", 0), [(1, 0x20, 2)])
        changed = modules.read(data, ".xm").without({0})
        self.assertIn(b"\x98\x0f\x06" + b"\x83\x20\x02" + b"\x80" * 2 + b"the rest", changed)

    def test_s3m_loses_the_note_and_keeps_the_effect(self):
        data = s3m(b"\xe0\x44\x01\x40\x01\x06" + b"\x21\x50\x02" + bytes(64)) + b"samples"
        self.assertEqual(self.left_out(data, ".s3m", 0), [(1, 0x50, 2)])
        changed = modules.read(data, ".s3m").without({0})
        self.assertEqual(len(changed), len(data))
        self.assertEqual(changed[114:120], b"\x80\x01\x06\x21\x50\x02")
        self.assertTrue(changed.endswith(b"samples"))

    def test_what_is_no_module_is_told(self):
        for suffix in (".mod", ".xm", ".s3m", ".it", ".stm"):
            with self.assertRaises(modules.Unreadable):
                modules.read(b"nothing of the kind", suffix)


class Melody(unittest.TestCase):
    def test_drums_are_no_melody(self):
        drums = [(0, 60, 1), (0, 60, 2), (0, 62, 0)] * 5
        melody = [(1, note, 3) for note in (60, 62, 64, 65)]
        played = modules.played(type("Song", (), {"events": lambda self: drums + melody})())
        self.assertFalse(modules.is_melodic(played[0]))
        self.assertTrue(modules.is_melodic(played[1]))


if __name__ == "__main__":
    unittest.main()
