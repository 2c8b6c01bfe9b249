"""How sure a score is, and whether two systems differ: the bootstrap over documents.

Documents, not mentions, are drawn with replacement, because the mentions of one document depend on
each other. Everything is computed from the counts of each document (correct, predicted, gold).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.scores import Counts

# Of one batch of resamples: documents drawn, so that memory does not grow with the resamples.
_DRAWS_AT_ONCE = 1_000_000
# Differences of F1 below this are rounding, not differences.
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Average:
    """Means of the precision, recall and F1 of single documents (macro average)."""

    precision: float
    recall: float
    f1: float
    n_documents: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two systems on the same documents.

    Attributes
    ----------
    difference
        Micro F1 of the first less that of the second, in [-1, 1].
    low, high
        95% percentile interval of the difference.
    p_value
        Two-sided, in (0, 1].
    """

    difference: float
    low: float
    high: float
    p_value: float


def macro_average(counts: Sequence[Counts]) -> Average:
    """Mean scores of documents, each with the same weight.

    Documents in which there was nothing to find and nothing was found say nothing, and are left
    out; where none remains, all means are 0.
    """
    told = [c for c in counts if c.predicted or c.gold]
    if not told:
        return Average(0.0, 0.0, 0.0, 0)
    scores = np.array([(c.precision, c.recall, c.f1) for c in told])
    precision, recall, f1 = scores.mean(axis=0).tolist()
    return Average(precision, recall, f1, len(told))


def bootstrap_interval(
    counts: Sequence[Counts], level: float = 0.95, resamples: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap interval of the micro F1 (Efron and Tibshirani 1993, chapter 13).

    Parameters
    ----------
    counts
        One a document. Their order does not matter.
    level
        Share of the resamples inside the interval, in (0, 1).

    Returns
    -------
    tuple[float, float]
        Lower and upper end; both 0 where there are no documents.

    Raises
    ------
    ValueError
        If ``level`` is not in (0, 1) or ``resamples`` is not positive.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    if not counts:
        return 0.0, 0.0
    sums = _resampled_sums(_table(counts), resamples, seed)
    return _percentiles(_f1(sums), level)


def paired_bootstrap(
    a: Sequence[Counts], b: Sequence[Counts], resamples: int = 10_000, seed: int = 0
) -> Comparison:
    """Compare the micro F1 of two systems (Berg-Kirkpatrick, Burkett and Klein 2012).

    Both are scored on the same resampled documents. If they were equally good, differences would
    spread around 0 as they do around the observed one; the p-value is the share of resamples that
    lie at least as far from the observed difference as that lies from 0, on either side. The
    observed sample counts as one of them, so that no p-value is 0 (Davison and Hinkley 1997).

    Parameters
    ----------
    a, b
        Counts of the same documents in the same order; which order does not matter.

    Returns
    -------
    Comparison
        Difference 0 and p-value 1 where there are no documents.

    Raises
    ------
    ValueError
        If there is not one of ``b`` for each of ``a``, or ``resamples`` is not positive.
    """
    if len(a) != len(b):
        raise ValueError(f"counts of the same documents are needed, not of {len(a)} and {len(b)}")
    if not a:
        return Comparison(0.0, 0.0, 0.0, 1.0)
    table = np.hstack([_table(a), _table(b)])
    observed = float(_difference(table.sum(axis=0, keepdims=True))[0])
    differences = _difference(_resampled_sums(table, resamples, seed))
    extreme = np.abs(differences - observed) >= abs(observed) - _ROUNDING
    p_value = (1 + int(extreme.sum())) / (resamples + 1)
    return Comparison(observed, *_percentiles(differences, 0.95), p_value)


def _table(counts: Sequence[Counts]) -> NDArray[np.float64]:
    """Correct, predicted and gold, shape ``(n_documents, 3)``."""
    return np.array([(c.correct, c.predicted, c.gold) for c in counts], dtype=np.float64)


def _resampled_sums(table: NDArray[np.float64], resamples: int, seed: int) -> NDArray[np.float64]:
    """Column sums of resampled rows, shape ``(resamples, n_columns)``."""
    if resamples < 1:
        raise ValueError(f"resamples must be positive, not {resamples}")
    # Sorted, so that the same documents in another order give the same resamples.
    table = table[np.lexsort(table.T)]
    if resamples * len(table) <= _DRAWS_AT_ONCE:
        return _draws(len(table), resamples, seed) @ table
    generator = np.random.default_rng(seed)
    parts = [_draw(generator, len(table), size) @ table for size in _batches(resamples, len(table))]
    return np.concatenate(parts)


@lru_cache(maxsize=2)
def _draws(n_documents: int, resamples: int, seed: int) -> NDArray[np.float64]:
    """Times each document is drawn in each resample; kept, as all scores are resampled alike."""
    return _draw(np.random.default_rng(seed), n_documents, resamples)


def _draw(generator: np.random.Generator, n_documents: int, resamples: int) -> NDArray[np.float64]:
    shares = np.full(n_documents, 1 / n_documents)
    # Floats, so that the product with the table is one fast call.
    return generator.multinomial(n_documents, shares, size=resamples).astype(np.float64)


def _batches(resamples: int, n_documents: int) -> Iterator[int]:
    size = max(_DRAWS_AT_ONCE // n_documents, 1)
    for start in range(0, resamples, size):
        yield min(size, resamples - start)


def _f1(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """F1 from columns correct, predicted, gold; 0 where nothing was predicted or is gold."""
    total = sums[:, 1] + sums[:, 2]
    scores: NDArray[np.float64] = 2 * sums[:, 0] / np.where(total > 0, total, 1)
    return scores


def _difference(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    return _f1(sums[:, :3]) - _f1(sums[:, 3:])


def _percentiles(values: NDArray[np.float64], level: float) -> tuple[float, float]:
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2]).tolist()
    return low, high
