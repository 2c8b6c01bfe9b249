"""Which format a file is in: by its first bytes, its suffix where those leave it open."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Literal

One = Literal["text", "html", "pdf", "docx", "jats"]
Many = Literal["jsonl", "csv", "parquet", "bioc", "pubtator"]
Format = Literal[One, Many]

_BY_SUFFIX: dict[str, Format | None] = {
    ".txt": "text", ".md": "text", ".markdown": "text",
    ".html": "html", ".htm": "html", ".xhtml": "html",
    ".pdf": "pdf", ".docx": "docx", ".parquet": "parquet",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "csv",
    ".pubtator": "pubtator",
    # These may hold one format or another.
    ".xml": None, ".nxml": None, ".json": None,
}  # fmt: skip
GZIP = ".gz"
SUFFIXES = frozenset(_BY_SUFFIX)
MANY = frozenset({"jsonl", "csv", "parquet", "bioc", "pubtator"})
HEAD_BYTES = 4096
_MAGIC: tuple[tuple[bytes, Format], ...] = (
    (b"%PDF-", "pdf"), (b"PAR1", "parquet"), (b"PK\x03\x04", "docx"),
    # What Word saved before .docx, and files with a password; the reader says so.
    (b"\xd0\xcf\x11\xe0", "docx"),
)  # fmt: skip
_HTML = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_PUBTATOR = re.compile(rb"[^|\s]+\|t\|")
_PASSAGES = re.compile(rb'"(?:passages|documents|PubTator3)"\s*:')
_BOM = b"\xef\xbb\xbf"
# In UTF-8 and UTF-16, these with and without a byte order mark.
_XML_STARTS = b"<", b"\xff\xfe<\0", b"\xfe\xff\0<", b"\0<"


def suffix_of(name: str) -> str:
    """The suffix that says the format, in small letters; a final ``.gz`` is looked through."""
    path = PurePosixPath(name.lower())
    return PurePosixPath(path.stem).suffix if path.suffix == GZIP else path.suffix


def known_by_name(name: str) -> Format | None:
    """The format that a name alone decides, None where the content must be looked at."""
    return _BY_SUFFIX.get(suffix_of(name))


def format_of(name: str, head: bytes) -> Format | None:
    """The format of a file.

    Parameters
    ----------
    head
        Its first bytes, at least :data:`HEAD_BYTES` where it is as long.

    Returns
    -------
    str or None
        None for XML of a kind that we do not know.
    """
    from pipeline.articles.collections import sniff_xml

    for magic, found in _MAGIC:
        if head.startswith(magic):
            return found
    by_name = known_by_name(name)
    if by_name is not None:
        return by_name
    start = head.removeprefix(_BOM).lstrip()
    if _HTML.match(start):
        return "html"
    if start.startswith(_XML_STARTS):
        return sniff_xml(head)
    if start.startswith((b"{", b"[")) and suffix_of(name) in (".json", ""):
        return "bioc" if _PASSAGES.search(head) else "jsonl"
    return "pubtator" if _PUBTATOR.match(start) else "text"
