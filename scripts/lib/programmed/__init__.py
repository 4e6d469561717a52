"""Makes music as it is programmed: one-shots on a grid, out of few kits, tempos and keys.

Needs numpy, and music21 for the chorales; `scripts/programmed` says so when one is missing.
"""
