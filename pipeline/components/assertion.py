"""Say which mentions are denied or hedged, whose they are and what advice says of them.

The algorithm is ConText (Harkema et al. 2009, J Biomed Inform 42:839), an extension of NegEx
(Chapman et al. 2001): a cue has a scope that runs forward or backward to the end of the sentence
or to a word that ends all scopes. The cues are data (``context.csv``), and so are the classes of
words that they are made of (``context_words.csv``).

Of ConText's experiencers one is looked for, somebody other than the patient or reader. The roles
are those that mentions have in advice: ``prevention`` (what is prevented), ``risk_factor`` (what
makes something else likelier), ``differential`` (what may be mistaken for something) and
``emergency`` (what asks for help at once).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span

from pipeline.components import attributes
from pipeline.components.lexemes import LexemeTable, sentence_starts
from pipeline.data import load_table

_MAX_GAP = 4
_GAP = "*"
# What a category of cues makes of the mentions in its scope. Of each axis one category decides,
# the first one here: what is denied is not hedged as well.
_AXES: dict[str, dict[str, dict[str, Any]]] = {
    "polarity": {"negated": {"negated": True}, "uncertain": {"uncertain": True}},
    "experiencer": {"other": {"experiencer": "other"}},
    "role": {
        name: {"role": name} for name in ("emergency", "differential", "prevention", "risk_factor")
    },
}
_CATEGORIES = frozenset(category for axis in _AXES.values() for category in axis)

# Words of cues as a tree: the next word, class of words or _GAP leads to the next node; _CUES where
# a cue ends.
_Node = dict[str, Any]
_CUES = ""


class FoundCue(NamedTuple):
    """A cue at tokens ``start`` to ``end``, half-open.

    ``direction`` is ``forward``, ``backward``, or ``comma``: forward to the next comma.
    """

    start: int
    end: int
    category: str
    direction: str


class Assertion:
    """Set ``negated``, ``uncertain``, ``experiencer``, ``role`` and ``cue`` of the mentions.

    Of body parts only ``denied`` is set: what is denied is what happens to them.
    """

    def __init__(self) -> None:
        self._tree: _Node = {}
        in_cues = set()
        for row in load_table("context.csv"):
            node = self._tree
            for word in row["cue"].split():
                in_cues.add(word)
                node = node.setdefault(word, {})
            node.setdefault(_CUES, []).append((row["category"], row["direction"]))
        # What a word can be in a cue: itself, and its classes.
        parts: dict[str, list[str]] = {word: [word] for word in in_cues - {_GAP}}
        for row in load_table("context_words.csv"):
            parts.setdefault(row["word"], []).append(f"<{row['class']}>")
        self._numbers = {word: number for number, word in enumerate(parts, start=1)}
        self._parts: list[list[str]] = [[], *parts.values()]
        self._begins = np.array([any(p in self._tree for p in ps) for ps in self._parts])
        self._lexemes = LexemeTable(self._describe, {"word": np.uint16})

    def _describe(self, words: list[str]) -> tuple[list[int]]:
        """Numbers of the words that are in some cue, else 0."""
        return ([self._numbers.get(_plain(word), 0) for word in words],)

    def __call__(self, doc: Doc) -> Doc:
        """Assert one Doc."""
        mentions = doc.spans.get(attributes.MENTIONS)
        if not mentions:
            return doc
        starts = sentence_starts(doc)
        by_sentence: dict[int, list[FoundCue]] = {}
        for cue in _outside(mentions, self._find(doc, frozenset(starts))):
            by_sentence.setdefault(bisect_right(starts, cue.start), []).append(cue)
        if not by_sentence:
            return doc
        _carry_into_lists(doc, starts, by_sentence)
        for mention in mentions:
            number = bisect_right(starts, mention.start)
            nearby = by_sentence.get(number)
            if nearby and mention.label_ != attributes.BODY_PART:
                _decide(mention, starts[number - 1], nearby)
            elif nearby and _governing("negated", mention, starts[number - 1], nearby):
                attributes.store(mention, denied=True)
        return doc

    def _find(self, doc: Doc, starts: frozenset[int]) -> list[FoundCue]:
        """Cues in reading order, the longest at each place; only those that end scopes overlap."""
        numbers = self._lexemes.gather(doc)["word"]
        words = [self._parts[number] for number in numbers.tolist()]
        found: list[FoundCue] = []
        end = 0
        for position in np.flatnonzero(self._begins[numbers]).tolist():
            if position >= end:
                cues = [_placed(c, starts) for c in self._longest(words, position, starts)]
                found += cues
                # What only ends scopes (", and he may") may share its words with a cue ("may").
                if any(cue.category in _CATEGORIES or cue.category == "pseudo" for cue in cues):
                    end = cues[0].end
        return found

    def _longest(
        self, words: list[list[str]], start: int, starts: frozenset[int]
    ) -> list[FoundCue]:
        """The longest cue that begins at a token and stays in its sentence, in all its readings."""
        best: list[FoundCue] = []
        todo = [(self._tree, start)]
        while todo:
            node, place = todo.pop()
            if _CUES in node and (not best or place >= best[0].end):
                if best and place > best[0].end:
                    best = []
                best += [FoundCue(start, place, *cue) for cue in node[_CUES]]
            if place >= len(words) or (place > start and place in starts):
                continue
            todo += [(node[part], place + 1) for part in words[place] if part in node]
            if _GAP in node:
                todo += [(node[_GAP], place + skipped) for skipped in range(1, _MAX_GAP + 1)]
        return best


def _placed(cue: FoundCue, starts: frozenset[int]) -> FoundCue:
    """Settle a direction that depends on the cue's place ("Without treatment, …")."""
    if cue.direction != "opening":
        return cue
    return cue._replace(direction="comma" if cue.start in starts else "forward")


def _plain(word: str) -> str:
    """A word as cues have it; the tokeniser makes "do nt" of a "dont" that lost its apostrophe."""
    lower = word.lower().replace("’", "'")
    return "n't" if lower == "nt" else lower


def _outside(mentions: Iterable[Span], cues: list[FoundCue]) -> Iterator[FoundCue]:
    """Cues that are no part of a mention ("no appetite", "the bowel does not empty")."""
    inside = {token for mention in mentions for token in range(mention.start, mention.end)}
    for cue in cues:
        if cue.start not in inside or cue.end - 1 not in inside:
            yield cue


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
    """Let the first cue that reaches the mention decide each axis; ``cue`` is the first axis'."""
    said: dict[str, Any] = {}
    for axis in _AXES.values():
        for category, values in axis.items():
            cue = _governing(category, mention, sentence, cues)
            if cue is not None:
                said = {"cue": [cue.start, cue.end], **said, **values}
                break
    if said:
        attributes.store(mention, **said)


def _governing(
    category: str, mention: Span, sentence: int, cues: list[FoundCue]
) -> FoundCue | None:
    """The first cue of a category that reaches a mention."""
    for cue in cues:
        if cue.category == category and _reaches(cue, mention.start, mention.end, sentence, cues):
            return cue
    return None


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
    assigns=[
        "span._.negated", "span._.denied", "span._.uncertain", "span._.experiencer", "span._.role",
        "span._.cue",
    ],
)  # fmt: skip
def make_assertion(nlp: Language, name: str) -> Assertion:
    """Make the component that finds negation, hedging, experiencers and roles."""
    attributes.register()
    return Assertion()
