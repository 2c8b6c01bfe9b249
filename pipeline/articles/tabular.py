"""Read files of records, one article each: JSON lines, CSV and TSV, Parquet.

They are read piece by piece, whatever their size. A record that cannot be read is given as an
error in its place, and reading goes on with the next; nothing is raised. The text of a record
stays as it is.
"""

from __future__ import annotations

import codecs
import csv
import json
import lzma
import math
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from io import BytesIO
from itertools import chain
from typing import Any, BinaryIO

from pipeline.articles.content import Content
from pipeline.errors import ArticleError

# Where a record is, as "line 17", with its values by column or, as a string, what is wrong with it.
_Record = tuple[str, dict[str, Any] | str]

_TEXT_NAMES = ("text", "body", "content", "article", "abstract", "document")
_ID_NAMES = ("id", "doc_id", "docid", "document_id", "pmid", "uid", "url")
_TITLE_NAMES = ("title", "headline", "name", "focus")

_MAX_VALUE_CHARS = 1000
_MAX_COLUMNS = 30
_MAX_SHOWN = 20  # columns in a message
# JSON has no header: its columns are those of its first records, so many that can be read.
_HEADER_RECORDS = 20
_MAX_BEFORE = 10_000
# The layout and encoding of a file are told from so much of it.
_SAMPLE_BYTES = 200_000
_CHUNK = 1 << 20
# A record of a JSON array that is not complete within so many characters is not JSON.
_MAX_PENDING = 200_000_000
_BATCH_ROWS = 64
_MIN_CELL_CHARS = 131_072
_MAX_CELL_CHARS = 2**31 - 1
_DELIMITERS = ",\t;|"

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_QUOTED = re.compile('"[^"]*"')
_FILLED = re.compile(r"[^ \t\r\n]")
_NO_CHARACTER = re.compile("[\ud800-\udfff\0]")
_BROKEN_STREAM = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, MemoryError)


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns hold what; None where they are found by their names."""

    text: str | None = None
    id: str | None = None
    title: str | None = None


def read_jsonl(
    stream: BinaryIO, name: str, columns: Columns, max_chars: int
) -> Iterator[Content | ArticleError]:
    """Read JSON lines, or one JSON array of objects."""
    return _checked(_jsonl(stream, name, columns, max_chars), name)


def read_csv(
    stream: BinaryIO, name: str, columns: Columns, max_chars: int
) -> Iterator[Content | ArticleError]:
    """Read CSV or TSV with a header line, in UTF-8 or Windows-1252.

    Fields stand between commas, semicolons, tabs or bars, as the header has them.
    """
    return _checked(_csv(stream, name, columns, max_chars), name)


def read_parquet(
    stream: BinaryIO, name: str, columns: Columns, max_chars: int
) -> Iterator[Content | ArticleError]:
    """Read Parquet from a stream that can be sought in."""
    return _checked(_parquet(stream, name, columns, max_chars), name)


def _checked(
    results: Iterator[Content | ArticleError], name: str
) -> Iterator[Content | ArticleError]:
    """Give what stops the reading as an error, too, and also that there is nothing to read."""
    empty = True
    try:
        for result in results:
            empty = False
            yield result
    except ArticleError as error:
        yield error
    except _BROKEN_STREAM as error:
        yield ArticleError(f"{name}: cannot be read any further ({_why(error)}); copy it anew")
    else:
        if empty:
            yield ArticleError(f"{name}: no records in it; give a file that has some")


def _why(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


# What a record says


@dataclass(frozen=True, slots=True)
class _Layout:
    """The columns of a file that are more than metadata."""

    text: str
    id: str | None
    title: str | None

    @classmethod
    def of(cls, columns: Columns, names: Sequence[str], file: str) -> _Layout:
        """Find them among the columns of a file."""
        found = {}
        for what, defaults in (("text", _TEXT_NAMES), ("id", _ID_NAMES), ("title", _TITLE_NAMES)):
            wanted = getattr(columns, what)
            found[what] = _find(wanted, defaults, names)
            if found[what] is None and (wanted is not None or what == "text"):
                missing = f"no column {wanted!r}" if wanted is not None else "no column of texts"
                raise ArticleError(
                    f"{file}: {missing}; it has {_shown(names)}: name one with --{what}-column"
                )
        text = found["text"] or ""
        # The column of the texts is no title because of its name alone.
        others = (
            None if getattr(columns, what) is None and found[what] == text else found[what]
            for what in ("id", "title")
        )
        return cls(text, *others)

    def read(self, record: _Record, file: str, max_chars: int) -> Content | ArticleError:
        """The article of a record."""
        place, values = record
        wrong = values if isinstance(values, str) else self._wrong(values, max_chars)
        if wrong or isinstance(values, str):
            return ArticleError(f"{file}: {place}: {wrong}")
        title, key = ("" if c is None else _plain(values.get(c)) for c in (self.title, self.id))
        text = _NO_CHARACTER.sub("\ufffd", values[self.text])
        return Content(text, title, (), self._metadata(values), key)

    def _wrong(self, values: dict[str, Any], max_chars: int) -> str:
        text, shown = values.get(self.text), repr(self.text)
        if text is None or (isinstance(text, str) and not text.strip()):
            return f"no text in column {shown}; fill it or remove the record"
        if not isinstance(text, str):
            return f"column {shown} holds {type(text).__name__}, not text; write it as a string"
        if "\0" in text:
            return "a NUL character in the text; remove it"
        if len(text) > max_chars:
            return (
                f"{len(text):,} characters are more than one article may have ({max_chars:,}); "
                "split it or raise --max-chars"
            )
        return ""

    def _metadata(self, values: dict[str, Any]) -> dict[str, str]:
        found: dict[str, str] = {}
        for column, value in values.items():
            key = _folded(column)
            if column in (self.text, self.id, self.title) or not key or key in found:
                continue
            if said := _plain(value):
                found[key] = said
            if len(found) == _MAX_COLUMNS:
                break
        return found


def _find(wanted: str | None, defaults: Sequence[str], names: Sequence[str]) -> str | None:
    if wanted in names:
        return wanted
    # Reversed: of two names that differ in their case alone, the first counts.
    folded = {name.strip().lower(): name for name in reversed(names)}
    options = defaults if wanted is None else [wanted.strip().lower()]
    return next((folded[option] for option in options if option in folded), None)


def _shown(names: Sequence[str]) -> str:
    shown = ", ".join(map(_folded, names[:_MAX_SHOWN])) or "none"
    more = len(names) - _MAX_SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown


def _plain(value: Any) -> str:
    """A value as a string; empty where there is none."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return ""
        value = int(value) if value.is_integer() and abs(value) < 2**53 else value
    if value is None or (isinstance(value, list | dict) and not value):
        return ""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    elif isinstance(value, bool | list | dict):
        value = _json_text(value)
    elif isinstance(value, date | time):
        value = value.isoformat()
    return _folded(str(value))


def _json_text(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    except (RecursionError, TypeError, ValueError):
        return ""


def _folded(value: str) -> str:
    # Cut first: only so much of a long value needs to be looked at.
    words = _NO_CHARACTER.sub("\ufffd", value[: 10 * _MAX_VALUE_CHARS]).split()
    return " ".join(words)[:_MAX_VALUE_CHARS]


# Lines


class _Stream:
    """A stream whose beginning is known before it is read; a byte order mark is left out."""

    def __init__(self, stream: BinaryIO, size: int, name: str) -> None:
        self.head = _read_fully(stream, size)
        self.whole = len(self.head) < size
        if self.head.startswith(_UTF16) or b"\0" in self.head[:2]:
            raise ArticleError(f"{name}: the text is UTF-16 or not text; save it as UTF-8")
        self.head = self.head.removeprefix(codecs.BOM_UTF8)
        self._begin = BytesIO(self.head)
        self._rest = stream

    def read(self, size: int) -> bytes:
        return self._begin.read(size) or _read_fully(self._rest, size)

    def readline(self, size: int) -> bytes:
        line = self._begin.readline(size)
        if len(line) == size or line.endswith(b"\n"):
            return line
        return line + self._rest.readline(size - len(line))

    def lines(self, limit: int) -> Iterator[tuple[int, bytes | None]]:
        """Lines with their numbers; None stands for one of more bytes, which is skipped."""
        number = 0
        while line := self.readline(limit + 1):
            number += 1
            if len(line) <= limit or line.endswith(b"\n"):
                yield number, line
                continue
            while (rest := self.readline(_CHUNK)) and not rest.endswith(b"\n"):
                pass
            yield number, None


def _read_fully(stream: BinaryIO, size: int) -> bytes:
    """As many bytes as there are; a stream that unpacks may give fewer at a time."""
    parts: list[bytes] = []
    while size > 0 and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _too_long(limit: int) -> str:
    return f"the line is longer than {limit:,} bytes; split the article or raise --max-chars"


def _not_utf8(error: UnicodeDecodeError) -> str:
    return f"not valid {error.encoding} (byte {error.start + 1:,}); save it as UTF-8"


# JSON


def _jsonl(
    stream: BinaryIO, name: str, columns: Columns, max_chars: int
) -> Iterator[Content | ArticleError]:
    file = _Stream(stream, _SAMPLE_BYTES, name)
    start = file.head.lstrip(b" \t\r\n")
    if start.startswith(b"["):
        records = _Array(file).records()
    elif start.split(b"\n", 1)[0].strip() == b"{":
        raise ArticleError(f"{name}: an object on several lines; write each record on one line")
    else:
        records = _json_lines(file, 4 * max_chars)
    first: list[_Record] = []
    objects: list[dict[str, Any]] = []
    for record in records:
        first.append(record)
        if not isinstance(record[1], str):
            objects.append(record[1])
        if len(objects) == _HEADER_RECORDS or len(first) == _MAX_BEFORE:
            break
    layout = _Layout("text", None, None)
    # Where no record could be read no column is missing: their own errors say what is wrong.
    if objects:
        layout = _Layout.of(columns, list(dict.fromkeys(chain.from_iterable(objects))), name)
    for record in chain(first, records):
        yield layout.read(record, name, max_chars)


def _json_lines(file: _Stream, limit: int) -> Iterator[_Record]:
    for number, line in file.lines(limit):
        if line is None:
            yield f"line {number:,}", _too_long(limit)
        elif line.strip():
            yield f"line {number:,}", _json_object(line)


def _json_object(line: bytes) -> dict[str, Any] | str:
    try:
        return _object(json.loads(line.decode("utf-8")))
    except UnicodeDecodeError as error:
        return _not_utf8(error)
    except (ValueError, RecursionError) as error:
        return _not_json(error)


def _object(value: Any) -> dict[str, Any] | str:
    if isinstance(value, dict):
        return value
    return f"not a JSON object but {type(value).__name__}; write one object for each article"


def _not_json(error: ValueError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "JSON nested too deep; flatten it"
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON ({error.msg}, character {error.pos + 1:,}); repair it"
    return f"not JSON ({_why(error)}); repair it"


class _Array:
    """The objects of one JSON array, of which only a part is in memory."""

    def __init__(self, file: _Stream) -> None:
        self._file = file
        # Bytes that are no UTF-8 pass, so that they spoil their own record alone.
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._text = ""
        self._at = 0
        self._ended = False

    def records(self) -> Iterator[_Record]:
        self._peek()
        number, mark = 0, "["
        while mark in ("[", ","):
            self._at += 1
            number += 1
            if self._peek() == "]" and mark == "[":
                break
            try:
                values = self._value()
            except (ValueError, RecursionError) as error:
                lost = "the rest of the array is lost; convert it to JSON lines"
                yield f"record {number:,}", f"{_not_json(error).rpartition(';')[0]}, {lost}"
                return
            yield f"record {number:,}", values
            mark = self._peek()
        if mark not in ("[", "]"):
            yield f"record {number:,}", "the array does not go on behind it; repair the file"
            return
        self._at += 1
        if self._peek():
            yield f"record {number:,}", "more behind the array's end; convert it to JSON lines"

    def _fill(self) -> None:
        # As much again as there is: a long record is tried only a few times.
        data = self._file.read(max(_CHUNK, len(self._text) - self._at))
        self._ended = not data
        self._text = self._text[self._at :] + self._decoder.decode(data, self._ended)
        self._at = 0

    def _peek(self) -> str:
        """The next character that is no white space, empty at the end."""
        while not (match := _FILLED.search(self._text, self._at)):
            self._at = len(self._text)
            if self._ended:
                return ""
            self._fill()
        self._at = match.start()
        return match[0]

    def _value(self) -> dict[str, Any] | str:
        while True:
            try:
                value, end = json.JSONDecoder().raw_decode(self._text, self._at)
                if end < len(self._text) or self._ended:
                    break
            except ValueError as error:
                if self._ended or len(self._text) - self._at > _MAX_PENDING:
                    raise ValueError(_why(error).partition(":")[0]) from error
            self._fill()
        raw, self._at = self._text[self._at : end], end
        if _NO_CHARACTER.search(raw):
            return "not valid UTF-8; save it as UTF-8"
        return _object(value)


# CSV


class _BadLineError(Exception):
    """A line that cannot be read; its message says why and what to do."""


class _Lines:
    """Lines as the csv module takes them; it goes on behind one that raised."""

    def __init__(self, file: _Stream, encoding: str, limit: int) -> None:
        self._lines = file.lines(limit)
        self._encoding = encoding
        self._limit = limit
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        self.number, line = next(self._lines)
        if line is None:
            raise _BadLineError(_too_long(self._limit))
        if b"\0" in line:
            raise _BadLineError("a NUL character in the line; remove it")
        try:
            return line.decode(self._encoding)
        except UnicodeDecodeError as error:
            raise _BadLineError(_not_utf8(error)) from error


def _csv(
    stream: BinaryIO, name: str, columns: Columns, max_chars: int
) -> Iterator[Content | ArticleError]:
    file = _Stream(stream, _SAMPLE_BYTES, name)
    if b"\r" in file.head and b"\n" not in file.head:
        raise ArticleError(f"{name}: lines end in CR alone; save it with other line ends")
    cell = min(max(4 * max_chars, _MIN_CELL_CHARS), _MAX_CELL_CHARS)
    encoding = _csv_encoding(file)
    lines = _Lines(file, encoding, 4 * cell)
    rows = _rows(lines, _delimiter(file, encoding, name), cell)
    header: list[str] | None = None
    layout = _Layout("text", None, None)
    for place, row in rows:
        if isinstance(row, str):
            yield ArticleError(f"{name}: {place}: {row}")
        elif header is None:
            header = [column.strip() for column in row]
            layout = _Layout.of(columns, [c for c in header if c], name)
        else:
            yield layout.read((place, _by_column(header, row)), name, max_chars)


def _csv_encoding(file: _Stream) -> str:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(file.head, final=file.whole)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _delimiter(file: _Stream, encoding: str, name: str) -> str:
    """What the fields of the first line stand between."""
    line = file.head.lstrip(b"\r\n").split(b"\n", 1)[0].decode(encoding, "replace")
    bare = _QUOTED.sub("", line)
    # Where the line has none, there is one column; what its cells may hold, the file's name says.
    order = f"\t{_DELIMITERS}" if ".tsv" in name.lower() else _DELIMITERS
    return max(order, key=bare.count)


def _rows(lines: _Lines, delimiter: str, cell: int) -> Iterator[tuple[str, list[str] | str]]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        first = lines.number + 1
        try:
            row = _next_row(reader, cell)
        except StopIteration:
            return
        except _BadLineError as error:
            yield f"line {lines.number:,}", str(error)
        except csv.Error as error:
            yield f"line {first:,}", f"not readable CSV ({_why(error)}); repair its quotes"
        else:
            if row:
                yield f"line {first:,}", row


def _next_row(reader: Iterator[list[str]], cell: int) -> list[str]:
    # The limit is one for all readers of the program: it is set for each row alone.
    before = csv.field_size_limit(cell)
    try:
        return next(reader)
    finally:
        csv.field_size_limit(before)


def _by_column(header: list[str], row: list[str]) -> dict[str, Any] | str:
    if len(row) != len(header):
        return f"{len(row):,} fields where the header has {len(header):,}; repair the line"
    values: dict[str, Any] = {}
    for column, value in zip(header, row, strict=True):
        values.setdefault(column, value)
    return values


# Parquet


def _parquet(
    stream: BinaryIO, name: str, columns: Columns, max_chars: int
) -> Iterator[Content | ArticleError]:
    from pyarrow.parquet import ParquetFile

    try:
        file = ParquetFile(stream)
        schema = file.schema_arrow
        sizes = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
    except Exception as error:
        raise ArticleError(f"{name}: not readable Parquet ({_why(error)}); copy it anew") from error
    layout = _Layout.of(columns, schema.names, name)
    kind = schema.types[schema.names.index(layout.text)]
    if not _holds_text(kind):
        raise ArticleError(
            f"{name}: column {layout.text!r} holds {kind}, not text; name another with "
            "--text-column"
        )
    wanted = _wanted(schema, layout)
    first = 1
    for group, size in enumerate(sizes):
        for record in _row_group(file, group, first, wanted, layout.text):
            yield layout.read(record, name, max_chars)
        first += size


def _holds_text(kind: Any) -> bool:
    from pyarrow import types

    if types.is_dictionary(kind):
        kind = kind.value_type
    tests = ("string", "large_string", "string_view", "binary", "large_binary", "binary_view")
    return any(getattr(types, f"is_{test}")(kind) for test in tests)


def _wanted(schema: Any, layout: _Layout) -> list[str]:
    """The columns to read: all but those of bytes, which may be pictures, and too many."""
    from pyarrow import types

    needed = [column for column in (layout.text, layout.id, layout.title) if column is not None]
    others = [
        column
        for column, kind in zip(schema.names, schema.types, strict=True)
        if column not in needed
        and not any(getattr(types, f"is_{t}")(kind) for t in ("binary", "large_binary", "null"))
    ]
    return [*dict.fromkeys(needed), *dict.fromkeys(others[:_MAX_COLUMNS])]


def _row_group(
    file: Any, group: int, first: int, wanted: list[str], text: str
) -> Iterator[_Record]:
    row = first
    batches: Iterable[Any] = file.iter_batches(
        _BATCH_ROWS, row_groups=[group], columns=wanted, use_threads=False
    )
    try:
        for batch in batches:
            cells = dict(zip(reversed(batch.schema.names), reversed(batch.columns), strict=True))
            for n in range(batch.num_rows):
                yield f"row {row:,}", _values(cells, wanted, n, text)
                row += 1
    except Exception as error:
        lost = "it and those behind it in its row group are lost; copy the file anew"
        yield f"row {row:,}", f"cannot be read ({_why(error)}), {lost}"


def _values(
    cells: dict[str, Any], columns: Iterable[str], row: int, text: str
) -> dict[str, Any] | str:
    """A row's values; one of metadata that cannot be read is left out."""
    values: dict[str, Any] = {}
    for column in columns:
        try:
            value = cells[column][row].as_py()
            if column == text and isinstance(value, bytes):
                value = value.decode("utf-8")
        except UnicodeDecodeError as error:
            if column == text:
                return _not_utf8(error)
        except Exception as error:
            if column == text:
                return f"cannot be read ({_why(error)}); repair it"
        else:
            values[column] = value
    return values
