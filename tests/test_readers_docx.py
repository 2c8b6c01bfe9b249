from __future__ import annotations

import datetime
import io
import random
import struct
import sys
import time
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.articles.docx import read_docx
from pipeline.errors import ArticleError

docx = pytest.importorskip("docx")

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def _saved(document):
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _repacked(data, **parts):
    """A .docx with some parts written anew, or added."""
    out = io.BytesIO()
    named = {"word/document.xml": parts.pop("document")} if "document" in parts else {}
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.infolist():
            new.writestr(part.filename, named.get(part.filename, old.read(part)))
        for name, body in parts.items():
            new.writestr(name, body)
    return out.getvalue()


EMPTY = _saved(docx.Document())


def _body(inner, doctype=""):
    text = f'{doctype}<w:document xmlns:w="{W}"><w:body>{inner}</w:body></w:document>'
    return _repacked(EMPTY, document=text)


def _p(text, properties=""):
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def _read(data, max_chars=1_000_000):
    return read_docx(data, "file.docx", max_chars)


def _blocks(content):
    return [(b.kind[0], content.text[b.start : b.end].removeprefix("- ")) for b in content.blocks]


def _article():
    document = docx.Document()
    document.core_properties.title = "Gout leaflet"
    document.core_properties.author = "Jane Doe"
    document.core_properties.keywords = "gout, joints"
    document.core_properties.language = "en-GB"
    document.core_properties.comments = ""
    document.core_properties.created = datetime.datetime(2024, 3, 5)
    document.add_heading("Gout", 0)
    document.add_paragraph("Gout hurts.")
    document.add_heading("Symptoms", 1)
    for text in ("a hot joint", "fever"):
        document.add_paragraph(text, style="List Bullet")
    table = document.add_table(2, 3)
    for row, texts in zip(
        table.rows, [("Sign", "Cold", "Flu"), ("Fever", "", "high")], strict=True
    ):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    paragraph = document.add_paragraph("It is ")
    paragraph.add_run("very").bold = True
    paragraph.add_run(" bad.")
    document.add_heading("Causes", 2)
    document.add_paragraph("Uric acid.", style="List Number")
    return _saved(document)


ARTICLE = _article()


def test_docx_reader_makes_blocks_in_their_order():
    assert _blocks(_read(ARTICLE)) == [
        ("H", "Gout"),
        ("P", "Gout hurts."),
        ("H", "Symptoms"),
        ("I", "a hot joint"),
        ("I", "fever"),
        ("R", "Sign | Cold | Flu"),
        ("R", "Fever | | high"),
        ("P", "It is very bad."),
        ("H", "Causes"),
        ("I", "Uric acid."),
    ]


def test_docx_reader_reads_the_metadata():
    content = _read(ARTICLE)
    assert content.title == "Gout leaflet"
    assert content.metadata == {
        "author": "Jane Doe",
        "date": "2024-03-05",
        "keywords": "gout, joints",
        "language": "en-GB",
    }


@pytest.mark.parametrize(
    ("inner", "blocks"),
    [
        (_p("Gout", '<w:outlineLvl w:val="0"/>'), [("H", "Gout")]),
        (_p("Gout", '<w:outlineLvl w:val="9"/>'), [("P", "Gout")]),
        (_p("fever", '<w:numPr><w:numId w:val="3"/></w:numPr>'), [("I", "fever")]),
        (
            _p("no item", '<w:pStyle w:val="ListBullet"/><w:numPr><w:numId w:val="0"/></w:numPr>'),
            [("I", "no item")],
        ),
        (_p("Gout hurts.", '<w:pStyle w:val="NoSuchStyle"/>'), [("P", "Gout hurts.")]),
        (
            f'<w:p><w:r><w:t xml:space="preserve">see </w:t></w:r><w:hyperlink><w:r><w:t>kidney'
            f"</w:t></w:r></w:hyperlink><w:r><w:t>s</w:t></w:r></w:p>{_p('End.')}",
            [("P", "see kidneys"), ("P", "End.")],
        ),
        (
            "<w:p><w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:del><w:r><w:delText>old</w:delText>"
            "</w:r></w:del></w:p>",
            [("P", "new")],
        ),
        (
            "<w:p><w:r><w:t>one</w:t><w:br/><w:t>two</w:t><w:tab/><w:t>x</w:t>"
            "<w:noBreakHyphen/><w:t>ray</w:t></w:r></w:p>",
            [("P", "one two x-ray")],
        ),
        (
            "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>unseen</w:t></w:r><w:r><w:t>seen</w:t></w:r>"
            "</w:p>",
            [("P", "seen")],
        ),
        (
            "<w:p><w:r><w:instrText>PAGE</w:instrText></w:r><w:r><w:t>text</w:t></w:r></w:p>",
            [("P", "text")],
        ),
        (f"<w:sdt><w:sdtContent>{_p('a form')}</w:sdtContent></w:sdt>", [("P", "a form")]),
        (
            f"<w:tbl><w:tr><w:tc>{_p('a')}{_p('b')}</w:tc><w:tc>{_p('c')}</w:tc></w:tr><w:tr><w:tc>"
            f"{_p('')}</w:tc></w:tr></w:tbl>",
            [("R", "a b | c")],
        ),
        ("<w:p/>" + _p("  "), []),
    ],
    ids=range(13),
)  # fmt: skip
def test_docx_reader_reads_paragraphs_as_they_are_shown(inner, blocks):
    assert _blocks(_read(_body(inner))) == blocks


def test_docx_reader_finds_headings_and_items_by_the_style_they_are_based_on():
    document = docx.Document()
    for name, base in [("Rubrik", "Heading 2"), ("Punkt", "List Bullet"), ("Brot", "Normal")]:
        style = document.styles.add_style(name, docx.enum.style.WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = document.styles[base]
        document.add_paragraph(f"by {name}", style=name)
    assert _blocks(_read(_saved(document))) == [
        ("H", "by Rubrik"),
        ("I", "by Punkt"),
        ("P", "by Brot"),
    ]


def test_docx_reader_stands_styles_that_are_based_on_each_other():
    document = docx.Document()
    one, two = (
        document.styles.add_style(name, docx.enum.style.WD_STYLE_TYPE.PARAGRAPH)
        for name in ("One", "Two")
    )
    one.base_style, two.base_style = two, one
    document.add_paragraph("Gout hurts.", style="One")
    assert _blocks(_read(_saved(document))) == [("P", "Gout hurts.")]


def test_docx_reader_leaves_out_the_table_of_contents():
    document = docx.Document()
    document.styles.add_style("toc 1", docx.enum.style.WD_STYLE_TYPE.PARAGRAPH)
    document.add_paragraph("Symptoms 3", style="toc 1")
    document.add_paragraph("Gout hurts.")
    assert _blocks(_read(_saved(document))) == [("P", "Gout hurts.")]


ENTITIES = "".join(f'<!ENTITY a{n} "&a{n - 1};&a{n - 1};">' for n in range(1, 40))


@pytest.mark.parametrize(
    "doctype",
    [
        f'<!DOCTYPE d [<!ENTITY a0 "gout">{ENTITIES}]>',
        '<!DOCTYPE d [<!ENTITY a39 SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_docx_reader_expands_no_entities(doctype):
    try:
        text = _read(_body(_p("a &a39; b"), doctype)).text
    except ArticleError:
        return
    assert len(text) < 10


def _lying(data):
    """The zip with the size of its largest part written as one byte."""
    size = max(part.file_size for part in zipfile.ZipFile(io.BytesIO(data)).infolist())
    return data.replace(struct.pack("<I", size), struct.pack("<I", 1))


def _other_zip():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old .doc or password-protected file; save it as"),
        (b"hello", "a damaged .docx file"),
        (ARTICLE[:-40], "a damaged .docx file"),
        (_other_zip(), "no Word document"),
        (_body("<w:p>"), "a damaged .docx file"),
        (_repacked(EMPTY, bomb=b"\0" * 201_000_000), "unpacks to more than a text can need"),
        (_repacked(EMPTY, **{"word/x.xml": b" " * 200_000_000}), "unpacks to more"),
        (_lying(_repacked(EMPTY, bomb=b"\0" * 201_000_000)), "damaged|unpacks to more"),
        (_body("<w:sdt><w:sdtContent>" * 50_000), "a damaged .docx file"),
    ],
    ids=range(9),
)
def test_docx_reader_refuses_what_it_cannot_read_soon(data, message):
    start = time.perf_counter()
    with pytest.raises(ArticleError, match=message) as caught:
        _read(data, 900_000)
    assert str(caught.value).startswith("file.docx: ")
    assert "\n" not in str(caught.value)
    assert time.perf_counter() - start < 10


def test_docx_reader_refuses_too_long_texts():
    data = _body(_p("a" * 60))
    assert len(_read(data, 60).text) == 60
    with pytest.raises(ArticleError, match=r"60 characters are more than .* \(59\)"):
        _read(data, 59)


def test_docx_reader_says_which_package_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(ArticleError, match=r"pip install 'symptograph\[docx\]'"):
        _read(ARTICLE)


def _check(data):
    try:
        content = _read(data)
    except ArticleError:
        return
    end = 0
    for block in content.blocks:
        assert end <= block.start < block.end <= len(content.text)
        end = block.end
    content.text.encode()


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=200))
def test_docx_reader_reads_or_refuses_any_bytes(data):
    _check(data)
    _check(b"PK\x03\x04" + data)


PARTS = [_p("gout"), "<w:tbl>", "</w:tbl>", "<w:tr>", "</w:tr>", "<w:tc>", "</w:tc>", "<w:p>"]
PARTS += ["</w:p>", '<w:pPr><w:outlineLvl w:val="x"/></w:pPr>', "<w:sdt/>", "&#65;", "<w:r>"]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(PARTS), max_size=10))
def test_docx_reader_reads_or_refuses_any_document(parts):
    _check(_body("".join(parts)))


def test_docx_reader_reads_or_refuses_damaged_files():
    chance = random.Random(3)
    for number in range(200):
        data = bytearray(ARTICLE)
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        _check(bytes(data if number % 3 else data[: chance.randrange(len(data))]))
