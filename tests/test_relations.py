from __future__ import annotations

import pytest


def _triples(doc, kind=None):
    names = {m.id_: m.text for m in doc.spans["sc"]}
    return [
        (names[r["head"]], r["type"], names[r["tail"]])
        for r in doc._.relations
        if kind in (None, r["type"])
    ]


def _pairs(doc, kind):
    return {(head, tail) for head, _, tail in _triples(doc, kind)}


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("Asthma causes wheezing and cough.", {("Asthma", "wheezing"), ("Asthma", "cough")}),
        ("Asthma\n\nSymptoms include wheezing.", {("Asthma", "wheezing")}),
        (
            "Asthma\n\nIt is bad.\n\nSymptoms\n- wheezing\n- cough",
            {("Asthma", "wheezing"), ("Asthma", "cough")},
        ),
        ("Wheezing is a symptom of asthma.", {("asthma", "Wheezing")}),
        ("Leg pain is caused by sciatica.", {("sciatica", "Leg pain")}),
        ("Nothing but cough.", set()),
    ],
)
def test_relations_has_symptom(nlp, text, pairs):
    assert _pairs(nlp(text), "has_symptom") == pairs


def test_relations_has_symptom_prefers_the_condition_of_the_sentence(nlp):
    doc = nlp("Asthma\n\nInfluenza causes fever. Asthma causes a cough.")
    assert _pairs(doc, "has_symptom") == {("Influenza", "fever"), ("Asthma", "cough")}


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (
            "Both asthma and influenza cause cough and fever.",
            {(c, s) for c in ("asthma", "influenza") for s in ("cough", "fever")},
        ),
        ("Fever and cough point to influenza.", {("influenza", "Fever"), ("influenza", "cough")}),
        (
            "Asthma\n\nSymptoms of asthma\n\nCommon symptoms are:\n\n- wheezing\n- cough\n",
            {("asthma", "wheezing"), ("asthma", "cough")},
        ),
        ("Asthma\n\nTreatment\n\nSide effects of the tablets are nausea and headache.", set()),
    ],
)
def test_relations_has_symptom_of_lists_and_sections(nlp, text, pairs):
    assert _pairs(nlp(text), "has_symptom") == pairs


def test_relations_has_symptom_follows_the_section(nlp):
    doc = nlp("Asthma\n\nIt causes cough.\n\nInfluenza\n\nIt causes fever.")
    assert _pairs(doc, "has_symptom") == {("Asthma", "cough"), ("Influenza", "fever")}


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("ALS attacks the brain and spinal cord.", {("ALS", "brain"), ("ALS", "spinal cord")}),
        ("Asthma\n\nIt affects the lungs.", {("Asthma", "lungs")}),
        ("Asthma causes leg pain.", set()),
        ("Asthma. The lungs are big.", set()),
    ],
)
def test_relations_affects(nlp, text, pairs):
    assert _pairs(nlp(text), "affects") == pairs


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("He has weakness in your legs.", {("weakness in your legs", "legs")}),
        ("He has leg or foot pain.", {("leg or foot pain", "leg"), ("leg or foot pain", "foot")}),
        ("The muscles become weak.", {("weak", "muscles")}),
        ("The muscles become weak and twitch.", {("weak", "muscles"), ("twitch", "muscles")}),
        ("The hands may start to feel weak.", {("weak", "hands")}),
        ("He has fever. The legs are long.", set()),
        ("Swollen ankles and shortness of breath occur.", {("Swollen ankles", "ankles")}),
        ("He has leg pain, fever and nausea.", {("leg pain", "leg")}),
    ],
)
def test_relations_located_in(nlp, text, pairs):
    assert _pairs(nlp(text), "located_in") == pairs


def test_relations_of_a_denied_mention_are_negated(nlp):
    doc = nlp("Asthma does not cause fever, but it causes cough.")
    assert [(t, r["negated"]) for t, r in zip(_triples(doc), doc._.relations, strict=True)] == [
        (("Asthma", "has_symptom", "fever"), True),
        (("Asthma", "has_symptom", "cough"), False),
    ]


def test_relations_of_a_hedged_mention_are_uncertain(nlp):
    doc = nlp("Asthma may cause fever.")
    assert [(r["uncertain"], r["negated"]) for r in doc._.relations] == [(True, False)]


def test_relations_name_a_pair_of_concepts_once_in_a_section(nlp):
    doc = nlp("Asthma\n\nIt causes fever. Asthma causes a fever.\n\nMore\n\nAsthma causes fever.")
    assert [kind for _, kind, _ in _triples(doc)] == ["has_symptom"] * 2


def test_relations_evidence_is_the_sentence_of_the_tail(nlp):
    text = "Asthma\n\nIt is rare. It causes cough."
    (relation,) = nlp(text)._.relations
    start, end = relation["evidence"]
    assert text[start:end] == "It causes cough."
    assert (relation["scope"], relation["rule"]) == ("section", "topic")


@pytest.mark.parametrize("text", ["", "Nothing.", "Asthma", "Fever"])
def test_relations_of_a_text_without_pairs_are_none(nlp, text):
    assert nlp(text)._.relations == []


def test_relations_hold_plain_values_and_known_mentions(seed_doc):
    relations = seed_doc._.relations
    ids = {m.id_: m.label_ for m in seed_doc.spans["sc"]}
    assert len(relations) > 50
    for relation in relations:
        assert type(relation) is dict
        assert {relation["head"], relation["tail"]} <= ids.keys()
        assert relation["scope"] in {"sentence", "section", "document"}
        assert 0 < relation["score"] <= 1
        assert all(type(offset) is int for offset in relation["evidence"])
    types = {(r["type"], ids[r["head"]], ids[r["tail"]]) for r in relations}
    assert types == {
        ("has_symptom", "CONDITION", "SYMPTOM"),
        ("affects", "CONDITION", "BODY_PART"),
        ("located_in", "SYMPTOM", "BODY_PART"),
    }


SEED_SYMPTOMS = {
    "Addison's Disease": {
        "muscle weakness",
        "fatigue",
        "weight loss",
        "darkening of the skin",
        "low blood pressure",
        "irritable",
        "depressed",
    },
    "Amyotrophic Lateral Sclerosis": {"weak", "atrophy", "twitch", "lose the ability to breathe"},
    "Multiple Sclerosis": {
        "muscle weakness",
        "difficulties with balance",
        "muscle numbness",
        "fatigue",
        "vision problems",
    },
    "Charcot-Marie-Tooth Disease": {
        "foot drop",
        "frequent falls",
        "tripping",
        "hammertoes",
        "high arches",
        "lose muscle mass",
        "atrophy",
    },
    "Polymyositis": {
        "inflamed",
        "weakness",
        "atrophy",
        "Climbing stairs, standing up and lifting can be very difficult",
    },
    "Back Problems": {"leg or foot pain", "pain", "weakness", "heavy feeling"},
}


@pytest.mark.parametrize("topic", SEED_SYMPTOMS)
def test_relations_of_the_seed_hang_symptoms_on_their_sections_condition(seed_doc, topic):
    mentions = {m.id_: m for m in seed_doc.spans["sc"]}
    (section,) = [
        s for s in seed_doc.spans["sections"] if s._.topic and mentions[s._.topic].text == topic
    ]
    subject = mentions[section._.topic]
    rows = [
        (mentions[r["head"]], mentions[r["tail"]].text)
        for r in seed_doc._.relations
        if r["type"] == "has_symptom"
        and section.start <= mentions[r["tail"]].start < section.end
        and not r["negated"]
    ]
    assert SEED_SYMPTOMS[topic] <= {tail for _, tail in rows}
    # The only condition below a section's own in the article.
    heads = [head for head, _ in rows if head.text != "sciatica"]
    assert {(h._.concepts or [[h.text]])[0][0] for h in heads} == {
        (subject._.concepts or [[subject.text]])[0][0]
    }


def test_relations_of_the_seed_give_sciatica_its_own_symptom(seed_doc):
    assert ("sciatica", "Leg pain") in _pairs(seed_doc, "has_symptom")


def test_relations_of_the_seed_locate_no_blood_pressure(seed_doc):
    located = [
        tail for head, tail in _pairs(seed_doc, "located_in") if head == "low blood pressure"
    ]
    assert located == []


def test_relations_of_the_seed_are_negated_just_where_a_mention_is(seed_doc):
    denied = {m.id_ for m in seed_doc.spans["sc"] if m._.negated}
    rows = [r for r in seed_doc._.relations if denied & {r["head"], r["tail"]}]
    assert rows
    assert all(r["negated"] for r in rows)
    assert [r for r in seed_doc._.relations if r["negated"] and r not in rows] == []
