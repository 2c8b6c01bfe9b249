"""Read values of JSON records that anybody may have written."""

from __future__ import annotations

import re
from typing import Any

Json = dict[str, Any]

# At most 9 digits: more are no offset, and int() refuses very long ones.
_INTEGER = re.compile(r"[0-9]{1,9}")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def string(record: Json, key: str) -> str:
    """A text or number as text; empty where it is neither.

    Examples
    --------
    >>> [string({"id": value}, "id") for value in ("T1", 12, None, ["T1"])]
    ['T1', '12', '', '']
    """
    value = record.get(key)
    text = str(value) if isinstance(value, str | int) else ""
    # A lone surrogate is no character: UTF-8 cannot hold it and spaCy refuses it.
    return _LONE_SURROGATE.sub("\ufffd", text)


def integer(record: Json, key: str) -> int | None:
    """A whole number from 0, also where it is written as text; None where it is nothing of that.

    Examples
    --------
    >>> [integer({"start": value}, "start") for value in (3, " 3", -3, 3.0, True)]
    [3, 3, None, None, None]
    """
    text = string(record, key).strip()
    return int(text) if _INTEGER.fullmatch(text) else None
