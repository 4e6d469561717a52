"""From report items and the truth to numbers: one outcome per query, one summary per condition."""

import math
from pathlib import Path
from statistics import median

# Two-sided 95 %.
Z = 1.959964


def wilson(hits: int, tries: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share; (0, 1) if there are no trials."""
    if tries == 0:
        return 0.0, 1.0
    share = hits / tries
    middle = share + Z * Z / (2 * tries)
    half = Z * math.sqrt(share * (1 - share) / tries + Z * Z / (4 * tries * tries))
    scale = 1 + Z * Z / tries
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def share(hits: int, tries: int) -> dict:
    """A share with its interval, as it stands in the JSON."""
    low, high = wilson(hits, tries)
    return {"hits": hits, "of": tries, "share": hits / tries if tries else 0.0} | {
        "low": low,
        "high": high,
    }


def quantile(values: list[float], part: float) -> float | None:
    """The smallest value that a share `part` of all values does not exceed (nearest rank)."""
    if not values:
        return None
    rank = math.ceil(part * len(values))
    return sorted(values)[max(0, rank - 1)]


def log10_probability(probability: float | None) -> float | None:
    """Decimal logarithm; -300 for a probability that underflowed to zero."""
    if probability is None:
        return None
    return round(math.log10(max(probability, 1e-300)), 4)


def recording_id(finding: dict) -> str:
    """The id in the manifest of the recording that a finding names: its file name without suffix."""
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
    """The part of a finding that is kept in the JSON."""
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
        "recording_coverage": finding.get("recording_coverage"),
        "spans": len(finding.get("spans") or []),
    }


def errors(finding: dict, truth: dict) -> dict:
    """Errors of a right finding: offset, start and end in seconds, tempo in per cent, pitch in cents.

    An item cut at source second S and played at tempo t shows recording time S + t · item time.
    All of the item is the recording, so its span should reach from 0 to the item's end.
    """
    found = {}
    spans = finding.get("spans") or []
    if spans:
        first = min(spans, key=lambda span: span["item_start_seconds"])
        expected = truth["start_seconds"] + truth["tempo"] * first["item_start_seconds"]
        found["offset_error_seconds"] = abs(first["recording_start_seconds"] - expected)
        found["start_error_seconds"] = abs(first["item_start_seconds"])
        end = max(span["item_end_seconds"] for span in spans)
        found["end_error_seconds"] = abs(truth["seconds"] - end)
    if finding.get("tempo") is not None:
        found["tempo_error_percent"] = abs(finding["tempo"] / truth["tempo"] - 1) * 100
    if finding.get("pitch_cents") is not None:
        found["pitch_error_cents"] = abs(finding["pitch_cents"] - truth["pitch_cents"])
    return {name: round(value, 5) for name, value in found.items()}


def wrong_part(findings: list[dict]) -> dict:
    """The fields of an outcome about wrong findings."""
    return {
        "wrong": brief(strongest(findings)),
        "wrong_matches": sum(f["verdict"] == "match" for f in findings),
        "wrong_suspects": sum(f["verdict"] == "suspect" for f in findings),
    }


def told_of(truth: dict, item: dict | None, mode: str) -> dict:
    """The fields that every outcome begins with."""
    return {
        "query": truth["file"],
        "condition": truth["condition"],
        "role": truth["role"],
        "mode": mode,
        "recording": truth["recording"],
        "seconds": truth["seconds"],
        "verdict": item["verdict"] if item else "missing",
    }


def outcome(truth: dict, item: dict | None, mode: str = "") -> dict:
    """Leakhound's answer about a query of one recording, compared with the truth."""
    row = told_of(truth, item, mode)
    row |= {name: truth[name] for name in ("start_seconds", "tempo", "pitch_cents")}
    findings = (item or {}).get("findings") or []
    known = truth["role"] in ("positive", "self")
    right = [f for f in findings if known and recording_id(f) == truth["recording"]]
    row["right"] = brief(strongest(right))
    row |= wrong_part([f for f in findings if f not in right])
    if right and strongest(right)["verdict"] == "match":
        row |= errors(strongest(right), truth)
    return row


def values(rows: list[dict], name: str) -> list[float]:
    """A number of all the rows that have it."""
    return [row[name] for row in rows if row.get(name) is not None]


def middle(rows: list[dict], name: str) -> float | None:
    """Median of a number over the rows that have it."""
    found = values(rows, name)
    return round(median(found), 4) if found else None


def unread(rows: list[dict]) -> int:
    return sum(row["verdict"] in ("failed", "missing") for row in rows)


def peers_right(rows: list[dict]) -> dict[str, float]:
    """Recall of each peer that was run."""
    return {
        peer: sum(row["peers"][peer]["accepted"] == row["recording"] for row in rows) / len(rows)
        for peer in rows[0].get("peers", {})
    }


def peers_wrong(rows: list[dict]) -> dict[str, int]:
    """False positives of each peer that was run."""
    return {
        peer: sum(row["peers"][peer]["accepted"] is not None for row in rows)
        for peer in rows[0].get("peers", {})
    }


def summarise_positive(name: str, rows: list[dict]) -> dict:
    """The line of one condition."""
    said = [row["right"]["verdict"] if row["right"] else None for row in rows]
    return {
        "condition": name,
        "queries": len(rows),
        "recall": share(said.count("match"), len(rows)),
        "suspect_only": said.count("suspect"),
        "wrong_accusations": sum(row["wrong_matches"] for row in rows),
        "failed": unread(rows),
        "median_offset_error_seconds": middle(rows, "offset_error_seconds"),
        "median_start_error_seconds": middle(rows, "start_error_seconds"),
        "median_end_error_seconds": middle(rows, "end_error_seconds"),
        "median_tempo_error_percent": middle(rows, "tempo_error_percent"),
        "p95_tempo_error_percent": quantile(values(rows, "tempo_error_percent"), 0.95),
        "median_pitch_error_cents": middle(rows, "pitch_error_cents"),
        "peers": peers_right(rows),
    }


def summarise_negative(name: str, rows: list[dict]) -> dict:
    """False positives, counted in files: a file with any match, and one with a suspect at most."""
    matched = sum(row["wrong_matches"] > 0 for row in rows)
    suspected = sum(row["wrong_matches"] == 0 and row["wrong_suspects"] > 0 for row in rows)
    chances = [row["wrong"]["log10_fap"] for row in rows if row["wrong"]]
    return {
        "condition": name,
        "files": len(rows),
        "false_match": share(matched, len(rows)),
        "false_suspects": suspected,
        "recordings": len({row["recording"] for row in rows}),
        "recordings_matched": len({row["recording"] for row in rows if row["wrong_matches"]}),
        "failed": unread(rows),
        "lowest_log10_fap": min((chance for chance in chances if chance is not None), default=None),
        "peers": peers_wrong(rows),
    }


# Least share of a recording's own file, and of the recording, that a finding should cover. A guess.
OWN_COVERAGE = 0.98


def summarise_own(rows: list[dict]) -> dict:
    """How much of the catalogue's own files is found again, and which are covered too little."""
    covered = {
        name: [row["right"][name] if row["right"] else 0.0 for row in rows]
        for name in ("item_coverage", "recording_coverage")
    }
    found = [row["right"] is not None and row["right"]["verdict"] == "match" for row in rows]
    lowest = [min(pair) for pair in zip(*covered.values())]
    short = [
        {"recording": row["recording"], "seconds": row["seconds"], "verdict": row["verdict"]}
        | {name: shares[number] for name, shares in covered.items()}
        for number, row in enumerate(rows)
        if lowest[number] < OWN_COVERAGE
    ]
    return {
        "files": len(rows),
        "found": share(sum(found), len(rows)),
        "wrong_accusations": sum(row["wrong_matches"] for row in rows),
        "failed": unread(rows),
        "least": {name: min(shares, default=None) for name, shares in covered.items()},
        "p1": {name: quantile(shares, 0.01) for name, shares in covered.items()},
        "short": sorted(short, key=lambda row: row["item_coverage"] + row["recording_coverage"]),
    }
