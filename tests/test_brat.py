"""Reading BRAT standoff: what is right is read, what is wrong is reported with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import GoldError
from pipeline.evaluation.agreement import read_pass
from pipeline.evaluation.brat import read_document
from pipeline.evaluation.documents import RelationLink, parse_concepts

GOLD = Path(__file__).parents[1] / "corpus" / "gold"
TEXT = "Flu causes leg or foot pain.\nNo fever 🤒 here, flu.\n"
FLU = "T1\tCONDITION 0 3\tFlu"
PAIN = "T2\tSYMPTOM 11 27\tleg or foot pain"


@pytest.fixture
def read(tmp_path):
    def write_and_read(*lines, text=TEXT):
        (tmp_path / "doc.txt").write_bytes(text.encode())
        (tmp_path / "doc.ann").write_bytes("".join(f"{line}\n" for line in lines).encode())
        return read_document(tmp_path / "doc.ann")

    return write_and_read


def test_brat_reads_mentions_concepts_attributes_and_relations(read):
    document = read(
        FLU,
        PAIN,
        "T3\tSYMPTOM 32 37\tfever",
        "T10\tBODY_PART 11 14\tleg",
        "R1\thas_symptom Arg1:T1 Arg2:T2",
        "A1\tNegated T3",
        "A2\tUncertain T2",
        "N1\tReference T1 MONDO:0005812\tFlu",
        "N2\tReference T2 HP:1|HP:2,HP:3\tleg or foot pain",
        "#1\tAnnotatorNotes T1\ta note",
    )
    assert document.problems == []
    assert document.doc_id == "doc"
    assert document.text == TEXT
    found = [(m.id, m.label, m.text, m.negated, m.uncertain) for m in document.mentions]
    assert found == [
        ("T1", "CONDITION", "Flu", False, False),
        ("T2", "SYMPTOM", "leg or foot pain", False, True),
        ("T10", "BODY_PART", "leg", False, False),
        ("T3", "SYMPTOM", "fever", True, False),
    ]
    concepts = [m.concepts for m in document.mentions]
    assert concepts == [
        (frozenset({"MONDO:0005812"}),),
        (frozenset({"HP:1", "HP:2"}), frozenset({"HP:3"})),
        (),
        (),
    ]
    assert document.relations == [RelationLink("has_symptom", "T1", "T2")]


def test_brat_order_of_lines_does_not_matter(read):
    lines = [FLU, PAIN, "R1\thas_symptom Arg1:T1 Arg2:T2", "A1\tNegated T2", "N1\tReference T1 M:1"]
    forward, backward = read(*lines), read(*reversed(lines))
    assert len(forward.mentions) == 2
    assert (backward.mentions, backward.relations) == (forward.mentions, forward.relations)
    assert backward.problems == forward.problems == []


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("T3 SYMPTOM 32 37 fever", "not a readable mention"),
        ("T3\tSYMPTOM 32\tfever", "not a readable mention"),
        ("T3\tSYMPTOM a b\tfever", "not a readable mention"),
        ("T3\tSYMPTOM 32 37", "not a readable mention"),
        ("Tx\tSYMPTOM 32 37\tfever", "not a readable mention"),
        ("T1\tSYMPTOM 32 37\tfever", "T1 is defined twice"),
        ("T3\tSYMPTOM 11 14;22 26\tleg pain", "T3 is discontinuous"),
        ("T3\tSYMPTOM 33 38\tfever", "T3 says 'fever', the text has 'ever '"),
        ("T3\tSYMPTOM 32 37\tFever", "T3 says 'Fever', the text has 'fever'"),
        ("T3\tSYMPTOM 37 32\tfever", "T3 says 'fever'"),
        ("T3\tSYMPTOM 32 32\t", "T3 says ''"),
        ("T3\tSYMPTOM 900 905\tfever", "T3 says 'fever', the text has ''"),
        ("T3\tSYMPTOM 1 2 3\tfever", "T3"),
        ("A1\tNegated T9", "attribute of no known mention"),
        ("A1\tNegated", "attribute of no known mention"),
        ("A1\tSevere T1", "unknown attribute Severe"),
        ("M1\tNegated T9", "attribute of no known mention"),
        ("N1\tReference T9 HP:1\tx", "concept of no known mention"),
        ("N1\tReference T1", "concept of no known mention"),
        ("R1\thas_symptom Arg1:T1 Arg2:T9", "relation between unknown mentions"),
        ("R1\thas_symptom T1 T2", "relation between unknown mentions"),
        ("X1\tsomething", "unknown kind of line"),
        ("no annotation at all", "unknown kind of line"),
    ],
)
def test_brat_malformed_line_is_reported_with_file_and_line_and_ignored(read, line, what):
    document = read(FLU, PAIN, line)
    (problem,) = document.problems
    assert problem.startswith("doc.ann:3: ")
    assert what in problem
    assert [(m.id, m.label, m.negated) for m in document.mentions] == [
        ("T1", "CONDITION", False),
        ("T2", "SYMPTOM", False),
    ]
    assert document.relations == []


def test_brat_same_relation_twice_is_reported_and_counted_once(read):
    document = read(FLU, PAIN, *(f"R{n}\thas_symptom Arg1:T1 Arg2:T2" for n in (1, 2)))
    assert document.relations == [RelationLink("has_symptom", "T1", "T2")]
    (problem,) = document.problems
    assert problem.startswith("doc.ann:4: ")


def test_brat_all_problems_are_reported(read):
    document = read("T1\tbad", FLU, "A1\tNegated T9", "", "what")
    assert [problem.split(" ")[0] for problem in document.problems] == [
        "doc.ann:1:",
        "doc.ann:3:",
        "doc.ann:5:",
    ]


@pytest.mark.parametrize("line", ["", "#1\tAnnotatorNotes T1\tx", "*\tEquiv T1 T2", "E1\tX:T1"])
def test_brat_lines_of_other_kinds_are_no_problem(read, line):
    assert read(FLU, line).problems == []


@pytest.mark.parametrize("gap", ["\n", "\r\n", "\r", "\t", "\u00a0"])
def test_brat_mention_over_a_line_end(read, gap):
    text = f"chest{gap}pain"
    shown = text.replace("\r", " ").replace("\n", " ")
    document = read(f"T1\tSYMPTOM 0 {len(text)}\t{shown}", text=text)
    assert document.problems == []
    (mention,) = document.mentions
    assert mention.text == text


@pytest.mark.parametrize("gap", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_brat_only_line_feeds_end_a_line(read, gap):
    text = f"chest{gap}pain"
    document = read(f"T1\tSYMPTOM 0 {len(text)}\t{text}", text=text)
    assert document.problems == []
    assert [mention.text for mention in document.mentions] == [text]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_brat_annotation_file_with_any_line_end(tmp_path, line_end):
    (tmp_path / "doc.txt").write_text(TEXT)
    (tmp_path / "doc.ann").write_bytes(line_end.join([FLU, PAIN]).encode())
    document = read_document(tmp_path / "doc.ann")
    assert document.problems == []
    assert [mention.id for mention in document.mentions] == ["T1", "T2"]


def test_brat_offsets_after_crlf_and_emoji_are_code_points(read):
    text = "🤒\r\nNo flu."
    document = read("T1\tCONDITION 6 9\tflu", text=text)
    assert document.problems == []
    assert document.text == text


def test_brat_folder_is_read_in_order_of_names(tmp_path):
    for name in ("b", "a", "c"):
        (tmp_path / f"{name}.txt").write_text(TEXT)
        (tmp_path / f"{name}.ann").write_text(FLU)
    (tmp_path / "notes.txt").write_text("no annotations")
    assert [document.doc_id for document in read_pass(tmp_path)] == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["missing", "empty", "file"])
def test_brat_folder_without_gold_raises(tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(GoldError, match=f"{name}: no .ann files there"):
        read_pass(tmp_path / name)


def test_brat_annotations_without_their_text_raise(tmp_path):
    (tmp_path / "doc.ann").write_text(FLU)
    with pytest.raises(GoldError, match=r"doc\.ann"):
        read_document(tmp_path / "doc.ann")


@pytest.mark.parametrize("name", ["doc.txt", "doc.ann"])
def test_brat_file_that_is_not_utf_8_raises(tmp_path, name):
    (tmp_path / "doc.txt").write_text(TEXT)
    (tmp_path / "doc.ann").write_text(FLU)
    (tmp_path / name).write_bytes(b"\xff\xfe")
    with pytest.raises(GoldError, match=r"doc\.ann"):
        read_document(tmp_path / "doc.ann")


@pytest.mark.parametrize(
    ("value", "concepts"),
    [
        ("", []),
        ("HP:1", [["HP:1"]]),
        ("HP:1|HP:2", [["HP:1", "HP:2"]]),
        ("HP:1,HP:2", [["HP:1"], ["HP:2"]]),
        ("HP:1|HP:2,HP:3", [["HP:1", "HP:2"], ["HP:3"]]),
        (" HP:1 , HP:2 ", [["HP:1"], ["HP:2"]]),
        ("HP:1,,HP:2,", [["HP:1"], ["HP:2"]]),
    ],
)
def test_brat_concept_notation(value, concepts):
    assert [sorted(alternatives) for alternatives in parse_concepts(value)] == concepts


def test_brat_the_gold_of_the_seed_has_no_problem(seed_text):
    (document,) = read_pass(GOLD)
    assert document.problems == []
    assert document.text == seed_text
    assert len(document.mentions) > 100
    assert len(document.relations) > 50
