"""Find out which condition each section is about.

A section's topic is the condition in its heading; where the heading is missing, the condition its
first sentence begins with; else the article's topic (title, or the question the article opens
with). Where the title stands beside the text (``doc._.title``), the article's topic is the first
mention of the condition that the title names. A paragraph that begins by defining another condition
starts a section of its own, even if nothing in the layout says so.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from spacy.language import Language
from spacy.tokens import Doc, Span

from pipeline.components import attributes
from pipeline.components.lexemes import sentence_starts
from pipeline.components.sections import HEADED, HEADING, UNHEADED
from pipeline.data import load_toml
from pipeline.terminology.normalise import normalise

# A defining sentence names its condition within its first words ("The flu is …").
_LEAD_TOKENS = 3
# Between the name and its verb may stand a synonym in brackets or between commas.
_MAX_APPOSITION = 25


class Topics:
    """Set ``doc._.topic`` and the sections' ``span._.topic``; split where a topic changes."""

    def __init__(self) -> None:
        self._defining = frozenset(load_toml("relations.toml")["defining_verbs"])

    def __call__(self, doc: Doc) -> Doc:
        """Find the topics of one Doc."""
        sections = list(doc.spans.get(attributes.SECTIONS, ()))
        if not sections:
            return doc
        conditions = [
            m for m in doc.spans.get(attributes.MENTIONS, ()) if m.label_ == attributes.CONDITION
        ]
        blocks = list(doc.spans.get(attributes.BLOCKS, ()))
        reader = _Reader(doc, conditions, self._defining)
        article = reader.titled(doc._.title or "") or reader.article_topic(blocks)
        doc._.topic = article.id_ if article is not None else None
        found: list[tuple[Span, Span | None]] = []
        starts = [block.start for block in blocks]
        for section in sections:
            inside = blocks[bisect_left(starts, section.start) : bisect_left(starts, section.end)]
            found += reader.split(section, inside, article)
        doc.spans[attributes.SECTIONS] = [span for span, _ in found]
        for span, topic in found:
            if topic is not None:
                span._.topic = topic.id_
        return doc


class _Reader:
    """The conditions of one Doc, and what its blocks say of them."""

    def __init__(self, doc: Doc, conditions: list[Span], defining: frozenset[str]) -> None:
        self._doc = doc
        self._conditions = conditions
        self._starts = [condition.start for condition in conditions]
        self._defining = defining
        self._sentences = sentence_starts(doc)

    def titled(self, title: str) -> Span | None:
        """The first mention of the condition that a title names, the longest name of several."""
        words = f" {' '.join(normalise(title))} "
        best, length = None, 0
        for condition in self._conditions if title else ():
            name = " ".join(normalise(condition.text))
            if len(name) > length and f" {name} " in words:
                best, length = condition, len(name)
        return best

    def article_topic(self, blocks: list[Span]) -> Span | None:
        """The condition of the title, or of the first sentence where there is no title."""
        if not blocks:
            return None
        return self._named(blocks[0]) if blocks[0].label_ == HEADING else self._defined(blocks[0])

    def split(
        self, section: Span, blocks: list[Span], article: Span | None
    ) -> Iterator[tuple[Span, Span | None]]:
        """The section, or its parts where paragraphs turn to other conditions, with topics."""
        topic = self._section_topic(section, blocks) or article
        start, label = section.start, section.label_
        for before, block in zip(blocks, blocks[1:], strict=False):
            if block.label_ != "PARAGRAPH" or before.label_ == HEADING or topic is article:
                continue
            turned = self._defined(block)
            if turned is not None and not _same(turned, topic):
                yield Span(self._doc, start, block.start, label=label), topic
                start, label, topic = block.start, UNHEADED, turned
        yield Span(self._doc, start, section.end, label=label), topic

    def _section_topic(self, section: Span, blocks: list[Span]) -> Span | None:
        if not blocks:
            return None
        return self._named(blocks[0]) if section.label_ == HEADED else self._defined(blocks[0])

    def _from(self, token: int) -> Span | None:
        """The first condition that begins at a token or later."""
        position = bisect_left(self._starts, token)
        return self._conditions[position] if position < len(self._conditions) else None

    def _named(self, heading: Span) -> Span | None:
        """The condition that a heading names."""
        condition = self._from(heading.start)
        return condition if condition is not None and condition.end <= heading.end else None

    def _defined(self, block: Span) -> Span | None:
        """The condition that a block's first sentence begins with and says something of."""
        condition = self._from(block.start)
        if condition is None or condition.start > block.start + _LEAD_TOKENS:
            return None
        following = bisect_right(self._sentences, condition.start)
        end = self._sentences[following] if following < len(self._sentences) else len(self._doc)
        rest = self._doc[condition.end : min(end, block.end, condition.end + _MAX_APPOSITION)]
        return condition if any(t.lower_ in self._defining for t in rest) else None


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
