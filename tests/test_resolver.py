from __future__ import annotations

import itertools

import pytest

C, S, B = "CONDITION", "SYMPTOM", "BODY_PART"


def _mentions(nlp, text):
    doc = nlp(text)
    return [(s.text, s.label_) for s in doc.spans["sc"]]


def _type(nlp, text, name):
    doc = nlp(text)
    found = [s.label_ for s in doc.spans["sc"] if s.text == name]
    assert found
    return found


def test_resolver_numbers_the_mentions_in_reading_order(seed_doc):
    mentions = list(seed_doc.spans["sc"])
    assert len(mentions) > 100
    assert [m.id_ for m in mentions] == [f"T{n}" for n in range(1, len(mentions) + 1)]
    order = [(m.start, -m.end) for m in mentions]
    assert order == sorted(order)


def test_resolver_mentions_overlap_only_as_body_parts_in_symptoms(seed_doc):
    pairs = [
        (a, b)
        for a, b in itertools.combinations(seed_doc.spans["sc"], 2)
        if a.start < b.end and b.start < a.end
    ]
    assert len(pairs) > 10
    assert {(a.label_, b.label_) for a, b in pairs} == {(S, B)}
    assert all(a.start <= b.start and b.end <= a.end for a, b in pairs)


def test_resolver_no_stretch_is_mentioned_twice(seed_doc):
    stretches = [(m.start, m.end) for m in seed_doc.spans["sc"]]
    assert len(stretches) > 100
    assert len(stretches) == len(set(stretches))


def test_resolver_ents_are_the_mentions_without_nested_ones(seed_doc):
    ents = [(e.start, e.end, e.label_) for e in seed_doc.ents]
    mentions = [(m.start, m.end, m.label_) for m in seed_doc.spans["sc"]]
    assert 0 < len(ents) < len(mentions)
    assert set(ents) <= set(mentions)
    assert all(label == B for *_, label in set(mentions) - set(ents))


def test_resolver_every_mention_has_a_source_and_a_score(seed_doc):
    mentions = list(seed_doc.spans["sc"])
    assert {m._.source for m in mentions} == {"gazetteer", "patterns", "abbreviations"}
    assert all(0 < m._.score <= 1 for m in mentions)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is multiple sclerosis.", [("multiple sclerosis", C)]),
        ("He has heart disease.", [("heart disease", C)]),
        ("He had a heart attack.", [("heart attack", C)]),
        ("It is lung cancer.", [("lung cancer", C)]),
    ],
)
def test_resolver_nests_nothing_in_a_condition(nlp, text, expected):
    assert _mentions(nlp, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He has leg pain.", [("leg pain", S), ("leg", B)]),
        ("He has muscle weakness.", [("muscle weakness", S), ("muscle", B)]),
        ("He has low blood pressure.", [("low blood pressure", S)]),
        ("He has high blood sugar.", [("high blood sugar", S)]),
    ],
)
def test_resolver_nests_body_parts_in_a_symptom_but_for_measurements(nlp, text, expected):
    assert _mentions(nlp, text) == expected


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("Diabetes causes anemia.", "anemia", S),
        ("Symptoms include fever, anemia and fatigue.", "anemia", S),
        ("Treatment of anemia is easy.", "anemia", C),
        ("Anemia is a type of disease.", "Anemia", C),
        ("People with anemia are at risk.", "anemia", C),
        ("It was diagnosed as anemia.", "anemia", C),
        ("Signs of lupus are fever and anemia.", "anemia", S),
    ],
)
def test_resolver_decides_the_type_by_use(nlp, text, name, expected):
    assert _type(nlp, text, name) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "What is fatigue?\n\nFatigue is common in the old.",
        "Fatigue\n\nFatigue is common in the old.",
    ],
)
def test_resolver_subject_of_an_article_is_a_condition(nlp, text):
    assert [label for _, label in _mentions(nlp, text)] == [C, C]


def test_resolver_name_alone_in_a_later_heading_may_be_a_finding(nlp):
    text = "Influenza\n\nIt is bad.\n\nFatigue\n\nFatigue is common in the old."
    assert _mentions(nlp, text) == [("Influenza", C), ("Fatigue", S), ("Fatigue", S)]


@pytest.mark.parametrize(
    ("text", "short", "label"),
    [
        ("Amyotrophic lateral sclerosis (ALS) is rare. ALS kills.", "ALS", C),
        ("Chronic fatigue (CF) is felt. CF is bad.", "CF", S),
        ("Muscle weakness (MW) is felt. MW is bad.", "MW", S),
        ("The central nervous system (CNS) is hit. CNS damage.", "CNS", B),
    ],
)
def test_resolver_abbreviation_takes_the_type_and_concept_of_its_long_form(nlp, text, short, label):
    doc = nlp(text)
    long_form, *mentions = [m for m in doc.spans["sc"] if m.label_ == label]
    shorts = [m for m in mentions if m.text == short]
    assert long_form.label_ == label
    assert [(m.label_, m._.source) for m in shorts] == [(label, "abbreviations")] * 2
    assert long_form._.concepts
    assert [m._.concepts for m in shorts] == [long_form._.concepts] * 2


def test_resolver_abbreviation_of_something_else_is_no_mention(nlp):
    doc = nlp("The mass spectrometer (MS) hums. MS is a machine.")
    assert [a["short_text"] for a in doc._.abbreviations] == ["MS", "MS"]
    assert [s.text for s in doc.spans["sc"] if s.text == "MS"] == []


def test_resolver_confused_with_is_no_symptom(nlp):
    text = "It should not be confused with asthma."
    assert _mentions(nlp, text) == [("asthma", C)]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "No mention here."])
def test_resolver_text_without_mentions_has_empty_groups(nlp, text):
    doc = nlp(text)
    assert len(doc.spans["sc"]) == len(doc.ents) == 0
