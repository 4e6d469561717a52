"""Helpers of the scripts: Python's standard library only, but for `lib.programmed`."""
