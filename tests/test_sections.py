from __future__ import annotations

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.components.sections import Sections, split_blocks

LINES = ["Flu", "Flu is common.", "- fever", "a wrapped line", "", "", "| a | b |", "==", "# A"]


@pytest.fixture(scope="module")
def mark():
    nlp = spacy.blank("en")
    sections = Sections()
    return lambda text: sections(nlp(text))


def _blocks(text):
    return [(b.kind, text[b.start : b.end]) for b in split_blocks(text)]


def _sections(doc):
    return [(s.label_, s.text.strip()) for s in doc.spans["sections"]]


@pytest.mark.parametrize(
    ("text", "headings"),
    [
        ("Flu\n\nFlu is common.\n\nAsthma\n\nAsthma is rare.", ["Flu", "Asthma"]),
        ("Flu\n\nFlu is bad.\n\nType 2 Diabetes\n\nIt is rare.", ["Flu", "Type 2 Diabetes"]),
        ("What is flu?\n\nFlu.\n\nCan you die?\n\nNo.", ["What is flu?", "Can you die?"]),
        ("It is bad.\n\nSymptoms:\n- fever\n- cough", ["Symptoms:"]),
        ("Symptoms\nFever is one of the most common signs of influenza.", ["Symptoms"]),
        ("# Flu\n\nIt is bad.\n\n### Symptoms ###\nFever.", ["# Flu", "### Symptoms ###"]),
        ("Flu\n===\n\nFlu is bad.\n\nSymptoms\n---\nFever.", ["Flu", "Symptoms"]),
        ("Flu\r\n\r\nFlu is bad.\r\n\r\nAsthma\r\n\r\nIt is rare.", ["Flu", "Asthma"]),
    ],
)
def test_sections_split_blocks_finds_headings(text, headings):
    assert [t for kind, t in _blocks(text) if kind == "HEADING"] == headings


@pytest.mark.parametrize(
    "text",
    [
        "Flu",
        "Flu is common.\n\nIt is bad.",
        "It is bad.\n\nand then it gets worse\n\nIt ends.",
        "He asked.\n\nWhat next? he asked.\n\nThen it was over.",
        "It is bad.\n\nStop smoking!\n\nIt ends.",
        "It is bad.\n\nFever,\n\ncough.",
        "A" * 101 + "\n\nIt is bad.",
        "\n\n",
        "",
    ],
)
def test_sections_split_blocks_finds_no_heading_in_running_text(text):
    assert [t for kind, t in _blocks(text) if kind == "HEADING"] == []


@pytest.mark.parametrize(
    "marker", ["-", "*", "+", "•", "◦", "1.", "12)", "(3)", "a.", "b)", "(c)", "–"]
)
def test_sections_split_blocks_finds_list_items(marker):
    text = f"Signs are:\n{marker} fever\n{marker} cough"
    assert _blocks(text)[1:] == [("ITEM", f"{marker} fever"), ("ITEM", f"{marker} cough")]


@pytest.mark.parametrize("line", ["-fever", "1.5 mg", "2019 was bad"])
def test_sections_split_blocks_takes_no_other_line_for_a_list_item(line):
    kinds = [kind for kind, _ in _blocks(f"It is bad.\n{line} in the end\nIt ends.")]
    assert kinds
    assert "ITEM" not in kinds


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (
            "| Condition | Symptom |\n|---|---|\n| Flu | fever |",
            ["| Condition | Symptom |", "| Flu | fever |"],
        ),
        (
            "| Condition | Symptom |\n|:--|--:|\n| Flu | fever |",
            ["| Condition | Symptom |", "| Flu | fever |"],
        ),
        ("Condition\tSymptom\nFlu\tfever", ["Condition\tSymptom", "Flu\tfever"]),
        ("Name   Sign   Age\nFlu   fever   all", ["Name   Sign   Age", "Flu   fever   all"]),
    ],
)
def test_sections_split_blocks_finds_table_rows(text, rows):
    assert _blocks(text) == [("ROW", row) for row in rows]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_sections_split_blocks_joins_wrapped_lines(newline):
    lines = ["Flu causes fever, and this fever may last for a", "long time. Many recover."]
    text = newline.join(lines)
    assert _blocks(text) == [("PARAGRAPH", text)]


def test_sections_split_blocks_joins_a_wrapped_list_item():
    assert _blocks("- weakness in the\n  legs\n- cough") == [
        ("ITEM", "- weakness in the\n  legs"),
        ("ITEM", "- cough"),
    ]


def test_sections_split_blocks_starts_a_block_after_a_finished_line():
    text = "Flu causes fever, and this fever may last for long.\nMany recover."
    assert [kind for kind, _ in _blocks(text)] == ["PARAGRAPH", "PARAGRAPH"]


@pytest.mark.parametrize(("blank", "gap"), [(0, 0), (1, 1), (2, 2), (3, 3)])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_sections_split_blocks_counts_the_blank_lines(blank, gap, newline):
    text = f"It is bad.{newline * (blank + 1)}It ends."
    assert [b.gap for b in split_blocks(text)] == [0, gap]


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from(LINES), max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_sections_split_blocks_are_in_order_and_trimmed(lines, newline):
    text = newline.join(lines)
    blocks = split_blocks(text)
    assert all(b.start < b.end <= len(text) for b in blocks)
    assert all(a.end <= b.start for a, b in zip(blocks, blocks[1:], strict=False))
    assert all(text[b.start : b.end] == text[b.start : b.end].strip() for b in blocks)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from(LINES), max_size=8))
def test_sections_split_blocks_does_not_depend_on_the_kind_of_line_break(lines):
    unix, windows = "\n".join(lines), "\r\n".join(lines)
    assert [(k, t) for k, t in _blocks(unix)] == [
        (k, t.replace("\r\n", "\n")) for k, t in _blocks(windows)
    ]


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=80))
def test_sections_split_blocks_never_raises(text):
    assert all(b.start < b.end for b in split_blocks(text))


def test_sections_run_from_heading_to_heading(mark):
    doc = mark("Flu\n\nFlu is bad.\n- fever\n\nAsthma\n\nAsthma is rare.")
    assert _sections(doc) == [
        ("HEADED", "Flu\n\nFlu is bad.\n- fever"),
        ("HEADED", "Asthma\n\nAsthma is rare."),
    ]


def test_sections_begin_after_a_wide_gap_without_a_heading(mark):
    doc = mark("Flu\n\nFlu is bad.\n\n\nAsthma is rare.\n\nIt is bad.")
    assert _sections(doc) == [
        ("HEADED", "Flu\n\nFlu is bad."),
        ("UNHEADED", "Asthma is rare.\n\nIt is bad."),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Flu\n\nFlu is bad.\n\nIt is rare.",
        "Flu\n\n\nFlu is bad.",
        "Flu\n\nFlu is bad.\n\n\n- fever\n- cough",
    ],
)
def test_sections_do_not_begin_where_a_gap_means_nothing(mark, text):
    assert _sections(mark(text)) == [("HEADED", text)]


def test_sections_of_a_text_without_a_heading_are_one(mark):
    assert _sections(mark("Flu is bad.\n\nIt is rare.")) == [
        ("UNHEADED", "Flu is bad.\n\nIt is rare.")
    ]


@pytest.mark.parametrize("text", ["", "  ", "\n\n"])
def test_sections_of_a_blank_text_are_none(mark, text):
    doc = mark(text)
    assert len(doc.spans["sections"]) == len(doc.spans["blocks"]) == 0


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=8))
def test_sections_cover_the_text_without_overlap(mark, lines):
    doc = mark("\n".join(lines))
    sections = list(doc.spans["sections"])
    blocks = list(doc.spans["blocks"])
    assert bool(sections) == bool(blocks)
    if sections:
        assert sections[0].start == blocks[0].start
        assert sections[-1].end == len(doc)
        assert all(a.end == b.start for a, b in zip(sections, sections[1:], strict=False))


def test_sections_blocks_hold_the_texts_own_characters(mark):
    text = "Flu\n\nIt is bad.\n- fever 🤒\n- cough"
    doc = mark(text)
    assert [(s.label_, s.text) for s in doc.spans["blocks"]] == _blocks(text)


def test_sections_of_the_seed_article(seed_doc):
    sections = [(s.label_, s.text.partition("\n")[0][:28]) for s in seed_doc.spans["sections"]]
    assert sections == [
        ("HEADED", "Causes of weakness in legs"),
        ("HEADED", "Addison's Disease"),
        ("HEADED", "Amyotrophic Lateral Sclerosi"),
        ("HEADED", "Multiple Sclerosis"),
        ("HEADED", "Charcot-Marie-Tooth Disease"),
        ("UNHEADED", "Polymyositis is a muscle dis"),
        ("HEADED", "Back Problems"),
    ]
