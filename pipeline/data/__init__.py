"""What we ship as data: reviewed tables (each line with its source) read by the code."""

from __future__ import annotations

import csv
import hashlib
import sys
from functools import cache
from importlib import resources
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LEXICONS = resources.files(__package__) / "lexicons"


@cache
def load_table(name: str) -> tuple[dict[str, str], ...]:
    """Rows of a CSV lexicon as dicts; lines that start with ``#`` are comments.

    Parameters
    ----------
    name
        File name below ``pipeline/data/lexicons``.

    Raises
    ------
    ValueError
        If a row has more or fewer cells than the header.
    """
    text = (LEXICONS / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    rows = []
    for number, row in enumerate(csv.DictReader(lines), start=2):
        if None in row or None in row.values():
            raise ValueError(f"{name}, row {number}: wrong number of cells: {row}")
        rows.append({key: value.strip() for key, value in row.items()})
    return tuple(rows)


@cache
def load_toml(name: str) -> dict[str, Any]:
    """Parse a TOML lexicon of ``pipeline/data/lexicons``."""
    return tomllib.loads((LEXICONS / name).read_text(encoding="utf-8"))


@cache
def lexicon_digest(*names: str) -> str:
    """Hex SHA-256 over the bytes of the named lexicons."""
    digest = hashlib.sha256()
    for name in names:
        digest.update(name.encode())
        digest.update((LEXICONS / name).read_bytes())
    return digest.hexdigest()
