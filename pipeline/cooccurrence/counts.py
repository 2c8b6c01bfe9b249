"""Count co-occurrences with DuckDB over the Parquet tables.

Each window (sentence, section, document) counts a concept once; negated mentions do not count.
Where a mention has no concept, its folded text stands in (``text:…``).
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

# One row for each concept of each mention; composites have several, with as many labels.
_MENTIONS = """
create temp table mention as
select
    e.doc_id, e.sentence, e.section, e.type,
    coalesce(
        part.curie, 'text:' || lower(trim(regexp_replace(e.text, '[\\s\\p{Z}]+', ' ', 'g')))
    ) as concept_id,
    part.label
from read_parquet(?) as e
left join lateral (
    select
        unnest(string_split(e.concept_id, ',')) as curie,
        unnest(string_split(e.concept_label, '; ')) as label
) as part on true
where not e.negated
"""

# Numbers in the order of the output, so that a pair is once `a.number < b.number`.
_CONCEPTS = """
create temp table concept as
select
    cast(row_number() over (order by type_order, concept_id) as integer) as number,
    type, concept_id,
    case when starts_with(concept_id, 'text:') then concept_id[6:] else label end as label
from (
    select
        type, concept_id, min(label) as label,
        case type when 'CONDITION' then 0 when 'SYMPTOM' then 1 else 2 end as type_order
    from mention group by type, concept_id
)
"""

_ITEMS = """
create temp table item as
select distinct
    cast(dense_rank() over (order by doc_id) as integer) as doc,
    cast(sentence as integer) as sentence, cast(section as integer) as section, c.number
from mention join concept as c using (type, concept_id)
"""

_WINDOWS = """
select
    (select coalesce(sum(n_sentences), 0)::bigint from read_parquet(?)),
    (select count(*) from read_parquet(?)),
    (select count(*) from read_parquet(?))
"""

# `place` tells windows of one document apart; the number of all windows of a scope is given.
_SCOPES = {"sentence": "sentence", "section": "section", "document": "0"}

_PAIRS = """
with once as (select distinct doc, {place} as place, number from item),
single as (select number, count(*) as n from once group by number),
pair as (
    select a, b, cast(sum(windows) as bigint) as n_ab, count(*) as n_docs
    from (
        select a.number as a, b.number as b, a.doc, count(*) as windows
        from once as a join once as b
            on a.doc = b.doc and a.place = b.place and a.number < b.number
        group by all
    )
    group by a, b
)
select
    '{scope}' as scope,
    ca.type as a_type, ca.concept_id as a_concept_id, ca.label as a_label,
    cb.type as b_type, cb.concept_id as b_concept_id, cb.label as b_label,
    n_ab, sa.n as n_a, sb.n as n_b, cast(? as bigint) as n, n_docs
from pair
join single as sa on sa.number = a join single as sb on sb.number = b
join concept as ca on ca.number = a join concept as cb on cb.number = b
order by a, b
"""


def count_pairs(entities: Path, documents: Path, sections: Path) -> pa.Table:
    """Count every pair of concepts in every scope.

    Parameters
    ----------
    entities, documents, sections
        Parquet files of these tables.

    Returns
    -------
    pyarrow.Table
        Columns ``scope`` to ``n_docs`` of the co-occurrence table, in a fixed order of rows.
    """
    with duckdb.connect() as connection:
        connection.sql("set preserve_insertion_order = true")
        # fetchall() ends each statement: an unfinished one blocks the connection.
        connection.execute(_MENTIONS, [str(entities)]).fetchall()
        connection.execute(_CONCEPTS).fetchall()
        connection.execute(_ITEMS).fetchall()
        ((n_sentences, n_documents, n_sections),) = connection.execute(
            _WINDOWS, [str(documents), str(documents), str(sections)]
        ).fetchall()
        windows = {"sentence": n_sentences, "section": n_sections, "document": n_documents}
        parts = [
            connection.sql(
                _PAIRS.format(place=place, scope=scope), params=[windows[scope]]
            ).to_arrow_table()
            for scope, place in _SCOPES.items()
        ]
    return pa.concat_tables(parts)
