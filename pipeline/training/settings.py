"""How the recogniser is trained: chosen by the ablation in ``docs/model-card.md``."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class TrainSettings(BaseModel):
    """Settings of one training.

    Attributes
    ----------
    epochs
        Passes over the training documents.
    learn_rate
        Highest step size of Adam; it rises over the first twentieth and falls to zero.
    batch_tokens
        Tokens of a batch, at least; whole documents are taken.
    alone
        Sentences of each training document that are learned once more, without the rest.
    seed
        Of the weights, the dropout and the order of documents.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = Field(default=7, ge=1)
    learn_rate: float = Field(default=0.002, gt=0)
    batch_tokens: int = Field(default=1500, ge=1)
    alone: int = Field(default=3, ge=0)
    seed: int = Field(default=0, ge=0)
