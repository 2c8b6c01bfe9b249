"""A run as JSON lines: an object for each document with all that the tables have of it.

It can be annotated again: ``symptograph run`` takes ``text``, ``doc_id`` and ``title`` from it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from pipeline.export.documents import Document, FinishedRun, Row

# JSON may hold these as they are, but some readers of lines end a line there.
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")


def write(run: FinishedRun, path: Path) -> None:
    """Write a line for each document."""
    with path.open("w", encoding="utf-8", newline="") as file:
        for document in run.documents():
            line = json.dumps(_object(document), ensure_ascii=False)
            file.write(_LINE_ENDS.sub(lambda match: f"\\u{ord(match.group()):04x}", line) + "\n")


def _object(document: Document) -> dict[str, Any]:
    concepts: dict[str, list[Row]] = {}
    for link in document.links:
        concepts.setdefault(link["entity_id"], []).append(_own(link, "entity_id"))
    told = {name: json.loads(document.record[name]) for name in ("metadata", "layout")}
    return {
        **document.record,
        **told,
        "sections": [_own(row) for row in document.sections],
        "entities": [
            {**_own(row), "concepts": concepts.get(row["entity_id"], [])}
            for row in document.mentions
        ],
        "relations": [_own(row) for row in document.relations],
    }


def _own(row: Row, *names: str) -> Row:
    """A row without what the object it stands in says already."""
    return {key: value for key, value in row.items() if key not in ("doc_id", *names)}
