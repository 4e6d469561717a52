"""Runs leakhound over the queries, one scan per mode, and collects outcomes and summaries."""

from dataclasses import dataclass, field
from pathlib import Path

from lib import accusations, calibration, metrics, spans, tools
from lib.conditions import THOROUGH
from lib.leakhound import Leakhound
from lib.suite import of_role


@dataclass
class Scan:
    """One run of leakhound over some of the queries."""

    name: str
    rows: list[dict]
    mode: str = ""
    options: list[str] = field(default_factory=list)


def own_files(catalogue: list[dict]) -> list[dict]:
    """The catalogue's own files as queries."""
    return [
        {
            "condition": "self",
            "recording": row["id"],
            "role": "self",
            "tempo": 1.0,
            "pitch_cents": 0.0,
            "file": Path(row["path"]).name,
            "path": row["path"],
            "start_seconds": 0.0,
            "seconds": row["seconds"],
        }
        for row in catalogue
    ]


def scans(conditions: list, rows: list[dict], knows_modes: bool) -> list[Scan]:
    """The scans that are needed. If the binary has no modes, all queries are scanned alike.

    Held-out music that is to be scanned in two modes is not scanned twice in the same one.
    """
    modes = {condition.name: getattr(condition, "modes", ("",)) for condition in conditions}
    plain, thorough = [], []
    for row in rows:
        if THOROUGH in modes[row["condition"]] and knows_modes:
            thorough.append(row)
        if "" in modes[row["condition"]] or not knows_modes:
            plain.append(row)
    planned = [
        Scan("scan", plain),
        Scan("scan-thorough", thorough, THOROUGH, ["--mode", THOROUGH]),
    ]
    return [scan for scan in planned if scan.rows]


def run(program: Leakhound, scan: Scan, store) -> dict[str, dict]:
    """Query file name -> item of the report."""
    return program.scan(scan.name, [store.path(row) for row in scan.rows], scan.options)


def measure(program: Leakhound, conditions: list, rows: list[dict], catalogue, store):
    """Runs all scans but that of the calibration: outcomes, wrong matches, notes for the page."""
    notes = []
    knows_modes = program.scan_knows("--mode")
    if not knows_modes and any(THOROUGH in getattr(c, "modes", ()) for c in conditions):
        notes.append(f"No scan has a --mode {THOROUGH} here: all was scanned as by default.")
        tools.say(notes[-1])
    planned = scans(conditions, rows, knows_modes)
    if of_role(conditions, "self"):
        planned.append(Scan("scan-self", own_files(catalogue)))
    outcomes, wrong = [], []
    for scan in planned:
        items = run(program, scan, store)
        for row in scan.rows:
            item = items.get(row["file"])
            judge = spans.outcome if row["role"] == "mix" else metrics.outcome
            outcomes.append(judge(row, item, scan.mode))
            wrong += accusations.of_item(row, item, scan.mode)
    return outcomes, wrong, notes


def calibrate(program: Leakhound, conditions: list, rows: list[dict], store) -> list[dict]:
    """Scans the held-out music again with every finding reported: one line per length."""
    lengths = {c.name: c.seconds for c in of_role(conditions, "negative")}
    held_out = [row for row in rows if row["condition"] in lengths]
    if not held_out:
        return []
    scan = Scan("scan-calibration", held_out, options=calibration.OPTIONS)
    items = run(program, scan, store)
    return calibration.summarise(
        [
            {
                "length": lengths[row["condition"]],
                "told": calibration.smallest(items.get(row["file"])),
            }
            for row in held_out
        ]
    )


def nothing(rows: list[dict]) -> dict:
    """The result if only peers are run."""
    return {
        "version": None,
        "notes": [],
        "seconds": {},
        "accusations": [],
        "calibration": [],
        "outcomes": [metrics.outcome(row, None) for row in rows if row["role"] != "mix"],
    }


def by_condition(outcomes: list[dict], conditions: list, mode: str | None = None):
    """(condition, its outcomes) in the order of the suite, of one mode where that matters."""
    for condition in conditions:
        rows = [
            row
            for row in outcomes
            if row["condition"] == condition.name and mode in (None, row["mode"])
        ]
        if rows:
            yield condition, rows


def positives(outcomes: list[dict], conditions: list) -> list[dict]:
    """One line per condition, and one for all."""
    found = list(by_condition(outcomes, of_role(conditions, "positive")))
    lines = [
        metrics.summarise_positive(condition.name, rows)
        | {"group": condition.group, "mode": rows[0]["mode"]}
        for condition, rows in found
    ]
    if len(found) > 1:
        together = [row for _, rows in found for row in rows]
        lines.append(metrics.summarise_positive("all", together) | {"group": "", "mode": ""})
    return lines


def negatives(outcomes: list[dict], conditions: list, mode: str) -> list[dict]:
    """One line per length and treatment; passages of one recording are counted together."""
    grouped: dict[tuple, list[dict]] = {}
    for condition, rows in by_condition(outcomes, of_role(conditions, "negative"), mode):
        grouped.setdefault((condition.seconds, condition.treatment), []).extend(rows)
    return [
        metrics.summarise_negative(treatment, rows) | {"seconds": seconds, "treatment": treatment}
        for (seconds, treatment), rows in grouped.items()
    ]


def all_negatives(outcomes: list[dict], mode: str) -> dict | None:
    """One line for all held-out music in one mode."""
    rows = [row for row in outcomes if row["role"] == "negative" and row["mode"] == mode]
    return metrics.summarise_negative("all", rows) if rows else None


def summaries(outcomes: list[dict], conditions: list) -> dict:
    """The lines of all tables."""
    return {
        "positives": positives(outcomes, conditions),
        "mixes": [
            spans.summarise(condition.name, rows)
            for condition, rows in by_condition(outcomes, of_role(conditions, "mix"))
        ],
        "self": [
            metrics.summarise_own(rows)
            for _, rows in by_condition(outcomes, of_role(conditions, "self"))
        ],
        "negatives": negatives(outcomes, conditions, ""),
        "negatives_all": all_negatives(outcomes, ""),
        "negatives_thorough": negatives(outcomes, conditions, THOROUGH),
        "negatives_thorough_all": all_negatives(outcomes, THOROUGH),
        "synthetic": [
            metrics.summarise_negative(condition.name, rows)
            for condition, rows in by_condition(outcomes, of_role(conditions, "synthetic"))
        ],
    }
