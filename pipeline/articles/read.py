"""Read files into Articles: one reader a format, chosen by content."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from pipeline.articles.content import Content
from pipeline.articles.decode import decode
from pipeline.articles.discover import Source, printable, shown
from pipeline.articles.formats import HEAD_BYTES, MANY, Format, format_of, known_by_name
from pipeline.articles.places import STDIN, open_file
from pipeline.articles.tabular import Columns, read_csv, read_jsonl, read_parquet
from pipeline.errors import ArticleError
from pipeline.records import Article, text_digest

_MAX_BYTES_PER_CHAR = 4
# Collections are read whole.
_MAX_COLLECTION_BYTES = 500_000_000
_GZIP_MAGIC = b"\x1f\x8b"
_KNOWN = (
    "give .txt, .md, .html, .pdf, .docx, .xml (JATS, BioC), .jsonl, .csv, .parquet or .pubtator"
)


def holds_many(source: Source) -> bool:
    """Tell whether a file is of a format that holds many articles.

    Raises
    ------
    ArticleError
        If it has to be looked into and cannot be read.
    """
    if source.path == STDIN:
        return True
    found = known_by_name(shown(source.path))
    if found is None:
        with _opened(source) as (stream, _):
            found = format_of(shown(source.path), stream.read(HEAD_BYTES))
    return found in MANY


def read_article(source: Source, max_chars: int) -> Article:
    """Read a file that holds one article.

    Plain text and Markdown stay as they are, line ends included; only a byte order mark is left
    out.

    Raises
    ------
    ArticleError
        If the file cannot be read, is empty, damaged, or longer than ``max_chars``.
    """
    with _opened(source) as (stream, _):
        return _one(source, _bytes(source, stream, max_chars), max_chars)


class ArticleStream:
    """The articles of a file that may hold many, one after another.

    An article's id is the record's; where it has none, the file's id and the record's number.
    Iterating gives an :class:`~pipeline.errors.ArticleError` in the place of a record that cannot
    be read, and raises it where the file as a whole cannot.

    Attributes
    ----------
    position
        Bytes of the file that have been read so far.
    """

    def __init__(self, source: Source, columns: Columns, max_chars: int) -> None:
        self._source = source
        self._columns = columns
        self._max_chars = max_chars
        self.position = 0

    def __iter__(self) -> Iterator[Article | ArticleError]:
        source = self._source
        name = shown(source.path)
        with _opened(source) as (stream, raw):
            found = format_of(name, stream.read(HEAD_BYTES))
            stream.seek(0)
            if found not in MANY:
                yield _one(source, _bytes(source, stream, self._max_chars), self._max_chars)
                return
            contents = _MANY[found](stream, name, self._columns, self._max_chars)
            for number, content in enumerate(contents, start=1):
                self.position = raw.tell()
                yield (
                    content
                    if isinstance(content, ArticleError)
                    else _article(source, content, f"{source.doc_id}-{number:06}")
                )


def _one(source: Source, data: bytes, max_chars: int) -> Article:
    name = shown(source.path)
    found = format_of(name, data[:HEAD_BYTES])
    if found is None:
        raise ArticleError(f"{name}: XML of an unknown kind; {_KNOWN}")
    if found in MANY:
        raise ArticleError(
            f"{name}: holds many articles ({found}); give a file with one, or name it .{found}"
        )
    content = _reader(found)(data, name, max_chars)
    if content.blocks:
        # A text that is put together ends as a text file does.
        content = replace(content, text=content.text + "\n")
    article = _article(source, content, source.doc_id, hashlib.sha256(data).hexdigest())
    if not article.text.strip():
        raise ArticleError(f"{name}: the file is empty; remove it or fill it")
    return article


def _article(source: Source, content: Content, name: str, digest: str = "") -> Article:
    return Article(
        printable(" ".join(content.name.split())) or name,
        shown(source.path),
        content.text,
        content.title,
        content.blocks,
        content.metadata,
        digest or text_digest(content.text),
    )


def _reader(found: Format) -> Callable[[bytes, str, int], Content]:
    """The reader of a format; imported only where it is used."""
    if found == "html":
        from pipeline.articles.html import read_html

        return read_html
    if found == "pdf":
        from pipeline.articles.pdf import read_pdf

        return read_pdf
    if found == "docx":
        from pipeline.articles.docx import read_docx

        return read_docx
    if found == "jats":
        from pipeline.articles.jats import read_jats

        return read_jats
    return read_text


def read_text(data: bytes, name: str, max_chars: int) -> Content:
    """Read plain text or Markdown."""
    text = decode(data, name)
    if len(text) > max_chars:
        raise ArticleError(too_long(name, f"{len(text):,} characters", max_chars))
    return Content(text)


def too_long(name: str, size: str, max_chars: int) -> str:
    """What to say of an article that is longer than the limit."""
    return (
        f"{name}: {size} are more than one article may have ({max_chars:,} characters); "
        "split the file or raise --max-chars"
    )


Records = Callable[[BinaryIO, str, Columns, int], Iterator[Content | ArticleError]]


def _collection(reader: str) -> Records:
    """A reader of whole files among those of streams."""

    def read(
        stream: BinaryIO, name: str, columns: Columns, max_chars: int
    ) -> Iterator[Content | ArticleError]:
        from pipeline.articles import collections

        read_all = collections.read_bioc if reader == "bioc" else collections.read_pubtator
        data = stream.read(_MAX_COLLECTION_BYTES + 1)
        if len(data) > _MAX_COLLECTION_BYTES:
            yield ArticleError(
                f"{name}: more than {_MAX_COLLECTION_BYTES:,} bytes in one collection; split it"
            )
            return
        yield from read_all(data, name, max_chars)

    return read


_MANY: dict[Format | None, Records] = {
    "jsonl": read_jsonl,
    "csv": read_csv,
    "parquet": read_parquet,
    "bioc": _collection("bioc"),
    "pubtator": _collection("pubtator"),
}


def _bytes(source: Source, stream: BinaryIO, max_chars: int) -> bytes:
    """All bytes of a file for one article."""
    limit = max_chars * _MAX_BYTES_PER_CHAR
    data = stream.read(limit + 1)
    if len(data) > limit:
        raise ArticleError(too_long(shown(source.path), f"more than {limit:,} bytes", max_chars))
    return data


@contextmanager
def _opened(source: Source) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """A file's bytes, unpacked where they are gzip, and as they lie there; both can go back.

    Raises
    ------
    ArticleError
        If they cannot be read, there or later.
    """
    path = source.path
    try:
        # Stdin is not ours to close.
        opened = nullcontext(open_file(path)) if path == STDIN else open_file(path)
        with opened as stream, TemporaryFile() as copy:
            if path == STDIN:
                # What comes through a pipe cannot be looked into and then read.
                shutil.copyfileobj(stream, copy)
                copy.seek(0)
            found: BinaryIO = copy if path == STDIN else stream
            packed = found.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
            found.seek(0)
            if not packed:
                yield found, found
                return
            with gzip.GzipFile(fileobj=found) as unpacked:
                yield cast(BinaryIO, unpacked), found
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ArticleError(
            f"{shown(path)}: the gzip file is damaged ({error}); copy it anew"
        ) from error
    except OSError as error:
        reason = error.strerror or error
        raise ArticleError(f"{shown(path)}: cannot be read ({reason}); check the file") from error
