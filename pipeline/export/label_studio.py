"""A run as tasks of Label Studio with predictions, and the labelling configuration they fit.

Mentions are regions, which may nest; negation and hedging are choices of a region, concepts its
text area. Offsets are code points, as Label Studio stores them. Negated relations are left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.export.documents import Document, FinishedRun, Row

MARKER = "tasks.json"
_CONFIG = """\
<View>
  <Relations>
    <Relation value="has_symptom"/>
    <Relation value="affects"/>
    <Relation value="located_in"/>
  </Relations>
  <Labels name="label" toName="text">
    <Label value="CONDITION" background="#d9534f"/>
    <Label value="SYMPTOM" background="#f0ad4e"/>
    <Label value="BODY_PART" background="#5bc0de"/>
  </Labels>
  <Text name="text" value="$text"/>
  <Choices name="assertion" toName="text" choice="multiple" perRegion="true">
    <Choice value="negated"/>
    <Choice value="uncertain"/>
  </Choices>
  <TextArea name="concept" toName="text" perRegion="true" maxSubmissions="1"/>
</View>
"""


def write(run: FinishedRun, folder: Path) -> None:
    """Write ``tasks.json`` to import, and ``config.xml`` for the project's settings."""
    (folder / "config.xml").write_text(_CONFIG, encoding="utf-8", newline="")
    with (folder / MARKER).open("w", encoding="utf-8", newline="") as file:
        before = "[\n"
        for document in run.documents():
            task = json.dumps(_task(document, run.version), ensure_ascii=False)
            file.write(f"{before}{task}")
            before = ",\n"
        file.write("\n]\n" if before == ",\n" else "[]\n")


def _task(document: Document, version: str) -> dict[str, Any]:
    prediction: dict[str, Any] = {
        "model_version": f"symptograph {version}",
        "result": [*_regions(document), *_relations(document)],
    }
    scores = [row["score"] for row in document.mentions if row["score"] is not None]
    if scores:
        prediction["score"] = round(sum(scores) / len(scores), 4)
    data = {"text": document.text, "doc_id": document.doc_id, "title": document.record["title"]}
    return {"data": data, "predictions": [prediction]}


def _regions(document: Document) -> Iterator[dict[str, Any]]:
    for row in document.mentions:
        label = _region(row, "label", "labels", {"text": row["text"], "labels": [row["type"]]})
        if row["score"] is not None:
            label["score"] = row["score"]
        yield label
        choices = [name for name in ("negated", "uncertain") if row[name]]
        if choices:
            yield _region(row, "assertion", "choices", {"text": row["text"], "choices": choices})
        if row["concept_id"]:
            yield _region(row, "concept", "textarea", {"text": [row["concept_id"]]})


def _region(row: Row, control: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    """One result; those of a region have the same id and place."""
    return {
        "id": row["entity_id"],
        "from_name": control,
        "to_name": "text",
        "type": kind,
        "value": {"start": row["start"], "end": row["end"], **value},
    }


def _relations(document: Document) -> Iterator[dict[str, Any]]:
    for row in document.pairs():
        yield {
            "type": "relation",
            "from_id": row["head_id"],
            "to_id": row["tail_id"],
            "direction": "right",
            "labels": [row["type"]],
        }
