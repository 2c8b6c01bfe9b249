from __future__ import annotations

import pytest
import spacy
from spacy.tokens import Doc

from pipeline.components.abbreviations import make_abbreviations

TEXTS = [
    "Amyotrophic lateral sclerosis (ALS) is rare. ALS kills neurons.",
    "Multiple sclerosis (MS) and muscular dystrophy (MD) differ. MS is common, MD is not. MS.",
    "Charcot-Marie-Tooth disease (CMT) is inherited. CMT, or CMT disease, is slow.",
    "ALS (amyotrophic lateral sclerosis) is rare. ALS kills.",
    "Human immunodeficiency virus (HIV) is a virus (see below). HIV (a virus) spreads.",
    "Attention deficit hyperactivity disorder (ADHD) in children (aged 6 to 12) is common. ADHD!",
    "The heart (and the lungs) may fail (rarely).",
    "Chronic obstructive pulmonary disease (COPD) (also COLD) is bad. COPD and COLD.",
    "Irritable bowel syndrome (IBS) is not inflammatory bowel syndrome (IBS). IBS is common.",
    "An open bracket ( never closes, a closed one ) was never opened. Nothing (  ) inside () here.",
    "Magnetic resonance imaging (MRI scan of the brain and the whole of the spinal cord) is MRI.",
    "Duchenne muscular dystrophy\n(DMD) is rare.\n\nDMD is seen in boys ((DMD)).",
    "No brackets at all.",
    "",
    "Creutzfeldt-Jakob disease (CJD), variant CJD (vCJD) and CJD-like signs. vCJD is new.",
]


@pytest.fixture(scope="module")
def ours():
    nlp = spacy.blank("en")
    component = make_abbreviations(nlp, "abbreviations")
    return lambda text: component(nlp(text))._.abbreviations


@pytest.fixture(scope="module")
def theirs():
    """scispaCy's own, whose constructor replaces the extension that our components share."""
    from scispacy.abbreviation import AbbreviationDetector

    nlp = spacy.blank("en")
    mine = Doc.get_extension("abbreviations") if Doc.has_extension("abbreviations") else None
    detector = AbbreviationDetector(nlp, make_serializable=True)
    yield lambda text: detector(nlp(text))._.abbreviations
    if mine is not None:
        default, method, getter, setter = mine
        Doc.set_extension("abbreviations", default=default, force=True)
        assert (method, getter, setter) == (None, None, None)


def _key(record):
    return record["short_start"], record["short_end"]


# scispaCy's second matcher is empty where a text defines no abbreviation.
@pytest.mark.filterwarnings("ignore:\\[W036\\]")
@pytest.mark.parametrize("text", TEXTS)
def test_abbreviations_are_those_of_scispacy(ours, theirs, text):
    assert sorted(ours(text), key=_key) == sorted(theirs(text), key=_key)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TEXTS[0], [("ALS", "Amyotrophic lateral sclerosis")] * 2),
        (TEXTS[6], []),
        (TEXTS[12], []),
        (TEXTS[13], []),
    ],
)
def test_abbreviations_name_short_and_long_form(ours, text, expected):
    assert [(a["short_text"], a["long_text"]) for a in ours(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "Leukemia is a disease in which malignant (cancer) cells form. Cancer and cancer cells.",
        "The dye makes your heart. The dye makes your coronary (heart) arteries visible.",
        "Cystic fibrosis (SIS-tik fi-BRO-sis) is inherited. Fibrosis is scarring.",
        "Some have teeth present at birth (teeth) or later.",
        "Vitamin B3 (vitamin B3 or niacin) helps.",
        "Pontocerebellar hypoplasia type 1 (PCH1) and type 2 (PCH2) differ.",
    ],
)
def test_ordinary_words_in_brackets_are_no_abbreviations(ours, text):
    assert [a["short_text"] for a in ours(text) if a["short_text"] != "PCH1"] == []


def test_abbreviations_are_in_reading_order(ours):
    starts = [a["short_start"] for a in ours(TEXTS[1])]
    assert len(starts) == 5
    assert starts == sorted(starts)


def test_abbreviations_hold_plain_values(ours):
    records = ours(TEXTS[0])
    assert len(records) == 2
    assert {type(value) for record in records for value in record.values()} == {str, int}


def test_abbreviations_of_one_doc_do_not_leak_into_the_next(ours):
    assert len(ours(TEXTS[0])) == 2
    assert ours("ALS is rare.") == []


@pytest.mark.parametrize("component_text", ["((((((((((", "))))((((", "( ( ( ) ) )" * 20])
def test_abbreviations_survive_unbalanced_brackets(ours, component_text):
    assert ours(component_text) == []
