"""Put the training annotation of ``corpus/training`` together with its texts, as BRAT folders.

Usage: python benchmarks/training_pages.py MEDQUAD.jsonl[.gz] OUT

The texts are excerpts of MedQuAD (Ben Abacha and Demner-Fushman 2019, CC BY 4.0) and not part of
this repository. MEDQUAD has a record a page with ``id`` (folder and file of the public data set)
and ``text`` (its questions and answers in their order, blank lines between). A page whose text is
not the one that was annotated is left out and named. OUT gets the folders ``train`` and ``dev``,
and ``related``: those pages again whose relations, negation and hedging were annotated too.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import json
import re
import sys
from collections import defaultdict
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "corpus" / "training"
Row = dict[str, str]


def rows(name: str) -> list[Row]:
    """Rows of a table of the folder."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def read_texts(path: Path) -> dict[str, str]:
    """Texts of the pages, by id."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as stream:
        records = [json.loads(line) for line in stream]
    return {record["id"]: record["text"] for record in records}


def excerpt(text: str, page: Row) -> str:
    """The paragraphs of a page that were annotated."""
    paragraphs = re.split(r"\n\s*\n", re.sub(r"[ \t]+\n", "\n", text))
    first = int(page["first_paragraph"])
    return "\n\n".join(paragraphs[first : first + int(page["paragraphs"])]) + "\n"


def statement(number: int, row: Row) -> str:
    """Line of a relation between two mentions, or of what is said of one."""
    if row["other"]:
        return f"R{number}\t{row['type']} Arg1:T{row['mention']} Arg2:T{row['other']}"
    return f"A{number}\t{row['type']} T{row['mention']}"


def write(folder: Path, name: str, text: str, lines: list[str]) -> None:
    """Write a text and its annotation."""
    (folder / f"{name}.txt").write_text(text, encoding="utf-8", newline="")
    annotation = "".join(f"{line}\n" for line in lines)
    (folder / f"{name}.ann").write_text(annotation, encoding="utf-8", newline="")


def main() -> int:
    """Write the folder; 0 if every page could be written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("medquad", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    texts = read_texts(options.medquad)
    for split in ("train", "dev", "related"):
        Path(options.out, split).mkdir(parents=True, exist_ok=True)
    mentions: dict[str, list[Row]] = defaultdict(list)
    for row in rows("mentions.tsv"):
        mentions[row["page"]].append(row)
    related: dict[str, list[Row]] = defaultdict(list)
    for row in rows("relations.tsv"):
        related[row["page"]].append(row)
    missing = []
    for page in rows("pages.tsv"):
        text = excerpt(texts.get(page["medquad_id"], ""), page)
        if hashlib.sha256(text.encode()).hexdigest()[:16] != page["sha256"]:
            missing.append(page["medquad_id"])
            continue
        lines = [
            f"T{n}\t{m['type']} {m['start']} {m['end']}\t"
            + text[int(m["start"]) : int(m["end"])].replace("\n", " ")
            for n, m in enumerate(mentions[page["page"]], start=1)
        ]
        write(options.out / page["split"], page["page"], text, lines)
        if page["page"] in related:
            more = [statement(n, row) for n, row in enumerate(related[page["page"]], start=1)]
            write(options.out / "related", page["page"], text, lines + more)
    print(f"{len(rows('pages.tsv')) - len(missing)} pages written to {options.out}")
    for name in missing:
        print(f"{name}: not there, or not with the text that was annotated", file=sys.stderr)
    return int(bool(missing))


if __name__ == "__main__":
    sys.exit(main())
