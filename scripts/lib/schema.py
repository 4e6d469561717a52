"""Holds records to the JSON Schemas of what the program prints for programs.

    python3 -B scripts/lib/schema.py FOLDER

FOLDER has what the suite made, one record a line (LEAKHOUND_KEEP_RECORDS): reports of runs (NAME.jsonl), reports across dumps
(NAME.across.jsonl) and lists of notices (NAME.notice.jsonl). Every record has to be valid, also if keys that the schema does not
name are forbidden; the schema has to refuse records that were spoilt; and the records have to show every key of the schema, so
that none is made up. Unit tests compare its words with those of the program.
"""

import copy
import json
import sys
from pathlib import Path

import jsonschema

FIXTURES = Path(__file__).resolve().parent.parent.parent / "fixtures"
# What a file is, by the end of its name; the first that fits.
SCHEMAS = {".across.jsonl": "across.schema.json", ".notice.jsonl": "notice.schema.json", ".jsonl": "record.schema.json"}

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
    for part in schema.get("oneOf", ()):
        if jsonschema.Draft202012Validator({**resolve(part, root), "$defs": root["$defs"]}).is_valid(value):
            walk(part, root, value, seen)
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


def spoilt(record, required):
    """Records that are wrong in one thing each."""
    for key in required:
        short = copy.deepcopy(record)
        del short[key]
        yield f"without {key}", short
        wrong = copy.deepcopy(record)
        wrong[key] = {"no": "such value"} if not isinstance(record[key], dict) else 7
        yield f"with {key} = {wrong[key]!r}", wrong
    if "verdict" not in record:
        return
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


def parts(schema):
    """The schemas of a line."""
    return [resolve(part, schema) for part in schema.get("oneOf", [schema])]


def named(record):
    """A name for people."""
    return record.get("item", record).get("path") or record.get("kind") or json.dumps(record)[:80]


def check(name, files):
    """Holds the records of some files to one schema. Returns their number and what is wrong."""
    schema = json.loads((FIXTURES / name).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    open_, closed = (jsonschema.Draft202012Validator(each) for each in (schema, strict(schema)))
    of_parts = [jsonschema.Draft202012Validator({**part, "$defs": schema["$defs"]}) for part in parts(schema)]
    records, wrong, seen, spoil = 0, [], set(), {}
    for file in files:
        for line in file.read_text().splitlines():
            record = json.loads(line)
            records += 1
            wrong += [f"{named(record)}: {error.json_path}: {error.message[:200]}" for error in closed.iter_errors(record)]
            walk(schema, schema, record, seen)
            fits = [at for at, part in enumerate(of_parts) if part.is_valid(record)]
            if len(fits) == 1:
                spoil.setdefault((fits[0], bool(record.get("findings"))), record)
    for (at, _), record in spoil.items():
        bad = spoilt(record, parts(schema)[at]["required"])
        wrong += [f"{name} takes a record {why}" for why, bad in bad if open_.is_valid(bad)]
        more = copy.deepcopy(record)
        more["a_key_of_a_later_version"] = 1
        wrong += [] if open_.is_valid(more) else [f"{name} refuses a key of a later version"]
    found = {}
    wanted(schema, found)
    unseen = sorted({key for place, key in found.items() if place not in seen})
    if unseen:
        wrong.append(f"no record of the suite has {', '.join(unseen)} of {name}")
    if {at for at, _ in spoil} != set(range(len(of_parts))) or len(spoil) < 2:
        wrong.append(f"the suite has not every kind of record of {name}")
    print(f"{records:,} records of {len(files)} files against {name}: {len(wrong)} things wrong")
    return wrong


def main():
    files = {name: [] for name in SCHEMAS.values()}
    for file in sorted(Path(sys.argv[1]).glob("*.jsonl")):
        files[next(name for end, name in SCHEMAS.items() if file.name.endswith(end))].append(file)
    wrong = [line for name, of in files.items() for line in check(name, of)]
    for line in wrong[:40]:
        print(line, file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
