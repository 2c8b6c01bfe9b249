"""Find articles that are copies of each other, or nearly so.

The web has the same text on many pages; counted apart they would make chance look like evidence.
MinHash signatures of the texts' three-word runs (Broder 1997), looked up with locality-sensitive
hashing, by the library rensa.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

# Two texts are copies if so large a share of their runs is common (Jaccard).
_THRESHOLD = 0.8
_PERMUTATIONS = 128
_BANDS = 16
_SEED = 1
_RUN = 3
_BATCH = 512
_WORD = re.compile(r"\w+")


def kinds_of(documents: Path) -> NDArray[np.int64]:
    """A number for each row of a documents table, the same for copies of one text.

    The number is the row of the first copy.
    """
    file = pq.ParquetFile(documents)
    if file.metadata.num_rows < 2:
        return np.arange(file.metadata.num_rows)
    texts = (
        text for batch in file.iter_batches(_BATCH, columns=["text"]) for text in batch["text"]
    )
    return find_copies(text.as_py() for text in texts)


def find_copies(texts: Iterable[str]) -> NDArray[np.int64]:
    """Number of the first copy of each text; its own where it is the first."""
    from rensa import RMinHash, RMinHashLSH

    lsh = RMinHashLSH(_THRESHOLD, _PERMUTATIONS, _BANDS)
    kept: dict[int, RMinHash] = {}
    kinds: list[int] = []
    for number, text in enumerate(texts):
        sketch = RMinHash(_PERMUTATIONS, _SEED)
        sketch.update(_runs(text, number))
        # Only first copies are kept to be compared with, so that near copies of near copies do
        # not make one kind of texts that have little in common.
        alike = [n for n in sorted(lsh.query(sketch)) if kept[n].jaccard(sketch) >= _THRESHOLD]
        if not alike:
            kept[number] = sketch
            lsh.insert(number, sketch)
        kinds.append(alike[0] if alike else number)
    return np.array(kinds, dtype=np.int64)


def _runs(text: str, number: int) -> list[str]:
    """Distinct runs of words; a text without words is like no other."""
    words = _WORD.findall(text.lower())
    if not words:
        return [f"\0{number}"]
    return sorted({" ".join(words[n : n + _RUN]) for n in range(max(len(words) - _RUN + 1, 1))})
