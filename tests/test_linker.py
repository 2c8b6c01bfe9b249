from __future__ import annotations

import pytest

from pipeline.components.linker import THRESHOLD, Link, Linker, _by_context, _expand


@pytest.fixture(scope="module")
def linker(index):
    return Linker(index, THRESHOLD, cache_size=1000)


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


@pytest.mark.parametrize("text", ["It kills neurons.", "It kills platelets."])
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
def test_linker_finds_nothing_in_broken_phrases(linker, text, label):
    assert linker.links(text, label) == ()


def test_linker_answers_do_not_depend_on_the_cache(index, linker):
    texts = ["leg or foot pain", "muscle weakness", "pain deep in the calf", "leg or foot pain"]
    keys = [(text, "SYMPTOM") for text in texts]
    small = Linker(index, THRESHOLD, cache_size=1)
    one_by_one = [small.link_mentions([key])[0] for key in keys]
    assert one_by_one == linker.link_mentions(keys)
    assert all(one_by_one)


def test_linker_abbreviation_has_the_concept_of_its_long_form(nlp):
    doc = nlp("Weakness in the legs (WIL) is felt. WIL is bad.")
    shorts = [[c[0] for c in s._.concepts] for s in doc.spans["sc"] if s.text == "WIL"]
    assert shorts == [["HP:0007340"]] * 2


@pytest.mark.parametrize(
    ("phrase", "label", "match", "curie"),
    [
        ("muscle weakness", "SYMPTOM", "exact", "HP:0001324"),
        ("stiffness of your elbows", "SYMPTOM", "rearranged", "HP:0025259"),
        ("leg or foot pain", "SYMPTOM", "composite", "HP:0012514,HP:0025238"),
        ("swollen tummy", "SYMPTOM", "reviewed", "HP:0003270"),
        # The consumer terms know the word too, without a concept.
        ("obese", "CONDITION", "reviewed", "MONDO:0011122"),
        ("dystonia 6", "CONDITION", "similar", "MONDO:0011264"),
    ],
)
def test_linker_says_how_it_found_a_concept(linker, phrase, label, match, curie):
    best, *others = linker.links(phrase, label)
    assert (best.match, best.curie) == (match, curie)
    assert all(other.score <= best.score for other in others)
    assert best.score == 1 or match != "exact"


def test_linker_a_numbered_kind_does_not_give_way_to_what_it_is_a_kind_of(nlp):
    doc = nlp("Dystonia 6 is inherited. It is a form of dystonia. Dystonia 6 begins in childhood.")
    concepts = {s.text: s._.concepts[0][0] for s in doc.spans["sc"] if s.label_ == "CONDITION"}
    assert concepts["Dystonia 6"] == "MONDO:0011264"


def test_linker_gives_nothing_below_its_threshold(index):
    phrases = [("dystonia 6", "CONDITION"), ("wobbly pins", "SYMPTOM")]
    bold, shy = Linker(index, 0.0, 100), Linker(index, 1.0, 100)
    assert all(bold.link_mentions(phrases))
    assert shy.link_mentions(phrases) == [(), ()]


def test_linker_unexpanded_acronym_has_the_concept_of_a_mention_with_its_initials(nlp):
    doc = nlp("People with mitral stenosis feel tired.\n\nTheir MS gets worse with age.\n")
    found = {s.text: s._.concepts[0][0] for s in doc.spans["sc"] if s.label_ == "CONDITION"}
    assert found.keys() >= {"mitral stenosis", "MS"}
    assert found["MS"] == found["mitral stenosis"]


def test_linker_long_form_is_kept_for_abbreviations_only(nlp):
    doc = nlp("Multiple sclerosis (MS) is a disease. People with MS feel fatigue.")
    forms = {(s.text, s._.long_form) for s in doc.spans["sc"]}
    assert ("MS", "Multiple sclerosis") in forms
    assert ("Multiple sclerosis", None) in forms


def test_linker_prefers_a_concept_that_the_article_names_elsewhere():
    first = Link("MONDO:1", "one", 0.9, "similar", "", "one")
    second = Link("MONDO:2", "two", 0.6, "similar", "", "two")
    third = Link("MONDO:3", "three", 0.2, "similar", "", "three")
    assert _by_context((first, second, third), set()) == (first, second, third)
    assert _by_context((first, second), {"MONDO:1", "MONDO:2"}) == (first, second)
    assert [link.curie for link in _by_context((first, second, third), {"MONDO:2"})] == [
        "MONDO:2", "MONDO:1", "MONDO:3",
    ]  # fmt: skip
    assert _by_context((first, second, third), {"MONDO:3"}) == (first, second, third)
