"""Find articles that are copies of each other, or nearly so.

The web has the same text on many pages; counted apart they would make chance look like evidence.
MinHash signatures of the texts' three-word runs (Broder 1997), by the library rensa, looked up
with locality-sensitive hashing: texts are compared if a band of their signatures is the same. The
signatures lie in a file, and only texts that share a band with another are held in memory, so that
the number of articles is not limited by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryFile

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
Signatures = NDArray[np.uint32]


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
    with TemporaryFile() as file:
        number = sum(
            file.write(signature.tobytes()) // signature.nbytes for signature in _signatures(texts)
        )
        kinds = np.arange(number, dtype=np.int64)
        if not number:
            return kinds
        file.flush()
        signatures = np.memmap(file, np.uint32, "r", shape=(number, _PERMUTATIONS))
        bands = _shared_bands(signatures)
        firsts: dict[tuple[int, int], list[int]] = {}
        for text in sorted(bands):
            # Only first copies are kept to be compared with, so that near copies of near copies do
            # not make one kind of texts that have little in common.
            alike = {first for band in bands[text] for first in firsts.get(band, ())}
            copied = [n for n in sorted(alike) if _jaccard(signatures, n, text) >= _THRESHOLD]
            if copied:
                kinds[text] = copied[0]
                continue
            for band in bands[text]:
                firsts.setdefault(band, []).append(text)
    return kinds


def _signatures(texts: Iterable[str]) -> Iterator[Signatures]:
    from rensa import RMinHash

    for number, text in enumerate(texts):
        sketch = RMinHash(_PERMUTATIONS, _SEED)
        sketch.update(_runs(text, number))
        yield np.array(sketch.digest(), dtype=np.uint32)


def _shared_bands(signatures: Signatures) -> dict[int, list[tuple[int, int]]]:
    """Of each text that shares bands with others those bands: place in the signature, value."""
    found: dict[int, list[tuple[int, int]]] = {}
    width = _PERMUTATIONS // _BANDS
    for place in range(_BANDS):
        part = np.ascontiguousarray(signatures[:, place * width : (place + 1) * width])
        rows = part.view(np.dtype((np.void, part.itemsize * width))).ravel()
        _, value, times = np.unique(rows, return_inverse=True, return_counts=True)
        for text in np.flatnonzero(times[value] > 1).tolist():
            found.setdefault(text, []).append((place, int(value[text])))
    return found


def _jaccard(signatures: Signatures, one: int, other: int) -> float:
    """Share of common runs, as the signatures tell it."""
    return float(np.mean(signatures[one] == signatures[other]))


def _runs(text: str, number: int) -> list[str]:
    """Distinct runs of words; a text without words is like no other."""
    words = _WORD.findall(text.lower())
    if not words:
        return [f"\0{number}"]
    return sorted({" ".join(words[n : n + _RUN]) for n in range(max(len(words) - _RUN + 1, 1))})
