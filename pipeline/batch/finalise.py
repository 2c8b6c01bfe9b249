"""From shards to tables: put them together in order, and see that nothing is missing."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.batch.messages import ErrorRow
from pipeline.batch.shards import SHARDED, read_errors, read_shard
from pipeline.batch.state import RunState
from pipeline.errors import RunError
from pipeline.tables.writer import TableWriter


def gather(keys: Iterable[str], state: RunState, writer: TableWriter) -> list[ErrorRow]:
    """Write the rows of all shards, in the order of the units, and check the documents.

    Every id that was given to a document must come out once, in ``documents`` or in ``errors``.

    Returns
    -------
    list of ErrorRow
        What the shards have of errors.

    Raises
    ------
    RunError
        If a shard is missing or damaged, or a document is missing or there twice.
    """
    errors: list[ErrorRow] = []
    for key in keys:
        for name in SHARDED:
            if name == "errors":
                found = read_errors(state.shards, key)
                errors += found
                state.release(row.doc_id for row in found if row.doc_id is not None)
                continue
            table = read_shard(state.shards, key, name)
            if name == "documents":
                state.release(table["doc_id"].to_pylist())
            writer.extend(name, table)
    missing = state.n_claimed()
    if missing:
        raise RunError(
            f"{writer.folder}: {missing:,} documents are in no shard; run again with --overwrite"
        )
    return errors
