"""Turn an annotated Doc into the rows of the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from spacy.tokens import Doc, Span

from pipeline.components import attributes
from pipeline.components.lexemes import sentence_starts
from pipeline.components.sections import HEADING
from pipeline.records import HAS_SYMPTOM, Article, layout_text, metadata_text, text_digest
from pipeline.terminology.cache import ontology_versions
from pipeline.terminology.index import TermIndex

Row = tuple[Any, ...]
Rows = dict[str, list[Row]]


def rows_of(article: Article, doc: Doc, index: TermIndex | None = None) -> Rows:
    """Rows of one document, by table, each in the order of the table's columns.

    Parameters
    ----------
    index
        Terminology that the Doc was linked to: gives the ontologies' versions and annotations.
    """
    versions = {} if index is None else ontology_versions(index)
    sentences = sentence_starts(doc)
    mentions: list[Span] = list(doc.spans.get(attributes.MENTIONS, ()))
    sections: list[Span] = list(doc.spans.get(attributes.SECTIONS, ()))
    by_id = {mention.id_: mention for mention in mentions}
    concepts = {m.id_: attributes.values(m, "concepts")[0] for m in mentions}
    return {
        "documents": [_document(article, doc, by_id, len(sentences), len(mentions))],
        "sections": [_section(article, n, s, by_id) for n, s in enumerate(sections)],
        "entities": _entities(article, sentences, mentions, sections, concepts),
        "links": _links(article, mentions, versions),
        "relations": _relations(article, doc, by_id, concepts, index),
    }


def _document(
    article: Article, doc: Doc, by_id: dict[str, Span], n_sentences: int, n_entities: int
) -> Row:
    digest = article.sha256 or text_digest(article.text)
    topic_id, topic_label = _topic(by_id.get(doc._.topic))
    return (
        article.doc_id, article.path, article.title or _first_heading(doc), len(article.text),
        len(doc), n_sentences, n_entities, topic_id, topic_label, digest, article.text,
        metadata_text(article), layout_text(article),
    )  # fmt: skip


def _first_heading(doc: Doc) -> str:
    """The heading that opens the article, without its mark-up; empty if it opens with text."""
    blocks = doc.spans.get(attributes.BLOCKS, ())
    return _unmarked(blocks[0].text) if len(blocks) and blocks[0].label_ == HEADING else ""


def _unmarked(heading: str) -> str:
    """A heading's words without its mark-up."""
    return " ".join(heading.strip("#= \t\r").split())


def _topic(mention: Span | None) -> tuple[str | None, str | None]:
    if mention is None:
        return None, None
    concepts = mention._.concepts
    return (concepts[0][0], concepts[0][1]) if concepts else (None, mention.text)


def _section(article: Article, number: int, section: Span, by_id: dict[str, Span]) -> Row:
    heading = ""
    if section.label_ == "HEADED":
        line, _, _ = article.text[section.start_char : section.end_char].lstrip().partition("\n")
        heading = _unmarked(line)
    topic_id, topic_label = _topic(by_id.get(section._.topic))
    return (
        article.doc_id,
        number,
        heading,
        topic_id,
        topic_label,
        section.start_char,
        section.end_char,
    )


def _entities(
    article: Article,
    sentences: list[int],
    mentions: list[Span],
    sections: list[Span],
    concepts: dict[str, list[Any]],
) -> list[Row]:
    starts = [mention.start for mention in mentions]
    sentence_of = _places(sentences, starts)
    section_of = _places([s.start for s in sections], starts)
    rows = []
    for mention, sentence, section in zip(mentions, sentence_of, section_of, strict=True):
        start, end = mention.start_char, mention.end_char
        best = concepts[mention.id_]
        curie, label, score = best[0] if best else (None, None, None)
        negated, uncertain, source, trust, experiencer, role, cue, long_form = attributes.values(
            mention,
            "negated",
            "uncertain",
            "source",
            "score",
            "experiencer",
            "role",
            "cue",
            "long_form",
        )
        cue_start, cue_end = _characters(mention.doc, cue)
        rows.append(
            (
                article.doc_id, mention.id_, mention.label_, article.text[start:end], start, end,
                sentence, section, curie, label, score, negated, uncertain, source, trust,
                experiencer, role, None if cue is None else article.text[cue_start:cue_end],
                cue_start, cue_end, long_form,
            )
        )  # fmt: skip
    return rows


def _characters(doc: Doc, tokens: list[int] | None) -> tuple[int | None, int | None]:
    """Offsets of a range of tokens."""
    if tokens is None:
        return None, None
    cue = doc[tokens[0] : tokens[1]]
    return cue.start_char, cue.end_char


def _links(article: Article, mentions: list[Span], versions: Mapping[str, str]) -> list[Row]:
    """One row for every concept a mention may stand for."""
    rows: list[Row] = []
    for mention in mentions:
        concepts, matches = attributes.values(mention, "concepts", "matches")
        for rank, (concept, match) in enumerate(zip(concepts, matches, strict=True), start=1):
            rows.append(link_row(article.doc_id, mention.id_, rank, (*concept, *match), versions))
    return rows


def link_row(
    doc_id: str, entity_id: str, rank: int, link: Sequence[Any], versions: Mapping[str, str]
) -> Row:
    """One row of ``links``.

    Parameters
    ----------
    link
        CURIE, label, score, match, scope and name, as in
        :class:`pipeline.components.linker.Link`.
    """
    curie, label, score, match, scope, name = link
    ontology = curie.split(":")[0]
    version = versions.get(ontology)
    return (
        doc_id,
        entity_id,
        rank,
        curie,
        label,
        score,
        match,
        scope or None,
        name,
        ontology,
        version,
    )


def _places(borders: list[int], positions: list[int]) -> list[int]:
    """Number of the stretch that each position lies in; stretches begin at ``borders``."""
    places: list[int] = (np.searchsorted(borders, positions, side="right") - 1).clip(min=0).tolist()
    return places


def _relations(
    article: Article,
    doc: Doc,
    by_id: dict[str, Span],
    concepts: dict[str, list[Any]],
    index: TermIndex | None,
) -> list[Row]:
    """One row for every pair of concepts: a composite mention gives several."""
    rows: list[Row] = []
    for relation in doc._.relations:
        head, tail = by_id[relation["head"]], by_id[relation["tail"]]
        start, end = relation["evidence"]
        cue = relation["cue"]
        row = {
            "doc_id": article.doc_id,
            **relation,
            "head_id": head.id_,
            "head_text": head.text,
            "tail_id": tail.id_,
            "tail_text": tail.text,
            "evidence": " ".join(article.text[start:end].split()),
            "evidence_start": start,
            "evidence_end": end,
            "cue": None if cue is None else article.text[cue[0] : cue[1]],
        }
        head_concept, tail_concept = _best(concepts[head.id_]), _best(concepts[tail.id_])
        rows += expand_relation(row, head_concept, tail_concept, len(rows), index)
    return rows


def expand_relation(
    row: Mapping[str, Any],
    head: str | None,
    tail: str | None,
    n_before: int,
    index: TermIndex | None,
) -> list[Row]:
    """Rows of a relation between two mentions, one for every pair of their concepts.

    Parameters
    ----------
    row
        What all rows have in common, by column.
    head, tail
        CURIEs of the mentions, comma-joined where there are several.
    n_before
        Rows that the document has already.
    index
        Says how a condition and its symptom stand to HPO's annotations.
    """
    pairs = [(h, t) for h in _parts(head) for t in _parts(tail)]
    return [
        (
            row["doc_id"], f"R{number}", row["type"], row["head_id"], row["head_text"], head_curie,
            row["tail_id"], row["tail_text"], tail_curie, row["scope"], row["negated"],
            row["uncertain"], row["evidence"], row["score"], row["rule"], row["cue"],
            row["evidence_start"], row["evidence_end"], row["frequency"],
            _annotated(row["type"], head_curie, tail_curie, index),
        )
        for number, (head_curie, tail_curie) in enumerate(pairs, start=n_before + 1)
    ]  # fmt: skip


def _annotated(
    kind: str, head: str | None, tail: str | None, index: TermIndex | None
) -> str | None:
    if kind != HAS_SYMPTOM or index is None or head is None or tail is None:
        return None
    return index.annotated(head, tail)


def _best(concepts: list[Any]) -> str | None:
    return concepts[0][0] if concepts else None


def _parts(curie: str | None) -> list[str | None]:
    return [*curie.split(",")] if curie else [None]
