"""Pairs at the levels above their concepts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.batch.run import run
from pipeline.config import RunConfig
from pipeline.cooccurrence.counts import count_pairs
from pipeline.cooccurrence.rollup import count_rolled_up
from pipeline.cooccurrence.table import pair_tables
from pipeline.tables.schema import TABLES
from pipeline.terminology.compile import compile_index
from pipeline.terminology.index import TermIndex
from pipeline.terminology.records import Name, Source, Term

ABOVE = {
    "HP:1": (), "HP:2": ("HP:1",), "HP:3": ("HP:2",), "HP:4": ("HP:2",),
    "MONDO:1": (), "MONDO:2": ("MONDO:1",), "MONDO:3": ("MONDO:1",),
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    terms = tuple(
        Term(
            curie, f"name{curie}", "SYMPTOM" if curie[0] == "H" else "CONDITION",
            (Name(f"name{curie}", "LABEL"),), parents,
        )
        for curie, parents in ABOVE.items()
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("terms") / "made"
    compile_index([Source("made", "1", terms)], folder)
    return TermIndex(folder)


def rolled_up(tmp_path, index, documents):
    """Rows of scope document; ``documents`` has the concepts of each."""
    rows = [
        {
            "doc_id": str(number), "type": "SYMPTOM" if curie[0] == "H" else "CONDITION",
            "text": curie, "sentence": 0, "section": 0, "concept_id": curie,
            "concept_label": f"name{curie}", "negated": False,
        }
        for number, curies in enumerate(documents)
        for curie in curies
    ]  # fmt: skip
    tables = {
        "entities": rows,
        "documents": [{"doc_id": str(n), "n_sentences": 1} for n in range(len(documents))],
        "sections": [{"doc_id": str(n), "section": 0} for n in range(len(documents))],
    }
    for name, content in tables.items():
        filled = [{f.name: row.get(f.name) for f in TABLES[name]} for row in content]
        pq.write_table(
            pa.Table.from_pylist(filled, schema=TABLES[name]), tmp_path / f"{name}.parquet"
        )
    kinds = np.arange(len(documents))
    concepts = count_pairs(tmp_path, kinds).concepts
    counted = count_rolled_up(tmp_path, kinds, 1, concepts, index)
    found = pa.concat_tables(pair_tables(counted)).to_pylist()
    return {
        (r["a_concept_id"], r["b_concept_id"]): r["n_ab"] for r in found if r["scope"] == "document"
    }


def test_rollup_joins_what_is_spread_over_the_concepts_below(tmp_path, made):
    # Both diseases have one of two symptoms each: only above the two is it regular.
    documents = [["MONDO:2", "HP:3"], ["MONDO:2", "HP:4"]] * 4 + [[]] * 20
    assert rolled_up(tmp_path, made, documents) == {("MONDO:2", "HP:2"): 8}


def test_rollup_keeps_the_special_pair_where_above_it_is_no_news(tmp_path, made):
    documents = [["MONDO:2", "HP:3"]] * 4 + [["MONDO:3"]] * 4 + [["HP:4"]] * 4 + [[]] * 20
    assert ("MONDO:2", "HP:3") in rolled_up(tmp_path, made, documents)


def test_rollup_leaves_only_the_most_special_of_equal_levels(tmp_path, made):
    documents = [["MONDO:2", "HP:3"]] * 4 + [[]] * 20
    assert rolled_up(tmp_path, made, documents) == {("MONDO:2", "HP:3"): 4}


def test_rollup_of_a_run_is_a_table_of_its_own(nlp, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text("Flu\n\nFlu causes fever and pain in the legs.\n")
    for name, config in (("with", RunConfig(rollup=True)), ("without", RunConfig())):
        run([folder], tmp_path / name, config, lambda: nlp)
    rows = {
        name: pq.read_table(tmp_path / name / "rollups.parquet").to_pylist()
        for name in ("with", "without")
    }
    assert not rows["without"]
    assert rows["with"]
    assert all(r["a_type"] != r["b_type"] for r in rows["with"])
