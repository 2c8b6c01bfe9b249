"""What a reader makes of one document, and how it puts a text together from its blocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.errors import ArticleError
from pipeline.records import Block, BlockKind

_CLOSE = ("ITEM", "ROW")
_DASH = "- "


@dataclass(frozen=True, slots=True)
class Content:
    """One document, as in :class:`pipeline.records.Article`, without its id and path.

    Attributes
    ----------
    name
        The id that a file of several documents gives it, or an empty string.
    """

    text: str
    title: str = ""
    blocks: tuple[Block, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    name: str = ""


class TextBuilder:
    r"""Joins blocks to a text and keeps where each of them is.

    A blank line stands between blocks, a line break between the items of a list and between the
    rows of a table; an item begins with a dash, as it would in a text file.

    Examples
    --------
    >>> text = TextBuilder()
    >>> text.add("HEADING", "Flu")
    >>> text.add("ITEM", "fever")
    >>> text.add("ITEM", " a dry\n cough ")
    >>> text.content().text
    'Flu\n\n- fever\n- a dry cough'
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._blocks: list[Block] = []
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def add(self, kind: BlockKind, text: str) -> None:
        """Add a block; its white space is folded, and an empty one is left out."""
        words = " ".join(text.split())
        if not words:
            return
        words = _DASH + words if kind == "ITEM" else words
        if self._blocks:
            close = kind in _CLOSE and self._blocks[-1].kind == kind
            gap = "\n" if close else "\n\n"
            self._parts.append(gap)
            self._length += len(gap)
        start, self._length = self._length, self._length + len(words)
        self._parts.append(words)
        self._blocks.append(Block(kind, start, self._length))

    def content(
        self, title: str = "", metadata: Mapping[str, str] | None = None, name: str = ""
    ) -> Content:
        """What was added so far."""
        given = {k: " ".join(v.split()) for k, v in (metadata or {}).items() if v and v.strip()}
        return Content(
            "".join(self._parts), " ".join(title.split()), tuple(self._blocks), given, name
        )


def too_long(name: str, size: int, max_chars: int) -> ArticleError:
    """What to raise of a text that is longer than the limit."""
    return ArticleError(
        f"{name}: {size:,} characters are more than one article may have ({max_chars:,}); "
        "split it or raise --max-chars"
    )
