"""Scores of both profiles on the committed gold, against the ones on record.

Usage: python benchmarks/accuracy.py [--update [--allow-regression]]

Prints every score beside the recorded one (``benchmarks/accuracy.json``) and fails if one has
dropped by more than 0.01. ``--update`` records the present scores; a drop is recorded only with
``--allow-regression`` too. The record names the digest of the gold it was made on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any, get_args

from pipeline.config import Profile
from pipeline.evaluation.report import evaluate

ROOT = Path(__file__).parents[1]
GOLD = ROOT / "corpus" / "gold"
FOLDERS = {"seed": GOLD, "dev": GOLD / "dev", "test": GOLD / "test"}
RECORD = Path(__file__).with_suffix(".json")
# A drop that is no more than this is taken for noise of a harmless change.
EPSILON = 0.01

Scores = dict[str, dict[str, float]]


def gold_digest() -> str:
    """Hex SHA-256 over the gold files of all folders."""
    digest = hashlib.sha256()
    for folder in FOLDERS.values():
        for path in sorted((*folder.glob("*.ann"), *folder.glob("*.txt"))):
            digest.update(path.relative_to(GOLD).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def measure() -> Scores:
    """F1 of every line of the score table, by profile and folder."""
    return {
        f"{profile} {name}": {
            line: round(counts.f1, 4) for line, counts in evaluate(folder, profile).lines()
        }
        for profile in get_args(Profile)
        for name, folder in FOLDERS.items()
    }


def drops(recorded: Scores, current: Scores) -> list[str]:
    """Scores that fell by more than ``EPSILON``, or are gone."""
    return [
        f"{folder}, {line}: {before:.4f} -> {current.get(folder, {}).get(line, 0.0):.4f}"
        for folder, lines in recorded.items()
        for line, before in lines.items()
        if current.get(folder, {}).get(line, 0.0) < before - EPSILON
    ]


def read_record() -> dict[str, Any]:
    """The recorded digest and scores."""
    record: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    return record


def main() -> int:
    """Measure, print, compare or record; 0 if nothing dropped."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--allow-regression", action="store_true")
    options = parser.parse_args()
    recorded: Scores = read_record()["scores"] if RECORD.exists() else {}
    current = measure()
    for folder, lines in current.items():
        for line, score in lines.items():
            before = recorded.get(folder, {}).get(line)
            print(f"{folder:13} {line:30} {score:.4f}  {'' if before is None else f'{before:.4f}'}")
    fallen = drops(recorded, current)
    for drop in fallen:
        print(f"dropped: {drop}", file=sys.stderr)
    if options.update and (options.allow_regression or not fallen):
        record = {"gold_sha256": gold_digest(), "scores": current}
        scratch = RECORD.with_suffix(".tmp")
        scratch.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        scratch.replace(RECORD)
        return 0
    return int(bool(fallen))


if __name__ == "__main__":
    sys.exit(main())
