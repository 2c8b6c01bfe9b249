"""Vectors of names: two names of one concept come to lie near each other.

A name's vector is the weighted sum of learned vectors of its words, of its words' character
3-grams and 4-grams, and of its pairs of neighbouring words (hash embeddings of subwords;
Bojanowski et al. 2017), scaled to length 1. They are fitted so that synonyms are nearer to each
other than to names of other concepts (:mod:`pipeline.training.linking`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib import resources
from io import BytesIO
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from pipeline.terminology.normalise import normalise

Floats = NDArray[np.float32]
Units = tuple[str, ...]

_GRAMS = (3, 4)
_PAIR_WEIGHT = 0.7
_EPSILON = 1e-6
_SHIPPED = resources.files("pipeline.data") / "linker" / "encoder.npz"


class NameEncoder:
    """Encode names.

    Parameters
    ----------
    table
        Learned vectors, shape ``(n_rows, width)``; a feature's row is its hash.
    """

    def __init__(self, table: Floats) -> None:
        self.table = table

    @classmethod
    def from_bytes(cls, data: bytes) -> NameEncoder:
        """Read what :meth:`to_disk` wrote."""
        with np.load(BytesIO(data), allow_pickle=False) as stored:
            table = stored["table"].astype(np.float32) * stored["scales"][:, None]
        return cls(table.astype(np.float32))

    def to_disk(self, path: Path) -> None:
        """Write the table, a byte a number: each row's largest is 127."""
        scales = np.abs(self.table).max(axis=1) / 127
        table = np.round(self.table / np.maximum(scales, _EPSILON)[:, None]).astype(np.int8)
        np.savez_compressed(path, table=table, scales=scales.astype(np.float32))

    @property
    def width(self) -> int:
        """Size of a vector."""
        return int(self.table.shape[1])

    def encode(self, names: Sequence[str]) -> Floats:
        """Vectors of names as written, shape ``(len(names), width)``."""
        return self.encode_units([normalise(name) for name in names])

    def encode_units(self, names: Sequence[Units]) -> Floats:
        """Vectors of folded names; a name without words has the zero vector."""
        if not len(names):
            return np.zeros((0, self.width), dtype=np.float32)
        sums = feature_matrix(names, len(self.table)) @ self.table
        lengths = np.sqrt((sums * sums).sum(axis=1, keepdims=True))
        vectors: Floats = (sums / (lengths + _EPSILON)).astype(np.float32)
        return vectors


@cache
def load_encoder() -> NameEncoder:
    """The encoder that is shipped."""
    return NameEncoder.from_bytes(_SHIPPED.read_bytes())


@cache
def encoder_digest() -> str:
    """Hex SHA-256 of the encoder that is shipped."""
    return hashlib.sha256(_SHIPPED.read_bytes()).hexdigest()


def feature_matrix(names: Sequence[Units], n_rows: int) -> Any:
    """Weights of folded names' features, a sparse matrix of shape ``(len(names), n_rows)``."""
    # Imported here: only linking by likeness needs SciPy.
    from scipy.sparse import csr_matrix

    rows: list[int] = []
    weights: list[float] = []
    ends = [0]
    for units in names:
        for word in units:
            word_rows, word_weights = _word_features(word)
            rows += word_rows
            weights += word_weights
        for first, second in zip(units, units[1:], strict=False):
            rows.append(crc32(f"={first} {second}".encode()))
            weights.append(_PAIR_WEIGHT)
        ends.append(len(rows))
    columns = (np.array(rows, dtype=np.int64) % n_rows).astype(np.int32)
    return csr_matrix(
        (np.array(weights, dtype=np.float32), columns, np.array(ends, dtype=np.int32)),
        shape=(len(names), n_rows),
    )


@lru_cache(maxsize=1 << 16)
def _word_features(word: str) -> tuple[list[int], list[float]]:
    """Hashes and weights of a word's features."""
    padded = f" {word} "
    grams = [padded[i : i + n] for n in _GRAMS for i in range(len(padded) - n + 1)]
    share = 1.0 / max(len(grams), 1) ** 0.5
    rows = [crc32(f"={word}".encode()), *(crc32(f"~{gram}".encode()) for gram in grams)]
    return rows, [1.0] + [share] * len(grams)
