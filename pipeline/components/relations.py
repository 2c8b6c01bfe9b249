"""Relate mentions: has_symptom, affects and located_in, through sentence, section and article.

These articles are written section by section about one condition, so a symptom's condition is the
one its sentence names, else the section's topic, else the article's.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span

from pipeline.components import attributes
from pipeline.components.attributes import BODY_PART, CONDITION, SYMPTOM
from pipeline.components.lexemes import LexemeTable, char_offsets, sentence_starts
from pipeline.data import load_toml
from pipeline.records import AFFECTS, HAS_SYMPTOM, LOCATED_IN, Relation
from pipeline.terminology.normalise import fold_word

_SCORES = {"sentence": 0.8, "section": 0.75, "document": 0.6}
# Tokens between a body part and the predicate that says what is wrong with it.
_MAX_PREDICATE_GAP = 6
# Tokens from a condition to its site, a preposition among them.
_MAX_SITE_GAP = 8
_AFFECTS_CUE, _PREDICATE_VERB, _PREDICATE_FILLER, _SITE_WORD = 1, 2, 4, 8


class _Item(NamedTuple):
    """A mention, as relations need it; ``key`` is its best concept, else its text."""

    start: int
    end: int
    id: str
    label: str
    key: str
    negated: bool
    uncertain: bool

    def within(self, other: _Item) -> bool:
        """Tell whether it lies in another mention."""
        return other.start <= self.start and self.end <= other.end


class _Sentence(NamedTuple):
    """The mentions of one sentence, in reading order; tokens from ``start`` to ``end``."""

    start: int
    end: int
    section: int
    conditions: list[_Item]
    symptoms: list[_Item]
    body_parts: list[_Item]


class _Found(NamedTuple):
    type: str
    head: _Item
    tail: _Item
    scope: str
    rule: str


class Relations:
    """Write ``doc._.relations``."""

    def __init__(self) -> None:
        cues = load_toml("relations.toml")
        self._turned_cues = tuple(cues["turned_cues"])
        self._affect_cues = frozenset(map(fold_word, cues["affect_cues"]))
        self._predicate_verbs = frozenset(cues["predicate_verbs"])
        self._predicate_fillers = frozenset(cues["predicate_fillers"])
        self._site_words = frozenset(cues["affect_sites"])
        self._lexemes = LexemeTable(self._describe, {"flags": np.uint8})

    def _describe(self, words: list[str]) -> tuple[list[int]]:
        affects, verbs = self._affect_cues, self._predicate_verbs
        fillers, sites = self._predicate_fillers, self._site_words
        return (
            [
                _AFFECTS_CUE * (fold_word(w) in affects)
                | _PREDICATE_VERB * (w.lower() in verbs)
                | _PREDICATE_FILLER * (w.lower() in fillers)
                | _SITE_WORD * (w.lower() in sites)
                for w in words
            ],
        )

    def __call__(self, doc: Doc) -> Doc:
        """Relate the mentions of one Doc."""
        items = [_item(mention) for mention in doc.spans.get(attributes.MENTIONS, ())]
        if not items:
            return doc
        reader = _Reader(doc, items, self._lexemes.gather(doc)["flags"].tolist(), self._turned_cues)
        offsets = char_offsets(doc).tolist()
        seen: set[tuple[int, str, str, str]] = set()
        relations: list[Relation] = []
        for sentence in reader.sentences():
            # Trailing space belongs to the last token of the sentence, not to the evidence.
            evidence = [
                offsets[sentence.start],
                doc[sentence.end - 1].idx + len(doc[sentence.end - 1]),
            ]
            for found in reader.relate(sentence):
                key = (sentence.section, found.type, found.head.key, found.tail.key)
                if key not in seen:
                    seen.add(key)
                    relations.append(_as_dict(found, evidence))
        doc._.relations = relations
        return doc


class _Reader:
    """The mentions of one Doc and what stands between them."""

    def __init__(
        self, doc: Doc, items: list[_Item], flags: list[int], turned_cues: tuple[str, ...]
    ) -> None:
        self._doc = doc
        self._items = items
        self._flags = flags
        self._turned_cues = turned_cues
        sections = doc.spans.get(attributes.SECTIONS, ())
        by_id = {item.id: item for item in items}
        self._section_starts = [section.start for section in sections]
        self._topics = [by_id.get(attributes.values(section, "topic")[0]) for section in sections]
        self._conditions = [item for item in items if item.label == CONDITION]

    def sentences(self) -> Iterator[_Sentence]:
        """Sentences that hold mentions."""
        starts = sentence_starts(self._doc)
        grouped: dict[int, list[_Item]] = {}
        for item in self._items:
            grouped.setdefault(bisect_right(starts, item.start) - 1, []).append(item)
        for number, here in grouped.items():
            start = starts[number]
            yield _Sentence(
                start,
                starts[number + 1] if number + 1 < len(starts) else len(self._doc),
                bisect_right(self._section_starts, start) - 1,
                [m for m in here if m.label == CONDITION],
                [m for m in here if m.label == SYMPTOM],
                [m for m in here if m.label == BODY_PART],
            )

    def relate(self, sentence: _Sentence) -> Iterator[_Found]:
        """All relations whose tail is in a sentence."""
        free = sentence.body_parts
        for symptom in sentence.symptoms:
            nested = [b for b in sentence.body_parts if b.within(symptom)]
            if nested:
                free = [b for b in free if b not in nested]
            yield from self._located_in(sentence, symptom, nested)
            yield from self._has_symptom(sentence, symptom)
        for part in free:
            yield from self._affects(sentence, part)

    def _topic(self, sentence: _Sentence, near: _Item) -> _Item | None:
        """The mention of the section's topic that is nearest to another mention."""
        topic = self._topics[sentence.section] if sentence.section >= 0 else None
        if topic is None:
            return None
        end = (
            self._section_starts[sentence.section + 1]
            if sentence.section + 1 < len(self._section_starts)
            else len(self._doc)
        )
        low = bisect_left(self._conditions, (self._section_starts[sentence.section],))
        high = bisect_left(self._conditions, (end,))
        same = [c for c in self._conditions[low:high] if c.key == topic.key and not c.negated]
        if not same:
            return topic
        return min(same, key=lambda c: max(near.start - c.end, c.start - near.end))

    def _located_in(
        self, sentence: _Sentence, symptom: _Item, nested: list[_Item]
    ) -> Iterator[_Found]:
        for part in nested:
            yield _Found(LOCATED_IN, symptom, part, "sentence", "nested")
        if not nested:
            subject = self._subject(sentence, symptom)
            if subject is not None:
                yield _Found(LOCATED_IN, symptom, subject, "sentence", "predicate")

    def _subject(self, sentence: _Sentence, symptom: _Item) -> _Item | None:
        """The body part of which a predicate says the symptom ("muscles to become weak")."""
        before = [b for b in sentence.body_parts if b.end <= symptom.start]
        if not before:
            return None
        part = before[-1]
        covered = {
            token
            for s in sentence.symptoms
            if part.end <= s.start and s.end <= symptom.start
            for token in range(s.start, s.end)
        }
        rest = [t for t in range(part.end, symptom.start) if t not in covered]
        if not 0 < len(rest) <= _MAX_PREDICATE_GAP:
            return None
        flags = [self._flags[t] for t in rest]
        fits = all(f & (_PREDICATE_VERB | _PREDICATE_FILLER) for f in flags)
        return part if fits and any(f & _PREDICATE_VERB for f in flags) else None

    def _has_symptom(self, sentence: _Sentence, symptom: _Item) -> Iterator[_Found]:
        heads, rule = self._heads(sentence, symptom)
        for head in heads:
            yield _Found(HAS_SYMPTOM, head, symptom, "sentence", rule)
        if not heads:
            topic = self._topic(sentence, symptom)
            if topic is not None:
                yield _Found(HAS_SYMPTOM, topic, symptom, "section", "topic")

    def _heads(self, sentence: _Sentence, symptom: _Item) -> tuple[list[_Item], str]:
        """Conditions that the symptom's own sentence gives it, and the rule that says so."""
        after = [c for c in sentence.conditions if c.start >= symptom.end]
        if after:
            between = self._doc[symptom.end : after[0].start].text.lower()
            if any(cue in between for cue in self._turned_cues):
                return after, "turned_cue"
        before = [c for c in sentence.conditions if c.end <= symptom.start and not c.negated]
        return (before[:1], "sentence_subject") if before else ([], "")

    def _affects(self, sentence: _Sentence, part: _Item) -> Iterator[_Found]:
        """A free body part with a word of involvement before it."""
        before = [c for c in sentence.conditions if c.end <= part.start]
        start = before[-1].end if before else sentence.start
        flags = self._flags[start : part.start]
        if any(flag & _AFFECTS_CUE for flag in flags):
            head = before[0] if before else self._topic(sentence, part)
            if head is not None:
                yield _Found(AFFECTS, head, part, "sentence" if before else "section", "affect_cue")
        elif before and 0 < len(flags) <= _MAX_SITE_GAP and any(f & _SITE_WORD for f in flags):
            yield _Found(AFFECTS, before[-1], part, "sentence", "site")


def _item(mention: Span) -> _Item:
    concepts, negated, uncertain = attributes.values(mention, "concepts", "negated", "uncertain")
    key = concepts[0][0] if concepts else mention.text.lower()
    return _Item(mention.start, mention.end, mention.id_, mention.label_, key, negated, uncertain)


def _as_dict(found: _Found, evidence: list[int]) -> Relation:
    return Relation(
        type=found.type,
        head=found.head.id,
        tail=found.tail.id,
        scope=found.scope,
        evidence=list(evidence),
        rule=found.rule,
        score=_SCORES[found.scope],
        negated=found.head.negated or found.tail.negated,
        uncertain=found.head.uncertain or found.tail.uncertain,
    )


@Language.factory(
    "symptograph_relations",
    requires=["doc.spans", "doc.sents", "span._.topic", "span._.concepts"],
    assigns=["doc._.relations"],
)
def make_relations(nlp: Language, name: str) -> Relations:
    """Make the component that relates mentions."""
    attributes.register()
    return Relations()
