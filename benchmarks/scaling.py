"""How runs grow with workers and with documents: speed, and memory over time.

Usage: python benchmarks/scaling.py workers PATH [--profile PROFILE]
       python benchmarks/scaling.py documents [NUMBER ...] [--workers N]

``workers`` runs PATH (a folder or file of articles) with one worker and with two, and compares the
gain with that of two copies of a bare busy loop over one, measured just before. Target: at least
0.85 of it. ``documents`` runs profile fast over synthetic corpora (sentences of the short training
texts, drawn anew for each document) of so many documents, and compares the tokens per second and
what the processes held in memory in the first and the last quarter of the time. Targets: the speed
at 50,000 documents at least 0.95 of that at 5,000; parent at most 600 MB, worker at most 900 MB, no
growth. Memory is read from /proc, so on Linux only.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHORT = ROOT / "corpus" / "training" / "short" / "short.pubtator"
LOOP = "n = 0\nfor i in range(30_000_000): n += i"
GAIN, SPEED, PARENT_MB, WORKER_MB = 0.85, 0.95, 600, 900
SENTENCES = 8


@dataclass
class Measured:
    """A run: its own times and counts, and memory in MB by second."""

    seconds: dict[str, float]
    counts: dict[str, int]
    parent: list[float] = field(default_factory=list)
    workers: dict[int, list[float]] = field(default_factory=dict)

    @property
    def speed(self) -> float:
        """Tokens per second of the whole run."""
        return self.counts["tokens"] / self.seconds["total"]


def measure(path: Path, out: Path, profile: str, workers: int) -> Measured:
    """Run the real command and look at its processes once a second."""
    command = [sys.executable, "-m", "pipeline", "run", str(path), "--out", str(out)]
    process = subprocess.Popen(
        [*command, "--profile", profile, "--workers", str(workers)],
        cwd=ROOT, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    parent: list[float] = []
    others: dict[int, list[float]] = defaultdict(list)

    def look() -> None:
        while process.poll() is None:
            for pid in descendants(process.pid):
                held = resident(pid)
                (parent if pid == process.pid else others[pid]).append(held)
            time.sleep(1)

    watcher = threading.Thread(target=look)
    watcher.start()
    process.wait()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"the run failed ({process.returncode})")
    told = json.loads((out / "run.json").read_text())
    return Measured(told["seconds"], told["counts"], parent, dict(others))


def descendants(pid: int) -> list[int]:
    """A process and all below it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *(found for child in children for found in descendants(int(child)))]


def resident(pid: int) -> float:
    """Memory that a process holds, in MB; 0 when it has gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


def busy_gain() -> float:
    """How much more two copies of a busy loop do than one, in the same time."""

    def seconds(copies: int) -> float:
        began = time.perf_counter()
        for process in [subprocess.Popen([sys.executable, "-c", LOOP]) for _ in range(copies)]:
            process.wait()
        return time.perf_counter() - began

    return min(2 * seconds(1) / seconds(2) for _ in range(2))


def compare_workers(path: Path, profile: str) -> None:
    """Print the gain of a second worker."""
    with tempfile.TemporaryDirectory() as folder:
        gain = busy_gain()
        one = measure(path, Path(folder, "1"), profile, 1)
        two = measure(path, Path(folder, "2"), profile, 2)
        gain = (gain + busy_gain()) / 2
    print(f"two busy loops over one        {gain:.2f}")
    for stage in ("annotate", "total"):
        reached = one.seconds[stage] / two.seconds[stage]
        print(
            f"two workers over one, {stage:8} {reached:.2f}, {reached / gain:.2f} of it "
            f"(target: {GAIN}); {one.seconds[stage]:.0f} s and {two.seconds[stage]:.0f} s"
        )
    show_memory(two)
    print(f"documents {two.counts['documents']:,}, errors {two.counts['errors']:,}")


def compare_documents(numbers: list[int], workers: int) -> None:
    """Print the speed by number of documents, and memory over time."""
    speeds: list[float] = []
    for number in numbers:
        with tempfile.TemporaryDirectory() as folder:
            corpus = write_corpus(Path(folder, "corpus.jsonl"), number)
            found = measure(corpus, Path(folder, "out"), "fast", workers)
        speeds.append(found.speed)
        told = " ".join(f"{name} {value:.0f} s" for name, value in found.seconds.items())
        print(
            f"{number:,} documents: {found.speed:,.0f} tokens/s, "
            f"{found.speed / speeds[0]:.2f} of the first (target: {SPEED}); {told}"
        )
        show_memory(found)


def show_memory(found: Measured) -> None:
    """Print the peaks, and the means of the first and the last quarter."""
    annotating = round(found.seconds["annotate"])
    print(f"  parent: peak {max(found.parent):.0f} MB (target: {PARENT_MB})")
    for held in found.workers.values():
        # The first seconds are those of loading; the process that workers are copied from idles.
        steady = held[5:annotating]
        quarter = len(steady) // 4
        if quarter:
            first, last = (sum(q) / quarter for q in (steady[:quarter], steady[-quarter:]))
            print(
                f"  process: peak {max(held):.0f} MB (target: {WORKER_MB}), "
                f"first quarter {first:.0f} MB, last {last:.0f} MB"
            )


def write_corpus(path: Path, number: int) -> Path:
    """A corpus of documents put together from sentences by chance, always the same."""
    draw = random.Random(number)
    sentences = [
        line.split("|", 2)[2]
        for line in SHORT.read_text(encoding="utf-8").splitlines()
        if line.count("|") >= 2
    ]
    with path.open("w", encoding="utf-8") as stream:
        for _ in range(number):
            text = "\n\n".join(draw.choices(sentences, k=SENTENCES))
            stream.write(json.dumps({"text": text}) + "\n")
    return path


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    by_workers = commands.add_parser("workers")
    by_workers.add_argument("path", type=Path)
    by_workers.add_argument("--profile", default="accurate")
    by_number = commands.add_parser("documents")
    by_number.add_argument("numbers", nargs="*", type=int, default=[5_000, 50_000, 100_000])
    by_number.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    if given.command == "workers":
        compare_workers(given.path, given.profile)
    else:
        compare_documents(given.numbers, given.workers)


if __name__ == "__main__":
    main()
