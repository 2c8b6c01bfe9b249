"""How probable it is that two mentions are related.

Of each type of relation a model of two layers: a logistic regression over the words in and around a
pair, whose verdict is a feature among those of :mod:`pipeline.components.pairs` for an ensemble of
gradient-boosted trees (Friedman 2001, Ann Stat 29:1189). The words of a pair lie in stretches of
text, so the sums over them are differences of running sums. :mod:`pipeline.training.relating` fits
the model; what is stored are plain arrays.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from pipeline.components.pairs import N_WORDS, PAIRED, REGIONS, Floats, Ints, Pairs, Reading
from pipeline.records import RELATION_TYPES

_SHIPPED = resources.files("pipeline.data") / "relations" / "model.npz"


def word_rows(reading: Reading) -> tuple[Ints, Ints]:
    """Row of each token's word, and of each token together with the one before it."""
    words = reading.words
    before = np.concatenate([[0], words[:-1]]) if len(words) else words
    return words, (before * 31 + words) % N_WORDS


@dataclass(slots=True)
class TypeModel:
    """The model of one type of relation.

    Attributes
    ----------
    words
        Weight of each word in each region, shape ``(len(REGIONS), N_WORDS)``.
    intercept
        Of the words' logistic regression.
    columns, borders
        Of each inner node of each tree the feature and the border, up to which a pair goes left;
        trees are complete, children of node ``i`` are ``2i + 1`` and ``2i + 2``. Shape
        ``(n_trees, 2 ** depth - 1)``.
    leaves
        What each leaf adds to the log-odds, shape ``(n_trees, 2 ** depth)``.
    start
        Log-odds before the first tree.
    threshold
        Least probability of a pair that is told.
    n_features
        What it was fitted on: features of a pair and the words' verdict.
    """

    words: NDArray[np.float16]
    intercept: float
    columns: NDArray[np.int16]
    borders: NDArray[np.float32]
    leaves: NDArray[np.float32]
    start: float
    threshold: float
    n_features: int

    def word_scores(self, reading: Reading, pairs: Pairs) -> Floats:
        """Log-odds of each pair by its words alone."""
        single, double = word_rows(reading)
        total = np.full(len(pairs), self.intercept)
        for region in range(len(REGIONS)):
            rows = double if region == PAIRED else single
            sums = np.concatenate([[0.0], np.cumsum(self.words[region][rows], dtype=np.float64)])
            total += sums[pairs.regions[:, region, 1]] - sums[pairs.regions[:, region, 0]]
        return total.astype(np.float32)

    def probabilities(self, reading: Reading, pairs: Pairs) -> NDArray[np.float64]:
        """Probability of each pair, shape ``(n,)``."""
        if not len(pairs):
            return np.zeros(0)
        scores = self.word_scores(reading, pairs)
        return self.from_features(np.column_stack([pairs.features, scores]))

    def from_features(self, features: Floats) -> NDArray[np.float64]:
        """Probability of each row of features, the words' verdict the last of them."""
        if features.shape[1] != self.n_features:
            raise ValueError(
                f"the relation model knows {self.n_features} features, not {features.shape[1]}; "
                "fit it again (benchmarks/relations.py)"
            )
        n_trees, n_inner = self.columns.shape
        trees = np.arange(n_trees)
        rows = np.arange(len(features))[:, None]
        node = np.zeros((len(features), n_trees), dtype=np.int64)
        for _ in range(int(np.log2(n_inner + 1))):
            values = features[rows, self.columns[trees, node]]
            node = 2 * node + 1 + (values > self.borders[trees, node])
        odds = self.start + self.leaves[trees, node - n_inner].sum(axis=1, dtype=np.float64)
        shares: NDArray[np.float64] = 1 / (1 + np.exp(-odds))
        return shares


def _names() -> list[str]:
    return [f"{kind}.{f.name}" for kind in RELATION_TYPES for f in fields(TypeModel)]


@dataclass(slots=True)
class RelationModel:
    """The models of all types of relations."""

    types: dict[str, TypeModel]

    @classmethod
    def from_bytes(cls, data: bytes) -> RelationModel:
        """Read what :meth:`to_bytes` gave.

        Raises
        ------
        ValueError
            If it is something else.
        """
        with np.load(BytesIO(data), allow_pickle=False) as arrays:
            missing = [name for name in _names() if name not in arrays]
            if missing:
                raise ValueError(f"not a relation model: {missing[0]} is missing")
            types = {}
            for kind in RELATION_TYPES:
                read = {f.name: arrays[f"{kind}.{f.name}"] for f in fields(TypeModel)}
                plain = {
                    name: value if value.ndim else value.item() for name, value in read.items()
                }
                types[kind] = TypeModel(**plain)
        return cls(types)

    def to_bytes(self) -> bytes:
        """All arrays as one ``.npz``."""
        buffer = BytesIO()
        arrays = {
            f"{kind}.{f.name}": np.asarray(getattr(self.types[kind], f.name))
            for kind in RELATION_TYPES
            for f in fields(TypeModel)
        }
        np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
        return buffer.getvalue()


@cache
def load_relation_model() -> RelationModel:
    """The model that is shipped."""
    return RelationModel.from_bytes(_SHIPPED.read_bytes())
