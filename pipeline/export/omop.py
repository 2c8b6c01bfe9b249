"""A run as the table NOTE_NLP of the OMOP Common Data Model 5.4, in CSV.

Concept ids of OMOP are integers of its own vocabularies, which are not here: both columns are 0,
"no matching concept", and the CURIEs are in ``term_modifiers``. Dates are empty, because no run
knows them and equal runs are to give equal files. Relations have no room.
"""

from __future__ import annotations

import csv
from itertools import count
from pathlib import Path

from pipeline.export.documents import Document, FinishedRun, Row
from pipeline.tables.spreadsheet import harmless

MARKER = "notes.csv"
COLUMNS = (
    "note_nlp_id", "note_id", "section_concept_id", "snippet", "offset", "lexical_variant",
    "note_nlp_concept_id", "note_nlp_source_concept_id", "nlp_system", "nlp_date", "nlp_datetime",
    "term_exists", "term_temporal", "term_modifiers",
)  # fmt: skip
NOTE_COLUMNS = ("note_id", "doc_id", "note_title", "path", "n_chars", "sha256")
_NO_CONCEPT = "0"
# OMOP's columns are 250 and 2000 characters wide; an apostrophe may come before.
_MAX_TEXT, _MAX_MODIFIERS = 249, 1999
_AROUND = 80


def write(run: FinishedRun, folder: Path) -> None:
    """Write ``note_nlp.csv``, and ``notes.csv``, which tells the document of each ``note_id``."""
    system = f"symptograph {run.version}"
    numbers = count(1)
    with (
        (folder / "note_nlp.csv").open("w", encoding="utf-8", newline="") as terms,
        (folder / MARKER).open("w", encoding="utf-8", newline="") as notes,
    ):
        term_writer, note_writer = csv.writer(terms), csv.writer(notes)
        term_writer.writerow(COLUMNS)
        note_writer.writerow(NOTE_COLUMNS)
        for note_id, document in enumerate(run.documents(), start=1):
            note_writer.writerow(_note(note_id, document))
            term_writer.writerows(
                _term(next(numbers), note_id, document, row, system) for row in document.mentions
            )


def _note(note_id: int, document: Document) -> list[str]:
    record = document.record
    title = (record["title"] or "")[:_MAX_TEXT]
    cells = (document.doc_id, title, record["path"], str(record["n_chars"]), record["sha256"])
    return [str(note_id), *(harmless(cell) for cell in cells)]


def _term(number: int, note_id: int, document: Document, row: Row, system: str) -> list[str]:
    start, end = row["start"], row["end"]
    around = document.text[max(start - _AROUND, 0) : end + _AROUND]
    exists = "N" if row["negated"] or row["experiencer"] == "other" else "Y"
    cells = (
        str(number), str(note_id), _NO_CONCEPT, " ".join(around.split())[:_MAX_TEXT], str(start),
        row["text"][:_MAX_TEXT], _NO_CONCEPT, _NO_CONCEPT, system, "", "", exists, "",
        _modifiers(row)[:_MAX_MODIFIERS],
    )  # fmt: skip
    return [harmless(cell) for cell in cells]


def _modifiers(row: Row) -> str:
    """Modifiers by the names that the model's description gives them, and our own."""
    modifiers = {
        "Negation": str(row["negated"]).lower(),
        "Subject": row["experiencer"],
        "Uncertain": str(row["uncertain"]).lower(),
        "Type": row["type"],
        "Role": row["role"],
        "Concept": row["concept_id"],
    }
    return ";".join(f"{name}={value}" for name, value in modifiers.items() if value)
