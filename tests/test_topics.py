from __future__ import annotations

import pytest


def _topics(doc):
    names = {m.id_: m.text for m in doc.spans["sc"]}
    return [names.get(s._.topic) for s in doc.spans["sections"]]


def _article(doc):
    return {m.id_: m.text for m in doc.spans["sc"]}.get(doc._.topic)


@pytest.mark.parametrize(
    ("text", "topics"),
    [
        ("Influenza\n\nIt is bad.\n\nAsthma\n\nIt is rare.", ["Influenza", "Asthma"]),
        ("# Influenza\n\nIt is bad.\n\n## Asthma\n\nIt is rare.", ["Influenza", "Asthma"]),
        ("What is influenza?\n\nIt is bad.\n\nWho gets it?\n\nAll.", ["influenza", "influenza"]),
        ("Influenza\n\nIt is bad.\n\nSymptoms\n\nFever occurs.", ["Influenza", "Influenza"]),
    ],
)
def test_topics_come_from_the_heading_else_the_article(nlp, text, topics):
    assert _topics(nlp(text)) == topics


def test_topics_come_from_the_first_sentence_where_the_heading_is_missing(nlp):
    text = "Asthma\n\nAsthma is rare.\n\n\nPolymyositis is a muscle disease.\n\nIt is rare."
    assert _topics(nlp(text)) == ["Asthma", "Polymyositis"]


def test_topics_split_a_section_where_a_paragraph_defines_another_condition(nlp):
    text = "Causes\n\nAsthma is a lung disease.\n\nInfluenza is a viral disease.\n\nIt is bad."
    doc = nlp("Asthma\n\n" + text.partition("\n\n")[2])
    assert _topics(doc)[0] == "Asthma"


@pytest.mark.parametrize(
    "paragraph",
    [
        "It can look like influenza.",
        "People with influenza get it.",
        "Asthma is bad.",
        "- influenza is an item",
    ],
)
def test_topics_do_not_split_a_section_elsewhere(nlp, paragraph):
    doc = nlp(f"Asthma\n\nIt is rare.\n\n{paragraph}")
    assert _topics(doc) == ["Asthma"]


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Asthma\n\nIt is rare.", "Asthma"),
        ("Asthma is a lung disease. It is rare.", "Asthma"),
        ("The flu (influenza) is a viral disease.", "flu"),
        ("Legs hurt.\n\nAsthma is rare.", None),
        ("People with asthma feel bad.", None),
        ("Nothing is named here.", None),
        ("", None),
    ],
)
def test_topics_of_the_article(nlp, text, topic):
    assert _article(nlp(text)) == topic


def test_topics_of_the_seed_article(seed_doc):
    assert _topics(seed_doc) == [
        None,
        "Addison's Disease",
        "Amyotrophic Lateral Sclerosis",
        "Multiple Sclerosis",
        "Charcot-Marie-Tooth Disease",
        "Polymyositis",
        "Back Problems",
    ]


def test_topics_ids_are_those_of_conditions(seed_doc):
    labels = {m.id_: m.label_ for m in seed_doc.spans["sc"]}
    ids = [s._.topic for s in seed_doc.spans["sections"] if s._.topic]
    assert len(ids) == 6
    assert {labels[i] for i in ids} == {"CONDITION"}
