"""The articles of a page: an index of all, and the articles themselves in parts to be opened late.

Offsets are Unicode code points. A row of a mention or relation is a list, in the order of
``MENTION`` and ``RELATION``; a relation's ``head`` and ``tail`` are numbers of mentions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.export.documents import Document
from pipeline.export.places import FileNames

MENTION = (
    "entity_id", "type", "start", "end", "concept_id", "concept_label", "concept_score", "negated",
    "uncertain", "source", "score", "experiencer", "role", "cue", "section", "long_form",
)  # fmt: skip
RELATION = (
    "relation_id", "type", "head", "tail", "head_concept_id", "tail_concept_id", "negated",
    "uncertain", "score", "rule", "cue", "scope", "evidence_start", "evidence_end", "frequency",
    "hpoa", "pair",
)  # fmt: skip
SECTION = ("heading", "topic_id", "topic_label", "start", "end")
_INDEX = (
    "doc_id", "title", "path", "n_chars", "n_entities", "n_relations", "topic_id", "topic_label",
    "file", "part",
)  # fmt: skip
# Few enough to be opened at once, enough of them to be compressed well.
_PART_CHARS = 200_000


@dataclass(slots=True)
class Articles:
    """What the page has of its articles.

    Attributes
    ----------
    index
        Columns with a row for each article; ``file`` is a safe name without a suffix, ``part`` the
        number of the part that has the article.
    parts
        Lists of articles.
    evidence
        For each pair, article and relation numbers by turns.
    """

    index: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in _INDEX})
    parts: list[list[dict[str, Any]]] = field(default_factory=list)
    evidence: list[list[int]] = field(default_factory=list)


def collect(
    documents: Iterable[Document], pair_of: Mapping[tuple[str, str], int], n_pairs: int
) -> Articles:
    """Put together what the page has of its articles.

    Parameters
    ----------
    pair_of
        Number of a pair by document and relation id.
    """
    articles = Articles(evidence=[[] for _ in range(n_pairs)])
    names = FileNames()
    room = 0
    for number, document in enumerate(documents):
        if room <= 0:
            articles.parts.append([])
            room = _PART_CHARS
        room -= len(document.text)
        relations = list(_relations(document, pair_of))
        for row, relation in enumerate(relations):
            pair = relation[-1]
            if pair is not None and not relation[RELATION.index("negated")]:
                articles.evidence[pair] += (number, row)
        articles.parts[-1].append(
            {
                "text": document.text,
                "mentions": [_values(row, MENTION) for row in document.mentions],
                "relations": relations,
                "sections": [_values(row, SECTION) for row in document.sections],
            }
        )
        known = document.record | {
            "n_relations": len(relations),
            "file": names.of(document.doc_id),
            "part": len(articles.parts) - 1,
        }
        for name in _INDEX:
            articles.index[name].append(known[name])
    return articles


def _relations(document: Document, pair_of: Mapping[tuple[str, str], int]) -> Iterator[list[Any]]:
    numbers = {row["entity_id"]: number for number, row in enumerate(document.mentions)}
    for row in document.relations:
        known = row | {
            "head": numbers[row["head_id"]],
            "tail": numbers[row["tail_id"]],
            "pair": pair_of.get((document.doc_id, row["relation_id"])),
        }
        yield _values(known, RELATION)


def _values(row: Mapping[str, Any], names: Iterable[str]) -> list[Any]:
    values = (row[name] for name in names)
    return [round(value, 4) if isinstance(value, float) else value for value in values]
