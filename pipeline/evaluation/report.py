"""Evaluate the pipeline or a finished run against gold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipeline.errors import GoldError
from pipeline.evaluation.documents import (
    AnnotatedDocument,
    Mention,
    RelationLink,
    from_doc,
    parse_concepts,
)
from pipeline.evaluation.errors import Difference, ScoringError, find_differences
from pipeline.evaluation.given import annotate_given
from pipeline.evaluation.gold import read_gold
from pipeline.evaluation.scores import ALL, Counts, Scores, score_document
from pipeline.evaluation.sets import SCOPES, Windows, concept_counts, pair_counts, windows_of
from pipeline.evaluation.statistics import (
    Average,
    Comparison,
    bootstrap_interval,
    macro_average,
    paired_bootstrap,
)
from pipeline.export.documents import Document, FinishedRun
from pipeline.records import RELATION_TYPES
from pipeline.terminology.records import ENTITY_TYPES

_MACRO = ("concept set", "mention and concept")


@dataclass(slots=True)
class DocumentScores:
    """Everything that is scored of one document."""

    doc_id: str
    scores: Scores
    concept_sets: dict[str, Counts]
    pairs: dict[str, Counts]


@dataclass(slots=True)
class Evaluation:
    """Scores and errors of a set of documents.

    Attributes
    ----------
    differences
        Every error with its mentions.
    problems
        What was wrong with the gold files, and what was done about it.
    """

    documents: list[DocumentScores] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(
        self,
        gold: AnnotatedDocument,
        predicted: AnnotatedDocument,
        windows: Windows | None = None,
    ) -> None:
        """Score one document; the windows are found in its text where none are given."""
        self.documents.append(
            DocumentScores(
                gold.doc_id,
                score_document(gold, predicted),
                concept_counts(gold, predicted),
                pair_counts(gold, predicted, windows),
            )
        )
        self.differences += find_differences(gold, predicted)
        self.problems += gold.problems

    @property
    def n_documents(self) -> int:
        """Documents scored."""
        return len(self.documents)

    @property
    def errors(self) -> list[ScoringError]:
        """Every error, document by document."""
        return [difference.error for difference in self.differences]

    @property
    def scores(self) -> Scores:
        """Scores of all documents together (micro average)."""
        total = Scores()
        for document in self.documents:
            total += document.scores
        return total

    def lines(self) -> Iterator[tuple[str, Counts]]:
        """The score table: a name and the counts of all documents together a line."""
        for name, choose in _LINES:
            total = Counts()
            for document in self.documents:
                total += choose(document)
            yield name, total

    def by_document(self) -> dict[str, list[Counts]]:
        """Counts of every document, by line of the score table."""
        return {name: [choose(d) for d in self.documents] for name, choose in _LINES}

    def means(self) -> Iterator[tuple[str, Average]]:
        """The lines that other systems report as means over documents too."""
        for name, counts in self.by_document().items():
            if name.startswith(_MACRO):
                yield name, macro_average(counts)

    def as_dict(self) -> dict[str, Any]:
        """All scores as plain values, with 95 % intervals and macro averages."""
        scores = self.scores
        counts = self.by_document()
        return {
            "documents": self.n_documents,
            "mentions": {
                mode: {label: value.as_dict() for label, value in by_type.items()}
                for mode, by_type in scores.mentions.items()
            },
            "concepts": {label: value.as_dict() for label, value in scores.concepts.items()},
            "negated": scores.negated.as_dict(),
            "uncertain": scores.uncertain.as_dict(),
            "relations": {kind: value.as_dict() for kind, value in scores.relations.items()},
            "lines": {
                name: {
                    **total.as_dict(),
                    "f1_interval": [round(v, 4) for v in bootstrap_interval(counts[name])],
                    "f1_macro": round(macro_average(counts[name]).f1, 4),
                }
                for name, total in self.lines()
            },
            "errors": len(self.errors),
            "problems": self.problems,
        }


Choice = Callable[[DocumentScores], Counts]


def _mentions(mode: str, label: str) -> Choice:
    return lambda d: d.scores.mentions[mode].get(label, Counts())  # type: ignore[index]


def _links(kind: str, label: str) -> Choice:
    return lambda d: getattr(d.scores, kind).get(label, Counts())  # type: ignore[no-any-return]


def _relations(kind: str) -> Choice:
    return lambda d: d.scores.relations.get(kind, Counts())


def _concept_sets(label: str) -> Choice:
    return lambda d: d.concept_sets.get(label, Counts())


def _pairs(scope: str) -> Choice:
    return lambda d: d.pairs[scope]


_LINES: tuple[tuple[str, Choice], ...] = (
    *((f"{label} strict", _mentions("strict", label)) for label in (*ENTITY_TYPES, ALL)),
    *((f"{label} partial", _mentions("partial", label)) for label in (*ENTITY_TYPES, ALL)),
    *((f"{mode} (all types)", _mentions(mode, ALL)) for mode in ("exact", "type")),
    *((f"concept, given the {label}", _links("concepts", label)) for label in ENTITY_TYPES),
    ("concept, given the mention", _links("concepts", ALL)),
    ("mention and concept", _links("identified", ALL)),
    ("mentions with a concept", _links("linked", ALL)),
    *((f"concept set, {label}", _concept_sets(label)) for label in (*ENTITY_TYPES, ALL)),
    ("negated, given the mention", lambda d: d.scores.negated),
    ("uncertain, given the mention", lambda d: d.scores.uncertain),
    *((kind, _relations(kind)) for kind in RELATION_TYPES),
    *((f"pairs in a {scope}", _pairs(scope)) for scope in SCOPES),
)


def compare(one: Evaluation, other: Evaluation) -> dict[str, Comparison]:
    """Difference of two evaluations of the same documents, by line of the score table.

    Raises
    ------
    GoldError
        If they are not of the same documents.
    """
    if [d.doc_id for d in one.documents] != [d.doc_id for d in other.documents]:
        raise GoldError("only runs over the same gold documents can be compared")
    mine, theirs = one.by_document(), other.by_document()
    return {name: paired_bootstrap(mine[name], theirs[name]) for name in mine}


def evaluate(
    gold_path: Path,
    profile: str,
    label_map: Mapping[str, str] | None = None,
    model: Path | None = None,
    contiguous: bool = False,
    given: bool = False,
) -> Evaluation:
    """Annotate the texts of gold and score the result; see :func:`read_gold` for the gold.

    Parameters
    ----------
    given
        Whether the gold's mentions are given, so that relations are scored by themselves.

    Raises
    ------
    GoldError
        If there is no gold at the path.
    """
    import pipeline

    gold = read_gold(gold_path, label_map, contiguous)
    nlp = pipeline.load(profile, model)
    result = Evaluation()
    for document in gold:
        doc = annotate_given(nlp, document) if given else nlp(document.text)
        predicted = _only_mapped(from_doc(doc, document.doc_id), label_map)
        result.add(document, predicted, windows_of(doc))
    return result


def _only_mapped(
    predicted: AnnotatedDocument, label_map: Mapping[str, str] | None
) -> AnnotatedDocument:
    """Leave out what gold with these labels does not annotate: it is missing there, not absent."""
    if label_map is None:
        return predicted
    mentions = [m for m in predicted.mentions if m.label in label_map.values()]
    ids = {mention.id for mention in mentions}
    relations = [
        r for r in predicted.relations if r.type in label_map.values() and {r.head, r.tail} <= ids
    ]
    return replace(predicted, mentions=mentions, relations=relations)


def evaluate_run(
    gold_path: Path,
    run_dir: Path,
    label_map: Mapping[str, str] | None = None,
    contiguous: bool = False,
) -> Evaluation:
    """Score the tables of a finished run; documents are matched by ``doc_id``.

    Raises
    ------
    GoldError
        If there is no gold at the path, or the run lacks a gold document or has another text.
    RunError
        If there is no run in the folder.
    """
    result = Evaluation()
    gold = read_gold(gold_path, label_map, contiguous)
    for document, predicted in beside(gold, run_dir):
        result.add(document, _only_mapped(predicted, label_map))
    return result


def beside(
    gold: Iterable[AnnotatedDocument], run_dir: Path
) -> Iterator[tuple[AnnotatedDocument, AnnotatedDocument]]:
    """Documents of gold, each with what a finished run found in it.

    Raises
    ------
    GoldError
        If the run lacks a document or has another text.
    RunError
        If there is no run in the folder.
    """
    documents = list(gold)
    predicted = read_run(run_dir, [document.doc_id for document in documents])
    for document in documents:
        found = predicted.get(document.doc_id)
        if found is None:
            raise GoldError(f"{run_dir}: no document {document.doc_id!r}; run on the gold's texts")
        if found.text != document.text:
            raise GoldError(
                f"{run_dir}: the text of {document.doc_id!r} is not the gold's; run on its texts"
            )
        yield document, found


def read_run(run_dir: Path, only: Collection[str] | None = None) -> dict[str, AnnotatedDocument]:
    """Documents of a finished run by id; negated relations are left out.

    Parameters
    ----------
    only
        Ids of the documents that are wanted, where they are not all.

    Raises
    ------
    RunError
        If the folder holds no run.
    """
    documents = FinishedRun.open(run_dir).documents(only)
    return {document.doc_id: _annotated(document) for document in documents}


def _annotated(document: Document) -> AnnotatedDocument:
    return AnnotatedDocument(
        document.doc_id,
        document.text,
        [_mention(row) for row in document.mentions],
        [RelationLink(row["type"], row["head_id"], row["tail_id"]) for row in document.pairs()],
    )


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
