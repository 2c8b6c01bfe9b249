"""Write the files that a command was asked for."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Any

from pipeline.errors import OutputError


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text, its line ends unchanged.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from error


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Write plain values as JSON; errors as in :func:`write_text`."""
    write_text(path, json.dumps(values, indent=2) + "\n")


def write_csv(path: Path, header: list[str], rows: Iterable[list[str]]) -> None:
    """Write rows, already safe for spreadsheets, as CSV; errors as in :func:`write_text`."""
    buffer = StringIO()
    writer = csv.writer(buffer)
    writer.writerow(header)
    writer.writerows(rows)
    write_text(path, buffer.getvalue())
