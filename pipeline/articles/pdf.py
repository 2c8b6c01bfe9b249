"""Read the text of PDF files: without running headers, footers and page numbers, in paragraphs."""

from __future__ import annotations

import logging
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from statistics import median
from typing import Any

from pipeline.articles.content import Content, TextBuilder, too_long
from pipeline.errors import ArticleError
from pipeline.records import BlockKind

# Far more than a page of text needs; pypdf's own limits let one page take minutes.
_MAX_STREAM_BYTES = 10_000_000
_MAX_BYTES_IN_ALL = 50_000_000
_MAX_DRAWN = 300_000
_MAX_DRAWN_IN_ALL = 1_500_000
_MAX_PAGES = 5_000
_MAX_TITLE_CHARS = 300

# Lines at the top and at the bottom of a page that may be its running header and footer.
_EDGE = 3
# Left and right pages often have different ones.
_REPEATED_SHARE = 0.4
_MIN_NUMBERED = 3
_MAX_EDGE_CHARS = 150
# Such a line stands so many times the size of its letters apart from the text.
_APART = 1.6
_PAGE_NUMBER = re.compile(
    r"(?:page|p\.|seite)?\s*[-–—|]?\s*(?:\d{1,4}|[ivxl]{1,6})\s*[-–—|]?(?:\s*(?:of|/|von)\s*\d{1,4})?",
    re.I,
)
_OUTER_NUMBER = re.compile(r"(\d{1,4})\b.*|.*\b(\d{1,4})")
# "Symptoms . . . . . . 12" in a table of contents.
_LEADER = re.compile(r".*(?:\.\s?){4,}\s*(?:\d{1,4}|[ivxl]+)?")
_BAD = re.compile("[\0\ud800-\udfff]")

_BULLET = re.compile(
    r"(?:[•●▪◦‣■□–\uf0b7\uf0a7·*-]|\(?\d{1,2}[.)]|\(?[a-z][.)])\s+(?=\S)|[•●▪◦‣■□\uf0b7\uf0a7]\s*(?=\S)"
)
_LONE_BULLET = re.compile(r"[•●▪◦‣■□\uf0b7\uf0a7·]")
_CLOSERS = "\"'”’)]"
_BOLD = re.compile(r"bold|black|heavy|semibd", re.I)
# How much wider than usual the space above a line must be to begin a paragraph.
_GAP = 1.25
_LARGER = 1.12
_INDENT = 6.0
# A line so much shorter than the page's full lines ends its paragraph.
_SHORT_SHARE = 0.75
_MAX_HEADING_CHARS = 120
_MAX_HEADING_WORDS = 14
_BROKEN = re.compile(r"\b(\w{1,40})[-\u2010\u00ad]$")
_WORD = re.compile(r"\w+(?:-\w+)*")
_FIRST = re.compile(r"\w+")
# Before a hyphen these begin words of their own: "self-care", "long-term".
_PREFIXES = re.compile(
    r"self|non|long|short|well|high|low|anti|co|ex|half|mid|over|post|pre|semi|cross|x|one|two|three"
    r"|four|five|six|first|second|third|full|part|year|life|follow"
)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a page; ``x`` and ``y`` are where it begins, upwards from the bottom."""

    text: str
    x: float = 0.0
    y: float = 0.0
    size: float = 0.0
    bold: bool = False


def read_pdf(data: bytes, name: str, max_chars: int) -> Content:
    """Read the text of a PDF file.

    Raises
    ------
    ArticleError
        If it is damaged, needs a password, has no text, or more than ``max_chars`` characters.
    """
    try:
        import pypdf
    except ImportError as error:
        raise ArticleError(
            f"{name}: reading PDF files needs an extra package; pip install 'symptograph[pdf]'"
        ) from error
    if not data.strip():
        return Content("")
    try:
        with _limited():
            reader = pypdf.PdfReader(BytesIO(data))
            _unlock(reader, name)
            pages = _pages(reader, name, max_chars)
            title, metadata = _metadata(reader)
    except ArticleError:
        raise
    except pypdf.errors.DependencyError as error:
        raise ArticleError(
            f"{name}: the file is encrypted; save it without, or pip install cryptography"
        ) from error
    except pypdf.errors.LimitReachedError as error:
        raise ArticleError(f"{name}: unpacks to more than a text can need; split it") from error
    except (Exception, RecursionError, MemoryError) as error:
        raise ArticleError(
            f"{name}: a damaged PDF file ({type(error).__name__}); copy it anew or print it anew"
        ) from error
    if not any(pages):
        raise ArticleError(
            f"{name}: the PDF has no text layer, only pictures; recognise its text (OCR) first"
        )
    return _content(pages, title, metadata, name, max_chars)


@contextmanager
def _limited() -> Iterator[None]:
    """Keep pypdf quiet, and from working for minutes at a file that is made for it."""
    from pypdf import Configuration, apply_configuration

    logger = logging.getLogger("pypdf")
    level = logger.level
    limits = Configuration(
        zlib_maximum_output_length=_MAX_STREAM_BYTES,
        lzw_maximum_output_length=_MAX_STREAM_BYTES,
        run_length_maximum_output_length=_MAX_STREAM_BYTES,
        array_based_stream_maximum_output_length=_MAX_STREAM_BYTES,
        stream_parsing_work_maximum_count=_MAX_DRAWN,
        page_tree_maximum_entries=2 * _MAX_PAGES,
        xform_maximum_invocations_per_extraction=500,
    )
    try:
        logger.setLevel(logging.CRITICAL + 1)
        with warnings.catch_warnings(), apply_configuration(limits):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _unlock(reader: Any, name: str) -> None:
    """Open a file that is encrypted without a password, as many are against copying."""
    if reader.is_encrypted and not reader.decrypt(""):
        raise ArticleError(f"{name}: needs a password; save it without one")


def _metadata(reader: Any) -> tuple[str, dict[str, str]]:
    """What the file says of itself; nothing of it where that is damaged."""
    try:
        info = reader.metadata or {}
        given = {
            "author": str(info.get("/Author") or ""),
            "description": str(info.get("/Subject") or ""),
            "keywords": str(info.get("/Keywords") or ""),
            "language": str(reader.root_object.get("/Lang") or ""),
        }
        title = str(info.get("/Title") or "")
        created = getattr(info, "creation_date", None)
        given["date"] = created.date().isoformat() if created else ""
    except Exception:
        return "", {}
    # Printing leaves the name of the file or of the program there.
    if re.search(
        r"\.(?:docx?|pdf|indd|html?|tex|qxd)$|^(?:microsoft word|untitled)\b", title, re.I
    ):
        title = ""
    clean = {key: _BAD.sub("\ufffd", value) for key, value in given.items() if value.strip()}
    return _BAD.sub("\ufffd", title)[:_MAX_TITLE_CHARS], clean


# ---------------------------------------------------------------------------------- pages to lines


def _pages(reader: Any, name: str, max_chars: int) -> list[list[_Line]]:
    pages: list[list[_Line]] = []
    size = drawn = unpacked = 0
    for page in reader.pages:
        unpacked += _unpacked(page)
        if drawn > _MAX_DRAWN_IN_ALL or unpacked > _MAX_BYTES_IN_ALL or len(pages) >= _MAX_PAGES:
            raise ArticleError(f"{name}: draws more than a text can need; split it")
        gatherer = _Gatherer()
        page.extract_text(visitor_text=gatherer.text, visitor_operand_before=gatherer.count)
        pages.append(list(gatherer.lines()))
        drawn += gatherer.drawn
        size += sum(len(line.text) for line in pages[-1])
        if size > 2 * max_chars:
            raise too_long(name, size, max_chars)
    return pages


def _unpacked(page: Any) -> int:
    """Bytes of what a page draws, which may be the same for all pages of a hostile file."""
    contents = page.get("/Contents")
    contents = contents.get_object() if contents is not None else None
    streams = contents if isinstance(contents, list) else [contents]
    return sum(
        len(stream.get_data())
        for stream in (part.get_object() for part in streams if part is not None)
        if hasattr(stream, "get_data")
    )


class _Gatherer:
    """Takes what pypdf reads of a page, and where it stands."""

    def __init__(self) -> None:
        self._parts: list[_Line] = []
        self.drawn = 0

    def count(self, *_: Any) -> None:
        self.drawn += 1

    def text(self, text: str, page: Any, place: Any, font: Any, size: Any) -> None:
        if not text:
            return
        x = place[4] * page[0] + place[5] * page[2] + page[4]
        y = place[4] * page[1] + place[5] * page[3] + page[5]
        scale = abs(place[3] * page[3]) or abs(place[1] * page[1]) or 1.0
        bold = bool(font and _BOLD.search(str(font.get("/BaseFont", ""))))
        self._parts.append(_Line(_BAD.sub("\ufffd", text), x, y, round(size * scale, 1), bold))

    def lines(self) -> Iterator[_Line]:
        line: list[_Line] = []
        for part in self._parts:
            first, *rest = part.text.split("\n")
            line.append(replace(part, text=first))
            for text in rest:
                yield from _line(line)
                line = [replace(part, text=text)]
        yield from _line(line)


def _line(parts: list[_Line]) -> Iterator[_Line]:
    text = " ".join("".join(part.text for part in parts).split())
    if not text or _LEADER.fullmatch(text):
        return
    shown = [part for part in parts if part.text.strip()]
    # The longest part speaks for the line; a bullet may be of another font.
    main = max(shown, key=lambda part: len(part.text))
    bold = all(part.bold for part in shown if not _LONE_BULLET.fullmatch(part.text.strip()))
    yield _Line(text, shown[0].x, main.y, main.size, bold)


def _without_edges(pages: list[list[_Line]]) -> list[list[_Line]]:
    """Leave out running headers, footers and page numbers."""
    pages = [page for page in pages if page]
    counts: Counter[tuple[bool, str]] = Counter()
    sizes: dict[str, list[float]] = {}
    for page in pages:
        for top, lines in ((True, page[:_EDGE]), (False, page[-_EDGE:])):
            counts.update({(top, _edge_key(line)) for line in lines})
            for line in lines:
                sizes.setdefault(_edge_key(line), []).append(line.size)
    needed = max(2, _REPEATED_SHARE * len(pages))
    usual = {key: median(values) for key, values in sizes.items()}
    numbered = _numbered(pages)

    def is_edge(line: _Line, top: bool) -> bool:
        key = _edge_key(line)
        if _PAGE_NUMBER.fullmatch(line.text) or line in numbered:
            return True
        # The title of the first page is often the header of the others, but larger.
        return (
            counts[top, key] >= needed
            and len(line.text) <= _MAX_EDGE_CHARS
            and line.size <= usual[key] * _LARGER
        )

    return [_trimmed(page, is_edge) for page in pages]


def _numbered(pages: list[list[_Line]]) -> set[_Line]:
    """Outermost lines with a number that counts the pages: "Chapter 2: Signs 17"."""
    found: dict[int, set[_Line]] = {}
    for number, page in enumerate(pages):
        for line in {page[0], page[-1]}:
            match = _OUTER_NUMBER.fullmatch(line.text)
            if match and len(line.text) <= _MAX_EDGE_CHARS:
                for outer in match.groups():
                    if outer:
                        found.setdefault(int(outer) - number, set()).add(line)
    needed = max(_MIN_NUMBERED, _REPEATED_SHARE * len(pages))
    return {line for lines in found.values() if len(lines) >= needed for line in lines}


def _trimmed(page: list[_Line], is_edge: Callable[[_Line, bool], bool]) -> list[_Line]:
    first, last = 0, len(page)
    while first < min(_EDGE, last) and is_edge(page[first], True):
        first += 1
    while last > max(first, len(page) - _EDGE) and is_edge(page[last - 1], False):
        last -= 1
    # Lines of the text may be the same on two pages too, but have no gap below or above them.
    first = min(first, len(page) - 1)
    while first > 0 and not _is_apart(page[first - 1], page[first]):
        first -= 1
    last = max(last, 1)
    while last < len(page) and not _is_apart(page[last], page[last - 1]):
        last += 1
    if last - first == 1 and (is_edge(page[first], True) or is_edge(page[first], False)):
        return []
    return page[first:last]


def _is_apart(edge: _Line, inner: _Line) -> bool:
    return abs(edge.y - inner.y) > _APART * max(edge.size, inner.size)


def _edge_key(line: _Line) -> str:
    return line.text.casefold()


# --------------------------------------------------------------------------------- lines to blocks


@dataclass(slots=True)
class _Draft:
    kind: BlockKind
    lines: list[_Line]


def _content(
    pages: list[list[_Line]], title: str, metadata: dict[str, str], name: str, max_chars: int
) -> Content:
    pages = _without_edges(pages)
    drafts = list(_drafts(pages))
    known = Counter(
        word.lower() for page in pages for line in page for word in _WORD.findall(line.text)
    )
    text = TextBuilder()
    for draft in drafts:
        text.add(draft.kind, _joined([line.text for line in draft.lines], known))
        if len(text) > max_chars:
            raise too_long(name, len(text), max_chars)
    return text.content(title, metadata)


def _drafts(pages: list[list[_Line]]) -> Iterator[_Draft]:
    layout = _Layout([line for page in pages for line in page], pages)
    draft: _Draft | None = None
    for page in pages:
        before: _Line | None = None
        for line in page:
            if draft is not None and layout.goes_on(draft, line, before):
                draft.lines.append(line)
            else:
                if draft is not None:
                    yield layout.finished(draft, line)
                draft = layout.begun(line)
            before = line
    if draft is not None:
        yield layout.finished(draft, None)


class _Layout:
    """What is usual in a file: the size of its letters, the space and the length of its lines."""

    def __init__(self, lines: list[_Line], pages: list[list[_Line]]) -> None:
        sizes: Counter[float] = Counter()
        for line in lines:
            sizes[line.size] += len(line.text)
        # The size that most letters have; of two, the smaller.
        self._size = max(sizes, key=lambda size: (sizes[size], -size)) if sizes else 0.0
        steps: Counter[float] = Counter()
        for page in pages:
            for one, other in zip(page, page[1:], strict=False):
                if one.size == other.size == self._size and 0 < one.y - other.y < 4 * self._size:
                    steps[round(one.y - other.y, 1)] += 1
        # The smallest of the usual steps is that within a paragraph.
        common = [step for step, count in steps.items() if count * 4 >= max(steps.values())]
        self._step = min(common) if common else 1.2 * self._size
        lengths = sorted(len(line.text) for line in lines)
        self._full = lengths[int(0.9 * (len(lengths) - 1))] if lengths else 0
        self._bold = sum(len(line.text) for line in lines if line.bold) * 2 > sum(lengths)

    def begun(self, line: _Line) -> _Draft:
        match = _BULLET.match(line.text)
        if match and not self._stands_out(line):
            return _Draft("ITEM", [replace(line, text=line.text[match.end() :])])
        return _Draft("ITEM" if _LONE_BULLET.fullmatch(line.text) else "PARAGRAPH", [line])

    def goes_on(self, draft: _Draft, line: _Line, before: _Line | None) -> bool:
        """Tell whether a line belongs to the block so far; ``before`` is on the same page."""
        last = draft.lines[-1]
        if draft.kind == "ITEM" and _LONE_BULLET.fullmatch(last.text):
            return True
        if self._stands_out(line) != self._stands_out(last):
            return False
        # Code amid a paragraph may be smaller, but no note below it goes on with it.
        is_other = abs(line.size - last.size) > 0.6
        if is_other and (self._stands_out(line) or _is_ended(last.text)):
            return False
        if before is None or line.y > last.y + self._size:
            return self._goes_over(draft, line)
        if _BULLET.match(line.text) or _LONE_BULLET.fullmatch(line.text):
            return False
        scale = max(1.0, last.size / self._size) if self._size else 1.0
        if last.y - line.y > _GAP * self._step * scale:
            return False
        if draft.kind == "ITEM":
            return line.x > draft.lines[0].x + 1 or not _is_ended(last.text)
        if not _is_ended(last.text):
            return True
        is_indented = line.x > last.x + _INDENT and len(draft.lines) > 1
        return not is_indented and len(last.text) >= _SHORT_SHARE * self._full

    def _goes_over(self, draft: _Draft, line: _Line) -> bool:
        """Tell whether a block goes on over the end of a page or column."""
        last = draft.lines[-1]
        if self._stands_out(last) or _BULLET.match(line.text) or _is_ended(last.text):
            return False
        is_full = len(last.text) >= _SHORT_SHARE * self._full
        return line.text[0].islower() or (is_full and len(draft.lines) > 1)

    def finished(self, draft: _Draft, following: _Line | None) -> _Draft:
        if draft.kind == "PARAGRAPH" and following is not None and self._is_heading(draft):
            draft.kind = "HEADING"
        return draft

    def _is_heading(self, draft: _Draft) -> bool:
        text = " ".join(line.text for line in draft.lines)
        if len(text) > _MAX_HEADING_CHARS or len(text.split()) > _MAX_HEADING_WORDS:
            return False
        if not any(char.isalpha() for char in text) or text[-1] in ".!;,":
            return False
        if self._stands_out(draft.lines[0]):
            return True
        alone = len(draft.lines) == 1 and (text[0].isupper() or text[0].isdigit())
        return alone and text[-1] not in ":" and len(text) < _SHORT_SHARE * max(self._full, 60)

    def _stands_out(self, line: _Line) -> bool:
        return line.size > self._size * _LARGER or (line.bold and not self._bold)


def _is_ended(text: str) -> bool:
    return text.rstrip(_CLOSERS).endswith((".", "!", "?", ":"))


def _joined(lines: list[str], known: Counter[str]) -> str:
    """Lines as one text, the words that a line end breaks made whole."""
    parts: list[str] = []
    for line in lines:
        if _LONE_BULLET.fullmatch(line):
            continue
        match = _BROKEN.search(parts[-1]) if parts else None
        after = _FIRST.match(line)
        if match and after and line[0].islower():
            is_own = _keeps_hyphen(match[1].lower(), after[0].lower(), known)
            parts[-1] = parts[-1][:-1] + ("-" if is_own else "")
        elif parts and not (match and after):
            parts.append(" ")
        parts.append(line)
    return "".join(parts).replace("\u00ad", "")


def _keeps_hyphen(left: str, right: str, known: Counter[str]) -> bool:
    """Tell whether the hyphen at a line's end is the word's own, by the file's other words."""
    whole, hyphened = known[left + right], known[f"{left}-{right}"]
    return hyphened > whole if whole or hyphened else bool(_PREFIXES.fullmatch(left))
