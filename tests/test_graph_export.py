"""The relations of a run as a graph for other tools."""

from __future__ import annotations

import csv
import io

import networkx as nx
import pytest
from typer.testing import CliRunner

from pipeline.batch.run import run
from pipeline.cli import app
from pipeline.config import RunConfig
from pipeline.errors import RunError
from pipeline.export.graph import read_graph, to_graphml, to_kgx

ARTICLES = {
    "flu": "Flu\n\nFlu often causes fever and cough. Flu does not cause rash.\n",
    "more/flu|2": "Flu\n\nFlu causes fever and a heavy feeling in the legs.\n",
    "lung": "Pneumonia\n\nPneumonia affects the lungs.\n",
}


@pytest.fixture(scope="module")
def run_dir(nlp, tmp_path_factory):
    folder, out = tmp_path_factory.mktemp("articles"), tmp_path_factory.mktemp("out")
    for name, text in ARTICLES.items():
        path = folder / f"{name}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    run([folder], out, RunConfig(), lambda: nlp)
    return out


@pytest.fixture(scope="module")
def graph(run_dir):
    return read_graph(run_dir)


def test_graph_has_one_edge_for_all_that_is_said_of_a_pair(graph):
    names = {node.id: node.name for node in graph.nodes}
    (fever,) = [e for e in graph.edges if names[e.tail] == "Fever" and not e.negated]
    assert names[fever.head] == "influenza"
    assert (fever.n, fever.documents) == (2, {"flu", "more/flu|2"})
    assert fever.frequencies == {"HP:0040282"}


def test_graph_tells_denied_relations_apart(graph):
    names = {node.id: node.name for node in graph.nodes}
    denied = [names[e.tail] for e in graph.edges if e.negated]
    assert denied == ["Skin rash"]


def test_graphml_is_read_by_networkx_with_all_nodes_and_edges(graph):
    made = nx.parse_graphml(to_graphml(graph), force_multigraph=True)
    assert set(made.nodes) == {node.id for node in graph.nodes}
    assert made.number_of_edges() == len(graph.edges)
    kinds = {data["type"] for _, _, data in made.edges(data=True)}
    assert {"has_symptom", "affects"} <= kinds


def test_kgx_nodes_and_edges_fit_together(graph):
    nodes, edges = (
        list(csv.DictReader(io.StringIO(t), delimiter="\t", quoting=csv.QUOTE_NONE))
        for t in to_kgx(graph)
    )
    assert {e["subject"] for e in edges} | {e["object"] for e in edges} == {n["id"] for n in nodes}
    assert len({e["id"] for e in edges}) == len(edges)
    categories = {n["id"]: n["category"] for n in nodes}
    assert set(categories.values()) <= {
        "biolink:Disease", "biolink:PhenotypicFeature", "biolink:AnatomicalEntity",
    }  # fmt: skip
    for edge in edges:
        assert edge["agent_type"] == "text_mining_agent"
        assert edge["primary_knowledge_source"] == "infores:symptograph"
        assert edge["negated"] in ("true", "false")
        if edge["predicate"] == "biolink:has_phenotype":
            assert categories[edge["subject"]] == "biolink:Disease"
    assert any("more/flu%7C2" in e["publications"].split("|") for e in edges)


def test_kgx_names_what_has_no_concept_by_its_words(tmp_path, nlp):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text("Flu\n\nFlu causes a heavy feeling in the legs.\n")
    run([folder], tmp_path / "out", RunConfig(), lambda: nlp)
    made = read_graph(tmp_path / "out")
    own = [node for node in made.nodes if node.id.startswith("symptograph:")]
    assert all(node.id.isascii() and " " not in node.id for node in own)


@pytest.mark.parametrize(
    ("kind", "files"), [("graphml", {"graph.graphml"}), ("kgx", {"nodes.tsv", "edges.tsv"})]
)
def test_graph_command_writes_the_files(run_dir, tmp_path, kind, files):
    result = CliRunner().invoke(
        app, ["graph", str(run_dir), "--format", kind, "--out", str(tmp_path)]
    )
    assert result.exit_code == 0, result.output
    assert {path.name for path in tmp_path.iterdir()} == files


def test_graph_command_refuses_another_format(run_dir):
    result = CliRunner().invoke(app, ["graph", str(run_dir), "--format", "dot"])
    assert result.exit_code == 2


def test_graph_of_no_run_is_one_line(tmp_path):
    with pytest.raises(RunError, match="no finished run"):
        read_graph(tmp_path)
