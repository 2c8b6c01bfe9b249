"""A run as spaCy's DocBin files, to train on or to go on with in Python.

``doc.spans["sc"]`` has every mention with the extension attributes of our own pipeline,
``doc.ents`` the longest of those that overlap, ``doc._.relations`` all relations, negated ones
marked, ``doc.user_data["doc_id"]`` the id.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.export.documents import Document, FinishedRun, Row, without_overlap
from pipeline.export.places import table_line
from pipeline.export.tokens import Tokeniser

if TYPE_CHECKING:
    from spacy.tokens import Doc, DocBin, Span

MARKER = "documents.tsv"
_STORED = ("ENT_IOB", "ENT_TYPE", "ENT_KB_ID", "ENT_ID", "SENT_START")
_ATTRIBUTES = (
    "negated", "uncertain", "experiencer", "role", "source", "score", "long_form",
)  # fmt: skip
# A DocBin is written at once: a file ends behind so many characters.
_MAX_CHARS = 1_000_000


def write(run: FinishedRun, folder: Path) -> None:
    """Write ``documents-0001.spacy`` and so on, and ``documents.tsv`` with the documents' ids."""
    tokenise = Tokeniser()
    number, n_chars, current = 1, 0, _new()
    with (folder / MARKER).open("w", encoding="utf-8", newline="") as index:
        index.write(table_line("doc_id", "file", "number"))
        for document in run.documents():
            if n_chars >= _MAX_CHARS:
                current.to_disk(folder / _name(number))
                number, n_chars, current = number + 1, 0, _new()
            current.add(make_doc(document, tokenise))
            n_chars += len(document.text)
            index.write(table_line(document.doc_id, _name(number), str(len(current))))
    current.to_disk(folder / _name(number))


def _new() -> DocBin:
    from spacy.tokens import DocBin

    return DocBin(attrs=_STORED, store_user_data=True)


def _name(number: int) -> str:
    return f"documents-{number:04}.spacy"


def make_doc(document: Document, tokenise: Tokeniser) -> Doc:
    """The document as our pipeline gives it, as far as the tables tell."""
    from pipeline.components import attributes

    doc = tokenise(document)
    firsts = {token.idx: token.i for token in doc}
    lasts = {token.idx + len(token): token.i + 1 for token in doc}
    concepts: defaultdict[str, list[list[object]]] = defaultdict(list)
    matches: defaultdict[str, list[list[object]]] = defaultdict(list)
    for link in document.links:
        concepts[link["entity_id"]].append(
            [link["concept_id"], link["concept_label"], link["score"]]
        )
        matches[link["entity_id"]].append([link["match"], link["scope"], link["name"]])
    spans: dict[str, Span] = {}
    for row in document.mentions:
        key = row["entity_id"]
        spans[key] = _span(doc, row, firsts[row["start"]], lasts[row["end"]])
        values = {name: row[name] for name in _ATTRIBUTES}
        attributes.store(spans[key], concepts=concepts[key], matches=matches[key], **values)
    doc.spans[attributes.MENTIONS] = list(spans.values())
    doc.set_ents([spans[row["entity_id"]] for row in without_overlap(document.mentions)])
    doc._.relations = _relations(document)
    doc.user_data["doc_id"] = document.doc_id
    return doc


def _span(doc: Doc, row: Row, first: int, last: int) -> Span:
    from spacy.tokens import Span

    return Span(
        doc, first, last, row["type"], kb_id=row["concept_id"] or "", span_id=row["entity_id"]
    )


def _relations(document: Document) -> list[dict[str, object]]:
    """As in :class:`pipeline.records.Relation`; the tables do not say where a cue is."""
    found: dict[tuple[object, ...], dict[str, object]] = {}
    for row in document.relations:
        relation = {
            "type": row["type"],
            "head": row["head_id"],
            "tail": row["tail_id"],
            "negated": row["negated"],
        }
        found.setdefault(
            tuple(relation.values()),
            relation
            | {name: row[name] for name in ("scope", "rule", "score", "uncertain", "frequency")}
            | {"evidence": [row["evidence_start"], row["evidence_end"]], "cue": None},
        )
    return list(found.values())
