"""How concepts lie above each other, and what a knowledge base says of diseases and phenotypes.

Compiled with the terminology: for every concept the places of those right above it, and for every
disease that a name of HPO's annotations stands for the phenotypes annotated to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.terminology.normalise import normalise
from pipeline.terminology.records import Annotation, Source

_ARRAYS = ("above", "above_offsets", "phenotypes", "phenotypes_offsets", "excluded")
Status = Literal[
    "known", "known_broader", "known_narrower", "contradicted", "unknown_pair", "unknown_condition"
]
_CACHED = 1 << 16
_ROMAN = {
    "i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5",
    "vi": "6", "vii": "7", "viii": "8", "ix": "9", "x": "10",
}  # fmt: skip
_SUSCEPTIBILITY = "susceptibility"
_TELLING_NOTHING = frozenset(("type", _SUSCEPTIBILITY, "to"))


def graph_arrays(
    sources: Iterable[Source],
    places: Mapping[str, int],
    n_concepts: int,
    annotations: Iterable[Annotation],
) -> dict[str, NDArray[Any]]:
    """Arrays of the graph.

    Parameters
    ----------
    places
        Place of each CURIE among the concepts.
    """
    sources, annotations = list(sources), list(annotations)
    find_disease = _disease_finder(sources if annotations else ())
    above: dict[int, set[int]] = {}
    replaced: dict[str, str] = {}
    for source in sources:
        replaced |= source.replaced
        for term in source.terms:
            if term.curie:
                known = {places[curie] for curie in term.parents if curie in places}
                above.setdefault(places[term.curie], set()).update(known)
    found: dict[str, int | None] = {}
    said: dict[int, set[tuple[int, bool]]] = {}
    for row in annotations:
        if row.disease not in found:
            found[row.disease] = places.get(find_disease(row.disease) or "")
        disease = found[row.disease]
        phenotype = places.get(replaced.get(row.phenotype, row.phenotype))
        if disease is not None and phenotype is not None:
            said.setdefault(disease, set()).add((phenotype, row.excluded))
    rows = [sorted(said.get(place, ())) for place in range(n_concepts)]
    flat = [item for row in rows for item in row]
    parents = [sorted(above.get(place, ())) for place in range(n_concepts)]
    return {
        "above": np.array([p for row in parents for p in row], dtype=np.uint32),
        "above_offsets": np.cumsum([0, *map(len, parents)], dtype=np.uint32),
        "phenotypes": np.array([phenotype for phenotype, _ in flat], dtype=np.uint32),
        "phenotypes_offsets": np.cumsum([0, *map(len, rows)], dtype=np.uint32),
        "excluded": np.array([excluded for _, excluded in flat], dtype=np.bool_),
    }


def _disease_finder(sources: Iterable[Source]) -> Callable[[str], str | None]:
    """Give the CURIE of a disease by a name; by its words in any order if it is none as written.

    OMIM turns names about ("Ichthyosis, congenital, 7") and counts in Roman numerals.
    """
    exact: dict[tuple[str, ...], str] = {}
    bags: dict[frozenset[str], str] = {}
    for source in sources:
        for term in source.terms:
            if term.type == "CONDITION" and term.curie and "," not in term.curie:
                for name in term.names:
                    units = normalise(name.text)
                    exact.setdefault(units, term.curie)
                    bags.setdefault(_bag(units), term.curie)

    def find(name: str) -> str | None:
        units = normalise(name)
        # A susceptibility is a term of its own, but has the disease's phenotypes.
        as_written = None if _SUSCEPTIBILITY in units else exact.get(units)
        return as_written or bags.get(_bag(units))

    return find


def _bag(units: tuple[str, ...]) -> frozenset[str]:
    told = (_ROMAN.get(unit, unit) for unit in units if unit[0].isalnum())
    return frozenset(told) - _TELLING_NOTHING


class ConceptGraph:
    """Ancestors of concepts, and how their pairs stand to HPO's annotations; places throughout."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._arrays = arrays
        # Each graph has caches of its own: a cached method would be shared by all.
        self.ancestors = lru_cache(_CACHED)(self._ancestors)
        self.status = lru_cache(_CACHED)(self._status)
        self._annotated = lru_cache(_CACHED)(self._find_annotated)

    @classmethod
    def open(cls, folder: Path) -> ConceptGraph:
        """Memory-map the graph of a compiled terminology."""
        return cls({name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS})

    def parents(self, place: int) -> list[int]:
        """Concepts right above one."""
        return self._row("above", place)

    def children(self, place: int) -> list[int]:
        """Concepts right below one."""
        return self._below.get(place, [])

    @cached_property
    def _below(self) -> dict[int, list[int]]:
        offsets = self._arrays["above_offsets"]
        own = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
        below: dict[int, list[int]] = {}
        for child, parent in zip(own.tolist(), self._arrays["above"].tolist(), strict=True):
            below.setdefault(parent, []).append(child)
        return below

    def _row(self, name: str, place: int) -> list[int]:
        offsets = self._arrays[f"{name}_offsets"]
        row: list[int] = self._arrays[name][int(offsets[place]) : int(offsets[place + 1])].tolist()
        return row

    def _ancestors(self, place: int) -> frozenset[int]:
        """All concepts above one, itself left out."""
        found: set[int] = set()
        todo = self.parents(place)
        while todo:
            parent = todo.pop()
            if parent not in found:
                found.add(parent)
                todo += self.parents(parent)
        return frozenset(found)

    def _find_annotated(self, place: int) -> tuple[frozenset[int], frozenset[int], frozenset[int]]:
        """Phenotypes of a disease, all that is above them, and phenotypes it does not have.

        Where a disease has no annotations of its own, those of the diseases below it are taken.
        """
        has: set[int] = set()
        lacks: set[int] = set()
        layer, seen = [place], {place}
        while layer and not (has or lacks):
            for disease in layer:
                offsets = self._arrays["phenotypes_offsets"]
                first, last = int(offsets[disease]), int(offsets[disease + 1])
                out = self._arrays["excluded"][first:last].tolist()
                for phenotype, excluded in zip(self._row("phenotypes", disease), out, strict=True):
                    (lacks if excluded else has).add(phenotype)
            layer = [c for disease in layer for c in self.children(disease) if c not in seen]
            layer = list(dict.fromkeys(layer))
            seen.update(layer)
        above = frozenset(a for phenotype in has for a in self.ancestors(phenotype))
        return frozenset(has), above, frozenset(lacks)

    def _status(self, disease: int, phenotype: int) -> Status:
        """How a pair stands to HPO's annotations.

        ``known``: annotated so; ``contradicted``: the phenotype, or one above it, is annotated as
        absent; ``known_broader``, ``known_narrower``: a phenotype above, or below it, is annotated;
        ``unknown_condition``: nothing is annotated to the disease nor to any below it.
        """
        has, above, lacks = self._annotated(disease)
        if not has and not lacks:
            return "unknown_condition"
        if phenotype in has:
            return "known"
        upwards = self.ancestors(phenotype)
        if phenotype in lacks or upwards & lacks:
            return "contradicted"
        if upwards & has:
            return "known_broader"
        return "known_narrower" if phenotype in above else "unknown_pair"
