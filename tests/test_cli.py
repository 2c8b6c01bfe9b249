"""The commands other than ``run`` with bad input, and what ``run`` prints when all is well."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pipeline
from pipeline.cli import console, main

ROOT = Path(__file__).parents[1]
GOLD = ROOT / "corpus" / "gold"
SEED = ROOT / "corpus" / "articles" / "causes-of-weakness-in-legs.txt"
TEXT = "Flu\n\nFlu causes fever and cough. It does not cause chest pain.\n"
HOSTILE = (
    "<script>alert('x')</script> & \"flu\" causes <b>fever</b> and cough. Flu causes headaches.\n"
)
# Colours, carriage returns and what spinners and bars are drawn with.
PROGRESS = re.compile("[\x1b\r\u2800-\u28ff╸╺█▏▎▍▌▋▊▉]")


@pytest.fixture
def symptograph(monkeypatch, capsys):
    """The command, in this process: exit code, stdout, stderr."""

    # Wide enough that no cell of a table is broken into two lines.
    monkeypatch.setattr(console.out, "width", 200)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["symptograph", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_:
            main()
        out, err = capsys.readouterr()
        return exit_.value.code or 0, out, err

    return call


@pytest.fixture
def flu(tmp_path):
    path = tmp_path / "flu.txt"
    path.write_text(TEXT)
    return path


def test_cli_version(symptograph):
    assert symptograph("--version") == (0, f"symptograph {pipeline.__version__}\n", "")


def test_cli_as_a_module():
    result = subprocess.run(
        [sys.executable, "-m", "pipeline", "--version"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert result.returncode == 0
    assert "Traceback" not in result.stderr
    assert result.stdout == f"symptograph {pipeline.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--nonsense"],
        ["nonsense"],
        ["run", "--nonsense"],
        ["run", "--max-chars", "many"],
        ["run", "--max-chars", "-1"],
        ["run", "--out"],
        ["show"],
        ["show", "a.txt", "b.txt"],
        ["evaluate", "--nonsense"],
        ["terms", "nonsense"],
        ["terms", "search"],
    ],
)
def test_cli_wrong_usage_exits_2(symptograph, arguments):
    code, out, err = symptograph(*arguments)
    assert (code, out) == (2, "")
    assert err
    assert "Traceback" not in err


@pytest.mark.parametrize("command", ["run", "show", "evaluate", "train", "terms"])
def test_cli_help_of_every_command(symptograph, command):
    assert command in symptograph("--help")[1]
    code, out, err = symptograph(command, "--help")
    assert (code, err) == (0, "")
    assert f"symptograph {command}" in out


@pytest.mark.parametrize("command", ["run", "show", "evaluate"])
def test_cli_unknown_profile_is_one_line(symptograph, flu, command):
    given = GOLD if command == "evaluate" else flu
    code, _, err = symptograph(command, given, "--profile", "slow")
    assert code == 1
    assert err == "symptograph: unknown profile 'slow'; use one of: accurate, fast\n"


# run


def test_cli_run_defaults_are_the_corpus_and_outputs(symptograph, tmp_path, monkeypatch):
    (tmp_path / "corpus" / "articles").mkdir(parents=True)
    (tmp_path / "corpus" / "articles" / "flu.txt").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    code, _, err = symptograph("run")
    assert (code, err) == (0, "")
    content = json.loads((tmp_path / "outputs" / "run.json").read_text())
    assert content["counts"]["documents"] == 1
    assert content["inputs"] == ["corpus/articles"]


def test_cli_run_summary_has_the_counts_of_the_tables(symptograph, flu, tmp_path):
    out_dir = tmp_path / "out"
    code, out, _ = symptograph("run", flu, "--out", out_dir)
    assert code == 0
    shown = dict(re.findall(r"(\w+) +│ +([\d,]+) │", out))
    with (out_dir / "entities.csv").open(newline="") as stream:
        types = [row["type"] for row in csv.DictReader(stream)]
    assert shown["articles"] == "1"
    assert types.count("CONDITION") == 2
    for label in ("CONDITION", "SYMPTOM", "BODY_PART"):
        assert shown[label] == str(types.count(label))
    for name in ("relations", "cooccurrences", "errors"):
        with (out_dir / f"{name}.csv").open(newline="") as stream:
            assert shown[name] == str(len(list(csv.DictReader(stream))))


def test_cli_run_json_tells_versions_options_counts_and_times(symptograph, flu, tmp_path):
    symptograph("run", flu, "--out", tmp_path / "out", "--max-chars", "12345")
    content = json.loads((tmp_path / "out" / "run.json").read_text())
    assert content["symptograph"] == pipeline.__version__
    assert content["config"]["max_chars"] == 12345
    assert content["config"]["profile"] == "accurate"
    assert {"HP", "MONDO", "UBERON"} <= set(content["terminology"])
    assert content["counts"]["entities"] > 0
    assert content["settings"]["max_chars"] == "12345"
    assert {"annotate", "write", "cooccurrence", "total"} <= set(content["seconds"])


@pytest.mark.parametrize("arguments", [["run", "--out", "out"], ["show"]])
def test_cli_is_quiet_where_stderr_is_no_terminal(symptograph, flu, monkeypatch, arguments):
    monkeypatch.chdir(flu.parent)
    command, *options = arguments
    code, out, err = symptograph(command, flu.name, *options)
    assert (code, err) == (0, "")
    assert out
    assert not PROGRESS.search(out)


def test_cli_evaluate_is_quiet_where_stderr_is_no_terminal(symptograph, tmp_path):
    code, out, err = symptograph("evaluate", GOLD, "--errors", tmp_path / "errors.csv")
    assert (code, err) == (0, "")
    assert not PROGRESS.search(out)


# show


def test_cli_show_prints_the_text_and_a_legend(symptograph, flu):
    code, out, err = symptograph("show", flu)
    assert (code, err) == (0, "")
    assert out.endswith(TEXT + "\n")
    assert all(word in out for word in ("CONDITION", "SYMPTOM", "BODY_PART", "denied", "hedged"))


def test_cli_show_prints_brackets_and_markup_as_they_are(symptograph, tmp_path):
    text = "[red]flu[/red] [link=x]causes[/] fever [bold"
    (tmp_path / "a.txt").write_text(text)
    code, out, _ = symptograph("show", tmp_path / "a.txt")
    assert code == 0
    assert text in out


def test_cli_show_marks_mentions(seed_doc):
    from pipeline.cli.show import COLOURS, marked

    text = marked(seed_doc)
    assert text.plain == seed_doc.text
    assert len(text.spans) == len(seed_doc.spans["sc"]) > 100
    for span, mention in zip(text.spans, seed_doc.spans["sc"], strict=True):
        assert text.plain[span.start : span.end] == mention.text
        assert span.style.color.name == COLOURS[mention.label_]
        assert span.style.strike == mention._.negated


def test_cli_show_html_escapes_hostile_text(symptograph, tmp_path):
    (tmp_path / "a.txt").write_text(HOSTILE)
    code, _, err = symptograph("show", tmp_path / "a.txt", "--html", tmp_path / "a.html")
    assert (code, err) == (0, "")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "SYMPTOM" in page
    assert "cough" in page
    assert not re.search(r"<\s*script|<b>", page)
    assert "&lt;" in page


def test_cli_show_html_of_a_text_without_mentions(symptograph, tmp_path):
    (tmp_path / "a.txt").write_text("Nothing stands here.")
    code, _, err = symptograph("show", tmp_path / "a.txt", "--html", tmp_path / "a.html")
    assert (code, err) == (0, "")
    assert "Nothing" in (tmp_path / "a.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("missing.txt", None, "cannot be read"),
        ("empty.txt", b"", "the file is empty"),
        ("binary.txt", b"\0", "a binary file"),
    ],
)
def test_cli_show_bad_file_is_one_line(symptograph, tmp_path, name, content, reason):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    code, out, err = symptograph("show", tmp_path / name)
    assert (code, out) == (1, "")
    (line,) = err.splitlines()
    assert f"{tmp_path / name}: " in line
    assert reason in line


def test_cli_show_of_a_folder_is_one_line(symptograph, tmp_path):
    code, _, err = symptograph("show", tmp_path)
    assert code == 1
    assert err == f"symptograph: {tmp_path}: a folder; give one article file\n"


def test_cli_show_html_that_cannot_be_written(symptograph, flu, tmp_path):
    code, _, err = symptograph("show", flu, "--html", tmp_path / "no" / "a.html")
    assert code == 1
    (line,) = err.splitlines()
    assert f"{tmp_path / 'no' / 'a.html'}: cannot be written" in line


# terms


@pytest.mark.parametrize(
    ("phrase", "curie", "label"),
    [
        (["multiple sclerosis"], "MONDO:0005301", "multiple sclerosis"),
        (["Multiple", "Sclerosis"], "MONDO:0005301", "multiple sclerosis"),
        (["Lou Gehrig's disease"], "MONDO:0004976", "amyotrophic lateral sclerosis"),
        (["fevers"], "HP:0001945", "Fever"),
        (["spinal", "cord"], "UBERON:0002240", "spinal cord"),
    ],
)
def test_cli_terms_search_finds_names_as_the_gazetteer_does(symptograph, phrase, curie, label):
    code, out, err = symptograph("terms", "search", *phrase)
    assert (code, err) == (0, "")
    assert curie in out
    assert label in out


@pytest.mark.parametrize("phrase", ["zxqy disease", "[red]", "…", "=1"])
def test_cli_terms_search_without_a_hit_exits_1(symptograph, phrase):
    code, out, _ = symptograph("terms", "search", phrase)
    assert code == 1
    assert out == f"No term is called {phrase!r}.\n"


def test_cli_terms_info_names_sources_and_versions(symptograph, index):
    code, out, err = symptograph("terms", "info")
    assert (code, err) == (0, "")
    sources = index.meta["sources"]
    assert {"HP", "MONDO", "UBERON"} <= set(sources)
    for name, source in sources.items():
        assert name in out
        assert source["version"] in out


# evaluate


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """A finished run on the gold's texts."""
    from pipeline.batch.run import run
    from pipeline.config import RunConfig

    folder = tmp_path_factory.mktemp("scored")
    run([SEED], folder, RunConfig(), pipeline.load)
    return folder


def test_cli_evaluate_prints_a_table_and_the_errors(symptograph):
    code, out, err = symptograph("evaluate", GOLD)
    assert code == 0
    for name in ("CONDITION strict", "SYMPTOM strict", "BODY_PART strict", "has_symptom"):
        score, interval = r"\d\.\d{3}", r"\d\.\d{3} to \d\.\d{3}"
        assert re.search(rf"│ {name} +│ {score} │ {score} │ {score} │ {interval} │ \d+ +│", out)
    assert re.search(r"\d+ errors", out)
    assert "Traceback" not in err


def test_cli_evaluate_json_has_the_printed_scores(symptograph, tmp_path):
    code, out, _ = symptograph("evaluate", GOLD, "--json", tmp_path / "scores.json")
    assert code == 0
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert scores["documents"] == 1
    condition = scores["mentions"]["strict"]["CONDITION"]
    (shown,) = re.findall(
        r"CONDITION strict +│ ([\d.]+) │ ([\d.]+) │ ([\d.]+) │ ([\d.]+) to ([\d.]+) │ (\d+)", out
    )
    interval = scores["lines"]["CONDITION strict"]["f1_interval"]
    wanted = (condition["precision"], condition["recall"], condition["f1"], *interval)
    assert tuple(map(float, shown[:5])) == pytest.approx(wanted, abs=6e-4)
    assert int(shown[5]) == condition["gold"] > 10


def test_cli_evaluate_errors_writes_all_of_them(symptograph, tmp_path):
    paths = tmp_path / "scores.json", tmp_path / "errors.csv"
    code, out, _ = symptograph("evaluate", GOLD, "--json", paths[0], "--errors", paths[1])
    assert code == 0
    with paths[1].open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == json.loads(paths[0].read_text())["errors"]
    names = [
        "doc_id", "kind", "label", "start", "end", "gold", "predicted", "source", "nearest",
        "sentence",
    ]  # fmt: skip
    assert list(rows[0]) == names
    assert {row["doc_id"] for row in rows} == {SEED.stem}
    assert " errors" not in out


def test_cli_evaluate_pred_scores_a_run_as_it_scores_the_pipeline(symptograph, scored, tmp_path):
    code, _, _ = symptograph("evaluate", GOLD, "--json", tmp_path / "anew.json")
    assert code == 0
    code, _, _ = symptograph("evaluate", GOLD, "--pred", scored, "--json", tmp_path / "run.json")
    assert code == 0
    anew, run = (json.loads((tmp_path / f"{n}.json").read_text()) for n in ("anew", "run"))
    assert anew["mentions"]["strict"]["ALL"]["correct"] > 100
    assert run == anew


def test_cli_evaluate_pred_of_the_real_command(scored):
    # In a process of its own nothing has registered the attributes before.
    result = subprocess.run(
        [sys.executable, "-m", "pipeline", "evaluate", str(GOLD), "--pred", str(scored)],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert result.returncode == 0
    assert "Traceback" not in result.stderr


def test_cli_evaluate_default_is_the_seeds_gold(symptograph, monkeypatch):
    monkeypatch.chdir(ROOT)
    code, out, _ = symptograph("evaluate")
    assert code == 0
    assert "corpus/gold: 1 documents" in out


def test_cli_evaluate_shows_problems_of_the_gold(symptograph, tmp_path):
    (tmp_path / "a.txt").write_text("flu")
    (tmp_path / "a.ann").write_text("T1\tCONDITION 0 3\tflu\nT2\tCONDITION 0 3\tcold\n")
    code, _, err = symptograph("evaluate", tmp_path)
    assert code == 0
    (line,) = err.splitlines()
    assert line.startswith("symptograph: a.ann:2: ")


@pytest.mark.parametrize(
    ("files", "options", "reason"),
    [
        ({}, [], "no .ann files there"),
        ({"a.txt": "flu"}, [], "no .ann files there"),
        ({"a.ann": ""}, [], "a.ann: cannot be read with its .txt"),
        ({"a.ann": "", "a.txt": "flu"}, ["--pred", "{tmp}"], "no finished run there"),
        ({"a.ann": "", "a.txt": "flu"}, ["--pred", "{scored}"], "no document 'a'"),
        (
            {f"{SEED.stem}.ann": "", f"{SEED.stem}.txt": "flu"},
            ["--pred", "{scored}"],
            "is not the gold's",
        ),
        ({"a.ann": "", "a.txt": "flu"}, ["--json", "{tmp}/no/x"], "cannot be written"),
        ({"a.ann": "", "a.txt": "flu"}, ["--errors", "{tmp}/no/x"], "cannot be written"),
    ],
)
def test_cli_evaluate_bad_input_is_one_line(symptograph, scored, tmp_path, files, options, reason):
    gold = tmp_path / "gold"
    gold.mkdir()
    for name, content in files.items():
        (gold / name).write_text(content)
    options = [option.format(tmp=tmp_path, scored=scored) for option in options]
    code, out, err = symptograph("evaluate", gold, *options)
    assert (code, out) == (1, "")
    (line,) = err.splitlines()
    assert reason in line


def test_cli_evaluate_compares_with_another_run(symptograph, scored):
    code, out, _ = symptograph("evaluate", GOLD, "--pred", scored, "--compare", scored)
    assert code == 0
    assert re.search(r"CONDITION strict +│ \+0\.000 +│ \+0\.000 to \+0\.000 │ 1\.0000", out)


def test_cli_evaluate_map_keeps_only_mapped_labels(symptograph, tmp_path):
    (tmp_path / "a.txt").write_text("Asthma affects the lungs.")
    (tmp_path / "a.ann").write_text("T1\tDISEASE 0 6\tAsthma\n")
    path = tmp_path / "scores.json"
    code, _, _ = symptograph("evaluate", tmp_path, "--map", "DISEASE=CONDITION", "--json", path)
    assert code == 0
    strict = json.loads(path.read_text())["mentions"]["strict"]
    assert (strict["ALL"]["gold"], strict["ALL"]["predicted"], strict["ALL"]["f1"]) == (1, 1, 1.0)


def test_cli_evaluate_refuses_a_bad_map(symptograph):
    code, _, err = symptograph("evaluate", GOLD, "--map", "DISEASE")
    assert code == 1
    assert err


# train


def test_cli_train_without_annotated_articles_is_one_line(symptograph, tmp_path):
    code, out, err = symptograph("train", "--train", tmp_path, "--dev", GOLD, "--out", tmp_path)
    assert (code, out) == (1, "")
    assert err.startswith(f"symptograph: {tmp_path}: no .ann files there")
    assert err.count("\n") == 1


@pytest.mark.parametrize("command", ["run", "show", "evaluate"])
def test_cli_model_that_is_none_is_one_line(symptograph, flu, tmp_path, command):
    given = GOLD if command == "evaluate" else flu
    extra = ["--out", tmp_path / "out"] if command == "run" else []
    code, _, err = symptograph(command, given, "--model", tmp_path, *extra)
    assert code == 1
    assert err.startswith(f"symptograph: {tmp_path}: holds no recogniser")
    assert err.count("\n") == 1


def test_cli_profile_fast_with_a_model_is_one_line(symptograph, flu, tmp_path):
    code, _, err = symptograph("show", flu, "--profile", "fast", "--model", tmp_path)
    assert (code, err.count("\n")) == (1, 1)
    assert "profile fast has no model" in err
