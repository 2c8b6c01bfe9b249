"""Say which mentions are denied or hedged, and by which words.

The algorithm is ConText (Harkema et al. 2009, J Biomed Inform 42:839), an extension of NegEx
(Chapman et al. 2001): a cue has a scope that runs forward or backward to the end of the sentence
or to a word that ends all scopes. The cues are data (``context.csv``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span

from pipeline.components import attributes
from pipeline.components.lexemes import LexemeTable
from pipeline.data import load_table

_MAX_GAP = 4


@dataclass(frozen=True, slots=True)
class Cue:
    """One line of ``context.csv``; ``*`` among the words stands for up to four words."""

    words: tuple[str, ...]
    category: str
    forward: bool


@dataclass(frozen=True, slots=True)
class FoundCue:
    """A cue at tokens ``start`` to ``end``, half-open."""

    start: int
    end: int
    category: str
    forward: bool


def _load_cues() -> dict[str, list[Cue]]:
    """Cues by first word, the longest first."""
    cues: dict[str, list[Cue]] = {}
    for row in load_table("context.csv"):
        words = tuple(row["cue"].split())
        cues.setdefault(words[0], []).append(Cue(words, row["category"], row["direction"] == "forward"))
    for same_start in cues.values():
        same_start.sort(key=_cue_length, reverse=True)
    return cues


def _cue_length(cue: Cue) -> int:
    return len(cue.words)


class Assertion:
    """Set ``span._.negated``, ``span._.uncertain`` and ``span._.cue`` of the mentions."""

    def __init__(self) -> None:
        self._cues = _load_cues()
        self._lexemes = LexemeTable(self._describe, {"first": np.bool_})

    def _describe(self, word: str) -> tuple[int]:
        return (_plain(word) in self._cues,)

    def __call__(self, doc: Doc) -> Doc:
        """Assert one Doc."""
        mentions = doc.spans.get(attributes.MENTIONS)
        if not mentions:
            return doc
        cues = self._find(doc)
        if not cues:
            return doc
        starts = [sentence.start for sentence in doc.sents]
        by_sentence: dict[int, list[FoundCue]] = {}
        for cue in cues:
            by_sentence.setdefault(_sentence_of(starts, cue.start), []).append(cue)
        for mention in mentions:
            nearby = by_sentence.get(_sentence_of(starts, mention.start))
            if nearby and mention.label_ != attributes.BODY_PART:
                _decide(doc, mention, nearby)
        return doc

    def _find(self, doc: Doc) -> list[FoundCue]:
        """Cues in reading order, the longest at each place, without overlaps."""
        found: list[FoundCue] = []
        end = 0
        for position in np.flatnonzero(self._lexemes.gather(doc)["first"]).tolist():
            if position < end:
                continue
            for cue in self._cues[_plain(doc[position].text)]:
                stop = _match(doc, position, cue.words)
                if stop:
                    found.append(FoundCue(position, stop, cue.category, cue.forward))
                    end = stop
                    break
        return found


def _plain(word: str) -> str:
    return word.lower().replace("’", "'")


def _match(doc: Doc, position: int, words: tuple[str, ...]) -> int:
    """Token after a cue that begins at ``position``, or 0."""
    for number, word in enumerate(words):
        if word == "*":
            rest = words[number + 1 :]
            for skipped in range(1, _MAX_GAP + 1):
                stop = _match(doc, position + skipped, rest)
                if stop:
                    return stop
            return 0
        if position >= len(doc) or _plain(doc[position].text) != word:
            return 0
        if number and doc[position].is_sent_start:
            return 0
        position += 1
    return position


def _sentence_of(starts: list[int], token: int) -> int:
    return int(np.searchsorted(starts, token, side="right"))


def _decide(doc: Doc, mention: Span, cues: list[FoundCue]) -> None:
    """Let the nearest cue of each category that reaches the mention decide."""
    for category, attribute in (("negated", "negated"), ("uncertain", "uncertain")):
        for cue in cues:
            if cue.category == category and _reaches(cue, mention, cues):
                mention._.set(attribute, True)
                mention._.cue = [cue.start, cue.end]
                break


def _reaches(cue: FoundCue, mention: Span, cues: list[FoundCue]) -> bool:
    """Tell whether a mention lies in a cue's scope, no scope-ending word between them."""
    if cue.forward:
        left, right = cue.end, mention.start
    else:
        left, right = mention.end, cue.start
    if left > right:
        return False
    return not any(c.category == "stop" and left <= c.start and c.end <= right for c in cues)


@Language.factory(
    "symptograph_assertion",
    requires=["doc.spans", "doc.sents"],
    assigns=["span._.negated", "span._.uncertain", "span._.cue"],
)
def make_assertion(nlp: Language, name: str) -> Assertion:
    """Make the component that finds negation and hedging."""
    attributes.register()
    return Assertion()
