"""Read a user's own terminology: an OBO file, an OBO graph in JSON, or a CSV of names.

An OBO file or graph takes the place of the built-in source whose prefix its terms have (a newer
HPO release, for example); one of another prefix, and every CSV, is added.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.errors import TerminologyError
from pipeline.terminology.records import (
    ENTITY_TYPES,
    SCOPES,
    EntityType,
    Name,
    Scope,
    Source,
    Term,
)

# What the terms of well-known ontologies are.
TYPES: dict[str, EntityType] = {
    "HP": "SYMPTOM", "MP": "SYMPTOM", "SYMP": "SYMPTOM",
    "MONDO": "CONDITION", "DOID": "CONDITION", "Orphanet": "CONDITION", "ORPHA": "CONDITION",
    "OMIM": "CONDITION",
    "UBERON": "BODY_PART", "FMA": "BODY_PART", "CL": "BODY_PART",
}  # fmt: skip
# Of built-in ontologies only what lies below these terms is of a type of ours.
ROOTS = {
    # MONDO also holds grouping terms of "disease characteristic" (rare, chronic, inherited …),
    # which are no diseases; UBERON also holds stages of the life cycle, which are no structures.
    "HP": ("HP:0000118",),
    "MONDO": ("MONDO:0000001", "MONDO:0021178"),
    "UBERON": ("UBERON:0001062",),
    "CL": ("CL:0000000",),
}
_COLUMNS = ("term", "type", "curie", "label")
_PURL = re.compile(r"^.*/([A-Za-z]+)_(\w+)$")
_GRAPH_SCOPES: dict[str, Scope] = {
    "hasExactSynonym": "EXACT", "hasNarrowSynonym": "NARROW", "hasBroadSynonym": "BROAD",
    "hasRelatedSynonym": "RELATED",
}  # fmt: skip
_OBSOLETE = "obsolete_synonym"
_PART_OF = frozenset(("part_of", "BFO:0000050"))


@dataclass(slots=True)
class _Raw:
    """A term as read, with the CURIEs of its parents, its wholes and those it stands in for."""

    curie: str
    label: str = ""
    names: list[Name] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)
    wholes: list[str] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    replaced_by: str = ""
    obsolete: bool = False


def digest_of(path: Path) -> str:
    """Hex SHA-256 of a terminology file.

    Raises
    ------
    TerminologyError
        If it cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise TerminologyError(f"{path}: cannot be read ({error.strerror})") from error


def digests(paths: Iterable[Path]) -> dict[str, str]:
    """Digest of each file by its path; errors as in :func:`digest_of`."""
    return {path.as_posix(): digest_of(path) for path in paths}


def read_own(path: Path) -> Source:
    """Read a file by its suffix: ``.obo``, ``.json`` or ``.csv``.

    Raises
    ------
    TerminologyError
        If it cannot be read, is of another kind or holds no term of a type of ours.
    """
    readers = {".obo": _read_obo, ".json": _read_graph}
    suffix = path.suffix.lower()
    try:
        if suffix == ".csv":
            return _read_csv(path)
        if suffix in readers:
            version, raw = readers[suffix](path)
            return _source(path, version, raw)
    except (OSError, SyntaxError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TerminologyError(f"{path}: cannot be read ({error})") from error
    raise TerminologyError(f"{path}: give a terminology as .obo, .json (OBO graph) or .csv")


def _source(path: Path, version: str, raw: list[_Raw]) -> Source:
    """The terms of the file's main ontology, obsolete ones left out."""
    prefixes = Counter(term.curie.split(":")[0] for term in raw)
    prefix = prefixes.most_common(1)[0][0] if prefixes else ""
    if prefix not in TYPES:
        raise TerminologyError(
            f"{path}: what {prefix or 'its'} terms are is not known; give a CSV with a type column"
        )
    own = sorted((t for t in raw if t.curie.startswith(prefix + ":")), key=lambda t: t.curie)
    wanted = {term.curie for term in own}
    if prefix in ROOTS:
        wanted = descendants({term.curie: term.parents for term in own}, ROOTS[prefix])
    terms = tuple(_term(term, prefix) for term in own if term.curie in wanted and not term.obsolete)
    if not terms:
        below = f" below {', '.join(ROOTS[prefix])}" if prefix in ROOTS else ""
        raise TerminologyError(f"{path}: no {prefix} terms{below} that are in use")
    replaced = {old: term.curie for term in own for old in term.merged}
    replaced |= {term.curie: term.replaced_by for term in own if term.replaced_by}
    return Source(prefix, version, terms, replaced)


def _term(raw: _Raw, prefix: str) -> Term:
    # Cell types are recognised, but the annotation scheme has no identifiers for them.
    curie = "" if prefix == "CL" else raw.curie
    names = (Name(raw.label, "LABEL"), *raw.names)
    return Term(curie, raw.label, TYPES[prefix], names, (*raw.parents, *raw.wholes))


def descendants(parents: dict[str, list[str]], roots: Iterable[str]) -> set[str]:
    """Terms below the roots (the roots themselves left out) along ``is_a``."""
    children: dict[str, list[str]] = {}
    for child, above in parents.items():
        for parent in above:
            children.setdefault(parent, []).append(child)
    found: set[str] = set()
    todo = [child for root in roots for child in children.get(root, ())]
    while todo:
        curie = todo.pop()
        if curie not in found:
            found.add(curie)
            todo.extend(children.get(curie, ()))
    return found


def _read_obo(path: Path) -> tuple[str, list[_Raw]]:
    import fastobo

    document = fastobo.loads(path.read_text(encoding="utf-8"))
    version = next(
        (clause.raw_value() for clause in document.header if clause.raw_tag() == "data-version"),
        digest_of(path)[:12],
    )
    terms = [_obo_term(frame) for frame in document if isinstance(frame, fastobo.term.TermFrame)]
    return version, terms


def _obo_term(frame: Any) -> _Raw:
    term = _Raw(str(frame.id))
    for clause in frame:
        tag = clause.raw_tag()
        if tag == "name":
            term.label = clause.raw_value()
        elif tag == "synonym":
            synonym = clause.synonym
            kind = str(synonym.type) if synonym.type else ""
            if kind != _OBSOLETE:
                term.names.append(Name(synonym.desc, synonym.scope, kind))
        elif tag == "is_a":
            term.parents.append(clause.raw_value())
        elif tag == "relationship" and str(clause.typedef) in _PART_OF:
            term.wholes.append(str(clause.term))
        elif tag == "alt_id":
            term.merged.append(clause.raw_value())
        elif tag == "replaced_by":
            term.replaced_by = clause.raw_value()
        elif tag == "is_obsolete":
            term.obsolete = clause.raw_value() == "true"
    return term


def _read_graph(path: Path) -> tuple[str, list[_Raw]]:
    """An OBO graph (obographs JSON), as ``hp.json`` of the OBO Foundry."""
    graph = json.loads(path.read_text(encoding="utf-8"))["graphs"][0]
    parents: dict[str, list[str]] = {}
    wholes: dict[str, list[str]] = {}
    for edge in graph.get("edges", ()):
        above = parents if edge["pred"] == "is_a" else wholes
        if above is parents or _curie(edge["pred"]) in _PART_OF:
            above.setdefault(_curie(edge["sub"]), []).append(_curie(edge["obj"]))
    terms = []
    for node in graph["nodes"]:
        curie, meta = _curie(node["id"]), node.get("meta", {})
        if ":" in curie and node.get("type", "CLASS") == "CLASS":
            names = list(_graph_names(meta.get("synonyms", ())))
            obsolete = bool(meta.get("deprecated"))
            term = _Raw(curie, node.get("lbl", ""), names, parents.get(curie, []))
            term.wholes, term.obsolete = wholes.get(curie, []), obsolete
            terms.append(term)
    version = graph.get("meta", {}).get("version") or digest_of(path)[:12]
    return str(version), terms


def _graph_names(synonyms: Iterable[dict[str, Any]]) -> Iterator[Name]:
    for synonym in synonyms:
        kind = str(synonym.get("synonymType", "")).rpartition("#")[2]
        if kind != _OBSOLETE:
            yield Name(synonym["val"], _GRAPH_SCOPES.get(synonym["pred"], "UNKNOWN"), kind)


def _curie(identifier: str) -> str:
    match = _PURL.match(identifier)
    return f"{match[1]}:{match[2]}" if match else identifier


def _read_csv(path: Path) -> Source:
    """Names, one a row: columns term, type, curie, label, and perhaps scope."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        missing = [column for column in _COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise TerminologyError(f"{path}: the column {missing[0]!r} is missing")
        rows = list(reader)
    terms: dict[tuple[str, str, EntityType], list[Name]] = {}
    for number, row in enumerate(rows, start=2):
        label, scope = row["type"], row.get("scope") or "EXACT"
        if label not in ENTITY_TYPES or scope not in SCOPES or not row["term"]:
            raise TerminologyError(
                f"{path}, row {number}: give a term, a type of {', '.join(ENTITY_TYPES)}, and no "
                f"scope or one of {', '.join(SCOPES)}"
            )
        names = terms.setdefault((row["curie"], row["label"] or row["term"], label), [])
        names.append(Name(row["term"], scope))
    if not terms:
        raise TerminologyError(f"{path}: no terms; give one name a row")
    built = tuple(Term(c, name, kind, tuple(names)) for (c, name, kind), names in terms.items())
    return Source(path.stem, digest_of(path)[:12], built)
