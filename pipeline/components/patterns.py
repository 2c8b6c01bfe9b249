"""Find composed mentions with a grammar over tokens: "weakness in your legs", "trouble walking".

Reads the gazetteer's body parts and symptoms; the grammar itself is data (``grammar.toml``).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import SENT_START, SPACY
from spacy.language import Language
from spacy.tokens import Doc, Span

from pipeline.components import attributes
from pipeline.components.grammar import (
    BOUNDARY,
    STATUS_BODY,
    STATUS_BODY_REST,
    STATUS_CONDITION,
    STATUS_EITHER,
    STATUS_NONE,
    STATUS_STRIDE,
    STATUS_SYMPTOM,
    Grammar,
    symbol,
)
from pipeline.components.lexemes import LexemeTable
from pipeline.data import load_toml
from pipeline.terminology.normalise import fold_word

_HYPHENS = frozenset("-‐‑‒–—―")
_Known = tuple[int, int, str]  # start, end and type of a name that the gazetteer found


class Patterns:
    """Write what the grammar matches to ``doc.spans["patterns"]``; ``span.id_`` is the rule."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._lexemes = LexemeTable(
            self._describe, {"symbol": np.uint32, "skip": np.bool_, "hyphen": np.bool_}
        )

    def _describe(self, words: list[str]) -> tuple[list[int], list[bool], list[bool]]:
        hyphens = [word in _HYPHENS for word in words]
        skipped = [h or not word.strip() for h, word in zip(hyphens, words, strict=True)]
        return [self._symbol(word) for word in words], skipped, hyphens

    def _symbol(self, word: str) -> int:
        folded = "0" if word.isdigit() else fold_word(word)
        return symbol(self._grammar.class_set(folded), STATUS_NONE, word[:1].isupper())

    def __call__(self, doc: Doc) -> Doc:
        """Match one Doc."""
        if not len(doc):
            doc.spans[attributes.PATTERNS] = []
            return doc
        known = [(s.start, s.end, s.label_) for s in doc.spans.get(attributes.GAZETTEER, ())]
        symbols, tokens = self._symbols(doc, known)
        # A match that begins with the last token of a known name takes in the whole of it.
        starts = {end - 1: start for start, end, label in known if label != attributes.BODY_PART}
        idioms = [(s.start, s.end) for s in doc.spans.get(attributes.IDIOMS, ())]
        spans = []
        present = frozenset(symbols)
        for rule in self._grammar.rules:
            if present.isdisjoint(rule.anchor):
                continue
            for match in rule.pattern.finditer(symbols):
                first, last = match.span()
                start = starts.get(tokens[first], tokens[first])
                end = tokens[last - 1] + 1
                if not any(a < end and start < b and end - start <= b - a for a, b in idioms):
                    spans.append(Span(doc, start, end, rule.label, span_id=rule.name))
        doc.spans[attributes.PATTERNS] = spans
        return doc

    def _symbols(self, doc: Doc, known: list[_Known]) -> tuple[str, list[int]]:
        """The Doc as one character a token, and the token behind each character.

        Sentences are kept apart by a character that no rule matches; white space and hyphens are
        left out.
        """
        features = self._lexemes.gather(doc)
        points: NDArray[np.uint32] = features["symbol"] + STATUS_STRIDE * _statuses(len(doc), known)
        keep = np.flatnonzero(~features["skip"])
        apart = (doc.to_array(SENT_START) == 1) | _spaced_hyphens(doc, features["hyphen"])
        boundary = np.cumsum(apart)[keep]
        breaks = np.flatnonzero(np.diff(boundary)) + 1
        symbols = np.insert(points[keep], breaks, ord(BOUNDARY))
        tokens = np.insert(keep, breaks, -1)
        return symbols.astype("<u4").tobytes().decode("utf-32-le"), tokens.tolist()


def _spaced_hyphens(doc: Doc, hyphens: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Hyphens with space on both sides: they separate, as in a list or a title."""
    spaced = doc.to_array(SPACY).astype(bool)
    apart: NDArray[np.bool_] = hyphens & spaced & np.concatenate([[True], spaced[:-1]])
    return apart


def _statuses(n_tokens: int, known: list[_Known]) -> NDArray[np.uint32]:
    """What the gazetteer says of each token: body parts go before symptoms before conditions."""
    status = [STATUS_NONE] * n_tokens
    for _, end, found in known:
        if found == attributes.CONDITION:
            status[end - 1] = STATUS_CONDITION
    for _, end, found in known:
        if found == attributes.SYMPTOM:
            both = status[end - 1] == STATUS_CONDITION
            status[end - 1] = STATUS_EITHER if both else STATUS_SYMPTOM
    for start, end, found in known:
        if found == attributes.BODY_PART:
            status[start] = STATUS_BODY
            for token in range(start + 1, end):
                status[token] = STATUS_BODY_REST
    return np.array(status, dtype=np.uint32)


@Language.factory(
    "symptograph_patterns", requires=["doc.spans", "doc.sents"], assigns=["doc.spans"]
)
def make_patterns(nlp: Language, name: str) -> Patterns:
    """Make the component that matches the grammar of composed mentions."""
    attributes.register()
    return Patterns(Grammar(load_toml("grammar.toml")))
