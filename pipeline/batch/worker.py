"""What a worker does: annotate the documents of a unit and write their rows as shards.

Rows go to files, never through the pipe to the parent.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from spacy.language import Language

from pipeline.annotate import annotate
from pipeline.articles.discover import Source
from pipeline.articles.read import read_article
from pipeline.batch.messages import error_row
from pipeline.batch.shards import SHARDED, write_shards
from pipeline.batch.units import Item, Unit
from pipeline.config import RunConfig
from pipeline.errors import ArticleError
from pipeline.tables.schema import TABLES
from pipeline.tables.writer import as_table
from pipeline.terminology.cache import load_index


class Annotator:
    """A pipeline with what it needs to write the shards of units.

    Parameters
    ----------
    shards
        Folder of the shards.
    before
        Folder of the tables that a run before has written, for rows that are taken over.
    """

    def __init__(self, nlp: Language, config: RunConfig, shards: Path, before: Path) -> None:
        self._nlp = nlp
        self._config = config
        self._shards = shards
        self._before = before
        self._index = load_index(own=config.term_files)

    def __call__(self, unit: Unit) -> dict[str, int]:
        """Write a unit's shards.

        Returns
        -------
        dict
            The number of rows of each table, of ``tokens``, and of mentions by type.

        Raises
        ------
        OutputError
            If a shard cannot be written.
        """
        parts: dict[str, list[pa.Table]] = {name: [] for name in SHARDED}
        counts: Counter[str] = Counter()
        for item in unit.items:
            tables = self._kept(item) if item.kept else self._annotated(item)
            for name, table in tables.items():
                parts[name].append(table)
                counts[name] += table.num_rows
            if "documents" in tables:
                counts["tokens"] += pc.sum(tables["documents"]["n_tokens"]).as_py() or 0
                counts.update(tables["entities"]["type"].to_pylist())
        tables = {
            name: pa.concat_tables([TABLES[name].empty_table(), *found])
            for name, found in parts.items()
        }
        write_shards(tables, self._shards, unit.key)
        return dict(counts)

    def _annotated(self, item: Item) -> dict[str, pa.Table]:
        """Rows of a document; what went wrong with it is a row of ``errors``."""
        try:
            article = item.source
            if isinstance(article, Source):
                article = read_article(article, self._config.max_chars)
            return annotate(article, self._nlp, self._index, self._config.window)
        except ArticleError as error:
            failed = error_row(item, "read", error)
        except Exception as error:
            failed = error_row(item, "annotate", error)
        return {"errors": as_table("errors", [failed])}

    def _kept(self, item: Item) -> dict[str, pa.Table]:
        """Rows of a document in the tables of the run before."""
        kept = item.kept or {}
        return {name: read_rows(self._before / f"{name}.parquet", *kept[name]) for name in kept}


def read_rows(path: Path, start: int, end: int) -> pa.Table:
    """Some rows of a Parquet file, only what holds them read."""
    file, borders = _opened(path)
    parts = [
        _group(path, group).slice(max(start - first, 0), min(end, last) - max(start, first))
        for group, (first, last) in enumerate(borders)
        if first < end and start < last
    ]
    return pa.concat_tables([file.schema_arrow.empty_table(), *parts])


@lru_cache(maxsize=8)
def _opened(path: Path) -> tuple[pq.ParquetFile, list[tuple[int, int]]]:
    """A file with the rows of each of its groups."""
    file = pq.ParquetFile(path)
    borders, first = [], 0
    for group in range(file.metadata.num_row_groups):
        last = first + file.metadata.row_group(group).num_rows
        borders.append((first, last))
        first = last
    return file, borders


@lru_cache(maxsize=8)
def _group(path: Path, group: int) -> pa.Table:
    return _opened(path)[0].read_row_group(group)
