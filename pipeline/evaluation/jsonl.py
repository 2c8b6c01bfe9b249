"""Read JSON lines: a document a line, as our own export and our annotation tools write them.

A line is an object with these keys; others are ignored. Offsets are half-open code points.

=============  =================================================================================
``doc_id``     id of the document
``text``       its text
``entities``   objects with ``entity_id``, ``type``, ``start`` and ``end``; if there, also
               ``text``, ``concept_id`` (CURIEs, a comma between those of a composite mention),
               ``negated`` and ``uncertain``
``relations``  if there: objects with ``type``, ``head_id`` and ``tail_id``; if there, also
               ``negated``
=============  =================================================================================

Negated relations are left out, as the scheme says. The export has a relation for each pair of
concepts; those of the same two mentions are one link.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.errors import GoldError
from pipeline.evaluation.brat import on_one_line, reading_order
from pipeline.evaluation.documents import (
    AnnotatedDocument,
    Mention,
    RelationLink,
    parse_concepts,
)
from pipeline.evaluation.lines import read_lines
from pipeline.evaluation.values import Json, integer, string

_REQUIRED: dict[str, type | tuple[type, ...]] = {
    "doc_id": (str, int),
    "text": str,
    "entities": list,
}


def read_jsonl(path: Path) -> list[AnnotatedDocument]:
    """All documents of a file; what is wrong with them is recorded in their ``problems``.

    The first document tells of lines that are no document.

    Raises
    ------
    GoldError
        If the file cannot be read as UTF-8 or holds no document.
    """
    documents: list[AnnotatedDocument] = []
    lost: list[str] = []
    for number, line in read_lines(path):
        if not line.strip():
            continue
        place = f"{path.name}:{number}"
        try:
            record = _record(line)
        except ValueError as error:
            lost.append(f"{place}: {error}, ignored")
        else:
            documents.append(_Reader(place, record).read())
    if not documents:
        raise GoldError(
            f"{path}: no document there; each line must be a JSON object with "
            f"{', '.join(_REQUIRED)}"
        )
    documents[0].problems[:0] = lost
    return documents


def _record(line: str) -> Json:
    """The object of a line; a ``ValueError`` says why it is no document."""
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        # Without its line number, which is always 1.
        raise ValueError(f"not readable JSON ({error.msg}, character {error.colno})") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not readable JSON ({error})") from error
    if not isinstance(record, dict):
        raise ValueError("not a JSON object")
    missing = [key for key, kind in _REQUIRED.items() if not isinstance(record.get(key), kind)]
    if missing:
        raise ValueError(f"no readable {', '.join(missing)}")
    return record


@dataclass(slots=True)
class _Reader:
    """Reads one document."""

    place: str
    record: Json
    document: AnnotatedDocument = field(init=False)
    mentions: dict[str, Mention] = field(default_factory=dict)

    def read(self) -> AnnotatedDocument:
        self.document = AnnotatedDocument(
            string(self.record, "doc_id"), string(self.record, "text")
        )
        for number, entity in self._objects("entities", "entity"):
            self._entity(number, entity)
        self.document.mentions = sorted(self.mentions.values(), key=reading_order)
        links = [self._link(*item) for item in self._objects("relations", "relation")]
        self.document.relations = list(dict.fromkeys(link for link in links if link))
        return self.document

    def _problem(self, what: str) -> None:
        self.document.problems.append(f"{self.place}: {what}")

    def _objects(self, key: str, name: str) -> list[tuple[int, Json]]:
        """Objects of a list, numbered from 1."""
        value = self.record.get(key)
        if value is not None and not isinstance(value, list):
            self._problem(f"{key} is no list, ignored")
        found = []
        for number, item in enumerate(value if isinstance(value, list) else [], start=1):
            if isinstance(item, dict):
                found.append((number, item))
            else:
                self._problem(f"{name} {number} is no object, ignored")
        return found

    def _entity(self, number: int, entity: Json) -> None:
        key, label = string(entity, "entity_id"), string(entity, "type")
        start, end = integer(entity, "start"), integer(entity, "end")
        if not key or not label or start is None or end is None:
            self._problem(
                f"entity {number} has no readable entity_id, type, start and end, ignored"
            )
        elif key in self.mentions:
            self._problem(f"{key} is defined twice, the second is ignored")
        elif self._fits(key, start, end, string(entity, "text")):
            self.mentions[key] = Mention(
                id=key,
                label=label,
                start=start,
                end=end,
                text=self.document.text[start:end],
                concepts=self._concepts(entity, key),
                negated=self._flag(entity, "negated", key),
                uncertain=self._flag(entity, "uncertain", key),
                source="gold",
            )

    def _fits(self, key: str, start: int, end: int, said: str) -> bool:
        """Tell whether a place lies in the text and has the words that the entity gives, if any."""
        length, found = len(self.document.text), self.document.text[start:end]
        if not start < end <= length:
            self._problem(f"{key} is from {start} to {end}, the text to {length}, ignored")
            return False
        if said and on_one_line(said) != on_one_line(found):
            self._problem(f"{key} says {said!r}, the text has {found!r}, ignored")
            return False
        return True

    def _concepts(self, entity: Json, key: str) -> tuple[frozenset[str], ...]:
        if not isinstance(entity.get("concept_id"), str | None):
            self._problem(f"concept_id of {key} is no text, ignored")
            return ()
        return parse_concepts(string(entity, "concept_id"))

    def _flag(self, record: Json, name: str, key: str) -> bool:
        value: Any = record.get(name)
        if not isinstance(value, bool | None):
            self._problem(f"{name} of {key} is neither true nor false, read as false")
        return value is True

    def _link(self, number: int, relation: Json) -> RelationLink | None:
        """The link of a relation; None where it is negated or cannot be read."""
        kind, head, tail = (string(relation, key) for key in ("type", "head_id", "tail_id"))
        if not kind:
            self._problem(f"relation {number} has no readable type, ignored")
            return None
        if not {head, tail} <= self.mentions.keys():
            self._problem(f"relation {number} is not between two mentions here, ignored")
            return None
        if self._flag(relation, "negated", f"relation {number}"):
            return None
        return RelationLink(kind, head, tail)
