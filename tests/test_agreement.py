"""Agreement of two annotators, by hand, against scikit-learn, and on the passes of the corpus."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from pipeline.cli import agreement as cli
from pipeline.cli import console
from pipeline.errors import GoldError, OutputError
from pipeline.evaluation.agreement import (
    Difference,
    agree,
    cohen_kappa,
    find_text,
    read_pass,
)
from pipeline.evaluation.documents import AnnotatedDocument, Mention, RelationLink, parse_concepts
from pipeline.evaluation.scores import ALL

C, S, B = "CONDITION", "SYMPTOM", "BODY_PART"
PASSES = Path(__file__).parents[1] / "corpus" / "gold" / "passes"
TEXT = "Flu causes leg pain, fever and cough."


def document(*given, relations=(), doc_id="doc", text=TEXT):
    """From (label, words), or (label, words, concepts), or (label, words, concepts, marks)."""
    mentions = []
    for n, (label, words, *rest) in enumerate(given, start=1):
        start = text.index(words)
        concepts = parse_concepts(rest[0]) if rest else ()
        marks = rest[1] if len(rest) > 1 else ""
        mentions.append(
            Mention(
                f"T{n}", label, start, start + len(words), words, concepts,
                negated="n" in marks, uncertain="u" in marks,
            )
        )  # fmt: skip
    links = [RelationLink(kind, f"T{head}", f"T{tail}") for kind, head, tail in relations]
    return AnnotatedDocument(doc_id, text, mentions, links)


def compare(a, b):
    return agree([a], [b])


def cells(by_type):
    return {label: (c.correct, c.gold, c.predicted) for label, c in by_type.items()}


def found(result):
    return [(d.kind, d.text_a, d.text_b) for d in result.differences]


# F1.


def test_agreement_f1_by_hand():
    a = document((C, "Flu"), (S, "leg pain"), (B, "leg"), (S, "fever"))
    b = document((C, "Flu"), (S, "pain"), (B, "leg"), (C, "fever"), (S, "cough"))
    result = compare(a, b)
    strict, partial = result.scores.mentions["strict"], result.scores.mentions["partial"]
    assert cells(strict) == {C: (1, 1, 2), S: (0, 2, 2), B: (1, 1, 1), ALL: (2, 4, 5)}
    assert cells(partial) == {C: (1, 1, 2), S: (0.5, 2, 2), B: (1, 1, 1), ALL: (3.5, 4, 5)}
    assert strict[ALL].f1 == pytest.approx(4 / 9)
    assert found(result) == [
        ("boundary", "leg pain [SYMPTOM]", "pain [SYMPTOM]"),
        ("type", "fever [SYMPTOM]", "fever [CONDITION]"),
        ("only in B", "", "cough [SYMPTOM]"),
    ]
    assert [(d.start, d.end) for d in result.differences] == [(11, 19), (21, 26), (31, 36)]


def test_agreement_of_one_with_itself():
    a = document(
        (C, "Flu", "M:1"), (S, "leg pain", "", "nu"), (B, "leg"), relations=[("has_symptom", 1, 2)]
    )
    result = compare(a, a)
    assert result.differences == []
    assert {value for _, value, _ in result.lines()} == {1.0, 0.0}
    assert [name for name, value, _ in result.lines() if value == 0] == [
        "affects relations F1",
        "located_in relations F1",
    ]


def test_agreement_of_documents_without_mentions():
    result = compare(document(), document())
    assert (result.kappa, result.differences, result.n_documents) == ({ALL: 1.0}, [], 1)
    assert result.n_tokens == 9


def test_agreement_of_no_documents():
    result = agree([], [])
    assert (result.n_documents, result.n_tokens, result.kappa) == (0, 0, {ALL: 1.0})
    assert json.dumps(result.as_dict())


# Concepts, attributes, relations.


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("", "", True),
        ("H:1", "", False),
        ("", "H:1", False),
        ("H:1", "H:1", True),
        ("H:1", "H:2", False),
        ("H:1|H:2", "H:2|H:3", True),
        ("H:1,H:2", "H:2", True),
    ],
)
def test_agreement_of_concepts(one, other, same):
    result = compare(document((S, "fever", one)), document((S, "fever", other)))
    assert cells(result.concepts) == {S: (same, 1, 1), ALL: (same, 1, 1)}
    assert [d.kind for d in result.differences] == ([] if same else ["concept"])


def test_agreement_of_concepts_is_asked_of_the_same_mentions_only():
    a = document((S, "fever", "H:1"), (S, "leg pain", "H:2"), (C, "Flu", "M:1"))
    b = document((S, "fever", "H:9"), (S, "pain", "H:2"), (C, "Flu", "M:1"))
    assert cells(compare(a, b).concepts) == {S: (0, 1, 1), C: (1, 1, 1), ALL: (1, 2, 2)}


def test_agreement_of_attributes():
    a = document((S, "fever", "", "n"), (S, "cough", "", "nu"), (S, "leg pain", "", "n"))
    b = document((S, "fever", "", "n"), (S, "cough", "", ""), (S, "pain", "", "n"))
    result = compare(a, b)
    assert result.scores.negated.f1 == pytest.approx(2 / 3)
    assert result.scores.uncertain.f1 == 0
    assert found(result) == [
        ("boundary", "leg pain [SYMPTOM]", "pain [SYMPTOM]"),
        ("hedge", "cough [uncertain]", "cough [certain]"),
        ("negation", "cough [negated]", "cough [affirmed]"),
    ]


def test_agreement_of_relations():
    given_ = (C, "Flu", "M:1"), (S, "leg pain"), (B, "leg"), (S, "cough")
    a = document(*given_, relations=[("has_symptom", 1, 2), ("located_in", 2, 3)])
    b = document(
        *given_, relations=[("has_symptom", 1, 2), ("affects", 1, 3), ("has_symptom", 1, 4)]
    )
    result = compare(a, b)
    assert cells(result.scores.relations) == {
        "has_symptom": (1, 1, 2),
        "affects": (0, 0, 1),
        "located_in": (0, 1, 0),
        ALL: (1, 2, 3),
    }
    assert result.differences == [
        Difference("doc", "relation only in B", 0, 14, "", "Flu affects leg"),
        Difference("doc", "relation only in B", 0, 36, "", "Flu has_symptom cough"),
        Difference("doc", "relation only in A", 11, 19, "leg pain located_in leg", ""),
    ]


# Kappa.


def test_kappa_by_hand():
    # Tokens: Flu causes leg pain , fever and cough .
    # A:       C      O   S    S O     S   O     O O
    # B:       C      O   B    S O     C   O     O O
    a = document((C, "Flu"), (S, "leg pain"), (B, "leg"), (S, "fever"))
    b = document((C, "Flu"), (S, "pain"), (B, "leg"), (C, "fever"))
    result = compare(a, b)
    assert result.n_tokens == 9
    # Agreed 7 of 9; by chance C 1 x 2, S 3 x 1, B 0 x 1 and O 5 x 5 of 81.
    chance = (1 * 2 + 3 * 1 + 0 * 1 + 5 * 5) / 81
    assert result.kappa[ALL] == pytest.approx((7 / 9 - chance) / (1 - chance))
    # SYMPTOM: agreed 7 of 9; 3 and 1 of 9 are symptoms.
    chance = (3 * 1 + 6 * 8) / 81
    assert result.kappa[S] == pytest.approx((7 / 9 - chance) / (1 - chance))
    # CONDITION: agreed 8 of 9; 1 and 2 of 9 are conditions.
    chance = (1 * 2 + 8 * 7) / 81
    assert result.kappa[C] == pytest.approx((8 / 9 - chance) / (1 - chance))
    # "leg" is a body part to both, nested or not.
    assert result.kappa[B] == 1


def test_kappa_of_a_half_covered_word_is_of_the_word_outside():
    whole, half = document((S, "fever")), document((S, "fev"))
    assert compare(whole, half).kappa[S] == 0
    assert compare(half, half).kappa[S] == 1


def test_kappa_takes_all_documents_together():
    a = [document((S, "fever"), doc_id="1"), document(doc_id="2")]
    b = [document((S, "fever"), doc_id="1"), document((S, "cough"), doc_id="2")]
    chance = (1 * 2 + 17 * 16) / 18**2
    assert agree(a, b).kappa[S] == pytest.approx((17 / 18 - chance) / (1 - chance))


@pytest.mark.parametrize(
    ("table", "kappa"),
    [
        ({}, 1),
        ({("O", "O"): 5}, 1),
        ({("C", "C"): 1, ("O", "O"): 5}, 1),
        ({("C", "O"): 5}, 0),
        ({("C", "O"): 5, ("O", "C"): 5}, -1),
        ({("C", "C"): 1, ("C", "O"): 1, ("O", "C"): 1, ("O", "O"): 1}, 0),
        # The example of Cohen's kappa that everyone knows: 0.4.
        ({("Y", "Y"): 20, ("Y", "N"): 5, ("N", "Y"): 10, ("N", "N"): 15}, 0.4),
    ],
)
def test_kappa_of_a_table(table, kappa):
    assert cohen_kappa(Counter(table)) == pytest.approx(kappa)


labels = st.lists(st.tuples(st.sampled_from("CSBO"), st.sampled_from("CSBO")), min_size=1)


@settings(max_examples=100, deadline=None)
@given(labels)
def test_kappa_is_that_of_scikit_learn(pairs):
    if len({label for pair in pairs for label in pair}) == 1:
        assert cohen_kappa(Counter(pairs)) == 1
        return
    one, other = zip(*pairs, strict=True)
    assert cohen_kappa(Counter(pairs)) == pytest.approx(cohen_kappa_score(one, other))


# Properties.

WORDS = re.findall(r"\w+", TEXT)
annotations = st.lists(
    st.tuples(
        st.sampled_from([C, S, B]),
        st.sampled_from([*WORDS, "leg pain", "fever and cough", "pain, fever"]),
        st.sampled_from(["", "H:1", "H:2|H:1"]),
        st.sampled_from(["", "n", "u"]),
    ),
    unique_by=lambda m: m[:2],
    max_size=8,
)


def related(annotated):
    """With each mention related to the next."""
    ids = [mention.id for mention in annotated.mentions]
    annotated.relations = [
        RelationLink("has_symptom", one, other) for one, other in zip(ids, ids[1:], strict=False)
    ]
    return annotated


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(annotations, annotations), max_size=3),
    st.randoms(use_true_random=False),
)
def test_agreement_does_not_depend_on_any_order(given_, shuffler):
    a = [related(document(*one, doc_id=str(n))) for n, (one, _) in enumerate(given_)]
    b = [related(document(*other, doc_id=str(n))) for n, (_, other) in enumerate(given_)]

    def shuffled(documents):
        return [
            replace(
                d,
                mentions=shuffler.sample(d.mentions, len(d.mentions)),
                relations=shuffler.sample(d.relations, len(d.relations)),
            )
            for d in shuffler.sample(documents, len(documents))
        ]

    one, other = agree(a, b), agree(shuffled(a), shuffled(b))
    assert list(one.lines()) == list(other.lines())
    assert one.differences == other.differences


@settings(max_examples=100, deadline=None)
@given(annotations, annotations)
def test_agreement_is_the_same_either_way_round(one, other):
    a, b = related(document(*one)), related(document(*other))
    forth, back = compare(a, b), compare(b, a)
    assert [line[:2] for line in forth.lines()] == [
        (name, pytest.approx(value)) for name, value, _ in back.lines()
    ]
    assert len(forth.differences) == len(back.differences)


@settings(max_examples=100, deadline=None)
@given(annotations, annotations)
def test_agreement_without_differences_is_perfect_and_the_other_way_round(one, other):
    a, b = related(document(*one)), related(document(*other))
    result = compare(a, b)
    counted = [c for _, _, c in result.lines() if c is not None and c.gold + c.predicted]
    perfect = all(c.correct == c.gold == c.predicted for c in counted)
    assert perfect == (result.differences == [])
    assert compare(a, a).differences == []


# Documents that cannot be compared.


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (["x"], ["y"], "only in A: x; only in B: y"),
        (["x"], [], "only in A: x;"),
        (["x"], ["x", "z", "y"], "only in B: y, z;"),
        (["x", "x"], ["x", "x"], "more than one document named x;"),
        (["x", "x"], ["x"], "only in A: x;"),
        (list("abcdefg"), [], "only in A: a, b, c, d, e, and 2 more;"),
    ],
)
def test_agreement_needs_the_same_documents(a, b, message):
    sides = [[document(doc_id=doc_id) for doc_id in side] for side in (a, b)]
    with pytest.raises(GoldError, match=message):
        agree(*sides)


def test_agreement_needs_the_same_texts():
    a = [document(doc_id=doc_id) for doc_id in "xyz"]
    b = [document(doc_id="x"), *(document(doc_id=d, text=TEXT + "\n") for d in "yz")]
    with pytest.raises(GoldError, match="another text in A than in B: y, z;"):
        agree(a, b)


# Folders.

FLU = "T1\tCONDITION 0 3\tFlu\n"


@pytest.fixture
def gold(tmp_path):
    """``gold/passes/a/article.ann`` and ``b``, with no text yet."""
    for name in "ab":
        folder = tmp_path / "gold" / "passes" / name
        folder.mkdir(parents=True)
        (folder / "article.ann").write_text(FLU)
    return tmp_path / "gold"


@pytest.mark.parametrize("place", ["passes/a", "passes", ".", "dev", "passes/texts", "[dev]"])
def test_agreement_finds_the_text(gold, place):
    (gold / place).mkdir(exist_ok=True)
    path = gold / place / "article.txt"
    path.write_text(TEXT)
    assert find_text(gold / "passes" / "a" / "article.ann") == path.resolve()
    (read,) = read_pass(gold / "passes" / "a")
    assert (read.doc_id, read.text, len(read.mentions)) == ("article", TEXT, 1)


def test_agreement_takes_the_nearest_text(gold):
    for place, text in (("passes/a", "1"), ("passes", "2"), (".", "3"), ("dev", "4")):
        (gold / place).mkdir(exist_ok=True)
        (gold / place / "article.txt").write_text(text)
    found_ = []
    for _ in range(4):
        path = find_text(gold / "passes" / "a" / "article.ann")
        found_.append(path.read_text())
        path.unlink()
    assert found_ == ["1", "2", "3", "4"]


def test_agreement_does_not_guess_between_texts(gold):
    for place in ("dev", "test"):
        (gold / place).mkdir()
        (gold / place / "article.txt").write_text(TEXT)
    with pytest.raises(GoldError, match=r"article\.ann: cannot be read with its \.txt"):
        read_pass(gold / "passes" / "a")


def test_agreement_finds_the_text_from_a_relative_path(gold, monkeypatch):
    (gold / "article.txt").write_text(TEXT)
    monkeypatch.chdir(gold / "passes" / "a")
    assert [d.text for d in read_pass(Path())] == [TEXT]
    assert [d.text for d in read_pass(Path("../b"))] == [TEXT]
    assert [d.text for d in read_pass(Path("../../passes/a/../b"))] == [TEXT]


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_agreement_folder_without_annotations(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(GoldError, match=f"{name}: no .ann files there"):
        read_pass(tmp_path / name)


def test_agreement_of_the_passes_of_the_corpus():
    a, b = read_pass(PASSES / "a"), read_pass(PASSES / "b")
    result = agree(a, b)
    assert result.problems == []
    assert result.n_documents == len(a) >= 1
    assert result.scores.mentions["strict"][ALL].f1 > 0.9
    assert min(result.kappa.values()) > 0.9
    assert result.differences


# The command.


@pytest.fixture
def command(monkeypatch, capsys):
    """The command alone: its stdout and stderr."""
    app = typer.Typer()
    app.command()(cli.command)
    for part in (console.out, console.err):
        monkeypatch.setattr(part, "width", 200)

    def call(*arguments):
        app(map(str, arguments), standalone_mode=False)
        captured = capsys.readouterr()
        return captured.out, captured.err

    return call


def test_agreement_command_prints_a_table_and_the_differences(command, gold):
    (gold / "article.txt").write_text(TEXT)
    more = FLU + "T2\tSYMPTOM 21 26\tfever\n"
    (gold / "passes" / "b" / "article.ann").write_text(more)
    out, err = command(gold / "passes" / "a", gold / "passes" / "b")
    assert err == ""
    assert "1 documents, 9 words" in out
    assert re.search(r"│ ALL strict F1 +│ 0\.667 +│ 1 +│ 2 +│", out)
    assert re.search(r"│ CONDITION kappa of tokens +│ 1\.000 ", out)
    assert re.search(r"│ article +│ only in B +│ +│ fever \[SYMPTOM\] +│", out)


def test_agreement_command_writes_files(command, gold, tmp_path):
    (gold / "article.txt").write_text("=Flu\n")
    (gold / "passes" / "a" / "article.ann").write_text("T1\tCONDITION 0 4\t=Flu\n")
    (gold / "passes" / "b" / "article.ann").write_text("T1\tCONDITION 1 4\tFlu\n")
    paths = tmp_path / "all.json", tmp_path / "differences.csv"
    folders = gold / "passes" / "a", gold / "passes" / "b"
    out, _ = command(*folders, "--json", paths[0], "--differences", paths[1])
    assert "differences" not in out
    content = json.loads(paths[0].read_text())
    assert content["differences"] == {"boundary": 1}
    assert content["strict"][ALL] == {"f1": 0, "agreed": 0, "a": 1, "b": 1}
    assert content["partial"][ALL]["f1"] == 0.5
    with paths[1].open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row == {
        "doc_id": "article", "kind": "boundary", "start": "0", "end": "4",
        "text_a": "'=Flu [CONDITION]", "text_b": "Flu [CONDITION]",
    }  # fmt: skip


def test_agreement_command_reports_bad_lines(command, gold):
    (gold / "article.txt").write_text(TEXT)
    (gold / "passes" / "b" / "article.ann").write_text(FLU + "nonsense\n")
    _, err = command(gold / "passes" / "a", gold / "passes" / "b")
    assert err.startswith("symptograph: B: article.ann:2: ")


def test_agreement_command_file_that_cannot_be_written(command, gold, tmp_path):
    (gold / "article.txt").write_text(TEXT)
    folder = gold / "passes" / "a"
    with pytest.raises(OutputError, match="cannot be written"):
        command(folder, folder, "--json", tmp_path / "missing" / "all.json")
