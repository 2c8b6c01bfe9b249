"""Cut the text of a document into tokens and sentences, so that mentions are whole tokens."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.export.documents import Document

if TYPE_CHECKING:
    from spacy.tokens import Doc

# Longer texts are cut up at a space before the tokenizer sees them.
_WINDOW = 100_000


class Tokeniser:
    """Makes a Doc of a document: spaCy's English tokens, our own sections and sentences."""

    def __init__(self) -> None:
        import spacy

        from pipeline.components import attributes
        from pipeline.components.sections import Sections
        from pipeline.components.sentences import Sentences

        attributes.register()
        self._nlp = spacy.blank("en")
        self._layout = Sections(), Sentences()

    def __call__(self, document: Document) -> Doc:
        """A Doc that has the document's text, every mention of it beginning and ending a token."""
        from spacy.tokens import Doc

        words, spaces = self._words(document)
        doc = Doc(self._nlp.vocab, words=words, spaces=spaces)
        blocks = json.loads(document.record["layout"])
        doc._.layout = blocks or None
        doc._.title = json.loads(document.record["metadata"]).get("title")
        if words:
            for component in self._layout:
                doc = component(doc)
        return doc

    def _words(self, document: Document) -> tuple[list[str], list[bool]]:
        """Tokens, and whether a space that is no token follows each."""
        text = document.text
        kept = {row[side] for row in document.mentions for side in ("start", "end")}
        borders = sorted({*self._borders(text), *kept, len(text)} - {0})
        words: list[str] = []
        spaces: list[bool] = []
        start = 0
        for end in borders:
            word = text[start:end]
            if word == " " and words and not spaces[-1] and not {start, end} & kept:
                spaces[-1] = True
            else:
                words.append(word)
                spaces.append(False)
            start = end
        return words, spaces

    def _borders(self, text: str) -> Iterator[int]:
        """Where spaCy's tokens begin and end."""
        for start, end in _windows(text):
            for token in self._nlp.tokenizer(text[start:end]):
                yield start + token.idx
                yield start + token.idx + len(token)


def _windows(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while len(text) - start > _WINDOW:
        spaces = [m.end() for m in re.finditer(r"\s", text[start : start + _WINDOW])]
        end = start + (spaces[-1] if spaces else _WINDOW)
        yield start, end
        start = end
    yield start, len(text)
