"""Checks that other programs read a run's reports as intended. Each program is optional; a check that was left out is named."""

import csv
import hashlib
import json
import math
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from lib import spreadsheets, tools
from lib.spreadsheets import Formula, Missing, find, run

# The files that a folder of reports must have, by `report --format`.
NAMES = {
    "html": "report.html",
    "pdf": "report.pdf",
    "xlsx": "report.xlsx",
    "csv": "report.csv",
    "jsonl": "report.jsonl",
    "parquet": "report.parquet",
    "acrcloud": "acrcloud.csv",
    "text": "report.txt",
}
# Cells that a spreadsheet must take for formulas: a program that reads these as text proves nothing about our CSV.
BAIT = 'a,b\n=1+1,"=2+2"\n=SUM(A1:A2),x\n'
# Leakhound shortens text that is too long for a cell of a workbook.
LEFT_OUT = re.compile(r" … [\d,]+ characters … ")
PARQUET = """
import json, sys
import pyarrow.parquet as parquet
table = parquet.read_table(sys.argv[1])
print(json.dumps({field.name: str(field.type) for field in table.schema}))
for row in table.to_pylist():
    print(json.dumps(row))
"""


class Checks:
    """What was right, what was wrong, and what could not be checked."""

    def __init__(self):
        self.wrong = 0
        self.skipped = 0

    def right(self, text):
        print(f"right        {text}")

    def claim(self, is_right, text, details=()):
        if is_right:
            self.right(text)
            return
        self.wrong += 1
        print(f"WRONG        {text}")
        for detail in list(details)[:5]:
            print(f"             {detail}")

    def attempt(self, what, check, *arguments):
        """Runs one check: a missing program is named as NOT CHECKED, one that fails is WRONG."""
        try:
            check(self, *arguments)
        except Missing as missing:
            self.skipped += 1
            print(f"NOT CHECKED  {what}: {missing}")
        except (tools.ToolError, subprocess.TimeoutExpired) as error:
            self.claim(False, f"{what}: {error}")


def check(folder: Path, python=sys.executable) -> Checks:
    """Checks the reports of one run in `folder`; `python` is one that has pyarrow and pdfua."""
    checks = Checks()
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        rows = csv_rows(folder / NAMES["csv"])
        records = tools.read_jsonl(folder / NAMES["jsonl"])
        findings = sum(max(1, len(record["findings"])) for record in records)
        checks.claim(len(rows) - 1 == findings, f"the CSV has a row for each of {findings} findings and items without one")
        pdf = folder / NAMES["pdf"]
        checks.attempt("PDF", pdf_syntax, pdf)
        checks.attempt("PDF", pdf_pages, pdf, folder / "manifest.json")
        checks.attempt("PDF", pdf_fonts, pdf)
        checks.attempt("PDF", pdf_drawn, pdf)
        checks.attempt("PDF for screen readers", pdf_accessible, pdf, python)
        for name, read in (("LibreOffice", spreadsheets.libreoffice), ("Gnumeric", spreadsheets.gnumeric)):
            checks.attempt(f"workbook in {name}", workbook, name, read, folder / NAMES["xlsx"], rows, work)
            checks.attempt(f"CSV in {name}", table, name, read, folder, rows, work)
        checks.attempt("Parquet", parquet, folder / NAMES["parquet"], records, python)
    return checks


# PDF


def pdf_syntax(checks, path):
    """qpdf reads every object and stream."""
    program = find("qpdf", package="qpdf")
    done = subprocess.run([program, "--check", path], capture_output=True, text=True, errors="replace")
    is_right = done.returncode == 0 and "No syntax or stream encoding errors found" in done.stdout
    checks.claim(is_right, "qpdf --check finds no error", [done.stdout[-300:], done.stderr[-300:]])


def pdf_pages(checks, path, manifest):
    """poppler finds on each page its number and one digest, the exhibits in order, and no active content."""
    find("pdfinfo", package="poppler-utils")
    about = dict(line.split(":", 1) for line in run(["pdfinfo", path]).stdout.splitlines() if ":" in line)
    about = {name: value.strip() for name, value in about.items()}
    quiet = [about.get(name) for name in ("JavaScript", "Encrypted", "Form")] == ["no", "no", "none"]
    checks.claim(quiet and "A4" in about["Page size"], f"pdfinfo: {about['Pages']} pages of A4, no script, no form", [about])
    count = int(about["Pages"])
    pages = run(["pdftotext", "-layout", path, "-"]).stdout.split("\f")[:-1]
    numbered = [f"page {number} of {count}" in page for number, page in enumerate(pages, 1)]
    checks.claim(len(pages) == count and all(numbered), f"pdftotext: each page has “page x of {count}”")
    digests = {digest for page in pages for digest in re.findall(r"Manifest SHA-256 (\w+)", page)}
    on_each = all("Manifest SHA-256" in page for page in pages)
    checks.claim(on_each and len(digests) == 1, "pdftotext: each page has the digest of the manifest, one and the same", digests)
    if manifest.exists():
        digest = hashlib.sha256(manifest.read_bytes()).hexdigest()
        checks.claim(digests == {digest}, f"… which is the SHA-256 of {manifest.name}", [digests, digest])
    exhibits = [int(number) for number in re.findall(r"^ *Exhibit (\d+):", "".join(pages), re.MULTILINE)]
    checks.claim(exhibits == list(range(1, len(exhibits) + 1)), f"pdftotext: exhibits 1 to {len(exhibits)}, in order", [exhibits])


def pdf_fonts(checks, path):
    """Every font is embedded, as a subset, and its text can be copied."""
    find("pdffonts", package="poppler-utils")
    lines = run(["pdffonts", path]).stdout.splitlines()[2:]
    # The columns emb, sub and uni of pdffonts, then object and generation.
    flags = [line.split()[-5:-2] for line in lines]
    checks.claim(bool(lines) and all(flag == ["yes"] * 3 for flag in flags), f"pdffonts: {len(lines)} fonts, each embedded as a subset, to be copied from", lines)


def pdf_drawn(checks, path):
    """MuPDF draws every page and warns of nothing."""
    program = find("mutool", package="mupdf-tools")
    done = run([program, "draw", "-q", "-r", "20", "-F", "pnm", "-o", "/dev/null", path])
    said = [line for line in done.stderr.splitlines() if line.strip() and "ICC support" not in line]
    checks.claim(not said, "mutool draws each page without a warning", said)


def pdf_accessible(checks, path, python):
    """pdfua checks the rules of PDF/UA-1 that it knows."""
    need_module(python, "pdfua")
    done = subprocess.run([python, "-m", "pdfua", "check", path], capture_output=True, text=True, errors="replace")
    known = re.search(r"checked against (\d+ of \d+) PDF/UA-1 rules", done.stdout)
    checks.claim(done.returncode == 0, f"pdfua finds nothing, by {known[1] if known else 'no'} rules of PDF/UA-1", done.stdout.splitlines()[2:])


def need_module(python, name):
    probe = subprocess.run([python, "-c", f"import {name}"], capture_output=True)
    if probe.returncode != 0:
        raise Missing(f"{python} has no {name}: python3 -m venv DIR && DIR/bin/pip install pyarrow pdfua, then --python DIR/bin/python")


# Workbook and CSV


def csv_rows(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.reader(file))


def workbook(checks, name, read, path, rows, work):
    """The sheets of findings have the cells of the CSV, as text or as numbers."""
    sheets = read(path, work)
    checks.claim(list(sheets)[:4] == ["Summary", "Works", "Findings", "Not read"], f"{name}: sheets {', '.join(sheets)}")
    no_formula(checks, f"{name}: the workbook", sheets)
    head, cells = rows[0], {"Findings": [], "Not read": []}
    for row in rows[1:]:
        verdict = row[head.index("verdict")]
        if verdict != "clear":
            cells["Not read" if verdict == "failed" else "Findings"].append(row)
    for sheet, expected in cells.items():
        found = [row for part, rows in sheets.items() if re.fullmatch(rf"{sheet}( \d+)?", part) for row in rows[1:]]
        wrong = differences(head, expected, found)
        whole = len(found) == len(expected) and sheets[sheet][0] == head
        checks.claim(whole and not wrong, f"{name}: sheet {sheet} has the CSV's {len(expected)} rows, cell by cell", [f"{len(found)} rows", *wrong])


def table(checks, name, read, folder, rows, work):
    """No cell of a CSV report is a formula, whether the separator is a comma or a semicolon."""
    bait = work / "bait.csv"
    bait.write_text(BAIT, encoding="utf-8")
    seen = sum(isinstance(cell, Formula) for row in read(bait, work)["bait" if name == "LibreOffice" else "bait.csv"] for cell in row)
    if not seen:
        raise Missing(f"{name} takes no cell of any CSV for a formula here")
    for path in (folder / NAMES["csv"], folder / NAMES["acrcloud"]):
        sheets = read(path, work)
        no_formula(checks, f"{name}: {path.name} (of a bait of 3 it takes {seen} for formulas)", sheets)
        if name == "LibreOffice":
            no_formula(checks, f"{name}: {path.name} parted at semicolons", read(path, work, ";"))
    found = next(iter(read(folder / NAMES["csv"], work).values()))
    wrong = differences(rows[0], rows[1:], found[1:])
    checks.claim(len(found) == len(rows) and not wrong, f"{name}: report.csv has its {len(rows) - 1} rows, cell by cell", [f"{len(found) - 1} rows", *wrong])


def no_formula(checks, what, sheets):
    wrong = [f"{sheet}, row {number}: {cell}" for sheet, rows in sheets.items()
             for number, row in enumerate(rows, 1) for cell in row if isinstance(cell, Formula)]
    checks.claim(not wrong, f"{what}: no cell is a formula", wrong)


def differences(head, expected, found):
    """Where a program's cells are not those of the CSV."""
    return [f"row {number}, {column}: {is_!r}, not {should!r}"
            for number, (row, cells) in enumerate(zip(expected, found), 2)
            for column, should, is_ in zip(head, row, cells + [None] * (len(head) - len(cells)))
            if not same(should, is_)]


def same(text, cell):
    """Whether a cell equals the text in the CSV, which rounds numbers and marks formulas with an apostrophe."""
    if cell is None:
        return text == ""
    if isinstance(cell, float):
        # A spreadsheet reads a bar code in a CSV as a number, without its leading zeros; the workbook keeps it as text.
        try:
            return math.isclose(float(text), cell, rel_tol=1e-3, abs_tol=10.0 ** -decimals(text))
        except ValueError:
            return False
    if LEFT_OUT.search(cell):
        start, end = LEFT_OUT.split(cell, maxsplit=1)
        return text.lstrip("'").startswith(start[:100]) and text.endswith(end[-100:])
    return without_marks(text) == without_marks(cell)


def decimals(text):
    return 300 if "e" in text else len(text.partition(".")[2])


def without_marks(text):
    """Removes the apostrophes that the CSV puts before possible formulas."""
    return re.sub(r"(^|;)'(?=[\s\"]*[-=+@＝＋－＠\\])", r"\1", text)


# Parquet


def parquet(checks, path, records, python):
    """pyarrow reads exactly the rows of the JSONL, in columns of the documented types."""
    need_module(python, "pyarrow.parquet")
    types, *rows = [json.loads(line) for line in run([python, "-c", PARQUET, path]).stdout.splitlines()]
    wholes, decimal = ("size_bytes", "stream", "offset"), ("score", "tempo", "pitch_cents", "false_alarm_probability", "duration_seconds", "item_coverage", "recording_coverage")
    wanted = {name: "int64" if name in wholes else "double" if name in decimal else "string" for name in types}
    checks.claim(types == wanted, f"pyarrow: {len(types)} columns of the types that were told", [types])
    expected = [facts(record, finding) for record in records for finding in record["findings"] or [None]]
    wrong = [f"row {number}, {name}: {row[name]!r}, not {value!r}" for number, (row, cells) in enumerate(zip(rows, expected), 1)
             for name, value in cells.items() if row[name] != value]
    checks.claim(len(rows) == len(expected) and not wrong, f"pyarrow: {len(rows)} rows, exactly those of the JSONL", wrong)


def facts(record, finding):
    """Some cells of a row, from the record; missing text is None."""
    item, failure = record["item"], record["failure"] or {}
    row = {name: item[name] for name in ("size_bytes", "sha256", "codec", "duration_seconds", "locator", "containers", "offset")}
    row |= {"item_path": item["path"], "claims": record["claims"], "notes": "; ".join(record["notes"]), "verdict": record["verdict"]}
    row |= {f"failure_{name}": failure.get(name, "") for name in ("stage", "kind", "message")}
    names = ("recording_id", "recording_path", "title", "artist", "isrc", "verdict", "false_alarm_probability", "score", "tempo",
             "pitch_cents", "item_coverage", "recording_coverage", "stream", "finding_id")
    if finding:
        row |= {name: finding[name] for name in names}
        row |= {name: "; ".join(finding[name]) for name in ("tiers", "claimed_by", "shares_passage_with")}
    return {name: None if value == "" else value for name, value in row.items()}
