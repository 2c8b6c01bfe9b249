"""A run as BRAT standoff: ``NAME.txt`` and ``NAME.ann`` for each document.

An ``.ann`` file has four kinds of lines, one kind after another, each in the order of the tables:

=====  =====================================================================================
``T``  a mention, with its own id; a space for each carriage return and line feed of its text
``A``  ``Negated``, then ``Uncertain`` of a mention, where it is; counted through from 1
``N``  the concept of a mention that has one, comma-joined where it is composite, and its name
       with single spaces behind a tab, as in our own gold; counted from 1
``R``  a relation, once for each pair of mentions; counted from 1
=====  =====================================================================================

Negated relations are left out, as our annotation scheme has it. Offsets are code points, every line
ends in a line feed, and files are UTF-8 without a byte order mark.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.export.documents import Document, FinishedRun
from pipeline.export.places import FileNames, table_line

MARKER = "documents.tsv"
_LINE_ENDS = str.maketrans("\r\n", "  ")
# What may be annotated: labels, relations with the labels of their ends, attributes. BRAT warns of
# each of the four sections that is not there, and calls mentions that overlap errors but for the
# line <OVERLAP>. It looks for the file in the folders above too, so that subfolders need none.
CONF = """\
[entities]
CONDITION
SYMPTOM
BODY_PART

[relations]
has_symptom\tArg1:CONDITION, Arg2:SYMPTOM
affects\tArg1:CONDITION, Arg2:BODY_PART
located_in\tArg1:SYMPTOM, Arg2:BODY_PART
<OVERLAP>\tArg1:<ENTITY>, Arg2:<ENTITY>, <OVL-TYPE>:<ANY>

[events]

[attributes]
Negated\tArg:<ENTITY>
Uncertain\tArg:<ENTITY>
"""


def write(run: FinishedRun, folder: Path) -> None:
    """Write a folder of documents, ``documents.tsv`` with their ids, and ``annotation.conf``."""
    names = FileNames()
    (folder / "annotation.conf").write_text(CONF, encoding="utf-8", newline="")
    with (folder / MARKER).open("w", encoding="utf-8", newline="") as index:
        index.write(table_line("doc_id", "file"))
        for document in run.documents():
            name = names.of(document.doc_id)
            index.write(table_line(document.doc_id, f"{name}.txt"))
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            annotations = "".join(f"{line}\n" for line in _lines(document))
            for suffix, content in ((".txt", document.text), (".ann", annotations)):
                path = folder / f"{name}{suffix}"
                path.write_text(content, encoding="utf-8", newline="")


def _lines(document: Document) -> Iterator[str]:
    for row in document.mentions:
        where = f"{row['type']} {row['start']} {row['end']}"
        yield f"{row['entity_id']}\t{where}\t{row['text'].translate(_LINE_ENDS)}"
    attributes = (
        (name, row["entity_id"])
        for row in document.mentions
        for name in ("Negated", "Uncertain")
        if row[name.lower()]
    )
    for number, (name, key) in enumerate(attributes, start=1):
        yield f"A{number}\t{name} {key}"
    linked = (row for row in document.mentions if row["concept_id"])
    for number, row in enumerate(linked, start=1):
        label = " ".join((row["concept_label"] or "").split())
        yield f"N{number}\tReference {row['entity_id']} {row['concept_id']}\t{label}"
    for number, row in enumerate(document.pairs(), start=1):
        yield f"R{number}\t{row['type']} Arg1:{row['head_id']} Arg2:{row['tail_id']}"
