"""Whether a stated false-alarm probability is what happens: held-out items beside what was told.

Each held-out item tells one number, the smallest probability of any finding, or 1 without one. If
the numbers are true, a share p of all items tells p or less.
"""

from lib import metrics
from lib.unrelated import LENGTHS, length_name

THRESHOLDS = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 1e-3, 1e-4, 1e-5, 1e-6)
# What makes a scan tell every finding, however weak; a probability of 1 is refused as a line.
SUSPECT_BELOW = "0.999999"
OPTIONS = ["--suspect-below", SUSPECT_BELOW, "--match-below", "1e-6"]


def smallest(item: dict | None) -> float:
    """The least false-alarm probability that is told of an item."""
    findings = (item or {}).get("findings") or []
    return min((finding["false_alarm_probability"] for finding in findings), default=1.0)


def line(name: str, told: list[float]) -> dict:
    """One group of items: how many tell each probability or less, and how many should."""
    return {
        "length": name,
        "items": len(told),
        "thresholds": [
            {"probability": p, "expected": p * len(told)}
            | {"observed": metrics.share(sum(value <= p for value in told), len(told))}
            for p in THRESHOLDS
        ],
    }


def summarise(rows: list[dict]) -> list[dict]:
    """A line a length and one of all; each row has `length` (of the clip) and `told`."""
    groups = [
        (length_name(seconds), [row["told"] for row in rows if row["length"] == seconds])
        for seconds in LENGTHS
    ]
    groups.append(("all", [row["told"] for row in rows]))
    return [line(name, told) for name, told in groups if told]
