"""Candidate mentions, and how the settled ones are written to a Doc."""

from __future__ import annotations

from typing import NamedTuple

from spacy.tokens import Doc, Span

from pipeline.components import attributes


class Candidate(NamedTuple):
    """A possible mention: tokens from ``start`` to ``end``, half-open."""

    start: int
    end: int
    label: str
    source: str
    score: float
    curie: str = ""


def is_within(part: Candidate, whole: Candidate) -> bool:
    """Tell whether a mention lies in another and is not all of it."""
    inside = whole.start <= part.start and part.end <= whole.end
    return inside and part.end - part.start < whole.end - whole.start


def reading_order(candidate: Candidate) -> tuple[int, int]:
    """Sort key: by start, the longer of two first."""
    return candidate.start, -candidate.end


def write_mentions(doc: Doc, mentions: list[Candidate]) -> None:
    """Write ``doc.spans["sc"]`` and, without overlaps, ``doc.ents``; ids follow the order given."""
    spans = []
    flat = []
    end = 0
    for number, mention in enumerate(mentions, start=1):
        span = Span(
            doc,
            mention.start,
            mention.end,
            mention.label,
            kb_id=mention.curie,
            span_id=f"T{number}",
        )
        attributes.store(span, source=mention.source, score=mention.score)
        spans.append(span)
        if mention.start >= end:
            flat.append(span)
            end = mention.end
    doc.spans[attributes.MENTIONS] = spans
    doc.ents = flat
