"""Read gold in whatever format it comes, with other people's labels read as ours.

The format is told by content, because public corpora name their files as they like:

==========  ============================================================================
BRAT        an ``.ann`` file with its ``.txt``
PubTator    the first line is ``id|t|title``
BioC        XML with ``<collection>`` or ``<document>``; JSON with ``passages``
CoNLL       most of the first lines end in a tag (``O``, ``B-Disease``)
DocBin      zlib data, as spaCy writes it
JSON lines  the first object has ``doc_id`` and ``text``
==========  ============================================================================
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from pipeline.errors import GoldError
from pipeline.evaluation.bioc import read_bioc
from pipeline.evaluation.brat import find_documents, read_document
from pipeline.evaluation.conll import DOCUMENT_START, TAG, read_conll, split_columns
from pipeline.evaluation.docbin import read_docbin
from pipeline.evaluation.documents import AnnotatedDocument, Mention, RelationLink
from pipeline.evaluation.jsonl import read_jsonl
from pipeline.evaluation.lines import numbered_lines
from pipeline.evaluation.pubtator import read_pubtator
from pipeline.records import RELATION_TYPES
from pipeline.terminology.records import ENTITY_TYPES

TARGETS = (*ENTITY_TYPES, *RELATION_TYPES)
_HEAD_BYTES = 65536
_HEAD_LINES = 50
_BLANK = b"\xef\xbb\xbf \t\r\n"
# A string, perhaps a key, or a bracket. In linear time: the inner loop is unrolled, and a string
# that does not end is taken as a whole.
_JSON_TOKEN = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)(?:"(\s*:)?)?|[][{}]', re.DOTALL)
_OUR_KEYS = frozenset({"doc_id", "text"})
_BIOC_KEYS = frozenset({"passages", "documents", "PubTator3"})


def _read_brat(path: Path, doc_id: str | None = None, name: str = "") -> list[AnnotatedDocument]:
    return [read_document(path.with_suffix(".ann"), doc_id=doc_id, name=name)]


READERS: dict[str, Callable[[Path], list[AnnotatedDocument]]] = {
    "BRAT": _read_brat,
    "PubTator": read_pubtator,
    "BioC": read_bioc,
    "CoNLL": read_conll,
    "DocBin": read_docbin,
    "JSON lines": read_jsonl,
}


def parse_label_map(value: str) -> dict[str, str]:
    """Read ``THEIRS=OURS,...``; an empty right side means that the label is dropped.

    Raises
    ------
    GoldError
        If a part is not ``NAME=TARGET``, a name comes twice with different targets, or a target is
        none of our labels and relation types.

    Examples
    --------
    >>> parse_label_map("Disease=CONDITION,Chemical=")
    {'Disease': 'CONDITION', 'Chemical': ''}
    """
    found: dict[str, str] = {}
    for part in value.split(","):
        name, equals, target = (piece.strip() for piece in part.rpartition("="))
        if not equals or not name:
            raise GoldError(f"label map: {part!r} is not NAME=TARGET; write A=CONDITION,B=SYMPTOM")
        if target and target not in TARGETS:
            raise GoldError(f"label map: unknown target {target!r}; give {', '.join(TARGETS)}")
        if found.setdefault(name, target) != target:
            raise GoldError(f"label map: {name!r} has two targets; give one")
    return found


def read_gold(
    path: Path, label_map: Mapping[str, str] | None = None, contiguous: bool = False
) -> list[AnnotatedDocument]:
    """All annotated documents of a file, or of the files of a folder, in order of their names.

    With a map only mapped labels are kept, and relations that have one of our types or are mapped
    to one; without a map our own labels are kept, in upper or lower case, and ``problems`` tells
    what was dropped. Mentions that then have the same span and label become one.

    Parameters
    ----------
    path
        A folder of BRAT pairs or of files of one other format, or one file. Folders inside it are
        not searched, but for the files that a BRAT export's ``documents.tsv`` names.
    label_map
        Their label or relation type to ours; an empty one drops it.
    contiguous
        Whether mentions in several parts are left out, instead of read as the covering span.

    Raises
    ------
    GoldError
        If nothing readable is found, a folder mixes formats, or no mention has a mapped label.
    """
    documents = _unique([d for reader, file in _find(path) for d in reader(file)])
    if contiguous:
        for document in documents:
            document.keep([m for m in document.mentions if not m.discontinuous])
    if label_map is not None:
        _require_labels(path, documents, label_map)
    for document in documents:
        _relabel(document, label_map)
        _merge(document)
    return documents


def _find(path: Path) -> list[tuple[Callable[[Path], list[AnnotatedDocument]], Path]]:
    if not path.is_dir():
        return [(READERS[_require_format(path)], path)]
    if documents := find_documents(path):
        return [
            (partial(_read_brat, doc_id=doc_id, name=name), path / name)
            for name, doc_id in documents.items()
        ]
    files = sorted(file for file in path.iterdir() if file.is_file())
    formats = {file: name for file in files if (name := sniff(file))}
    kinds = sorted(set(formats.values()))
    if not kinds:
        raise GoldError(
            f"{path}: no .ann files there, nor {', '.join(list(READERS)[1:])}; give a folder of "
            "BRAT .txt and .ann pairs, or a file of another format"
        )
    if len(kinds) > 1:
        raise GoldError(f"{path}: holds {' and '.join(kinds)} files; give one of them")
    return [(READERS[name], file) for file, name in formats.items()]


def _require_format(path: Path) -> str:
    if not path.exists():
        raise GoldError(f"{path}: no .ann files there, nor a file of that name; check the path")
    name = sniff(path)
    if name is None:
        raise GoldError(f"{path}: no known format; give {', '.join(READERS)}")
    return name


def sniff(path: Path) -> str | None:
    """Name the format of a file (a key of ``READERS``), or None.

    Raises
    ------
    GoldError
        If the file cannot be opened.
    """
    if path.suffix == ".ann" or (path.suffix == ".txt" and path.with_suffix(".ann").exists()):
        return "BRAT"
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
            if head.lstrip(_BLANK).startswith(b"{"):
                # Of JSON lines the first is needed to its end: a key may stand behind a long text.
                head += stream.readline()
    except OSError as error:
        raise GoldError(f"{path}: cannot be read ({error.strerror})") from error
    if _is_zlib(head):
        return "DocBin"
    # The end of the head may lie within a character.
    text = head.decode("utf-8", "ignore").lstrip("\ufeff \t\r\n")
    # First, because the rest may stand within the texts of a line.
    if _is_jsonl(text):
        return "JSON lines"
    if re.match(r"[^|\s]+\|[ta]\|", text):
        return "PubTator"
    if re.match(r"<.*<(collection|document)\b|<(collection|document)\b", text, re.DOTALL):
        return "BioC"
    if text[:1] in ("{", "[") and '"passages"' in text:
        return "BioC"
    return "CoNLL" if _is_conll(text) else None


def _is_zlib(head: bytes) -> bool:
    try:
        return len(zlib.decompressobj().decompress(head, 64)) > 0
    except zlib.error:
        return False


def _is_jsonl(text: str) -> bool:
    found: set[str] = set()
    for key in _first_keys(text):
        if key in _BIOC_KEYS:
            return False
        found.add(key)
        if found >= _OUR_KEYS:
            return True
    return False


def _first_keys(text: str) -> Iterator[str]:
    """Keys of the JSON object that a text begins with, as far as it goes."""
    if not text.startswith("{"):
        return
    depth = 0
    for token in _JSON_TOKEN.finditer(text):
        if token[0] in "{[":
            depth += 1
        elif token[0] in "}]":
            depth -= 1
            if not depth:
                return
        elif depth == 1 and token[2]:
            yield token[1]


def _is_conll(text: str) -> bool:
    lines = numbered_lines(text)[:_HEAD_LINES]
    rows = [columns for _, line in lines if (columns := split_columns(line))]
    if rows and rows[0][0] == DOCUMENT_START:
        return True
    tagged = [row for row in rows if len(row) > 1 and TAG.fullmatch(row[-1])]
    return 2 * len(tagged) > len(rows)


def _unique(documents: Iterable[AnnotatedDocument]) -> list[AnnotatedDocument]:
    """Documents by distinct id; the first of that id tells of those that were left out."""
    found: dict[str, AnnotatedDocument] = {}
    for document in documents:
        first = found.setdefault(document.doc_id, document)
        if first is not document:
            first.problems.append(
                f"{document.doc_id}: the same document id twice, the second is ignored"
            )
    return list(found.values())


def _require_labels(
    path: Path, documents: list[AnnotatedDocument], label_map: Mapping[str, str]
) -> None:
    there = Counter(mention.label for document in documents for mention in document.mentions)
    if there and not there.keys() & label_map.keys():
        raise GoldError(f"{path}: no label of the map is there; it has {', '.join(sorted(there))}")


def _relabel(document: AnnotatedDocument, label_map: Mapping[str, str] | None) -> None:
    """Keep the mentions and relations that have a label of ours."""
    if label_map is None:
        label_map = {name: label for label in ENTITY_TYPES for name in (label, label.lower())}
        _report_unknown(document, label_map)
    document.mentions = [
        replace(mention, label=label)
        for mention in document.mentions
        if (label := label_map.get(mention.label)) in ENTITY_TYPES
    ]
    kept = document.by_id().keys()
    document.relations = [
        RelationLink(kind, link.head, link.tail)
        for link in document.relations
        if (kind := label_map.get(link.type, link.type)) in RELATION_TYPES
        and {link.head, link.tail} <= kept
    ]


def _report_unknown(document: AnnotatedDocument, known: Mapping[str, str]) -> None:
    labels = Counter(m.label for m in document.mentions if m.label not in known)
    kinds = Counter(link.type for link in document.relations if link.type not in RELATION_TYPES)
    for what, counted in (("labels", labels), ("relation types", kinds)):
        if counted:
            names = ", ".join(f"{name} ({n})" for name, n in sorted(counted.items()))
            document.problems.append(
                f"{document.doc_id}: unknown {what} {names}, dropped; a label map would keep them"
            )


def _merge(document: AnnotatedDocument) -> None:
    """Make one mention of those with the same span and label.

    Covering spans, composite mentions and labels that the map makes equal give such doubles; kept
    apart, all but one would count as missed.
    """
    merged: dict[tuple[int, int, str], Mention] = {}
    new_ids: dict[str, str] = {}
    for mention in document.mentions:
        key = (*mention.span, mention.label)
        first = merged.setdefault(key, mention)
        new_ids[mention.id] = first.id
        if first is not mention:
            concepts = tuple(dict.fromkeys((*first.concepts, *mention.concepts)))
            merged[key] = replace(first, concepts=concepts)
            document.problems.append(
                f"{document.doc_id}: {mention.id} has the span and label of {first.id}, merged"
            )
    document.mentions = list(merged.values())
    links = (
        RelationLink(link.type, new_ids[link.head], new_ids[link.tail])
        for link in document.relations
    )
    document.relations = list(dict.fromkeys(links))
