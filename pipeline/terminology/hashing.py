"""64-bit hashes of units and of n-grams of units, alike in Python and in numpy.

An n-gram's hash is rolled from its units' hashes, so that all n-grams of a text are hashed with n
vector operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

UInt64Array = NDArray[np.uint64]
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio (Knuth 1973, 6.4)
_MASK = (1 << 64) - 1


def hash_unit(unit: str) -> int:
    """Hash of one folded unit, never 0."""
    return int.from_bytes(blake2b(unit.encode(), digest_size=8).digest(), "little") or 1


def hash_acronym(form: str) -> int:
    """Hash of an acronym as written; apart from the hash of any folded unit."""
    return hash_unit("\0" + form)


def hash_linked(label: str, units: Sequence[str]) -> int:
    """Hash of a folded phrase that is only linked, as a mention of a type; no text holds it."""
    return hash_ngram([hash_unit("\0\0" + label), *map(hash_unit, units)])


def hash_ngram(unit_hashes: Sequence[int]) -> int:
    """Hash of an n-gram, given the hashes of its units in order."""
    value = unit_hashes[0]
    for unit in unit_hashes[1:]:
        value = ((value * int(_MULTIPLIER)) ^ unit) & _MASK
    return value


def extend_ngrams(grams: UInt64Array, next_units: UInt64Array) -> UInt64Array:
    """Hashes of n-grams one unit longer.

    Parameters
    ----------
    grams
        Hashes of n-grams, shape ``(k,)``.
    next_units
        Hash of the unit that follows each, shape ``(k,)``.
    """
    return (grams * _MULTIPLIER) ^ next_units
