"""Read one file into an Article, its text unchanged."""

from __future__ import annotations

import codecs
from pathlib import Path

from pipeline.articles.discover import Source, printable
from pipeline.errors import ArticleError
from pipeline.records import Article

_WIDE = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_MAX_BYTES_PER_CHAR = 4


def read_article(source: Source, max_chars: int) -> Article:
    """Read a UTF-8 text or Markdown file.

    A byte order mark is left out; everything else, line ends included, stays as it is.

    Raises
    ------
    ArticleError
        If the file cannot be read, is empty, binary, not UTF-8 or longer than ``max_chars``.
    """
    path = source.path
    try:
        size = path.stat().st_size
        if size > max_chars * _MAX_BYTES_PER_CHAR:
            raise ArticleError(_too_long(path, f"{size:,} bytes", max_chars))
        data = path.read_bytes()
    except OSError as error:
        raise ArticleError(f"{path}: cannot be read ({error.strerror}); check the file") from error
    text = _decode(path, data)
    if not text.strip():
        raise ArticleError(f"{path}: the file is empty; remove it or fill it")
    if len(text) > max_chars:
        raise ArticleError(_too_long(path, f"{len(text):,} characters", max_chars))
    return Article(source.doc_id, printable(path.as_posix()), text)


def _too_long(path: Path, size: str, max_chars: int) -> str:
    return (
        f"{path}: {size} are more than one article may have ({max_chars:,} characters); "
        "split the file or raise --max-chars"
    )


def _decode(path: Path, data: bytes) -> str:
    for mark, name in _WIDE.items():
        if data.startswith(mark):
            raise ArticleError(f"{path}: the text is {name}; save it as UTF-8")
    if b"\0" in data:
        raise ArticleError(f"{path}: a binary file, not a text; give .txt or .md files")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ArticleError(
            f"{path}: not valid UTF-8 (byte {error.start:,}); save it as UTF-8"
        ) from error
