"""Where an export goes: names that are safe on every system, files that are whole or not there."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import quote

from pipeline.errors import OutputError
from pipeline.tables.spreadsheet import harmless

_PLAIN = " '()+,=@"
_MAX_PART, _MAX_NAME = 100, 200
# Names that are devices on Windows, whatever their suffix.
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_BREAKS = re.compile("[\\\\\x00-\x1f\x7f\x85\u2028\u2029]")
# What a backslash begins in a table; surrogates are no characters.
_ESCAPE = re.compile(r"\\(?:u(?!d[89a-f])([0-9a-f]{4}))?")
# The apostrophe that pipeline.tables.spreadsheet.harmless puts before a cell.
_GUARD = re.compile(r"^'(?='*[=+\-@\t\r])")


class FileNames:
    """Gives every document a file name of its own, also where upper and lower case are alike."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, doc_id: str) -> str:
        """A path below the output folder, without a suffix; ``/`` of the id are subfolders.

        Examples
        --------
        >>> names = FileNames()
        >>> [names.of(doc_id) for doc_id in ("flu", "a/b.c", "../x", "/etc")]
        ['flu', 'a/b.c', '%2E%2E/x', '%2F/etc']
        """
        plain = name = _path(doc_id)
        for number in count():
            if name.lower() not in self._taken:
                break
            name = f"{plain}-{_digest(f'{number} {doc_id}')}"
        self._taken.add(name.lower())
        return name


def _path(doc_id: str) -> str:
    *folders, last = (_part(part) for part in doc_id.split("/"))
    # Without a dot no folder has the name of a file.
    parts = [*(folder.replace(".", "%2E") for folder in folders), last]
    name = "/".join(_cut(part) for part in parts)
    return name if len(name) <= _MAX_NAME else _cut("%2F".join(parts))


def _part(part: str) -> str:
    """A part of an id with everything encoded that means something to some system."""
    name = quote(part, safe=_PLAIN)
    if not name:
        return "%2F"
    if not re.match(r"[A-Za-z0-9_%]", name) or _DEVICE.match(name):
        name = f"%{ord(name[0]):02X}{name[1:]}"
    if name.endswith((" ", ".")):
        name = f"{name[:-1]}%{ord(name[-1]):02X}"
    return name


def _cut(name: str) -> str:
    return name if len(name) <= _MAX_PART else f"{name[: _MAX_PART - 20]}-{_digest(name)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def table_line(*cells: str) -> str:
    r"""A line of a tab-separated table; backslashes and control characters are ``\uXXXX``."""
    shown = (_BREAKS.sub(lambda match: f"\\u{ord(match.group()):04x}", cell) for cell in cells)
    return "\t".join(harmless(cell) for cell in shown) + "\n"


def table_cells(line: str) -> list[str]:
    r"""Cells of a line that :func:`table_line` made, without its line end, as they were given.

    Raises
    ------
    ValueError
        If a backslash is not the beginning of a ``\uXXXX``.

    Examples
    --------
    >>> table_cells(table_line("=1", "a\\b").rstrip())
    ['=1', 'a\\b']
    """
    return [_ESCAPE.sub(_unescaped, _GUARD.sub("", cell)) for cell in line.split("\t")]


def _unescaped(match: re.Match[str]) -> str:
    if match[1] is None:
        raise ValueError(f"a backslash that begins no \\uXXXX: {match.string!r}")
    return chr(int(match[1], 16))


@contextmanager
def in_place(target: Path, marker: str, *, overwrite: bool) -> Iterator[Path]:
    """A place to write a file or folder to that is moved to its target when all is written.

    Parameters
    ----------
    marker
        Of a folder, a file that every export of the kind has: only a folder with it is replaced.
        Empty for a file.

    Raises
    ------
    OutputError
        If something is there that may not be replaced, or the place cannot be written.
    """
    _check(target, marker, overwrite)
    scratch: Path | None = None
    try:
        real = target.resolve()
        # In the folder itself if it is there: it may be a volume of its own, or somebody's place.
        around = real if real.is_dir() else real.parent
        around.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".export-", dir=around))
        made = scratch / "new"
        if marker:
            made.mkdir()
        yield made
        if around == real:
            _swap(made, real, scratch)
        else:
            made.replace(real)
    except OSError as error:
        raise OutputError(f"{target}: cannot be written ({error.strerror or error})") from error
    finally:
        if scratch is not None:
            shutil.rmtree(scratch, ignore_errors=True)


def _swap(made: Path, folder: Path, scratch: Path) -> None:
    """Put what was made in place of what is in a folder, or leave all as it was."""
    old = scratch / "old"
    old.mkdir()
    moves = [(path, old / path.name) for path in folder.iterdir() if path != scratch]
    moves += [(path, folder / path.name) for path in made.iterdir()]
    done: list[tuple[Path, Path]] = []
    try:
        for source, place in moves:
            source.replace(place)
            done.append((source, place))
    except BaseException:
        for source, place in reversed(done):
            place.replace(source)
        raise


def _check(target: Path, marker: str, overwrite: bool) -> None:
    try:
        if not target.exists() or (marker and target.is_dir() and not any(target.iterdir())):
            return
        if marker and not target.is_dir():
            raise OutputError(f"{target}: is no folder; give another one with --out")
        if not marker and not target.is_file():
            raise OutputError(f"{target}: is no file; give another one with --out")
        if marker and overwrite and not (target / marker).is_file():
            raise OutputError(
                f"{target}: holds other files than such an export; give another folder with --out"
            )
    except OSError as error:
        raise OutputError(f"{target}: cannot be read ({error.strerror or error})") from error
    if not overwrite:
        what = "is not empty" if marker else "is there already"
        raise OutputError(f"{target}: {what}; give another --out, or --overwrite")
