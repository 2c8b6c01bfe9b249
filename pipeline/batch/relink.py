"""Link a finished run anew, from its tables, without reading the texts again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from itertools import groupby
from pathlib import Path
from typing import Any

from pipeline.batch.run import count_pairs_of
from pipeline.batch.settings import run_settings
from pipeline.components.linker import CACHE_SIZE, THRESHOLD, Link, Linker
from pipeline.config import RunConfig
from pipeline.tables.frames import read_run_file, read_table
from pipeline.tables.rows import expand_relation, link_row
from pipeline.tables.schema import TABLES
from pipeline.tables.spreadsheet import harmless_cells
from pipeline.tables.writer import TableWriter
from pipeline.terminology.cache import load_index, ontology_versions
from pipeline.terminology.index import TermIndex
from pipeline.terminology.own import digests

_Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """A mention whose concept is another one now.

    Attributes
    ----------
    change
        ``gained``, ``lost``; ``merged`` (the old concept is part of the new one now), ``obsolete``
        (it is in no terminology any more), or ``moved``.
    """

    doc_id: str
    entity_id: str
    type: str
    text: str
    old_concept_id: str
    old_concept_label: str
    new_concept_id: str
    new_concept_label: str
    change: str

    def row(self) -> list[str]:
        """Cells of a CSV row, safe for spreadsheets."""
        return harmless_cells(self)


FIELDS = [f.name for f in fields(Change)]


@dataclass(slots=True)
class Relinked:
    """What linking anew did."""

    n_mentions: int = 0
    changes: list[Change] = field(default_factory=list)

    def by_kind(self) -> dict[str, int]:
        """How many changes of each kind there are."""
        return dict(sorted(Counter(change.change for change in self.changes).items()))


def relink(run_dir: Path, out_dir: Path, own: Iterable[Path]) -> Relinked:
    """Write a run's tables with the concepts that other terminologies give.

    Mentions, assertion and relations between mentions stay as they are; concepts, topics, links,
    the relations' rows (one a pair of concepts) and co-occurrences are made anew.

    Raises
    ------
    RunError
        If the folder holds no run.
    OutputError
        If the tables cannot be written; the folder's earlier tables are as they were.
    """
    own = list(own)
    tables = {name: read_table(run_dir, name).to_pylist() for name in TABLES}
    run_file, config = _run_file(run_dir, own)
    index = load_index(own=own)
    linker = Linker(index, THRESHOLD, CACHE_SIZE)
    versions = ontology_versions(index)
    result = Relinked()
    sections, relations = _by_document(tables["sections"]), _by_document(tables["relations"])
    entities = _by_document(tables["entities"])
    with TableWriter(out_dir) as writer:
        for document in tables["documents"]:
            doc_id = document["doc_id"]
            own_entities = entities.get(doc_id, [])
            links = linker.link_mentions(
                [(row["long_form"] or row["text"], row["type"]) for row in own_entities]
            )
            topics = _topics(own_entities, links)
            result.changes += _relink_entities(own_entities, links, index)
            result.n_mentions += len(own_entities)
            concepts = {row["entity_id"]: row["concept_id"] for row in own_entities}
            for row in (document, *sections.get(doc_id, [])):
                key = row["topic_id"], row["topic_label"]
                row["topic_id"], row["topic_label"] = topics.get(key, key)
            writer.add("documents", [tuple(document.values())])
            _add(writer, "sections", sections.get(doc_id, []))
            _add(writer, "entities", own_entities)
            writer.add("links", _links(doc_id, own_entities, links, versions))
            writer.add("relations", _relations(relations.get(doc_id, []), concepts, index))
        _add(writer, "errors", tables["errors"])
        run_file["counts"] |= count_pairs_of(writer, config)
        run_file["terminology"] = index.meta["sources"]
        writer.publish(json.dumps(run_file, indent=2) + "\n")
    return result


def _run_file(run_dir: Path, own: list[Path]) -> tuple[dict[str, Any], RunConfig]:
    """The run's own description, and its settings with the new terminologies among them."""
    content, before = read_run_file(run_dir)
    config = before.model_copy(update={"terms": digests(own)})
    content["config"], content["config_digest"] = config.model_dump(), config.digest()
    # Its rows are not those that annotating with these settings gives.
    content["settings"] = run_settings(config) | {"relinked": "yes"}
    return content, config


def _by_document(rows: list[_Record]) -> dict[str, list[_Record]]:
    return {doc: list(group) for doc, group in groupby(rows, key=lambda row: row["doc_id"])}


def _add(writer: TableWriter, name: str, rows: list[_Record]) -> None:
    writer.add(name, [tuple(row.values()) for row in rows])


def _topics(
    entities: list[_Record], links: list[tuple[Link, ...]]
) -> dict[tuple[str | None, str | None], tuple[str | None, str | None]]:
    """New concept of each old one: topics are known by the concepts of their mentions."""
    topics: dict[tuple[str | None, str | None], tuple[str | None, str | None]] = {}
    for row, found in zip(entities, links, strict=True):
        if row["type"] == "CONDITION":
            old = row["concept_id"], row["concept_label"]
            new = (found[0].curie, found[0].label) if found else (None, row["text"])
            topics.setdefault(old if row["concept_id"] else (None, row["text"]), new)
    return topics


def _relink_entities(
    entities: list[_Record], links: list[tuple[Link, ...]], index: TermIndex
) -> Iterator[Change]:
    """Write the new concepts into the rows, and tell what changed."""
    for row, found in zip(entities, links, strict=True):
        old, label = row["concept_id"], row["concept_label"]
        best = found[0] if found else None
        row["concept_id"] = best.curie if best else None
        row["concept_label"] = best.label if best else None
        row["concept_score"] = best.score if best else None
        if row["concept_id"] != old:
            yield Change(
                row["doc_id"], row["entity_id"], row["type"], row["text"], old or "", label or "",
                row["concept_id"] or "", row["concept_label"] or "",
                _kind(old, row["concept_id"], index),
            )  # fmt: skip


def _kind(old: str | None, new: str | None, index: TermIndex) -> str:
    if old is None:
        return "gained"
    if new is not None and index.meta["replaced"].get(old) == new:
        return "merged"
    if old not in index:
        return "obsolete"
    return "moved" if new is not None else "lost"


def _links(
    doc_id: str,
    entities: list[_Record],
    links: list[tuple[Link, ...]],
    versions: dict[str, str],
) -> list[tuple[Any, ...]]:
    return [
        link_row(doc_id, row["entity_id"], rank, link, versions)
        for row, found in zip(entities, links, strict=True)
        for rank, link in enumerate(found, start=1)
    ]


def _relations(
    rows: list[_Record], concepts: dict[str, str | None], index: TermIndex
) -> list[tuple[Any, ...]]:
    """Relations between mentions, one row a pair of their new concepts."""
    made: list[tuple[Any, ...]] = []
    seen = set()
    for row in rows:
        key = row["type"], row["head_id"], row["tail_id"], row["scope"]
        if key not in seen:
            seen.add(key)
            head, tail = concepts[row["head_id"]], concepts[row["tail_id"]]
            made += expand_relation(row, head, tail, len(made), index)
    return made
