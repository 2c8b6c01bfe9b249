"""Say how a stretch of an article came to be a mention, or what kept it from being one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span

from pipeline.assemble import RECOGNISER
from pipeline.components import attributes
from pipeline.components.linker import Linker
from pipeline.components.recogniser import Recogniser

_CANDIDATES = {
    attributes.GAZETTEER: "look-up",
    attributes.PATTERNS: "grammar",
    attributes.NETWORK: "network",
    attributes.IDIOMS: "no mention lies in this phrase",
}


@dataclass(frozen=True, slots=True)
class Considered:
    """A candidate that touches the stretch.

    Attributes
    ----------
    found_by
        Which component found it.
    detail
        The concept of a name, the rule of the grammar, or the network's score.
    fate
        ``mention``, or what became of it.
    """

    text: str
    start: int
    end: int
    label: str
    found_by: str
    detail: str
    fate: str


@dataclass(slots=True)
class Explanation:
    """What is known of a stretch of text.

    Attributes
    ----------
    mentions
        Mentions that touch the stretch; the one with its borders first.
    considered
        Candidates that touch it.
    probabilities
        What the network gives the stretch as a whole, by type; empty in profile ``fast``.
    links
        Concepts that its text may stand for, by type, whether or not it is a mention.
    """

    text: str
    start: int
    end: int
    mentions: list[Span] = field(default_factory=list)
    considered: list[Considered] = field(default_factory=list)
    probabilities: dict[str, float] = field(default_factory=dict)
    links: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)

    @property
    def is_mention(self) -> bool:
        """Whether a mention has just these borders."""
        return bool(self.mentions) and _place(self.mentions[0]) == (self.start, self.end)


def explain(nlp: Language, text: str | Doc, start: int, end: int) -> Explanation:
    """Explain the stretch from ``start`` to ``end`` (code points, half-open) of a text.

    Raises
    ------
    ValueError
        If there is no such stretch.
    """
    doc = nlp(text) if isinstance(text, str) else text
    text = doc.text
    if not 0 <= start < end <= len(text):
        raise ValueError(
            f"the text has no stretch {start}-{end}; it is {len(text)} characters long"
        )
    found = Explanation(text[start:end], start, end)
    touching = [m for m in doc.spans.get(attributes.MENTIONS, ()) if _touches(m, start, end)]
    found.mentions = sorted(touching, key=lambda m: (_place(m) != (start, end), m.start, -m.end))
    places = {(*_place(m), m.label_) for m in found.mentions}
    for group, component in _CANDIDATES.items():
        found.considered += _considered(doc, group, component, start, end, places)
    span = doc.char_span(start, end, alignment_mode="expand")
    if span is not None and nlp.has_pipe(RECOGNISER):
        recogniser: Recogniser = nlp.get_pipe(RECOGNISER)  # type: ignore[assignment]
        found.probabilities = recogniser.probabilities(doc, span.start, span.end)
    linker: Linker = nlp.get_pipe("symptograph_linker")  # type: ignore[assignment]
    for label in (attributes.CONDITION, attributes.SYMPTOM, attributes.BODY_PART):
        found.links[label] = [tuple(link) for link in linker.links(found.text, label)]  # type: ignore[arg-type]
    return found


def _place(span: Span) -> tuple[int, int]:
    return span.start_char, span.end_char


def _touches(span: Span, start: int, end: int) -> bool:
    return bool(span.start_char < end and start < span.end_char)


def _considered(
    doc: Doc, group: str, component: str, start: int, end: int, places: set[tuple[int, int, str]]
) -> list[Considered]:
    """Candidates of one span group."""
    spans = doc.spans.get(group, ())
    scores = spans.attrs.get("scores") if len(spans) else None
    rows = []
    for number, span in enumerate(spans):
        if _touches(span, start, end):
            detail = span.kb_id_ or span.id_
            if scores is not None:
                detail = f"score {scores[number]:.2f}"
            fate = _fate(span, places)
            place = _place(span)
            rows.append(Considered(span.text, *place, span.label_, component, detail, fate))
    return rows


def _fate(span: Span, places: set[tuple[int, int, str]]) -> str:
    place = _place(span)
    if not span.label_:
        return "keeps mentions out"
    if (*place, span.label_) in places:
        return "mention"
    others = [label for start, end, label in places if (start, end) == place]
    if others:
        return f"mention, but as {others[0]}"
    return "rejected: other borders" if places else "rejected"


def decided_by(mention: Span) -> str:
    """The words that decided a mention's assertion, or an empty string."""
    cue = mention._.cue
    return mention.doc[cue[0] : cue[1]].text if cue else ""
