"""Find the layout of an article: headings, paragraphs, list items, table rows, and sections.

Where the article's format names its blocks they are taken (``doc._.layout``), else they are found
in the text alone (plain text and Markdown). A section runs from its heading to the next. Where a
wide gap (two or more blank lines) stands in place of a heading, a section without one begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc, Span

from pipeline.components import attributes
from pipeline.components.lexemes import char_offsets, text_of
from pipeline.records import Block, BlockKind

_LINE = re.compile(r"[^\n\r]+")
_ATX = re.compile(r"\s{0,3}#{1,6}\s+\S")
_SETEXT = re.compile(r"\s{0,3}(=+|-{2,})\s*$")
_ITEM = re.compile(r"\s*(?:[-*+•▪●◦‣·–—]|\(?\d{1,2}[.)]|\(?[a-z][.)])\s+\S")
_ROW = re.compile(r"\s*\||.*\S(?:\t|\s{3,})\S.*(?:\t|\s{3,})\S|[^\t]*\S\t\s*\S")
_FENCE = re.compile(r"\s*\|?[\s|:=-]+$")
_QUESTION = re.compile(
    r"(?:what|who|how|why|when|where|which|can|is|are|does|do|should|will)\b.*\?\s*$", re.I
)
_MAX_HEADING_CHARS = 100
_MAX_HEADING_WORDS = 14
_MAX_ROW_CHARS = 400
# A line this long that does not end a sentence is taken to be wrapped, its next line continues it.
_MIN_WRAPPED_CHARS = 45
# Blank lines that stand in place of a missing heading.
_WIDE_GAP = 2

HEADING: Literal["HEADING"] = "HEADING"
HEADED = "HEADED"
UNHEADED = "UNHEADED"


@dataclass(frozen=True, slots=True)
class TextBlock(Block):
    """A block found in a text, with the blank lines before it."""

    gap: int


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    gap: int
    text: str


def split_blocks(text: str) -> list[TextBlock]:
    r"""Split a text into headings, paragraphs, list items and table rows.

    Examples
    --------
    >>> [b.kind for b in split_blocks("Flu\n\nFlu is common.\n- fever\n- cough")]
    ['HEADING', 'PARAGRAPH', 'ITEM', 'ITEM']
    """
    lines = list(_lines(text))
    blocks: list[TextBlock] = []
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else None
        if _FENCE.match(line.text) and (_SETEXT.match(line.text) or "|" in line.text):
            continue
        kind = _kind(line, following, first=number == 0)
        previous = blocks[-1] if blocks else None
        if previous and kind == "PARAGRAPH" and _continues(lines[number - 1], previous, line):
            blocks[-1] = TextBlock(previous.kind, previous.start, line.end, previous.gap)
        else:
            start = line.start + len(line.text) - len(line.text.lstrip())
            blocks.append(TextBlock(kind, start, line.end, line.gap))
    return blocks


def _lines(text: str) -> Iterator[_Line]:
    """Lines that are not blank, trailing space left out, with the blank lines before each."""
    end = 0
    for match in _LINE.finditer(text):
        line = match.group().rstrip()
        if line.strip():
            between = text[end : match.start()]
            breaks = between.count("\n") or between.count("\r")
            yield _Line(match.start(), match.start() + len(line), max(breaks - 1, 0), line)
            end = match.end()


def _kind(line: _Line, following: _Line | None, *, first: bool) -> BlockKind:
    if _ATX.match(line.text):
        return HEADING
    if following and following.gap == 0 and _SETEXT.match(following.text):
        return HEADING
    if _ITEM.match(line.text):
        return "ITEM"
    if len(line.text) <= _MAX_ROW_CHARS and _ROW.match(line.text):
        return "ROW"
    return HEADING if _is_plain_heading(line, following, first=first) else "PARAGRAPH"


def _is_plain_heading(line: _Line, following: _Line | None, *, first: bool) -> bool:
    """Tell whether a line without mark-up is a heading.

    It stands alone (blank line or start of text before it), is short, begins with a capital or a
    digit, ends no sentence, and something follows it that looks like text.
    """
    text = line.text.strip()
    if following is None or (line.gap == 0 and not first):
        return False
    if len(text) > _MAX_HEADING_CHARS or len(text.split()) > _MAX_HEADING_WORDS:
        return False
    if not (text[0].isupper() or text[0].isdigit()):
        return False
    if text.endswith("?"):
        return bool(_QUESTION.match(text))
    if text[-1] in ".!;,":
        return False
    if text.endswith(":"):
        return len(text.split()) <= 4
    return (
        following.gap > 0
        or len(following.text) > _MIN_WRAPPED_CHARS
        or bool(_ITEM.match(following.text))
    )


def _continues(before: _Line, block: Block, line: _Line) -> bool:
    """Tell whether a line is the rest of a wrapped one."""
    if line.gap or block.kind in ("HEADING", "ROW"):
        return False
    first = line.text.lstrip()[0]
    if first.islower() or line.text.startswith((" ", "\t")):
        return True
    return len(before.text) >= _MIN_WRAPPED_CHARS and before.text[-1] not in ".!?:;"


class Sections:
    """Write blocks to ``doc.spans["blocks"]`` and sections to ``doc.spans["sections"]``."""

    def __call__(self, doc: Doc) -> Doc:
        """Mark the layout of one Doc."""
        offsets = char_offsets(doc)
        blocks: list[Span] = []
        wide: set[int] = set()
        given = attributes.layout_of(doc)
        for block in split_blocks(text_of(doc)) if given is None else given:
            span = _token_span(doc, offsets, block)
            if span is not None:
                blocks.append(span)
                if isinstance(block, TextBlock) and block.gap >= _WIDE_GAP:
                    wide.add(span.start)
        doc.spans[attributes.BLOCKS] = blocks
        doc.spans[attributes.SECTIONS] = list(_sections(doc, blocks, wide))
        return doc


def _token_span(doc: Doc, offsets: NDArray[np.intp], block: Block) -> Span | None:
    """Tokens of a block; none if another block's tokens hold all its characters."""
    first = int(np.searchsorted(offsets, block.start, side="right")) - 1
    last = int(np.searchsorted(offsets[:-1], block.end, side="left"))
    while first < last and doc[first].is_space:
        first += 1
    return Span(doc, first, last, label=block.kind) if first < last else None


def _sections(doc: Doc, blocks: list[Span], wide: set[int]) -> Iterator[Span]:
    starts: list[tuple[int, str]] = []
    for number, block in enumerate(blocks):
        if block.label_ == HEADING:
            starts.append((block.start, HEADED))
        elif number == 0 or (
            block.start in wide
            and block.label_ == "PARAGRAPH"
            and blocks[number - 1].label_ != HEADING
        ):
            starts.append((block.start, UNHEADED))
    for position, (start, label) in enumerate(starts):
        end = starts[position + 1][0] if position + 1 < len(starts) else len(doc)
        yield Span(doc, start, end, label=label)


@Language.factory("symptograph_sections", assigns=["doc.spans"])
def make_sections(nlp: Language, name: str) -> Sections:
    """Make the component that finds headings, blocks and sections."""
    attributes.register()
    return Sections()
