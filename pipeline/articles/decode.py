"""Bytes to text, in whatever encoding they are."""

from __future__ import annotations

import codecs

from pipeline.errors import ArticleError

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# Encodings are guessed from so much of a text.
_SAMPLE_BYTES = 200_000
# Of Western encodings that fit a text as well, Windows' own is by far the commonest.
_COMMONEST = "cp1252"


def decode(data: bytes, name: str) -> str:
    """Text of a file: by its byte order mark, as UTF-8, else by what its bytes look like.

    Raises
    ------
    ArticleError
        If it is no text in any encoding.
    """
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return _decoded(data, encoding, name)
    if b"\0" in data:
        raise ArticleError(f"{name}: a binary file, not a text; give one of the known formats")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse_damaged(data, error, name)
        return _decoded(data, _guess(data, error.start, name), name)


def _refuse_damaged(data: bytes, error: UnicodeDecodeError, name: str) -> None:
    """Refuse UTF-8 with a few bad bytes: read in another encoding it would all be wrong."""
    text = data.decode("utf-8", "replace")
    n_bad = text.count("\ufffd")
    n_good = sum(character > "\x7f" for character in text) - n_bad
    ends_early = error.end == len(data) and error.reason == "unexpected end of data"
    if n_good > n_bad or (ends_early and n_good):
        raise ArticleError(
            f"{name}: UTF-8 that is damaged at byte {error.start:,}; repair it or copy it anew"
        )


def _decoded(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise ArticleError(f"{name}: not valid {encoding} ({error}); save it as UTF-8") from error


def _guess(data: bytes, bad: int, name: str) -> str:
    from charset_normalizer import from_bytes

    # A piece around the first byte that is not UTF-8, which says more than the file's beginning.
    begin = max(0, bad - _SAMPLE_BYTES // 2)
    found = from_bytes(data[begin : begin + _SAMPLE_BYTES])
    best = found.best()
    if best is None:
        raise ArticleError(f"{name}: neither UTF-8 nor any known encoding; save it as UTF-8")
    alike = [match.encoding for match in found if match.chaos <= best.chaos]
    return _COMMONEST if _COMMONEST in alike else best.encoding
