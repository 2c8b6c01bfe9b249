"""Features of words, worked out once per distinct word and gathered per Doc with numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import LENGTH, ORTH, SENT_START, SPACY
from spacy.tokens import Doc

# Distinct words kept before starting over: keeps memory flat on an endless stream.
_CAPACITY = 500_000


class WordNumbers:
    """Gives every distinct word a small number, the same for all tables of a process.

    The numbers of the last Doc are kept, because every component asks for the same ones. It is a
    memo of a pure function: what it returns depends on the words alone.
    """

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._numbers: dict[int, int] = {}
        self.words: list[str] = []
        self._last: tuple[NDArray[np.uint64], NDArray[np.intp]] | None = None

    def of(self, doc: Doc) -> NDArray[np.intp]:
        """Number of each token's word, shape ``(n_tokens,)``."""
        orths: NDArray[np.uint64] = doc.to_array(ORTH)  # type: ignore[assignment]
        if self._last is not None and np.array_equal(self._last[0], orths):
            return self._last[1]
        if len(self.words) > _CAPACITY:
            self._clear()
        keys = orths.tolist()
        numbers = list(map(self._numbers.get, keys))
        if None in numbers:
            for key in sorted(set(keys) - self._numbers.keys()):
                self._numbers[key] = len(self.words)
                self.words.append(doc.vocab.strings[key])
            numbers = [self._numbers[key] for key in keys]
        result = np.array(numbers, dtype=np.intp)
        self._last = orths, result
        return result


_WORDS = WordNumbers()
Describe = Callable[[list[str]], tuple[Any, ...]]


class LexemeTable:
    """Numeric features of words, worked out once for each distinct word.

    Parameters
    ----------
    describe
        Gives the features of words as written: for each feature, a value a word.
    dtypes
        The numpy type of each feature, by name, in the order ``describe`` gives them.
    """

    def __init__(self, describe: Describe, dtypes: dict[str, type]) -> None:
        self._describe = describe
        self._dtypes = dtypes
        self._words: list[str] | None = None

    def gather(self, doc: Doc) -> dict[str, NDArray[Any]]:
        """Each feature as an array with one value a token."""
        numbers = _WORDS.of(doc)
        if self._words is not _WORDS.words:
            self._words = _WORDS.words
            self._n_described = 0
            self._columns: dict[str, NDArray[Any]] = {
                name: np.zeros(1024, dtype) for name, dtype in self._dtypes.items()
            }
        if self._n_described < len(self._words):
            self._add(self._words[self._n_described :])
        return {name: column[numbers] for name, column in self._columns.items()}

    def _add(self, words: list[str]) -> None:
        start, end = self._n_described, self._n_described + len(words)
        values = self._describe(words)
        for (name, column), added in zip(list(self._columns.items()), values, strict=True):
            if end > len(column):
                room = np.zeros(max(end, len(column)), dtype=column.dtype)
                column = self._columns[name] = np.concatenate([column, room])
            column[start:end] = added
        self._n_described = end


def text_of(doc: Doc) -> str:
    """``doc.text``, several times faster: spaCy makes an object of every token."""
    numbers, spaces = _WORDS.of(doc).tolist(), doc.to_array(SPACY).tolist()
    words = _WORDS.words
    return "".join(
        [words[n] + " " if space else words[n] for n, space in zip(numbers, spaces, strict=True)]
    )


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
