"""Give mentions their concepts: exact look-ups of the mention and of its rearrangements.

"weakness in your legs" is looked up as it is and as "legs weakness"; of a coordination ("leg or
foot pain") every part is looked up and the mention gets all their concepts, comma-joined.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from spacy.language import Language
from spacy.tokens import Doc

from pipeline.components import attributes
from pipeline.terminology.index import Entry, TermIndex
from pipeline.terminology.normalise import split_units
from pipeline.terminology.records import LABEL_SEPARATOR

Concept = tuple[str, str, float]

_EXACT, _REARRANGED, _OTHER_TYPE, _PARTIAL = 1.0, 0.9, 0.8, 0.5
_MAX_CONCEPTS = 5
_PREFIX = {
    attributes.CONDITION: "MONDO:",
    attributes.SYMPTOM: "HP:",
    attributes.BODY_PART: "UBERON:",
}
_ALLOWED = {
    attributes.CONDITION: ("MONDO:", "HP:"),
    attributes.SYMPTOM: ("HP:", "MONDO:"),
    attributes.BODY_PART: ("UBERON:",),
}
_DETERMINER = re.compile(
    r"\b(?:the|an?|your|his|her|their|my|our|its|both|one|some|any|all)\s+", re.I
)
_SITE = re.compile(
    r"^(?P<head>.+?)\s+(?:in|of|on|around|under|behind|near|at|with)\s+(?P<site>.+)$", re.I
)
_COORDINATION = re.compile(r"\s*,\s*(?:and|or)\s+|\s*,\s*|\s+(?:and/or|and|or)\s+", re.I)


class Linker:
    """Set ``span._.concepts`` of the mentions.

    A name that the gazetteer found keeps the concept it was found by (``span.kb_id_``).
    """

    def __init__(self, index: TermIndex, cache_size: int = 100_000) -> None:
        self._index = index
        self._cache_size = cache_size
        self._cache: dict[tuple[str, str], tuple[Concept, ...]] = {}

    def __call__(self, doc: Doc) -> Doc:
        """Link one Doc."""
        mentions = doc.spans.get(attributes.MENTIONS)
        if not mentions:
            return doc
        long_forms = {
            (a["short_start"], a["short_end"]): a["long_text"] for a in doc._.abbreviations
        }
        for mention in mentions:
            curie = mention.kb_id_
            if curie and curie.startswith(_PREFIX[mention.label_]):
                concepts: tuple[Concept, ...] = ((curie, self._index.label(curie), _EXACT),)
            else:
                text = long_forms.get((mention.start, mention.end)) or mention.text
                concepts = self._concepts(text, mention.label_)
            if concepts:
                attributes.store(mention, concepts=[list(concept) for concept in concepts])
        return doc

    def _concepts(self, text: str, label: str) -> tuple[Concept, ...]:
        """What :meth:`_find` finds, kept for the next mention of the same text."""
        key = text, label
        if key not in self._cache:
            if len(self._cache) >= self._cache_size:
                self._cache.clear()
            self._cache[key] = self._find(text, label)
        return self._cache[key]

    def _find(self, text: str, label: str) -> tuple[Concept, ...]:
        """Concepts of a mention's text; several of one score are alternatives, best first."""
        for score, phrase in _phrases(text):
            entries = self._entries(phrase, label)
            if entries:
                distinct = {e.curie: (e.curie, e.label, _score(e, label, score)) for e in entries}
                return tuple(distinct.values())[:_MAX_CONCEPTS]
        composite = self._composite(text, label)
        if composite:
            return (composite,)
        if label == attributes.SYMPTOM:
            return self._head(text, label)
        return ()

    def _entries(self, phrase: str, label: str) -> list[Entry]:
        """Entries of a phrase that a mention of this type may carry, its own ontology first."""
        found = [e for e in self._index.lookup(phrase) if e.curie.startswith(_ALLOWED[label])]
        own = [e for e in found if e.curie.startswith(_PREFIX[label])]
        return own or found

    def _composite(self, text: str, label: str) -> Concept | None:
        """Concepts of every part of a coordination, joined, where all or some are known."""
        parts = list(_expand(text))
        if len(parts) < 2:
            return None
        found: dict[str, Entry] = {}
        for part in parts:
            entries = next((e for _, p in _phrases(part) if (e := self._entries(p, label))), [])
            if entries:
                found.setdefault(entries[0].curie, entries[0])
        if not found:
            return None
        return (
            ",".join(found),
            LABEL_SEPARATOR.join(entry.label for entry in found.values()),
            _REARRANGED if len(found) == len(parts) else _PARTIAL,
        )

    def _head(self, text: str, label: str) -> tuple[Concept, ...]:
        """Broader concept of a composed symptom: what is left without its site or first words."""
        words = split_units(_DETERMINER.sub("", text))
        match = _SITE.match(_DETERMINER.sub("", text))
        shorter = [match.group("head")] if match else []
        shorter += [" ".join(words[n:]) for n in range(1, len(words))]
        for phrase in shorter:
            entries = [e for e in self._entries(phrase, label) if e.curie.startswith("HP:")]
            if entries:
                return ((entries[0].curie, entries[0].label, _PARTIAL),)
        return ()


def _score(entry: Entry, label: str, score: float) -> float:
    return score if entry.curie.startswith(_PREFIX[label]) else min(score, _OTHER_TYPE)


def _phrases(text: str) -> Iterator[tuple[float, str]]:
    """The phrase, then its rearrangements, with how much an exact hit on each is worth."""
    yield _EXACT, text
    bare = _DETERMINER.sub("", text)
    if bare != text:
        yield _REARRANGED, bare
    match = _SITE.match(bare)
    if match:
        yield _REARRANGED, f"{match['site']} {match['head']}"
        yield _REARRANGED, f"{match['head']} of {match['site']}"
        yield _REARRANGED, f"{match['head']} of the {match['site']}"
        yield _REARRANGED, f"{match['head']} in {match['site']}"


def _expand(text: str) -> Iterator[str]:
    """Single readings of a coordination with one shared head or one shared beginning.

    Examples
    --------
    >>> list(_expand("leg or foot pain"))
    ['leg pain', 'foot pain']
    >>> list(_expand("weakness in the arms and legs"))
    ['weakness in arms', 'weakness in legs']
    """
    bare = _DETERMINER.sub("", text)
    match = _SITE.match(bare)
    if match and _COORDINATION.search(match["site"]):
        lead = bare[: match.start("site")]
        for site in _COORDINATION.split(match["site"]):
            if site:
                yield lead + site
        return
    parts = [p for p in _COORDINATION.split(bare) if p]
    if len(parts) < 2:
        return
    *_, head = parts[-1].split()
    first, *rest = parts[0].split()
    if rest:
        # The first part has words of its own: what they share stands before ("enlarged spleen or
        # liver").
        for part in parts:
            yield part if part is parts[0] else f"{first} {part}"
        return
    for part in parts:
        yield part if part.endswith(head) else f"{part} {head}"


@Language.factory(
    "symptograph_linker",
    requires=["doc.spans"],
    assigns=["span._.concepts"],
    default_config={"index": {"@misc": "symptograph.TermIndex.v1"}, "cache_size": 100_000},
)
def make_linker(nlp: Language, name: str, index: TermIndex, cache_size: int) -> Linker:
    """Make the component that links mentions by exact look-up."""
    attributes.register()
    return Linker(index, cache_size)
