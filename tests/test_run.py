"""``symptograph run`` with what goes wrong: one clear line each, and everything else is done."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from spacy.language import Language

import pipeline
from pipeline.batch.run import run
from pipeline.cli import main
from pipeline.config import RunConfig
from pipeline.errors import StoppedError
from pipeline.tables.schema import TABLES

ROOT = Path(__file__).parents[1]
GOOD = "Flu\n\nFlu causes fever and cough. It does not cause chest pain.\n"
TABLE_FILES = {f"{name}.{suffix}" for name in TABLES for suffix in ("csv", "parquet")}
FILES = TABLE_FILES | {"run.json", "run.log"}


@pytest.fixture
def articles(tmp_path):
    """A folder with two good articles, between which a test may put a bad one."""
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a.txt").write_text(GOOD)
    (folder / "z.txt").write_text(GOOD)
    return folder


@pytest.fixture
def symptograph(monkeypatch, capsys):
    """The command, in this process: exit code, lines on stdout, lines on stderr."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["symptograph", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_:
            main()
        out, err = capsys.readouterr()
        return exit_.value.code or 0, out.splitlines(), err.splitlines()

    return call


def command(*arguments, **options):
    """The real command, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False, **options,
    )  # fmt: skip


def rows(out, name):
    with (out / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def doc_ids(out):
    return [row["doc_id"] for row in rows(out, "documents")]


def names(folder):
    return {path.name for path in folder.iterdir()}


BAD = {
    "empty": (b"", "the file is empty"),
    "blank": (b" \n\t\r\n ", "the file is empty"),
    "only-a-mark": (b"\xef\xbb\xbf", "the file is empty"),
    "binary": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a binary file"),
    "zeros": (b"flu\0", "a binary file"),
    "cut-short": ("fièvre élevée".encode()[:-2], "damaged at byte 13"),
    "one-bad-byte": ("fièvre élevée ".encode() + b"\xff fever", "damaged at byte 17"),
    "half-utf-16": ("\ufeffFlu".encode("utf-16-le")[:-1], "not valid utf-16"),
}
ENCODED = {
    "latin-1": "La grippe donne de la fièvre à Orléans. Flu causes fever.".encode("latin-1"),
    "cp1252": "“Flu” causes fever – and a café’s coffee won’t help.".encode("cp1252"),
    "utf-16": "\ufeffFlu causes fever.".encode("utf-16-le"),
    "utf-16-be": "\ufeffFlu causes fever.".encode("utf-16-be"),
    "utf-32": "\ufeffFlu causes fever.".encode("utf-32-le"),
}


@pytest.mark.parametrize(("content", "reason"), BAD.values(), ids=BAD)
def test_run_bad_file_is_one_line_and_a_row_and_the_rest_is_done(
    symptograph, articles, tmp_path, content, reason
):
    bad = articles / "bad.txt"
    bad.write_bytes(content)
    code, _, err = symptograph("run", articles, "--out", tmp_path / "out")
    assert code == 3
    (line,) = err
    assert line.startswith(f"symptograph: {bad}: ")
    assert reason in line
    assert doc_ids(tmp_path / "out") == ["a", "z"]
    (error,) = rows(tmp_path / "out", "errors")
    assert (error["path"], error["doc_id"], error["stage"]) == (str(bad), "bad", "read")
    assert f"symptograph: {error['message']}" == line
    assert names(tmp_path / "out") == FILES


@pytest.mark.parametrize(("encoding", "content"), ENCODED.items(), ids=ENCODED)
def test_run_reads_other_encodings(symptograph, tmp_path, encoding, content):
    (tmp_path / "flu.txt").write_bytes(content)
    code, _, err = symptograph("run", tmp_path / "flu.txt", "--out", tmp_path / "out")
    assert (code, err) == (0, [])
    (document,) = rows(tmp_path / "out", "documents")
    assert document["text"] == content.decode(encoding.removesuffix("-be")).lstrip("\ufeff")


@pytest.mark.parametrize(("content", "reason"), BAD.values(), ids=BAD)
def test_run_only_a_bad_file_fails(symptograph, tmp_path, content, reason):
    bad = tmp_path / "bad.txt"
    bad.write_bytes(content)
    code, _, err = symptograph("run", bad, "--out", tmp_path / "out")
    assert code == 1
    (line,) = err
    assert str(bad) in line
    assert reason in line


def test_run_leaves_out_a_byte_order_mark(symptograph, articles, tmp_path):
    (articles / "m.txt").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    code, _, err = symptograph("run", articles, "--out", tmp_path / "out")
    assert (code, err) == (0, [])
    assert [row["text"] for row in rows(tmp_path / "out", "documents")] == [GOOD] * 3
    starts = {(e["doc_id"], e["start"]) for e in rows(tmp_path / "out", "entities")}
    assert {start for doc, start in starts if doc == "m"} == {s for d, s in starts if d == "a"}
    assert ("m", "0") in starts


@pytest.mark.parametrize(("limit", "code"), [(len(GOOD), 0), (len(GOOD) - 1, 1)])
def test_run_max_chars_is_the_longest_length_taken(symptograph, articles, tmp_path, limit, code):
    found, _, err = symptograph("run", articles, "--out", tmp_path / "out", "--max-chars", limit)
    assert found == code
    assert len(err) == (2 if code else 0)
    assert all("split the file or raise --max-chars" in line for line in err)


def test_run_counts_characters_not_bytes(symptograph, tmp_path):
    (tmp_path / "a.txt").write_text("é" * 100, encoding="utf-8")
    code, _, _ = symptograph("run", tmp_path, "--out", tmp_path / "out", "--max-chars", 100)
    assert code == 0


def test_run_one_long_line_within_the_limit_is_done(symptograph, tmp_path):
    text = "the flu causes fever and cough, " * 1_000
    (tmp_path / "long.txt").write_text(text)
    code, _, err = symptograph("run", tmp_path, "--out", tmp_path / "out")
    assert (code, err) == (0, [])
    assert rows(tmp_path / "out", "documents")[0]["n_chars"] == str(len(text))


@pytest.mark.parametrize(
    ("given", "reason"),
    [("missing.txt", "no such file or folder"), ("nothing", "no articles in this folder")],
)
def test_run_input_without_articles_does_not_stop_the_others(
    symptograph, articles, tmp_path, given, reason
):
    (tmp_path / "nothing").mkdir()
    code, _, err = symptograph("run", tmp_path / given, articles, "--out", tmp_path / "out")
    assert code == 3
    (line,) = err
    assert f"{tmp_path / given}: {reason}" in line
    assert doc_ids(tmp_path / "out") == ["a", "z"]
    (error,) = rows(tmp_path / "out", "errors")
    assert (error["path"], error["doc_id"], error["stage"]) == (
        str(tmp_path / given), "", "discover",
    )  # fmt: skip


def test_run_without_any_article_fails(symptograph, tmp_path):
    code, _, err = symptograph("run", tmp_path / "missing", "--out", tmp_path / "out")
    assert code == 1
    (line,) = err
    assert str(tmp_path / "missing") in line
    assert [row["stage"] for row in rows(tmp_path / "out", "errors")] == ["discover"]
    assert doc_ids(tmp_path / "out") == []


def test_run_file_name_that_is_no_unicode(symptograph, articles, tmp_path):
    bad = os.fsencode(articles) + b"/m\xff.txt"
    Path(os.fsdecode(bad)).write_text(GOOD)
    code, _, err = symptograph("run", articles, "--out", tmp_path / "out")
    assert code in (0, 3)
    assert len(err) == (1 if code else 0)
    assert {"a", "z"} <= set(doc_ids(tmp_path / "out"))
    assert names(tmp_path / "out") == FILES


@pytest.mark.parametrize("name", ["a[red]b.txt", "-a.txt", "=cmd.txt", "a\nb.txt", "é 🤒.txt"])
def test_run_odd_file_names_are_named_as_they_are(symptograph, articles, tmp_path, name):
    (articles / name).write_bytes(b"")
    code, _, err = symptograph("run", articles, "--out", tmp_path / "out")
    assert code == 3
    (line,) = err
    assert " ".join(name.split()) in line
    assert doc_ids(tmp_path / "out") == ["a", "z"]


def test_run_file_deleted_while_running(nlp, articles, tmp_path):
    gone = articles / "m.txt"
    gone.write_text(GOOD)

    def load():
        gone.unlink()
        return nlp

    summary = run([articles], tmp_path / "out", RunConfig(), load)
    (error,) = summary.errors
    assert error.message.startswith(f"{gone}: cannot be read")
    assert doc_ids(tmp_path / "out") == ["a", "z"]
    assert [row["stage"] for row in rows(tmp_path / "out", "errors")] == ["read"]


@pytest.fixture
def fragile():
    """A pipeline that cannot do a text that begins with FAIL."""

    @Language.component("test_run_fails")
    def fail(doc):
        if doc.text.startswith("FAIL"):
            raise ValueError("two\nlines")
        return doc

    own = pipeline.load("fast")
    own.add_pipe("test_run_fails")
    return own


def test_run_one_failing_document_costs_no_other(fragile, articles, tmp_path):
    (articles / "m.txt").write_text("FAIL" + GOOD)
    summary = run([articles], tmp_path / "out", RunConfig(), lambda: fragile)
    assert summary.n_done == 2
    (error,) = rows(tmp_path / "out", "errors")
    assert (error["doc_id"], error["stage"], error["error"]) == ("m", "annotate", "ValueError")
    assert error["message"] == f"{articles / 'm.txt'}: two lines"
    assert doc_ids(tmp_path / "out") == ["a", "z"]


# Where nothing can be written.


def test_run_output_folder_is_a_file(symptograph, articles, tmp_path):
    (tmp_path / "out").write_text("mine")
    code, _, err = symptograph("run", articles, "--out", tmp_path / "out")
    assert code == 1
    (line,) = err
    assert f"{tmp_path / 'out'}: cannot be written" in line
    assert (tmp_path / "out").read_text() == "mine"


def test_run_output_folder_below_a_file(symptograph, articles, tmp_path):
    (tmp_path / "file").write_text("mine")
    code, _, err = symptograph("run", articles, "--out", tmp_path / "file" / "out")
    assert code == 1
    (line,) = err
    assert str(tmp_path / "file" / "out") in line


@pytest.mark.parametrize("table", ["documents.csv", "errors.parquet"])
def test_run_keeps_the_earlier_tables_when_one_cannot_be_replaced(
    symptograph, articles, tmp_path, table
):
    out = tmp_path / "out"
    assert symptograph("run", articles, "--out", out)[0] == 0
    (out / table).unlink()
    (out / table).mkdir()
    kept = {name: (out / name).read_bytes() for name in TABLE_FILES - {table}}
    (articles / "new.txt").write_text(GOOD)
    code, _, err = symptograph("run", articles, "--out", out)
    assert code == 1
    (line,) = err
    assert f"{out / table}: cannot be written" in line
    assert {name: (out / name).read_bytes() for name in kept} == kept


def test_run_keeps_the_earlier_tables_when_writing_breaks_off(
    symptograph, articles, tmp_path, monkeypatch
):
    import pipeline.cooccurrence.counts

    out = tmp_path / "out"
    assert symptograph("run", articles, "--out", out)[0] == 0
    kept = {name: (out / name).read_bytes() for name in TABLE_FILES | {"run.json"}}

    def full(*paths):
        raise StoppedError("stopped")

    monkeypatch.setattr(pipeline.cooccurrence.counts, "count_pairs", full)
    (articles / "new.txt").write_text(GOOD)
    code, _, err = symptograph("run", articles, "--out", out)
    assert (code, err) == (130, ["symptograph: stopped"])
    assert {name: (out / name).read_bytes() for name in kept} == kept


def test_run_outside_the_main_thread(nlp, articles, tmp_path):
    done = []
    thread = threading.Thread(
        target=lambda: done.append(run([articles], tmp_path / "out", RunConfig(), lambda: nlp))
    )
    thread.start()
    thread.join()
    assert [summary.n_done for summary in done] == [2]


# The real command, in a process of its own.


def test_run_command_reports_all_kinds_of_bad_files_at_once(articles, tmp_path):
    for name, (content, _) in BAD.items():
        (articles / f"{name}.txt").write_bytes(content)
    result = command("run", articles, tmp_path / "missing", "--out", tmp_path / "out")
    assert result.returncode == 3
    lines = result.stderr.splitlines()
    assert len(lines) == len(BAD) + 1
    for name, (_, reason) in BAD.items():
        (line,) = [line for line in lines if str(articles / f"{name}.txt") in line]
        assert reason in line
    assert "Traceback" not in result.stderr + result.stdout
    assert doc_ids(tmp_path / "out") == ["a", "z"]
    assert len(rows(tmp_path / "out", "errors")) == len(BAD) + 1
    assert names(tmp_path / "out") == FILES


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["{articles}", "--out", "{tmp}/out"], 0),
        (["{tmp}/missing", "--out", "{tmp}/out"], 1),
        (["{articles}", "--out", "{articles}/a.txt"], 1),
        (["{articles}", "--profile", "slow", "--out", "{tmp}/out"], 1),
        (["{articles}", "--max-chars", "0"], 2),
        (["{articles}", "--nonsense"], 2),
    ],
)
def test_run_command_exit_codes(articles, tmp_path, arguments, code):
    result = command("run", *(a.format(articles=articles, tmp=tmp_path) for a in arguments))
    assert result.returncode == code
    assert "Traceback" not in result.stderr
    assert bool(result.stderr) == bool(code)
