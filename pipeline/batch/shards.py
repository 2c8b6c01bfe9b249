"""Shards: the rows of a unit, a Parquet file a table, there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.batch.messages import ErrorRow
from pipeline.errors import OutputError, RunError
from pipeline.tables.schema import OF_DOCUMENTS, TABLES

SHARDED = (*OF_DOCUMENTS, "errors")


def write_shards(tables: Mapping[str, pa.Table], folder: Path, key: str) -> None:
    """Write all shards of a unit, an empty one for a table that is not given.

    Raises
    ------
    OutputError
        If one cannot be written.
    """
    for name in SHARDED:
        _write(tables.get(name, TABLES[name].empty_table()), _path(folder, key, name))


def _write(table: pa.Table, path: Path) -> None:
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with scratch.open("wb") as stream:
            # Read once and thrown away: not worth the time of a better compression.
            pq.write_table(table, stream, compression="lz4", use_dictionary=False)
            stream.flush()
            os.fsync(stream.fileno())
        scratch.replace(path)
    except OSError as error:
        scratch.unlink(missing_ok=True)
        raise OutputError(
            f"{folder_of(path)}: cannot be written ({error.strerror or error}); "
            "make room, then run again: what is done is kept"
        ) from error


def folder_of(path: Path) -> Path:
    """The output folder that a shard is for."""
    return path.parents[2]


def read_shard(folder: Path, key: str, name: str) -> pa.Table:
    """The rows of a unit of a table.

    Raises
    ------
    RunError
        If the shard is missing or damaged.
    """
    path = _path(folder, key, name)
    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise RunError(
            f"{path}: cannot be read ({error}); remove {folder.parent} and run again"
        ) from error


def read_errors(folder: Path, key: str) -> list[ErrorRow]:
    """The rows of ``errors`` of a unit."""
    return [ErrorRow(**row) for row in read_shard(folder, key, "errors").to_pylist()]


def _path(folder: Path, key: str, name: str) -> Path:
    return folder / f"{key}.{name}.parquet"
