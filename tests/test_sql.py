"""``symptograph sql``: what it prints of a run's tables, and what it says of bad questions."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.batch.run import run
from pipeline.cli import console, main
from pipeline.config import RunConfig
from pipeline.errors import RunError
from pipeline.tables.query import open_run
from pipeline.tables.schema import TABLES

ROOT = Path(__file__).parents[1]
ARTICLES = {
    "flu.txt": "Flu\n\nFlu causes fever and cough. It does not cause chest pain.\n",
    "formula.txt": '=1+1\n\nAsthma, "which affects" the lungs; no fever.\n',
    "ménière 🤒.txt": "Ménière’s disease\n\nMénière’s disease causes vertigo.\n",
}


@pytest.fixture(scope="module")
def out(nlp, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sql")
    for name, text in ARTICLES.items():
        (folder / name).write_bytes(text.encode())
    (folder / "empty.txt").write_bytes(b"")
    run([folder], folder / "out", RunConfig(profile="fast"), lambda: nlp)
    return folder / "out"


@pytest.fixture
def sql(monkeypatch, capsys, out):
    """The command, in this process: exit code, stdout, stderr."""
    # Wide enough that no cell of a table is broken into two lines.
    monkeypatch.setattr(console.out, "width", 200)

    def call(query, *arguments, folder=out):
        given = ["symptograph", "sql", str(folder), query, *arguments]
        monkeypatch.setattr(sys, "argv", given)
        with pytest.raises(SystemExit) as exit_:
            main()
        printed, err = capsys.readouterr()
        return exit_.value.code or 0, printed, err

    return call


def cells(printed):
    """Rows of a table that was drawn."""
    lines = [line for line in printed.splitlines() if line[:1] in "│┃"]
    return [[cell.strip() for cell in line[1:-1].replace("┃", "│").split("│")] for line in lines]


def test_sql_is_csv_where_stdout_is_no_terminal(sql, out):
    code, printed, err = sql("select doc_id, n_chars, text from documents order by doc_id")
    assert (code, err) == (0, "")
    header, *rows = csv.reader(io.StringIO(printed))
    assert header == ["doc_id", "n_chars", "text"]
    texts = {name.removesuffix(".txt"): text for name, text in ARTICLES.items()}
    assert rows == [
        [name, str(len(text)), text.replace("=1+1", "'=1+1")]
        for name, text in sorted(texts.items())
    ]


def test_sql_is_a_table_in_a_terminal(sql, monkeypatch):
    monkeypatch.setattr(type(console.out), "is_terminal", property(lambda _: True))
    assert cells(sql("select 7 as n")[1]) == [["n"], ["7"]]
    assert sql("select 7 as n", "--format", "csv")[1] == "n\n7\n"


def test_sql_of_the_real_command(out):
    result = subprocess.run(
        [sys.executable, "-m", "pipeline", "sql", out, "select 'é🤒' as a, 1 as b"],
        cwd=ROOT, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout.decode() == "a,b\né🤒,1\n"


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("csv", "a,b\nflu,1\n\"x,\"\"y\"\"\",2\n"),
        ("jsonl", '{"a": "flu", "b": 1}\n{"a": "x,\\"y\\"", "b": 2}\n'),
    ],
)  # fmt: skip
def test_sql_formats(sql, form, expected):
    query = "select * from (values ('flu', 1), ('x,\"y\"', 2)) t(a, b) order by b"
    assert sql(query, "--format", form) == (0, expected, "")


def test_sql_format_table(sql):
    code, printed, err = sql(
        "select * from (values ('flu', 1), ('[b]x[/b]', 2)) t(a, b) order by b", "--format", "table"
    )
    assert (code, err) == (0, "")
    assert cells(printed) == [["a", "b"], ["flu", "1"], ["[b]x[/b]", "2"]]


VALUES = {
    "null": ("null", "", None, ""),
    "empty": ("''", "", "", ""),
    "text": ("'é “🤒” 中'", "é “🤒” 中", "é “🤒” 中", "é “🤒” 中"),
    "date": ("date '2024-02-03'", "2024-02-03", "2024-02-03", "2024-02-03"),
    "time": ("timestamp '2024-02-03 04:05:06'", *["2024-02-03 04:05:06"] * 3),
    "whole": ("-7", "-7", -7, "-7"),
    "number": ("0.25::double", "0.25", 0.25, "0.25"),
    "decimal": ("1.50::decimal(4, 2)", "1.50", "1.50", "1.50"),
    "flag": ("1 = 1", "True", True, "True"),
    "big": ("2::hugeint ** 3", "8.0", 8.0, "8.0"),
    "list": ("[1, null]", "[1, None]", [1, None], "[1, None]"),
    "struct": ("{'a': 'é'}", "{'a': 'é'}", {"a": "é"}, "{'a': 'é'}"),
}


@pytest.mark.parametrize(("value", "in_csv", "in_json", "in_table"), VALUES.values(), ids=VALUES)
def test_sql_values_of_all_types(sql, value, in_csv, in_json, in_table):
    query = f"select {value} as x, 'end' as y"
    found = list(csv.reader(io.StringIO(sql(query, "--format", "csv")[1])))
    assert found == [["x", "y"], [in_csv, "end"]]
    printed = sql(query, "--format", "jsonl")[1]
    assert json.loads(printed) == {"x": in_json, "y": "end"}
    assert "\\u" not in printed
    assert cells(sql(query, "--format", "table")[1]) == [["x", "y"], [in_table, "end"]]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-itis", "'-itis"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        # "\r=1" breaks the line: a cell of a lone carriage return is not put in quotes.
        ("'=1", "''=1"),
        ("1=1", "1=1"),
        ("it's", "it's"),
        (" =1", " =1"),
    ],
)
def test_sql_csv_has_no_formula_cell_and_other_formats_the_text(sql, value, expected):
    query = "select " + " || ".join(f"chr({ord(c)})" for c in value) + " as x"
    assert list(csv.reader(io.StringIO(sql(query)[1], newline="")))[1] == [expected]
    assert json.loads(sql(query, "--format", "jsonl")[1]) == {"x": value}


def test_sql_formula_of_an_article_is_harmless_in_csv_alone(sql):
    query = "select title, text from documents where doc_id = 'formula'"
    text = ARTICLES["formula.txt"]
    assert list(csv.reader(io.StringIO(sql(query)[1])))[1][1] == f"'{text}"
    assert json.loads(sql(query, "--format", "jsonl")[1])["text"] == text


@pytest.mark.parametrize(("n_rows", "n_shown", "told"), [(100, 100, False), (101, 100, True)])
def test_sql_table_says_where_it_is_not_all(sql, n_rows, n_shown, told):
    code, printed, err = sql(f"select range as n from range({n_rows})", "--format", "table")
    assert (code, err) == (0, "")
    assert cells(printed) == [["n"], *([str(n)] for n in range(n_shown))]
    assert ("the first 100 rows; --format csv has all" in printed) == told


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_sql_csv_and_jsonl_have_all_rows(sql, form):
    _, printed, _ = sql("select range as n from range(2500)", "--format", form)
    lines = printed.splitlines()[form == "csv" :]
    assert [int(line.strip('{"n: }')) for line in lines] == list(range(2500))


@pytest.mark.parametrize(("form", "expected"), [("csv", "n\n"), ("jsonl", ""), ("table", None)])
def test_sql_of_no_rows(sql, form, expected):
    code, printed, err = sql("select 1 as n where false", "--format", form)
    assert (code, err) == (0, "")
    assert cells(printed) == [["n"]] if expected is None else printed == expected


def test_sql_joins_the_tables(sql):
    query = """
        select d.doc_id, e.text from documents d join entities e using (doc_id)
        where e.type = 'CONDITION' and e.start = 0 order by 1
    """
    assert sql(query)[1].splitlines()[:2] == ["doc_id,text", "flu,Flu"]
    assert "ménière 🤒,Ménière’s disease" in sql(query)[1]


def test_sql_finds_the_errors_of_the_run(sql):
    _, printed, _ = sql("select doc_id, stage, message from errors", "--format", "jsonl")
    row = json.loads(printed)
    assert (row["doc_id"], row["stage"]) == ("empty", "read")
    assert "the file is empty" in row["message"]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("selec 1", "syntax error"),
        ("select", "SELECT clause without selection list"),
        ("select 1 +", "syntax error"),
        ("select *\nfrom\nnothing", "Table with name nothing does not exist"),
        ("select nothing from documents", 'column "nothing"'),
        ("select doc_id::int from documents", "Could not convert string"),
        ("select 'x", "unterminated"),
        ("select * from 'none.parquet'", "none.parquet"),
    ],
)
@pytest.mark.parametrize("form", ["csv", "jsonl", "table"])
def test_sql_bad_query_is_one_line(sql, out, query, told, form):
    code, _, err = sql(query, "--format", form)
    assert code == 1
    (line,) = err.splitlines()
    assert line.startswith(f"symptograph: {out}: ")
    assert told.lower() in line.lower()


def test_sql_query_that_fails_midway_is_one_line(sql):
    code, _, err = sql("select case when range = 5000 then error('no') else 1 end from range(9000)")
    assert code == 1
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("query", ["", "/* nothing */"])
def test_sql_empty_query_is_one_line(sql, query):
    code, _, err = sql(query)
    assert code == 1
    assert "the query asks for nothing" in err


def test_sql_column_that_looks_like_markup_is_shown_as_it_is(sql):
    code, printed, _ = sql("select 'x' = '[/b]'", "--format", "table")
    assert code == 0
    assert "[/b]" in printed


def test_sql_jsonl_has_all_columns_of_one_name_and_no_nan(sql):
    _, printed, _ = sql("select 1 as a, 2 as a, 'nan'::double as b", "--format", "jsonl")
    assert json.loads(printed) == {"a": 1, "a_1": 2, "b": None}


def test_sql_folder_is_no_pattern(sql, out, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["symptograph", "sql", f"{str(out)[:-1]}?", "select 1"])
    with pytest.raises(SystemExit) as exit_:
        main()
    assert exit_.value.code == 1
    assert "no finished run there" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["xml", "CSV", "json"])
def test_sql_unknown_format_is_wrong_usage(sql, form):
    code, printed, err = sql("select 1", "--format", form)
    assert (code, printed) == (2, "")
    assert "use table, csv or jsonl" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("arguments", [[], ["out"], ["out", "select 1", "more"]])
def test_sql_without_folder_or_query_is_wrong_usage(monkeypatch, capsys, arguments):
    monkeypatch.setattr(sys, "argv", ["symptograph", "sql", *arguments])
    with pytest.raises(SystemExit) as exit_:
        main()
    assert exit_.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def broken(out, folder, what):
    """A folder that does not hold a whole run."""
    if what == "nothing":
        return folder / "none"
    if what == "a file":
        (folder / "file").write_text("x")
        return folder / "file"
    if what == "an empty folder":
        return folder
    shutil.copytree(out, folder / "run")
    path = folder / "run" / "links.parquet"
    path.write_bytes(path.read_bytes()[:-20]) if what == "a damaged table" else path.unlink()
    return folder / "run"


@pytest.mark.parametrize(
    ("what", "table"),
    [
        ("nothing", "documents"),
        ("a file", "documents"),
        ("an empty folder", "documents"),
        ("no table", "links"),
        ("a damaged table", "links"),
    ],
)
def test_sql_where_no_run_is_is_one_line(sql, out, tmp_path, what, table):
    folder = broken(out, tmp_path, what)
    assert sql("select 1", folder=folder) == (
        1,
        "",
        f"symptograph: {folder}: no finished run there ({table}.parquet); "
        "give the --out folder of one\n",
    )


def test_open_run_has_every_table_as_it_was_written(out):
    with open_run(out) as connection:
        for name, schema in TABLES.items():
            rows = connection.execute(f"select * from {name}")
            assert [column[0] for column in rows.description] == schema.names
            assert rows.fetchall() == [
                tuple(row.values()) for row in pq.read_table(out / f"{name}.parquet").to_pylist()
            ]
        shown = connection.execute("show tables").fetchall()
        assert sorted(TABLES) == [name for (name,) in shown]
        assert connection.execute("select count(*) from documents").fetchone() == (3,)


@pytest.mark.parametrize("name", ["it's", "a b é", "x=1", "out[1]", "100%", "a;b", '"'])
def test_open_run_in_a_folder_of_any_name(out, tmp_path, name):
    shutil.copytree(out, tmp_path / name)
    with open_run(tmp_path / name) as connection:
        found = connection.execute("select * from documents")
        assert [column[0] for column in found.description] == TABLES["documents"].names
        assert len(found.fetchall()) == 3


def test_open_run_changes_no_file(out):
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    with open_run(out) as connection:
        connection.execute("create table more as select * from documents")
        connection.execute("drop view documents")
    after = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    assert after == before


def test_open_run_says_where_no_run_is(tmp_path):
    with pytest.raises(RunError, match="no finished run there"), open_run(tmp_path):
        pass
