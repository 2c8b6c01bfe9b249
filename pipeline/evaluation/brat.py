"""Read BRAT standoff: ``name.txt`` and ``name.ann``.

A discontinuous mention is read as the span that covers its parts, because the annotation scheme
has contiguous mentions only ("leg or foot pain" is one); ``problems`` tells where that was done.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from pipeline.errors import GoldError
from pipeline.evaluation.documents import (
    AnnotatedDocument,
    Mention,
    RelationLink,
    parse_concepts,
)
from pipeline.evaluation.lines import numbered_lines

# At most 9 digits: more are no offset, and int() refuses very long ones.
_TEXT_BOUND = re.compile(
    r"^(T\d+)\t(\S+) ([0-9]{1,9} [0-9]{1,9}(?:;[0-9]{1,9} [0-9]{1,9})*)\t(.*)$"
)
_ATTRIBUTE = re.compile(r"^[AM]\d+\t(\S+) (T\d+)")
_REFERENCE = re.compile(r"^N\d+\tReference (T\d+) (\S+)")
_RELATION = re.compile(r"^(R\d+)\t(\S+) Arg1:(T\d+) Arg2:(T\d+)")


def read_document(path: Path, text_path: Path | None = None) -> AnnotatedDocument:
    """One document; what is wrong with its lines is recorded in ``problems``.

    Parameters
    ----------
    text_path
        Its text; ``name.txt`` beside ``name.ann`` where none is given.

    Raises
    ------
    GoldError
        If the ``.ann`` or its ``.txt`` cannot be read.
    """
    try:
        annotations = path.read_text(encoding="utf-8")
        # newline="" keeps \r\n, so that the offsets stay right.
        with (text_path or path.with_suffix(".txt")).open(encoding="utf-8", newline="") as stream:
            text = stream.read()
    except (OSError, UnicodeDecodeError) as error:
        raise GoldError(f"{path}: cannot be read with its .txt ({error})") from error
    document = AnnotatedDocument(path.stem, text)
    _Reader(document, path).read(annotations)
    return document


class _Reader:
    def __init__(self, document: AnnotatedDocument, path: Path) -> None:
        self._document = document
        self._path = path
        self._mentions: dict[str, Mention] = {}
        self._relations: dict[tuple[str, str, str], RelationLink] = {}

    def read(self, annotations: str) -> None:
        lines = numbered_lines(annotations)
        # Mentions first: the other kinds may stand before the mention they are about.
        for number, line in lines:
            if line.startswith("T"):
                self._text_bound(number, line)
        for number, line in lines:
            if line.startswith(("A", "M")):
                self._attribute(number, line)
            elif line.startswith("N"):
                self._reference(number, line)
            elif line.startswith("R"):
                self._relation(number, line)
            elif line.strip() and line[0] not in "T#*E":
                self._problem(number, "unknown kind of line, ignored")
        ordered = sorted(self._mentions.values(), key=reading_order)
        self._document.mentions = ordered
        self._document.relations = list(self._relations.values())

    def _problem(self, line: int, what: str) -> None:
        self._document.problems.append(f"{self._path.name}:{line}: {what}")

    def _text_bound(self, number: int, line: str) -> None:
        match = _TEXT_BOUND.match(line)
        if not match:
            key, _, _ = line.partition("\t")
            self._problem(number, f"{key} is not a readable mention, ignored")
            return
        key, label, where, text = match.groups()
        if key in self._mentions:
            self._problem(number, f"{key} is defined twice, the second is ignored")
            return
        parts = [(int(start), int(end)) for start, end in map(str.split, where.split(";"))]
        found = " ".join(self._document.text[start:end] for start, end in parts)
        length = len(self._document.text)
        wrong = any(not start < end <= length for start, end in parts) or on_one_line(found) != text
        discontinuous = f"{key} is discontinuous" if len(parts) > 1 else key
        if wrong:
            self._problem(number, f"{discontinuous} says {text!r}, the text has {found!r}, ignored")
            return
        start, end = min(parts)[0], max(end for _, end in parts)
        covered = self._document.text[start:end]
        if len(parts) > 1:
            self._problem(number, f"{discontinuous}, read as the covering span {covered!r}")
        self._mentions[key] = Mention(
            key, label, start, end, covered, source="gold", discontinuous=len(parts) > 1
        )

    def _attribute(self, number: int, line: str) -> None:
        match = _ATTRIBUTE.match(line)
        if not match or match.group(2) not in self._mentions:
            self._problem(number, "attribute of no known mention, ignored")
            return
        name, key = match.groups()
        if name == "Negated":
            self._mentions[key] = replace(self._mentions[key], negated=True)
        elif name == "Uncertain":
            self._mentions[key] = replace(self._mentions[key], uncertain=True)
        else:
            self._problem(number, f"unknown attribute {name}, ignored")

    def _reference(self, number: int, line: str) -> None:
        match = _REFERENCE.match(line)
        if not match or match.group(1) not in self._mentions:
            self._problem(number, "concept of no known mention, ignored")
            return
        key, value = match.groups()
        self._mentions[key] = replace(self._mentions[key], concepts=parse_concepts(value))

    def _relation(self, number: int, line: str) -> None:
        match = _RELATION.match(line)
        if not match or not {match.group(3), match.group(4)} <= self._mentions.keys():
            self._problem(number, "relation between unknown mentions, ignored")
            return
        _, kind, head, tail = match.groups()
        if (kind, head, tail) in self._relations:
            self._problem(number, "the same relation twice, the second is ignored")
        self._relations[kind, head, tail] = RelationLink(kind, head, tail)


def on_one_line(text: str) -> str:
    """The text as annotation formats show it: a space for each line end character."""
    return text.replace("\r", " ").replace("\n", " ")


def reading_order(mention: Mention) -> tuple[int, int, str]:
    """Sort key: by start, the longer of two mentions first, then by id."""
    return mention.start, -mention.end, mention.id
