"""Read Word documents (.docx): their headings, paragraphs, lists and tables."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from pipeline.articles.content import Content, TextBuilder, too_long
from pipeline.errors import ArticleError
from pipeline.records import BlockKind

_OLE = b"\xd0\xcf\x11\xe0"
_MAIN_PART = "word/document.xml"
# A page of text is a few kilobytes of XML; pictures are not unpacked, but count all the same.
_MAX_BYTES = 200_000_000
_MAX_XML_BYTES_PER_CHAR = 200
_MIN_XML_BYTES = 20_000_000
_CHUNK = 1 << 16
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_HEADING = re.compile(r"(?:heading ?[1-9]|title)", re.I)
_LIST = re.compile(r"list(?!\s*continue)\b.*", re.I)
# Outline levels 0 to 8 are headings; 9 is the text.
_TEXT_LEVEL = 9
_MAX_BASES = 20
_LEFT_OUT = frozenset(
    f"{_W}{tag}" for tag in ("del", "moveFrom", "txbxContent", "pict", "drawing", "object")
)
_BAD = re.compile("[\0\ud800-\udfff]")


def read_docx(data: bytes, name: str, max_chars: int) -> Content:
    """Read a Word document.

    Raises
    ------
    ArticleError
        If it is damaged, no .docx, packed to do harm, or has more than ``max_chars`` characters.
    """
    if data.startswith(_OLE):
        raise ArticleError(
            f"{name}: an old .doc or password-protected file; save it as .docx without a password"
        )
    try:
        from docx import Document
    except ImportError as error:
        raise ArticleError(
            f"{name}: reading Word files needs an extra package; pip install 'symptograph[docx]'"
        ) from error
    try:
        _check_zip(data, name, max_chars)
        return _content(Document(BytesIO(data)), name, max_chars)
    except ArticleError:
        raise
    except (Exception, RecursionError, MemoryError) as error:
        raise ArticleError(
            f"{name}: a damaged .docx file ({type(error).__name__}); save it anew in Word"
        ) from error


def _check_zip(data: bytes, name: str, max_chars: int) -> None:
    """Refuse what is no Word file, or unpacks to far more than a text can need.

    What the zip says of its sizes may be a lie, so its parts are unpacked to see.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            parts = archive.infolist()
            if _MAIN_PART not in (part.filename for part in parts):
                raise ArticleError(f"{name}: a zip file, but no Word document; save it as .docx")
            limits = [_MAX_BYTES, max(_MIN_XML_BYTES, _MAX_XML_BYTES_PER_CHAR * max_chars)]
            if sum(part.file_size for part in parts) > _MAX_BYTES:
                raise _bomb(name)
            sizes = [0, 0]
            for part in parts:
                is_xml = part.filename.endswith((".xml", ".rels"))
                with archive.open(part) as stream:
                    while piece := stream.read(_CHUNK):
                        sizes[0] += len(piece)
                        sizes[1] += len(piece) * is_xml
                        if sizes[0] > limits[0] or sizes[1] > limits[1]:
                            raise _bomb(name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise ArticleError(
            f"{name}: a damaged .docx file ({error}); copy it anew or save it anew in Word"
        ) from error


def _bomb(name: str) -> ArticleError:
    return ArticleError(f"{name}: unpacks to more than a text can need; leave out its pictures")


def _content(document: Any, name: str, max_chars: int) -> Content:
    text = TextBuilder()
    for kind, part in _blocks(document):
        text.add(kind, _BAD.sub("\ufffd", part))
        if len(text) > max_chars:
            raise too_long(name, len(text), max_chars)
    title, metadata = _metadata(document)
    return text.content(title, metadata)


def _metadata(document: Any) -> tuple[str, dict[str, str]]:
    core = document.core_properties
    given: dict[str, str] = {}
    for key in ("author", "keywords", "language"):
        given[key] = str(getattr(core, key) or "")
    # What Word calls the subject or the comments of a file describes it.
    given["description"] = str(core.subject or core.comments or "")
    try:
        given["date"] = core.created.date().isoformat() if core.created else ""
    except ValueError:
        given["date"] = ""
    # The name of the library, which it writes into files made with it.
    given = {key: value for key, value in given.items() if value and "python-docx" not in value}
    return str(core.title or ""), given


def _blocks(document: Any) -> Iterator[tuple[BlockKind, str]]:
    """Paragraphs and table rows in the order of the document."""
    styles = _Styles(document)
    # Content controls (tables of contents, forms) wrap their paragraphs.
    for element in _inner(document.element.body):
        if element.tag == f"{_W}p":
            yield from _paragraph(element, styles)
        else:
            for row in _inner(element, f"{_W}tr"):
                cells = [_cell(cell) for cell in _inner(row, f"{_W}tc")]
                if any(cells):
                    yield "ROW", " | ".join(cells)


def _inner(element: Any, *tags: str) -> Iterator[Any]:
    """Children of the given kinds, those in content controls and insertions too."""
    wanted = tags or (f"{_W}p", f"{_W}tbl")
    stack = [iter(element)]
    while stack:
        child = next(stack[-1], None)
        if child is None:
            stack.pop()
        elif child.tag in wanted:
            yield child
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml"):
            stack.append(iter(child))


def _paragraph(element: Any, styles: _Styles) -> Iterator[tuple[BlockKind, str]]:
    kind = styles.kind(element)
    if kind is None:
        return
    for line in _text(element).split("\n\n"):
        yield kind, line


def _cell(cell: Any) -> str:
    parts = (" ".join(_text(part).split()) for part in cell.iter(f"{_W}p"))
    return " ".join(part for part in parts if part)


def _text(paragraph: Any) -> str:
    """The text of a paragraph as it is shown: no deleted words, no text boxes, no field codes."""
    from lxml.etree import iterwalk

    parts: list[str] = []
    walk = iterwalk(paragraph, events=("start",))
    for _, element in walk:
        tag = element.tag
        if tag in _LEFT_OUT or (
            tag == f"{_W}r" and element.find(f"{_W}rPr/{_W}vanish") is not None
        ):
            walk.skip_subtree()
        elif tag == f"{_W}t":
            parts.append(element.text or "")
        elif tag in (f"{_W}br", f"{_W}cr"):
            parts.append("\n")
        elif tag in (f"{_W}tab", f"{_W}ptab"):
            parts.append(" ")
        elif tag == f"{_W}noBreakHyphen":
            parts.append("-")
    return "".join(parts).replace("\u00ad", "")


class _Styles:
    """Says by its style what a paragraph is: a heading, an item, text, or none (its contents)."""

    def __init__(self, document: Any) -> None:
        self._styles = {
            style.get(f"{_W}styleId"): style
            for style in document.styles.element.iterchildren(f"{_W}style")
        }

    def kind(self, paragraph: Any) -> BlockKind | None:
        own = paragraph.find(f"{_W}pPr")
        given = self._chain(own)
        names = [_value(style, "name") or "" for style in given]
        if any(name.lower().startswith(("toc ", "toc heading")) for name in names):
            return None
        if any(_HEADING.fullmatch(name) for name in names) or _level(own, given) < _TEXT_LEVEL:
            return "HEADING"
        if _number(own, given) or any(_LIST.fullmatch(name) for name in names):
            return "ITEM"
        return "PARAGRAPH"

    def _chain(self, own: Any) -> list[Any]:
        """The paragraph's style and those it is based on."""
        found: list[Any] = []
        style = self._styles.get(_value(own, "pStyle"))
        # The bases of a damaged file may go round in a circle.
        while style is not None and len(found) < _MAX_BASES:
            found.append(style)
            style = self._styles.get(_value(style, "basedOn"))
        return found


def _value(element: Any, path: str) -> str | None:
    found = None if element is None else element.find("/".join(_W + tag for tag in path.split("/")))
    return None if found is None else found.get(f"{_W}val")


def _level(own: Any, styles: list[Any]) -> int:
    values = [_value(own, "outlineLvl"), *(_value(style, "pPr/outlineLvl") for style in styles)]
    first = next((value for value in values if value is not None), "")
    return int(first) if first.isdecimal() else _TEXT_LEVEL


def _number(own: Any, styles: list[Any]) -> bool:
    """Tell whether a paragraph is of a list; the list with number 0 takes it out of one."""
    values = [_value(own, "numPr/numId"), *(_value(style, "pPr/numPr/numId") for style in styles)]
    return next((value for value in values if value is not None), "0") != "0"
