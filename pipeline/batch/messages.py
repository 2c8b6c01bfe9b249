"""Rows of the ``errors`` table."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pipeline.articles.discover import printable, shown
from pipeline.batch.units import Item
from pipeline.errors import SymptographError


class ErrorRow(NamedTuple):
    """What failed: a row of ``errors``.

    Attributes
    ----------
    stage
        ``discover``, ``read``, ``annotate``.
    error
        Its kind: the class of the exception, ``TimeLimit`` or ``Crash``.
    message
        One line: the file, the problem, the remedy.
    """

    path: str
    doc_id: str | None
    stage: str
    error: str
    message: str


def failed(path: Path | str, doc_id: str | None, stage: str, error: Exception) -> ErrorRow:
    """The row of an exception."""
    name = shown(path)
    message = str(error) if isinstance(error, SymptographError) else f"{name}: {error}"
    return ErrorRow(name, doc_id, stage, type(error).__name__, one_line(message))


def error_row(item: Item, stage: str, error: Exception) -> ErrorRow:
    """The row of an exception that a document raised."""
    return failed(item.path, item.doc_id, stage, error)


def hung(item: Item, seconds: float) -> ErrorRow:
    """The row of a document that took too long."""
    message = (
        f"{item.path}: not done within {seconds:g} seconds; raise --timeout or split it "
        f"({item.doc_id})"
    )
    return ErrorRow(item.path, item.doc_id, "annotate", "TimeLimit", one_line(message))


def died(item: Item, attempts: int) -> ErrorRow:
    """The row of a document that ends the process that works on it."""
    message = (
        f"{item.path}: the process that annotated {item.doc_id} ended {attempts} times "
        "(out of memory?); look at its text, or split it"
    )
    return ErrorRow(item.path, item.doc_id, "annotate", "Crash", one_line(message))


def order(row: ErrorRow) -> tuple[str, str, str, str]:
    """What error rows are sorted by."""
    return row.path, row.stage, row.doc_id or "", row.message


def one_line(message: str) -> str:
    """A message without line breaks, as valid Unicode."""
    return printable(" ".join(message.split()))
