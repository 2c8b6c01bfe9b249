from __future__ import annotations

import pytest

from pipeline.components.linker import Linker, _expand


def _concepts(nlp, text, name):
    doc = nlp(text)
    (span,) = [s for s in doc.spans["sc"] if s.text == name]
    return [c[0] for c in span._.concepts]


@pytest.mark.parametrize(
    ("text", "name", "curie"),
    [
        ("He has multiple sclerosis.", "multiple sclerosis", "MONDO:0005301"),
        ("He has muscle weakness.", "muscle weakness", "HP:0001324"),
        ("His adrenal glands fail.", "adrenal glands", "UBERON:0002369"),
        ("Tumours kill.", "Tumours", "MONDO:0005070"),
        ("He has weakness in your legs.", "weakness in your legs", "HP:0007340"),
        ("He has darkening of the skin.", "darkening of the skin", "HP:0000953"),
    ],
)
def test_linker_gives_the_concept_of_a_mention(nlp, text, name, curie):
    assert _concepts(nlp, text, name)[:1] == [curie]


@pytest.mark.parametrize(
    ("text", "name", "curies"),
    [
        ("He has leg or foot pain.", "leg or foot pain", {"HP:0012514", "HP:0025238"}),
        (
            "It is loss of hearing or vision.",
            "loss of hearing or vision",
            {"HP:0000365", "HP:0000572"},
        ),
        (
            "It is an enlarged spleen, liver, or heart.",
            "enlarged spleen, liver, or heart",
            {"HP:0001744", "HP:0002240", "HP:0001640"},
        ),
    ],
)
def test_linker_joins_the_concepts_of_a_composite(nlp, text, name, curies):
    (joined,) = _concepts(nlp, text, name)
    assert set(joined.split(",")) == curies


@pytest.mark.parametrize("text", ["It kills neurons.", "They are unable to speak."])
def test_linker_gives_no_concept_where_none_fits(nlp, text):
    doc = nlp(text)
    (span,) = doc.spans["sc"]
    assert span._.concepts == []


@pytest.mark.parametrize(
    ("label", "prefixes"),
    [
        ("CONDITION", ("MONDO:", "HP:")),
        ("SYMPTOM", ("HP:", "MONDO:")),
        ("BODY_PART", ("UBERON:",)),
    ],
)
def test_linker_concepts_are_of_an_ontology_of_the_type(seed_doc, label, prefixes):
    curies = [
        part
        for span in seed_doc.spans["sc"]
        if span.label_ == label
        for concept in span._.concepts
        for part in concept[0].split(",")
    ]
    assert len(curies) > 20
    assert [c for c in curies if not c.startswith(prefixes)] == []


def test_linker_concepts_are_curie_label_and_score(seed_doc):
    concepts = [c for s in seed_doc.spans["sc"] for c in s._.concepts]
    assert len(concepts) > 100
    assert all(isinstance(c, list) and len(c) == 3 for c in concepts)
    assert all(c[0] and c[1] and 0 < c[2] <= 1 for c in concepts)


def test_linker_concepts_come_best_first(seed_doc):
    scores = [[c[2] for c in s._.concepts] for s in seed_doc.spans["sc"]]
    assert any(scores)
    assert all(s == sorted(s, reverse=True) for s in scores)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Problems with memory are felt.", "Problems with memory"),
        ("What is fatigue?\n\nIt is common.", "fatigue"),
        ("It is weakness of the muscles.", "weakness of the muscles"),
    ],
)
def test_linker_names_a_concept_once(nlp, text, name):
    curies = _concepts(nlp, text, name)
    assert curies
    assert len(curies) == len(set(curies))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("leg or foot pain", ["leg pain", "foot pain"]),
        ("weakness in the arms and legs", ["weakness in arms", "weakness in legs"]),
        (
            "enlarged spleen, liver, or heart",
            ["enlarged spleen", "enlarged liver", "enlarged heart"],
        ),
        ("leg and/or foot pain", ["leg pain", "foot pain"]),
        ("leg pain", []),
    ],
)
def test_linker_expand_reads_each_part_of_a_coordination(text, parts):
    assert list(_expand(text)) == parts


@pytest.mark.parametrize("text", ["", ",", "or", "and or and", "in of the", "a, , b"])
@pytest.mark.parametrize("label", ["CONDITION", "SYMPTOM", "BODY_PART"])
def test_linker_finds_nothing_in_broken_phrases(index, text, label):
    assert Linker(index)._concepts(text, label) == ()


def test_linker_answers_do_not_depend_on_the_cache(index):
    texts = ["leg or foot pain", "muscle weakness", "weakness in your legs", "leg or foot pain"]
    small, large = Linker(index, cache_size=1), Linker(index)
    answers = [small._concepts(text, "SYMPTOM") for text in texts]
    assert answers == [large._concepts(text, "SYMPTOM") for text in texts]
    assert all(answers)


def test_linker_abbreviation_has_the_concept_of_its_long_form(nlp):
    doc = nlp("Weakness in the legs (WIL) is felt. WIL is bad.")
    shorts = [[c[0] for c in s._.concepts] for s in doc.spans["sc"] if s.text == "WIL"]
    assert shorts == [["HP:0007340"]] * 2
