"""Write tables as Parquet and CSV, in chunks, into place only when whole."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from pipeline.errors import OutputError, unwritable
from pipeline.tables.schema import RUN_FILE, TABLES
from pipeline.tables.spreadsheet import FORMULA

Row = tuple[Any, ...]
_CHUNK_ROWS, _CHUNK_BYTES = 20_000, 16_000_000
_RISKY_STARTS = ("'", "=", "+", "-", "@", "\t", "\r")


def neutralise(table: pa.Table) -> pa.Table:
    """Put an apostrophe before text cells that a spreadsheet would run as a formula.

    See :mod:`pipeline.tables.spreadsheet`; the Parquet files hold the raw text.
    """
    columns = [_neutral(c) if pa.types.is_string(c.type) else c for c in table.columns]
    return pa.table(columns, schema=table.schema)


def _neutral(column: pa.ChunkedArray) -> pa.ChunkedArray:
    first = pc.utf8_slice_codeunits(column, 0, 1)
    if not pc.any(pc.is_in(first, value_set=pa.array(_RISKY_STARTS))).as_py():
        return column
    return pc.replace_substring_regex(column, FORMULA, r"'\1")


def as_table(name: str, rows: Sequence[Row]) -> pa.Table:
    """Rows of a table as Arrow."""
    schema = TABLES[name]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = [pa.array(c, type=f.type) for c, f in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema=schema)


def _text_bytes(name: str, rows: pa.Table) -> int:
    """Bytes of the articles' texts, 0 in tables without them."""
    return pc.sum(pc.binary_length(rows["text"])).as_py() or 0 if name == "documents" else 0


def _cut(table: pa.Table, *, texts: bool) -> int:
    """How many rows are a chunk, 0 if there are too few."""
    n_rows = int(table.num_rows)
    if texts and n_rows:
        sizes = np.cumsum(pc.binary_length(table["text"]).to_numpy())
        full = int(np.searchsorted(sizes, _CHUNK_BYTES)) + 1
        if full <= min(n_rows, _CHUNK_ROWS):
            return full
    return _CHUNK_ROWS if n_rows >= _CHUNK_ROWS else 0


class TableWriter:
    """Collects rows and writes ``NAME.parquet`` and ``NAME.csv`` for every table.

    Everything is written to a hidden folder inside the output folder and moved into place by
    :meth:`publish`; until then the output folder's earlier tables stay as they are.

    Parameters
    ----------
    folder
        The output folder; made if it does not exist.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scratch = folder / ".tables"
        self._pending: dict[str, list[pa.Table]] = {name: [] for name in TABLES}
        self._n_pending = dict.fromkeys(TABLES, 0)
        self._n_bytes = dict.fromkeys(TABLES, 0)
        self._parquet: dict[str, pq.ParquetWriter] = {}
        self._csv: dict[str, pa.csv.CSVWriter] = {}

    def __enter__(self) -> TableWriter:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(self.scratch, ignore_errors=True)
            self.scratch.mkdir()
            for name, schema in TABLES.items():
                self._parquet[name] = pq.ParquetWriter(self.path(name), schema, compression="zstd")
                self._csv[name] = pa.csv.CSVWriter(self.scratch / f"{name}.csv", schema)
        except OSError as error:
            raise unwritable(self.folder, error) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for writer in (*self._parquet.values(), *self._csv.values()):
            writer.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def path(self, name: str) -> Path:
        """Where a table's Parquet file is until it is published."""
        return self.scratch / f"{name}.parquet"

    def add(self, name: str, rows: Sequence[Row]) -> None:
        """Take rows of a table; as :meth:`extend`."""
        self.extend(name, as_table(name, rows))

    def extend(self, name: str, table: pa.Table) -> None:
        """Take rows of a table.

        They are written in chunks that depend on the rows alone, not on how many come at once, so
        that runs are alike: of so many rows, or as soon as their texts are so long.
        """
        pending = self._pending[name]
        pending.append(table)
        self._n_pending[name] += table.num_rows
        self._n_bytes[name] += _text_bytes(name, table)
        if self._n_pending[name] < _CHUNK_ROWS and self._n_bytes[name] < _CHUNK_BYTES:
            return
        rows = pa.concat_tables(pending)
        while cut := _cut(rows, texts=name == "documents"):
            self.add_table(name, rows.slice(0, cut))
            rows = rows.slice(cut)
        self._keep(name, rows)

    def _keep(self, name: str, rows: pa.Table) -> None:
        self._pending[name] = [rows] if rows.num_rows else []
        self._n_pending[name] = rows.num_rows
        self._n_bytes[name] = _text_bytes(name, rows)

    def add_table(self, name: str, table: pa.Table) -> None:
        """Write a whole Arrow table at once."""
        # In one piece, or where the pieces meet would show in the file.
        table = table.combine_chunks()
        try:
            # Arrow works outside Python's lock, so the two files are written side by side.
            with ThreadPoolExecutor(1) as pool:
                parquet = pool.submit(self._parquet[name].write_table, table)
                self._csv[name].write_table(neutralise(table))
                parquet.result()
        except OSError as error:
            raise OutputError(f"{self.folder}: cannot be written ({error})") from error

    def finish(self, name: str) -> None:
        """Write what is left of a table and close its files, so that it can be read."""
        if self._pending[name]:
            self.add_table(name, pa.concat_tables(self._pending[name]))
            self._keep(name, TABLES[name].empty_table())
        self._parquet[name].close()
        self._csv[name].close()

    def holds_a_run(self) -> bool:
        """Tell whether the folder holds the tables of an earlier run."""
        return (self.folder / RUN_FILE).exists()

    def publish(self, run_file: str) -> None:
        """Move every finished table and ``run.json`` into place, all of them or none.

        Raises
        ------
        OutputError
            If something other than an earlier table stands in a table's place.
        """
        for name in TABLES:
            self.finish(name)
        names = [f"{name}.{suffix}" for name in TABLES for suffix in ("parquet", "csv")]
        try:
            (self.scratch / RUN_FILE).write_text(run_file, encoding="utf-8")
            names.append(RUN_FILE)
            for name in names:
                if (self.folder / name).is_dir():
                    raise OutputError(
                        f"{self.folder / name}: cannot be written (it is a folder); remove it"
                    )
            # While tables of two runs stand side by side the folder holds no run.
            (self.folder / RUN_FILE).unlink(missing_ok=True)
            for name in names:
                (self.scratch / name).replace(self.folder / name)
        except OSError as error:
            raise OutputError(f"{self.folder}: cannot be written ({error.strerror})") from error
