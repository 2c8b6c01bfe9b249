"""The co-occurrence table: counted pairs with their statistics, in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.cooccurrence.counts import Counted, batches, open_database, quoted
from pipeline.cooccurrence.statistics import (
    Floats,
    benjamini_hochberg,
    expected_count,
    fisher_p,
    log_odds,
    npmi,
    odds_ratio,
)
from pipeline.tables.schema import COOCCURRENCES
from pipeline.terminology.records import ENTITY_TYPES

# Rows of a batch: some 30 MB while they are worked on.
_ROWS = 50_000
_COUNTS = ("n_ab", "n_a", "n_b", "n")
Annotated = Callable[[str, str], str | None]
"""How a condition and a symptom, by their CURIEs, stand to HPO's annotations."""


def pair_tables(counted: Counted, annotated: Annotated | None = None) -> Iterator[pa.Table]:
    """The co-occurrence table, part by part.

    ``q_value`` is adjusted among the pairs of the same scope and types (Benjamini and Hochberg
    1995), so the p values of a scope are worked out before its first part is given.
    """
    columns = {
        name: counted.concepts[name].combine_chunks() for name in counted.concepts.schema.names
    }
    types = _types(counted.concepts)
    curies = columns["concept_id"].to_pylist()
    for scope, file in counted.pairs.items():
        p, q = _p_and_q(file, types)
        done = 0
        for part in batches(file, _ROWS):
            rows = slice(done, done + part.num_rows)
            yield _complete(scope, part, columns, curies, types, p[rows], q[rows], annotated)
            done += part.num_rows


def best_levels(counted: Counted, parents: pa.Table) -> Counted:
    """Leave of each rolled-up pair its most informative levels.

    A pair goes where a step up or down, on one side, leads to a pair that is less likely by chance
    (smaller p); of pairs that are equally so the more special one stays.

    Parameters
    ----------
    parents
        Columns ``concept_id``, ``parent_id``.
    """
    types = _types(counted.concepts)
    files = {}
    for scope, file in counted.pairs.items():
        p, _ = _p_and_q(file, types)
        files[scope] = file.with_suffix(".best.parquet")
        with open_database(file.parent) as connection:
            connection.register("concepts", _numbered(counted.concepts))
            connection.register("parents", parents)
            connection.register("p", pa.table({"row": np.arange(len(p)), "p": p}))
            connection.execute(_BEST.format(file=quoted(file), out=quoted(files[scope]))).fetchall()
    return Counted(counted.concepts, files)


_BEST = """
copy (
    with pair as (
        select f.*, p.p from read_parquet('{file}', file_row_number = true) as f
        join p on p.row = f.file_row_number
    ),
    step as (
        select c.number as below, d.number as above
        from parents join concepts as c using (concept_id)
        join concepts as d on d.concept_id = parent_id and d.type = c.type
    ),
    -- Pairs a step apart: the special one and the general one.
    apart as (
        select s.a as sa, s.b as sb, s.p as sp, g.a as ga, g.b as gb, g.p as gp
        from pair as s join step on step.below = s.a
        join pair as g on g.a = step.above and g.b = s.b
        union all
        select s.a, s.b, s.p, g.a, g.b, g.p
        from pair as s join step on step.below = s.b
        join pair as g on g.b = step.above and g.a = s.a
    ),
    worse as (
        select sa as a, sb as b from apart where gp < sp
        union select ga, gb from apart where sp <= gp
    )
    select pair.* exclude (p, file_row_number) from pair anti join worse using (a, b) order by a, b
) to '{out}' (format parquet)
"""


def _numbered(concepts: pa.Table) -> pa.Table:
    return concepts.append_column("number", pa.array(np.arange(concepts.num_rows), pa.int32()))


def _types(concepts: pa.Table) -> NDArray[np.int8]:
    """Place of each concept's type in ``ENTITY_TYPES``."""
    names = concepts["type"].to_pylist()
    return np.array([ENTITY_TYPES.index(name) for name in names], dtype=np.int8)


def _p_and_q(file: Path, types: NDArray[np.int8]) -> tuple[Floats, Floats]:
    """P values of all pairs of a scope, and the same adjusted within each two types."""
    p_parts, family_parts = [np.zeros(0)], [np.zeros(0, dtype=np.int8)]
    for part in batches(file, _ROWS):
        p_parts.append(fisher_p(*(_floats(part, name) for name in _COUNTS)))
        a, b = (part[name].to_numpy() for name in "ab")
        family_parts.append(types[a] * np.int8(len(ENTITY_TYPES)) + types[b])
    p, family = np.concatenate(p_parts), np.concatenate(family_parts)
    q = np.empty_like(p)
    for code in np.unique(family):
        members = np.flatnonzero(family == code)
        q[members] = benjamini_hochberg(p[members])
    return p, q


def _complete(
    scope: str,
    part: pa.Table,
    columns: dict[str, pa.Array],
    curies: list[str],
    types: NDArray[np.int8],
    p: Floats,
    q: Floats,
    annotated: Annotated | None,
) -> pa.Table:
    counts = [_floats(part, name) for name in _COUNTS]
    n_ab, n_a, n_b, n = counts
    expected = expected_count(n_a, n_b, n)
    log_ratio, error = log_odds(*counts)
    a, b = (part[name].combine_chunks() for name in "ab")
    made = {
        "scope": pa.array([scope] * part.num_rows),
        "a_type": columns["type"].take(a),
        "a_concept_id": columns["concept_id"].take(a),
        "a_label": columns["label"].take(a),
        "b_type": columns["type"].take(b),
        "b_concept_id": columns["concept_id"].take(b),
        "b_label": columns["label"].take(b),
        **{name: part[name] for name in (*_COUNTS, "n_docs", "n_effective_docs")},
        "expected": expected,
        "enrichment": n_ab / expected,
        "npmi": npmi(*counts),
        "odds_ratio": odds_ratio(*counts),
        "p_value": p,
        "q_value": q,
        "log_odds": log_ratio,
        "log_odds_se": error,
        "hpoa": _statuses(a.to_numpy(), b.to_numpy(), curies, types, annotated),
    }
    return pa.table({f.name: made[f.name] for f in COOCCURRENCES}).cast(COOCCURRENCES)


def _statuses(
    a: NDArray[np.int32],
    b: NDArray[np.int32],
    curies: list[str],
    types: NDArray[np.int8],
    annotated: Annotated | None,
) -> pa.Array:
    """How each pair of a condition and a symptom stands to the annotations, null for others."""
    found: list[str | None] = [None] * len(a)
    if annotated is not None:
        condition, symptom = (ENTITY_TYPES.index(t) for t in ("CONDITION", "SYMPTOM"))
        for row in np.flatnonzero((types[a] == condition) & (types[b] == symptom)).tolist():
            found[row] = annotated(curies[a[row]], curies[b[row]])
    return pa.array(found, type=pa.string())


def _floats(table: pa.Table, name: str) -> Floats:
    values: Floats = table[name].to_numpy().astype(np.float64)
    return values
