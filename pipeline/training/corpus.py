"""Annotated articles as spaCy training examples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example

from pipeline.components import attributes
from pipeline.components.lexemes import char_offsets
from pipeline.components.recogniser import MISSING, OPEN
from pipeline.evaluation.documents import AnnotatedDocument
from pipeline.terminology.records import ENTITY_TYPES


def make_examples(
    documents: Iterable[AnnotatedDocument],
    nlp: Language,
    missing: Sequence[str] = (),
) -> list[Example]:
    """Examples whose predicted Docs have gone through the components before the recogniser.

    Mentions whose borders are not those of tokens, and discontinuous ones (read as the span that
    covers them), are left open: their tokens neither count for nor against.

    Parameters
    ----------
    missing
        Labels that these documents are not annotated with at all.
    """
    return [_example(document, nlp, missing) for document in documents]


def _example(document: AnnotatedDocument, nlp: Language, missing: Sequence[str]) -> Example:
    predicted = nlp(document.text)
    reference = predicted.copy()
    for name in list(reference.spans):
        del reference.spans[name]
    spans, left_open = _align(reference, document)
    reference.spans[attributes.MENTIONS] = SpanGroup(
        reference,
        name=attributes.MENTIONS,
        spans=spans,
        attrs={MISSING: list(missing), OPEN: left_open},
    )
    return Example(predicted, reference)


def _align(doc: Doc, document: AnnotatedDocument) -> tuple[list[Span], list[list[int]]]:
    """Mentions as spans of tokens, and the stretches that no span can stand for."""
    offsets = char_offsets(doc)
    ends = offsets[:-1] + [len(token) for token in doc]
    spans: list[Span] = []
    left_open: list[list[int]] = []
    for mention in document.mentions:
        start = int(np.searchsorted(offsets, mention.start, side="right")) - 1
        end = int(np.searchsorted(ends, mention.end, side="left")) + 1
        exact = offsets[start] == mention.start and ends[end - 1] == mention.end
        if exact and mention.label in ENTITY_TYPES and not mention.discontinuous:
            spans.append(Span(doc, start, end, label=mention.label))
        else:
            left_open.append([start, end])
    return spans, left_open
