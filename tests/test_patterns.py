from __future__ import annotations

import pytest

C, S, B = "CONDITION", "SYMPTOM", "BODY_PART"


def _mentions(nlp, text):
    doc = nlp(text)
    return [(s.text, s.label_) for s in doc.spans["sc"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("There is weakness in your legs.", [("weakness in your legs", S), ("legs", B)]),
        ("It causes darkening of the skin.", [("darkening of the skin", S), ("skin", B)]),
        ("Severe weakness in the legs occurs.", [("weakness in the legs", S), ("legs", B)]),
        ("He has burning pain.", [("burning pain", S)]),
        ("He has blurred vision.", [("blurred vision", S)]),
        ("He had a swollen ankle.", [("swollen ankle", S), ("ankle", B)]),
        ("People have high blood sugar.", [("high blood sugar", S)]),
        ("The patient has low blood pressure.", [("low blood pressure", S)]),
        ("He has pain around the left eye.", [("pain around the left eye", S), ("left eye", B)]),
        (
            "It causes pain in the palm of the hand.",
            [("pain in the palm of the hand", S), ("palm of the hand", B)],
        ),
    ],
)
def test_patterns_find_composed_symptoms(nlp, text, expected):
    assert _mentions(nlp, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He has leg or foot pain.", [("leg or foot pain", S), ("leg", B), ("foot", B)]),
        ("There is loss of hearing or vision.", [("loss of hearing or vision", S)]),
        (
            "He has weakness in the arms and legs.",
            [("weakness in the arms and legs", S), ("arms", B), ("legs", B)],
        ),
        (
            "It causes an enlarged spleen, liver, or heart.",
            [
                ("enlarged spleen, liver, or heart", S),
                ("spleen", B),
                ("liver", B),
                ("heart", B),
            ],
        ),
        (
            "People feel numbness or weakness in the face, arm, or leg.",
            [
                ("numbness", S),
                ("weakness in the face, arm, or leg", S),
                ("face", B),
                ("arm", B),
                ("leg", B),
            ],
        ),
        (
            "People have muscle numbness or fatigue.",
            [("muscle numbness", S), ("muscle", B), ("fatigue", S)],
        ),
        (
            "Leg cramps and muscle spasms occur.",
            [("Leg cramps", S), ("Leg", B), ("muscle spasms", S), ("muscle", B)],
        ),
        (
            "He has stomach pain and lung cancer.",
            [("stomach pain", S), ("stomach", B), ("lung cancer", C)],
        ),
        (
            "He has joint pain and heart disease.",
            [("joint pain", S), ("joint", B), ("heart disease", C)],
        ),
    ],
)
def test_patterns_cover_coordinations_with_a_shared_head_only(nlp, text, expected):
    assert _mentions(nlp, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("People have trouble swallowing.", ["trouble swallowing"]),
        ("Some people have difficulty with balance.", ["difficulty with balance"]),
        ("Patients have difficulty walking.", ["difficulty walking"]),
        ("They lose the ability to breathe.", ["lose the ability to breathe"]),
        ("He is unable to speak.", ["unable to speak"]),
        ("Problems with memory occur.", ["Problems with memory"]),
        ("He has vision problems.", ["vision problems"]),
        ("He has trouble walking and talking.", ["trouble walking and talking"]),
        (
            "Climbing stairs, standing up and lifting can be very difficult.",
            ["Climbing stairs, standing up and lifting can be very difficult"],
        ),
    ],
)
def test_patterns_find_trouble_with_a_function(nlp, text, expected):
    assert _mentions(nlp, text) == [(name, S) for name in expected]


@pytest.mark.parametrize(
    "text",
    [
        "Walking is healthy.",
        "He is able to speak.",
        "They use the ability to breathe.",
        "Climbing stairs can be fun.",
        "The balance of the account is low.",
        "He has trouble with the law.",
    ],
)
def test_patterns_find_no_symptom_in_a_normal_function(nlp, text):
    assert [m for m in _mentions(nlp, text) if m[1] == S] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It affects the lower leg muscles.", ["lower leg muscles"]),
        ("It attacks upper and lower motor neurons.", ["upper and lower motor neurons"]),
        ("It damages the central nervous system.", ["central nervous system"]),
        ("Look at the palm of the hand.", ["palm of the hand"]),
        ("The eyes and ears are red-hot.", ["eyes", "ears"]),
        ("It is in the lower part of the legs.", ["legs"]),
        ("White blood cells fight it.", ["White blood cells"]),
        ("Your brain activity is slow.", ["brain"]),
    ],
)
def test_patterns_find_body_parts(nlp, text, expected):
    assert _mentions(nlp, text) == [(name, B) for name in expected]


@pytest.mark.parametrize(
    "text",
    [
        "Check your blood sugar and heart rate.",
        "Your blood pressure is measured.",
        "Your blood pressure was taken.",
        "A blood test may be done.",
        "A bone marrow transplant helps.",
        "See a heart surgeon.",
        "The body is made of cells and tissue.",
    ],
)
def test_patterns_find_nothing_in_measurements_tests_and_professions(nlp, text):
    assert _mentions(nlp, text) == []


def test_patterns_take_a_normal_bowel_movement_for_no_symptom(nlp):
    assert _mentions(nlp, "Bowel movements are counted.") == [("Bowel", B)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Neuromuscular diseases are rare.", [("Neuromuscular diseases", C)]),
        ("It is an autoimmune condition.", [("autoimmune condition", C)]),
        ("It is a rare condition.", []),
        ("He has heart disease.", [("heart disease", C)]),
        ("Lung cancer is common.", [("Lung cancer", C)]),
        (
            "He has tumors in the endocrine glands.",
            [("tumors", C), ("endocrine glands", B)],
        ),
        ("The cancer of the liver is common.", [("cancer of the liver", C)]),
    ],
)
def test_patterns_find_conditions_up_to_their_site(nlp, text, expected):
    assert _mentions(nlp, text) == expected


@pytest.mark.parametrize(
    "text", ["Weakness\n\nIn the legs it is.", "Weakness. In the legs.", "Weakness - legs"]
)
def test_patterns_do_not_cross_a_border(nlp, text):
    found = _mentions(nlp, text)
    assert [name for name, _ in found] == ["Weakness", "legs"]


def test_patterns_compose_the_same_over_a_wrapped_line(nlp):
    text = "All of these many patients complain of weakness\nin the legs."
    assert _mentions(nlp, text) == [("weakness\nin the legs", S), ("legs", B)]
