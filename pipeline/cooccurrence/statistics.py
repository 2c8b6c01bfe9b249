"""How much more often than by chance two concepts share a window.

``n`` windows, ``n_a`` of them with the one concept, ``n_b`` with the other, ``n_ab`` with both.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.tables.schema import COOCCURRENCES

Floats = NDArray[np.float64]


def expected_count(n_a: Floats, n_b: Floats, n: Floats) -> Floats:
    """Windows with both if the two were independent."""
    return n_a * n_b / n


def npmi(n_ab: Floats, n_a: Floats, n_b: Floats, n: Floats) -> Floats:
    """Normalised pointwise mutual information, from -1 to 1 (Bouma 2009).

    1 where two concepts only ever come together, also where they are in every window.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        pmi = np.log(n_ab * n / (n_a * n_b))
        value = pmi / -np.log(n_ab / n)
    return np.where(n_ab == n, 1.0, value)


def odds_ratio(n_ab: Floats, n_a: Floats, n_b: Floats, n: Floats) -> Floats:
    """Odds ratio of the two by two table.

    Where a cell is zero, one half is added to all four (Haldane 1956, Anscombe 1956), so that the
    ratio is always finite.
    """
    cells = np.stack([n_ab, n_a - n_ab, n_b - n_ab, n - n_a - n_b + n_ab])
    cells = cells + 0.5 * (cells == 0).any(axis=0)
    return cells[0] * cells[3] / (cells[1] * cells[2])


def fisher_p(n_ab: Floats, n_a: Floats, n_b: Floats, n: Floats) -> Floats:
    """One-sided Fisher exact p: chance of ``n_ab`` or more shared windows."""
    from scipy.stats import hypergeom

    p: Floats = hypergeom.sf(n_ab - 1, n, n_a, n_b)
    return np.clip(p, 0.0, 1.0)


def benjamini_hochberg(p: Floats) -> Floats:
    """Adjusted p values that control the false discovery rate (Benjamini and Hochberg 1995)."""
    from scipy.stats import false_discovery_control

    q: Floats = false_discovery_control(p, method="bh")
    return q


def add_statistics(pairs: pa.Table) -> pa.Table:
    """Complete counted pairs to the co-occurrence table.

    ``q_value`` is adjusted among the pairs of the same scope and types.
    """
    if not pairs.num_rows:
        return COOCCURRENCES.empty_table()
    n_ab, n_a, n_b, n = (_floats(pairs, name) for name in ("n_ab", "n_a", "n_b", "n"))
    expected = expected_count(n_a, n_b, n)
    p = fisher_p(n_ab, n_a, n_b, n)
    q = np.empty_like(p)
    family = np.array(["|".join(k) for k in zip(*(pairs[c].to_pylist() for c in ("scope", "a_type", "b_type")), strict=True)])
    for name in np.unique(family):
        q[family == name] = benjamini_hochberg(p[family == name])
    columns: dict[str, Any] = {name: pairs[name] for name in pairs.column_names}
    columns |= {
        "expected": expected,
        "enrichment": n_ab / expected,
        "npmi": npmi(n_ab, n_a, n_b, n),
        "odds_ratio": odds_ratio(n_ab, n_a, n_b, n),
        "p_value": p,
        "q_value": q,
    }
    return pa.table({f.name: columns[f.name] for f in COOCCURRENCES}).cast(COOCCURRENCES)


def _floats(table: pa.Table, name: str) -> Floats:
    return table[name].to_numpy().astype(np.float64)
