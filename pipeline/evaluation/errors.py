"""List what went wrong, each error with its sentence and what it was confused with."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, fields
from functools import lru_cache

from pipeline.evaluation.documents import AnnotatedDocument, Mention, describe
from pipeline.evaluation.matching import (
    RelationKey,
    match_mentions,
    match_relations,
    relation_keys,
    without,
)
from pipeline.evaluation.scores import concept_is_right
from pipeline.tables.spreadsheet import harmless_cells

_MAX_CONTEXT = 200
_SENTENCE_END = re.compile(r"[.!?](?=\s)|\n")


@dataclass(frozen=True, slots=True)
class ScoringError:
    """One difference between gold and prediction.

    Attributes
    ----------
    kind
        ``missed``, ``spurious``, ``wrong type`` (same span), ``boundary left``, ``boundary right``,
        ``boundary both``, ``split`` (several predictions in place of one gold mention), ``merged``
        (one prediction over several gold mentions), ``wrong concept``, ``wrong negation``,
        ``wrong hedge``, ``missing relation`` or ``extra relation``.
    start, end
        Characters of the gold mention, or of the predicted one where there is no gold.
    nearest
        Of a spurious mention: the gold mention next to it in the same sentence, if there is one.
    """

    doc_id: str
    kind: str
    label: str
    start: int
    end: int
    gold: str
    predicted: str
    source: str
    nearest: str
    sentence: str

    def row(self) -> list[str]:
        """Cells of a CSV row, safe for spreadsheets."""
        return harmless_cells(self)


FIELDS = [f.name for f in fields(ScoringError)]


def find_errors(gold: AnnotatedDocument, predicted: AnnotatedDocument) -> list[ScoringError]:
    """All errors of one document, in reading order; relations last."""
    found: list[ScoringError] = []
    strict = match_mentions(gold.mentions, predicted.mentions, "strict")
    for pair in strict:
        found += _attribute_errors(gold, pair.gold, pair.predicted)
    open_gold = without(gold.mentions, [p.gold for p in strict])
    open_predicted = without(predicted.mentions, [p.predicted for p in strict])
    near = match_mentions(open_gold, open_predicted, "partial")
    for pair in near:
        kind = _overlap_kind(pair.gold, pair.predicted, open_gold, open_predicted)
        found.append(_error(gold, kind, pair.gold, pair.predicted))
    found += [_error(gold, "missed", m, None) for m in without(open_gold, [p.gold for p in near])]
    found += [
        _error(gold, "spurious", None, m)
        for m in without(open_predicted, [p.predicted for p in near])
    ]
    found.sort(key=_place)
    return found + _relation_errors(gold, predicted)


def _overlap_kind(
    gold: Mention, predicted: Mention, all_gold: list[Mention], all_predicted: list[Mention]
) -> str:
    """What is wrong between two mentions that overlap and are not the same."""
    if gold.span == predicted.span:
        return "wrong type"
    if sum(_overlaps(gold, p) and p.label == gold.label for p in all_predicted) > 1:
        return "split"
    if sum(_overlaps(predicted, g) and g.label == predicted.label for g in all_gold) > 1:
        return "merged"
    if gold.end == predicted.end:
        return "boundary left"
    return "boundary right" if gold.start == predicted.start else "boundary both"


def _overlaps(one: Mention, other: Mention) -> bool:
    return one.start < other.end and other.start < one.end


def _place(error: ScoringError) -> tuple[int, int, str]:
    return error.start, error.end, error.kind


def _attribute_errors(
    document: AnnotatedDocument, gold: Mention, predicted: Mention
) -> list[ScoringError]:
    found = []
    if not concept_is_right(gold, predicted):
        found.append(_error(document, "wrong concept", gold, predicted))
    if gold.negated != predicted.negated:
        found.append(_error(document, "wrong negation", gold, predicted))
    if gold.uncertain != predicted.uncertain:
        found.append(_error(document, "wrong hedge", gold, predicted))
    return found


def _error(
    document: AnnotatedDocument, kind: str, gold: Mention | None, predicted: Mention | None
) -> ScoringError:
    place = gold or predicted
    assert place is not None  # every error has at least one side
    aspect = kind.removeprefix("wrong ")
    return ScoringError(
        doc_id=document.doc_id,
        kind=kind,
        label=place.label,
        start=place.start,
        end=place.end,
        gold=describe(gold, aspect),
        predicted=describe(predicted, aspect),
        source=predicted.source if predicted else "",
        nearest="" if gold else _nearest(document, place),
        sentence=_marked_sentence(document.text, place),
    )


def _sentence(text: str, mention: Mention) -> tuple[int, int]:
    """Characters of the line or sentence around a mention."""
    ends = _sentence_ends(text)
    before = bisect_right(ends, mention.start)
    after = bisect_left(ends, mention.end)
    return (ends[before - 1] if before else 0), (ends[after] if after < len(ends) else len(text))


@lru_cache(maxsize=8)
def _sentence_ends(text: str) -> list[int]:
    return [match.end() for match in _SENTENCE_END.finditer(text)]


def _marked_sentence(text: str, mention: Mention) -> str:
    """The sentence with the mention in double brackets, at most some 400 characters of it."""
    start, end = _sentence(text, mention)
    start = max(start, mention.start - _MAX_CONTEXT)
    end = min(end, mention.end + _MAX_CONTEXT)
    marked = (
        text[start : mention.start],
        f"[[{text[mention.start : mention.end]}]]",
        text[mention.end : end],
    )
    return " ".join("".join(marked).split())


def _nearest(document: AnnotatedDocument, mention: Mention) -> str:
    """Text of the gold mention nearest to a spurious one in its sentence."""
    start, end = _sentence(document.text, mention)
    near = [m for m in document.mentions if start <= m.start and m.end <= end]
    if not near:
        return ""
    best = min(near, key=lambda m: (max(mention.start - m.end, m.start - mention.end), m.start))
    return f"{best.text} [{best.label}]"


def _relation_errors(gold: AnnotatedDocument, predicted: AnnotatedDocument) -> list[ScoringError]:
    gold_keys, predicted_keys = relation_keys(gold), relation_keys(predicted)
    matched = match_relations(gold_keys, predicted_keys)
    met = {row for row, _ in matched}
    used = {column for _, column in matched}
    gold_names, predicted_names = _names(gold), _names(predicted)
    missing = [
        ScoringError(
            gold.doc_id, "missing relation", key[0], 0, 0, _name(key, gold_names), "", "", "", ""
        )
        for position, key in enumerate(gold_keys)
        if position not in met
    ]
    extra = [
        ScoringError(
            gold.doc_id, "extra relation", key[0], 0, 0, "", _name(key, predicted_names), "", "", ""
        )
        for position, key in enumerate(predicted_keys)
        if position not in used
    ]
    return missing + extra


def _names(document: AnnotatedDocument) -> dict[str, str]:
    """Text of the first mention that has a key, by key."""
    names: dict[str, str] = {}
    for mention in document.mentions:
        for key in mention.keys:
            names.setdefault(key, mention.text)
    return names


def _name(key: RelationKey, names: dict[str, str]) -> str:
    kind, head, tail = key
    return f"{names[min(head)]} {kind} {names[min(tail)]}"
