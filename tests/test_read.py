"""From files, folders, URLs and stdin to articles: formats, encodings, layouts, streams."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import os
import random
import sys
import time
import tracemalloc
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.articles.content import TextBuilder
from pipeline.articles.decode import decode
from pipeline.articles.discover import Selection, Source, discover
from pipeline.articles.formats import SUFFIXES, format_of, known_by_name, suffix_of
from pipeline.articles.places import file_size, location
from pipeline.articles.read import ArticleStream, holds_many, read_article
from pipeline.articles.tabular import Columns
from pipeline.errors import ArticleError

LIMIT = 100_000
TEXT = "Flu\n\nFlu causes fever and “a café’s” cough.\r\n\tNo pain.\n"
HTML = (
    "<!doctype html><html><head><title>Flu</title></head><body><article><h1>Flu</h1>"
    f"<p>Flu causes fever and cough. {'It lasts for some days in most people. ' * 5}</p>"
    "<ul><li>fever</li><li>cough</li></ul></article></body></html>"
)
JATS = (
    "<?xml version='1.0'?><article><front><article-meta><title-group><article-title>Flu"
    "</article-title></title-group></article-meta></front><body><sec><title>Signs</title>"
    "<p>Flu causes fever.</p></sec></body></article>"
)
BIOC = (
    "<?xml version='1.0'?><collection>"
    "<document><id>7</id><passage><offset>0</offset><text>Flu.</text></passage></document>"
    "<document><id></id><passage><offset>0</offset><text>Fever.</text></passage></document>"
    "</collection>"
)
PUBTATOR = "7|t|Flu\n7|a|Flu causes fever.\n\n8|t|Gout\n8|a|Gout hurts.\n"
JSONL = '{"id": "7", "text": "Flu."}\n{"text": "Fever."}\n'
CSV = "id,text\n7,Flu.\n,Fever.\n"


def pdf(*lines):
    shown = " ".join(
        f"BT /F0 11 Tf 1 0 0 1 72 {700 - 14 * number} Tm ({line}) Tj ET"
        for number, line in enumerate(lines)
    )
    bodies = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        " /Resources << /Font << /F0 5 0 R >> >> >>",
        f"<< /Length {len(shown)} >>\nstream\n{shown}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, table = "%PDF-1.4\n", ""
    for number, body in enumerate(bodies, 1):
        table += f"{len(out):010} 00000 n \n"
        out += f"{number} 0 obj\n{body}\nendobj\n"
    size = len(bodies) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer << /Size {size} /Root 1 0 R >>\n"
    return f"{out}{end}startxref\n{len(out)}\n%%EOF".encode()


def docx():
    document = pytest.importorskip("docx").Document()
    document.add_heading("Flu", 1)
    document.add_paragraph("Flu causes fever.")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def parquet(columns=None):
    out = io.BytesIO()
    pq.write_table(pa.table(columns or {"id": ["7", None], "text": ["Flu.", "Fever."]}), out)
    return out.getvalue()


def source(folder, name, data):
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return Source("flu", path)


def stream(given, max_chars=LIMIT, **columns):
    return list(ArticleStream(given, Columns(**columns), max_chars))


def refusal(read, *arguments):
    """The one line that says why something cannot be read."""
    with pytest.raises(ArticleError) as raised:
        read(*arguments)
    assert "\n" not in str(raised.value)
    return str(raised.value)


# Formats.


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("flu.txt", ".txt"),
        ("FLU.TXT", ".txt"),
        ("deep/v1.2.Html", ".html"),
        ("flu.txt.gz", ".txt"),
        ("flu.JSONL.GZ", ".jsonl"),
        ("https://x.org/a.b/flu.xml.gz", ".xml"),
        ("memory://flu.pdf", ".pdf"),
        # Near misses.
        ("flu.gz", ""),
        ("flu.gz.gz", ".gz"),
        ("flu.txt.gzip", ".gzip"),
        ("flu.txt.bz2", ".bz2"),
        ("a.txt/flu", ""),
        (".txt", ""),
        (".txt.gz", ""),
        ("txt", ""),
        ("-", ""),
        ("", ""),
    ],
)
def test_suffix_is_small_and_of_what_is_packed(name, expected):
    assert suffix_of(name) == expected


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_format_by_name_is_the_same_packed_and_in_capitals(suffix):
    expected = known_by_name(f"flu{suffix}")
    assert known_by_name(f"flu{suffix}.gz") == known_by_name(f"FLU{suffix.upper()}") == expected
    assert (expected is None) == (suffix in (".xml", ".nxml", ".json"))


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        # The first bytes are stronger than any name.
        ("a.txt", b"%PDF-1.4", "pdf"),
        ("a.csv", b"PAR1\x15\x04", "parquet"),
        ("a", b"PK\x03\x04", "docx"),
        ("a.txt", b"\xd0\xcf\x11\xe0\xa1\xb1", "docx"),
        # Near misses of them.
        ("a.txt", b" %PDF-1.4", "text"),
        ("a.txt", b"%PDF", "text"),
        ("a.txt", b"PAR2", "text"),
        ("a.txt", b"PK and PD", "text"),
        ("a.pdf", b"", "pdf"),
        ("a.docx", b"Flu", "docx"),
        # Then comes the name.
        ("a.txt", b"<html>", "text"),
        ("a.md", b"[1] Flu", "text"),
        ("a.txt", PUBTATOR.encode(), "text"),
        ("a.htm", b"Flu", "html"),
        ("a.xhtml", b"<?xml version='1.0'?><html>", "html"),
        ("a.tsv", b"{", "csv"),
        ("a.ndjson", b"text", "jsonl"),
        ("a.pubtator.gz", b"Flu", "pubtator"),
        # Then what the text looks like.
        ("a", b"<!DOCTYPE html>", "html"),
        ("a", b"\xef\xbb\xbf\n <!-- <collection> -->\n<HTML lang=en>", "html"),
        ("a", b"<body>", "html"),
        ("a.xml", b"<html>", "html"),
        ("a.xml", JATS.encode(), "jats"),
        ("a.nxml", b"\xef\xbb\xbf<article>", "jats"),
        ("a.xml", BIOC.encode(), "bioc"),
        ("a.xml", BIOC.encode("utf-16-le"), "bioc"),
        ("a.xml", BIOC.encode("utf-16"), "bioc"),
        ("a.xml", JATS.encode("utf-16-be"), "jats"),
        ("a.xml", b"<rss>", None),
        ("a", b"<articles>", None),
        ("a.xml", b"<!DOCTYPE htmlx><x>", None),
        ("a.xml", b"<header>", None),
        ("a.xml", b"Flu", "text"),
        ("a.json", b'{"documents": []}', "bioc"),
        ("a.json", b' [{"id": "1", "passages" : []}]', "bioc"),
        ("a.json", b'{"text": "passages"}', "jsonl"),
        ("a.json", b"[1]", "jsonl"),
        ("-", b'{"text": "Flu"}', "jsonl"),
        ("a.json", b"Flu", "text"),
        ("a.text", b'{"text": "Flu"}', "text"),
        ("a", b"7|t|Flu", "pubtator"),
        ("a", b"\xef\xbb\xbf\n7|t|Flu", "pubtator"),
        ("a", b"7|a|Flu", "text"),
        ("a", b"a 7|t|Flu", "text"),
        ("a", b"|t|Flu", "text"),
        ("a", b"Flu", "text"),
        ("a", b"", "text"),
    ],
)
def test_format_by_magic_name_and_look(name, head, expected):
    assert format_of(name, head) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("-", "-"),
        ("s3://x/y", "s3://x/y"),
        ("file:///x", "file:///x"),
        ("simplecache::memory://x", "simplecache::memory://x"),
        ("zip://a.txt::file:///x.zip", "zip://a.txt::file:///x.zip"),
        (Path("s3://x"), Path("s3://x")),
        # Near misses are paths.
        ("--", Path("--")),
        ("s3:/x", Path("s3:/x")),
        ("://x", Path("://x")),
        ("3s://x", Path("3s://x")),
        ("a b://x", Path("a b://x")),
        ("C:\\x", Path("C:\\x")),
        ("a/s3://x", Path("a/s3://x")),
    ],
)
def test_location_is_a_path_a_url_or_stdin(given, expected):
    found = location(given)
    assert (type(found), found) == (type(expected), expected)


# Encodings.

FRENCH = "Les taches café au lait sont bénignes; la fièvre est élevée à l’âge scolaire. " * 3
GREEK = "Ο πυρετός και ο βήχας είναι συμπτώματα της γρίπης. " * 4


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ""),
        (b"Flu\r\n\tfever", "Flu\r\n\tfever"),
        (TEXT.encode(), TEXT),
        (TEXT.encode("utf-8-sig"), TEXT),
        (TEXT.encode("utf-16"), TEXT),
        (("\ufeff" + TEXT).encode("utf-16-be"), TEXT),
        (TEXT.encode("utf-32"), TEXT),
        (("\ufeff" + TEXT).encode("utf-32-be"), TEXT),
        (FRENCH.encode("cp1252"), FRENCH),
        (FRENCH.replace("’", "'").encode("latin-1"), FRENCH.replace("’", "'")),
        (b"Flu \x96 \x93a caf\xe9\x92s\x94 cough", "Flu – “a café’s” cough"),
        (GREEK.encode("cp1253"), GREEK),
        # What looks like damage, and is none.
        ("The sign for it is \ufffd, é.".encode(), "The sign for it is \ufffd, é."),
        ("a\ufeffb".encode(), "a\ufeffb"),
    ],
)
def test_decode_gives_the_text(data, expected):
    assert decode(data, "flu.txt") == expected


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("fièvre élevée ".encode() + b"\xff fever", "UTF-8 that is damaged at byte 17"),
        (FRENCH.encode().replace("é".encode(), b"\xe9", 2), "UTF-8 that is damaged at byte 14"),
        ("x" * 1233 + "é" * 9, "UTF-8 that is damaged at byte 1,249"),
        ("fièvre élevée".encode()[:-2], "UTF-8 that is damaged at byte 13"),
        ("fièvre 🤒".encode()[:-1], "UTF-8 that is damaged at byte 8"),
        ("fièvre 🤒".encode()[:-3], "UTF-8 that is damaged at byte 8"),
        (b"\xef\xbb\xbfcaf\xe9", "not valid utf-8-sig"),
        ("Flu".encode("utf-16")[:-1], "not valid utf-16"),
        (b"\xff\xfe\x00\xd8", "not valid utf-16"),
        (b"\xff\xfe\0\0flu", "not valid utf-32"),
        (b"Flu\0", "a binary file"),
        ("Flu".encode("utf-16-le"), "a binary file"),
        (bytes(range(256)), "a binary file"),
    ],
)
def test_decode_refuses_what_is_damaged_or_no_text(data, reason):
    data = data.encode()[:-1] if isinstance(data, str) else data
    assert refusal(decode, data, "flu.txt").startswith(f"flu.txt: {reason}")


def test_decode_looks_where_the_first_odd_byte_is():
    text = "It lasts some days. " * 20_000 + FRENCH
    assert decode(text.encode("cp1252"), "flu.txt") == text


@settings(deadline=None, max_examples=100)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff")))
def test_decode_gives_back_any_text(text):
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        assert decode(text.encode(encoding), "flu.txt") == text


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=80))
def test_decode_gives_a_text_or_one_line_for_any_bytes(data):
    try:
        decode(data, "flu.txt").encode()
    except ArticleError as error:
        assert "\n" not in str(error)


# Layout.

KINDS = st.sampled_from(["HEADING", "PARAGRAPH", "ITEM", "ROW"])


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(KINDS, st.text(max_size=12))))
def test_text_builder_puts_each_block_where_it_says(added):
    builder = TextBuilder()
    for kind, text in added:
        builder.add(kind, text)
    content = builder.content()
    kept = [(kind, " ".join(text.split())) for kind, text in added if text.strip()]
    assert len(builder) == len(content.text)
    assert [(block.kind, content.text[block.start : block.end]) for block in content.blocks] == [
        (kind, f"- {words}" if kind == "ITEM" else words) for kind, words in kept
    ]
    starts = [block.start for block in content.blocks]
    ends = [block.end for block in content.blocks]
    assert [*starts[:1], len(content.text)] == ([0, ends[-1]] if kept else [0])
    for before, block in zip(content.blocks, content.blocks[1:], strict=False):
        close = before.kind == block.kind and block.kind in ("ITEM", "ROW")
        assert content.text[before.end : block.start] == ("\n" if close else "\n\n")


def test_text_builder_folds_the_title_and_leaves_empty_metadata_out():
    content = TextBuilder().content(" Flu\n now ", {"a": " b\tc ", "d": " ", "e": ""}, "7")
    assert (content.title, content.metadata, content.name) == ("Flu now", {"a": "b c"}, "7")


# One article.

SINGLE = {
    "flu.txt": (TEXT, TEXT, ""),
    "flu.md": ("# Flu\n\n- fever\n", "# Flu\n\n- fever\n", ""),
    "FLU.MARKDOWN": ("\ufeffFlu", "Flu", ""),
    "no-suffix": (TEXT, TEXT, ""),
    "flu.html": (HTML, "Flu causes fever and cough.", "Flu"),
    "flu": (HTML, "- fever\n- cough", "Flu"),
    "flu.xml": (JATS, "Signs\n\nFlu causes fever.\n", "Flu"),
    "flu.pdf": (pdf("Flu causes fever and cough.", "It lasts some days."), "fever and cough.", ""),
    "flu.docx": (docx, "Flu\n\nFlu causes fever.\n", None),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize(("name", "case"), SINGLE.items(), ids=SINGLE)
def test_read_article_of_each_format(tmp_path, name, case, packed):
    data, expected, title = case
    if name == "flu.pdf":
        pytest.importorskip("pypdf")
    data = data() if callable(data) else data
    data = data.encode() if isinstance(data, str) else data
    name = f"{name}.gz" if packed else name
    given = source(tmp_path, name, gzip.compress(data) if packed else data)
    article = read_article(given, LIMIT)
    assert expected in article.text
    assert article.text.endswith("\n") or not article.blocks
    assert title is None or article.title == title
    assert (article.doc_id, article.path) == ("flu", given.path.as_posix())
    # Of what is packed, so that packing a file does not make it another.
    assert article.sha256 == hashlib.sha256(data).hexdigest()
    assert not holds_many(given)


def test_read_article_leaves_plain_text_as_it_is(tmp_path):
    article = read_article(source(tmp_path, "a.txt", TEXT.encode("utf-8-sig")), LIMIT)
    assert (article.text, article.title, article.blocks, article.metadata) == (TEXT, "", (), {})


def test_read_article_packed_without_saying_so(tmp_path):
    assert read_article(source(tmp_path, "a.txt", gzip.compress(b"Flu.")), LIMIT).text == "Flu."


def test_read_article_said_to_be_packed_and_is_not(tmp_path):
    assert read_article(source(tmp_path, "a.txt.gz", "Flu."), LIMIT).text == "Flu."


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.txt", b"", "the file is empty"),
        ("a.md", b" \r\n\t\n", "the file is empty"),
        ("a.txt", b"\xef\xbb\xbf", "the file is empty"),
        ("a.txt", gzip.compress(b""), "the file is empty"),
        ("a.html", b"", "the file is empty"),
        ("a.xml", b"<rss><channel/></rss>", "XML of an unknown kind"),
        ("a.txt", b"Flu\0", "a binary file"),
        ("a.txt", b"x" * 101, "101 characters are more than one article may have (100 char"),
        ("a.txt", "é".encode() * 101, "101 characters are more than"),
        ("a.html", b"<p>" + b"x" * 398, "more than 400 bytes are more than one article may have"),
        ("a.txt", b"\xd0\xcf\x11\xe0\xa1\xb1", "an old .doc or password-protected file"),
        ("a.docx", b"Flu", "a damaged .docx file"),
        ("a.pdf", b"Flu", "a damaged PDF file"),
        # Formats of many articles that a name hides.
        ("a.txt", parquet(), "holds many articles (parquet); give a file with one"),
        ("a.jsonl", JSONL, "holds many articles (jsonl); give a file with one"),
        ("a.txt", gzip.compress(b"Flu " * 9)[:-9], "the gzip file is damaged"),
        ("a.txt", gzip.compress(b"Flu " * 9)[:-8] + bytes(8), "the gzip file is damaged"),
        ("a.txt", b"\x1f\x8b", "the gzip file is damaged"),
        ("a.txt", b"\x1f\x8bFlu.", "the gzip file is damaged"),
    ],
)  # fmt: skip
def test_read_article_refuses_in_one_line(tmp_path, name, data, reason):
    limit = LIMIT if data == parquet() else 100
    given = source(tmp_path, name, data)
    assert refusal(read_article, given, limit).startswith(f"{given.path.as_posix()}: {reason}")


def test_read_article_of_exactly_so_many_characters(tmp_path):
    given = source(tmp_path, "a.txt", "é🤒" * 50)
    assert len(read_article(given, 100).text) == 100
    assert "100 characters are more than" in refusal(read_article, given, 99)


@pytest.mark.parametrize("read", [read_article, lambda given, limit: stream(given, limit)])
def test_read_what_is_not_there(tmp_path, read):
    told = refusal(read, Source("a", tmp_path / "a.txt"), LIMIT)
    assert told.endswith("a.txt: cannot be read (No such file or directory); check the file")
    told = refusal(read, Source("a", tmp_path), LIMIT)
    assert told.endswith("cannot be read (Is a directory); check the file")


def test_holds_many_of_what_is_not_there(tmp_path):
    assert holds_many(Source("a", tmp_path / "a.csv"))
    assert "cannot be read" in refusal(holds_many, Source("a", tmp_path / "a.json"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_read_what_may_not_be_read(tmp_path):
    given = source(tmp_path, "a.txt", TEXT)
    given.path.chmod(0)
    assert "cannot be read (Permission denied)" in refusal(read_article, given, LIMIT)
    given.path.chmod(0o600)
    tmp_path.chmod(0)
    try:
        assert "cannot be read (Permission denied)" in refusal(read_article, given, LIMIT)
    finally:
        tmp_path.chmod(0o700)


@pytest.fixture(scope="module")
def bomb():
    return gzip.compress(bytes(100_000_000), 1)


@pytest.mark.parametrize("name", ["a.txt.gz", "a.html", "a", "a.xml", "a.jsonl.gz", "a.csv.gz"])
def test_read_gzip_bomb_is_refused_soon(tmp_path, bomb, name):
    given = source(tmp_path, name, bomb)
    began = time.perf_counter()
    tracemalloc.start()
    try:
        if holds_many(given):
            (error,) = stream(given, 1000)
            assert "not text" in str(error)
        else:
            assert "4,000 bytes are more than one article" in refusal(read_article, given, 1000)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert time.perf_counter() - began < 5


def test_read_gzip_bomb_of_records_is_one_error_for_each_line(tmp_path):
    data = b'{"text": "Flu."}\n{"text": "' + b"x" * 50_000_000 + b'"}\n{"text": "Fever."}\n'
    first, error, last = stream(source(tmp_path, "a.jsonl.gz", gzip.compress(data, 1)), 1000)
    assert (first.text, last.text) == ("Flu.", "Fever.")
    assert "line 2: the line is longer than 4,000 bytes" in str(error)


# Many articles.

MANY = {
    "a.jsonl": JSONL,
    "a.json": json.dumps([{"id": 7, "text": "Flu."}, {"text": "Fever."}]),
    "a.csv": CSV,
    "a.tsv": CSV.replace(",", "\t"),
    "a.parquet": parquet(),
    "a.xml": BIOC,
    "bioc.json": json.dumps(
        [{"id": key, "passages": [{"offset": 0, "text": text}]}
         for key, text in (("7", "Flu."), ("", "Fever."))]
    ),
}  # fmt: skip


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize(("name", "data"), MANY.items(), ids=MANY)
def test_stream_of_each_format(tmp_path, name, data, packed):
    data = data.encode() if isinstance(data, str) else data
    name = f"{name}.gz" if packed else name
    given = source(tmp_path, name, gzip.compress(data) if packed else data)
    assert holds_many(given)
    first, second = stream(given)
    assert (first.doc_id, first.text) == ("7", "Flu.")
    # Without an id, the file's and the number.
    assert (second.doc_id, second.text) == ("flu-000002", "Fever.")
    assert first.path == second.path == given.path.as_posix()
    assert first.sha256 == hashlib.sha256(b"Flu.").hexdigest()


@pytest.mark.parametrize("name", ["a.pubtator", "a.pubtator.gz", "no-suffix"])
def test_stream_of_pubtator(tmp_path, name):
    data = gzip.compress(PUBTATOR.encode()) if name.endswith(".gz") else PUBTATOR.encode()
    given = source(tmp_path, name, data)
    assert holds_many(given)
    assert [(a.doc_id, a.title, a.text) for a in stream(given)] == [
        ("7", "Flu", "Flu\nFlu causes fever."),
        ("8", "Gout", "Gout\nGout hurts."),
    ]


def test_stream_of_what_is_one_article_all_the_same(tmp_path):
    pytest.importorskip("pypdf")
    given = source(tmp_path, "a.jsonl", pdf("Flu causes fever and cough."))
    assert holds_many(given)
    (article,) = stream(given)
    assert (article.doc_id, article.text) == ("flu", "Flu causes fever and cough.\n")


def test_stream_takes_the_columns_that_are_told(tmp_path):
    given = source(tmp_path, "a.csv", "text,key,said,head\nno,k1,Flu.,Title\n")
    (article,) = stream(given, text="said", id="key", title="head")
    assert (article.doc_id, article.title, article.text) == ("k1", "Title", "Flu.")
    assert article.metadata == {"text": "no"}


def test_stream_numbers_records_with_the_bad_ones_among_them(tmp_path):
    data = '{"text": "One."}\n{"text": 2}\nnot JSON\n{"text": "x"}\n'
    one, *bad, last = stream(source(tmp_path, "a.jsonl", data))
    assert (one.doc_id, last.doc_id) == ("flu-000001", "flu-000004")
    assert [isinstance(error, ArticleError) for error in bad] == [True, True]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("a b", "a b"),
        (" a\n\tb ", "a b"),
        (0, "0"),
        (7.0, "7"),
        ("é/🤒", "é/🤒"),
        ("\ud800", "\ufffd"),
        (" ", "flu-000001"),
        (None, "flu-000001"),
    ],
)
def test_stream_id_is_the_records(tmp_path, key, expected):
    (article,) = stream(source(tmp_path, "a.jsonl", json.dumps({"id": key, "text": "Flu."})))
    assert article.doc_id == expected


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.jsonl", "", "no records in it"),
        ("a.csv", "", "no records in it"),
        ("a.csv", "q,z\na,b\n", "no column of texts"),
        ("a.parquet", "Flu", "not readable Parquet"),
        ("a.parquet", "", "not readable Parquet"),
        ("a.pubtator", "", "no PubTator title there"),
        ("a.pubtator", "Flu\0", "a binary file"),
        ("a.xml", BIOC[:80], "not readable BioC"),
        ("a.jsonl", gzip.compress(b""), "no records in it"),
    ],
)
def test_stream_of_what_cannot_be_read_is_one_error(tmp_path, name, data, reason):
    given = source(tmp_path, name, data)
    (error,) = stream(given)
    assert str(error).startswith(f"{given.path.as_posix()}: {reason}")


def records(number):
    """Texts that gzip makes no smaller than half."""
    rng = random.Random(7)
    return [f"{n} {rng.randbytes(1000).hex()}" for n in range(number)]


def table(name, texts):
    if name.startswith("a.parquet"):
        return parquet({"text": texts})
    out = io.StringIO()
    if name.startswith("a.jsonl"):
        out.writelines(json.dumps({"text": text}) + "\n" for text in texts)
    else:
        csv.writer(out).writerows([["text"], *([text] for text in texts)])
    return out.getvalue().encode()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) * 2 // 3],
        lambda data: data[: len(data) * 2 // 3] + bytes(50) + data[len(data) * 2 // 3 + 50 :],
        lambda data: data[:-8] + bytes(8),
        lambda data: data + b"more",
    ],
    ids=["cut", "zeroed", "checksum", "more behind it"],
)
@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.csv.gz"])
def test_stream_of_damaged_gzip_is_an_error_behind_what_was_read(tmp_path, name, damage):
    texts = records(400)
    given = source(tmp_path, name, damage(gzip.compress(table(name, texts), 1)))
    *good, error = stream(given)
    assert isinstance(error, ArticleError)
    assert "cannot be read any further" in str(error)
    good = [one for one in good if not isinstance(one, ArticleError)]
    # What is zeroed is text until the checksum tells.
    assert len(good) > 200
    assert [article.text for article in good[:200]] == texts[:200]


@pytest.mark.parametrize("name", ["a.xml.gz", "a.pubtator.gz"])
def test_stream_of_damaged_gzip_of_a_whole_collection_is_refused(tmp_path, name):
    text = PUBTATOR if "pubtator" in name else BIOC
    data = gzip.compress(text.encode() + b" " * 9000 + random.Random(7).randbytes(90_000))
    given = source(tmp_path, name, data[:-30_000])
    assert "the gzip file is damaged" in refusal(stream, given)


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.jsonl.gz", "a.csv.gz", "a.parquet"])
def test_stream_position_grows_to_the_files_end(tmp_path, name):
    data = table(name, records(500))
    given = source(tmp_path, name, gzip.compress(data, 1) if name.endswith(".gz") else data)
    articles = ArticleStream(given, Columns(), LIMIT)
    assert articles.position == 0
    positions = [articles.position for _ in articles]
    size = file_size(given.path)
    assert len(positions) == 500
    assert 0 < positions[0] <= positions[-1] <= size
    assert positions[-1] > 0.9 * size
    if "parquet" not in name:
        assert positions == sorted(positions)
        assert positions[0] < size / 2
        assert len(set(positions)) > 5


def test_stream_can_be_read_again(tmp_path):
    articles = ArticleStream(source(tmp_path, "a.jsonl", JSONL), Columns(), LIMIT)
    assert list(articles) == list(articles)


# Stdin.

PIPED = {
    "jsonl": (JSONL.encode(), ["7", "stdin-000002"]),
    "array": (MANY["a.json"].encode(), ["7", "stdin-000002"]),
    "parquet": (parquet(), ["7", "stdin-000002"]),
    "bioc": (BIOC.encode(), ["7", "stdin-000002"]),
    "pubtator": (PUBTATOR.encode(), ["7", "8"]),
    "packed": (gzip.compress(JSONL.encode()), ["7", "stdin-000002"]),
    "text": (TEXT.encode(), ["stdin"]),
    "packed text": (gzip.compress(TEXT.encode()), ["stdin"]),
    "html": (HTML.encode(), ["stdin"]),
    "jats": (JATS.encode(), ["stdin"]),
}


@pytest.mark.parametrize(("data", "ids"), PIPED.values(), ids=PIPED)
def test_stdin_is_told_by_its_look(monkeypatch, data, ids):
    reader, writer = os.pipe()
    os.write(writer, data)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=pipe))
        ((given,), failed) = discover(["-", "-"])
        assert not failed
        assert given == Source("stdin", "-")
        assert holds_many(given)
        assert file_size("-") == 0
        articles = stream(given)
    assert [article.doc_id for article in articles] == ids
    assert {article.path for article in articles} == {"-"}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "-: the file is empty"),
        (b"\0", "-: a binary file"),
        (b"<rss/>", "-: XML of an unknown kind"),
        (b"\x1f\x8b\x08", "-: the gzip file is damaged"),
    ],
)
def test_stdin_that_cannot_be_read_is_one_line(monkeypatch, data, reason):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    assert refusal(stream, Source("stdin", "-")).startswith(reason)


# Folders.


@pytest.fixture
def folder(tmp_path):
    for name in ("flu.txt", "b.html", "c.csv.gz", "deep/d.md", "deep/er/e.txt", "out/f.csv", "g.x"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TEXT)
    return tmp_path / "in"


SELECTED = {
    "everything": ({}, "b c deep/d deep/er/e flu out/f"),
    "by name": ({"include": ["*.txt"]}, "deep/er/e flu"),
    "by path": ({"include": ["deep/*"]}, "deep/d deep/er/e"),
    "of any suffix": ({"include": ["*.x"]}, "g"),
    "two globs": ({"include": ["*.x", "flu.*"]}, "flu g"),
    "not by name": ({"exclude": ["*.txt", "*.gz"]}, "b deep/d out/f"),
    "not by path": ({"exclude": ["deep/*"]}, "b c flu out/f"),
    "both": ({"include": ["deep/*"], "exclude": ["*.md"]}, "deep/er/e"),
    "capitals count": ({"include": ["*.TXT", "*.md"]}, "deep/d"),
    "one letter": ({"include": ["?.txt"]}, "deep/er/e"),
}


@pytest.mark.parametrize(("options", "expected"), SELECTED.values(), ids=SELECTED)
def test_selection_of_a_folder(folder, options, expected):
    sources, failed = discover([folder], Selection(**options))
    assert not failed
    assert [found.doc_id for found in sources] == expected.split()


def test_selection_leaves_the_output_folder_out(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    for without in (folder / "out", Path("in/out"), Path("in/deep/../out")):
        found, _ = discover([folder], Selection(without=[without]))
        assert [one.doc_id for one in found] == ["b", "c", "deep/d", "deep/er/e", "flu"]
    # A folder whose name only begins alike is no part of it.
    found, _ = discover([folder], Selection(without=[folder / "ou"]))
    assert "out/f" in [one.doc_id for one in found]


def test_selection_takes_a_named_file_in_any_case(folder):
    wanted = [folder / "flu.txt", folder / "out" / "f.csv"]
    found, failed = discover(wanted, Selection(["*.md"], ["*.txt"], [folder / "out"]))
    assert (len(found), failed) == (2, [])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"include": ["*.y", "*.z"]}, "it should hold *.y, *.z files"),
        ({"exclude": ["*"]}, "it should hold .csv, .docx, "),
    ],
)
def test_selection_of_nothing_is_one_line(folder, options, told):
    sources, [(given, error)] = discover([folder], Selection(**options))
    assert (sources, given) == ([], folder)
    assert told in str(error)


# URLs.


@pytest.fixture
def memory():
    """A file system of URLs ``memory://flu/…``."""
    system = pytest.importorskip("fsspec").filesystem("memory")
    files = {
        "/flu/a.txt": TEXT.encode(),
        "/flu/deep/b.jsonl": JSONL.encode(),
        "/flu/deep/c d é.html": HTML.encode(),
        "/flu/p.parquet": parquet(),
        "/flu/packed.csv.gz": gzip.compress(CSV.encode()),
        "/flu/picture.png": b"",
        "/flu/damaged.txt": b"Flu\0",
        "/fluid/other.txt": TEXT.encode(),
        "/empty/picture.png": b"",
    }
    system.store.clear()
    for path, data in files.items():
        system.pipe(path, data)
    yield system
    system.store.clear()


@pytest.mark.parametrize("url", ["memory://flu", "memory://flu/", "memory://flu//"])
def test_url_of_a_folder_is_all_its_articles(memory, url):
    sources, failed = discover([url])
    assert not failed
    assert [(one.doc_id, one.path) for one in sources] == [
        ("a", "memory://flu/a.txt"),
        ("damaged", "memory://flu/damaged.txt"),
        ("deep/b", "memory://flu/deep/b.jsonl"),
        ("deep/c d é", "memory://flu/deep/c d é.html"),
        ("p", "memory://flu/p.parquet"),
        ("packed", "memory://flu/packed.csv.gz"),
    ]


def test_url_of_a_root_lists_files_that_can_be_opened(memory):
    sources, failed = discover(["memory://"], Selection(["a.txt"]))
    assert not failed
    assert [one.path for one in sources] == ["memory://flu/a.txt"]
    assert read_article(sources[0], LIMIT).text


def test_url_of_a_folder_in_an_archive_is_one_line(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("in/a.txt", "Flu causes fever.")
    ((_, error),) = discover([f"zip://in::file://{tmp_path}/x.zip"])[1]
    assert "a folder inside an archive" in str(error)
    given = Source("a", f"zip://in/a.txt::file://{tmp_path}/x.zip")
    assert read_article(given, LIMIT).text == "Flu causes fever."


def test_discover_a_name_that_is_too_long_is_one_line():
    ((_, error),) = discover([Path("x" * 300)])[1]
    assert "cannot be read" in str(error)


def test_url_of_a_folder_is_selected_from(memory):
    sources, failed = discover(["memory://flu"], Selection(["deep/*", "*.txt"], ["damaged*"]))
    assert not failed
    assert [one.doc_id for one in sources] == ["a", "deep/b", "deep/c d é"]


def test_url_given_twice_counts_once(memory):
    sources, _ = discover(["memory://flu/a.txt", "memory://flu", "memory://flu/a.txt"])
    assert [one.doc_id for one in sources].count("a") == 1
    assert len(sources) == 6


@pytest.mark.parametrize(
    ("url", "many", "ids", "texts"),
    [
        ("memory://flu/a.txt", False, ["a"], [TEXT]),
        ("memory://flu/deep/b.jsonl", True, ["7", "b-000002"], ["Flu.", "Fever."]),
        ("memory://flu/p.parquet", True, ["7", "p-000002"], ["Flu.", "Fever."]),
        ("memory://flu/packed.csv.gz", True, ["7", "packed-000002"], ["Flu.", "Fever."]),
        ("simplecache::memory://flu/a.txt", False, ["a"], [TEXT]),
    ],
)
def test_url_of_a_file_is_read(memory, url, many, ids, texts):
    ((given,), failed) = discover([url])
    assert not failed
    assert holds_many(given) == many
    articles = stream(given) if many else [read_article(given, LIMIT)]
    assert [article.doc_id for article in articles] == ids
    assert [article.text for article in articles] == texts
    assert {article.path for article in articles} == {url}
    assert file_size(url) > 0


def test_url_of_this_machines_files(tmp_path):
    pytest.importorskip("fsspec")
    (tmp_path / "a b").mkdir()
    given = source(tmp_path / "a b", "flu #1.txt", TEXT)
    sources, failed = discover([f"file://{tmp_path.as_posix()}"])
    assert not failed
    assert sources == [Source("a b/flu #1", f"file://{given.path.as_posix()}")]
    assert read_article(sources[0], LIMIT).text == TEXT
    assert file_size(sources[0].path) == len(TEXT.encode())


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("memory://none", "no such file or folder; check the URL"),
        ("memory://flu/none.txt", "no such file or folder; check the URL"),
        ("memory://flu/*.txt", "no such file or folder; check the URL"),
        ("memory://empty", "no articles in this folder; it should hold"),
        ("file:///none/none.txt", "no such file or folder; check the URL"),
        ("nothing://x/y.txt", "cannot be reached (Protocol not known: nothing); check the URL"),
    ],
)
def test_url_without_articles_is_one_line(memory, url, told):
    sources, [(given, error)] = discover(["memory://flu/a.txt", url])
    assert [one.doc_id for one in sources] == ["a"]
    assert given == url
    assert str(error).startswith(f"{url}: {told}")
    assert "\n" not in str(error)


@pytest.mark.parametrize("url", ["memory://flu/none.txt", "nothing://x/y.txt", "memory://flu"])
def test_url_that_cannot_be_opened_is_one_line(memory, url):
    for read in (read_article, stream):
        assert refusal(read, Source("x", url), LIMIT).startswith(f"{url}: cannot be reached (")


def test_url_of_a_damaged_file_is_one_line(memory):
    told = refusal(read_article, Source("x", "memory://flu/damaged.txt"), LIMIT)
    assert told.startswith("memory://flu/damaged.txt: a binary file")


@pytest.mark.parametrize("error", [OSError, ConnectionResetError, TimeoutError, RuntimeError])
def test_url_that_breaks_off_is_one_line(memory, monkeypatch, error):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            raise error("line\nlost")

    monkeypatch.setattr(type(memory), "open", lambda *_: Broken())
    given = Source("x", "memory://flu/a.txt")
    with pytest.raises(
        ArticleError, match=r"^memory://flu/a\.txt: cannot be reached \(line lost\)"
    ):
        read_article(given, LIMIT)


# Packages that are missing.


@pytest.mark.parametrize("url", ["memory://flu/a.txt", "https://x.org/a.txt"])
def test_missing_package_for_urls_is_named(monkeypatch, url):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    told = f"{url}: reading URLs needs an extra package; pip install 'symptograph[remote]'"
    sources, [(_, error)] = discover([url])
    assert (sources, str(error)) == ([], told)
    assert refusal(read_article, Source("a", url), LIMIT) == told
    assert refusal(file_size, url) == told


@pytest.mark.parametrize(
    ("name", "data", "package", "extra"),
    [
        ("a.pdf", pdf("Flu."), "pypdf", "pdf"),
        ("a.txt", pdf("Flu."), "pypdf", "pdf"),
        ("a.docx", b"PK\x03\x04", "docx", "docx"),
    ],
)
def test_missing_package_for_a_format_is_named(tmp_path, monkeypatch, name, data, package, extra):
    monkeypatch.setitem(sys.modules, package, None)
    told = refusal(read_article, source(tmp_path, name, data), LIMIT)
    assert told.endswith(f"needs an extra package; pip install 'symptograph[{extra}]'")
