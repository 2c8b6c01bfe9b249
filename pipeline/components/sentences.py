"""Split a Doc into sentences, with no model.

A sentence ends at ``.``, ``!`` or ``?`` (closing quotes and brackets taken along) and at the end
of every block, so that headings and list items are sentences of their own. The same text with and
without its last full stop gives the same sentences.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import SENT_START
from spacy.language import Language
from spacy.tokens import Doc

from pipeline.components import attributes
from pipeline.components.lexemes import LexemeTable

_STOP, _HARD_STOP, _CLOSER, _SPACE, _LOWER = 1, 2, 3, 4, 5
# No real sentence is as long; a text without punctuation must not cost the square of its length.
_MAX_TOKENS = 1000
_STOPS = frozenset((".", "..", "...", "…"))
_CLOSERS = frozenset((*"\"'”’)]}»*_", "''", "**"))


def _classify_all(words: list[str]) -> tuple[list[int]]:
    return ([_classify(word) for word in words],)


def _classify(word: str) -> int:
    if word in _STOPS:
        return _STOP
    if word and not word.strip("!?"):
        return _HARD_STOP
    if word in _CLOSERS:
        return _CLOSER
    if not word.strip():
        return _SPACE
    # A full stop before a small letter ended an abbreviation ("approx. five"), not a sentence.
    return _LOWER if word[0].islower() else 0


class Sentences:
    """Set ``token.is_sent_start`` from punctuation and block borders."""

    def __init__(self) -> None:
        self._lexemes = LexemeTable(_classify_all, {"kind": np.uint8})

    def __call__(self, doc: Doc) -> Doc:
        """Split one Doc."""
        if not len(doc):
            return doc
        kind = self._lexemes.gather(doc)["kind"]
        starts = np.full(len(doc), -1, dtype=np.int32)
        starts[0] = 1
        stops = np.flatnonzero((kind == _STOP) | (kind == _HARD_STOP))
        following = _next_word(kind)[stops + 1]
        inside = following < len(doc)
        stops, following = stops[inside], following[inside]
        ends = (kind[stops] == _HARD_STOP) | (kind[following] != _LOWER)
        starts[following[ends]] = 1
        for block in doc.spans.get(attributes.BLOCKS, ()):
            starts[block.start] = 1
        _break_endless(starts)
        doc.from_array([SENT_START], starts.astype(np.uint64).reshape(-1, 1))  # type: ignore[arg-type]
        return doc


def _break_endless(starts: NDArray[np.int32]) -> None:
    """Break what would be a sentence of more than ``_MAX_TOKENS``, so that none grows endless."""
    borders = np.append(np.flatnonzero(starts == 1), len(starts))
    for start, length in zip(borders[:-1].tolist(), np.diff(borders).tolist(), strict=True):
        if length > _MAX_TOKENS:
            starts[start : start + length : _MAX_TOKENS] = 1


def _next_word(kind: NDArray[np.uint8]) -> NDArray[np.intp]:
    """For each token and the end, the first token from there on that begins a sentence."""
    places = np.append(np.arange(len(kind)), len(kind))
    places[:-1][(kind > 0) & (kind <= _SPACE)] = len(kind)
    return np.minimum.accumulate(places[::-1])[::-1]


@Language.factory("symptograph_sentences", assigns=["token.is_sent_start", "doc.sents"])
def make_sentences(nlp: Language, name: str) -> Sentences:
    """Make the component that splits sentences."""
    return Sentences()
