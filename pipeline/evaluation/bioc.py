"""Read BioC collections, XML or JSON, PubTator's among them (Comeau et al. 2013, Database bat064).

The text of a document is that of its passages, a line feed between them, or of their sentences, a
space between them; gaps that the offsets leave are not kept. Offsets should be code points, but
some writers count UTF-8 bytes: where code points do not fit the annotations' own texts and bytes
fit more of them, the whole document is read in bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import iterparse  # type: ignore[import-untyped]

from pipeline.errors import GoldError
from pipeline.evaluation.brat import on_one_line, reading_order
from pipeline.evaluation.documents import AnnotatedDocument, Mention, RelationLink
from pipeline.evaluation.pubtator import link_concepts, parse_ids
from pipeline.evaluation.values import Json, integer, string

Span = tuple[int, int]

# Infons that hold concept ids: a general key, or the vocabulary as the key (BC5CDR, PubTator).
_GENERAL_KEYS = ("identifier", "concept_id", "conceptid", "normalized_id")
_VOCABULARIES = ("mondo", "hp", "hpo", "uberon", "mesh", "omim", "doid", "umls", "snomedct")
_TYPE_KEYS = ("type", "relation")
_FILLED = re.compile(r"\S")
_MAX_UNREADABLE = 1000
_UNREADABLE = (ValueError, ParseError, DefusedXmlException, RecursionError)


def read_bioc(path: Path) -> list[AnnotatedDocument]:
    """All documents of a collection; what is wrong with them is recorded in their ``problems``.

    Raises
    ------
    GoldError
        If the file is not readable XML or JSON, or holds no document.
    """
    try:
        records = list(raw_documents(path.read_bytes()))
    except OSError as error:
        raise GoldError(f"{path}: cannot be read ({error}); check the file") from error
    for record in records:
        if isinstance(record, Exception):
            message = f"{path}: not a readable BioC file ({record}); repair it"
            raise GoldError(message) from record
    if not records:
        raise GoldError(f"{path}: no BioC document there; give a collection with documents")
    return [
        read_document(record, path.name, number).document
        for number, record in enumerate(records, start=1)
        if not isinstance(record, Exception)
    ]


def raw_documents(content: bytes) -> Iterator[Json | Exception]:
    """Documents of a collection as JSON has them; an exception for a part that is unreadable.

    Behind such a part reading goes on only where JSON has a value on each line, and not behind
    very many of them.
    """
    try:
        if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            yield from _xml(content)
        else:
            yield from _json(content.decode("utf-8-sig"))
    except _UNREADABLE as error:
        yield error


def read_document(record: Json, file: str, number: int) -> Parsed:
    """One of the :func:`raw_documents`, the ``number``-th of a file of that name."""
    reader = _Reader(file, record, number)
    return Parsed(reader.read(), reader.passages, _infons(record))


def _json(content: str) -> Iterator[Json | Exception]:
    """Documents of a collection, of a list, or of several values one after another (JSON lines)."""
    decoder = json.JSONDecoder()
    end = unreadable = 0
    while match := _FILLED.search(content, end):
        try:
            value, end = decoder.raw_decode(content, match.start())
            documents = _documents(value)
        except _UNREADABLE as error:
            yield error
            unreadable += 1
            line = content.find("\n{", match.start())
            end = line if line >= 0 and unreadable < _MAX_UNREADABLE else len(content)
        else:
            yield from documents


def _documents(value: Any) -> list[Json]:
    if isinstance(value, list):
        return [document for item in value for document in _documents(item)]
    if not isinstance(value, dict):
        return []
    if "passages" in value:
        return [value]
    # "PubTator3" is the key of PubTator's web service.
    return [d for key in ("documents", "PubTator3") for d in _items(value, key) if "passages" in d]


def _xml(content: bytes) -> Iterator[Json]:
    for _, element in iterparse(BytesIO(content)):
        if element.tag == "document":
            yield _from_element(element)
            element.clear()


def _from_element(element: Element) -> Json:
    """An XML element as the JSON form of BioC has it."""
    record: Json = {**element.attrib, "infons": {}}
    for child in element:
        if child.tag == "infon":
            record["infons"][child.get("key", "")] = child.text or ""
        elif child.tag in ("passage", "sentence", "annotation", "relation", "location", "node"):
            record.setdefault(f"{child.tag}s", []).append(_from_element(child))
        elif child.tag in ("id", "offset", "text"):
            record[child.tag] = child.text or ""
    return record


def _items(record: Json, key: str) -> list[Json]:
    value = record.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _infons(record: Json) -> dict[str, str]:
    """Infons with lower-case keys; a value may be a list of ids."""
    infons = record.get("infons")
    found: dict[str, str] = {}
    for key, value in infons.items() if isinstance(infons, dict) else ():
        values = value if isinstance(value, list) else [value]
        found[str(key).lower()] = ",".join(string({"": v}, "") for v in values)
    return found


def _concepts(infons: dict[str, str]) -> tuple[frozenset[str], ...]:
    for key in _GENERAL_KEYS:
        if infons.get(key):
            return parse_ids(infons[key])
    return parse_ids(",".join(infons.get(key, "") for key in _VOCABULARIES))


def _is_true(infons: dict[str, str], key: str) -> bool:
    """Tell whether an infon says so, as ``negated`` and ``uncertain`` of our export do."""
    return infons.get(key, "").lower() == "true"


@dataclass(frozen=True, slots=True)
class _Segment:
    """A passage or sentence: where the file says it begins, and where it begins in our text."""

    offset: int
    start: int
    text: str

    def locate(self, start: int, end: int, in_bytes: bool) -> Span | None:
        """Offsets of the file as offsets of our text; None where they lie outside or in a byte."""
        first, last = start - self.offset, end - self.offset
        if not in_bytes:
            if not 0 <= first < last <= len(self.text):
                return None
            return self.start + first, self.start + last
        data = self.text.encode()
        if not 0 <= first < last <= len(data):
            return None
        try:
            before, inside = data[:first].decode(), data[first:last].decode()
        except UnicodeDecodeError:
            return None
        return self.start + len(before), self.start + len(before) + len(inside)


@dataclass(frozen=True, slots=True)
class _Annotation:
    record: Json
    home: list[_Segment]  # segments of the passage or sentence that it stands in


@dataclass(frozen=True, slots=True)
class Passage:
    """Where a passage is in the text, and what its infons say of it, their keys in lower case."""

    start: int
    end: int
    infons: dict[str, str]


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document, those of its passages that have text, and its infons, keys in lower case."""

    document: AnnotatedDocument
    passages: list[Passage]
    infons: dict[str, str]


@dataclass(slots=True)
class _Reader:
    """Reads one document."""

    file: str
    record: Json
    number: int
    document: AnnotatedDocument = field(init=False)
    segments: list[_Segment] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)
    annotations: list[_Annotation] = field(default_factory=list)
    relations: list[Json] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)  # ids of mentions

    def read(self) -> AnnotatedDocument:
        name = string(self.record, "id") or f"{self.file}-{self.number}"
        self.document = AnnotatedDocument(name, "")
        for passage in _items(self.record, "passages"):
            self._passage(passage)
        self._collect(self.record, self.segments)
        in_bytes = self._counts_bytes()
        for annotation in self.annotations:
            self._annotate(annotation, in_bytes)
        self.document.mentions.sort(key=reading_order)
        for relation in self.relations:
            self._relate(relation)
        self.document.relations = list(dict.fromkeys(self.document.relations))
        return self.document

    def _problem(self, what: str) -> None:
        self.document.problems.append(f"{self.file}:{self.document.doc_id}: {what}")

    def _passage(self, passage: Json) -> None:
        before = len(self.segments)
        sentences = _items(passage, "sentences")
        if string(passage, "text"):
            self._segment(passage, "\n")
        else:
            for sentence in sentences:
                self._segment(sentence, " " if len(self.segments) > before else "\n")
        home = self.segments[before:]
        if home:
            end = home[-1].start + len(home[-1].text)
            self.passages.append(Passage(home[0].start, end, _infons(passage)))
        for part in (passage, *sentences):
            self._collect(part, home)

    def _segment(self, record: Json, gap: str) -> None:
        text, offset = string(record, "text"), integer(record, "offset")
        if not text:
            return
        if offset is None:
            self._problem("passage or sentence without a readable offset, its annotations are lost")
            offset = 10**9  # behind every offset that can be read
        self.document.text += (gap if self.document.text else "") + text
        self.segments.append(_Segment(offset, len(self.document.text) - len(text), text))

    def _collect(self, record: Json, home: list[_Segment]) -> None:
        self.annotations += [_Annotation(a, home) for a in _items(record, "annotations")]
        self.relations += _items(record, "relations")

    def _counts_bytes(self) -> bool:
        """Tell whether UTF-8 bytes fit more annotations than code points do."""
        if self.document.text.isascii():
            return False
        fits = [sum(self._fits(a, unit) for a in self.annotations) for unit in (False, True)]
        if fits[1] > fits[0]:
            self._problem("offsets are UTF-8 bytes, read as such")
        return fits[1] > fits[0]

    def _fits(self, annotation: _Annotation, in_bytes: bool) -> bool:
        said = string(annotation.record, "text")
        spans = self._spans(annotation, in_bytes)
        return bool(said and spans) and self._shows(spans, said)

    def _spans(self, annotation: _Annotation, in_bytes: bool) -> list[Span]:
        """Its locations in our text; empty where one of them cannot be read."""
        spans: list[Span] = []
        for location in _items(annotation.record, "locations"):
            start, length = integer(location, "offset"), integer(location, "length")
            if start is None or length is None:
                return []
            # Its own passage first: in some files every passage begins at 0.
            places = (
                segment.locate(start, start + length, in_bytes)
                for segment in (*annotation.home, *self.segments)
            )
            span = next((place for place in places if place), None)
            if span is None:
                return []
            spans.append(span)
        return spans

    def _shows(self, spans: list[Span], said: str) -> bool:
        """Tell whether the spans, or what they cover, are the text that the annotation gives."""
        text = self.document.text
        parts = " ".join(text[start:end] for start, end in spans)
        start, end = _cover(spans)
        return on_one_line(said) in (on_one_line(parts), on_one_line(text[start:end]))

    def _annotate(self, annotation: _Annotation, in_bytes: bool) -> None:
        key, infons = string(annotation.record, "id"), _infons(annotation.record)
        said, label = string(annotation.record, "text"), infons.get("type", "")
        spans = self._spans(annotation, in_bytes)
        shown = f"annotation {key!r}"
        if not spans or not label:
            self._problem(f"{shown} has no {'type' if spans else 'readable location'}, ignored")
            return
        start, end = _cover(spans)
        covered = self.document.text[start:end]
        if said and not self._shows(spans, said):
            self._problem(f"{shown} says {said!r}, the text has {covered!r}, ignored")
            return
        if len(spans) > 1:
            self._problem(f"{shown} is discontinuous, read as the covering span {covered!r}")
        self.document.mentions.append(
            Mention(
                id=self._free_id(key),
                label=label,
                start=start,
                end=end,
                text=covered,
                concepts=_concepts(infons),
                negated=_is_true(infons, "negated"),
                uncertain=_is_true(infons, "uncertain"),
                source="gold",
            )
        )

    def _free_id(self, key: str) -> str:
        fresh = key
        if not key or key in self.taken:
            numbers = count(len(self.taken) + 1)
            fresh = next(name for n in numbers if (name := f"T{n}") not in self.taken)
        self.taken.add(fresh)
        if key and fresh != key:
            self._problem(f"annotation {key!r} is defined twice, the second is read as {fresh}")
        return fresh

    def _relate(self, relation: Json) -> None:
        infons = _infons(relation)
        kind = next((infons[key] for key in _TYPE_KEYS if infons.get(key)), "")
        nodes = [string(node, "refid") for node in _items(relation, "nodes")]
        ids = [value for key, value in infons.items() if key not in _TYPE_KEYS]
        links: list[RelationLink] = []
        if len(nodes) == 2 and set(nodes) <= self.taken:
            links = [RelationLink(kind, *nodes)]
        elif not nodes and len(ids) == 2:
            # BC5CDR: the relation holds between two concepts, which are its other infons.
            links = link_concepts(kind, ids[0], ids[1], self.document.mentions)
        if not kind or not links:
            self._problem(
                f"relation {string(relation, 'id')!r} is not between two mentions here, ignored"
            )
            return
        self.document.relations += links


def _cover(spans: list[Span]) -> Span:
    return min(start for start, _ in spans), max(end for _, end in spans)
