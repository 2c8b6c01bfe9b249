"""Read the documents of annotated collections, BioC and PubTator, as articles.

The readers of gold parse them, so that the offsets of both agree; annotations are not used.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pipeline.articles.content import Content, too_long
from pipeline.articles.decode import decode
from pipeline.errors import ArticleError
from pipeline.records import Block, BlockKind

if TYPE_CHECKING:
    from pipeline.evaluation.bioc import Parsed

_HEAD_BYTES = 4096
_ROOTS: dict[str, Literal["jats", "bioc"]] = {
    "article": "jats",
    "pmc-articleset": "jats",
    "OAI-PMH": "jats",
    "collection": "bioc",
}
_BEFORE_ROOT = re.compile(
    r"""\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE(?:[^\[>"']|"[^"]*"|'[^']*')*(?:\[.*?\]\s*)?>""",
    re.DOTALL,
)
_ROOT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)[\s/>]")

# Of passages: PubTator has "title", PubMed Central "front", "title_1", "abstract_title_1".
_TITLE_TYPE = re.compile(r"front|(?:.*_)?title(?:_[0-9]+)?")
_INFONS = {
    "author": ("authors", "author"),
    "date": ("year", "date"),
    "doi": ("article-id_doi", "doi"),
    "journal": ("journal", "journal-title"),
    "keywords": ("keywords",),
    "language": ("language",),
    "license": ("license",),
    "pmcid": ("article-id_pmc", "pmcid"),
    "pmid": ("article-id_pmid", "pmid"),
}
_PERSON = re.compile(r"name_[0-9]+")


def sniff_xml(data: bytes) -> Literal["jats", "bioc"] | None:
    """Tell the format of XML by its root element, from the file's beginning alone.

    Examples
    --------
    >>> sniff_xml(b"<?xml version='1.0'?><!-- x --><collection>")
    'bioc'
    """
    text = _head(data[:_HEAD_BYTES])
    end = 0
    while match := _BEFORE_ROOT.match(text, end):
        end = match.end()
    root = _ROOT.match(text, end)
    return _ROOTS.get(root[1]) if root else None


def _head(data: bytes) -> str:
    for mark, encoding in (
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (b"<\0", "utf-16-le"),
        (b"\0<", "utf-16-be"),
    ):
        if data.startswith(mark):
            return data.decode(encoding, "ignore").lstrip("\ufeff")
    # What is looked for is ASCII in all other encodings.
    return data.removeprefix(codecs.BOM_UTF8).decode("latin-1")


def read_bioc(data: bytes, name: str, max_chars: int) -> Iterator[Content | ArticleError]:
    """Documents of BioC XML or JSON, a block for each passage.

    What cannot be read is given as an error in its place; nothing is raised.
    """
    from pipeline.evaluation.bioc import raw_documents, read_document

    number = 0
    for record in raw_documents(data):
        number += 1
        if isinstance(record, Exception):
            why = " ".join(str(record).split())
            yield ArticleError(f"{name}: not readable BioC ({why}); repair it")
            continue
        parsed = read_document(record, name, number)
        # One without an id is called by the file's name and its number.
        doc_id = parsed.document.doc_id
        known = "" if doc_id == f"{name}-{number}" else " ".join(doc_id.split())
        yield _content(parsed, known, f"{name}: document {known or number}", max_chars)
    if not number:
        yield ArticleError(f"{name}: no BioC document in it; give a collection with documents")


def _content(parsed: Parsed, name: str, shown: str, max_chars: int) -> Content | ArticleError:
    text = parsed.document.text.replace("\0", "\ufffd")
    if error := _wrong(text, shown, max_chars):
        return error
    blocks: list[Block] = []
    title = ""
    for passage in parsed.passages:
        kind: BlockKind = "HEADING" if _is_title(passage.infons) else "PARAGRAPH"
        if block := _block(kind, text, passage.start, passage.end):
            if kind == "HEADING" and not blocks:
                title = " ".join(text[block.start : block.end].split())
            blocks.append(block)
    first = parsed.passages[0].infons
    return Content(text, title, tuple(blocks), _metadata({**first, **parsed.infons}), name)


def _is_title(infons: dict[str, str]) -> bool:
    kind, section = infons.get("type", "").lower(), infons.get("section_type", "").lower()
    # "fig_title_caption" and "table_title" belong to a float.
    floating = section in ("fig", "table") or kind.startswith(("fig", "table"))
    return not floating and (section == "title" or bool(_TITLE_TYPE.fullmatch(kind)))


def _metadata(infons: dict[str, str]) -> dict[str, str]:
    found = {}
    for key, names in _INFONS.items():
        value = next((infons[name] for name in names if infons.get(name)), "")
        if value := " ".join(value.split()).strip(", "):
            found[key] = value
    if found.get("pmcid", "").isdecimal():
        found["pmcid"] = f"PMC{found['pmcid']}"
    people = [_person(value) for key, value in infons.items() if _PERSON.fullmatch(key)]
    if any(people):
        found.setdefault("author", "; ".join(filter(None, people)))
    return found


def _person(value: str) -> str:
    """A name as PubMed Central gives it: ``surname:Lema;given-names:Sean C.``."""
    parts = dict(part.partition(":")[::2] for part in value.split(";"))
    return " ".join(f"{parts.get('given-names', '')} {parts.get('surname', '')}".split())


def _wrong(text: str, shown: str, max_chars: int) -> ArticleError | None:
    if not text.strip():
        return ArticleError(f"{shown}: there is no text in it; remove it or fill it")
    if len(text) > max_chars:
        return too_long(shown, len(text), max_chars)
    return None


def _block(kind: BlockKind, text: str, start: int, end: int) -> Block | None:
    """A block without the white space around it; None where there is nothing else."""
    part = text[start:end]
    if not part.strip():
        return None
    return Block(kind, end - len(part.lstrip()), start + len(part.rstrip()))


def read_pubtator(data: bytes, name: str, max_chars: int) -> Iterator[Content | ArticleError]:
    """Documents of a PubTator file: a heading and a paragraph, with a line feed between them.

    What cannot be read is given as an error in its place; nothing is raised.
    """
    from pipeline.evaluation.lines import numbered_lines
    from pipeline.evaluation.pubtator import parse_pubtator

    try:
        lines = numbered_lines(decode(data, name))
    except ArticleError as error:
        yield error
        return
    documents = parse_pubtator(lines, name)
    for document in documents:
        text = document.text
        if wrong := _wrong(text, f"{name}: document {document.doc_id}", max_chars):
            yield wrong
            continue
        title = text.partition("\n")[0]
        blocks = (
            _block("HEADING", text, 0, len(title)),
            _block("PARAGRAPH", text, len(title), len(text)),
        )
        given = tuple(block for block in blocks if block)
        yield Content(text, " ".join(title.split()), given, {}, document.doc_id)
    if not documents:
        yield ArticleError(f"{name}: no PubTator title there; lines must begin with 'id|t|'")
