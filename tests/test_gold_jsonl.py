"""Gold in JSON lines, ours and that of annotation tools: what is wrong is reported and left out."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import GoldError
from pipeline.evaluation.documents import AnnotatedDocument, Mention, RelationLink
from pipeline.evaluation.gold import read_gold, sniff
from pipeline.evaluation.jsonl import read_jsonl
from pipeline.records import RELATION_TYPES
from pipeline.terminology.records import ENTITY_TYPES
from pipeline.training.train import read_corpus

TEXT = "🤒 Flu causes fever,\nleg or foot pain.\u2028No rash."


def entity(key, label, words, **more):
    start = TEXT.index(words)
    return {"entity_id": key, "type": label, "start": start, "end": start + len(words), **more}


FLU, FEVER = entity("T1", "CONDITION", "Flu"), entity("T2", "SYMPTOM", "fever")
PAIN = entity("T3", "SYMPTOM", "leg or foot pain", concept_id="HP:1,HP:2", uncertain=True)
RASH = entity("T4", "SYMPTOM", "rash", text="rash", negated=True, uncertain=False)
HAS_FEVER = {"type": "has_symptom", "head_id": "T1", "tail_id": "T2"}
HAS_PAIN = {"type": "has_symptom", "head_id": "T1", "tail_id": "T3", "negated": False}
NO_RASH = {"type": "has_symptom", "head_id": "T1", "tail_id": "T4", "negated": True}


def line(*entities, doc_id="d", text=TEXT, **more):
    return {"doc_id": doc_id, "text": text, "entities": [*entities], **more}


@pytest.fixture
def write(tmp_path):
    def write_lines(*lines, between="\n", before="", name="gold.jsonl"):
        path = tmp_path / name
        shown = (part if isinstance(part, str) else json.dumps(part) for part in lines)
        path.write_bytes((before + between.join(shown)).encode())
        return path

    return write_lines


@pytest.fixture
def read(write):
    return lambda *lines, **how: read_jsonl(write(*lines, **how))


def test_jsonl_reads_mentions_concepts_assertions_and_relations(read):
    relations = [HAS_FEVER, HAS_PAIN, HAS_PAIN, NO_RASH]
    (document,) = read(line(RASH, PAIN, FEVER, FLU, title="Flu", relations=relations))
    assert document == AnnotatedDocument(
        "d",
        TEXT,
        [
            Mention("T1", "CONDITION", 2, 5, "Flu", source="gold"),
            Mention("T2", "SYMPTOM", 13, 18, "fever", source="gold"),
            Mention(
                "T3", "SYMPTOM", 20, 36, "leg or foot pain",
                (frozenset({"HP:1"}), frozenset({"HP:2"})), uncertain=True, source="gold",
            ),
            Mention("T4", "SYMPTOM", 41, 45, "rash", negated=True, source="gold"),
        ],
        [RelationLink("has_symptom", "T1", "T2"), RelationLink("has_symptom", "T1", "T3")],
    )  # fmt: skip


@pytest.mark.parametrize("between", ["\n", "\r\n", "\n\n \t\n"])
@pytest.mark.parametrize("before", ["", "\ufeff", "\n"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_jsonl_line_ends_marks_and_blank_lines(read, between, before, ascii_only):
    lines = [json.dumps(line(RASH, doc_id=n), ensure_ascii=ascii_only) for n in "ab"]
    documents = read(*lines, "", between=between, before=before)
    assert [d.doc_id for d in documents] == ["a", "b"]
    for document in documents:
        assert (document.text, document.problems) == (TEXT, [])
        assert [m.text for m in document.mentions] == ["rash"]


def test_jsonl_values_that_are_null_are_not_there(read):
    nothing = dict.fromkeys(("text", "concept_id", "negated", "uncertain"))
    (document,) = read(line({**FLU, **nothing}, relations=None))
    assert document.problems == document.relations == []
    assert document.mentions == [Mention("T1", "CONDITION", 2, 5, "Flu", source="gold")]


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        ('{"doc_id": "x", "text": "Flu', "not readable JSON (Unterminated string"),
        ("{} {}", "not readable JSON (Extra data, character 4)"),
        ("[" * 100_000, "not readable JSON (maximum recursion depth"),
        ("1" * 10_000, "not readable JSON (Exceeds the limit"),
        ("[1]", "not a JSON object"),
        ('"doc_id text entities"', "not a JSON object"),
        ("{}", "no readable doc_id, text, entities"),
        ({"id": "x", "text": "Flu", "entities": []}, "no readable doc_id"),
        ({"doc_id": "x", "text": None, "entities": []}, "no readable text"),
        ({"doc_id": "x", "text": "Flu"}, "no readable entities"),
        ({"doc_id": "x", "text": "Flu", "entities": {}}, "no readable entities"),
    ],
)
def test_jsonl_line_that_is_no_document_is_reported_and_ignored(read, bad, what):
    first, last = read(line(FLU, FLU, doc_id="a"), "", bad, line(doc_id="b"))
    assert (first.doc_id, last.doc_id) == ("a", "b")
    lost, twice = first.problems
    assert lost.startswith(f"gold.jsonl:3: {what}")
    assert lost.endswith(", ignored")
    assert twice == "gold.jsonl:1: T1 is defined twice, the second is ignored"
    assert last.problems == []


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (7, "entity 2 is no object, ignored"),
        ({**FEVER, "entity_id": ""}, "entity 2 has no readable entity_id, type, start and end"),
        ({**FEVER, "entity_id": ["T2"]}, "entity 2 has no readable entity_id"),
        ({**FEVER, "type": None}, "entity 2 has no readable"),
        ({**FEVER, "start": -1}, "entity 2 has no readable"),
        ({**FEVER, "start": 13.0}, "entity 2 has no readable"),
        ({**FEVER, "end": True}, "entity 2 has no readable"),
        ({**FEVER, "end": 10**30}, "entity 2 has no readable"),
        ({**FEVER, "entity_id": "T1"}, "T1 is defined twice, the second is ignored"),
        ({**FEVER, "end": 13}, "T2 is from 13 to 13, the text to 46, ignored"),
        ({**FEVER, "end": 2}, "T2 is from 13 to 2, the text to 46, ignored"),
        ({**FEVER, "end": 47}, "T2 is from 13 to 47, the text to 46, ignored"),
        # An offset in UTF-16 units is one too many behind the emoji.
        (
            {**FEVER, "start": 14, "end": 19, "text": "fever"},
            "T2 says 'fever', the text has 'ever,",
        ),
    ],
)
def test_jsonl_entity_that_cannot_be_read_is_reported_and_ignored(read, bad, what):
    (document,) = read("", line(FLU, bad, RASH))
    assert [m.id for m in document.mentions] == ["T1", "T4"]
    (problem,) = document.problems
    assert problem.startswith(f"gold.jsonl:2: {what}")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"negated": "yes"}, "negated of T2 is neither true nor false, read as false"),
        ({"uncertain": 1}, "uncertain of T2 is neither true nor false, read as false"),
        ({"concept_id": ["HP:1"]}, "concept_id of T2 is no text, ignored"),
        ({"concept_id": 5}, "concept_id of T2 is no text, ignored"),
    ],
)
def test_jsonl_detail_that_cannot_be_read_is_reported_and_the_mention_kept(read, change, what):
    (document,) = read(line({**FEVER, **change}))
    assert document.mentions == [Mention("T2", "SYMPTOM", 13, 18, "fever", source="gold")]
    assert document.problems == [f"gold.jsonl:1: {what}"]


@pytest.mark.parametrize(
    ("bad", "n_links", "what"),
    [
        (None, 1, "relation 1 is no object, ignored"),
        ({}, 1, "relation 1 has no readable type, ignored"),
        ({**HAS_PAIN, "tail_id": "T9"}, 1, "relation 1 is not between two mentions here, ignored"),
        ({**HAS_PAIN, "head_id": None}, 1, "relation 1 is not between two mentions here, ignored"),
        ({**NO_RASH, "tail_id": "T9"}, 1, "relation 1 is not between two mentions here, ignored"),
        ({**HAS_PAIN, "negated": "no"}, 2, "negated of relation 1 is neither true nor false, read"),
    ],
)
def test_jsonl_relation_that_cannot_be_read_is_reported(read, bad, n_links, what):
    (document,) = read(line(FLU, FEVER, PAIN, RASH, relations=[bad, HAS_FEVER]))
    assert len(document.relations) == n_links
    (problem,) = document.problems
    assert problem.startswith(f"gold.jsonl:1: {what}")


def test_jsonl_relations_that_are_no_list_are_reported(read):
    (document,) = read(line(FLU, relations={"type": "has_symptom"}))
    assert document.problems == ["gold.jsonl:1: relations is no list, ignored"]


def test_jsonl_lone_surrogate_becomes_a_character(read):
    (document,) = read('{"doc_id": "\\ud800", "text": "\\udfffFlu", "entities": []}')
    assert (document.doc_id, document.text) == ("\ufffd", "\ufffdFlu")


@pytest.mark.parametrize("lines", [[""], ["{}"], ["", "no", "lines"], ['{"doc_id": "a"}']])
def test_jsonl_without_a_document_raises(read, lines):
    with pytest.raises(GoldError, match=r"gold\.jsonl: no document there; each line must be"):
        read(*lines)


def test_jsonl_that_is_not_utf_8_raises(tmp_path):
    (tmp_path / "gold.jsonl").write_bytes(b'{"doc_id": "caf\xe9"}')
    with pytest.raises(GoldError, match=r"gold\.jsonl: cannot be read as UTF-8"):
        read_jsonl(tmp_path / "gold.jsonl")


def test_jsonl_of_the_documentation_is_read(read, root):
    page = (root / "docs" / "exports.md").read_text(encoding="utf-8")
    _, shown, *_ = re.split("```(?:json)?\n", page[page.index("## JSON lines as gold") :])
    (document,) = read(json.loads(shown))
    assert document.problems == document.relations == []
    assert [(m.text, m.negated) for m in document.mentions] == [("Flu", False), ("rash", True)]


# Which format it is

PASSAGES = [{"offset": 0, "text": "Flu", "infons": {"doc_id": "d", "text": "t", "entities": ""}}]
BIOC = {"source": "", "documents": [{"id": "1", "passages": PASSAGES}]}


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (line(), "JSON lines"),
        (line(title="passages", text='He said "passages'), "JSON lines"),
        ({**line(), "sections": [{"heading": "passages"}]}, "JSON lines"),
        # What is asked for stands behind more than a head of the file.
        (line(*[FLU] * 2000), "JSON lines"),
        ({"text": "Flu. " * 20_000, "entities": [], "doc_id": "d"}, "JSON lines"),
        ({"entities": [FLU] * 2000, "doc_id": "d", "text": TEXT}, "JSON lines"),
        (f"\ufeff\r\n {json.dumps(line())}", "JSON lines"),
        ('{"doc_id": "d", "text": "Flu', "JSON lines"),
        ('{"doc_id":"a|t|b","text":""}', "JSON lines"),
        ('{"doc_id"  : "d"\n, "text"\t: "\\"}{"}', "JSON lines"),
        (BIOC, "BioC"),
        (json.dumps(BIOC, indent=1), "BioC"),
        (BIOC["documents"][0], "BioC"),
        ({"PubTator3": BIOC["documents"]}, "BioC"),
        ([BIOC], "BioC"),
        ({"id": 1, "doc_id": "d", "passages": PASSAGES, "text": ""}, "BioC"),
        ([line()], None),
        ({"doc_id": "d"}, None),
        ({"id": "d", "text": "Flu"}, None),
        ({"article": line()}, None),
        ({"doc_id": "text"}, None),
        ('{"a": 1} {"doc_id": "d", "text": ""}', None),
        ('{"doc_id: "d", "text: ""}', None),
        ("{" * 100_000, None),
        ('{"' + '\\"' * 50_000, None),
    ],
)
def test_jsonl_is_told_from_bioc_by_its_keys(write, content, name):
    assert sniff(write(content, name="file.txt")) == name


def test_gold_of_jsonl_through_read_gold_and_a_map(write):
    lines = [line({**FLU, "type": "Disease"}, FEVER, doc_id="a"), line(doc_id="b")]
    first, second = read_gold(write(*lines), {"Disease": "CONDITION"})
    assert [(m.id, m.label) for m in first.mentions] == [("T1", "CONDITION")]
    assert (second.doc_id, second.mentions) == ("b", [])
    plain, _ = read_gold(write(*lines).parent)
    assert plain.problems == ["a: unknown labels Disease (1), dropped; a label map would keep them"]


def test_training_reads_jsonl(write):
    corpus = read_corpus(write(line(FLU, FEVER)))
    assert corpus.missing == ("BODY_PART",)
    assert corpus.provenance()["mentions"] == 2


# Any text


@st.composite
def annotated(draw):
    """A document with mentions and relations, as our reader gives it."""
    text = draw(st.text(min_size=1, max_size=30) | st.just(TEXT))
    places = st.tuples(st.integers(0, len(text) - 1), st.integers(1, len(text)))
    spans = draw(
        st.lists(
            st.tuples(places.filter(lambda p: p[0] < p[1]), st.sampled_from(ENTITY_TYPES)),
            max_size=5,
            unique=True,
        )
    )
    concepts = st.sampled_from([(), ("HP:1",), ("HP:1", "HP:2")])
    mentions = [
        Mention(
            f"T{n}", label, start, end, text[start:end],
            tuple(frozenset({curie}) for curie in draw(concepts)),
            negated=draw(st.booleans()), uncertain=draw(st.booleans()), source="gold",
        )
        for n, ((start, end), label) in enumerate(spans)
    ]  # fmt: skip
    keys = [mention.id for mention in mentions]
    ends = st.tuples(*[st.sampled_from(RELATION_TYPES), *[st.sampled_from(keys or [""])] * 2])
    relations = draw(st.lists(ends, max_size=4, unique=True)) if keys else []
    links = [RelationLink(*relation) for relation in relations]
    return AnnotatedDocument(draw(st.text(max_size=5)), text, mentions, links)


def as_line(document, more):
    """A document as a line; with ``more``, as a negated relation and a doubled one would be."""
    relations = [
        {"type": link.type, "head_id": link.head, "tail_id": link.tail, "negated": False}
        for link in document.relations
    ]
    return {
        "doc_id": document.doc_id,
        "text": document.text,
        "entities": [
            {
                "entity_id": m.id, "type": m.label, "start": m.start, "end": m.end,
                "concept_id": ",".join(min(c) for c in m.concepts) or None,
                "negated": m.negated, "uncertain": m.uncertain,
                **({"text": m.text, "score": 0.5} if more else {}),
            }
            for m in document.mentions
        ],
        "relations": [*relations, *relations, *({**r, "negated": True} for r in relations)]
        if more
        else relations,
    }  # fmt: skip


ANY_FILE = settings(
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@ANY_FILE
@given(
    st.lists(annotated(), min_size=1, max_size=3, unique_by=lambda d: d.doc_id),
    st.booleans(),
    st.booleans(),
)
def test_jsonl_gives_back_what_was_written(write, documents, ascii_only, more):
    lines = [json.dumps(as_line(d, more), ensure_ascii=ascii_only) for d in documents]
    path = write(*lines)
    assert sniff(path) == "JSON lines"
    for read, right in zip(read_gold(path), documents, strict=True):
        assert read.problems == []
        assert (read.doc_id, read.text) == (right.doc_id, right.text)
        assert sorted(read.mentions, key=str) == sorted(right.mentions, key=str)
        assert read.relations == right.relations


DAMAGED = json.dumps(line(FLU, PAIN, RASH, relations=[HAS_PAIN, NO_RASH]), ensure_ascii=False)


@ANY_FILE
@given(
    st.lists(
        st.tuples(st.integers(0, len(DAMAGED)), st.integers(0, 9), st.text(max_size=4)), max_size=4
    )
)
def test_jsonl_that_is_damaged_is_read_in_part_or_refused(write, edits):
    content = DAMAGED
    for place, length, piece in edits:
        content = content[:place] + piece + content[place + length :]
    try:
        documents = read_gold(write(content, line(doc_id="z")))
    except GoldError:
        return
    for document in documents:
        document.text.encode()
        known = document.by_id().keys()
        assert all({link.head, link.tail} <= known for link in document.relations)
        assert all(document.text[m.start : m.end] == m.text for m in document.mentions)
