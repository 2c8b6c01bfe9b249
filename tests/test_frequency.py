"""How often a condition has a symptom."""

from __future__ import annotations

import pytest

from pipeline.components.frequency import FrequencyFinder, nearest

OBLIGATE, VERY_FREQUENT, FREQUENT, OCCASIONAL, VERY_RARE = (f"HP:004028{n}" for n in range(5))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It always causes fever.", [("always", OBLIGATE)]),
        ("Fever almost always comes first.", [("almost always", VERY_FREQUENT)]),
        ("Most people have fever.", [("Most people", VERY_FREQUENT)]),
        ("Fever is common, a rash is uncommon.", [("common", FREQUENT), ("uncommon", VERY_RARE)]),
        ("It rarely causes fever.", [("rarely", VERY_RARE)]),
        ("About 85% have fever.", [("85%", VERY_FREQUENT)]),
        ("In 30 percent there is fever.", [("30 percent", FREQUENT)]),
        ("In 29.5 per cent there is fever.", [("29.5 per cent", OCCASIONAL)]),
        ("All, 100 %, have fever.", [("100 %", OBLIGATE)]),
        ("One in ten has fever.", [("One in ten", OCCASIONAL)]),
        ("9 out of 10 have fever.", [("9 out of 10", VERY_FREQUENT)]),
        ("1 in every 200 has it.", [("1 in every 200", VERY_RARE)]),
        ("Commonplace, oftentimes: no words of frequency.", []),
        ("The score was 3 out of 0, or 150%.", []),
        ("", []),
    ],
)
def test_frequency_finds_words_and_numbers(text, found):
    frequencies = FrequencyFinder().find(text, 0, len(text))
    assert [(text[f.start : f.end], f.curie) for f in frequencies] == found


def test_frequency_looks_only_where_it_is_asked_to():
    text = "Often. Rarely."
    assert [f.curie for f in FrequencyFinder().find(text, 7, len(text))] == [VERY_RARE]


@pytest.mark.parametrize(
    ("text", "symptom", "curie"),
    [
        ("Most people cough and some people wheeze.", "cough", VERY_FREQUENT),
        ("Most people cough and some people wheeze.", "wheeze", OCCASIONAL),
        ("Fever is rare.", "Fever", VERY_RARE),
        ("Fever 90% Cough 5% Rash 1%", "Cough", OCCASIONAL),
        ("In 5% there is fever (90%), and a rash.", "fever", VERY_FREQUENT),
        ("It brings fever.", "fever", None),
    ],
)
def test_frequency_nearest_to_the_symptom_counts(text, symptom, curie):
    found = FrequencyFinder().find(text, 0, len(text))
    start = text.index(symptom)
    best = nearest(found, start, start + len(symptom))
    assert (best and best.curie) == curie


@pytest.mark.parametrize(
    ("text", "frequency"),
    [
        ("Influenza often causes fever.", FREQUENT),
        ("Influenza causes fever.", None),
        # A share right behind a symptom is no other's.
        ("Influenza causes dizziness 90% and fever.", None),
        # A word in a mention says nothing of how often.
        ("The common cold causes fever.", None),
        ("Influenza\n\nCommon symptoms are:\n- fever\n- cough", FREQUENT),
        ("In 90% of people influenza causes fever.", VERY_FREQUENT),
    ],
)
def test_frequency_is_told_of_relations(nlp, text, frequency):
    doc = nlp(text)
    tails = {m.id_ for m in doc.spans["sc"] if m.text in ("fever", "cough")}
    relations = [r for r in doc._.relations if r["tail"] in tails]
    assert relations
    assert {r["frequency"] for r in relations} == {frequency}
