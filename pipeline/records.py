"""The plain records that pass between the stages; offsets are half-open, in Unicode code points."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypedDict

BlockKind = Literal["HEADING", "PARAGRAPH", "ITEM", "ROW"]

RELATION_TYPES = HAS_SYMPTOM, AFFECTS, LOCATED_IN = "has_symptom", "affects", "located_in"


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, paragraph, list item or table row."""

    kind: BlockKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Article:
    """One text to annotate.

    Attributes
    ----------
    doc_id
        Unique within a run.
    path
        Where it came from, as the user gave it.
    text
        All offsets of a run refer to this text, which is never changed.
    title
        The title its format names, or an empty string.
    blocks
        The layout its format names, in reading order and apart from each other; empty where the
        text itself is all there is (plain text, Markdown).
    metadata
        What else its format says of it: ``author``, ``date``, ``language``, ``url`` …
    sha256
        Of the bytes it was read from; of a record, of its text.
    """

    doc_id: str
    path: str
    text: str = field(repr=False)
    title: str = ""
    blocks: tuple[Block, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    sha256: str = ""


def layout_text(article: Article) -> str:
    """An article's blocks as JSON: a list of ``[kind, start, end]``."""
    return _compact([[block.kind, block.start, block.end] for block in article.blocks])


def metadata_text(article: Article) -> str:
    """What an article's format says of it, its title too, as a JSON object."""
    title = {"title": article.title} if article.title else {}
    return _compact(title | dict(article.metadata))


def text_digest(text: str) -> str:
    """SHA-256 of a text in UTF-8, in hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Relation(TypedDict):
    """A typed relation between two mentions of one Doc, as ``doc._.relations`` holds it.

    ``head`` and ``tail`` are mention ids (``span.id_``); ``evidence`` is the character range of
    the sentence that holds the tail; ``scope`` says where the head stands: in the same ``sentence``
    or ``section`` as the tail, or elsewhere in the ``document``. ``rule`` says how the two came
    together:

    ================= ==========================================================================
    ``nested``        the body part is in the symptom
    ``cue``           a word between them tells it, the head before the tail ("flu causes fever")
    ``turned_cue``    so, the tail before the head ("fever is a sign of flu")
    ``beside``        the same sentence, without such a word
    ``list``          the head leads into the list that the tail is in
    ``topic``         the section is about the head
    ``article_topic`` the article is about the head
    ``nearby``        another sentence of the section
    ================= ==========================================================================

    ``cue`` is the character range of that word, or None; ``score`` the probability that the text
    says so; ``frequency`` how often the condition has the symptom, as HPO's term, or None.
    """

    type: str
    head: str
    tail: str
    scope: str
    evidence: list[int]
    rule: str
    cue: list[int] | None
    score: float
    negated: bool
    uncertain: bool
    frequency: str | None
