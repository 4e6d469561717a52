"""The page of `scripts/negatives`: tables of wrong accusations and of claimed relations."""

from collections import Counter

from lib import accusing, metrics
from lib.calibration import THRESHOLDS

RELATIONS = ("copy", "excerpt", "contains", "layered", "stem", "shared_material")


def percent(hits: int, of: int) -> str:
    low, high = metrics.wilson(hits, of)
    return f"{100 * hits / max(1, of):.1f} ({100 * low:.1f}–{100 * high:.1f})"


def table(head: list[str], lines: list[list]) -> list[str]:
    text = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return text + ["| " + " | ".join(str(cell) for cell in line) + " |" for line in lines] + [""]


def wrong(rows: list[dict]) -> list[str]:
    lines = []
    for kind in sorted({row["kind"] for row in rows}):
        of_kind = [row for row in rows if row["kind"] == kind and row["role"] == "held-out"]
        groups = [("all", of_kind)]
        groups += [
            (what, [r for r in of_kind if r["what"] == what])
            for what in sorted({r["what"] for r in of_kind})
        ]
        groups += [
            (style, [r for r in of_kind if r["style"] == style])
            for style in sorted({r["style"] for r in of_kind} - {kind})
        ]
        for name, group in groups:
            hits = sum(bool(row["wrong"]) for row in group)
            backing = sum(bool(row["backing"]) and not row["wrong"] for row in group)
            shared = sum(bool(row["shared"]) and not row["wrong"] for row in group)
            nothing = [row for row in group if not (row["wrong"] or row["backing"] or row["shared"])]
            suspects = sum(row["suspects"] > 0 for row in nothing)
            rate = percent(hits, len(group))
            lines.append([kind, name, len(group), hits, rate, backing, shared, suspects])
    head = [
        "kind",
        "items",
        "number",
        "wrong match",
        "% (95 % interval)",
        "match of a pair with one backing",
        "match of a pair that shares the mix",
        "suspects only",
    ]
    return table(head, lines)


def recall(rows: list[dict]) -> list[str]:
    lines = []
    for kind in sorted({row["kind"] for row in rows}):
        for role in ("copy", *accusing.DERIVED):
            whats = sorted(
                {row["what"] for row in rows if row["kind"] == kind and row["role"] == role}
            )
            for what in whats:
                group = [r for r in rows if (r["kind"], r["role"], r["what"]) == (kind, role, what)]
                matches = sum(row["verdict"] == "match" for row in group)
                suspects = sum(row["verdict"] == "suspect" for row in group)
                own = [row for row in group if not row.get("common")]
                of_own = sum(row["verdict"] == "match" for row in own)
                others = sum(bool(row["wrong"]) for row in group)
                lines.append(
                    [
                        kind,
                        role,
                        what,
                        len(group),
                        percent(matches, len(group)),
                        suspects,
                        len(group) - len(own),
                        percent(of_own, len(own)),
                        others,
                    ]
                )
    head = [
        "kind",
        "item",
        "length or change",
        "number",
        "match %",
        "suspect",
        "clips of a passage of two recordings",
        "match % of the others",
        "others accused",
    ]
    return table(head, lines)


def relations(rows: list[dict]) -> list[str]:
    lines, right, of = [], 0, 0
    for role in ("copy", *accusing.DERIVED, "held-out"):
        found = [row for row in rows if row["role"] == role and row["relation"]]
        counts = Counter(row["relation"] for row in found)
        named = sum(row["relation"] in accusing.expected_relations(row) for row in found)
        lines.append([role, *(counts[name] for name in RELATIONS), percent(named, len(found))])
        right, of = right + named, of + len(found)
        if role != "held-out":
            of_true = f"Of true findings {percent(right, of)} % of {of} are named rightly"
    text = table(["item", *RELATIONS, "named rightly %"], lines)
    return [*text, f"{of_true}, of all {percent(right, of)} % of {of}.", ""]


def calibrated(rows: list[dict]) -> list[str]:
    lines = []
    for kind in sorted({row["kind"] for row in rows}):
        told = [
            row["told"]
            for row in rows
            if (row["kind"], row["role"]) == (kind, "held-out")
            and not (row["shared"] or row["backing"])
        ]
        cells = [f"{p * len(told):.3g} / {sum(value <= p for value in told)}" for p in THRESHOLDS]
        lines.append([f"{kind} ({len(told)})", *cells])
    return table(["kind", *(f"{p:g}" for p in THRESHOLDS)], lines)


def named(rows: list[dict]) -> list[str]:
    pairs = Counter(
        (row["piece"], other, ", ".join(row["relations"])) for row in rows for other in row["wrong"]
    )
    lines = [[f"`{a}`", f"`{b}`", relation, n] for (a, b, relation), n in sorted(pairs.items())]
    return (
        table(["what sounds", "what was accused", "as", "items"], lines) if lines else ["None.", ""]
    )


def document(rows: list[dict], kinds: list[str]) -> str:
    """The whole page."""
    held_out = sum(row["role"] == "held-out" for row in rows)
    lines = [
        "# Claims: whom leakhound accuses, by kind of music",
        "",
        f"Made by `scripts/negatives` on {', '.join(kinds)}: {held_out} items that hold nothing of "
        f"the catalogue, {len(rows) - held_out} that do. A pair shares the mix if the same bars of the "
        "whole mix, note for note, or the same loop of a sample pack sound in both for 3 s or more. "
        "It has one backing if two or more of its parts do, under another lead. Matches of such "
        "pairs are counted apart. A clip of a passage that two recordings of the catalogue have note for note "
        "is a clip of both. Intervals are Wilson's, of 95 %, as if the items were independent.",
        "",
        "## Items that hold nothing of the catalogue",
        "",
        *wrong(rows),
        "## Items that hold a recording, or a part of one",
        "",
        *recall(rows),
        "## What is claimed",
        "",
        "By the strongest finding of each item. Of a remix or a mash-up everything but `excerpt` is right of the whole; of a clip "
        "`excerpt` is where `copy` is of the whole; of a mix without one part `stem`, `copy` and `contains`; of items that hold "
        "nothing of the catalogue, and of covers, `shared_material`.",
        "",
        *relations(rows),
        "## Is the false-alarm probability true?",
        "",
        "Each item that holds nothing counts with the smallest probability that its findings tell: of each that of unrelated "
        "music or that of music from the same kit, whichever is larger. An item without findings counts with 1, and findings of pairs "
        "that share the mix or have one backing do not count. "
        "Expected / observed.",
        "",
        *calibrated(rows),
        "## Wrong matches by name",
        "",
        *named(rows),
    ]
    return "\n".join(lines).rstrip() + "\n"
