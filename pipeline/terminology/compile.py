"""Compile terminology sources into the arrays of a :class:`~pipeline.terminology.index.TermIndex`.

The files are plain ``.npy`` arrays and one JSON, written into a folder of their own that is moved
into place whole, so that two processes may compile at once and a reader never sees half an index.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data import load_table
from pipeline.errors import TerminologyError
from pipeline.terminology.encoder import NameEncoder, Units, load_encoder
from pipeline.terminology.graph import graph_arrays
from pipeline.terminology.hashing import hash_acronym, hash_linked, hash_ngram, hash_unit
from pipeline.terminology.normalise import SKIPPED, fold_word, normalise, split_units
from pipeline.terminology.records import (
    ENTITY_TYPES,
    IDIOM,
    LABEL_SEPARATOR,
    SCOPES,
    Annotation,
    EntityType,
    Scope,
    Source,
    Term,
)
from pipeline.terminology.rules import is_acronym, is_matchable, is_stopped
from pipeline.terminology.search import search_arrays

Progress = Callable[[str, int, int], None]
"""Called with a stage's name, the units done and the units in all."""

LINKED_NAMES = "linked_names.csv"

# A power of two, some 16 times the beginnings of names: one unknown beginning in 16 passes.
_PREFIX_SLOTS = 1 << 22

# One way a concept is named: (type, scope, concept index); sorted, the best comes first.
_Entry = tuple[int, int, int]


def compile_index(
    sources: Iterable[Source],
    folder: Path,
    progress: Progress | None = None,
    encoder: NameEncoder | None = None,
    annotations: Iterable[Annotation] = (),
) -> None:
    """Write the index of ``sources`` to ``folder``; an existing one is left as it is.

    Parameters
    ----------
    encoder
        Gives the names' vectors; the one that is shipped where none is given.
    annotations
        What a knowledge base says of diseases and phenotypes, by the diseases' names.

    Raises
    ------
    TerminologyError
        If the folder cannot be written.
    """
    sources = list(sources)
    progress = progress or (lambda *_: None)
    entries, concepts, longest, prefixes = _collect(sources, progress)
    curies, labels = [curie for curie, _ in concepts], [label for _, label in concepts]
    progress("comparing names", 0, 0)
    places = _places(curies)
    names = linkable_names(sources)
    near = search_arrays(
        ((label, units, scope, places[curie]) for curie, label, units, scope in names),
        encoder or load_encoder(),
    )
    graph = graph_arrays(sources, places, len(concepts), annotations)
    keys = np.array(sorted(entries), dtype=np.uint64)
    rows = [sorted(set(entries[int(key)])) for key in keys]
    first = sorted(longest)
    arrays: dict[str, NDArray[Any]] = {
        "keys": keys,
        "prefixes": _bitmap(prefixes),
        "type_masks": np.array([_type_mask(row) for row in rows], dtype=np.uint8),
        "offsets": np.cumsum([0, *map(len, rows)], dtype=np.uint32),
        "types": np.array([e[0] for row in rows for e in row], dtype=np.uint8),
        "scopes": np.array([e[1] for row in rows for e in row], dtype=np.uint8),
        "concepts": np.array([e[2] for row in rows for e in row], dtype=np.uint32),
        "first_units": np.array(first, dtype=np.uint64),
        "first_lengths": np.array([longest[unit] for unit in first], dtype=np.uint8),
        **_pack("curies", curies),
        **_pack("labels", labels),
        **near,
        **graph,
    }
    meta = {
        "sources": {s.name: {"version": s.version, "terms": len(s.terms)} for s in sources},
        "names": len(keys),
        "concepts": len(curies),
        "replaced": {old: new for s in sources for old, new in sorted(s.replaced.items())},
    }
    _write(folder, arrays, meta)


def _bitmap(prefixes: set[int]) -> NDArray[np.bool_]:
    """Which low bits of a hash some name's beginning of two or more units has."""
    bitmap = np.zeros(_PREFIX_SLOTS, dtype=np.bool_)
    hashes = np.fromiter(prefixes, dtype=np.uint64, count=len(prefixes))
    bitmap[(hashes & np.uint64(_PREFIX_SLOTS - 1)).astype(np.intp)] = True
    return bitmap


def _type_mask(row: list[_Entry]) -> int:
    """Types that a name can have in text, a bit each.

    A type that has the name only as a broader or related synonym gives way to one that has it as
    an exact one ("ALS" is a RELATED synonym of a phenotype and an exact one of the disease).
    """
    loose = SCOPES.index("NARROW")
    best = min(scope for _, scope, _ in row)
    return sum({1 << kind for kind, scope, _ in row if scope < loose or best >= loose})


def _collect(
    sources: list[Source], progress: Progress
) -> tuple[dict[int, list[_Entry]], dict[tuple[str, str], int], dict[int, int], set[int]]:
    """Entries by n-gram hash, places of concepts, longest by first unit, prefixes."""
    entries: dict[int, list[_Entry]] = {}
    concepts: dict[tuple[str, str], int] = {}
    longest: dict[int, int] = {}
    folded: dict[str, tuple[str, int]] = {}
    prefixes: set[int] = set()
    total = sum(len(source.terms) for source in sources)
    done = 0
    labels_of: dict[str, str] = {}
    for source in sources:
        for term in source.terms:
            if term.curie:
                labels_of.setdefault(term.curie, term.label)
            concept = concepts.setdefault((term.curie, term.label), len(concepts))
            _add_term(term, concept, entries, longest, folded, prefixes)
            done += 1
            if done % 2000 == 0 or done == total:
                progress("reading names", done, total)
    _add_known_acronyms(entries, concepts, labels_of)
    _add_linked_names(entries, concepts, labels_of)
    _add_idioms(entries, concepts, longest, prefixes)
    return entries, concepts, longest, prefixes


def _places(curies: list[str]) -> dict[str, int]:
    """Place of each CURIE among the concepts, the first one."""
    places: dict[str, int] = {}
    for place, curie in enumerate(curies):
        places.setdefault(curie, place)
    return places


def linkable_names(
    sources: Iterable[Source], linked: Iterable[Mapping[str, str]] | None = None
) -> Iterator[tuple[str, EntityType, Units, Scope]]:
    """CURIE, type, folded name and scope of every name that a mention may be compared with.

    The type is that of the concept's own ontology.

    Parameters
    ----------
    linked
        Rows of ``linked_names.csv``; all of them where none are given.
    """
    types: dict[str, EntityType] = {}
    for source in sources:
        for term in source.terms:
            if term.curie and "," not in term.curie:
                label = types.setdefault(term.curie, term.type)
                for name in term.names:
                    if not is_acronym(name.text):
                        yield term.curie, label, normalise(name.text), name.scope
    for row in load_table(LINKED_NAMES) if linked is None else linked:
        curie = row["concept"].split("|")[0]
        if curie in types:
            yield curie, types[curie], normalise(row["term"]), "CONSUMER"


def _add_term(
    term: Term,
    concept: int,
    entries: dict[int, list[_Entry]],
    longest: dict[int, int],
    folded: dict[str, tuple[str, int]],
    prefixes: set[int],
) -> None:
    kind = ENTITY_TYPES.index(term.type)
    for name in term.names:
        entry = (kind, SCOPES.index(name.scope), concept)
        if is_acronym(name.text):
            entries.setdefault(hash_acronym(name.text), []).append(entry)
            continue
        units, hashes = [], []
        for raw in split_units(name.text):
            if raw not in folded:
                word = fold_word(raw)
                folded[raw] = word, hash_unit(word)
            word, value = folded[raw]
            if word and word not in SKIPPED:
                units.append(word)
                hashes.append(value)
        key = tuple(units)
        if is_matchable(key) and not is_stopped(key, term.type):
            entries.setdefault(hash_ngram(hashes), []).append(entry)
            longest[hashes[0]] = max(longest.get(hashes[0], 0), len(hashes))
            prefixes.update(hash_ngram(hashes[:n]) for n in range(2, len(hashes) + 1))


def _add_known_acronyms(
    entries: dict[int, list[_Entry]], concepts: dict[tuple[str, str], int], labels: dict[str, str]
) -> None:
    """Give each well-known acronym the concept its reviewed line names, ahead of all others."""
    for row in load_table("acronyms.csv"):
        label = labels.get(row["curie"], row["label"])
        concept = concepts.setdefault((row["curie"], label), len(concepts))
        kind = ENTITY_TYPES.index(row["type"])  # type: ignore[arg-type]
        entries[hash_acronym(row["acronym"])] = [(kind, SCOPES.index("CONSUMER"), concept)]


def _add_linked_names(
    entries: dict[int, list[_Entry]], concepts: dict[tuple[str, str], int], labels: dict[str, str]
) -> None:
    """Reviewed links, under keys of their own that no text holds: they find no mentions."""
    for row in load_table(LINKED_NAMES):
        curie = row["concept"].split("|")[0]
        parts = curie.split(",") if curie else []
        if not all(part in labels for part in parts):
            continue
        label = LABEL_SEPARATOR.join(labels[part] for part in parts)
        concept = concepts.setdefault((curie, label), len(concepts))
        kind = ENTITY_TYPES.index(row["type"])  # type: ignore[arg-type]
        key = hash_linked(row["type"], normalise(row["term"]))
        entries[key] = [(kind, SCOPES.index("CONSUMER"), concept)]


def _add_idioms(
    entries: dict[int, list[_Entry]],
    concepts: dict[tuple[str, str], int],
    longest: dict[int, int],
    prefixes: set[int],
) -> None:
    """Phrases that no mention may lie in, as entries of a type of their own."""
    for row in load_table("idioms.csv"):
        hashes = [hash_unit(unit) for unit in normalise(row["phrase"])]
        concept = concepts.setdefault(("", row["phrase"]), len(concepts))
        entries[hash_ngram(hashes)] = [(IDIOM, 0, concept)]
        longest[hashes[0]] = max(longest.get(hashes[0], 0), len(hashes))
        prefixes.update(hash_ngram(hashes[:n]) for n in range(2, len(hashes) + 1))


def _pack(name: str, strings: list[str]) -> dict[str, NDArray[Any]]:
    """Strings as one byte blob and the offsets of their ends."""
    encoded = [s.encode() for s in strings]
    return {
        name: np.frombuffer(b"".join(encoded), dtype=np.uint8),
        f"{name}_offsets": np.cumsum([0, *map(len, encoded)], dtype=np.uint32),
    }


def _write(folder: Path, arrays: dict[str, NDArray[Any]], meta: dict[str, object]) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Not mkdtemp(): its folders cannot be read by others, who may share the cache.
        scratch = folder.parent / f".building-{os.getpid()}-{secrets.token_hex(4)}"
        scratch.mkdir()
    except OSError as error:
        raise TerminologyError(
            f"{folder.parent}: cannot write the compiled terminology ({error.strerror}); "
            "set SYMPTOGRAPH_CACHE to a folder that can be written"
        ) from error
    try:
        for name, array in arrays.items():
            np.save(scratch / f"{name}.npy", array, allow_pickle=False)
        (scratch / "meta.json").write_text(json.dumps(meta, indent=2) + "\n", encoding="utf-8")
        _move_into_place(scratch, folder)
    except OSError as error:
        raise TerminologyError(f"{folder}: cannot be written ({error.strerror})") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _move_into_place(scratch: Path, folder: Path) -> None:
    try:
        scratch.replace(folder)
    except OSError:
        # Another process was faster: its index is as good, both are made of the same key.
        if not (folder / "meta.json").exists():
            raise
