"""Find abbreviations that the article itself expands, with scispaCy's Schwartz-Hearst rules.

scispaCy's ``AbbreviationDetector`` (Schwartz and Hearst 2003) decides what is an abbreviation of
what; only its search for candidates is replaced. Its Matcher pattern ``( any+ )`` pairs every
opening with every later closing bracket, which took 4.7 times as long as tokenising (300 MedQuAD
pages) and grows with the square of the brackets; all but brackets of at most 8 words are thrown
away afterwards. Here only those are looked at, which gives the same abbreviations.

Schwartz and Hearst worked on abstracts. In articles that explain their words in brackets
("malignant (cancer) cells", "fibrosis (fi-BRO-sis)") ordinary words fit their rules too: 167 of
1,249 definitions in 1,000 MedQuAD pages; each "cancer" of such an article then stood for "cancer is
a disease in which malignant". So an abbreviation must look like one, too.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import ORTH
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from pipeline.components import attributes

# scispaCy's own limit on what stands between the brackets, in tokens.
_MAX_INSIDE = 8
# A name does not go on behind the end of a sentence or a bracket.
_BREAK = re.compile(r"[()\[\]]|[.!?;](?=\s)")


class Abbreviations:
    """Write ``doc._.abbreviations``, in the form scispaCy gives with ``make_serializable``."""

    def __init__(self, vocab: Vocab) -> None:
        self._open = vocab.strings.add("(")
        self._close = vocab.strings.add(")")

    def __call__(self, doc: Doc) -> Doc:
        """Find the abbreviations of one Doc and all their occurrences."""
        orths = doc.to_array(ORTH)
        opening = np.flatnonzero(orths == self._open)
        if not len(opening):
            return doc
        closing = np.flatnonzero(orths == self._close)
        found = [
            _record(doc, start, end, long_form)
            for short, long_form in _definitions(doc, opening, closing)
            for start, end in _occurrences(orths, short)
        ]
        if found:
            doc._.abbreviations = sorted(found, key=_position)
        return doc


def _position(record: dict[str, Any]) -> int:
    return int(record["short_start"])


def _definitions(doc: Doc, opening: NDArray[Any], closing: NDArray[Any]) -> list[tuple[Span, Span]]:
    """Pairs of short and long form, the first definition of each short form only."""
    from scispacy.abbreviation import filter_matches, find_abbreviation

    firsts = np.searchsorted(closing, opening + 1, side="right").tolist()
    lasts = np.searchsorted(closing, opening + 1 + _MAX_INSIDE, side="right").tolist()
    brackets = [
        (0, left + 1, right)
        for left, first, last in zip(opening.tolist(), firsts, lasts, strict=True)
        for right in closing[first:last].tolist()
    ]
    defined: dict[str, tuple[Span, Span]] = {}
    long_forms: set[str] = set()
    for long_candidate, short_candidate in filter_matches(brackets, doc):
        short, long_form = find_abbreviation(long_candidate, short_candidate)
        if long_form is None or short.text in defined or long_form.text in long_forms:
            continue
        if not _plausible(short.text, long_form.text):
            continue
        defined[short.text] = (short, long_form)
        long_forms.add(long_form.text)
    return list(defined.values())


def _plausible(short: str, long_form: str) -> bool:
    """Whether one looks like an abbreviation, and the other like what it may stand for."""
    if short.islower() or _BREAK.search(long_form):
        return False
    return not re.search(rf"(?<!\w){re.escape(short)}(?!\w)", long_form, re.IGNORECASE)


def _occurrences(orths: NDArray[Any], short: Span) -> list[tuple[int, int]]:
    """Token ranges where a short form stands."""
    form = orths[short.start : short.end]
    hits = np.flatnonzero(orths[: len(orths) - len(form) + 1] == form[0])
    return [
        (int(hit), int(hit) + len(form))
        for hit in hits
        if len(form) == 1 or np.array_equal(orths[hit : hit + len(form)], form)
    ]


def _record(doc: Doc, start: int, end: int, long_form: Span) -> dict[str, Any]:
    return {
        "short_text": doc[start:end].text,
        "short_start": start,
        "short_end": end,
        "long_text": long_form.text,
        "long_start": long_form.start,
        "long_end": long_form.end,
    }


@Language.factory("symptograph_abbreviations", assigns=["doc._.abbreviations"])
def make_abbreviations(nlp: Language, name: str) -> Abbreviations:
    """Make the component that finds expanded abbreviations."""
    attributes.register()
    return Abbreviations(nlp.vocab)
