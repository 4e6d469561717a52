"""A small dump with findings of every kind, cut from the music of `scripts/corpus`. All titles and rights in it are made up."""

import csv
import hashlib
import random
import subprocess
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lib import tools

HOUSES = ["Northlight Records", "Maris & Sons", "Kupfer Audio", "Blue Meridian", "Stella Polaris Music"]
FIRST = ["Quiet", "Silver", "Night", "Paper", "Salt", "Amber", "Hollow", "Distant", "Winter", "Glass"]
SECOND = ["Harbour", "Train", "Garden", "Signal", "Rivers", "Machine", "Letters", "Orchard", "Atlas", "Parade"]
ARTISTS = ["The Harbour", "Ana Ruiz", "Ödland", "Sons of Ferrara", "M. Okafor Trio", "Lighthouse Club", "Kirsi & Co", "Delta Orchard"]
TORRENT_PIECE = 256 << 10
# Artist and title of some recordings, and a part of their items' names. First, scripts that no single font has.
SCRIPTS = [
    ("夜更けの楽団", "夜に駆ける"), ("김하늘", "사랑의 노래"), ("北海乐团", "春江花月夜"), ("فرقة النيل", "ليالي القاهرة"),
    ("להקת הגליל", "שיר של בוקר (Live 1999)"), ("วงจันทร์", "เพลงรัก"), ("अनिल", "रात का गीत"), ("DJ 🦊", "🌊 Ocean 🎧"),
    ("Ночной оркестр", "Ночь / Νύχτα / Łódź"),
]
# Then text that a spreadsheet would run, that a page would take for markup, or that changes the writing direction.
HOSTILE = [
    ("Mallory", "=cmd|'/C calc'!A0"), ("+1", "+1+1"), ("-1", "-2+3"), ("@SUM(A1:A9)", "@SUM(1,1)"), ("Mallory", "\t=1+1"),
    ("Mallory", "\r=1+1"), ("a;=1+1", "x;=1+1;y"), ('"=1+1"', '=HYPERLINK("http://example.com","x")'),
    ("<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>"), ("gpj.\u202eexe", "%00 \u202eevil"),
]


def ffmpeg(*words):
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise tools.ToolError(f"ffmpeg: {done.stderr.strip().splitlines()[-1:]}")


def check_digit(digits):
    odd, even = digits[-1::-2], digits[-2::-2]
    return str(-(3 * sum(map(int, odd)) + sum(map(int, even))) % 10)


def delivery(masters, special, out):
    """Writes a label's CSV of the masters; returns each master's row. `special` has artist and title of some, by name."""
    rows = {}
    for at, master in enumerate(masters):
        release = at // 9
        upc = f"03600{release:06d}"
        row = {
            "isrc": f"GBXYZ24{at:05d}",
            "title": f"{FIRST[at % 10]} {SECOND[(at // 10 + at) % 10]}" + (f" {at // 100 + 1}" if at >= 100 else ""),
            "artist": ARTISTS[release % 8],
            "release_title": f"{SECOND[release % 10]} Sessions, Vol. {release // 10 + 1}",
            "upc": upc + check_digit(upc),
            "label": HOUSES[release % 5],
            "p_line": f"(P) 20{10 + release % 14} {HOUSES[release % 5]}",
            "role": "non_exclusive" if at % 23 == 5 else "owner",
            "territories": "GB|DE|FR" if at % 19 == 3 else "Worldwide",
            "valid_until": "2020-12-31" if at % 41 == 11 else "",
            "audio": master.name,
        }
        row["artist"], row["title"] = special.get(master.name, (row["artist"], row["title"]))
        rows[master.name] = row
    with open(out, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(next(iter(rows.values()))))
        writer.writeheader()
        writer.writerows(rows.values())
    return rows


CODECS = [
    ("mp3", ["-c:a", "libmp3lame", "-b:a", "96k"]),
    ("ogg", ["-c:a", "libvorbis", "-q:a", "3"]),
    ("opus", ["-c:a", "libopus", "-b:a", "64k"]),
    ("flac", ["-c:a", "flac"]),
    ("m4a", ["-c:a", "aac", "-b:a", "96k"]),
]


def warp(kind, amount):
    """The ffmpeg filters that change speed, tempo or pitch of a file at 44.1 kHz."""
    return {
        "speed": f"aresample=44100,asetrate={round(44100 * amount)},aresample=44100",
        "tempo": f"atempo={amount}",
        "pitch": f"aresample=44100,asetrate={round(44100 * amount)},aresample=44100,atempo={1 / amount:.5f}",
    }[kind]


def make(corpus, dump, work, items):
    """Makes the dump; returns its licensed folder."""
    rolls = random.Random(20)
    masters = sorted(p for p in (corpus / "catalogue").iterdir() if p.suffix in (".ogg", ".mp3", ".flac", ".opus"))
    others = sorted(p for p in (corpus / "held-out").iterdir() if p.suffix in (".ogg", ".mp3", ".flac", ".opus"))
    hits = masters[:]
    rolls.shuffle(hits)
    special = {hits[245 + at].name: names for at, names in enumerate(SCRIPTS + HOSTILE)}
    rows = delivery(masters, special, work / "delivery.csv")
    jobs = []

    def cut(master, to, seconds, words=(), extra=(), start=None):
        to.parent.mkdir(parents=True, exist_ok=True)
        start = 4 + len(jobs) % 12 if start is None else start
        jobs.append(["-ss", start, "-t", seconds, "-i", master, *words, *extra, "-vn", to])

    def coded(at):
        return CODECS[at % len(CODECS)]

    # As released, most with honest tags.
    for at in range(48):
        master, (suffix, codec) = hits[at], coded(at)
        row = rows[master.name]
        tags = ["-metadata", f"title={row['title']}", "-metadata", f"artist={row['artist']}"]
        tags += ["-metadata", f"isrc={row['isrc']}", "-metadata", f"TSRC={row['isrc']}"] if at % 3 else []
        cut(master, dump / "torrent/Label Leak 2026/Albums" / f"{at:02} {row['title']}.{suffix}", 16, codec, tags, 0)
    # Changed in speed, tempo, pitch.
    amounts = [("speed", 1.25), ("speed", 0.85), ("tempo", 1.1), ("pitch", 1.06), ("speed", 1.1), ("tempo", 0.9), ("pitch", 0.94), ("speed", 0.8)]
    for at in range(40):
        kind, amount = amounts[at % 8]
        master, (suffix, codec) = hits[50 + at], coded(at + 2)
        cut(master, work / "edits" / f"{kind} {amount} {at:02}.{suffix}", 24, ["-af", warp(kind, amount), *codec])
    # The ISRC of another recording in the tags, and one that is not in the catalogue.
    for at in range(10):
        master, wrong = hits[95 + at], hits[120 + at]
        isrc = rows[wrong.name]["isrc"] if at % 2 else f"USZZZ99{at:05d}"
        cut(master, dump / "shares" / f"unsorted {at:02}.mp3", 12, CODECS[0][1], ["-metadata", f"TSRC={isrc}", "-metadata", f"title={rows[wrong.name]['title']}"])
    # Claims without the audio.
    for at in range(8):
        cut(others[at], dump / "shares" / f"claimed {at:02}.mp3", 8, CODECS[0][1], ["-metadata", f"TSRC={rows[hits[140 + at].name]['isrc']}"])
    # Clips of 4 s within other audio, and mixes of three recordings.
    for at in range(12):
        jobs.append(["-ss", 2, "-t", 12, "-i", others[20 + at], "-ss", 9, "-t", 4, "-i", hits[150 + at], "-filter_complex",
                     "[0]aresample=44100,aformat=channel_layouts=mono,asplit[x][y];[x]atrim=0:6[a];[y]atrim=6:12,asetpts=N/SR/TB[c];"
                     "[1]aresample=44100,aformat=channel_layouts=mono[b];[a][b][c]concat=n=3:v=0:a=1",
                     *CODECS[1][1], dump / "radio" / f"spot {at:02}.ogg"])
    for at in range(8):
        three = [hits[165 + 3 * at + i] for i in range(3)]
        inputs = sum((["-ss", 5, "-t", 14, "-i", one] for one in three), [])
        join = "".join(f"[{i}]aresample=44100,aformat=channel_layouts=mono[m{i}];" for i in range(3))
        jobs.append([*inputs, "-filter_complex", join + "[m0][m1]acrossfade=d=3[x];[x][m2]acrossfade=d=3",
                     *CODECS[2][1], dump / "radio" / f"mix {at:02}.opus"])
    # Under speech-like noise.
    for at in range(8):
        master = hits[200 + at]
        jobs.append(["-ss", 6, "-t", 14, "-i", master, "-filter_complex",
                     "[0]aresample=44100,aformat=channel_layouts=mono,volume=0.5[a];anoisesrc=d=14:c=pink:a=0.12:r=44100:s=5[n];[a][n]amix=inputs=2:duration=first",
                     *CODECS[0][1], dump / "radio" / f"noisy {at:02}.mp3"])
    # What is licensed.
    for at in range(8):
        cut(hits[215 + at], dump / "partner" / f"preview {at:02}.ogg", 14, CODECS[1][1])
    # Odd names: in other scripts, like a formula, like markup; and a path that is longer than a line.
    for at, (artist, title) in enumerate(SCRIPTS + HOSTILE):
        row, name = rows[hits[245 + at].name], f"{title} - {artist}".replace("/", "_")
        tags = ["-metadata", f"title={title}", "-metadata", f"artist={artist}", "-metadata", f"TSRC={row['isrc']}"]
        cut(hits[245 + at], dump / "odd names" / f"{name}.mp3", 10, CODECS[0][1], tags)
    deep = dump.joinpath("odd names", *(f"{at} a folder in a folder, of a name that says very much about what is not in it" for at in range(1, 9)))
    cut(hits[270], deep / ("unbroken" * 20 + ".ogg"), 12, CODECS[1][1])
    # A loop that two masters share, and clips of it.
    loops = work / "masters"
    loops.mkdir(parents=True, exist_ok=True)
    for at in range(2):
        ffmpeg("-ss", 4, "-t", 15, "-i", hits[230 + at], "-ss", 8, "-t", 12, "-i", hits[240], "-filter_complex",
               "[0]aresample=44100,aformat=channel_layouts=mono[a];[1]aresample=44100,aformat=channel_layouts=mono[b];[a][b]concat=n=2:v=0:a=1",
               "-metadata", f"title=Loop Song {at + 1}", "-metadata", "artist=Lighthouse Club", "-c:a", "flac", loops / f"loop {at}.flac")
    for at in range(5):
        cut(loops / "loop 0.flac", dump / "shares" / f"loop {at}.mp3", 8, CODECS[0][1], start=16 + 0.5 * at)
    for folder in ("radio", "shares"):
        (dump / folder).mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda job: ffmpeg(*job), jobs))
    # Music that is not in the catalogue, in pieces of 7 s, until there are enough items.
    clear = work / "clear"
    clear.mkdir(parents=True, exist_ok=True)
    wanted = items - len(jobs) - 40
    for at, other in enumerate(others):
        if sum(1 for _ in clear.iterdir()) >= wanted:
            break
        ffmpeg("-i", other, "-t", 110, "-map", "a:0", "-vn", "-f", "segment", "-segment_time", 7, "-c:a", "libvorbis", "-q:a", "0",
               clear / f"{at:03}-%02d.ogg")
    pieces = sorted(clear.iterdir())
    half = len(pieces) // 2
    with tarfile.open(dump / "collection-01.tar", "w") as tar:
        for piece in pieces[:half]:
            tar.add(piece, f"tracks/{piece.name}")
        for edit in sorted((work / "edits").iterdir())[:20]:
            tar.add(edit, f"edits/{edit.name}")
    with zipfile.ZipFile(dump / "collection-02.zip", "w") as archive:
        for piece in pieces[half:]:
            archive.write(piece, f"tracks/{piece.name}")
        for edit in sorted((work / "edits").iterdir())[20:]:
            archive.write(edit, f"edits/{edit.name}")
    broken(dump / "broken", others)
    torrent(dump / "torrent/Label Leak 2026", dump / "torrent/Label Leak 2026.torrent")
    return dump / "partner"


def broken(folder, others):
    """Makes items that cannot be read, and some that are no audio."""
    folder.mkdir(parents=True, exist_ok=True)
    for at in range(5):
        (folder / f"empty {at}.flac").write_bytes(b"")
    for at in range(7):
        (folder / f"noise {at}.mp3").write_bytes(b"ID3\x04\0\0\0\0\0\0" + random.Random(at).randbytes(20_000))
    for at in range(4):
        (folder / f"half {at}.zip").write_bytes(b"PK\x03\x04" + bytes(500))
    for at in range(6):
        ffmpeg("-f", "lavfi", "-i", "anullsrc=r=44100", "-t", "8", folder / f"silent {at}.flac")
    for at in range(4):
        ffmpeg("-i", others[at], "-t", "0.4", "-vn", folder / f"short {at}.wav")
    for at in range(12):
        (folder / f"cover {at:02}.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(100))
    hostile = "<img src=x onerror=alert(1)> =cmd()\u202egpj.ogg"
    ffmpeg("-i", others[5], "-t", "7", "-vn", "-c:a", "libvorbis", folder / hostile)


def bencode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    return b"d" + b"".join(bencode(key) + bencode(value[key]) for key in sorted(value)) + b"e"


def torrent(folder, out):
    """Makes a torrent of version 1 for a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    data = b"".join(path.read_bytes() for path in files)
    pieces = [hashlib.sha1(data[at:at + TORRENT_PIECE]).digest() for at in range(0, len(data), TORRENT_PIECE)]
    info = {
        b"name": folder.name.encode(),
        b"piece length": TORRENT_PIECE,
        b"pieces": b"".join(pieces),
        b"files": [{b"length": path.stat().st_size, b"path": [part.encode() for part in path.relative_to(folder).parts]} for path in files],
    }
    out.write_bytes(bencode({b"info": info}))
    # One file is incomplete, and one differs from the torrent.
    last = files[-1]
    last.write_bytes(last.read_bytes()[:-1_000] + bytes(1_000))
