"""What a terminology source gives: terms, and the names they go by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

EntityType = Literal["CONDITION", "SYMPTOM", "BODY_PART"]
ENTITY_TYPES: tuple[EntityType, ...] = ("CONDITION", "SYMPTOM", "BODY_PART")

# Between the labels of a composite's concepts; no label holds it.
LABEL_SEPARATOR = "; "

# Stands in the index for phrases that are no mentions and keep mentions out ("on the other hand").
IDIOM = len(ENTITY_TYPES)

Scope = Literal["LABEL", "EXACT", "CONSUMER", "NARROW", "BROAD", "RELATED", "UNKNOWN"]
# From the most to the least trusted; a name's place here is what the index stores. Sources that
# do not say the scope of a synonym (UNKNOWN) come before those that say it is not exact.
SCOPES: tuple[Scope, ...] = (
    "LABEL", "CONSUMER", "EXACT", "UNKNOWN", "NARROW", "BROAD", "RELATED",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Name:
    """One name of a term.

    Attributes
    ----------
    text
        The name as its source spells it.
    scope
        How the name relates to the term.
    kind
        The source's synonym type (``layperson``, ``abbreviation`` …), or an empty string.
    """

    text: str
    scope: Scope
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """A concept and all its names.

    Attributes
    ----------
    curie
        ``MONDO:0005301``; empty for terms that are recognised but never linked.
    parents
        CURIEs of the terms right above it, along ``is_a`` and, for body parts, ``part_of``.
    """

    curie: str
    label: str
    type: EntityType
    names: tuple[Name, ...]
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Annotation:
    """What a knowledge base says of a disease and a phenotype.

    Attributes
    ----------
    excluded
        Whether it says that the phenotype does not belong to the disease.
    """

    disease: str
    phenotype: str
    excluded: bool


@dataclass(frozen=True, slots=True)
class Source:
    """All terms of one terminology, with the version they come from.

    Attributes
    ----------
    replaced
        CURIEs that were merged into another or replaced by it, with that other.
    """

    name: str
    version: str
    terms: tuple[Term, ...] = field(repr=False)
    replaced: dict[str, str] = field(default_factory=dict, repr=False)
