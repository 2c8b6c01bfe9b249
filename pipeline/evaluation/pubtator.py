"""Read PubTator files: ``id|t|title``, ``id|a|abstract``, then tab-separated annotations.

An annotation line is ``id, start, end, text, type, concept ids``; what follows is ignored. A
relation line is ``id, type, concept id, concept id`` and holds between concepts of the document,
not between mentions (format: Wei et al. 2013, Nucleic Acids Res 41:W518).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from pipeline.errors import GoldError
from pipeline.evaluation.brat import on_one_line, reading_order
from pipeline.evaluation.documents import AnnotatedDocument, Mention, RelationLink
from pipeline.evaluation.lines import read_lines

_TEXT_LINE = re.compile(r"^([^|\t]+)\|([ta])\|(.*)$")
# At most 9 digits: more are no offset, and int() refuses very long ones.
_OFFSET = re.compile(r"[0-9]{1,9}")
_ID_SEPARATORS = re.compile(r"[|;,+]")
_NO_CONCEPT = frozenset({"", "-", "-1"})
_RELATION_COLUMNS = 4
_MENTION_COLUMNS = 5


def read_pubtator(path: Path) -> list[AnnotatedDocument]:
    """All documents of a file; what is wrong with its lines is recorded in their ``problems``.

    Offsets run over title, one character and abstract; that character is a line feed here.

    Raises
    ------
    GoldError
        If the file cannot be read or holds no document.
    """
    documents = parse_pubtator(read_lines(path), path.name)
    if not documents:
        raise GoldError(f"{path}: no PubTator title there; lines must begin with 'id|t|'")
    return documents


def parse_pubtator(lines: Iterable[tuple[int, str]], file: str) -> list[AnnotatedDocument]:
    """All documents of the numbered lines of a file of that name."""
    reader = _Reader(file)
    for number, line in lines:
        reader.line(number, line)
    return reader.finish()


def parse_ids(value: str) -> tuple[frozenset[str], ...]:
    """Concept ids of a mention, one set each; ``-`` and ``-1`` stand for none.

    Examples
    --------
    >>> [sorted(c) for c in parse_ids("D001943|D010051;-1")]
    [['D001943'], ['D010051']]
    """
    ids = [part.strip() for part in _ID_SEPARATORS.split(value)]
    return tuple(frozenset({i}) for i in dict.fromkeys(ids) if i not in _NO_CONCEPT)


def link_concepts(
    kind: str, head: str, tail: str, mentions: Iterable[Mention]
) -> list[RelationLink]:
    """Relations between all mentions of one concept and all mentions of another."""
    every = list(mentions)
    heads = [m for m in every if any(head in c for c in m.concepts)]
    tails = [m for m in every if any(tail in c for c in m.concepts)]
    return [RelationLink(kind, h.id, t.id) for h in heads for t in tails if h.id != t.id]


class _Reader:
    """Collects the lines of one document after another.

    Text lines of an id that is not the current one begin the next document.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._documents: list[AnnotatedDocument] = []
        self._doc_id: str | None = None
        self._problems: list[str] = []
        self._forget()

    def _forget(self) -> None:
        self._texts: dict[str, str] = {}
        self._rows: list[tuple[int, list[str]]] = []

    def _problem(self, line: int, what: str) -> None:
        self._problems.append(f"{self._file}:{line}: {what}")

    def line(self, number: int, line: str) -> None:
        match = _TEXT_LINE.match(line)
        if match:
            self._text_line(number, *match.groups())
        elif "\t" in line:
            self._rows.append((number, line.split("\t")))
        elif line.strip():
            self._problem(number, "neither text nor annotation, ignored")

    def _text_line(self, number: int, doc_id: str, part: str, text: str) -> None:
        # A second title is the next document, also where its id is the same.
        if doc_id != self._doc_id or (part == "t" and self._texts):
            self._close()
            self._doc_id = doc_id
        if part in self._texts:
            self._problem(number, "the same text line twice, the second is ignored")
            return
        if part == "a" and "t" not in self._texts:
            self._problem(number, f"document {doc_id} has no title before its abstract, read as ''")
        self._texts[part] = text

    def finish(self) -> list[AnnotatedDocument]:
        self._close()
        return self._documents

    def _close(self) -> None:
        if self._doc_id is None:
            # Lines before the first text; the first document tells of them.
            for number, _ in self._rows:
                self._problem(number, "annotation before any text, ignored")
        else:
            text = self._texts.get("t", "")
            if "a" in self._texts:
                text = f"{text}\n{self._texts['a']}"
            document = AnnotatedDocument(self._doc_id, text)
            self._annotate(document)
            document.problems, self._problems = self._problems, []
            self._documents.append(document)
        self._forget()

    def _annotate(self, document: AnnotatedDocument) -> None:
        relations: list[tuple[int, list[str]]] = []
        for number, row in self._rows:
            if row[0] != document.doc_id:
                self._problem(number, f"annotation of {row[0]!r}, which is not here, ignored")
            elif len(row) == _RELATION_COLUMNS and not _OFFSET.fullmatch(row[1]):
                relations.append((number, row))
            else:
                self._mention(document, number, row)
        # Ids are given in reading order of the file; the list is in reading order of the text.
        document.mentions.sort(key=reading_order)
        for number, row in relations:
            self._relation(document, number, row)
        document.relations = list(dict.fromkeys(document.relations))

    def _mention(self, document: AnnotatedDocument, number: int, row: list[str]) -> None:
        readable = len(row) >= _MENTION_COLUMNS and all(map(_OFFSET.fullmatch, row[1:3]))
        if not readable or not row[4]:
            self._problem(number, "not a readable annotation, ignored")
            return
        start, end, said, label = int(row[1]), int(row[2]), row[3], row[4]
        found = document.text[start:end]
        if not start < end <= len(document.text) or on_one_line(found) != said:
            self._problem(number, f"says {said!r}, the text has {found!r}, ignored")
            return
        concepts = parse_ids(row[5]) if len(row) > _MENTION_COLUMNS else ()
        key = f"T{len(document.mentions) + 1}"
        document.mentions.append(Mention(key, label, start, end, found, concepts, source="gold"))

    def _relation(self, document: AnnotatedDocument, number: int, row: list[str]) -> None:
        _, kind, head, tail = row
        links = link_concepts(kind, head, tail, document.mentions)
        if not links:
            self._problem(number, f"{kind} between ids without two mentions, ignored")
        document.relations += links
