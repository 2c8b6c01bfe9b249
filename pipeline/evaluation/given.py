"""Annotate with the gold's mentions given, to score what is built on mentions by itself."""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc, Span

from pipeline.assemble import LAYOUT
from pipeline.components import attributes
from pipeline.components.lexemes import char_offsets
from pipeline.evaluation.documents import AnnotatedDocument


def annotate_given(nlp: Language, gold: AnnotatedDocument) -> Doc:
    """Find topics and relations between the mentions of gold.

    Mentions keep the gold's ids, concepts (the first of alternatives), negation and hedging; what
    gold does not have (experiencer, role) is the pipeline's. A mention that begins or ends within
    a token is widened to whole tokens.
    """
    return nlp.get_pipe("symptograph_relations")(give_mentions(nlp, gold))


def give_mentions(nlp: Language, gold: AnnotatedDocument) -> Doc:
    """Put the mentions of gold into a Doc and find the topics of its sections."""
    doc = nlp.make_doc(gold.text)
    for name in LAYOUT:
        doc = nlp.get_pipe(name)(doc)
    doc.spans[attributes.MENTIONS] = _spans(doc, gold)
    doc = nlp.get_pipe("symptograph_assertion")(doc)
    by_id = gold.by_id()
    for span in doc.spans[attributes.MENTIONS]:
        mention = by_id[span.id_]
        curie = ",".join(min(alternatives) for alternatives in mention.concepts)
        attributes.store(
            span,
            concepts=[[curie, curie, 1.0]] if curie else [],
            negated=mention.negated,
            uncertain=mention.uncertain,
        )
    return nlp.get_pipe("symptograph_topics")(doc)


def _spans(doc: Doc, gold: AnnotatedDocument) -> list[Span]:
    offsets = char_offsets(doc)
    starts, ends = offsets[:-1], offsets[1:]
    spans = []
    for mention in sorted(gold.mentions, key=lambda m: (m.start, -m.end)):
        first = int(starts.searchsorted(mention.start, side="right")) - 1
        last = int(ends.searchsorted(mention.end, side="left"))
        spans.append(Span(doc, first, last + 1, mention.label, span_id=mention.id))
    return spans
