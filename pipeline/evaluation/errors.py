"""List what went wrong, each error with its sentence and what it was confused with."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from functools import lru_cache

from pipeline.evaluation.documents import AnnotatedDocument, Mention, RelationLink, describe
from pipeline.evaluation.matching import (
    RelationKey,
    links_of,
    match_mentions,
    match_relations,
    relation_keys,
    without,
)
from pipeline.evaluation.scores import concept_is_right
from pipeline.tables.spreadsheet import harmless_cells

SPAN_KINDS = (
    "missed", "spurious", "wrong type", "boundary left", "boundary right", "boundary both", "split",
    "merged",
)  # fmt: skip
"""Kinds of errors in the place or type of a mention."""
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


@dataclass(frozen=True, slots=True)
class Difference:
    """An error and the mentions that it is about.

    Attributes
    ----------
    gold, predicted
        The mention on that side, of a relation its head and its tail where they stand nearest to
        each other; nothing on a side that has no such thing.
    links
        Of a relation: all relations between mentions that it stands for.
    """

    error: ScoringError
    gold: tuple[Mention, ...] = ()
    predicted: tuple[Mention, ...] = ()
    links: tuple[RelationLink, ...] = ()


def find_errors(gold: AnnotatedDocument, predicted: AnnotatedDocument) -> list[ScoringError]:
    """All errors of one document, in reading order; relations last."""
    return [difference.error for difference in find_differences(gold, predicted)]


def find_differences(gold: AnnotatedDocument, predicted: AnnotatedDocument) -> list[Difference]:
    """All errors of one document with their mentions, in reading order; relations last."""
    found: list[Difference] = []
    strict = match_mentions(gold.mentions, predicted.mentions, "strict")
    for pair in strict:
        found += _attribute_errors(gold, pair.gold, pair.predicted)
    open_gold = without(gold.mentions, [p.gold for p in strict])
    open_predicted = without(predicted.mentions, [p.predicted for p in strict])
    near = match_mentions(open_gold, open_predicted, "partial")
    for pair in near:
        kind = _overlap_kind(pair.gold, pair.predicted, open_gold, open_predicted)
        found.append(_difference(gold, kind, pair.gold, pair.predicted))
    missed = without(open_gold, [p.gold for p in near])
    found += [_difference(gold, "missed", m, None) for m in missed]
    found += [
        _difference(gold, "spurious", None, m)
        for m in without(open_predicted, [p.predicted for p in near])
    ]
    found.sort(key=_place)
    return found + _relation_differences(gold, predicted)


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


def _place(difference: Difference) -> tuple[int, int, str]:
    error = difference.error
    return error.start, error.end, error.kind


def _attribute_errors(
    document: AnnotatedDocument, gold: Mention, predicted: Mention
) -> list[Difference]:
    found = []
    if not concept_is_right(gold, predicted):
        found.append(_difference(document, "wrong concept", gold, predicted))
    if gold.negated != predicted.negated:
        found.append(_difference(document, "wrong negation", gold, predicted))
    if gold.uncertain != predicted.uncertain:
        found.append(_difference(document, "wrong hedge", gold, predicted))
    return found


def _difference(
    document: AnnotatedDocument, kind: str, gold: Mention | None, predicted: Mention | None
) -> Difference:
    place = gold or predicted
    assert place is not None  # every error has at least one side
    aspect = kind.removeprefix("wrong ")
    error = ScoringError(
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
    return Difference(error, (gold,) if gold else (), (predicted,) if predicted else ())


def context_of(text: str, mention: Mention) -> tuple[int, int]:
    """Characters of the line or sentence around a mention, so far as it is near."""
    start, end = _sentence(text, mention)
    return max(start, mention.start - _MAX_CONTEXT), min(end, mention.end + _MAX_CONTEXT)


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
    start, end = context_of(text, mention)
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


def _relation_differences(
    gold: AnnotatedDocument, predicted: AnnotatedDocument
) -> list[Difference]:
    gold_keys, predicted_keys = relation_keys(gold), relation_keys(predicted)
    matched = match_relations(gold_keys, predicted_keys)
    missing = [
        Difference(
            _relation_error(gold, "missing relation", key, gold=name), gold=ends, links=links
        )
        for key, name, ends, links in _left_over(gold, gold_keys, {row for row, _ in matched})
    ]
    extra = [
        Difference(
            _relation_error(gold, "extra relation", key, predicted=name),
            predicted=ends,
            links=links,
        )
        for key, name, ends, links in _left_over(predicted, predicted_keys, {c for _, c in matched})
    ]
    return missing + extra


def _relation_error(
    document: AnnotatedDocument, kind: str, key: RelationKey, gold: str = "", predicted: str = ""
) -> ScoringError:
    return ScoringError(document.doc_id, kind, key[0], 0, 0, gold, predicted, "", "", "")


def _left_over(
    document: AnnotatedDocument, keys: list[RelationKey], met: set[int]
) -> Iterator[tuple[RelationKey, str, tuple[Mention, Mention], tuple[RelationLink, ...]]]:
    """Relations that were not met, each with its name, its ends and what it stands for."""
    if len(met) == len(keys):
        return
    names, mentions = _names(document), document.by_id()
    for position, (key, links) in enumerate(zip(keys, links_of(document, keys), strict=True)):
        if position not in met:
            yield key, _name(key, names), _nearest_ends(links, mentions), tuple(links)


def _nearest_ends(
    links: Iterable[RelationLink], mentions: dict[str, Mention]
) -> tuple[Mention, Mention]:
    """Head and tail where they stand nearest to each other: most likely it is told there."""
    ends = [(mentions[link.head], mentions[link.tail]) for link in links]
    return min(ends, key=lambda pair: (abs(pair[0].start - pair[1].start), pair[0].start))


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
