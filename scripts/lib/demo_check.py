"""Compares the report of scripts/demo with what the demo planted; exits 1 if they differ."""

import json
import sys
from pathlib import Path

# Item, number of its piece, tempo (1.25: 25 % faster), pitch in cents.
PLANTED = [
    ("albums/whole.opus", 0, 1.00, 0.0),
    ("albums/whole.mp3", 1, 1.00, 0.0),
    ("albums/aacid__0001", 2, 1.00, 0.0),
    ("clips/ten-seconds.mp3", 3, 1.00, 0.0),
    ("clips/five-seconds.opus", 4, 1.00, 0.0),
    ("edits/sped-up.flac", 5, 1.25, 386.3),
    ("edits/slowed-reverb.flac", 6, 0.85, -281.4),
    ("edits/under-speech.ogg", 7, 1.00, 0.0),
]
CLEAR = ["unrelated/other-1.opus", "unrelated/other-2.opus", "unrelated/other-3.opus"]
FAILED = ["clips/broken.flac", "clips/readme.mp3"]


def problem(record: dict | None, piece: str, tempo: float, cents: float) -> str | None:
    """What is wrong with the record of a planted item, or None."""
    if record is None:
        return "has no row"
    names = [Path(f["recording_path"]).name for f in record["findings"]]
    if names != [Path(piece).name] or record["verdict"] != "match":
        return f"is {record['verdict']}, found {names or 'nothing'} instead of {Path(piece).name}"
    finding = record["findings"][0]
    if abs(finding["tempo"] / tempo - 1) > 0.005 or abs(finding["pitch_cents"] - cents) > 15:
        return f"has tempo {finding['tempo']} and {finding['pitch_cents']} cents"
    return None


def main() -> int:
    report, pieces = sys.argv[1], sys.argv[2:]
    records = [json.loads(line) for line in Path(report).read_text("utf-8").splitlines()]
    by_name = {"/".join(Path(r["item"]["path"]).parts[-2:]): r for r in records}
    wrong = []
    for name, piece, tempo, cents in PLANTED:
        trouble = problem(by_name.get(name), pieces[piece], tempo, cents)
        print(f"  {'WRONG' if trouble else 'found':<6} {name}{': ' + trouble if trouble else ''}")
        wrong += [name] if trouble else []
    for names, verdict in ((CLEAR, "clear"), (FAILED, "failed")):
        for name in names:
            found = by_name.get(name, {}).get("verdict", "without a row")
            good = found == verdict
            print(f"  {verdict if good else 'WRONG':<6} {name}{'' if good else ': ' + found}")
            wrong += [] if good else [name]
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
