"""The settings of a run, in one frozen object whose digest names it."""

from __future__ import annotations

import hashlib
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from pipeline.errors import ConfigError

Profile = Literal["fast"]


class RunConfig(BaseModel):
    """Everything that decides what a run writes.

    Attributes
    ----------
    profile
        Which pipeline: ``fast`` is gazetteer and patterns.
    max_chars
        Longest text that is annotated, in characters; longer ones are reported, never cut.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    profile: Profile = "fast"
    max_chars: int = Field(default=2_000_000, ge=1)

    @classmethod
    def for_profile(cls, profile: str) -> RunConfig:
        """Settings of a named profile.

        Raises
        ------
        ConfigError
            If there is no such profile.
        """
        if profile not in get_args(Profile):
            known = ", ".join(get_args(Profile))
            raise ConfigError(f"unknown profile {profile!r}; use one of: {known}")
        return cls.model_validate({"profile": profile})

    def digest(self) -> str:
        """First 16 hexadecimal digits of the SHA-256 of the settings."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]
