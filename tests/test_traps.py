from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import pipeline
from pipeline.errors import GoldError
from pipeline.evaluation.traps import Trap, answer, pass_rates, read_traps

FOLDER = Path(__file__).parent / "traps"
KNOWN = Path(__file__).parent / "known_trap_failures.txt"
TRAPS = read_traps(FOLDER)
FAILING = set(KNOWN.read_text(encoding="utf-8").split("\n")) - {""}


def _name(trap):
    """A trap by its group and text; the known failures are listed so."""
    return f"{trap.group}: {' '.join(trap.marked.split())}"


@pytest.fixture(scope="module")
def accurate():
    return pipeline.load("accurate")


@pytest.mark.parametrize("trap", TRAPS, ids=_name)
def test_traps(accurate, trap):
    found = answer(trap, accurate(trap.text))
    if _name(trap) in FAILING:
        assert not found.passed, f"passes now: take it out of {KNOWN.name}"
    else:
        assert found.passed, f"{trap.attribute}: {trap.expected} expected, {found.given} given"


def test_traps_known_failures_are_traps():
    assert {_name(trap) for trap in TRAPS} >= FAILING


def test_traps_are_minimal_pairs():
    pairs = Counter((trap.group, trap.pair) for trap in TRAPS)
    assert len(pairs) >= 400
    assert set(pairs.values()) == {2}
    groups = Counter(group for group, _ in pairs)
    assert len(groups) == 8
    assert min(groups.values()) >= 50


def test_traps_answers_of_a_pair_differ():
    asked = Counter((t.group, t.pair, t.attribute, t.expected) for t in TRAPS)
    texts = Counter((t.group, t.text, t.start) for t in TRAPS)
    same = [key for key, n in asked.items() if n > 1 and key[2] != "concept"]
    assert same == []
    assert max(texts.values()) == 1


@pytest.mark.parametrize(
    ("marked", "attribute", "expected", "passed"),
    [
        ("It causes [fever].", "type", "SYMPTOM", True),
        ("It causes [fever].", "type", "none", False),
        ("[It] causes fever.", "type", "none", True),
        ("It causes [leg pain].", "type", "none", False),
        ("It causes leg [pain].", "type", "SYMPTOM", False),
        ("It causes [leg] pain.", "type", "BODY_PART", True),
        ("It causes [leg] pain.", "covered", "yes", True),
        ("It [causes] fever.", "covered", "no", True),
        ("It [causes fever].", "covered", "yes", False),
        ("It causes [leg pain].", "concept", "HP:0000001|HP:0012514", True),
        ("It causes [leg pain].", "concept", "none", False),
        ("There is no [fever].", "negated", "yes", True),
        ("There is no [fever].", "uncertain", "yes", False),
        ("Your mother had [asthma].", "experiencer", "other", True),
        ("[It] is bad.", "negated", "no", False),
        ("Call an ambulance if you have [chest pain].", "role", "emergency", True),
        ("She has [chest pain].", "role", "none", True),
    ],
)
def test_traps_answer(nlp, tmp_path, marked, attribute, expected, passed):
    path = tmp_path / "group.csv"
    path.write_text(f'pair,text,attribute,expected\n1,"{marked}",{attribute},{expected}\n')
    (trap,) = read_traps(tmp_path)
    assert trap.marked == marked
    assert answer(trap, nlp(trap.text)).passed == passed


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("pair,text\n1,[a]\n", "columns"),
        ("pair,text,attribute,expected\n1,a b,type,none\n", "trap 1"),
        ("pair,text,attribute,expected\n1,[a] [b],type,none\n", "trap 1"),
        ("pair,text,attribute,expected\n1,[a],colour,red\n", "trap 1"),
        ("pair,text,attribute,expected\n1,[a],type,\n", "trap 1"),
    ],
)
def test_traps_malformed_files_are_named(tmp_path, content, message):
    (tmp_path / "bad.csv").write_text(content)
    with pytest.raises(GoldError, match=message):
        read_traps(tmp_path)


def test_traps_folder_without_traps_is_named(tmp_path):
    with pytest.raises(GoldError, match="no trap files"):
        read_traps(tmp_path)


def test_traps_rates_are_by_group_and_over_all(nlp):
    one = Trap("a", "1", "It causes fever.", 10, 15, "type", "SYMPTOM")
    other = Trap("b", "1", "It causes fever.", 10, 15, "type", "none")
    answers = [answer(trap, nlp(trap.text)) for trap in (other, one)]
    assert pass_rates(answers) == {"a": (1, 1), "b": (0, 1), "ALL": (1, 2)}
