"""Tables as LibreOffice and Gnumeric read them: what is in each cell, and which cells are formulas. Both are optional."""

import gzip
import shutil
import subprocess
import xml.etree.ElementTree as xml
from pathlib import Path

from lib import tools

ODF = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
}
GNUMERIC = {"gnm": "http://www.gnumeric.org/v10.dtd"}
# Kinds of values in Gnumeric's files: an empty kind is a formula.
GNUMERIC_NUMBERS, GNUMERIC_TEXT = ("30", "40"), "60"
# A sheet ends in empty rows and columns that are repeated up to its edge.
MOST_REPEATS = 1_000
SECONDS = 600


class Formula(str):
    """A cell that the program computes; nothing in a report should be one."""


class Missing(Exception):
    """A program is not installed; the text says which, and how to install it."""


def find(*names, package):
    """The first of the programs that is installed."""
    for name in names:
        if shutil.which(name):
            return name
    raise Missing(f"{names[0]} is not installed (Debian: {package})")


def run(command):
    words = [str(word) for word in command]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=SECONDS)
    if done.returncode != 0:
        raise tools.ToolError(f"{words[0]} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return done


def libreoffice(path: Path, work: Path, separator=",") -> dict[str, list[list]]:
    """The sheets of a workbook or CSV file: for each row its cells, as str, float, `Formula` or None."""
    program = find("soffice", "libreoffice", package="libreoffice-calc-nogui")
    # UTF-8, quotes, from the first line, numbers in any notation: the defaults of its import dialogue.
    how = [f"--infilter=CSV:{ord(separator)},34,76,1,,0,false,true"] if path.suffix == ".csv" else []
    profile = f"-env:UserInstallation={(work / 'libreoffice').resolve().as_uri()}"
    run([program, profile, "--headless", *how, "--convert-to", "fods", "--outdir", work, path])
    root = xml.parse(work / f"{path.stem}.fods").getroot()
    sheets = root.findall(".//office:spreadsheet/table:table", ODF)
    return {sheet.get(odf("table", "name")): odf_rows(sheet) for sheet in sheets}


def odf(prefix, name):
    return f"{{{ODF[prefix]}}}{name}"


def odf_rows(sheet):
    rows = []
    for row in sheet.iter(odf("table", "table-row")):
        cells = []
        for cell in row:
            times = int(cell.get(odf("table", "number-columns-repeated"), 1))
            cells += [odf_cell(cell)] * min(times, MOST_REPEATS)
        while cells and cells[-1] is None:
            cells.pop()
        times = int(row.get(odf("table", "number-rows-repeated"), 1))
        rows += [cells] * min(times, MOST_REPEATS)
    while rows and not rows[-1]:
        rows.pop()
    return rows


def odf_cell(cell):
    formula = cell.get(odf("table", "formula"))
    if formula is not None:
        return Formula(formula)
    kind = cell.get(odf("office", "value-type"))
    if kind is None:
        return None
    if kind == "float":
        return float(cell.get(odf("office", "value")))
    # Text; or a date or time, as it is shown.
    return "\n".join(odf_text(part) for part in cell.findall("text:p", ODF))


def odf_text(element):
    """Text, with the spaces that ODF writes as elements."""
    text = element.text or ""
    for part in element:
        if part.tag == odf("text", "s"):
            text += " " * int(part.get(odf("text", "c"), 1))
        elif part.tag == odf("text", "tab"):
            text += "\t"
        else:
            text += odf_text(part)
        text += part.tail or ""
    return text


def gnumeric(path: Path, work: Path) -> dict[str, list[list]]:
    """The same, as Gnumeric reads it; in CSV files it expects commas."""
    program = find("ssconvert", package="gnumeric")
    out = work / f"{path.stem}.gnumeric"
    run([program, "-T", "Gnumeric_XmlIO:sax", path, out])
    with gzip.open(out) as file:
        root = xml.parse(file).getroot()
    return {sheet.find("gnm:Name", GNUMERIC).text: gnumeric_rows(sheet) for sheet in root.findall(".//gnm:Sheet", GNUMERIC)}


def gnumeric_rows(sheet):
    rows = []
    for cell in sheet.findall("gnm:Cells/gnm:Cell", GNUMERIC):
        at, column, kind = int(cell.get("Row")), int(cell.get("Col")), cell.get("ValueType")
        while len(rows) <= at:
            rows.append([])
        rows[at] += [None] * (column + 1 - len(rows[at]))
        text = cell.text or ""
        if kind == GNUMERIC_TEXT:
            rows[at][column] = text
        else:
            rows[at][column] = float(text) if kind in GNUMERIC_NUMBERS else Formula(text)
    return rows
