"""The compiled terminology: look up folded n-grams, from a phrase or all of a text at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import TerminologyError
from pipeline.terminology.encoder import load_encoder
from pipeline.terminology.graph import ConceptGraph, Status
from pipeline.terminology.hashing import (
    UInt64Array,
    extend_ngrams,
    hash_acronym,
    hash_linked,
    hash_ngram,
    hash_unit,
)
from pipeline.terminology.normalise import normalise
from pipeline.terminology.records import (
    ENTITY_TYPES,
    IDIOM,
    LABEL_SEPARATOR,
    SCOPES,
    EntityType,
    Scope,
)
from pipeline.terminology.rules import is_acronym
from pipeline.terminology.search import NameSearch

_ARRAYS = (
    "keys", "prefixes", "type_masks", "offsets", "types", "scopes", "concepts", "first_units",
    "first_lengths",
    "curies", "curies_offsets", "labels", "labels_offsets",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One concept that a name stands for."""

    type: EntityType
    scope: Scope
    curie: str
    label: str


@dataclass(frozen=True, slots=True)
class Matches:
    """N-grams of a text that the index knows.

    Attributes
    ----------
    starts, ends
        Half-open ranges into the text's units, shape ``(n,)``.
    keys
        Which key of the index each is, shape ``(n,)``.
    """

    starts: NDArray[np.intp]
    ends: NDArray[np.intp]
    keys: NDArray[np.intp]


class TermIndex:
    """Memory-mapped index from hashed n-grams of folded units to concepts.

    Parameters
    ----------
    folder
        What :func:`pipeline.terminology.compile.compile_index` wrote.

    Raises
    ------
    TerminologyError
        If the folder does not hold a complete index.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            # Plain views: numpy's memmap class makes every access several times slower.
            arrays = {
                n: np.load(folder / f"{n}.npy", mmap_mode="r").view(np.ndarray) for n in _ARRAYS
            }
            self.meta: dict[str, Any] = json.loads((folder / "meta.json").read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise TerminologyError(
                f"{folder}: not a complete index ({error}); delete the folder and run again"
            ) from error
        self._keys: UInt64Array = arrays["keys"]
        self._prefixes: NDArray[np.bool_] = arrays["prefixes"]
        self._prefix_mask = np.uint64(len(self._prefixes) - 1)
        self.type_masks: NDArray[np.uint8] = arrays["type_masks"]
        """Of each key, a bit per type (in the order of ``ENTITY_TYPES``), and one for idioms."""
        self._offsets = arrays["offsets"]
        self._types = arrays["types"]
        self._scopes = arrays["scopes"]
        self._concepts = arrays["concepts"]
        self._first_units: UInt64Array = arrays["first_units"]
        self._first_lengths = arrays["first_lengths"]
        self._strings = {n: (arrays[n], arrays[f"{n}_offsets"]) for n in ("curies", "labels")}
        self._entries: dict[int, tuple[Entry, ...]] = {}

    def __reduce__(self) -> tuple[type[TermIndex], tuple[Path]]:
        """Send the folder, not the arrays, to another process."""
        return TermIndex, (self.folder,)

    def __len__(self) -> int:
        return len(self._keys)

    def entries(self, key: int) -> tuple[Entry, ...]:
        """Concepts of a key, best first within each type."""
        found = self._entries.get(key)
        if found is None:
            rows = range(int(self._offsets[key]), int(self._offsets[key + 1]))
            found = tuple(self._entry(row) for row in rows if self._types[row] != IDIOM)
            self._entries[key] = found
        return found

    def _entry(self, row: int) -> Entry:
        concept = int(self._concepts[row])
        return Entry(
            type=ENTITY_TYPES[int(self._types[row])],
            scope=SCOPES[int(self._scopes[row])],
            curie=self._string("curies", concept),
            label=self._string("labels", concept),
        )

    def _string(self, name: str, position: int) -> str:
        blob, offsets = self._strings[name]
        return bytes(blob[int(offsets[position]) : int(offsets[position + 1])]).decode()

    def concept(self, place: int) -> tuple[str, str]:
        """CURIE and label of a concept by its place, as :class:`NearName` gives it."""
        return self._string("curies", place), self._string("labels", place)

    @cached_property
    def search(self) -> NameSearch:
        """Search for names that are like a phrase; opened when first wanted."""
        return NameSearch.open(self.folder, load_encoder())

    @cached_property
    def graph(self) -> ConceptGraph:
        """What lies above each concept, and the annotations; opened when first wanted."""
        return ConceptGraph.open(self.folder)

    def place(self, curie: str) -> int | None:
        """Place of a single concept, None if it is not known."""
        return self._place_of.get(curie)

    @cached_property
    def _place_of(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for place, curie in enumerate(_unpack(*self._strings["curies"])):
            found.setdefault(curie, place)
        return found

    def above(self, curies: Iterable[str], steps: int) -> Iterator[tuple[str, str, int]]:
        """What is above each concept: CURIE, that of the other, and how many steps up it is."""
        for curie in curies:
            layer = [] if self.place(curie) is None else [self._place_of[curie]]
            seen = set(layer)
            for step in range(1, steps + 1):
                parents = (parent for place in layer for parent in self.graph.parents(place))
                layer = [place for place in dict.fromkeys(parents) if place not in seen]
                seen.update(layer)
                for place in layer:
                    yield curie, self._string("curies", place), step

    def annotated(self, condition: str, symptom: str) -> Status | None:
        """How a pair of CURIEs stands to HPO's annotations; None where one is no concept.

        See :meth:`pipeline.terminology.graph.ConceptGraph.status`.
        """
        disease, phenotype = self.place(condition), self.place(symptom)
        if disease is None or phenotype is None:
            return None
        return self.graph.status(disease, phenotype)

    def label(self, curie: str) -> str:
        """The ontology's name for a concept; of several concepts, all names."""
        return LABEL_SEPARATOR.join(self._labels.get(part, part) for part in curie.split(","))

    def __contains__(self, curie: str) -> bool:
        """Whether every concept of a CURIE (comma-joined for several) is known."""
        return all(part in self._labels for part in curie.split(","))

    @cached_property
    def _labels(self) -> dict[str, str]:
        curies, labels = (_unpack(*self._strings[name]) for name in ("curies", "labels"))
        found: dict[str, str] = {}
        for curie, label in zip(curies, labels, strict=True):
            found.setdefault(curie, label)
        return found

    def find(self, value: int) -> int:
        """Position of a hash among the keys, or -1."""
        position = int(np.searchsorted(self._keys, np.uint64(value)))
        if position < len(self._keys) and int(self._keys[position]) == value:
            return position
        return -1

    def find_acronym(self, form: str) -> int:
        """Key of an acronym exactly as written (a plural's ``s`` aside), or -1."""
        if not form[:1].isupper() or form[1:].islower():
            return -1
        stem = form[:-1] if form.endswith("s") and form[:-1].isupper() else form
        return self.find(hash_acronym(stem)) if is_acronym(stem) else -1

    def lookup(self, phrase: str) -> tuple[Entry, ...]:
        """Concepts of a whole phrase, empty if it is no name.

        Examples
        --------
        >>> index = load_index()  # doctest: +SKIP
        >>> index.lookup("Lou Gehrig's disease")[0].curie  # doctest: +SKIP
        'MONDO:0004976'
        """
        key = self.find_acronym(phrase)
        if key < 0:
            units = normalise(phrase)
            key = self.find(hash_ngram([hash_unit(u) for u in units])) if units else -1
        return self.entries(key) if key >= 0 else ()

    def linked(self, phrase: str, label: EntityType) -> Entry | None:
        """What a reviewer linked a phrase to, as a mention of a type.

        An entry with an empty CURIE says that nothing fits; None that nobody looked at it.
        """
        units = normalise(phrase)
        key = self.find(hash_linked(label, units)) if units else -1
        return self._entry(int(self._offsets[key])) if key >= 0 else None

    def longest_from(self, units: UInt64Array) -> NDArray[np.uint8]:
        """Units in the longest name that begins with each of these units; 0 where none does."""
        places = np.searchsorted(self._first_units, units)
        places[places == len(self._first_units)] = 0
        return np.where(self._first_units[places] == units, self._first_lengths[places], 0)

    def match(self, units: UInt64Array, longest: NDArray[np.uint8]) -> Matches:
        """All n-grams of a text that are names, nested ones too.

        Parameters
        ----------
        units
            Hash of every unit of the text, shape ``(n,)``.
        longest
            What :meth:`longest_from` says of every unit, shape ``(n,)``.
        """
        found: list[tuple[NDArray[np.intp], int, NDArray[np.intp]]] = []
        starts = np.flatnonzero(longest)
        grams = units[starts]
        for length in range(1, int(longest.max(initial=0)) + 1):
            if length > 1:
                alive = (longest[starts] >= length) & (starts + length <= len(units))
                starts, grams = starts[alive], grams[alive]
                grams = extend_ngrams(grams, units[starts + length - 1])
                # Nearly all words begin some name, few pairs of words do.
                known = self._prefixes[(grams & self._prefix_mask).astype(np.intp)]
                starts, grams = starts[known], grams[known]
            if not len(starts):
                break
            keys = np.searchsorted(self._keys, grams)
            keys[keys == len(self._keys)] = 0
            hits = np.flatnonzero(self._keys[keys] == grams)
            found.append((starts[hits], length, keys[hits]))
        if not found:
            empty = np.empty(0, dtype=np.intp)
            return Matches(empty, empty, empty)
        return Matches(
            np.concatenate([s for s, _, _ in found]),
            np.concatenate([s + n for s, n, _ in found]),
            np.concatenate([k for _, _, k in found]),
        )


def _unpack(blob: NDArray[np.uint8], offsets: NDArray[np.uint32]) -> list[str]:
    data = bytes(blob)
    ends = offsets.tolist()
    return [data[a:b].decode() for a, b in zip(ends, ends[1:], strict=False)]
