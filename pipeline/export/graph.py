"""The relations of a run as a graph of concepts: GraphML, or KGX nodes and edges.

A node is a concept, or the words of a mention that has none; an edge is a pair of nodes with a type
of relation, told or denied, over all documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipeline.records import AFFECTS, HAS_SYMPTOM, LOCATED_IN
from pipeline.tables.frames import read_table

# Prefix of nodes that no ontology has.
_OWN = "symptograph"
_SOURCE = "infores:symptograph"
_CATEGORIES = {
    "MONDO": "biolink:Disease", "HP": "biolink:PhenotypicFeature",
    "UBERON": "biolink:AnatomicalEntity", "CONDITION": "biolink:Disease",
    "SYMPTOM": "biolink:PhenotypicFeature", "BODY_PART": "biolink:AnatomicalEntity",
}  # fmt: skip
_LOCATION = "biolink:DiseaseOrPhenotypicFeatureToLocationAssociation"
_PREDICATES = {
    HAS_SYMPTOM: ("biolink:has_phenotype", "biolink:DiseaseToPhenotypicFeatureAssociation"),
    AFFECTS: ("biolink:disease_has_location", _LOCATION),
    LOCATED_IN: ("biolink:located_in", _LOCATION),
}
NODE_COLUMNS = ("id", "category", "name", "provided_by")
EDGE_COLUMNS = (
    "id", "subject", "predicate", "object", "category", "negated", "publications",
    "primary_knowledge_source", "knowledge_level", "agent_type", "frequency_qualifier",
    "has_count", "has_confidence_score", "hpoa",
)  # fmt: skip
# Characters that XML cannot hold.
UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """A concept; ``label`` is the type of its mentions."""

    id: str
    label: str
    name: str

    @property
    def category(self) -> str:
        """Biolink category: that of its ontology, else that of its type."""
        return _CATEGORIES.get(self.id.split(":")[0], _CATEGORIES[self.label])


@dataclass(slots=True)
class Edge:
    """A pair of nodes with all that was said of it.

    Attributes
    ----------
    n
        Rows of the ``relations`` table.
    score
        Highest score of them.
    frequencies
        HPO's terms for how often, in order.
    """

    type: str
    head: str
    tail: str
    negated: bool
    n: int = 0
    score: float = 0.0
    hpoa: str = ""
    documents: set[str] = field(default_factory=set)
    frequencies: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes and edges in a fixed order."""

    nodes: list[Node]
    edges: list[Edge]


_HEAD_AND_TAIL = {
    HAS_SYMPTOM: ("CONDITION", "SYMPTOM"),
    AFFECTS: ("CONDITION", "BODY_PART"),
    LOCATED_IN: ("SYMPTOM", "BODY_PART"),
}


def read_graph(run_dir: Path) -> Graph:
    """The relations of a finished run as a graph.

    Raises
    ------
    RunError
        If the folder holds no run.
    """
    names = _labels(read_table(run_dir, "entities").to_pylist())
    nodes: dict[str, Node] = {}
    edges: dict[tuple[str, str, str, bool], Edge] = {}
    for row in read_table(run_dir, "relations").to_pylist():
        ends = []
        for side, label in zip(("head", "tail"), _HEAD_AND_TAIL[row["type"]], strict=True):
            node = _node(row[f"{side}_concept_id"], row[f"{side}_text"], label, names)
            ends.append(nodes.setdefault(node.id, node).id)
        key = (row["type"], *ends, row["negated"])
        edge = edges.setdefault(key, Edge(*key))
        edge.n += 1
        edge.score = max(edge.score, row["score"])
        edge.hpoa = row["hpoa"] or edge.hpoa
        edge.documents.add(row["doc_id"])
        if row["frequency"]:
            edge.frequencies.add(row["frequency"])
    return Graph(sorted(nodes.values()), [edges[key] for key in sorted(edges)])


def _labels(entities: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Name of each concept; those of a composite mention stand in the order of its CURIEs."""
    names: dict[str, str] = {}
    for row in entities:
        if row["concept_id"]:
            parts = row["concept_label"].split("; ")
            names.update(zip(row["concept_id"].split(","), parts, strict=False))
    return names


def _node(curie: str | None, text: str, label: str, names: dict[str, str]) -> Node:
    if curie:
        return Node(curie, label, _clean(names.get(curie, curie)))
    words = _clean(" ".join(text.lower().split()))
    return Node(f"{_OWN}:{label.lower()}/{quote(words, safe='')}", label, words)


def _clean(text: str) -> str:
    """Text without what neither XML nor a table cell can hold."""
    return " ".join(UNWRITABLE.sub(" ", text).split())


def to_graphml(graph: Graph) -> str:
    """The graph as GraphML, for Gephi, Cytoscape, yEd, igraph and networkx."""
    import networkx as nx

    made = nx.MultiDiGraph()
    for node in graph.nodes:
        made.add_node(node.id, label=node.name, type=node.label, category=node.category)
    for edge in graph.edges:
        made.add_edge(
            edge.head, edge.tail, type=edge.type, negated=edge.negated, weight=edge.n,
            n_docs=len(edge.documents), score=edge.score, hpoa=edge.hpoa,
            frequency="|".join(sorted(edge.frequencies)),
        )  # fmt: skip
    return "\n".join(nx.generate_graphml(made)) + "\n"


def to_kgx(graph: Graph) -> tuple[str, str]:
    """The graph as the two tables of KGX (Knowledge Graph Exchange), tab-separated.

    Categories and predicates are those of the Biolink model; several values of a cell are joined
    by ``|``.

    Returns
    -------
    tuple[str, str]
        Nodes and edges.
    """
    nodes = [(n.id, n.category, n.name, _SOURCE) for n in graph.nodes]
    edges = []
    for edge in graph.edges:
        predicate, category = _PREDICATES[edge.type]
        denied = str(edge.negated).lower()
        documents = "|".join(sorted(quote(doc_id, safe="/ ") for doc_id in edge.documents))
        edges.append(
            (
                quote(f"{edge.head}-{edge.type}-{edge.tail}-{denied}", safe=":-/,%"),
                edge.head, predicate, edge.tail, category, denied, documents, _SOURCE,
                "not_provided", "text_mining_agent", "|".join(sorted(edge.frequencies)),
                str(edge.n), f"{edge.score:.4f}", edge.hpoa,
            )
        )  # fmt: skip
    return _tsv(NODE_COLUMNS, nodes), _tsv(EDGE_COLUMNS, edges)


def _tsv(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "".join("\t".join(_clean(cell) for cell in row) + "\n" for row in (columns, *rows))
