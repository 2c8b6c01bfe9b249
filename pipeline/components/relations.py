"""Relate mentions: has_symptom, affects and located_in, through sentence, section and article.

These articles are written section by section about one condition. A symptom's condition is one of
its sentence, of its section, the section's topic or the article's: all of them are looked at, and a
model of the annotated articles (:mod:`pipeline.components.relation_model`) says how probable each
is.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from pipeline.components import attributes
from pipeline.components.frequency import Frequency, FrequencyFinder, nearest
from pipeline.components.lexemes import char_offsets, text_of
from pipeline.components.pairs import PairReader, Pairs, Reading
from pipeline.components.relation_model import load_relation_model
from pipeline.records import HAS_SYMPTOM, RELATION_TYPES, Relation


class Relations:
    """Write ``doc._.relations``."""

    def __init__(self) -> None:
        self._reader = PairReader()
        self._frequency = FrequencyFinder()

    def __call__(self, doc: Doc) -> Doc:
        """Relate the mentions of one Doc."""
        reading = self._reader(doc)
        relations = [] if reading is None else self._relate(doc, reading)
        doc._.relations = relations
        return doc

    def _relate(self, doc: Doc, reading: Reading) -> list[Relation]:
        writer = _Writer(doc, reading, self._frequency)
        found: list[tuple[tuple[int, int, int], Relation]] = []
        for number, kind in enumerate(RELATION_TYPES):
            pairs = reading.pairs(kind)
            model = load_relation_model().types[kind]
            probabilities = model.probabilities(reading, pairs)
            for row in _best(reading, pairs, probabilities, model.threshold):
                order = int(pairs.tail[row]), number, int(pairs.head[row])
                found.append((order, writer.relation(kind, pairs, row, float(probabilities[row]))))
        return [relation for _, relation in sorted(found, key=lambda item: item[0])]


def _best(
    reading: Reading, pairs: Pairs, probabilities: NDArray[np.float64], threshold: float
) -> Iterator[int]:
    """Rows of the pairs to tell: each pair of things once in a section, where it is first told."""
    items = reading.items
    chosen = np.flatnonzero(probabilities >= threshold)
    # Affirmed before denied: what is denied in one place of a section may be affirmed in another.
    denied = items.negated[pairs.head[chosen]] | items.negated[pairs.tail[chosen]]
    order = chosen[np.lexsort((pairs.tail[chosen], denied))]
    seen: set[tuple[int, int, int]] = set()
    for row in order.tolist():
        head, tail = pairs.head[row], pairs.tail[row]
        key = int(items.section[tail]), int(items.key[head]), int(items.key[tail])
        if key not in seen:
            seen.add(key)
            yield row


class _Writer:
    """Writes the relations of one Doc."""

    def __init__(self, doc: Doc, reading: Reading, frequency: FrequencyFinder) -> None:
        self._doc = doc
        self._found: dict[tuple[int, int], list[Frequency]] = {}
        self._reading = reading
        self._frequency = frequency
        self._offsets = char_offsets(doc).tolist()
        items = reading.items
        self._spans = [
            (self._offsets[start], self._offsets[end - 1] + len(doc[end - 1]))
            for start, end in zip(items.start.tolist(), items.end.tolist(), strict=True)
        ]

    @cached_property
    def _text(self) -> str:
        return text_of(self._doc)

    def relation(self, kind: str, pairs: Pairs, row: int, probability: float) -> Relation:
        items = self._reading.items
        head, tail = int(pairs.head[row]), int(pairs.tail[row])
        cue = self._reading.cue(kind, head, tail)
        scope, rule = self._reading.route(head, tail, cue)
        start, end = self._reading.sentence_of(tail)
        often = self._how_often(tail, start, end) if kind == HAS_SYMPTOM else None
        return Relation(
            type=kind,
            head=items.ids[head],
            tail=items.ids[tail],
            scope=scope,
            evidence=self._characters(start, end),
            rule=rule,
            cue=None if cue is None else self._characters(cue, cue + 1),
            score=round(probability, 4),
            negated=bool(items.negated[head] or items.negated[tail]),
            uncertain=bool(items.uncertain[head] or items.uncertain[tail]),
            frequency=often,
        )

    def _characters(self, start: int, end: int) -> list[int]:
        """Offsets of tokens, the space behind the last one left out."""
        return [self._offsets[start], self._offsets[end - 1] + len(self._doc[end - 1])]

    def _how_often(self, tail: int, start: int, end: int) -> str | None:
        """HPO's term for how often, from the symptom's sentence or what leads into its list."""
        for stretch in ((start, end), self._reading.lead_of(tail)):
            often = nearest(self._frequencies(*stretch), *self._spans[tail])
            if often is not None:
                return often.curie
        return None

    def _frequencies(self, start: int, end: int) -> list[Frequency]:
        """Words of frequency among some tokens; none in a mention ("the [common cold]")."""
        found = self._found.get((start, end))
        if found is None:
            found = []
            if start < end:
                first, last = self._offsets[start], self._offsets[end]
                spans = [(a, b) for a, b in self._spans if a < last and first < b]
                found = [
                    f._replace(
                        taken=self._text[f.start].isdigit()
                        and any(f.stands_behind(b) for _, b in spans)
                    )
                    for f in self._frequency.find(self._text, first, last)
                    if not any(a <= f.start and f.end <= b for a, b in spans)
                ]
            self._found[start, end] = found
        return found


@Language.factory(
    "symptograph_relations",
    requires=["doc.spans", "doc.sents", "span._.topic", "span._.concepts"],
    assigns=["doc._.relations"],
)
def make_relations(nlp: Language, name: str) -> Relations:
    """Make the component that relates mentions."""
    attributes.register()
    return Relations()
