"""Train the recogniser from annotated folders and write a spaCy model directory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.training import Example

import pipeline
from pipeline.assemble import RECOGNISER, build
from pipeline.errors import GoldError, OutputError
from pipeline.evaluation.documents import AnnotatedDocument
from pipeline.evaluation.gold import read_gold
from pipeline.evaluation.scores import Counts
from pipeline.terminology.cache import load_index
from pipeline.terminology.records import ENTITY_TYPES
from pipeline.training.calibrate import Judged, calibrate
from pipeline.training.corpus import make_examples
from pipeline.training.fit import Outcome, Report, find_beside_gold, fit, score
from pipeline.training.settings import TrainSettings


@dataclass(frozen=True, slots=True)
class Corpus:
    """Annotated documents of one folder.

    Attributes
    ----------
    missing
        Labels that no document of the folder has: taken as not annotated, not as absent.
    """

    path: Path
    documents: list[AnnotatedDocument]
    missing: tuple[str, ...]

    def provenance(self) -> dict[str, Any]:
        """What the model's ``meta.json`` says of the folder."""
        digest = hashlib.sha256()
        for document in self.documents:
            digest.update(document.text.encode("utf-8", "surrogatepass"))
            for mention in document.mentions:
                digest.update(f"{mention.label} {mention.start} {mention.end}\n".encode())
        return {
            "name": self.path.name,
            "documents": len(self.documents),
            "mentions": sum(len(document.mentions) for document in self.documents),
            "not_annotated": list(self.missing),
            "sha256": digest.hexdigest(),
        }


def read_corpus(path: Path, label_map: Mapping[str, str] | None = None) -> Corpus:
    """Annotated documents of a folder; the map is used where the folder has labels it names.

    Raises
    ------
    GoldError
        If nothing readable, or no mention of ours, is found.
    """
    documents = read_gold(path)
    if label_map and any("unknown labels" in p for d in documents for p in d.problems):
        documents = read_gold(path, label_map)
    used = {mention.label for document in documents for mention in document.mentions}
    if not used:
        raise GoldError(f"{path}: no mention with a known label; give a label map with --map")
    return Corpus(path, documents, tuple(t for t in ENTITY_TYPES if t not in used))


def examples_of(corpora: Iterable[Corpus], nlp: Language, alone: int = 0) -> list[Example]:
    """Examples of all documents, and of some sentences of each, ready for the recogniser."""
    before = nlp.pipe_names[: nlp.pipe_names.index(RECOGNISER)]
    with nlp.select_pipes(enable=before):
        return [
            example
            for corpus in corpora
            for example in make_examples(corpus.documents, nlp, corpus.missing, alone)
        ]


def judged(outcomes: Sequence[Outcome]) -> list[Judged]:
    """Every mention that the network finds, with its score and whether it is right."""
    return [
        (m.label, m.score, (m.start, m.end, m.label) in gold)
        for found, gold, annotated in outcomes
        for m in found
        if m.label in annotated
    ]


def train(
    corpora: Sequence[Corpus],
    development: Sequence[Corpus],
    settings: TrainSettings,
    report: Report | None = None,
) -> tuple[Language, dict[str, Counts]]:
    """Train a pipeline of profile ``accurate``; development text sets its calibration only.

    Returns
    -------
    tuple
        The pipeline, and what its network scores on the development text, by label.
    """
    nlp = build("accurate")
    recogniser = fit(nlp, examples_of(corpora, nlp, settings.alone), settings, report)
    outcomes = find_beside_gold(recogniser, examples_of(development, nlp))
    recogniser.cfg["calibration"] = calibrate(judged(outcomes))
    scores = score(outcomes)
    nlp.meta.update(
        {
            "name": "symptograph",
            "version": pipeline.__version__,
            "description": "Conditions, symptoms and body parts in health articles",
            "performance": {label: counts.as_dict() for label, counts in scores.items()},
            "training": {
                "settings": settings.model_dump(),
                "train": [corpus.provenance() for corpus in corpora],
                "development": [corpus.provenance() for corpus in development],
                "terminology": load_index().meta["sources"],
            },
        }
    )
    return nlp, scores


def write_model(nlp: Language, folder: Path) -> None:
    """Write a spaCy model directory that ``spacy.load`` and ``--model`` read.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    try:
        nlp.to_disk(folder, exclude=["vocab"])
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be written ({error.strerror or error}); give another with --out"
        ) from error
