"""The layers of the recogniser, as registered thinc architectures.

A word goes in by its spelling (hash embeddings of the word, its folded form, its beginnings and
endings; Svenstrup et al. 2017), its classes in the symptom grammar, and what look-up and layout say
of it at that place (:mod:`pipeline.components.hits`). Residual convolutions with growing dilation
(Strubell et al. 2017) then look at its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import ORTH
from spacy.tokens import Doc
from thinc.api import (
    HashEmbed,
    Linear,
    Maxout,
    Model,
    NumpyOps,
    chain,
    concatenate,
    glorot_uniform_init,
    residual,
)

from pipeline.components.grammar import Grammar
from pipeline.components.hits import COLUMNS, N_VALUES, Hits
from pipeline.components.lexemes import LexemeTable
from pipeline.data import load_toml
from pipeline.terminology.hashing import hash_unit
from pipeline.terminology.normalise import fold_word

AnyModel = Model[Any, Any]
Floats = NDArray[np.float32]

# Longest stretch that is encoded at once, in tokens: bounds memory, changes no result.
_CHUNK = 4096

_SPELLINGS = ("word", "folded", "prefix3", "prefix5", "suffix3", "suffix5", "shape", "classes")


class BlasOps(NumpyOps):  # type: ignore[misc]
    """NumpyOps whose products go through numpy's BLAS, three times faster than thinc's own."""

    name = "symptograph_blas"

    def gemm(
        self,
        x: Floats,
        y: Floats,
        out: Floats | None = None,
        trans1: bool = False,
        trans2: bool = False,
    ) -> Floats:
        """Product of two matrices, either of them transposed."""
        product: Floats = np.matmul(x.T if trans1 else x, y.T if trans2 else y, out=out)
        return product


class Spellings:
    """Hashes of the features of words as written."""

    def __init__(self) -> None:
        self._grammar = Grammar(load_toml("grammar.toml"))
        self._lexemes = LexemeTable(self._describe, dict.fromkeys(_SPELLINGS, np.uint64))

    def _describe(self, words: list[str]) -> tuple[list[int], ...]:
        columns = zip(*map(self._features, words), strict=True)
        return tuple([hash_unit(f"{n}:{f}") for f in c] for n, c in enumerate(columns))

    def _features(self, word: str) -> tuple[str, ...]:
        lower = word.lower()
        folded = "0" if word.isdigit() else fold_word(word)
        classes = self._grammar.class_set(folded)
        return (
            lower, folded, lower[:3], lower[:5], lower[-3:], lower[-5:], _shape(word), str(classes),
        )  # fmt: skip

    def __call__(self, doc: Doc) -> NDArray[np.uint64]:
        """Hashes, shape ``(n_tokens, len(_SPELLINGS))``."""
        return np.stack(list(self._lexemes.gather(doc).values()), axis=1)


def _shape(word: str) -> str:
    """Kinds of characters, runs of more than two cut: "COVID-19" is ``XX-dd``."""
    kinds = [
        "d" if c.isdigit() else "X" if c.isupper() else "x" if c.isalpha() else c for c in word[:30]
    ]
    return "".join(k for n, k in enumerate(kinds) if n < 2 or kinds[n - 2 : n] != [k, k])


def word_embed(width: int, part: int, rows: list[int], dropout: float) -> AnyModel:
    """Embed words by their spelling; each distinct word of a batch is worked out once.

    Parameters
    ----------
    width
        Size of a word's vector.
    part
        Size of the vector of each spelling feature.
    rows
        Size of the table of each spelling feature.
    dropout
        Share of the distinct words whose own tables (not those of their parts) are hidden in
        training, so that the network learns to get by without knowing a word.
    """
    if len(rows) != len(_SPELLINGS):
        raise ValueError(f"rows: give {len(_SPELLINGS)} sizes, one for each of {_SPELLINGS}")
    tables: list[AnyModel] = [
        HashEmbed(part, n, column=column, seed=column + 7) for column, n in enumerate(rows)
    ]
    mix = Maxout(width, part * len(rows), nP=3, normalize=True, dropout=0.0)
    inner: AnyModel = chain(concatenate(*tables), mix)
    return Model(
        "symptograph_word_embed",
        partial(_embed_words, Spellings()),
        init=_init_words,
        layers=[inner],
        dims={"nO": width},
        attrs={"word_dropout": dropout, "place_dropout": dropout / 2},
    )


def _init_words(model: AnyModel, X: Any = None, Y: Any = None) -> None:
    model.layers[0].initialize(X=np.zeros((2, len(_SPELLINGS)), dtype=np.uint64))


def _embed_words(
    spell: Spellings, model: AnyModel, docs: list[Doc], is_train: bool
) -> tuple[list[Floats], Callable[[list[Floats]], list[Doc]]]:
    orths = np.concatenate([doc.to_array(ORTH) for doc in docs])
    _, firsts, inverse = np.unique(orths, return_index=True, return_inverse=True)
    places = inverse.astype(np.int32)
    spellings = np.concatenate([spell(doc) for doc in docs])[firsts]
    if is_train:
        hidden = np.random.random(len(spellings)) < model.attrs["word_dropout"]
        spellings[hidden, :2] = 0
    vectors, backprop_vectors = model.layers[0](spellings, is_train)

    output = vectors[places]
    kept = np.ones((len(places), 1), dtype="f")
    if is_train:
        kept[np.random.random(len(places)) < model.attrs["place_dropout"]] = 0
        output *= kept

    def backprop(d_output: list[Floats]) -> list[Doc]:
        d_vectors: Any = model.ops.alloc2f(*vectors.shape)
        model.ops.scatter_add(d_vectors, places, np.concatenate(d_output) * kept)
        backprop_vectors(d_vectors)
        return docs

    return _split(output, docs), backprop


def hit_embed(width: int, columns: list[str]) -> AnyModel:
    """Embed what look-up, grammar and layout say of each token: a sum of one row a feature.

    Raises
    ------
    ValueError
        If a column is none of :data:`pipeline.components.hits.COLUMNS`.
    """
    places = [list(COLUMNS).index(column) for column in columns]
    return Model(
        "symptograph_hit_embed",
        partial(_embed_hits, Hits(), places),
        init=_init_hits,
        params={"E": None},
        dims={"nO": width},
    )


def _init_hits(model: AnyModel, X: Any = None, Y: Any = None) -> None:
    shape = N_VALUES, model.get_dim("nO")
    table: Any = np.random.uniform(-0.5, 0.5, shape).astype("f")
    model.set_param("E", table)


def _embed_hits(
    hits: Hits, places: list[int], model: AnyModel, docs: list[Doc], is_train: bool
) -> tuple[list[Floats], Callable[[list[Floats]], list[Doc]]]:
    table: Any = model.get_param("E")
    rows = np.concatenate([hits(doc)[:, places] for doc in docs]).astype(np.int32)
    vectors = table[rows[:, 0]]
    for column in rows.T[1:]:
        vectors += table[column]

    def backprop(d_output: list[Floats]) -> list[Doc]:
        d_table: Any = model.ops.alloc2f(*table.shape)
        d_vectors: Any = np.concatenate(d_output)
        for column in np.ascontiguousarray(rows.T):
            model.ops.scatter_add(d_table, column, d_vectors)
        model.inc_grad("E", d_table)
        return docs

    return _split(vectors, docs), backprop


def _split(rows: NDArray[Any], docs: list[Doc]) -> list[Floats]:
    return np.split(rows, np.cumsum([len(doc) for doc in docs])[:-1])  # type: ignore[return-value]


def _added(*layers: AnyModel) -> AnyModel:
    """Sum of what layers give for the same docs."""
    return Model("symptograph_added", _add, layers=layers, init=_init_all)


def _init_all(model: AnyModel, X: Any = None, Y: Any = None) -> None:
    for layer in model.layers:
        layer.initialize(X=X, Y=Y)


def _add(
    model: AnyModel, docs: list[Doc], is_train: bool
) -> tuple[list[Floats], Callable[[list[Floats]], list[Doc]]]:
    outputs, backprops = zip(*(layer(docs, is_train) for layer in model.layers), strict=True)

    def backprop(d_output: list[Floats]) -> list[Doc]:
        for step in backprops:
            step(d_output)
        return docs

    return [sum(parts[1:], parts[0]) for parts in zip(*outputs, strict=True)], backprop


def neighbours(dilation: int) -> AnyModel:
    """Each row with the rows ``dilation`` before and after it, zeros beyond the ends."""
    return Model("symptograph_neighbours", _look_around, attrs={"dilation": dilation})


def _look_around(
    model: AnyModel, X: Floats, is_train: bool
) -> tuple[Floats, Callable[[Floats], Floats]]:
    step, (n_rows, width) = model.attrs["dilation"], X.shape
    output = np.empty((n_rows, 3 * width), dtype=X.dtype)
    output[:step, :width] = 0
    output[step:, :width] = X[:-step]
    output[:, width : 2 * width] = X
    output[-step:, 2 * width :] = 0
    output[:-step, 2 * width :] = X[step:]

    def backprop(d_output: Floats) -> Floats:
        dX: Floats = d_output[:, width : 2 * width].copy()
        dX[:-step] += d_output[step:, :width]
        dX[step:] += d_output[:-step, 2 * width :]
        return dX

    return output, backprop  # type: ignore[return-value]


def _init_first(model: AnyModel, X: Any = None, Y: Any = None) -> None:
    """Make the weights of the layer that a model wraps; its sizes are known."""
    model.layers[0].initialize()


def _in_chunks(layer: AnyModel, reach: int) -> AnyModel:
    """Apply a layer of rows to texts of any length, in stretches that overlap by its reach."""
    return Model(
        "symptograph_in_chunks",
        _encode,
        layers=[layer],
        attrs={"reach": reach},
        init=_init_first,
    )


def _encode(
    model: AnyModel, inputs: list[Floats], is_train: bool
) -> tuple[list[Floats], Callable[[list[Floats]], list[Floats]]]:
    layer, reach = model.layers[0], model.attrs["reach"]
    if not is_train:
        return [_predict_in_chunks(layer, X, reach) for X in inputs], _no_backprop
    gap = np.zeros((reach, inputs[0].shape[1]), dtype="f")
    flat = np.concatenate([part for X in inputs for part in (gap, X)] + [gap])
    output, backprop_layer = layer(flat, is_train)
    lengths = [len(X) for X in inputs]
    starts = np.cumsum([0, *(n + reach for n in lengths[:-1])]) + reach

    def backprop(d_output: list[Floats]) -> list[Floats]:
        d_flat = np.zeros_like(output)
        for start, dY in zip(starts, d_output, strict=True):
            d_flat[start : start + len(dY)] = dY
        dX = backprop_layer(d_flat)
        return [dX[start : start + n] for start, n in zip(starts, lengths, strict=True)]

    return [output[s : s + n] for s, n in zip(starts, lengths, strict=True)], backprop


def _no_backprop(d_output: list[Floats]) -> list[Floats]:
    raise ValueError("no gradient of a prediction")


def _predict_in_chunks(layer: AnyModel, X: Floats, reach: int) -> Floats:
    padded = np.pad(X, ((reach, reach), (0, 0)))
    parts = [
        layer.predict(padded[start : start + _CHUNK + 2 * reach])[reach:-reach]
        for start in range(0, max(len(X), 1), _CHUNK)
    ]
    return np.concatenate(parts)  # type: ignore[return-value]


def build_tok2vec(
    width: int,
    spelling_width: int,
    pieces: int,
    dilations: list[int],
    rows: list[int],
    hits: list[str],
    word_dropout: float,
    dropout: float,
) -> AnyModel:
    """Vectors of tokens in context.

    Parameters
    ----------
    width
        Size of a token's vector.
    spelling_width
        Size of the vector of each spelling feature.
    pieces
        Pieces of the maxout units.
    dilations
        How far each convolution looks to either side, in tokens.
    rows
        Size of the table of each spelling feature.
    hits
        What of look-up, grammar and layout the network sees, by column; see
        :data:`pipeline.components.hits.COLUMNS`.
    word_dropout, dropout
        Shares hidden in training: of words, of every layer's outputs.
    """
    embed = word_embed(width, spelling_width, rows, word_dropout)
    if hits:
        embed = _added(embed, hit_embed(width, hits))
    blocks = [
        residual(
            chain(
                neighbours(dilation),
                Maxout(width, 3 * width, nP=pieces, normalize=True, dropout=dropout),
            )
        )
        for dilation in dilations
    ]
    tok2vec: AnyModel = chain(embed, _in_chunks(chain(*blocks), sum(dilations)))
    tok2vec.set_dim("nO", width)
    return tok2vec


def build_recogniser(tok2vec: AnyModel, n_tags: int) -> AnyModel:
    """Score every tag of both heads for every token, from one shared ``tok2vec``."""
    head: AnyModel = Linear(n_tags, tok2vec.get_dim("nO"), init_W=glorot_uniform_init)
    model: AnyModel = chain(tok2vec, _each(head))
    ops = BlasOps()
    for node in model.walk():
        node.ops = ops
    return model


def _each(layer: AnyModel) -> AnyModel:
    """Apply a layer of rows to every text."""
    return Model(
        "symptograph_each",
        _apply_each,
        layers=[layer],
        init=_init_first,
    )


def _apply_each(
    model: AnyModel, inputs: list[Floats], is_train: bool
) -> tuple[list[Floats], Callable[[list[Floats]], list[Floats]]]:
    bounds = np.cumsum([len(X) for X in inputs])[:-1]
    flat, backprop_flat = model.layers[0](np.concatenate(inputs), is_train)

    def backprop(d_output: list[Floats]) -> list[Floats]:
        return np.split(backprop_flat(np.concatenate(d_output)), bounds)

    return np.split(flat, bounds), backprop
