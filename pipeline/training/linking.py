"""Fit what the linker has learned: the encoder of names, and the weights of its ranking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.optimize import minimize

from pipeline.terminology.encoder import Floats, NameEncoder, Units, feature_matrix
from pipeline.terminology.normalise import normalise
from pipeline.terminology.ranking import FEATURES, NONE_FEATURES, by_concept, features
from pipeline.terminology.records import EntityType
from pipeline.terminology.search import NameSearch

Groups = Mapping[str, Sequence[Units]]
"""Folded names of each concept, by CURIE."""
Report = Callable[[int, float], None]
"""Called now and then with the number of steps done and their mean loss."""
_REPORT_EVERY = 500


class EncoderSettings(BaseModel):
    """How the encoder is fitted.

    Attributes
    ----------
    n_rows, width
        Shape of the table of vectors.
    steps, batch
        Batches, and concepts in each.
    learn_rate
        Highest step size of Adam.
    temperature
        What similarities are divided by: the smaller, the more the nearest wrong names count.
    symptoms
        Share of a batch that is drawn from HPO, whose everyday names are the fewest and needed
        most.
    seed
        Of the vectors and the batches.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_rows: int = Field(default=1 << 15, ge=1)
    width: int = Field(default=96, ge=1)
    steps: int = Field(default=2000, ge=1)
    batch: int = Field(default=768, ge=2)
    learn_rate: float = Field(default=0.004, gt=0)
    temperature: float = Field(default=0.05, gt=0)
    symptoms: float = Field(default=0.6, ge=0, le=1)
    seed: int = Field(default=0, ge=0)


def fit_encoder(
    groups: Groups, settings: EncoderSettings, report: Report | None = None
) -> NameEncoder:
    """Fit vectors by which a concept's names are nearer to each other than to other names.

    Of each concept in a batch two names are drawn; each must find the other among those of the
    batch (InfoNCE; van den Oord et al. 2018), as in the self-alignment of biomedical names by
    Liu et al. (2021, SapBERT).
    """
    rng = np.random.default_rng(settings.seed)
    table = rng.standard_normal((settings.n_rows, settings.width)).astype(np.float32) * 0.1
    draw = _Draw(groups, settings)
    moments = np.zeros((2, *table.shape), dtype=np.float32)
    losses = []
    for step in range(1, settings.steps + 1):
        left, right = draw(rng)
        loss, gradient = _contrast(table, left, right, settings.temperature)
        rate = settings.learn_rate * min(step / 100, 1.0) * max(1 - step / settings.steps, 0.02)
        _adam(table, gradient, moments, step, rate)
        losses.append(loss)
        if report and step % _REPORT_EVERY == 0:
            report(step, float(np.mean(losses[-_REPORT_EVERY:])))
    return NameEncoder(table)


class _Draw:
    """Draw two names each of a batch of concepts, every concept once."""

    def __init__(self, groups: Groups, settings: EncoderSettings) -> None:
        self._groups = groups
        self._size = settings.batch
        self._several = sorted(curie for curie, names in groups.items() if len(names) > 1)
        self._symptoms = [curie for curie in self._several if curie.startswith("HP:")]
        self._n_symptoms = int(self._size * settings.symptoms)

    def __call__(self, rng: np.random.Generator) -> tuple[list[Units], list[Units]]:
        """A batch, as its first and its second names."""
        pairs: dict[str, tuple[Units, Units]] = {}
        for curies, n in ((self._symptoms, self._n_symptoms), (self._several, self._size)):
            for place in _sample(rng, len(curies), n):
                names = self._groups[curies[place]]
                first, second = rng.choice(len(names), 2, replace=False)
                pairs.setdefault(curies[place], (names[first], names[second]))
        drawn = list(pairs.values())[: self._size]
        return [first for first, _ in drawn], [second for _, second in drawn]


def _sample(rng: np.random.Generator, n: int, size: int) -> list[int]:
    """Different numbers below ``n``, at most ``size``."""
    places: list[int] = rng.choice(n, min(size, n), replace=False).tolist() if n else []
    return places


def _contrast(
    table: Floats, left: list[Units], right: list[Units], temperature: float
) -> tuple[float, Floats]:
    """InfoNCE loss in both directions, and its gradient by the table."""
    sides = []
    for names in (left, right):
        features = feature_matrix(names, len(table))
        sums = features @ table
        lengths = np.sqrt((sums * sums).sum(axis=1, keepdims=True)) + 1e-6
        sides.append((features, sums / lengths, lengths))
    (_, a, _), (_, b, _) = sides
    scores = a @ b.T / temperature
    by_row, by_column = _softmax(scores, 1), _softmax(scores, 0)
    n = len(left)
    loss = -float(np.log(np.diag(by_row) + 1e-9).mean())
    d_scores = (by_row + by_column - 2 * np.eye(n, dtype=np.float32)) / (2 * n * temperature)
    gradient = np.zeros_like(table)
    for (features, own, lengths), d_own in zip(sides, (d_scores @ b, d_scores.T @ a), strict=True):
        d_sums = (d_own - own * (d_own * own).sum(axis=1, keepdims=True)) / lengths
        gradient += features.T @ d_sums
    return loss, gradient


def _softmax(scores: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    powers = np.exp(scores - scores.max(axis=axis, keepdims=True))
    shares: NDArray[np.float32] = powers / powers.sum(axis=axis, keepdims=True)
    return shares


def _adam(table: Floats, gradient: Floats, moments: Floats, step: int, rate: float) -> None:
    """One step of Adam (Kingma and Ba 2015), in place."""
    moments[0] += 0.1 * (gradient - moments[0])
    moments[1] += 0.001 * (gradient * gradient - moments[1])
    mean = moments[0] / (1 - 0.9**step)
    spread = np.sqrt(moments[1] / (1 - 0.999**step)) + 1e-8
    table -= rate * mean / spread


@dataclass(frozen=True, slots=True)
class Choice:
    """A reviewed phrase with the concepts that its nearest names offer.

    Attributes
    ----------
    rows, none
        Features of the concepts and of "none of these", see
        :func:`pipeline.terminology.ranking.features`.
    right
        Which of the concepts are right, and whether none is, shape ``(n + 1,)``.
    """

    label: EntityType
    rows: NDArray[np.float64]
    none: NDArray[np.float64]
    right: NDArray[np.bool_]


def make_choices(
    linked: Iterable[Mapping[str, str]], search: NameSearch, curies: Sequence[str]
) -> list[Choice]:
    """Choices of reviewed phrases, which must not be among the names of the search.

    Parameters
    ----------
    linked
        Rows as in ``linked_names.csv``; composites are left out.
    curies
        CURIE of each concept by its place.
    """
    choices = []
    for row in linked:
        units = normalise(row["term"])
        if not units or "," in row["concept"]:
            continue
        label: EntityType = row["type"]  # type: ignore[assignment]
        concepts = by_concept(search.nearest([units], label)[0])
        own = {place: curies[place] for place in concepts}
        rows, none = features(units, label, concepts, search.weight, own)
        wanted = set(row["concept"].split("|"))
        right = np.array([*(curie in wanted for curie in own.values()), not row["concept"]])
        choices.append(Choice(label, rows, none, right))
    return choices


def fit_ranking(choices: Sequence[Choice], penalty: float = 1e-3) -> list[float]:
    """Weights that make the right concepts, together, most probable.

    Phrases whose right concept is not offered teach nothing and are left out.
    """
    usable = [choice for choice in choices if choice.right.any()]
    n_features = len(FEATURES)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total, gradient = 0.0, np.zeros_like(weights)
        for choice in usable:
            scores = choose(choice, weights)
            given = scores * choice.right / (scores @ choice.right + 1e-12)
            total -= float(np.log(scores @ choice.right + 1e-12))
            gradient[:n_features] += choice.rows.T @ (scores - given)[:-1]
            gradient[n_features:] += choice.none * (scores - given)[-1]
        n = len(usable)
        return total / n + penalty * float(weights @ weights), gradient / n + 2 * penalty * weights

    start = np.zeros(n_features + len(NONE_FEATURES))
    found = minimize(loss, start, jac=True, method="L-BFGS-B")
    return [round(float(weight), 4) for weight in found.x]


def choose(choice: Choice, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability of each concept, then of "none of these"."""
    rows, none = weights[: len(FEATURES)], weights[len(FEATURES) :]
    scores = np.append(choice.rows @ rows, choice.none @ none)
    powers = np.exp(scores - scores.max())
    shares: NDArray[np.float64] = powers / powers.sum()
    return shares
