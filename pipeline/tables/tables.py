"""The tables of a run in memory: data frames that can be looked at, counted and asked with SQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pipeline.errors import OutputError
from pipeline.tables.schema import TABLES

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

_SCRATCH = "symptograph_table"


@dataclass(frozen=True, eq=False, repr=False)
class Tables:
    """Every table of a run as a pandas data frame.

    A table is an attribute, ``tables.entities``, or an item, ``tables["entities"]``;
    ``dict(tables)`` has all of them. An empty table has the same columns and types as a full one.
    ``start`` and ``end`` are Unicode code points into ``documents.text``, half-open. A notebook
    shows an overview.

    Attributes
    ----------
    documents
        A row for each article.
    sections
        A row for each section of an article.
    entities
        A row for each mention of a condition, symptom or body part.
    links
        A row for each concept that a mention may stand for.
    relations
        A row for each pair of concepts that a text relates.
    cooccurrences
        A row for each pair of concepts in a scope, with counts and tests.
    rollups
        Such pairs at the levels above their concepts, where they were asked for.
    errors
        A row for each thing that failed.
    run
        What ``run.json`` says of the run: versions, settings, counts and seconds.
    """

    documents: pd.DataFrame
    sections: pd.DataFrame
    entities: pd.DataFrame
    links: pd.DataFrame
    relations: pd.DataFrame
    cooccurrences: pd.DataFrame
    rollups: pd.DataFrame
    errors: pd.DataFrame
    run: Mapping[str, Any]

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in TABLES:
            raise KeyError(f"no table {name!r}; there are {', '.join(TABLES)}")
        frame: pd.DataFrame = getattr(self, name)
        return frame

    def __iter__(self) -> Iterator[str]:
        return iter(TABLES)

    def keys(self) -> list[str]:
        """Names of the tables, in order."""
        return list(TABLES)

    def __repr__(self) -> str:
        counts = ", ".join(f"{name}: {len(self[name]):,}" for name in TABLES)
        return f"Tables({counts})"

    def _repr_html_(self) -> str:
        from pipeline.tables.overview import overview

        return overview(self)

    def to_duckdb(
        self, connection: duckdb.DuckDBPyConnection | None = None, *, replace: bool = False
    ) -> duckdb.DuckDBPyConnection:
        """Copy the tables to DuckDB, each under its name.

        Parameters
        ----------
        connection
            Where to; a new database in memory if there is none.
        replace
            Whether tables of these names that are there already are replaced.

        Returns
        -------
        duckdb.DuckDBPyConnection
            The connection, ``.sql("select …")`` of which asks the tables.

        Raises
        ------
        pipeline.errors.OutputError
            If the database has something of one of these names, or cannot be written.

        Examples
        --------
        >>> tables = extract("Flu causes fever and cough.")
        >>> tables.to_duckdb().sql("select text from entities where type = 'SYMPTOM'").fetchall()
        [('fever',), ('cough',)]
        """
        import duckdb

        connection = duckdb.connect() if connection is None else connection
        if not replace and (taken := _taken(connection)):
            raise OutputError(
                f"the database has {', '.join(taken)} already; "
                "give replace=True, or another connection"
            )
        try:
            for name in TABLES:
                connection.register(_SCRATCH, _arrow(name, self[name]))
                connection.execute(f"create or replace table {name} as from {_SCRATCH}")
        except duckdb.Error as error:
            why = " ".join(str(error).split())
            raise OutputError(f"{name}: cannot be written to the database ({why})") from error
        finally:
            connection.unregister(_SCRATCH)
        return connection


def _taken(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Which of the tables' names the database has in use."""
    found = connection.execute(
        "select table_name from information_schema.tables where table_schema = current_schema() "
        "and table_catalog in (current_database(), 'temp')"
    ).fetchall()
    names = {name.lower() for (name,) in found}
    return [name for name in TABLES if name in names]


def _arrow(name: str, frame: pd.DataFrame) -> pa.Table:
    """A frame with the types of its table, whatever its cells hold; other columns stay as well."""
    types = {field.name: field.type for field in TABLES[name]}
    return pa.table(
        {
            column: pa.array(frame[column], type=types.get(column), from_pandas=True)
            for column in frame.columns
        }
    )
