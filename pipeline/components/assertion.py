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
_CATEGORIES = ("negated", "uncertain")

# Words of cues as a tree: the next word's number (or _GAP) leads to the next node; "cue" where
# one ends.
_Node = dict[Any, Any]


class FoundCue(NamedTuple):
    """A cue at tokens ``start`` to ``end``, half-open.

    ``direction`` is ``forward``, ``backward``, or ``comma``: forward to the next comma.
    """

    start: int
    end: int
    category: str
    direction: str


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
            node.setdefault("cues", []).append((row["category"], row["direction"]))
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
        by_sentence: dict[int, list[FoundCue]] = {}
        for cue in self._find(doc, frozenset(starts)):
            by_sentence.setdefault(bisect_right(starts, cue.start), []).append(cue)
        if not by_sentence:
            return doc
        _carry_into_lists(doc, starts, by_sentence)
        for mention in mentions:
            number = bisect_right(starts, mention.start)
            nearby = by_sentence.get(number)
            if nearby and mention.label_ != attributes.BODY_PART:
                _decide(mention, starts[number - 1], nearby)
        return doc

    def _find(self, doc: Doc, starts: frozenset[int]) -> list[FoundCue]:
        """Cues in reading order, the longest at each place, without overlaps."""
        numbers = self._lexemes.gather(doc)["word"]
        words = numbers.tolist()
        found: list[FoundCue] = []
        end = 0
        for position in np.flatnonzero(numbers).tolist():
            if position >= end and words[position] in self._tree:
                cues = self._longest(words, position, starts)
                if cues:
                    found += cues
                    end = cues[0].end
        return found

    def _longest(self, words: list[int], start: int, starts: frozenset[int]) -> list[FoundCue]:
        """The longest cue that begins at a token and stays in its sentence."""
        best: list[FoundCue] = []
        todo = [(self._tree, start)]
        while todo:
            node, place = todo.pop()
            if "cues" in node and (not best or place > best[0].end):
                best = [FoundCue(start, place, *cue) for cue in node["cues"]]
            if place >= len(words) or (place > start and place in starts):
                continue
            if words[place] in node:
                todo.append((node[words[place]], place + 1))
            if _GAP in node:
                todo += [(node[_GAP], place + skipped) for skipped in range(1, _MAX_GAP + 1)]
        return best


def _carry_into_lists(doc: Doc, starts: list[int], by_sentence: dict[int, list[FoundCue]]) -> None:
    """Let a cue that is open where a list is announced ("you might notice:") govern its items."""
    open_cues: list[FoundCue] = []
    for block in doc.spans.get(attributes.BLOCKS, ()):
        if block.label_ == "ITEM":
            if open_cues:
                number = bisect_right(starts, block.start)
                by_sentence[number] = open_cues + by_sentence.get(number, [])
        elif doc[block.end - 1].text == ":":
            cues = by_sentence.get(bisect_right(starts, block.end - 1), [])
            open_cues = [
                cue
                for cue in cues
                if cue.direction == "forward"
                and cue.category in _CATEGORIES
                and _reaches(cue, block.end, block.end, block.end, cues)
            ]
        else:
            open_cues = []


def _decide(mention: Span, sentence: int, cues: list[FoundCue]) -> None:
    """Let the first cue that reaches the mention decide; what is denied is not hedged as well."""
    for category in _CATEGORIES:
        for cue in cues:
            if cue.category == category and _reaches(
                cue, mention.start, mention.end, sentence, cues
            ):
                attributes.store(mention, **{category: True, "cue": [cue.start, cue.end]})
                return


def _reaches(cue: FoundCue, start: int, end: int, sentence: int, cues: list[FoundCue]) -> bool:
    """Tell whether tokens lie in a cue's scope, nothing that ends the scope between them."""
    if cue.direction == "backward":
        left, right = end, cue.start
    else:
        # The scope of a cue before a list begins anew with each item.
        left, right = max(cue.end, sentence), start
    if left > right:
        return False
    ends = {"stop", "stop_" + cue.category}
    if cue.direction == "comma":
        ends.add("comma")
    return not any(c.category in ends and left <= c.start and c.end <= right for c in cues)


@Language.factory(
    "symptograph_assertion",
    requires=["doc.spans", "doc.sents"],
    assigns=["span._.negated", "span._.uncertain", "span._.cue"],
)
def make_assertion(nlp: Language, name: str) -> Assertion:
    """Make the component that finds negation and hedging."""
    attributes.register()
    return Assertion()
