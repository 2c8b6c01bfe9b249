"""Count co-occurrences with DuckDB over the Parquet tables.

Each window (sentence, section, document) counts a concept once; negated mentions do not count.
Where a mention has no concept, its folded text stands in (``text:…``).
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

_KEYS = """
create temp table mention as
select distinct
    e.doc_id, e.sentence, e.section, e.type,
    case e.type when 'CONDITION' then 0 when 'SYMPTOM' then 1 else 2 end as type_order,
    coalesce(part.curie, 'text:' || lower(regexp_replace(e.text, '\\s+', ' ', 'g'))) as concept_id
from read_parquet(?) as e
left join lateral (select unnest(string_split(e.concept_id, ',')) as curie) as part on true
where not e.negated
"""

_LABELS = """
create temp table label as
select concept_id, min(label) as label
from (
    select
        unnest(string_split(concept_id, ',')) as concept_id,
        case when contains(concept_id, ',') then null else concept_label end as label
    from read_parquet(?) where concept_id is not null
)
group by concept_id
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
with item as (
    select distinct doc_id, {place} as place, type, type_order, concept_id from mention
),
single as (
    select type, concept_id, count(*) as n from item group by all
),
pair as (
    select
        a.type as a_type, a.concept_id as a_concept_id, a.type_order as a_order,
        b.type as b_type, b.concept_id as b_concept_id, b.type_order as b_order,
        count(*) as n_ab, count(distinct a.doc_id) as n_docs
    from item as a
    join item as b on a.doc_id = b.doc_id and a.place = b.place
        and (a.type_order < b.type_order
             or (a.type_order = b.type_order and a.concept_id < b.concept_id))
    group by all
)
select
    '{scope}' as scope,
    a_type, a_concept_id, coalesce(la.label, a_concept_id[6:]) as a_label,
    b_type, b_concept_id, coalesce(lb.label, b_concept_id[6:]) as b_label,
    n_ab, sa.n as n_a, sb.n as n_b, cast(? as bigint) as n, n_docs
from pair
join single as sa on sa.type = a_type and sa.concept_id = a_concept_id
join single as sb on sb.type = b_type and sb.concept_id = b_concept_id
left join label as la on la.concept_id = a_concept_id
left join label as lb on lb.concept_id = b_concept_id
order by a_order, b_order, n_ab desc, a_concept_id, b_concept_id
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
        connection.execute(_KEYS, [str(entities)]).fetchall()
        connection.execute(_LABELS, [str(entities)]).fetchall()
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
