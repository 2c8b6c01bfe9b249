from __future__ import annotations

import pickle

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.components.gazetteer import Gazetteer
from pipeline.components.sections import Sections


@pytest.fixture(scope="module")
def find(index):
    nlp = spacy.blank("en")
    sections, gazetteer = Sections(), Gazetteer(index)

    def found(text):
        doc = gazetteer(sections(nlp(text)))
        return [(s.text, s.label_, s.kb_id_) for s in doc.spans["gazetteer"]]

    return found


def _names(found):
    return [(text, label) for text, label, _ in found]


@pytest.mark.parametrize(
    ("text", "name", "label", "curie"),
    [
        ("He has Lou Gehrig's disease.", "Lou Gehrig's disease", "CONDITION", "MONDO:0004976"),
        ("He has Lou Gehrig’s disease.", "Lou Gehrig’s disease", "CONDITION", "MONDO:0004976"),
        ("His legs hurt.", "legs", "BODY_PART", "UBERON:0000978"),
        ("Severe headaches occur.", "headaches", "SYMPTOM", "HP:0002315"),
        ("It is tay-sachs disease.", "tay-sachs disease", "CONDITION", "MONDO:0010100"),
        ("It is Tay Sachs disease.", "Tay Sachs disease", "CONDITION", "MONDO:0010100"),
        ("COVID-19 spreads.", "COVID-19", "CONDITION", "MONDO:0100096"),
        ("The womb.", "womb", "BODY_PART", "UBERON:0000995"),
        ("MS is rare.", "MS", "CONDITION", "MONDO:0005301"),
    ],
)
def test_gazetteer_finds_a_name(find, text, name, label, curie):
    assert (name, label, curie) in find(text)


@pytest.mark.parametrize(
    "text",
    [
        "Common men get all they can.",
        "He said als and ms.",
        "Cells and tissue of the body.",
        "My blood type and heart rate.",
        "",
        "\n \n",
        "- – ' ’",
    ],
)
def test_gazetteer_finds_no_everyday_word(find, text):
    names = [t.lower() for t, _ in _names(find(text))]
    assert [n for n in names if n not in {"blood", "heart"}] == []


@pytest.mark.parametrize("text", ["WHAT CAN I GET?", "ALL MEN ARE WELL.", "WAS IT HE OR AIR?"])
def test_gazetteer_takes_no_everyday_word_in_capitals_for_an_acronym(find, text):
    # Acronyms count only where the article expands them or a reviewed list has them.
    assert find(text) == []


def test_gazetteer_keeps_the_longest_name_of_a_type(find):
    assert _names(find("It is multiple sclerosis.")) == [("multiple sclerosis", "CONDITION")]


def test_gazetteer_gives_both_types_of_a_name(find):
    assert {label for text, label in _names(find("It is anemia.")) if text == "anemia"} == {
        "CONDITION",
        "SYMPTOM",
    }


@pytest.mark.parametrize(
    "text", ["leg - pain", "leg – pain", "leg, pain", "leg. Pain", "Leg\n\npain", "- leg\n- pain"]
)
def test_gazetteer_name_does_not_cross_a_break(find, text):
    names = _names(find(text))
    assert names
    assert all("pain" not in t.lower() or t.lower() == "pain" for t, _ in names)


@pytest.mark.parametrize("text", ["leg pain", "leg-pain", "leg\npain", "leg  pain"])
def test_gazetteer_name_runs_over_a_hyphen_or_a_line_break(find, text):
    assert (text, "SYMPTOM") in _names(find(text))


def test_gazetteer_finds_the_names_in_a_token_of_several_words(find):
    assert {label for _, label, _ in find("cancer/flu")} == {"CONDITION"}


@settings(deadline=None, max_examples=100)
@given(st.text(alphabet=st.sampled_from("leg pain-/'.’\n123éA"), max_size=40))
def test_gazetteer_spans_are_trimmed_words(find, text):
    assert all(name == name.strip() and name for name, _, _ in find(text))


def test_gazetteer_finds_the_same_whatever_was_read_before(find):
    text = "Leg pain and multiple sclerosis."
    first = find(text)
    find("Headache, fever and ALS of the womb.")
    assert find(text) == first
    assert len(first) > 1


def test_gazetteer_component_can_be_pickled(index):
    copy = pickle.loads(pickle.dumps(Gazetteer(index)))
    doc = copy(spacy.blank("en")("leg pain"))
    assert [(s.text, s.label_) for s in doc.spans["gazetteer"]] == [
        ("leg pain", "SYMPTOM"),
        ("leg", "BODY_PART"),
    ]
