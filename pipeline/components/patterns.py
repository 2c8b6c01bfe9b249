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
    STATUS_NONE,
    STATUS_SYMPTOM,
    STATUS_STRIDE,
    Grammar,
    symbol,
)
from pipeline.components.lexemes import LexemeTable
from pipeline.data import load_toml
from pipeline.terminology.normalise import fold_word

_HYPHENS = frozenset("-‐‑‒–—―")


class Patterns:
    """Write what the grammar matches to ``doc.spans["patterns"]``; ``span.id_`` is the rule."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._lexemes = LexemeTable(
            self._describe, {"symbol": np.uint32, "skip": np.bool_, "hyphen": np.bool_}
        )

    def _describe(self, word: str) -> tuple[int, int, int]:
        if not word.strip() or word in _HYPHENS:
            return 0, 1, word in _HYPHENS
        if word.isdigit():
            class_set = self._grammar.class_set("0")
            return symbol(class_set, STATUS_NONE, capital=False), 0, 0
        class_set = self._grammar.class_set(fold_word(word))
        return symbol(class_set, STATUS_NONE, word[0].isupper()), 0, 0

    def __call__(self, doc: Doc) -> Doc:
        """Match one Doc."""
        if not len(doc):
            doc.spans[attributes.PATTERNS] = []
            return doc
        symbols, tokens = self._symbols(doc)
        starts = _known_starts(doc)
        spans = []
        for rule in self._grammar.rules:
            named = "span" in rule.pattern.groupindex
            for match in rule.pattern.finditer(symbols):
                first, last = match.span("span") if named else match.span()
                start = tokens[first]
                spans.append(
                    Span(doc, starts.get(start, start), tokens[last - 1] + 1, rule.label, span_id=rule.name)
                )
        doc.spans[attributes.PATTERNS] = spans
        return doc

    def _symbols(self, doc: Doc) -> tuple[str, list[int]]:
        """The Doc as one character a token, and the token behind each character.

        Sentences are kept apart by a character that no rule matches; white space and hyphens are
        left out.
        """
        features = self._lexemes.gather(doc)
        points: NDArray[np.uint32] = features["symbol"] + STATUS_STRIDE * _statuses(doc)
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
    return hyphens & spaced & np.concatenate([[True], spaced[:-1]])


def _statuses(doc: Doc) -> NDArray[np.uint32]:
    """What the gazetteer says of each token; a body part goes before a symptom."""
    status = np.zeros(len(doc), dtype=np.uint32)
    spans = doc.spans.get(attributes.GAZETTEER, ())
    for span in spans:
        if span.label_ == attributes.CONDITION:
            status[span.end - 1] = STATUS_CONDITION
    for span in spans:
        if span.label_ == attributes.SYMPTOM:
            status[span.end - 1] = STATUS_SYMPTOM
    for span in spans:
        if span.label_ == attributes.BODY_PART:
            status[span.start] = STATUS_BODY
            status[span.start + 1 : span.end] = STATUS_BODY_REST
    return status


def _known_starts(doc: Doc) -> dict[int, int]:
    """Where the name that ends with a token begins: a match takes in the whole of it."""
    return {
        span.end - 1: span.start
        for span in doc.spans.get(attributes.GAZETTEER, ())
        if span.label_ != attributes.BODY_PART and len(span) > 1
    }


@Language.factory("symptograph_patterns", requires=["doc.spans", "doc.sents"], assigns=["doc.spans"])
def make_patterns(nlp: Language, name: str) -> Patterns:
    """Make the component that matches the grammar of composed mentions."""
    attributes.register()
    return Patterns(Grammar(load_toml("grammar.toml")))
