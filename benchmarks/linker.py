"""Fit and measure what the linker has learned: the encoder of names and the ranking.

Usage: python benchmarks/linker.py score [--folds 3]
       python benchmarks/linker.py fit [--out pipeline/data/linker]

Both read the ontologies and ``linked_names.csv``. ``score`` deals the reviewed phrases of that
table into folds and links those of each with what was fitted without them: how often the right
concept is among the nearest, is the first one, and what share is linked, how rightly, at each
threshold of probability. ``fit`` writes the files that are shipped, from all phrases; its ranking
is fitted on the phrases of folds, because a phrase that the encoder knows is too near to its
concept.
"""

from __future__ import annotations

import argparse
import json
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipeline.data import load_table
from pipeline.terminology.compile import LINKED_NAMES, linkable_names
from pipeline.terminology.encoder import NameEncoder, Units
from pipeline.terminology.ranking import FEATURES, NONE_FEATURES
from pipeline.terminology.records import EntityType, Scope, Source
from pipeline.terminology.search import NameSearch, search_arrays
from pipeline.terminology.sources import read_sources
from pipeline.training.linking import (
    Choice,
    EncoderSettings,
    choose,
    fit_encoder,
    fit_ranking,
    make_choices,
)

REVIEW = "review"
THRESHOLDS = (0.8, 0.6, 0.5, 0.4, 0.3, 0.2)
Names = list[tuple[str, EntityType, Units, Scope]]


def fit_names(names: Names) -> NameEncoder:
    """An encoder fitted to names."""
    groups: dict[str, dict[Units, None]] = defaultdict(dict)
    for curie, _, units, _ in names:
        if units:
            groups[curie][units] = None
    report = lambda step, loss: print(f"  step {step}, loss {loss:.4f}", flush=True)  # noqa: E731
    return fit_encoder({c: list(n) for c, n in groups.items()}, EncoderSettings(), report)


def held_out_choices(sources: list[Source], n_folds: int) -> list[Choice]:
    """Choices of all reviewed phrases, each by what was fitted without it."""
    table = load_table(LINKED_NAMES)
    # Phrases that were written for a concept are not what articles hold: names, not test cases.
    rows = [row for row in table if row["source"] == REVIEW]
    written = [row for row in table if row["source"] != REVIEW]
    choices = []
    for fold in range(n_folds):
        others = [row for n, row in enumerate(rows) if n % n_folds != fold] + written
        names = list(linkable_names(sources, others))
        encoder = fit_names(names)
        curies = list(dict.fromkeys(name[0] for name in names))
        places = {curie: place for place, curie in enumerate(curies)}
        arrays = search_arrays(((t, u, s, places[c]) for c, t, u, s in names), encoder)
        choices += make_choices(rows[fold::n_folds], NameSearch(arrays, encoder), curies)
        print(f"fold {fold + 1} of {n_folds}: {len(choices)} phrases", flush=True)
    return choices


def show(choices: Sequence[Choice]) -> None:
    """Print how well the ranking does on phrases that it was not fitted on."""
    judged: list[tuple[str, float, bool, bool]] = []
    seen: Counter[tuple[str, str]] = Counter()
    for fold in range(5):
        weights = np.array(fit_ranking([c for n, c in enumerate(choices) if n % 5 != fold]))
        for choice in choices[fold::5]:
            shares = choose(choice, weights)[:-1]
            best = int(shares.argmax())
            has_one = not choice.right[-1]
            judged.append((choice.label, float(shares[best]), bool(choice.right[best]), has_one))
            for label in (choice.label, "ALL"):
                seen[label, "linkable"] += has_one
                seen[label, "offered"] += bool(choice.right[:-1].any())
                seen[label, "nearest"] += bool(choice.right[0])
                seen[label, "first"] += bool(choice.right[best])
    for label in ("CONDITION", "SYMPTOM", "BODY_PART", "ALL"):
        n = seen[label, "linkable"]
        parts = (f"{name} {seen[label, name] / n:.3f}" for name in ("offered", "nearest", "first"))
        print(f"{label:10} {n:5} linkable: {', '.join(parts)}")
    for threshold in THRESHOLDS:
        linked = [right for _, share, right, _ in judged if share >= threshold]
        print(
            f"probability {threshold} or more: {len(linked) / len(judged):.3f} linked, "
            f"{np.mean(linked):.3f} of them rightly"
        )


def write(choices: Sequence[Choice], sources: list[Source], folder: Path) -> None:
    """Fit on everything and write the files that are shipped."""
    weights = fit_ranking(choices)
    stored = {
        "features": dict(zip(FEATURES, weights, strict=False)),
        "none": dict(zip(NONE_FEATURES, weights[len(FEATURES) :], strict=True)),
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ranking.json").write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")
    fit_names(list(linkable_names(sources))).to_disk(folder / "encoder.npz")


def main() -> None:
    """Score, or fit and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("score", "fit"))
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("pipeline/data/linker"))
    options = parser.parse_args()
    sources = read_sources()
    choices = held_out_choices(sources, options.folds)
    show(choices)
    if options.what == "fit":
        write(choices, sources, options.out)


if __name__ == "__main__":
    main()
