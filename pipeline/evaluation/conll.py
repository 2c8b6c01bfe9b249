"""Read CoNLL-2003 style columns: the token first, its tag last, a blank line between sentences.

IOB1, IOB2, BIOES and BILOU need not be told apart: a mention begins at B, S and U, and at an
inside tag (I, E, L) that continues nothing; it ends after E, L, S and U and where the next tag does
not continue it (schemes: Ratinov and Roth 2009, CoNLL, 147-155).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import GoldError
from pipeline.evaluation.documents import AnnotatedDocument, Mention
from pipeline.evaluation.lines import read_lines

DOCUMENT_START = "-DOCSTART-"
TAG = re.compile(r"O|([BIESLU])-(\S.*)")
_BEGINS, _ENDS = frozenset("BSU"), frozenset("ELSU")


def split_columns(line: str) -> list[str]:
    """Columns of a line: by tabs if there are any, else by spaces."""
    if "\t" in line:
        return [column.strip(" ") for column in line.strip("\t ").split("\t")]
    return [column for column in line.split(" ") if column]


def read_conll(path: Path) -> list[AnnotatedDocument]:
    """All documents of a file, named after it and numbered where there are several.

    The text is rebuilt: a space between tokens, a line feed between sentences.

    Raises
    ------
    GoldError
        If the file cannot be read or holds no token.
    """
    reader = _Reader(path.name)
    for number, line in read_lines(path):
        reader.line(number, line)
    documents = reader.finish()
    if not documents:
        raise GoldError(f"{path}: no tokens there; give lines with a token and, last, its tag")
    for number, document in enumerate(documents, start=1):
        document.doc_id = path.stem if len(documents) == 1 else f"{path.stem}-{number}"
    return documents


@dataclass(slots=True)
class _Building:
    """A document as far as it was read; ``label`` and ``start`` are the open mention's."""

    parts: list[str] = field(default_factory=list)
    length: int = 0
    last: str = ""
    label: str = ""
    start: int = 0
    spans: list[tuple[str, int, int]] = field(default_factory=list)

    def token(self, token: str, prefix: str, label: str) -> None:
        if label != self.label or prefix in _BEGINS:
            self.close()
        self.add(" " if self.last not in ("", "\n") else "")
        if label and not self.label:
            self.label, self.start = label, self.length
        self.add(token)
        if prefix in _ENDS:
            self.close()

    def add(self, piece: str) -> None:
        if piece:
            self.parts.append(piece)
            self.length += len(piece)
            self.last = piece

    def close(self) -> None:
        """End the open mention after the last token."""
        if self.label:
            self.spans.append((self.label, self.start, self.length))
        self.label = ""

    def sentence(self) -> None:
        self.close()
        if self.last not in ("", "\n"):
            self.add("\n")

    def document(self) -> AnnotatedDocument:
        self.sentence()
        text = "".join(self.parts)
        mentions = [
            Mention(f"T{number}", label, start, end, text[start:end], source="gold")
            for number, (label, start, end) in enumerate(self.spans, start=1)
        ]
        return AnnotatedDocument("", text, mentions)


class _Reader:
    def __init__(self, name: str) -> None:
        self._name = name
        self._documents: list[AnnotatedDocument] = []
        self._building = _Building()
        self._problems: list[str] = []

    def line(self, number: int, line: str) -> None:
        columns = split_columns(line)
        if not columns:
            self._building.sentence()
        elif columns[0] == DOCUMENT_START:
            self._close()
        elif columns[0]:
            self._token(number, columns)
        else:
            self._problems.append(f"{self._name}:{number}: no token in the first column, ignored")

    def _token(self, number: int, columns: list[str]) -> None:
        match = TAG.fullmatch(columns[-1]) if len(columns) > 1 else None
        if match is None:
            what = f"unreadable tag {columns[-1]!r}" if len(columns) > 1 else "no tag"
            self._problems.append(f"{self._name}:{number}: {what}, read as O")
        prefix, label = (match.group(1) or "", match.group(2) or "") if match else ("", "")
        self._building.token(columns[0], prefix, label)

    def finish(self) -> list[AnnotatedDocument]:
        self._close()
        return self._documents

    def _close(self) -> None:
        document = self._building.document()
        if document.text:
            document.problems, self._problems = self._problems, []
            self._documents.append(document)
        self._building = _Building()
