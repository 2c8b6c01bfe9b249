"""Bootstrap intervals and the paired test: degenerate cases, known answers, properties."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.evaluation.scores import Counts
from pipeline.evaluation.statistics import (
    Average,
    Comparison,
    bootstrap_interval,
    macro_average,
    paired_bootstrap,
)

WRONG, RIGHT, NOTHING = Counts(0, 5, 5), Counts(5, 5, 5), Counts(0, 0, 0)


def micro(counts):
    total = Counts()
    for part in counts:
        total += part
    return total.f1


documents = st.lists(
    st.tuples(st.integers(0, 10), st.integers(0, 5), st.integers(0, 5)).map(
        lambda n: Counts(float(n[0]), n[0] + n[1], n[0] + n[2])
    ),
    min_size=1,
    max_size=12,
)


# Macro averages.


def test_macro_average_by_hand():
    counts = [Counts(3, 4, 6), Counts(1, 1, 2), Counts(0, 3, 0)]
    found = macro_average(counts)
    wanted = (0.75 + 1 + 0) / 3, (0.5 + 0.5 + 0) / 3, (0.6 + 2 / 3 + 0) / 3
    assert (found.precision, found.recall, found.f1) == pytest.approx(wanted)
    assert found.n_documents == 3


def test_macro_average_leaves_out_documents_with_nothing_in_them():
    assert macro_average([RIGHT, NOTHING, WRONG]) == Average(0.5, 0.5, 0.5, 2)


@pytest.mark.parametrize("counts", [[], [NOTHING, NOTHING]])
def test_macro_average_of_nothing(counts):
    assert macro_average(counts) == Average(0.0, 0.0, 0.0, 0)


# The interval.


@pytest.mark.parametrize(
    ("counts", "interval"),
    [
        ([], (0, 0)),
        ([NOTHING] * 3, (0, 0)),
        ([WRONG] * 3, (0, 0)),
        ([RIGHT] * 3, (1, 1)),
        ([Counts(3, 4, 6)], (0.6, 0.6)),
        ([Counts(3, 4, 6)] * 9, (0.6, 0.6)),
        ([Counts(0.5, 1, 1), Counts(1, 2, 2)], (0.5, 0.5)),
    ],
)
def test_interval_without_spread_is_the_score(counts, interval):
    assert bootstrap_interval(counts) == pytest.approx(interval)


def test_interval_of_two_documents_by_hand():
    # Drawn twice out of two: both wrong (1/4), one of each (1/2), both right (1/4).
    counts = [WRONG, RIGHT]
    assert bootstrap_interval(counts, level=0.95) == (0.0, 1.0)
    assert bootstrap_interval(counts, level=0.4) == (0.5, 0.5)


def test_interval_of_three_documents_is_that_of_all_27_resamples():
    counts = [Counts(1, 2, 3), Counts(5, 6, 9), Counts(2, 9, 4)]
    exact = np.quantile([micro(drawn) for drawn in product(counts, repeat=3)], [0.1, 0.9])
    assert bootstrap_interval(counts, level=0.8, resamples=20_000) == pytest.approx(exact)


def test_interval_agrees_with_the_normal_one_on_many_documents():
    # One item a document: F1 is a mean, whose standard error is known.
    counts = [Counts(float(n % 5 > 0), 1, 1) for n in range(1000)]
    low, high = bootstrap_interval(counts, resamples=5000)
    half = 1.96 * (0.8 * 0.2 / 1000) ** 0.5
    assert (low, high) == pytest.approx((0.8 - half, 0.8 + half), abs=0.002)


@settings(max_examples=50, deadline=None)
@given(documents)
def test_interval_holds_the_score(counts):
    low, high = bootstrap_interval(counts)
    assert 0 <= low <= micro(counts) + 1e-12
    assert micro(counts) - 1e-12 <= high <= 1


@settings(max_examples=50, deadline=None)
@given(documents, st.randoms(use_true_random=False))
def test_interval_does_not_depend_on_the_order(counts, shuffler):
    shuffled = shuffler.sample(counts, len(counts))
    assert bootstrap_interval(shuffled, resamples=50) == bootstrap_interval(counts, resamples=50)


def test_interval_depends_on_the_seed_alone():
    counts = [Counts(float(n % 7), 7, 7) for n in range(40)]
    assert bootstrap_interval(counts, seed=1) == bootstrap_interval(counts, seed=1)
    assert bootstrap_interval(counts, seed=1) != bootstrap_interval(counts, seed=2)


def test_interval_widens_with_the_level_and_narrows_with_the_documents():
    def width(counts, level):
        low, high = bootstrap_interval(counts, level)
        return high - low

    few = [Counts(float(n % 7), 7, 7) for n in range(28)]
    assert width(few * 9, 0.95) < width(few, 0.8) < width(few, 0.95) < width(few, 0.99)


@pytest.mark.parametrize("level", [0, 1, 95, -0.5])
def test_interval_of_an_impossible_level(level):
    with pytest.raises(ValueError, match="level"):
        bootstrap_interval([RIGHT], level)


@pytest.mark.parametrize("resamples", [0, -1])
def test_interval_without_resamples(resamples):
    with pytest.raises(ValueError, match="resamples"):
        bootstrap_interval([RIGHT], resamples=resamples)


def test_interval_of_more_documents_than_one_batch_draws():
    counts = [Counts(1, 2, 2)] * 300_000
    assert bootstrap_interval(counts, resamples=7) == (0.5, 0.5)


# The comparison.


@settings(max_examples=50, deadline=None)
@given(documents)
def test_comparison_of_a_system_with_itself(counts):
    assert paired_bootstrap(counts, counts, resamples=100) == Comparison(0, 0, 0, 1)


def test_comparison_of_no_documents():
    assert paired_bootstrap([], []) == Comparison(0, 0, 0, 1)


def test_comparison_needs_the_same_documents():
    with pytest.raises(ValueError, match="not of 2 and 1"):
        paired_bootstrap([RIGHT, WRONG], [RIGHT])


def test_comparison_of_a_constant_difference():
    # In every resample the first is 0.4 better: none is further off than the observed difference.
    a, b = [Counts(4, 5, 5)] * 8, [Counts(2, 5, 5)] * 8
    found = paired_bootstrap(a, b, resamples=999)
    assert (found.difference, found.low, found.high) == pytest.approx((0.4, 0.4, 0.4))
    assert found.p_value == 1 / 1000


def test_comparison_by_hand():
    # Only the first document differs; it is drawn 0, 1 or 2 times (1/4, 1/2, 1/4): the difference
    # is 0, 0.5 or 1, as far from the observed 0.5 as that is from 0 in half of the resamples.
    found = paired_bootstrap([RIGHT, RIGHT], [WRONG, RIGHT], resamples=20_000)
    assert (found.difference, found.low, found.high) == (0.5, 0.0, 1.0)
    assert found.p_value == pytest.approx(0.5, abs=0.02)


def test_comparison_finds_a_difference_only_where_there_is_one():
    generator = np.random.default_rng(3)
    quality = generator.binomial(20, 0.6, 200)
    a = [Counts(float(n), 20, 20) for n in quality]
    noise = [Counts(float(n), 20, 20) for n in generator.permutation(quality)]
    worse = [Counts(max(c.correct - n % 2, 0.0), 20, 20) for n, c in enumerate(a)]
    assert paired_bootstrap(a, noise, resamples=2000).p_value == 1
    found = paired_bootstrap(a, worse, resamples=2000)
    assert found.p_value < 0.01
    assert 0 < found.low < found.difference < found.high


pairs = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9)).map(
        lambda n: (Counts(float(n[0]), 9, 10), Counts(float(n[1]), 9, 10))
    ),
    min_size=1,
    max_size=10,
)


@settings(max_examples=50, deadline=None)
@given(pairs, st.randoms(use_true_random=False))
def test_comparison_does_not_depend_on_the_order(systems, shuffler):
    one = paired_bootstrap(*zip(*systems, strict=True), resamples=50)
    shuffled = shuffler.sample(systems, len(systems))
    assert paired_bootstrap(*zip(*shuffled, strict=True), resamples=50) == one


@settings(max_examples=20, deadline=None)
@given(pairs)
def test_comparison_the_other_way_round_is_its_mirror(systems):
    a, b = zip(*systems, strict=True)
    one, other = paired_bootstrap(a, b), paired_bootstrap(b, a)
    assert other.difference == pytest.approx(-one.difference)
    assert other.p_value == pytest.approx(one.p_value, abs=0.05)
    assert 0 < one.p_value <= 1
    assert one.low - 1e-12 <= one.difference <= one.high + 1e-12
