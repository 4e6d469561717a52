"""How well an item of several recordings is taken apart: which are found, and where in it.

A true span is all that sounds of a recording, crossfades included. Any point of a crossfade is a
fair end, so a reported end is right within two seconds of any point of it. The error whose median is
reported is the distance from the middle of the crossfade.
"""

from lib.metrics import (
    brief,
    middle,
    recording_id,
    share,
    strongest,
    told_of,
    unread,
    wrong_part,
)

END_TOLERANCE = 2.0
# A reported span fits a true one if its time in the recording is right within this many seconds. A guess.
FIT_SECONDS = 1.0
# A true span is found if fitting spans cover this share of it. A guess.
FOUND_SHARE = 0.5


def recording_time(start: float, end: float, first: float, last: float, at: float) -> float:
    """The recording's time at an item's time, along a span from (start, first) to (end, last)."""
    return first + (at - start) * (last - first) / max(end - start, 1e-9)


def told_time(span: dict, at: float) -> float:
    return recording_time(
        span["item_start_seconds"],
        span["item_end_seconds"],
        span["recording_start_seconds"],
        span["recording_end_seconds"],
        at,
    )


def true_time(part: dict, at: float) -> float:
    return recording_time(
        part["item_start"], part["item_end"], part["recording_start"], part["recording_end"], at
    )


def overlap(part: dict, span: dict) -> tuple[float, float]:
    """Start and end of the overlap of two spans in the item; end < start if there is none."""
    return (
        max(part["item_start"], span["item_start_seconds"]),
        min(part["item_end"], span["item_end_seconds"]),
    )


def fit_error(part: dict, span: dict) -> float | None:
    """Error of the recording's reported time in the middle of the overlap; None if there is none."""
    start, end = overlap(part, span)
    if end <= start:
        return None
    at = (start + end) / 2
    return abs(told_time(span, at) - true_time(part, at))


def union(intervals: list[tuple[float, float]]) -> float:
    """Seconds covered by intervals that may overlap."""
    covered, reached = 0.0, float("-inf")
    for start, end in sorted(intervals):
        covered += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return covered


def covered(part: dict, spans: list[dict]) -> float:
    """The share of a part's time that reported spans cover."""
    seconds = union([overlap(part, span) for span in spans])
    return round(seconds / (part["item_end"] - part["item_start"]), 4)


def end_errors(side: str, told: float, edge: float, inward: float) -> dict:
    """Distance of one end from the middle of the crossfade, and whether it is right.

    `edge` is the outer end of the crossfade and `inward` the way to its inner end, negative
    towards the item's beginning.
    """
    low, high = sorted((edge, edge + inward))
    outside = max(0.0, low - told, told - high)
    return {
        f"{side}_error_seconds": round(abs(told - (low + high) / 2), 4),
        f"{side}_right": outside <= END_TOLERANCE,
    }


def part_outcome(part: dict, findings: list[dict]) -> dict:
    """How the findings of its recording cover one true span."""
    best = strongest(findings)
    row = {
        "recording": part["recording"],
        "tempo": part["tempo"],
        "seconds": round(part["item_end"] - part["item_start"], 3),
        "right": brief(best),
        "span_found": False,
    }
    spans = [span for f in findings if f["verdict"] == "match" for span in f["spans"]]
    told = [(fit_error(part, span), span) for span in spans]
    told = [(error, span) for error, span in told if error is not None]
    fits = [(error, span) for error, span in told if error <= FIT_SECONDS]
    row["told"] = covered(part, [span for _, span in told])
    row["covered"] = covered(part, [span for _, span in fits])
    if row["covered"] < FOUND_SHARE:
        return row
    row["span_found"] = True
    row["offset_error_seconds"] = round(min(error for error, _ in fits), 4)
    start = min(span["item_start_seconds"] for _, span in fits)
    end = max(span["item_end_seconds"] for _, span in fits)
    row |= end_errors("start", start, part["item_start"], part["fade_in"])
    row |= end_errors("end", end, part["item_end"], -part["fade_out"])
    row["tempo_error_percent"] = round(abs(best["tempo"] / part["tempo"] - 1) * 100, 5)
    return row


def outcome(truth: dict, item: dict | None, mode: str = "") -> dict:
    """Leakhound's answer about an item of several recordings, compared with the truth."""
    row = told_of(truth, item, mode)
    findings = (item or {}).get("findings") or []
    parts = [part for part in truth["spans"] if part["role"] == "catalogue"]
    by_name = {part["recording"]: [] for part in parts}
    wrong = []
    for finding in findings:
        by_name.get(recording_id(finding), wrong).append(finding)
    row["parts"] = [part_outcome(part, by_name[part["recording"]]) for part in parts]
    return row | wrong_part(wrong)


def is_match(part: dict) -> bool:
    return part["right"] is not None and part["right"]["verdict"] == "match"


def found_share(parts: list[dict]) -> dict:
    return share(sum(map(is_match, parts)), len(parts))


def summarise(name: str, rows: list[dict]) -> dict:
    """The line of one kind of mix; a recording counts once per item, a span each time."""
    once = [part for row in rows for part in {p["recording"]: p for p in row["parts"]}.values()]
    spans = [part for row in rows for part in row["parts"]]
    found = [part for part in spans if part["span_found"]]
    right_ends = sum(part["start_right"] + part["end_right"] for part in found)
    return {
        "condition": name,
        "items": len(rows),
        "hours": sum(row["seconds"] for row in rows) / 3600,
        "recordings": found_share(once),
        "as_released": found_share([part for part in once if part["tempo"] == 1.0]),
        "at_other_tempo": found_share([part for part in once if part["tempo"] != 1.0]),
        "wrong_accusations": sum(row["wrong_matches"] for row in rows),
        "failed": unread(rows),
        "spans": share(len(found), len(spans)),
        "mean_told": sum(part["told"] for part in spans) / len(spans),
        "ends": share(right_ends, 2 * len(found)),
        "median_start_error_seconds": middle(found, "start_error_seconds"),
        "median_end_error_seconds": middle(found, "end_error_seconds"),
        "median_offset_error_seconds": middle(found, "offset_error_seconds"),
        "median_tempo_error_percent": middle(found, "tempo_error_percent"),
    }
