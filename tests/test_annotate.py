"""Articles of any length, and articles whose format tells their layout."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.annotate import annotate, make_doc, part_around
from pipeline.components import attributes
from pipeline.records import Article, Block

SECTIONS = [
    "Sciatica\n\nSciatica causes pain in the leg. It does not cause fever.\n\n",
    "Chronic fatigue\n\nPeople with multiple sclerosis (MS) feel tired. MS harms nerves.\n\n",
    "What to do\n\n- rest\n- see a doctor about numbness\n\n",
    "Gout\n\nGout makes a toe swell. The toe is red and hot. Symptoms include chills.\n\n",
    "Outlook\n\nMS gets worse slowly, with weakness of the legs and dizziness.\n\n",
]


def records(rows, name):
    return rows[name].to_pylist()


def article(text, blocks=()):
    return Article("doc", "doc.txt", text, blocks=tuple(blocks))


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.sampled_from(SECTIONS), min_size=1, max_size=12),
    st.integers(250, 900),
)
def test_annotate_in_windows_is_annotating_at_once(nlp, index, sections, window):
    # A section is never longer than a window here, so that it is cut between sections alone.
    whole = article("".join(sections))
    at_once = annotate(whole, nlp, index, len(whole.text))
    parts = annotate(whole, nlp, index, window)
    for name in ("documents", "sections"):
        assert parts[name] == at_once[name]
    for rows in (at_once, parts):
        for mention in records(rows, "entities"):
            assert whole.text[mention["start"] : mention["end"]] == mention["text"]
    place = ("entity_id", "type", "start", "end", "sentence", "section", "negated", "cue_start")
    assert [
        [m[c] for c in place] for m in records(parts, "entities")
    ] == [[m[c] for c in place] for m in records(at_once, "entities")]  # fmt: skip
    ids = {m["entity_id"] for m in records(parts, "entities")}
    for relation in records(parts, "relations"):
        assert {relation["head_id"], relation["tail_id"]} <= ids
        evidence = whole.text[relation["evidence_start"] : relation["evidence_end"]]
        assert " ".join(evidence.split()) == relation["evidence"]
    assert {link["entity_id"] for link in records(parts, "links")} <= ids


@pytest.mark.parametrize("window", [1_000, 1_001, 1_499, 7_000])
def test_annotate_text_without_any_border_keeps_all_of_it(nlp, index, window):
    text = "sciatica and fever, " * 300
    (document,) = records(annotate(article(text), nlp, index, window), "documents")
    assert (document["n_chars"], document["text"]) == (len(text), text)
    found = records(annotate(article(text), nlp, index, window), "entities")
    assert Counter(m["text"] for m in found) == {"sciatica": 300, "fever": 300}


def test_annotate_a_word_longer_than_a_window(nlp, index):
    text = "x" * 5_000
    (document,) = records(annotate(article(text), nlp, index, 1_000), "documents")
    assert document["text"] == text


def test_annotate_later_parts_know_the_abbreviations_and_the_topic(nlp, index):
    filler = "Nothing of note happened in the village that year.\n\n"
    text = f"Restless legs syndrome\n\nRestless legs syndrome (RLS) is common.\n\n{filler * 60}"
    text += "More\n\nMany people with RLS say that they have trouble sleeping.\n"
    rows = annotate(article(text), nlp, index, 1_200)
    short = [m for m in records(rows, "entities") if m["text"] == "RLS"]
    assert [m["long_form"] for m in short] == ["Restless legs syndrome"] * 2
    assert records(rows, "documents")[0]["topic_label"] == "restless legs syndrome"
    assert {s["topic_label"] for s in records(rows, "sections")} == {"restless legs syndrome"}


def test_part_around_is_the_part_that_holds_a_place(nlp):
    text = "".join(SECTIONS) * 5
    whole = article(text)
    for place in range(0, len(text), 97):
        part, start = part_around(whole, place, 600)
        assert start <= place < start + len(part.text)
        assert text[start : start + len(part.text)] == part.text
    assert part_around(whole, 5, len(text)) == (whole, 0)


def test_make_doc_takes_the_layout_of_the_format(nlp):
    text = "flu\nfever or chills\ncold"
    blocks = [Block("HEADING", 0, 3), Block("ITEM", 4, 19), Block("HEADING", 20, 24)]
    doc = make_doc(nlp, article(text, blocks))
    assert [(b.label_, b.text) for b in doc.spans[attributes.BLOCKS]] == [
        ("HEADING", "flu"), ("ITEM", "fever or chills"), ("HEADING", "cold"),
    ]  # fmt: skip
    assert [s.text.strip() for s in doc.spans[attributes.SECTIONS]] == [
        "flu\nfever or chills", "cold",
    ]  # fmt: skip
    plain = nlp(text)
    assert [b.label_ for b in plain.spans[attributes.BLOCKS]] != ["HEADING", "ITEM", "HEADING"]


@pytest.mark.parametrize(
    ("title", "topic"),
    [
        ("Living with gout", "gout"),
        ("Gout or rheumatoid arthritis?", "rheumatoid arthritis"),  # the longer name
        ("Goutiness", "sciatica"),  # no whole word: the text's own topic
        ("", "sciatica"),
    ],
)
def test_make_doc_takes_the_topic_of_the_title_beside_the_text(nlp, title, topic):
    text = "Sciatica\n\nSciatica hurts. So do gout and rheumatoid arthritis."
    doc = make_doc(nlp, Article("d", "d", text, title=title))
    (mention,) = [m for m in doc.spans["sc"] if m.id_ == doc._.topic]
    assert mention.text.lower() == topic
