"""``pipeline.extract`` and the tables that it and ``pipeline.read_tables`` give."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import signal
import sys
import tempfile
import threading
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
import spacy
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from spacy.language import Language
from threadpoolctl import threadpool_info, threadpool_limits

import pipeline
from pipeline.batch import extraction
from pipeline.batch.extraction import sort_out
from pipeline.cli import main
from pipeline.errors import ConfigError, OutputError, RunError, TerminologyError
from pipeline.tables.schema import TABLES

ROOT = Path(__file__).parents[1]
SAMPLES = ("gout.html", "kidney-stones.md", "migraine.txt")
FLU = "Flu\n\nFlu causes fever and cough. It does not cause chest pain.\n"
ASTHMA = "Asthma affects the lungs. Asthma may cause a cough."
HOSTILE = "<script>alert('x')</script> & \"<b>\" $\\href{x}{y}$"


@pytest.fixture(scope="module")
def tables(nlp):
    return pipeline.extract([FLU, ASTHMA, Path("no-such-file.txt")], nlp=nlp)


@pytest.fixture
def folder(tmp_path):
    """A folder with two articles, in which the tests run."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "flu.txt").write_text(FLU)
    (tmp_path / "in" / "asthma.md").write_text(ASTHMA)
    return tmp_path / "in"


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """Where temporary folders are made."""
    path = tmp_path / "scratch"
    path.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(path))
    return path


def same(one, other):
    for name in TABLES:
        assert_frame_equal(one[name], other[name])


class Named:
    """A path of somebody else's class."""

    def __init__(self, path):
        self._path = path

    def __fspath__(self):
        return self._path


# What may be given.


@pytest.mark.parametrize(
    ("articles", "ids", "paths"),
    [
        (FLU, ["text-1"], []),
        ([FLU, ASTHMA, FLU], ["text-1", "text-2", "text-3"], []),
        ((FLU, ASTHMA), ["text-1", "text-2"], []),
        ((text for text in (FLU, ASTHMA)), ["text-1", "text-2"], []),
        (pd.Series([FLU, ASTHMA], index=[7, 8]), ["text-1", "text-2"], []),
        (np.array([FLU, ASTHMA]), ["text-1", "text-2"], []),
        ([("b", FLU), ("a", ASTHMA)], ["b", "a"], []),
        (zip(["b", "a"], [FLU, ASTHMA], strict=True), ["b", "a"], []),
        ([("a", FLU), ASTHMA, (" \n", FLU)], ["a", "text-2", "text-3"], []),
        ([(" a\n b ", FLU)], ["a b"], []),
        ([("a", "tests")], ["a"], []),
        (Path("in"), [], [Path("in")]),
        (Named("in/flu.txt"), [], [Path("in/flu.txt")]),
        (Named(b"in/flu.txt"), [], [Path("in/flu.txt")]),
        ([Path("in"), FLU, ("a", FLU)], ["text-1", "a"], [Path("in")]),
        ([], [], []),
        (iter(()), [], []),
    ],
    ids=lambda value: type(value).__name__,
)
def test_extract_takes_texts_files_and_folders(articles, ids, paths):
    texts, found = sort_out(articles)
    assert [text.doc_id for text in texts] == ids
    assert {text.text for text in texts} <= {FLU, ASTHMA, "tests"}
    assert {type(text.text) for text in texts} <= {str}
    assert found == paths


def test_extract_puts_texts_before_files_and_files_by_their_ids(nlp, folder):
    found = pipeline.extract([folder / "flu.txt", FLU, folder, ("b", ASTHMA)], nlp=nlp)
    assert found.documents["doc_id"].tolist() == ["text-1", "b", "asthma", "flu"]
    assert found.documents["text"].tolist() == [FLU, ASTHMA, ASTHMA, FLU]
    assert found.errors.empty


def test_extract_reads_every_format(nlp, folder):
    (folder / "a.html").write_text("<html><body><p>Flu causes fever.</p></body></html>")
    (folder / "b.jsonl").write_text('{"id": "one", "text": "Flu causes fever."}\n')
    (folder / "c.csv").write_text("id,text\ntwo,Flu causes fever.\n")
    found = pipeline.extract(folder, nlp=nlp)
    assert found.documents["doc_id"].tolist() == ["a", "asthma", "one", "two", "flu"]


def test_extract_of_a_text_is_that_of_the_file(nlp, folder):
    of_text = pipeline.extract([("flu", FLU)], nlp=nlp)
    of_file = pipeline.extract(folder / "flu.txt", nlp=nlp)
    assert of_text.documents["path"].tolist() == ["flu"]
    assert_frame_equal(
        of_text.documents.drop(columns="path"), of_file.documents.drop(columns="path")
    )
    for name in TABLES.keys() - {"documents"}:
        assert_frame_equal(of_text[name], of_file[name])


WORDS = st.sampled_from(["Flu", "causes", "fever", "no", ".", "\n\n", "🤒", "\ud83e", "é"])
TEXTS = st.lists(st.one_of(st.lists(WORDS).map(" ".join), st.text(max_size=8)), max_size=6)


@settings(max_examples=12, deadline=None)
@given(TEXTS)
@example(["", " \n", "a\0b", "\ud83e\udd12 fever", "\ufefffever"])
def test_extract_has_each_text_in_documents_or_errors(nlp, texts):
    found = pipeline.extract([(f"d{n}", text) for n, text in enumerate(texts)], nlp=nlp)
    kept = dict(zip(found.documents["doc_id"], found.documents["text"], strict=True))
    assert sorted([*kept, *found.errors["doc_id"]]) == sorted(f"d{n}" for n in range(len(texts)))
    for n, text in enumerate(texts):
        done = bool(text.strip()) and "\0" not in text
        assert (f"d{n}" in kept) == done
        assert not done or kept[f"d{n}"] == re.sub("[\ud800-\udfff]", "\ufffd", text)
    for row in found.entities.itertuples():
        assert kept[row.doc_id][row.start : row.end] == row.text


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([FLU, ("a", FLU), ("", FLU), Path("flu.txt")])))
def test_extract_names_texts_by_their_place_among_them(articles):
    texts, paths = sort_out(iter(articles))
    assert len(texts) + len(paths) == len(articles)
    names = [text.doc_id for text in texts]
    assert all(name in ("a", f"text-{n}") for n, name in enumerate(names, start=1))


# A wrong call.


@pytest.mark.parametrize(
    ("articles", "message"),
    [
        (5, "a int cannot be annotated; give texts as str, files and folders as pathlib.Path"),
        (None, "a NoneType cannot"),
        (b"Flu", "a bytes cannot"),
        ({"a": FLU}, "a dict cannot"),
        (pd.DataFrame({"text": [FLU]}), "a DataFrame cannot"),
        ([FLU, None], "article 2 is a NoneType; give texts as str"),
        ([float("nan")], "article 1 is a float"),
        ([b"Flu"], "article 1 is a bytes"),
        ([[FLU, ASTHMA]], "article 1 is a list"),
        ([("a", FLU, "b")], r"article 1 is a tuple.* or \(id, text\) pairs of str"),
        (enumerate([FLU]), "article 1 is a tuple"),
        ([("a", Path("flu.txt"))], "article 1 is a tuple"),
    ],
    ids=str,
)
def test_extract_says_what_it_cannot_take(articles, message):
    with pytest.raises(TypeError, match=message) as raised:
        pipeline.extract(articles)
    assert "\n" not in str(raised.value)


FILE_NAMES = ["in", "in/flu.txt", "./in", " in/flu.txt\n", "elsewhere/flu.txt", "report.PDF", "."]


@pytest.mark.parametrize("name", FILE_NAMES)
def test_extract_does_not_take_the_name_of_a_file_for_a_text(folder, monkeypatch, name):
    monkeypatch.chdir(folder.parent)
    told = rf"^'{re.escape(name.strip())}' is a file name, not a text; give pathlib\.Path\('"
    for articles in (name, [FLU, name]):
        with pytest.raises(ValueError, match=told) as raised:
            pipeline.extract(articles)
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        "in\nflu.txt",
        "Read flu.txt",
        "inn",
        "Flu.",
        "3.5",
        "https://health.example/flu.html",
        "x" * 300,
        "x" * 5000,
        "in\0",
        "\ud800",
    ],
)
def test_extract_takes_what_is_no_file_name_for_a_text(folder, monkeypatch, text):
    monkeypatch.chdir(folder.parent)
    texts, paths = sort_out(text)
    assert (len(texts), paths) == (1, [])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"profile": "slow"}, ConfigError, "unknown profile 'slow'; use one of: accurate, fast"),
        ({"profile": "fast", "model": "m"}, ConfigError, "profile fast has no model"),
        ({"model": "no-such-model"}, ConfigError, "no-such-model: holds no recogniser"),
        ({"terms": ["no-such.obo"]}, TerminologyError, "no-such.obo"),
        ({"workers": 0}, ConfigError, "workers: 0 cannot annotate anything; give 1 or more"),
    ],
    ids=str,
)
def test_extract_says_which_setting_cannot_work(options, error, message):
    with pytest.raises(error, match=message):
        pipeline.extract(FLU, **options)


@pytest.mark.parametrize("options", [{"model": "m"}, {"terms": ["t.obo"]}, {"workers": 2}], ids=str)
def test_extract_takes_a_pipeline_or_what_to_make_one_of(nlp, options):
    with pytest.raises(ConfigError, match=r"nlp .*already|leave out nlp or workers"):
        pipeline.extract(FLU, nlp=nlp, **options)


def test_extract_takes_no_other_profile_than_the_pipelines(nlp):
    assert len(pipeline.extract(FLU, nlp=nlp, profile="fast").documents) == 1
    nlp.meta["symptograph"]["profile"] = "accurate"
    try:
        with pytest.raises(ConfigError, match="nlp has a profile"):
            pipeline.extract(FLU, nlp=nlp, profile="fast")
    finally:
        nlp.meta["symptograph"]["profile"] = "fast"


def test_extract_takes_no_pipeline_but_ours():
    with pytest.raises(ConfigError, match=r"nlp: not a pipeline of pipeline\.load\(\)"):
        pipeline.extract(FLU, nlp=spacy.blank("en"))


# What goes wrong with an article.


def test_extract_failures_are_rows_of_errors(nlp, folder):
    (folder / "empty.txt").write_text("")
    (folder / "same.jsonl").write_text('{"id": "text-1", "text": "Flu causes fever."}\n')
    missing = folder / "missing.txt"
    found = pipeline.extract([FLU, folder, missing, "", ("asthma", "a\0")], nlp=nlp)
    assert found.documents["doc_id"].tolist() == ["text-1", "asthma", "flu"]
    told = dict(zip(found.errors["path"], found.errors["message"], strict=True))
    assert told == {
        str(missing): f"{missing}: no such file or folder; check the path",
        str(folder / "empty.txt"): f"{folder / 'empty.txt'}: the file is empty; remove it or fill "
        "it",
        str(folder / "same.jsonl"): f"{folder / 'same.jsonl'}: the id 'text-1' is already that of "
        "a document in text-1; give each document an id of its own",
        "text-2": "text-2: the text is empty; leave it out or fill it",
        "asthma": "asthma: a NUL character in the text; remove it",
    }


def test_extract_text_that_is_too_long_is_a_row_of_errors(nlp, monkeypatch):
    made_with = extraction.made_with
    monkeypatch.setattr(
        extraction, "made_with", lambda nlp: made_with(nlp).model_copy(update={"max_chars": 10})
    )
    found = pipeline.extract(["Flu, fever", "Flu, fevers"], nlp=nlp)
    assert found.documents["doc_id"].tolist() == ["text-1"]
    (message,) = found.errors["message"]
    assert message.startswith("text-2: 11 characters are more than one article may have (10)")


@pytest.fixture(scope="module")
def watched():
    """A pipeline that calls ``watched.watch`` on every Doc."""

    @Language.component("test_api_watch")
    def watch(doc):
        watched.watch(doc)
        return doc

    own = pipeline.load("fast")
    own.add_pipe("test_api_watch", first=True)
    watched.nlp = own
    return watched


def test_extract_failing_component_is_a_row_of_errors(watched):
    def fail(doc):
        if doc.text == ASTHMA:
            raise RuntimeError("no asthma")

    watched.watch = fail
    found = pipeline.extract([ASTHMA, FLU], nlp=watched.nlp)
    assert found.documents["doc_id"].tolist() == ["text-2"]
    assert found.errors[["doc_id", "stage", "error", "message"]].to_numpy().tolist() == [
        ["text-1", "annotate", "RuntimeError", "text-1: no asthma"]
    ]


def test_extract_interrupted_ends_at_once_and_leaves_nothing(watched, scratch):
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    seen = []

    def interrupt(doc):
        seen.append([signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)])
        raise KeyboardInterrupt

    watched.watch = interrupt
    with pytest.raises(KeyboardInterrupt):
        pipeline.extract([FLU, ASTHMA], nlp=watched.nlp)
    assert seen == [handlers]
    assert list(scratch.iterdir()) == []


def test_extract_scores_do_not_depend_on_the_threads_there_are(watched):
    seen = []
    watched.watch = lambda doc: seen.append([pool["num_threads"] for pool in threadpool_info()])
    with threadpool_limits(2):
        before = [pool["num_threads"] for pool in threadpool_info()]
        pipeline.extract(FLU, nlp=watched.nlp)
        assert [pool["num_threads"] for pool in threadpool_info()] == before
    assert [set(numbers) for numbers in seen] == [{1}]


def test_extract_leaves_and_prints_nothing(nlp, scratch, capfd, monkeypatch):
    monkeypatch.chdir(scratch)
    pipeline.extract([FLU, Path("missing")], nlp=nlp)
    assert capfd.readouterr() == ("", "")
    assert list(scratch.iterdir()) == []


# Where it is called from.


def test_extract_outside_the_main_thread(nlp, tables):
    found = []
    thread = threading.Thread(
        target=lambda: found.append(
            pipeline.extract([FLU, ASTHMA, Path("no-such-file.txt")], nlp=nlp)
        )
    )
    thread.start()
    thread.join()
    assert len(found) == 1
    same(found[0], tables)


def test_extract_while_an_event_loop_runs(nlp, tables):
    async def cell():
        return pipeline.extract([FLU, ASTHMA, Path("no-such-file.txt")], nlp=nlp)

    same(asyncio.run(cell()), tables)


def test_extract_uses_the_pipeline_that_is_there(nlp, tables, monkeypatch):
    monkeypatch.setattr(extraction, "assemble", None)
    same(pipeline.extract([FLU, ASTHMA, Path("no-such-file.txt")], nlp=nlp), tables)


def test_extract_takes_a_pipeline_that_was_saved(nlp, tables, tmp_path):
    nlp.to_disk(tmp_path / "nlp")
    saved = spacy.load(tmp_path / "nlp")
    same(pipeline.extract([FLU, ASTHMA, Path("no-such-file.txt")], nlp=saved), tables)


def test_extract_rolls_up_where_it_is_asked_to(nlp, tables):
    found = pipeline.extract([FLU, ASTHMA, Path("no-such-file.txt")], nlp=nlp, rollup=True)
    assert len(tables.rollups) == 0 < len(found.rollups)
    assert_frame_equal(found.cooccurrences, tables.cooccurrences)


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    for name in SAMPLES:
        (folder / name).write_bytes((ROOT / "corpus" / "articles" / name).read_bytes())
    (folder / "binary.txt").write_bytes(b"\0\1\2")
    return folder


def test_extract_is_what_symptograph_run_writes(samples, tmp_path, monkeypatch):
    given = ["symptograph", "run", str(samples), "--out", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", given)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 3
    written, found = pipeline.read_tables(tmp_path / "out"), pipeline.extract(samples)
    same(found, written)
    assert len(found.documents) == len(SAMPLES)
    assert len(found.errors) == 1
    for name in ("config", "settings", "counts", "terminology", "inputs"):
        assert found.run[name] == written.run[name]


def test_extract_with_workers_gives_the_same(nlp, tables):
    articles = [FLU, ASTHMA, Path("no-such-file.txt")]
    same(pipeline.extract(articles, profile="fast", workers=2), tables)


# Tables.


def test_tables_are_attributes_and_items(tables):
    assert list(tables) == list(TABLES) == list(tables.keys()) == list(dict(tables))
    assert all(tables[name] is getattr(tables, name) for name in TABLES)
    assert "entities" in tables
    with pytest.raises(KeyError, match="no table 'entity'; there are documents, sections"):
        tables["entity"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        tables.entities = None


@pytest.fixture(scope="module")
def empty():
    return pipeline.extract([])


@pytest.mark.parametrize("name", TABLES)
def test_tables_have_the_same_types_whatever_is_in_them(tables, empty, name):
    assert list(empty[name].columns) == TABLES[name].names
    assert len(empty[name]) == 0
    assert dict(empty[name].dtypes) == dict(tables[name].dtypes)


def test_tables_offsets_of_cues_are_integers(tables):
    (row,) = tables.entities.query("text == 'chest pain'").itertuples()
    assert (row.negated, row.cue, FLU[row.cue_start : row.cue_end]) == (True, "not", "not")


def test_tables_say_what_they_are_in_one_line(tables):
    counts = {name: len(tables[name]) for name in TABLES}
    assert counts["documents"] == 2
    assert counts["errors"] == 1
    assert repr(tables) == f"Tables({', '.join(f'{k}: {n}' for k, n in counts.items())})"


def test_tables_say_how_they_were_made(tables):
    assert tables.run["symptograph"] == pipeline.__version__
    assert tables.run["config"]["profile"] == "fast"
    assert tables.run["counts"]["entities"] == len(tables.entities)


def test_read_tables_needs_the_run_file(tables, tmp_path):
    for name in TABLES:
        tables[name].to_parquet(tmp_path / f"{name}.parquet")
    with pytest.raises(RunError, match=r"run\.json: cannot be read"):
        pipeline.read_tables(tmp_path)


# DuckDB.


def test_duckdb_has_every_table_and_type(tables):
    with tables.to_duckdb() as database:
        for name, schema in TABLES.items():
            found = database.sql(f"from {name}").to_arrow_table()
            assert found.schema.equals(schema)
            assert found.to_pylist() == [
                {k: None if pd.isna(v) else v for k, v in row.items()}
                for row in tables[name].to_dict("records")
            ]


def test_duckdb_answers_over_tables(tables):
    with tables.to_duckdb() as database:
        query = (
            "select e.text from relations r join entities e on e.doc_id = r.doc_id and "
            "e.entity_id = r.tail_id where r.type = 'has_symptom' and r.negated"
        )
        assert database.sql(query).fetchall() == [("chest pain",)]


def test_duckdb_has_copies_of_its_own(nlp):
    found = pipeline.extract(FLU, nlp=nlp)
    with found.to_duckdb() as database:
        found.entities["text"] = "changed"
        del found
        assert database.sql("select text from entities limit 1").fetchall() == [("Flu",)]


def test_duckdb_takes_frames_that_were_changed(tables):
    entities = tables.entities.assign(type=tables.entities["type"].astype("category"), mine=1.5)
    changed = dataclasses.replace(tables, entities=entities.query("type == 'SYMPTOM'"))
    with changed.to_duckdb() as database:
        found = database.sql("select distinct type, mine from entities").fetchall()
    assert found == [("SYMPTOM", 1.5)]


@pytest.mark.parametrize("made", ["create table errors (x int)", "create view Links as select 1"])
def test_duckdb_leaves_alone_what_is_there(tables, made):
    with duckdb.connect() as database:
        database.execute(made)
        with pytest.raises(OutputError, match=r"has (errors|links) already; give replace=True"):
            tables.to_duckdb(database)
        assert len(database.sql("show tables").fetchall()) == 1


def test_duckdb_replaces_where_it_is_asked_to(tables):
    with duckdb.connect() as database:
        assert tables.to_duckdb(database) is database
        database.execute("delete from entities")
        tables.to_duckdb(database, replace=True)
        assert len(database.sql("from entities").fetchall()) == len(tables.entities)
        assert len(database.sql("show tables").fetchall()) == len(TABLES)


def test_duckdb_says_where_it_cannot_write(tables, tmp_path):
    duckdb.connect(tmp_path / "a.duckdb").close()
    with (
        duckdb.connect(tmp_path / "a.duckdb", read_only=True) as database,
        pytest.raises(OutputError, match=r"^documents: cannot be written .*read-only") as raised,
    ):
        tables.to_duckdb(database)
    assert "\n" not in str(raised.value)


# What a notebook shows.


class Page(HTMLParser):
    """The tags, the attributes and the text of some HTML."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.open, self.text = set(), set(), [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attributes)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def page_of(tables):
    page = Page(tables._repr_html_())
    assert page.open == []
    assert page.tags <= {"div", "table", "tr", "th", "td", "p", "b", "ul", "li", "code"}
    assert page.attributes <= {"class", "style"}
    return page.text


def test_overview_counts_tables_types_and_concepts(tables):
    text = page_of(tables)
    for name in TABLES:
        assert text[text.index(name) + 1] == str(len(tables[name]))
    # Chest pain is negated: it is not what the articles are about.
    assert text[text.index("symptoms: 2 in 3 mentions") + 1 :][:5] == [
        "articles", "Cough", "2", "Fever", "1"
    ]  # fmt: skip
    assert "conditions: 2 in 4 mentions" in text
    assert "no-such-file.txt: no such file or folder; check the path" in text


def test_overview_of_nothing(empty):
    text = page_of(empty)
    assert "conditions: 0 in 0 mentions" in text
    assert "not done" not in text


def test_overview_escapes_what_is_in_the_tables(nlp, tables):
    entities = tables.entities.assign(concept_label=None, text=HOSTILE)
    text = page_of(dataclasses.replace(tables, entities=entities))
    assert HOSTILE[:39] + "…" in text
    name = "<img src=x onerror=alert(1)>.txt"
    assert any(line.startswith(name) for line in page_of(pipeline.extract(Path(name), nlp=nlp)))


def test_overview_is_small(tables):
    errors = pd.concat([tables.errors.assign(message="a\n" * 10_000)] * 1_000)
    many = pd.concat([tables.entities.assign(concept_label=f"c{n}") for n in range(100)])
    changed = dataclasses.replace(tables, errors=errors, entities=many)
    assert "and 997 more in " in page_of(changed)
    assert len(changed._repr_html_()) < 6_000


def test_overview_brings_no_colours_of_its_own(tables):
    assert "mathjax_ignore" in tables._repr_html_()
    assert not re.search(r"color|background|http|script|<style", tables._repr_html_())
