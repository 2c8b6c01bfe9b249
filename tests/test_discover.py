"""Finding article files and naming the documents."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.articles.discover import discover


def make(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")
    return folder


def ids(*inputs):
    sources, failed = discover(inputs)
    assert not failed
    return [source.doc_id for source in sources]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["flu.txt"], ["flu"]),
        (["flu.md"], ["flu"]),
        (["flu.markdown"], ["flu"]),
        (["FLU.TXT"], ["FLU"]),
        (["b.txt", "a.txt"], ["a", "b"]),
        (["deep/er/flu.txt"], ["deep/er/flu"]),
        (["flu.txt", "deep/flu.txt"], ["deep/flu", "flu"]),
        # Only the last suffix goes.
        (["v1.2.txt"], ["v1.2"]),
        (["a b é 🤒.txt"], ["a b é 🤒"]),
        # Near misses: no articles.
        (["flu.txt", "flu.doc", "txt", "flu.txt.bak", "flu.txt~"], ["flu"]),
    ],
)
def test_discover_ids_of_a_folder(tmp_path, names, expected):
    assert ids(make(tmp_path, *names)) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["flu.txt", "flu.md"], ["flu.md", "flu.txt"]),
        (["flu.txt", "flu.md", "cold.txt"], ["cold", "flu.md", "flu.txt"]),
        (["a/flu.txt", "a/flu.md", "b/flu.txt"], ["a/flu.md", "a/flu.txt", "b/flu"]),
    ],
)
def test_discover_suffix_stays_where_two_would_collide(tmp_path, names, expected):
    assert ids(make(tmp_path, *names)) == expected


def test_discover_same_names_in_two_folders_keep_their_paths(tmp_path):
    one, two = make(tmp_path / "one", "flu.txt", "x.txt"), make(tmp_path / "two", "flu.txt")
    found = ids(one, two)
    assert len(found) == len(set(found)) == 3
    assert "x" in found
    assert {(one / "flu.txt").as_posix(), (two / "flu.txt").as_posix()} < set(found)


@settings(max_examples=100, deadline=None)
@given(
    st.sets(
        st.tuples(
            st.sampled_from(["", "a/", "b/"]),
            st.sampled_from(["x", "y", "x.txt", "x.md"]),
            st.sampled_from([".txt", ".md", ".markdown"]),
        ),
        min_size=1,
    )
)
def test_discover_ids_are_always_unique(tmp_path_factory, names):
    folder = make(tmp_path_factory.mktemp("articles"), *("".join(name) for name in names))
    found = ids(folder)
    assert len(found) == len(names)
    assert len(set(found)) == len(found)


def test_discover_id_of_a_single_file_is_its_name(tmp_path):
    make(tmp_path, "deep/flu.txt")
    assert ids(tmp_path / "deep" / "flu.txt") == ["flu"]


def test_discover_takes_a_named_file_whatever_its_suffix(tmp_path):
    make(tmp_path, "flu.text", "README")
    assert ids(tmp_path / "flu.text", tmp_path / "README") == ["README", "flu"]


def test_discover_keeps_the_path_as_given(tmp_path, monkeypatch):
    make(tmp_path, "in/flu.txt")
    monkeypatch.chdir(tmp_path)
    ((source,), failed) = discover([Path("in")])
    assert not failed
    assert source.path == Path("in/flu.txt")


@pytest.mark.parametrize(
    "inputs",
    [
        ["in", "in"],
        ["in/flu.txt", "in/flu.txt"],
        ["in", "in/flu.txt"],
        ["in/flu.txt", "in"],
        ["in", "./in/../in"],
        ["in", "{absolute}/in"],
    ],
)
def test_discover_a_file_given_twice_counts_once(tmp_path, monkeypatch, inputs):
    make(tmp_path, "in/flu.txt")
    monkeypatch.chdir(tmp_path)
    assert ids(*(Path(name.format(absolute=tmp_path)) for name in inputs)) == ["flu"]


def test_discover_ids_do_not_depend_on_the_order_of_overlapping_inputs(tmp_path):
    make(tmp_path, "deep/flu.txt")
    inputs = [tmp_path, tmp_path / "deep", tmp_path / "deep" / "flu.txt"]
    assert ids(*inputs) == ids(*reversed(inputs))


def test_discover_does_not_depend_on_the_order_of_inputs(tmp_path):
    make(tmp_path, "b.txt", "a.txt", "c/d.md")
    inputs = [tmp_path / "b.txt", tmp_path / "a.txt", tmp_path / "c"]
    sources, _ = discover(inputs)
    assert len(sources) == 3
    assert discover(inputs[::-1])[0] == sources


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing", "missing: no such file or folder"),
        ("missing/flu.txt", "missing/flu.txt: no such file or folder"),
        ("empty", "empty: no articles in this folder"),
        ("others", "others: no articles in this folder"),
    ],
)
def test_discover_reports_inputs_without_articles(tmp_path, name, message):
    (tmp_path / "empty").mkdir()
    make(tmp_path, "others/picture.png", "flu.txt")
    sources, failed = discover([tmp_path / name, tmp_path / "flu.txt"])
    assert [source.doc_id for source in sources] == ["flu"]
    ((path, error),) = failed
    assert path == tmp_path / name
    assert message in str(error)
    assert "\n" not in str(error)


def test_discover_leaves_folders_named_like_articles_and_broken_links_out(tmp_path):
    make(tmp_path, "flu.txt", "folder.txt/inner.txt")
    (tmp_path / "broken.txt").symlink_to(tmp_path / "gone.txt")
    assert ids(tmp_path) == ["flu", "folder.txt/inner"]


def test_discover_nothing_given():
    assert discover([]) == ([], [])
