"""A run as PubTator: title, abstract, mentions, relations between concepts.

The first line of a text is its title. Line ends and tabs are spaces, one for one, so that offsets
hold. The format has no room for negation and hedges, nor for relations of mentions without a
concept; negated relations are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from pipeline.export.documents import Document, FinishedRun

_BREAKS = re.compile("[\t\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_NO_CONCEPT = "-"


def write(run: FinishedRun, path: Path) -> None:
    """Write all documents to a file, a blank line behind each."""
    with path.open("w", encoding="utf-8", newline="") as file:
        for document in run.documents():
            file.writelines(f"{line}\n" for line in _lines(document))
            file.write("\n")


def _line(text: str) -> str:
    return _BREAKS.sub(" ", text)


def _lines(document: Document) -> Iterator[str]:
    # Neither a space nor a bar may be in an id.
    key = quote(document.doc_id, safe="/") or "%"
    title, _, abstract = document.text.partition("\n")
    yield f"{key}|t|{_line(title)}"
    yield f"{key}|a|{_line(abstract)}"
    for row in document.mentions:
        concepts = (row["concept_id"] or _NO_CONCEPT).replace(",", "|")
        where = f"{row['start']}\t{row['end']}"
        yield f"{key}\t{where}\t{_line(row['text'])}\t{row['type']}\t{concepts}"
    pairs = (
        (row["type"], row["head_concept_id"], row["tail_concept_id"])
        for row in document.relations
        if row["head_concept_id"] and row["tail_concept_id"] and not row["negated"]
    )
    for pair in dict.fromkeys(pairs):
        yield "\t".join((key, *pair))
