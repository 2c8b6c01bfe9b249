"""Score a run against gold for the page: the figures of ``evaluate``, and each error in its place.

Offsets are Unicode code points. Mentions are told by their number: those of the gold in the rows of
their document here, predicted ones in the rows of their article (``articles.MENTION``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from pipeline.evaluation.documents import AnnotatedDocument, Mention
from pipeline.evaluation.errors import SPAN_KINDS, Difference, context_of
from pipeline.evaluation.gold import read_gold
from pipeline.evaluation.report import Evaluation, beside
from pipeline.evaluation.scores import ALL, Counts
from pipeline.evaluation.statistics import Average, bootstrap_interval
from pipeline.tables.frames import read_table
from pipeline.terminology.records import ENTITY_TYPES, LABEL_SEPARATOR

GOLD_MENTION = ("type", "start", "end", "concepts", "negated", "uncertain")
RELATION = ("type", "head", "tail", "agrees")
ERROR = (
    "article", "kind", "label", "start", "end", "gold", "predicted", "source", "nearest",
    "expected", "found", "gold_mentions", "predicted_mentions", "context",
)  # fmt: skip
NOTHING = "nothing"
"""On the axes of the confusion: what a missed mention was found as, and a spurious one is."""
AXIS = (*ENTITY_TYPES, NOTHING)
# Scores are printed with three digits; this many more leave those as they are.
_DIGITS = 9
# Stretches of context so near to each other are shown as one.
_NEAR = 20


@dataclass(frozen=True, slots=True)
class Scored:
    """A run's scores against gold.

    Attributes
    ----------
    pairs
        Each document of the gold, and what the run found in it.
    labels
        Names of the concepts of the gold by CURIE, so far as the run names them.
    """

    evaluation: Evaluation
    pairs: list[tuple[AnnotatedDocument, AnnotatedDocument]]
    labels: dict[str, str]

    @property
    def doc_ids(self) -> list[str]:
        """Documents of the gold."""
        return [gold.doc_id for gold, _ in self.pairs]

    def as_data(self, numbers: Mapping[str, int]) -> dict[str, Any]:
        """What the page has of it: plain values.

        Parameters
        ----------
        numbers
            Number of an article on the page, by document id.
        """
        return {
            "lines": list(_lines(self.evaluation)),
            "means": [_mean(name, mean) for name, mean in self.evaluation.means()],
            "axis": AXIS,
            "confusion": confusion(self.evaluation),
            "documents": list(self._documents(numbers)),
            "errors": self._errors(numbers),
            "labels": self.labels,
            "problems": self.evaluation.problems,
        }

    def _documents(self, numbers: Mapping[str, int]) -> Iterator[dict[str, Any]]:
        differences = defaultdict(list)
        for difference in self.evaluation.differences:
            differences[difference.error.doc_id].append(difference)
        for (gold, predicted), scored in zip(self.pairs, self.evaluation.documents, strict=True):
            own = differences[gold.doc_id]
            yield {
                "article": numbers[gold.doc_id],
                **_counts(scored.scores.mentions["strict"].get(ALL, Counts())),
                "errors": len(own),
                "mentions": [_mention(mention) for mention in gold.mentions],
                "relations": _relations(gold, own, "missing relation"),
                "predicted_relations": _relations(predicted, own, "extra relation"),
            }

    def _errors(self, numbers: Mapping[str, int]) -> dict[str, list[Any]]:
        """Columns with a row for each error."""
        found: dict[str, list[Any]] = {name: [] for name in ERROR}
        sides = {
            gold.doc_id: (gold.text, _places(gold), _places(predicted))
            for gold, predicted in self.pairs
        }
        for difference in self.evaluation.differences:
            text, *places = sides[difference.error.doc_id]
            for name, value in _error(difference, text, *places).items():
                found[name].append(value)
            found["article"].append(numbers[difference.error.doc_id])
        return found


def score(run_dir: Path, gold_path: Path) -> Scored:
    """Score the tables of a finished run as ``evaluate --pred`` does.

    Raises
    ------
    GoldError
        If there is no gold at the path, or the run lacks a gold document or has another text.
    RunError
        If there is no run in the folder.
    """
    evaluation = Evaluation()
    pairs = list(beside(read_gold(gold_path), run_dir))
    for gold, predicted in pairs:
        evaluation.add(gold, predicted)
    wanted = {
        curie
        for gold, _ in pairs
        for mention in gold.mentions
        for curie in chain.from_iterable(mention.concepts)
    }
    return Scored(evaluation, pairs, _labels(run_dir, wanted))


def confusion(evaluation: Evaluation) -> list[list[int]]:
    """How often gold of one type was found as one of another.

    Mentions are paired as errors are: first those with the same span and type, then of the others
    those that overlap (the best pairing, each mention at most once). A cell on the diagonal counts
    pairs of one type, whether or not their boundaries are the same. Gold that nothing is paired
    with is missed, and found as nothing; a prediction without gold is spurious, and nothing in the
    gold. So each gold mention is in one cell of its row, each predicted one in one of its column.

    Returns
    -------
    list[list[int]]
        A row for each type of the gold and a column for each predicted one, in the order of
        ``AXIS``.
    """
    strict = evaluation.scores.mentions.get("strict", {})
    cells = Counter({(label, label): int(strict[label].correct) for label in strict})
    for difference in evaluation.differences:
        if difference.error.kind in SPAN_KINDS:
            cells[_types(difference)] += 1
    return [[cells[row, column] for column in AXIS] for row in AXIS]


def _types(difference: Difference) -> tuple[str, str]:
    """What was expected and what was found: a type of mentions, of relations, or nothing."""
    gold, predicted = (
        NOTHING if not side else side[0].label if len(side) == 1 else difference.error.label
        for side in (difference.gold, difference.predicted)
    )
    return gold, predicted


def _lines(evaluation: Evaluation) -> Iterator[dict[str, Any]]:
    by_document = evaluation.by_document()
    for name, counts in evaluation.lines():
        low, high = bootstrap_interval(by_document[name])
        yield {
            "name": name,
            **_counts(counts),
            "low": round(low, _DIGITS),
            "high": round(high, _DIGITS),
        }


def _counts(counts: Counts) -> dict[str, float]:
    return {
        "precision": round(counts.precision, _DIGITS),
        "recall": round(counts.recall, _DIGITS),
        "f1": round(counts.f1, _DIGITS),
        "gold": counts.gold,
        "predicted": counts.predicted,
        "matched": counts.correct,
    }


def _mean(name: str, mean: Average) -> dict[str, Any]:
    return {
        "name": name,
        "precision": round(mean.precision, _DIGITS),
        "recall": round(mean.recall, _DIGITS),
        "f1": round(mean.f1, _DIGITS),
        "documents": mean.n_documents,
    }


def _places(document: AnnotatedDocument) -> dict[str, int]:
    return {mention.id: number for number, mention in enumerate(document.mentions)}


def _mention(mention: Mention) -> list[Any]:
    concepts = [sorted(alternatives) for alternatives in mention.concepts]
    return [
        mention.label, mention.start, mention.end, concepts, mention.negated, mention.uncertain,
    ]  # fmt: skip


def _relations(
    document: AnnotatedDocument, differences: Iterable[Difference], kind: str
) -> list[list[Any]]:
    """Rows of relations between mentions; those that an error of the kind is about do not agree."""
    places = _places(document)
    wrong = {link for d in differences if d.error.kind == kind for link in d.links}
    return [
        [link.type, places[link.head], places[link.tail], link not in wrong]
        for link in document.relations
    ]


def _error(
    difference: Difference, text: str, gold: Mapping[str, int], predicted: Mapping[str, int]
) -> dict[str, Any]:
    error = difference.error
    expected, found = _types(difference)
    own = ("kind", "label", "start", "end", "gold", "predicted", "source", "nearest")
    return {
        **{name: getattr(error, name) for name in own},
        "expected": expected,
        "found": found,
        "gold_mentions": [gold[mention.id] for mention in difference.gold],
        "predicted_mentions": [predicted[mention.id] for mention in difference.predicted],
        "context": stretches(text, (*difference.gold, *difference.predicted)),
    }


def stretches(text: str, mentions: Iterable[Mention]) -> list[list[int]]:
    """Stretches of the text around mentions, in order; those that meet are one."""
    found: list[list[int]] = []
    for start, end in sorted(_trimmed(text, mention) for mention in mentions):
        if found and start <= found[-1][1] + _NEAR:
            found[-1][1] = max(found[-1][1], end)
        else:
            found.append([start, end])
    return found


def _trimmed(text: str, mention: Mention) -> tuple[int, int]:
    """The context of a mention without the blanks and the pieces of words at its ends."""
    start, end = context_of(text, mention)
    before, after = text[start : mention.start], text[mention.end : end]
    if start and not text[start - 1].isspace() and before[:1].isalnum():
        before = before.partition(" ")[2] or before
    if end < len(text) and text[end].isalnum():
        after = after.rpartition(" ")[0] or after
    return mention.start - len(before.lstrip()), mention.end + len(after.rstrip())


def _labels(run_dir: Path, wanted: set[str]) -> dict[str, str]:
    columns = ["concept_id", "concept_label"]
    table = read_table(run_dir, "entities", columns)
    # Of one thread, so that the rows come in the same order each time.
    table = table.group_by(columns, use_threads=False).aggregate([])
    found: dict[str, str] = {}
    for curies, labels in zip(*(table[name].to_pylist() for name in columns), strict=True):
        # A composite mention has several; a label may itself have the separator in it.
        names = labels.split(LABEL_SEPARATOR) if curies and labels else []
        ids = curies.split(",") if curies else []
        if len(ids) == len(names):
            found |= {i: name for i, name in zip(ids, names, strict=True) if i in wanted}
    return dict(sorted(found.items()))
