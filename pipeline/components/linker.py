"""Give mentions their concepts, ranked, each with how it was found and how sure it is.

A mention is looked up as it is written, then among the phrases that reviewers linked
(``linked_names.csv``), then rearranged ("weakness in your legs" as "legs weakness"), then part by
part ("leg or foot pain" has both concepts, comma-joined). What none of that knows is compared with
all names of the ontologies (:mod:`pipeline.terminology.search`) and gets the concepts that are
probable enough (:mod:`pipeline.terminology.ranking`), or none.

Abbreviations are linked by what the article says they stand for: by an expansion in brackets, else
by a mention with these initials. A concept that the article names elsewhere comes before others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import minibatch

from pipeline.components import attributes
from pipeline.terminology.index import Entry, TermIndex
from pipeline.terminology.normalise import normalise, split_units
from pipeline.terminology.ranking import FOREIGN, Ranked, load_ranking
from pipeline.terminology.records import LABEL_SEPARATOR, EntityType
from pipeline.terminology.rules import known_acronyms

EXACT, REVIEWED, REARRANGED, COMPOSITE, SIMILAR, CONTEXT = (
    "exact", "reviewed", "rearranged", "composite", "similar", "context",
)  # fmt: skip
_EXACT, _REARRANGED, _LOOSE, _OTHER_TYPE, _UNEXPANDED = 1.0, 0.9, 0.8, 0.8, 0.6
_LOOSE_SCOPES = frozenset(("NARROW", "BROAD", "RELATED"))
# A concept that the article names elsewhere may be this much less sure than the best.
_CONTEXT_MARGIN = 0.5
_NUMBER = re.compile(r"\d+")
_SURE = 0.9
# As a whole, a coordination is rather one concept than several from this probability.
_WHOLE = 0.7
# Least probability of a concept that is only like the mention, chosen on annotated pages.
THRESHOLD = 0.3
_MAX_CONCEPTS = 5
_LEAST_SHARE = 0.02
# Phrases whose concepts are kept.
CACHE_SIZE = 100_000
# Docs whose unknown mentions are looked up together.
_DOCS_AT_ONCE = 16
_SHORT_FORM = re.compile(r"^(?=.{2,7}$)[A-Z][A-Za-z0-9-]*[A-Z0-9]s?$")
_SMALL_WORDS = frozenset(("of", "and", "the", "with", "in", "to", "for", "or", "a", "an"))
_DETERMINER = re.compile(
    r"\b(?:the|an?|your|his|her|their|my|our|its|both|one|some|any|all)\s+", re.I
)
_SITE = re.compile(
    r"^(?P<head>.+?)\s+(?:in|of|on|around|under|behind|near|at|with)\s+(?P<site>.+)$", re.I
)
_COORDINATION = re.compile(r"\s*,\s*(?:and|or)\s+|\s*,\s*|\s+(?:and/or|and|or)\s+", re.I)


class Link(NamedTuple):
    """A concept that a phrase may stand for.

    Attributes
    ----------
    curie, label
        Of a composite, all CURIEs comma-joined and all labels.
    score
        How sure it is, in [0, 1].
    match
        How it was found: ``exact``, ``reviewed``, ``rearranged``, ``composite``, ``similar`` or
        ``context``.
    scope
        The matching name's scope in its ontology, or an empty string.
    name
        The matching name, or the phrase that was looked up.
    """

    curie: str
    label: str
    score: float
    match: str
    scope: str
    name: str


_Key = tuple[str, EntityType]


class Linker:
    """Set ``span._.concepts``, ``span._.matches`` and ``span._.long_form`` of the mentions."""

    def __init__(self, index: TermIndex, threshold: float, cache_size: int) -> None:
        self.index = index
        self._threshold = threshold
        self._cache_size = cache_size
        self._cache: dict[_Key, tuple[Link, ...]] = {}

    def __call__(self, doc: Doc) -> Doc:
        """Link one Doc."""
        return self._set(doc, *_keys(doc))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Link a stream of Docs, the unknown mentions of several at once."""
        for docs in minibatch(stream, min(batch_size, _DOCS_AT_ONCE)):  # type: ignore[no-untyped-call]
            prepared = [(doc, *_keys(doc)) for doc in docs]
            self._look_up(key for _, keys, _ in prepared for key in keys)
            for doc, keys, forms in prepared:
                yield self._set(doc, keys, forms)

    def _set(self, doc: Doc, keys: list[_Key], forms: dict[int, str]) -> Doc:
        mentions = doc.spans.get(attributes.MENTIONS, ())
        for number, (mention, links) in enumerate(
            zip(mentions, self.link_mentions(keys), strict=True)
        ):
            if links or number in forms:
                attributes.store(
                    mention,
                    concepts=[[link.curie, link.label, link.score] for link in links],
                    matches=[[link.match, link.scope, link.name] for link in links],
                    long_form=forms.get(number),
                )
        return doc

    def link_mentions(self, mentions: Sequence[_Key]) -> list[tuple[Link, ...]]:
        """Concepts of all mentions of an article, best first.

        Parameters
        ----------
        mentions
            Text (of an abbreviation, what it stands for) and type of each.
        """
        if len(self._cache) >= self._cache_size:
            self._cache.clear()
        self._look_up(mentions)
        links = [self._cache[key] for key in mentions]
        named = {found[0].curie for found in links if len(found) == 1 and found[0].score >= _SURE}
        return [_by_context(found, named) for found in links]

    def forget(self) -> None:
        """Empty the cache of linked phrases."""
        self._cache.clear()

    def links(self, phrase: str, label: EntityType) -> tuple[Link, ...]:
        """Concepts of a phrase as a mention of a type, best first, outside any article."""
        self._look_up([(phrase, label)])
        return self._cache[phrase, label]

    def _look_up(self, keys: Iterable[_Key]) -> None:
        """Cache what is not there yet; the unknown is compared with all names, by type at once."""
        unknown: dict[_Key, None] = {}
        self._take(keys, unknown)
        # The parts of coordinations are asked for together with the whole.
        self._take([(p, label) for text, label in unknown for p in _expand(text)], unknown)
        ranked: dict[_Key, list[Ranked]] = {}
        for label in dict.fromkeys(label for _, label in unknown):
            texts = [text for text, own in unknown if own == label]
            phrases = [normalise(text) for text in texts]
            near = self.index.search.nearest(phrases, label)
            for text, units, names in zip(texts, phrases, near, strict=True):
                ranked[text, label] = load_ranking()(
                    units, label, names, self.index.search.weight, self.index.concept
                )
        # Shortest first: a part before the whole that it is of.
        for text, label in sorted(unknown, key=lambda key: len(key[0])):
            self._cache[text, label] = self._probable(text, label, ranked[text, label])

    def _take(self, keys: Iterable[_Key], unknown: dict[_Key, None]) -> None:
        """Cache what is known of phrases, and put the others among the unknown ones."""
        for key in keys:
            if key not in self._cache and key not in unknown:
                known = self._known(*key)
                if known is None:
                    unknown[key] = None
                else:
                    self._cache[key] = known

    def _known(self, text: str, label: EntityType) -> tuple[Link, ...] | None:
        """Concepts of a name, a reviewed phrase, a rearrangement or a known coordination.

        Empty where a reviewer found that none fits; None where nothing is known.
        """
        exact = self._entries(text, label)
        if any(entry.curie for entry in exact):
            return self._of_entries(exact, label, text, EXACT, _EXACT)
        reviewed = self.index.linked(text, label)
        if reviewed is not None:
            found = Link(reviewed.curie, reviewed.label, _EXACT, REVIEWED, reviewed.scope, text)
            return (found,) if reviewed.curie else ()
        if exact:
            return ()
        for phrase in _rearranged(text):
            entries = [e for e in self._entries(phrase, label) if e.curie]
            if entries:
                return self._of_entries(entries, label, phrase, REARRANGED, _REARRANGED)
        parts = list(_expand(text))
        known = [self._known(part, label) for part in parts]
        if len(parts) > 1 and all(known):
            return (_joined([links[0] for links in known if links], text),)
        words = [u for u in normalise(text) if u not in _SMALL_WORDS and u[0].isalnum()]
        return None if words else ()

    def _entries(self, phrase: str, label: EntityType) -> list[Entry]:
        """Entries of a phrase that a mention of this type may carry, its own ontology first.

        Names that are known to have no concept (cells, vague feelings) come only where there are
        no others.
        """
        is_part = label == attributes.BODY_PART
        found = [
            e for e in self.index.lookup(phrase) if (e.type == attributes.BODY_PART) == is_part
        ]
        linked = [e for e in found if e.curie]
        own = [e for e in linked if not e.curie.startswith(FOREIGN[label])]
        return own or linked or found

    def _of_entries(
        self, entries: list[Entry], label: EntityType, phrase: str, match: str, score: float
    ) -> tuple[Link, ...]:
        if self.index.find_acronym(phrase) >= 0 and phrase not in known_acronyms():
            score = min(score, _UNEXPANDED)
        links: dict[str, Link] = {}
        for entry in entries:
            own = score
            if entry.curie.startswith(FOREIGN[label]):
                own = min(own, _OTHER_TYPE)
            if entry.scope in _LOOSE_SCOPES:
                own = min(own, _LOOSE)
            link = Link(entry.curie, entry.label, own, match, entry.scope, phrase)
            links.setdefault(entry.curie, link)
        return tuple(sorted(links.values(), key=lambda link: -link.score))[:_MAX_CONCEPTS]

    def _probable(self, text: str, label: EntityType, ranked: list[Ranked]) -> tuple[Link, ...]:
        """Concepts that are probable enough, or those of the parts of a coordination."""
        likely = [r for r in ranked[:_MAX_CONCEPTS] if r.probability >= _LEAST_SHARE]
        best = likely[0].probability if likely else 0.0
        if best < _WHOLE:
            parts = list(_expand(text))
            of_parts = [self.links(part, label) for part in parts if len(part) < len(text)]
            if len(parts) > 1 and len(of_parts) == len(parts) and all(of_parts):
                return (_joined([links[0] for links in of_parts], text),)
        if best < self._threshold:
            return ()
        return tuple(
            Link(
                r.curie,
                r.label,
                round(r.probability, 4),
                SIMILAR,
                r.name.scope,
                " ".join(r.name.units),
            )
            for r in likely
        )


def _joined(links: list[Link], text: str) -> Link:
    """The parts of a coordination as one composite, as sure as the least sure of them."""
    found: dict[str, Link] = {}
    for link in links:
        found.setdefault(link.curie, link)
    if len(found) == 1:
        return links[0]
    score = min(_REARRANGED, *(link.score for link in found.values()))
    label = LABEL_SEPARATOR.join(link.label for link in found.values())
    return Link(",".join(found), label, score, COMPOSITE, "", text)


def _by_context(links: tuple[Link, ...], named: set[str]) -> tuple[Link, ...]:
    """The links, one whose concept the article names elsewhere before a little surer ones.

    A numbered kind ("dystonia 6") does not give way to what it is a kind of.
    """
    if len(links) < 2 or links[0].curie in named:
        return links
    numbers = set(_NUMBER.findall(links[0].name))
    for link in links[1:]:
        if not numbers <= set(_NUMBER.findall(link.name)):
            continue
        if link.curie in named and link.score >= links[0].score - _CONTEXT_MARGIN:
            first = link._replace(match=CONTEXT, score=links[0].score)
            return (first, *(other for other in links if other is not link))
    return links


def _keys(doc: Doc) -> tuple[list[_Key], dict[int, str]]:
    """What to look up for each mention of a Doc, and the long forms among it by number."""
    mentions: list[Span] = list(doc.spans.get(attributes.MENTIONS, ()))
    forms = _long_forms(doc, mentions)
    return [(forms.get(n, m.text), m.label_) for n, m in enumerate(mentions)], forms  # type: ignore[misc]


def _long_forms(doc: Doc, mentions: list[Span]) -> dict[int, str]:
    """What mentions stand for that are abbreviations or hold one, by the mention's number."""
    expanded = {a["short_start"]: (a["short_end"], a["long_text"]) for a in doc._.abbreviations}
    initials: dict[tuple[str, str], str] | None = None
    forms: dict[int, str] = {}
    for number, mention in enumerate(mentions):
        inside = [t.i for t in mention if t.i in expanded] if expanded else []
        if inside:
            forms[number] = _expand_abbreviations(mention, inside, expanded)
        elif _SHORT_FORM.match(mention.text):
            if initials is None:
                initials = _initials(mentions)
            long_form = initials.get((mention.text.rstrip("s").upper(), mention.label_))
            if long_form:
                forms[number] = long_form
    return forms


def _expand_abbreviations(
    mention: Span, inside: list[int], expanded: dict[int, tuple[int, str]]
) -> str:
    """The mention's text with its abbreviations written out."""
    doc = mention.doc
    pieces = []
    done = mention.start
    for start in inside:
        end, long_text = expanded[start]
        if start < done or end > mention.end:
            continue
        pieces += [doc[done:start].text, long_text]
        done = end
    return " ".join(piece for piece in (*pieces, doc[done : mention.end].text) if piece)


def _initials(mentions: list[Span]) -> dict[tuple[str, str], str]:
    """Mentions of two and more words by their initials and type; the first of each counts."""
    found: dict[tuple[str, str], str] = {}
    for mention in mentions:
        words = split_units(mention.text)
        if len(words) > 1:
            for kept in (words, [w for w in words if w.lower() not in _SMALL_WORDS]):
                letters = "".join(word[0] for word in kept).upper()
                found.setdefault((letters, mention.label_), mention.text)
    return found


def _rearranged(text: str) -> Iterator[str]:
    """Other ways to say a phrase under which an ontology may have it."""
    bare = _DETERMINER.sub("", text)
    if bare != text:
        yield bare
    match = _SITE.match(bare)
    if match:
        yield f"{match['site']} {match['head']}"
        yield f"{match['head']} of {match['site']}"
        yield f"{match['head']} of the {match['site']}"
        yield f"{match['head']} in {match['site']}"


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
    assigns=["span._.concepts", "span._.matches", "span._.long_form"],
    default_config={
        "index": {"@misc": "symptograph.TermIndex.v1"},
        "threshold": THRESHOLD,
        "cache_size": CACHE_SIZE,
    },
)
def make_linker(
    nlp: Language, name: str, index: TermIndex, threshold: float, cache_size: int
) -> Linker:
    """Make the component that links mentions.

    Parameters
    ----------
    threshold
        Least probability of a concept that is only like the mention; below it there is none.
    """
    attributes.register()
    return Linker(index, threshold, cache_size)
