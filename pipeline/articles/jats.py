"""Read articles in JATS, the XML of PubMed Central and of many journals.

Namespaces are left aside. What is not the article's own prose is left out: formulas, references,
acknowledgements, funding, notes, supplements, and the marks in the text that point to references
and footnotes.
"""

from __future__ import annotations

import re
from html.entities import html5
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from pipeline.articles.content import Content, TextBuilder, too_long
from pipeline.errors import ArticleError
from pipeline.records import BlockKind

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_LINK = "{http://www.w3.org/1999/xlink}href"
_LICENSE_CHARS = 200

_CONTAINERS = frozenset((
    "abstract", "alternatives", "app", "app-group", "boxed-text", "caption", "def-list",
    "disp-quote", "fig-group", "floats-group", "floats-wrap", "glossary", "list", "sec", "speech",
    "statement", "table-wrap-group", "verse-group",
))  # fmt: skip
_BLOCKS: dict[str, BlockKind] = {
    **dict.fromkeys(_CONTAINERS, "PARAGRAPH"),
    **dict.fromkeys(("p", "preformat", "verse-line"), "PARAGRAPH"),
    "title": "HEADING",
    "list-item": "ITEM",
}
_FLOATS = ("fig", "table-wrap")
_APART = frozenset((*_BLOCKS, *_FLOATS, "def-item", "table", "td", "th", "tr", "break"))
_LEFT_OUT = frozenset((
    "ack", "alt-text", "attrib", "author-notes", "bio", "code", "disp-formula",
    "disp-formula-group", "fn", "fn-group", "graphic", "index-term", "inline-formula",
    "inline-graphic", "label", "long-desc", "math", "media", "notes", "object-id", "permissions",
    "ref-list", "supplementary-material", "tex-math",
))  # fmt: skip
# Sections that some journals have in the body, and others in the back.
_BACK_SECTIONS = frozenset((
    "ack", "author-contributions", "author-contribution", "coi-statement", "data-availability",
    "ethics-statement", "funding", "funding-information", "supplementary-material",
))  # fmt: skip
_NOTE_MARKS = frozenset(("aff", "author-notes", "corresp", "fn", "table-fn"))
# Kinds of abstract that are for lay readers; others repeat the abstract or draw it.
_PLAIN_ABSTRACT = re.compile(r"plain|lay\b|author-summary|executive-summary|patient", re.IGNORECASE)

# A mark that points to a reference stands between these two, which XML cannot hold.
_OPEN, _SHUT = "\x02", "\x03"
_MARK = re.compile("\x02([^\x03]*)\x03")
_NO_MARK = _OPEN + _SHUT
_BRACKETS = re.compile("([\\[(])((?:[^\\[\\]()\x02]|\x02[^\x03]*\x03)*)[\\])]")
# The mark of a reference by its author or year is a word of its sentence ("Smith (2010) found").
_NAMED = re.compile(r"[^\W\d_]{2}|\b(?:1[89]|20)\d\d")
_WORD = re.compile(r"[^\W\d_]+")
_REFERRING = frozenset((
    "also", "and", "cf", "e", "eg", "for", "g", "i", "ie", "in", "of", "or", "ref", "reference",
    "references", "refs", "review", "reviewed", "reviews", "see", "the",
))  # fmt: skip
_SEPARATORS = re.compile(r"[\s,;:.&/*–—−-]*")
_SEPARATORS_OR_NUMBERS = re.compile(r"[\s\d,;:.&/*–—−-]*")
_RAISED = re.compile(r"[\s\d,;:.&/*()\[\]–—−-]*")
_RUN = "\x02[^\x03]*\x03(?:[ ,;–—−-]*(?:(?:and|&) *)?\x02[^\x03]*\x03)*"
# With a run go the separators that would stand at a bracket, and the space before a stop.
_RUNS = re.compile(
    f"(?<=[(\\[]){_RUN}[,;] ?|[,;]? ?{_RUN}(?=[)\\]])| ?{_RUN}(?=[ .,;:!?]|$)|{_RUN}"
)

_IDS = {"pmid": "pmid", "pmc": "pmcid", "pmcid": "pmcid", "doi": "doi"}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PUBLISHED = ("epub", "pub", "epub-ppub", "epreprint", "preprint", "ppub", "collection")
_ISO_DATE = re.compile(r"[0-9]{4}(?:-[0-9]{2}){0,2}")


def read_jats(data: bytes, name: str, max_chars: int) -> Content:
    """Read one article: title, abstract, body, figure captions, tables and appendices.

    Raises
    ------
    ArticleError
        If it is no XML with one JATS article, declares entities, or has more than ``max_chars``
        characters of text.
    """
    try:
        article = _find_article(_parse(data, name), name)
        front = _first(article, "front/article-meta", "front", "front-stub")
        title = _title(front)
        text = _Writer(name, max_chars)
        text.add("HEADING", title)
        for part in (*_abstracts(front), *_prose(article)):
            text.block(part)
        return text.builder.content(title, _metadata(article, front))
    except (RecursionError, MemoryError) as error:
        raise ArticleError(f"{name}: XML nested too deep to be read; repair it") from error


def _parse(data: bytes, name: str) -> Element:
    from defusedxml.ElementTree import DefusedXMLParser  # type: ignore[import-untyped]

    parser = DefusedXMLParser(forbid_dtd=False, forbid_entities=True, forbid_external=True)
    # JATS files name a DTD that declares characters (&nbsp;). It is never loaded: their names are
    # those of HTML, and this lets them pass also where no DTD is named.
    parser.entity.update((key[:-1], value) for key, value in html5.items() if key[-1] == ";")
    parser.parser.UseForeignDTD(True)
    try:
        parser.feed(data.lstrip(b" \t\r\n"))
        root: Element = parser.close()
    except (RecursionError, MemoryError):
        raise
    except Exception as error:
        why = " ".join(str(error).split()) or type(error).__name__
        raise ArticleError(f"{name}: not readable XML ({why}); repair it") from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def _find_article(root: Element, name: str) -> Element:
    articles = [root] if root.tag == "article" else list(root.iter("article"))
    if len(articles) > 1:
        raise ArticleError(f"{name}: {len(articles):,} articles in one file; split it")
    if not articles or _first(articles[0], "front", "front-stub", "body") is None:
        raise ArticleError(f"{name}: no JATS article in it; give the full text's XML")
    return articles[0]


def _first(element: Element | None, *paths: str) -> Element | None:
    if element is None:
        return None
    return next((found for path in paths if (found := element.find(path)) is not None), None)


def _title(front: Element | None) -> str:
    parts = (_first(front, f"title-group/{tag}") for tag in ("article-title", "subtitle"))
    return ": ".join(text for part in parts if part is not None and (text := _words(part)))


def _abstracts(front: Element | None) -> list[Element]:
    """The abstract and its version in plain language."""
    if front is None:
        return []
    kinds = [(part.get("abstract-type", ""), part) for part in front.findall("abstract")]
    return [part for kind, part in kinds if not kind or _PLAIN_ABSTRACT.search(kind)]


def _prose(article: Element) -> list[Element]:
    """Body, appendices, and the figures and tables that stand apart from the body."""
    body = article.findall("body")
    floats = [*article.findall("floats-group"), *article.findall("floats-wrap")]
    return [*body, *article.findall("back/app-group"), *article.findall("back/app"), *floats]


class _Writer:
    """Puts the blocks of elements into a text."""

    def __init__(self, name: str, max_chars: int) -> None:
        self.builder = TextBuilder()
        self._name = name
        self._max_chars = max_chars
        self._parts: list[str] = []  # of the block that is being read

    def add(self, kind: BlockKind, text: str) -> None:
        self.builder.add(kind, _without_marks(text))
        if (size := len(self.builder)) > self._max_chars:
            raise too_long(self._name, size, self._max_chars)

    def block(self, element: Element) -> None:
        """Add an element that stands apart, with all that is in it."""
        if element.tag in _FLOATS:
            self._float(element)
        elif element.tag == "table":
            self._rows(element)
        elif element.tag == "def-item":
            terms, meanings = (
                " ".join(map(_words, element.findall(tag))) for tag in ("term", "def")
            )
            self.add("ITEM", f"{terms}: {meanings}" if terms and meanings else terms or meanings)
        elif element.get("sec-type", "").lower() not in _BACK_SECTIONS:
            kind = _BLOCKS.get(element.tag, "PARAGRAPH")
            self._flow(element, kind)
            self._flush(kind)

    def _flow(self, element: Element, kind: BlockKind) -> None:
        """Read running text; what stands apart in it is a block of its own."""
        self._parts.append(element.text or "")
        for child in element:
            if child.tag == "p" and kind == "ITEM":
                # The paragraphs of an item are one item, up to a list within it.
                self._parts.append(" ")
                self._flow(child, kind)
                self._parts.append(" ")
            elif child.tag in _APART and child.tag != "break":
                self._flush(kind)
                self.block(child)
            else:
                self._parts.append(_inline(child))
            self._parts.append(child.tail or "")

    def _flush(self, kind: BlockKind) -> None:
        text, self._parts = "".join(self._parts), []
        self.add(kind, text)

    def _float(self, element: Element) -> None:
        """The label and caption of a figure or table, the rows, the notes below them."""
        label, caption = element.find("label"), element.find("caption")
        given = [] if caption is None else [_inline(part).strip() for part in caption]
        parts = [text for text in given if text]
        if label is not None and parts and (number := _words(label)):
            parts[0] = f"{number}{' ' if number[-1] in '.:' else '. '}{parts[0]}"
        for part in parts:
            self.add("PARAGRAPH", part)
        for child in element:
            if child.tag == "table-wrap-foot":
                for note in child.iter("p"):
                    self.add("PARAGRAPH", _inline(note))
            elif child.tag in _APART and child.tag != "caption":
                self.block(child)

    def _rows(self, table: Element) -> None:
        # Not iter(): the rows of a table within a cell are in the text of that cell.
        for row in (*table.findall("tr"), *table.findall("*/tr")):
            cells = [_words(cell) for cell in row if cell.tag in ("td", "th")]
            if any(cells):
                self.add("ROW", " | ".join(cells))


def _inline(element: Element) -> str:
    """The text of an element within a block, with marks in it."""
    tag = element.tag
    if tag in _LEFT_OUT:
        return ""
    if tag == "list":
        # In a cell or caption its items are all on one line.
        return " " + "; ".join(filter(None, (_inline(e).strip() for e in element))) + " "
    text = _inside(element)
    if tag == "xref":
        return _reference(element.get("ref-type", ""), text)
    if tag == "sup" and _OPEN in text and _RAISED.fullmatch(_MARK.sub("", text)):
        return _NO_MARK
    return f" {text} " if tag in _APART else text


def _inside(element: Element) -> str:
    return (element.text or "") + "".join(_inline(e) + (e.tail or "") for e in element)


def _reference(kind: str, text: str) -> str:
    if kind == "bibr":
        return _OPEN + text.replace(_OPEN, "").replace(_SHUT, "") + _SHUT
    return _NO_MARK if kind in _NOTE_MARKS and not _NAMED.search(text) else text


def _words(element: Element) -> str:
    return _without_marks(_inside(element))


def _without_marks(text: str) -> str:
    """Leave out marks that are no words of the sentence, and brackets that hold nothing else.

    White space is folded.
    """
    text = " ".join(text.split())
    if _OPEN not in text:
        return text
    for _ in range(2):  # brackets within brackets
        text = _BRACKETS.sub(_empty_bracket, text)
    text = _MARK.sub(lambda mark: mark[1] if _NAMED.search(mark[1]) else _NO_MARK, text)
    return _RUNS.sub("", text).strip()


def _empty_bracket(match: re.Match[str]) -> str:
    """Make one mark of brackets that hold marks, and words that lead to them ("see"), alone."""
    kind, inside = match.groups()
    if _OPEN not in inside:
        return match[0]
    rest = _MARK.sub(" ", inside)
    # In square brackets a number is a reference without a link, in round ones it may be a value.
    allowed = _SEPARATORS_OR_NUMBERS if kind == "[" else _SEPARATORS
    led = all(word.lower() in _REFERRING for word in _WORD.findall(rest))
    return _NO_MARK if led and allowed.fullmatch(_WORD.sub("", rest)) else match[0]


def _metadata(article: Element, front: Element | None) -> dict[str, str]:
    journal = _first(article, "front/journal-meta//journal-title")
    language = article.get(_LANGUAGE, "")
    found = {
        "author": "; ".join(_authors(front)),
        "date": _date(front),
        "journal": "" if journal is None else _words(journal),
        "keywords": "; ".join(_keywords(front, language)),
        "language": language,
        "license": _license(front),
        "article_type": article.get("article-type", ""),
    }
    for element in () if front is None else front.findall("article-id"):
        key = _IDS.get(element.get("pub-id-type", ""))
        if key and not found.get(key):
            value = _words(element)
            found[key] = f"PMC{value}" if key == "pmcid" and value.isdecimal() else value
    return found


def _authors(front: Element | None) -> list[str]:
    found = []
    for person in () if front is None else front.findall("contrib-group/contrib"):
        if person.get("contrib-type", "author") == "author":
            name = _first(person, "name", "name-alternatives/*", "string-name", "collab")
            found.append("" if name is None else _person(name))
    return list(filter(None, found))


def _person(name: Element) -> str:
    parts = [_words(part) for tag in ("given-names", "surname") for part in name.findall(tag)]
    if parts:
        return " ".join(parts)
    for group in name.findall("contrib-group"):  # the members of a group of authors
        name.remove(group)
    return _words(name)


def _keywords(front: Element | None, language: str) -> list[str]:
    found: list[str] = []
    for group in () if front is None else front.findall("kwd-group"):
        other = group.get(_LANGUAGE, language) != language
        if not other and not group.get("kwd-group-type", "").startswith("abbr"):
            found += map(_words, group.iter("kwd"))
    return list(dict.fromkeys(filter(None, found)))


def _license(front: Element | None) -> str:
    """The license's address, or what it says in short."""
    element = _first(front, "permissions/license")
    if element is None:
        return ""
    links: list[Any] = [element.get(_LINK)]
    links += [_words(part) for part in element.iter("license_ref")]
    links += [part.get(_LINK) for part in element.iter("ext-link")]
    said = shorten(_words(element), _LICENSE_CHARS, placeholder=" …")
    return next(filter(None, links), said)


def _date(front: Element | None) -> str:
    """When it was first published, as exactly as the file says it."""
    found = []
    for element in () if front is None else front.findall("pub-date"):
        kind = element.get("pub-type") or element.get("date-type") or ""
        rank = _PUBLISHED.index(kind) if kind in _PUBLISHED else len(_PUBLISHED)
        if date := _iso(element):
            found.append((rank, date))
    return min(found)[1] if found else ""


def _iso(element: Element) -> str:
    given = element.get("iso-8601-date", "")[:10]
    if _ISO_DATE.fullmatch(given):
        return given
    year, month, day = ((element.findtext(tag) or "").strip() for tag in ("year", "month", "day"))
    if not re.fullmatch(r"[0-9]{4}", year):
        return ""
    if month[:3].lower() in _MONTHS:
        month = str(_MONTHS.index(month[:3].lower()) + 1)
    parts = [year]
    for part, last in ((month, 12), (day, 31)):
        if not re.fullmatch(r"[0-9]{1,2}", part) or not 1 <= int(part) <= last:
            break
        parts.append(f"{int(part):02d}")
    return "-".join(parts)
