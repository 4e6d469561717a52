"""Whether the false-alarm probabilities are true, tested on held-out items.

Each held-out item gives one number: the smallest probability of its findings, or 1 if it has none.
If the probabilities are true, a share p of the items gives p or less.
"""

from lib import metrics
from lib.unrelated import LENGTHS, length_name

THRESHOLDS = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 1e-3, 1e-4, 1e-5, 1e-6)
# Makes a scan report every finding, however weak; the option does not accept 1.
SUSPECT_BELOW = "0.999999"
OPTIONS = ["--suspect-below", SUSPECT_BELOW, "--match-below", "1e-6"]


def smallest(item: dict | None) -> float:
    """The smallest false-alarm probability among the findings of an item."""
    findings = (item or {}).get("findings") or []
    return min((finding["false_alarm_probability"] for finding in findings), default=1.0)


def line(name: str, told: list[float]) -> dict:
    """One group of items: for each probability, how many items have it or less, and how many should."""
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
    """One line per length and one for all; each row has `length` (of the clip) and `told`."""
    groups = [
        (length_name(seconds), [row["told"] for row in rows if row["length"] == seconds])
        for seconds in LENGTHS
    ]
    groups.append(("all", [row["told"] for row in rows]))
    return [line(name, told) for name, told in groups if told]
