"""The learned recogniser: a small network that sees what look-up and grammar found.

A trainable spaCy component. It needs the components up to ``symptograph_resolver`` before it; what
it finds goes to ``doc.spans["network"]``, and ``symptograph_joiner`` makes that the mentions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import SENT_START
from spacy.errors import Errors
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example, validate_examples
from spacy.vocab import Vocab
from thinc.api import Model, Optimizer, set_dropout_rate

from pipeline.components import attributes
from pipeline.components.hits import COLUMNS
from pipeline.components.tagging import LAYERS, N_TAGS, Found, decode, encode, layer_slices

# Chosen by the ablation in docs/model-card.md.
DEFAULT_MODEL: dict[str, Any] = {
    "@architectures": "symptograph.Recogniser.v1",
    "n_tags": N_TAGS,
    "tok2vec": {
        "@architectures": "symptograph.Tok2Vec.v1",
        "width": 192,
        "spelling_width": 48,
        "pieces": 2,
        "dilations": [1, 1, 2, 4],
        "rows": [6000, 6000, 1500, 4000, 1500, 4000, 500, 500],
        "hits": list(COLUMNS),
        "word_dropout": 0.3,
        "dropout": 0.3,
    },
}
# Of a group of gold mentions: labels that its annotators did not look for, and stretches of tokens
# that they left open.
MISSING = "missing"
OPEN = "open"


class Recogniser(TrainablePipe):  # type: ignore[misc]
    """Find mentions with a network; see :func:`make_recogniser`.

    Gold for training is ``reference.spans["sc"]``. The group's ``attrs`` may say what is not
    annotated there: ``missing``, a list of labels, and ``open``, a list of ``[start, end]``.
    """

    def __init__(
        self, vocab: Vocab, model: Model[Any, Any], name: str, calibration: list[Any]
    ) -> None:
        self.vocab = vocab
        self.model = model
        self.name = name
        self.cfg: dict[str, Any] = {"calibration": calibration}
        self._slices = layer_slices()
        self._has_weights = False

    def predict(self, docs: Iterable[Doc]) -> list[list[Found]]:
        """Mentions of each Doc, both layers, with calibrated probabilities."""
        docs = list(docs)
        self._require_weights()
        # One by one: in a product for several Docs, the last digits of the scores depend on how
        # many there are, and the tables would on the order of the files.
        return [self._decode(d, self.model.predict([d])[0]) if len(d) else [] for d in docs]

    def probabilities(self, doc: Doc, start: int, end: int) -> dict[str, float]:
        """Probability of a stretch of tokens as a whole to be a mention, by label, uncalibrated."""
        self._require_weights()
        scores = self.model.predict([doc])[0]
        places = np.arange(start, end)
        found = {}
        for layer, columns in enumerate(self._slices):
            shares = _softmax(scores[:, columns])
            for label in LAYERS[layer]:
                tags = encode(len(doc), [(start, end, label)], layer)[start:end]
                found[label] = float(np.prod(shares[places, tags]))
        return found

    def _require_weights(self) -> None:
        if not self._has_weights:
            nodes = list(self.model.walk())
            if not all(node.has_param(p) for node in nodes for p in node.param_names):
                raise ValueError(Errors.E109.format(name=self.name))
            self._has_weights = True

    def _decode(self, doc: Doc, scores: NDArray[np.float32]) -> list[Found]:
        breaks = np.flatnonzero(doc.to_array(SENT_START) == 1)
        found = []
        for layer, columns in enumerate(self._slices):
            for mention in decode(_softmax(scores[:, columns]), breaks, layer):
                score = calibrated(self.cfg["calibration"], mention.label, mention.score)
                found.append(mention._replace(score=score))
        return found

    def set_annotations(self, docs: Iterable[Doc], found: list[list[Found]]) -> None:
        """Write ``doc.spans["network"]``, the scores in its ``attrs``."""
        for doc, mentions in zip(docs, found, strict=True):
            doc.spans[attributes.NETWORK] = SpanGroup(
                doc,
                name=attributes.NETWORK,
                spans=[Span(doc, m.start, m.end, label=m.label) for m in mentions],
                attrs={"scores": [round(m.score, 4) for m in mentions]},
            )

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from a batch; spaCy calls it through ``nlp.update``."""
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = [eg for eg in examples if len(eg.predicted)]
        validate_examples(examples, "Recogniser.update")
        if not examples:
            return losses
        if drop:
            set_dropout_rate(self.model, drop)
        scores, backprop = self.model.begin_update([eg.predicted for eg in examples])
        loss, gradient = self.get_loss(examples, scores)
        backprop(gradient)
        if sgd is not None:
            self.finish_update(sgd)
        losses[self.name] += loss
        return losses

    def get_loss(
        self, examples: Iterable[Example], scores: list[NDArray[np.float32]]
    ) -> tuple[float, list[NDArray[np.float32]]]:
        """Cross-entropy of the tags, and its gradient; what is not annotated does not count."""
        loss = 0.0
        gradients = []
        n_tokens = sum(map(len, scores))
        for example, rows in zip(examples, scores, strict=True):
            gradient = np.zeros_like(rows)
            for layer, columns in enumerate(self._slices):
                tags, counts = targets(example.reference, layer)
                probabilities = _softmax(rows[:, columns])
                places = np.arange(len(rows))
                loss -= float(np.log(probabilities[places, tags] + 1e-12)[counts].sum())
                probabilities[places, tags] -= 1.0
                gradient[:, columns] = probabilities * counts[:, None]
            gradients.append(gradient / n_tokens)
        return loss / n_tokens, gradients

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
    ) -> None:
        """Make the weights; the labels are the annotation scheme's."""
        self.model.initialize(X=[eg.predicted for eg in islice(get_examples(), 10)])

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of all layers."""
        return tuple(label for labels in LAYERS for label in labels)


def calibrated(calibration: list[Any], label: str, score: float) -> float:
    """Share of mentions with such a score that were right; the score where there is no curve.

    Parameters
    ----------
    calibration
        Of each label: the label, scores in ascending order, and the share right at each.
    """
    for curve, scores, shares in calibration:
        if curve == label:
            return float(np.interp(score, scores, shares))
    return score


def targets(reference: Doc, layer: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Tags of a gold Doc, and for which tokens they count; both of shape ``(n_tokens,)``."""
    group: Any = reference.spans.get(attributes.MENTIONS)
    counts = np.ones(len(reference), dtype=bool)
    if group is None:
        return np.zeros(len(reference), dtype=np.intp), ~counts
    if set(LAYERS[layer]) & set(group.attrs.get(MISSING, ())):
        counts[:] = False
    tags = encode(len(reference), ((s.start, s.end, s.label_) for s in group), layer)
    for start, end in group.attrs.get(OPEN, ()):
        counts[start:end] = False
    return tags, counts


def _softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
    return shares


@Language.factory(
    "symptograph_recogniser",
    requires=["doc.spans", "doc.sents"],
    assigns=["doc.spans"],
    default_config={"model": DEFAULT_MODEL, "calibration": []},
)
def make_recogniser(
    nlp: Language, name: str, model: Model[Any, Any], calibration: list[Any]
) -> Recogniser:
    """Make the component that finds mentions with a trained network."""
    attributes.register()
    return Recogniser(nlp.vocab, model, name, calibration)
