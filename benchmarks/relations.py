"""Fit and measure the model of relations.

Usage: python benchmarks/relations.py score GOLD ... [--and GOLD ...]
       python benchmarks/relations.py fit GOLD ... [--out FILE]
       python benchmarks/relations.py measure GOLD ... [--profile PROFILE]

GOLD are folders of annotated documents (BRAT) with relations. ``score`` deals the documents of
the first ones into folds and relates the gold's mentions of each fold with what was fitted without
it, those after ``--and`` always among what is fitted: precision, recall and F1 over the pairs of
things in a document, by folder, and how well the probabilities are calibrated. ``fit`` writes the
model that is shipped. ``measure`` scores that model between the mentions that the pipeline finds
and between those of gold, as ``symptograph evaluate`` does, with concepts given to gold that has
none; the last recall is that of all pairs that are looked at, the most that any model of relations
could reach with the mentions found.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from dataclasses import replace
from pathlib import Path

import numpy as np
from spacy.language import Language

import pipeline
from pipeline.components.relation_model import load_relation_model
from pipeline.evaluation.documents import AnnotatedDocument, from_doc, parse_concepts
from pipeline.evaluation.given import annotate_given
from pipeline.evaluation.gold import read_gold
from pipeline.evaluation.scores import Scores, score_document
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


def linked_gold(folder: Path, nlp: Language) -> list[AnnotatedDocument]:
    """Documents of gold; where a mention has no concept the linker gives it one."""
    linker = nlp.get_pipe("symptograph_linker")
    documents = read_gold(folder)
    for document in documents:
        links = linker.link_mentions([(m.text, m.label) for m in document.mentions])
        document.mentions = [
            m if m.concepts or not link else replace(m, concepts=parse_concepts(link[0].curie))
            for m, link in zip(document.mentions, links, strict=True)
        ]
    return documents


def measure(folder: Path, nlp: Language) -> None:
    """Print the scores of the model that is shipped."""
    documents = linked_gold(folder, nlp)
    given, found, most = Scores(), Scores(), Scores()
    models = load_relation_model().types
    thresholds = {kind: model.threshold for kind, model in models.items()}
    for document in documents:
        given += score_document(document, from_doc(annotate_given(nlp, document), ""))
        doc = nlp(document.text)
        found += score_document(document, from_doc(doc, ""))
        for model in models.values():
            model.threshold = 0.0
        most += score_document(document, from_doc(nlp.get_pipe("symptograph_relations")(doc), ""))
        for kind, model in models.items():
            model.threshold = thresholds[kind]
    for kind in models:
        lines = (given.relations[kind], found.relations[kind])
        told = "; ".join(f"P {c.precision:.3f} R {c.recall:.3f} F1 {c.f1:.3f}" for c in lines)
        recall = most.relations[kind].recall
        print(f"{kind:12} {folder}: gold's mentions, found ones: {told}; R at most {recall:.3f}")


def read(folders: list[Path]) -> dict[Path, Examples]:
    """Examples of every folder."""
    nlp = pipeline.load("fast")
    found = {}
    for folder in folders:
        documents = linked_gold(folder, nlp)
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
    measuring = commands.add_parser("measure")
    measuring.add_argument("gold", nargs="+", type=Path)
    measuring.add_argument("--profile", default="accurate")
    given = parser.parse_args()
    if given.command == "measure":
        nlp = pipeline.load(given.profile)
        for folder in given.gold:
            measure(folder, nlp)
        return
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
