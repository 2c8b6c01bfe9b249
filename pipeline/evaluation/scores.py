"""Precision, recall and F1 from additive counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from pipeline.evaluation.documents import AnnotatedDocument, Mention
from pipeline.evaluation.matching import (
    MODES,
    Mode,
    match_mentions,
    match_relations,
    matched_credit,
    overlapping_groups,
    pair_up,
    relation_keys,
)
from pipeline.records import RELATION_TYPES

ALL = "ALL"


@dataclass(slots=True)
class Counts:
    """Correct, predicted and gold items; half a correct one is possible (partial overlap)."""

    correct: float = 0.0
    predicted: int = 0
    gold: int = 0

    def __iadd__(self, other: Counts) -> Counts:
        self.correct += other.correct
        self.predicted += other.predicted
        self.gold += other.gold
        return self

    @property
    def precision(self) -> float:
        """Correct / predicted; 0 where nothing was predicted."""
        return self.correct / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """Correct / gold; 0 where there is no gold."""
        return self.correct / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 where nothing was correct."""
        total = self.predicted + self.gold
        return 2 * self.correct / total if total else 0.0

    def as_dict(self) -> dict[str, float]:
        """Counts and scores, scores rounded to 4 digits."""
        return {
            "precision": round(self.precision, 4),
            "recall": round(self.recall, 4),
            "f1": round(self.f1, 4),
            "correct": self.correct,
            "predicted": self.predicted,
            "gold": self.gold,
        }


@dataclass(slots=True)
class Scores:
    """All scores of one or more documents; adding up documents gives micro averages.

    Attributes
    ----------
    mentions
        By measure, then by type (``ALL`` among them).
    concepts
        By type, over mentions with the right span and type: did the concept fit?
    identified
        By type, over all mentions: right in span, type and concept.
    linked
        By type, over predicted mentions: those with a concept, right or not.
    negated, uncertain
        Over mentions with the right span and type.
    relations
        By type, over distinct pairs of concepts (or texts) in a document.
    """

    mentions: dict[Mode, dict[str, Counts]] = field(default_factory=dict)
    concepts: dict[str, Counts] = field(default_factory=dict)
    identified: dict[str, Counts] = field(default_factory=dict)
    linked: dict[str, Counts] = field(default_factory=dict)
    negated: Counts = field(default_factory=Counts)
    uncertain: Counts = field(default_factory=Counts)
    relations: dict[str, Counts] = field(default_factory=dict)

    def __iadd__(self, other: Scores) -> Scores:
        for mode, by_type in other.mentions.items():
            _add(self.mentions.setdefault(mode, {}), by_type)
        for name in ("concepts", "identified", "linked"):
            _add(getattr(self, name), getattr(other, name))
        _add(self.relations, other.relations)
        self.negated += other.negated
        self.uncertain += other.uncertain
        return self


def _add(target: dict[str, Counts], source: dict[str, Counts]) -> None:
    for key, counts in source.items():
        target.setdefault(key, Counts())
        target[key] += counts


def score_document(gold: AnnotatedDocument, predicted: AnnotatedDocument) -> Scores:
    """Score one document."""
    scores = Scores()
    scores.mentions = _mention_counts(gold.mentions, predicted.mentions)
    pairs = match_mentions(gold.mentions, predicted.mentions, "strict")
    for pair in pairs:
        right = concept_is_right(pair.gold, pair.predicted)
        for label in (pair.gold.label, ALL):
            scores.concepts.setdefault(label, Counts())
            scores.concepts[label] += Counts(float(right), 1, 1)
        for attribute in ("negated", "uncertain"):
            said, true = getattr(pair.predicted, attribute), getattr(pair.gold, attribute)
            counts: Counts = getattr(scores, attribute)
            counts += Counts(float(said and true), int(said), int(true))
    _count_links(scores, gold.mentions, predicted.mentions)
    for kind in RELATION_TYPES:
        counts = _relation_counts(gold, predicted, kind)
        scores.relations[kind] = counts
        scores.relations.setdefault(ALL, Counts())
        scores.relations[ALL] += counts
    return scores


def _count_links(scores: Scores, gold: list[Mention], predicted: list[Mention]) -> None:
    """Count the mentions that are right with their concept, and those that have one at all."""
    for label in (*sorted({m.label for m in (*gold, *predicted)}), ALL):
        theirs = [m for m in predicted if label in (m.label, ALL)]
        n_gold = sum(label in (m.label, ALL) for m in gold)
        right = scores.concepts.get(label, Counts()).correct
        scores.identified[label] = Counts(right, len(theirs), n_gold)
        n_linked = sum(bool(m.concepts) for m in theirs)
        scores.linked[label] = Counts(float(n_linked), len(theirs), len(theirs))


def _mention_counts(gold: list[Mention], predicted: list[Mention]) -> dict[Mode, dict[str, Counts]]:
    """Counts of every measure, by type and over all types.

    Per type, the measures that ignore the type still compare mentions of that type only.
    """
    counts: dict[Mode, dict[str, Counts]] = {mode: {} for mode in MODES}
    for label in (*sorted({m.label for m in (*gold, *predicted)}), ALL):
        ours = [m for m in gold if label in (m.label, ALL)]
        theirs = [m for m in predicted if label in (m.label, ALL)]
        groups = overlapping_groups(ours, theirs)
        # Same boundaries need no pairing: it is enough to count them on both sides.
        correct: dict[Mode, float] = {
            "strict": _n_shared(ours, theirs, _span_and_label),
            "exact": _n_shared(ours, theirs, _span),
            "partial": matched_credit(groups, "partial"),
            "type": matched_credit(groups, "type"),
        }
        for mode, value in correct.items():
            counts[mode][label] = Counts(value, len(theirs), len(ours))
    return counts


def _n_shared(
    gold: list[Mention], predicted: list[Mention], key: Callable[[Mention], Hashable]
) -> float:
    shared = Counter(map(key, gold)) & Counter(map(key, predicted))
    return float(shared.total())


def _span(mention: Mention) -> Hashable:
    return mention.start, mention.end


def _span_and_label(mention: Mention) -> Hashable:
    return mention.start, mention.end, mention.label


def concept_is_right(gold: Mention, predicted: Mention) -> bool:
    """Tell whether every gold concept was met by one of its alternatives, and no more were named.

    A mention that fits no concept is right when none was predicted.
    """
    if len(predicted.concepts) != len(gold.concepts):
        return False
    return len(pair_up(gold.concepts, predicted.concepts, _share)) == len(gold.concepts)


def _share(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one & other)


def _relation_counts(gold: AnnotatedDocument, predicted: AnnotatedDocument, kind: str) -> Counts:
    gold_keys = relation_keys(gold, kind)
    predicted_keys = relation_keys(predicted, kind)
    matched = match_relations(gold_keys, predicted_keys)
    return Counts(float(len(matched)), len(predicted_keys), len(gold_keys))
