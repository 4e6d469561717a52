"""Helpers of `scripts/corpus` and `scripts/evaluate`: Python's standard library only."""
