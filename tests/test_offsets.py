"""Whatever the text: offsets point at it, ids fit together, and nothing raises."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.components.lexemes import text_of
from pipeline.records import Article
from pipeline.tables.rows import rows_of
from pipeline.tables.schema import TABLES

WORDS = (
    "multiple sclerosis", "Multiple sclerosis (MS)", "MS", "the flu", "Addison's disease", "fever",
    "fatigue", "weakness in your legs", "leg or foot pain", "muscle weakness", "pain in the back",
    "headache", "legs", "spinal cord", "skin", "causes", "affects", "no", "does not cause", "may",
    "What is asthma?", "COVID-19", "and", "or", ".", "?", "# ", "- ", "| a | b |", "---", "(", ")",
)  # fmt: skip
BREAKS = (
    " ", "  ", "\t", "\n", "\r\n", "\r", "\n\n", "\n\n\n\n", "\u00a0", "\u2028", "\u2029", "\x0b",
    "\x0c", "\x85", "\u200b", "\u200d", "\u00ad", "\ufeff", "\x00", "e\u0301", "\u0301", "İ", "ß",
    "ﬁ", "👩‍⚕️", "🤒", "🇩🇪", "𝐟𝐥𝐮", "中文", "עברית", "-", "–", "'", "’",
)  # fmt: skip

anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
mixed = st.lists(
    st.one_of(st.sampled_from(WORDS), st.sampled_from(BREAKS), anything), max_size=25
).map("".join)
medical = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(BREAKS)), max_size=25).map(
    lambda parts: "".join(word + gap for word, gap in parts)
)
texts = st.one_of(anything, mixed, medical)

many = settings(max_examples=250, deadline=None)

AWKWARD = [
    "", "\n", "\r", "\r\n", "a", ".", "\ufeff", "🤒", "\u0301", "flu", "flu\n", "\nflu", "\tflu\t",
    "\r\rflu\r\rflu causes fever\r", "flu\u2028fever\u2029legs",
    "🤒 The flu causes fe\u0301ver, fever and leg or foot pain. 🤒 No headache",
    "=====\nflu\n-----\n", "---\n\n| flu | fever |\n|---|---|\n", "Multiple sclerosis (MS) (MS) MS",
]  # fmt: skip


def annotate(nlp, text):
    return rows_of(Article("doc", "doc.txt", text), nlp(text))


def dicts(rows, name):
    names = TABLES[name].names
    assert all(len(row) == len(names) for row in rows[name])
    return [dict(zip(names, row, strict=True)) for row in rows[name]]


def with_examples(test):
    for text in AWKWARD:
        test = example(text)(test)
    return many(given(texts)(test))


@pytest.fixture(scope="module")
def rows_for(nlp):
    return lambda text: annotate(nlp, text)


@with_examples
def test_offsets_point_at_the_entity(rows_for, text):
    rows = rows_for(text)
    (document,) = dicts(rows, "documents")
    assert document["text"] == text
    assert document["n_chars"] == len(text)
    for entity in dicts(rows, "entities"):
        assert 0 <= entity["start"] < entity["end"] <= len(text)
        assert entity["text"] == document["text"][entity["start"] : entity["end"]]
        assert entity["text"] == entity["text"].strip()


@with_examples
def test_offsets_ids_are_unique_and_numbers_in_range(rows_for, text):
    rows = rows_for(text)
    (document,) = dicts(rows, "documents")
    entities = dicts(rows, "entities")
    ids = [entity["entity_id"] for entity in entities]
    assert len(set(ids)) == len(ids) == document["n_entities"]
    for entity in entities:
        assert 0 <= entity["sentence"] < document["n_sentences"]
        assert 0 <= entity["section"] < len(rows["sections"])


@with_examples
def test_offsets_only_body_parts_in_symptoms_nest(rows_for, text):
    entities = dicts(rows_for(text), "entities")
    for one in entities:
        for other in entities:
            if one is other or one["end"] <= other["start"] or other["end"] <= one["start"]:
                continue
            inner, outer = sorted((one, other), key=lambda e: e["end"] - e["start"])
            assert (inner["type"], outer["type"]) == ("BODY_PART", "SYMPTOM")
            assert outer["start"] <= inner["start"] and inner["end"] <= outer["end"]
            assert inner["end"] - inner["start"] < outer["end"] - outer["start"]


@with_examples
def test_offsets_relations_join_existing_mentions(rows_for, text):
    rows = rows_for(text)
    entities = {entity["entity_id"]: entity for entity in dicts(rows, "entities")}
    relations = dicts(rows, "relations")
    assert len({r["relation_id"] for r in relations}) == len(relations)
    allowed = {
        "has_symptom": ("CONDITION", "SYMPTOM"),
        "affects": ("CONDITION", "BODY_PART"),
        "located_in": ("SYMPTOM", "BODY_PART"),
    }
    for relation in relations:
        head, tail = entities[relation["head_id"]], entities[relation["tail_id"]]
        assert (head["type"], tail["type"]) == allowed[relation["type"]]
        assert (relation["head_text"], relation["tail_text"]) == (head["text"], tail["text"])
        assert relation["scope"] in ("sentence", "section", "document")


@with_examples
def test_offsets_sections_follow_each_other(rows_for, text):
    sections = dicts(rows_for(text), "sections")
    assert [section["section"] for section in sections] == list(range(len(sections)))
    end = 0
    for section in sections:
        assert end <= section["start"] < section["end"] <= len(text)
        end = section["end"]


@with_examples
def test_offsets_same_text_gives_same_rows(rows_for, text):
    assert rows_for(text) == rows_for(text)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_offsets_of_the_seed_with_any_line_end(nlp, seed_text, line_end):
    text = seed_text.replace("\n", line_end)
    entities = dicts(annotate(nlp, text), "entities")
    assert len(entities) > 100
    assert all(text[e["start"] : e["end"]] == e["text"] for e in entities)


def test_offsets_line_ends_do_not_change_the_mentions(nlp, seed_text):
    names = ("entity_id", "type", "text", "sentence", "section", "concept_id", "negated")
    unix, windows = (
        [tuple(e[n] for n in names) for e in dicts(annotate(nlp, text), "entities")]
        for text in (seed_text, seed_text.replace("\n", "\r\n"))
    )
    assert len(unix) > 100
    assert unix == windows


def test_offsets_count_code_points_not_bytes(nlp):
    entities = dicts(annotate(nlp, "🤒🇩🇪 é The flu causes fever."), "entities")
    assert [(e["text"], e["start"], e["end"]) for e in entities] == [
        ("flu", 10, 13),
        ("fever", 21, 26),
    ]


def test_offsets_of_an_empty_text_give_a_document_without_entities(nlp):
    rows = annotate(nlp, "")
    assert {name: len(found) for name, found in rows.items()} == {
        "documents": 1,
        "sections": 0,
        "entities": 0,
        "links": 0,
        "relations": 0,
    }


@many
@given(texts)
def test_text_of_a_doc_is_spacys(nlp, text):
    doc = nlp.make_doc(text)
    assert text_of(doc) == doc.text == text
