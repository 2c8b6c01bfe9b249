"""What each part of the recogniser is worth, and what it costs.

Usage: python benchmarks/ablation.py --train DIR [--train DIR] --dev DIR [--dev DIR] [--map A=B]
           [--only NAME] [--epochs N] [--json FILE]

Each variant is trained on the same folders with the same settings, and scored, strict and as a
whole pipeline, on the development folders. Speed is that of the network with its decoding on one
core, as a share of bare tokenisation of the same texts in the same process.
"""

from __future__ import annotations

import argparse
import json
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import time
from copy import deepcopy
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language

from pipeline.assemble import RECOGNISER, build
from pipeline.components.hits import COLUMNS
from pipeline.components.recogniser import DEFAULT_MODEL
from pipeline.evaluation.documents import from_doc
from pipeline.evaluation.gold import parse_label_map
from pipeline.evaluation.scores import ALL, Counts, score_document
from pipeline.terminology.records import ENTITY_TYPES
from pipeline.training.fit import fit
from pipeline.training.settings import TrainSettings
from pipeline.training.train import Corpus, examples_of, read_corpus

LABELS = (*ENTITY_TYPES, ALL)
_LOOKED_UP = ["name", "scope", "doubt", "body_part", "abbreviation"]
_COMPOSED = [name for name in COLUMNS if name.startswith("composed")]
_LAYOUT = ["block", "section", "title", "use"]
# What differs from the default network, by name of the variant.
VARIANTS: dict[str, dict[str, Any]] = {
    "words only": {"hits": []},
    "and gazetteer": {"hits": _LOOKED_UP},
    "and grammar": {"hits": [*_LOOKED_UP, *_COMPOSED]},
    "and layout": {"hits": [*_LOOKED_UP, *_COMPOSED, *_LAYOUT]},
    "and the rules' decision (default)": {},
    "width 96": {"width": 96},
    "width 128": {"width": 128},
    "3 pieces": {"pieces": 3},
    "2 layers": {"dilations": [1, 2]},
    "6 layers": {"dilations": [1, 1, 2, 2, 4, 4]},
    "no dilation": {"dilations": [1, 1, 1, 1]},
}


def score(nlp: Language, development: list[Corpus]) -> dict[str, Counts]:
    """Strict counts of the whole pipeline on the development documents."""
    total = {label: Counts() for label in LABELS}
    for corpus in development:
        for gold in corpus.documents:
            counts = score_document(gold, from_doc(nlp(gold.text), gold.doc_id))
            for label in LABELS:
                total[label] += counts.mentions["strict"].get(label, Counts())
    return total


def share(nlp: Language, texts: list[str]) -> float:
    """Time of bare tokenisation over time of the network, the best of three rounds each."""
    blank = spacy.blank("en")
    before = nlp.pipe_names[: nlp.pipe_names.index(RECOGNISER)]
    with nlp.select_pipes(enable=before):
        docs = [nlp(text) for text in texts]
    recogniser = nlp.get_pipe(RECOGNISER)
    bare, network = [], []
    for _ in range(3):
        began = time.perf_counter()
        for text in texts:
            blank.make_doc(text)
        bare.append(time.perf_counter() - began)
        began = time.perf_counter()
        for doc in docs:
            recogniser(doc)
        network.append(time.perf_counter() - began)
    return min(bare) / min(network)


def main() -> None:
    """Train and score every variant, a line each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", type=Path, action="append", required=True)
    parser.add_argument("--dev", type=Path, action="append", required=True)
    parser.add_argument("--map", dest="label_map", type=parse_label_map)
    parser.add_argument("--only", action="append", choices=VARIANTS)
    parser.add_argument("--epochs", type=int, default=TrainSettings().epochs)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    training = [read_corpus(path, options.label_map) for path in options.train]
    development = [read_corpus(path, options.label_map) for path in options.dev]
    texts = [document.text for corpus in development for document in corpus.documents]
    examples = None
    report: dict[str, Any] = {}
    print(f"{'variant':36}" + "".join(f"{label:>11}" for label in LABELS) + "  network share")
    for name in ["profile fast", *(options.only or VARIANTS)]:
        speed = None
        if name == "profile fast":
            nlp = build("fast")
        else:
            network = deepcopy(DEFAULT_MODEL)
            network["tok2vec"].update(VARIANTS[name])
            nlp = build("accurate", network)
            settings = TrainSettings(epochs=options.epochs)
            examples = examples or examples_of(training, nlp, settings.alone)
            fit(nlp, examples, settings)
            speed = share(nlp, texts)
        counts = score(nlp, development)
        report[name] = {label: counts[label].as_dict() for label in LABELS} | {"share": speed}
        line = "".join(f"{counts[label].f1:11.3f}" for label in LABELS)
        print(f"{name:36}{line}" + (f"{speed:15.3f}" if speed else ""), flush=True)
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
