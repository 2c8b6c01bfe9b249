"""What lies above concepts, and how pairs stand to HPO's annotations."""

from __future__ import annotations

import pytest

from pipeline.terminology.compile import compile_index
from pipeline.terminology.index import TermIndex
from pipeline.terminology.records import Annotation, Name, Source, Term


def term(curie, label, kind, *parents, names=()):
    scoped = [Name(label, "LABEL"), *(Name(name, "EXACT") for name in names)]
    return Term(curie, label, kind, tuple(scoped), parents)


TERMS = (
    term("HP:1", "Abnormal gait", "SYMPTOM"),
    term("HP:2", "Limping", "SYMPTOM", "HP:1"),
    term("HP:3", "Painful limping", "SYMPTOM", "HP:2"),
    term("HP:4", "Rash", "SYMPTOM"),
    term("HP:5", "Itching", "SYMPTOM"),
    term("MONDO:1", "leg disorder", "CONDITION"),
    term("MONDO:2", "sore leg disease", "CONDITION", "MONDO:1", names=["leggitis, red"]),
    term("MONDO:3", "blue leggitis type 2", "CONDITION", "MONDO:1"),
    term("MONDO:4", "toe disease", "CONDITION"),
    term("UBERON:1", "leg", "BODY_PART"),
    term("UBERON:2", "knee", "BODY_PART", "UBERON:1", "UBERON:9"),
)
ANNOTATIONS = (
    Annotation("Sore leg disease", "HP:2", False),
    Annotation("LEGGITIS, RED", "HP:4", True),
    # Turned about, with a Roman numeral.
    Annotation("Leggitis, blue, susceptibility to, type II", "HP:99", False),
    Annotation("nobody knows it", "HP:5", False),
)
SOURCE = Source("made", "1", TERMS, replaced={"HP:99": "HP:5"})


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("terms") / "made"
    compile_index([SOURCE], folder, annotations=ANNOTATIONS)
    return TermIndex(folder)


@pytest.mark.parametrize(
    ("condition", "symptom", "status"),
    [
        ("MONDO:2", "HP:2", "known"),
        ("MONDO:2", "HP:3", "known_broader"),
        ("MONDO:2", "HP:1", "known_narrower"),
        ("MONDO:2", "HP:4", "contradicted"),
        ("MONDO:2", "HP:5", "unknown_pair"),
        ("MONDO:3", "HP:5", "known"),
        ("MONDO:4", "HP:5", "unknown_condition"),
        # Nothing is annotated to the class itself: what its members have.
        ("MONDO:1", "HP:2", "known"),
        ("MONDO:1", "HP:5", "known"),
        ("MONDO:8", "HP:5", None),
        ("MONDO:2", "text:limp", None),
    ],
)
def test_pairs_stand_to_annotations(made, condition, symptom, status):
    assert made.annotated(condition, symptom) == status


def test_above_counts_the_steps_and_leaves_out_what_is_not_there(made):
    assert list(made.above(["HP:3", "UBERON:2", "HP:77"], 2)) == [
        ("HP:3", "HP:2", 1),
        ("HP:3", "HP:1", 2),
        ("UBERON:2", "UBERON:1", 1),
    ]
    assert list(made.above(["HP:3"], 1)) == [("HP:3", "HP:2", 1)]


def test_graph_of_no_annotations_knows_no_condition(tmp_path):
    compile_index([SOURCE], tmp_path / "terms")
    assert TermIndex(tmp_path / "terms").annotated("MONDO:2", "HP:2") == "unknown_condition"


@pytest.mark.parametrize(
    ("condition", "symptom", "status"),
    [
        ("MONDO:0005180", "HP:0001337", "known"),  # Parkinson disease, tremor
        ("MONDO:0004976", "HP:0001324", "known_narrower"),  # ALS, muscle weakness
        ("MONDO:0005180", "HP:0000726", "known"),  # dementia
    ],
)
def test_the_shipped_annotations_are_read(index, condition, symptom, status):
    assert index.annotated(condition, symptom) == status


def test_body_parts_are_below_what_they_are_part_of(index):
    # knee, hindlimb region
    above = {other for _, other, _ in index.above(["UBERON:0001465"], 8)}
    assert "UBERON:0002103" in above
