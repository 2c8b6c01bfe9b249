"""The settings of a run, in one frozen object whose digest names it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from pipeline.errors import ConfigError

Profile = Literal["accurate", "fast"]


class RunConfig(BaseModel):
    """Everything that decides what a run writes.

    Attributes
    ----------
    profile
        Which pipeline: ``fast`` is gazetteer and patterns, ``accurate`` adds the trained network.
    model
        Folder of a model that ``symptograph train`` wrote, in place of the one that is shipped;
        only for profile ``accurate``.
    terms
        The user's own terminology files, each with its SHA-256.
    max_chars
        Longest text that is annotated, in characters; longer ones are reported, never cut.
    window
        Longest stretch of a text that is annotated at once, in characters; longer texts are
        annotated section by section.
    text_column, id_column, title_column
        Where records (JSON lines, CSV, Parquet) have their text, id and title; None: found by
        their names.
    min_count
        Windows that a pair must share to be in the co-occurrence table.
    rollup
        Whether pairs are also counted at the levels above their concepts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    profile: Profile = "accurate"
    model: str | None = None
    terms: dict[str, str] = Field(default_factory=dict)
    max_chars: int = Field(default=100_000_000, ge=1)
    window: int = Field(default=100_000, ge=1_000, le=1_000_000)
    text_column: str | None = None
    id_column: str | None = None
    title_column: str | None = None
    min_count: int = Field(default=1, ge=1)
    rollup: bool = False

    @classmethod
    def for_profile(
        cls, profile: str, model: Path | None = None, terms: Iterable[Path] = ()
    ) -> RunConfig:
        """Settings of a named profile.

        Raises
        ------
        ConfigError
            If there is no such profile, or it takes no model.
        TerminologyError
            If a terminology file cannot be read.
        """
        from pipeline.terminology.own import digests

        if profile not in get_args(Profile):
            known = ", ".join(get_args(Profile))
            raise ConfigError(f"unknown profile {profile!r}; use one of: {known}")
        if model is not None and profile == "fast":
            raise ConfigError(f"profile fast has no model; leave out {model} or the profile")
        return cls.model_validate(
            {
                "profile": profile,
                "model": model and model.as_posix(),
                "terms": digests(terms),
            }
        )

    @property
    def term_files(self) -> list[Path]:
        """Paths of the user's own terminology files."""
        return [Path(path) for path in self.terms]

    def digest(self) -> str:
        """First 16 hexadecimal digits of the SHA-256 of the settings."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]
