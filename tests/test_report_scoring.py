"""The scores, the confusion of types and the errors of a report, before a browser shows them."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import GoldError
from pipeline.evaluation.documents import AnnotatedDocument, Mention, RelationLink
from pipeline.evaluation.errors import SPAN_KINDS, find_differences
from pipeline.evaluation.matching import links_of, relation_keys
from pipeline.evaluation.report import Evaluation, evaluate_run, read_run
from pipeline.evaluation.sets import Windows
from pipeline.report.build import build
from pipeline.report.scoring import AXIS, ERROR, GOLD_MENTION, RELATION, confusion, score, stretches
from pipeline.terminology.records import ENTITY_TYPES

C, S, B = ENTITY_TYPES
NONE = len(ENTITY_TYPES)
PART = re.compile(r'<script type="application/gzip" id="data-([\w-]+)">([^<]*)</script>')
SEED = "causes-of-weakness-in-legs"
NUMBERS = {"a-flu": 0, SEED: 1}
WINDOWS = Windows([0], [0])


@pytest.fixture(scope="module")
def evaluation(gold_run):
    return evaluate_run(gold_run.gold, gold_run.run)


@pytest.fixture(scope="module")
def data(gold_run):
    return score(gold_run.run, gold_run.gold).as_data(NUMBERS)


@pytest.fixture(scope="module")
def errors(data):
    columns = data["errors"].values()
    return [dict(zip(data["errors"], row, strict=True)) for row in zip(*columns, strict=True)]


def document(*mentions, links=(), text="x" * 300):
    """A document of (label, start, end) mentions, whose ids are T1, T2, …"""
    made = [
        Mention(f"T{number}", label, start, end, text[start:end])
        for number, (label, start, end) in enumerate(mentions, start=1)
    ]
    return AnnotatedDocument("doc", text, made, [RelationLink(*link) for link in links])


def confused(gold, predicted):
    result = Evaluation()
    result.add(document(*gold), document(*predicted), WINDOWS)
    return confusion(result)


# Figures.


def test_figures_are_those_of_evaluate(data, evaluation):
    expected = evaluation.as_dict()["lines"]
    assert [line["name"] for line in data["lines"]] == list(expected)
    names = {"matched": "correct", **{n: n for n in ("precision", "recall", "f1", "gold")}}
    for line in data["lines"]:
        told = expected[line["name"]]
        assert [round(line[name], 4) for name in names] == [told[n] for n in names.values()]
        assert [round(line["low"], 4), round(line["high"], 4)] == told["f1_interval"]
        assert line["predicted"] == told["predicted"]


def test_means_are_those_of_evaluate(data, evaluation):
    lines = evaluation.as_dict()["lines"]
    found = {mean["name"]: round(mean["f1"], 4) for mean in data["means"]}
    assert found == {name: lines[name]["f1_macro"] for name in found}
    assert len(found) == 5
    assert {mean["documents"] for mean in data["means"]} == {2}


def test_documents_have_their_scores_and_errors(data, evaluation, errors):
    first, second = data["documents"]
    assert (first["article"], second["article"]) == (0, 1)
    strict = [d.scores.mentions["strict"]["ALL"] for d in evaluation.documents]
    assert [d["f1"] for d in data["documents"]] == pytest.approx([c.f1 for c in strict])
    assert first["gold"] == len(first["mentions"]) == 11
    for row in (first, second):
        assert row["errors"] == sum(error["article"] == row["article"] for error in errors)


def test_data_is_plain_and_always_the_same(gold_run, data):
    again = score(gold_run.run, gold_run.gold).as_data(NUMBERS)
    assert json.dumps(data, allow_nan=False) == json.dumps(again)


# Confusion.


@pytest.mark.parametrize(
    ("gold", "predicted", "cells"),
    [
        ([(C, 0, 5)], [(C, 0, 5)], {(0, 0): 1}),
        ([(C, 0, 5)], [(C, 0, 9)], {(0, 0): 1}),
        ([(C, 0, 5)], [(S, 0, 5)], {(0, 1): 1}),
        ([(C, 0, 5)], [(B, 3, 9)], {(0, 2): 1}),
        ([(C, 0, 5)], [], {(0, NONE): 1}),
        ([], [(B, 0, 5)], {(NONE, 2): 1}),
        ([(C, 0, 5)], [(C, 5, 9)], {(0, NONE): 1, (NONE, 0): 1}),
        # The same span and type goes first, whatever else overlaps.
        ([(S, 0, 9), (B, 4, 9)], [(B, 4, 9), (C, 0, 9)], {(1, 0): 1, (2, 2): 1}),
        ([(S, 0, 9)], [(S, 0, 4), (B, 5, 9)], {(1, 1): 1, (NONE, 2): 1}),
        ([(S, 0, 4), (S, 5, 9)], [(S, 0, 9)], {(1, 1): 1, (1, NONE): 1}),
    ],
)
def test_confusion_by_hand(gold, predicted, cells):
    axis = range(len(AXIS))
    assert confused(gold, predicted) == [[cells.get((r, c), 0) for c in axis] for r in axis]


mentions = st.lists(
    st.builds(
        lambda label, start, length: (label, start, start + length),
        st.sampled_from(ENTITY_TYPES), st.integers(0, 25), st.integers(1, 12),
    ),
    max_size=8, unique=True,
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(mentions, mentions)
def test_confusion_has_every_mention_once(gold, predicted):
    cells = confused(gold, predicted)
    assert cells[NONE][NONE] == 0
    for place, label in enumerate(ENTITY_TYPES):
        assert sum(cells[place]) == sum(mention[0] == label for mention in gold)
        assert sum(row[place] for row in cells) == sum(mention[0] == label for mention in predicted)


def test_confusion_of_a_run_sums_to_its_scores(data):
    lines = {line["name"]: line for line in data["lines"]}
    for place, label in enumerate(ENTITY_TYPES):
        told = lines[f"{label} strict"]
        assert sum(data["confusion"][place]) == told["gold"]
        assert sum(row[place] for row in data["confusion"]) == told["predicted"]
    assert data["axis"] == (*ENTITY_TYPES, "nothing")


# Errors.


def test_errors_are_those_of_evaluate(errors, evaluation):
    names = ("kind", "label", "start", "end", "gold", "predicted", "source", "nearest")
    assert [tuple(error[name] for name in names) for error in errors] == [
        tuple(getattr(error, name) for name in names) for error in evaluation.errors
    ]
    assert [error["article"] for error in errors] == [NUMBERS[e.doc_id] for e in evaluation.errors]
    assert list(errors[0]) == list(ERROR)


def test_errors_of_every_kind_that_the_small_article_has(errors):
    found = [
        (error["kind"], error["expected"], error["found"])
        for error in errors
        if error["article"] == 0
    ]
    assert found == [
        ("wrong concept", C, C),
        ("boundary left", S, S),
        ("wrong negation", S, S),
        ("spurious", "nothing", B),
        ("wrong type", C, S),
        ("wrong hedge", S, S),
        ("missed", S, "nothing"),
        ("missing relation", "has_symptom", "nothing"),
        *[
            ("extra relation", "nothing", label)
            for label in ("has_symptom", "located_in", "has_symptom", "located_in", "has_symptom")
        ],
    ]


def test_errors_point_at_their_mentions(errors, data, gold_run):
    predicted = list(read_run(gold_run.run).values())
    for error in errors:
        text = predicted[error["article"]].text
        gold = [
            dict(zip(GOLD_MENTION, data["documents"][error["article"]]["mentions"][n], strict=True))
            for n in error["gold_mentions"]
        ]
        found = [predicted[error["article"]].mentions[n] for n in error["predicted_mentions"]]
        if error["kind"] in SPAN_KINDS:
            place = gold[0]["start"] if gold else found[0].start
            assert error["start"] == place
            assert text[error["start"] : error["end"]] in error["gold"] + error["predicted"]
        else:
            assert len(gold) + len(found) == 2
        for start, end in [(m["start"], m["end"]) for m in gold] + [m.span for m in found]:
            assert sum(first <= start and end <= last for first, last in error["context"]) == 1


def test_context_is_whole_words_of_the_sentence(errors, gold_run):
    text = (gold_run.gold / "a-flu.txt").read_text(encoding="utf-8")
    hedge = next(error for error in errors if error["kind"] == "wrong hedge")
    assert [text[start:end] for start, end in hedge["context"]] == ["Measles causes a cough."]
    missing = next(error for error in errors if error["kind"] == "missing relation")
    assert [text[start:end] for start, end in missing["context"]] == [
        "Flu causes fever 😷 and a sore throat.", "Measles causes a cough.",
    ]  # fmt: skip


def test_context_of_a_long_line_is_cut_between_words():
    text = "word " * 100 + "fever" + " word" * 100
    ((start, end),) = stretches(text, [Mention("T1", S, 500, 505, "fever")])
    assert (start % 5, end % 5) == (0, 0)
    assert 500 - start <= 200 >= end - 505
    assert stretches("x" * 900, [Mention("T1", S, 500, 505, "xxxxx")]) == [[300, 705]]


def test_concepts_of_the_gold_have_names_where_the_run_knows_them(data):
    assert data["labels"]["HP:0001945"] == "Fever"
    assert "HP:0000118" not in data["labels"]


def test_relations_that_differ_are_told_from_those_that_agree(data):
    first = data["documents"][0]
    gold = [dict(zip(RELATION, row, strict=True)) for row in first["relations"]]
    assert [(r["head"], r["tail"], r["agrees"]) for r in gold] == [(1, 2, True), (8, 2, False)]
    found = [dict(zip(RELATION, row, strict=True)) for row in first["predicted_relations"]]
    assert [r["agrees"] for r in found].count(True) == 1
    assert [r["agrees"] for r in found].count(False) == 5


def test_a_missing_relation_is_shown_where_its_ends_are_nearest():
    text = "flu " * 20 + "fever " + "flu " * 20
    flus = [(C, at, at + 3) for at in (0, 40, 76, 126, 142)]
    links = [("has_symptom", f"T{number}", "T6") for number in range(1, 6)]
    gold = document(*flus, (S, 80, 85), links=links, text=text)
    (key,) = relation_keys(gold)
    assert links_of(gold, [key]) == [gold.relations]
    *_, missing = find_differences(gold, document(*flus, (S, 80, 85), text=text))
    assert missing.error.kind == "missing relation"
    assert [mention.id for mention in missing.gold] == ["T3", "T6"]
    assert (missing.predicted, list(missing.links)) == ((), gold.relations)


# The gold and the page.


def parts(path):
    content = path.read_text(encoding="utf-8")
    return {
        name: json.loads(gzip.decompress(base64.b64decode(letters)))
        for name, letters in PART.findall(content)
    }


def test_page_has_the_evaluation_and_all_articles_of_the_gold(gold_run, tmp_path, data):
    made = build(gold_run.run, tmp_path / "one.html", max_articles=1, gold=gold_run.gold)
    assert made.n_articles == 2
    found = parts(made.path)
    assert found["evaluation"] == json.loads(json.dumps(data))
    assert found["index"]["doc_id"] == list(NUMBERS)
    build(gold_run.run, tmp_path / "two.html", max_articles=1, gold=gold_run.gold)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_articles_are_told_by_their_number_on_the_page(gold_run, tmp_path):
    gold = tmp_path / "gold"
    gold.mkdir()
    for file in gold_run.gold.glob(f"{SEED}.*"):
        shutil.copy(file, gold)
    found = parts(build(gold_run.run, tmp_path / "page.html", gold=gold).path)["evaluation"]
    assert [row["article"] for row in found["documents"]] == [1]
    assert set(found["errors"]["article"]) == {1}


def test_page_without_gold_has_no_evaluation(gold_run, tmp_path):
    made = build(gold_run.run, tmp_path / "page.html")
    assert "evaluation" not in parts(made.path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a-flu", "the text of 'a-flu' is not the gold's; run on its texts"),
        ("b", "no document 'b'; run on the gold's texts"),
    ],
)
def test_wrong_gold_is_one_line(gold_run, tmp_path, name, message):
    folder, page = tmp_path / "gold", tmp_path / "page.html"
    shutil.copytree(gold_run.gold, folder)
    (folder / f"{name}.txt").write_text("Flu.")
    (folder / f"{name}.ann").write_text("T1\tCONDITION 0 3\tFlu\n")
    result = CliRunner().invoke(
        app, ["report", str(gold_run.run), "--gold", str(folder), "-o", str(page)]
    )
    assert isinstance(result.exception, GoldError)
    assert str(result.exception) == f"{gold_run.run}: {message}"
    assert not page.exists()


def test_no_gold_is_one_line(gold_run, tmp_path):
    with pytest.raises(GoldError, match=r"no \.ann files there"):
        build(gold_run.run, tmp_path / "page.html", gold=tmp_path / "nowhere")


def test_problems_of_the_gold_are_told(gold_run, tmp_path):
    folder = tmp_path / "gold"
    shutil.copytree(gold_run.gold, folder)
    with (folder / "a-flu.ann").open("a", encoding="utf-8") as file:
        file.write("T99\tDRUG 0 3\tFlu\n")
    (problem,) = score(gold_run.run, folder).as_data(NUMBERS)["problems"]
    assert "DRUG" in problem


def test_only_documents_of_the_gold_are_read(gold_run):
    whole = read_run(gold_run.run)
    assert read_run(gold_run.run, [SEED]) == {SEED: whole[SEED]}
    assert read_run(gold_run.run, ["nothing"]) == {}
