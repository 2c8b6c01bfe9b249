"""Read spaCy's ``.spacy`` files (DocBin): our own annotations, or anyone's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab

from pipeline.components import attributes
from pipeline.errors import GoldError
from pipeline.evaluation.brat import reading_order
from pipeline.evaluation.documents import (
    AnnotatedDocument,
    Mention,
    RelationLink,
    parse_concepts,
)


def read_docbin(path: Path) -> list[AnnotatedDocument]:
    """All documents of a file.

    A document's id is the text ``doc.user_data["doc_id"]``, which our export writes; without one
    it is named after the file, and numbered where there are several.

    Mentions are the spans of ``doc.spans["sc"]`` where the Doc has that group, else ``doc.ents``.
    A span's concepts are what our pipeline stored with it (``span._.concepts``), else its
    ``kb_id_``, else its ``id_`` if that is a CURIE.

    Raises
    ------
    GoldError
        If the file cannot be read as a DocBin or holds no document.
    """
    try:
        docs = list(DocBin(store_user_data=True).from_disk(path).get_docs(Vocab()))
    except Exception as error:  # zlib, msgpack and spaCy each raise their own kinds
        raise GoldError(f"{path}: not a readable DocBin ({error}); write it anew") from error
    if not docs:
        raise GoldError(f"{path}: no documents there; give a DocBin with annotated Docs")
    names = [path.stem if len(docs) == 1 else f"{path.stem}-{n}" for n in range(1, len(docs) + 1)]
    return [_document(doc, name, path.name) for doc, name in zip(docs, names, strict=True)]


def _document(doc: Doc, name: str, file: str) -> AnnotatedDocument:
    stored = doc.user_data.get("doc_id")
    name = stored if isinstance(stored, str) else name
    document = AnnotatedDocument(name, doc.text)
    # Not "or": an empty group says that there are no mentions.
    spans: Iterable[Span] = doc.spans.get(attributes.MENTIONS, doc.ents)
    taken: set[str] = set()
    for number, span in enumerate(spans, start=1):
        mention = _mention(span)
        if mention.start >= mention.end or not mention.label:
            document.problems.append(f"{file}:{name}: span {number} has no label or text, ignored")
            continue
        if not mention.id or mention.id in taken:
            fresh = _fresh_id(number, taken)
            if mention.id and mention.id not in _all_concepts(mention):
                document.problems.append(
                    f"{file}:{name}: {mention.id} is defined twice, the second is read as {fresh}"
                )
            mention = replace(mention, id=fresh)
        taken.add(mention.id)
        document.mentions.append(mention)
    document.mentions.sort(key=reading_order)
    document.relations = _relations(doc, document, file)
    return document


def _all_concepts(mention: Mention) -> frozenset[str]:
    return frozenset().union(*mention.concepts)


def _fresh_id(number: int, taken: set[str]) -> str:
    while f"T{number}" in taken:
        number += 1
    return f"T{number}"


def _mention(span: Span) -> Mention:
    # values() reads the Doc's user data: nothing of another program's can raise there.
    concepts, negated, uncertain = attributes.values(span, "concepts", "negated", "uncertain")
    curie = _best(concepts) or span.kb_id_ or (span.id_ if ":" in span.id_ else "")
    return Mention(
        id=span.id_,
        label=span.label_,
        start=span.start_char,
        end=span.end_char,
        text=span.text,
        concepts=parse_concepts(curie),
        negated=negated is True,
        uncertain=uncertain is True,
        source="gold",
    )


def _best(concepts: Any) -> str:
    """CURIE of the best of ``span._.concepts``; empty where that is not what we wrote."""
    try:
        best = concepts[0][0]
    except (TypeError, IndexError, KeyError):
        return ""
    return best if isinstance(best, str) else ""


def _relations(doc: Doc, document: AnnotatedDocument, file: str) -> list[RelationLink]:
    """Relations that our pipeline stored; negated ones are left out, as the scheme says."""
    user_data: dict[Any, Any] = doc.user_data
    stored = user_data.get(("._.", "relations", None, None))
    known = document.by_id()
    links: list[RelationLink] = []
    # A DocBin gives lists back as tuples.
    for relation in stored if isinstance(stored, list | tuple) else ():
        values = relation if isinstance(relation, dict) else {}
        link = RelationLink(*(str(values.get(key)) for key in ("type", "head", "tail")))
        if not {link.head, link.tail} <= known.keys():
            document.problems.append(
                f"{file}:{document.doc_id}: relation between unknown mentions, ignored"
            )
        elif values.get("negated") is not True and link not in links:
            links.append(link)
    return links
