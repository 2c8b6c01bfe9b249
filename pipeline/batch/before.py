"""The tables of an earlier run, of which the rows of unchanged documents are taken over."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.errors import RunError
from pipeline.tables.schema import OF_DOCUMENTS

_BATCH = 50_000


class Before:
    """Where each document's rows are in the tables of an earlier run.

    Raises
    ------
    RunError
        If the tables cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._numbers: dict[str, int] = {}
        self._content: list[bytes] = []
        try:
            columns = ["doc_id", "path", "sha256", "metadata"]
            file = pq.ParquetFile(folder / "documents.parquet")
            for batch in file.iter_batches(_BATCH, columns=columns):
                for doc_id, *told in zip(*(c.to_pylist() for c in batch.columns), strict=True):
                    self._numbers[doc_id] = len(self._numbers)
                    self._content += [_digest(*told[:2]), _digest(*told)]
            self._rows = {name: self._extents(folder / f"{name}.parquet") for name in OF_DOCUMENTS}
        except (OSError, pa.ArrowException, KeyError) as error:
            raise RunError(
                f"{folder}: the tables there cannot be read ({error}); run with --overwrite"
            ) from error

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, doc_id: str) -> bool:
        return doc_id in self._numbers

    def rows(self, doc_id: str, *content: str) -> dict[str, tuple[int, int]] | None:
        """Rows of a document by table, None if it was not there or was another.

        Parameters
        ----------
        content
            Path and SHA-256; of a record also the metadata as they stand in ``documents``,
            which are not in its text.
        """
        number = self._numbers.get(doc_id)
        whole = len(content) > 2
        if number is None or self._content[2 * number + whole] != _digest(*content):
            return None
        extents = {name: rows[number].tolist() for name, rows in self._rows.items()}
        return {name: (start, end) for name, (start, end) in extents.items() if start < end}

    def _extents(self, path: Path) -> NDArray[np.int64]:
        """First row of each document and the row after its last, shape ``(n_documents, 2)``."""
        extents = np.zeros((len(self._numbers), 2), dtype=np.int64)
        offset = 0
        for batch in pq.ParquetFile(path).iter_batches(_BATCH, columns=["doc_id"]):
            runs = pc.run_end_encode(batch.column(0))
            first = offset
            for doc_id, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
                extent = extents[self._numbers[doc_id]]
                if extent[1] == 0:  # its first rows; in the next batch may be more of them
                    extent[0] = first
                first = extent[1] = offset + end
            offset += batch.num_rows
        return extents


def _digest(*told: str) -> bytes:
    return hashlib.blake2b("\0".join(told).encode("utf-8", "replace"), digest_size=16).digest()
