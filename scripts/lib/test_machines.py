"""One dump by one machine, by plain processes, by Spark and by Ray, with processes killed at random: one content digest.

    PYTHONPATH=scripts LEAKHOUND_PROGRAM=target/debug/leakhound python3 -B -m unittest -v lib.test_machines

What cannot be installed here is skipped, and said loudly. LEAKHOUND_KILLS: processes to kill for each engine [6].
"""

import io
import json
import math
import os
import random
import struct
import subprocess
import sys
import tarfile
import tempfile
import unittest
import wave
import zipfile
from pathlib import Path

from lib import machines

SCRIPTS = Path(__file__).resolve().parent.parent
PROGRAM = Path(os.environ.get("LEAKHOUND_PROGRAM", machines.ROOT / "target/debug/leakhound")).resolve()
KILLS = int(os.environ.get("LEAKHOUND_KILLS", "6"))
RATE_HZ = 11_025


def song(seed: int, seconds: int) -> list[float]:
    """Chords by chance that fade."""
    dice, samples = random.Random(seed), []
    while len(samples) < seconds * RATE_HZ:
        count = int(RATE_HZ * dice.choice([0.15, 0.2, 0.3]))
        tones = [2 * math.pi * 110 * 2 ** (dice.randrange(48) / 12) / RATE_HZ for _ in range(3)]
        samples += [0.3 * math.exp(-3 * at / count) * sum(math.sin(tone * at) for tone in tones) for at in range(count)]
    return samples[:seconds * RATE_HZ]


def wav(samples: list[float]) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(struct.pack(f"<{len(samples)}h", *(int(32_000 * max(-1, min(1, x))) for x in samples)))
    return out.getvalue()


class Machines(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="leakhound-machines-")
        cls.at = Path(cls.folder.name)
        songs = [song(seed, 30) for seed in range(3)]
        clips = {}
        for number in range(30):
            start = number % 15 * RATE_HZ
            ours = songs[number % 3][start:start + 10 * RATE_HZ]
            clips[f"{number:02}.wav"] = wav(ours if number % 5 == 0 else song(100 + number, 5))
        for name in ("masters", "dump/loose"):
            (cls.at / name).mkdir(parents=True)
        for number, samples in enumerate(songs):
            (cls.at / f"masters/{number}.wav").write_bytes(wav(samples))
        names = sorted(clips)
        for name in names[:10]:
            (cls.at / "dump/loose" / name).write_bytes(clips[name])
        with zipfile.ZipFile(cls.at / "dump/big.zip", "w") as archive:
            for name in names[10:20]:
                archive.writestr(name, clips[name])
        with tarfile.open(cls.at / "dump/big.tar", "w") as archive:
            for name in names[20:]:
                info = tarfile.TarInfo(name)
                info.size = len(clips[name])
                archive.addfile(info, io.BytesIO(clips[name]))
        cls.run_program("catalog", "add", "masters")
        cls.run_program("scan", "dump", code=1)
        cls.run_program("catalog", "pack", "--out", "songs.pack")
        cls.expected = cls.content_digest()

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def environment(cls):
        return {**os.environ, "LEAKHOUND_HOME": str(cls.at / "home")}

    @classmethod
    def run_program(cls, *args, code=0):
        done = subprocess.run([PROGRAM, *args], cwd=cls.at, env=cls.environment(), capture_output=True, text=True, check=False)
        assert done.returncode == code, (args, done)
        return done.stdout

    @classmethod
    def content_digest(cls):
        cls.run_program("manifest", "--out", "manifest.json")
        return json.loads((cls.at / "manifest.json").read_text())["content_digest"]

    def planned(self, name):
        self.run_program("plan", "dump", "--out", name, "--units", "24")
        return self.at / name

    def merged(self, name):
        self.run_program("merge", name, code=1)
        self.assertEqual(self.content_digest(), self.expected)

    def driven(self, engine):
        plan = self.planned(f"plan-{engine}")
        more = ["--threads", "1", "--home", str(self.at / "home"), "--catalogue", str(self.at / "songs.pack")]
        driver = [SCRIPTS / engine, plan, "--program", PROGRAM, "--check-by-killing", str(KILLS), "--", *more]
        done = subprocess.run(driver, cwd=self.at, env=self.environment(), capture_output=True, text=True, check=False)
        if "cannot be installed" in done.stderr or "could not be installed" in done.stderr:
            print(f"\nleakhound: NOT TESTED: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
            self.skipTest(f"{engine} is not here")
        self.assertEqual(done.returncode, 0, done)
        self.assertIn("units done", done.stdout)
        print(done.stdout.strip(), file=sys.stderr)
        self.merged(plan.name)

    def test_plain_processes_that_are_killed_make_the_run_of_one_machine(self):
        plan = self.planned("plan-plain")
        workers = [machines.Worker(str(PROGRAM), str(plan), ["--home", str(self.at / "home")], share) for share in (0.3, 0.0)]
        left, tries = machines.units_left(plan, []), 0
        # In any order, some of them twice.
        left += random.Random(5).sample(left, 5)
        random.Random(6).shuffle(left)
        while left:
            unit = left.pop()
            try:
                workers[tries % 2].do(unit)
            except machines.UnitFailed:
                left.insert(0, unit)
            tries += 1
        for worker in workers:
            worker.close()
        self.assertEqual(machines.units_left(plan, []), [])
        machines.killed_log(plan).unlink(missing_ok=True)
        self.merged(plan.name)

    def test_spark_makes_the_run_of_one_machine(self):
        self.driven("spark")

    def test_ray_makes_the_run_of_one_machine(self):
        self.driven("ray")


if __name__ == "__main__":
    unittest.main()
