"""Concept sets and co-occurring pairs, counted by hand and against a search of everything."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.evaluation.documents import AnnotatedDocument, Mention, from_doc, parse_concepts
from pipeline.evaluation.report import Evaluation
from pipeline.evaluation.scores import ALL, Counts
from pipeline.evaluation.sets import (
    SCOPES,
    Windows,
    concept_counts,
    find_windows,
    pair_counts,
    windows_of,
)
from pipeline.evaluation.statistics import Average, macro_average

C, S, B = "CONDITION", "SYMPTOM", "BODY_PART"
ONE_WINDOW = Windows([0], [0])


def document(*given, text="x" * 100):
    """From (label, concepts) or (label, concepts, start) or with words in place of concepts."""
    mentions = []
    for n, (label, what, *rest) in enumerate(given):
        start = rest[0] if rest else n
        words = what if ":" not in what else "something"
        concepts = parse_concepts(what) if ":" in what else ()
        mentions.append(Mention(f"T{n}", label, start, start + 1, words, concepts))
    return AnnotatedDocument("doc", text, mentions)


def negate(annotated, *places):
    annotated.mentions = [replace(m, negated=n in places) for n, m in enumerate(annotated.mentions)]
    return annotated


def cells(counts):
    return {key: (c.correct, c.predicted, c.gold) for key, c in counts.items()}


def concepts_of(gold, predicted):
    counts = concept_counts(
        document(*((S, what) for what in gold)), document(*((S, what) for what in predicted))
    )[ALL]
    return counts.correct, counts.predicted, counts.gold


def pairs_of(gold, predicted):
    counts = pair_counts(
        document(*((S, what) for what in gold)),
        document(*((S, what) for what in predicted)),
        ONE_WINDOW,
    )["sentence"]
    return counts.correct, counts.predicted, counts.gold


# Concept sets.


@pytest.mark.parametrize(
    ("gold", "predicted", "counts"),
    [
        ([], [], (0, 0, 0)),
        (["HP:1"], [], (0, 0, 1)),
        ([], ["HP:1"], (0, 1, 0)),
        (["HP:1"], ["HP:1"], (1, 1, 1)),
        (["HP:1"], ["HP:2"], (0, 1, 1)),
        # However often.
        (["HP:1", "HP:1", "HP:1"], ["HP:1"], (1, 1, 1)),
        (["HP:1"], ["HP:1", "HP:1", "HP:2"], (1, 2, 1)),
        # A mention without a concept names none.
        (["pain"], ["pain"], (0, 0, 0)),
        (["HP:1"], ["pain"], (0, 0, 1)),
        # Alternatives are one concept, met by any of them, once.
        (["HP:1|HP:2"], ["HP:2"], (1, 1, 1)),
        (["HP:1|HP:2"], ["HP:3"], (0, 1, 1)),
        (["HP:1|HP:2"], ["HP:1", "HP:2"], (1, 2, 1)),
        (["HP:1|HP:2", "HP:2|HP:1"], ["HP:1"], (1, 1, 1)),
        (["HP:1|HP:2", "HP:1"], ["HP:1"], (1, 1, 1)),
        (["HP:1", "HP:1|HP:2"], ["HP:2"], (1, 1, 1)),
        (["HP:1|HP:2", "HP:4|HP:3", "HP:2|HP:3"], ["HP:4"], (1, 1, 1)),
        (["HP:1|HP:2"], ["HP:2|HP:3"], (1, 1, 1)),
        (["HP:1|HP:2", "HP:3"], ["HP:2|HP:3"], (1, 1, 2)),
        # The plain ones do not take the partner of the others.
        (["HP:1|HP:2", "HP:3|HP:4"], ["HP:2|HP:3", "HP:1"], (2, 2, 2)),
        # Composites name several.
        (["HP:1,HP:2"], ["HP:1", "HP:2"], (2, 2, 2)),
        (["HP:1,HP:2|HP:3"], ["HP:3"], (1, 1, 2)),
    ],
)
def test_sets_concepts_by_hand(gold, predicted, counts):
    assert concepts_of(gold, predicted) == counts


def test_sets_concepts_by_type_and_all():
    gold = document((C, "M:1"), (S, "H:1"), (S, "H:2"), (B, "U:1"))
    predicted = document((C, "M:1"), (C, "H:1"), (S, "H:2"), (S, "U:2"))
    # H:1 has the wrong type: no type gains by it, but the document names it all the same.
    assert cells(concept_counts(gold, predicted)) == {
        C: (1, 2, 1),
        S: (1, 2, 2),
        B: (0, 0, 1),
        ALL: (3, 4, 4),
    }


def test_sets_concepts_that_are_only_negated_are_left_out():
    gold = negate(document((S, "H:1"), (S, "H:2"), (S, "H:2")), 0, 1)
    predicted = negate(document((S, "H:1"), (S, "H:2")), 0)
    assert cells(concept_counts(gold, predicted))[ALL] == (1, 1, 1)


def test_sets_corpus_has_micro_counts_and_macro_means():
    pairs = [
        (document((S, "H:1"), (S, "H:2")), document((S, "H:1"))),
        (document((S, "H:1")), document((S, "H:1"), (S, "H:3"), (S, "H:4"), (S, "H:5"))),
        (document(), document()),
        (document((C, "M:1")), document()),
    ]
    result = Evaluation()
    for gold, predicted in pairs:
        result.add(gold, predicted)
    micro = dict(result.lines())
    macro = {
        label: macro_average(result.by_document()[f"concept set, {label}"])
        for label in (C, S, B, ALL)
    }
    assert (micro[f"concept set, {B}"], macro[B].n_documents) == (Counts(), 0)
    assert micro[f"concept set, {S}"] == Counts(2.0, 5, 3)
    assert macro[S].precision == pytest.approx((1 + 0.25) / 2)
    assert macro[S].recall == pytest.approx((0.5 + 1) / 2)
    assert macro[S].f1 == pytest.approx((2 / 3 + 0.4) / 2)
    assert macro[S].n_documents == 2
    assert macro[C] == Average(0.0, 0.0, 0.0, 1)
    assert (micro[f"concept set, {ALL}"], macro[ALL].n_documents) == (Counts(2.0, 5, 4), 3)
    assert macro[ALL].f1 == pytest.approx((2 / 3 + 0.4 + 0) / 3)


def test_sets_corpus_without_documents():
    assert dict(Evaluation().lines())[f"concept set, {ALL}"] == Counts()


# Pairs.


@pytest.mark.parametrize(
    ("gold", "predicted", "counts"),
    [
        ([], [], (0, 0, 0)),
        (["H:1"], ["H:1"], (0, 0, 0)),
        (["H:1", "H:1"], ["H:1", "H:1"], (0, 0, 0)),
        (["H:1", "H:2"], ["H:2", "H:1"], (1, 1, 1)),
        (["H:1", "H:2", "H:3"], ["H:1", "H:2"], (1, 1, 3)),
        (["H:1", "H:2"], ["H:1", "H:3"], (0, 1, 1)),
        (["H:1", "H:2", "H:1"], ["H:1", "H:2", "H:4"], (1, 3, 1)),
        (["H:1,H:2"], ["H:1", "H:2"], (1, 1, 1)),
        # Without a concept the folded text stands in.
        (["swollen feet", "H:1"], ["Swollen foot", "H:1"], (1, 1, 1)),
        (["H:2", "H:1"], ["something", "H:1"], (0, 1, 1)),
        # Alternatives.
        (["H:1|H:2", "H:3"], ["H:2", "H:3"], (1, 1, 1)),
        (["H:1|H:2", "H:3"], ["H:1", "H:2", "H:3"], (1, 3, 1)),
        (["H:1|H:2", "H:2"], ["H:1", "H:2"], (0, 1, 0)),
        (["H:1|H:2", "H:3|H:4"], ["H:1", "H:2", "H:3", "H:4"], (1, 6, 1)),
        # Two gold concepts that one prediction may be, beside one gold that two may be: crosswise,
        # both gold pairs find a pair of their own.
        (["H:1", "H:2", "H:3|H:4"], ["H:1|H:2", "H:3", "H:4"], (2, 3, 3)),
        # Twice the same tangle, in which two of three concepts find a partner: two pairs within
        # each, and across them six of nine.
        (
            ["H:1", "H:2", "H:3|H:4|H:5", "G:1", "G:2", "G:3|G:4|G:5"],
            ["H:1|H:2|H:3", "H:4", "H:5", "G:1|G:2|G:3", "G:4", "G:5"],
            (10, 15, 15),
        ),
    ],
)
def test_sets_pairs_by_hand(gold, predicted, counts):
    assert pairs_of(gold, predicted) == counts


def test_sets_pairs_by_window():
    # Sentences begin at 0, 10 and 20, the second section at 20.
    windows = Windows([0, 10, 20], [0, 20])
    gold = document((C, "M:1", 0), (S, "H:1", 5), (S, "H:2", 12), (C, "M:1", 20), (S, "H:1", 25))
    predicted = document((C, "M:1", 0), (S, "H:1", 9), (S, "H:2", 10), (S, "H:1", 25))
    assert cells(pair_counts(gold, predicted, windows)) == {
        "sentence": (1, 1, 2),
        "section": (3, 3, 4),
        "document": (3, 3, 3),
    }


def test_sets_pairs_mentions_before_the_first_window_belong_to_it():
    windows = Windows([3, 50], [3])
    two = document((S, "H:1", 0), (S, "H:2", 4))
    assert cells(pair_counts(two, two, windows))["sentence"] == (1, 1, 1)


def test_sets_pairs_negated_mentions_are_left_out():
    gold = negate(document((S, "H:1"), (S, "H:2"), (S, "H:3")), 2)
    predicted = document((S, "H:1"), (S, "H:2"), (S, "H:3"))
    assert cells(pair_counts(gold, predicted, ONE_WINDOW))["document"] == (1, 3, 1)


def test_sets_windows_are_found_in_the_text():
    text = "Flu\n\nFlu hurts. It is common.\n\nCause\n\nA virus is the cause of it all.\n"
    starts = [text.index(words) for words in ("Flu hurts", "It is", "Cause", "A virus")]
    windows = find_windows(text)
    assert set(starts) <= set(windows.sentences)
    assert windows.sections == [0, text.index("Cause")]
    gold = document((S, "H:1", 5), (S, "H:2", 18), (S, "H:3", len(text) - 3), text=text)
    counts = cells(pair_counts(gold, gold))
    assert counts == {"sentence": (0, 0, 0), "section": (1, 1, 1), "document": (3, 3, 3)}


def test_sets_windows_of_an_empty_text():
    assert find_windows("") == Windows([], [])
    empty = document(text="")
    assert cells(pair_counts(empty, empty)) == dict.fromkeys(SCOPES, (0, 0, 0))


def test_sets_windows_of_the_pipeline_and_of_the_text_are_the_same(seed_doc):
    windows = windows_of(seed_doc)
    assert find_windows(seed_doc.text) == windows
    assert len(windows.sentences) > len(windows.sections) > 5
    assert all(a < b for a, b in zip(windows.sentences, windows.sentences[1:], strict=False))
    predicted = from_doc(seed_doc, "seed")
    counts = pair_counts(predicted, predicted, windows)
    assert 0 < counts["sentence"].gold < counts["section"].gold < counts["document"].gold
    assert all(c.precision == c.recall == 1 for c in counts.values())


# Against a search of every pairing, and properties.


def distinct(concepts):
    found = []
    for concept in concepts:
        for other in [o for o in found if o & concept]:
            found.remove(other)
            concept = concept | other
        found.append(concept)
    return found


def most(gold, predicted, alike):
    """The largest pairing, by trying them all."""
    if len(gold) > len(predicted):
        gold, predicted = predicted, gold
    return max(
        sum(alike(one, other) for one, other in zip(gold, order, strict=True))
        for order in permutations(predicted, len(gold))
    )


def share_pair(one, other):
    (a, b), (c, d) = one, other
    return bool((a & c and b & d) or (a & d and b & c))


keys = st.lists(
    st.sets(st.integers(0, 6), min_size=1, max_size=3).map(
        lambda parts: "|".join(f"H:{part}" for part in sorted(parts))
    ),
    max_size=4,
)


@settings(max_examples=300, deadline=None)
@given(keys, keys)
def test_sets_count_as_many_as_any_pairing(gold, predicted):
    sides = [distinct([parse_concepts(k)[0] for k in side]) for side in (gold, predicted)]
    matched = most(*sides, lambda one, other: bool(one & other))
    assert concepts_of(gold, predicted) == (matched, len(sides[1]), len(sides[0]))
    pairs = [list(combinations(side, 2)) for side in sides]
    matched = most(*pairs, share_pair)
    assert pairs_of(gold, predicted) == (matched, len(pairs[1]), len(pairs[0]))


annotations = st.lists(
    st.tuples(
        st.sampled_from([C, S, B]),
        st.sampled_from(["H:1", "H:2", "H:1|H:3", "H:4,H:2", "H:5|H:3", "pain", "feet"]),
        st.integers(0, 60),
    ),
    max_size=12,
)


@settings(max_examples=100, deadline=None)
@given(annotations, annotations, st.randoms(use_true_random=False))
def test_sets_do_not_depend_on_the_order_of_mentions(gold, predicted, shuffler):
    windows = Windows([0, 10, 20, 40], [0, 20])
    one = document(*gold), document(*predicted)
    other = [document(*shuffler.sample(side, len(side))) for side in (gold, predicted)]
    assert concept_counts(*one) == concept_counts(*other)
    assert pair_counts(*one, windows) == pair_counts(*other, windows)


@settings(max_examples=100, deadline=None)
@given(annotations, annotations)
def test_sets_count_the_same_in_both_directions(gold, predicted):
    one, other = document(*gold), document(*predicted)
    there, back = concept_counts(one, other), concept_counts(other, one)
    assert {k: (c.correct, c.gold) for k, c in there.items()} == {
        k: (c.correct, c.predicted) for k, c in back.items()
    }
    for scope in SCOPES:
        forth = pair_counts(one, other, ONE_WINDOW)[scope]
        assert forth.correct == pair_counts(other, one, ONE_WINDOW)[scope].correct


@settings(max_examples=50, deadline=None)
@given(annotations)
def test_sets_gold_against_itself_is_perfect(gold):
    same = document(*gold)
    counts = [*concept_counts(same, same).values(), *pair_counts(same, same, ONE_WINDOW).values()]
    assert all(c.correct == c.predicted == c.gold for c in counts)
