"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Profile = Annotated[
    str, typer.Option("--profile", help="Which pipeline: accurate, or fast (without the network).")
]
Model = Annotated[
    Path | None,
    typer.Option("--model", help="A model of your own, from `symptograph train`."),
]
DEFAULT_PROFILE = "accurate"
