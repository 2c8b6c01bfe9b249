"""List what went wrong, each error with its sentence and what it was confused with."""

from __future__ import annotations

from dataclasses import dataclass, fields

from pipeline.evaluation.documents import AnnotatedDocument, Mention
from pipeline.evaluation.matching import (
    RelationKey,
    match_mentions,
    match_relations,
    relation_keys,
)
from pipeline.evaluation.scores import concept_is_right

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CONTEXT = 60


@dataclass(frozen=True, slots=True)
class ScoringError:
    """One difference between gold and prediction.

    Attributes
    ----------
    kind
        ``missed``, ``spurious``, ``wrong type``, ``boundary``, ``wrong concept``,
        ``wrong negation``, ``wrong hedge``, ``missing relation`` or ``extra relation``.
    start, end
        Characters of the gold mention, or of the predicted one where there is no gold.
    """

    doc_id: str
    kind: str
    label: str
    start: int
    end: int
    gold: str
    predicted: str
    source: str
    context: str

    def row(self) -> list[str]:
        """Cells of a CSV row, safe for spreadsheets."""
        cells = [str(getattr(self, f.name)) for f in fields(self)]
        return ["'" + cell if cell.startswith(_FORMULA) else cell for cell in cells]


FIELDS = [f.name for f in fields(ScoringError)]


def find_errors(gold: AnnotatedDocument, predicted: AnnotatedDocument) -> list[ScoringError]:
    """All errors of one document, in reading order; relations last."""
    found: list[ScoringError] = []
    strict = match_mentions(gold.mentions, predicted.mentions, "strict")
    for pair in strict:
        found += _attribute_errors(gold, pair.gold, pair.predicted)
    open_gold = _without(gold.mentions, [p.gold for p in strict])
    open_predicted = _without(predicted.mentions, [p.predicted for p in strict])
    near = match_mentions(open_gold, open_predicted, "partial")
    for pair in near:
        kind = "wrong type" if pair.gold.span == pair.predicted.span else "boundary"
        found.append(_error(gold, kind, pair.gold, pair.predicted))
    found += [_error(gold, "missed", m, None) for m in _without(open_gold, [p.gold for p in near])]
    found += [
        _error(gold, "spurious", None, m)
        for m in _without(open_predicted, [p.predicted for p in near])
    ]
    found.sort(key=_place)
    return found + _relation_errors(gold, predicted)


def _place(error: ScoringError) -> tuple[int, int, str]:
    return error.start, error.end, error.kind


def _without(mentions: list[Mention], taken: list[Mention]) -> list[Mention]:
    ids = {mention.id for mention in taken}
    return [mention for mention in mentions if mention.id not in ids]


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
    return ScoringError(
        doc_id=document.doc_id,
        kind=kind,
        label=place.label,
        start=place.start,
        end=place.end,
        gold=_describe(gold, kind),
        predicted=_describe(predicted, kind),
        source=predicted.source if predicted else "",
        context=_context(document.text, place),
    )


def _describe(mention: Mention | None, kind: str) -> str:
    if mention is None:
        return ""
    if kind == "wrong concept":
        detail = ",".join("|".join(sorted(c)) for c in mention.concepts) or "none"
    elif kind == "wrong negation":
        detail = "negated" if mention.negated else "affirmed"
    elif kind == "wrong hedge":
        detail = "uncertain" if mention.uncertain else "certain"
    else:
        detail = mention.label
    return f"{mention.text} [{detail}]"


def _context(text: str, mention: Mention) -> str:
    before = text[max(mention.start - _CONTEXT, 0) : mention.start]
    after = text[mention.end : mention.end + _CONTEXT]
    return " ".join(f"{before}[[{text[mention.start : mention.end]}]]{after}".split())


def _relation_errors(gold: AnnotatedDocument, predicted: AnnotatedDocument) -> list[ScoringError]:
    gold_keys, predicted_keys = relation_keys(gold), relation_keys(predicted)
    matched = match_relations(gold_keys, predicted_keys)
    met = {row for row, _ in matched}
    used = {column for _, column in matched}
    missing = [
        ScoringError(gold.doc_id, "missing relation", key[0], 0, 0, _name(key, gold), "", "", "")
        for position, key in enumerate(gold_keys)
        if position not in met
    ]
    extra = [
        ScoringError(gold.doc_id, "extra relation", key[0], 0, 0, "", _name(key, predicted), "", "")
        for position, key in enumerate(predicted_keys)
        if position not in used
    ]
    return missing + extra


def _name(key: RelationKey, document: AnnotatedDocument) -> str:
    kind, head, tail = key
    texts = [
        next((m.text for m in document.mentions if m.keys == keys), "?") for keys in (head, tail)
    ]
    return f"{texts[0]} {kind} {texts[1]}"
