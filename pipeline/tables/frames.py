"""Read the tables of a finished run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.config import RunConfig
from pipeline.errors import RunError
from pipeline.records import Article, Block
from pipeline.tables.schema import RUN_FILE, TABLES

if TYPE_CHECKING:
    import pandas as pd


NO_RUN = "{folder}: no finished run there ({name}); give the --out folder of one"


def read_table(folder: Path, name: str) -> pa.Table:
    """One table of a run from its Parquet file (the raw text, typed columns).

    Raises
    ------
    RunError
        If the folder does not hold that table, whole.
    """
    path = folder / f"{name}.parquet"
    try:
        return pq.read_table(path)
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


def read_run_file(folder: Path) -> tuple[dict[str, Any], RunConfig]:
    """What ``run.json`` says of a run, and the settings in it.

    Raises
    ------
    RunError
        If it cannot be read.
    """
    path = folder / RUN_FILE
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return content, RunConfig.model_validate(content["config"])
    except (OSError, ValueError, KeyError) as error:
        raise RunError(f"{path}: cannot be read ({error}); run again") from error


def read_frames(folder: Path) -> dict[str, pd.DataFrame]:
    """Every table of a run as a pandas data frame, by name; errors as in :func:`read_table`."""
    return {name: read_table(folder, name).to_pandas() for name in TABLES}
