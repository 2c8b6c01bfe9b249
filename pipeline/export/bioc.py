"""A run as one BioC collection in XML (Comeau et al. 2013, Database bat064).

A passage is a section. Passages have one line feed between them, as BioC readers put it there, so
offsets are those of the run's text; characters that XML cannot hold are U+FFFD. Negated relations
are left out, because readers that do not know of negation would take them for true.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from pipeline.export.documents import Document, FinishedRun, Row
from pipeline.export.graph import UNWRITABLE

_MENTION_INFONS = ("negated", "uncertain", "experiencer", "role", "score", "source")
_RELATION_INFONS = ("uncertain", "scope", "rule", "frequency", "score")


def write(run: FinishedRun, path: Path) -> None:
    """Write the collection."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE collection SYSTEM "BioC.dtd">\n'
            f"<collection><source>symptograph {_text(run.version)}</source><date></date><key></key>"
        )
        for document in run.documents():
            file.write("\n")
            file.writelines(_document(document))
        file.write("\n</collection>\n")


def _text(value: str) -> str:
    # A parser makes a line feed of a carriage return that is not written as a reference.
    return escape(UNWRITABLE.sub("\ufffd", value), {"\r": "&#13;"})


def _infon(key: str, value: Any) -> str:
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    return f'<infon key="{key}">{_text(shown)}</infon>'


def _infons(row: Row, keys: tuple[str, ...]) -> str:
    return "".join(_infon(key, row[key]) for key in keys if row[key] is not None)


def _document(document: Document) -> Iterator[str]:
    shown = UNWRITABLE.sub(lambda match: quote(match.group()), document.doc_id)
    yield f"<document><id>{_text(shown)}</id>"
    if document.record["title"]:
        yield _infon("title", document.record["title"])
    for passage in _passages(document):
        yield f"\n<passage>{_infon('type', 'section')}"
        if passage.heading:
            yield _infon("heading", passage.heading)
        text = document.text[passage.start : passage.end]
        yield f"<offset>{passage.start}</offset><text>{_text(text)}</text>"
        yield from (_annotation(row) for row in passage.mentions)
        yield "</passage>"
    for number, row in enumerate(document.pairs(), start=1):
        yield f'\n<relation id="R{number}">{_infon("type", row["type"])}'
        yield _infons(row, _RELATION_INFONS)
        yield f"{_node(row['head_id'], 'head')}{_node(row['tail_id'], 'tail')}</relation>"
    yield "</document>"


def _annotation(row: Row) -> str:
    concept = ""
    if row["concept_id"]:
        concept = _infon("identifier", row["concept_id"]) + _infon("name", row["concept_label"])
    length = row["end"] - row["start"]
    return (
        f"\n<annotation id={quoteattr(row['entity_id'])}>{_infon('type', row['type'])}{concept}"
        f'{_infons(row, _MENTION_INFONS)}<location offset="{row["start"]}" length="{length}"/>'
        f"<text>{_text(row['text'])}</text></annotation>"
    )


def _node(key: str, role: str) -> str:
    return f'<node refid={quoteattr(key)} role="{role}"/>'


@dataclass(frozen=True, slots=True)
class _Passage:
    start: int
    end: int
    heading: str
    mentions: list[Row]


def _passages(document: Document) -> Iterator[_Passage]:
    """The sections, one with the section before it where no lone line feed can part the two."""
    text = document.text
    left = deque(sorted(document.mentions, key=itemgetter("start")))
    opened, heading, inside, last = 0, "", list[Row](), 0
    for section in document.sections:
        start = section["start"]
        while left and left[0]["start"] < start:
            inside.append(left.popleft())
            last = max(last, inside[-1]["end"])
        if not text[opened:start].strip():
            heading = section["heading"]
        elif text[start - 1] == "\n" and last < start:
            yield _Passage(opened, start - 1, heading, inside)
            opened, heading, inside = start, section["heading"], []
    yield _Passage(opened, len(text), heading, [*inside, *left])
