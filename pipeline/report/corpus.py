"""What a run found in all its documents together: counts, concepts, pairs.

Everything is counted over the whole run, also where the page shows some of the articles only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.cooccurrence.counts import SCOPES, concept_key
from pipeline.tables.frames import read_run_file
from pipeline.tables.query import open_run
from pipeline.tables.schema import TABLES
from pipeline.terminology.records import ENTITY_TYPES

if TYPE_CHECKING:
    import duckdb

Columns = dict[str, list[Any]]

_SHOWN_ERRORS = 1_000
_TOP = 30
_READ_BYTES = 1 << 20
_CONCEPTS = f"""
create temp table concept as
select
    type, concept_id, min(label) as label,
    count(*) as mentions, count(distinct doc_id) as documents,
    count(*) filter (negated) as negated, count(*) filter (uncertain) as uncertain
from (
    select
        e.doc_id, e.type, e.negated, e.uncertain,
        {concept_key("part.curie", "e.text")} as concept_id,
        coalesce(part.label, lower(e.text)) as label
    from entities as e
    left join lateral (
        select
            unnest(string_split(e.concept_id, ',')) as curie,
            unnest(string_split(e.concept_label, '; ')) as label
    ) as part on true
)
group by type, concept_id
"""
# The strongest first, so that what is left out, where there are too many, is the weakest.
_PAIRS = f"""
create temp table pair as
select
    row_number() over (
        order by documents desc, told desc, score desc, type, head, tail
    ) - 1 as number, *
from (
    select
        type, {concept_key("head_concept_id", "head_text")} as head,
        {concept_key("tail_concept_id", "tail_text")} as tail,
        count(*) filter (not negated) as told,
        count(distinct doc_id) filter (not negated) as documents,
        count(*) filter (negated) as denied, count(*) filter (uncertain) as hedged,
        max(score) as score, mode(frequency order by frequency) as frequency, min(hpoa) as hpoa
    from relations group by type, head, tail
)
"""
_ENDS = {
    "has_symptom": ("CONDITION", "SYMPTOM"),
    "affects": ("CONDITION", "BODY_PART"),
    "located_in": ("SYMPTOM", "BODY_PART"),
}


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is known of a run as a whole.

    Attributes
    ----------
    overview
        Counts, the most frequent concepts, versions, digests and errors.
    concepts
        Columns of the concepts that are in a pair.
    pairs
        Columns of the pairs, ``head`` and ``tail`` being rows of ``concepts``; the strongest first.
    pair_of
        Row of ``pairs`` by document and relation id, for the articles that are shown.
    """

    overview: dict[str, Any]
    concepts: Columns = field(repr=False)
    pairs: Columns = field(repr=False)
    pair_of: dict[tuple[str, str], int] = field(repr=False)


def describe(folder: Path, shown: Sequence[str], max_pairs: int) -> Corpus:
    """Count what is in the tables of a run.

    Parameters
    ----------
    shown
        Ids of the documents that the page will have.
    max_pairs
        How many pairs are listed at the most.

    Raises
    ------
    RunError
        If the folder holds no finished run.
    """
    run, _ = read_run_file(folder)
    with open_run(folder) as database:
        database.execute(_CONCEPTS)
        database.execute(_PAIRS)
        n_pairs = _count(database, "pair")
        pairs = _columns(database, "select * from pair where number < ? order by number", max_pairs)
        concepts, rows = _concepts_of(database, pairs)
        overview = {
            "run": run,
            "types": _types(database),
            "top": {label: _top(database, label) for label in ENTITY_TYPES},
            "errors": _errors(database),
            "tables": list(_digests(folder, run)),
            "n_pairs": n_pairs,
        }
        pairs |= _statistics(database, max_pairs)
        pair_of = _pair_of(database, shown, max_pairs)
    del pairs["number"]
    for end, place in (("head", 0), ("tail", 1)):
        types = [_ENDS[kind][place] for kind in pairs["type"]]
        pairs[end] = [rows[key] for key in zip(types, pairs[end], strict=True)]
    return Corpus(overview, concepts, pairs, pair_of)


def _count(database: duckdb.DuckDBPyConnection, table: str) -> int:
    found = database.execute(f"select count(*) from {table}").fetchone()
    assert found is not None
    return int(found[0])


def _columns(database: duckdb.DuckDBPyConnection, query: str, *values: Any) -> Columns:
    found = database.execute(query, list(values))
    names = [column[0] for column in found.description]
    rows = found.fetchall()
    return {name: [_short(row[place]) for row in rows] for place, name in enumerate(names)}


def _short(value: Any) -> Any:
    """Numbers with as many digits as a reader can use: the page is smaller by a third."""
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _concepts_of(
    database: duckdb.DuckDBPyConnection, pairs: Columns
) -> tuple[Columns, dict[tuple[str, str], int]]:
    keys = {
        (_ENDS[kind][place], key)
        for place, end in enumerate(("head", "tail"))
        for kind, key in zip(pairs["type"], pairs[end], strict=True)
    }
    found = _columns(database, "select * from concept order by type, concept_id")
    known = list(zip(found["type"], found["concept_id"], strict=True))
    kept = [row for row, key in enumerate(known) if key in keys]
    columns = {name: [values[row] for row in kept] for name, values in found.items()}
    return columns, {known[row]: number for number, row in enumerate(kept)}


def _statistics(database: duckdb.DuckDBPyConnection, max_pairs: int) -> Columns:
    """How often each pair is together in a scope, and how far from chance: columns by scope."""
    found: Columns = {}
    for scope in SCOPES:
        columns = _columns(
            database,
            "select c.n_ab, c.npmi, c.q_value from pair as p left join cooccurrences as c "
            "on c.scope = ? and c.a_concept_id = p.head and c.b_concept_id = p.tail "
            "and c.a_type = case p.type when 'located_in' then 'SYMPTOM' else 'CONDITION' end "
            "and c.b_type = case p.type when 'has_symptom' then 'SYMPTOM' else 'BODY_PART' end "
            "where p.number < ? order by p.number",
            scope,
            max_pairs,
        )
        found |= {f"{name}_{scope}": values for name, values in columns.items()}
    return found


def _pair_of(
    database: duckdb.DuckDBPyConnection, shown: Sequence[str], max_pairs: int
) -> dict[tuple[str, str], int]:
    head, tail = (concept_key(f"r.{end}_concept_id", f"r.{end}_text") for end in ("head", "tail"))
    rows = database.execute(
        "select r.doc_id, r.relation_id, p.number from relations as r join pair as p "
        f"on p.type = r.type and p.head = {head} and p.tail = {tail} "
        "where p.number < ? and r.doc_id in (select unnest(?))",
        [max_pairs, list(shown)],
    ).fetchall()
    return {(doc_id, relation_id): number for doc_id, relation_id, number in rows}


def _types(database: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """A row for each type of mention."""
    rows = database.execute(
        "select type, count(*), count(distinct doc_id), count(*) filter (negated), "
        "count(*) filter (uncertain), count(concept_id) from entities group by type"
    ).fetchall()
    names = ("type", "mentions", "documents", "negated", "uncertain", "linked")
    found = {row[0]: dict(zip(names, row, strict=True)) for row in rows}
    concepts = dict(database.execute("select type, count(*) from concept group by type").fetchall())
    nothing = dict.fromkeys(names[1:], 0)
    return [
        {"type": label, **nothing, **found.get(label, {}), "concepts": concepts.get(label, 0)}
        for label in ENTITY_TYPES
    ]


def _top(database: duckdb.DuckDBPyConnection, label: str) -> Columns:
    return _columns(
        database,
        "select concept_id, label, documents, mentions from concept where type = ? "
        f"order by documents desc, mentions desc, concept_id limit {_TOP}",
        label,
    )


def _errors(database: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    rows = _columns(database, f"select * from errors limit {_SHOWN_ERRORS}")
    return {"total": _count(database, "errors"), "rows": rows}


def _digests(folder: Path, run: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Rows and SHA-256 of each table, by which a run can be told from another."""
    for name in TABLES:
        digest = hashlib.sha256()
        with (folder / f"{name}.parquet").open("rb") as file:
            while part := file.read(_READ_BYTES):
                digest.update(part)
        yield {"table": name, "rows": run["counts"].get(name, 0), "sha256": digest.hexdigest()}
