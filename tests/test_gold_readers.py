"""Other people's gold: what is right is read, what is wrong is reported and left out."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spacy.lang.en import English
from spacy.tokens import DocBin, Span

from pipeline.errors import GoldError
from pipeline.evaluation.bioc import read_bioc
from pipeline.evaluation.brat import read_document
from pipeline.evaluation.conll import read_conll
from pipeline.evaluation.docbin import read_docbin
from pipeline.evaluation.documents import RelationLink, from_doc
from pipeline.evaluation.gold import parse_label_map, read_gold, sniff
from pipeline.evaluation.pubtator import parse_ids, read_pubtator

PUBTATOR = """\
12|t|Café au lait: β-blocker for flu
12|a|Flu causes fever 🤒 and leg pain.
12\t28\t31\tflu\tDisease\tD007251
12\t32\t35\tFlu\tDisease\tD007251
12\t43\t48\tfever\tSign\tD005334
12\t55\t63\tleg pain\tSign\tD010146|D007866
12\tcauses\tD007251\tD005334

13|t|No flu
"""
CONLL = """\
-DOCSTART- -X- O

Flu\tNN\tB-Disease
causes\tVB\tO
leg\tNN\tB-Sign
pain\tNN\tI-Sign
.\t.\tO

Fever\tNN\tB-Sign
"""
MAP = {"Disease": "CONDITION", "Sign": "SYMPTOM"}


def annotation(key, start, length, text, label="Disease", identifier="D1"):
    return {
        "id": key,
        "infons": {"type": label, "identifier": identifier},
        "text": text,
        "locations": [{"offset": start, "length": length}],
    }


def bioc(*annotations, text="Café, flu and fever.", relations=()):
    passages = [
        {"offset": 0, "text": "Title", "annotations": []},
        {"offset": 6, "text": text, "annotations": list(annotations)},
    ]
    return {"documents": [{"id": "7", "passages": passages, "relations": list(relations)}]}


FLU, FEVER = annotation("a", 12, 3, "flu"), annotation("b", 20, 5, "fever", "Sign", "D2")
XML = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE collection SYSTEM "BioC.dtd">
<collection><source>x</source><document><id>7</id>
<passage><infon key="type">title</infon><offset>0</offset><text>Title</text></passage>
<passage><offset>6</offset><text>Café, flu and fever.</text>
<annotation id="a"><infon key="type">Disease</infon><infon key="MESH">D1</infon>
<location offset="12" length="3"/><text>flu</text></annotation>
<annotation id="b"><infon key="type">Sign</infon><infon key="MESH">D2</infon>
<location offset="20" length="5"/><text>fever</text></annotation></passage>
<relation id="R"><infon key="type">causes</infon><node refid="a" role=""/><node refid="b" role=""/>
</relation></document></collection>
"""


@pytest.fixture
def write(tmp_path):
    def write_file(content, name="file.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict | list):
            content = json.dumps(content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


def texts(document):
    return [(m.id, m.label, m.start, m.text) for m in document.mentions]


def spans_fit(documents):
    return all(d.text[m.start : m.end] == m.text for d in documents for m in d.mentions)


# BRAT: discontinuous mentions


@pytest.fixture
def brat(write):
    def read(*lines, text="leg or foot pain\nhere"):
        write(text, "d.txt")
        return read_document(write("\n".join(lines), "d.ann"))

    return read


def test_brat_discontinuous_mention_is_its_covering_span(brat):
    document = brat("T1\tSIGN 0 3;12 16\tleg pain", "T2\tSIGN 7 16\tfoot pain")
    assert texts(document) == [
        ("T1", "SIGN", 0, "leg or foot pain"),
        ("T2", "SIGN", 7, "foot pain"),
    ]
    assert document.problems == [
        "d.ann:1: T1 is discontinuous, read as the covering span 'leg or foot pain'"
    ]


def test_gold_contiguous_leaves_out_mentions_in_parts_and_their_relations(write, tmp_path):
    write("leg or foot pain in flu", "d.txt")
    lines = ["T1\tSYMPTOM 0 3;12 16\tleg pain", "T2\tSYMPTOM 7 16\tfoot pain"]
    lines += ["T3\tCONDITION 20 23\tflu", "R1\thas_symptom Arg1:T3 Arg2:T1"]
    lines += ["R2\thas_symptom Arg1:T3 Arg2:T2"]
    write("\n".join(lines), "d.ann")
    (document,) = read_gold(tmp_path, contiguous=True)
    assert [m.id for m in document.mentions] == ["T2", "T3"]
    assert [link.tail for link in document.relations] == ["T2"]
    (covering,) = read_gold(tmp_path)
    assert len(covering.mentions) == 3
    assert len(covering.relations) == 2


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_brat_discontinuous_mention_over_a_line_end(brat, line_end):
    n = len(line_end)
    document = brat(f"T1\tSIGN 0 3;{6 + n} {10 + n}\tleg pain", text=f"leg or{line_end}pain")
    assert document.mentions[0].end == 10 + n


@pytest.mark.parametrize(
    "line",
    [
        "T1\tSIGN 0 3;12 16\tleg or foot pain",
        "T1\tSIGN 0 3;16 12\tleg ",
        "T1\tSIGN 0 3;900 904\tleg ",
        "T1\tSIGN 17 99\there",
        "T1\tSIGN 0 3;\tleg",
        f"T1\tSIGN 0 {'9' * 5000}\tleg",
    ],
)
def test_brat_discontinuous_mention_that_does_not_fit_is_ignored(brat, line):
    document = brat(line)
    assert document.mentions == []
    assert len(document.problems) == 1


# PubTator


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_pubtator_reads_texts_mentions_concepts_and_relations(write, line_end, mark):
    first, second = read_pubtator(write(mark + PUBTATOR.replace("\n", line_end)))
    assert (first.doc_id, second.doc_id) == ("12", "13")
    assert first.text == "Café au lait: β-blocker for flu\nFlu causes fever 🤒 and leg pain."
    assert texts(first) == [
        ("T1", "Disease", 28, "flu"),
        ("T2", "Disease", 32, "Flu"),
        ("T3", "Sign", 43, "fever"),
        ("T4", "Sign", 55, "leg pain"),
    ]
    assert first.mentions[3].concepts == (frozenset({"D010146"}), frozenset({"D007866"}))
    assert first.relations == [RelationLink("causes", h, "T3") for h in ("T1", "T2")]
    assert first.problems == second.problems == []
    assert (second.text, second.mentions) == ("No flu", [])


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("12\t28\t31\tflu", "not a readable annotation"),
        ("12\t28\tx\tflu\tDisease\tD1", "not a readable annotation"),
        ("12\t28\t31\tflu\t\tD1", "not a readable annotation"),
        (f"12\t28\t{'9' * 5000}\tflu\tDisease\tD1", "not a readable annotation"),
        ("12\t29\t32\tflu\tDisease\tD1", "says 'flu', the text has 'lu\\n'"),
        ("12\t31\t28\tflu\tDisease\tD1", "says 'flu'"),
        ("12\t28\t28\t\tDisease\tD1", "says ''"),
        ("12\t60\t99\tain.\tDisease\tD1", "says 'ain.'"),
        ("99\t28\t31\tflu\tDisease\tD1", "annotation of '99', which is not here"),
        ("12\tcauses\tD007251\tD9", "causes between ids without two mentions"),
        ("some words", "neither text nor annotation"),
        ("12|a|again", "the same text line twice"),
    ],
)
def test_pubtator_malformed_line_is_reported_and_ignored(write, line, what):
    right = PUBTATOR.split("\n")
    content = "\n".join([*right[:7], line, *right[7:]])
    first, _ = read_pubtator(write(content))
    (problem,) = first.problems
    assert problem.startswith("file.txt:8: ")
    assert what in problem
    assert len(first.mentions) == 4
    assert len(first.relations) == 2


def test_pubtator_missing_texts_and_early_lines_are_reported(write):
    first, second = read_pubtator(
        write("1\t0\t3\tflu\tDisease\tD1\n1|a|flu\n1\t1\t4\tflu\tDisease\n2|t|\n")
    )
    assert first.text == "\nflu"
    assert [m.concepts for m in first.mentions] == [()]
    assert [p.split(" ")[0] for p in first.problems] == ["file.txt:1:", "file.txt:2:"]
    assert (second.text, second.problems) == ("", [])


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("", []),
        ("-", []),
        ("-1", []),
        ("D1", ["D1"]),
        ("D1|D2", ["D1", "D2"]),
        ("D1;D2,D1", ["D1", "D2"]),
        ("D1+-1", ["D1"]),
        ("MESH:D1, OMIM:2", ["MESH:D1", "OMIM:2"]),
    ],
)
def test_pubtator_several_ids_are_several_concepts(value, ids):
    assert [sorted(concept) for concept in parse_ids(value)] == [[i] for i in ids]


# BioC


@pytest.mark.parametrize("content", [XML, XML.replace("\n", "\r\n")])
def test_bioc_xml_reads_mentions_concepts_and_relations(write, content):
    (document,) = read_bioc(write(content))
    assert document.doc_id == "7"
    assert document.text == "Title\nCafé, flu and fever."
    assert texts(document) == [("a", "Disease", 12, "flu"), ("b", "Sign", 20, "fever")]
    assert [m.concepts for m in document.mentions] == [(frozenset({i}),) for i in ("D1", "D2")]
    assert document.relations == [RelationLink("causes", "a", "b")]
    assert document.problems == []


def test_bioc_json_gives_the_same_as_xml(write):
    relation = {"infons": {"type": "causes"}, "nodes": [{"refid": "a"}, {"refid": "b"}]}
    content = bioc(FLU, FEVER, relations=[relation])
    assert read_bioc(write(content)) == read_bioc(write(XML))


@pytest.mark.parametrize("wrap", ["collection", "list", "one", "service", "lines"])
def test_bioc_json_in_every_wrapping(write, wrap):
    collection = bioc(FLU)
    (one,) = collection["documents"]
    other = {**one, "id": 8}
    content = {
        "collection": {"documents": [one, other]},
        "list": [one, other],
        "one": one,
        "service": {"PubTator3": [one, other]},
        "lines": f"{json.dumps(one)}\n{json.dumps(other)}\n",
    }[wrap]
    path = write(content)
    assert sniff(path) == "BioC"
    documents = read_bioc(path)
    assert [d.doc_id for d in documents] == (["7"] if wrap == "one" else ["7", "8"])
    assert all(texts(d) == [("a", "Disease", 12, "flu")] for d in documents)


def test_bioc_offsets_in_utf8_bytes_are_found_out_for_the_whole_document(write):
    # "é" has two bytes: everything behind it is one further on.
    (document,) = read_bioc(
        write(bioc(annotation("a", 13, 3, "flu"), annotation("b", 21, 5, "fever")))
    )
    assert texts(document) == [("a", "Disease", 12, "flu"), ("b", "Disease", 20, "fever")]
    assert document.problems == ["file.txt:7: offsets are UTF-8 bytes, read as such"]


def test_bioc_bytes_are_not_assumed_for_one_wrong_offset_of_many(write):
    right = [FLU, FEVER]
    (document,) = read_bioc(write(bioc(*right, annotation("c", 13, 3, "flu"))))
    assert [m.id for m in document.mentions] == ["a", "b"]
    assert document.problems == [
        "file.txt:7: annotation 'c' says 'flu', the text has 'lu ', ignored"
    ]


def test_bioc_several_locations_are_the_covering_span(write):
    parts = {
        **FLU,
        "text": "leg pain",
        "locations": [{"offset": 18, "length": 4}, {"offset": 6, "length": 3}],
    }
    in_order = {**parts, "id": "o", "locations": parts["locations"][::-1]}
    covering = {**in_order, "id": "c", "text": "leg or foot pain"}
    (document,) = read_bioc(write(bioc(parts, in_order, covering, text="leg or foot pain")))
    assert texts(document) == [(i, "Disease", 6, "leg or foot pain") for i in ("c", "o")]
    assert len(document.problems) == 3
    assert document.problems[1].endswith(
        "'o' is discontinuous, read as the covering span 'leg or foot pain'"
    )


def test_bioc_sentences_of_a_passage_are_joined_by_a_space(write):
    sentences = [
        {"offset": 0, "text": "No flu.", "annotations": [annotation("a", 3, 3, "flu")]},
        {"offset": 9, "text": "Fever.", "annotations": [annotation("b", 9, 5, "Fever")]},
    ]
    content = {"id": "1", "passages": [{"offset": 0, "sentences": sentences}]}
    (document,) = read_bioc(write(content))
    assert document.text == "No flu. Fever."
    assert [(m.start, m.text) for m in document.mentions] == [(3, "flu"), (8, "Fever")]


def test_bioc_passages_that_all_begin_at_zero(write):
    passages = [
        {"offset": 0, "text": f"{name} here", "annotations": [annotation(name, 0, 5, name)]}
        for name in ("gripe", "fever")
    ]
    (document,) = read_bioc(write({"id": "1", "passages": passages}))
    assert texts(document) == [("gripe", "Disease", 0, "gripe"), ("fever", "Disease", 11, "fever")]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"locations": []}, "no readable location"),
        ({"locations": "x"}, "no readable location"),
        ({"locations": [{"offset": 12}]}, "no readable location"),
        ({"locations": [{"offset": 12, "length": 0}]}, "no readable location"),
        ({"locations": [{"offset": 12, "length": -3}]}, "no readable location"),
        ({"locations": [{"offset": 900, "length": 3}]}, "no readable location"),
        ({"locations": [{"offset": 4, "length": 5}]}, "no readable location"),
        ({"locations": [{"offset": True, "length": 3}]}, "no readable location"),
        ({"infons": {}}, "no type"),
        ({"infons": None}, "no type"),
        ({"text": "fly"}, "says 'fly', the text has 'flu'"),
    ],
)
def test_bioc_malformed_annotation_is_reported_and_ignored(write, change, what):
    (document,) = read_bioc(write(bioc({**FLU, **change}, FEVER)))
    assert [m.id for m in document.mentions] == ["b"]
    (problem,) = document.problems
    assert problem.startswith("file.txt:7: annotation 'a'")
    assert what in problem


def test_bioc_annotation_without_a_text_is_taken_at_its_word(write):
    (document,) = read_bioc(write(bioc({**FLU, "text": None})))
    assert texts(document) == [("a", "Disease", 12, "flu")]


@pytest.mark.parametrize(
    ("infons", "asserted"),
    [
        ({}, (False, False)),
        ({"negated": "true"}, (True, False)),
        ({"Negated": True, "uncertain": "True"}, (True, True)),
        ({"negated": "false", "uncertain": ""}, (False, False)),
        ({"negated": None, "uncertain": "very"}, (False, False)),
    ],
)
def test_bioc_negation_and_hedges_are_infons(write, infons, asserted):
    (document,) = read_bioc(write(bioc({**FLU, "infons": {**FLU["infons"], **infons}})))
    (mention,) = document.mentions
    assert (mention.negated, mention.uncertain) == asserted


def test_bioc_duplicate_and_missing_ids_are_given_anew(write):
    (document,) = read_bioc(write(bioc(FLU, {**FEVER, "id": "a"}, {**FEVER, "id": ""})))
    assert [m.id for m in document.mentions] == ["a", "T2", "T3"]
    assert document.problems == [
        "file.txt:7: annotation 'a' is defined twice, the second is read as T2"
    ]


@pytest.mark.parametrize(
    ("relation", "links"),
    [
        ({"infons": {"type": "r"}, "nodes": [{"refid": "b"}, {"refid": "a"}]}, [("b", "a")]),
        ({"infons": {"relation": "r", "Chemical": "D2", "Disease": "D1"}}, [("b", "a")]),
        ({"infons": {"type": "r"}, "nodes": [{"refid": "a"}]}, []),
        ({"infons": {"type": "r"}, "nodes": [{"refid": "a"}, {"refid": "z"}]}, []),
        ({"infons": {}, "nodes": [{"refid": "a"}, {"refid": "b"}]}, []),
        ({}, []),
    ],
)
def test_bioc_relations_by_nodes_or_by_concepts(write, relation, links):
    (document,) = read_bioc(write(bioc(FLU, FEVER, relations=[relation])))
    assert document.relations == [RelationLink("r", *link) for link in links]
    assert len(document.problems) == (not links)


def test_bioc_passage_without_offset_keeps_its_text_and_loses_its_annotations(write):
    content = bioc(FLU)
    del content["documents"][0]["passages"][1]["offset"]
    (document,) = read_bioc(write(content))
    assert document.text == "Title\nCafé, flu and fever."
    assert document.mentions == []
    assert len(document.problems) == 2


def test_bioc_lone_surrogate_becomes_a_character(write):
    content = json.dumps(bioc(FLU)).replace("Caf\\u00e9", "Caf\\ud800")
    (document,) = read_bioc(write(content))
    assert document.text.encode().decode() == "Title\nCaf\ufffd, flu and fever."
    assert len(document.mentions) == 1


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[1, 2]",
        '{"passages": ',
        "[" * 100_000,
        "<collection>",
        "<collection/>",
        b"\xff\xfe",
        '<!DOCTYPE c [<!ENTITY e "x">]><collection><document><id>&e;</id></document></collection>',
    ],
)
def test_bioc_that_cannot_be_read_raises(write, content):
    with pytest.raises(GoldError, match=r"file\.txt"):
        read_bioc(write(content))


# CoNLL


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("gap", ["\t", " ", "  "])
def test_conll_text_is_rebuilt(write, line_end, gap):
    (document,) = read_conll(write(CONLL.replace("\t", gap).replace("\n", line_end)))
    assert document.doc_id == "file"
    assert document.text == "Flu causes leg pain .\nFever\n"
    assert texts(document) == [
        ("T1", "Disease", 0, "Flu"),
        ("T2", "Sign", 11, "leg pain"),
        ("T3", "Sign", 22, "Fever"),
    ]
    assert document.problems == []


@pytest.mark.parametrize(
    ("tags", "mentions"),
    [
        ("I-X I-X O I-X", ["a b", "d"]),  # IOB1
        ("I-X B-X I-X O", ["a", "b c"]),  # IOB1, one mention behind another
        ("I-X I-Y I-Y O", ["a", "b c"]),
        ("B-X I-X B-X O", ["a b", "c"]),  # IOB2
        ("B-X I-X E-X S-X", ["a b c", "d"]),  # BIOES
        ("B-X E-X I-X O", ["a b", "c"]),
        ("B-X L-X U-X U-X", ["a b", "c", "d"]),  # BILOU
        ("O O O B-X", ["d"]),
        ("B-X-Y I-X-Y O O", ["a b"]),
    ],
)
def test_conll_tag_schemes(write, tags, mentions):
    rows = [f"{token} {tag}" for token, tag in zip("abcd", tags.split(), strict=True)]
    (document,) = read_conll(write("\n".join(rows)))
    assert [m.text for m in document.mentions] == mentions


def test_conll_documents_and_sentences_end_mentions(write):
    first, second = read_conll(
        write("a B-X\n\n\nb I-X\n-DOCSTART- O\n\nc I-X\n-DOCSTART- O\n", "set.conll")
    )
    assert (first.doc_id, second.doc_id) == ("set-1", "set-2")
    assert first.text == "a\nb\n"
    assert [m.text for m in first.mentions] == ["a", "b"]
    assert texts(second) == [("T1", "X", 0, "c")]


@pytest.mark.parametrize("line", ["x", "x Q-X", "x B-", "x B", "x\t"])
def test_conll_token_without_a_readable_tag_is_text(write, line):
    (document,) = read_conll(write(f"a B-X\n{line}\nb I-X"))
    assert document.text == "a x b\n"
    assert [m.text for m in document.mentions] == ["a", "b"]
    (problem,) = document.problems
    assert problem.startswith("file.txt:2: ")
    assert problem.endswith("read as O")


@pytest.mark.parametrize("gap", ["\u2028", "\u00a0", "\x0c", "\x85"])
def test_conll_odd_white_space_stays_in_its_token(write, gap):
    (document,) = read_conll(write(f"a{gap}b\tB-X\nc\tO"))
    assert document.text == f"a{gap}b c\n"


# DocBin


@pytest.fixture
def doc():
    made = English()("Flu causes leg pain 🤒 now")
    made.spans["sc"] = [
        Span(made, 0, 1, "CONDITION", kb_id="MONDO:1", span_id="T1"),
        Span(made, 2, 4, "SYMPTOM", kb_id="HP:1,HP:2", span_id="T2"),
        Span(made, 2, 3, "BODY_PART", span_id="UBERON:1"),
    ]
    return made


@pytest.fixture
def docbin(tmp_path):
    def write_docs(*docs, user_data=True, name="set.spacy"):
        path = tmp_path / name
        DocBin(store_user_data=user_data, docs=docs).to_disk(path)
        return path

    return write_docs


def test_docbin_round_trip_of_the_pipelines_output(docbin, seed_doc):
    (document,) = read_docbin(docbin(seed_doc))
    expected = from_doc(seed_doc, "set")

    def plain(mentions):
        return {
            (m.id, m.label, m.span, m.text, m.concepts, m.negated, m.uncertain) for m in mentions
        }

    assert document.text == expected.text
    assert plain(document.mentions) == plain(expected.mentions)
    assert len(document.mentions) > 100
    assert document.relations == list(dict.fromkeys(expected.relations))
    assert len(document.relations) > 50
    assert document.problems == []


@pytest.mark.parametrize("user_data", [True, False])
def test_docbin_concepts_from_kb_ids_and_span_ids(docbin, doc, user_data):
    (document,) = read_docbin(docbin(doc, user_data=user_data))
    assert [(m.id, m.text, m.concepts) for m in document.mentions] == [
        ("T1", "Flu", (frozenset({"MONDO:1"}),)),
        ("T2", "leg pain", (frozenset({"HP:1"}), frozenset({"HP:2"}))),
        ("UBERON:1", "leg", (frozenset({"UBERON:1"}),)),
    ]


def test_docbin_entities_where_there_is_no_group_of_ours(docbin, doc):
    other = English()("No flu here")
    other.ents = [Span(other, 1, 2, "Disease", kb_id="D1")]
    doc.ents = [Span(doc, 0, 1, "Disease")]
    first, second = read_docbin(docbin(doc, other))
    assert (first.doc_id, second.doc_id) == ("set-1", "set-2")
    assert len(first.mentions) == 3
    assert texts(second) == [("T1", "Disease", 3, "flu")]
    assert second.mentions[0].concepts == (frozenset({"D1"}),)


@pytest.mark.parametrize(
    ("stored", "names"),
    [
        (["flu", "a/b"], ["flu", "a/b"]),
        (["flu", None], ["flu", "set-2"]),
        ([7, ["x"]], ["set-1", "set-2"]),
    ],
)
def test_docbin_documents_have_the_ids_that_are_stored(docbin, stored, names):
    docs = [English()("No flu here") for _ in stored]
    for made, doc_id in zip(docs, stored, strict=True):
        made.user_data["doc_id"] = doc_id
    assert [document.doc_id for document in read_docbin(docbin(*docs))] == names


def test_docbin_empty_group_means_no_mentions(docbin, doc):
    doc.ents = [Span(doc, 0, 1, "Disease")]
    doc.spans["sc"] = []
    assert read_docbin(docbin(doc))[0].mentions == []


def test_docbin_duplicate_ids_missing_labels_and_odd_user_data(docbin, doc):
    doc.spans["sc"] = [
        Span(doc, 0, 1, "CONDITION", span_id="T2"),
        Span(doc, 2, 3, "BODY_PART", span_id="T2"),
        Span(doc, 3, 4, ""),
    ]
    doc.user_data["._.", "concepts", 0, 3] = 7
    doc.user_data["._.", "negated", 0, 3] = "yes"
    doc.user_data["._.", "relations", None, None] = [1, {"type": "r", "head": ["T2"], "tail": 3}]
    (document,) = read_docbin(docbin(doc))
    assert [(m.id, m.concepts, m.negated) for m in document.mentions] == [
        ("T2", (), False),
        ("T3", (), False),
    ]
    assert document.relations == []
    assert len(document.problems) == 4
    assert document.problems[0] == "set.spacy:set: T2 is defined twice, the second is read as T3"


def test_docbin_without_docs_or_damaged_raises(docbin, write):
    with pytest.raises(GoldError, match="no documents"):
        read_docbin(docbin())
    with pytest.raises(GoldError, match="not a readable DocBin"):
        read_docbin(write(b"x\x9cabc", "bad.spacy"))


# All formats


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (PUBTATOR, "PubTator"),
        ("\n\n1|t|x", "PubTator"),
        ("\ufeff1|a|x", "PubTator"),
        (XML, "BioC"),
        ("<collection/>", "BioC"),
        (bioc(), "BioC"),
        (CONLL, "CoNLL"),
        ("a B-X\nb\n", None),
        ("a B-X\nb O\nc\n", "CoNLL"),
        ("<html><body>flu</body></html>", None),
        ('{"documents": []}', None),
        ("Flu causes fever.\n", None),
        ("", None),
        (b"\x89PNG\xff", None),
        (b"1|t|caf\xe9", "PubTator"),
    ],
)
@pytest.mark.parametrize("suffix", [".txt", ".spacy", ".json", ""])
def test_gold_format_is_told_by_content(write, content, name, suffix):
    assert sniff(write(content, f"file{suffix}")) == name


def test_gold_format_of_a_docbin_and_of_brat_pairs(docbin, doc, write):
    assert sniff(docbin(doc, name="set.txt")) == "DocBin"
    write("", "pair.ann")
    assert sniff(write("flu", "pair.txt")) == "BRAT"


@pytest.mark.parametrize("name", ["pair.ann", "pair.txt"])
def test_gold_of_one_brat_pair(write, name):
    paths = {"pair.txt": write("flu", "pair.txt")}
    paths["pair.ann"] = write("T1\tcondition 0 3\tflu", "pair.ann")
    (document,) = read_gold(paths[name])
    assert texts(document) == [("T1", "CONDITION", 0, "flu")]


@pytest.mark.parametrize(("content", "n"), [(PUBTATOR, 4), (XML, 2), (CONLL, 3)])
def test_gold_of_each_format_through_a_map(write, content, n):
    path = write(content)
    one, *_ = read_gold(path, MAP)
    assert len(one.mentions) == n
    assert {m.label for m in one.mentions} == {"CONDITION", "SYMPTOM"}
    assert one.problems == []
    assert spans_fit([one])
    assert [d.text for d in read_gold(path.parent, MAP)] == [d.text for d in read_gold(path, MAP)]


def test_gold_map_drops_the_rest_without_a_word(write):
    document, _ = read_gold(write(PUBTATOR), {"Disease": "CONDITION", "Sign": ""})
    assert [m.label for m in document.mentions] == ["CONDITION"] * 2
    assert document.relations == []
    assert document.problems == []


def test_gold_map_names_relations_too(write):
    document, _ = read_gold(write(PUBTATOR), {**MAP, "causes": "has_symptom"})
    assert document.relations == [RelationLink("has_symptom", h, "T3") for h in ("T1", "T2")]
    assert read_gold(write(PUBTATOR), MAP)[0].relations == []


def test_gold_without_a_map_reports_unknown_labels_once_per_document(write):
    first, second = read_gold(write(PUBTATOR))
    assert first.mentions == first.relations == []
    assert first.problems == [
        "12: unknown labels Disease (2), Sign (2), dropped; a label map would keep them",
        "12: unknown relation types causes (2), dropped; a label map would keep them",
    ]
    assert second.problems == []


def test_gold_own_labels_in_lower_case(write):
    write("Flu leg", "d.txt")
    path = write(
        "T1\tcondition 0 3\tFlu\nT2\tbody_part 4 7\tleg\nR1\taffects Arg1:T1 Arg2:T2", "d.ann"
    )
    (document,) = read_gold(path)
    assert [m.label for m in document.mentions] == ["CONDITION", "BODY_PART"]
    assert document.relations == [RelationLink("affects", "T1", "T2")]
    assert document.problems == []


def test_gold_map_that_fits_nothing_raises(write):
    with pytest.raises(GoldError, match="no label of the map is there; it has Disease, Sign"):
        read_gold(write(PUBTATOR), {"DISEASE": "CONDITION"})


def test_gold_mentions_that_the_map_makes_equal_become_one(write):
    write("Flu and fever", "d.txt")
    lines = [
        "T1\tRARE 0 3\tFlu",
        "T2\tDISEASE 0 3\tFlu",
        "T3\tSIGN 8 13\tfever",
        "N1\tReference T1 A:1",
        "N2\tReference T2 A:2",
        "R1\thas_symptom Arg1:T1 Arg2:T3",
        "R2\thas_symptom Arg1:T2 Arg2:T3",
    ]
    labels = {"RARE": "CONDITION", "DISEASE": "CONDITION", "SIGN": "SYMPTOM"}
    (document,) = read_gold(write("\n".join(lines), "d.ann"), labels)
    assert [m.id for m in document.mentions] == ["T1", "T3"]
    assert document.mentions[0].concepts == (frozenset({"A:1"}), frozenset({"A:2"}))
    assert document.relations == [RelationLink("has_symptom", "T1", "T3")]
    assert document.problems == ["d: T2 has the span and label of T1, merged"]


def test_gold_documents_of_the_same_id_are_read_once(write):
    write(PUBTATOR, "set/a.txt")
    path = write(PUBTATOR.replace("12", "14"), "set/b.txt")
    documents = read_gold(path.parent, MAP)
    assert [d.doc_id for d in documents] == ["12", "13", "14"]
    assert documents[1].problems == ["13: the same document id twice, the second is ignored"]


def test_gold_folder_of_files_and_a_readme(write):
    for name in ("b.conll", "a.conll"):
        write(CONLL, f"set/{name}")
    path = write("Read me first.\n", "set/README")
    assert [d.doc_id for d in read_gold(path.parent, MAP)] == ["a", "b"]


def test_gold_folder_that_mixes_formats_raises(write):
    write(XML, "set/a.xml")
    path = write(PUBTATOR, "set/b.txt")
    with pytest.raises(GoldError, match="set: holds BioC and PubTator files"):
        read_gold(path.parent)


@pytest.mark.parametrize("name", ["missing", "empty", "plain", "plain/file"])
def test_gold_where_nothing_is_readable_raises(write, tmp_path, name):
    (tmp_path / "empty").mkdir()
    write("Only words.\n", "plain/file")
    with pytest.raises(GoldError, match=name):
        read_gold(tmp_path / name)


def test_gold_brat_without_its_text_raises(write):
    with pytest.raises(GoldError, match=r"d\.ann"):
        read_gold(write("T1\tCONDITION 0 3\tFlu", "d.ann"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("A=CONDITION", {"A": "CONDITION"}),
        ("A=CONDITION,B=SYMPTOM", {"A": "CONDITION", "B": "SYMPTOM"}),
        (" A b = BODY_PART , C= ", {"A b": "BODY_PART", "C": ""}),
        ("A=B=CONDITION", {"A=B": "CONDITION"}),
        ("A=CONDITION,A=CONDITION", {"A": "CONDITION"}),
        ("Produces=has_symptom", {"Produces": "has_symptom"}),
    ],
)
def test_label_map(value, expected):
    assert parse_label_map(value) == expected


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("", "not NAME=TARGET"),
        ("A", "not NAME=TARGET"),
        ("A=CONDITION,", "not NAME=TARGET"),
        ("=CONDITION", "not NAME=TARGET"),
        ("A=DISEASE", "unknown target 'DISEASE'"),
        ("A=condition", "unknown target 'condition'"),
        ("A=CONDITION,A=SYMPTOM", "two targets"),
    ],
)
def test_label_map_that_cannot_be_read_raises(value, what):
    with pytest.raises(GoldError, match=what):
        parse_label_map(value)


@settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.sampled_from([PUBTATOR, CONLL, XML, json.dumps(bioc(FLU, FEVER), ensure_ascii=False)]),
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 9), st.text(max_size=4)), max_size=4),
)
def test_gold_damaged_files_are_read_in_part_or_refused(write, content, edits):
    for place, length, piece in edits:
        content = content[:place] + piece + content[place + length :]
    try:
        documents = read_gold(write(content), MAP)
    except GoldError:
        return
    assert spans_fit(documents)
    for document in documents:
        known = document.by_id().keys()
        assert all({link.head, link.tail} <= known for link in document.relations)
