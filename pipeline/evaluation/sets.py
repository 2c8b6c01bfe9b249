"""Score what a document is about, not where it says so: concept sets and co-occurring pairs.

Concept sets are the document-level measure of concept recognisers on HPO GSC+ (as in PhenoTagger,
Luo et al. 2021): which concepts does the document name, however often? Pairs are the items of the
co-occurrence table: which two concepts stand together in a sentence, a section, a document?
Negated mentions are left out of both.

Gold that allows alternatives is one concept, met by any of them. Concepts of one side that share an
alternative are one and the same, so on each side no two have anything in common.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product
from typing import TypeVar

import numpy as np
import spacy
from spacy.language import Language
from spacy.tokens import Doc

from pipeline.components import attributes
from pipeline.components.lexemes import char_offsets, sentence_starts
from pipeline.components.sections import Sections
from pipeline.components.sentences import Sentences
from pipeline.evaluation.documents import AnnotatedDocument, Mention, text_key
from pipeline.evaluation.matching import pair_up
from pipeline.evaluation.scores import ALL, Counts

SCOPES = ("sentence", "section", "document")

Key = frozenset[str]
"""One concept: the CURIEs, or the text, any of which may stand for it."""
_Group = tuple[list[Key], list[Key]]
"""Gold and predicted concepts that share something, directly or through each other."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Windows:
    """Characters at which the sentences and the sections of a text begin, ascending."""

    sentences: list[int]
    sections: list[int]


def concept_counts(gold: AnnotatedDocument, predicted: AnnotatedDocument) -> dict[str, Counts]:
    """Compare the concepts that one document names.

    Returns
    -------
    dict[str, Counts]
        By type of mention, and ``ALL`` over the concepts whatever the type of their mentions.
    """
    labels = {m.label for m in (*gold.mentions, *predicted.mentions)}
    counts = {}
    for label in (*sorted(labels), ALL):
        sides = [
            _distinct(key for m in side if label in (m.label, ALL) for key in _concepts(m))
            for side in (gold.mentions, predicted.mentions)
        ]
        counts[label] = _counts(_matched_keys(*sides), sides[0], sides[1])
    return counts


def windows_of(doc: Doc) -> Windows:
    """Sentences and sections that the pipeline found in a text."""
    offsets = char_offsets(doc)
    sections = [section.start for section in doc.spans.get(attributes.SECTIONS, ())]
    return Windows(offsets[sentence_starts(doc)].tolist(), offsets[sections].tolist())


def find_windows(text: str) -> Windows:
    """Sentences and sections of a text that has not been through the pipeline."""
    nlp, sections, sentences = _splitter()
    # The bare tokenizer, because nlp(text) refuses long texts.
    return windows_of(sentences(sections(nlp.tokenizer(text))))


@lru_cache(maxsize=1)
def _splitter() -> tuple[Language, Sections, Sentences]:
    attributes.register()
    return spacy.blank("en"), Sections(), Sentences()


def pair_counts(
    gold: AnnotatedDocument, predicted: AnnotatedDocument, windows: Windows | None = None
) -> dict[str, Counts]:
    """Compare the pairs of concepts that stand together in the windows of one document.

    An item is an unordered pair of distinct concepts in one window; a pair that stands together in
    two sentences is two items of scope ``sentence``. Where a mention has no concept, its folded
    text stands in, as in the co-occurrence table.

    Parameters
    ----------
    windows
        From :func:`windows_of` the predicted Doc; found in the text where none are given.

    Returns
    -------
    dict[str, Counts]
        By scope: ``sentence``, ``section``, ``document``.
    """
    windows = windows or find_windows(gold.text)
    borders = dict(zip(SCOPES, (windows.sentences, windows.sections, [0]), strict=True))
    return {
        scope: _scope_counts(gold.mentions, predicted.mentions, starts)
        for scope, starts in borders.items()
    }


def _scope_counts(gold: list[Mention], predicted: list[Mention], starts: list[int]) -> Counts:
    one, other = _keys_by_window(gold, starts), _keys_by_window(predicted, starts)
    total = Counts()
    for window in one.keys() | other.keys():
        sides = _distinct(one.get(window, ())), _distinct(other.get(window, ()))
        n_gold, n_predicted = (len(side) * (len(side) - 1) // 2 for side in sides)
        total += Counts(float(_matched_pairs(*sides)), n_predicted, n_gold)
    return total


def _keys_by_window(mentions: list[Mention], starts: list[int]) -> dict[int, list[Key]]:
    """Concepts of the mentions, by number of the window in which the mention begins."""
    places = np.searchsorted(starts, [m.start for m in mentions], side="right") - 1
    keys: dict[int, list[Key]] = {}
    for mention, place in zip(mentions, places.clip(min=0).tolist(), strict=True):
        if not mention.negated:
            text = [frozenset({text_key(mention.text)})]
            keys.setdefault(place, []).extend(_concepts(mention) or text)
    return keys


def _concepts(mention: Mention) -> list[Key]:
    """Concepts that a mention affirms; several for a composite one."""
    return [] if mention.negated else [key for key in mention.concepts if key]


def _counts(matched: int, gold: Sequence[T], predicted: Sequence[T]) -> Counts:
    return Counts(float(matched), len(predicted), len(gold))


def _distinct(keys: Iterable[Key]) -> list[Key]:
    """Concepts with those that share an alternative made one, so that no two share any."""
    single: list[Key] = []
    merged: list[Key] = []
    for key in dict.fromkeys(keys):
        if len(key) == 1:
            single.append(key)
            continue
        alike = [other for other in merged if other & key]
        merged = [other for other in merged if not other & key]
        merged.append(key.union(*alike))
    covered = frozenset[str]().union(*merged)
    return merged + [key for key in single if not key & covered]


def _groups(gold: list[Key], predicted: list[Key]) -> tuple[int, list[_Group]]:
    """Sort out which concepts can meet at all; both sides have to be distinct.

    Returns
    -------
    tuple[int, list[_Group]]
        The number of groups with one concept on either side (most of them), and the other groups
        that have both.
    """
    home = {part: n for n, group in enumerate(_distinct([*gold, *predicted])) for part in group}
    groups: dict[int, _Group] = {}
    for side, keys in enumerate((gold, predicted)):
        for key in keys:
            groups.setdefault(home[next(iter(key))], ([], []))[side].append(key)
    met = [group for group in groups.values() if group[0] and group[1]]
    larger = [group for group in met if len(group[0]) + len(group[1]) > 2]
    return len(met) - len(larger), larger


def _matched_keys(gold: list[Key], predicted: list[Key]) -> int:
    """How many concepts can be paired, each once."""
    plain, larger = _groups(gold, predicted)
    return plain + sum(len(pair_up(*group, _share)) for group in larger)


def _matched_pairs(gold: list[Key], predicted: list[Key]) -> int:
    """How many unordered pairs of concepts can be paired, each once.

    Pairs meet only within the same two groups, so nothing is to be searched among the plain groups:
    n matched concepts give n (n - 1) / 2 matched pairs.
    """
    plain, larger = _groups(gold, predicted)
    matched = plain * (plain - 1) // 2
    for group in larger:
        matched += plain * len(pair_up(*group, _share))
        within = [list(combinations(side, 2)) for side in group]
        matched += len(pair_up(within[0], within[1], _share_either_way))
    for one, other in combinations(larger, 2):
        across = [list(product(one[side], other[side])) for side in (0, 1)]
        matched += len(pair_up(across[0], across[1], _share_both))
    return matched


def _share(one: Key, other: Key) -> bool:
    return not one.isdisjoint(other)


def _share_both(one: tuple[Key, Key], other: tuple[Key, Key]) -> bool:
    return _share(one[0], other[0]) and _share(one[1], other[1])


def _share_either_way(one: tuple[Key, Key], other: tuple[Key, Key]) -> bool:
    return _share_both(one, other) or _share_both(one, (other[1], other[0]))
