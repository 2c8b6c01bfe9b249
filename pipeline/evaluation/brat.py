"""Read BRAT standoff: ``name.txt`` and ``name.ann``.

A discontinuous mention is read as the span that covers its parts, because the annotation scheme
has contiguous mentions only ("leg or foot pain" is one); ``problems`` tells where that was done.

A folder of our export has ``documents.tsv``, which tells the file of each document: file names
cannot hold every id.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path, PureWindowsPath

from pipeline.errors import GoldError
from pipeline.evaluation.documents import (
    AnnotatedDocument,
    Mention,
    RelationLink,
    parse_concepts,
)
from pipeline.evaluation.lines import numbered_lines, read_lines
from pipeline.export.places import table_cells

# At most 9 digits: more are no offset, and int() refuses very long ones.
_TEXT_BOUND = re.compile(
    r"^(T\d+)\t(\S+) ([0-9]{1,9} [0-9]{1,9}(?:;[0-9]{1,9} [0-9]{1,9})*)\t(.*)$"
)
_ATTRIBUTE = re.compile(r"^[AM]\d+\t(\S+) (T\d+)")
_REFERENCE = re.compile(r"^N\d+\tReference (T\d+) (\S+)")
_RELATION = re.compile(r"^(R\d+)\t(\S+) Arg1:(T\d+) Arg2:(T\d+)")
_TABLE, _COLUMNS = "documents.tsv", ["doc_id", "file"]


def find_documents(folder: Path) -> dict[str, str]:
    """Ids of the documents of a folder by their ``.ann`` files, in the order of these.

    Where the folder has the ``documents.tsv`` of our export, files that it names have the ids that
    it gives, and those in subfolders are found too; it may name files that are not there. Other
    files have their own name, without ``.ann``, for an id, and are found in the folder itself only.

    Returns
    -------
    dict
        Keys are paths within the folder, with ``/`` on every system.

    Raises
    ------
    GoldError
        If a line of the table cannot be read or names no file of the folder.
    """
    table = folder / _TABLE
    listed = _read_table(table) if table.is_file() else {}
    # What is there is looked up in the table, not the other way round: no name of it is opened.
    found = sorted(folder.rglob("*.ann") if listed else folder.glob("*.ann"))
    return {
        file.relative_to(folder).as_posix(): listed.get(file, file.stem)
        for file in found
        if file in listed or file.parent == folder
    }


def _read_table(table: Path) -> dict[Path, str]:
    """Ids by ``.ann`` file; none where the table is not that of a BRAT export."""
    (_, header), *lines = read_lines(table)
    if header.split("\t") != _COLUMNS:
        return {}
    listed: dict[Path, str] = {}
    for number, line in lines:
        if not line:
            continue
        try:
            doc_id, file = _read_row(line)
        except ValueError as error:
            raise GoldError(f"{table}:{number}: {error}; export the run again") from error
        path = (table.parent / file).with_suffix(".ann")
        if path in listed:
            raise GoldError(f"{table}:{number}: {file!r} is there twice; leave one of the lines")
        listed[path] = doc_id
    return listed


def _read_row(line: str) -> tuple[str, str]:
    cells = table_cells(line)
    if len(cells) != len(_COLUMNS):
        raise ValueError(f"not two cells with a tab between them: {line!r}")
    doc_id, file = cells
    # As Windows reads paths, so that drives and backslashes are seen on every system.
    path = PureWindowsPath(file)
    if path.suffix != ".txt" or path.anchor or not all(part.strip(" .") for part in path.parts):
        raise ValueError(f"{file!r} is no .txt file in this folder")
    return doc_id, file


def read_document(
    path: Path, text_path: Path | None = None, *, doc_id: str | None = None, name: str = ""
) -> AnnotatedDocument:
    """One document; what is wrong with its lines is recorded in ``problems``.

    Parameters
    ----------
    text_path
        Its text; ``name.txt`` beside ``name.ann`` where none is given.
    doc_id
        Its id; the name of the file without ``.ann`` where none is given.
    name
        What the problems call the file, if not by its name alone.

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
    document = AnnotatedDocument(path.stem if doc_id is None else doc_id, text)
    _Reader(document, name or path.name).read(annotations)
    return document


class _Reader:
    def __init__(self, document: AnnotatedDocument, name: str) -> None:
        self._document = document
        self._name = name
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
        self._document.problems.append(f"{self._name}:{line}: {what}")

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
