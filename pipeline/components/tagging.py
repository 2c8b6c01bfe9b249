"""Mentions as tags of tokens and back: BILOU tags in two layers, because mentions nest.

Conditions and symptoms never overlap each other and make the one layer, body parts the other
(scheme, 3). Decoding is the Viterbi algorithm (Viterbi 1967) over the sequences that BILOU allows
(Ratinov and Roth 2009), run only on the stretches where an outside tag is not certain.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.components.attributes import BODY_PART, CONDITION, SYMPTOM

Floats = NDArray[np.float32]

# Labels of each layer, and the columns of the network's output that are its tags.
LAYERS: tuple[tuple[str, ...], ...] = ((CONDITION, SYMPTOM), (BODY_PART,))
_OUTSIDE, _BEGIN, _IN, _LAST, _UNIT = range(5)
_N_PARTS = 4
# A token this surely outside ends a stretch of tokens to decode.
_CERTAIN = 0.995


class Found(NamedTuple):
    """A decoded mention: tokens ``start`` to ``end``, half-open, and its probability."""

    start: int
    end: int
    label: str
    score: float


def layer_slices() -> list[slice]:
    """Columns of each layer: outside, then begin, in, last and unit of each label."""
    widths = [1 + _N_PARTS * len(labels) for labels in LAYERS]
    ends = np.cumsum(widths).tolist()
    return [slice(end - width, end) for end, width in zip(ends, widths, strict=True)]


N_TAGS = layer_slices()[-1].stop


def encode(n_tokens: int, mentions: Iterable[tuple[int, int, str]], layer: int) -> NDArray[np.intp]:
    """Tags of one layer, shape ``(n_tokens,)``; of overlapping mentions the longest counts."""
    tags = np.zeros(n_tokens, dtype=np.intp)
    labels = LAYERS[layer]
    own = [mention for mention in mentions if mention[2] in labels]
    for start, end, label in sorted(own, key=lambda m: (m[0] - m[1], m[0])):
        if tags[start:end].any():
            continue
        first = 1 + _N_PARTS * labels.index(label)
        if end - start == 1:
            tags[start] = first + _UNIT - _BEGIN
        else:
            tags[start:end] = first + _IN - _BEGIN
            tags[start] = first
            tags[end - 1] = first + _LAST - _BEGIN
    return tags


def decode(probabilities: Floats, breaks: NDArray[np.intp], layer: int) -> list[Found]:
    """Most probable mentions of one layer.

    Parameters
    ----------
    probabilities
        Of the layer's tags, shape ``(n_tokens, n_tags)``, rows sum to 1.
    breaks
        Tokens that no mention may run across: first tokens of sentences and blocks, sorted.
    """
    stretches = _stretches(probabilities[:, 0] < _CERTAIN, breaks)
    if not len(stretches):
        return []
    padded, lengths = _pad(np.log(probabilities + 1e-12), stretches)
    paths = _viterbi(padded, lengths, layer)
    found: list[Found] = []
    for (start, _), length, path in zip(stretches.tolist(), lengths, paths, strict=True):
        found += _read(path[:length].tolist(), start, probabilities, layer)
    return found


def _stretches(inside: NDArray[np.bool_], breaks: NDArray[np.intp]) -> NDArray[np.intp]:
    """Runs of tokens that may be in a mention, cut at the breaks, shape ``(n, 2)``."""
    starts = inside.copy()
    starts[1:] &= ~inside[:-1]
    starts[breaks] |= inside[breaks]
    first = np.flatnonzero(starts)
    ends = inside.copy()
    ends[:-1] &= ~inside[1:]
    before = breaks[breaks > 0] - 1
    ends[before] |= inside[before]
    return np.stack([first, np.flatnonzero(ends) + 1], axis=1)


def _pad(scores: Floats, stretches: NDArray[np.intp]) -> tuple[Floats, NDArray[np.intp]]:
    """Stretches as one array, shape ``(n, longest, n_tags)``, the longest first cut to size."""
    lengths = stretches[:, 1] - stretches[:, 0]
    places = stretches[:, :1] + np.arange(lengths.max())
    return scores[np.minimum(places, len(scores) - 1)], lengths


def _allowed(n_labels: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Penalties, 0 or minus infinity: of tag after tag, of a first tag, of a last tag."""
    tags = [(_OUTSIDE, 0)] + [(part, n) for n in range(n_labels) for part in range(1, 5)]
    opens = np.array([part in (_OUTSIDE, _BEGIN, _UNIT) for part, _ in tags])
    closes = np.array([part in (_OUTSIDE, _LAST, _UNIT) for part, _ in tags])
    goes_on = np.array(
        [
            [a[0] in (_BEGIN, _IN) and b[0] in (_IN, _LAST) and a[1] == b[1] for b in tags]
            for a in tags
        ]
    )
    follows = goes_on | (closes[:, None] & opens[None, :])
    penalties = [np.where(ok, 0.0, -1e9).astype("f") for ok in (follows, opens, closes)]
    return penalties[0], penalties[1], penalties[2]


_PENALTIES = [_allowed(len(labels)) for labels in LAYERS]


def _viterbi(scores: Floats, lengths: NDArray[np.intp], layer: int) -> NDArray[np.intp]:
    """Best allowed path of each stretch, shape ``(n, longest)``."""
    follows, first, last = _PENALTIES[layer]
    n, longest, n_tags = scores.shape
    back = np.zeros((n, longest, n_tags), dtype=np.intp)
    best = np.empty((n, longest, n_tags), dtype=np.float32)
    best[:, 0] = scores[:, 0] + first
    for place in range(1, longest):
        reached = best[:, place - 1, :, None] + follows
        back[:, place] = reached.argmax(axis=1)
        best[:, place] = reached.max(axis=1) + scores[:, place]
    rows = np.arange(n)
    paths = np.zeros((n, longest), dtype=np.intp)
    paths[rows, lengths - 1] = (best[rows, lengths - 1] + last).argmax(axis=1)
    for place in range(longest - 1, 0, -1):
        inner = place < lengths
        paths[inner, place - 1] = back[rows[inner], place, paths[inner, place]]
    return paths


def _read(path: list[int], offset: int, probabilities: Floats, layer: int) -> list[Found]:
    """Mentions of one path; a mention is as probable as all of its tags together."""
    found = []
    start = 0
    for place, tag in enumerate(path):
        if not tag:
            continue
        number, part = divmod(tag - 1, _N_PARTS)
        if part + 1 in (_BEGIN, _UNIT):
            start = place
        if part + 1 in (_LAST, _UNIT):
            rows = np.arange(start, place + 1) + offset
            score = float(np.prod(probabilities[rows, path[start : place + 1]]))
            found.append(Found(offset + start, offset + place + 1, LAYERS[layer][number], score))
    return found
