"""How long a warm run on the seed takes, as a multiple of ``import spacy, pandas``.

Usage: python benchmarks/startup.py [RUNS]

Both are whole processes, taken in turn; the medians are compared. Target: at most 2.5.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SEED = Path(__file__).parents[1] / "corpus" / "articles" / "causes-of-weakness-in-legs.txt"
TARGET = 2.5


def seconds(command: list[str]) -> float:
    """Wall-clock time of a command that must succeed."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def main(runs: int) -> int:
    """Measure and print; 0 if the target is met."""
    with tempfile.TemporaryDirectory() as folder:
        run = [sys.executable, "-m", "pipeline", "run", str(SEED), "--out", folder]
        bare = [sys.executable, "-c", "import spacy, pandas"]
        seconds(run)  # compiles the terminology where that is still to be done
        pairs = [(seconds(bare), seconds(run)) for _ in range(runs)]
    base, ours = (statistics.median(side) for side in zip(*pairs, strict=True))
    print(f"import spacy, pandas   {base:.2f} s (median of {runs})")
    print(f"symptograph run seed   {ours:.2f} s (median of {runs})")
    print(f"ratio                  {ours / base:.2f} (target: at most {TARGET})")
    return int(ours / base > TARGET)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 7))
