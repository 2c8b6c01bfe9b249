"""Read the lines of the annotation formats that are made of lines."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import GoldError


def numbered_lines(text: str) -> list[tuple[int, str]]:
    """Lines with their numbers from 1, without their ends (LF or CRLF).

    Not ``splitlines()``: a mention may hold other line separators, as U+2028.
    """
    return [(n, line.rstrip("\r")) for n, line in enumerate(text.split("\n"), start=1)]


def read_lines(path: Path) -> list[tuple[int, str]]:
    """Numbered lines of a UTF-8 file; a byte order mark is left out.

    Raises
    ------
    GoldError
        If the file cannot be read as UTF-8.
    """
    try:
        return numbered_lines(path.read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise GoldError(f"{path}: cannot be read as UTF-8 ({error}); convert it") from error
