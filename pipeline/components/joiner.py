"""Join what the network found with the rules' mentions into the final ones.

The network has seen the rules' decision as a feature, and decides, with two exceptions that were
measured on annotated pages: where it is in doubt whether a mention is a condition or a symptom, the
rules say which; and a name that look-up found where the network found nothing at all is kept.
Mentions take the concept of the name that look-up found at their place.
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
# The network's score below which the rules settle the type.
_DOUBT = 0.7
# Sources of the rules that are trusted alone, and the share of such mentions that is right.
_TRUSTED = frozenset(("gazetteer", "abbreviations"))
_TRUSTED_SCORE = 0.65


class Joiner:
    """Rewrite ``doc.spans["sc"]`` and ``doc.ents`` from ``doc.spans["network"]``."""

    def __call__(self, doc: Doc) -> Doc:
        """Join one Doc; without a network's mentions it stays as it is."""
        group = doc.spans.get(attributes.NETWORK)
        if group is None:
            return doc
        rules = [
            Candidate(m.start, m.end, m.label_, attributes.values(m, "source")[0], _TRUSTED_SCORE)
            for m in doc.spans.get(attributes.MENTIONS, ())
        ]
        by_place: dict[tuple[int, int], list[Candidate]] = {}
        for rule in rules:
            by_place.setdefault((rule.start, rule.end), []).append(rule)
        found = [
            _join(Candidate(m.start, m.end, m.label_, _NETWORK, score), by_place)
            for m, score in zip(group, group.attrs["scores"], strict=True)
        ]
        found += _untouched(found, rules)
        curies = {
            (s.start, s.end, s.label_): s.kb_id_ for s in doc.spans.get(attributes.GAZETTEER, ())
        }
        named = [c._replace(curie=curies.get((c.start, c.end, c.label), "")) for c in found]
        main = [c for c in named if c.label != BODY_PART]
        parts = [c for c in named if c.label == BODY_PART]
        write_mentions(doc, sorted([*main, *_nested(main, parts)], key=reading_order))
        return doc


def _join(candidate: Candidate, by_place: dict[tuple[int, int], list[Candidate]]) -> Candidate:
    """A mention of the network, with what the rules say of the same tokens."""
    for rule in by_place.get((candidate.start, candidate.end), ()):
        if rule.label == candidate.label:
            return candidate._replace(source=f"{rule.source}+{_NETWORK}")
        if candidate.score < _DOUBT and BODY_PART not in (rule.label, candidate.label):
            return candidate._replace(label=rule.label, source=f"{rule.source}+{_NETWORK}")
    return candidate


def _untouched(found: list[Candidate], rules: list[Candidate]) -> list[Candidate]:
    """Names of conditions and symptoms where the network found neither."""
    taken = {t for c in found if c.label != BODY_PART for t in range(c.start, c.end)}
    return [
        rule
        for rule in rules
        if rule.label != BODY_PART
        and rule.source in _TRUSTED
        and taken.isdisjoint(range(rule.start, rule.end))
    ]


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
