"""The tables: their columns, their two formats, and that the same input gives the same bytes."""

from __future__ import annotations

import csv
import re
import shutil

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import pipeline
from pipeline.batch.run import run
from pipeline.config import RunConfig
from pipeline.errors import OutputError, RunError
from pipeline.records import Article
from pipeline.tables.rows import rows_of
from pipeline.tables.schema import TABLES
from pipeline.tables.writer import TableWriter, neutralise

COLUMNS = {
    "documents": (
        "doc_id, path, title, n_chars, n_tokens, n_sentences, n_entities, topic_id, topic_label, "
        "sha256, text, metadata, layout"
    ),
    "entities": (
        "doc_id, entity_id, type, text, start, end, sentence, section, concept_id, concept_label, "
        "concept_score, negated, uncertain, source, score, experiencer, role, cue, cue_start, "
        "cue_end, long_form"
    ),
    "links": (
        "doc_id, entity_id, rank, concept_id, concept_label, score, match, scope, name, ontology, "
        "ontology_version"
    ),
    "relations": (
        "doc_id, relation_id, type, head_id, head_text, head_concept_id, tail_id, tail_text, "
        "tail_concept_id, scope, negated, uncertain, evidence, score, rule, cue, evidence_start, "
        "evidence_end, frequency, hpoa"
    ),
    **dict.fromkeys(
        ("cooccurrences", "rollups"),
        "scope, a_type, a_concept_id, a_label, b_type, b_concept_id, b_label, n_ab, n_a, n_b, n, "
        "n_docs, expected, enrichment, npmi, odds_ratio, p_value, q_value, log_odds, log_odds_se, "
        "n_effective_docs, hpoa",
    ),
    "errors": "path, doc_id, stage, error, message",
}
TABLE_FILES = sorted(f"{name}.{suffix}" for name in TABLES for suffix in ("csv", "parquet"))
# Nothing was asked to be rolled up.
FILLED = sorted(TABLES.keys() - {"rollups"})
FILES = sorted([*TABLE_FILES, "run.json"])

ARTICLES = {
    "flu.txt": "Flu\n\nFlu causes fever, cough and a heavy feeling in the legs.\n",
    "deep/er/als.md": "# ALS\n\nAmyotrophic lateral sclerosis (ALS) attacks the spinal cord.\r\n",
    "back.txt": 'It is not uncommon for leg or foot pain to be caused by "sciatica", or not.\n',
    "formula.txt": "=1+1\n\n@SUM(A1), +1 -1\n\nAsthma, which affects the lungs; no fever.\n",
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    for name, text in ARTICLES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    (folder / "empty.txt").write_bytes(b"")
    (folder / "binary.txt").write_bytes(b"\0\1\2")
    return folder


@pytest.fixture(scope="module")
def run_into(nlp):
    def write(folder, *inputs):
        run(list(inputs), folder, RunConfig(), lambda: nlp)
        return {name: (folder / name).read_bytes() for name in TABLE_FILES}

    return write


@pytest.fixture(scope="module")
def written(corpus, run_into, tmp_path_factory):
    folder = tmp_path_factory.mktemp("out")
    run_into(folder, corpus)
    return folder


def parquet(folder, name):
    return pq.read_table(folder / f"{name}.parquet")


def read_csv(folder, name):
    """The CSV file with the types of the Parquet file."""
    return pacsv.read_csv(
        folder / f"{name}.csv",
        parse_options=pacsv.ParseOptions(newlines_in_values=True),
        convert_options=pacsv.ConvertOptions(
            column_types=TABLES[name], strings_can_be_null=True, quoted_strings_can_be_null=False
        ),
    )


@pytest.mark.parametrize(("name", "columns"), COLUMNS.items())
def test_tables_columns_are_the_agreed_ones_in_order(written, name, columns):
    expected = columns.split(", ")
    assert TABLES[name].names == expected
    assert parquet(written, name).schema.names == expected
    with (written / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        assert next(csv.reader(stream)) == expected


@pytest.mark.parametrize("name", FILLED)
def test_tables_csv_and_parquet_hold_the_same_data(written, name):
    table = parquet(written, name)
    assert table.num_rows > 0
    assert table.schema.equals(TABLES[name])
    assert read_csv(written, name).to_pylist() == neutralise(table).to_pylist()


@pytest.mark.parametrize("name", TABLES)
def test_tables_csv_is_read_by_pythons_own_reader(written, name):
    with (written / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    assert len(rows) == parquet(written, name).num_rows + 1
    assert {len(row) for row in rows} == {len(TABLES[name])}


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_an_empty_run_have_their_columns(run_into, tmp_path, name):
    run_into(tmp_path / "out", tmp_path / "nothing")
    table = parquet(tmp_path / "out", name)
    assert table.schema.equals(TABLES[name])
    assert table.num_rows == (1 if name == "errors" else 0)


def test_tables_document_text_is_the_files_text(written):
    texts = {row["doc_id"]: row["text"] for row in parquet(written, "documents").to_pylist()}
    assert texts == {name.rpartition(".")[0]: text for name, text in ARTICLES.items()}


def test_tables_entities_point_into_the_written_documents(written):
    texts = {row["doc_id"]: row["text"] for row in parquet(written, "documents").to_pylist()}
    entities = parquet(written, "entities").to_pylist()
    assert len(entities) > 10
    assert all(texts[e["doc_id"]][e["start"] : e["end"]] == e["text"] for e in entities)


def test_tables_failures_are_rows_of_errors(written):
    rows = parquet(written, "errors").to_pylist()
    assert [(r["doc_id"], r["stage"], r["error"]) for r in rows] == [
        ("binary", "read", "ArticleError"),
        ("empty", "read", "ArticleError"),
    ]
    assert all(r["path"] in r["message"] for r in rows)


# Formula cells.


def neutral(values):
    table = pa.table({"text": pa.array(values, pa.string())})
    return neutralise(table)["text"].to_pylist()


def restored(cell):
    """What the documentation tells readers of the CSV to do."""
    return re.sub(r"^'('*[=+\-@\t\r])", r"\1", cell)


@pytest.mark.parametrize(
    ("raw", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("=", "'="),
        ("=é🤒\n2", "'=é🤒\n2"),
        # Near misses stay as they are.
        ("a=1", "a=1"),
        (" =1", " =1"),
        ("", ""),
        (None, None),
        ("'quoted'", "'quoted'"),
        ("–1", "–1"),
        ("fever", "fever"),
    ],
)
def test_tables_formula_cells_are_neutralised(raw, cell):
    assert neutral([raw]) == [cell]
    assert neutral(["x", raw, None]) == ["x", cell, None]


def test_tables_neutralise_leaves_numbers_alone():
    table = pa.table({"n": [-1, 2], "x": [-0.5, 1.5], "flag": [True, False]})
    assert neutralise(table).equals(table)


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("'=+-@\t\ra \n"), max_size=5))
@example("=1")
@example("'")
@example("'a")
@example("'=1")
@example("''=1")
def test_tables_neutralised_cells_can_be_restored(raw):
    (cell,) = neutral([raw])
    assert cell[:1] not in tuple("=+-@\t\r")
    assert restored(cell) == raw


def test_tables_formula_is_raw_in_parquet_and_harmless_in_csv(written):
    text = ARTICLES["formula.txt"]
    assert text in parquet(written, "documents")["text"].to_pylist()
    cells = read_csv(written, "documents")["text"].to_pylist()
    assert "'" + text in cells
    assert text not in cells


@pytest.mark.parametrize("name", FILLED)
def test_tables_csv_has_no_formula_cell(written, name):
    with (written / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    texts = [f.name for f in TABLES[name] if f.type == pa.string()]
    cells = [row[column] for row in rows for column in texts]
    assert cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


# Composites.


def test_tables_composite_has_all_concepts_in_one_entity_row(written):
    entities = parquet(written, "entities").to_pylist()
    (entity,) = [e for e in entities if e["text"] == "leg or foot pain"]
    assert entity["concept_id"] == "HP:0012514,HP:0025238"


def test_tables_composite_gives_a_relation_row_per_concept(nlp):
    text = "Sciatica causes leg or foot pain."
    rows = rows_of(Article("d", "d.txt", text), nlp(text))["relations"]
    relations = [dict(zip(TABLES["relations"].names, row, strict=True)) for row in rows]
    found = [
        (r["tail_text"], r["tail_concept_id"]) for r in relations if r["type"] == "has_symptom"
    ]
    assert found == [("leg or foot pain", "HP:0012514"), ("leg or foot pain", "HP:0025238")]
    heads = [r["head_concept_id"] for r in relations if r["type"] == "located_in"]
    assert sorted(heads) == ["HP:0012514"] * 2 + ["HP:0025238"] * 2
    assert len({r["relation_id"] for r in relations}) == len(relations)


def test_tables_plain_mention_gives_one_relation_row(nlp):
    text = "Sciatica causes leg pain."
    rows = rows_of(Article("d", "d.txt", text), nlp(text))["relations"]
    relations = [dict(zip(TABLES["relations"].names, row, strict=True)) for row in rows]
    assert [r["tail_text"] for r in relations if r["type"] == "has_symptom"] == ["leg pain"]


# The same input gives the same bytes.


def test_tables_two_runs_are_byte_identical(corpus, run_into, tmp_path):
    first = run_into(tmp_path / "one", corpus)
    assert first == run_into(tmp_path / "two", corpus)


def test_tables_run_over_earlier_output_is_byte_identical(corpus, run_into, tmp_path):
    first = run_into(tmp_path / "out", corpus)
    assert first == run_into(tmp_path / "out", corpus)
    assert not list((tmp_path / "out").glob(".*"))


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_tables_do_not_depend_on_the_order_of_inputs(corpus, run_into, tmp_path, turn):
    inputs = [corpus / "flu.txt", corpus / "deep", corpus / "back.txt", corpus / "missing.txt"]
    first = run_into(tmp_path / "one", *inputs)
    assert first == run_into(tmp_path / "two", *inputs[turn:], *inputs[:turn])


def test_tables_do_not_depend_on_the_order_of_overlapping_inputs(corpus, run_into, tmp_path):
    inputs = [corpus, corpus / "deep", corpus / "deep" / "er" / "als.md"]
    first = run_into(tmp_path / "one", *inputs)
    assert first == run_into(tmp_path / "two", *reversed(inputs))


def test_tables_do_not_depend_on_what_was_annotated_before(corpus, run_into, nlp, tmp_path):
    first = run_into(tmp_path / "one", corpus)
    nlp("Zxqy blorf disease, the MS of FLU and a hitherto unseen word.")
    assert first == run_into(tmp_path / "two", corpus)


# Writing.


def test_writer_keeps_the_order_of_rows_over_chunks(tmp_path):
    rows = [("p", f"d{n}", "read", "E", f"m{n}") for n in range(45_000)]
    with TableWriter(tmp_path) as writer:
        for start in range(0, len(rows), 7_000):
            writer.add("errors", rows[start : start + 7_000])
        writer.publish("{}\n")
    assert parquet(tmp_path, "errors")["message"].to_pylist() == [row[4] for row in rows]
    assert read_csv(tmp_path, "errors").equals(parquet(tmp_path, "errors"))


def test_writer_leaves_nothing_when_it_is_broken_off(tmp_path):
    with pytest.raises(RuntimeError), TableWriter(tmp_path) as writer:
        writer.add("errors", [("p", None, "read", "E", "m")])
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_writer_clears_what_a_killed_run_left(tmp_path):
    (tmp_path / ".tables").mkdir()
    (tmp_path / ".tables" / "old.csv").write_text("old")
    with TableWriter(tmp_path) as writer:
        writer.publish("{}\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES


def test_writer_keeps_every_earlier_table_when_one_cannot_be_replaced(tmp_path):
    with TableWriter(tmp_path) as writer:
        writer.add("errors", [("p", None, "read", "E", "old")])
        writer.publish("{}\n")
    (tmp_path / "entities.parquet").unlink()
    (tmp_path / "entities.parquet").mkdir()
    kept = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert len(kept) == len(FILES) - 1
    with pytest.raises(OutputError, match="entities"), TableWriter(tmp_path) as writer:
        writer.add("documents", [("d", "p", "", 1, 1, 1, 0, None, None, "x", "new", "{}", "[]")])
        writer.publish("{}\n")
    assert {path: path.read_bytes() for path in kept} == kept


def test_writer_names_the_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "out").write_text("a file in its place")
    with pytest.raises(OutputError, match="out: cannot be written"), TableWriter(tmp_path / "out"):
        pass
    assert (tmp_path / "out").read_text() == "a file in its place"


def test_writer_makes_the_folders_above(tmp_path):
    folder = tmp_path / "a" / "b"
    with TableWriter(folder) as writer:
        writer.publish("{}\n")
    assert sorted(path.name for path in folder.iterdir()) == FILES
    shutil.rmtree(tmp_path / "a")


def test_read_tables_gives_every_table_as_a_frame(nlp, tmp_path):
    (tmp_path / "a.txt").write_text("Flu\n\nFlu causes fever.\n")
    run([tmp_path / "a.txt"], tmp_path / "out", RunConfig(), lambda: nlp)
    tables = pipeline.read_tables(tmp_path / "out")
    assert {name: list(tables[name].columns) for name in tables} == {
        name: schema.names for name, schema in TABLES.items()
    }
    assert list(tables.entities["text"]) == ["Flu", "Flu", "fever"]


def test_read_tables_says_where_no_run_is(tmp_path):
    with pytest.raises(RunError, match="no finished run"):
        pipeline.read_tables(tmp_path / "nowhere")


def test_read_tables_says_where_a_table_is_broken(nlp, tmp_path):
    (tmp_path / "a.txt").write_text("Flu causes fever.\n")
    run([tmp_path / "a.txt"], tmp_path / "out", RunConfig(), lambda: nlp)
    (tmp_path / "out" / "entities.parquet").write_bytes(b"no table")
    with pytest.raises(RunError, match=r"no finished run there \(entities\.parquet\)"):
        pipeline.read_tables(tmp_path / "out")
