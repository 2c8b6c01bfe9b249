"""Features of words, worked out once per distinct word and gathered per Doc with numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import LENGTH, ORTH, SENT_START, SPACY
from spacy.tokens import Doc
from spacy.vocab import Vocab

# Distinct words kept before starting over: keeps memory flat on an endless stream.
_CAPACITY = 500_000


class LexemeTable:
    """Numeric features of words, one row a distinct word.

    Parameters
    ----------
    describe
        Gives the features of a word as written.
    dtypes
        The numpy type of each feature, by name, in the order ``describe`` gives them.
    """

    def __init__(self, describe: Callable[[str], tuple[int, ...]], dtypes: dict[str, type]) -> None:
        self._describe = describe
        self._dtypes = dtypes
        self._clear()

    def _clear(self) -> None:
        self._row_of: dict[int, int] = {}
        self._columns: dict[str, NDArray[Any]] = {
            name: np.zeros(1024, dtype=dtype) for name, dtype in self._dtypes.items()
        }

    def gather(self, doc: Doc) -> dict[str, NDArray[Any]]:
        """Each feature as an array with one value a token."""
        if len(self._row_of) > _CAPACITY:
            self._clear()
        orths = doc.to_array(ORTH).tolist()
        rows = list(map(self._row_of.get, orths))
        if None in rows:
            self._add(set(orths) - self._row_of.keys(), doc.vocab)
            rows = [self._row_of[orth] for orth in orths]
        index = np.array(rows, dtype=np.intp)
        return {name: column[index] for name, column in self._columns.items()}

    def _add(self, orths: set[int], vocab: Vocab) -> None:
        for orth in sorted(orths):
            row = len(self._row_of)
            self._row_of[orth] = row
            values = self._describe(vocab.strings[orth])
            for (name, column), value in zip(list(self._columns.items()), values, strict=True):
                if row == len(column):
                    column = self._columns[name] = np.concatenate([column, np.zeros_like(column)])
                column[row] = value


def sentence_starts(doc: Doc) -> list[int]:
    """First token of each sentence; many times faster than going over ``doc.sents``."""
    starts: list[int] = np.flatnonzero(doc.to_array(SENT_START) == 1).tolist()
    return starts


def char_offsets(doc: Doc) -> NDArray[np.intp]:
    """Character at which each token starts, and where the last one ends.

    Returns
    -------
    NDArray
        Shape ``(n_tokens + 1,)``; the last value is the length of the text with trailing space.
    """
    widths = doc.to_array([LENGTH, SPACY]).astype(np.intp).sum(axis=1)
    return np.concatenate([np.zeros(1, dtype=np.intp), np.cumsum(widths)])
