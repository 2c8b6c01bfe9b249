"""Cross-validate the training recipe: every page is scored by a model that has not seen it.

Usage: python benchmarks/crossvalidate.py --pages DIR [--pages DIR] [--also DIR] [--fifth DIR]
           [--map A=B] [--folds 5] [--epochs N] [--jobs N] [--json FILE]

The pages (all ``--pages`` folders together, in order of their names) are dealt into folds. The
model of a fold is trained on the pages of the other folds and on ``--also``; of ``--fifth`` every
fifth document is held out of every training and scored by the first fold's model, its mentions in
several parts left out. Scores are those of the whole pipeline, strict; beside them stand those of
profile fast on the same pages.
"""

from __future__ import annotations

import argparse
import json
import os

# One core a process: folds run side by side, and threads of BLAS would only get in their way.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.assemble import build
from pipeline.components.attributes import BODY_PART
from pipeline.components.recogniser import calibrated
from pipeline.evaluation.documents import AnnotatedDocument, Mention, from_doc
from pipeline.evaluation.gold import parse_label_map
from pipeline.evaluation.scores import ALL, Counts, score_document
from pipeline.evaluation.statistics import bootstrap_interval
from pipeline.terminology.records import ENTITY_TYPES
from pipeline.training.calibrate import Judged, calibrate, reliability
from pipeline.training.fit import find_beside_gold, fit
from pipeline.training.settings import TrainSettings
from pipeline.training.train import Corpus, examples_of, judged, read_corpus

TYPE = "type, given the span"
LABELS = (*ENTITY_TYPES, ALL, TYPE)
ByDocument = list[dict[str, Counts]]


def deal(corpora: list[Corpus], folds: int) -> list[list[AnnotatedDocument]]:
    """Documents of all corpora, dealt into folds by the order of their names."""
    documents = sorted((d for c in corpora for d in c.documents), key=lambda d: d.doc_id)
    return [documents[fold::folds] for fold in range(folds)]


def score_documents(nlp: Any, documents: list[AnnotatedDocument], labels: set[str]) -> ByDocument:
    """Strict counts of the whole pipeline on each document."""
    scored = []
    for gold in documents:
        predicted = from_doc(nlp(gold.text), gold.doc_id)
        mentions = [m for m in predicted.mentions if m.label in labels]
        counts = score_document(gold, replace(predicted, mentions=mentions, relations=[]))
        strict = counts.mentions["strict"]
        scored.append({label: strict.get(label, Counts()) for label in LABELS[:-1]})
        scored[-1][TYPE] = types_of_spans(gold.mentions, mentions)
    return scored


def types_of_spans(gold: list[Mention], found: list[Mention]) -> Counts:
    """How many conditions and symptoms whose span is right are called the right one of the two."""
    right = {m.span: m.label for m in gold if m.label != BODY_PART}
    mine = {m.span: m.label for m in found if m.label != BODY_PART and m.span in right}
    correct = sum(right[span] == label for span, label in mine.items())
    return Counts(correct, len(mine), len(mine))


def run_fold(
    fold: int,
    folds: list[list[AnnotatedDocument]],
    also: list[Corpus],
    fifth: Corpus | None,
    settings: TrainSettings,
) -> dict[str, Any]:
    """Train without a fold, score it, and judge every mention found in it."""
    training = [Corpus(Path("pages"), [d for n, f in enumerate(folds) if n != fold for d in f], ())]
    training += also
    held: list[AnnotatedDocument] = []
    if fifth is not None:
        held = fifth.documents[4::5]
        for document in held:
            document.keep([m for m in document.mentions if not m.discontinuous])
        rest = [d for n, d in enumerate(fifth.documents) if n % 5 != 4]
        training.append(replace(fifth, documents=rest))
    nlp = build("accurate")
    recogniser = fit(nlp, examples_of(training, nlp, settings.alone), settings)
    own = Corpus(Path("fold"), folds[fold], ())
    result: dict[str, Any] = {
        "judged": judged(find_beside_gold(recogniser, examples_of([own], nlp))),
        "pages": score_documents(nlp, folds[fold], set(ENTITY_TYPES)),
        "fast": score_documents(build("fast"), folds[fold], set(ENTITY_TYPES)),
    }
    if fifth is not None and fold == 0:
        known = set(ENTITY_TYPES) - set(fifth.missing)
        result["fifth"] = score_documents(nlp, held, known)
        result["fifth, fast"] = score_documents(build("fast"), held, known)
    return result


def table(scored: ByDocument) -> dict[str, dict[str, Any]]:
    """Scores with 95 % bootstrap intervals over documents, by label."""
    rows = {}
    for label in LABELS:
        counts = [document[label] for document in scored]
        total = Counts()
        for one in counts:
            total += one
        interval = [round(value, 3) for value in bootstrap_interval(counts)]
        rows[label] = {**total.as_dict(), "interval": interval}
    return rows


def show(name: str, rows: dict[str, dict[str, Any]]) -> None:
    """Print one table."""
    print(name)
    for label, row in rows.items():
        low, high = row["interval"]
        print(
            f"  {label:20} P {row['precision']:.3f}  R {row['recall']:.3f}  F1 {row['f1']:.3f} "
            f"({low:.3f} to {high:.3f})  gold {row['gold']}"
        )


def cross_calibrated(by_fold: list[list[Judged]]) -> list[Judged]:
    """Scores of each fold through the calibration curves of the others."""
    result = []
    for fold, own in enumerate(by_fold):
        others = [j for n, f in enumerate(by_fold) if n != fold for j in f]
        curves = calibrate(others)
        result += [(label, calibrated(curves, label, s), right) for label, s, right in own]
    return result


def main() -> None:
    """Train all folds, print and write the scores."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=Path, action="append", required=True)
    parser.add_argument("--also", type=Path, action="append", default=[])
    parser.add_argument("--fifth", type=Path)
    parser.add_argument("--map", dest="label_map", type=parse_label_map)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=TrainSettings().epochs)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    folds = deal([read_corpus(path) for path in options.pages], options.folds)
    also = [read_corpus(path, options.label_map) for path in options.also]
    fifth = read_corpus(options.fifth, options.label_map) if options.fifth else None
    work = partial(
        run_fold, folds=folds, also=also, fifth=fifth, settings=TrainSettings(epochs=options.epochs)
    )
    with ProcessPoolExecutor(options.jobs) as pool:
        results = list(pool.map(work, range(options.folds)))
    report: dict[str, Any] = {}
    for name in ("pages", "fast", "fifth", "fifth, fast"):
        scored = [document for result in results for document in result.get(name, [])]
        if scored:
            report[name] = table(scored)
            show(name, report[name])
    rows = reliability(cross_calibrated([result["judged"] for result in results]))
    report["reliability"] = [asdict(row) for row in rows]
    for row in rows:
        print(f"{row.low:.2f} to {row.high:.2f}: {row.n:5} mentions, {row.share_right:.3f} right")
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
