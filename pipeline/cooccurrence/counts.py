"""Count co-occurrences with DuckDB over the Parquet tables, in bounded memory.

Each window (sentence, section, document) counts a concept once; negated mentions do not count.
Where a mention has no concept, its folded text stands in (``text:…``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

# What DuckDB may hold in memory, by the number of mentions; it goes on in a file beside the tables
# where that is not enough, but for some of its work it is not able to.
_LEAST_MEMORY, _MEMORY_A_ROW, _MOST_MEMORY = 150_000_000, 90, 1_000_000_000
_MAX_THREADS = 4
SCOPES = ("sentence", "section", "document")


def concept_key(curie: str, text: str) -> str:
    """SQL of what a concept is called: its CURIE or, where there is none, the folded text."""
    folded = f"lower(trim(regexp_replace({text}, '[\\s\\p{{Z}}]+', ' ', 'g')))"
    return f"coalesce({curie}, 'text:' || {folded})"


# One row for each concept of each mention; composites have several, with as many labels.
_MENTIONS = f"""
create temp table mention as
select
    e.doc_id, e.sentence, e.section, e.type,
    {concept_key("part.curie", "e.text")} as concept_id,
    part.label
from read_parquet(?) as e
left join lateral (
    select
        unnest(string_split(e.concept_id, ',')) as curie,
        unnest(string_split(e.concept_label, '; ')) as label
) as part on true
where not e.negated
"""

# Mentions of a concept are mentions of all that is above it.
_ROLL_UP = """
insert into mention
select m.doc_id, m.sentence, m.section, m.type, a.above_id, a.above_label
from mention as m join above as a on a.concept_id = m.concept_id
"""

# Numbers in the order of the output, so that a pair is once `a.number < b.number`.
_CONCEPTS = """
create temp table concept as
select
    cast(row_number() over (order by type_order, concept_id) - 1 as integer) as number,
    type, concept_id,
    case when starts_with(concept_id, 'text:') then concept_id[6:] else label end as label
from (
    select
        type, concept_id, min(label) as label,
        case type when 'CONDITION' then 0 when 'SYMPTOM' then 1 else 2 end as type_order
    from mention group by type, concept_id
)
"""

# `kind` tells documents that are copies of each other: they have the same.
_ITEMS = """
create temp table item as
select distinct
    d.doc, d.kind, cast(sentence as integer) as sentence, cast(section as integer) as section,
    c.number, c.type
from mention join concept as c using (type, concept_id) join kinds as d using (doc_id)
"""

_WINDOWS = """
select
    (select coalesce(sum(n_sentences), 0)::bigint from read_parquet(?)),
    (select count(*) from read_parquet(?)),
    (select count(*) from read_parquet(?))
"""

# `place` tells windows of one document apart; the number of all windows of a scope is given.
_PLACES = {"sentence": "sentence", "section": "section", "document": "0"}

_PAIRS = """
copy (
    with once as (select distinct doc, kind, {place} as place, number, type from item),
    single as (select number, count(*) as n from once group by number),
    in_doc as (
        select a.number as a, b.number as b, a.kind, count(*) as windows
        from once as a join once as b
            on a.doc = b.doc and a.place = b.place and a.number < b.number {types}
        group by a.number, b.number, a.doc, a.kind
    ),
    in_kind as (
        select a, b, sum(windows) as windows, count(*) as docs from in_doc group by a, b, kind
    ),
    pair as (
        select
            a, b, cast(sum(windows) as bigint) as n_ab, cast(sum(docs) as bigint) as n_docs,
            count(*) as n_effective_docs
        from in_kind group by a, b having sum(windows) >= {min_count}
    )
    select
        a, b, n_ab, sa.n as n_a, sb.n as n_b, cast({windows} as bigint) as n, n_docs,
        n_effective_docs
    from pair join single as sa on sa.number = a join single as sb on sb.number = b
    order by a, b
) to '{out}' (format parquet)
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts of pairs.

    Attributes
    ----------
    concepts
        Columns ``type``, ``concept_id``, ``label``; the row is the concept's number.
    pairs
        Parquet file of each scope: ``a``, ``b`` (numbers of concepts), ``n_ab`` to
        ``n_effective_docs``; ordered by ``a``, ``b``.
    """

    concepts: pa.Table
    pairs: dict[str, Path]


def count_pairs(
    folder: Path,
    kinds: NDArray[np.int64],
    min_count: int = 1,
    above: pa.Table | None = None,
) -> Counted:
    """Count every pair of concepts in every scope.

    Parameters
    ----------
    folder
        Has the Parquet files of ``entities``, ``documents`` and ``sections``; the counts go there
        too.
    kinds
        A number for each row of ``documents``, the same for copies of one text.
    min_count
        Windows that a pair must share to be told.
    above
        Columns ``concept_id``, ``above_id``, ``above_label``: mentions of a concept count for what
        is above it too, and pairs of one type are left out (one may be above the other).
    """
    entities, documents, sections = (
        str(folder / f"{name}.parquet") for name in ("entities", "documents", "sections")
    )
    with open_database(folder) as connection:
        # fetchall() ends each statement: an unfinished one blocks the connection.
        connection.register("kind_of", _kind_table(Path(documents), kinds))
        connection.execute("create temp table kinds as select * from kind_of").fetchall()
        connection.execute(_MENTIONS, [entities]).fetchall()
        if above is not None:
            connection.register("above", above)
            connection.execute(_ROLL_UP).fetchall()
        connection.execute(_CONCEPTS).fetchall()
        connection.execute(_ITEMS).fetchall()
        connection.execute("drop table mention").fetchall()
        ((n_sentences, n_documents, n_sections),) = connection.execute(
            _WINDOWS, [documents, documents, sections]
        ).fetchall()
        windows = dict(zip(SCOPES, (n_sentences, n_sections, n_documents), strict=True))
        name = "pairs" if above is None else "rolled"
        files = {scope: folder / f"{name}-{scope}.parquet" for scope in SCOPES}
        for scope, file in files.items():
            connection.execute(
                _PAIRS.format(
                    place=_PLACES[scope],
                    min_count=int(min_count),
                    types="" if above is None else "and a.type <> b.type",
                    windows=windows[scope],
                    out=quoted(file),
                )
            ).fetchall()
        concepts = connection.sql(
            "select type, concept_id, label from concept order by number"
        ).to_arrow_table()
    return Counted(concepts, files)


def open_database(folder: Path) -> duckdb.DuckDBPyConnection:
    """A database for the mentions in a folder; what does not fit in memory goes to files there."""
    n_rows = pq.ParquetFile(folder / "entities.parquet").metadata.num_rows
    # What Arrow has kept for later would come on top.
    pa.default_memory_pool().release_unused()
    memory = min(_LEAST_MEMORY + n_rows * _MEMORY_A_ROW, _MOST_MEMORY)
    return duckdb.connect(
        config={
            "memory_limit": f"{memory}B",
            "temp_directory": str(folder / "spill"),
            "threads": min(os.cpu_count() or 1, _MAX_THREADS),
            # What is written is ordered by what is asked for; to keep the order of what is read
            # besides would hold it all in memory.
            "preserve_insertion_order": False,
        }
    )


def quoted(path: Path) -> str:
    """A path as it stands between quotes in SQL."""
    return str(path).replace("'", "''")


def _kind_table(documents: Path, kinds: NDArray[np.int64]) -> pa.Table:
    doc_ids = pq.read_table(documents, columns=["doc_id"])["doc_id"]
    return pa.table(
        {
            "doc_id": doc_ids,
            "doc": pa.array(np.arange(len(doc_ids)), type=pa.int32()),
            "kind": pa.array(kinds, type=pa.int32()),
        }
    )


def batches(file: Path, rows: int) -> Iterator[pa.Table]:
    """Rows of a Parquet file, some at a time."""
    for batch in pq.ParquetFile(file).iter_batches(rows):
        yield pa.Table.from_batches([batch])
