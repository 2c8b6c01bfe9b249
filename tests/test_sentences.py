from __future__ import annotations

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.components.sections import Sections
from pipeline.components.sentences import Sentences


@pytest.fixture(scope="module")
def split():
    nlp = spacy.blank("en")
    sections, sentences = Sections(), Sentences()
    return lambda text: [s.text.strip() for s in sentences(sections(nlp(text))).sents]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It hurts. Rest.", ["It hurts.", "Rest."]),
        ("It hurts! Why? Because.", ["It hurts!", "Why?", "Because."]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("(See below.) Then go.", ["(See below.)", "Then go."]),
        ("It hurts… Then it stops.", ["It hurts…", "Then it stops."]),
        ("It hurts?! Yes.", ["It hurts?!", "Yes."]),
        ("It hurts!!! Yes.", ["It hurts!!!", "Yes."]),
        ("He has pain.It hurts.", ["He has pain.", "It hurts."]),
        ("It affects 5. 6 are well.", ["It affects 5.", "6 are well."]),
    ],
)
def test_sentences_end_at_final_marks(split, text, sentences):
    assert split(text) == sentences


@pytest.mark.parametrize(
    "text",
    [
        "Take approx. five pills.",
        "Signs, e.g. fever, are common.",
        "Dr. Smith came.",
        "It is 3.5 mg.",
        "Wait... then go.",
        "He left at 5 p.m. with pain.",
        "St. Louis encephalitis is rare.",
        "The U.S. has flu.",
        "Fever; cough: pain, and more.",
    ],
)
def test_sentences_do_not_end_at_an_abbreviation_or_inside_a_number(split, text):
    assert split(text) == [text]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Flu\n\nIt is bad.", ["Flu", "It is bad."]),
        ("Signs are:\n- fever\n- cough", ["Signs are:", "- fever", "- cough"]),
        ("| Flu | fever |\n| Asthma | cough |", ["| Flu | fever |", "| Asthma | cough |"]),
        ("It is bad\n\nIt ends", ["It is bad", "It ends"]),
        ("Flu\r\n\r\nIt is bad.\r\n", ["Flu", "It is bad."]),
    ],
)
def test_sentences_end_at_the_end_of_a_block(split, text, sentences):
    assert split(text) == sentences


def test_sentences_run_over_wrapped_lines(split):
    text = "Flu causes fever, and this fever may last for a\nlong time. It ends."
    assert split(text) == [text[:-9].strip(), "It ends."]


@pytest.mark.parametrize(
    "text",
    [
        "It hurts.",
        "It hurts. It stops.",
        "Take approx. five pills. Then rest.",
        "Flu\n\nIt is bad. It ends.",
        "Signs are:\n- fever\n- cough.",
        "Levels fall to 3.5. It hurts 5.",
        "It is called ALS.",
        "It is a trait of vitamin B.",
        "It hurts at 5 p.m. It stops.",
    ],
)
def test_sentences_are_the_same_without_the_last_full_stop(split, text):
    with_stop = split(text)
    without = split(text[:-1])
    assert without == [*with_stop[:-1], with_stop[-1][:-1]]


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.sampled_from(["Fever", "hurts", "approx.", "5", "(B)", '"so"', "pain,", "Yes.", "No!"]),
        min_size=1,
        max_size=10,
    )
)
def test_sentences_property_last_full_stop_changes_nothing(split, words):
    text = " ".join(words).rstrip(".") + " end"
    with_stop = split(text + ".")
    assert split(text) == [*with_stop[:-1], with_stop[-1][:-1]]


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=80))
def test_sentences_never_raise_and_lose_no_character(split, text):
    assert "".join("".join(split(text)).split()) == "".join(text.split())


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_sentences_of_a_blank_text_hold_no_word(split, text):
    assert [s for s in split(text) if s] == []


def test_sentences_need_no_blocks():
    doc = Sentences()(spacy.blank("en")("It hurts. It stops."))
    assert [s.text for s in doc.sents] == ["It hurts.", "It stops."]
