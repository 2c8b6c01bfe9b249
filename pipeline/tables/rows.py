"""Turn an annotated Doc into the rows of the tables."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from spacy.tokens import Doc, Span

from pipeline.components import attributes
from pipeline.components.lexemes import sentence_starts
from pipeline.components.sections import HEADING
from pipeline.records import Article

Row = tuple[Any, ...]
Rows = dict[str, list[Row]]


def rows_of(article: Article, doc: Doc) -> Rows:
    """Rows of one document, by table, each in the order of the table's columns."""
    sentences = sentence_starts(doc)
    mentions: list[Span] = list(doc.spans.get(attributes.MENTIONS, ()))
    sections: list[Span] = list(doc.spans.get(attributes.SECTIONS, ()))
    by_id = {mention.id_: mention for mention in mentions}
    concepts = {m.id_: attributes.values(m, "concepts")[0] for m in mentions}
    return {
        "documents": [_document(article, doc, by_id, len(sentences), len(mentions))],
        "sections": [_section(article, n, s, by_id) for n, s in enumerate(sections)],
        "entities": _entities(article, sentences, mentions, sections, concepts),
        "relations": _relations(article, doc, by_id, concepts),
    }


def _document(
    article: Article, doc: Doc, by_id: dict[str, Span], n_sentences: int, n_entities: int
) -> Row:
    digest = hashlib.sha256(article.text.encode("utf-8", "surrogatepass")).hexdigest()
    topic_id, topic_label = _topic(by_id.get(doc._.topic))
    return (
        article.doc_id, article.path, article.title or _first_heading(doc), len(article.text),
        len(doc), n_sentences, n_entities, topic_id, topic_label, digest, article.text,
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
        negated, uncertain, source, trust = attributes.values(
            mention, "negated", "uncertain", "source", "score"
        )
        rows.append(
            (
                article.doc_id, mention.id_, mention.label_, article.text[start:end], start, end,
                sentence, section, curie, label, score, negated, uncertain, source, trust,
            )
        )  # fmt: skip
    return rows


def _places(borders: list[int], positions: list[int]) -> list[int]:
    """Number of the stretch that each position lies in; stretches begin at ``borders``."""
    places: list[int] = (np.searchsorted(borders, positions, side="right") - 1).clip(min=0).tolist()
    return places


def _relations(
    article: Article, doc: Doc, by_id: dict[str, Span], concepts: dict[str, list[Any]]
) -> list[Row]:
    """One row for every pair of concepts: a composite mention gives several."""
    rows: list[Row] = []
    for relation in doc._.relations:
        head, tail = by_id[relation["head"]], by_id[relation["tail"]]
        start, end = relation["evidence"]
        evidence = " ".join(article.text[start:end].split())
        for head_concept in _curies(concepts[head.id_]):
            for tail_concept in _curies(concepts[tail.id_]):
                rows.append(
                    (
                        article.doc_id, f"R{len(rows) + 1}", relation["type"], head.id_, head.text,
                        head_concept, tail.id_, tail.text, tail_concept, relation["scope"],
                        relation["negated"], relation["uncertain"], evidence, relation["score"],
                    )
                )  # fmt: skip
    return rows


def _curies(concepts: list[Any]) -> list[str | None]:
    return concepts[0][0].split(",") if concepts else [None]
