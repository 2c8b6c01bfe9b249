"""Relate mentions: has_symptom, affects and located_in, through sentence, section and article.

These articles are written section by section about one condition, so a symptom's condition is the
one its sentence names, else the section's topic, else the article's.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span

from pipeline.components import attributes
from pipeline.components.attributes import BODY_PART, CONDITION, SYMPTOM
from pipeline.components.lexemes import LexemeTable, sentence_starts
from pipeline.data import load_toml
from pipeline.records import Relation
from pipeline.terminology.normalise import fold_word

HAS_SYMPTOM, AFFECTS, LOCATED_IN = "has_symptom", "affects", "located_in"
_SCORES = {"sentence": 0.8, "section": 0.75, "document": 0.6}
# Tokens between a body part and the predicate that says what is wrong with it.
_MAX_PREDICATE_GAP = 6


@dataclass(slots=True)
class _Sentence:
    """The mentions of one sentence, in reading order."""

    span: Span
    section: int
    conditions: list[Span]
    symptoms: list[Span]
    body_parts: list[Span]


class Relations:
    """Write ``doc._.relations``."""

    def __init__(self) -> None:
        cues = load_toml("relations.toml")
        self._affect_cues = frozenset(map(fold_word, cues["affect_cues"]))
        self._lexemes = LexemeTable(self._describe, {"affects": np.bool_})
        self._turned_cues = tuple(cues["turned_cues"])
        self._predicate_verbs = frozenset(cues["predicate_verbs"])

    def _describe(self, words: list[str]) -> tuple[list[bool]]:
        return ([fold_word(word) in self._affect_cues for word in words],)

    def __call__(self, doc: Doc) -> Doc:
        """Relate the mentions of one Doc."""
        mentions = doc.spans.get(attributes.MENTIONS)
        if not mentions:
            return doc
        topics = _topics(doc)
        affects = self._lexemes.gather(doc)["affects"].tolist()
        seen: set[tuple[Any, ...]] = set()
        relations: list[Relation] = []
        for sentence in _sentences(doc):
            topic = topics.get(sentence.section)
            for relation in self._relate(sentence, topic, affects):
                key = (
                    sentence.section,
                    relation.type,
                    _key(relation.head),
                    _key(relation.tail),
                    relation.negated,
                )
                if key not in seen:
                    seen.add(key)
                    relations.append(relation.as_dict(sentence.span))
        doc._.relations = relations
        return doc

    def _relate(
        self, sentence: _Sentence, topic: Span | None, affects: list[bool]
    ) -> Iterator[_Found]:
        yield from self._located_in(sentence)
        yield from self._has_symptom(sentence, topic)
        yield from _affects(sentence, topic, affects)

    def _located_in(self, sentence: _Sentence) -> Iterator[_Found]:
        for symptom in sentence.symptoms:
            nested = [
                b for b in sentence.body_parts if symptom.start <= b.start and b.end <= symptom.end
            ]
            for part in nested:
                yield _Found(LOCATED_IN, symptom, part, "sentence", "nested")
            if not nested:
                subject = self._subject(sentence, symptom)
                if subject is not None:
                    yield _Found(LOCATED_IN, symptom, subject, "sentence", "predicate")

    def _subject(self, sentence: _Sentence, symptom: Span) -> Span | None:
        """The body part of which a predicate says the symptom ("muscles to become weak")."""
        before = [b for b in sentence.body_parts if b.end <= symptom.start]
        if not before:
            return None
        part = before[-1]
        between = sentence.span.doc[part.end : symptom.start]
        covered = {t.i for s in sentence.symptoms if s.end <= symptom.start for t in s}
        rest = [t for t in between if t.i not in covered]
        if not rest or len(rest) > _MAX_PREDICATE_GAP:
            return None
        if any(c.start >= part.end and c.end <= symptom.start for c in sentence.conditions):
            return None
        return part if all(t.lower_ in self._predicate_verbs for t in rest) else None

    def _has_symptom(self, sentence: _Sentence, topic: Span | None) -> Iterator[_Found]:
        for symptom in sentence.symptoms:
            heads, rule = self._heads(sentence, symptom)
            if heads:
                for head in heads:
                    yield _Found(HAS_SYMPTOM, head, symptom, "sentence", rule)
            elif topic is not None:
                yield _Found(HAS_SYMPTOM, topic, symptom, "section", "topic")

    def _heads(self, sentence: _Sentence, symptom: Span) -> tuple[list[Span], str]:
        """Conditions that the symptom's own sentence gives it, and the rule that says so."""
        after = [c for c in sentence.conditions if c.start >= symptom.end]
        if after:
            text = sentence.span.doc[symptom.end : after[0].start].text.lower()
            if any(cue in text for cue in self._turned_cues):
                return after, "turned_cue"
        before = [c for c in sentence.conditions if c.end <= symptom.start and not c._.negated]
        return (before[:1], "sentence_subject") if before else ([], "")


def _affects(sentence: _Sentence, topic: Span | None, cues: list[bool]) -> Iterator[_Found]:
    """Free body parts with a word of involvement before them."""
    for part in sentence.body_parts:
        if any(s.start <= part.start and part.end <= s.end for s in sentence.symptoms):
            continue
        before = [c for c in sentence.conditions if c.end <= part.start]
        head = before[0] if before else topic
        if head is None:
            continue
        start = before[-1].end if before else sentence.span.start
        if any(cues[start : part.start]):
            yield _Found(AFFECTS, head, part, "sentence" if before else "section", "affect_cue")


@dataclass(frozen=True, slots=True)
class _Found:
    type: str
    head: Span
    tail: Span
    scope: str
    rule: str

    @property
    def negated(self) -> bool:
        return bool(self.head._.negated or self.tail._.negated)

    def as_dict(self, evidence: Span) -> Relation:
        return Relation(
            type=self.type,
            head=self.head.id_,
            tail=self.tail.id_,
            scope=self.scope,
            evidence=[evidence.start_char, evidence.end_char],
            rule=self.rule,
            score=_SCORES[self.scope],
            negated=self.negated,
            uncertain=bool(self.head._.uncertain or self.tail._.uncertain),
        )


def _key(mention: Span) -> str:
    """What two mentions must share to be the same in a relation: best concept, else text."""
    concepts = mention._.concepts
    return str(concepts[0][0]) if concepts else mention.text.lower()


def _topics(doc: Doc) -> dict[int, Span]:
    """Topic mention of each section, by the section's place."""
    by_id = {mention.id_: mention for mention in doc.spans[attributes.MENTIONS]}
    return {
        number: by_id[section._.topic]
        for number, section in enumerate(doc.spans.get(attributes.SECTIONS, ()))
        if section._.topic in by_id
    }


def _sentences(doc: Doc) -> Iterator[_Sentence]:
    """Sentences that hold mentions."""
    section_starts = [s.start for s in doc.spans.get(attributes.SECTIONS, ())]
    starts = sentence_starts(doc)
    grouped: dict[int, list[Span]] = {}
    for mention in doc.spans[attributes.MENTIONS]:
        grouped.setdefault(bisect_right(starts, mention.start) - 1, []).append(mention)
    for number, here in grouped.items():
        start = starts[number]
        end = starts[number + 1] if number + 1 < len(starts) else len(doc)
        yield _Sentence(
            Span(doc, start, end),
            bisect_right(section_starts, start) - 1,
            [m for m in here if m.label_ == CONDITION],
            [m for m in here if m.label_ == SYMPTOM],
            [m for m in here if m.label_ == BODY_PART],
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
