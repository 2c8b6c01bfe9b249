"""How probable it is that a name like a phrase stands for the same concept.

A logistic choice model (McFadden 1974): every concept whose names are like the phrase, and "none of
these", has a score that is linear in a few features; their exponentials, scaled to a sum of 1, are
the probabilities. :mod:`pipeline.training.linking` fits the weights.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.terminology.encoder import Units
from pipeline.terminology.records import EntityType
from pipeline.terminology.search import NearName

_SHIPPED = resources.files("pipeline.data") / "linker" / "ranking.json"
# What a mention of a type is linked to only where its own ontology has nothing (scheme, 5).
FOREIGN = {"CONDITION": "HP:", "SYMPTOM": "MONDO:", "BODY_PART": "-"}
_LOOSE = frozenset(("RELATED", "BROAD", "NARROW"))
_MAX_CONCEPTS = 20
_TOP = 4
_MAX_EXTRA = 3

FEATURES = (
    "similarity", "similarity^4", "similarity of the label", "mean similarity", "names in reach",
    "share of the phrase in the name", "share of the name in the phrase", "same words",
    "own ontology", "same last word", "words more", "words less", "loose synonym",
)  # fmt: skip
NONE_FEATURES = ("none", "one word", "highest similarity", "more than four words")

Weigh = Callable[[str], float]
Describe = Callable[[int], tuple[str, str]]
"""CURIE and label of a concept by its place."""


class Ranked(NamedTuple):
    """A concept that a phrase may stand for, and the nearest of its names."""

    curie: str
    label: str
    name: NearName
    probability: float


class Ranking:
    """Rank the concepts of names that are like a phrase.

    Parameters
    ----------
    weights
        Of :data:`FEATURES`, then of :data:`NONE_FEATURES`.
    """

    def __init__(self, weights: Sequence[float]) -> None:
        if len(weights) != len(FEATURES) + len(NONE_FEATURES):
            raise ValueError(f"give {len(FEATURES) + len(NONE_FEATURES)} weights")
        self._weights = np.array(weights[: len(FEATURES)])
        self._none_weights = np.array(weights[len(FEATURES) :])

    def __call__(
        self,
        units: Units,
        label: EntityType,
        near: Sequence[NearName],
        weigh: Weigh,
        describe: Describe,
    ) -> list[Ranked]:
        """Concepts of the names, the most probable first.

        Parameters
        ----------
        units
            The folded phrase.
        near
            Names like it, the nearest first.
        weigh
            How much a word tells.
        """
        concepts = by_concept(near)
        if not concepts:
            return []
        described = {place: describe(place) for place in concepts}
        rows, none = features(
            units, label, concepts, weigh, {p: c for p, (c, _) in described.items()}
        )
        scores = np.append(rows @ self._weights, none @ self._none_weights)
        powers = np.exp(scores - scores.max())
        shares = powers[:-1] / powers.sum()
        return [
            Ranked(*described[place], names[0], float(share))
            for (place, names), share in sorted(
                zip(concepts.items(), shares, strict=True), key=lambda item: -item[1]
            )
        ]


@cache
def load_ranking() -> Ranking:
    """The ranking that is shipped."""
    stored = json.loads(_SHIPPED.read_text(encoding="utf-8"))
    weights = {**stored["features"], **stored["none"]}
    return Ranking([weights[name] for name in (*FEATURES, *NONE_FEATURES)])


def by_concept(near: Sequence[NearName]) -> dict[int, list[NearName]]:
    """Names of each concept, both the nearest first; the nearest concepts only."""
    concepts: dict[int, list[NearName]] = {}
    for name in near:
        if name.concept in concepts or len(concepts) < _MAX_CONCEPTS:
            concepts.setdefault(name.concept, []).append(name)
    return concepts


def features(
    units: Units,
    label: EntityType,
    concepts: dict[int, list[NearName]],
    weigh: Weigh,
    curies: dict[int, str],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Features of every concept, shape ``(n, len(FEATURES))``, and of "none of these"."""
    words = set(units)
    told = sum(map(weigh, words))
    rows = []
    for place, names in concepts.items():
        best = names[0]
        own = set(best.units)
        shared = sum(map(weigh, words & own))
        labels = [name.similarity for name in names if name.scope == "LABEL"]
        more = len(own) - len(words)
        rows.append(
            [
                best.similarity,
                best.similarity**4,
                labels[0] if labels else best.similarity - 0.3,
                sum(name.similarity for name in names[:_TOP]) / len(names[:_TOP]),
                min(len(names), 5) / 5,
                shared / told,
                shared / sum(map(weigh, own)),
                float(words == own),
                float(not curies[place].startswith(FOREIGN[label])),
                float(units[-1] == best.units[-1]),
                min(max(more, 0), _MAX_EXTRA) / _MAX_EXTRA,
                min(max(-more, 0), _MAX_EXTRA) / _MAX_EXTRA,
                float(best.scope in _LOOSE),
            ]
        )
    highest = max(row[0] for row in rows)
    none = [1.0, float(len(units) == 1), highest, float(len(units) > 4)]
    return np.array(rows), np.array(none)
