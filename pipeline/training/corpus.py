"""Annotated articles as spaCy training examples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from random import Random

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example

from pipeline.components import attributes
from pipeline.components.lexemes import char_offsets
from pipeline.components.recogniser import MISSING, OPEN
from pipeline.evaluation.documents import AnnotatedDocument
from pipeline.terminology.records import ENTITY_TYPES

# Shorter sentences are headings and leftovers.
_LEAST_WORDS = 4


def make_examples(
    documents: Iterable[AnnotatedDocument],
    nlp: Language,
    missing: Sequence[str] = (),
    alone: int = 0,
) -> list[Example]:
    """Examples whose predicted Docs have gone through the components before the recogniser.

    Mentions whose borders are not those of tokens, and discontinuous ones (read as the span that
    covers them), are left open: their tokens neither count for nor against.

    Parameters
    ----------
    missing
        Labels that these documents are not annotated with at all.
    alone
        Sentences of each document that become examples of their own as well: a network that has
        only seen articles does not know what to make of a text of one sentence.
    """
    examples = []
    for document in documents:
        example = _example(document, nlp, missing)
        examples.append(example)
        examples += [_example(d, nlp, missing) for d in _alone(document, example.predicted, alone)]
    return examples


def _alone(document: AnnotatedDocument, doc: Doc, n: int) -> list[AnnotatedDocument]:
    """Some sentences of a document as documents, drawn by its id: the same in every training."""
    sentences = [s for s in doc.sents if len(s.text.split()) >= _LEAST_WORDS] if n else []
    drawn = Random(document.doc_id).sample(sentences, min(n, len(sentences)))
    return [_cut(document, sentence) for sentence in drawn]


def _cut(document: AnnotatedDocument, sentence: Span) -> AnnotatedDocument:
    text = sentence.text.rstrip()
    first, last = sentence.start_char, sentence.start_char + len(text)
    inside = [
        replace(mention, start=mention.start - first, end=mention.end - first)
        for mention in document.mentions
        if first <= mention.start and mention.end <= last
    ]
    return AnnotatedDocument(f"{document.doc_id}:{first}", text, inside)


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
