"""What a report holds, and that nothing in an article can get out of its place in it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import sys
from importlib.resources import files

import pandas as pd
import pytest
from typer.testing import CliRunner

import pipeline
from pipeline.batch.run import run
from pipeline.cli import app
from pipeline.config import RunConfig
from pipeline.errors import OutputError, RunError
from pipeline.report import sample
from pipeline.report.articles import MENTION, RELATION
from pipeline.report.build import build
from pipeline.report.page import SCRIPTS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ASSETS = files("pipeline.report") / "assets"
PART = re.compile(r'<script type="application/gzip" id="data-([\w-]+)">([^<]*)</script>')
SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)

TEXTS = {
    "gout": (
        "Gout\n\nGout causes joint pain and swelling of the big toe. It does not cause a rash.\n"
    ),
    "folder/flu": (
        "Flu\n\nInfluenza often causes fever and headache. Flu may cause a cough and muscle pain.\n"
    ),
    '<script>alert("id")</script>': (
        "Migraine <script>alert('text')</script> & \"quotes\" 😀👩‍⚕️ ]]> -->\n\n"
        "Migraine causes headache 😀 and nausea. " + "verylongword" * 60 + " </script>\n\n"
        "الصداع النصفي migraine causes vomiting.\n"
    ),
}
TITLES = {'<script>alert("id")</script>': "<img src=x onerror=alert('title')> 😀 \u202etfel"}


def lines(texts=TEXTS):
    return "".join(
        json.dumps({"id": doc_id, "title": TITLES.get(doc_id, ""), "text": text}) + "\n"
        for doc_id, text in texts.items()
    )


@pytest.fixture(scope="module")
def made_run(nlp, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    (folder / "articles.jsonl").write_text(lines(), encoding="utf-8")
    run([folder / "articles.jsonl"], folder / "run", RunConfig.for_profile("fast"), lambda: nlp)
    return folder / "run"


@pytest.fixture(scope="module")
def made(made_run, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    build(made_run, path, title="A <b>title</b>")
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def data(made):
    return parts_of(made)


def parts_of(html):
    return {
        name: json.loads(gzip.decompress(base64.b64decode(content)))
        for name, content in PART.findall(html)
    }


def rows(columns):
    return pd.DataFrame(columns).to_dict("records")


def test_holds_every_article_with_its_mentions(data, made_run):
    tables = pipeline.read_tables(made_run)
    assert data["index"]["doc_id"] == list(tables["documents"].doc_id)
    articles = [article for part in range(99) for article in data.get(f"articles-{part}", [])]
    for doc_id, article in zip(data["index"]["doc_id"], articles, strict=True):
        assert article["text"] == TEXTS[doc_id]
        mentions = [dict(zip(MENTION, row, strict=True)) for row in article["mentions"]]
        expected = tables["entities"].query("doc_id == @doc_id")
        assert [m["entity_id"] for m in mentions] == list(expected.entity_id)
        assert [article["text"][m["start"] : m["end"]] for m in mentions] == list(expected.text)


def test_pairs_count_what_the_relations_tell(data, made_run):
    relations = pipeline.read_tables(made_run)["relations"]
    concepts = rows(data["concepts"])
    assert sum(data["pairs"]["told"]) == (~relations.negated).sum()
    assert sum(data["pairs"]["denied"]) == relations.negated.sum()
    for pair, places in zip(rows(data["pairs"]), data["evidence"], strict=True):
        head, tail = concepts[pair["head"]], concepts[pair["tail"]]
        own = relations[
            (relations.type == pair["type"])
            & (relations.head_concept_id == head["concept_id"])
            & (relations.tail_concept_id == tail["concept_id"])
        ]
        if not head["concept_id"].startswith("text:") and not tail["concept_id"].startswith(
            "text:"
        ):
            assert len(own) == pair["told"] + pair["denied"]
            assert own[~own.negated].doc_id.nunique() == pair["documents"]
        assert len(places) == 2 * pair["told"]


def test_evidence_leads_to_the_relation(data):
    articles = [article for part in range(99) for article in data.get(f"articles-{part}", [])]
    for number, places in enumerate(data["evidence"]):
        for article, relation in zip(places[::2], places[1::2], strict=True):
            row = dict(zip(RELATION, articles[article]["relations"][relation], strict=True))
            assert row["pair"] == number
            assert not row["negated"]


def test_pairs_have_the_statistics_of_their_scope(data, made_run):
    together = pipeline.read_tables(made_run)["cooccurrences"]
    known = together.set_index(["scope", "a_concept_id", "b_concept_id"])
    concepts = rows(data["concepts"])
    checked = 0
    for pair in rows(data["pairs"]):
        key = ("sentence", *(concepts[pair[end]]["concept_id"] for end in ("head", "tail")))
        if key in known.index:
            assert pair["n_ab_sentence"] == known.n_ab[key]
            assert pair["q_value_sentence"] == pytest.approx(known.q_value[key], rel=1e-3)
            checked += 1
    assert checked > 3


def test_overview_counts_the_tables(data, made_run):
    tables = pipeline.read_tables(made_run)
    overview = data["overview"]
    assert {row["type"]: row["mentions"] for row in overview["types"]} == {
        label: (tables["entities"].type == label).sum()
        for label in ("CONDITION", "SYMPTOM", "BODY_PART")
    }
    for row in overview["tables"]:
        content = (made_run / f"{row['table']}.parquet").read_bytes()
        assert row["sha256"] == hashlib.sha256(content).hexdigest()
        assert row["rows"] == len(tables[row["table"]])
    assert overview["errors"]["total"] == 0


def test_nothing_of_an_article_stands_in_the_page_as_it_is(made):
    assert "alert(" not in made
    assert "verylongword" not in made
    assert "A &lt;b&gt;title&lt;/b&gt;" in made


def test_the_policy_lets_only_our_scripts_run(made):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', made).group(1)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy
    scripts = SCRIPT.findall(made)
    assert len(scripts) == len(SCRIPTS)
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_the_page_names_nothing_to_fetch():
    own = "".join(
        (ASSETS / name).read_text(encoding="utf-8")
        for name in ("report.html.jinja", "report.css", "review.css", "evaluation.css")
    )
    assert not re.search(r"https?:|url\(|@import|\bsrc=", own)


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_cannot_end_their_element(name):
    assert "</script" not in (ASSETS / name).read_text(encoding="utf-8").lower()


def test_libraries_are_those_that_were_published():
    listed = tomllib.loads((ASSETS / "vendor/libraries.toml").read_text(encoding="utf-8"))
    found = {
        place.name: hashlib.sha256(place.read_bytes()).hexdigest()
        for place in (ASSETS / "vendor").iterdir()
        if place.name.endswith(".js")
    }
    assert {row["file"]: row["sha256"] for row in listed["library"]} == found
    licences = (ASSETS / "vendor/LICENSES.txt").read_text(encoding="utf-8")
    for row in listed["library"]:
        assert f"{row['name']} {row['version']} ({row['licence']})" in licences


def test_the_same_run_gives_the_same_bytes(made_run, tmp_path):
    for name in ("a.html", "b.html"):
        build(made_run, tmp_path / name)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_is_small_without_its_data(made):
    assert len(made) < 3_000_000


def test_a_sample_is_taken_of_many_articles_and_stays_the_same(nlp, tmp_path):
    texts = {f"doc-{number}": f"Gout causes pain {number} times." for number in range(30)}
    (tmp_path / "many.jsonl").write_text(lines(texts), encoding="utf-8")
    run([tmp_path / "many.jsonl"], tmp_path / "run", RunConfig.for_profile("fast"), lambda: nlp)
    chosen = sample.choose(tmp_path / "run", 10)
    assert len(chosen.doc_ids) == 10
    assert chosen.n_documents == 30
    assert chosen.doc_ids == [doc_id for doc_id in texts if doc_id in chosen.doc_ids]
    assert chosen.doc_ids != list(texts)[:10]
    assert set(sample.choose(tmp_path / "run", 9).doc_ids) < set(chosen.doc_ids)
    left_out = next(doc_id for doc_id in texts if doc_id not in chosen.doc_ids)
    assert left_out in sample.choose(tmp_path / "run", 10, always=[left_out]).doc_ids
    made = build(tmp_path / "run", max_articles=10)
    assert (made.n_articles, made.n_documents) == (10, 30)
    data = parts_of(made.path.read_text(encoding="utf-8"))
    assert data["index"]["doc_id"] == chosen.doc_ids
    assert data["sample"] == {"n_documents": 30}
    assert {row["type"]: row["documents"] for row in data["overview"]["types"]}["CONDITION"] == 30
    assert max(data["pairs"]["told"]) == 30
    assert len(max(data["evidence"], key=len)) == 2 * 10


def test_characters_are_limited_too(made_run, monkeypatch):
    monkeypatch.setattr(sample, "MAX_CHARS", len(TEXTS["gout"]) + len(TEXTS["folder/flu"]))
    assert len(sample.choose(made_run, 10).doc_ids) in (1, 2)


def test_a_run_without_articles_has_a_report(nlp, tmp_path):
    (tmp_path / "bad.jsonl").write_text('{"no": "text"}\n{"id": "a", "text": "Hello."}\n')
    run([tmp_path / "bad.jsonl"], tmp_path / "run", RunConfig.for_profile("fast"), lambda: nlp)
    data = parts_of(build(tmp_path / "run").path.read_text(encoding="utf-8"))
    assert data["pairs"]["type"] == []
    assert data["overview"]["errors"]["total"] == 1


def test_says_what_is_wrong(made_run, tmp_path):
    with pytest.raises(RunError, match="no finished run there"):
        build(tmp_path)
    with pytest.raises(OutputError, match="is a folder"):
        build(made_run, tmp_path)
    with pytest.raises(RunError, match="no document 'x'"):
        sample.choose(made_run, 10, always=["x"])


def test_command_writes_into_the_run(made_run):
    result = CliRunner().invoke(app, ["report", str(made_run), "--title", "Mine"])
    assert result.exit_code == 0
    assert "3 articles" in result.output
    assert "<title>Mine</title>" in (made_run / "report.html").read_text(encoding="utf-8")
