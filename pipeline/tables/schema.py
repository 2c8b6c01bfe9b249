"""Names, columns and types of every output table, in the order they are written.

Offsets are Unicode code points into ``documents.text``, half-open. ``sentence`` and ``section``
count from 0 within a document; the ``sections`` table says what a section is about. ``links`` has
every concept that an entity may stand for, ranked from 1, which is the one in ``entities``.
``rollups`` is empty unless it was asked for. ``metadata`` and ``layout`` of ``documents`` are JSON:
an object of what the format says of the article, and ``[kind, start, end]`` of the blocks that the
format names (an empty list: they are found in the text).
"""

from __future__ import annotations

import pyarrow as pa

_TEXT, _COUNT, _FLAG, _NUMBER = pa.string(), pa.int64(), pa.bool_(), pa.float64()

DOCUMENTS = pa.schema(
    [
        ("doc_id", _TEXT), ("path", _TEXT), ("title", _TEXT), ("n_chars", _COUNT),
        ("n_tokens", _COUNT), ("n_sentences", _COUNT), ("n_entities", _COUNT), ("topic_id", _TEXT),
        ("topic_label", _TEXT), ("sha256", _TEXT), ("text", _TEXT), ("metadata", _TEXT),
        ("layout", _TEXT),
    ]
)  # fmt: skip
SECTIONS = pa.schema(
    [
        ("doc_id", _TEXT), ("section", _COUNT), ("heading", _TEXT), ("topic_id", _TEXT),
        ("topic_label", _TEXT), ("start", _COUNT), ("end", _COUNT),
    ]
)  # fmt: skip
ENTITIES = pa.schema(
    [
        ("doc_id", _TEXT), ("entity_id", _TEXT), ("type", _TEXT), ("text", _TEXT),
        ("start", _COUNT), ("end", _COUNT), ("sentence", _COUNT), ("section", _COUNT),
        ("concept_id", _TEXT), ("concept_label", _TEXT), ("concept_score", _NUMBER),
        ("negated", _FLAG), ("uncertain", _FLAG), ("source", _TEXT), ("score", _NUMBER),
        ("experiencer", _TEXT), ("role", _TEXT), ("cue", _TEXT), ("cue_start", _COUNT),
        ("cue_end", _COUNT), ("long_form", _TEXT),
    ]
)  # fmt: skip
LINKS = pa.schema(
    [
        ("doc_id", _TEXT), ("entity_id", _TEXT), ("rank", _COUNT), ("concept_id", _TEXT),
        ("concept_label", _TEXT), ("score", _NUMBER), ("match", _TEXT), ("scope", _TEXT),
        ("name", _TEXT), ("ontology", _TEXT), ("ontology_version", _TEXT),
    ]
)  # fmt: skip
RELATIONS = pa.schema(
    [
        ("doc_id", _TEXT), ("relation_id", _TEXT), ("type", _TEXT), ("head_id", _TEXT),
        ("head_text", _TEXT), ("head_concept_id", _TEXT), ("tail_id", _TEXT), ("tail_text", _TEXT),
        ("tail_concept_id", _TEXT), ("scope", _TEXT), ("negated", _FLAG), ("uncertain", _FLAG),
        ("evidence", _TEXT), ("score", _NUMBER), ("rule", _TEXT), ("cue", _TEXT),
        ("evidence_start", _COUNT), ("evidence_end", _COUNT), ("frequency", _TEXT), ("hpoa", _TEXT),
    ]
)  # fmt: skip
COOCCURRENCES = pa.schema(
    [
        ("scope", _TEXT), ("a_type", _TEXT), ("a_concept_id", _TEXT), ("a_label", _TEXT),
        ("b_type", _TEXT), ("b_concept_id", _TEXT), ("b_label", _TEXT), ("n_ab", _COUNT),
        ("n_a", _COUNT), ("n_b", _COUNT), ("n", _COUNT), ("n_docs", _COUNT), ("expected", _NUMBER),
        ("enrichment", _NUMBER), ("npmi", _NUMBER), ("odds_ratio", _NUMBER), ("p_value", _NUMBER),
        ("q_value", _NUMBER), ("log_odds", _NUMBER), ("log_odds_se", _NUMBER),
        ("n_effective_docs", _COUNT), ("hpoa", _TEXT),
    ]
)  # fmt: skip
ERRORS = pa.schema(
    [("path", _TEXT), ("doc_id", _TEXT), ("stage", _TEXT), ("error", _TEXT), ("message", _TEXT)]
)

RUN_FILE = "run.json"
# Tables whose rows belong to a document each, in the documents' order.
OF_DOCUMENTS = ("documents", "sections", "entities", "links", "relations")
TABLES: dict[str, pa.Schema] = {
    "documents": DOCUMENTS,
    "sections": SECTIONS,
    "entities": ENTITIES,
    "links": LINKS,
    "relations": RELATIONS,
    "cooccurrences": COOCCURRENCES,
    "rollups": COOCCURRENCES,
    "errors": ERRORS,
}
