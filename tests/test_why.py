from __future__ import annotations

import io
import sys

import pytest

import pipeline
from pipeline.batch.run import run
from pipeline.cli import console, main
from pipeline.config import RunConfig
from pipeline.explain import explain

TEXT = "Multiple sclerosis (MS) may cause weakness in the legs. MS is not a stroke of luck.\n"


@pytest.fixture(scope="module")
def accurate():
    return pipeline.load("accurate")


@pytest.fixture
def why(monkeypatch, capsys):
    """The command, in this process: exit code, stdout, stderr."""
    monkeypatch.setattr(console.out, "width", 200)

    def call(*arguments, text=""):
        monkeypatch.setattr(sys, "argv", ["symptograph", "why", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        with pytest.raises(SystemExit) as exit_:
            main()
        out, err = capsys.readouterr()
        return exit_.value.code or 0, out, err

    return call


def _at(nlp, words):
    start = TEXT.index(words)
    return explain(nlp, TEXT, start, start + len(words))


def test_why_a_mention_has_its_finder_links_and_cue(accurate):
    found = _at(accurate, "weakness in the legs")
    assert found.is_mention
    best, legs = found.mentions[:2]
    assert (best.label_, best._.uncertain) == ("SYMPTOM", True)
    assert legs.text == "legs"
    assert best._.concepts[0][0] == "HP:0007340"
    assert found.links["SYMPTOM"][0][0] == "HP:0007340"
    fates = {(c.text, c.found_by): c.fate for c in found.considered}
    assert fates["weakness in the legs", "network"] == "mention"
    assert found.probabilities["SYMPTOM"] > 0.5


def test_why_no_mention_says_what_was_considered(nlp):
    found = _at(nlp, "cause weakness")
    assert not found.is_mention
    assert {m.text for m in found.mentions} == {"weakness in the legs"}
    assert {c.text for c in found.considered} >= {"weakness"}
    assert found.probabilities == {}


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (3, 3), (4, 2), (0, 10_000)])
def test_why_there_is_no_such_stretch(nlp, start, end):
    with pytest.raises(ValueError, match="no stretch"):
        explain(nlp, TEXT, start, end)


@pytest.mark.parametrize("profile", ["accurate", "fast"])
def test_why_of_a_text_on_stdin(why, profile):
    code, out, _ = why("-", "weakness in the legs", "--profile", profile, text=TEXT)
    assert code == 0
    assert "is a mention" in out
    assert "HP:0007340" in out
    assert "uncertain: because of 'may'" in out
    code, out, _ = why("-", "luck", "--profile", profile, text=TEXT)
    assert (code, "is no mention" in out) == (0, True)


def test_why_of_a_document_of_a_run(why, nlp, tmp_path):
    (tmp_path / "ms.txt").write_text(TEXT)
    run([tmp_path / "ms.txt"], tmp_path / "out", RunConfig(profile="fast"), lambda: nlp)
    start = TEXT.index("MS")
    code, out, _ = why("ms", f"{start}-{start + 2}", "--run", tmp_path / "out")
    assert code == 0
    assert "stands for 'Multiple sclerosis' here" in out
    assert "network" not in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ms", "1-2"), "--run"),
        (("-", "90-99999"), "no stretch"),
        (("-", "words not there"), "not in the text"),
        (("-", ""), "not in the text"),
        (("ms", "1-2", "--run", "nowhere"), "no finished run"),
    ],
)
def test_why_wrong_questions_get_one_line(why, arguments, message):
    code, _, err = why(*arguments, text=TEXT)
    assert code == 1
    assert message in err
    assert err.count("\n") == 1
