from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.articles.collections import read_bioc, read_pubtator, sniff_xml
from pipeline.articles.content import Content
from pipeline.errors import ArticleError
from pipeline.evaluation import bioc, pubtator

XML = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE collection SYSTEM "BioC.dtd">
<collection><source>PMC</source><document><id>7</id><infon key="journal">Lancet</infon>
<passage><infon key="section_type">TITLE</infon><infon key="type">front</infon>
<infon key="name_0">surname:L\u00f3pez;given-names:J L</infon><infon key="name_1">surname:X</infon>
<infon key="article-id_pmc">456</infon><infon key="year">2008</infon>
<offset>0</offset><text>Flu in caf\u00e9s</text></passage>
<passage><infon key="section_type">ABSTRACT</infon><infon key="type">abstract_title_1</infon>
<offset>13</offset><text>Background</text></passage>
<passage><infon key="type">abstract</infon><offset>24</offset><text> Fever. </text></passage>
<passage><infon key="section_type">FIG</infon><infon key="type">fig_title_caption</infon>
<offset>33</offset><text>An ulcer</text></passage>
<passage><offset>42</offset><sentence><offset>42</offset><text>One.</text></sentence>
<sentence><offset>47</offset><text>Two.</text></sentence></passage></document>
<document><id>8</id><passage><offset>0</offset><text>Only this.</text></passage></document>
<document><id>9</id><passage><offset>0</offset><text> </text></passage></document></collection>
"""
PUBTATOR = """\
12|t|Caf\u00e9 au lait: flu
12|a| Flu causes fever and leg pain.
12\t14\t17\tflu\tDisease\tD007251

13|t|No flu
14|t|
"""


def blocks(content):
    return [(b.kind, content.text[b.start : b.end]) for b in content.blocks]


def document(key, *texts):
    return {"id": key, "passages": [{"offset": 0, "text": text} for text in texts]}


def test_bioc_documents_are_contents_with_their_passages():
    first, second, third = read_bioc(XML.encode(), "a.xml", 1000)
    assert (first.name, first.title) == ("7", "Flu in caf\u00e9s")
    assert blocks(first) == [
        ("HEADING", "Flu in caf\u00e9s"),
        ("HEADING", "Background"),
        ("PARAGRAPH", "Fever."),
        ("PARAGRAPH", "An ulcer"),
        ("PARAGRAPH", "One. Two."),
    ]
    assert first.metadata == {
        "author": "J L L\u00f3pez; X",
        "date": "2008",
        "journal": "Lancet",
        "pmcid": "PMC456",
    }
    assert (second.name, second.title, blocks(second)) == ("8", "", [("PARAGRAPH", "Only this.")])
    assert str(third).startswith("a.xml: document 9: there is no text")


def test_bioc_text_is_that_of_the_gold_reader(tmp_path):
    content = {"documents": [document("1", "a\ud800", "b \n"), document("2", "caf\u00e9\0")]}
    for text in (XML, json.dumps(content)):
        path = tmp_path / "set"
        path.write_text(text, encoding="utf-8")
        texts = {d.doc_id: d.text for d in bioc.read_bioc(path)}
        found = [c for c in read_bioc(path.read_bytes(), "set", 1000) if isinstance(c, Content)]
        assert len(found) == 2
        for one in found:
            assert one.text == texts[one.name].replace("\0", "\ufffd")


def test_bioc_document_without_id_has_no_name():
    (one,) = read_bioc(json.dumps(document("", "flu")).encode(), "a.json", 1000)
    assert (one.name, one.text) == ("", "flu")


def test_bioc_too_long_document_is_an_error_and_the_others_come():
    data = json.dumps([document("1", "x" * 11), document("2", "x" * 10)]).encode()
    first, second = read_bioc(data, "a.json", 10)
    assert str(first).startswith("a.json: document 1: 11 characters are more than")
    assert second.name == "2"


@pytest.mark.parametrize(
    "data",
    [
        "\n".join([json.dumps(document("1", "a")), '{"id": ', json.dumps(document("2", "b"))]),
        "\n".join([json.dumps(document("1", "a")) + "]", json.dumps(document("2", "b"))]),
        "\n".join([json.dumps(document("1", "a")), "{" * 9, json.dumps(document("2", "b"))]),
    ],
)
def test_bioc_broken_line_is_an_error_and_the_others_come(data):
    first, error, second = read_bioc(data.encode(), "a.json", 1000)
    assert (first.name, second.name) == ("1", "2")
    assert str(error).startswith("a.json: not readable BioC")


def test_bioc_of_many_broken_lines_is_given_up():
    results = list(read_bioc(b"{x\n" * 5000, "a.json", 1000))
    assert len(results) == 1000


def test_bioc_cut_off_xml_gives_the_documents_before():
    first, error = read_bioc(XML[: XML.index("<id>8")].encode(), "a.xml", 1000)
    assert first.name == "7"
    assert isinstance(error, ArticleError)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[1, 2]",
        b"\xff\xfe",
        b"[" * 100_000,
        b"<collection/>",
        b"<a>" * 100_000,
        b"<collection><document>" + b"<passage>" * 5000 + b"</passage>" * 5000 + b"</document>",
        b'<!DOCTYPE c [<!ENTITY e "x">]><collection><document><id>&e;</id></document></collection>',
    ],
)
def test_bioc_that_cannot_be_read_is_one_error(data):
    (error,) = read_bioc(data, "a.xml", 1000)
    assert isinstance(error, ArticleError)
    assert str(error).startswith("a.xml: ")
    assert "\n" not in str(error)


def test_pubtator_documents_are_a_heading_and_a_paragraph():
    first, second, third = read_pubtator(PUBTATOR.encode(), "a.txt", 1000)
    assert (first.name, first.title) == ("12", "Caf\u00e9 au lait: flu")
    assert first.text == "Caf\u00e9 au lait: flu\n Flu causes fever and leg pain."
    assert blocks(first) == [
        ("HEADING", "Caf\u00e9 au lait: flu"),
        ("PARAGRAPH", "Flu causes fever and leg pain."),
    ]
    assert (second.name, blocks(second)) == ("13", [("HEADING", "No flu")])
    assert str(third).startswith("a.txt: document 14: there is no text")


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_pubtator_text_is_that_of_the_gold_reader(tmp_path, line_end):
    path = tmp_path / "set"
    path.write_bytes(b"\xef\xbb\xbf" + PUBTATOR.replace("\n", line_end).encode())
    texts = [d.text for d in pubtator.read_pubtator(path) if d.text]
    found = [c for c in read_pubtator(path.read_bytes(), "set", 1000) if isinstance(c, Content)]
    assert [one.text for one in found] == texts


def test_pubtator_in_another_encoding_is_read():
    text = "1|t|Caf\u00e9 au lait spots\n1|a|Les taches caf\u00e9 au lait sont b\u00e9nignes.\n"
    (one,) = read_pubtator(text.encode("cp1252"), "a.txt", 1000)
    assert one.title == "Caf\u00e9 au lait spots"


@pytest.mark.parametrize("data", [b"", b"fever", b"1\t0\t3\tflu\tDisease", b"1|t|\0"])
def test_pubtator_that_cannot_be_read_is_one_error(data):
    (error,) = read_pubtator(data, "a.txt", 1000)
    assert isinstance(error, ArticleError)
    assert str(error).startswith("a.txt: ")


def test_pubtator_too_long_document_is_an_error_and_the_others_come():
    first, second = read_pubtator(b"1|t|12345678901\n2|t|1234567890\n", "a.txt", 10)
    assert isinstance(first, ArticleError)
    assert second.name == "2"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"<article>", "jats"),
        (b'\xef\xbb\xbf<?xml?>\n<!DOCTYPE article PUBLIC "-//x>" "y">\n<article x="">', "jats"),
        (b"<!-- <collection> --><pmc-articleset><article/>", "jats"),
        (b'<OAI-PMH xmlns="x">', "jats"),
        (b"<oai:OAI-PMH>", "jats"),
        (b'<!DOCTYPE c [<!ELEMENT c ANY> <!ATTLIST a b "]">]><collection/>', "bioc"),
        ("<?xml version='1.0' encoding='UTF-16'?><collection>".encode("utf-16"), "bioc"),
        ("<article/>".encode("utf-16-be"), "jats"),
        ("<article/>".encode("utf-16-le"), "jats"),
        (b"<articles>", None),
        (b"<article", None),
        (b"<html><article/></html>", None),
        (b"<!-- <article>", None),
        (b"article", None),
        (b"", None),
        (b" " * 5000 + b"<article>", None),
    ],
)  # fmt: skip
def test_xml_is_told_by_its_root(data, expected):
    assert sniff_xml(data) == expected


def check(reader, data):
    good = 0
    for one in reader(data, "a", 10_000):
        if isinstance(one, ArticleError):
            assert "\n" not in str(one)
            continue
        good += 1
        end = 0
        for block in one.blocks:
            piece = one.text[block.start : block.end]
            assert end <= block.start
            assert piece == piece.strip() != ""
            end = block.end
        assert one.text.strip()
        one.text.encode()
    return good


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        (read_bioc, XML),
        (read_bioc, json.dumps({"documents": [document("1", "a", "b"), document(2, "c")]})),
        (read_pubtator, PUBTATOR),
    ],
)
def test_collections_damaged_file_raises_nothing(reader, text):
    data = text.encode()
    rng = random.Random(7)
    good = check(reader, data)
    assert good == 2
    for _ in range(200):
        broken = bytearray(data)
        for _ in range(rng.randint(1, 3)):
            broken[rng.randrange(len(broken))] ^= 1 << rng.randrange(8)
        check(reader, bytes(broken))
        assert check(reader, data[: rng.randrange(len(data))]) <= good


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "passages", "documents", "text", "offset", "infons", "sentences", "type"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(deadline=None, max_examples=150)
@given(JSON)
def test_bioc_json_of_any_shape_raises_nothing(value):
    check(read_bioc, json.dumps({"passages": value}).encode())
    check(read_bioc, json.dumps({"id": value, "passages": [{"text": "x", "x": value}]}).encode())


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=60))
def test_collections_any_bytes_raise_nothing(data):
    check(read_bioc, data)
    check(read_bioc, b"<collection><document>" + data + b"</document></collection>")
    check(read_pubtator, data)
    check(read_pubtator, b"1|t|" + data)
    sniff_xml(data)
