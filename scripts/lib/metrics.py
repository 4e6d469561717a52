"""From report items and the truth to numbers: one outcome a query, one summary a condition."""

import math
from pathlib import Path
from statistics import median

# Two-sided 95 %.
Z = 1.959964


def wilson(hits: int, tries: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share; (0, 1) without tries."""
    if tries == 0:
        return 0.0, 1.0
    share = hits / tries
    middle = share + Z * Z / (2 * tries)
    half = Z * math.sqrt(share * (1 - share) / tries + Z * Z / (4 * tries * tries))
    scale = 1 + Z * Z / tries
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def log10_probability(probability: float | None) -> float | None:
    """Decimal logarithm; what underflowed to zero is told as -300."""
    if probability is None:
        return None
    return round(math.log10(max(probability, 1e-300)), 4)


def recording_id(finding: dict) -> str:
    """The manifest's id of the recording a finding names: its file's name without suffix."""
    return Path(finding["recording_path"]).stem


def strongest(findings: list[dict]) -> dict | None:
    """A match before a suspect, then the least probable false alarm, then the highest score."""

    def rank(finding):
        chance = log10_probability(finding.get("false_alarm_probability"))
        return (
            finding["verdict"] != "match",
            0 if chance is None else chance,
            -(finding.get("score") or 0),
        )

    return min(findings, key=rank, default=None)


def brief(finding: dict | None) -> dict | None:
    """What later calibration needs of a finding."""
    if finding is None:
        return None
    return {
        "recording": recording_id(finding),
        "verdict": finding["verdict"],
        "score": finding.get("score"),
        "log10_fap": log10_probability(finding.get("false_alarm_probability")),
        "tempo": finding.get("tempo"),
        "pitch_cents": finding.get("pitch_cents"),
        "item_coverage": finding.get("item_coverage"),
        "spans": len(finding.get("spans") or []),
    }


def errors(finding: dict, truth: dict) -> dict:
    """How far a right finding is off: offset in seconds, tempo in per cent, pitch in cents.

    An item cut at source second S and played at tempo t shows recording time S + t · item time.
    """
    found = {}
    spans = finding.get("spans") or []
    if spans:
        first = min(spans, key=lambda span: span["item_start_seconds"])
        expected = truth["start_seconds"] + truth["tempo"] * first["item_start_seconds"]
        found["offset_error_seconds"] = abs(first["recording_start_seconds"] - expected)
    if finding.get("tempo") is not None:
        found["tempo_error_percent"] = abs(finding["tempo"] / truth["tempo"] - 1) * 100
    if finding.get("pitch_cents") is not None:
        found["pitch_error_cents"] = abs(finding["pitch_cents"] - truth["pitch_cents"])
    return {name: round(value, 5) for name, value in found.items()}


def outcome(truth: dict, item: dict | None) -> dict:
    """What leakhound said of one query, beside the truth."""
    row = {
        "query": truth["file"],
        "condition": truth["condition"],
        "role": truth["role"],
        "recording": truth["recording"],
        "seconds": truth["seconds"],
        "start_seconds": truth["start_seconds"],
        "tempo": truth["tempo"],
        "pitch_cents": truth["pitch_cents"],
    }
    if item is None:
        return row | {"verdict": "missing", "right": None, "wrong": None, "wrong_matches": 0}
    findings = item.get("findings") or []
    is_positive = truth["role"] == "positive"
    right = [f for f in findings if is_positive and recording_id(f) == truth["recording"]]
    wrong = [f for f in findings if not (is_positive and recording_id(f) == truth["recording"])]
    row["verdict"] = item["verdict"]
    row["right"] = brief(strongest(right))
    row["wrong"] = brief(strongest(wrong))
    row["wrong_matches"] = sum(f["verdict"] == "match" for f in wrong)
    row["wrong_suspects"] = sum(f["verdict"] == "suspect" for f in wrong)
    if right and strongest(right)["verdict"] == "match":
        row |= errors(strongest(right), truth)
    return row


def middle(rows: list[dict], name: str) -> float | None:
    """Median of a number over the rows that have it."""
    values = [row[name] for row in rows if row.get(name) is not None]
    return round(median(values), 4) if values else None


def summarise_positive(name: str, rows: list[dict]) -> dict:
    """The line of one condition."""
    tries = len(rows)
    said = [row["right"]["verdict"] if row["right"] else None for row in rows]
    hits = said.count("match")
    low, high = wilson(hits, tries)
    return {
        "condition": name,
        "queries": tries,
        "found": hits,
        "recall": hits / tries if tries else 0.0,
        "recall_low": low,
        "recall_high": high,
        "suspect_only": said.count("suspect"),
        "wrong_accusations": sum(row["wrong_matches"] for row in rows),
        "failed": sum(row["verdict"] in ("failed", "missing") for row in rows),
        "median_offset_error_seconds": middle(rows, "offset_error_seconds"),
        "median_tempo_error_percent": middle(rows, "tempo_error_percent"),
        "median_pitch_error_cents": middle(rows, "pitch_error_cents"),
    }


def summarise_negative(name: str, rows: list[dict]) -> dict:
    """False positives, counted in files: a file with any match, and one with a suspect at most."""
    matched = sum(row["wrong_matches"] > 0 for row in rows)
    suspected = sum(row["wrong_matches"] == 0 and row.get("wrong_suspects", 0) > 0 for row in rows)
    chances = [row["wrong"]["log10_fap"] for row in rows if row["wrong"]]
    chances = [value for value in chances if value is not None]
    return {
        "condition": name,
        "files": len(rows),
        "false_matches": matched,
        "false_match_rate_high": wilson(matched, len(rows))[1],
        "false_suspects": suspected,
        "failed": sum(row["verdict"] in ("failed", "missing") for row in rows),
        "lowest_log10_fap": min(chances, default=None),
    }
