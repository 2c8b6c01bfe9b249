from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import pipeline
from pipeline.assemble import build, load_model
from pipeline.cli import app
from pipeline.errors import ConfigError, GoldError
from pipeline.evaluation.gold import read_gold
from pipeline.training.calibrate import calibrate, reliability
from pipeline.training.corpus import make_examples
from pipeline.training.train import read_corpus

GOLD = Path(__file__).parents[1] / "corpus" / "gold"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two annotated articles, and one with other people's labels and no body parts."""
    root = tmp_path_factory.mktemp("annotated")
    ours, theirs = root / "ours", root / "theirs"
    ours.mkdir()
    theirs.mkdir()
    for name in ("migraine", "copd"):
        for suffix in (".txt", ".ann"):
            shutil.copy(GOLD / "dev" / f"{name}{suffix}", ours)
    (theirs / "a.txt").write_text("Zork syndrome gives sore and stiff legs.", encoding="utf-8")
    (theirs / "a.ann").write_text(
        "T1\tRAREDISEASE 0 13\tZork syndrome\nT2\tSIGN 20 24;35 39\tsore legs\n", encoding="utf-8"
    )
    return root


@pytest.fixture(scope="module")
def trained(folder):
    out = folder / "model"
    arguments = ["train", "--train", str(folder / "ours"), "--train", str(folder / "theirs")]
    arguments += ["--map", "RAREDISEASE=CONDITION,SIGN=SYMPTOM", "--epochs", "2"]
    result = CliRunner().invoke(app, [*arguments, "--dev", str(folder / "ours"), "--out", str(out)])
    assert result.exit_code == 0, result.output
    return out


def test_train_writes_a_model_with_scores_and_provenance(trained, folder):
    meta = json.loads((trained / "meta.json").read_text(encoding="utf-8"))
    assert set(meta["performance"]) == {"CONDITION", "SYMPTOM", "BODY_PART"}
    ours, theirs = meta["training"]["train"]
    assert (ours["name"], ours["documents"], ours["not_annotated"]) == ("ours", 2, [])
    assert theirs["not_annotated"] == ["BODY_PART"]
    assert str(folder) not in json.dumps(meta)
    assert not (trained / "vocab").exists()


def test_train_is_deterministic(trained, folder, tmp_path):
    arguments = ["train", "--train", str(folder / "ours"), "--train", str(folder / "theirs")]
    arguments += ["--map", "RAREDISEASE=CONDITION,SIGN=SYMPTOM", "--epochs", "2"]
    again = tmp_path / "again"
    CliRunner().invoke(app, [*arguments, "--dev", str(folder / "ours"), "--out", str(again)])
    for file in ("symptograph_recogniser/model", "symptograph_recogniser/cfg", "config.cfg"):
        assert (again / file).read_bytes() == (trained / file).read_bytes()


def test_train_model_is_used_with_model(trained):
    nlp = pipeline.load(model=trained)
    assert nlp.pipe_names == build("accurate").pipe_names
    doc = nlp("Flu causes fever.")
    assert all(m._.source for m in doc.spans["sc"])


def test_train_labels_never_used_in_a_folder_are_missing(folder):
    corpus = read_corpus(folder / "theirs", {"RAREDISEASE": "CONDITION", "SIGN": "SYMPTOM"})
    assert corpus.missing == ("BODY_PART",)
    with pytest.raises(GoldError, match="--map"):
        read_corpus(folder / "theirs")


def test_train_discontinuous_mentions_are_left_open(folder):
    corpus = read_corpus(folder / "theirs", {"RAREDISEASE": "CONDITION", "SIGN": "SYMPTOM"})
    (example,) = make_examples(corpus.documents, build("fast"), corpus.missing)
    group = example.reference.spans["sc"]
    assert [s.text for s in group] == ["Zork syndrome"]
    assert [example.reference[a:b].text for a, b in group.attrs["open"]] == ["sore and stiff legs"]


def test_train_every_gold_mention_becomes_a_span(nlp):
    documents = read_gold(GOLD / "dev")
    examples = make_examples(documents, nlp)
    n_spans = sum(len(e.reference.spans["sc"]) for e in examples)
    assert n_spans == sum(len(d.mentions) for d in documents)
    for example, document in zip(examples, documents, strict=True):
        for span, mention in zip(
            sorted(example.reference.spans["sc"], key=lambda s: (s.start_char, -s.end_char)),
            document.mentions,
            strict=True,
        ):
            assert (span.text, span.label_) == (mention.text, mention.label)


@pytest.mark.parametrize("content", [None, "", "[components]\n"])
def test_load_model_of_a_wrong_folder_is_one_line(tmp_path, content):
    if content is not None:
        (tmp_path / "config.cfg").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match="holds no recogniser"):
        load_model(tmp_path)


def test_profile_fast_takes_no_model(tmp_path):
    with pytest.raises(ConfigError, match="has no model"):
        pipeline.load("fast", tmp_path)


def test_calibrate_curves_rise_and_stay_within_bounds():
    rows = [("SYMPTOM", n / 400, n % 400 > 100 and n % 7 > 0) for n in range(400)]
    ((label, scores, shares),) = calibrate(rows)
    assert label == "SYMPTOM"
    assert scores == sorted(scores)
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] < 1


def test_reliability_counts_every_mention_once():
    rows = [("SYMPTOM", score, score > 0.6) for score in (0.0, 0.3, 0.55, 0.9, 0.95, 1.0)]
    table = reliability(rows)
    assert sum(row.n for row in table) == len(rows)
    assert table[-1].n == 2
    assert table[-1].share_right == 1.0
