"""Every wrong match by name: what sounds, what was accused, and where to listen."""

from lib.metrics import log10_probability, recording_id
from lib.spans import overlap, true_time


def right_names(truth: dict) -> set[str]:
    """The recordings that a query really contains."""
    if truth["role"] == "mix":
        return {part["recording"] for part in truth["spans"] if part["role"] == "catalogue"}
    return {truth["recording"]} if truth["role"] in ("positive", "self") else set()


def longest(finding: dict) -> dict:
    return max(
        finding["spans"],
        key=lambda span: span["item_end_seconds"] - span["item_start_seconds"],
    )


def as_part(truth: dict) -> dict:
    """A query of one recording, written as a mix with one span."""
    start = truth["start_seconds"]
    return {
        "recording": truth["recording"],
        "role": "catalogue" if right_names(truth) else "held-out",
        "item_start": 0.0,
        "item_end": truth["seconds"],
        "recording_start": start,
        "recording_end": start + truth["seconds"] * truth["tempo"],
    }


def sounding(truth: dict, span: dict) -> dict:
    """The part of an item that overlaps most with a reported span."""

    def shared(part):
        start, end = overlap(part, span)
        return end - start

    return max(truth.get("spans") or [as_part(truth)], key=shared)


def accusation(truth: dict, finding: dict, mode: str) -> dict:
    """One wrong match; the times are those of the two recordings."""
    span = longest(finding)
    part = sounding(truth, span)
    # A synthetic sound is named by its length.
    made = truth["role"] == "synthetic"
    return {
        "sounds": truth["condition"] if made else part["recording"],
        "known": part["role"] == "catalogue",
        "accused": recording_id(finding),
        "query": truth["file"],
        "condition": truth["condition"],
        "role": truth["role"],
        "mode": mode,
        "log10_fap": log10_probability(finding["false_alarm_probability"]),
        "score": finding["score"],
        "tempo": finding["tempo"],
        "pitch_cents": finding["pitch_cents"],
        "sounds_from": round(true_time(part, span["item_start_seconds"]), 2),
        "sounds_to": round(true_time(part, span["item_end_seconds"]), 2),
        "accused_from": span["recording_start_seconds"],
        "accused_to": span["recording_end_seconds"],
    }


def of_item(truth: dict, item: dict | None, mode: str) -> list[dict]:
    """The wrong matches of one query."""
    return [
        accusation(truth, finding, mode)
        for finding in (item or {}).get("findings") or []
        if finding["verdict"] == "match" and recording_id(finding) not in right_names(truth)
    ]


def pairs(accusations: list[dict]) -> list[dict]:
    """One line per pair of recordings: how often, the smallest probability, and the place of that finding."""
    grouped: dict[tuple[str, str], list[dict]] = {}
    for row in accusations:
        grouped.setdefault((row["sounds"], row["accused"]), []).append(row)
    lines = [
        min(rows, key=lambda row: row["log10_fap"]) | {"queries": len(rows)}
        for rows in grouped.values()
    ]
    return sorted(lines, key=lambda line: (-line["queries"], line["sounds"], line["accused"]))
