"""Which articles a page shows: all of them, or of a large run a sample that stays the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import RunError
from pipeline.tables.frames import read_table

# Compressed it is a third of that: more makes a page that a telephone does not open.
MAX_CHARS = 24_000_000


@dataclass(frozen=True, slots=True)
class Sample:
    """The documents that are shown.

    Attributes
    ----------
    doc_ids
        In the order of the tables.
    n_documents
        How many the run has.
    """

    doc_ids: list[str]
    n_documents: int


def choose(folder: Path, max_articles: int, always: Iterable[str] = ()) -> Sample:
    """Choose documents of a run by the digests of their ids, which are as good as chance.

    Parameters
    ----------
    max_articles
        How many documents are shown at the most; ``MAX_CHARS`` characters are another limit.
    always
        Documents that are shown whatever the limits say, as those that gold is given for.

    Raises
    ------
    RunError
        If the folder holds no finished run.
    """
    table = read_table(folder, "documents", ["doc_id", "n_chars"])
    sizes = dict(zip(table["doc_id"].to_pylist(), table["n_chars"].to_pylist(), strict=True))
    wanted = set(always)
    if missing := sorted(wanted - sizes.keys()):
        raise RunError(f"{folder}: no document {missing[0]!r}; run on the gold's texts")
    fits = len(sizes) <= max_articles and sum(sizes.values()) <= MAX_CHARS
    chosen = set(sizes) if fits else wanted | _drawn(sizes, max_articles, wanted)
    return Sample([doc_id for doc_id in sizes if doc_id in chosen], len(sizes))


def _drawn(sizes: dict[str, int], max_articles: int, wanted: set[str]) -> set[str]:
    drawn: set[str] = set()
    room = MAX_CHARS - sum(sizes[doc_id] for doc_id in wanted)
    for doc_id in sorted(sizes.keys() - wanted, key=_digest):
        if len(wanted) + len(drawn) >= max_articles:
            break
        if sizes[doc_id] <= room:
            room -= sizes[doc_id]
            drawn.add(doc_id)
    return drawn


def _digest(doc_id: str) -> bytes:
    return hashlib.sha256(doc_id.encode("utf-8", "surrogatepass")).digest()
