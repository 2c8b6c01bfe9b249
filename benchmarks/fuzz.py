"""Run over damaged and hostile inputs: nothing crashes, hangs, escapes or is lost.

Usage: python benchmarks/fuzz.py [NUMBER] [--seed N] [--keep FOLDER]

Makes NUMBER (2,000) inputs: a sound article in every format, cut short, with bits flipped, with
pieces put in twice, and inputs made to do harm (entity bombs, deep nesting, archives that unpack to
gigabytes, NULs, lone surrogates, lines of 10 MB, ids that look like paths). One run over all of
them. Prints what came of them by format; exit code 1 if an input is neither in ``documents`` nor in
``errors``, something was written outside the output folder, the run ended in another way than it
should, or an error does not name its file in one line.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import random
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).parents[1]
TIMEOUT_S = 30
TEXT = "Gout\n\nGout causes a swollen toe and fever. It does not cause a cough.\n"
PARAGRAPHS = TEXT.split("\n\n")


def pdf() -> bytes:
    """A PDF of one page."""
    drawn = zlib.compress(b"BT /F1 12 Tf 72 720 Td (Gout causes a swollen toe and fever.) Tj ET")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(drawn), drawn),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(out)
    return out + b"xref\n0 6\n0000000000 65535 f \n" + table + end


@cache
def docx() -> bytes:
    """A DOCX of a heading and a paragraph."""
    from docx import Document

    document = Document()
    document.add_heading(PARAGRAPHS[0])
    document.add_paragraph(PARAGRAPHS[1])
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def parquet(records: list[dict[str, str]]) -> bytes:
    """A Parquet file of records."""
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(records), stream)
    return stream.getvalue()


def sound(number: int) -> dict[str, bytes]:
    """An article in every format, by suffix; its ids have the number."""
    records = [{"id": f"{number}r{n}", "title": "Gout", "text": f"{TEXT} {n}"} for n in range(3)]
    html = f"<html><body><main><h1>Gout</h1><p>{PARAGRAPHS[1]}</p></main></body></html>"
    jats = (
        "<!DOCTYPE article><article><front><article-meta><title-group><article-title>Gout"
        f"</article-title></title-group></article-meta></front><body><p>{PARAGRAPHS[1]}</p></body>"
        "</article>"
    )
    bioc = (
        f"<collection><document><id>{number}b</id><passage><offset>0</offset>"
        f"<text>{TEXT}</text></passage></document></collection>"
    )
    return {
        ".txt": TEXT.encode(), ".md": f"# {TEXT}".encode(), ".html": html.encode(),
        ".pdf": pdf(), ".docx": docx(), ".nxml": jats.encode(), ".xml": bioc.encode(),
        ".jsonl": "".join(json.dumps(record) + "\n" for record in records).encode(),
        ".csv": b"id,text\n" + f'{number}c,"{TEXT}"\n'.encode(),
        ".parquet": parquet(records),
        ".pubtator": f"{number}|t|Gout\n{number}|a|{PARAGRAPHS[1]}\n".encode(),
        ".txt.gz": gzip.compress(TEXT.encode()),
    }  # fmt: skip


def hostile() -> Iterator[tuple[str, bytes]]:
    """Inputs made to do harm: a name with its suffix, and the content."""
    bomb = "<!ENTITY a0 'gout '>" + "".join(
        f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)
    )
    reach = "<!ENTITY x SYSTEM 'file:///etc/passwd'>"
    for name, root, inner in (
        ("jats", "article", "<body><p>{}</p></body>"),
        ("bioc", "collection", "<document>{}</document>"),
        ("html", "html", "<body><p>{}</p></body>"),
    ):
        suffix = ".xhtml" if name == "html" else ".xml"
        for kind, declared, used in (("bomb", bomb, "&a11;"), ("reach", reach, "&x;")):
            text = f"<!DOCTYPE {root} [{declared}]><{root}>{inner.format(used)}</{root}>"
            yield f"{name}-{kind}{suffix}", text.encode()
        deep = "<sec>" if name != "html" else "<div>"
        text = f"<{root}>{deep * 200_000}gout{deep.replace('<', '</') * 200_000}</{root}>"
        yield f"{name}-deep{suffix}", text.encode()
    yield "deep.jsonl", b'{"text": ' + b"[" * 200_000 + b"]" * 200_000 + b"}\n"
    yield "nul.txt", b"gout\0fever"
    yield "nul.jsonl", b'{"text": "gout\\u0000fever"}\n'
    yield "surrogate.jsonl", b'{"id": "\\ud800", "text": "gout \\udfff and fever"}\n'
    for number, name in enumerate(("../../up", "/etc/passwd", "..", "a/../../b", "C:\\x", "a\nb")):
        yield f"path{number}.jsonl", json.dumps({"id": name, "text": TEXT}).encode() + b"\n"
    yield "formula.csv", b'id,text\n=cmd|x,"=1+1 gout"\n'
    line = ("The garden is green in the morning " * 20 + "and gout hurts. ") * 14_000
    yield "line.txt", line.encode()
    yield "word.txt", b"x" * 10_000_000
    yield "hashes.txt", b"#" * 200_000
    yield "quotes.txt", b"\"'(" * 100_000
    yield "line.html", b"<p>" + line.encode()
    yield "line.jsonl", json.dumps({"text": line}).encode() + b"\n"
    yield "line.csv", b"text\n" + line.encode() + b"\n"
    yield "tags.html", b"<b><i><p>" * 300_000
    yield "bomb.txt.gz", gzip.compress(b"gout " * 100_000_000, 1)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("word/document.xml", "w", force_zip64=True) as stream:
            for _ in range(1_000):
                stream.write(b" " * 1_000_000)
    yield "bomb.docx", packed.getvalue()
    unpacked = zlib.compress(b"(gout) Tj " * 30_000_000, 1)
    drawn = pdf().split(b"4 0 obj")[0] + b"4 0 obj\n<< /Length %d /Filter /FlateDecode >>\n" % len(
        unpacked
    )
    yield (
        "bomb.pdf",
        drawn + b"stream\n" + unpacked + b"\nendstream\nendobj\ntrailer << /Root 1 0 R >>",
    )
    loop = pdf().replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]")
    yield "loop.pdf", loop
    yield "empty.txt", b""
    yield "empty.parquet", b"PAR1PAR1"
    yield "old.docx", b"\xd0\xcf\x11\xe0" + b"\0" * 2_000


def damaged(data: bytes, draw: random.Random) -> bytes:
    """Sound bytes with something done to them."""
    way = draw.randrange(4)
    place = draw.randrange(len(data))
    if way == 0:
        return data[:place]
    if way == 1:
        spoilt = bytearray(data)
        for _ in range(draw.choice((1, 3, 30))):
            spoilt[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        return bytes(spoilt)
    end = min(place + draw.randrange(1, 200), len(data))
    if way == 2:
        return data[:place] + data[place:end] * draw.randrange(2, 50) + data[end:]
    return data[:place] + draw.randbytes(end - place) + data[end:]


def make(folder: Path, number: int, draw: random.Random) -> list[Path]:
    """Write the inputs."""
    folder.mkdir(parents=True)
    made = [folder / name for name, _ in hostile()]
    for name, data in hostile():
        (folder / name).write_bytes(data)
    for place in range(number - len(made)):
        kinds = sorted(sound(place).items())
        suffix, data = kinds[place % len(kinds)]
        path = folder / f"f{place:04}{suffix}"
        path.write_bytes(damaged(data, draw) if place >= len(kinds) else data)
        made.append(path)
    return made


def main() -> int:
    """Run the command line; 0 if all is as it should be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("number", nargs="?", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="make the inputs and tables there")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        base = given.keep or Path(scratch)
        made = make(base / "in", given.number, random.Random(given.seed))
        before = set(base.rglob("*")) | set(ROOT.glob("*"))
        began = time.perf_counter()
        run = subprocess.run(
            [sys.executable, "-m", "pipeline", "run", str(base / "in"), "--out", str(base / "out"),
             "--profile", "fast", "--workers", "2", "--timeout", str(TIMEOUT_S),
             "--max-chars", "20000000"],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        seconds = time.perf_counter() - began
        wrong = [] if run.returncode == 3 else [f"exit code {run.returncode}: {run.stderr[-500:]}"]
        wrong += ["a traceback on stderr"] if "Traceback" in run.stderr else []
        new = (set(base.rglob("*")) | set(ROOT.glob("*"))) - before
        wrong += [f"written: {p}" for p in new if not p.is_relative_to(base / "out")]
        wrong += check(base / "out", made)
        print(f"{len(made):,} inputs in {seconds:.0f} s")
        for line in wrong:
            print(line)
    return int(bool(wrong))


def check(out: Path, made: list[Path]) -> list[str]:
    """What is wrong with the tables; prints what came of the inputs."""
    documents = Counter(pq.read_table(out / "documents.parquet")["path"].to_pylist())
    errors = pq.read_table(out / "errors.parquet").to_pylist()
    failed = Counter(error["path"] for error in errors)
    by_kind: dict[str, Counter[str]] = {}
    for path in made:
        kind = by_kind.setdefault("".join(path.suffixes), Counter())
        kind["read"] += bool(documents[str(path)])
        kind["with errors"] += bool(failed[str(path)])
    for suffix, kind in sorted(by_kind.items()):
        print(f"{suffix:10} {kind['read']:5} read, {kind['with errors']:5} with errors")
    by_error = Counter((error["stage"], error["error"]) for error in errors)
    print(", ".join(f"{stage} {error} {n}" for (stage, error), n in sorted(by_error.items())))
    lost = [p for p in made if not documents[str(p)] and not failed[str(p)]]
    return [
        *(f"lost: {path}" for path in lost),
        *(
            f"no clear line: {error['message']!r}"
            for error in errors
            if "\n" in error["message"] or not error["message"].startswith(error["path"])
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())
