"""How much more often than by chance two concepts share a window.

``n`` windows, ``n_a`` of them with the one concept, ``n_b`` with the other, ``n_ab`` with both.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def expected_count(n_a: Floats, n_b: Floats, n: Floats) -> Floats:
    """Windows with both if the two were independent."""
    return n_a * n_b / n


def npmi(n_ab: Floats, n_a: Floats, n_b: Floats, n: Floats) -> Floats:
    """Normalised pointwise mutual information, from -1 to 1 (Bouma 2009).

    1 where two concepts only ever come together, also where they are in every window; -1 where
    they never do.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        pmi = np.log(n_ab * n / (n_a * n_b))
        value = pmi / -np.log(n_ab / n)
    bounded: Floats = np.select([n_ab == n, n_ab == 0], [1.0, -1.0], value)
    return bounded


def odds_ratio(n_ab: Floats, n_a: Floats, n_b: Floats, n: Floats) -> Floats:
    """Odds ratio of the two by two table, finite also where a cell is zero."""
    cells = _cells(n_ab, n_a, n_b, n)
    ratio: Floats = cells[0] * cells[3] / (cells[1] * cells[2])
    return ratio


def log_odds(n_ab: Floats, n_a: Floats, n_b: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Logarithm of the odds ratio and its standard error (Woolf 1955)."""
    cells = _cells(n_ab, n_a, n_b, n)
    return np.log(cells[0] * cells[3] / (cells[1] * cells[2])), np.sqrt((1 / cells).sum(axis=0))


def _cells(n_ab: Floats, n_a: Floats, n_b: Floats, n: Floats) -> Floats:
    """Cells of the two by two table, shape ``(4, n_pairs)``.

    Where one is zero, one half is added to all four (Haldane 1956, Anscombe 1956).
    """
    cells = np.stack([n_ab, n_a - n_ab, n_b - n_ab, n - n_a - n_b + n_ab])
    with_half: Floats = cells + 0.5 * (cells == 0).any(axis=0)
    return with_half


def fisher_p(n_ab: Floats, n_a: Floats, n_b: Floats, n: Floats) -> Floats:
    """One-sided Fisher exact p: chance of ``n_ab`` or more shared windows.

    The tail of the hypergeometric distribution on the far side of the mean is summed term by term,
    each from the one before; where ``n_ab`` is below the mean, that is the lower tail and p its
    complement. Equal to ``scipy.stats.hypergeom.sf``, whose import alone would take a fifth of a
    short run (0.5 s).
    """
    upper = n_ab > n_a * n_b / n
    p = np.empty_like(n_ab)
    p[upper] = _tail(n_ab[upper], n_a[upper], n_b[upper], n[upper], step=1)
    low = ~upper
    p[low] = 1.0 - _tail(n_ab[low] - 1, n_a[low], n_b[low], n[low], step=-1)
    return np.clip(p, 0.0, 1.0)


def _tail(k: Floats, n_a: Floats, n_b: Floats, n: Floats, step: int) -> Floats:
    """Sum of the hypergeometric probabilities of ``k``, ``k + step``, ``k + 2 step`` and so on."""
    total = _hypergeometric(k, n_a, n_b, n)
    term, place = total.copy(), k.copy()
    active = np.flatnonzero(term > 0)
    while len(active):
        a, b, m, x = n_a[active], n_b[active], n[active], place[active]
        with np.errstate(divide="ignore", invalid="ignore"):
            if step > 0:
                ratio = (a - x) * (b - x) / ((x + 1) * (m - a - b + x + 1))
            else:
                ratio = x * (m - a - b + x) / ((a - x + 1) * (b - x + 1))
        term[active] *= ratio
        total[active] += term[active]
        place[active] += step
        active = active[term[active] > total[active] * 1e-17]
    return total


def _hypergeometric(k: Floats, n_a: Floats, n_b: Floats, n: Floats) -> Floats:
    """Probability of exactly ``k`` shared windows; 0 where that is impossible."""
    possible = (k >= np.maximum(0, n_a + n_b - n)) & (k <= np.minimum(n_a, n_b))
    k = np.where(possible, k, np.maximum(0, n_a + n_b - n))
    log_p = _log_choose(n_a, k) + _log_choose(n - n_a, n_b - k) - _log_choose(n, n_b)
    return np.where(possible, np.exp(log_p), 0.0)


def _log_choose(n: Floats, k: Floats) -> Floats:
    from scipy.special import gammaln

    value: Floats = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return value


def benjamini_hochberg(p: Floats) -> Floats:
    """Adjusted p values that control the false discovery rate (Benjamini and Hochberg 1995)."""
    order = np.argsort(p, kind="stable")
    ranked = p[order] * len(p) / np.arange(1, len(p) + 1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return adjusted
