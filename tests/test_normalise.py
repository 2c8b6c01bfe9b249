from __future__ import annotations

import string
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.terminology.normalise import fold_word, normalise, split_units

ascii_words = st.text(alphabet=string.ascii_letters, min_size=1, max_size=12)
plural_like = st.builds(
    lambda stem, ending: stem + ending,
    st.text(alphabet=string.ascii_lowercase, min_size=1, max_size=6),
    st.sampled_from(["s", "es", "ies", "ae", "aes", "oses", "sses", "our", "ours", "ise", "ises"]),
)


@pytest.mark.parametrize("word", ["Fever", "FEVER", "fever", "fEVER"])
def test_normalise_fold_word_ignores_case(word):
    assert fold_word(word) == "fever"


@pytest.mark.parametrize(
    ("plural", "singular"),
    [
        ("muscles", "muscle"),
        ("legs", "leg"),
        ("biopsies", "biopsy"),
        ("allergies", "allergy"),
        ("boxes", "box"),
        ("rashes", "rash"),
        ("itches", "itch"),
        ("masses", "mass"),
        ("diagnoses", "diagnosis"),
        ("metastases", "metastasis"),
        ("vertebrae", "vertebra"),
    ],
)
def test_normalise_fold_word_folds_regular_plurals(plural, singular):
    assert fold_word(plural) == fold_word(singular) == singular


@pytest.mark.parametrize(
    ("plural", "singular"),
    [
        ("feet", "foot"),
        ("teeth", "tooth"),
        ("children", "child"),
        ("women", "woman"),
        ("calves", "calf"),
        ("bacteria", "bacterium"),
        ("nuclei", "nucleus"),
    ],
)
def test_normalise_fold_word_folds_irregular_plurals(plural, singular):
    assert fold_word(plural) == fold_word(singular) == singular


@pytest.mark.parametrize(
    "word", ["virus", "pus", "illness", "abscess", "arthritis", "paralysis", "is", "gas", "bus"]
)
def test_normalise_fold_word_keeps_singulars_that_end_in_s(word):
    assert fold_word(word) == word


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("tumour", "tumor"),
        ("tumours", "tumors"),
        ("colour", "color"),
        ("discoloured", "discolored"),
        ("anaemia", "anemia"),
        ("haemorrhage", "hemorrhage"),
        ("oesophagus", "esophagus"),
        ("diarrhoea", "diarrhea"),
        ("apnoea", "apnea"),
        ("foetus", "fetus"),
        ("coeliac", "celiac"),
        ("paralysed", "paralyzed"),
        ("immunisation", "immunization"),
        ("fibres", "fibers"),
        ("paediatric", "pediatric"),
        ("leucocyte", "leukocyte"),
    ],
)
def test_normalise_fold_word_folds_uk_spelling(british, american):
    assert fold_word(british) == fold_word(american)


@pytest.mark.parametrize("word", ["four", "hour", "shoe", "toe", "aerobic", "swelling"])
def test_normalise_fold_word_keeps_words_that_only_look_british(word):
    assert fold_word(word) == word


@pytest.mark.parametrize(
    ("accented", "plain"),
    [("Sjögren", "sjogren"), ("Ménière", "meniere"), ("naïve", "naive"), ("Guillain-Barré", None)],
)
def test_normalise_strips_accents(accented, plain):
    expected = (plain,) if plain else ("guillain", "barre")
    assert normalise(accented) == expected


@pytest.mark.parametrize("word", ["Sjögren", "Ménière", "Barré"])
def test_normalise_treats_decomposed_accents_like_composed_ones(word):
    decomposed = unicodedata.normalize("NFD", word)
    assert decomposed != word
    assert normalise(decomposed) == normalise(word)


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("Lou Gehrig's disease", ["Lou", "Gehrig", "disease"]),
        ("Lou Gehrig’s disease", ["Lou", "Gehrig", "disease"]),
        ("patients' pain", ["patients", "pain"]),
        ("the boss's", ["the", "boss"]),
        ("LOU GEHRIG'S", ["LOU", "GEHRIG"]),
    ],
)
def test_normalise_split_units_drops_the_possessive(text, units):
    assert split_units(text) == units


@pytest.mark.parametrize(
    "text",
    [
        "Charcot-Marie-Tooth",
        "Charcot Marie Tooth",
        "Charcot\u2010Marie\u2011Tooth",
        "Charcot–Marie–Tooth",
        "Charcot - Marie - Tooth",
    ],
)
def test_normalise_split_units_makes_no_unit_of_a_hyphen(text):
    assert split_units(text) == ["Charcot", "Marie", "Tooth"]


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("disease, X-linked", ["disease", ",", "X", "linked"]),
        ("3.5 mg", ["3", ".", "5", "mg"]),
        ("and/or", ["and", "/", "or"]),
        ("COVID-19", ["COVID", "19"]),
        ("a_b", ["a", "_", "b"]),
        ("", []),
        (" \t\n", []),
        ("'", []),
        ("-", []),
    ],
)
def test_normalise_split_units_separates_words_and_marks(text, units):
    assert split_units(text) == units


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Swelling of the feet", "swelling of the foot"),
        ("Brain Tumours", "brain tumor"),
        ("Crohn's disease", "Crohn disease"),
        ("X-linked anaemia", "x linked anemia"),
    ],
)
def test_normalise_gives_one_key_to_spellings_of_a_name(one, other):
    assert normalise(one) == normalise(other) != ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hypertension", "hypotension"),
        ("ileum", "ilium"),
        ("leg pain", "pain leg"),
        ("iris", "iritis"),
        ("pubis", "pubes"),
        ("mental", "metal"),
    ],
)
def test_normalise_keeps_different_names_apart(one, other):
    assert normalise(one) != normalise(other)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.one_of(ascii_words, plural_like), max_size=5))
@example(["Magalhaes"])
@example(["Angiooedema"])
@example(["feets"])
def test_normalise_is_idempotent_on_its_own_output(words):
    once = normalise(" ".join(words))
    assert normalise(" ".join(once)) == once


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=60))
@example("e\u0301")
def test_normalise_never_raises_and_gives_no_empty_unit(text):
    assert all(normalise(text))


@settings(deadline=None, max_examples=200)
@given(st.lists(ascii_words, min_size=1, max_size=5))
def test_normalise_does_not_depend_on_the_space_between_words(words):
    assert normalise("  \n".join(words)) == normalise(" ".join(words))
