from __future__ import annotations

import io
import logging
import random
import sys
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.articles.pdf import read_pdf
from pipeline.errors import ArticleError

pypdf = pytest.importorskip("pypdf")

FONTS = (b"Helvetica", b"Helvetica-Bold")
FULL = "Gout is a type of arthritis that causes sudden and severe pain in"


def _objects(objects, trailer=b""):
    """A PDF file of the given objects, the first of them its root."""
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    return out + b"trailer << /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1,
        trailer,
        start,
    )


def _stream(data, packed=False):
    given = zlib.compress(data) if packed else data
    how = b" /Filter /FlateDecode" if packed else b""
    return b"<< /Length %d%s >>\nstream\n%s\nendstream" % (len(given), how, given)


def _drawn(streams, trailer=b"", extra=(), packed=False, pages=None):
    """Pages that draw the given streams, one each or the first on all."""
    pages = pages or len(streams)
    first = 5 + len(streams)
    kids = b" ".join(b"%d 0 R" % (first + number) for number in range(pages))
    fonts = [b"<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>" % name
             for name in FONTS]  # fmt: skip
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R"
        b" /Resources << /Font << /F0 3 0 R /F1 4 0 R >> >> >>"
    )
    return _objects(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, pages),
            *fonts,
            *(_stream(data, packed) for data in streams),
            *(page % (5 + min(number, len(streams) - 1)) for number in range(pages)),
            *extra,
        ],
        trailer,
    )


def _pdf(*pages, **how):
    """Pages of lines (text, x, y, size, font)."""
    return _drawn([_shown(page) for page in pages], **how)


def _shown(page):
    parts = [b"BT"]
    for text, x, y, size, font in page:
        safe = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").encode("cp1252")
        parts.append(b"/F%d %g Tf 1 0 0 1 %g %g Tm (%s) Tj" % (font, size, x, y, safe))
    return b"\n".join([*parts, b"ET"])


def _set(text, top=720):
    """Lines as a word processor sets them: ``# heading``, a blank line, indents by spaces."""
    y = top
    for line in text.split("\n"):
        y -= 13
        body = line.strip()
        if body.startswith("# "):
            y -= 8
            yield body[2:], 72, y, 16, 1
        elif body:
            yield body, 72 + 6 * (len(line) - len(line.lstrip())), y, 11, 0


def _page(text):
    return list(_set(text))


def _read(data, max_chars=1_000_000):
    return read_pdf(data, "file.pdf", max_chars)


def _blocks(content):
    return [(b.kind[0], content.text[b.start : b.end].removeprefix("- ")) for b in content.blocks]


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        (f"{FULL}\na joint.", [("P", f"{FULL} a joint.")]),
        (f"{FULL}\na joint.\n\nIt is bad.", [("P", f"{FULL} a joint."), ("P", "It is bad.")]),
        (f"{FULL}\na joint.\nIt is bad.", [("P", f"{FULL} a joint."), ("P", "It is bad.")]),
        ("# Gout\n\nIt is bad.", [("H", "Gout"), ("P", "It is bad.")]),
        ("# Gout in\n# the foot\n\nIt is bad.", [("H", "Gout in the foot"), ("P", "It is bad.")]),
        (f"Symptoms\n\n{FULL} joints.", [("H", "Symptoms"), ("P", f"{FULL} joints.")]),
        (
            "Signs are:\n• fever\n• a dry\n  cough\n\nIt is bad.",
            [("P", "Signs are:"), ("I", "fever"), ("I", "a dry cough"), ("P", "It is bad.")],
        ),
        ("1. fever\n2. cough", [("I", "fever"), ("I", "cough")]),
        ("Symptoms . . . . . . . 12\nIt is bad.", [("P", "It is bad.")]),
        ("Call 999 (now) \\ wait.", [("P", "Call 999 (now) \\ wait.")]),
    ],
)  # fmt: skip
def test_pdf_reader_makes_blocks(text, blocks):
    filler = [("P", f"{FULL} {FULL}.")] * 2
    data = _pdf([*_page(text), *_set(f"{FULL}\n{FULL}.\n\n{FULL}\n{FULL}.", 300)])
    assert _blocks(_read(data)) == blocks + filler


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ("the joint swells by in-\nflammation.", "the joint swells by inflammation."),
        ("the best of all is self-\ncare at home.", "the best of all is self-care at home."),
        ("an X-ray; this is an X-\nray again.", "an X-ray; this is an X-ray again."),
        ("a long-life thing of life-\nstyle changes. Lifestyle.", None),
        ("a weak-ness or weak-\nness.", "a weak-ness or weak-ness."),
        ("the years 2019-\n2021 were bad.", "the years 2019-2021 were bad."),
    ],
)
def test_pdf_reader_joins_broken_words(lines, text):
    found = _read(_pdf(_page(lines))).text
    assert found == (text or "a long-life thing of lifestyle changes. Lifestyle.")


def test_pdf_reader_joins_a_bullet_with_its_text():
    data = _pdf([("•", 72, 700, 11, 0), ("fever", 90, 700, 11, 0), ("•", 72, 687, 11, 0),
                 ("cough", 90, 687, 11, 0)])  # fmt: skip
    assert _blocks(_read(data)) == [("I", "fever"), ("I", "cough")]


def _running(number, count, text):
    return [
        ("Health leaflet", 72, 770, 9, 0),
        *_set(text),
        (f"Page {number} of {count}", 280, 30, 9, 0),
    ]


def test_pdf_reader_leaves_out_headers_footers_and_page_numbers():
    texts = [f"The {word} sign of gout is a pain." for word in ("first", "second", "third")]
    data = _pdf(*(_running(n, 3, text) for n, text in enumerate(texts, 1)))
    assert _blocks(_read(data)) == [("P", text) for text in texts]


def test_pdf_reader_leaves_out_headers_that_count_the_pages():
    pages = [
        [(f"Chapter {n // 2}: {word} {n}", 72, 770, 9, 0), *_page(f"Pain in the {word} hurts.")]
        for n, word in enumerate(("toe", "foot", "knee", "hand", "back"), 7)
    ]
    assert "Chapter" not in _read(_pdf(*pages)).text


def test_pdf_reader_keeps_the_title_that_the_other_pages_have_as_header():
    first = [("Gout", 72, 760, 20, 1), *_page(f"{FULL}\njoints.")]
    others = [[("Gout", 72, 770, 9, 0), *_page(f"{FULL}\nmore joints.")] for _ in range(3)]
    blocks = _blocks(_read(_pdf(first, *others)))
    assert blocks.count(("H", "Gout")) == 1
    assert [text for _, text in blocks].count("Gout") == 1


def test_pdf_reader_keeps_pages_that_are_alike():
    assert _read(_pdf(*[_page(f"{FULL}\na joint.")] * 4)).text.count("a joint.") == 4


def test_pdf_reader_keeps_lines_that_differ_in_a_number():
    pages = [_running(n, 4, f"On day {n} of gout it hurts.") for n in range(1, 5)]
    assert len(_blocks(_read(_pdf(*pages)))) == 4


def test_pdf_reader_leaves_out_the_edges_of_a_page_without_text():
    pages = [_running(n, 3, "" if n == 2 else f"{FULL}\njoint {n}.") for n in range(1, 4)]
    assert _read(_pdf(*pages)).text == f"{FULL} joint 1.\n\n{FULL} joint 3."


def test_pdf_reader_keeps_lines_that_repeat_amid_pages():
    pages = [_page(f"A\nB\nC\nD\nIt hurts.\n\nE{n}\nF{n}\nG{n}\nH{n}") for n in range(4)]
    assert _read(_pdf(*pages)).text.count("It hurts.") == 4


def test_pdf_reader_joins_a_paragraph_over_a_page_end():
    one = _running(1, 2, f"{FULL}\na joint, most often that of the")
    two = _running(2, 2, f"big toe.\n\n{FULL}\na knee.")
    paragraphs = [f"{FULL} a joint, most often that of the big toe.", f"{FULL} a knee."]
    assert _blocks(_read(_pdf(one, two))) == [("P", text) for text in paragraphs]


def test_pdf_reader_begins_a_paragraph_on_the_next_page_after_an_ended_one():
    data = _pdf(_page(f"{FULL}\na joint."), _page(f"{FULL}\na knee."))
    assert len(_blocks(_read(data))) == 2


def test_pdf_reader_reads_packed_streams_and_the_metadata():
    info = b"<< /Title (Gout leaflet) /Author (Jane Doe) /CreationDate (D:20240305101112Z) >>"
    data = _pdf(_page("Gout hurts."), packed=True, trailer=b"/Info 7 0 R", extra=[info])
    content = _read(data)
    assert content.text == "Gout hurts."
    assert content.title == "Gout leaflet"
    assert content.metadata == {"author": "Jane Doe", "date": "2024-03-05"}


@pytest.mark.parametrize("title", [b"leaflet_v3.docx", b"Microsoft Word - leaflet", b"untitled"])
def test_pdf_reader_takes_no_file_name_for_the_title(title):
    data = _pdf(_page("Gout."), trailer=b"/Info 7 0 R", extra=[b"<< /Title (%s) >>" % title])
    assert _read(data).title == ""


def _encrypted(user, owner):
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(_pdf(_page("Gout hurts."))))
    writer.encrypt(user, owner, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_pdf_reader_reads_a_file_that_is_locked_against_changes_alone():
    assert _read(_encrypted("", "owner")).text == "Gout hurts."


GOOD = _pdf(*[_page(f"{FULL}\na joint.")] * 2)
LOOP = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"]
# Each level has the next twice: 2 ** 50 pages.
TREE = [
    b"<< /Type /Catalog /Pages 2 0 R >>",
    *(b"<< /Type /Pages /Kids [%d 0 R %d 0 R] >>" % (n, n) for n in range(3, 53)),
    b"<< /Type /Page >>",
]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (_encrypted("secret", "owner"), "needs a password; save it without one"),
        (_pdf([], []), "no text layer, only pictures; recognise its text"),
        (b"hello", "a damaged PDF file"),
        (GOOD[:600], "a damaged PDF file"),
        (_objects(LOOP), "a damaged PDF file"),
        (_objects(TREE), "unpacks to more"),
        (_drawn([b" " * 50_000_000], packed=True), "unpacks to more"),
        (_drawn([b" " * 9_000_000], packed=True, pages=100), "draws more"),
        (_drawn([b"BT /F0 9 Tf " + b"(a) Tj " * 900_000], packed=True), "unpacks to more"),
        (_drawn([b"BT /F0 9 Tf (gout) Tj ET"], pages=5_100), "draws more"),
        (_drawn([b"[" * 100_000], packed=True), "a damaged PDF file"),
    ],
    ids=range(11),
)
def test_pdf_reader_refuses_what_it_cannot_read_soon(data, message):
    start = time.perf_counter()
    with pytest.raises(ArticleError, match=message) as caught:
        _read(data)
    assert str(caught.value).startswith("file.pdf: ")
    assert "\n" not in str(caught.value)
    assert time.perf_counter() - start < 10


def test_pdf_reader_takes_one_long_word_in_its_stride():
    start = time.perf_counter()
    data = _drawn([b"BT /F0 9 Tf (" + b"a" * 400_000 + b") Tj ET"], packed=True, pages=2)
    assert len(_read(data).text) >= 800_000
    assert time.perf_counter() - start < 10


def test_pdf_reader_refuses_too_long_texts():
    data = _pdf(_page("a" * 60))
    assert len(_read(data, 60).text) == 60
    with pytest.raises(ArticleError, match=r"60 characters are more than .* \(59\)"):
        _read(data, 59)


def test_pdf_reader_says_which_package_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "pypdf", None)
    with pytest.raises(ArticleError, match=r"pip install 'symptograph\[pdf\]'"):
        _read(GOOD)


def test_pdf_reader_logs_nothing_and_leaves_the_logger_as_it_was(caplog):
    logger = logging.getLogger("pypdf")
    logger.setLevel(logging.DEBUG)
    # The table of its objects points to nothing.
    assert _read(GOOD.replace(b"startxref\n", b"startxref\n9")).text
    assert caplog.records == []
    assert logger.level == logging.DEBUG


def _check(data):
    try:
        content = _read(data)
    except ArticleError:
        return
    end = 0
    for block in content.blocks:
        assert end <= block.start < block.end <= len(content.text)
        end = block.end
        assert content.text[block.start : end] == " ".join(content.text[block.start : end].split())
    content.text.encode()


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=200), st.booleans())
def test_pdf_reader_reads_or_refuses_any_bytes(data, is_stream):
    _check(_drawn([data]) if is_stream else b"%PDF-1.4\n" + data)


def test_pdf_reader_reads_or_refuses_damaged_files():
    chance = random.Random(5)
    packed = _pdf(*[_page(f"{FULL}\na joint.")] * 3, packed=True)
    for number in range(300):
        data = bytearray((GOOD, packed)[number % 2])
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        _check(bytes(data if number % 3 else data[: chance.randrange(len(data))]))


WORDS = st.lists(
    st.sampled_from(["Gout", "hurts.", "the toe", "pain-", "•", "1.", "in"]), max_size=4
)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.lists(WORDS.map(" ".join), max_size=8).map("\n".join), min_size=1, max_size=4))
def test_pdf_reader_reads_any_lines(pages):
    _check(_pdf(*(_page(page) for page in pages)))
