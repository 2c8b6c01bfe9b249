"""Read the tables of a finished run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.config import RunConfig
from pipeline.errors import RunError
from pipeline.records import Article, Block
from pipeline.tables.schema import RUN_FILE, TABLES
from pipeline.tables.tables import Tables

NO_RUN = "{folder}: no finished run there ({name}); give the --out folder of one"


def read_table(folder: Path, name: str, columns: list[str] | None = None) -> pa.Table:
    """One table of a run, or some columns of it, from its Parquet file (raw text, typed columns).

    Raises
    ------
    RunError
        If the folder does not hold that table, whole.
    """
    path = folder / f"{name}.parquet"
    try:
        return pq.read_table(path, columns=columns)
    except (OSError, pa.ArrowInvalid) as error:
        raise RunError(NO_RUN.format(folder=folder, name=path.name)) from error


def read_articles(folder: Path, doc_ids: Sequence[str]) -> list[Article]:
    """Documents of a run as the articles that were annotated.

    Raises
    ------
    RunError
        If the folder holds no run, or the run no such document.
    """
    path = folder / "documents.parquet"
    try:
        table = pq.read_table(path, filters=[("doc_id", "in", list(doc_ids))])
    except (OSError, pa.ArrowInvalid) as error:
        raise RunError(NO_RUN.format(folder=folder, name=path.name)) from error
    found = {row["doc_id"]: _article(row) for row in table.to_pylist()}
    for doc_id in doc_ids:
        if doc_id not in found:
            raise RunError(f"{folder}: no document {doc_id!r}; documents.csv lists them")
    return [found[doc_id] for doc_id in doc_ids]


def _article(row: dict[str, Any]) -> Article:
    metadata = json.loads(row["metadata"])
    return Article(
        row["doc_id"],
        row["path"],
        row["text"],
        metadata.pop("title", ""),
        tuple(Block(*block) for block in json.loads(row["layout"])),
        metadata,
        row["sha256"],
    )


def read_run_content(folder: Path) -> dict[str, Any]:
    """What ``run.json`` says of a run.

    Raises
    ------
    RunError
        If it cannot be read.
    """
    path = folder / RUN_FILE
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _unread(path, error) from error
    return content


def read_run_file(folder: Path) -> tuple[dict[str, Any], RunConfig]:
    """What ``run.json`` says of a run, and the settings in it.

    Raises
    ------
    RunError
        If it cannot be read.
    """
    content = read_run_content(folder)
    try:
        return content, RunConfig.model_validate(content["config"])
    except (ValueError, KeyError, TypeError) as error:
        raise _unread(folder / RUN_FILE, error) from error


def _unread(path: Path, error: Exception) -> RunError:
    return RunError(f"{path}: cannot be read ({error}); run again")


def read_tables(folder: Path) -> Tables:
    """Every table of a run as a pandas data frame, and its ``run.json``.

    Raises
    ------
    RunError
        If the folder does not hold a whole run.
    """
    frames = {name: read_table(folder, name).to_pandas() for name in TABLES}
    # Integers of which some are missing; pandas would make them numbers of another type then.
    frames["entities"] = frames["entities"].astype({"cue_start": "Int64", "cue_end": "Int64"})
    return Tables(**frames, run=read_run_content(folder))
