"""Matching and scores, on cases counted by hand and against spaCy's own scorer."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import spacy
from hypothesis import example, given, settings
from hypothesis import strategies as st
from spacy.scorer import Scorer
from spacy.tokens import Doc, Span
from spacy.training import Example

from pipeline.evaluation.documents import AnnotatedDocument, Mention, RelationLink, parse_concepts
from pipeline.evaluation.errors import find_errors
from pipeline.evaluation.matching import MODES, match_mentions, match_relations, relation_keys
from pipeline.evaluation.report import Evaluation
from pipeline.evaluation.scores import (
    ALL,
    Counts,
    concept_is_right,
    score_document,
)
from pipeline.records import RELATION_TYPES

C, S, B = "CONDITION", "SYMPTOM", "BODY_PART"
TEXT = "".join(chr(ord("a") + n % 26) for n in range(200))


def scores_of(pairs):
    """Scores of (gold, predicted) documents together."""
    result = Evaluation()
    for gold, predicted in pairs:
        result.add(gold, predicted)
    return result.scores


def mentions(*given):
    """Mentions from (label, start, end) or (label, start, end, concepts)."""
    return [
        Mention(
            f"T{n}", label, start, end, TEXT[start:end], parse_concepts(rest[0] if rest else "")
        )
        for n, (label, start, end, *rest) in enumerate(given, start=1)
    ]


def document(*given, relations=()):
    return AnnotatedDocument("doc", TEXT, mentions(*given), [RelationLink(*r) for r in relations])


def credit(gold, predicted, mode):
    return sum(pair.credit for pair in match_mentions(mentions(*gold), mentions(*predicted), mode))


# The measures of SemEval-2013 Task 9.1: strict, exact, partial, type.


@pytest.mark.parametrize(
    ("gold", "predicted", "credits"),
    [
        # The five cases of the task, and none.
        ([(C, 0, 5)], [(C, 0, 5)], (1, 1, 1, 1)),
        ([(C, 0, 5)], [(S, 0, 5)], (0, 1, 1, 0)),
        ([(C, 0, 5)], [(C, 0, 6)], (0, 0, 0.5, 1)),
        ([(C, 0, 5)], [(S, 2, 9)], (0, 0, 0.5, 0)),
        ([(C, 0, 5)], [], (0, 0, 0, 0)),
        ([], [(C, 0, 5)], (0, 0, 0, 0)),
        ([], [], (0, 0, 0, 0)),
        # Touching is no overlap; one character is.
        ([(C, 0, 5)], [(C, 5, 9)], (0, 0, 0, 0)),
        ([(C, 0, 5)], [(C, 4, 9)], (0, 0, 0.5, 1)),
        ([(C, 0, 5)], [(C, 6, 9)], (0, 0, 0, 0)),
        # One prediction over two gold mentions, and the other way round: only one counts.
        ([(C, 0, 4), (C, 5, 9)], [(C, 0, 9)], (0, 0, 0.5, 1)),
        ([(C, 0, 9)], [(C, 0, 4), (C, 5, 9)], (0, 0, 0.5, 1)),
        # The better partner is taken, wherever it stands.
        ([(C, 0, 9)], [(C, 0, 4), (C, 0, 9)], (1, 1, 1, 1)),
        ([(C, 0, 4), (C, 0, 9)], [(C, 0, 9)], (1, 1, 1, 1)),
        # Taking the first overlap would leave the second gold mention without a partner.
        ([(C, 0, 9), (C, 8, 20)], [(C, 0, 9), (C, 5, 10)], (1, 1, 1.5, 2)),
        ([(C, 0, 9), (C, 10, 20)], [(C, 5, 15), (C, 0, 4)], (0, 0, 1, 2)),
        # Duplicates count once each.
        ([(C, 0, 5)], [(C, 0, 5), (C, 0, 5)], (1, 1, 1, 1)),
        ([(C, 0, 5), (C, 0, 5)], [(C, 0, 5)], (1, 1, 1, 1)),
        ([(C, 0, 5), (C, 0, 5)], [(C, 0, 5), (C, 0, 5)], (2, 2, 2, 2)),
        # Nested: a body part in a symptom.
        ([(S, 0, 9), (B, 5, 9)], [(S, 0, 9), (B, 5, 9)], (2, 2, 2, 2)),
        ([(S, 0, 9), (B, 5, 9)], [(B, 5, 9)], (1, 1, 1, 1)),
        ([(S, 0, 9), (B, 5, 9)], [(S, 0, 9)], (1, 1, 1, 1)),
        ([(S, 0, 9), (B, 5, 9)], [(S, 5, 9), (B, 0, 9)], (0, 2, 2, 2)),
        ([(S, 0, 9), (B, 5, 9)], [(S, 0, 8), (B, 5, 9)], (1, 1, 1.5, 2)),
    ],
)
def test_matching_credit_by_hand(gold, predicted, credits):
    assert tuple(credit(gold, predicted, mode) for mode in MODES) == credits


def test_matching_modes_are_those_of_the_task():
    assert MODES == ("strict", "exact", "partial", "type")


def test_matching_pairs_are_given_in_reading_order_of_the_gold():
    gold = mentions((C, 10, 15), (C, 0, 5), (S, 20, 25))
    pairs = match_mentions(gold, gold[::-1], "strict")
    assert [pair.gold.start for pair in pairs] == [0, 10, 20]


annotations = st.lists(
    st.tuples(st.sampled_from([C, S, B]), st.integers(0, 30), st.integers(1, 8)).map(
        lambda a: (a[0], a[1], a[1] + a[2])
    ),
    max_size=10,
)


@settings(max_examples=200, deadline=None)
@given(annotations, annotations, st.randoms(use_true_random=False))
def test_matching_does_not_depend_on_the_order(gold, predicted, shuffler):
    shuffled = [shuffler.sample(side, len(side)) for side in (gold, predicted)]
    for mode in MODES:
        assert credit(*shuffled, mode) == credit(gold, predicted, mode)


@settings(max_examples=100, deadline=None)
@given(annotations, annotations)
def test_matching_takes_each_mention_at_most_once(gold, predicted):
    one, other = mentions(*gold), mentions(*predicted)
    for mode in MODES:
        pairs = match_mentions(one, other, mode)
        assert len({pair.gold.id for pair in pairs}) == len(pairs)
        assert len({pair.predicted.id for pair in pairs}) == len(pairs)


@settings(max_examples=100, deadline=None)
@given(annotations, annotations)
def test_matching_is_the_same_in_both_directions(gold, predicted):
    for mode in MODES:
        assert credit(gold, predicted, mode) == credit(predicted, gold, mode)


@settings(max_examples=100, deadline=None)
@given(annotations, annotations)
def test_matching_strict_is_never_above_the_others(gold, predicted):
    strict, exact, partial, typed = (credit(gold, predicted, mode) for mode in MODES)
    assert strict <= exact <= partial
    assert strict <= typed


@settings(max_examples=100, deadline=None)
@given(annotations)
def test_matching_gold_against_itself_is_perfect(gold):
    for mode in MODES:
        assert credit(gold, gold, mode) == len(gold)


# Precision, recall and F1.


@pytest.mark.parametrize(
    ("counts", "scores"),
    [
        (Counts(3, 4, 6), (0.75, 0.5, 0.6)),
        (Counts(0.5, 1, 1), (0.5, 0.5, 0.5)),
        (Counts(0, 4, 0), (0, 0, 0)),
        (Counts(0, 0, 4), (0, 0, 0)),
        (Counts(0, 0, 0), (0, 0, 0)),
        (Counts(2, 2, 2), (1, 1, 1)),
    ],
)
def test_scores_of_counts(counts, scores):
    assert (counts.precision, counts.recall, counts.f1) == pytest.approx(scores)


def test_scores_by_type_and_all_by_hand():
    gold = document((C, 0, 5), (S, 10, 20), (B, 16, 20), (S, 30, 35))
    predicted = document((C, 0, 5), (S, 10, 19), (B, 16, 20), (C, 30, 35), (B, 50, 55))
    scores = score_document(gold, predicted).mentions
    cells = {
        mode: {label: (c.correct, c.predicted, c.gold) for label, c in scores[mode].items()}
        for mode in MODES
    }
    assert cells == {
        "strict": {B: (1, 2, 1), C: (1, 2, 1), S: (0, 1, 2), ALL: (2, 5, 4)},
        "exact": {B: (1, 2, 1), C: (1, 2, 1), S: (0, 1, 2), ALL: (3, 5, 4)},
        "partial": {B: (1, 2, 1), C: (1, 2, 1), S: (0.5, 1, 2), ALL: (3.5, 5, 4)},
        "type": {B: (1, 2, 1), C: (1, 2, 1), S: (1, 1, 2), ALL: (3, 5, 4)},
    }


@pytest.mark.parametrize(
    ("gold", "predicted"), [(document(), document((C, 0, 5))), (document((C, 0, 5)), document())]
)
def test_scores_of_an_empty_side_are_zero(gold, predicted):
    counts = score_document(gold, predicted).mentions["strict"][ALL]
    assert (counts.precision, counts.recall, counts.f1) == (0, 0, 0)
    assert counts.gold + counts.predicted == 1


def test_scores_of_two_documents_are_micro_averages():
    pairs = [
        (document((C, 0, 5)), document((C, 0, 5))),
        (document((C, 0, 5), (C, 10, 15), (C, 20, 25)), document((C, 1, 5))),
    ]
    counts = scores_of(pairs).mentions["strict"][C]
    assert (counts.correct, counts.predicted, counts.gold) == (1, 2, 4)


def attributes(gold, predicted):
    scores = score_document(
        AnnotatedDocument("doc", TEXT, gold), AnnotatedDocument("doc", TEXT, predicted)
    )
    return scores.negated, scores.uncertain


def test_scores_of_negation_count_only_mentions_that_were_found():
    gold = mentions((S, 0, 5), (S, 10, 15), (S, 20, 25), (S, 30, 35))
    predicted = mentions((S, 0, 5), (S, 10, 15), (S, 20, 25), (S, 30, 34))
    for place in (0, 1, 3):
        gold[place] = replace(gold[place], negated=True)
    for place in (0, 2, 3):
        predicted[place] = replace(predicted[place], negated=True)
    negated, uncertain = attributes(gold, predicted)
    assert negated == Counts(1.0, 2, 2)
    assert uncertain == Counts(0.0, 0, 0)


# Concepts.


@pytest.mark.parametrize(
    ("gold", "predicted", "right"),
    [
        ("HP:1", "HP:1", True),
        ("HP:1", "HP:2", False),
        ("HP:1", "", False),
        ("", "", True),
        ("", "HP:1", False),
        # Alternatives: any of them will do, but it must be one concept.
        ("HP:1|HP:2", "HP:1", True),
        ("HP:1|HP:2", "HP:2", True),
        ("HP:1|HP:2", "HP:3", False),
        ("HP:1|HP:2", "HP:1,HP:2", False),
        # Composites: every part, and no more.
        ("HP:1,HP:2", "HP:1,HP:2", True),
        ("HP:1,HP:2", "HP:2,HP:1", True),
        ("HP:1,HP:2", "HP:1", False),
        ("HP:1,HP:2", "HP:1,HP:3", False),
        ("HP:1,HP:2", "HP:1,HP:2,HP:3", False),
        ("HP:1|HP:9,HP:2", "HP:9,HP:2", True),
        ("HP:1|HP:9,HP:2", "HP:1,HP:9", False),
        # One prediction cannot stand for two parts.
        ("HP:1|HP:2,HP:2|HP:3", "HP:2,HP:9", False),
        ("HP:1|HP:2,HP:2|HP:3", "HP:2,HP:3", True),
    ],
)
def test_scores_concept_fits_one_alternative_of_every_part(gold, predicted, right):
    (one,), (other,) = mentions((S, 0, 5, gold)), mentions((S, 0, 5, predicted))
    assert concept_is_right(one, other) is right
    scores = score_document(document((S, 0, 5, gold)), document((S, 0, 5, predicted)))
    assert scores.concepts[S] == Counts(float(right), 1, 1)


def test_scores_of_concepts_count_only_mentions_that_were_found():
    gold = document((S, 0, 5, "HP:1"), (S, 10, 15, "HP:1"))
    predicted = document((S, 0, 5, "HP:1"), (S, 10, 14, "HP:1"))
    assert score_document(gold, predicted).concepts[ALL] == Counts(1.0, 1, 1)


# Relations: pairs of concepts (or texts), not of mentions.


def related(*given, links):
    return document(*given, relations=[("has_symptom", head, tail) for head, tail in links])


FLU, FEVER = (C, 0, 5, "MONDO:1"), (S, 10, 15, "HP:1")


@pytest.mark.parametrize(
    ("predicted", "correct"),
    [
        # The same mentions, and other mentions of the same concepts.
        (related(FLU, FEVER, links=[("T1", "T2")]), 1),
        (related((C, 50, 55, "MONDO:1"), (S, 60, 65, "HP:1"), links=[("T1", "T2")]), 1),
        # The same text will do where the concept differs or is missing.
        (related((C, 0, 5), (S, 10, 15), links=[("T1", "T2")]), 1),
        (related((C, 0, 5, "MONDO:9"), (S, 10, 15, "HP:9"), links=[("T1", "T2")]), 1),
        (related((C, 26, 31), (S, 10, 15), links=[("T1", "T2")]), 1),
        # One shared alternative or part is enough.
        (related((C, 50, 55, "MONDO:1"), (S, 60, 65, "HP:1,HP:7"), links=[("T1", "T2")]), 1),
        # Near misses: one end shares nothing; turned round; nothing at all.
        (related((C, 50, 55, "MONDO:1"), (S, 60, 66, "HP:2"), links=[("T1", "T2")]), 0),
        (related((C, 50, 55, "MONDO:2"), (S, 60, 65, "HP:1"), links=[("T1", "T2")]), 0),
        (related(FLU, FEVER, links=[("T2", "T1")]), 0),
        (related(FLU, FEVER, links=[]), 0),
    ],
)
def test_relations_share_a_concept_or_the_text(predicted, correct):
    gold = related(FLU, FEVER, links=[("T1", "T2")])
    counts = score_document(gold, predicted).relations["has_symptom"]
    assert (counts.correct, counts.gold) == (correct, 1)


def test_relations_of_another_type_do_not_match():
    gold = document(FLU, FEVER, relations=[("has_symptom", "T1", "T2")])
    predicted = document(FLU, FEVER, relations=[("affects", "T1", "T2")])
    scores = score_document(gold, predicted).relations
    assert set(scores) == {*RELATION_TYPES, ALL}
    assert scores["has_symptom"] == Counts(0.0, 0, 1)
    assert scores["affects"] == Counts(0.0, 1, 0)
    assert scores[ALL] == Counts(0.0, 1, 1)


def test_relations_between_the_same_concepts_count_once():
    again = (S, 30, 37, "HP:1")
    predicted = related(FLU, FEVER, again, links=[("T1", "T2"), ("T1", "T3")])
    assert len(relation_keys(predicted)) == 1
    gold = related(FLU, FEVER, links=[("T1", "T2")])
    assert score_document(gold, predicted).relations["has_symptom"] == Counts(1.0, 1, 1)


def test_relations_are_matched_as_many_as_possible():
    one, other = frozenset({"a"}), frozenset({"a", "b"})
    head = frozenset({"h"})
    gold = [("r", head, other), ("r", head, one)]
    predicted = [("r", head, one), ("r", head, frozenset({"b"}))]
    assert match_relations(gold, predicted) == [(0, 1), (1, 0)]
    assert match_relations(gold[::-1], predicted) == [(0, 0), (1, 1)]


@pytest.mark.parametrize(("gold", "predicted"), [([], []), ([("r", frozenset(), frozenset())], [])])
def test_relations_of_nothing_match_nothing(gold, predicted):
    assert match_relations(gold, predicted) == []
    assert match_relations(predicted, gold) == []


linked = st.lists(
    st.tuples(
        st.sampled_from(["HP:1", "HP:2", "HP:3", "HP:1|HP:2", "HP:2|HP:3", "HP:1,HP:3", ""]),
        st.sampled_from(["HP:7", "HP:8", "HP:7|HP:8"]),
    ),
    max_size=6,
)


def linked_document(pairs, order):
    given = [m for head, tail in pairs for m in ((C, 0, 5, head), (S, 10, 15, tail))]
    spread = [
        (kind, 20 * n, 20 * n + 3 + n, concept) for n, (kind, _, _, concept) in enumerate(given)
    ]
    links = [("has_symptom", f"T{2 * n + 1}", f"T{2 * n + 2}") for n in order]
    text = "".join(chr(0x4E00 + n) for n in range(20 * len(spread) + 50))
    found = AnnotatedDocument("doc", text)
    found.mentions = [
        replace(m, text=text[m.start : m.end]) for m in (mentions(*spread) if spread else [])
    ]
    found.relations = [RelationLink(*link) for link in links]
    return found


@settings(max_examples=200, deadline=None)
@given(linked, linked, st.randoms(use_true_random=False))
@example([("HP:1|HP:2", "HP:7"), ("HP:1", "HP:7"), ("HP:2", "HP:7")], [], random.Random(1))
def test_relations_do_not_depend_on_the_order(gold, predicted, shuffler):
    sides = [(pairs, range(len(pairs))) for pairs in (gold, predicted)]
    shuffled = [(pairs, shuffler.sample(order, len(order))) for pairs, order in sides]
    one = score_document(*(linked_document(*side) for side in sides)).relations
    other = score_document(*(linked_document(*side) for side in shuffled)).relations
    assert one == other


# spaCy's scorer is the judge of strict scores.

VOCAB = spacy.blank("en").vocab
WORDS = 12


def spacy_doc(spans):
    doc = Doc(VOCAB, words=["word"] * WORDS)
    doc.spans["sc"] = [Span(doc, start, end, label) for label, start, end in spans]
    return doc


token_spans = st.sets(
    st.tuples(st.sampled_from([C, S, B]), st.integers(0, WORDS - 1), st.integers(1, 4)).map(
        lambda a: (a[0], a[1], min(a[1] + a[2], WORDS))
    ),
    max_size=12,
).map(sorted)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(token_spans, token_spans), min_size=1, max_size=3))
@example([([], [(C, 0, 1)])])
@example([([(C, 0, 1)], [])])
@example([([(C, 0, 1), (S, 0, 1), (B, 0, 3)], [(C, 0, 1), (S, 0, 2), (B, 0, 3)])])
def test_scores_strict_equal_spacys_scorer(pairs):
    examples = [Example(spacy_doc(predicted), spacy_doc(gold)) for gold, predicted in pairs]
    theirs = Scorer.score_spans(
        examples, "spans_sc", getter=lambda doc, _: doc.spans["sc"], allow_overlap=True,
        has_annotation=lambda doc: True,
    )  # fmt: skip
    ours = scores_of((document(*gold), document(*predicted)) for gold, predicted in pairs)
    strict = ours.mentions["strict"]
    for name, attribute in (("p", "precision"), ("r", "recall"), ("f", "f1")):
        # spaCy says None where there is nothing to score, we say 0.
        assert getattr(strict[ALL], attribute) == pytest.approx(theirs[f"spans_sc_{name}"] or 0)
        for label, scores in (theirs["spans_sc_per_type"] or {}).items():
            assert getattr(strict[label], attribute) == pytest.approx(scores[name])


# Errors.


def kinds(gold, predicted):
    return [error.kind for error in find_errors(gold, predicted)]


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        ([(C, 0, 5)], [(C, 0, 5)], []),
        ([(C, 0, 5)], [], ["missed"]),
        ([], [(C, 0, 5)], ["spurious"]),
        ([(C, 0, 5)], [(S, 0, 5)], ["wrong type"]),
        ([(C, 0, 5)], [(C, 0, 6)], ["boundary right"]),
        ([(C, 0, 5)], [(S, 0, 6)], ["boundary right"]),
        ([(C, 1, 5)], [(C, 0, 5)], ["boundary left"]),
        ([(C, 1, 5)], [(C, 0, 6)], ["boundary both"]),
        ([(C, 0, 9)], [(C, 0, 4), (C, 5, 9)], ["split", "spurious"]),
        ([(C, 0, 9)], [(C, 0, 4), (B, 5, 9)], ["boundary right", "spurious"]),
        ([(C, 0, 5)], [(C, 6, 9)], ["missed", "spurious"]),
        ([(C, 0, 5, "M:1")], [(C, 0, 5, "M:2")], ["wrong concept"]),
        ([(C, 0, 5), (C, 10, 15)], [(C, 0, 15)], ["merged", "missed"]),
        ([(C, 20, 25), (C, 0, 5)], [], ["missed", "missed"]),
    ],
)
def test_errors_are_classed(gold, predicted, expected):
    assert kinds(document(*gold), document(*predicted)) == expected


@pytest.mark.parametrize(
    ("changed", "kind"), [("negated", "wrong negation"), ("uncertain", "wrong hedge")]
)
def test_errors_of_attributes(changed, kind):
    gold, predicted = document((S, 0, 5)), document((S, 0, 5))
    predicted.mentions[0] = replace(predicted.mentions[0], **{changed: True})
    assert kinds(gold, predicted) == [kind]


def test_errors_of_relations():
    gold = related(FLU, FEVER, (S, 30, 37, "HP:3"), links=[("T1", "T2")])
    predicted = related(FLU, FEVER, (S, 30, 37, "HP:3"), links=[("T1", "T3")])
    found = find_errors(gold, predicted)
    assert [(e.kind, e.gold, e.predicted) for e in found] == [
        ("missing relation", "abcde has_symptom klmno", ""),
        ("extra relation", "", "abcde has_symptom efghijk"),
    ]


def test_errors_show_the_place_in_its_sentence():
    (error,) = find_errors(document((C, 100, 105)), document())
    assert (error.doc_id, error.label, error.start, error.end) == ("doc", C, 100, 105)
    assert error.sentence == f"{TEXT[:100]}[[{TEXT[100:105]}]]{TEXT[105:305]}".strip()
    assert error.nearest == ""


def test_errors_name_the_gold_nearest_in_the_sentence():
    text = "Flu causes fever and cough. Gout hurts."
    gold = AnnotatedDocument(
        "d",
        text,
        [
            Mention("T1", C, 0, 3, "Flu"),
            Mention("T2", S, 21, 26, "cough"),
            Mention("T3", C, 28, 32, "Gout"),
        ],
    )
    fever = Mention("T4", S, 11, 16, "fever")
    found = find_errors(gold, AnnotatedDocument("d", text, [*gold.mentions, fever]))
    assert [(e.kind, e.nearest, e.sentence) for e in found] == [
        ("spurious", "cough [SYMPTOM]", "Flu causes [[fever]] and cough.")
    ]


@pytest.mark.parametrize("text", ["=1+1 ", "+1+1 ", "-1+1 ", "@SUM "])
def test_errors_cells_are_harmless_to_spreadsheets(text):
    mention = Mention("T1", C, 0, 4, text[:4])
    (error,) = find_errors(AnnotatedDocument("=doc", text, [mention]), AnnotatedDocument("d", text))
    cells = error.row()
    assert cells[0] == "'=doc"
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


@settings(max_examples=100, deadline=None)
@given(annotations, annotations)
def test_errors_and_strict_matches_account_for_every_mention(gold, predicted):
    one, other = document(*gold), document(*predicted)
    found = kinds(one, other)
    n_right = len(match_mentions(one.mentions, other.mentions, "strict"))
    near = ("wrong type", "boundary left", "boundary right", "boundary both", "split", "merged")
    n_near = sum(found.count(kind) for kind in near)
    assert n_right + n_near + found.count("missed") == len(gold)
    assert n_right + n_near + found.count("spurious") == len(predicted)


def test_report_has_a_line_for_every_score():
    result = Evaluation()
    result.add(related(FLU, FEVER, links=[("T1", "T2")]), related(FLU, FEVER, links=[]))
    lines = dict(result.lines())
    assert lines["CONDITION strict"].f1 == 1
    assert lines["BODY_PART strict"] == Counts()
    assert lines["has_symptom"] == Counts(0.0, 0, 1)
    assert result.n_documents == 1
    assert [error.kind for error in result.errors] == ["missing relation"]
    assert result.as_dict()["mentions"]["strict"][S]["f1"] == 1
