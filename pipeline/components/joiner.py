"""Join what the network found with the rules' mentions into the final ones.

The network has seen the rules' decision as a feature, so it decides; a mention that both have
carries both names in ``span._.source``. (Measured on annotated pages that neither was made with:
letting the rules settle types that the network doubts, or add names where it found nothing, gains
nothing.) Two things are surer than the network: phrases that hold no mention, and that an
abbreviation which the article expands is a mention just where its long form is. Mentions take the
concept of the name that look-up found at their place.
"""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc

from pipeline.components import attributes
from pipeline.components.attributes import BODY_PART, SYMPTOM
from pipeline.components.candidates import (
    Candidate,
    is_within,
    reading_order,
    write_mentions,
)

_NETWORK = "network"


class Joiner:
    """Rewrite ``doc.spans["sc"]`` and ``doc.ents`` from ``doc.spans["network"]``."""

    def __call__(self, doc: Doc) -> Doc:
        """Join one Doc; without a network's mentions it stays as it is."""
        group = doc.spans.get(attributes.NETWORK)
        if group is None:
            return doc
        by_rules = {
            (m.start, m.end, m.label_): attributes.values(m, "source")[0]
            for m in doc.spans.get(attributes.MENTIONS, ())
        }
        curies = {
            (s.start, s.end, s.label_): s.kb_id_ for s in doc.spans.get(attributes.GAZETTEER, ())
        }
        found = []
        for mention, score in zip(group, group.attrs["scores"], strict=True):
            place = mention.start, mention.end, mention.label_
            source = f"{by_rules[place]}+{_NETWORK}" if place in by_rules else _NETWORK
            found.append(Candidate(*place, source, score, curies.get(place, "")))
        found = _as_expanded(doc, _outside_idioms(doc, found))
        main = [c for c in found if c.label != BODY_PART]
        parts = [c for c in found if c.label == BODY_PART]
        write_mentions(doc, sorted([*main, *_nested(main, parts)], key=reading_order))
        return doc


def _outside_idioms(doc: Doc, found: list[Candidate]) -> list[Candidate]:
    """Leave out what lies in a phrase that holds no mention ("a stroke of luck")."""
    idioms = [(s.start, s.end) for s in doc.spans.get(attributes.IDIOMS, ())]
    return [
        c
        for c in found
        if not any(a <= c.start and c.end <= b and c.end - c.start < b - a for a, b in idioms)
    ]


def _as_expanded(doc: Doc, found: list[Candidate]) -> list[Candidate]:
    """Let an abbreviation that the article expands be a mention just where its long form is."""
    if not doc._.abbreviations:
        return found
    by_place = {(c.start, c.end): c for c in found}
    inside = {token for c in found for token in range(c.start, c.end)}
    dropped: set[Candidate] = set()
    added = []
    for record in doc._.abbreviations:
        short = record["short_start"], record["short_end"]
        long = record["long_start"], record["long_end"]
        if short in by_place and inside.isdisjoint(range(*long)):
            dropped.add(by_place[short])
        elif long in by_place and inside.isdisjoint(range(*short)):
            whole = by_place[long]
            added.append(Candidate(*short, whole.label, "abbreviations", whole.score))
    return [c for c in found if c not in dropped] + added


def _nested(main: list[Candidate], parts: list[Candidate]) -> list[Candidate]:
    """Body parts that stand free or within a symptom (scheme, 3)."""
    owners = {token: c for c in main for token in range(c.start, c.end)}
    kept = []
    for part in parts:
        above = {owners[t] for t in range(part.start, part.end) if t in owners}
        if all(c.label == SYMPTOM and is_within(part, c) for c in above):
            kept.append(part)
    return kept


@Language.factory(
    "symptograph_joiner",
    requires=["doc.spans"],
    assigns=["doc.spans", "doc.ents", "span._.source", "span._.score"],
)
def make_joiner(nlp: Language, name: str) -> Joiner:
    """Make the component that joins the network's mentions with the rules'."""
    attributes.register()
    return Joiner()
