"""Fit the recogniser of a pipeline to examples, and measure it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from spacy.language import Language
from spacy.training import Example
from thinc.api import Adam, fix_random_seed

from pipeline.assemble import RECOGNISER
from pipeline.components import attributes
from pipeline.components.recogniser import MISSING, Recogniser
from pipeline.components.tagging import Found
from pipeline.evaluation.scores import Counts
from pipeline.terminology.records import ENTITY_TYPES
from pipeline.training.settings import TrainSettings

_WARM_UP = 0.05
Report = Callable[[int, float], None]
"""Called after each epoch with its number and its mean loss."""


def fit(
    nlp: Language,
    examples: Sequence[Example],
    settings: TrainSettings,
    report: Report | None = None,
) -> Recogniser:
    """Train the recogniser of a pipeline; its final weights are the average over all steps.

    The same examples, settings and machine give the same weights.
    """
    fix_random_seed(settings.seed)
    recogniser: Recogniser = nlp.get_pipe(RECOGNISER)  # type: ignore[assignment]
    recogniser.initialize(lambda: examples)
    optimiser = Adam(
        settings.learn_rate, grad_clip=1.0, use_averages=True, L2=0.0, L2_is_weight_decay=True
    )
    order = random.Random(settings.seed)
    n_tokens = sum(len(example.predicted) for example in examples)
    n_steps = max(settings.epochs * n_tokens // settings.batch_tokens, 1)
    step = 0
    for epoch in range(settings.epochs):
        losses = []
        for batch in _batches(examples, settings.batch_tokens, order):
            optimiser.learn_rate = settings.learn_rate * _rate(step / n_steps)
            losses.append(recogniser.update(batch, sgd=optimiser)[RECOGNISER])
            step += 1
        if report:
            report(epoch, sum(losses) / max(len(losses), 1))
    with recogniser.model.use_params(optimiser.averages):
        weights = recogniser.model.to_bytes()
    recogniser.model.from_bytes(weights)
    return recogniser


def _rate(done: float) -> float:
    """Share of the highest learning rate when this share of the training is done."""
    return min(done / _WARM_UP + 0.01, max((1 - done) / (1 - _WARM_UP), 0.02))


def _batches(
    examples: Sequence[Example], size: int, order: random.Random
) -> Iterator[list[Example]]:
    """Whole documents in random order, together of at least a number of tokens."""
    batch: list[Example] = []
    n_tokens = 0
    for example in order.sample(list(examples), len(examples)):
        batch.append(example)
        n_tokens += len(example.predicted)
        if n_tokens >= size:
            yield batch
            batch, n_tokens = [], 0
    if batch:
        yield batch


class Outcome(NamedTuple):
    """What the network finds in an example, the gold places, and the labels annotated there."""

    found: list[Found]
    gold: set[tuple[int, int, str]]
    annotated: set[str]


def find_beside_gold(recogniser: Recogniser, examples: Sequence[Example]) -> list[Outcome]:
    """Let the network find mentions in every example."""
    outcomes = []
    for example in examples:
        group = example.reference.spans[attributes.MENTIONS]
        gold = {(span.start, span.end, span.label_) for span in group}
        annotated = set(recogniser.labels) - set(group.attrs.get(MISSING, ()))
        outcomes.append(Outcome(recogniser.predict([example.predicted])[0], gold, annotated))
    return outcomes


def score(outcomes: Sequence[Outcome]) -> dict[str, Counts]:
    """Strict counts of what the network finds by itself, by label."""
    counts: dict[str, Counts] = {label: Counts() for label in ENTITY_TYPES}
    for found, gold, annotated in outcomes:
        places = {(m.start, m.end, m.label) for m in found}
        for label in annotated:
            mine = {place for place in places if place[2] == label}
            theirs = {place for place in gold if place[2] == label}
            counts[label] += Counts(len(mine & theirs), len(mine), len(theirs))
    return counts
