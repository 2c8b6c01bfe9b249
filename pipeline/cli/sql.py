"""``symptograph sql``: ask the tables of a run."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from pipeline.cli.console import out

_SHOWN_ROWS = 100
_BATCH = 1_000


def command(
    run_dir: Annotated[Path, typer.Argument(help="Folder that `symptograph run` wrote.")],
    query: Annotated[
        str,
        typer.Argument(
            help="SQL (DuckDB's) over documents, sections, entities, links, relations, "
            "cooccurrences, rollups, errors."
        ),
    ],
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="table, csv or jsonl; a table in a terminal, else csv.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Ask the tables of a run with SQL."""
    import duckdb

    from pipeline.errors import RunError
    from pipeline.tables.query import open_run

    form = form or ("table" if out.is_terminal else "csv")
    if form not in ("table", "csv", "jsonl"):
        raise typer.BadParameter("use table, csv or jsonl", param_hint="--format")
    with open_run(run_dir) as connection:
        try:
            found = connection.execute(query)
            if found is None or not found.description:
                raise RunError(f"{run_dir}: the query asks for nothing; give a SELECT")
            names = _different([column[0] for column in found.description])
            {"table": _table, "csv": _csv, "jsonl": _jsonl}[form](found, names)
        except duckdb.Error as error:
            raise RunError(f"{run_dir}: {' '.join(str(error).split())}") from error


def _different(names: list[str]) -> list[str]:
    """Names of columns, a number behind those that were there before."""
    seen: Counter[str] = Counter()
    told = []
    for name in names:
        told.append(f"{name}_{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return told


class _Lines:
    """Takes the rows of a CSV writer, which ends them so that a lone CR is quoted."""

    def write(self, row: str) -> None:
        sys.stdout.write(row.removesuffix("\r\n") + "\n")


def _table(found: Any, names: list[str]) -> None:
    table = Table()
    for name in names:
        table.add_column(Text(name))
    for row in found.fetchmany(_SHOWN_ROWS):
        table.add_row(*(Text("" if value is None else str(value)) for value in row))
    out.print(table)
    if found.fetchone() is not None:
        out.print(Text(f"the first {_SHOWN_ROWS} rows; --format csv has all"))


def _csv(found: Any, names: list[str]) -> None:
    from pipeline.tables.spreadsheet import harmless

    writer = csv.writer(_Lines())
    writer.writerow(names)
    while rows := found.fetchmany(_BATCH):
        writer.writerows([harmless(v) if isinstance(v, str) else v for v in row] for row in rows)


def _jsonl(found: Any, names: list[str]) -> None:
    while rows := found.fetchmany(_BATCH):
        for row in rows:
            # NaN and infinity are no JSON.
            told = {
                name: None if isinstance(value, float) and not math.isfinite(value) else value
                for name, value in zip(names, row, strict=True)
            }
            sys.stdout.write(json.dumps(told, ensure_ascii=False, default=str) + "\n")
