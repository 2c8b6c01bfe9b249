from __future__ import annotations

import csv
import datetime
import decimal
import io
import json
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.articles.content import Content
from pipeline.articles.tabular import Columns, read_csv, read_jsonl, read_parquet
from pipeline.errors import ArticleError

LIMIT = 1000


def run(reader, data, name="a", max_chars=LIMIT, **columns):
    data = data.encode() if isinstance(data, str) else data
    return list(reader(io.BytesIO(data), name, Columns(**columns), max_chars))


def errors(results):
    return [str(r) for r in results if isinstance(r, ArticleError)]


def texts(results):
    return [r.text for r in results if isinstance(r, Content)]


def parquet(columns, **options):
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, **options)
    return out.getvalue()


# JSON lines


def test_jsonl_record_gives_text_name_title_and_metadata():
    record = {
        "PMID": 12,
        "Title": " Flu\n now",
        "text": " Flu.\r\n\tFever \ud800 \U0001f912",
        "n": 3.0,
        "share": 0.25,
        "big": 1e300,
        "yes": True,
        "none": None,
        "empty": "",
        "nan": float("nan"),
        "list": ["\u00e9", 1],
        "nested": {"a": {"b": None}},
        "nothing": [],
        "long": "x" * 5000,
        "two\nlines": "a\n\ud800b",
    }
    (one,) = run(read_jsonl, json.dumps(record), max_chars=10_000)
    assert (one.name, one.title, one.blocks) == ("12", "Flu now", ())
    assert one.text == " Flu.\r\n\tFever \ufffd \U0001f912"
    assert one.metadata == {
        "n": "3",
        "share": "0.25",
        "big": "1e+300",
        "yes": "true",
        "list": '["\u00e9",1]',
        "nested": '{"a":{"b":null}}',
        "long": "x" * 1000,
        "two lines": "a \ufffdb",
    }


def test_jsonl_metadata_has_at_most_30_columns():
    (one,) = run(read_jsonl, json.dumps({"text": "flu", **{f"c{n}": n for n in range(50)}}))
    assert list(one.metadata) == [f"c{n}" for n in range(30)]


BAD = [
    ('{"text": "flu"', "not JSON"),
    ("[1]", "not a JSON object but list"),
    ('{"id": 2}', "no text in column 'text'"),
    ('{"text": null}', "no text in column 'text'"),
    ('{"text": " \\n"}', "no text in column 'text'"),
    ('{"text": 5}', "holds int, not text"),
    ('{"text": "a\\u0000"}', "NUL"),
    ('{"text": "a\0"}', "not JSON"),
    (b'{"text": "caf\xe9"}', "not valid utf-8"),
    (json.dumps({"text": "x" * (LIMIT + 1)}), "1,001 characters are more than"),
    ('{"text": "' + "x" * 4 * LIMIT + '"}', "longer than 4,000 bytes"),
    ("[" * 3000, "nested too deep"),
    ('{"x":' + "9" * 3990 + "}", "no text in"),
]


@pytest.mark.parametrize(("line", "why"), BAD)
def test_jsonl_bad_record_is_an_error_and_reading_goes_on(line, why):
    line = line.encode() if isinstance(line, str) else line
    first, error, last = run(
        read_jsonl, b'\xef\xbb\xbf{"text": "one"}\r\n\r\n' + line + b'\n{"text": "two"}'
    )
    assert (first.text, last.text) == ("one", "two")
    assert isinstance(error, ArticleError)
    assert str(error).startswith("a: line 3: ")
    assert why in str(error)
    assert "; " in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({}, "no column of texts; it has q, z: name one with --text-column"),
        ({"text": "x"}, "no column 'x'; it has q, z: name one with --text-column"),
        ({"text": "q", "id": "x"}, "no column 'x'; it has q, z: name one with --id-column"),
        ({"text": "q", "title": "x"}, "no column 'x'; it has q, z: name one with --title-column"),
    ],
)
def test_records_missing_column_is_one_error_for_the_file(columns, expected):
    files = (
        (read_jsonl, '{"q": "a", "z": "b"}\n{"q": "c"}\n'),
        (read_csv, "q,z\na,b\nc,d\n"),
        (read_parquet, parquet({"q": ["a", "c"], "z": ["b", "d"]})),
    )
    for reader, data in files:
        assert errors(run(reader, data, **columns)) == [f"a: {expected}"]


@pytest.mark.parametrize(
    ("record", "columns", "expected"),
    [
        ({"abstract": "a", "Body": "b", "title": "t"}, {}, ("", "t", "b")),
        ({"text": "a", "url": "u", "id": 7}, {}, ("7", "", "a")),
        ({"title": "a", "id": 1}, {"text": "title"}, ("1", "", "a")),
        ({"title": "a", "x": "b"}, {"text": "title", "title": "title"}, ("", "a", "a")),
        ({"text": "a", "Key": "k", "Q": "q"}, {"id": "key", "title": "Q"}, ("k", "q", "a")),
        ({"text": "a", "TEXT": "b"}, {"text": "TEXT"}, ("", "", "b")),
    ],
)
def test_records_columns_are_found_by_name_or_as_told(record, columns, expected):
    rows = io.StringIO()
    csv.writer(rows).writerows([record.keys(), record.values()])
    for reader, data in (
        (read_jsonl, json.dumps(record)),
        (read_csv, rows.getvalue()),
        (read_parquet, parquet({key: [value] for key, value in record.items()})),
    ):
        (one,) = run(reader, data, **columns)
        assert (one.name, one.title, one.text) == expected


def test_jsonl_columns_may_be_missing_in_the_first_record():
    first, second = run(read_jsonl, '{"id": 1}\n{"title": "t", "body": "b"}\n', title="title")
    assert str(first).startswith("a: line 1: no text in column 'body'")
    assert (second.title, second.text) == ("t", "b")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no records"),
        (b"\n \n", "no records"),
        ('{"text": "a"}'.encode("utf-16"), "UTF-16"),
        ('{"text": "a"}'.encode("utf-16-le"), "UTF-16"),
        (b'{\n  "text": "a"\n}', "on several lines"),
        (b"[]", "no records"),
    ],
)
def test_jsonl_that_cannot_be_read_is_one_error(data, why):
    (error,) = run(read_jsonl, data)
    assert isinstance(error, ArticleError)
    assert why in str(error)


# One JSON array


@pytest.mark.parametrize("indent", [None, 2])
def test_json_array_is_read_across_its_chunks(monkeypatch, indent):
    records = [{"id": n, "text": f"\u00e9 \U0001f912 {'x' * n}", "tags": [[n]]} for n in range(60)]
    data = json.dumps(records, indent=indent, ensure_ascii=False)
    for chunk in (3, 100, 1 << 20):
        monkeypatch.setattr("pipeline.articles.tabular._CHUNK", chunk)
        results = run(read_jsonl, "\ufeff \n" + data + "\n")
        assert texts(results) == [record["text"] for record in records]
        assert errors(results) == []


def test_json_array_bad_record_is_an_error_and_reading_goes_on():
    data = b'[{"text": "one"}, 3, {"text": "caf\xe9"}, {"id": 4}, {"text": "\xc3\xa9"}]'
    results = run(read_jsonl, data)
    assert texts(results) == ["one", "\u00e9"]
    for error, start in zip(
        errors(results),
        ("record 2: not a JSON object", "record 3: not valid UTF-8", "record 4: no text"),
        strict=True,
    ):
        assert error.startswith(f"a: {start}")


@pytest.mark.parametrize(
    ("end", "why"),
    [
        ("", "the array does not go on"),
        (",", "not JSON"),
        (",]", "not JSON"),
        (' {"text": "b"}]', "the array does not go on"),
        (',{"text": "b]', "not JSON"),
        ("," + "[" * 100_000, "nested too deep"),
        ("]\n[1]", "more behind the array's end"),
    ],
)
def test_json_array_that_breaks_off_is_read_so_far(end, why):
    first, error = run(read_jsonl, '[{"text": "a"}' + end)
    assert first.text == "a"
    assert why in str(error)


def test_json_array_gives_up_a_record_without_end(monkeypatch):
    monkeypatch.setattr("pipeline.articles.tabular._CHUNK", 100)
    monkeypatch.setattr("pipeline.articles.tabular._SAMPLE_BYTES", 100)
    monkeypatch.setattr("pipeline.articles.tabular._MAX_PENDING", 1000)
    stream = io.BytesIO(b'[{"text": "' + b"x" * 100_000)
    (error,) = read_jsonl(stream, "a", Columns(), LIMIT)
    assert "convert it to JSON lines" in str(error)
    assert stream.tell() < 5000


# CSV


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_csv_quoted_fields_and_delimiters(delimiter, line_end):
    rows = [
        ["id", "Title", "text", "", "note, of; all"],
        ["1", "a;b,c|d\te", f'line one{line_end}line "two"', "0", "'=1+1"],
        ["2", "", "fever", "1", ""],
    ]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=line_end).writerows(rows)
    first, second = run(read_csv, "\ufeff" + out.getvalue())
    assert (first.name, first.title) == ("1", "a;b,c|d e")
    assert first.text == f'line one{line_end}line "two"'
    assert first.metadata == {"note, of; all": "'=1+1"}
    assert (second.text, second.metadata) == ("fever", {})


def test_csv_bad_record_is_an_error_with_its_line_and_reading_goes_on():
    lines = [
        "id;text",
        '1;"a\nb"',
        "2",
        "3;b;",
        "",
        '4;"b"c',
        "5;nul\0",
        "6;",
        "7;" + "x" * 1001,
        "8;good",
        '9;"open',
    ]
    results = run(read_csv, "\n".join(lines))
    assert texts(results) == ["a\nb", "good"]
    expected = [
        "line 4: 1 fields where the header has 2",
        "line 5: 3 fields where the header has 2",
        "line 7: not readable CSV",
        "line 8: a NUL character",
        "line 9: no text in column 'text'",
        "line 10: 1,001 characters are more than",
        "line 12: not readable CSV",
    ]
    for error, start in zip(errors(results), expected, strict=True):
        assert error.startswith(f"a: {start}")


def test_csv_encoding_is_told_from_its_beginning():
    text = "id,text\n1,caf\u00e9 \u2019\n"
    assert texts(run(read_csv, text)) == texts(run(read_csv, text.encode("cp1252")))
    late = text.encode() + b"2,fever\n" * 40_000 + b"3,caf\xe9\n4,flu\n"
    results = run(read_csv, late)
    assert len(texts(results)) == 40_002
    (error,) = errors(results)
    assert error.startswith("a: line 40,003: not valid utf-8")
    (undefined,) = errors(run(read_csv, b"id,text\n1,caf\xe9\n2,\x81\n"))
    assert undefined.startswith("a: line 3: ")


def test_csv_of_a_character_over_the_samples_end_is_utf8(monkeypatch):
    monkeypatch.setattr("pipeline.articles.tabular._SAMPLE_BYTES", 10)
    assert texts(run(read_csv, "id,text\n1\u00e9,caf\u00e9\n")) == ["caf\u00e9"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.tsv", ["fever, cough"]), ("a.TSV.gz", ["fever, cough"]), ("a.csv", [])],
)
def test_csv_of_one_column_has_the_delimiter_of_its_name(name, expected):
    assert texts(run(read_csv, "text\nfever, cough\n", name=name)) == expected


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no records"),
        (b"id,text\n", "no records"),
        (b"id,text\r1,flu\r", "CR alone"),
        ("id,text\n1,flu\n".encode("utf-16"), "UTF-16"),
    ],
)
def test_csv_that_cannot_be_read_is_one_error(data, why):
    (error,) = run(read_csv, data)
    assert why in str(error)


def test_csv_leaves_the_field_limit_as_it_was():
    before = csv.field_size_limit()
    results = read_csv(io.BytesIO(b"text\n" + b"x" * 200_000), "a", Columns(), 300_000)
    for one in results:
        assert len(one.text) == 200_000
        assert csv.field_size_limit() == before
    assert csv.field_size_limit() == before


def test_csv_open_quote_loses_only_what_the_limit_holds():
    results = run(read_csv, 'text,n\n"a,1\n' + "b,2\n" * 100_000)
    (error,) = errors(results)
    assert error.startswith("a: line 2: not readable CSV")
    assert len(texts(results)) > 50_000


# Parquet


def test_parquet_values_of_all_types():
    columns = {
        "pmid": pa.array([1.0, None]),
        "abstract": ["fever", "cough"],
        "day": [datetime.date(2020, 1, 2), None],
        "time": pa.array([1, None], pa.timestamp("ns", "UTC")),
        "price": [decimal.Decimal("1.50"), None],
        "tags": [["a", "b"], []],
        "struct": [{"a": 1}, None],
        "yes": [True, None],
        "picture": [b"\x89PNG", b""],
        "kind": pa.array(["u", None]).dictionary_encode(),
        "a.b": [7, None],
    }
    first, second = run(read_parquet, parquet(columns))
    assert (first.name, first.text) == ("1", "fever")
    assert first.metadata == {
        "day": "2020-01-02",
        "time": "1970-01-01T00:00:00.000000001+00:00",
        "price": "1.50",
        "tags": '["a","b"]',
        "struct": '{"a":1}',
        "yes": "true",
        "kind": "u",
        "a.b": "7",
    }
    assert (second.name, second.text, second.metadata) == ("", "cough", {})


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.binary(),
        pa.large_binary(),
        pa.dictionary(pa.int32(), pa.string()),
    ],
)
def test_parquet_texts_of_all_string_types(kind):
    column = pa.array(["caf\u00e9", None, "flu"]).cast(kind)
    results = run(read_parquet, parquet({"text": column}, row_group_size=2))
    assert texts(results) == ["caf\u00e9", "flu"]
    (error,) = errors(results)
    assert error.startswith("a: row 2: no text in column 'text'")


def test_parquet_bad_record_is_an_error_with_its_row_and_reading_goes_on():
    bad = pa.Array.from_buffers(
        pa.string(), 5, pa.array([b"a", b"\xff", b"c", b"d", b"e"]).buffers()
    )
    text = pa.array([b"one", b"\xff", b"a\0", b"x" * 1001, b"two"])
    first, *others, last = run(read_parquet, parquet({"text": text, "bad": bad}, row_group_size=3))
    assert (first.text, first.metadata, last.text) == ("one", {"bad": "a"}, "two")
    assert [e.split(";")[0] for e in errors(others)] == [
        "a: row 2: not valid utf-8 (byte 1)",
        "a: row 3: a NUL character in the text",
        "a: row 4: 1,001 characters are more than one article may have (1,000)",
    ]
    bad_text, good = run(read_parquet, parquet({"text": bad[1:3], "n": [1, 2]}))
    assert str(bad_text).startswith("a: row 1: not valid utf-8")
    assert good.text == "c"


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" * 10, b"id,text\n1,flu\n"])
def test_parquet_that_cannot_be_read_is_one_error(data):
    (error,) = run(read_parquet, data)
    assert str(error).startswith("a: not readable Parquet")
    assert "\n" not in str(error)


def test_parquet_column_that_holds_no_text_is_one_error():
    (error,) = run(read_parquet, parquet({"text": [1, 2]}))
    assert "holds int64, not text" in str(error)


def test_parquet_damaged_row_group_leaves_the_others():
    rows = [f"{n} {random.Random(n).random()}" for n in range(90)]
    data = bytearray(parquet({"text": rows}, row_group_size=30, use_dictionary=False))
    start = pq.ParquetFile(io.BytesIO(data)).metadata.row_group(1).column(0).data_page_offset
    data[start : start + 20] = b"\xff" * 20
    results = run(read_parquet, bytes(data))
    assert texts(results) == rows[:30] + rows[60:]
    (error,) = errors(results)
    assert error.startswith("a: row 31: cannot be read")


# All formats


class Endless(io.RawIOBase):
    """One line of very many bytes, which come as they are asked for."""

    def __init__(self, begin, size, end):
        self.left, self.size, self.end = begin, size, end
        self.asked = 0

    def read(self, size=-1):
        self.asked = max(self.asked, size)
        if not self.left and self.size:
            self.left = b"x" * min(self.size, 1 << 20)
            self.size -= len(self.left)
        elif not self.left:
            self.left, self.end = self.end, b""
        part, self.left = self.left[:size], self.left[size:]
        return part

    def readline(self, size=-1):
        self.asked = max(self.asked, size)
        parts = []
        while size and (part := self.read(size)):
            line, newline, rest = part.partition(b"\n")
            self.left = rest + self.left
            parts.append(line + newline)
            size -= len(parts[-1])
            if newline:
                break
        return b"".join(parts)


@pytest.mark.parametrize(
    ("reader", "begin", "end"),
    [
        (read_jsonl, b'{"text": "one"}\n{"text": "', b'"}\n{"text": "two"}\n'),
        (read_csv, b"text,n\none,1\n", b",2\ntwo,3\n"),
    ],
)
def test_records_very_long_line_is_never_held_in_memory(reader, begin, end):
    stream = Endless(begin, 300_000_000, end)
    first, error, last = reader(stream, "a", Columns(), LIMIT)
    assert (first.text, last.text) == ("one", "two")
    assert "the line is longer than" in str(error)
    assert stream.asked <= 1 << 20


@pytest.mark.parametrize("reader", [read_jsonl, read_csv])
@pytest.mark.parametrize(
    "kind", [OSError("disk gone"), EOFError(), ArticleError("a: too big; split it")]
)
def test_records_broken_stream_is_an_error_behind_what_was_read(reader, kind):
    class Broken(io.BytesIO):
        def readline(self, size=-1):
            line = super().readline(size)
            if not line:
                raise kind
            return line

    data = (
        b'{"text": "a"}\n' * 100_000 if reader is read_jsonl else b"text,n\n" + b"a,1\n" * 100_000
    )
    *given_before, error = reader(Broken(data), "a", Columns(), LIMIT)
    assert len(given_before) == 100_000
    assert isinstance(error, ArticleError)
    assert str(error).startswith("a: ")


def check(reader, data):
    good = 0
    for one in run(reader, data):
        if isinstance(one, ArticleError):
            assert "\n" not in str(one)
            continue
        good += 1
        assert one.text.strip()
        assert len(one.text) <= LIMIT
        for value in (one.text, one.title, one.name, *one.metadata, *one.metadata.values()):
            assert "\0" not in value
            value.encode()
    return good


RECORDS = [{"id": n, "title": "T", "text": f"flu \u00e9 {n}", "x": [n, "y"]} for n in range(5)]
FILES = [
    (read_jsonl, "\n".join(map(json.dumps, RECORDS)).encode()),
    (read_jsonl, json.dumps(RECORDS, ensure_ascii=False).encode()),
    (read_csv, b"id,title,text\n" + b'1,"T, t","a ""q""\nb"\n' * 5),
    (read_parquet, parquet({key: [r[key] for r in RECORDS] for key in ("id", "title", "text")})),
]


@pytest.mark.parametrize(("reader", "data"), FILES)
def test_records_damaged_file_raises_nothing(reader, data):
    rng = random.Random(7)
    good = check(reader, data)
    assert good == 5
    for _ in range(300):
        broken = bytearray(data)
        for _ in range(rng.randint(1, 3)):
            broken[rng.randrange(len(broken))] ^= 1 << rng.randrange(8)
        check(reader, bytes(broken))
        assert check(reader, data[: rng.randrange(len(data))]) <= good


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=80), st.sampled_from([b"", b"[", b'{"text": "', b'text,id\n"', b"PAR1"]))
def test_records_any_bytes_raise_nothing(data, begin):
    for reader in (read_jsonl, read_csv, read_parquet):
        check(reader, begin + data)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.dictionaries(st.sampled_from(["text", "id", "title", "x", ""]), VALUES)))
def test_jsonl_values_of_any_kind_are_read(records):
    lines = "\n".join(map(json.dumps, records)).encode()
    assert check(read_jsonl, lines) == check(read_jsonl, json.dumps(records).encode())


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20), max_size=5
    )
)
def test_csv_text_comes_back_as_it_was(values):
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["n", "text"])
    writer.writerows([n, value] for n, value in enumerate(values))
    assert texts(run(read_csv, out.getvalue())) == [v for v in values if v.strip()]
