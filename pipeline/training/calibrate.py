"""Turn the network's scores into shares of mentions that are right, and measure how well."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

# Mentions of a label in a bin; fewer make a share too uncertain to be of use.
_BIN = 40
_EDGES = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)

Judged = tuple[str, float, bool]
"""A mention's label, its score, and whether it was right."""
Calibration = list[tuple[str, list[float], list[float]]]
"""Of each label: scores, ascending, and the share that was right at each."""


def calibrate(judged: Iterable[Judged]) -> Calibration:
    """Isotonic calibration of each label (Zadrozny and Elkan 2002), on bins of equal size."""
    by_label: dict[str, list[tuple[float, bool]]] = {}
    for label, score, right in judged:
        by_label.setdefault(label, []).append((score, right))
    curves: Calibration = []
    for label, rows in sorted(by_label.items()):
        rows.sort()
        n_bins = max(len(rows) // _BIN, 1)
        bins = np.array_split(np.array(rows, dtype=np.float64), n_bins)
        scores = [float(part[:, 0].mean()) for part in bins]
        # Laplace's rule keeps a bin without an error from claiming certainty.
        shares = np.array([(part[:, 1].sum() + 1) / (len(part) + 2) for part in bins])
        rising = isotonic_regression(shares, weights=[len(part) for part in bins]).x
        curves.append((label, [round(s, 5) for s in scores], [round(float(r), 4) for r in rising]))
    return curves


@dataclass(frozen=True, slots=True)
class Reliability:
    """Mentions with scores from ``low`` to below ``high``: their mean score and share right."""

    low: float
    high: float
    n: int
    mean_score: float
    share_right: float


def reliability(judged: Iterable[Judged]) -> list[Reliability]:
    """Reliability table (DeGroot and Fienberg 1983) over fixed bins; empty bins are left out."""
    rows = np.array([(score, right) for _, score, right in judged], dtype=np.float64)
    table = []
    for low, high in zip(_EDGES, _EDGES[1:], strict=False):
        top = rows[:, 0] <= high if high == _EDGES[-1] else rows[:, 0] < high
        part = rows[(rows[:, 0] >= low) & top]
        if len(part):
            mean_score, share = part.mean(axis=0)
            table.append(Reliability(low, high, len(part), float(mean_score), float(share)))
    return table
