"""How far two annotators of the same texts agree, and where they do not.

Annotator A takes the place of gold and B that of the prediction; F1 is the same either way round.
"""

from __future__ import annotations

import glob
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from pipeline.errors import GoldError
from pipeline.evaluation.brat import read_document
from pipeline.evaluation.documents import AnnotatedDocument, Mention, describe
from pipeline.evaluation.matching import (
    Pair,
    RelationKey,
    match_mentions,
    match_relations,
    relation_keys,
    without,
)
from pipeline.evaluation.scores import ALL, Counts, Scores, score_document
from pipeline.tables.spreadsheet import harmless_cells

OUTSIDE = "O"
_TOKEN = re.compile(r"\w+|[^\w\s]")
_MAX_NAMED = 5
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where the annotators differ.

    Attributes
    ----------
    kind
        ``only in A``, ``only in B``, ``type`` (same span), ``boundary`` (overlap), ``concept``,
        ``negation``, ``hedge``, ``relation only in A`` or ``relation only in B``.
    start, end
        Characters of A's mention, or of B's where A has none; of a relation, from the first to the
        last character of its two mentions.
    text_a, text_b
        What each annotated; empty where nothing.
    """

    doc_id: str
    kind: str
    start: int
    end: int
    text_a: str
    text_b: str

    def row(self) -> list[str]:
        """Cells of a CSV row, safe for spreadsheets."""
        return harmless_cells(self)


FIELDS = [f.name for f in fields(Difference)]


@dataclass(slots=True)
class Agreement:
    """Agreement on a set of documents, all documents together (micro).

    Attributes
    ----------
    scores
        Mentions, attributes and relations of B against A; their F1 is the agreement.
    kappa
        Cohen's kappa over tokens, by type and ``ALL``, see :func:`agree`.
    concepts
        By type of mention and ``ALL``: of the mentions with the same span and type, those whose
        concepts agree.
    problems
        What was wrong with the files, and what was done about it.
    """

    n_documents: int = 0
    n_tokens: int = 0
    scores: Scores = field(default_factory=Scores)
    kappa: dict[str, float] = field(default_factory=dict)
    concepts: dict[str, Counts] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[tuple[str, float, Counts | None]]:
        """The table: a name, the agreement and what it was counted from, a line."""
        scores = self.scores
        for mode in ("strict", "partial"):
            for label, counts in _in_order(scores.mentions.get(mode, {})):
                yield f"{label} {mode} F1", counts.f1, counts
        for label, value in _in_order(self.kappa):
            yield f"{label} kappa of tokens", value, None
        for label, counts in _in_order(self.concepts):
            yield f"{label} concept, same mention", counts.f1, counts
        yield "negated F1, same mention", scores.negated.f1, scores.negated
        yield "uncertain F1, same mention", scores.uncertain.f1, scores.uncertain
        for kind, counts in _in_order(scores.relations):
            yield f"{kind} relations F1", counts.f1, counts

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain values, the differences counted by kind."""
        mentions = self.scores.mentions
        kinds = Counter(difference.kind for difference in self.differences)
        return {
            "documents": self.n_documents,
            "tokens": self.n_tokens,
            "strict": _as_dicts(mentions.get("strict", {})),
            "partial": _as_dicts(mentions.get("partial", {})),
            "kappa": {label: round(value, 4) for label, value in _in_order(self.kappa)},
            "concepts": {
                label: {"agreement": round(c.precision, 4), "agreed": c.correct, "mentions": c.gold}
                for label, c in _in_order(self.concepts)
            },
            "negated": _as_dict(self.scores.negated),
            "uncertain": _as_dict(self.scores.uncertain),
            "relations": _as_dicts(self.scores.relations),
            "differences": dict(sorted(kinds.items())),
        }


def _in_order(by_label: Mapping[str, V]) -> list[tuple[str, V]]:
    """By name, ``ALL`` last."""
    return sorted(by_label.items(), key=lambda item: (item[0] == ALL, item[0]))


def _as_dict(counts: Counts) -> dict[str, float]:
    return {
        "f1": round(counts.f1, 4),
        "agreed": counts.correct,
        "a": counts.gold,
        "b": counts.predicted,
    }


def _as_dicts(by_type: dict[str, Counts]) -> dict[str, dict[str, float]]:
    return {label: _as_dict(counts) for label, counts in _in_order(by_type)}


def read_pass(folder: Path) -> list[AnnotatedDocument]:
    """All documents of an annotator's folder, by name.

    Raises
    ------
    GoldError
        If the folder holds no ``.ann`` file, or one cannot be read with its text.
    """
    files = sorted(folder.glob("*.ann")) if folder.is_dir() else []
    if not files:
        raise GoldError(f"{folder}: no .ann files there; give a folder of one annotator's files")
    return [read_document(path, find_text(path)) for path in files]


def find_text(path: Path) -> Path:
    """The text of an ``.ann`` file; annotators may share it.

    It lies beside the file, else in one of the two folders above (``corpus/gold`` for
    ``corpus/gold/passes/a``) or in one right below those (``corpus/gold/dev``), unless several of
    these have one of that name. Where there is none, the path beside the file is given.
    """
    beside = path.with_suffix(".txt")
    if beside.is_file():
        return beside
    for folder in path.resolve().parents[1:3]:
        if (folder / beside.name).is_file():
            return folder / beside.name
        below = list(folder.glob(f"*/{glob.escape(beside.name)}"))
        if len(below) == 1:
            return below[0]
    return beside


def agree(a: Sequence[AnnotatedDocument], b: Sequence[AnnotatedDocument]) -> Agreement:
    """Compare two annotators of the same documents.

    Cohen's kappa (Cohen 1960) is taken over words and punctuation marks. For ``ALL`` the label of a
    token is the type of the longest mention that covers it, or ``O``. For a single type it is
    whether a mention of that type covers the token, so that body parts nested in symptoms count.

    Concepts agree where a mention's concepts share one, or neither annotator found any.

    Raises
    ------
    GoldError
        If the two do not hold the same documents with the same texts.
    """
    _check_same(a, b)
    by_id = {document.doc_id: document for document in b}
    pairs = [(one, by_id[one.doc_id]) for one in sorted(a, key=_doc_id)]
    result = Agreement(n_documents=len(pairs))
    tables: dict[str, Counter[tuple[str, str]]] = {
        label: Counter() for label in (*_labels([*a, *b]), ALL)
    }
    for one, other in pairs:
        result.scores += score_document(one, other)
        strict = match_mentions(one.mentions, other.mentions, "strict")
        _add_concepts(result.concepts, strict)
        result.differences += _differences(one, other, strict)
        result.problems += [f"A: {p}" for p in one.problems] + [f"B: {p}" for p in other.problems]
        spans = [match.span() for match in _TOKEN.finditer(one.text)]
        for label, table in tables.items():
            sides = (_token_labels(side.mentions, label, spans) for side in (one, other))
            table.update(zip(*sides, strict=True))
    result.n_tokens = tables[ALL].total()
    result.kappa = {label: cohen_kappa(table) for label, table in tables.items()}
    return result


def _doc_id(document: AnnotatedDocument) -> str:
    return document.doc_id


def _labels(documents: Sequence[AnnotatedDocument]) -> list[str]:
    return sorted({mention.label for document in documents for mention in document.mentions})


def _check_same(a: Sequence[AnnotatedDocument], b: Sequence[AnnotatedDocument]) -> None:
    ids_a, ids_b = Counter(map(_doc_id, a)), Counter(map(_doc_id, b))
    wrong = []
    for name, extra in (("A", ids_a - ids_b), ("B", ids_b - ids_a)):
        if extra:
            wrong.append(f"only in {name}: {_names(extra)}")
    if wrong:
        raise GoldError(f"not the same documents, {'; '.join(wrong)}; compare the same ones")
    if twice := [doc_id for doc_id, n in ids_a.items() if n > 1]:
        raise GoldError(f"more than one document named {_names(twice)}; give each its own name")
    texts = {document.doc_id: document.text for document in b}
    if other := [one.doc_id for one in a if one.text != texts[one.doc_id]]:
        raise GoldError(f"another text in A than in B: {_names(other)}; annotate the same text")


def _names(ids: Sequence[str] | Counter[str]) -> str:
    names = sorted(ids)
    more = [f"and {len(names) - _MAX_NAMED} more"] if len(names) > _MAX_NAMED else []
    return ", ".join(names[:_MAX_NAMED] + more)


def _add_concepts(total: dict[str, Counts], strict: list[Pair]) -> None:
    for pair in strict:
        agreed = float(_concepts_agree(pair.gold, pair.predicted))
        for label in (pair.gold.label, ALL):
            total.setdefault(label, Counts())
            total[label] += Counts(agreed, 1, 1)


def _concepts_agree(one: Mention, other: Mention) -> bool:
    a, b = _curies(one), _curies(other)
    return bool(a & b) or not (a or b)


def _curies(mention: Mention) -> frozenset[str]:
    return frozenset[str]().union(*mention.concepts)


def _token_labels(mentions: list[Mention], label: str, tokens: list[tuple[int, int]]) -> list[str]:
    """Label of each token, over all mentions (``ALL``) or those of one type."""
    labels = [OUTSIDE] * len(tokens)
    # The longest last, so that it overwrites those nested in it.
    for mention in sorted(mentions, key=_length):
        if label in (mention.label, ALL):
            for place in _covered(tokens, mention):
                labels[place] = mention.label
    return labels


def _length(mention: Mention) -> tuple[int, int, str]:
    return mention.end - mention.start, mention.start, mention.label


def _covered(tokens: list[tuple[int, int]], mention: Mention) -> range:
    """Places of the tokens that lie wholly inside a mention."""
    first = bisect_left(tokens, mention.start, key=lambda token: token[0])
    last = bisect_right(tokens, mention.end, key=lambda token: token[1])
    return range(first, last)


def cohen_kappa(table: Counter[tuple[str, str]]) -> float:
    """Agreement beyond chance of two annotators who label the same items (Cohen 1960).

    Parameters
    ----------
    table
        How often each pair of labels was given.

    Returns
    -------
    float
        At most 1. Kappa is not defined where both gave all items the same one label: 1, as they
        agree in all.
    """
    total = table.total()
    agreed = sum(n for (one, other), n in table.items() if one == other)
    if agreed == total:
        return 1.0
    rows: Counter[str] = Counter()
    columns: Counter[str] = Counter()
    for (one, other), n in table.items():
        rows[one] += n
        columns[other] += n
    # Both sides times total squared: integers, so that nothing is lost to rounding.
    by_chance = sum(n * columns[label] for label, n in rows.items())
    return (agreed * total - by_chance) / (total * total - by_chance)


def _differences(
    a: AnnotatedDocument, b: AnnotatedDocument, strict: list[Pair]
) -> list[Difference]:
    """All differences of one document, in reading order; relations last."""
    found = [d for pair in strict for d in _attribute_differences(a.doc_id, pair)]
    open_a = without(a.mentions, [pair.gold for pair in strict])
    open_b = without(b.mentions, [pair.predicted for pair in strict])
    near = match_mentions(open_a, open_b, "partial")
    for pair in near:
        kind = "type" if pair.gold.span == pair.predicted.span else "boundary"
        found.append(_difference(a.doc_id, kind, pair.gold, pair.predicted))
    for mention in without(open_a, [pair.gold for pair in near]):
        found.append(_difference(a.doc_id, "only in A", mention, None))
    for mention in without(open_b, [pair.predicted for pair in near]):
        found.append(_difference(a.doc_id, "only in B", None, mention))
    found.sort(key=_place)
    return found + sorted(_relation_differences(a, b), key=_place)


def _place(difference: Difference) -> tuple[int, int, str, str, str]:
    d = difference
    return d.start, d.end, d.kind, d.text_a, d.text_b


def _attribute_differences(doc_id: str, pair: Pair) -> Iterator[Difference]:
    one, other = pair.gold, pair.predicted
    if not _concepts_agree(one, other):
        yield _difference(doc_id, "concept", one, other)
    if one.negated != other.negated:
        yield _difference(doc_id, "negation", one, other)
    if one.uncertain != other.uncertain:
        yield _difference(doc_id, "hedge", one, other)


def _difference(doc_id: str, kind: str, one: Mention | None, other: Mention | None) -> Difference:
    place = one or other
    assert place is not None  # every difference has at least one side
    return Difference(
        doc_id, kind, place.start, place.end, describe(one, kind), describe(other, kind)
    )


def _relation_differences(a: AnnotatedDocument, b: AnnotatedDocument) -> Iterator[Difference]:
    keys = [sorted(relation_keys(document), key=_key_order) for document in (a, b)]
    matched = match_relations(*keys)
    for side, document in enumerate((a, b)):
        met = {pair[side] for pair in matched}
        for position, key in enumerate(keys[side]):
            if position not in met:
                start, end, text = _locate(key, document)
                texts = (text, "") if side == 0 else ("", text)
                kind = f"relation only in {'AB'[side]}"
                yield Difference(a.doc_id, kind, start, end, *texts)


def _key_order(key: RelationKey) -> tuple[str, list[str], list[str]]:
    return key[0], sorted(key[1]), sorted(key[2])


def _locate(key: RelationKey, document: AnnotatedDocument) -> tuple[int, int, str]:
    """Where a document first says a relation: start, end and its words."""
    kind, head_keys, tail_keys = key
    mentions = document.by_id()
    places = []
    for link in document.relations:
        head, tail = mentions[link.head], mentions[link.tail]
        if link.type == kind and head.keys <= head_keys and tail.keys <= tail_keys:
            start, end = min(head.start, tail.start), max(head.end, tail.end)
            places.append((start, end, f"{head.text} {kind} {tail.text}"))
    return min(places)
