"""A run as CoNLL columns: a token, a tab, its tag (``B-``, ``I-``, ``O``).

A blank line ends a sentence, ``-DOCSTART-`` begins a document. Of mentions that overlap the longest
is there. White space between tokens is lost, and with it the offsets; there is no room for
concepts, negation and relations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.export.documents import FinishedRun, Row, without_overlap
from pipeline.export.tokens import Tokeniser

if TYPE_CHECKING:
    from spacy.tokens import Doc

# What begins a document may not be a token.
_PIECE = re.compile(r"-(?=DOCSTART-)|\S+")


def write(run: FinishedRun, path: Path) -> None:
    """Write all documents to a file."""
    tokenise = Tokeniser()
    with path.open("w", encoding="utf-8", newline="") as file:
        for document in run.documents():
            file.write("-DOCSTART-\tO\n\n")
            file.writelines(_lines(tokenise(document), without_overlap(document.mentions)))
            file.write("\n")


def _lines(doc: Doc, mentions: list[Row]) -> Iterator[str]:
    """Lines of a document; ``mentions`` are in reading order and apart from each other."""
    following = iter(mentions)
    mention = next(following, None)
    inside = fresh = False
    for token in doc:
        while mention is not None and mention["end"] <= token.idx:
            mention, inside = next(following, None), False
        if token.is_sent_start and fresh and not inside:
            yield "\n"
            fresh = False
        for piece in _PIECE.findall(token.text):
            tag = "O"
            if mention is not None and mention["start"] <= token.idx:
                tag = f"{'I' if inside else 'B'}-{mention['type']}"
                inside = True
            yield f"{piece}\t{tag}\n"
            fresh = True
