"""Read the main content of a web page, without its menus, adverts, banners and footers.

The page is cut to blocks in its own order, so that their words and their layout are the page's own.
Trafilatura says which of them are content; what it misses amid the content (short paragraphs, lists
of links, answers folded away) is kept too, unless its place on the page says that it is none.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

from pipeline.articles.content import Content, TextBuilder, too_long
from pipeline.articles.decode import decode
from pipeline.data import load_toml
from pipeline.errors import ArticleError
from pipeline.records import BlockKind

# More than a book has; a page beyond them would take minutes.
_MAX_ELEMENTS = 300_000
_MAX_DEPTH = 400
# Beyond it trafilatura is slow, and the page is read by its own signs alone.
_MAX_JUDGED_ELEMENTS = 50_000
_DECLARATION_BYTES = 4096
_DECLARED = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]+)|^\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)""",
    re.I,
)
# What browsers read these names as.
_LABELS = {"iso-8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252", "us-ascii": "cp1252"}
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")
_NOT_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Places where a word may be broken, inside the word.
_BREAKS = str.maketrans("", "", "\u00ad\u200b\u2060\ufeff")
_SPACES = re.compile(r"\s+")
_GAP = re.compile(r"\n[ \n]*\n")
_BULLET = re.compile(r"\s*[-*•·▪●◦‣–]\s+(?=\S)")
_CITATION = re.compile(r"[\[(]?\d[\d\s,;–-]*[\])]?")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_HEADINGS = _set("h1 h2 h3 h4 h5 h6")
_BLOCKS = _HEADINGS | _set(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset "
    "figcaption figure footer form header hgroup hr legend li main menu nav ol p pre search "
    "section summary table tbody td tfoot th thead tr ul"
)
_SKIPPED = _set(
    "audio button canvas datalist dialog embed footer frameset head iframe input label math map "
    "nav noscript object option script search select style svg template textarea video"
)
_KINDS: dict[str, BlockKind] = {
    **dict.fromkeys((*_HEADINGS, "summary", "legend"), "HEADING"),
    **dict.fromkeys(("li", "dt", "dd"), "ITEM"),
}
_ROLES: dict[str, BlockKind] = {"heading": "HEADING", "listitem": "ITEM"}
_ROOTS = ("main", "article")
_CHROME_ROLES = _set("navigation banner contentinfo search dialog alertdialog menu menubar toolbar")

_LEXICON = "web_pages.toml"
_WORDS = re.compile(r"[a-z]+|[A-Z][a-z]*")
# A title often ends in the name of the site.
_SITE = re.compile(r"\s+[|–—-]\s+[^|–—-]+$")

# Longer ones are whole boxes about the author.
_MAX_AUTHOR_CHARS = 60
# Shorter blocks may be part of another's text by chance.
_MIN_SURE_CHARS = 25
# The root of the content holds so much of what is surely content.
_ROOT_SHARE = 0.9
# Trafilatura is to find so much of the page for its word to count.
_FOUND_SHARE = 0.4
# A block is nothing but links, and a bar of them is so many.
_LINKED_SHARE = 0.8
_MIN_BAR = 3
_LOGGERS = ("trafilatura", "htmldate", "courlan", "justext", "charset_normalizer")
# Trafilatura looks for dates up to today, but the same page must always read the same.
_DATES = {"original_date": True, "extensive_search": False, "max_date": "2100-01-01"}


@dataclass(frozen=True, slots=True)
class _Piece:
    """A block of the page, and what its place says about it."""

    kind: BlockKind
    text: str
    place: Any
    """The element that it stands in."""
    rank: int = 0
    """Of a heading, 1 to 6, or 7 where it has none; else 0."""
    linked: float = 0.0
    """Share of its characters that are links."""
    links: int = 0
    jumps: bool = False
    """Whether those links all lead to places on the page itself."""


@cache
def _names(table: str) -> frozenset[str]:
    """The words of a table of the lexicon."""
    return frozenset(load_toml(_LEXICON)[table]["words"])


@cache
def _phrases(table: str) -> re.Pattern[str]:
    """The patterns of a table of the lexicon, as one."""
    patterns = "|".join(load_toml(_LEXICON)[table]["patterns"])
    named = re.sub(r"<(\w+)>", lambda name: f"(?:{'|'.join(sorted(_names(name[1])))})", patterns)
    return re.compile(named, re.I)


def read_html(data: bytes, name: str, max_chars: int) -> Content:
    """Read the main content of a web page.

    Raises
    ------
    ArticleError
        If it cannot be read, is nested too deeply, or has more than ``max_chars`` characters.
    """
    try:
        with _quiet():
            return _read(data, name, max_chars)
    except ArticleError:
        raise
    except (Exception, RecursionError, MemoryError) as error:
        raise ArticleError(
            f"{name}: not readable as HTML ({type(error).__name__}); save the page anew"
        ) from error


def _read(data: bytes, name: str, max_chars: int) -> Content:
    page = _parsed(_NOT_XML.sub("\ufffd", _decoded(data, name)), name)
    if page is None:
        return Content("")
    title, metadata = _metadata(page)
    body = page.find("body")
    pieces = list(_pieces(page if body is None else body, name, max_chars))
    kept = _content(page, _without_chrome(pieces))
    text = TextBuilder()
    for piece in _headed(kept, pieces, title):
        text.add(piece.kind, piece.text)
        if len(text) > max_chars:
            raise too_long(name, len(text), max_chars)
    return text.content(title, metadata)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the libraries log about odd pages from the user."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL + 1)
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


# ---------------------------------------------------------------------------------- bytes to tree


def _decoded(data: bytes, name: str) -> str:
    """Text of a page: by its byte order mark, what it declares, as UTF-8, or by its looks.

    Bytes that are UTF-8 beyond ASCII are taken for it whatever the page declares: by chance they
    never are, and browsers that save a page as UTF-8 leave its declaration as it was.
    """
    if data.startswith(_MARKS):
        return decode(data, name)
    # A few stray NULs are dirt; many are another kind of file.
    if data.count(0) * 10 <= len(data):
        data = data.replace(b"\0", b" ")
    match = _DECLARED.search(data[:_DECLARATION_BYTES])
    label = (match[1] or match[2]).decode("ascii").lower() if match else ""
    if label and (data.isascii() or not _is_utf8(data)):
        try:
            text = data.decode(_LABELS.get(label, label), "replace")
        except (LookupError, UnicodeError):
            return decode(data, name)
        # One bad byte in a page is dirt; a page full of them is not in the encoding it declares.
        if text.count("\ufffd") * 4 <= sum(byte > 127 for byte in data):
            return text
    return decode(data, name)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _parsed(text: str, name: str) -> Any:
    from lxml import etree, html

    if not text.strip():
        return None
    # Without huge_tree a text of 10 MB, or the 257th level, would end the page without a word.
    parser = html.HTMLParser(
        encoding="utf-8", huge_tree=True, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        page = html.document_fromstring(text.encode("utf-8"), parser=parser)
    except etree.ParserError:
        # There is nothing in it but comments and the like.
        return None
    deep = any("Excessive depth" in entry.message for entry in parser.error_log)
    if deep or _depth(page) > _MAX_DEPTH:
        raise ArticleError(f"{name}: the page is nested too deeply; save its text alone")
    if _count(page) > _MAX_ELEMENTS:
        raise ArticleError(
            f"{name}: more than {_MAX_ELEMENTS:,} HTML elements are too many for one page; split it"
        )
    return page


def _depth(page: Any) -> int:
    from lxml.etree import iterwalk

    depth = deepest = 0
    for event, _ in iterwalk(page, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest


def _count(page: Any) -> int:
    return sum(1 for _ in page.iter())


def _metadata(page: Any) -> tuple[str, dict[str, str]]:
    from trafilatura.metadata import extract_metadata

    try:
        # Of a copy, since it takes out what it has looked at.
        found = extract_metadata(deepcopy(page), date_config=_DATES, extensive=False)
    except Exception:
        # Its parts look into dates, addresses and JSON of any shape; a page reads well without.
        return "", {}
    author = _phrases("bylines").sub("", found.author or "", count=1)
    given = {
        "author": author if len(author) <= _MAX_AUTHOR_CHARS else "",
        "date": found.date,
        "url": found.url,
        "description": found.description,
        "source": found.sitename,
        "keywords": ", ".join(found.tags or ()),
        "language": page.get("lang") or page.get("{http://www.w3.org/XML/1998/namespace}lang"),
    }
    return found.title or "", {key: value for key, value in given.items() if value}


# --------------------------------------------------------------------------------- tree to pieces


def _pieces(body: Any, name: str, max_chars: int) -> Iterator[_Piece]:
    """Cut a page to its blocks, in order; what is never shown or never content is left out."""
    size = 0
    for piece in _Walk(body).pieces():
        size += len(piece.text)
        if size > 4 * max_chars:
            raise too_long(name, size, max_chars)
        yield piece


class _Walk:
    """Goes through the elements of a page without recursion and gathers text up to each block."""

    def __init__(self, body: Any) -> None:
        self._body = body
        self._controlled = {
            part for value in body.xpath("//@aria-controls") for part in value.split()
        }
        self._size = len(body.text_content())
        self._text: list[str] = []
        self._linked = 0
        self._links: list[str] = []
        self._link = ""
        # Where the text began.
        self._place: Any = None
        # The kinds of the open blocks, each with its element.
        self._open: list[tuple[BlockKind, Any]] = [("PARAGRAPH", body)]
        self._term = ""

    def pieces(self) -> Iterator[_Piece]:
        from lxml.etree import iterwalk

        skipped: Any = None
        walk = iterwalk(self._body, events=("start", "end"))
        for event, element in walk:
            tag = element.tag
            if event == "end" and element is skipped:
                self._add(element.tail, element.getparent())
                skipped = None
            elif event == "end":
                yield from self._end(element, tag)
            elif element is not self._body and (self._is_skipped(element) or _is_citation(element)):
                if tag in _BLOCKS:
                    yield from self._flush()
                skipped = element
                walk.skip_subtree()
            elif tag == "table" and _is_data_table(element):
                yield from self._flush()
                yield from _rows(element)
                skipped = element
                walk.skip_subtree()
            else:
                yield from self._start(element, tag)

    def _start(self, element: Any, tag: str) -> Iterator[_Piece]:
        if tag in _BLOCKS:
            # "Fever: a high temperature" stays one item.
            if not (tag == "dd" and self._term):
                yield from self._flush()
            if tag in _KINDS or element.get("role") in _ROLES:
                self._open.append((_kind(element), element))
            elif tag in ("td", "th", "ul", "ol", "dl", "table") or self._open[-1][0] == "HEADING":
                self._open.append(("PARAGRAPH", element))
            if tag == "dd" and self._term:
                colon = "" if self._term[-1] in ":.!?–-" else ":"
                self._text = ["".join(self._text).rstrip(), colon, " "]
            self._term = ""
        elif tag == "br":
            self._text.append("\n")
        elif tag == "a":
            self._link = element.get("href") or ""
        self._add(element.text, element)

    def _end(self, element: Any, tag: str) -> Iterator[_Piece]:
        if tag in _BLOCKS:
            self._term = _term(element, "".join(self._text)) if tag == "dt" else ""
            if not self._term:
                yield from self._flush()
            if self._open[-1][1] is element and element is not self._body:
                self._open.pop()
        elif tag == "a":
            self._link = ""
        if element is not self._body:
            self._add(element.tail, element.getparent())

    def _add(self, text: str | None, place: Any) -> None:
        if not text:
            return
        text = _SPACES.sub(" ", text.translate(_BREAKS))
        self._text.append(text)
        if self._place is None and text.strip():
            self._place = place
        if self._link:
            self._linked += len(text.strip())
            self._links.append(self._link)

    def _flush(self) -> Iterator[_Piece]:
        text = "".join(self._text)
        linked, links = self._linked, self._links
        place = self._place
        self._text, self._linked, self._links, self._place, self._term = [], 0, [], None, ""
        if place is None:
            return
        kind, outer = self._open[-1]
        while place.tag not in _BLOCKS and place is not self._body:
            place = place.getparent()
        share = linked / len(" ".join(text.split()))
        jumps = bool(links) and all(link.startswith("#") for link in links)
        rank = int(outer.tag[1]) if outer.tag in _HEADINGS else 7 if kind == "HEADING" else 0
        for part_kind, part in _parts(kind, text):
            yield _Piece(part_kind, part, place, rank, share, len(set(links)), jumps)

    def _is_skipped(self, element: Any) -> bool:
        """Tell whether an element is never shown, or never holds content."""
        tag = element.tag
        if not isinstance(tag, str):
            return True
        if tag in _SKIPPED:
            # The heading of a part that folds is often a button.
            return tag not in ("button", "label") or self._open[-1][0] != "HEADING"
        if tag in ("main", "body"):
            return False
        if _is_hidden(element) and (element.get("id") or " ") not in self._controlled:
            return True
        if (element.get("role") or "").lower() in _CHROME_ROLES:
            return not _has_title(element)
        if tag == "header":
            return not (_has_title(element) or _is_inside_root(element))
        if tag == "form":
            # Some sites put the whole page in a form.
            return _is_lesser(element, self._size)
        if tag == "aside":
            return not (_is_inside_root(element) and _words(element) & _names("callouts"))
        return False


def _kind(element: Any) -> BlockKind:
    """The kind of a block; terms with a long text below them are headings."""
    tag = element.tag
    if tag == "dt" and _is_question(element):
        return "HEADING"
    if tag == "dd":
        before = element.getprevious()
        if before is not None and before.tag == "dt" and _is_question(before):
            return "PARAGRAPH"
    return _KINDS.get(tag) or _ROLES[element.get("role")]


def _is_question(term: Any) -> bool:
    after = term.getnext()
    long = (
        after is not None
        and after.tag == "dd"
        and any(child.tag in _BLOCKS and child.tag not in ("dd", "dt") for child in after)
    )
    return long or term.text_content().rstrip().endswith("?")


def _term(element: Any, text: str) -> str:
    """The text of a term whose explanation is to go on its line."""
    after = element.getnext()
    is_alone = after is None or after.tag != "dd" or _is_question(element)
    return "" if is_alone else text.strip()


def _parts(kind: BlockKind, text: str) -> Iterator[tuple[BlockKind, str]]:
    """Paragraphs and items that a page makes with line breaks alone."""
    if "\n" not in text:
        yield kind, text
        return
    for part in _GAP.split(text):
        lines = [line for line in part.split("\n") if line.strip()]
        if kind == "PARAGRAPH" and sum(bool(_BULLET.match(line)) for line in lines) > 1:
            for line in lines:
                match = _BULLET.match(line)
                yield ("ITEM", line[match.end() :]) if match else (kind, line)
        elif lines:
            yield kind, " ".join(lines)


def _rows(table: Any) -> Iterator[_Piece]:
    """The caption and the rows of a table."""
    for element in table.iter("caption", "tr"):
        if element.tag == "caption":
            yield _Piece("PARAGRAPH", _flat(element), element)
            continue
        cells = [" ".join(_flat(cell).split()) for cell in element.iterchildren("td", "th")]
        text = " | ".join(cells) if any(cells) else ""
        links = sum(len(link.text_content()) for link in element.iter("a"))
        yield _Piece("ROW", text, element, linked=min(1.0, links / max(1, len(text))))


def _flat(element: Any) -> str:
    """The text of a table's cell on one line, the items of a list apart."""
    from lxml.etree import iterwalk

    parts: list[str] = []
    walk = iterwalk(element, events=("start", "end"))
    for event, child in walk:
        tag = child.tag
        if event == "end":
            if child is not element:
                parts.append(
                    (" " if tag in _BLOCKS else "") + (child.tail or "").translate(_BREAKS)
                )
            continue
        if child is not element:
            if (
                not isinstance(tag, str)
                or tag in _SKIPPED
                or _is_hidden(child)
                or _is_citation(child)
            ):
                walk.skip_subtree()
                continue
            if tag in _BLOCKS or tag == "br":
                full = "".join(parts).rstrip()
                parts = [full, "; " if tag == "li" and full and full[-1] not in ";:" else " "]
        parts.append((child.text or "").translate(_BREAKS))
    return "".join(parts)


def _is_data_table(table: Any) -> bool:
    """Tell a table of facts from one that lays out the page."""
    if (table.get("role") or "").lower() in ("presentation", "none"):
        return False
    if next(table.iterdescendants("table", *_HEADINGS), None) is not None:
        return False
    return any(len(row) > 1 for row in table.iter("tr")) or table.find(".//th") is not None


def _is_citation(element: Any) -> bool:
    """Tell whether it is the raised number of a reference, which would stick to the word."""
    if element.tag != "sup":
        return False
    text = element.text_content().strip()
    return bool(_CITATION.fullmatch(text)) and element.find(".//a") is not None


def _is_hidden(element: Any) -> bool:
    style = (element.get("style") or "").replace(" ", "").lower()
    return (
        element.get("hidden", "until-found") != "until-found"
        or element.get("aria-hidden") == "true"
        or "display:none" in style
        or "visibility:hidden" in style
    )


def _has_title(element: Any) -> bool:
    return next(element.iter("h1"), None) is not None


def _is_lesser(element: Any, size: int) -> bool:
    """Tell whether an element is a lesser part of a page whose text has ``size`` characters."""
    return not _has_title(element) and len(element.text_content()) * 2 < size


def _is_inside_root(element: Any) -> bool:
    return next(element.iterancestors(*_ROOTS), None) is not None


def _words(element: Any) -> set[str]:
    """The words of an element's class and id."""
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    return {word.lower() for word in _WORDS.findall(names)}


# ---------------------------------------------------------------------------- pieces to the content


def _content(page: Any, pieces: list[_Piece]) -> list[_Piece]:
    """Leave out the pieces that are no content by where they stand, and by trafilatura."""
    places = _Places(page)
    pieces = [piece for piece in pieces if not places.hint(piece.place, "never_content")]
    pieces = _without_teasers(pieces)
    sure = _confirmed(page, pieces)
    plain = [p for p in pieces if not p.jumps and not places.hint(p.place, "rarely_content")]
    found = sum(len(piece.text) for piece, is_sure in zip(pieces, sure, strict=True) if is_sure)
    # It loses short pages, lists and tables; a small part of them says nothing of the rest.
    if found == 0 or found < _FOUND_SHARE * sum(len(p.text) for p in plain if not p.links):
        return plain
    inside = set(_root(pieces, sure).iter())
    numbers = [number for number, is_sure in enumerate(sure) if is_sure]
    kept = []
    for number, (piece, is_sure) in enumerate(zip(pieces, sure, strict=True)):
        if piece.jumps and piece.linked > _LINKED_SHARE:
            continue
        amid = numbers[0] < number < numbers[-1] and piece.linked < _LINKED_SHARE
        is_in = piece.place in inside or amid
        if is_sure or (is_in and not places.hint(piece.place, "rarely_content")):
            kept.append(piece)
    return kept


def _without_teasers(pieces: list[_Piece]) -> list[_Piece]:
    """Leave out the other articles of a page whose own article holds its heading."""
    own = {piece.place: _article(piece.place) for piece in pieces}
    headed = {own[piece.place] for piece in pieces if piece.rank == 1}
    if None in headed or not headed:
        return pieces
    return [p for p in pieces if own[p.place] is None or own[p.place] in headed]


def _article(element: Any) -> Any:
    """The outermost article that an element is in."""
    articles = [part for part in (element, *element.iterancestors()) if part.tag == "article"]
    return articles[-1] if articles else None


class _Places:
    """Says what the classes around an element tell about it."""

    def __init__(self, page: Any) -> None:
        self._size = len(page.text_content())
        self._known: dict[tuple[Any, str], bool] = {}

    def hint(self, element: Any, table: str) -> bool:
        """Tell whether an element stands in a part that is called by one of a table's words."""
        path = []
        answer = False
        for part in (element, *element.iterancestors()):
            if (part, table) in self._known:
                answer = self._known[part, table]
                break
            path.append(part)
        for part in reversed(path):
            answer = answer or self._says(part, table)
            self._known[part, table] = answer
        return answer

    def _says(self, element: Any, table: str) -> bool:
        if element.tag in ("html", "body", "main") or not _words(element) & _names(table):
            return False
        # "with-sidebar" on the whole of the page says nothing of its content.
        return _is_lesser(element, self._size)


def _confirmed(page: Any, pieces: list[_Piece]) -> list[bool]:
    """Which pieces trafilatura takes for content."""
    from trafilatura import bare_extraction

    if _count(page) > _MAX_JUDGED_ELEMENTS:
        return [False] * len(pieces)
    try:
        found = bare_extraction(page, include_comments=False, include_tables=True)
        body = getattr(found, "body", None)
    except Exception:
        # It meets trees of any shape; without it the page is read by its own signs alone.
        body = None
    if body is None:
        return [False] * len(pieces)
    lines = {_key("".join(element.itertext())) for element in body.iter()}
    whole = _key("".join(body.itertext()))
    return [_is_in(piece, lines, whole) for piece in pieces]


def _is_in(piece: _Piece, lines: set[str], whole: str) -> bool:
    key = _key(piece.text)
    return key in lines or (len(key) >= _MIN_SURE_CHARS and key in whole)


def _key(text: str) -> str:
    """Letters and digits alone, since trafilatura sets spaces its own way."""
    return "".join(filter(str.isalnum, text)).casefold()


def _root(pieces: list[_Piece], sure: list[bool]) -> Any:
    """The smallest part of the page that holds nearly all that is sure, or its article."""
    held: Counter[Any] = Counter()
    total = 0
    for piece, is_sure in zip(pieces, sure, strict=True):
        if is_sure:
            total += len(piece.text)
            for element in (piece.place, *piece.place.iterancestors()):
                held[element] += len(piece.text)
    root = max(
        (element for element, size in held.items() if size >= _ROOT_SHARE * total),
        key=lambda element: sum(1 for _ in element.iterancestors()),
    )
    return next((e for e in (root, *root.iterancestors()) if e.tag in _ROOTS), root)


def _without_chrome(pieces: list[_Piece]) -> list[_Piece]:
    """Leave out lines and parts that say themselves that they are no content."""
    kept: list[_Piece] = []
    head: _Piece | None = None
    for piece in pieces:
        line = " ".join(piece.text.split()).strip(" :.…›»>")
        if head and _is_after(piece, head):
            head = None
        if head is None and piece.kind == "HEADING" and piece.rank > 1 and _is_chrome(line):
            head = piece
        if head or _phrases("chrome_lines").fullmatch(line) or _leads_away(piece, line):
            continue
        kept.append(piece)
    return kept


def _leads_away(piece: _Piece, line: str) -> bool:
    """Tell whether a line is nothing but links: "Home | Articles | About", "Related: Iron"."""
    if piece.kind != "PARAGRAPH":
        return False
    is_bar = piece.links >= _MIN_BAR and piece.linked >= _LINKED_SHARE
    return is_bar or (piece.linked > 0.5 and bool(_phrases("pointers").fullmatch(line)))


def _is_chrome(heading: str) -> bool:
    return any(_phrases(t).fullmatch(heading) for t in ("links_headings", "chrome_headings"))


def _is_after(piece: _Piece, head: _Piece) -> bool:
    """Tell whether a part that is no content has ended before a piece."""
    if piece.kind == "HEADING":
        return piece.rank <= head.rank
    # A plain paragraph beside "Read more: inhalers" goes on with the text; cards stand in boxes.
    is_plain = piece.kind == "PARAGRAPH" and piece.linked < _LINKED_SHARE
    beside = piece.place.getparent() is head.place.getparent()
    heading = " ".join(head.text.split())
    return is_plain and beside and bool(_phrases("links_headings").fullmatch(heading))


def _headed(kept: list[_Piece], pieces: list[_Piece], title: str) -> list[_Piece]:
    """The pieces, the heading of the page first and once."""
    tops = [piece for piece in pieces if piece.rank == 1]
    if not tops or not kept:
        return kept
    top = _top(tops, kept, title)
    key = _key(top.text)
    return [top, *(piece for piece in kept if piece.rank != 1 or _key(piece.text) != key)]


def _top(tops: list[_Piece], kept: list[_Piece], title: str) -> _Piece:
    """The heading of the page: the one that its title names, else the content's first."""
    names = {_key(title), _key(_SITE.sub("", title))}
    for piece in tops:
        if _key(piece.text) in names:
            return piece
    return next((piece for piece in kept if piece.rank == 1), tops[0])
