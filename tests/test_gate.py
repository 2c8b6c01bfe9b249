"""The regression gate: no score on the committed gold may drop by more than 0.01."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

PATH = Path(__file__).parents[1] / "benchmarks" / "accuracy.py"
spec = importlib.util.spec_from_file_location("accuracy", PATH)
accuracy = importlib.util.module_from_spec(spec)
spec.loader.exec_module(accuracy)


def test_gate_record_is_of_the_committed_gold():
    assert accuracy.read_record()["gold_sha256"] == accuracy.gold_digest(), (
        "the gold has changed: run `python benchmarks/accuracy.py --update`"
    )


def test_gate_no_score_has_dropped():
    recorded = accuracy.read_record()["scores"]
    assert len(recorded) == 6
    assert all(len(lines) >= 10 for lines in recorded.values())
    assert accuracy.drops(recorded, accuracy.measure()) == []


@pytest.mark.parametrize(
    ("before", "after", "n_drops"),
    [(0.9, 0.9, 0), (0.9, 0.895, 0), (0.9, 0.88, 1), (0.9, 0.99, 0), (0.9, None, 1)],
)
def test_gate_tells_drops_from_noise(before, after, n_drops):
    current = {"dev": {} if after is None else {"ALL strict": after}}
    assert len(accuracy.drops({"dev": {"ALL strict": before}}, current)) == n_drops
