"""The evaluation as Markdown: one function per section, empty if nothing was measured."""

from lib import accusations
from lib.calibration import SUSPECT_BELOW
from lib.metrics import OWN_COVERAGE
from lib.spans import END_TOLERANCE
from lib.table import chance, clock, interval, number, of, percent, rows_as_table
from lib.unrelated import LENGTHS, PASSAGES, TREATMENTS, length_name

# Most rows in the table of recordings that are covered too little; the JSON has all. A guess.
MOST_ROWS = 40


def section(title: str, words: str, lines: list[str], level: int = 2) -> list[str]:
    """A heading, what the table means, the table."""
    return ["", f"{'#' * level} {title}", "", *([words, ""] if words else []), *lines]


def peer_cells(line: dict, peers: list[str]) -> list[str]:
    return [percent(line["peers"][peer]) for peer in peers]


def settings(result: dict) -> list[str]:
    """What was measured with which music, and the command that repeats it."""
    corpus = result["corpus"]
    lines = [
        "# Evaluation",
        "",
        "Made by `scripts/evaluate`; the music is fetched by `scripts/corpus` and is not part of "
        "this repository.",
        "",
        f"- Command: `{result['command']}`.",
        f"- Catalogue: {corpus['catalogue']} recordings, {corpus['catalogue_hours']:.1f} h. "
        f"Held out: {corpus['held_out']} recordings, {corpus['held_out_hours']:.1f} h.",
        f"- Queries: {result['queries']}, seed {result['seed']}, "
        f"{result['query_hours']:.1f} h of sound.",
        f"- Version: {result['version'] or 'leakhound was not run'}.",
    ]
    lines += [f"- {note}" for note in result["notes"]]
    lines += [
        f"- {name}: {seconds:.0f} s of wall time, on {result['processors']} processors."
        for name, seconds in result["seconds"].items()
    ]
    return lines + peer_notes(result)


def peer_notes(result: dict) -> list[str]:
    lines = []
    for name, limits in result["peer_thresholds"].items():
        if limits:
            told = ", ".join(f"{length}: {-limit:.4f}" for length, limit in limits.items())
            lines.append(
                f"- {name}: best alignment over the catalogue; accepted below the bit-error rate "
                f"at which no held-out clip of that length passes ({told}). Sounds that are no "
                "recording were not used to set it."
            )
        else:
            lines.append(f"- {name}: its default settings and decision.")
    lines += [f"- {name}: not measured: {why}." for name, why in result["peers_missing"].items()]
    return lines


def positive_cells(line: dict, ran: bool) -> list:
    """The cells of one condition; without leakhound's where it did not run."""
    cells = [line["condition"], line["queries"]]
    if not ran:
        return cells
    tempo = f"{number(line['median_tempo_error_percent'], 2)} / "
    tempo += number(line["p95_tempo_error_percent"], 2)
    ends = f"{number(line['median_start_error_seconds'], 2)} / "
    ends += number(line["median_end_error_seconds"], 2)
    return cells + [
        percent(line["recall"]["share"]),
        interval(line["recall"]),
        percent(line["suspect_only"] / line["queries"]),
        line["wrong_accusations"],
        number(line["median_offset_error_seconds"], 3),
        tempo,
        number(line["median_pitch_error_cents"], 1),
        ends,
    ]


def positive_table(lines: list[dict], peers: list[str], ran: bool) -> list[str]:
    head = ["condition", "queries"]
    if ran:
        head += ["recall %", "95 % interval", "suspect only %", "wrong", "offset s"]
        head += ["tempo %", "pitch cents", "start / end s"]
    head += [f"{peer} recall %" for peer in peers]
    rows = [[*positive_cells(line, ran), *peer_cells(line, peers)] for line in lines]
    return rows_as_table(head, rows)


def positives(result: dict, ran: bool) -> list[str]:
    """One table per group of conditions, and one line for all."""
    lines = result["positives"]
    if not lines:
        return []
    words = (
        "Recall: share of queries with a `match` finding of the right recording, with Wilson's "
        "95 % interval. Suspect only: the right recording as `suspect` and not as `match`. "
        "Wrong: `match` findings of another recording. Errors of the right matches: offset in the "
        "recording and pitch, median; tempo, median and 95th percentile; start and end of the "
        "finding in the item, median (the whole item is the recording)."
    )
    page = ["", "## Recordings that are in the catalogue", "", words]
    # Groups in the order of their first condition; the line of all has none.
    for group in dict.fromkeys(line["group"] for line in lines):
        chosen = [line for line in lines if line["group"] == group]
        mode = chosen[0]["mode"]
        words = f"Scanned with `--mode {mode}`." if mode else ""
        told = positive_table(chosen, result["peers"], ran)
        page += section(group or "All of these", words, told, level=3)
    return page


def share_cell(share: dict) -> str:
    """A share with its numerator, denominator and interval."""
    if not share["of"]:
        return "–"
    return f"{percent(share['share'])} ({of(share)}; {interval(share)})"


def mixes(result: dict) -> list[str]:
    if not result["mixes"]:
        return []
    found = [
        [
            line["condition"],
            line["items"],
            share_cell(line["recordings"]),
            share_cell(line["as_released"]),
            share_cell(line["at_other_tempo"]),
            line["wrong_accusations"],
        ]
        for line in result["mixes"]
    ]
    spans = [
        [
            line["condition"],
            percent(line["mean_told"]),
            share_cell(line["spans"]),
            share_cell(line["ends"]),
            number(line["median_start_error_seconds"], 2),
            number(line["median_end_error_seconds"], 2),
            number(line["median_offset_error_seconds"], 3),
            number(line["median_tempo_error_percent"], 2),
        ]
        for line in result["mixes"]
    ]
    head = ["item", "items", "recordings found %", "of them as released %"]
    head += ["at another tempo %", "wrong matches"]
    page = section(
        "Items of several recordings",
        "A recording is found if the item has a `match` finding of it. Wrong matches: recordings "
        "that are not in the item. In brackets: how many of how many; Wilson's 95 % interval.",
        rows_as_table(head, found),
    )
    head = [
        "item",
        "told %",
        "spans found %",
        f"ends within {END_TOLERANCE:g} s %",
        "start s",
        "end s",
    ]
    head += ["offset s", "tempo %"]
    return page + section(
        "Where in the item",
        "Told: mean share of a true span's time that any reported span of its recording covers. A "
        "span is found if reported spans within 1 s of the recording's true time cover at least "
        "half of it; a span that names another place where the recording sounds the same does not "
        "count. Both ends of each found span are judged. A true span includes its crossfades, and "
        "any point of a crossfade is a fair end: an end is right within "
        f"{END_TOLERANCE:g} s of any point of the crossfade (of the cut, where there is none). "
        "Start and end: median distance from the middle of the crossfade.",
        rows_as_table(head, spans),
        3,
    )


def own_files(result: dict) -> list[str]:
    if not result["self"]:
        return []
    (line,) = result["self"]
    names = {"item_coverage": "of the item", "recording_coverage": "of the recording"}
    rows = [
        [name, number(line["least"][key], 4), number(line["p1"][key], 4)]
        for key, name in names.items()
    ]
    words = (
        f"Each recording's own file as an item: {share_cell(line['found'])} found, "
        f"{line['wrong_accusations']} wrong matches of other recordings. "
        "The table has the share that the right finding covers."
    )
    page = section(
        "The catalogue's own files",
        words,
        rows_as_table(["covered", "least", "1st percentile"], rows),
    )
    if not line["short"]:
        return [*page, "", f"None is covered by less than {OWN_COVERAGE}."]
    short = [
        [
            f"`{row['recording']}`",
            number(row["seconds"], 0),
            row["verdict"],
            number(row["item_coverage"], 3),
            number(row["recording_coverage"], 3),
        ]
        for row in line["short"][:MOST_ROWS]
    ]
    head = ["recording", "seconds", "verdict", "of the item", "of the recording"]
    return page + [
        "",
        f"Covered by less than {OWN_COVERAGE}: {len(line['short'])}.",
        "",
        *rows_as_table(head, short),
    ]


def negative_table(lines: list[dict], peers: list[str], ran: bool) -> list[str]:
    """Rows are lengths, columns treatments: files with a false match / with suspects only, of all files."""

    def told(line: dict | None) -> str:
        if line is None:
            return "–"
        found = f"{line['false_match']['hits']} / {line['false_suspects']}" if ran else "–"
        return f"{found} of {line['files']}"

    treatments = [name for name in TREATMENTS if any(line["treatment"] == name for line in lines)]
    rows = []
    for seconds in LENGTHS:
        known = {line["treatment"]: line for line in lines if line["seconds"] == seconds}
        if not known:
            continue
        cells = [told(known.get(treatment)) for treatment in treatments]
        passed = [str(sum(line["peers"][peer] for line in known.values())) for peer in peers]
        rows.append([length_name(seconds), *cells, *passed])
    return rows_as_table(["length", *treatments, *(f"{peer} false" for peer in peers)], rows)


def all_negatives(line: dict) -> str:
    """One sentence about all held-out files together."""
    false = line["false_match"]
    return (
        f"All together {of(false)} files have a false match: {percent(false['share'], 2)} % "
        f"(95 % interval {interval(false, 2)}, as if the files were independent; they come from "
        f"{line['recordings']} recordings, {line['recordings_matched']} of which have one)."
    )


def negatives(result: dict, ran: bool) -> list[str]:
    page = []
    kinds = (
        ("negatives", "Recordings that are not in the catalogue"),
        ("negatives_thorough", "The same in the thorough mode"),
    )
    for key, title in kinds:
        if not result[key]:
            continue
        words = (
            "Files with a false `match` / with a false `suspect` only, of all files. Clips are of "
            f"{PASSAGES} passages of each recording, drawn freely, so they may overlap."
        )
        if ran:
            words += " " + all_negatives(result[f"{key}_all"])
        page += section(title, words, negative_table(result[key], result["peers"], ran))
    return page


def calibration(result: dict) -> list[str]:
    """Expected and observed numbers; rows are thresholds, columns lengths."""
    lines = result["calibration"]
    if not lines:
        return []
    rows = [
        [f"{at['probability']:g}"]
        + [
            f"{line['thresholds'][rank]['expected']:.3g} / "
            f"{line['thresholds'][rank]['observed']['hits']}"
            for line in lines
        ]
        for rank, at in enumerate(lines[0]["thresholds"])
    ]
    head = ["p", *(f"{line['length']} ({line['items']})" for line in lines)]
    words = (
        f"The same held-out music scanned with `--suspect-below {SUSPECT_BELOW}`, so that every "
        "finding is reported. Each item counts with the smallest false-alarm probability of its "
        "findings (1 if it has none). If the probabilities are true, a share p of the items has "
        "one of p or less. Cells: expected number / observed number; the number of items in "
        "brackets. Nothing is left out: music that truly shares sound (see the wrong matches by "
        "name) counts as a false alarm here."
    )
    page = section("Is the false-alarm probability true?", words, rows_as_table(head, rows))
    return page + ["", "![told against observed](calibration.svg)"] if result["plotted"] else page


def accusation_table(lines: list[dict]) -> list[str]:
    rows = [
        [
            f"`{line['sounds']}`",
            f"`{line['accused']}`",
            line["queries"],
            chance(line["log10_fap"]),
            f"{clock(line['sounds_from'])}–{clock(line['sounds_to'])}",
            f"{clock(line['accused_from'])}–{clock(line['accused_to'])}",
            f"{line['tempo']:.3f}",
            f"{line['pitch_cents']:+.0f}",
        ]
        for line in lines
    ]
    head = ["what sounds", "what was accused", "queries", "surest"]
    head += ["it sounds at", "the accused at", "tempo", "cents"]
    return rows_as_table(head, rows) if rows else ["None."]


def wrong_matches(result: dict, ran: bool) -> list[str]:
    """The wrong matches, one line per pair of recordings, with places to listen to."""
    if not ran:
        return []
    lines = accusations.pairs(result["accusations"])
    words = (
        "Every `match` of a recording that is not in the item, over all conditions: one line per "
        "pair, with the place of the surest finding. Some of these pairs do share sound (the same "
        "loop, sample or theme in two pieces of one game). They count as wrong all the same."
    )
    page = ["", "## Wrong matches by name", "", words]
    for title, known in (
        ("Of what is not in the catalogue", False),
        ("Within the catalogue", True),
    ):
        chosen = [line for line in lines if line["known"] == known]
        page += section(title, "", accusation_table(chosen), level=3)
    return page


def synthetics(result: dict, ran: bool) -> list[str]:
    if not result["synthetic"]:
        return []
    peers = result["peers"]
    head = ["sound", "files", "match", "suspect", *(f"{peer} false" for peer in peers)]
    rows = [
        [
            line["condition"],
            line["files"],
            line["false_match"]["hits"] if ran else "–",
            line["false_suspects"] if ran else "–",
            *(line["peers"][peer] for peer in peers),
        ]
        for line in result["synthetic"]
    ]
    return section("Sounds that are no recording", "", rows_as_table(head, rows))


def legend(result: dict, conditions: list) -> list[str]:
    used = {line["condition"] for line in result["positives"] + result["mixes"]}
    named = [c for c in conditions if c.name in used]
    return section("Conditions", "", [f"- `{c.name}`: {c.title}" for c in named]) if named else []


def document(result: dict, conditions: list) -> str:
    """The whole page."""
    ran = result["version"] is not None
    lines = [
        *settings(result),
        *positives(result, ran),
        *mixes(result),
        *own_files(result),
        *negatives(result, ran),
        *calibration(result),
        *wrong_matches(result, ran),
        *synthetics(result, ran),
        *legend(result, conditions),
    ]
    return "\n".join(lines) + "\n"
