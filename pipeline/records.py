"""The plain records that pass between the stages; offsets are half-open, in Unicode code points."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypedDict

RELATION_TYPES = HAS_SYMPTOM, AFFECTS, LOCATED_IN = "has_symptom", "affects", "located_in"


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
    """

    doc_id: str
    path: str
    text: str = field(repr=False)
    title: str = ""


class Relation(TypedDict):
    """A typed relation between two mentions of one Doc, as ``doc._.relations`` holds it.

    ``head`` and ``tail`` are mention ids (``span.id_``); ``evidence`` is the character range of
    the sentence that holds the tail; ``scope`` says where the head was found: ``sentence``,
    ``section`` or ``document``.
    """

    type: str
    head: str
    tail: str
    scope: str
    evidence: list[int]
    rule: str
    score: float
    negated: bool
    uncertain: bool
