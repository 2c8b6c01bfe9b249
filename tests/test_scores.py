"""The accuracy that the project promises, on the hand-annotated article."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.evaluation.report import evaluate

GOLD = Path(__file__).parents[1] / "corpus" / "gold"


@pytest.fixture(scope="module")
def result():
    return evaluate(GOLD, "fast")


@pytest.mark.parametrize(
    ("label", "least"), [("CONDITION", 0.95), ("BODY_PART", 0.92), ("SYMPTOM", 0.80)]
)
def test_scores_of_the_seed_are_kept(result, label, least):
    counts = result.scores.mentions["strict"][label]
    assert counts.gold > 20
    assert counts.f1 >= least


def test_scores_gold_of_the_seed_has_no_problems(result):
    assert result.n_documents == 1
    assert result.problems == []


@pytest.mark.parametrize("word", ["can", "get", "all", "common", "men", "Tooth"])
def test_scores_everyday_words_are_no_mentions(seed_doc, word):
    assert word.lower() in {token.lower_ for token in seed_doc}
    assert len(seed_doc.spans["sc"]) > 100
    assert word.lower() not in {span.text.lower() for span in seed_doc.spans["sc"]}


def test_scores_arms_are_no_condition(seed_doc):
    labels = {span.label_ for span in seed_doc.spans["sc"] if span.text == "arms"}
    assert labels == {"BODY_PART"}


def mention(doc, text, context):
    """The one mention of a text within a stretch of the article."""
    start = doc.text.index(context)
    (found,) = [
        span
        for span in doc.spans["sc"]
        if span.text == text and start <= span.start_char < start + len(context)
    ]
    return found


@pytest.mark.parametrize(
    ("text", "context", "negated"),
    [
        ("pain in the back", "doesn't necessarily cause pain in the back", True),
        ("pain", "but instead the pain and weakness show up", False),
        ("weakness", "but instead the pain and weakness show up", False),
        ("muscle weakness", "a hormonal disorder that causes muscle weakness", False),
        ("fatigue", "causes muscle weakness, fatigue, weight loss", False),
        ("leg or foot pain", "It's not uncommon for leg or foot pain", False),
    ],
)
def test_scores_negation_in_the_seed(seed_doc, text, context, negated):
    assert mention(seed_doc, text, context)._.negated is negated
