from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example
from thinc.api import Adam, fix_random_seed

from pipeline.assemble import RECOGNISER, build
from pipeline.components import network
from pipeline.components.hits import COLUMNS, N_VALUES, Hits
from pipeline.components.recogniser import DEFAULT_MODEL, calibrated, targets

TEXT = (
    "Addison's disease\n\nAddison's disease (AD) causes tiredness, weakness in the legs and "
    "darkening of the skin. It is rare.\n\nSymptoms\n\n- headache\n- a stiff neck\n"
)
SMALL = deepcopy(DEFAULT_MODEL)
SMALL["tok2vec"] |= {
    "width": 16,
    "spelling_width": 8,
    "pieces": 2,
    "dilations": [1, 2],
    "rows": [50] * 8,
}


@pytest.fixture(scope="module")
def small():
    fix_random_seed(1)
    nlp = build("accurate", SMALL)
    nlp.initialize()
    return nlp


def _found(doc):
    return [(s.text, s.label_, s._.score) for s in doc.spans["sc"]]


def _example(nlp, text, mentions, **attrs):
    with nlp.select_pipes(enable=nlp.pipe_names[: nlp.pipe_names.index(RECOGNISER)]):
        predicted = nlp(text)
    reference = Doc(
        nlp.vocab,
        words=[t.text for t in predicted],
        spaces=[bool(t.whitespace_) for t in predicted],
    )
    spans = [reference.char_span(text.index(m), text.index(m) + len(m), t) for m, t in mentions]
    reference.spans["sc"] = SpanGroup(reference, name="sc", spans=spans, attrs=attrs)
    return Example(predicted, reference)


def test_hits_have_a_value_in_the_range_of_every_column(nlp):
    rows = Hits()(nlp(TEXT))
    assert rows.shape == (len(nlp(TEXT)), len(COLUMNS))
    starts = np.cumsum([0, *COLUMNS.values()])
    assert starts[-1] == N_VALUES
    assert (rows >= starts[:-1]).all()
    assert (rows < starts[1:]).all()


@pytest.mark.parametrize(
    ("word", "column", "value"),
    [
        ("rare", "name", 0),
        ("skin", "body_part", 3),
        ("legs", "composed_symptom", 3),
        ("AD", "abbreviation", 1),
        ("disease", "title", 1),
        ("headache", "section", 1),
        ("tiredness", "use", 1),
    ],
)
def test_hits_say_what_was_found_at_a_token(nlp, word, column, value):
    doc = nlp(TEXT)
    token = next(t.i for t in doc if t.text == word)
    place = list(COLUMNS).index(column)
    offset = sum(list(COLUMNS.values())[:place])
    assert Hits()(doc)[token, place] - offset == value


def test_hits_of_an_empty_doc(nlp):
    assert Hits()(nlp("")).shape == (0, len(COLUMNS))


def test_recogniser_result_does_not_depend_on_the_batch(small):
    texts = [TEXT, "", "Fever.", TEXT.replace("rare", "common"), "x " * 300]
    together = [_found(doc) for doc in small.pipe(texts)]
    alone = [_found(small(text)) for text in texts]
    assert together == alone
    assert any(together)


def test_recogniser_result_does_not_depend_on_the_chunks(small, monkeypatch):
    text = TEXT * 8
    doc = small.make_doc(text)
    for name in small.pipe_names[: small.pipe_names.index(RECOGNISER)]:
        doc = small.get_pipe(name)(doc)
    model = small.get_pipe(RECOGNISER).model
    (whole,) = model.predict([doc])
    monkeypatch.setattr(network, "_CHUNK", 37)
    (pieces,) = model.predict([doc])
    assert np.allclose(whole, pieces, atol=1e-4)


def test_recogniser_learns_two_sentences():
    fix_random_seed(2)
    nlp = build("accurate", SMALL)
    mentions = [("Zork", "CONDITION"), ("wobbly knees", "SYMPTOM"), ("knees", "BODY_PART")]
    example = _example(nlp, "Zork gives you wobbly knees.", mentions)
    recogniser = nlp.get_pipe(RECOGNISER)
    recogniser.initialize(lambda: [example])
    optimiser = Adam(0.01)
    first = recogniser.update([example], sgd=optimiser)[RECOGNISER]
    for _ in range(60):
        last = recogniser.update([example], sgd=optimiser)[RECOGNISER]
    assert last < first / 10
    found = _found(nlp("Zork gives you wobbly knees."))
    assert [(text, label) for text, label, _ in found] == mentions


def test_recogniser_missing_labels_and_open_stretches_do_not_count(small):
    example = _example(
        small, "Flu and fever.", [("Flu", "CONDITION")], missing=["BODY_PART"], open=[[2, 3]]
    )
    _, counts = targets(example.reference, 0)
    assert counts.tolist() == [True, True, False, True]
    assert not targets(example.reference, 1)[1].any()
    recogniser = small.get_pipe(RECOGNISER)
    scores = recogniser.model.predict([example.predicted])
    _, (gradient,) = recogniser.get_loss([example], scores)
    assert not gradient[:, 9:].any()
    assert not gradient[2].any()
    assert gradient[0, :9].any()


def test_recogniser_without_gold_learns_nothing(small):
    doc = small("Flu.")
    empty = Doc(small.vocab, words=["Flu", "."], spaces=[False, False])
    recogniser = small.get_pipe(RECOGNISER)
    loss, (gradient,) = recogniser.get_loss([Example(doc, empty)], recogniser.model.predict([doc]))
    assert loss == 0
    assert not gradient.any()


def test_recogniser_goes_to_disk_and_back(small, tmp_path):
    small.get_pipe(RECOGNISER).cfg["calibration"] = [["SYMPTOM", [0.0, 1.0], [0.2, 0.9]]]
    small.to_disk(tmp_path / "model")
    other = spacy.load(tmp_path / "model")
    assert _found(small(TEXT)) == _found(other(TEXT))
    curves = other.get_pipe(RECOGNISER).cfg["calibration"]
    assert calibrated(curves, "SYMPTOM", 0.5) == pytest.approx(0.55)
    small.get_pipe(RECOGNISER).cfg["calibration"] = []


def test_joiner_keeps_source_score_and_concept(small):
    nlp = build("accurate", SMALL)
    nlp.initialize()
    doc = nlp.make_doc("Flu causes fever in the legs.")
    for name in nlp.pipe_names[: nlp.pipe_names.index(RECOGNISER)]:
        doc = nlp.get_pipe(name)(doc)
    spans = [
        Span(doc, 0, 1, "CONDITION"),
        Span(doc, 1, 6, "SYMPTOM"),
        Span(doc, 0, 1, "BODY_PART"),
        Span(doc, 5, 6, "BODY_PART"),
    ]
    doc.spans["network"] = SpanGroup(doc, spans=spans, attrs={"scores": [0.9, 0.8, 0.7, 0.6]})
    doc = nlp.get_pipe("symptograph_joiner")(doc)
    found = {m.text: m for m in doc.spans["sc"]}
    assert [m.text for m in doc.spans["sc"]] == ["Flu", "causes fever in the legs", "legs"]
    assert found["Flu"]._.source == "gazetteer+network"
    assert found["Flu"].kb_id_.startswith("MONDO:")
    assert found["causes fever in the legs"]._.source == "network"
    assert found["causes fever in the legs"]._.score == 0.8
    assert [e.text for e in doc.ents] == ["Flu", "causes fever in the legs"]
