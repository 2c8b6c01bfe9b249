"""Turn candidates into mentions: settle types and overlaps as the annotation scheme says.

Conditions and symptoms never overlap each other; the longest candidate wins. Body parts stand free
or nested in a symptom; nothing is nested in a condition.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span

from pipeline.components import attributes
from pipeline.components.attributes import BODY_PART, CONDITION, SYMPTOM
from pipeline.components.lexemes import LexemeTable
from pipeline.data import load_toml
from pipeline.terminology.normalise import fold_word, normalise

# How much a source is trusted, until scores are calibrated on annotated pages.
_GAZETTEER_SCORE = 0.9
_ABBREVIATION_SCORE = 0.9


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible mention: tokens from ``start`` to ``end``, half-open."""

    start: int
    end: int
    label: str
    source: str
    score: float
    curie: str = ""

    def overlaps(self, other: Candidate) -> bool:
        """Tell whether the two share a token."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: Candidate) -> bool:
        """Tell whether the other lies within this one."""
        return self.start <= other.start and other.end <= self.end


class Resolver:
    """Write the mentions to ``doc.spans["sc"]`` and, without overlaps, to ``doc.ents``."""

    def __init__(self) -> None:
        use = load_toml("use.toml")
        self._symptom_cues = frozenset(map(fold_word, use["symptom_cues"]))
        self._condition_cues = frozenset(map(fold_word, use["condition_cues"]))
        self._topic_nouns = frozenset(map(fold_word, use["topic_nouns"]))
        grammar = load_toml("grammar.toml")
        self._rule_scores = {rule["name"]: float(rule["score"]) for rule in grammar["rule"]}
        self._not_body = frozenset(map(fold_word, grammar["words"]["not_body"]))
        self._measured = frozenset(map(fold_word, grammar["words"]["measured_after"]))
        self._lexemes = LexemeTable(self._describe, {"flags": np.uint8})

    def _describe(self, word: str) -> tuple[int]:
        folded = fold_word(word)
        return (
            (folded in self._symptom_cues)
            + 2 * (folded in self._condition_cues)
            + 4 * (folded in self._not_body)
            + 8 * (word in (",", "and", "or", "/", "&", "and/or"))
            + 16 * (folded in self._measured),
        )

    def __call__(self, doc: Doc) -> Doc:
        """Resolve one Doc."""
        flags = self._lexemes.gather(doc)["flags"] if len(doc) else np.zeros(0, dtype=np.uint8)
        candidates = _with_abbreviations(doc, self._candidates(doc))
        main = self._settle_types(doc, flags, _longest(c for c in candidates if c.label != BODY_PART))
        parts = self._body_parts(flags, main, _longest(c for c in candidates if c.label == BODY_PART))
        _write(doc, sorted([*main, *parts], key=_reading_order))
        return doc

    def _candidates(self, doc: Doc) -> list[Candidate]:
        found = [
            Candidate(s.start, s.end, s.label_, "gazetteer", _GAZETTEER_SCORE, s.kb_id_)
            for s in doc.spans.get(attributes.GAZETTEER, ())
        ]
        found += [
            Candidate(s.start, s.end, s.label_, "patterns", self._rule_scores[s.id_])
            for s in doc.spans.get(attributes.PATTERNS, ())
        ]
        return found

    def _settle_types(self, doc: Doc, flags: np.ndarray, main: list[_Choice]) -> list[Candidate]:
        """One type for each stretch, by its use in the sentence (scheme, 2)."""
        topics = self._topic_names(doc, main)
        settled: list[Candidate] = []
        for choice in main:
            candidate = choice.best
            if normalise(doc[candidate.start : candidate.end].text) in topics:
                candidate = choice.of(CONDITION) or _retyped(candidate, CONDITION)
            elif choice.of(CONDITION) and choice.of(SYMPTOM):
                symptom = self._used_as_symptom(doc, flags, candidate, settled)
                candidate = choice.of(SYMPTOM if symptom else CONDITION) or candidate
            settled.append(candidate)
        return settled

    def _topic_names(self, doc: Doc, main: list[_Choice]) -> set[tuple[str, ...]]:
        """Folded names that a heading presents as its subject: "X", "What is X?", "X problems".

        Alone in a heading, a finding may still be a mere finding ("Fatigue"); so a name must be in
        a question, or open the article, or be a class of conditions.
        """
        topics = set()
        for number, heading in enumerate(doc.spans.get(attributes.BLOCKS, ())):
            if heading.label_ != "HEADING":
                continue
            inside = [c.best for c in main if heading.start <= c.best.start and c.best.end <= heading.end]
            if len(inside) != 1:
                continue
            name = inside[0]
            alone = [t.i for t in heading if not (t.is_punct or t.is_space)] == list(range(name.start, name.end))
            noun = fold_word(doc[name.end - 1].text) in self._topic_nouns
            if heading[-1].text == "?" or (alone and (number == 0 or noun)):
                topics.add(normalise(doc[name.start : name.end].text))
        return topics

    def _used_as_symptom(
        self, doc: Doc, flags: np.ndarray, candidate: Candidate, before: list[Candidate]
    ) -> bool:
        """Tell whether a name that is both is presented as a manifestation of something."""
        if before and _joined(doc, flags, before[-1].end, candidate.start):
            return before[-1].label == SYMPTOM
        window = flags[doc[candidate.start].sent.start : candidate.start]
        cues = np.flatnonzero(window & 3)
        return bool(len(cues)) and bool(window[cues[-1]] & 1)

    def _body_parts(
        self, flags: np.ndarray, main: list[Candidate], parts: list[_Choice]
    ) -> list[Candidate]:
        kept = []
        position = 0
        for choice in parts:
            part = choice.best
            while position < len(main) and main[position].end <= part.start:
                position += 1
            above = main[position] if position < len(main) else None
            following = flags[part.end] if part.end < len(flags) else 0
            if following & 16:
                continue
            if above is None or not part.overlaps(above):
                if not following & 4:
                    kept.append(part)
            elif above.label == SYMPTOM and above.contains(part) and part.end - part.start < above.end - above.start:
                kept.append(part)
        return kept


@dataclass(frozen=True, slots=True)
class _Choice:
    """Candidates for the same tokens, the most trusted first."""

    options: tuple[Candidate, ...]

    @property
    def best(self) -> Candidate:
        return self.options[0]

    def of(self, label: str) -> Candidate | None:
        """The most trusted candidate of a type, if there is one."""
        return next((c for c in self.options if c.label == label), None)


def _longest(candidates: Iterable[Candidate]) -> list[_Choice]:
    """Non-overlapping stretches in reading order, longest first, then the most trusted."""
    ordered = sorted(candidates, key=_preference)
    chosen: list[list[Candidate]] = []
    owner: dict[int, int] = {}
    for candidate in ordered:
        owners = {owner.get(token, -1) for token in range(candidate.start, candidate.end)}
        if owners == {-1}:
            for token in range(candidate.start, candidate.end):
                owner[token] = len(chosen)
            chosen.append([candidate])
        elif len(owners) == 1:
            first = chosen[owners.pop()]
            if (first[0].start, first[0].end) == (candidate.start, candidate.end):
                first.append(candidate)
    return sorted((_Choice(tuple(c)) for c in chosen), key=_choice_start)


def _preference(candidate: Candidate) -> tuple[int, float, int, str]:
    return candidate.start - candidate.end, -candidate.score, candidate.start, candidate.label


def _choice_start(choice: _Choice) -> int:
    return choice.best.start


def _reading_order(candidate: Candidate) -> tuple[int, int]:
    return candidate.start, -candidate.end


def _retyped(candidate: Candidate, label: str) -> Candidate:
    return Candidate(
        candidate.start, candidate.end, label, candidate.source, candidate.score, candidate.curie
    )


def _joined(doc: Doc, flags: np.ndarray, left: int, right: int) -> bool:
    """Tell whether a mention continues a list or glosses the one before it in brackets."""
    if right == left + 1 and doc[left].text == "(":
        return True
    return left < right <= left + 3 and bool((flags[left:right] & 8).all())


def _with_abbreviations(doc: Doc, candidates: list[Candidate]) -> list[Candidate]:
    """Add the occurrences of each abbreviation whose long form is a candidate.

    What the document expands itself goes before anything the terminology says of the letters.
    """
    by_end: dict[int, list[Candidate]] = {}
    for candidate in candidates:
        by_end.setdefault(candidate.end, []).append(candidate)
    added: list[Candidate] = []
    expanded: set[tuple[int, int]] = set()
    for record in doc._.abbreviations:
        short = (record["short_start"], record["short_end"])
        expanded.add(short)
        inside = [c for c in by_end.get(record["long_end"], ()) if c.start <= record["long_start"] + 1]
        for long_form in inside:
            added.append(
                Candidate(*short, long_form.label, "abbreviations", _ABBREVIATION_SCORE, long_form.curie)
            )
    kept = [c for c in candidates if (c.start, c.end) not in expanded]
    return kept + added


def _write(doc: Doc, mentions: list[Candidate]) -> None:
    spans = []
    for number, mention in enumerate(mentions, start=1):
        span = Span(doc, mention.start, mention.end, mention.label, kb_id=mention.curie, span_id=f"T{number}")
        span._.source = mention.source
        span._.score = mention.score
        spans.append(span)
    doc.spans[attributes.MENTIONS] = spans
    end = 0
    flat = []
    for span in spans:
        if span.start >= end:
            flat.append(span)
            end = span.end
    doc.ents = flat


@Language.factory(
    "symptograph_resolver",
    requires=["doc.spans", "doc.sents"],
    assigns=["doc.spans", "doc.ents", "span._.source", "span._.score"],
)
def make_resolver(nlp: Language, name: str) -> Resolver:
    """Make the component that settles types and overlaps."""
    attributes.register()
    return Resolver()
