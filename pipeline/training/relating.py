"""Fit the model of relations from annotated documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.sparse import csr_matrix, vstack
from spacy.language import Language

from pipeline.components.pairs import N_WORDS, PAIRED, REGIONS, PairReader, Pairs, Reading
from pipeline.components.relation_model import RelationModel, TypeModel, word_rows
from pipeline.evaluation.documents import AnnotatedDocument
from pipeline.evaluation.given import give_mentions
from pipeline.records import RELATION_TYPES

Labels = NDArray[np.int8]
# A text with fewer pairs counts more for each, up to some times.
_USUAL_PAIRS, _HEAVIEST = 100, 5.0


class RelationSettings(BaseModel):
    """How the model of relations is fitted.

    Attributes
    ----------
    strength
        Inverse of the L2 penalty of the words' logistic regression.
    trees, depth, learn_rate
        Of the boosted trees.
    columns
        Share of the features that each node of a tree may see.
    leaf
        Least number of pairs in a leaf.
    penalty
        L2 penalty of the leaves.
    folds
        In how many parts the documents are dealt, so that each pair's words are judged, and the
        threshold is chosen, by what was fitted without its document.
    seed
        Of the draws.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    strength: float = Field(default=0.05, gt=0)
    trees: int = Field(default=150, ge=1)
    depth: int = Field(default=4, ge=1, le=8)
    learn_rate: float = Field(default=0.08, gt=0)
    columns: float = Field(default=0.3, gt=0, le=1)
    leaf: int = Field(default=10, ge=1)
    penalty: float = Field(default=1.0, ge=0)
    folds: int = Field(default=5, ge=2)
    seed: int = Field(default=0, ge=0)


@dataclass(slots=True)
class PairExample:
    """The pairs of one document and type, with what the gold says of them.

    Attributes
    ----------
    labels
        1 where the gold relates the two things in the tail's section.
    counted
        Which pairs are learned from: not those with a denied mention (the scheme gives them no
        relation), nor those that the gold relates in another section only (each pair of concepts
        is annotated once).
    wanted
        Pairs of keys that the gold relates anywhere in the document.
    """

    reading: Reading
    pairs: Pairs
    labels: Labels
    counted: NDArray[np.bool_]
    wanted: frozenset[tuple[int, int]]

    @property
    def weight(self) -> float:
        """What each pair counts: in texts of few pairs more, or articles would drown them."""
        return min(max(_USUAL_PAIRS / max(len(self.pairs), 1), 1.0), _HEAVIEST)

    def words(self) -> csr_matrix:
        """Counts of the words in each region, shape ``(n, len(REGIONS) * N_WORDS)``."""
        single, double = word_rows(self.reading)
        rows, columns = [], []
        for row, regions in enumerate(self.pairs.regions.tolist()):
            for region, (start, end) in enumerate(regions):
                found = (double if region == PAIRED else single)[start:end]
                columns.append(found + region * N_WORDS)
                rows.append(np.full(len(found), row))
        shape = len(self.pairs), len(REGIONS) * N_WORDS
        if not rows:
            return csr_matrix(shape)
        place = np.concatenate(rows), np.concatenate(columns)
        return csr_matrix((np.ones(len(place[0])), place), shape=shape)

    def told(self, probabilities: NDArray[np.float64], threshold: float) -> set[tuple[int, int]]:
        """Pairs of keys that would be told."""
        items = self.reading.items
        head, tail = self.pairs.head, self.pairs.tail
        chosen = (probabilities >= threshold) & ~items.negated[head] & ~items.negated[tail]
        keys = zip(items.key[head[chosen]].tolist(), items.key[tail[chosen]].tolist(), strict=True)
        return set(keys)


def read_examples(
    documents: Iterable[AnnotatedDocument], nlp: Language
) -> dict[str, list[PairExample]]:
    """Examples of every type of relation, between the mentions of gold."""
    examples: dict[str, list[PairExample]] = {kind: [] for kind in RELATION_TYPES}
    reader = PairReader()
    for document in documents:
        reading = reader(give_mentions(nlp, document))
        if reading is not None:
            for kind, found in examples.items():
                found.append(_example(document, kind, reading))
    return examples


def _example(document: AnnotatedDocument, kind: str, reading: Reading) -> PairExample:
    items = reading.items
    place = {identifier: number for number, identifier in enumerate(items.ids)}
    links = [(place[x.head], place[x.tail]) for x in document.relations if x.type == kind]
    wanted = {(int(items.key[h]), int(items.key[t])) for h, t in links}
    here = {(int(items.key[h]), int(items.key[t]), int(items.section[t])) for h, t in links}
    pairs = reading.pairs(kind)
    rows = list(
        zip(
            items.key[pairs.head].tolist(),
            items.key[pairs.tail].tolist(),
            items.section[pairs.tail].tolist(),
            strict=True,
        )
    )
    labels = np.array([row in here for row in rows], dtype=np.int8)
    elsewhere = np.array([row[:2] in wanted for row in rows], dtype=bool) & (labels == 0)
    counted = ~elsewhere & ~items.negated[pairs.head] & ~items.negated[pairs.tail]
    return PairExample(reading, pairs, labels, counted, frozenset(wanted))


def fit_relations(
    examples: dict[str, list[PairExample]], settings: RelationSettings | None = None
) -> RelationModel:
    """Fit the models of all types."""
    settings = settings or RelationSettings()
    return RelationModel(
        {kind: fit_type(found, settings) for kind, found in sorted(examples.items())}
    )


def fit_type(examples: Sequence[PairExample], settings: RelationSettings) -> TypeModel:
    """Fit the model of one type; its threshold is that of the best F1 on documents held out."""
    folds = [examples[n :: settings.folds] for n in range(settings.folds)]
    held_out = []
    for fold in folds:
        others = [e for other in folds if other is not fold for e in other]
        model = _fit(others, settings)
        held_out += [(e, model.probabilities(e.reading, e.pairs)) for e in fold]
    model = _fit(examples, settings)
    model.threshold = best_threshold(held_out)
    return model


def best_threshold(judged: Sequence[tuple[PairExample, NDArray[np.float64]]]) -> float:
    """The threshold, in hundredths, of the best F1 over pairs of keys."""
    tried = [n / 100 for n in range(10, 80)]
    return max(tried, key=lambda threshold: (score_pairs(judged, threshold)[2], -threshold))


def score_pairs(
    judged: Sequence[tuple[PairExample, NDArray[np.float64]]], threshold: float
) -> tuple[float, float, float]:
    """Precision, recall and F1 over the pairs of keys in each document."""
    correct = told = wanted = 0
    for example, probabilities in judged:
        found = example.told(probabilities, threshold)
        correct += len(found & example.wanted)
        told += len(found)
        wanted += len(example.wanted)
    return correct / max(told, 1), correct / max(wanted, 1), 2 * correct / max(told + wanted, 1)


def _fit(examples: Sequence[PairExample], settings: RelationSettings) -> TypeModel:
    words = [e.words()[e.counted] for e in examples]
    labels = [e.labels[e.counted] for e in examples]
    shares = [np.full(int(e.counted.sum()), e.weight) for e in examples]
    # Trees must not trust the words more than they deserve: each document's are judged by others.
    verdicts: list[NDArray[np.float32]] = [np.zeros(0, dtype=np.float32)] * len(examples)
    for fold in range(settings.folds):
        others = [n for n in range(len(examples)) if n % settings.folds != fold]
        weights, intercept = _fit_words(words, labels, shares, others, settings)
        for n in range(fold, len(examples), settings.folds):
            verdicts[n] = (words[n] @ weights + intercept).astype(np.float32)
    weights, intercept = _fit_words(words, labels, shares, range(len(examples)), settings)
    features = np.concatenate([e.pairs.features[e.counted] for e in examples])
    table = np.column_stack([features, np.concatenate(verdicts)])
    return _with_trees(
        table,
        np.concatenate(labels),
        np.concatenate(shares),
        weights.reshape(len(REGIONS), N_WORDS).astype(np.float16),
        intercept,
        settings,
    )


def _fit_words(
    words: Sequence[csr_matrix],
    labels: Sequence[Labels],
    shares: Sequence[NDArray[np.float64]],
    chosen: Iterable[int],
    settings: RelationSettings,
) -> tuple[NDArray[np.float64], float]:
    from sklearn.linear_model import LogisticRegression

    chosen = list(chosen)
    model = LogisticRegression(C=settings.strength, max_iter=500)
    model.fit(
        vstack([words[n] for n in chosen]),
        np.concatenate([labels[n] for n in chosen]),
        np.concatenate([shares[n] for n in chosen]),
    )
    return model.coef_[0], float(model.intercept_[0])


def _with_trees(
    table: NDArray[np.float32],
    labels: Labels,
    shares: NDArray[np.float64],
    words: NDArray[np.float16],
    intercept: float,
    settings: RelationSettings,
) -> TypeModel:
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        max_iter=settings.trees,
        max_depth=settings.depth,
        max_leaf_nodes=None,
        learning_rate=settings.learn_rate,
        max_features=settings.columns,
        min_samples_leaf=settings.leaf,
        l2_regularization=settings.penalty,
        early_stopping=False,
        random_state=settings.seed,
    ).fit(table, labels, shares)
    trees = [_complete(predictor.nodes, settings.depth) for (predictor,) in model._predictors]
    return TypeModel(
        words=words,
        intercept=intercept,
        columns=np.stack([tree[0] for tree in trees]),
        borders=np.stack([tree[1] for tree in trees]),
        leaves=np.stack([tree[2] for tree in trees]),
        start=float(model._baseline_prediction.item()),
        threshold=0.5,
        n_features=table.shape[1],
    )


def _complete(
    nodes: NDArray[np.void], depth: int
) -> tuple[NDArray[np.int16], NDArray[np.float32], NDArray[np.float32]]:
    """A tree of scikit-learn as arrays of a complete one: leaves above the ground are repeated."""
    n_inner = 2**depth - 1
    columns = np.zeros(n_inner, dtype=np.int16)
    borders = np.full(n_inner, np.inf, dtype=np.float32)
    leaves = np.zeros(n_inner + 1, dtype=np.float32)
    todo = [(0, 0)]
    while todo:
        number, place = todo.pop()
        node = nodes[number]
        if place >= n_inner:
            leaves[place - n_inner] = node["value"]
        elif node["is_leaf"]:
            # All go left, to the same leaf.
            todo.append((number, 2 * place + 1))
        else:
            columns[place] = node["feature_idx"]
            borders[place] = node["num_threshold"]
            todo += [(int(node["left"]), 2 * place + 1), (int(node["right"]), 2 * place + 2)]
    return columns, borders, leaves
