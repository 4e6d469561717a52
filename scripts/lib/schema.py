"""Holds records to the JSON Schema of the JSONL report.

    python3 -B scripts/lib/schema.py FOLDER

FOLDER has the reports of the suite, one record a line (LEAKHOUND_KEEP_RECORDS). Every record has to be valid, also if keys
that the schema does not name are forbidden; the schema has to refuse records that were spoilt; and the records have to show
every key of the schema, so that none is made up. A unit test compares its words with those of the program.
"""

import copy
import json
import sys
from pathlib import Path

import jsonschema

SCHEMA = Path(__file__).resolve().parent.parent.parent / "fixtures/record.schema.json"

def strict(schema):
    """The same schema without other keys."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: strict(value) for key, value in schema.items()}
    if "properties" in out and out.get("type") == "object":
        out["additionalProperties"] = False
    return out


def resolve(schema, root):
    return root["$defs"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema


def walk(schema, root, value, seen):
    """Notes which keys of the schema a value has."""
    schema = resolve(schema, root)
    for part in schema.get("anyOf", ()):
        if value is not None:
            walk(part, root, value, seen)
    if isinstance(value, dict):
        for key, part in schema.get("properties", {}).items():
            if key in value:
                seen.add((id(schema), key))
                walk(part, root, value[key], seen)
    elif isinstance(value, list) and "items" in schema:
        for each in value:
            walk(schema["items"], root, each, seen)


def wanted(schema, found):
    """All keys of a schema."""
    if isinstance(schema, list):
        for part in schema:
            wanted(part, found)
    elif isinstance(schema, dict):
        found.update({(id(schema), key): key for key in schema.get("properties", ())})
        for part in schema.values():
            wanted(part, found)


def spoilt(record):
    """Records that are wrong in one thing each."""
    for key in list(record):
        short = copy.deepcopy(record)
        del short[key]
        yield f"without {key}", short
    for path, value in ((("verdict",), "guilty"), (("item", "size_bytes"), -1), (("item", "sha256"), "ABC"), (("notes",), "none")):
        wrong = copy.deepcopy(record)
        place = wrong
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        yield f"{'.'.join(path)} = {value!r}", wrong
    if record["findings"]:
        wrong = copy.deepcopy(record)
        wrong["findings"][0]["false_alarm_probability"] = 1.5
        yield "a probability above 1", wrong
        wrong = copy.deepcopy(record)
        del wrong["findings"][0]["tempo"]
        yield "a finding without tempo", wrong


def main():
    folder = Path(sys.argv[1])
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    open_, closed = (jsonschema.Draft202012Validator(each) for each in (schema, strict(schema)))
    files = sorted(folder.glob("*.jsonl"))
    records, wrong, seen = 0, [], set()
    spoil = {}
    for file in files:
        for line in file.read_text().splitlines():
            record = json.loads(line)
            records += 1
            wrong += [f"{record['item']['path']}: {error.json_path}: {error.message[:200]}" for error in closed.iter_errors(record)]
            walk(schema, schema, record, seen)
            spoil.setdefault(bool(record["findings"]), record)
    for record in spoil.values():
        wrong += [f"the schema takes a record {why}" for why, bad in spoilt(record) if open_.is_valid(bad)]
        more = copy.deepcopy(record)
        more["a_key_of_a_later_version"] = 1
        wrong += [] if open_.is_valid(more) else ["the schema refuses a key of a later version"]
    found = {}
    wanted(schema, found)
    unseen = sorted({key for place, key in found.items() if place not in seen})
    if unseen:
        wrong.append(f"no record of the suite has {', '.join(unseen)}")
    for line in wrong[:40]:
        print(line, file=sys.stderr)
    print(f"{records:,} records of {len(files)} reports against {SCHEMA.name}: {len(wrong)} things wrong")
    sys.exit(1 if wrong or len(spoil) < 2 else 0)


if __name__ == "__main__":
    main()
