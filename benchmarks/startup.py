"""How long a warm run on the seed takes, as a multiple of ``import spacy, pandas``.

Usage: python benchmarks/startup.py [RUNS]

All are whole processes, taken in turn; the medians are compared. Targets: profile fast at most 2.5
times as long as the imports; profile accurate, which loads the model, at most 1 s longer than fast.
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
MODEL_TARGET = 1.0


def seconds(command: list[str]) -> float:
    """Wall-clock time of a command that must succeed."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def main(runs: int) -> int:
    """Measure and print; 0 if the targets are met."""
    with tempfile.TemporaryDirectory() as folder:

        def run(profile: str) -> list[str]:
            out = str(Path(folder, profile))
            arguments = ["run", str(SEED), "--out", out, "--profile", profile]
            return [sys.executable, "-m", "pipeline", *arguments]

        bare = [sys.executable, "-c", "import spacy, pandas"]
        seconds(run("fast"))  # compiles the terminology where that is still to be done
        rounds = [
            (seconds(bare), seconds(run("fast")), seconds(run("accurate"))) for _ in range(runs)
        ]
    base, fast, accurate = (statistics.median(side) for side in zip(*rounds, strict=True))
    print(f"import spacy, pandas   {base:.2f} s (median of {runs})")
    print(
        f"run seed, fast         {fast:.2f} s, ratio {fast / base:.2f} (target: at most {TARGET})"
    )
    print(
        f"run seed, accurate     {accurate:.2f} s, {accurate - fast:+.2f} s "
        f"(target: at most {MODEL_TARGET} s more)"
    )
    return int(fast / base > TARGET or accurate - fast > MODEL_TARGET)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 7))
