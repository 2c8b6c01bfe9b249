"""Kill a run again and again, and see that its tables are those of an undisturbed one.

Usage: python benchmarks/chaos.py PATH [--kills N] [--profile PROFILE] [--seed N]

PATH is a folder or file of articles. Of the kills (SIGKILL) some hit the run itself, which is then
started anew with the same command, and some one of its workers. Prints what happened; exit code 1
if the tables differ in a byte. Processes are found in /proc, so on Linux only.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from scaling import ROOT, descendants

from pipeline.tables.schema import TABLES

SHARE_OF_PARENTS = 0.3
# Between two kills pass so many seconds, by chance.
PAUSE_S = 0.3, 4.0


def start(path: Path, out: Path, profile: str) -> subprocess.Popen[bytes]:
    """Begin a run with two workers."""
    command = [sys.executable, "-m", "pipeline", "run", str(path), "--out", str(out)]
    return subprocess.Popen(
        [*command, "--profile", profile, "--workers", "2"],
        cwd=ROOT, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def workers(pid: int) -> list[int]:
    """The processes that were started by those that the run has started to start them."""
    helpers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [worker for helper in helpers for worker in descendants(int(helper))[1:]]


def disturb(path: Path, out: Path, profile: str, kills: int, draw: random.Random) -> dict[str, int]:
    """Run with kills in between; how many of which process there were."""
    done = {"run": 0, "worker": 0, "end before all kills": 0}
    process = start(path, out, profile)
    while done["run"] + done["worker"] < kills:
        time.sleep(draw.uniform(*PAUSE_S))
        if process.poll() is not None:
            done["end before all kills"] = 1
            break
        others = workers(process.pid)
        which = "run" if draw.random() < SHARE_OF_PARENTS or not others else "worker"
        with suppress(ProcessLookupError):
            os.kill(process.pid if which == "run" else draw.choice(others), signal.SIGKILL)
            done[which] += 1
        if which == "run":
            process.wait()
            process = start(path, out, profile)
    if process.wait() not in (0, 3):
        raise SystemExit(f"the last run failed ({process.returncode})")
    return done


def main() -> int:
    """Run the command line; 0 if the tables are the same."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--profile", default="fast")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        calm, wild = Path(folder, "calm"), Path(folder, "wild")
        if start(given.path, calm, given.profile).wait() not in (0, 3):
            raise SystemExit("the undisturbed run failed")
        draw = random.Random(given.seed)
        done = disturb(given.path, wild, given.profile, given.kills, draw)
        names = [f"{name}.{suffix}" for name in TABLES for suffix in ("parquet", "csv")]
        differing = [n for n in names if (calm / n).read_bytes() != (wild / n).read_bytes()]
    told = ", ".join(f"{number} {what}" for what, number in done.items())
    print(f"killed: {told}; tables that differ: {', '.join(differing) or 'none'}")
    return int(bool(differing))


if __name__ == "__main__":
    sys.exit(main())
