"""Ask the tables of a run with SQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import RunError
from pipeline.tables.frames import NO_RUN
from pipeline.tables.schema import TABLES

if TYPE_CHECKING:
    import duckdb


@contextmanager
def open_run(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection that has every table of a run as a view.

    Raises
    ------
    RunError
        If the folder holds no finished run.
    """
    import duckdb

    with duckdb.connect() as connection:
        for name in TABLES:
            path = folder / f"{name}.parquet"
            if not path.is_file():  # DuckDB would take the name for a pattern
                raise RunError(NO_RUN.format(folder=folder, name=path.name))
            try:
                connection.read_parquet(str(path)).create_view(name)
            except duckdb.Error as error:
                raise RunError(NO_RUN.format(folder=folder, name=path.name)) from error
        yield connection
