from __future__ import annotations

import pytest
from spacy.tokens import SpanGroup

from pipeline.components import attributes
from pipeline.components.joiner import Joiner


def _join(nlp, text, *found):
    """Mentions after joining, where the network found these words (first occurrence or a place)."""
    doc = nlp(text)
    spans = []
    for words, label in found:
        start = text.rindex(words)
        spans.append(doc.char_span(start, start + len(words), label=label))
    spans.sort(key=lambda span: span.start)
    doc.spans[attributes.NETWORK] = SpanGroup(
        doc, name=attributes.NETWORK, spans=spans, attrs={"scores": [0.9] * len(spans)}
    )
    doc = Joiner()(doc)
    return [(s.text, s.label_, s._.source) for s in doc.spans["sc"]]


def test_joiner_drops_an_abbreviation_whose_long_form_is_no_mention(nlp):
    text = "Advanced life support (ALS) is taught. They teach ALS."
    assert _join(nlp, text, ("ALS", "CONDITION")) == []


def test_joiner_adds_an_abbreviation_whose_long_form_is_a_mention(nlp):
    text = "The superior mesenteric artery (SMA) is open. A scan shows the SMA."
    found = _join(nlp, text, ("superior mesenteric artery", "BODY_PART"))
    assert [text for text, _, _ in found] == ["superior mesenteric artery", "SMA", "SMA"]
    assert found[1] == ("SMA", "BODY_PART", "abbreviations")


def test_joiner_leaves_abbreviations_alone_that_are_not_expanded(nlp):
    found = _join(nlp, "They live with ALS.", ("ALS", "CONDITION"))
    assert [(text, label) for text, label, _ in found] == [("ALS", "CONDITION")]


@pytest.mark.parametrize(
    ("text", "words", "kept"),
    [
        ("It was a stroke of luck.", "stroke", False),
        ("It was a stroke of luck.", "stroke of luck", True),
        ("It was a stroke.", "stroke", True),
    ],
)
def test_joiner_finds_nothing_in_an_idiom(nlp, text, words, kept):
    assert bool(_join(nlp, text, (words, "CONDITION"))) == kept


def test_joiner_leaves_docs_without_a_network_alone(nlp):
    doc = nlp("It causes fever.")
    before = [(s.text, s.label_) for s in doc.spans["sc"]]
    assert [(s.text, s.label_) for s in Joiner()(doc).spans["sc"]] == before
