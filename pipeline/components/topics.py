"""Find out which condition each section is about.

A section's topic is the condition in its heading; where the heading is missing, the condition its
first sentence begins with; else the article's topic (title, or the question the article opens
with). A paragraph that begins by defining another condition starts a section of its own, even if
nothing in the layout says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from spacy.language import Language
from spacy.tokens import Doc, Span

from pipeline.components import attributes
from pipeline.components.sections import HEADED, UNHEADED
from pipeline.data import load_toml

# A defining sentence names its condition within its first words ("The flu is …").
_LEAD_TOKENS = 3
# Between the name and its verb may stand a synonym in brackets or between commas.
_MAX_APPOSITION = 25


class Topics:
    """Set ``span._.topic`` of the sections and ``doc._.topic``; split sections where a paragraph changes the topic."""

    def __init__(self) -> None:
        self._defining = frozenset(load_toml("relations.toml")["defining_verbs"])

    def __call__(self, doc: Doc) -> Doc:
        """Find the topics of one Doc."""
        sections = doc.spans.get(attributes.SECTIONS)
        if not sections:
            return doc
        conditions = [
            m for m in doc.spans.get(attributes.MENTIONS, ()) if m.label_ == attributes.CONDITION
        ]
        article = self._article_topic(doc, conditions)
        doc._.topic = article.id_ if article is not None else None
        found = [
            part for section in sections for part in self._split(doc, section, conditions, article)
        ]
        doc.spans[attributes.SECTIONS] = [span for span, _ in found]
        for span, topic in found:
            if topic is not None:
                span._.topic = topic.id_
        return doc

    def _article_topic(self, doc: Doc, conditions: list[Span]) -> Span | None:
        """The condition of the title, or of the first sentence where there is no title."""
        blocks = doc.spans.get(attributes.BLOCKS, ())
        if not len(blocks):
            return None
        first = blocks[0]
        if first.label_ == HEADING:
            return next((c for c in conditions if c.start >= first.start and c.end <= first.end), None)
        return self._defined(first, conditions)

    def _split(
        self, doc: Doc, section: Span, conditions: list[Span], article: Span | None
    ) -> Iterator[tuple[Span, Span | None]]:
        """The section, or its parts where paragraphs turn to other conditions, with topics."""
        blocks = [b for b in doc.spans.get(attributes.BLOCKS, ()) if section.start <= b.start < section.end]
        topic = self._section_topic(section, blocks, conditions) or article
        start = section.start
        label = section.label_
        for number, block in enumerate(blocks):
            if block.label_ != "PARAGRAPH" or number == 0 or blocks[number - 1].label_ == HEADING:
                continue
            turned = self._defined(block, conditions)
            if turned is not None and not _same(turned, topic) and topic is not article:
                yield Span(doc, start, block.start, label=label), topic
                start, label, topic = block.start, UNHEADED, turned
        yield Span(doc, start, section.end, label=label), topic

    def _section_topic(
        self, section: Span, blocks: list[Span], conditions: list[Span]
    ) -> Span | None:
        if not blocks:
            return None
        if section.label_ == HEADED:
            heading = blocks[0]
            inside = (c for c in conditions if c.start >= heading.start and c.end <= heading.end)
            return next(inside, None)
        return self._defined(blocks[0], conditions)

    def _defined(self, block: Span, conditions: list[Span]) -> Span | None:
        """The condition that a block's first sentence begins with and says something of."""
        sentence_end = next((s.end for s in block.sents), block.end)
        for condition in conditions:
            if condition.start < block.start:
                continue
            if condition.start > block.start + _LEAD_TOKENS:
                return None
            rest = block.doc[condition.end : min(sentence_end, condition.end + _MAX_APPOSITION)]
            if any(token.lower_ in self._defining for token in rest):
                return condition
        return None


HEADING = "HEADING"


def _same(one: Span, other: Span | None) -> bool:
    """Tell whether two mentions stand for the same concept, or have the same text."""
    if other is None:
        return False
    mine, theirs = one._.concepts, other._.concepts
    if mine and theirs:
        return bool({c[0] for c in mine} & {c[0] for c in theirs})
    return one.text.lower() == other.text.lower()


@Language.factory(
    "symptograph_topics",
    requires=["doc.spans", "doc.sents", "span._.concepts"],
    assigns=["doc.spans", "span._.topic", "doc._.topic"],
)
def make_topics(nlp: Language, name: str) -> Topics:
    """Make the component that finds the topics of sections."""
    attributes.register()
    return Topics()
