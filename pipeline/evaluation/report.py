"""Evaluate the pipeline or a finished run against a folder of gold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.errors import GoldError
from pipeline.evaluation.brat import read_folder
from pipeline.evaluation.documents import (
    AnnotatedDocument,
    Mention,
    RelationLink,
    from_doc,
    parse_concepts,
)
from pipeline.evaluation.errors import ScoringError, find_errors
from pipeline.evaluation.scores import ALL, RELATION_TYPES, Counts, Scores, score_document

LABELS = ("CONDITION", "SYMPTOM", "BODY_PART")


@dataclass(slots=True)
class Evaluation:
    """Scores and errors of a set of documents.

    Attributes
    ----------
    problems
        What was wrong with the gold files, and what was done about it.
    """

    scores: Scores = field(default_factory=Scores)
    errors: list[ScoringError] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    n_documents: int = 0

    def add(self, gold: AnnotatedDocument, predicted: AnnotatedDocument) -> None:
        """Score one document."""
        self.scores += score_document(gold, predicted)
        self.errors += find_errors(gold, predicted)
        self.problems += gold.problems
        self.n_documents += 1

    def lines(self) -> Iterator[tuple[str, Counts]]:
        """The score table: a name and counts a line."""
        for label in (*LABELS, ALL):
            yield f"{label} strict", self.scores.mentions["strict"].get(label, Counts())
        for label in (*LABELS, ALL):
            yield f"{label} partial", self.scores.mentions["partial"].get(label, Counts())
        yield "concept, given the mention", self.scores.concepts.get(ALL, Counts())
        yield "negated, given the mention", self.scores.negated
        yield "uncertain, given the mention", self.scores.uncertain
        for kind in RELATION_TYPES:
            yield kind, self.scores.relations.get(kind, Counts())

    def as_dict(self) -> dict[str, Any]:
        """All scores as plain values."""
        scores = self.scores
        return {
            "documents": self.n_documents,
            "mentions": {
                mode: {label: counts.as_dict() for label, counts in by_type.items()}
                for mode, by_type in scores.mentions.items()
            },
            "concepts": {label: counts.as_dict() for label, counts in scores.concepts.items()},
            "negated": scores.negated.as_dict(),
            "uncertain": scores.uncertain.as_dict(),
            "relations": {kind: counts.as_dict() for kind, counts in scores.relations.items()},
            "errors": len(self.errors),
        }


def evaluate(gold_dir: Path, profile: str) -> Evaluation:
    """Annotate the texts of a gold folder and score the result.

    Raises
    ------
    GoldError
        If the folder holds no gold.
    """
    import pipeline

    gold = read_folder(gold_dir)
    nlp = pipeline.load(profile)
    result = Evaluation()
    for document in gold:
        result.add(document, from_doc(nlp(document.text), document.doc_id))
    return result


def evaluate_run(gold_dir: Path, run_dir: Path) -> Evaluation:
    """Score the tables of a finished run; documents are matched by ``doc_id``.

    Raises
    ------
    GoldError
        If the folder holds no gold, the run no tables, or the run lacks a gold document or has
        another text for it.
    """
    gold = read_folder(gold_dir)
    predicted = read_run(run_dir)
    result = Evaluation()
    for document in gold:
        found = predicted.get(document.doc_id)
        if found is None:
            raise GoldError(f"{run_dir}: no document {document.doc_id!r}; run on the gold's texts")
        if found.text != document.text:
            raise GoldError(
                f"{run_dir}: the text of {document.doc_id!r} is not the gold's; run on its texts"
            )
        result.add(document, found)
    return result


def read_run(run_dir: Path) -> dict[str, AnnotatedDocument]:
    """Documents of a finished run by id; negated relations are left out.

    Raises
    ------
    GoldError
        If the folder holds no run.
    """
    import pyarrow.parquet as pq

    tables = {}
    for name in ("documents", "entities", "relations"):
        try:
            tables[name] = pq.read_table(run_dir / f"{name}.parquet").to_pylist()
        except OSError as error:
            raise GoldError(f"{run_dir}: no finished run there ({name}.parquet)") from error
    documents = {
        row["doc_id"]: AnnotatedDocument(row["doc_id"], row["text"]) for row in tables["documents"]
    }
    for row in tables["entities"]:
        documents[row["doc_id"]].mentions.append(_mention(row))
    for row in tables["relations"]:
        link = RelationLink(row["type"], row["head_id"], row["tail_id"])
        links = documents[row["doc_id"]].relations
        if not row["negated"] and link not in links:
            links.append(link)
    return documents


def _mention(row: dict[str, Any]) -> Mention:
    return Mention(
        id=row["entity_id"],
        label=row["type"],
        start=row["start"],
        end=row["end"],
        text=row["text"],
        concepts=parse_concepts(row["concept_id"] or ""),
        negated=row["negated"],
        uncertain=row["uncertain"],
        source=row["source"] or "",
    )
