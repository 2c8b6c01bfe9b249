"""Folders of BRAT pairs: with the table of our export, ids are its ids and subfolders are found."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline.errors import GoldError
from pipeline.evaluation.brat import find_documents
from pipeline.evaluation.gold import read_gold
from pipeline.export.places import table_cells, table_line

HEADER = "doc_id\tfile\n"
IDS = [
    "flu", "a/flu", "b/flu", "a/b/flu", "../flu", "/etc/passwd", "a//b", "a.b", ".", "..", "", " ",
    "=cmd|' /C calc'!A0", "'=x", "''=x", "'", "+1", "-rf", "@a", "\t=1", "'\t", "\r", "a\\u0041b",
    "\\", "\\n", "C:\\flu", "a\nb", "a\tb", "\0", "\x85\u2028\u2029\x7f", "🤒", "é", "e\u0301",
    "\ufeff", "doc_id", "x" * 300, "x.txt", "CON", "%41", "A",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """Writes pairs, each with one mention, and a table of these lines; gives the folder."""

    def write(names, table=None):
        for name in names:
            path = tmp_path / "set" / f"{name}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("Flu", encoding="utf-8")
            path.with_suffix(".ann").write_text("T1\tCONDITION 0 3\tFlu\n", encoding="utf-8")
        if table is not None:
            (tmp_path / "set" / "documents.tsv").write_bytes(table.encode())
        return tmp_path / "set"

    return write


def ids(folder):
    return [document.doc_id for document in read_gold(folder)]


# The table


@given(st.lists(st.text(), min_size=1, max_size=3))
@example(IDS)
def test_table_line_is_taken_back(cells):
    line = table_line(*cells)
    assert line.count("\n") == 1
    assert len(line.splitlines()) == 1
    assert table_cells(line.rstrip("\n")) == cells


@given(st.text("\\u'=+-@ 0123456789abcdef\t\r\n", max_size=12))
def test_table_line_is_taken_back_of_what_looks_like_one(cell):
    assert table_cells(table_line(cell).rstrip("\n")) == [cell]


@pytest.mark.parametrize(
    "cell", ["\\", "a\\n", "\\u12", "\\u 041", "\\U0041", "\\ud800", "\\uDFFF"]
)
def test_table_cell_with_another_escape_raises(cell):
    with pytest.raises(ValueError, match="a backslash that begins no"):
        table_cells(f"flu\t{cell}")


# Folders


def test_gold_folder_with_the_table_has_its_ids_and_subfolders(folder):
    table = f"{HEADER}cdc/flu\tcdc/flu.txt\nFlu!\tFlu%21.txt\n'=1\t%3D1.txt\n"
    path = folder(["cdc/flu", "Flu%21", "%3D1"], table)
    assert ids(path) == ["=1", "Flu!", "cdc/flu"]


def test_gold_folder_without_the_table_is_not_searched_in_depth(folder):
    assert ids(folder(["b", "a", "cdc/flu", "%21"])) == ["%21", "a", "b"]


@pytest.mark.parametrize(
    "table",
    [
        "",
        "\n",
        HEADER,
        "doc_id\tfile\tnumber\na\tdocuments-0001.spacy\t1\n",
        "id\tname\nz\ta.txt\n",
        "doc_id,file\nz,a.txt\n",
    ],
)
def test_gold_folder_with_another_table_is_one_without(folder, table):
    assert ids(folder(["a", "cdc/flu"], table)) == ["a"]


@pytest.mark.parametrize(
    "table",
    [
        f"\ufeff{HEADER}x\ta.txt\ny\tcdc/flu.txt\n",
        f"{HEADER}x\ta.txt\ny\tcdc/flu.txt".replace("\n", "\r\n"),
        f"{HEADER}\n\nx\t./a.txt\n\ny\tcdc//flu.txt\n",
    ],
)
def test_gold_folder_table_with_a_mark_or_other_line_ends(folder, table):
    assert ids(folder(["a", "cdc/flu"], table)) == ["x", "y"]


def test_gold_folder_may_have_some_of_the_documents_and_others_too(folder):
    table = f"{HEADER}x\ta.txt\ny\tcdc/flu.txt\nz\tgone.txt\nlong\t{'n' * 5000}.txt\n"
    path = folder(["a", "mine", "cdc/flu", "cdc/other"], table)
    (path / "gone.txt").write_text("A text without its annotations")
    assert find_documents(path) == {"a.ann": "x", "cdc/flu.ann": "y", "mine.ann": "mine"}


def test_gold_folder_documents_are_all_in_subfolders(folder):
    assert ids(folder(["cdc/flu", "nhs/flu"], f"{HEADER}2\tnhs/flu.txt\n1\tcdc/flu.txt\n")) == [
        "1",
        "2",
    ]


def test_gold_folder_problems_name_the_file_in_its_subfolder(folder):
    path = folder(["cdc/flu", "flu"], f"{HEADER}x\tcdc/flu.txt\n")
    for name in ("cdc/flu.ann", "flu.ann"):
        (path / name).write_text("T1\tCONDITION 0 3\tfly\n")
    problems = [problem for document in read_gold(path) for problem in document.problems]
    assert [problem.split(" ")[0] for problem in problems] == ["cdc/flu.ann:1:", "flu.ann:1:"]


def test_gold_folder_pair_without_its_text_raises(folder):
    path = folder(["cdc/flu"], f"{HEADER}x\tcdc/flu.txt\n")
    (path / "cdc" / "flu.txt").unlink()
    with pytest.raises(GoldError, match=r"cdc.flu\.ann"):
        read_gold(path)


def test_gold_folder_same_id_twice_is_reported(folder):
    first, second = read_gold(folder(["a", "b", "c"], f"{HEADER}x\ta.txt\nx\tb.txt\n"))
    assert (first.doc_id, second.doc_id) == ("x", "c")
    assert first.problems == ["x: the same document id twice, the second is ignored"]


@pytest.mark.parametrize(
    "name",
    [
        "../flu.txt", "a/../../flu.txt", "a/../flu.txt", "..", "/etc/passwd.txt", "//host/flu.txt",
        "C:/flu.txt", "c:flu.txt", "..\\u005cflu.txt", "a\\u005c..\\u005cflu.txt",
        "\\u005c\\u005chost\\u005cshare\\u005cflu.txt", ".. /flu.txt", ".../flu.txt", "flu", "",
        "flu.ann", "flu.txt/..", ".txt", "/",
    ],
)  # fmt: skip
def test_gold_folder_table_may_not_lead_out_of_the_folder(folder, name):
    path = folder(["a"], f"{HEADER}x\ta.txt\ny\t{name}\n")
    (path.parent / "flu.txt").write_text("Flu")
    (path.parent / "flu.ann").write_text("T1\tCONDITION 0 3\tFlu\n")
    with pytest.raises(GoldError, match=r"documents\.tsv:3: .* is no \.txt file in") as error:
        read_gold(path)
    assert "\n" not in str(error.value)
    assert str(error.value).endswith("export the run again")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("x", "not two cells with a tab between them: 'x'"),
        ("x\ta.txt\t1", "not two cells"),
        ("x\\\ta.txt", "a backslash that begins no"),
        ("x\ta.txt\ny\ta.txt", "'a.txt' is there twice"),
        ("x\ta.txt\ny\t./a.txt", "'./a.txt' is there twice"),
    ],
)
def test_gold_folder_table_that_cannot_be_read_raises(folder, line, what):
    with pytest.raises(GoldError, match=r"documents\.tsv:[23]: ") as error:
        read_gold(folder(["a"], f"{HEADER}{line}\n"))
    assert what in str(error.value)


def test_gold_folder_links_that_lead_out_are_not_followed(folder, tmp_path):
    path = folder(["a"], f"{HEADER}x\ta.txt\ny\tout/flu.txt\n")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "flu.ann").write_text("")
    (path / "out").symlink_to(tmp_path / "other")
    assert ids(path) == ["x"]


@settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.text(max_size=4), max_size=3))
def test_gold_folder_with_any_table_is_read_or_refused(folder, cells):
    path = folder(["a"], f"{HEADER}{chr(9).join(cells)}")
    try:
        found = ids(path)
    except GoldError as error:
        assert "documents.tsv:" in str(error)
    else:
        assert len(found) == 1
