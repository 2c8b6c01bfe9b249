"""Every extension attribute and span group that our components read or write.

========================  =========================================================================
``doc.spans["sections"]``  extents of the sections; ``span.label_`` is ``HEADED`` or ``UNHEADED``
``doc.spans["blocks"]``    headings, paragraphs, list items, table rows, in ``span.label_``
``doc.spans["gazetteer"]`` candidate mentions found by look-up
``doc.spans["idioms"]``    phrases that hold no mention ("National Eye Institute")
``doc.spans["patterns"]``  candidate mentions found by the symptom grammar
``doc.spans["network"]``   candidate mentions found by the trained network
``doc.spans["sc"]``        the mentions: CONDITION, SYMPTOM, BODY_PART; ``span.id_`` is the id
``span._.concepts``        list of ``[CURIE, label, score]``, best first; empty when nothing fits
``span._.matches``         list of ``[match, scope, name]``, one for each concept: how it was found
``span._.long_form``       what an abbreviation stands for in this article, or None
``span._.negated``         bool
``span._.denied``          of a body part: whether it is in the scope of a denial ("does not affect
                           the heart"); a part of the body is never negated itself
``span._.uncertain``       bool
``span._.experiencer``     ``patient`` (or the reader, or people in general), or ``other``
``span._.role``            in advice: ``prevention``, ``risk_factor``, ``differential``,
                           ``emergency``, or None
``span._.cue``             ``[start, end]`` (tokens) of the words that decided, or None; where
                           several did, those of the first of the four above
``span._.source``          what found the mention: ``gazetteer``, ``patterns``, ``abbreviations``,
                           ``network``, joined by ``+``
``span._.score``           how much a mention of this source can be trusted, in [0, 1]
``span._.topic``           of a section: id of the mention that names its topic, or None
``doc._.layout``           list of ``[kind, start, end]`` (characters): the blocks that the
                           article's format names; None where the text alone tells
``doc._.title``            the title that the format names beside the text, or None
``doc._.topic``            id of the mention that names the article's topic, or None
``doc._.relations``        list of dicts, see :class:`pipeline.records.Relation`
``doc._.abbreviations``    scispaCy's list of dicts (``make_serializable=True``)
========================  =========================================================================

Values are plain (numbers, strings, lists), because spaCy serialises Docs between processes.
"""

from __future__ import annotations

from typing import Any

from spacy.tokens import Doc, Span

from pipeline.records import Block

MENTIONS = "sc"
SECTIONS = "sections"
BLOCKS = "blocks"
GAZETTEER = "gazetteer"
IDIOMS = "idioms"
PATTERNS = "patterns"
NETWORK = "network"

CONDITION = "CONDITION"
SYMPTOM = "SYMPTOM"
BODY_PART = "BODY_PART"

_SPAN_ATTRIBUTES: dict[str, Any] = {
    "concepts": [],
    "matches": [],
    "long_form": None,
    "negated": False,
    "denied": False,
    "uncertain": False,
    "experiencer": "patient",
    "role": None,
    "cue": None,
    "source": None,
    "score": None,
    "topic": None,
}
_DOC_ATTRIBUTES: dict[str, Any] = {
    "layout": None,
    "title": None,
    "relations": [],
    "abbreviations": [],
    "topic": None,
}


def values(span: Span, *names: str) -> list[Any]:
    """Values of several extension attributes of a span, read at once.

    The same as ``span._.NAME`` for each, without the object that spaCy makes on each access: five
    attributes of 10,000 mentions take 20 ms in place of 110.
    """
    stored: dict[Any, Any] = span.doc.user_data
    place = span.start_char, span.end_char
    return [stored.get(("._.", name, *place), _SPAN_ATTRIBUTES[name]) for name in names]


def store(span: Span, **attributes: Any) -> None:
    """Set extension attributes of a span, the counterpart of :func:`values`."""
    stored: dict[Any, Any] = span.doc.user_data
    place = span.start_char, span.end_char
    for name, value in attributes.items():
        stored[("._.", name, *place)] = value


def layout_of(doc: Doc) -> list[Block] | None:
    """Blocks that the article's format names, None where the text alone tells."""
    layout = doc._.layout
    return None if layout is None else [Block(*block) for block in layout]


def register() -> None:
    """Register the extension attributes; harmless when they are there already."""
    for name, default in _SPAN_ATTRIBUTES.items():
        if not Span.has_extension(name):
            Span.set_extension(name, default=default)
    for name, default in _DOC_ATTRIBUTES.items():
        if not Doc.has_extension(name):
            Doc.set_extension(name, default=default)
