from __future__ import annotations

import pytest

from pipeline.terminology.normalise import normalise
from pipeline.terminology.rules import MAX_UNITS, is_acronym, is_matchable, is_stopped


@pytest.mark.parametrize("name", ["MS", "ALS", "GM2", "COVID", "COVID-19", "HELLP", "H1N1", "ALS2"])
def test_rules_is_acronym_takes_short_words_of_capitals(name):
    assert is_acronym(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "A",
        "X",
        "T1",
        "als",
        "Als",
        "Men",
        "CADASIL",
        "ABCDEF",
        "ALS disease",
        "MS,",
        "19",
        "HbA",
    ],
)
def test_rules_is_acronym_refuses_everything_else(name):
    assert not is_acronym(name)


@pytest.mark.parametrize(
    "phrase", ["can", "get", "all", "common", "men", "blood pressure", "cells"]
)
@pytest.mark.parametrize("entity_type", ["CONDITION", "SYMPTOM", "BODY_PART"])
def test_rules_is_stopped_for_all_types_where_the_list_names_none(phrase, entity_type):
    assert is_stopped(normalise(phrase), entity_type)


@pytest.mark.parametrize(
    ("phrase", "entity_type", "stopped"),
    [
        ("arm", "CONDITION", True),
        ("arms", "SYMPTOM", True),
        ("arm", "BODY_PART", False),
        ("tear", "BODY_PART", True),
        ("tear", "CONDITION", False),
        ("stress", "CONDITION", True),
        ("stress", "SYMPTOM", False),
    ],
)
def test_rules_is_stopped_only_for_the_type_that_the_list_names(phrase, entity_type, stopped):
    assert is_stopped(normalise(phrase), entity_type) is stopped


@pytest.mark.parametrize("phrase", ["asthma", "high blood pressure", "white blood cells", "fever"])
def test_rules_is_stopped_leaves_names_of_findings_alone(phrase):
    assert not is_stopped(normalise(phrase), "SYMPTOM")


@pytest.mark.parametrize(
    ("units", "matchable"),
    [
        ((), False),
        (("a",), False),
        (("ab",), False),
        (("leg",), True),
        (("123",), False),
        (("a", "b"), True),
        (("x",) * MAX_UNITS, True),
        (("x",) * (MAX_UNITS + 1), False),
    ],
)
def test_rules_is_matchable_wants_1_to_8_units_and_no_tiny_word(units, matchable):
    assert is_matchable(units) is matchable
