"""A dump in an S3 store of another make (moto): its run is that of the same dump on disk, and plan and parts may lie there too.

    PYTHONPATH=scripts LEAKHOUND_PROGRAM=target/debug/leakhound python3 -B -m unittest -v lib.test_objects

The program has to be built with --features s3. What cannot be installed here is skipped, and said loudly.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from lib import machines
from lib.test_machines import PROGRAM, RATE_HZ, song, wav

VENV = machines.ROOT / "target" / "objects" / "venv"
PACKAGE = "moto[server]==5.1.22"

# Keys that a path does not have, or that a listing has to encode.
ODD_KEYS = ["odd/a//b.wav", "odd//c.wav", "odd/..d/é ü+%20.wav", "odd/a-b.wav", "odd/a/x.wav", "odd/a.wav", "odd/q?x=1&y#z.wav"]

FILL = """
import boto3, sys, pathlib
endpoint, root, odd = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
s3.create_bucket(Bucket="label")
for path in sorted(path for path in root.rglob("*") if path.is_file()):
    s3.put_object(Bucket="label", Key=f"dump/{path.relative_to(root)}", Body=path.read_bytes())
clip = (root / "loose" / "00.wav").read_bytes()
for key in odd:
    s3.put_object(Bucket="label", Key=key, Body=clip)
for number in range(1_100):
    s3.put_object(Bucket="label", Key=f"many/{number:04}.txt", Body=b"no sound")
s3.put_object(Bucket="label", Key="many/", Body=b"")
"""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Objects(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        python = VENV / "bin" / "python"
        if not (VENV / "complete").exists():
            made = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True, check=False)
            pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE]
            if made.returncode == 0:
                made = subprocess.run(pip, capture_output=True, text=True, check=False)
            if made.returncode != 0:
                last = (made.stderr.strip().splitlines() or ["no reason"])[-1]
                print(f"\nleakhound: NOT TESTED: an S3 store of another make: {PACKAGE} cannot be installed: {last}", file=sys.stderr)
                raise unittest.SkipTest("moto is not here")
            (VENV / "complete").touch()
        cls.folder = tempfile.TemporaryDirectory(prefix="leakhound-objects-")
        cls.at = Path(cls.folder.name)
        port = free_port()
        cls.endpoint = f"http://127.0.0.1:{port}"
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        server = [python, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        cls.server = subprocess.Popen(server, cwd=cls.at, **quiet)
        songs = [song(seed, 30) for seed in range(2)]
        for name in ("masters", "dump/loose"):
            (cls.at / name).mkdir(parents=True)
        for number, samples in enumerate(songs):
            (cls.at / f"masters/{number}.wav").write_bytes(wav(samples))
        for number in range(12):
            ours = songs[number % 2][number * RATE_HZ:(number + 10) * RATE_HZ]
            clip = wav(ours if number % 3 == 0 else song(100 + number, 6))
            (cls.at / f"dump/loose/{number:02}.wav").write_bytes(clip)
        packed = ["tar", "cf", cls.at / "dump/all.tar", "-C", cls.at / "dump", "loose"]
        subprocess.run(packed, check=True)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        fill = [python, "-c", FILL, cls.endpoint, cls.at / "dump", *ODD_KEYS]
        subprocess.run(fill, check=True, env=cls.environment(), capture_output=True)
        cls.run_program("catalog", "add", "masters")

    @classmethod
    def tearDownClass(cls):
        if hasattr(cls, "server"):
            cls.server.terminate()
            cls.server.wait(timeout=30)
            cls.folder.cleanup()

    @classmethod
    def environment(cls):
        usual = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {**usual, "LEAKHOUND_HOME": str(cls.at / "home"), "HOME": str(cls.at), "AWS_ENDPOINT_URL_S3": cls.endpoint,
                "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "NO_PROXY": "127.0.0.1"}

    @classmethod
    def run_program(cls, *args, code=0):
        done = subprocess.run([PROGRAM, *args], cwd=cls.at, env=cls.environment(), capture_output=True, text=True, check=False)
        assert done.returncode == code, (args, done)
        return done.stdout

    @classmethod
    def content_digest(cls):
        cls.run_program("manifest", "--force", "--out", "manifest.json")
        return json.loads((cls.at / "manifest.json").read_text())["content_digest"]

    def test_a_dump_in_the_store_is_the_run_of_the_one_on_disk_also_in_units(self):
        self.run_program("scan", "dump", code=1)
        expected = self.content_digest()
        print(self.run_program("scan", "s3://label/dump", code=1).splitlines()[-3], file=sys.stderr)
        self.assertEqual(self.content_digest(), expected)
        self.run_program("catalog", "pack", "--out", "songs.pack")
        self.run_program("plan", "s3://label/dump", "--out", "s3://label/plan", "--units", "6")
        status = json.loads(self.run_program("plan", "status", "s3://label/plan", "--json", code=3))
        self.run_program("work", "s3://label/plan", "--unit", f"0-{status['units'] - 1}", "--catalogue", "songs.pack")
        self.run_program("merge", "s3://label/plan", code=1)
        self.assertEqual(self.content_digest(), expected)

    def test_objects_of_odd_names_are_found_and_extracted(self):
        self.run_program("scan", "s3://label/odd", code=1)
        records = [json.loads(line) for line in self.run_program("report", "--format", "jsonl", "--out", "-").splitlines()]
        records = [record for record in records if "item" in record]
        self.assertEqual(len(records), len(ODD_KEYS))
        clip = (self.at / "dump/loose/00.wav").read_bytes()
        for record in records:
            self.assertEqual(len(record["findings"]), 1, record)
            self.run_program("extract", record["item"]["locator"], "--force", "--out", "out.wav")
            self.assertEqual((self.at / "out.wav").read_bytes(), clip)

    def test_more_objects_than_a_page_has_are_all_listed(self):
        told = json.loads(self.run_program("inspect", "s3://label/many", "--json"))
        self.assertEqual(sum(kind["items"] for kind in told["kinds"]), 1_100, told)

    def test_what_is_not_there_is_told(self):
        done = subprocess.run([PROGRAM, "scan", "s3://nobody/dump"], cwd=self.at, env=self.environment(), capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, 2, done)
        self.assertIn("no bucket nobody", done.stderr)


if __name__ == "__main__":
    unittest.main()
