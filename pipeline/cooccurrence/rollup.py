"""Pairs at the levels above their concepts, along ``is_a`` and ``part_of``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.cooccurrence.counts import Counted, count_pairs
from pipeline.cooccurrence.table import best_levels
from pipeline.terminology.index import TermIndex

# Further up are classes that tell nothing ("disease by body system").
_STEPS = 3


def count_rolled_up(
    folder: Path,
    kinds: NDArray[np.int64],
    min_count: int,
    concepts: pa.Table,
    index: TermIndex,
) -> Counted:
    """Count pairs with every mention counted for what is up to three steps above its concept too.

    Of the levels of a pair only the most informative are left, see
    :func:`pipeline.cooccurrence.table.best_levels`.

    Parameters
    ----------
    concepts
        Those of the mentions, from :func:`pipeline.cooccurrence.counts.count_pairs`.
    """
    named = sorted(c for c in set(concepts["concept_id"].to_pylist()) if c in index)
    steps = list(index.above(named, _STEPS))
    above = pa.table(
        {
            "concept_id": pa.array([curie for curie, _, _ in steps], pa.string()),
            "above_id": pa.array([other for _, other, _ in steps], pa.string()),
            "above_label": pa.array([index.label(other) for _, other, _ in steps], pa.string()),
        }
    )
    everything = sorted({*named, *(other for _, other, _ in steps)})
    parents = list(index.above(everything, 1))
    table = pa.table(
        {
            "concept_id": pa.array([curie for curie, _, _ in parents], pa.string()),
            "parent_id": pa.array([other for _, other, _ in parents], pa.string()),
        }
    )
    return best_levels(count_pairs(folder, kinds, min_count, above), table)
