"""Deal sources into units of work, in an order that is always the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.articles.discover import Source
from pipeline.records import Article

# So many bytes of articles are a unit: some seconds of work, so that little is lost with a worker
# and the start of a unit costs next to nothing.
UNIT_BYTES = 400_000
Rows = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Item:
    """A document to be annotated.

    Attributes
    ----------
    source
        A file that the worker reads, or an article that was read from a file of many.
    size
        Its bytes, as far as known.
    share
        Bytes of the input that are read with it.
    version
        What tells its content apart: the time of a file's last change, the digest of an article.
    kept
        Where its rows are in the tables of the run before, by table; None: it has to be annotated.
    """

    doc_id: str
    path: str
    source: Source | Article
    size: int
    share: int
    version: str
    kept: dict[str, Rows] | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """Some documents that a worker does at once."""

    items: tuple[Item, ...]

    @property
    def key(self) -> str:
        """Digest of what is in it: names its shards, and tells it again in a later run."""
        digest = hashlib.sha256()
        for item in self.items:
            told = (item.doc_id, item.path, item.version, str(item.size))
            digest.update("\0".join((*told, "\1" if item.kept is None else "\2")).encode())
        return digest.hexdigest()[:24]

    @property
    def size(self) -> int:
        """Bytes of its documents."""
        return sum(item.size for item in self.items)

    def alone(self) -> list[Unit]:
        """A unit for each of its documents."""
        return [Unit((item,)) for item in self.items]


def deal(items: Iterable[Item], unit_bytes: int = UNIT_BYTES) -> Iterator[Unit]:
    """Units of documents that follow each other, each just full."""
    unit: list[Item] = []
    size = 0
    for item in items:
        unit.append(item)
        # A document that is taken over costs little, whatever its size.
        size += item.size if item.kept is None else item.size // 20
        if size >= unit_bytes:
            yield Unit(tuple(unit))
            unit, size = [], 0
    if unit:
        yield Unit(tuple(unit))
