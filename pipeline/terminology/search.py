"""Names that are like a phrase: exact search over the vectors of all names that can be linked.

The vectors are those of :class:`pipeline.terminology.encoder.NameEncoder`, computed when the
terminology is compiled and memory-mapped after that. There are few enough (some 180,000) for every
one to be compared with a phrase, so nothing is approximate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.terminology.encoder import Floats, NameEncoder, Units
from pipeline.terminology.hashing import hash_unit
from pipeline.terminology.records import SCOPES, EntityType, Scope

# Names of a phrase that are looked at closely: those not much less like it than the nearest one.
_SLACK = 0.3
_POOL = 40
# Phrases compared at once, so that the similarities stay small (64 times 130,000 numbers).
_BATCH = 64
_ORDER: tuple[EntityType, ...] = ("SYMPTOM", "CONDITION", "BODY_PART")
# Types of names that a mention of a type is compared with, neighbours in that order. Of reviewed
# symptoms that no name fits as written, one in 60 is in MONDO only: not worth twice the time.
_SEARCHED: dict[EntityType, tuple[EntityType, ...]] = {
    "CONDITION": ("SYMPTOM", "CONDITION"),
    "SYMPTOM": ("SYMPTOM",),
    "BODY_PART": ("BODY_PART",),
}


class NearName(NamedTuple):
    """A name like a phrase: its concept's place, its folded words, scope and cosine similarity."""

    concept: int
    units: Units
    scope: Scope
    similarity: float


def search_arrays(
    names: Iterable[tuple[EntityType, Units, Scope, int]], encoder: NameEncoder
) -> dict[str, NDArray[Any]]:
    """Arrays of the search, from every name that can be linked.

    Parameters
    ----------
    names
        Type, folded name, scope, and place of the concept.
    """
    best: dict[tuple[int, Units, int], int] = {}
    for label, units, scope, concept in names:
        if units:
            key = _ORDER.index(label), units, concept
            best[key] = min(best.get(key, len(SCOPES)), SCOPES.index(scope))
    rows = sorted(best)
    texts = [" ".join(units).encode() for _, units, _ in rows]
    types = np.array([kind for kind, _, _ in rows], dtype=np.uint8)
    words, counts = _word_counts(units for _, units, _ in rows)
    return {
        "near_vectors": encoder.encode_units([units for _, units, _ in rows]),
        "near_bounds": np.searchsorted(types, np.arange(len(_ORDER) + 1)).astype(np.uint32),
        "near_concepts": np.array([concept for _, _, concept in rows], dtype=np.uint32),
        "near_scopes": np.array([best[row] for row in rows], dtype=np.uint8),
        "near_names": np.frombuffer(b"".join(texts), dtype=np.uint8),
        "near_names_offsets": np.cumsum([0, *map(len, texts)], dtype=np.uint32),
        "near_words": words,
        "near_weights": np.log((len(rows) + 1) / (counts + 1)).astype(np.float32),
    }


def _word_counts(names: Iterable[Units]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hashes of all words, sorted, and in how many names each is."""
    hashes = np.fromiter(
        (hash_unit(word) for units in names for word in set(units)), dtype=np.uint64
    )
    return np.unique(hashes, return_counts=True)


ARRAYS = (
    "near_vectors", "near_bounds", "near_concepts", "near_scopes", "near_names",
    "near_names_offsets", "near_words", "near_weights",
)  # fmt: skip


class NameSearch:
    """Find the names that are most like phrases.

    Parameters
    ----------
    arrays
        What :func:`search_arrays` gave, by name.
    """

    def __init__(self, arrays: dict[str, NDArray[Any]], encoder: NameEncoder) -> None:
        self._encoder = encoder
        self._vectors: Floats = arrays["near_vectors"]
        bounds = arrays["near_bounds"].tolist()
        self._slices = {
            label: slice(bounds[_ORDER.index(parts[0])], bounds[_ORDER.index(parts[-1]) + 1])
            for label, parts in _SEARCHED.items()
        }
        self._concepts = arrays["near_concepts"]
        self._scopes = arrays["near_scopes"]
        self._names = arrays["near_names"]
        self._offsets = arrays["near_names_offsets"]
        self._words = arrays["near_words"]
        self._weights = arrays["near_weights"]
        self._rarest = float(self._weights.max(initial=1.0))
        self._cache: dict[str, float] = {}

    @classmethod
    def open(cls, folder: Path, encoder: NameEncoder) -> NameSearch:
        """Memory-map the arrays of a compiled terminology."""
        arrays = {
            name: np.load(folder / f"{name}.npy", mmap_mode="r").view(np.ndarray) for name in ARRAYS
        }
        return cls(arrays, encoder)

    def nearest(self, phrases: Sequence[Units], label: EntityType) -> list[list[NearName]]:
        """Names like each folded phrase that a mention of a type can have, the nearest first."""
        place = self._slices[label]
        vectors = self._encoder.encode_units(phrases)
        found: list[list[NearName]] = []
        # In one product for many phrases: reading the vectors takes longer than multiplying them.
        for start in range(0, len(phrases), _BATCH):
            batch = vectors[start : start + _BATCH]
            similarities = batch @ self._vectors[place].T
            rows = zip(batch, similarities, strict=True)
            found += [self._top(vector, row, place.start) for vector, row in rows]
        return found

    def _top(self, vector: Floats, similarities: Floats, start: int) -> list[NearName]:
        if not len(similarities):
            return []
        near = np.flatnonzero(similarities >= similarities.max() - _SLACK)
        if len(near) > _POOL:
            near = near[np.argpartition(-similarities[near], _POOL)[:_POOL]]
        # Worked out once more by itself: in a product for many, the last digits depend on how many.
        exact = np.round((self._vectors[near + start] * vector).sum(axis=1), 5)
        order = np.lexsort((near, -exact))
        return [self._near(start + int(near[n]), float(exact[n])) for n in order]

    def _near(self, row: int, similarity: float) -> NearName:
        text = bytes(self._names[int(self._offsets[row]) : int(self._offsets[row + 1])])
        return NearName(
            int(self._concepts[row]),
            tuple(text.decode().split(" ")),
            SCOPES[int(self._scopes[row])],
            similarity,
        )

    def weight(self, word: str) -> float:
        """How much a folded word tells: the logarithm of names over names with it."""
        known = self._cache.get(word)
        if known is None:
            value = np.uint64(hash_unit(word))
            place = int(np.searchsorted(self._words, value))
            found = place < len(self._words) and self._words[place] == value
            known = float(self._weights[place]) if found else self._rarest
            self._cache[word] = known
        return known
