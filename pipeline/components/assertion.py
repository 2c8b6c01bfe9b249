"""Say which mentions are denied or hedged, and by which words.

The algorithm is ConText (Harkema et al. 2009, J Biomed Inform 42:839), an extension of NegEx
(Chapman et al. 2001): a cue has a scope that runs forward or backward to the end of the sentence
or to a word that ends all scopes. The cues are data (``context.csv``).
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any, NamedTuple

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span

from pipeline.components import attributes
from pipeline.components.lexemes import LexemeTable, sentence_starts
from pipeline.data import load_table

_MAX_GAP = 4
_GAP = "*"

# Words of cues as a tree: the next word's number (or _GAP) leads to the next node; "cue" where
# one ends.
_Node = dict[Any, Any]


class FoundCue(NamedTuple):
    """A cue at tokens ``start`` to ``end``, half-open."""

    start: int
    end: int
    category: str
    forward: bool


class Assertion:
    """Set ``span._.negated``, ``span._.uncertain`` and ``span._.cue`` of the mentions."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._tree: _Node = {}
        for row in load_table("context.csv"):
            node = self._tree
            for word in row["cue"].split():
                number = (
                    _GAP if word == _GAP else self._numbers.setdefault(word, len(self._numbers) + 1)
                )
                node = node.setdefault(number, {})
            node["cue"] = (row["category"], row["direction"] == "forward")
        self._lexemes = LexemeTable(self._describe, {"word": np.uint16})

    def _describe(self, words: list[str]) -> tuple[list[int]]:
        """Numbers of the words that are in some cue, else 0."""
        return ([self._numbers.get(word.lower().replace("’", "'"), 0) for word in words],)

    def __call__(self, doc: Doc) -> Doc:
        """Assert one Doc."""
        mentions = doc.spans.get(attributes.MENTIONS)
        if not mentions:
            return doc
        starts = sentence_starts(doc)
        cues = self._find(doc, frozenset(starts))
        if not cues:
            return doc
        by_sentence: dict[int, list[FoundCue]] = {}
        for cue in cues:
            by_sentence.setdefault(bisect_right(starts, cue.start), []).append(cue)
        for mention in mentions:
            nearby = by_sentence.get(bisect_right(starts, mention.start))
            if nearby and mention.label_ != attributes.BODY_PART:
                _decide(mention, nearby)
        return doc

    def _find(self, doc: Doc, starts: frozenset[int]) -> list[FoundCue]:
        """Cues in reading order, the longest at each place, without overlaps."""
        numbers = self._lexemes.gather(doc)["word"]
        words = numbers.tolist()
        found: list[FoundCue] = []
        end = 0
        for position in np.flatnonzero(numbers).tolist():
            if position >= end and words[position] in self._tree:
                cue = self._longest(words, position, starts)
                if cue is not None:
                    found.append(cue)
                    end = cue.end
        return found

    def _longest(self, words: list[int], start: int, starts: frozenset[int]) -> FoundCue | None:
        """The longest cue that begins at a token and stays in its sentence."""
        best: FoundCue | None = None
        todo = [(self._tree, start)]
        while todo:
            node, place = todo.pop()
            if "cue" in node and (best is None or place > best.end):
                best = FoundCue(start, place, *node["cue"])
            if place >= len(words) or (place > start and place in starts):
                continue
            if words[place] in node:
                todo.append((node[words[place]], place + 1))
            if _GAP in node:
                todo += [(node[_GAP], place + skipped) for skipped in range(1, _MAX_GAP + 1)]
        return best


def _decide(mention: Span, cues: list[FoundCue]) -> None:
    """Let the first cue of each category that reaches the mention decide."""
    for category in ("negated", "uncertain"):
        for cue in cues:
            if cue.category == category and _reaches(cue, mention, cues):
                mention._.set(category, True)
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
