"""Annotated documents: what gold files, other people's corpora and our own runs have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from spacy.tokens import Doc

from pipeline.components import attributes
from pipeline.terminology.normalise import normalise


@dataclass(frozen=True, slots=True)
class Mention:
    """One annotated span; offsets are half-open code points.

    Attributes
    ----------
    concepts
        One set of acceptable CURIEs for each concept that the span stands for: a plain mention has
        one, a composite ("leg or foot pain") several, an unlinked one none.
    discontinuous
        Whether the file has it in several parts, of which this is the covering span.
    """

    id: str
    label: str
    start: int
    end: int
    text: str
    concepts: tuple[frozenset[str], ...] = ()
    negated: bool = False
    uncertain: bool = False
    source: str = ""
    discontinuous: bool = False

    @property
    def span(self) -> tuple[int, int]:
        """Start and end."""
        return self.start, self.end

    @property
    def keys(self) -> frozenset[str]:
        """What it may share with another mention to be the same thing: a CURIE or its text."""
        return _keys(self.concepts, self.text)


@lru_cache(maxsize=1 << 16)
def _keys(concepts: tuple[frozenset[str], ...], text: str) -> frozenset[str]:
    curies = frozenset(c for alternatives in concepts for c in alternatives)
    return curies | {text_key(text)}


def text_key(text: str) -> str:
    """What stands in for a concept where a mention has none: its folded text."""
    return "text:" + " ".join(normalise(text))


def describe(mention: Mention | None, aspect: str) -> str:
    """A mention with what it says of an aspect: ``concept``, ``negation``, ``hedge``, else type."""
    if mention is None:
        return ""
    if aspect == "concept":
        detail = ",".join("|".join(sorted(c)) for c in mention.concepts) or "none"
    elif aspect == "negation":
        detail = "negated" if mention.negated else "affirmed"
    elif aspect == "hedge":
        detail = "uncertain" if mention.uncertain else "certain"
    else:
        detail = mention.label
    return f"{mention.text} [{detail}]"


@dataclass(frozen=True, slots=True)
class RelationLink:
    """A typed relation between two mentions of the same document, by their ids."""

    type: str
    head: str
    tail: str


@dataclass(slots=True)
class AnnotatedDocument:
    """A text with its mentions and relations.

    Attributes
    ----------
    problems
        What was wrong with the file it was read from, and what was done about it.
    """

    doc_id: str
    text: str = field(repr=False)
    mentions: list[Mention] = field(default_factory=list)
    relations: list[RelationLink] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def by_id(self) -> dict[str, Mention]:
        """Mentions by id."""
        return {mention.id: mention for mention in self.mentions}

    def keep(self, mentions: list[Mention]) -> None:
        """Leave out all other mentions, and the relations that hang on them."""
        self.mentions = mentions
        kept = self.by_id().keys()
        self.relations = [link for link in self.relations if {link.head, link.tail} <= kept]


@lru_cache(maxsize=1 << 16)
def parse_concepts(value: str) -> tuple[frozenset[str], ...]:
    """Read the concept notation of the annotation scheme.

    Examples
    --------
    >>> [sorted(c) for c in parse_concepts("HP:1|HP:2,HP:3")]
    [['HP:1', 'HP:2'], ['HP:3']]
    """
    parts = (part.split("|") for part in value.replace(" ", "").split(",") if part)
    return tuple(frozenset(c for c in part if c) for part in parts)


def from_doc(doc: Doc, doc_id: str) -> AnnotatedDocument:
    """What the pipeline wrote into a Doc; negated relations are left out, as the scheme says."""
    mentions = []
    for span in doc.spans.get(attributes.MENTIONS, ()):
        concepts, negated, uncertain, source = attributes.values(
            span, "concepts", "negated", "uncertain", "source"
        )
        mentions.append(
            Mention(
                id=span.id_,
                label=span.label_,
                start=span.start_char,
                end=span.end_char,
                text=span.text,
                concepts=parse_concepts(concepts[0][0]) if concepts else (),
                negated=negated,
                uncertain=uncertain,
                source=source or "",
            )
        )
    relations = [
        RelationLink(r["type"], r["head"], r["tail"]) for r in doc._.relations if not r["negated"]
    ]
    return AnnotatedDocument(doc_id, doc.text, mentions, relations)
