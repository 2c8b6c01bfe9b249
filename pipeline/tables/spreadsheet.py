"""Keep CSV cells from being run as formulas by spreadsheet programs.

An apostrophe goes before a cell that begins like a formula; a cell that has apostrophes there
already gets one more, so that it can be undone: take away one apostrophe where apostrophes stand
before ``= + - @``, tab or carriage return.
"""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

FORMULA = r"^('*[=+\-@\t\r])"
_FORMULA = re.compile(FORMULA)


def harmless(cell: str) -> str:
    """The cell, with an apostrophe before it where it begins like a formula.

    Examples
    --------
    >>> [harmless(cell) for cell in ("=1+1", "'=1+1", "-itis", "flu")]
    ["'=1+1", "''=1+1", "'-itis", 'flu']
    """
    return _FORMULA.sub(r"'\1", cell)


def harmless_cells(record: Any) -> list[str]:
    """Values of a dataclass record as harmless cells, in the order of its fields."""
    return [harmless(str(getattr(record, field.name))) for field in fields(record)]
