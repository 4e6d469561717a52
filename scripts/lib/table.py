"""The evaluation as Markdown."""

from lib.unrelated import LENGTHS, TREATMENTS, length_name


def number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def percent(share: float) -> str:
    """Whole per cents where they say all, one digit elsewhere."""
    text = f"{100 * share:.1f}"
    return text[:-2] if text.endswith(".0") else text


def rows_as_table(head: list[str], rows: list[list]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |"]
    lines.append("|" + "|".join("---" if n == 0 else "--:" for n in range(len(head))) + "|")
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return lines


def peer_cells(summary: dict, peers: list[str]) -> list[str]:
    return [percent(summary["peers"][peer]) for peer in peers]


def positives(summaries: list[dict], peers: list[str], ran: bool) -> list[str]:
    """One line a condition, and one of all; without leakhound's columns where it did not run."""
    head = ["condition", "queries"]
    if ran:
        head += ["recall %", "95 % interval", "suspect only %", "wrong accusations"]
        head += ["offset s", "tempo %", "pitch cents"]
    head += [f"{peer} recall %" for peer in peers]
    rows = []
    for line in summaries:
        if not ran:
            rows.append([line["condition"], line["queries"], *peer_cells(line, peers)])
            continue
        interval = f"{percent(line['recall_low'])}–{percent(line['recall_high'])}"
        tries = max(1, line["queries"])
        rows.append(
            [
                line["condition"],
                line["queries"],
                percent(line["recall"]),
                interval,
                percent(line["suspect_only"] / tries),
                line["wrong_accusations"],
                number(line["median_offset_error_seconds"], 3),
                number(line["median_tempo_error_percent"], 2),
                number(line["median_pitch_error_cents"], 1),
                *peer_cells(line, peers),
            ]
        )
    return rows_as_table(head, rows)


def negatives(summaries: list[dict], peers: list[str], ran: bool) -> list[str]:
    """Lengths down; for each treatment false matches / suspects of files."""

    def told(line: dict | None) -> str:
        if line is None:
            return "–"
        found = f"{line['false_matches']} / {line['false_suspects']}" if ran else "–"
        return f"{found} of {line['files']}"

    by_name = {line["condition"]: line for line in summaries}
    rows = []
    for seconds in LENGTHS:
        length = length_name(seconds)
        found = [by_name.get(f"negative-{length}-{treatment}") for treatment in TREATMENTS]
        if not any(found):
            continue
        cells = [told(line) for line in found]
        known = [line for line in found if line]
        passed = [str(sum(line["peers"][peer] for line in known)) for peer in peers]
        rows.append([length, *cells, *passed])
    return rows_as_table(["length", *TREATMENTS, *(f"{peer} false" for peer in peers)], rows)


def synthetics(summaries: list[dict], peers: list[str], ran: bool) -> list[str]:
    """One line a sound."""
    head = ["sound", "files", "match", "suspect", *(f"{peer} false" for peer in peers)]
    rows = [
        [
            line["condition"],
            line["files"],
            line["false_matches"] if ran else "–",
            line["false_suspects"] if ran else "–",
            *(line["peers"][peer] for peer in peers),
        ]
        for line in summaries
    ]
    return rows_as_table(head, rows)


def legend(conditions) -> list[str]:
    return [f"- `{condition.name}`: {condition.title}" for condition in conditions]


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


def document(result: dict, conditions) -> str:
    """The whole page."""
    corpus = result["corpus"]
    peers = result["peers"]
    used = {line["condition"] for line in result["positives"]}
    ran = result["version"] is not None
    lines = [
        "# Evaluation",
        "",
        "Made by `scripts/evaluate`; the music is fetched by `scripts/corpus` and is no part of "
        "this repository.",
        "",
        f"- Catalogue: {corpus['catalogue']} recordings, {corpus['catalogue_hours']:.1f} h. "
        f"Held out: {corpus['held_out']} recordings, {corpus['held_out_hours']:.1f} h.",
        f"- Queries: {result['queries']}, seed {result['seed']}, "
        f"{result['query_hours']:.1f} h of sound.",
        f"- Version: {result['version'] or 'leakhound was not run'}.",
    ]
    lines += [
        f"- {name}: {seconds:.0f} s of wall time, on {result['processors']} processors."
        for name, seconds in result["seconds"].items()
    ]
    lines += peer_notes(result)
    if result["positives"]:
        lines += ["", "## Recordings that are in the catalogue", ""]
        lines += [
            "Recall: share of queries with a `match` finding of the right recording, with Wilson's "
            "95 % interval. Suspect only: the right recording as `suspect` and not as `match`. "
            "Wrong accusations: `match` findings of another recording. Offset, tempo and pitch: "
            "median error of the right matches.",
            "",
        ]
        lines += positives(result["positives"], peers, ran)
    if result["negatives"]:
        lines += ["", "## Recordings that are not in the catalogue", ""]
        lines += ["Files with a false `match` / with a false `suspect` only, of all files.", ""]
        lines += negatives(result["negatives"], peers, ran)
    if result["synthetic"]:
        lines += ["", "## Sounds that are no recording", ""]
        lines += synthetics(result["synthetic"], peers, ran)
    lines += ["", "## Conditions", ""]
    lines += legend([c for c in conditions if c.name in used])
    return "\n".join(lines) + "\n"
