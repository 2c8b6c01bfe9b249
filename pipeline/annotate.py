"""Annotate one article, of any length, and turn it into rows.

An article is one Doc unless it is longer than a window. Then it is cut where sections begin (or
blocks, sentences, words, where those are longer than a window) and each part is a Doc, so that
memory does not grow with the length. Before every part but the first stand, as context whose rows
are left out, the article's opening and the abbreviations that the parts before have expanded.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
from spacy.language import Language
from spacy.tokens import Doc

from pipeline.components import attributes
from pipeline.components.lexemes import sentence_starts
from pipeline.components.sections import HEADING, split_blocks
from pipeline.records import Article, Block, layout_text, text_digest
from pipeline.tables.rows import Rows, rows_of
from pipeline.tables.schema import TABLES
from pipeline.tables.writer import as_table
from pipeline.terminology.index import TermIndex

_MAX_OPENING, _MAX_DEFINITIONS = 1_500, 3_000
_GAP = "\n\n"
_SENTENCE_END = re.compile(r"[.!?]\s+")
_SPACE = re.compile(r"\s+")
_Record = dict[str, Any]


def make_doc(nlp: Language, article: Article) -> Doc:
    """The annotated Doc of an article that fits a window, its format's layout and title known."""
    doc = nlp.make_doc(article.text)
    attributes.register()
    if article.blocks:
        doc._.layout = [[b.kind, b.start, b.end] for b in article.blocks]
    doc._.title = article.title or None
    return nlp(doc)


def annotate(
    article: Article, nlp: Language, index: TermIndex | None, window: int
) -> dict[str, pa.Table]:
    """Rows of an article, by table.

    Parameters
    ----------
    window
        Characters that are one Doc at most.
    """
    if len(article.text) <= window:
        rows = rows_of(article, make_doc(nlp, article), index)
        return {name: as_table(name, table) for name, table in rows.items()}
    whole = _Whole(article)
    context = ""
    for start, end in _windows(article, window):
        part = _Part(article, start, end, context)
        doc = make_doc(nlp, part.article)
        whole.add(part, doc, rows_of(part.article, doc, index))
        context = whole.context()
    return whole.tables()


def part_around(article: Article, place: int, window: int) -> tuple[Article, int]:
    """The part of an article that is annotated with a place in it, and where it begins."""
    if len(article.text) <= window:
        return article, 0
    start, end = next((s, e) for s, e in _windows(article, window) if place < e)
    return _Part(article, start, end, "").article, start


def _windows(article: Article, window: int) -> Iterator[tuple[int, int]]:
    """Where an article is cut."""
    text = article.text
    blocks: Iterable[Block] = article.blocks or split_blocks(text)
    cuts = [(b.start, b.kind == HEADING) for b in blocks]
    sections = [start for start, opens in cuts if opens]
    places = [start for start, _ in cuts]
    start = 0
    while len(text) - start > window:
        limit = start + window
        # A part of less than half a window for the sake of a heading costs more than it gives.
        least = start + window // 2
        end = (
            _last(sections, least, limit)
            or _last(places, least, limit)
            or _last((m.end() for m in _SENTENCE_END.finditer(text, least, limit)), least, limit)
            or _last((m.end() for m in _SPACE.finditer(text, least, limit)), least, limit)
            or limit
        )
        yield start, end
        start = end
    yield start, len(text)


def _last(places: Iterable[int], least: int, limit: int) -> int | None:
    return max((place for place in places if least < place <= limit), default=None)


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of an article with the context before it, as an article of its own."""

    whole: Article
    start: int
    end: int
    context: str

    @property
    def shift(self) -> int:
        """What offsets in the part have to be moved by."""
        return self.start - len(self.context)

    @property
    def article(self) -> Article:
        """The part as an article of its own."""
        blocks: list[Block] = []
        if self.whole.blocks:
            blocks = [Block(b.kind, b.start, b.end) for b in split_blocks(self.context)]
            blocks += [
                Block(
                    b.kind, max(b.start, self.start) - self.shift, min(b.end, self.end) - self.shift
                )
                for b in self.whole.blocks
                if b.start < self.end and b.end > self.start
            ]
        text = self.context + self.whole.text[self.start : self.end]
        return replace(self.whole, text=text, blocks=tuple(blocks))


class _Whole:
    """Rows of an article put together from those of its parts.

    The rows of a part are packed as soon as they are known, since a very long article may have
    millions of them.
    """

    def __init__(self, article: Article) -> None:
        self._article = article
        self._packed: dict[str, list[pa.Table]] = {}
        self._counts: Counter[str] = Counter()
        self._document: _Record = {}
        self._sections: list[_Record] = []
        self._definitions: dict[str, str] = {}
        self._opening = ""
        # Mentions of the opening, which every part sees again, by where they are.
        self._opened: dict[tuple[int, int, str], str] = {}

    def add(self, part: _Part, doc: Doc, rows: Rows) -> None:
        """Take the rows of the next part, those of its context left out."""
        records = {
            name: [dict(zip(TABLES[name].names, row, strict=True)) for row in table]
            for name, table in rows.items()
        }
        (document,) = records["documents"]
        if not part.start:
            self._document, self._sections = document, records["sections"]
            self._opening = _opening(part.article)
            end = len(self._opening)
            self._opened = {
                _place(e): e["entity_id"] for e in records["entities"] if e["end"] <= end
            }
            self._pack("entities", records["entities"])
            self._pack("links", records["links"])
            self._pack("relations", records["relations"])
        else:
            n_before = len(part.context)
            starts = [doc[token].idx for token in sentence_starts(doc)]
            n_context = sum(start < n_before for start in starts)
            section = self._add_sections(part, records["sections"])
            ids = self._add_entities(part, records["entities"], n_context, section)
            self._add_links(records["links"], ids)
            self._add_relations(part, records["relations"], ids)
            self._document["n_sentences"] += len(starts) - n_context
            self._document["n_tokens"] += sum(token.idx >= n_before for token in doc)
        for found in doc._.abbreviations:
            self._definitions.setdefault(found["short_text"], found["long_text"])

    def context(self) -> str:
        """What stands before the next part."""
        lines = [f"{long} ({short})." for short, long in self._definitions.items()]
        size = 0
        for number, line in enumerate(lines):
            size += len(line) + 1
            if size > _MAX_DEFINITIONS:
                del lines[number:]
                break
        return "".join(text + _GAP for text in (self._opening, "\n".join(lines)) if text)

    def tables(self) -> dict[str, pa.Table]:
        """Rows of the whole article."""
        article = self._article
        self._document |= {
            "n_chars": len(article.text),
            "n_entities": self._counts["entities"],
            "sha256": article.sha256 or text_digest(article.text),
            "text": article.text,
            "layout": layout_text(article),
        }
        self._pack("documents", [self._document])
        self._pack("sections", self._sections)
        return {
            name: pa.concat_tables([TABLES[name].empty_table(), *parts])
            for name, parts in self._packed.items()
        }

    def _pack(self, name: str, records: list[_Record]) -> None:
        self._counts[name] += len(records)
        self._packed.setdefault(name, []).append(
            as_table(name, [tuple(record.values()) for record in records])
        )

    def _add_sections(self, part: _Part, sections: list[_Record]) -> dict[int, int]:
        """Number in the whole article of each of a part's sections."""
        kept = self._sections
        numbers = {}
        for row in sections:
            if row["start"] + part.shift >= part.start:
                numbers[row["section"]] = row["section"] = len(kept)
                kept.append(_moved(row, part.shift, "start", "end"))
            else:
                # The section that the cut went through goes on; one of the context ends before it.
                numbers[row["section"]] = len(kept) - 1
                kept[-1]["end"] = max(kept[-1]["end"], row["end"] + part.shift)
        return numbers

    def _add_entities(
        self, part: _Part, entities: list[_Record], n_context: int, section: dict[int, int]
    ) -> dict[str, str]:
        """Id in the whole article of each of a part's mentions, of the opening's too."""
        kept: list[_Record] = []
        ids: dict[str, str] = {}
        for row in entities:
            if row["start"] < len(part.context):
                if _place(row) in self._opened:
                    ids[row["entity_id"]] = self._opened[_place(row)]
                continue
            number = self._counts["entities"] + len(kept) + 1
            ids[row["entity_id"]] = row["entity_id"] = f"T{number}"
            row["sentence"] += self._document["n_sentences"] - n_context
            row["section"] = section.get(row["section"], 0)
            kept.append(_moved(row, part.shift, "start", "end", "cue_start", "cue_end"))
        self._pack("entities", kept)
        return ids

    def _add_links(self, links: list[_Record], ids: dict[str, str]) -> None:
        opened = set(self._opened.values())
        kept = []
        for row in links:
            row["entity_id"] = ids.get(row["entity_id"])
            if row["entity_id"] and row["entity_id"] not in opened:
                kept.append(row)
        self._pack("links", kept)

    def _add_relations(self, part: _Part, relations: list[_Record], ids: dict[str, str]) -> None:
        kept: list[_Record] = []
        for row in relations:
            row["head_id"], row["tail_id"] = ids.get(row["head_id"]), ids.get(row["tail_id"])
            if row["head_id"] and row["tail_id"] and row["evidence_end"] > len(part.context):
                row["relation_id"] = f"R{self._counts['relations'] + len(kept) + 1}"
                kept.append(_moved(row, part.shift, "evidence_start", "evidence_end"))
        self._pack("relations", kept)


def _moved(row: _Record, shift: int, *columns: str) -> _Record:
    for column in columns:
        if row[column] is not None:
            row[column] += shift
    return row


def _place(entity: _Record) -> tuple[int, int, str]:
    return entity["start"], entity["end"], entity["type"]


def _opening(article: Article) -> str:
    """The blocks that an article begins with, a few sentences' worth."""
    blocks: Iterable[Block] = article.blocks or split_blocks(article.text)
    end = max((b.end for b in blocks if b.end <= _MAX_OPENING), default=0)
    return article.text[:end]
