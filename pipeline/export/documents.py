"""The documents of a finished run, one after another, each with what was found in it.

The tables are in the order of their documents, so they are read side by side, some rows at a time:
memory grows with the longest document, not with their number.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.errors import RunError
from pipeline.tables.frames import NO_RUN
from pipeline.tables.schema import OF_DOCUMENTS, RUN_FILE, TABLES

Row = dict[str, Any]
_PARTS = OF_DOCUMENTS[1:]
_BATCH, _TEXTS = 5_000, 16


@dataclass(frozen=True, slots=True)
class Document:
    """A document and its rows of the other tables, each a dictionary by column.

    Attributes
    ----------
    record
        Its row of ``documents``.
    """

    record: Row = field(repr=False)
    sections: list[Row] = field(repr=False)
    mentions: list[Row] = field(repr=False)
    links: list[Row] = field(repr=False)
    relations: list[Row] = field(repr=False)

    @property
    def doc_id(self) -> str:
        """Its id in the run."""
        return str(self.record["doc_id"])

    @property
    def text(self) -> str:
        """The text that all offsets refer to."""
        return str(self.record["text"])

    def pairs(self) -> list[Row]:
        """Relations that are not negated, once for each pair of mentions.

        The table has a row for each pair of concepts; a composite mention has several.
        """
        found: dict[tuple[str, str, str], Row] = {}
        for row in self.relations:
            if not row["negated"]:
                found.setdefault((row["type"], row["head_id"], row["tail_id"]), row)
        return list(found.values())


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """The folder of a finished run and the version of symptograph that made it."""

    folder: Path
    version: str

    @classmethod
    def open(cls, folder: Path) -> FinishedRun:
        """Take a folder that holds a finished run.

        Raises
        ------
        RunError
            If it does not.
        """
        try:
            content = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
            return cls(folder, str(content["symptograph"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RunError(NO_RUN.format(folder=folder, name=RUN_FILE)) from error

    def documents(self, only: Collection[str] | None = None) -> Iterator[Document]:
        """Its documents in their order.

        Parameters
        ----------
        only
            Ids of the documents that are wanted, where they are not all.

        Raises
        ------
        RunError
            If a table is missing or damaged, or has rows of no document.
        """
        wanted = None if only is None else pa.array(only, pa.string())
        tables = [_Groups(self.folder, name, wanted) for name in _PARTS]
        for record in _rows(self.folder, "documents", _TEXTS, wanted):
            yield Document(record, *(table.of(record["doc_id"]) for table in tables))
        for table in tables:
            table.check_end()


class _Groups:
    """Rows of a table, document by document."""

    def __init__(self, folder: Path, name: str, wanted: pa.Array | None) -> None:
        self._place = folder / f"{name}.parquet"
        self._groups = groupby(_rows(folder, name, _BATCH, wanted), key=itemgetter("doc_id"))
        self._waiting = next(self._groups, None)

    def of(self, doc_id: str) -> list[Row]:
        """Rows of the next document."""
        if self._waiting is None or self._waiting[0] != doc_id:
            return []
        rows = list(self._waiting[1])
        self._waiting = next(self._groups, None)
        return rows

    def check_end(self) -> None:
        if self._waiting is not None:
            raise RunError(
                f"{self._place}: rows of {self._waiting[0]!r} are not where that document is; "
                "run again"
            )


def _rows(folder: Path, name: str, n_rows: int, wanted: pa.Array | None) -> Iterator[Row]:
    path, columns = folder / f"{name}.parquet", TABLES[name].names
    try:
        with pq.ParquetFile(path) as file:
            if not set(columns) <= set(file.schema_arrow.names):
                raise RunError(f"{path}: made by another version; run again")
            for batch in file.iter_batches(n_rows, columns=columns):
                if wanted is not None:
                    batch = batch.filter(pc.is_in(batch["doc_id"], wanted))
                yield from batch.to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise RunError(NO_RUN.format(folder=folder, name=path.name)) from error


def without_overlap(mentions: Iterable[Row]) -> list[Row]:
    """Mentions in reading order; of those that overlap the longest, the first of equally long."""
    kept: list[Row] = []
    taken: set[int] = set()
    for row in sorted(mentions, key=lambda row: (row["start"] - row["end"], row["start"])):
        # Those kept are at least as long: what overlaps one of them holds one of their characters
        # at its own start or end.
        if not {row["start"], row["end"] - 1} & taken:
            taken.update(range(row["start"], row["end"]))
            kept.append(row)
    return sorted(kept, key=itemgetter("start"))
