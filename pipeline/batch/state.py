"""What a run has done so far, kept where it survives the run: shards, and a log in SQLite.

Below the output folder, in ``.partial``: ``log.sqlite`` (the units that are done, the settings) and
``shards/`` (the rows of each unit). The next run with the same settings goes on with them. While a
run works here it holds the log's lock, which the system lets go of when the run ends, however it
ends.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import cast

from pipeline.batch.messages import ErrorRow
from pipeline.batch.settings import differences
from pipeline.errors import OutputError, RunError, unwritable

FOLDER = ".partial"
_TABLES = """
create table if not exists setting (name text primary key, value text) without rowid;
create table if not exists unit (key text primary key, counts text) without rowid;
create temp table id (doc_id text primary key, path text) without rowid;
create temp table failure (path text, doc_id text, stage text, error text, message text);
"""


class RunState:
    """The state of the run in an output folder.

    Parameters
    ----------
    folder
        The output folder; made if it does not exist.
    settings
        What decides a run's rows, by name: state with other settings is of no use.
    overwrite
        Whether state with other settings is thrown away.

    Raises
    ------
    OutputError
        If the folder cannot be written, another run works there, or one with other settings was
        broken off there.
    """

    def __init__(self, folder: Path, settings: dict[str, str], *, overwrite: bool = False) -> None:
        self.folder = folder / FOLDER
        self.shards = self.folder / "shards"
        self._log: sqlite3.Connection | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.shards.mkdir(parents=True, exist_ok=True)
            self._log = self._open()
            if not self._fits(settings, folder, overwrite=overwrite):
                self._forget()
            self._keep(settings)
        except (OSError, sqlite3.Error) as error:
            self.close()
            raise _refused(folder, error) from error
        except OutputError:
            self.close()
            raise

    def _open(self) -> sqlite3.Connection:
        log = sqlite3.connect(self.folder / "log.sqlite", timeout=0.5, isolation_level=None)
        log.execute("pragma locking_mode = exclusive")
        # Whole on the disk before it counts as done: a power cut must not lose a shard's unit.
        log.execute("pragma synchronous = full")
        log.execute("begin exclusive")
        for statement in _TABLES.split(";"):
            log.execute(statement)
        log.execute("commit")
        return log

    @property
    def log(self) -> sqlite3.Connection:
        """The open log."""
        if self._log is None:
            raise RuntimeError("the state is closed")
        return self._log

    def _fits(self, settings: dict[str, str], folder: Path, *, overwrite: bool) -> bool:
        before = dict(self.log.execute("select name, value from setting"))
        if not before or before == settings or overwrite:
            return before == settings
        raise OutputError(
            f"{folder}: a run with other settings was broken off there "
            f"({differences(before, settings)}); run it again with them, "
            "or give another folder with --out, or --overwrite"
        )

    def _forget(self) -> None:
        self.log.execute("begin")
        for table in ("setting", "unit"):
            self.log.execute(f"delete from {table}")
        self.log.execute("commit")
        shutil.rmtree(self.shards)
        self.shards.mkdir()

    def _keep(self, settings: dict[str, str]) -> None:
        self.log.executemany("insert or replace into setting values (?, ?)", settings.items())

    def __enter__(self) -> RunState:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the log and its lock."""
        if self._log is not None:
            self._log.close()
            self._log = None

    def remove(self) -> None:
        """Throw the state away: the run is done."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def n_done(self) -> int:
        """Units that are done."""
        ((number,),) = self.log.execute("select count(*) from unit")
        return int(number)

    def counts(self, key: str) -> dict[str, int] | None:
        """What a unit gave, None if it is not done."""
        found = self.log.execute("select counts from unit where key = ?", [key]).fetchone()
        return None if found is None else cast("dict[str, int]", json.loads(found[0]))

    def done(self, key: str, counts: dict[str, int]) -> None:
        """Note that a unit's shards are there."""
        self.log.execute("insert or replace into unit values (?, ?)", [key, json.dumps(counts)])

    def claim(self, doc_id: str, path: str) -> str | None:
        """Take an id for a document; the path of the document that has it already, or None."""
        found = self.log.execute("select path from id where doc_id = ?", [doc_id]).fetchone()
        if found is not None:
            return str(found[0])
        self.log.execute("insert into id values (?, ?)", [doc_id, path])
        return None

    def release(self, doc_ids: Iterable[str]) -> None:
        """Take ids back, each of them once.

        Raises
        ------
        RunError
            If one is not out.
        """
        for doc_id in doc_ids:
            if self.log.execute("delete from id where doc_id = ?", [doc_id]).rowcount != 1:
                raise RunError(
                    f"{self.folder}: the document {doc_id!r} came out twice; remove this folder "
                    "and run again"
                )

    def n_claimed(self) -> int:
        """Ids that are out."""
        ((number,),) = self.log.execute("select count(*) from id")
        return int(number)

    def fail(self, rows: Iterable[ErrorRow]) -> None:
        """Note what failed before it came into a unit; each run finds that out anew."""
        self.log.executemany("insert into failure values (?, ?, ?, ?, ?)", rows)

    def failures(self) -> Iterator[ErrorRow]:
        """What failed, as noted."""
        query = "select path, doc_id, stage, error, message from failure"
        for row in self.log.execute(query):
            yield ErrorRow(*row)


def _refused(folder: Path, error: OSError | sqlite3.Error) -> OutputError:
    if isinstance(error, OSError):
        return unwritable(folder, error)
    if "locked" in str(error):
        return OutputError(
            f"{folder}: another run is writing there; wait for it, or give another --out"
        )
    return OutputError(f"{folder / FOLDER}: cannot be used ({error}); remove it and run again")
