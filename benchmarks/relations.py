"""Fit and measure the model of relations.

Usage: python benchmarks/relations.py score GOLD ... [--and GOLD ...]
       python benchmarks/relations.py fit GOLD ... [--out FILE]

GOLD are folders of annotated documents (BRAT) with relations. ``score`` deals the documents of
the first ones into folds and relates the gold's mentions of each fold with what was fitted without
it, those after ``--and`` always among what is fitted: precision, recall and F1 over the pairs of
things in a document, by folder, and how well the probabilities are calibrated. ``fit`` writes the
model that is shipped.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from pathlib import Path

import numpy as np

import pipeline
from pipeline.evaluation.documents import AnnotatedDocument, parse_concepts
from pipeline.evaluation.gold import read_gold
from pipeline.training.relating import (
    PairExample,
    RelationSettings,
    fit_relations,
    fit_type,
    read_examples,
    score_pairs,
)

OUT = Path("pipeline/data/relations/model.npz")
BINS = ((0.1, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.01))
Examples = dict[str, list[PairExample]]


def read(folders: list[Path]) -> dict[Path, Examples]:
    """Examples of every folder; where a mention has no concept the linker gives it one."""
    from dataclasses import replace

    nlp = pipeline.load("fast")
    linker = nlp.get_pipe("symptograph_linker")
    found = {}
    for folder in folders:
        documents: list[AnnotatedDocument] = read_gold(folder)
        for document in documents:
            links = linker.link_mentions([(m.text, m.label) for m in document.mentions])
            document.mentions = [
                m if m.concepts or not link else replace(m, concepts=parse_concepts(link[0].curie))
                for m, link in zip(document.mentions, links, strict=True)
            ]
        found[folder] = read_examples(documents, nlp)
        n_pairs = sum(len(e.wanted) for kind in found[folder].values() for e in kind)
        print(f"{folder}: {len(documents)} documents, {n_pairs} related pairs", flush=True)
    return found


def score(examined: dict[Path, Examples], more: dict[Path, Examples]) -> None:
    """Print the cross-validated scores."""
    settings = RelationSettings()
    for kind in next(iter(examined.values())):
        every = [(folder, e) for folder, by_kind in examined.items() for e in by_kind[kind]]
        extra = [e for by_kind in more.values() for e in by_kind[kind]]
        judged: list[tuple[Path, PairExample, np.ndarray]] = []
        thresholds = []
        for fold in range(settings.folds):
            others = [e for n, (_, e) in enumerate(every) if n % settings.folds != fold]
            model = fit_type(others + extra, settings)
            thresholds.append(model.threshold)
            for folder, example in every[fold :: settings.folds]:
                probabilities = model.probabilities(example.reading, example.pairs)
                judged.append((folder, example, probabilities / model.threshold))
        for folder in [*examined, None]:
            rows = [(e, p) for f, e, p in judged if folder in (f, None)]
            p, r, f1 = score_pairs(rows, 1.0)
            print(f"{kind:12} {folder or 'ALL'!s:40} P {p:.3f} R {r:.3f} F1 {f1:.3f}")
        print(f"{kind:12} thresholds {thresholds}", flush=True)
        show_calibration([(e, q * np.mean(thresholds)) for _, e, q in judged])


def show_calibration(judged: list[tuple[PairExample, np.ndarray]]) -> None:
    """Print how many pairs of each range of probability are right."""
    labels = np.concatenate([e.labels[e.counted] for e, _ in judged])
    said = np.concatenate([q[e.counted] for e, q in judged])
    for low, high in BINS:
        inside = (said >= low) & (said < high)
        if inside.any():
            told, right = said[inside].mean(), labels[inside].mean()
            print(f"{'':12} {low:.1f}-{high:.1f}: {inside.sum():5} pairs, {told:.2f} {right:.2f}")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    scoring = commands.add_parser("score")
    scoring.add_argument("gold", nargs="+", type=Path)
    scoring.add_argument("--and", dest="more", nargs="*", type=Path, default=[])
    fitting = commands.add_parser("fit")
    fitting.add_argument("gold", nargs="+", type=Path)
    fitting.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    if given.command == "score":
        score(read(given.gold), read(given.more) if given.more else {})
        return
    examples: Examples = {}
    for by_kind in read(given.gold).values():
        for kind, found in by_kind.items():
            examples.setdefault(kind, []).extend(found)
    model = fit_relations(examples)
    for kind, fitted in model.types.items():
        print(f"{kind}: threshold {fitted.threshold}")
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_bytes(model.to_bytes())
    print(f"{given.out}: {given.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
